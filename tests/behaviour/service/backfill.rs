//! Backfills: images that were there before the rules (A50 to A56).

use super::super::common::summary;
use super::*;

fn existing(count: u32, keys: &str, more: &str) -> Tables {
    let top = replication(&format!("existing_images = \"backfill\"{keys}"));
    let home = repository("app", &format!("existing = {count}\n{ONE_LAYER}push = {{ list = [] }}"));
    run(&[&days(10, &format!("{top}\n{more}")), &home, &eu(&pulls(&[]))])
}

#[test]
fn a50_a_backfill_brings_every_image_and_has_no_lag() {
    let tables = existing(3, "", "");
    let row = summary(&tables, "r");
    assert_eq!((row.copies, row.copies_failed, row.cross_region_bytes), (3.0, 0.0, 3.0 * IMAGE));
    assert_eq!((row.lag_p50_s, row.stored_bytes_end), (None, 6.0 * IMAGE));
    // Without it nothing comes, and what is there already costs no transfer.
    for (word, copies, bytes, end) in [("absent", 0.0, 0.0, 3.0), ("present", 0.0, 0.0, 6.0)] {
        let home = repository("app", &format!("existing = 3\n{ONE_LAYER}push = {{ list = [] }}"));
        let tables = run(&[&days(2, &replication(&format!("existing_images = \"{word}\""))), &home, &eu(IDLE)]);
        let row = summary(&tables, "r");
        assert_eq!((row.copies, row.cross_region_bytes, row.stored_bytes_end), (copies, bytes, end * IMAGE), "{word}");
    }
}

#[test]
fn a50_a_backfill_under_later_rules_copies_what_is_there_then() {
    // Three pushed before the rules; one is deleted and one loses its tag before the backfill begins.
    let rows = "{ at = \"1h\", tag = \"a\" }, { at = \"2h\", tag = \"b\" }, { at = \"3h\", tag = \"c\" }, \
                { at = \"4h\", tag = \"a\", action = \"delete\" }, { at = \"5h\", tag = \"b\" }, { at = \"2d\", tag = \"d\" }";
    let keys = "existing_images = \"backfill\", since = \"1d\"";
    let tables =
        run(&[&days(4, &replication(keys)), &app(rows), &eu(&pulls(&[("3d", "b"), ("3d", "c"), ("3d", "d")]))]);
    let row = summary(&tables, "r");
    // The untagged first image of `b`, its second, `c`, and `d` by the rules.
    assert_eq!((row.copies, row.copies_failed, row.pulls_failed), (4.0, 0.0, 0.0));
    assert_eq!(failures(&tables, "r"), []);
    assert_eq!(by_day(&tables, "stored", "eu-west-1"), [0.0, 3.0 * IMAGE, 4.0 * IMAGE, 4.0 * IMAGE]);
}

#[test]
fn a52_a_backfill_that_fails_leaves_the_rest_undone() {
    // Every attempt fails: the backfill is judged when a hundred were processed, and nothing more is tried.
    let tables = existing(250, ", copy_failures = \"100%\", retries = 0", "");
    assert_eq!(failures(&tables, "r"), [("copy", "all-attempts-failed", "eu-west-1", 199.0)]);
    assert_eq!(summary(&tables, "r").copies, 0.0);
    // Fewer than a hundred are never judged: all are tried.
    let tables = existing(99, ", copy_failures = \"100%\", retries = 0", "");
    assert_eq!(summary(&tables, "r").copies_failed, 99.0);
}

#[test]
fn a53_a_hundred_copies_are_under_way_at_once() {
    // Each takes 100 s: 250 of them come in three waves.
    let slow =
        "strategies = [{ name = \"r\", kind = \"replication\", delay = \"0s\", existing_images = \"backfill\" }]";
    let home = repository("app", &format!("existing = 250\n{ONE_LAYER}push = {{ list = [] }}"));
    let head = "schema = 1\nrun = { duration = \"250s\", trials = 1 }\nnetwork = { preset = \"ideal\", stream_max = \"1 MB/s\" }\n";
    let tables = run(&[head, slow, "\n", &home, &eu(IDLE)]);
    assert_eq!(summary(&tables, "r").copies, 250.0);
    // After 250 s two waves are there; the third is under way and metered as moved.
    assert_eq!(by_day(&tables, "stored", "eu-west-1"), [200.0 * IMAGE]);
    assert_eq!(summary(&tables, "r").cross_region_bytes, 250.0 * IMAGE);
}

#[test]
fn a53_one_backfill_for_each_destination_region() {
    // Two accounts in one region: the second backfill waits for the first. Another region does not.
    let top = "accounts = { a = \"111122223333\", b = \"222233334444\", c = \"333344445555\" }\n\
               strategies = [{ name = \"r\", kind = \"replication\", delay = \"0s\", existing_images = \"backfill\", rules = \
               [{ from = \"a/us-east-1\", to = [\"b/eu-west-1\", \"c/eu-west-1\", \"b/eu-central-1\"] }] }]\n";
    let head = "schema = 1\nrun = { duration = \"150s\", trials = 1 }\nnetwork = { preset = \"ideal\", stream_max = \"1 MB/s\" }\n";
    let home = format!(
        "[[repositories]]\nname = \"app\"\nregistry = \"a/us-east-1\"\nexisting = 1\n{ONE_LAYER}push = {{ list = [] }}\n"
    );
    let tables = run(&[head, top, &home, &cluster("x", "b/eu-west-1", IDLE)]);
    assert_eq!(by_day(&tables, "stored", "eu-central-1"), [IMAGE]);
    // The account whose turn has not come has nothing, not even a row.
    assert_eq!(by_day(&tables, "stored", "eu-west-1"), [IMAGE]);
}
