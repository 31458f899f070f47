//! Edges of the contract, each by a small scenario with one right answer.

mod numbers;

use super::common::{latency, run, summary};
use replisim::study::tables::Tables;

/// One repository and one cluster in eu-west-1, on an ideal network.
fn scenario(head: &str, repository: &str, cluster: &str) -> String {
    format!(
        r#"
schema = 1
{head}
[[repositories]]
name = "app"
registry = "us-east-1"
{repository}
[[clusters]]
name = "eu"
registry = "eu-west-1"
nodes = 1
cache = "none"
{cluster}
"#
    )
}

fn by_day(tables: &Tables, metric: &str, region: &str) -> Vec<f64> {
    let rows = tables.timeline.iter().filter(|row| *row.metric == *metric && *row.region == *region);
    rows.map(|row| row.value).collect()
}

#[test]
fn a_day_ends_before_the_next_day_s_first_push() {
    let tables = run(&scenario(
        "strategies = [\"cross-region-pull\"]\nrun = { duration = \"3d\", trials = 1 }",
        "image = { layer_sizes = [\"100 MB\"], new_bytes = \"100%\" }\npush = { times = \"00:00\" }",
        "",
    ));
    assert_eq!(by_day(&tables, "stored", "us-east-1"), [100e6, 200e6, 300e6]);
}

#[test]
fn a_herd_waits_for_its_layers_while_it_waits_for_manifests() {
    // 40,000 layers at 3000 a second, the first 3000 at once: the last cannot be before 12 1/3 s. Who is refused comes back
    // after 10, 20, 40, .. s, or as little as half of that. Each node asks for its 8 layers at once, or not at all, and
    // for a manifest each time: no second lets more than 2000 of 5000 ask. All are served long before they give up.
    let tables = run(r#"
schema = 1
strategies = ["cross-region-pull"]
run = { duration = "1d", trials = 1 }
network = { preset = "ideal" }
service = { quotas = { batch_get_image = "2000/s", get_download_url_for_layer = "3000/s" } }
[[repositories]]
name = "app"
registry = "us-east-1"
image = { layer_sizes = ["1 MB", "1 MB", "1 MB", "1 MB", "1 MB", "1 MB", "1 MB", "1 MB"] }
push = { list = [{ at = "0d", tag = "v" }] }
[[clusters]]
name = "herd"
registry = "us-east-1"
nodes = 5000
cache = "none"
pulls = { times = "01:00" }
"#);
    let row = summary(&tables, "cross-region-pull");
    assert_eq!((row.pulls, row.pulls_cold, row.pulls_failed), (5000.0, 5000.0, 0.0));
    let queueing = |quantile| latency(&tables, "cross-region-pull", "queueing", quantile);
    assert!((37.0 / 3.0..600.0).contains(&queueing("max")), "{}", queueing("max"));
    // 375 nodes, 7.5 % of them, have their layers at once; the next come half of 10 s later.
    assert_eq!((queueing("p1"), queueing("p5")), (0.0, 0.0));
    assert!((5.0..).contains(&queueing("p10")), "{}", queueing("p10"));
    assert_eq!(latency(&tables, "cross-region-pull", "waiting", "max"), 0.0);
}

#[test]
fn a_fetch_of_its_own_moves_only_what_the_cache_lacks() {
    let tables = run(&scenario(
        "strategies = [{ kind = \"pull-through-cache\", share_fetch = false }]\n\
         run = { duration = \"3d\", trials = 1 }\nnetwork = { preset = \"ideal\" }",
        "image = { layer_sizes = [\"60 MB\", \"40 MB\"], new_bytes = \"40 MB\" }\n\
         push = { list = [{ at = \"0d\", tag = \"a\" }, { at = \"1d\", tag = \"b\" }] }",
        "pulls = { list = [{ at = \"1h\", repository = \"app\" }, { at = \"25h\", repository = \"app\" }] }",
    ));
    assert_eq!(summary(&tables, "pull-through-cache").cross_region_bytes, 140e6);
}

#[test]
fn copies_through_a_narrow_egress_are_in_the_timeline() {
    let tables = run(&scenario(
        "strategies = [{ kind = \"replication\", delay = \"0s\" }]\nrun = { duration = \"2d\", trials = 1 }\n\
         network = { preset = \"ideal\", registry_egress = \"80 Mbit/s\" }",
        "image = { layer_sizes = [\"1200 MB\"] }\npush = { list = [{ at = \"0d\", tag = \"a\" }] }",
        "pulls = { list = [{ at = \"1d\", repository = \"app\" }] }",
    ));
    assert_eq!(by_day(&tables, "egress", "us-east-1"), [1200e6, 0.0]);
    assert_eq!(by_day(&tables, "peak_egress", "us-east-1")[0], 10e6);
}

#[test]
fn a_job_copies_a_moving_tag_where_it_is_and_once() {
    let job = "strategies = [{ kind = \"scheduled-copy\", times = \"12:00\" }]\n\
               run = { duration = \"3d\", trials = 1 }\nnetwork = { preset = \"ideal\" }";
    let pushed = |rows: &str| {
        format!("image = {{ layer_sizes = [\"10 MB\"], new_bytes = \"100%\" }}\npush = {{ list = [{rows}] }}")
    };
    let moved = pushed("{ at = \"1h\", tag = \"latest\" }, { at = \"2h\", tag = \"latest\" }");
    let local = "pulls = { list = [{ at = \"2d\", repository = \"app\" }] }";
    let tables = run(&scenario(job, &moved, local));
    let row = summary(&tables, "scheduled-copy");
    assert_eq!((row.copies, row.cross_region_bytes), (1.0, 10e6));
    let again = pushed("{ at = \"1h\", tag = \"a\" }, { at = \"30h\", tag = \"a\", same_as = \"a\" }");
    assert_eq!(summary(&run(&scenario(job, &again, local)), "scheduled-copy").copies, 1.0);
}

#[test]
fn a_promoted_release_with_further_tags_counts_once() {
    // One release before the rules exist, which never arrives, and one after.
    let tables = run(r#"
schema = 1
strategies = [{ kind = "replication", delay = "0s", since = "10h" }]
run = { duration = "2d", trials = 1 }
network = { preset = "ideal" }
objectives = [{ metric = "release_everywhere", within = "30s", at_least = "99%" }]
[[repositories]]
name = "build"
registry = "us-east-1"
tags = { release_every = 0 }
push = { list = [{ at = "1h", tag = "b" }] }
promote = { to = "app", after = "1h" }
[[repositories]]
name = "app"
registry = "us-east-1"
tags = { moving = ["latest", "stable"] }
push = { list = [{ at = "20h", tag = "own" }] }
[[clusters]]
name = "eu"
registry = "eu-west-1"
runs = "app"
"#);
    let row = tables.objectives.iter().find(|row| row.region == "all").expect("releases were judged");
    assert_eq!(row.observed, Some(0.5));
}

#[test]
fn a_runner_s_push_does_not_leave_the_registry_that_it_goes_to() {
    let tables = run(&scenario(
        "strategies = [{ kind = \"scheduled-copy\", times = \"12:00\", per_image = \"0s\", runner = \"destination\" }]\n\
         run = { duration = \"1d\", trials = 1 }\n\
         network = { preset = \"ideal\", registry_egress = { \"eu-west-1\" = \"8 Mbit/s\" } }",
        "image = { layer_sizes = [\"100 MB\"] }\npush = { list = [{ at = \"11h\", tag = \"a\" }] }",
        "",
    ));
    assert_eq!(latency(&tables, "scheduled-copy", "copy", "max"), 3600.0);
}
