//! Each fault by itself, with times and bytes worked out by hand. An image takes 100 s on its own connection.

use super::super::common::{latency, summary};
use super::*;

/// So long a run over connections of 1 MB/s.
fn slow(duration: &str, top: &str) -> String {
    format!(
        "schema = 1\nrun = {{ duration = \"{duration}\", trials = 1 }}\nnetwork = {{ preset = \"ideal\", stream_max = \"1 MB/s\" }}\n{top}\n"
    )
}

const ACROSS: &str = "strategies = [{ name = \"r\", kind = \"cross-region-pull\" }]";
const PUSHED: &str = "{ at = \"0s\", tag = \"v\" }";

fn fault(keys: &str) -> String {
    format!("faults = [{{ name = \"f\", {keys} }}]")
}

/// A node in eu-west-1 pulls across at 3600 s.
fn pull_at_one_hour(faults: &str, keys: &str) -> Tables {
    run(&[
        &slow("1d", &format!("{ACROSS}\n{faults}")),
        &app(PUSHED),
        &eu(&format!("{keys}\n{}", pulls(&[("1h", "v")]))),
    ])
}

/// An outage of ten minutes from 3630 s on.
fn outage(kind: &str) -> String {
    fault(&format!("{kind}, at = \"60m30s\", lasts = \"10m\""))
}

#[test]
fn an_outage_of_either_region_cuts_a_pull_which_backs_off_and_begins_anew() {
    for region in ["us-east-1", "eu-west-1"] {
        let tables = pull_at_one_hour(&outage(&format!("kind = \"region-outage\", region = \"{region}\"")), "");
        let row = summary(&tables, "r");
        assert_eq!((row.pulls, row.pulls_cold, row.pulls_failed), (1.0, 1.0, 0.0), "{region}");
        // 30 MB by 3630 s; it asks at 3640, 3660, 3700, 3780, 3940 and 4240 s, ten seconds after the end.
        assert_eq!(row.cross_region_bytes, 130e6, "{region}");
        let part = |event| latency(&tables, "r", event, "max");
        assert_eq!([part("pull"), part("waiting"), part("queueing"), part("transfer")], [740.0, 640.0, 0.0, 100.0]);
        assert_eq!(strike(&tables, "r").pulls_failed, 0, "{region}");
        assert_eq!(failures(&tables, "r"), []);
    }
}

#[test]
fn a_cut_pull_gives_up_in_time_and_pays_for_what_moved() {
    let region = outage("kind = \"region-outage\", region = \"us-east-1\"");
    let tables = pull_at_one_hour(&region, "give_up = \"5m\"");
    let row = summary(&tables, "r");
    assert_eq!((row.pulls_failed, row.pulls_cold, row.cross_region_bytes), (1.0, 0.0, 30e6));
    assert_eq!(failures(&tables, "r"), [("pull", "outage", "eu-west-1", 1.0)]);
    assert_eq!(strike(&tables, "r").pulls_failed, 1);
    // It has no standby, so there is nothing to recover.
    assert_eq!((strike(&tables, "r").recovery_s, strike(&tables, "r").images_missing), (None, None));
    // It would not have asked again after 3620 s; it was cut, and fails, at 3630 s.
    let tables = pull_at_one_hour(&region, "give_up = \"20s\"");
    assert_eq!((summary(&tables, "r").pulls_failed, strike(&tables, "r").pulls_failed), (1.0, 1));
}

#[test]
fn a_cut_pull_of_an_index_begins_anew_on_a_node_that_keeps_images() {
    let image =
        "image = { layer_sizes = [\"100 MB\"], platforms = 2 }\npush = { list = [{ at = \"0d\", tag = \"v\" }] }";
    let head = slow("1d", &format!("{ACROSS}\n{}", outage("kind = \"region-outage\", region = \"us-east-1\"")));
    let cluster = eu(&pulls(&[("1h", "v")])).replace("cache = \"none\"", "cache = \"10 GB\"");
    let tables = run(&[&head, &repository("app", image), &cluster]);
    // 30 MB by the cut, and all of its platform's 100 MB after it.
    assert_eq!(summary(&tables, "r").cross_region_bytes, 130e6);
}

#[test]
fn an_outage_over_a_shared_pipe_cuts_every_flow_at_what_it_had() {
    // Two nodes share 1 MB/s: 15 MB each by the cut. Both begin again at 4240 s and share again.
    let head = slow("1d", &format!("{ACROSS}\n{}", outage("kind = \"region-outage\", region = \"us-east-1\"")));
    let head = head.replace("stream_max", "pair_limit");
    let two = eu(&pulls(&[("1h", "v"), ("1h", "v")]).replacen(" }", ", node = 1 }", 1).replacen(
        "\"v\" }",
        "\"v\", node = 2 }",
        1,
    ));
    let tables = run(&[&head, &app(PUSHED), &two.replace("nodes = 1\n", "nodes = 2\n")]);
    assert_eq!(summary(&tables, "r").cross_region_bytes, 230e6);
    took(&tables, "transfer", "min", 200.0);
    took(&tables, "pull", "max", 840.0);
}

#[test]
fn an_outage_cuts_a_copy_which_begins_again_when_it_is_over() {
    for region in ["us-east-1", "eu-west-1"] {
        let fault = outage(&format!("kind = \"region-outage\", region = \"{region}\""));
        let tables = run(&[
            &slow("1d", &format!("{}\n{fault}", replication(""))),
            &app("{ at = \"1h\", tag = \"v\" }"),
            &eu(IDLE),
        ]);
        let row = summary(&tables, "r");
        // 30 s, ten minutes, and 100 s.
        assert_eq!((row.copies, row.copies_failed, row.cross_region_bytes), (1.0, 0.0, 130e6), "{region}");
        took(&tables, "copy", "max", 730.0);
    }
}

#[test]
fn a_job_s_copy_is_cut_with_its_machine_and_pays_for_both_crossings() {
    let job = "strategies = [{ name = \"r\", kind = \"scheduled-copy\", times = \"01:00\", per_image = \"0s\", runner = \"eu-central-1\" }]";
    let fault = outage("kind = \"region-outage\", region = \"eu-central-1\"");
    let tables = run(&[&slow("1d", &format!("{job}\n{fault}")), &app(PUSHED), &eu(IDLE)]);
    let row = summary(&tables, "r");
    assert_eq!((row.copies, row.copies_failed, row.cross_region_bytes), (1.0, 0.0, 260e6));
    took(&tables, "copy", "max", 3600.0 + 730.0);
}

#[test]
fn copies_that_share_layers_are_cut_and_come_back_together() {
    // 60 and 40 MB side by side from 3600 s on; the next version's own 40 MB from 3610 s on. At 3630 s: 60 and 20 MB.
    let image = "image = { layer_sizes = [\"60 MB\", \"40 MB\"], new_bytes = \"40 MB\" }\n";
    let rows = "{ at = \"1h\", tag = \"a\" }, { at = \"3610s\", tag = \"b\" }";
    let home = repository("app", &format!("{image}push = {{ list = [{rows}] }}"));
    let fault = outage("kind = \"region-outage\", region = \"eu-west-1\"");
    for lanes in ["", "parallel_copies = 2"] {
        let tables = run(&[&slow("1d", &format!("{}\n{fault}", replication(lanes))), &home, &eu(IDLE)]);
        let row = summary(&tables, "r");
        assert_eq!((row.copies, row.cross_region_bytes), (2.0, 220e6));
        // Both are whole 60 s after 4230 s.
        took(&tables, "copy", "max", 690.0);
        took(&tables, "copy", "min", 680.0);
    }
}

#[test]
fn a_copy_to_a_region_that_is_down_keeps_no_place_in_the_queue() {
    // One copy at a time: the one to eu-west-1, which is down, lets the one to eu-central-1 pass.
    let rules = "parallel_copies = 1, rules = [{ to = [\"eu-west-1\", \"eu-central-1\"] }]";
    let fault = fault("kind = \"region-outage\", region = \"eu-west-1\", at = \"1h\", lasts = \"1h\"");
    let tables = run(&[
        &slow("1d", &format!("{}\n{fault}", replication(rules))),
        &app("{ at = \"90m\", tag = \"v\" }"),
        &eu(IDLE),
    ]);
    took(&tables, "copy", "min", 100.0);
    took(&tables, "copy", "max", 1800.0 + 100.0);
}

#[test]
fn a_copy_without_bytes_that_an_outage_or_a_slow_link_meets_still_ends() {
    // A job takes 2 s for each image ahead of its bytes. The second tag has none to move, and a fault falls into its 2 s.
    let job = "strategies = [{ name = \"r\", kind = \"scheduled-copy\", times = \"01:00,02:00\", per_image = \"2s\" }]";
    let rows = "{ at = \"0s\", tag = \"v\" }, { at = \"90m\", tag = \"w\", same_as = \"v\" }";
    for (kind, lag) in [
        ("kind = \"slow-link\", from = \"*\", to = \"*\", bandwidth = \"50%\"", 1802.0),
        ("kind = \"region-outage\", region = \"eu-west-1\"", 1800.0 + 61.0 + 2.0),
    ] {
        let fault = fault(&format!("{kind}, at = \"7201s\", lasts = \"1m\""));
        let tables = run(&[&slow("1d", &format!("{job}\n{fault}")), &app(rows), &eu(IDLE)]);
        assert_eq!((summary(&tables, "r").copies, summary(&tables, "r").cross_region_bytes), (2.0, 100e6), "{kind}");
        took(&tables, "copy", "min", lag);
    }
}

#[test]
fn an_outage_that_outlives_the_run_ends_what_it_cut_without_a_copy() {
    let fault = fault("kind = \"region-outage\", region = \"eu-west-1\", at = \"1d\", lasts = \"30d\"");
    let rows = "{ at = \"86350s\", tag = \"v\" }, { at = \"30h\", tag = \"w\" }";
    let tables =
        run(&[&slow("2d", &format!("{}\n{fault}", replication(""))), &app(rows), &eu(&pulls(&[("31h", "v")]))]);
    let row = summary(&tables, "r");
    // 50 s of the first copy moved; the second never begins.
    assert_eq!((row.copies, row.copies_failed, row.cross_region_bytes), (0.0, 0.0, 50e6));
    assert_eq!(failures(&tables, "r"), [("pull", "outage", "eu-west-1", 1.0)]);
    assert_eq!(row.stored_bytes_end, 2.0 * IMAGE);
}

#[test]
fn a_cache_s_fetch_that_is_cut_is_fetched_again_and_its_pull_asks_again() {
    let top = "strategies = [{ name = \"r\", kind = \"pull-through-cache\" }]";
    let fault = outage("kind = \"region-outage\", region = \"us-east-1\"");
    let tables = run(&[&slow("1d", &format!("{top}\n{fault}")), &app(PUSHED), &eu(&pulls(&[("1h", "v")]))]);
    let row = summary(&tables, "r");
    // 30 MB by the cut; the fetch begins again at 4230 s. The pull asks at 4240 s, joins it until 4330 s, and then pulls
    // over 100 s within its region.
    assert_eq!((row.copies, row.cross_region_bytes, row.pulls_failed), (1.0, 130e6, 0.0));
    took(&tables, "waiting", "max", 730.0);
    took(&tables, "pull", "max", 830.0);
}

#[test]
fn a_fetch_of_one_pull_s_own_ends_with_the_cut_and_the_pull_fetches_anew() {
    let top = "strategies = [{ name = \"r\", kind = \"pull-through-cache\", share_fetch = false }]";
    let fault = outage("kind = \"region-outage\", region = \"us-east-1\"");
    let tables = run(&[&slow("1d", &format!("{top}\n{fault}")), &app(PUSHED), &eu(&pulls(&[("1h", "v")]))]);
    let row = summary(&tables, "r");
    // 30 MB by the cut; the pull asks at 4240 s, fetches until 4340 s, and pulls until 4440 s.
    assert_eq!((row.copies, row.cross_region_bytes, row.pulls_failed), (1.0, 130e6, 0.0));
    took(&tables, "pull", "max", 840.0);
}

#[test]
fn pushes_wait_for_the_end_of_an_outage_and_keep_their_order() {
    let fault = fault("kind = \"region-outage\", region = \"us-east-1\", at = \"1h\", lasts = \"2h\"");
    let rows = "{ at = \"90m\", tag = \"rel\" }, { at = \"2h\", tag = \"rel\" }, { at = \"2h\", tag = \"old\", same_as = \"rel\" }, { at = \"150m\", tag = \"old\", action = \"untag\" }";
    let top = days(2, &format!("{}\n{fault}", replication("rules = [{ to = \"eu-west-1\", deletes = true }]")));
    let tables = run(&[&top, &app(rows), &eu(&pulls(&[("1d", "rel")]))]);
    let row = summary(&tables, "r");
    // All at 3 h: two images and a further tag. Lag counts from there.
    assert_eq!(
        (row.copies, row.lag_p99_s, row.pulls_failed, row.cross_region_bytes),
        (3.0, Some(0.0), 0.0, 2.0 * IMAGE)
    );
    assert_eq!(failures(&tables, "r"), []);
    // What it keeps until after the end never happens.
    let fault = fault.replace("2h", "90d");
    let tables =
        run(&[&days(2, &format!("{}\n{fault}", replication(""))), &app("{ at = \"90m\", tag = \"rel\" }"), &eu(IDLE)]);
    assert_eq!(failures(&tables, "r"), [("push", "outage", "us-east-1", 1.0)]);
    assert_eq!(summary(&tables, "r").stored_bytes_end, 0.0);
}

#[test]
fn a_registry_outage_refuses_calls_and_cuts_nothing() {
    let down = outage("kind = \"registry-outage\", registry = \"us-east-1\"");
    let tables = pull_at_one_hour(&down, "");
    assert_eq!((latency(&tables, "r", "pull", "max"), summary(&tables, "r").cross_region_bytes), (100.0, IMAGE));
    // Asked for within it: 3640 s, and 10, 20, 40, .. s later; 3950 is within, 4250 is after its end.
    let within = run(&[&slow("1d", &format!("{ACROSS}\n{down}")), &app(PUSHED), &eu(&pulls(&[("3640s", "v")]))]);
    assert_eq!(latency(&within, "r", "pull", "max"), 610.0 + 100.0);
}

#[test]
fn a_pull_that_queues_on_its_node_when_the_region_goes_down_waits_like_any_other() {
    // Two images at once on one node in eu-west-1: the second begins after the first, at 3700 s, when its own region is
    // down since 3630 s. The first one is cut.
    for region in ["us-east-1", "eu-west-1"] {
        let fault = outage(&format!("kind = \"region-outage\", region = \"{region}\""));
        let push = format!("{ONE_LAYER}push = {{ list = [{PUSHED}] }}");
        let two = [repository("one", &push), repository("two", &push)].concat();
        let tables = run(&[&slow("1d", &format!("{ACROSS}\n{fault}")), &two, &eu("pulls = { times = \"01:00\" }")]);
        let row = summary(&tables, "r");
        assert_eq!((row.pulls_failed, row.cross_region_bytes), (0.0, 230e6), "{region}");
        // Both ask again at 4240 s, one after the other.
        took(&tables, "pull", "min", 740.0);
        took(&tables, "pull", "max", 840.0);
    }
}

#[test]
fn a_slow_link_in_the_middle_of_a_transfer_slows_what_is_left() {
    // 30 s at 1 MB/s, 40 s at a half, the last 50 MB at 1 MB/s.
    let half = fault(
        "kind = \"slow-link\", from = \"us-east-1\", to = \"eu-west-1\", bandwidth = \"50%\", at = \"3630s\", lasts = \"40s\"",
    );
    assert_eq!(latency(&pull_at_one_hour(&half, ""), "r", "pull", "max"), 120.0);
    // The other direction, and other regions, are not on it.
    let back = half.replace("from = \"us-east-1\", to = \"eu-west-1\"", "from = \"eu-west-1\", to = \"*\"");
    assert_eq!(latency(&pull_at_one_hour(&back, ""), "r", "pull", "max"), 100.0);
    let any = half.replace("from = \"us-east-1\", to = \"eu-west-1\"", "from = \"*\", to = \"*\"");
    assert_eq!(latency(&pull_at_one_hour(&any, ""), "r", "pull", "max"), 120.0);
    // A copy, a job's copy over a machine in between, and a pipe that is shared.
    let copy = |strategies: &str, fault: &str| {
        let tables =
            run(&[&slow("1d", &format!("{strategies}\n{fault}")), &app("{ at = \"1h\", tag = \"v\" }"), &eu(IDLE)]);
        latency(&tables, "r", "copy", "max")
    };
    assert_eq!(copy(&replication(""), &half), 120.0);
    let job = "strategies = [{ name = \"r\", kind = \"scheduled-copy\", times = \"01:00\", per_image = \"0s\", runner = \"eu-central-1\" }]";
    assert_eq!(copy(job, &half.replace("from = \"us-east-1\"", "from = \"eu-central-1\"")), 120.0);
    assert_eq!(copy(job, &half), 100.0);
    let head = slow("1d", &format!("{ACROSS}\n{half}")).replace("stream_max", "pair_limit");
    let shared = run(&[&head, &app(PUSHED), &eu(&pulls(&[("1h", "v")]))]);
    assert_eq!(latency(&shared, "r", "pull", "max"), 120.0);
}

#[test]
fn a_slow_link_that_ends_after_the_run_ends_for_what_is_still_under_way() {
    // The last 50 s of the run: 20 s at 1 MB/s, 50 s at a half, 55 MB at 1 MB/s.
    let half =
        fault("kind = \"slow-link\", from = \"*\", to = \"*\", bandwidth = \"50%\", at = \"86370s\", lasts = \"50s\"");
    let tables = run(&[&slow("1d", &format!("{ACROSS}\n{half}")), &app(PUSHED), &eu(&pulls(&[("86350s", "v")]))]);
    took(&tables, "pull", "max", 125.0);
}

#[test]
fn a_slow_link_makes_round_trips_longer() {
    // Two round trips ahead of the layers and one for the layer, each a second longer; 3.55 MB a window is no limit.
    let far = fault(
        "kind = \"slow-link\", from = \"*\", to = \"eu-west-1\", bandwidth = \"100%\", extra_rtt = \"1s\", at = \"1h\", lasts = \"1h\"",
    );
    assert_eq!(latency(&pull_at_one_hour(&far, ""), "r", "pull", "max"), 103.0);
}

#[test]
fn throttling_refuses_until_it_is_over() {
    let none = fault("kind = \"throttling\", registry = \"us-east-1\", quota = \"0%\", at = \"1h\", lasts = \"10m\"");
    let quota = "service = { quotas = { batch_get_image = \"10/s\" } }";
    let tables = pull_at_one_hour(&format!("{none}\n{quota}"), "");
    let queued = latency(&tables, "r", "queueing", "max");
    // With jitter each wait is half to all of 10, 20, 40, .. 300 s.
    assert!((600.0..=900.0).contains(&queued), "{queued}");
    assert_eq!((latency(&tables, "r", "waiting", "max"), summary(&tables, "r").pulls_failed), (0.0, 0.0));
    let tables = pull_at_one_hour(&format!("{none}\n{quota}"), "give_up = \"2m\"");
    assert_eq!(failures(&tables, "r"), [("pull", "throttled", "eu-west-1", 1.0)]);
    // Where there is no quota there is nothing to throttle.
    assert_eq!(latency(&pull_at_one_hour(&none, ""), "r", "queueing", "max"), 0.0);
}

#[test]
fn copy_failures_are_tried_again_after_one_two_and_four_minutes() {
    let all = fault("kind = \"copy-failures\", share = \"100%\", at = \"1h\", lasts = \"1h\"");
    let at = |minute: u32| {
        let push = format!("{{ at = \"{minute}m\", tag = \"v\" }}");
        run(&[&days(1, &format!("{}\n{all}", replication(""))), &app(&push), &eu(IDLE)])
    };
    // At 60, 61, 63 and 67 minutes.
    let failed = at(60);
    assert_eq!(failures(&failed, "r"), [("copy", "all-attempts-failed", "eu-west-1", 1.0)]);
    assert_eq!((summary(&failed, "r").copies, summary(&failed, "r").copies_failed), (0.0, 1.0));
    // At 115, 116, 118 and 122 minutes: the last one is after the fault.
    let late = at(115);
    assert_eq!((summary(&late, "r").copies, latency(&late, "r", "copy", "max")), (1.0, 420.0));
    assert_eq!(failures(&late, "r"), []);
    // Elsewhere nothing fails, and without a moment a fault is there all the time.
    let elsewhere = all.replace("share", "to = \"eu-central-1\", share");
    let tables = run(&[
        &days(1, &format!("{}\n{elsewhere}", replication(""))),
        &app("{ at = \"1h\", tag = \"v\" }"),
        &cluster("de", "eu-central-1", IDLE),
        &eu(IDLE),
    ]);
    assert_eq!(failures(&tables, "r"), [("copy", "all-attempts-failed", "eu-central-1", 1.0)]);
    let always = fault("kind = \"copy-failures\", share = \"100%\"");
    let tables =
        run(&[&days(1, &format!("{}\n{always}", replication(""))), &app("{ at = \"5h\", tag = \"v\" }"), &eu(IDLE)]);
    assert_eq!((summary(&tables, "r").copies_failed, tables.recovery.len()), (1.0, 0));
}

#[test]
fn a_missing_permission_keeps_pulls_waiting() {
    let denied = fault(
        "kind = \"missing-permission\", registry = \"us-east-1\", lacks = [\"ecr:BatchGetImage\"], at = \"1h\", lasts = \"100s\"",
    );
    // Asked for at 0, 10, 30, 70 and 150 s.
    let tables = pull_at_one_hour(&denied, "");
    took(&tables, "waiting", "max", 150.0);
    took(&tables, "pull", "max", 250.0);
}

#[test]
fn a_missing_permission_keeps_those_waiting_who_go_home_for_it() {
    // The replica comes a day later; home has it, and refuses until 3700 s: asked for at 0, 10, 30, 70 and 150 s.
    let denied = fault(
        "kind = \"missing-permission\", registry = \"us-east-1\", lacks = [\"ecr:BatchGetImage\"], at = \"1h\", lasts = \"100s\"",
    );
    let head = slow("3d", &format!("{}\n{denied}", replication("if_missing = \"home\"").replace("\"0s\"", "\"2d\"")));
    let tables = run(&[&head, &app(PUSHED), &eu(&pulls(&[("1h", "v")]))]);
    took(&tables, "waiting", "max", 150.0);
}

/// A job at noon; a version each midnight, for four days.
fn noon_job(keys: &str, faults: &str) -> Tables {
    let rows = (0..4).map(|day| format!("{{ at = \"{day}d\", tag = \"v{day}\" }}")).collect::<Vec<_>>().join(", ");
    let job = format!(
        "strategies = [{{ name = \"r\", kind = \"scheduled-copy\", times = \"12:00\", per_image = \"0s\"{keys} }}]"
    );
    run(&[&days(4, &format!("{job}\n{faults}")), &app(&rows), &eu(IDLE)])
}

#[test]
fn a_job_that_stood_still_catches_up() {
    let stopped = fault("kind = \"job-stopped\", at = \"1d\", lasts = \"1d\"");
    let tables = noon_job("", &stopped);
    assert_eq!((summary(&tables, "r").copies, summary(&tables, "r").copies_failed), (4.0, 0.0));
    assert_eq!(by_day(&tables, "stored", "eu-west-1"), [IMAGE, IMAGE, 3.0 * IMAGE, 4.0 * IMAGE]);
    took(&tables, "copy", "max", 36.0 * 3600.0);
    // Only the job that is named.
    let two = "strategies = [{ name = \"r\", kind = \"scheduled-copy\", times = \"12:00\" }, { name = \"s\", kind = \"scheduled-copy\", times = \"12:00\" }]";
    let one = stopped.replace("at =", "strategy = \"s\", at =");
    let tables = run(&[&days(2, &format!("{two}\n{one}")), &app("{ at = \"1d\", tag = \"v\" }"), &eu(IDLE)]);
    assert_eq!((summary(&tables, "r").copies, summary(&tables, "s").copies), (1.0, 0.0));
}

#[test]
fn a_job_whose_machine_is_down_skips_its_run_and_one_that_cannot_reach_a_registry_fails() {
    let region = fault("kind = \"region-outage\", region = \"us-east-1\", at = \"35h\", lasts = \"2h\"");
    let caught_up = [IMAGE, IMAGE, 3.0 * IMAGE, 4.0 * IMAGE];
    // Its machine stands in the source region: nothing runs, nothing fails.
    let tables = noon_job("", &region);
    assert_eq!((by_day(&tables, "stored", "eu-west-1"), failures(&tables, "r")), (caught_up.to_vec(), vec![]));
    // It stands elsewhere, or only the registry is down: what it could not copy is seen, and tried at the next run.
    let registry = region.replace("region-outage\", region", "registry-outage\", registry");
    for (keys, faults) in [(", runner = \"eu-central-1\"", &region), ("", &registry)] {
        let tables = noon_job(keys, faults);
        assert_eq!(by_day(&tables, "stored", "eu-west-1"), caught_up, "{keys}");
        assert_eq!(failures(&tables, "r"), [("copy", "outage", "eu-west-1", 1.0)], "{keys}");
        assert_eq!((summary(&tables, "r").copies, summary(&tables, "r").copies_failed), (4.0, 1.0));
    }
}

#[test]
fn pulls_around_a_fault_are_counted_where_they_ended() {
    // 32 minutes: bins of a minute, 16 before, 32 after. Served at once, but in the outage.
    let down = fault("kind = \"region-outage\", region = \"us-east-1\", at = \"1d\", lasts = \"32m\"");
    let rows = [("1439m", "v"), ("1445m", "v"), ("1475m", "v"), ("30h", "v")];
    let tables = run(&[
        &days(2, &format!("{ACROSS}\n{down}")),
        &app(PUSHED),
        &eu(&format!("give_up = \"5m\"\n{}", pulls(&rows))),
    ]);
    let bins: Vec<(f64, f64, f64)> = tables
        .disruptions
        .iter()
        .filter(|row| row.served + row.failed > 0.0)
        .map(|row| (row.seconds_from_start, row.served, row.failed))
        .collect();
    // A minute before; five minutes in and given up five later; 35 minutes in. The pull six hours later is in no bin.
    assert_eq!(bins, [(-60.0, 1.0, 0.0), (600.0, 0.0, 1.0), (2100.0, 1.0, 0.0)]);
    assert_eq!((tables.disruptions.len(), strike(&tables, "r").pulls_failed), (80, 1));
}

#[test]
fn random_faults_are_the_same_for_every_strategy_and_any_number_of_jobs() {
    let top = "strategies = [\"cross-region-pull\", \"replication\", \"pull-through-cache\", \"scheduled-copy\", \"centralized\", \"clairvoyant\"]\n\
               run = { duration = \"20d\", trials = 4, warm_up = \"2d\" }\nschema = 1\n\
               faults = [{ name = \"out\", kind = \"region-outage\", region = \"us-east-1\", rate = \"1/3d\", lasts = { exponential = { mean = \"2h\" } } }, \
               { name = \"slow\", kind = \"slow-link\", from = \"us-east-1\", to = \"*\", rate = \"1/2d\", lasts = \"3h\", bandwidth = \"5%\" }, \
               { name = \"copies\", kind = \"copy-failures\", rate = \"1/2d\", lasts = \"6h\", share = \"60%\" }]\n";
    let top = top.replace("\"centralized\"", "{ kind = \"centralized\", registry = \"us-east-1\" }");
    let home = repository("app", "push = { rate = \"4/day\" }");
    let busy = cluster("eu", "eu-west-1", "pulls = { deploy = \"10m\", rate = \"40/day\" }");
    let standby =
        cluster("standby", "eu-central-1", "pulls = { failover = { of = \"out\", after = \"5m\", within = \"5m\" } }");
    let parts = [top.as_str(), &home, &busy, &standby];
    let (one, two) = (run_jobs(&parts, &[], 1), run_jobs(&parts, &[], 2));
    assert_eq!(one.recovery, two.recovery);
    assert_eq!((&one.summary, &one.bill, &one.failures), (&two.summary, &two.bill, &two.failures));
    assert_eq!((&one.latency, &one.disruptions), (&two.latency, &two.disruptions));
    let seen = |strategy: &str| -> Vec<(u64, String)> {
        let rows = one.recovery.iter().filter(|row| row.strategy == strategy);
        rows.map(|row| (row.trial, row.fault.clone())).collect()
    };
    assert!(seen("replication").len() > 20);
    for strategy in ["cross-region-pull", "pull-through-cache", "scheduled-copy", "centralized"] {
        assert_eq!(seen(strategy), seen("replication"), "{strategy}");
    }
}
