//! What makes the service copy, and what not (A10 to A29).

use super::super::common::summary;
use super::*;

/// `app` is pushed home by these rows and copied to eu-west-1 by rules from the clusters.
fn copied(rows: &str, cluster: &str) -> Tables {
    run(&[&days(10, &replication("")), &app(rows), &eu(cluster)])
}

#[test]
fn a13_a14_a15_prefixes_are_alternatives_and_two_rules_make_one_copy() {
    let one_push = format!("{ONE_LAYER}push = {{ list = [{{ at = \"1h\", tag = \"v\" }}] }}");
    let names = ["apple", "apples", "apple/x", "banana", "cherry"];
    let repositories: String = names.iter().map(|name| repository(name, &one_push)).collect();
    let with = |rules: &str| run(&[&days(2, &replication(&format!("rules = [{rules}]"))), &repositories, &eu(IDLE)]);
    let fruit = with(
        "{ to = \"eu-west-1\", prefixes = [\"apple\", \"banana\"] }, { to = \"eu-west-1\", prefixes = [\"apple\"] }",
    );
    let row = summary(&fruit, "r");
    assert_eq!((row.copies, row.cross_region_bytes), (4.0, 4.0 * IMAGE));
    assert!(names[..4].iter().all(|name| place(&fruit, "r", name, "eu-west-1").is_some_and(|row| row.copies == 1.0)));
    assert!(place(&fruit, "r", "cherry", "eu-west-1").is_none());
    let everything = with("{ to = [\"eu-west-1\", \"eu-central-1\"] }");
    assert_eq!(summary(&everything, "r").copies, 10.0);
}

#[test]
fn a17_a19_a21_pushes_retags_and_restores_copy_each_tag_and_only_new_bytes() {
    let first = "{ at = \"1h\", tag = \"v\" }";
    let retag = "{ at = \"2h\", tag = \"w\", same_as = \"v\" }";
    let archived =
        "{ at = \"1d\", tag = \"v\", action = \"archive\" }, { at = \"2d\", tag = \"v\", action = \"restore\" }";
    for (rows, copies) in [
        (first.to_string(), 1.0),
        (format!("{first}, {retag}"), 2.0),
        // Restored, both tags are copied again, though nothing is missing there.
        (format!("{first}, {retag}, {archived}"), 4.0),
    ] {
        let tables = copied(&rows, IDLE);
        let row = summary(&tables, "r");
        assert_eq!((row.copies, row.cross_region_bytes, row.copies_failed), (copies, IMAGE, 0.0), "{rows}");
        assert_eq!(by_day(&tables, "stored", "eu-west-1")[9], IMAGE);
    }
}

#[test]
fn a17_a_restore_under_the_rules_brings_what_was_there_before_them() {
    let rows = "{ at = \"1h\", tag = \"v\" }, { at = \"2h\", tag = \"v\", action = \"archive\" }, \
                { at = \"2d\", tag = \"v\", action = \"restore\" }";
    let tables = run(&[&days(4, &replication("since = \"1d\"")), &app(rows), &eu(IDLE)]);
    assert_eq!((summary(&tables, "r").copies, summary(&tables, "r").lag_p50_s), (1.0, Some(0.0)));
    // A restore takes 20 minutes, so the copy arrives on day 2 and not before.
    assert_eq!(by_day(&tables, "stored", "eu-west-1"), [0.0, 0.0, IMAGE, IMAGE]);
}

#[test]
fn a18_images_from_before_the_rules_stay_until_they_are_pushed_again() {
    let rows = "{ at = \"1h\", tag = \"old\" }, { at = \"3d\", tag = \"new\" }";
    let again = "{ at = \"4d\", tag = \"again\", same_as = \"old\" }";
    let since = replication("since = \"2d\"");
    let tables = run(&[&days(6, &since), &app(rows), &eu(IDLE)]);
    assert_eq!((summary(&tables, "r").copies, summary(&tables, "r").cross_region_bytes), (1.0, IMAGE));
    let tables =
        run(&[&days(6, &since), &app(&format!("{rows}, {again}")), &eu(&pulls(&[("5d", "old"), ("5d", "again")]))]);
    let row = summary(&tables, "r");
    assert_eq!((row.copies, row.cross_region_bytes), (2.0, 2.0 * IMAGE));
    // By its digest the image is there now, whatever tag it came with (O12).
    assert_eq!((row.pulls, row.pulls_failed), (2.0, 0.0));
}

#[test]
fn a20_copies_trigger_no_copies_in_a_chain_nor_in_a_loop() {
    let chain = replication(
        "rules = [{ from = \"us-east-1\", to = \"eu-west-1\" }, { from = \"eu-west-1\", to = \"ap-southeast-1\" }]",
    );
    let push = "{ at = \"1h\", tag = \"v\" }";
    let tables = run(&[&days(2, &chain), &app(push), &eu(IDLE)]);
    assert_eq!((summary(&tables, "r").copies, summary(&tables, "r").stored_bytes_end), (1.0, 2.0 * IMAGE));
    let there_and_back = replication(
        "rules = [{ from = \"us-east-1\", to = \"eu-west-1\" }, { from = \"eu-west-1\", to = \"us-east-1\" }]",
    );
    let other = format!(
        "[[repositories]]\nname = \"other\"\nregistry = \"eu-west-1\"\n{ONE_LAYER}push = {{ list = [{push}] }}\n"
    );
    let tables = run(&[&days(2, &there_and_back), &app(push), &other, &eu(IDLE)]);
    let row = summary(&tables, "r");
    assert_eq!((row.copies, row.cross_region_bytes, row.stored_bytes_end), (2.0, 2.0 * IMAGE, 4.0 * IMAGE));
}

#[test]
fn a22_a_moved_tag_moves_at_the_destination_and_the_old_image_stays_untagged() {
    let rows = "{ at = \"1h\", tag = \"latest\" }, { at = \"2d\", tag = \"latest\" }";
    let clean = "registries = [{ registry = \"eu-west-1\", templates = [{ prefix = \"ROOT\", lifecycle = { untagged_days = 1 } }] }]";
    let daily = "service = { lifecycle_delay = \"12h\" }";
    let tables = run(&[&days(5, &replication("")), &app(rows), &eu(&pulls(&[("3d", "latest")]))]);
    assert_eq!(by_day(&tables, "stored", "eu-west-1"), [IMAGE, IMAGE, 2.0 * IMAGE, 2.0 * IMAGE, 2.0 * IMAGE]);
    assert_eq!(summary(&tables, "r").pulls_failed, 0.0);
    // It is untagged there: a rule for untagged images takes it at the next run, a day and more after its arrival.
    let tables = run(&[&days(5, &format!("{}\n{clean}\n{daily}", replication(""))), &app(rows), &eu(IDLE)]);
    assert_eq!(by_day(&tables, "stored", "eu-west-1"), [IMAGE; 5]);
    assert_eq!(by_day(&tables, "stored", "us-east-1")[4], 2.0 * IMAGE);
}

#[test]
fn a23_an_index_is_one_copy_with_all_its_children_and_one_of_them_is_pulled() {
    let image = "image = { layer_sizes = [\"60 MB\", \"40 MB\"], new_bytes = \"100%\", platforms = 3 }\n";
    let index = repository("app", &format!("{image}push = {{ list = [{{ at = \"1h\", tag = \"v\" }}] }}"));
    let tables = run(&[&days(2, &replication("")), &index, &eu(&pulls(&[("1d", "v")]))]);
    let row = summary(&tables, "r");
    assert_eq!((row.copies, row.cross_region_bytes, row.stored_bytes_end), (1.0, 3.0 * IMAGE, 6.0 * IMAGE));
    let across = run(&[&days(2, "strategies = [\"cross-region-pull\"]"), &index, &eu(&pulls(&[("1d", "v")]))]);
    assert_eq!(summary(&across, "cross-region-pull").cross_region_bytes, IMAGE);
    let backfill = replication("since = \"12h\", existing_images = \"backfill\"");
    assert_eq!(summary(&run(&[&days(2, &backfill), &index, &eu(IDLE)]), "r").copies, 1.0);
}

#[test]
fn a24_attachments_are_copied_like_any_other_push() {
    let image = "image = { layer_sizes = [\"100 MB\"], attachments = { count = 2, size = \"1 MB\" } }\n";
    let signed = repository("app", &format!("{image}push = {{ list = [{{ at = \"1h\", tag = \"v\" }}] }}"));
    let tables = run(&[&days(2, &replication("")), &signed, &eu(&pulls(&[("1d", "v")]))]);
    let row = summary(&tables, "r");
    assert_eq!((row.copies, row.cross_region_bytes), (3.0, IMAGE + 2e6));
    assert_eq!(row.stored_bytes_end, 2.0 * (IMAGE + 2e6));
    let top = format!("{}\nservice = {{ copies_attachments = false }}", replication(""));
    let tables = run(&[&days(2, &top), &signed, &eu(&pulls(&[("1d", "v")]))]);
    assert_eq!((summary(&tables, "r").copies, summary(&tables, "r").cross_region_bytes), (1.0, IMAGE));
}

/// `tag` is pushed for two images, a day apart, under this mutability at home and there. Copies, copies' tags that are
/// pulled in vain, and failures.
fn moved_twice(home: &str, there: &str) -> (f64, f64, Vec<(String, f64)>) {
    let registries = format!("registries = [{{ registry = \"eu-west-1\", {there} }}]");
    let rows = "{ at = \"1h\", tag = \"rel\" }, { at = \"1d\", tag = \"rel\" }";
    let repository = repository("app", &format!("{home}\n{ONE_LAYER}push = {{ list = [{rows}] }}"));
    let tables =
        run(&[&days(3, &format!("{}\n{registries}", replication(""))), &repository, &eu(&pulls(&[("2d", "rel")]))]);
    let row = summary(&tables, "r");
    let failed = failures(&tables, "r").into_iter().map(|(event, cause, _, count)| (format!("{event} {cause}"), count));
    (row.copies, by_day(&tables, "stored", "eu-west-1")[2], failed.collect())
}

#[test]
fn a26_a27_each_side_judges_by_its_own_mutability() {
    let frozen = "mutability = \"immutable\"";
    let open = "mutability = \"mutable\"";
    let frozen_but = "mutability = \"immutable\", mutability_except = [\"rel*\"]";
    let open_but = "mutability = \"mutable\", mutability_except = [\"rel*\"]";
    let refused = vec![("push tag-immutable".to_string(), 1.0)];
    let home = |keys: &str| keys.replace(", ", "\n");
    // At home a push that would move the tag is refused, and there is nothing to copy.
    for mode in [frozen, open_but] {
        assert_eq!(moved_twice(&home(mode), open), (1.0, IMAGE, refused.clone()), "{mode}");
    }
    for mode in [open, frozen_but] {
        assert_eq!(moved_twice(&home(mode), open), (2.0, 2.0 * IMAGE, vec![]), "{mode}");
        // There, the image arrives and the tag does not: both images are stored, and nothing has failed.
        for there in [frozen, open_but, open, frozen_but] {
            assert_eq!(moved_twice(&home(mode), there), (2.0, 2.0 * IMAGE, vec![]), "{mode} to {there}");
        }
    }
}

#[test]
fn a26_a_dropped_tag_leaves_the_image_untagged() {
    // Mutable: the first image is untagged from 36 h on and older than a day, so the run at 42 h takes it. Immutable: the
    // second one arrives at 36 h without its tag, and goes at 66 h.
    for (mutability, expected) in [("mutable", [IMAGE; 3]), ("immutable", [IMAGE, 2.0 * IMAGE, IMAGE])] {
        let template = format!(
            "registries = [{{ registry = \"eu-west-1\", templates = [{{ prefix = \"ROOT\", mutability = \"{mutability}\", \
             lifecycle = {{ untagged_days = 1 }} }}] }}]\nservice = {{ lifecycle_delay = \"18h\" }}"
        );
        let rows = "{ at = \"1h\", tag = \"rel\" }, { at = \"36h\", tag = \"rel\" }";
        let top = days(3, &format!("{}\n{template}", replication("")));
        let tables = run(&[&top, &app(rows), &eu(&pulls(&[("70h", "rel")]))]);
        assert_eq!(by_day(&tables, "stored", "eu-west-1"), expected, "{mutability}");
        // The moving tag finds whatever image it is on there.
        assert_eq!(summary(&tables, "r").pulls_failed, 0.0, "{mutability}");
    }
}
