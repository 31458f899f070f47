//! Calls a second (A.9): who is refused comes back, and nobody is faster than the quota.

use super::super::common::{latency, summary};
use super::*;

fn quotas(keys: &str) -> String {
    format!("service = {{ quotas = {{ {keys} }} }}")
}

#[test]
fn a9_a_hundred_pushes_at_once_take_nine_seconds_and_more() {
    // Ten pass at once, the other ninety at ten a second. Each is a repository of its own, so nobody waits in line.
    let home =
        repository("app", &format!("count = 100\n{ONE_LAYER}push = {{ list = [{{ at = \"1h\", tag = \"v\" }}] }}"));
    let batch = |keys: &str| {
        let top = days(1, &format!("{}\n{}", replication(""), quotas(keys)));
        run(&[
            &top,
            &home,
            &eu("pulls = { times = \"01:00\" }\nper_node = 100\nbackoff = { first = \"100ms\", max = \"100ms\" }"),
        ])
    };
    let tables = batch("put_image = \"10/s\"");
    let row = summary(&tables, "r");
    // Lag counts from the push that was taken, not from the one that was refused.
    assert_eq!((row.copies, row.lag_p99_s, row.pulls_failed), (100.0, Some(0.0), 0.0));
    let last = latency(&tables, "r", "pull", "max");
    assert!((9.0..60.0).contains(&last), "{last}");
    assert_eq!(failures(&tables, "r"), []);
    assert_eq!(latency(&batch("put_image = \"unlimited\""), "r", "pull", "max"), 0.0);
}

#[test]
fn a70_layers_that_are_there_are_not_uploaded_again() {
    // Three clients push 5 layers each at once. One upload in 100 s, so 500 s for an image, and one manifest in 600 s:
    // uploaded at 0, 500 and 1000 s, put at 0, 600 and 1200 s, each up to 20 s late. Were layers uploaded again after a
    // refused manifest, the last one would need a fourth and a fifth upload, to 2000 s.
    let image = "image = { size = \"50 MB\", layers = 5, new_bytes = \"100%\" }\n";
    let home = repository("app", &format!("count = 3\n{image}push = {{ list = [{{ at = \"1h\", tag = \"v\" }}] }}"));
    let slow = quotas("put_image = \"1/600s\", initiate_layer_upload = \"1/100s\"");
    let asks = "pulls = { times = \"01:00\" }\ngive_up = \"2h\"\nbackoff = { first = \"10s\", max = \"10s\" }";
    let tables = run(&[&days(1, &format!("{}\n{slow}", replication(""))), &home, &eu(asks)]);
    assert_eq!((summary(&tables, "r").pulls_failed, summary(&tables, "r").copies), (0.0, 3.0));
    let last = latency(&tables, "r", "pull", "max");
    assert!((1200.0..1300.0).contains(&last), "{last}");
}

#[test]
fn a9_pushes_of_one_repository_keep_their_order() {
    // Thirty moves of one tag at a moment: the last one wins, everywhere, however often the client is refused.
    let home = repository(
        "app",
        &format!("tags = {{ release = \"latest\" }}\n{ONE_LAYER}push = {{ times = \"01:00\", batch = 30 }}"),
    );
    let top = days(
        1,
        &format!(
            "{}\n{}\nregistries = [{{ registry = \"us-east-1\", mutability = \"mutable\" }}]",
            replication(""),
            quotas("put_image = \"1/s\"")
        ),
    );
    let warm = "cache = \"unlimited\"\n";
    let pull = "pulls = { list = [{ at = \"20h\", repository = \"app\" }, { at = \"21h\", repository = \"app\" }] }";
    let cluster = eu(&format!("{warm}{pull}")).replace("cache = \"none\"\n", "");
    let tables = run(&[&top, &home, &cluster]);
    let row = summary(&tables, "r");
    assert_eq!((row.copies, row.pulls, row.pulls_cold, row.pulls_failed), (30.0, 2.0, 1.0, 0.0));
    assert_eq!(row.lag_p99_s, Some(0.0));
}

/// 2,000 nodes pull an image of one layer at once from a registry with these quotas.
fn herd(keys: &str) -> Tables {
    let top = days(1, &format!("strategies = [{{ name = \"r\", kind = \"cross-region-pull\" }}]\n{}", quotas(keys)));
    let cluster =
        cluster("herd", "us-east-1", "pulls = { times = \"02:00\" }").replace("nodes = 1\n", "nodes = 2000\n");
    run(&[&top, &app("{ at = \"1h\", tag = \"v\" }"), &cluster])
}

#[test]
fn a9_a_herd_queues_for_the_time_that_its_calls_take() {
    for (quota, burst) in
        [("get_authorization_token", 500.0), ("batch_get_image", 200.0), ("get_download_url_for_layer", 300.0)]
    {
        let tables = herd(&format!("{quota} = \"{burst}/s\""));
        let row = summary(&tables, "r");
        assert_eq!((row.pulls, row.pulls_cold, row.pulls_failed), (2000.0, 2000.0, 0.0), "{quota}");
        let last = latency(&tables, "r", "queueing", "max");
        assert!(last >= (2000.0 - burst) / burst, "{quota}: {last}");
        assert_eq!(latency(&tables, "r", "queueing", "min"), 0.0);
        assert_eq!(latency(&tables, "r", "waiting", "max"), 0.0);
        // A pull is served once, however often it was refused.
        assert_eq!(place(&tables, "r", "app", "us-east-1").map(|row| row.pulls), Some(2000.0), "{quota}");
    }
    let free = herd("get_authorization_token = \"unlimited\"");
    assert_eq!(latency(&free, "r", "queueing", "max"), 0.0);
}

#[test]
fn a9_a_refused_pull_does_not_hold_up_its_node() {
    // One node, two images: the first needs more layers than the quota has left, the second none.
    let top = days(
        1,
        &format!(
            "strategies = [{{ name = \"r\", kind = \"cross-region-pull\" }}]\n{}",
            quotas("get_download_url_for_layer = \"1/s\"")
        ),
    );
    let push = "push = { list = [{ at = \"1h\", tag = \"v\" }] }";
    let two =
        [repository("one", &format!("{ONE_LAYER}{push}")), repository("two", &format!("{ONE_LAYER}{push}"))].concat();
    let cluster = cluster("one", "us-east-1", "pulls = { times = \"02:00\" }");
    let tables = run(&[&top, &two, &cluster]);
    let row = summary(&tables, "r");
    assert_eq!((row.pulls, row.pulls_failed), (2.0, 0.0));
    // The second comes back after half of 10 s to 10 s.
    assert_eq!(latency(&tables, "r", "queueing", "min"), 0.0);
    let last = latency(&tables, "r", "queueing", "max");
    assert!((5.0..=10.0).contains(&last), "{last}");
}
