//! `run --events`: the file is whole or not there.

use std::fs;
use std::path::Path;

use super::super::{finish, replisim};

const QUICK: [&str; 6] = ["--set", "run.duration=2d", "--trials", "2", "--quiet", "--seed=3"];

fn shop() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/shop.toml").display().to_string()
}

fn run_in(dir: &Path, more: &[&str]) -> (i32, String, String) {
    finish(replisim().current_dir(dir).args(["run", &shop()]).args(QUICK).args(more))
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).expect("readable").map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<String> = entries.map(|name| name.to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn events_are_the_same_for_any_number_of_threads_and_printed_or_written() {
    let dir = tempfile::tempdir().expect("a directory");
    let (code, stdout, stderr) = run_in(dir.path(), &["--events", "out/a.jsonl", "--out", "out", "--jobs", "1"]);
    assert_eq!((code, stdout.as_str()), (0, ""), "{stderr}");
    let written = fs::read_to_string(dir.path().join("out/a.jsonl")).expect("written");
    assert!(written.ends_with("}\n") && written.lines().count() > 100);
    let (code, ..) = run_in(dir.path(), &["--events", "b.jsonl", "--out", "out", "--jobs", "2"]);
    assert_eq!(code, 0);
    assert_eq!(fs::read_to_string(dir.path().join("b.jsonl")).expect("written"), written);
    let (code, stdout, _) = run_in(dir.path(), &["--events", "-", "--out", "out"]);
    assert!(code == 0 && stdout == written);
    assert_eq!(names(dir.path()), ["b.jsonl", "out"], "no file that is half written");
    assert!(names(&dir.path().join("out")).contains(&"summary.csv".to_string()));
}

#[test]
fn only_the_strategies_that_are_run_are_told() {
    let dir = tempfile::tempdir().expect("a directory");
    let (code, stdout, _) = run_in(dir.path(), &["--events", "-", "--strategy", "replication"]);
    assert_eq!(code, 0);
    assert!(stdout.lines().count() > 50);
    assert!(stdout.lines().all(|line| line.contains("\"strategy\":\"replication\"")));
}

#[test]
fn a_file_that_cannot_be_written_ends_the_run_before_it_begins() {
    let dir = tempfile::tempdir().expect("a directory");
    fs::create_dir(dir.path().join("folder")).expect("made");
    for file in ["folder", "no/such/folder/events.jsonl"] {
        let (code, stdout, stderr) = run_in(dir.path(), &["--events", file, "--out", "out"]);
        assert_eq!((code, stdout.as_str()), (1, ""), "{stderr}");
        assert!(stderr.contains("cannot write") && stderr.contains(file), "{stderr}");
    }
    assert_eq!(names(dir.path()), ["folder"], "no results of a run that never began");
}

#[test]
fn standard_output_takes_one_thing() {
    let dir = tempfile::tempdir().expect("a directory");
    let (code, stdout, stderr) = run_in(dir.path(), &["--events", "-", "--json"]);
    assert_eq!((code, stdout.as_str()), (2, ""));
    assert!(stderr.contains("not both"), "{stderr}");
}

#[test]
fn a_run_that_fails_leaves_the_old_events() {
    let dir = tempfile::tempdir().expect("a directory");
    fs::write(dir.path().join("events.jsonl"), "old\n").expect("writable");
    // The results cannot take their place: a directory is in the way of a file.
    fs::create_dir_all(dir.path().join("out/summary.csv")).expect("made");
    let (code, ..) = run_in(dir.path(), &["--events", "events.jsonl", "--out", "out"]);
    assert_eq!(code, 1);
    assert_eq!(fs::read_to_string(dir.path().join("events.jsonl")).expect("there"), "old\n");
    assert_eq!(names(dir.path()), ["events.jsonl", "out"]);
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_leaves_no_events() {
    let dir = tempfile::tempdir().expect("a directory");
    let program = assert_cmd::cargo::cargo_bin("replisim");
    let mut child = std::process::Command::new(program)
        .current_dir(&dir)
        .args(["run", &shop(), "--trials", "1000000", "--quiet", "--events", "events.jsonl"])
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("the program starts");
    std::thread::sleep(std::time::Duration::from_secs(2));
    let signal = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(signal.is_ok_and(|status| status.success()));
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    assert!(!names(dir.path()).iter().any(|name| name.contains("events") || name.contains(".replisim")));
}

#[test]
fn events_replace_neither_what_the_scenario_is_read_from_nor_other_results() {
    let dir = tempfile::tempdir().expect("a directory");
    let at = |name: &str| dir.path().join(name);
    fs::copy(shop(), at("base.toml")).expect("writable");
    fs::write(at("mine.toml"), "schema = 1\nextends = \"base.toml\"\n").expect("writable");
    let before = (fs::read(at("base.toml")).expect("there"), fs::read(at("mine.toml")).expect("there"));
    for (out, file, said) in [
        ("out", "mine.toml", "the scenario is read from `mine.toml`"),
        ("out", "base.toml", "the scenario is read from `base.toml`"),
        ("out", "out/run.json", "let the name of --events end in .jsonl"),
        (".", "run.json", "let the name of --events end in .jsonl"),
        ("out", "out/summary.csv", "let the name of --events end in .jsonl"),
    ] {
        let run = ["run", "mine.toml", "--out", out, "--events", file];
        let (code, _, stderr) = finish(replisim().current_dir(dir.path()).args(run).args(QUICK));
        assert_eq!(code, 2, "{file}: {stderr}");
        assert!(stderr.contains(said), "{file}: {stderr}");
    }
    assert_eq!((fs::read(at("base.toml")).expect("there"), fs::read(at("mine.toml")).expect("there")), before);
}
