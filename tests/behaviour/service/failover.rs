//! A standby that comes up when the home region is down, under each strategy.

use super::super::common::summary;
use super::*;

const FAULT: &str =
    "faults = [{ name = \"down\", kind = \"region-outage\", region = \"us-east-1\", at = \"1d\", lasts = \"4h\" }]";
/// A node that asks at 600 s after the strike, and from there after 10, 30, 70, 150, 310, 610, 910, .. s: after the end
/// of the outage first at 13,810 s.
const WAITED: f64 = 600.0 + 13_810.0;

fn standby(keys: &str) -> String {
    eu(&format!(
        "give_up = \"12h\"\n{keys}\npulls = {{ failover = {{ of = \"down\", after = \"10m\", within = \"0s\" }} }}"
    ))
}

/// (recovery, images missing, age of the oldest, pulls failed).
fn recovery(strategy: &str, rows: &str, keys: &str) -> (Option<f64>, Option<u64>, Option<f64>, u64) {
    let strategies = format!("strategies = [{{ name = \"r\", {strategy} }}]\n{FAULT}");
    let tables = run(&[&days(3, &strategies), &app(rows), &standby(keys)]);
    let row = strike(&tables, "r");
    (row.recovery_s, row.images_missing, row.oldest_missing_s, row.pulls_failed)
}

const ONE: &str = "{ at = \"1h\", tag = \"v\" }";

#[test]
fn a_standby_with_copies_is_up_at_once_and_one_without_when_home_is_back() {
    let there = (Some(600.0), Some(0), None, 0);
    let missing = (Some(WAITED), Some(1), Some(23.0 * 3600.0), 0);
    assert_eq!(recovery("kind = \"replication\", delay = \"0s\"", ONE, ""), there);
    assert_eq!(recovery("kind = \"cross-region-pull\"", ONE, ""), missing);
    assert_eq!(recovery("kind = \"centralized\", registry = \"us-east-1\", egress = \"unlimited\"", ONE, ""), missing);
    assert_eq!(recovery("kind = \"centralized\", registry = \"eu-central-1\", egress = \"unlimited\"", ONE, ""), there);
    assert_eq!(recovery("kind = \"pull-through-cache\"", ONE, ""), missing);
    let job = "kind = \"scheduled-copy\", times = \"12:00\"";
    assert_eq!(recovery(job, ONE, ""), there);
    // A release after the job's run, an hour past noon.
    let late = format!("{ONE}, {{ at = \"13h\", tag = \"w\" }}");
    assert_eq!(recovery(job, &late, ""), (Some(WAITED), Some(1), Some(11.0 * 3600.0), 0));
}

#[test]
fn a_cache_that_another_cluster_has_filled_serves_a_standby() {
    let strategies = format!("strategies = [{{ name = \"r\", kind = \"pull-through-cache\" }}]\n{FAULT}");
    let other = cluster("other", "eu-west-1", &pulls(&[("2h", "v")]));
    let tables = run(&[&days(3, &strategies), &app(ONE), &standby(""), &other]);
    let row = strike(&tables, "r");
    assert_eq!((row.recovery_s, row.images_missing), (Some(600.0), Some(0)));
}

#[test]
fn a_copy_that_an_outage_forestalled_comes_when_it_is_over() {
    // Pushed ten seconds before, with a minute of delay: the copy waits for the end, and is there then.
    let rows = format!("{ONE}, {{ at = \"86390s\", tag = \"w\" }}");
    let found = recovery("kind = \"replication\", delay = \"1m\"", &rows, "");
    assert_eq!(found, (Some(WAITED), Some(1), Some(10.0), 0));
}

#[test]
fn what_a_pull_does_without_its_image_decides_the_recovery() {
    let no_rules = "kind = \"replication\", rules = []";
    assert_eq!(recovery(&format!("{no_rules}, if_missing = \"fail\""), ONE, ""), (None, Some(1), Some(82_800.0), 1));
    // Home is down: `home` waits for it. Then it serves.
    assert_eq!(
        recovery(&format!("{no_rules}, if_missing = \"home\""), ONE, ""),
        (Some(WAITED), Some(1), Some(82_800.0), 0)
    );
    // Waiting for a copy that nobody orders ends in giving up.
    assert_eq!(recovery(&format!("{no_rules}, if_missing = \"wait\""), ONE, ""), (None, Some(1), Some(82_800.0), 1));
    // A registry that lacks the image while home is up.
    let strategies = "strategies = [{ name = \"r\", kind = \"replication\", rules = [], if_missing = \"home\" }]";
    let tables = run(&[&days(3, strategies), &app(ONE), &eu(&pulls(&[("1d", "v")]))]);
    assert_eq!((summary(&tables, "r").pulls_failed, summary(&tables, "r").cross_region_bytes), (0.0, IMAGE));
}

#[test]
fn a_run_that_ends_before_every_node_has_come_up_never_saw_the_recovery() {
    let run_for = |duration: &str, nodes: u32| {
        let head = format!(
            "schema = 1\nrun = {{ duration = \"{duration}\", trials = 1 }}\nnetwork = {{ preset = \"ideal\" }}\n{FAULT}\n"
        );
        let cluster = standby("")
            .replace("nodes = 1\n", &format!("nodes = {nodes}\n"))
            .replace("within = \"0s\"", "within = \"30m\"");
        let tables = run(&[&head, &replication(""), "\n", &app(ONE), &cluster]);
        (strike(&tables, "r").recovery_s, summary(&tables, "r").pulls)
    };
    // Twenty of forty minutes: some nodes have come up, but not all of a hundred.
    let (recovered, pulls) = run_for("1460m", 100);
    assert!(recovered.is_none() && (10.0..90.0).contains(&pulls), "{recovered:?} {pulls}");
    assert_eq!(run_for("1445m", 100), (None, 0.0));
    let (recovered, pulls) = run_for("2d", 100);
    assert!(recovered.is_some_and(|seconds| (600.0..=2400.0).contains(&seconds)), "{recovered:?}");
    assert_eq!(pulls, 100.0);
}

#[test]
fn strikes_of_the_warm_up_are_not_judged() {
    let head = "schema = 1\nrun = { duration = \"1d\", warm_up = \"200d\", trials = 1 }\nnetwork = { preset = \"ideal\" }\n\
                faults = [{ name = \"down\", kind = \"region-outage\", region = \"us-east-1\", rate = \"1/2d\", lasts = \"1h\" }]\n";
    let home = repository("app", "existing = 1\npush = { rate = \"1/day\" }");
    let tables = run(&[head, &replication(""), "\n", &home, &standby("")]);
    // About a hundred of them, but the run is a day.
    assert!(tables.recovery.len() < 8, "{}", tables.recovery.len());
    assert!(tables.recovery.iter().all(|row| row.recovery_s.is_some()), "{:?}", tables.recovery);
}
