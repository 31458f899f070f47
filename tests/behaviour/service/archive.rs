//! What the archive costs (C3 to C6) and what it keeps from being pulled.

use super::super::common::{dollars, summary};
use super::*;

fn at_home(days_run: u32, rows: &str, keys: &str, cluster: &str) -> Tables {
    let top = days(
        days_run,
        "strategies = [{ name = \"r\", kind = \"cross-region-pull\" }]\nservice = { lifecycle_delay = \"12h\" }",
    );
    let home = repository("app", &format!("{keys}\n{ONE_LAYER}push = {{ list = [{rows}] }}"));
    run(&[&top, &home, &eu(cluster)])
}

const ARCHIVED: &str = "{ at = \"0d\", tag = \"v\" }, { at = \"1d\", tag = \"v\", action = \"archive\" }";

/// GB-months of an image over these hours of January.
fn january(hours: f64) -> f64 {
    IMAGE / GB * hours / 744.0
}

#[test]
fn c3_the_archive_costs_what_storage_does_below_150_tb() {
    let tables = at_home(31, ARCHIVED, "", IDLE);
    near(quantity(&tables, "r", "storage", "us-east-1"), january(24.0));
    near(quantity(&tables, "r", "archive", "us-east-1"), january(30.0 * 24.0));
    near(dollars(&tables, "r", |row| row.line_item == "archive"), 0.10 * january(30.0 * 24.0));
    near(dollars(&tables, "r", |row| row.line_item == "retrieval"), 0.0);
}

#[test]
fn c5_what_leaves_early_is_charged_for_ninety_days() {
    // Archived at day 1, deleted at day 11: ten days served, eighty more charged.
    let rows = format!("{ARCHIVED}, {{ at = \"11d\", tag = \"v\", action = \"delete\" }}");
    let tables = at_home(31, &rows, "", IDLE);
    near(quantity(&tables, "r", "archive", "us-east-1"), january(90.0 * 24.0));
    // Untagged by its last tag, it goes as well.
    let rows = rows.replace("\"delete\"", "\"untag\"");
    near(quantity(&at_home(31, &rows, "", IDLE), "r", "archive", "us-east-1"), january(90.0 * 24.0));
    // After ninety days nothing is owed.
    let late = format!("{ARCHIVED}, {{ at = \"95d\", tag = \"v\", action = \"delete\" }}");
    let tables = at_home(100, &late, "", IDLE);
    let hours = |month: &str| -> f64 {
        let rows = tables.bill.iter().filter(|row| row.line_item == "archive" && row.month == month);
        rows.map(|row| row.quantity.parse::<f64>().expect("a decimal")).sum()
    };
    near(hours("2026-01"), january(30.0 * 24.0));
    // Days 90 to 94 of the run are 1 to 5 April.
    near(hours("2026-04"), IMAGE / GB * 5.0 / 30.0);
}

#[test]
fn c4_c6_a_restore_is_charged_by_the_gigabyte_and_takes_twenty_minutes() {
    let rows = format!("{ARCHIVED}, {{ at = \"11d\", tag = \"v\", action = \"restore\" }}");
    // Asked for at the moment of the restore, a node waits 10 + 20 + 40 + 80 + 160 + 300 + 300 + 300 s: the first try
    // after 1200 s is at 1210 s.
    let waiting = "backoff = { first = \"10s\", max = \"5m\" }\npulls = { list = [{ at = \"11d\", repository = \"app\", tag = \"v\" }] }";
    let tables = at_home(31, &rows, "", waiting);
    near(quantity(&tables, "r", "retrieval", "us-east-1"), IMAGE / GB);
    near(dollars(&tables, "r", |row| row.line_item == "retrieval"), 0.03 * IMAGE / GB);
    // Ten days and twenty minutes were served; the rest of ninety days is charged.
    near(quantity(&tables, "r", "archive", "us-east-1"), january(90.0 * 24.0));
    near(quantity(&tables, "r", "storage", "us-east-1"), january(24.0 + 20.0 * 24.0 - 1.0 / 3.0));
    let row = summary(&tables, "r");
    assert_eq!((row.pulls_failed, row.pull_p50_s), (0.0, Some(1210.0)));
}

#[test]
fn c6_an_archived_image_cannot_be_pulled() {
    let gives_up = "pulls = { list = [{ at = \"2d\", repository = \"app\", tag = \"v\" }] }";
    let tables = at_home(5, ARCHIVED, "", gives_up);
    assert_eq!(failures(&tables, "r"), [("pull", "archived", "eu-west-1", 1.0)]);
}

#[test]
fn c6_pushing_an_archived_image_restores_it_and_is_charged_as_a_restore() {
    let rows = format!("{ARCHIVED}, {{ at = \"11d\", tag = \"v\", same_as = \"v\" }}");
    let tables = at_home(31, &rows, "", IDLE);
    near(quantity(&tables, "r", "retrieval", "us-east-1"), IMAGE / GB);
    near(quantity(&tables, "r", "archive", "us-east-1"), january(90.0 * 24.0));
    near(quantity(&tables, "r", "storage", "us-east-1"), january(21.0 * 24.0));
}

#[test]
fn c6_a_restore_that_a_push_forestalled_happens_once() {
    let rows = "{ at = \"0d\", tag = \"v\" }, { at = \"1d\", tag = \"v\", action = \"archive\" }, \
                { at = \"2d\", tag = \"v\", action = \"restore\" }, { at = \"48h10m\", tag = \"v\", same_as = \"v\" }";
    let tables = run(&[&days(4, &replication("")), &app(rows), &eu(IDLE)]);
    // The first push, and the second, which brings it back at once: the restore ten minutes later finds it there.
    assert_eq!(summary(&tables, "r").copies, 2.0);
    near(quantity(&tables, "r", "retrieval", "us-east-1"), IMAGE / GB);
}

/// A cluster where the price of the archive is known.
fn ca(keys: &str) -> String {
    cluster("ca", "ca-central-1", keys)
}

const ARCHIVE_OLD: &str = r#"{"rules":[{"rulePriority":1,"selection":{"tagStatus":"any","countType":"sinceImagePushed","countUnit":"days","countNumber":2},"action":{"type":"transition","targetStorageClass":"archive"}}]}"#;

#[test]
fn a48_a_copy_of_an_image_that_is_archived_there_restores_it() {
    let template =
        "registries = [{ registry = \"ca-central-1\", templates = [{ prefix = \"ROOT\", lifecycle = \"old.json\" }] }]";
    let top = format!("{}\n{template}\nservice = {{ lifecycle_delay = \"12h\" }}", replication(""));
    // There, it is two days old at day 2 and archived at day 2, noon. The push at day 11 brings it back.
    let rows = "{ at = \"0d\", tag = \"v\" }, { at = \"11d\", tag = \"w\", same_as = \"v\" }";
    let files = [("old.json", ARCHIVE_OLD)];
    let tables = run_with(&[&days(12, &top), &app(rows), &ca(&pulls(&[("10d", "v"), ("11d1h", "v")]))], &files);
    assert_eq!(failures(&tables, "r"), [("pull", "archived", "ca-central-1", 1.0)]);
    assert_eq!(summary(&tables, "r").cross_region_bytes, IMAGE);
    near(quantity(&tables, "r", "retrieval", "ca-central-1"), IMAGE / GB);
    // Its push is as old as it was (B16; B19 is about ranks only), so the run of that noon archives it again.
    near(quantity(&tables, "r", "archive", "ca-central-1"), january(90.5 * 24.0));
    near(quantity(&tables, "r", "storage", "ca-central-1"), january(3.0 * 24.0));
}

#[test]
fn c5_a_replicated_deletion_of_an_archived_copy_is_charged_for_ninety_days() {
    let template =
        "registries = [{ registry = \"ca-central-1\", templates = [{ prefix = \"ROOT\", lifecycle = \"old.json\" }] }]";
    let rules = replication("rules = [{ to = \"ca-central-1\", deletes = true }]");
    let top = format!("{rules}\n{template}\nservice = {{ lifecycle_delay = \"12h\" }}");
    let rows = "{ at = \"0d\", tag = \"v\" }, { at = \"11d\", tag = \"v\", action = \"delete\" }";
    let tables = run_with(&[&days(12, &top), &app(rows), &ca(IDLE)], &[("old.json", ARCHIVE_OLD)]);
    near(quantity(&tables, "r", "archive", "ca-central-1"), january(90.0 * 24.0));
}
