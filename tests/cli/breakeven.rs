//! `replisim breakeven` as it is used.

use crate::run;

const SCENARIO: &str = "scenarios/break-even.toml";

#[test]
fn the_answer_comes_first_and_the_files_are_there_whatever_the_threads() {
    let dir = tempfile::tempdir().expect("a directory");
    let out = |name: &str| dir.path().join(name).display().to_string();
    let ask = |jobs: &str, out: &str| {
        run(&["breakeven", SCENARIO, "--vary", "run.demand=0.1..2:4log", "--trials", "5", "--jobs", jobs, "--out", out])
    };
    let (code, stdout, stderr) = ask("1", &out("one"));
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.starts_with("Above 6.0 pulls per image"), "{stdout}");
    assert_eq!(ask("2", &out("two")).0, 0);
    for name in
        ["breakeven.csv", "breakeven-points.csv", "breakeven-cheapest.csv", "report.md", "charts/break-even.png"]
    {
        let bytes = |folder: &str| std::fs::read(dir.path().join(folder).join(name)).expect("it is there");
        assert!(bytes("one") == bytes("two"), "{name}");
    }
    let csv = std::fs::read_to_string(dir.path().join("one/breakeven.csv")).expect("it is there");
    let header = "key,fixed_key,fixed_value,reading,strategy_a,strategy_b,crossing,ci_low,ci_high,unit,method";
    assert_eq!(csv.lines().next(), Some(header));
}

#[test]
fn one_strategy_is_nothing_to_compare() {
    let dir = tempfile::tempdir().expect("a directory");
    let out = dir.path().join("none").display().to_string();
    let (code, stdout, stderr) = run(&["breakeven", SCENARIO, "--strategy", "replication", "--out", &out]);
    assert_eq!((code, stdout.as_str()), (2, ""), "{stderr}");
    assert!(stderr.contains("a break-even is between two strategies"), "{stderr}");
    assert!(!dir.path().join("none").exists());
}

#[test]
fn wrong_keys_are_exit_code_2_and_leave_nothing_behind() {
    let dir = tempfile::tempdir().expect("a directory");
    let out = dir.path().join("none");
    for (vary, expected) in [
        ("clusters.eu.ndoes=1..5", "did you mean `nodes`?"),
        ("run.demand", "expected KEY=V1,V2 or KEY=FROM..TO"),
        ("run.demand=2", "needs at least two values"),
        ("run.demand=1..x", "is no quantity"),
    ] {
        let out = out.display().to_string();
        let (code, stdout, stderr) = run(&["breakeven", SCENARIO, "--vary", vary, "--out", &out]);
        assert_eq!((code, stdout.as_str()), (2, ""), "{vary}: {stderr}");
        assert!(stderr.contains(expected), "{vary}: {stderr}");
    }
    assert!(!out.exists());
}
