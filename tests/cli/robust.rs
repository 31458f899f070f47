//! Full disks, places that take no files, processes killed at any moment, and two at a time: nothing half-written, a clear
//! message, and a way on.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command as Process, Stdio};
use std::time::{Duration, Instant};

use crate::{finish, replisim};

/// A scenario of a second or so.
const SMALL: &str = r#"
schema = 1
run = { duration = "3d", trials = 2 }
strategies = ["cross-region-pull", { kind = "replication", delay = "0s" }]
[[repositories]]
name = "app"
registry = "us-east-1"
push = { rate = "2/day" }
[[clusters]]
name = "eu"
registry = "eu-west-1"
nodes = 2
pulls = { rate = "10/day" }
"#;

/// A directory with the scenario in it.
fn place() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::write(dir.path().join("small.toml"), SMALL).expect("writable");
    dir
}

/// Every file below a directory, hidden ones too, by its path there.
fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut left = vec![dir.to_owned()];
    while let Some(place) = left.pop() {
        for entry in std::fs::read_dir(&place).into_iter().flatten() {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                left.push(path);
            } else {
                found.insert(
                    path.strip_prefix(dir).expect("below it").to_owned(),
                    std::fs::read(&path).unwrap_or_default(),
                );
            }
        }
    }
    found
}

/// Without what differs from run to run: when, how long, how much memory.
fn timeless(mut files: BTreeMap<PathBuf, Vec<u8>>) -> BTreeMap<PathBuf, Vec<u8>> {
    files.retain(|path, _| {
        !["run.json", "report.md", "report.html", "breakeven.json"].iter().any(|name| path.ends_with(name))
    });
    files
}

fn started(dir: &Path, arguments: &[&str]) -> Child {
    Process::new(assert_cmd::cargo::cargo_bin("replisim"))
        .current_dir(dir)
        .args(arguments)
        .arg("--quiet")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts")
}

fn done(dir: &Path, arguments: &[&str]) -> (i32, String, String) {
    finish(replisim().current_dir(dir).args(arguments).arg("--quiet"))
}

const RUN: [&str; 4] = ["run", "small.toml", "--out", "out"];
const SWEEP: [&str; 6] =
    ["sweep", "small.toml", "--vary", "repositories.app.image.size=10 MB..90 MB:6", "--out", "out"];
const BREAKEVEN: [&str; 6] =
    ["breakeven", "small.toml", "--vary", "clusters.eu.pulls.rate.rate=1/day..40/day", "--out", "out"];

/// What each command leaves in a place where it is not disturbed.
fn undisturbed(arguments: &[&str]) -> (BTreeMap<PathBuf, Vec<u8>>, Duration) {
    let dir = place();
    let begun = Instant::now();
    let (code, _, stderr) = done(dir.path(), arguments);
    assert_eq!(code, 0, "{stderr}");
    (files(&dir.path().join("out")), begun.elapsed())
}

/// Kills a command at several moments of its life; what is there then is nothing, or the whole; and the same command, or
/// with `--resume`, then ends as if nothing had been.
#[cfg(unix)]
fn killed_at_any_moment(arguments: &[&str], resume: &[&str]) {
    let (whole, takes) = undisturbed(arguments);
    let dir = place();
    let out = dir.path().join("out");
    let (moments, mut in_vain) = (10u32, 0);
    for moment in 0..moments {
        let mut child = started(dir.path(), &[arguments, if out.exists() { resume } else { &[] }].concat());
        std::thread::sleep(takes * moment / (moments - 2));
        child.kill().expect("SIGKILL can be sent");
        in_vain += u32::from(child.wait().expect("the program ends").success());
        let (code, _, stderr) = finish(replisim().current_dir(&dir).args(["report", "out", "--quiet"]));
        match arguments[0] {
            "run" => assert!(code == 0 || stderr.contains("cannot read") && !out.join("run.json").exists(), "{stderr}"),
            _ => assert!(code == 2, "{stderr}"),
        }
        let visible: Vec<PathBuf> =
            files(&out).into_keys().filter(|path| !path.to_string_lossy().starts_with(".replisim")).collect();
        let there: Vec<&PathBuf> = visible.iter().filter(|path| !path.ends_with(".sweep.jsonl")).collect();
        // Before the next process looks, a kill among the moves leaves the rest of them in the stage.
        let staged = files(&out).keys().any(|path| path.to_string_lossy().starts_with(".replisim"));
        assert!(there.is_empty() || there.len() == whole.len() || staged, "{there:?}");
    }
    assert!(in_vain < moments, "it was never killed");
    let (code, _, stderr) = done(dir.path(), &[arguments, if out.exists() { resume } else { &[] }].concat());
    assert_eq!(code, 0, "{stderr}");
    assert_eq!(files(&out).keys().collect::<Vec<_>>(), whole.keys().collect::<Vec<_>>());
    assert!(timeless(files(&out)) == timeless(whole), "other bytes");
}

#[cfg(unix)]
#[test]
fn a_run_that_is_killed_leaves_all_or_nothing() {
    killed_at_any_moment(&RUN, &[]);
}

#[cfg(unix)]
#[test]
fn a_sweep_that_is_killed_leaves_its_points_and_goes_on() {
    killed_at_any_moment(&SWEEP, &["--resume"]);
}

#[cfg(unix)]
#[test]
fn a_break_even_that_is_killed_leaves_all_or_nothing() {
    killed_at_any_moment(&BREAKEVEN, &[]);
}

#[cfg(unix)]
#[test]
fn what_a_killed_process_had_ready_is_in_place_when_it_is_read() {
    let dir = place();
    assert_eq!(done(dir.path(), &RUN).0, 0);
    let whole = files(&dir.path().join("out"));
    // As a kill after the first of its moves leaves it.
    let stage = dir.path().join("out/.replisim-results-abcdef");
    std::fs::create_dir_all(stage.join("new/charts")).expect("writable");
    std::fs::write(stage.join("ready"), "").expect("writable");
    for name in whole.keys().filter(|name| !name.ends_with("bill.csv")) {
        std::fs::rename(dir.path().join("out").join(name), stage.join("new").join(name)).expect("moved");
    }
    let (code, _, stderr) = done(dir.path(), &["report", "out"]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert!(timeless(files(&dir.path().join("out"))) == timeless(whole));
}

#[cfg(unix)]
#[test]
fn hidden_files_of_killed_processes_go_and_those_of_living_ones_stay() {
    let dir = place();
    let (dead, mine) = (dir.path().join(".replisim-lines-abcdef"), dir.path().join(".replisim-lines-living"));
    std::fs::write(&dead, "{").expect("writable");
    let living = std::fs::File::create(&mine).expect("writable");
    living.lock().expect("lockable");
    let (code, _, stderr) = done(dir.path(), &["run", "small.toml", "--out", "out", "--events", "events.jsonl"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(!dead.exists() && mine.exists() && dir.path().join("events.jsonl").exists());
}

/// Runs a shell line with `$R` for the program and files of at most so many blocks, refused with an error and not with a
/// signal.
#[cfg(unix)]
fn with_small_files(dir: &Path, blocks: u32, line: &str) -> (i32, String) {
    let output = Process::new("sh")
        .args(["-c", &format!("trap '' XFSZ; ulimit -f {blocks}; {line}")])
        .env("R", assert_cmd::cargo::cargo_bin("replisim"))
        .current_dir(dir)
        .output()
        .expect("a shell");
    (output.status.code().expect("an exit code"), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[cfg(unix)]
#[test]
fn a_disk_that_takes_no_more_leaves_earlier_results_and_says_so() {
    let dir = place();
    let (code, stderr) = with_small_files(dir.path(), 0, "echo x > probe");
    if code == 0 {
        println!("skipped: this system does not limit the size of files ({stderr})");
        return;
    }
    for arguments in [&RUN[..], &SWEEP, &BREAKEVEN] {
        let quoted: Vec<String> = arguments.iter().map(|word| format!("'{word}'")).collect();
        let line = format!("$R {} --quiet", quoted.join(" "));
        let out = dir.path().join("out");
        for blocks in [0, 8] {
            let (code, stderr) = with_small_files(dir.path(), blocks, &line);
            assert_eq!(code, 1, "{line}: {stderr}");
            assert!(stderr.starts_with("error: cannot ") && stderr.contains("File too large"), "{line}: {stderr}");
            let there: Vec<PathBuf> = files(&out).into_keys().filter(|path| !path.ends_with(".sweep.jsonl")).collect();
            assert!(there.is_empty(), "{line}: {there:?}");
        }
        if arguments[0] != "sweep" {
            assert!(!out.exists(), "{line}: an empty directory is left");
        }
        let resume: &[&str] = if out.exists() { &["--resume"] } else { &[] };
        assert_eq!(done(dir.path(), &[arguments, resume].concat()).0, 0);
        let whole = files(&out);
        if arguments[0] != "sweep" {
            assert_eq!(with_small_files(dir.path(), 8, &line).0, 1);
            assert!(files(&out) == whole, "{line}: earlier results are not as they were");
        }
        std::fs::remove_dir_all(&out).expect("removed");
    }
    for line in ["$R init new.toml", "$R run small.toml --quiet --events events.jsonl"] {
        let (code, stderr) = with_small_files(dir.path(), 0, line);
        assert_eq!(code, 1, "{line}: {stderr}");
        assert!(stderr.contains("File too large"), "{line}: {stderr}");
    }
    let names: Vec<PathBuf> = files(dir.path()).into_keys().filter(|path| !path.ends_with("probe")).collect();
    assert_eq!(names, [PathBuf::from("small.toml")]);
}

#[cfg(target_os = "linux")]
#[test]
fn standard_output_that_takes_no_more_is_an_error() {
    let dir = place();
    if !Path::new("/dev/full").exists() {
        println!("skipped: there is no /dev/full here");
        return;
    }
    for line in
        ["schema", "run small.toml --out out", "run small.toml --out out --json", "check small.toml", "prices show"]
    {
        let full = std::fs::File::options().write(true).open("/dev/full").expect("a device");
        let output = Process::new(assert_cmd::cargo::cargo_bin("replisim"))
            .current_dir(&dir)
            .args(line.split(' '))
            .stdout(full)
            .output()
            .expect("the program starts");
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{line}: {stderr}");
        assert!(stderr.contains("cannot write to standard output"), "{line}: {stderr}");
    }
}

#[test]
fn a_place_that_takes_no_files_is_told_before_anything_is_run() {
    let dir = place();
    std::fs::write(dir.path().join("file"), "").expect("writable");
    // Nobody, root included, makes a directory below a file.
    let (in_file, below) = (dir.path().join("file"), dir.path().join("file/out"));
    for (out, said) in [(&in_file, "it is a file, not a directory"), (&below, "cannot write results to")] {
        for arguments in [&RUN[..], &SWEEP, &BREAKEVEN] {
            let mut arguments = arguments.to_vec();
            let out = out.display().to_string();
            *arguments.last_mut().expect("the place") = &out;
            let (code, stdout, stderr) = done(dir.path(), &arguments);
            assert_eq!((code, stdout.as_str()), (1, ""), "{stderr}");
            assert!(stderr.starts_with("error: ") && stderr.contains(said) && stderr.lines().count() == 1, "{stderr}");
        }
    }
    let (code, _, stderr) = done(dir.path(), &["run", "small.toml", "--out", "out", "--events", "file/x"]);
    assert_eq!(code, 1, "{stderr}");
    assert!(!dir.path().join("out").exists(), "{stderr}");
}

#[cfg(unix)]
#[test]
fn of_two_runs_into_one_directory_one_is_there_whole_at_the_end() {
    let dir = place();
    let seeded = |seed: &'static str| [&RUN[..], &["--seed", seed]].concat();
    let alone: Vec<BTreeMap<PathBuf, Vec<u8>>> = ["1", "2"].map(|seed| timeless(undisturbed(&seeded(seed)).0)).into();
    for _ in 0..4 {
        let both = ["1", "2"].map(|seed| started(dir.path(), &seeded(seed)));
        for child in both {
            let output = child.wait_with_output().expect("the program ends");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
        let there = timeless(files(&dir.path().join("out")));
        assert!(alone.contains(&there), "a mixture of both");
        let (code, _, stderr) = done(dir.path(), &["report", "out"]);
        assert_eq!(code, 0, "{stderr}");
    }
}

#[cfg(unix)]
#[test]
fn of_two_sweeps_into_one_directory_one_is_told_that_the_other_is_at_it() {
    let dir = place();
    let (whole, _) = undisturbed(&SWEEP);
    let both = [started(dir.path(), &SWEEP), started(dir.path(), &SWEEP)];
    let mut codes = Vec::new();
    for child in both {
        let output = child.wait_with_output().expect("the program ends");
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        let code = output.status.code().expect("an exit code");
        assert!(code == 0 || stderr.contains("another sweep is running in `out`; choose another --out"), "{stderr}");
        codes.push(code);
    }
    assert!(codes.contains(&0), "{codes:?}");
    assert!(files(&dir.path().join("out")) == whole);
}
