//! Every bundled scenario reads, opens with a comment that says what it shows, runs, and shows it.

use std::fs;

use super::common::{all_bundled, bundled, dollars, failures, latency, read, refused, root, run, run_on, summary};

#[test]
fn every_bundled_scenario_opens_with_a_comment_and_runs() {
    let mut seen = 0;
    for (name, scenario) in all_bundled() {
        let text = fs::read_to_string(bundled(&name)).expect("scenarios are text");
        assert!(text.starts_with("# "), "{name} opens with a comment");
        let tables = run_on(&scenario, 2);
        assert_eq!(tables.summary.len(), scenario.model.strategies.len(), "{name}");
        assert!(tables.summary.iter().all(|row| row.cost_usd_month > 0.0), "{name}");
        assert!(tables.summary.iter().any(|row| row.pulls > 0.0), "{name}");
        seen += 1;
    }
    assert!(seen >= 18, "{seen} scenarios");
}

#[test]
fn articles_systems_all_ship() {
    let all: String = fs::read_dir(root().join("scenarios"))
        .expect("the folder is there")
        .filter_map(|entry| fs::read_to_string(entry.expect("entries can be read").path()).ok())
        .collect();
    for id in (1..=12).map(|number| format!("M{number}")) {
        assert!(all.contains(&format!("# {id}:")), "{id}");
    }
}

/// Twelve pulls are more than the six from which a copy pays; a quarter of them are fewer.
#[test]
fn break_even_lies_between_a_quarter_and_all_of_its_demand() {
    let cheaper = |demand: &str| {
        let tables = run_on(&read(&bundled("break-even"), &[demand]), 2);
        let (across, copied) = (summary(&tables, "cross-region-pull"), summary(&tables, "replication"));
        across.cost_usd_month < copied.cost_usd_month
    };
    assert!(cheaper("run.demand=0.25"));
    assert!(!cheaper("run.demand=1"));
}

#[test]
fn m1_replication_makes_pulls_local_and_start_up_faster() {
    let tables = run_on(&read(&bundled("shop"), &["run.trials=1", "run.duration=10d"]), 2);
    let (across, replicated) = (summary(&tables, "cross-region-pull"), summary(&tables, "replication"));
    assert!(replicated.pull_p95_s < across.pull_p95_s);
    assert!(across.cross_region_bytes > replicated.cross_region_bytes);
    assert!(
        latency(&tables, "replication", "transfer", "p95") < latency(&tables, "cross-region-pull", "transfer", "p95")
    );
}

#[test]
fn m2_only_releases_travel_and_most_make_it_in_thirty_seconds() {
    let tables = run_on(&read(&bundled("global-saas"), &["run.trials=1"]), 2);
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
    // The wish, to select by tag, buys what the prefix of a release repository gives already.
    let tag = summary(&tables, "by-tag");
    assert_eq!((tag.copies, tag.cost_usd_month), (prefix.copies, prefix.cost_usd_month));
    assert!(tables.run.notes.iter().any(|note| note.starts_with("not possible today") && note.contains("by-tag")));
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
fn m3_without_the_permission_copies_into_that_account_fail_and_its_nodes_wait_in_vain() {
    let tables = run_on(&read(&bundled("enterprise"), &["run.trials=2", "run.duration=28d"]), 2);
    let failed = failures(&tables, "shared-only");
    assert!(failed.iter().all(|(_, _, account, _)| account == "bu-07"), "{failed:?}");
    let of =
        |event: &str, cause: &str| failed.iter().find(|row| row.0 == event && row.1 == cause).map_or(0.0, |row| row.3);
    // 17 repositories, two pushes a week each, for two weeks.
    assert!((40.0..100.0).contains(&of("copy", "not-allowed")), "{failed:?}");
    assert!(of("pull", "image-missing") > 0.0, "{failed:?}");
    assert_eq!(failures(&tables, "cross-region-pull"), []);
}

#[test]
fn m4_replicas_recover_in_time_and_nothing_else_does() {
    let tables = run_on(
        &read(&bundled("disaster-recovery"), &["run.trials=3", "run.duration=13d", "faults.use1-down.at=10d"]),
        2,
    );
    let rows = |strategy: &'static str| tables.recovery.iter().filter(move |row| row.strategy == strategy);
    for strategy in ["replication", "nightly"] {
        assert!(rows(strategy).all(|row| row.recovery_s.is_some_and(|seconds| seconds < 4.0 * 3600.0)), "{strategy}");
    }
    assert!(rows("replication").all(|row| row.images_missing == Some(0) && row.pulls_failed < 100));
    for strategy in ["cross-region-pull", "pull-through-cache"] {
        // Nothing is there, and nothing comes before the region is back, eight hours later.
        assert!(rows(strategy).all(|row| row.images_missing == Some(25)), "{strategy}");
        assert!(rows(strategy).all(|row| row.recovery_s.is_some_and(|seconds| seconds > 8.0 * 3600.0)), "{strategy}");
    }
    // A job that runs at night lacks what was pushed on the day of the outage, a Monday or a working day before it.
    let met = |strategy: &str| {
        let row = tables.objectives.iter().find(|row| row.strategy == strategy).expect("judged");
        row.met
    };
    assert_eq!((met("replication"), met("cross-region-pull")), (Some(true), Some(false)));
}

#[test]
fn m7_the_policy_decides_and_old_images_stay_behind_until_a_backfill() {
    let tables = run_on(&read(&bundled("cross-account"), &["run.trials=2"]), 2);
    for strategy in ["new-pushes-only", "with-backfill"] {
        let failed = failures(&tables, strategy);
        let copies: Vec<_> = failed.into_iter().filter(|row| row.0 == "copy").collect();
        assert!(copies.iter().all(|row| row.1 == "not-allowed" && row.2 == "audit"), "{copies:?}");
        let copied = |account: &str| -> f64 {
            let rows = tables.repositories.iter();
            rows.filter(|row| row.strategy == strategy && row.account == account).map(|row| row.copies).sum()
        };
        assert!(copied("production") > 15.0 && copied("audit") == 0.0);
    }
    let (alone, filled) = (summary(&tables, "new-pushes-only"), summary(&tables, "with-backfill"));
    assert!(
        (filled.copies - alone.copies - 20.0).abs() < 1e-9,
        "the twenty old ones: {} {}",
        filled.copies,
        alone.copies
    );
    assert!(filled.cross_region_bytes != alone.cross_region_bytes);
}

#[test]
fn m7_the_twenty_sixth_destination_is_refused() {
    let to: Vec<String> = (1..=26).map(|number| format!("\"bu-{number:02}/eu-west-1\"")).collect();
    let text = format!(
        "schema = 1\nstrategies = [{{ kind = \"replication\", rules = [{{ to = [{}] }}] }}]\n\
         accounts = {{ home = \"111122223333\", bu = {{ count = 26, first = \"300000000001\" }} }}\n\
         [[repositories]]\nname = \"app\"\nregistry = \"home/us-east-1\"\n\
         [[clusters]]\nname = \"c\"\nregistry = \"bu-01/eu-west-1\"\n",
        to.join(", ")
    );
    let said = refused(&text);
    assert!(said.contains("26th destination") && said.contains("fact A5"), "{said}");
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
fn m8_gotchas_show_what_they_say() {
    let tables = run_on(&read(&bundled("gotcha-not-retroactive"), &[]), 2);
    let (alone, filled) = (summary(&tables, "rules-alone"), summary(&tables, "rules-and-backfill"));
    // v4 and the old image under its new tag; with the backfill v1, v2 and v3 as well.
    assert_eq!((alone.copies, alone.pulls_failed), (2.0, 1.0));
    assert_eq!((filled.copies, filled.pulls_failed), (5.0, 0.0));

    let tables = run_on(&read(&bundled("gotcha-mutable-tags"), &[]), 2);
    let pulled = |region: &str| {
        let here = |row: &&replisim::study::tables::RepositoryRow| {
            row.strategy == "replication" && row.account == "prod" && row.region == region
        };
        let row = tables.repositories.iter().find(here).expect("copies are there");
        (row.copies, row.copies_never_pulled)
    };
    // Four Mondays. Where tags are immutable only the first image ever is `latest`.
    assert_eq!(pulled("eu-west-1"), (4.0, 0.0));
    assert_eq!(pulled("eu-central-1"), (4.0, 3.0));

    let tables = run_on(&read(&bundled("gotcha-region-not-enabled"), &["run.trials=2"]), 2);
    let failed = failures(&tables, "replication");
    assert_eq!(failed.len(), 1);
    assert_eq!((failed[0].0.as_str(), failed[0].1.as_str()), ("copy", "region-not-enabled"));
    assert_eq!(summary(&tables, "replication").copies, failed[0].3, "one of two regions takes them");
}

#[test]
fn m8_deletions_that_follow_and_lifecycle_at_the_destination_shrink_the_bill_alike() {
    let tables = run_on(&read(&bundled("ten-gigabytes"), &[]), 2);
    let (kept, deleted) = (summary(&tables, "twelve-regions"), summary(&tables, "with-deletes"));
    assert!(deleted.storage_usd_month < 0.8 * kept.storage_usd_month);
    assert_eq!(deleted.transfer_usd_month, kept.transfer_usd_month);
    // The same twelve with a policy of their own, like the one at home.
    let regions = [
        "us-east-1",
        "us-east-2",
        "us-west-1",
        "us-west-2",
        "ca-central-1",
        "eu-west-2",
        "eu-west-3",
        "eu-central-1",
        "eu-north-1",
        "ap-southeast-1",
        "ap-northeast-1",
    ];
    let template = "templates = [{ prefix = \"models\", lifecycle = { keep = 4 } }]";
    let mut registries: Vec<String> =
        regions.iter().map(|region| format!("{{ registry = \"dev/{region}\", {template} }}")).collect();
    registries.push(format!("{{ registry = \"prod/eu-west-1\", {template} }}"));
    let base = bundled("ten-gigabytes");
    let text = format!("schema = 1\nextends = {:?}\nregistries = [{}]\n", base, registries.join(", "));
    let tables = run(&text);
    let with_policy = summary(&tables, "twelve-regions").storage_usd_month;
    assert!(
        (with_policy / deleted.storage_usd_month - 1.0).abs() < 0.05,
        "{with_policy} {}",
        deleted.storage_usd_month
    );
}

#[test]
fn m11_a_lifecycle_at_the_destination_keeps_storage_level_and_a_pilot_costs_little_to_try() {
    let tables = run_on(&read(&bundled("good-habits"), &["run.trials=1"]), 2);
    let stored = |region: &str| {
        let here = tables
            .timeline
            .iter()
            .filter(|row| &*row.strategy == "roll-out" && &*row.metric == "stored" && *row.region == *region);
        here.map(|row| row.value).collect::<Vec<f64>>()
    };
    let growth = |days: &[f64]| days[days.len() - 1] / days[days.len() / 2];
    let (kept, all) = (stored("eu-west-1"), stored("ap-southeast-1"));
    assert!(growth(&kept) < 1.2 && growth(&all) > 1.5, "{} {}", growth(&kept), growth(&all));
    let copies = |strategy: &str| summary(&tables, strategy).copies;
    assert!(copies("pilot") < copies("roll-out") && copies("roll-out") < copies("everything"));
    assert!(
        tables.repositories.iter().all(|row| {
            row.strategy != "roll-out" || row.region == "us-east-1" || !row.repository.starts_with("dev/")
        })
    );
}

#[test]
fn m12_every_cause_has_its_name_and_the_alarm_rings() {
    let tables = run_on(&read(&bundled("monitoring"), &["run.trials=1"]), 2);
    let failed = failures(&tables, "replication");
    for (event, cause, account) in [
        ("copy", "not-allowed", "pay"),
        ("copy", "all-attempts-failed", "pay"),
        ("copy", "all-attempts-failed", "shop"),
        ("pull", "image-missing", "pay"),
    ] {
        assert!(failed.iter().any(|row| row.0 == event && row.1 == cause && row.2 == account), "{cause}: {failed:?}");
    }
    let alarm =
        tables.objectives.iter().find(|row| row.strategy == "replication" && row.objective == "nobody-pulls-in-vain");
    assert_eq!(alarm.and_then(|row| row.met), Some(false));
    // The job tries again what it saw fail, so its nodes find everything in the end.
    assert_eq!(summary(&tables, "job").pulls_failed, 0.0);
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
