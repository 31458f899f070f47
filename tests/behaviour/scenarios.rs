//! Every bundled scenario reads, opens with a comment that says what it shows, runs, and shows it.

use std::fs;

use super::common::{bundled, dollars, latency, read, root, run_on, summary};

#[test]
fn every_bundled_scenario_opens_with_a_comment_and_runs() {
    let mut seen = 0;
    for entry in fs::read_dir(root().join("scenarios")).expect("the folder is there") {
        let path = entry.expect("entries can be read").path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let text = fs::read_to_string(&path).expect("scenarios are text");
        assert!(text.starts_with("# "), "{} opens with a comment", path.display());
        let short = read(&path, &["run.trials=1", "run.duration=9d"]);
        let tables = run_on(&short, 2);
        assert_eq!(tables.summary.len(), short.model.strategies.len(), "{}", path.display());
        assert!(tables.summary.iter().all(|row| row.cost_usd_month > 0.0), "{}", path.display());
        assert!(tables.summary.iter().any(|row| row.pulls > 0.0), "{}", path.display());
        seen += 1;
    }
    assert!(seen >= 11, "{seen} scenarios");
}

#[test]
fn articles_systems_all_ship() {
    let all: String = fs::read_dir(root().join("scenarios"))
        .expect("the folder is there")
        .filter_map(|entry| fs::read_to_string(entry.expect("entries can be read").path()).ok())
        .collect();
    for id in ["M1", "M2", "M3", "M5", "M6", "M8", "M9", "M10"] {
        assert!(all.contains(&format!("# {id}:")), "{id}");
    }
}

#[test]
fn m1_replication_makes_pulls_local_and_start_up_faster() {
    let tables = run_on(&read(&bundled("shop"), &["run.trials=2", "run.duration=30d"]), 2);
    let (across, replicated) = (summary(&tables, "cross-region-pull"), summary(&tables, "replication"));
    assert!(replicated.pull_p95_s < across.pull_p95_s);
    assert!(across.cross_region_bytes > replicated.cross_region_bytes);
    assert!(
        latency(&tables, "replication", "transfer", "p95") < latency(&tables, "cross-region-pull", "transfer", "p95")
    );
}

#[test]
fn m2_only_releases_travel_and_most_make_it_in_thirty_seconds() {
    let tables = run_on(&read(&bundled("global-saas"), &["run.trials=3"]), 2);
    let (everything, prefix) = (summary(&tables, "everything"), summary(&tables, "by-prefix"));
    assert!(prefix.copies * 5.0 < everything.copies, "{} of {}", prefix.copies, everything.copies);
    let observed = |strategy: &str, region: &str| {
        let row = tables.objectives.iter().find(|row| row.strategy == strategy && row.region == region);
        row.and_then(|row| row.observed).expect("releases were judged")
    };
    for region in ["eu-west-1", "ap-southeast-1", "ca-central-1", "all"] {
        let share = observed("by-prefix", region);
        assert!((0.5..1.0).contains(&share), "{region}: {share}");
    }
    assert_eq!(observed("by-prefix", "us-east-1"), 1.0);
    assert_eq!(observed("pull-across", "all"), 0.0);
}

#[test]
fn m3_storage_falls_on_the_accounts_that_receive() {
    let tables = run_on(&read(&bundled("enterprise"), &["run.trials=1"]), 2);
    let (everything, shared) = (summary(&tables, "everything"), summary(&tables, "shared-only"));
    assert!(shared.cost_usd_month < everything.cost_usd_month);
    let stored_by = |account: &str| {
        let rows = tables
            .bill
            .iter()
            .filter(|row| row.strategy == "shared-only" && row.account == account && row.line_item == "storage");
        rows.count()
    };
    assert!(stored_by("bu-07") > 0);
    assert!(tables.repositories.iter().any(|row| row.strategy == "everything" && row.copies_never_pulled > 0.0));
}

#[test]
fn m6_none_of_the_dev_iterations_is_copied() {
    let tables = run_on(&read(&bundled("dev-to-prod"), &["run.trials=2"]), 2);
    let copied = |strategy: &str, repository: &str| -> f64 {
        let rows = tables.repositories.iter().filter(|row| row.strategy == strategy && row.repository == repository);
        rows.map(|row| row.copies).sum()
    };
    assert_eq!(copied("by-prefix", "dev-microservice"), 0.0);
    assert!(copied("by-prefix", "prod-microservice") > 10.0);
    assert!(copied("everything", "dev-microservice") > 100.0);
    assert!(summary(&tables, "by-prefix").cost_usd_month < summary(&tables, "everything").cost_usd_month);
}

#[test]
fn m8_twelve_regions_cost_many_times_what_two_do() {
    let tables = run_on(&read(&bundled("ten-gigabytes"), &[]), 2);
    let (twelve, two) = (summary(&tables, "twelve-regions"), summary(&tables, "where-it-runs"));
    assert!(twelve.cost_usd_month > 3.0 * two.cost_usd_month, "{} {}", twelve.cost_usd_month, two.cost_usd_month);
    assert!(twelve.storage_usd_month > twelve.transfer_usd_month, "N4: storage is the larger part");
}

#[test]
fn m9_a_job_is_stale_and_loses_images_unseen() {
    let tables = run_on(&read(&bundled("hand-written-job"), &["run.trials=2"]), 2);
    let mean = latency(&tables, "hourly-job", "copy", "mean");
    assert!((1500.0..2600.0).contains(&mean), "half an hour and retries: {mean}");
    assert!(summary(&tables, "hourly-job").copies_failed > 0.0);
    let moved =
        |item: &str, from: &str| dollars(&tables, "job-elsewhere", |row| row.line_item == item && row.region == from);
    assert!(moved("pull", "us-east-1") > 0.0 && moved("copy", "us-west-2") > 0.0, "bytes cross twice");
    assert_eq!(moved("copy", "us-east-1"), 0.0);
    assert!(summary(&tables, "hourly-job").other_usd_month > 300.0, "four hours of people's work a month");
}

#[test]
fn m10_a_central_registry_is_slower_from_afar_and_when_its_egress_is_narrow() {
    let tables = run_on(&read(&bundled("central-registry"), &["run.trials=1", "run.duration=7d"]), 2);
    let p95 = |strategy: &str, region: &str| {
        let row = tables.latency.iter().find(|row| {
            row.strategy == strategy && row.event == "transfer" && row.region == region && row.quantile == "p95"
        });
        row.expect("pulls were timed").seconds
    };
    assert!(p95("central", "ap-southeast-1") > 2.0 * p95("central", "us-east-1"));
    assert!(p95("central-1g", "us-east-1") > p95("central", "us-east-1"));
}
