//! The pull-through cache (A80 to A85).

use super::super::common::summary;
use super::*;

fn cached(keys: &str, top: &str, home: &str, cluster: &str) -> Tables {
    let strategies = format!("strategies = [{{ name = \"c\", kind = \"pull-through-cache\"{keys} }}]\n{top}");
    run(&[&days(6, &strategies), home, &eu(cluster)])
}

fn moving(keys: &str) -> String {
    repository(
        "app",
        &format!(
            "{keys}\ntags = {{ release = \"latest\" }}\n{ONE_LAYER}push = {{ list = [{{ at = \"0d\", tag = \"latest\" }}, {{ at = \"30h\", tag = \"latest\" }}] }}"
        ),
    )
}

const LATEST: [(&str, &str); 4] = [("1h", "latest"), ("25h", "latest"), ("31h", "latest"), ("55h", "latest")];

#[test]
fn a82_the_first_pull_fetches_and_the_next_does_not() {
    let tables = cached("", "", &app("{ at = \"0d\", tag = \"v\" }"), &pulls(&[("1h", "v"), ("2h", "v"), ("5d", "v")]));
    let row = summary(&tables, "c");
    assert_eq!((row.copies, row.cross_region_bytes, row.pulls_failed), (1.0, IMAGE, 0.0));
}

#[test]
fn a82_an_index_comes_with_all_its_children() {
    let image =
        "image = { layer_sizes = [\"100 MB\"], platforms = 2 }\npush = { list = [{ at = \"0d\", tag = \"v\" }] }";
    let tables = cached("", "", &repository("app", image), &pulls(&[("1h", "v")]));
    let row = summary(&tables, "c");
    assert_eq!((row.copies, row.cross_region_bytes, row.stored_bytes_end), (1.0, 2.0 * IMAGE, 4.0 * IMAGE));
}

#[test]
fn a81_a_moving_tag_is_checked_when_the_last_check_is_older_than_a_day() {
    // Checked at 1 h; at 25 h the check is just a day old, so the cache answers; at 31 h upstream is asked, and has moved.
    // At 55 h the check of 31 h is a day old.
    let tables = cached("", "", &moving(""), &pulls(&LATEST));
    assert_eq!((summary(&tables, "c").copies, summary(&tables, "c").cross_region_bytes), (2.0, 2.0 * IMAGE));
    assert_eq!(by_day(&tables, "stored", "eu-west-1")[..3], [IMAGE, 2.0 * IMAGE, 2.0 * IMAGE]);
    // At 29 h it is still the old one; nobody asks after that: the cache never learns.
    let tables = cached("", "", &moving(""), &pulls(&[("8h", "latest"), ("31h", "latest")]));
    assert_eq!(summary(&tables, "c").copies, 1.0);
    let tables = cached(", refresh = \"1h\"", "", &moving(""), &pulls(&[("8h", "latest"), ("31h", "latest")]));
    assert_eq!(summary(&tables, "c").copies, 2.0);
}

#[test]
fn a81_a_cache_serves_what_it_has_while_upstream_is_down() {
    let fault = "faults = [{ kind = \"region-outage\", region = \"us-east-1\", at = \"30h\", lasts = \"1d\" }]";
    let rows = "{ at = \"0d\", tag = \"v\" }, { at = \"1h\", tag = \"w\" }";
    let tables = cached("", fault, &app(rows), &pulls(&[("2h", "v"), ("31h", "v"), ("31h", "w")]));
    let row = summary(&tables, "c");
    // `v` was cached; `w` was not, and its node gives up.
    assert_eq!((row.pulls_failed, row.copies), (1.0, 1.0));
    assert_eq!(failures(&tables, "c"), [("pull", "outage", "eu-west-1", 1.0)]);
    // A moving tag is served stale, though the check is older than a day.
    let tables = cached("", fault, &moving("").replace("30h", "29h"), &pulls(&[("2h", "latest"), ("31h", "latest")]));
    assert_eq!((summary(&tables, "c").pulls_failed, summary(&tables, "c").copies), (0.0, 1.0));
}

#[test]
fn a81_who_does_not_reach_the_cache_has_checked_nothing() {
    // At 31 h the cache is down. Whoever asks again at 32 h makes it look upstream, where the tag has moved.
    let fault = "faults = [{ kind = \"registry-outage\", registry = \"eu-west-1\", at = \"30h30m\", lasts = \"1h\" }]";
    let rows = [("1h", "latest"), ("31h", "latest"), ("32h", "latest")];
    let tables = cached("", fault, &moving(""), &pulls(&rows));
    let row = summary(&tables, "c");
    assert_eq!((row.copies, row.cross_region_bytes), (2.0, 2.0 * IMAGE));
}

#[test]
fn a85_an_immutable_tag_is_never_refreshed() {
    let template = "registries = [{ registry = \"eu-west-1\", templates = [{ prefix = \"ROOT\", mutability = \"immutable\", for = [\"pull-through-cache\"] }] }]";
    let tables = cached("", template, &moving(""), &pulls(&LATEST));
    assert_eq!((summary(&tables, "c").copies, summary(&tables, "c").cross_region_bytes), (1.0, IMAGE));
}

#[test]
fn a84_a_lifecycle_policy_acts_on_a_cache() {
    let template = "service = { lifecycle_delay = \"12h\" }\nregistries = [{ registry = \"eu-west-1\", templates = [{ prefix = \"ROOT\", lifecycle = { days = 1 }, for = [\"pull-through-cache\"] }] }]";
    let tables =
        cached("", template, &app("{ at = \"0d\", tag = \"v\" }"), &pulls(&[("1h", "v"), ("35h", "v"), ("37h", "v")]));
    // Fetched at 1 h, a day old at 25 h, gone at 36 h, fetched again at 37 h.
    assert_eq!((summary(&tables, "c").copies, summary(&tables, "c").cross_region_bytes), (2.0, 2.0 * IMAGE));
}

#[test]
fn a31_a_fetch_needs_the_permission_to_import() {
    let fault = "faults = [{ kind = \"missing-permission\", registry = \"eu-west-1\", lacks = [\"ecr:BatchImportUpstreamImage\"], at = \"0d\", lasts = \"1d\" }]";
    let tables = cached(
        ", if_missing = \"fail\"",
        fault,
        &app("{ at = \"0d\", tag = \"v\" }"),
        &pulls(&[("1h", "v"), ("2d", "v")]),
    );
    let expected = [("copy", "not-allowed", "eu-west-1", 1.0), ("pull", "not-allowed", "eu-west-1", 1.0)];
    assert_eq!(failures(&tables, "c"), expected);
    assert_eq!(summary(&tables, "c").copies, 1.0);
}
