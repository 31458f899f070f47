//! `replisim sensitivity` as it is used.

use std::path::Path;

use crate::{finish, replisim};

const QUICK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/quickstart.toml");
const SHORT: [&str; 8] =
    ["--set", "run.duration=4d", "--trials", "2", "--trajectories", "2", "--strategy", "cross-region-pull"];

fn studied(dir: &Path, more: &[&str]) -> (i32, String, String) {
    let mut command = replisim();
    command.current_dir(dir).args(["sensitivity", QUICK]).args(SHORT).args(["--strategy", "replication"]).args(more);
    finish(&mut command)
}

#[test]
fn the_answer_comes_first_and_results_do_not_depend_on_threads() {
    let dir = tempfile::tempdir().expect("a directory");
    let keys =
        ["--only", "--vary", "clusters.eu.nodes=5..60", "--vary", "prices.cross_region_pull=inter-region,internet"];
    let (code, stdout, stderr) = studied(dir.path(), &[&keys[..], &["--jobs", "1"]].concat());
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.lines().all(|line| line.chars().count() <= 100), "{stdout}");
    let place = dir.path().join("outputs/quickstart-sensitivity");
    let report = std::fs::read_to_string(place.join("report.md")).expect("a report");
    assert_eq!(
        report.lines().next().map(|line| line.replace('\\', "")),
        stdout.split("\nAs the").next().map(|text| text.replace('\n', " "))
    );
    assert!(place.join("charts/tornado.png").is_file());
    let (code, _, stderr) = studied(dir.path(), &[&keys[..], &["--jobs", "3", "--out", "again"]].concat());
    assert_eq!(code, 0, "{stderr}");
    for file in ["sensitivity.csv", "sensitivity.json", "report.md", "charts/tornado.svg"] {
        let read = |dir: &Path| std::fs::read(dir.join(file)).expect("written");
        assert!(read(&place) == read(&dir.path().join("again")), "{file}");
    }
}

#[test]
fn what_cannot_be_varied_is_exit_code_2_and_leaves_nothing_behind() {
    let dir = tempfile::tempdir().expect("a directory");
    for (more, said) in [
        (&["--vary", "clusters.eu.nodes=5"][..], "one value"),
        (&["--vary", "clusters.eu.nodes"], "KEY="),
        (&["--only", "--vary", "clusters.mars.nodes=1..5"], "mars"),
        (&["--only"], "--vary"),
        (&["--vary", "clusters.eu.nodes=5..9", "--vary", "clusters.eu.nodes=5..8"], "varied twice"),
        (&["--strategy", "replicaton"], "did you mean"),
    ] {
        let (code, _, stderr) = studied(dir.path(), more);
        assert_eq!(code, 2, "{more:?}: {stderr}");
        assert!(stderr.contains(said), "{more:?}: {stderr}");
    }
    let bound = ["sensitivity", QUICK, "--strategy", "clairvoyant"];
    let (code, _, stderr) = finish(replisim().current_dir(&dir).args(bound));
    assert_eq!(code, 2, "{stderr}");
    assert!(stderr.contains("the bound is none"), "{stderr}");
    assert!(!dir.path().join("outputs/quickstart-sensitivity").exists());
}
