//! The same inputs give the same bytes, for any number of threads.

use replisim::report::{self, csv};

use super::common::{QUICKSTART, bundled, read, root, run_on};

#[test]
fn threads_change_no_byte_and_seeds_do() {
    let scenario = read(&bundled("quickstart"), &["run.trials=4", "run.duration=8d"]);
    let files = |jobs, scenario| csv::files(&run_on(scenario, jobs)).expect("tables can be written");
    let one = files(1, &scenario);
    assert_eq!(one, files(2, &scenario));
    assert_eq!(one, files(3, &scenario));
    assert_ne!(one, files(1, &read(&bundled("quickstart"), &["run.trials=4", "run.duration=8d", "run.seed=2"])));
    assert!(one.len() >= 8);
}

#[test]
fn the_committed_example_is_what_a_run_gives() {
    let mut compared = 0;
    for (name, bytes) in csv::files(&QUICKSTART).expect("tables can be written") {
        let path = root().join("outputs/quickstart").join(name);
        let committed = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(committed == bytes, "{name} of outputs/quickstart is not what a run gives: run the quickstart again");
        compared += 1;
    }
    assert!(compared >= 8);
}

#[test]
fn adding_a_strategy_changes_no_other_row() {
    let few = run_on(&read(&bundled("quickstart"), &["run.trials=2", "strategies=[\"replication\"]"]), 2);
    let all = run_on(&read(&bundled("quickstart"), &["run.trials=2"]), 2);
    let trials: Vec<_> = all.trials.iter().filter(|row| row.strategy == "replication").cloned().collect();
    assert_eq!(few.trials, trials);
}

#[test]
fn run_json_alone_differs_between_two_runs() {
    let scenario = read(&bundled("quickstart"), &["run.trials=2", "run.duration=8d"]);
    let (one, two) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let written = report::write_run(one.path(), &run_on(&scenario, 1)).expect("results can be written");
    report::write_run(two.path(), &run_on(&scenario, 2)).expect("results can be written");
    for path in &written {
        let name = path.strip_prefix(one.path()).expect("below its folder");
        if name != std::path::Path::new("run.json") {
            let bytes = |dir: &std::path::Path| std::fs::read(dir.join(name)).expect("written");
            assert!(bytes(one.path()) == bytes(two.path()), "{} differs between two runs", name.display());
        }
    }
    assert!(written.len() > 20, "{}", written.len());
}
