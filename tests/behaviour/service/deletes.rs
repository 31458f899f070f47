//! Deletions, at home and at destinations (A40 to A49).

use super::super::common::summary;
use super::*;

const PUSHED: &str = "{ at = \"1h\", tag = \"a\" }, { at = \"2h\", tag = \"b\", same_as = \"a\" }";

/// Bytes stored at home and in eu-west-1 at the end of each of three days.
fn stored(deletes: bool, rows: &str, keys: &str) -> [Vec<f64>; 2] {
    let rules = replication(&format!("rules = [{{ to = \"eu-west-1\", deletes = {deletes} }}]"));
    let home = repository("app", &format!("{keys}\n{ONE_LAYER}push = {{ list = [{rows}] }}"));
    let tables = run(&[&days(3, &format!("{rules}\nservice = {{ lifecycle_delay = \"12h\" }}")), &home, &eu(IDLE)]);
    assert_eq!(failures(&tables, "r"), []);
    [by_day(&tables, "stored", "us-east-1"), by_day(&tables, "stored", "eu-west-1")]
}

const KEPT: [f64; 3] = [IMAGE; 3];
const GONE: [f64; 3] = [IMAGE, 0.0, 0.0];

#[test]
fn a40_a43_a44_deletions_follow_only_where_a_rule_says_so() {
    let untag = |tag: &str, at: &str| format!("{PUSHED}, {{ at = \"{at}\", tag = \"{tag}\", action = \"untag\" }}");
    let one_tag = untag("a", "30h");
    let last_tag = format!("{one_tag}, {{ at = \"31h\", tag = \"b\", action = \"untag\" }}");
    let by_digest = format!("{PUSHED}, {{ at = \"30h\", tag = \"a\", action = \"delete\" }}");
    for (rows, home, followed) in [(one_tag, KEPT, KEPT), (last_tag, GONE, GONE), (by_digest, GONE, GONE)] {
        assert_eq!(stored(false, &rows, ""), [home.to_vec(), KEPT.to_vec()], "{rows}");
        assert_eq!(stored(true, &rows, ""), [home.to_vec(), followed.to_vec()], "{rows}");
    }
}

#[test]
fn a42_a_removed_tag_goes_at_the_destination_and_others_stay() {
    let rows =
        format!("{PUSHED}, {{ at = \"30h\", tag = \"a\", action = \"untag\" }}, {{ at = \"31h\", tag = \"a\" }}");
    for deletes in [false, true] {
        let rules = replication(&format!("rules = [{{ to = \"eu-west-1\", deletes = {deletes} }}]"));
        let frozen = "registries = [{ registry = \"eu-west-1\", templates = [{ prefix = \"ROOT\", mutability = \"immutable\", lifecycle = { untagged_days = 1 } }] }]";
        let top = format!("{rules}\n{frozen}\nservice = {{ lifecycle_delay = \"12h\" }}");
        let tables = run(&[&days(4, &top), &app(&rows), &eu(IDLE)]);
        // With the tag gone from the immutable destination the new image takes it there; with the tag still on the old
        // image the new one stays untagged, and goes a day later.
        let end = if deletes { 2.0 } else { 1.0 };
        assert_eq!(by_day(&tables, "stored", "eu-west-1"), [IMAGE, 2.0 * IMAGE, end * IMAGE, end * IMAGE], "{deletes}");
    }
}

#[test]
fn a45_b25_an_expiry_at_home_is_a_deletion() {
    let rows = "{ at = \"1h\", tag = \"a\" }, { at = \"25h\", tag = \"b\" }";
    let keep = "lifecycle = { keep = 1 }";
    // The run at noon of the second day takes the first image.
    assert_eq!(stored(true, rows, keep), [KEPT.to_vec(), KEPT.to_vec()]);
    assert_eq!(stored(false, rows, keep), [KEPT.to_vec(), vec![IMAGE, 2.0 * IMAGE, 2.0 * IMAGE]]);
}

#[test]
fn a46_a_moved_tag_deletes_nothing() {
    let rows = "{ at = \"1h\", tag = \"latest\" }, { at = \"25h\", tag = \"latest\" }";
    let two = vec![IMAGE, 2.0 * IMAGE, 2.0 * IMAGE];
    assert_eq!(stored(true, rows, ""), [two.clone(), two.clone()]);
    // A setting reads it the other way: what is left without a tag goes at the destination, and stays at home.
    let rules = replication("rules = [{ to = \"eu-west-1\", deletes = true }]");
    let top = format!("{rules}\nservice = {{ lifecycle_delay = \"12h\", moved_tag_deletes = true }}");
    let tables = run(&[&days(3, &top), &app(rows), &eu(IDLE)]);
    assert_eq!(by_day(&tables, "stored", "us-east-1"), two);
    assert_eq!(by_day(&tables, "stored", "eu-west-1"), [IMAGE; 3]);
}

#[test]
fn a47_an_archived_image_stays_in_the_standard_class_at_the_destination() {
    let rows = "{ at = \"0d\", tag = \"a\" }, { at = \"1d\", tag = \"a\", action = \"archive\" }";
    let rules = replication("rules = [{ to = \"eu-west-1\", deletes = true }]");
    let tables = run(&[&days(31, &rules), &app(rows), &eu(&pulls(&[("2d", "a")]))]);
    // January: 744 hours, of which 30 days are in the archive at home.
    near(quantity(&tables, "r", "archive", "us-east-1"), IMAGE / GB * 30.0 / 31.0);
    near(quantity(&tables, "r", "storage", "us-east-1"), IMAGE / GB / 31.0);
    near(quantity(&tables, "r", "storage", "eu-west-1"), IMAGE / GB);
    near(quantity(&tables, "r", "archive", "eu-west-1"), 0.0);
    assert_eq!(summary(&tables, "r").pulls_failed, 0.0);
}

#[test]
fn a49_an_image_that_a_destination_lost_comes_with_the_next_push() {
    // The destination expires what is older than a day; only a push of the same image brings it back.
    let template =
        "registries = [{ registry = \"eu-west-1\", templates = [{ prefix = \"ROOT\", lifecycle = { days = 1 } }] }]";
    let top = format!("{}\n{template}\nservice = {{ lifecycle_delay = \"12h\" }}", replication(""));
    let first = "{ at = \"1h\", tag = \"a\" }";
    let lost = run(&[&days(5, &top), &app(first), &eu(IDLE)]);
    // Aged a day at 25 h, it goes with the run at 36 h.
    assert_eq!(by_day(&lost, "stored", "eu-west-1"), [IMAGE, 0.0, 0.0, 0.0, 0.0]);
    let back =
        run(&[&days(5, &top), &app(&format!("{first}, {{ at = \"3d\", tag = \"a\", same_as = \"a\" }}")), &eu(IDLE)]);
    assert_eq!(by_day(&back, "stored", "eu-west-1"), [IMAGE, 0.0, 0.0, IMAGE, 0.0]);
    assert_eq!((summary(&back, "r").copies, summary(&back, "r").cross_region_bytes), (2.0, 2.0 * IMAGE));
}

#[test]
fn a_deletion_that_nothing_holds_is_a_failed_edit() {
    // Deleted before it is restored: the restore finds nothing.
    let rows = format!(
        "{PUSHED}, {{ at = \"1d\", tag = \"a\", action = \"archive\" }}, {{ at = \"2d\", tag = \"a\", action = \"restore\" }}"
    );
    let home = repository("app", &format!("lifecycle = {{ days = 1 }}\n{ONE_LAYER}push = {{ list = [{rows}] }}"));
    let top = format!("{}\nservice = {{ lifecycle_delay = \"12h\" }}", replication(""));
    let tables = run(&[&days(4, &top), &home, &eu(IDLE)]);
    // Archived at 24 h, before it is a day old at 25 h: the standard class's rule does not see it. It is restored.
    assert_eq!((failures(&tables, "r"), summary(&tables, "r").copies), (vec![], 4.0));
    // A lifecycle that takes it before anybody asks for it in vain.
    let late = PUSHED.to_string() + ", { at = \"3d\", tag = \"a\", action = \"delete\" }";
    let home = repository("app", &format!("lifecycle = {{ days = 1 }}\n{ONE_LAYER}push = {{ list = [{late}] }}"));
    let tables = run(&[&days(4, &top), &home, &eu(IDLE)]);
    assert_eq!(failures(&tables, "r"), [("edit", "image-missing", "us-east-1", 1.0)]);
}

#[test]
fn edits_and_pushes_of_one_moment_happen_in_the_order_of_the_list() {
    let delete = "{ at = \"30h\", tag = \"a\", action = \"delete\" }";
    let push = "{ at = \"30h\", tag = \"a\" }";
    // Deleted and pushed anew: the new image stays. Pushed and deleted: the new image goes, the old one is untagged.
    for (rows, stored_end, copies) in [
        (format!("{{ at = \"1h\", tag = \"a\" }}, {delete}, {push}"), IMAGE, 2.0),
        (format!("{{ at = \"1h\", tag = \"a\" }}, {push}, {delete}"), IMAGE, 1.0),
    ] {
        let rules = replication("rules = [{ to = \"eu-west-1\", deletes = true }]");
        let tables = run(&[&days(3, &rules), &app(&rows), &eu(IDLE)]);
        assert_eq!(by_day(&tables, "stored", "us-east-1")[2], stored_end, "{rows}");
        assert_eq!(summary(&tables, "r").copies, copies, "{rows}");
    }
}
