//! `replisim optimize`, and what its files are good for afterwards.

use std::path::Path;

use crate::{finish, replisim, scenario};

/// A short stretch of a small shop.
const SHORT: [&str; 4] = ["--trials", "2", "--set", "run.duration=2d"];

fn optimize(dir: &Path, more: &[&str]) -> (i32, String, String) {
    finish(replisim().current_dir(dir).args(["optimize", &scenario("shop.toml")]).args(SHORT).args(more))
}

#[test]
fn what_is_written_is_checked_run_and_imported_and_a_run_repeats_its_figures() {
    let dir = tempfile::tempdir().expect("a directory");
    // By cost alone nothing is replicated; a release that is everywhere at once needs rules.
    let wish = ["--objective", "release_everywhere 99% within 10m", "--json"];
    let (code, stdout, stderr) = optimize(dir.path(), &wish);
    assert_eq!((code, stderr.as_str()), (0, ""));
    let json: serde_json::Value = serde_json::from_str(&stdout).expect("JSON and nothing else");
    let out = dir.path().join("outputs/shop-optimize");
    for name in ["recommendation.md", "replication.json", "main.tf", "scenario.toml", "optimize.csv"] {
        assert!(out.join(name).is_file(), "{name}");
    }
    let page = std::fs::read_to_string(out.join("recommendation.md")).expect("a page");
    assert!(page.contains(json["answer"].as_str().expect("a sentence")), "{page}");

    let within = |arguments: &[&str]| finish(replisim().current_dir(&out).args(arguments));
    let (code, stdout, stderr) = within(&["check", "scenario.toml"]);
    assert_eq!((code, stderr.as_str()), (0, ""), "{stdout}");
    assert!(stdout.contains("recommended:"), "{stdout}");
    let (code, _, stderr) =
        within(&["import", "replication.json", "--account", "111122223333", "--region", "us-east-1"]);
    assert_eq!(code, 0, "{stderr}");

    // The trials of the next seed: nothing was chosen by them.
    let seed = json["seed"].as_u64().expect("a seed").to_string();
    assert_eq!(seed, "2");
    let again = ["run", "scenario.toml", "--strategy", "recommended", "--seed", &seed, "--out", "again", "--quiet"];
    let (code, _, stderr) = within(&[&again[..], &SHORT].concat());
    assert_eq!(code, 0, "{stderr}");
    let summary = std::fs::read_to_string(out.join("again/summary.csv")).expect("a table");
    let mut lines = summary.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let (header, row) = (lines.next().expect("a header"), lines.next().expect("a row"));
    let at = header.iter().position(|name| *name == "cost_usd_month").expect("a column");
    let (ran, told): (f64, _) = (row[at].parse().expect("dollars"), json["cost_usd_month"].as_f64().expect("dollars"));
    assert!((ran / told - 1.0).abs() < 1e-9, "{ran} against {told}");
}

#[test]
fn the_answer_fits_a_terminal_and_silence_is_kept() {
    let dir = tempfile::tempdir().expect("a directory");
    let (code, stdout, stderr) = optimize(dir.path(), &["--out", "one"]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert!(stdout.lines().all(|line| line.chars().count() <= 100), "{stdout}");
    assert!(stdout.contains("begin with one/recommendation.md"), "{stdout}");
    let (code, stdout, stderr) = optimize(dir.path(), &["--out", "two", "--jobs", "1", "--quiet"]);
    assert_eq!((code, stdout.as_str(), stderr.as_str()), (0, "", ""));
    for name in ["optimize.csv", "replication.json", "recommendation.md", "main.tf"] {
        let bytes = |place: &str| std::fs::read(dir.path().join(place).join(name)).expect("it is there");
        assert!(bytes("one") == bytes("two"), "{name}: on one thread and on all");
    }
}

#[test]
fn what_is_not_understood_is_exit_code_2_and_leaves_nothing_behind() {
    let dir = tempfile::tempdir().expect("a directory");
    for (more, expected) in [
        (&["--objective", "speed <= 3"][..], "not understood"),
        (&["--objective", "residency prod/* in eu-wset-1"], "eu-wset-1"),
        (&["--set", "clusters.eu.ndoes=3"], "did you mean `nodes`?"),
        (&["--trials", "0"], "at least 1"),
        (&["--strategy", "replication"], "--strategy"),
    ] {
        let (code, stdout, stderr) =
            finish(replisim().current_dir(&dir).args(["optimize", &scenario("shop.toml")]).args(more));
        assert_eq!((code, stdout.as_str()), (2, ""), "{more:?}: {stderr}");
        assert!(stderr.contains(expected), "{more:?}: {stderr}");
    }
    assert_eq!(std::fs::read_dir(&dir).expect("readable").count(), 0);
}

#[test]
fn results_that_cannot_be_written_are_exit_code_1() {
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::write(dir.path().join("taken"), "").expect("written");
    let (code, stdout, stderr) = optimize(dir.path(), &["--out", "taken"]);
    assert_eq!((code, stdout.as_str()), (1, ""));
    assert!(stderr.contains("it is a file, not a directory"), "{stderr}");
}

#[cfg(unix)]
#[test]
fn an_interrupt_is_exit_code_130_and_leaves_nothing_behind() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin("replisim"))
        .current_dir(&dir)
        .args(["optimize", &scenario("shop.toml"), "--trials", "100000", "--quiet"])
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("the program starts");
    std::thread::sleep(std::time::Duration::from_secs(2));
    let signal = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(signal.is_ok_and(|status| status.success()));
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    assert!(!dir.path().join("outputs/shop-optimize").exists());
}

#[test]
fn a_recommendation_replaces_nothing_but_an_earlier_one() {
    let dir = tempfile::tempdir().expect("a directory");
    let at = |name: &str| dir.path().join(name);
    std::fs::create_dir(at("mine")).expect("writable");
    std::fs::write(at("mine/main.tf"), "# mine\n").expect("writable");
    let (code, _, stderr) = optimize(dir.path(), &["--out", "mine"]);
    assert_eq!(code, 2, "{stderr}");
    assert!(stderr.contains("main.tf` is there and no earlier recommendation left it"), "{stderr}");
    assert_eq!(std::fs::read_to_string(at("mine/main.tf")).expect("there"), "# mine\n");
    assert!(!at("mine/optimize.csv").exists());
    // An earlier one is replaced, but not by what is recommended for it.
    for _ in 0..2 {
        let (code, _, stderr) = optimize(dir.path(), &["--out", "out"]);
        assert_eq!(code, 0, "{stderr}");
    }
    let before = std::fs::read(at("out/scenario.toml")).expect("there");
    let again = ["optimize", "out/scenario.toml", "--out", "out"];
    let (code, _, stderr) = finish(replisim().current_dir(dir.path()).args(again).args(SHORT));
    assert_eq!(code, 2, "{stderr}");
    assert!(stderr.contains("the scenario is read from `out/"), "{stderr}");
    assert_eq!(std::fs::read(at("out/scenario.toml")).expect("there"), before);
}
