//! Deterministic scenarios against arithmetic by hand: shared layers, accounts, paths, months, tiers, dear sources.

use super::common::{dollars, run, summary};

/// A GB of a bill.
const GB: f64 = (1u64 << 30) as f64;

fn close(found: f64, by_hand: f64, what: &str) {
    assert!((found - by_hand).abs() <= 1e-6 + by_hand * 1e-9, "{what}: {found} is not {by_hand}");
}

#[test]
fn versions_share_layers_where_they_are_stored_and_where_they_go() {
    // 3 versions on days 0, 1, 2 of January (31 days): 100 MB of which 40 MB are new each time.
    let tables = run(r#"
schema = 1
strategies = [{ kind = "replication", delay = "0s" }]
run = { start = 2026-01-01, duration = "31d", trials = 1 }
network = { preset = "ideal" }
[[repositories]]
name = "app"
registry = "us-east-1"
image = { layer_sizes = ["60 MB", "40 MB"], new_bytes = "40 MB" }
push = { list = [{ at = "0d", tag = "a" }, { at = "1d", tag = "b" }, { at = "2d", tag = "c" }] }
[[clusters]]
name = "eu"
registry = "eu-west-1"
"#);
    let row = summary(&tables, "replication");
    close(row.transfer_usd_month, (100e6 + 40e6 + 40e6) / GB * 0.02, "transfer");
    // Stored in two places: 100 MB for 31 days, 40 MB for 30, 40 MB for 29.
    close(row.storage_usd_month, 2.0 * 0.1 / GB * (100e6 + 40e6 * 30.0 / 31.0 + 40e6 * 29.0 / 31.0), "storage");
    assert_eq!(row.copies, 3.0);
}

#[test]
fn a_partly_covered_month_counts_by_its_hours() {
    // From 16 January to 14 February: 16 of 31 and 13 of 28 days.
    let tables = run(r#"
schema = 1
strategies = ["cross-region-pull"]
run = { start = 2026-01-16, duration = "29d", trials = 1 }
network = { preset = "ideal" }
[[repositories]]
name = "app"
registry = "us-east-1"
image = { layer_sizes = ["1 GiB"] }
push = { list = [{ at = "0d", tag = "a" }] }
[[clusters]]
name = "eu"
registry = "eu-west-1"
pulls = { times = "00:00" }
"#);
    let months = 16.0 / 31.0 + 13.0 / 28.0;
    let stored = 0.1 * months;
    close(dollars(&tables, "cross-region-pull", |row| row.line_item == "storage"), stored, "storage of the period");
    close(summary(&tables, "cross-region-pull").storage_usd_month, 0.1, "storage a month");
    assert!((tables.trials[0].months - months).abs() < 1e-12);
}

#[test]
fn a_pull_from_another_region_pays_the_source_and_the_nat_gateway() {
    // C46: 1 GB from us-east-1 by private nodes in eu-central-1: 0.02 + 0.052, or 0.09 + 0.052 as published.
    for (reading, cost) in [("inter-region", 0.02), ("internet", 0.09)] {
        let tables = run(&format!(
            r#"
schema = 1
strategies = ["cross-region-pull", {{ kind = "replication", delay = "0s" }}]
run = {{ start = 2026-01-01, duration = "31d", trials = 1 }}
prices = {{ cross_region_pull = "{reading}" }}
network = {{ preset = "ideal" }}
accounts = {{ build = "111122223333", run = "444455556666" }}
[[repositories]]
name = "app"
registry = "build/us-east-1"
image = {{ layer_sizes = ["1 GiB"] }}
push = {{ list = [{{ at = "0d", tag = "a" }}] }}
[[clusters]]
name = "eu"
registry = "run/eu-central-1"
nodes = 1
pulls = {{ list = [{{ at = "1d", repository = "app" }}] }}
"#
        ));
        let row = summary(&tables, "cross-region-pull");
        close(row.transfer_usd_month, cost, "transfer");
        close(row.network_path_usd_month, 0.052, "NAT");
        close(
            dollars(&tables, "cross-region-pull", |row| row.account == "build" && row.line_item == "pull"),
            cost,
            "source pays",
        );
        close(dollars(&tables, "cross-region-pull", |row| row.account == "run"), 0.052, "puller pays its path");
        let row = summary(&tables, "replication");
        close(row.transfer_usd_month, 0.02, "a copy pays the inter-region price under both readings");
        close(row.network_path_usd_month, 0.0, "a local pull through the gateway is free");
        close(
            dollars(&tables, "replication", |row| row.account == "run" && row.line_item == "storage"),
            0.1,
            "destination stores",
        );
        close(
            dollars(&tables, "replication", |row| row.account == "build" && row.line_item == "copy"),
            0.02,
            "source sends",
        );
    }
}

#[test]
fn internet_tiers_are_filled_by_all_accounts_together() {
    // 20 TB (of 1,024 GB) out of us-east-1 in a month: 10,240 GB at 0.09, the rest at 0.085, half from each account.
    let pull = |repository: &str| format!("{{ at = \"2d\", repository = \"{repository}\" }}");
    let pulls: Vec<String> = (0..20).map(|index| pull(if index % 2 == 0 { "one" } else { "two" })).collect();
    let tables = run(&format!(
        r#"
schema = 1
strategies = ["cross-region-pull"]
run = {{ start = 2026-01-01, duration = "31d", trials = 1 }}
prices = {{ cross_region_pull = "internet" }}
network = {{ preset = "ideal" }}
accounts = {{ a = "111122223333", b = "444455556666" }}
[defaults.repositories]
image = {{ layer_sizes = ["1 TiB"] }}
push = {{ list = [{{ at = "0d", tag = "v" }}] }}
[[repositories]]
name = "one"
registry = "a/us-east-1"
[[repositories]]
name = "two"
registry = "b/us-east-1"
[[clusters]]
name = "eu"
registry = "a/eu-west-1"
cache = "none"
path = "internet"
pulls = {{ list = [{}] }}
"#,
        pulls.join(", ")
    ));
    let row = summary(&tables, "cross-region-pull");
    close(row.transfer_usd_month, 10_240.0 * 0.09 + 10_240.0 * 0.085, "tiers");
    let half = dollars(&tables, "cross-region-pull", |row| row.account == "a" && row.line_item == "pull");
    close(half, 10_240.0 * 0.175 / 2.0, "each tier is shared by bytes");
}

#[test]
fn a_dear_source_makes_the_fan_out_dear() {
    // C45: 1 GB from Tokyo costs $0.09 a destination; C42: us-east-1 to us-east-2 costs $0.01.
    for (home, destination, cost) in
        [("ap-northeast-1", "eu-west-1", 0.09), ("us-east-1", "us-east-2", 0.01), ("us-east-1", "eu-west-1", 0.02)]
    {
        let tables = run(&format!(
            r#"
schema = 1
strategies = [{{ kind = "replication", delay = "0s" }}]
run = {{ start = 2026-01-01, duration = "31d", trials = 1 }}
network = {{ preset = "ideal" }}
[[repositories]]
name = "app"
registry = "{home}"
image = {{ layer_sizes = ["1 GiB"] }}
push = {{ list = [{{ at = "0d", tag = "v" }}] }}
[[clusters]]
name = "away"
registry = "{destination}"
"#
        ));
        close(summary(&tables, "replication").transfer_usd_month, cost, home);
    }
}
