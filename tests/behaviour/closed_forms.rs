//! Closed forms of queueing and caching theory, through the whole program. Seeds are fixed.

use super::common::{dollars, latency, run, summary};

/// One central registry with a finite egress, and nothing else that takes time.
fn shared_link(egress: &str, network: &str, repositories: &str, rate: &str) -> String {
    format!(
        r#"
schema = 1
strategies = [{{ kind = "centralized", egress = "{egress}" }}]
run = {{ duration = "1d", trials = 2 }}
network = {{ preset = "ideal"{network} }}
{repositories}
[[clusters]]
name = "nodes"
registry = "us-east-1"
nodes = 3000
parallel_images = 40
cache = "none"
popularity = 0
pulls = {{ rate = "{rate}" }}
"#
    )
}

fn repository(name: &str, size: &str) -> String {
    format!(
        "[[repositories]]\nname = \"{name}\"\nregistry = \"us-east-1\"\n\
         push = {{ list = [{{ at = \"0d\", tag = \"v1\" }}] }}\nimage = {{ layer_sizes = [\"{size}\"] }}\n"
    )
}

#[test]
fn one_shared_link_is_processor_sharing_whatever_the_sizes() {
    // M/G/1-PS: E[T] = E[x] / (C (1 - rho)), insensitive to the law of sizes. C = 10 MB/s, E[x] = 10 MB, rho = 0.7.
    let fixed = shared_link("80 Mbit/s", "", &repository("app", "10 MB"), "0.7/s");
    let mixed = repository("small", "1 MB") + &repository("large", "19 MB");
    let mixed = shared_link("80 Mbit/s", "", &mixed, "0.7/s");
    for (name, text) in [("fixed", fixed), ("mixed", mixed)] {
        let tables = run(&text);
        let mean = latency(&tables, "centralized", "pull", "mean");
        assert!((mean / (1.0 / 0.3) - 1.0).abs() < 0.03, "{name}: {mean}");
        assert!(summary(&tables, "centralized").pulls > 60_000.0 * 0.98, "{name}");
    }
}

#[test]
fn a_shared_link_with_a_ceiling_per_connection_follows_erlang_c() {
    // C = 3 r, a = lambda E[x] / r = 2: E[T] = E[x]/r (1 + C(3, 2) / (3 (1 - 2/3))), with Erlang's C = 4/9.
    let text = shared_link("72 Mbit/s", ", stream_max = \"3 MB/s\"", &repository("app", "3 MB"), "2/s");
    let mean = latency(&run(&text), "centralized", "pull", "mean");
    assert!((mean / 1.444444 - 1.0).abs() < 0.02, "{mean}");
}

#[test]
fn a_cache_with_a_time_to_live_costs_what_theory_says() {
    // Poisson pulls, rate 1 per 2 days; time-to-live 2 days: hit ratio 1 - 1/e, cost e l exp(-l T) + s (1 - exp(-l T)).
    let tables = run(r#"
schema = 1
strategies = [{ kind = "pull-through-cache", ttl = "2d" }, "clairvoyant"]
run = { duration = "4000d", trials = 8 }
network = { preset = "ideal" }
prices = { gb_month = "720h" }
[[repositories]]
name = "app"
registry = "us-east-1"
push = { list = [{ at = "0d", tag = "v1" }] }
image = { layer_sizes = ["1 GiB"] }
[[clusters]]
name = "eu"
registry = "eu-west-1"
cache = "none"
pulls = { rate = "1/2d" }
"#);
    let row = summary(&tables, "pull-through-cache");
    let miss = (-1.0f64).exp();
    assert!((row.copies / row.pulls / miss - 1.0).abs() < 0.02, "{} of {}", row.copies, row.pulls);
    let per_day = |strategy: &str, item: &str, region: &str| {
        let rows = |row: &replisim::study::tables::BillRow| row.line_item == item && row.region == region;
        dollars(&tables, strategy, rows) / 8.0 / 4000.0
    };
    let transfer = per_day("pull-through-cache", "copy", "us-east-1");
    assert!((transfer / (0.02 * 0.5 * miss) - 1.0).abs() < 0.02, "{transfer}");
    let storage = per_day("pull-through-cache", "storage", "eu-west-1");
    assert!((storage / (0.1 / 30.0 * (1.0 - miss)) - 1.0).abs() < 0.02, "{storage}");
    // The optimum's rate is s (1 - exp(-l T_even)) with T_even = e/s = 6 days.
    let optimum = per_day("clairvoyant", "copy", "us-east-1") + per_day("clairvoyant", "storage", "eu-west-1");
    assert!((optimum / (0.1 / 30.0 * (1.0 - (-3.0f64).exp())) - 1.0).abs() < 0.02, "{optimum}");
}

#[test]
fn six_reads_of_two_gigabytes_cost_what_the_hand_says() {
    // Reads on days 1, 2, 3, 11, 12, 31 after a push on day 0; $0.02 a GB, $0.10 a GB-month of 30 days.
    let text = |duration: &str| {
        let reads: Vec<String> = ["1d", "2d", "3d", "11d", "12d", "31d"]
            .map(|at| format!("{{ at = \"{at}\", repository = \"app\" }}"))
            .into();
        format!(
            r#"
schema = 1
strategies = [
  "cross-region-pull", {{ kind = "replication", delay = "0s" }}, "pull-through-cache",
  {{ name = "six-days", kind = "pull-through-cache", ttl = "6d" }}, "clairvoyant",
]
run = {{ start = 2026-03-01, duration = "{duration}", trials = 1 }}
network = {{ preset = "ideal" }}
prices = {{ gb_month = "720h" }}
[[repositories]]
name = "app"
registry = "us-east-1"
push = {{ list = [{{ at = "0d", tag = "v1" }}] }}
image = {{ layer_sizes = ["2 GiB"] }}
[[clusters]]
name = "eu"
registry = "eu-west-1"
nodes = 1
cache = "none"
path = "internet"
pulls = {{ list = [{}] }}
"#,
            reads.join(", ")
        )
    };
    let away = |tables: &replisim::study::tables::Tables, strategy: &str| {
        dollars(tables, strategy, |row| row.line_item != "storage" || row.region != "us-east-1")
    };
    // To the end of day 30 after the first read, and one second more so that the last read is inside.
    let tables = run(&text("2678401s"));
    let by_hand =
        [("cross-region-pull", 0.24), ("replication", 0.246667), ("pull-through-cache", 0.24), ("clairvoyant", 0.14)];
    for (strategy, cost) in by_hand {
        let found = away(&tables, strategy);
        assert!((found - cost).abs() < 1e-6, "{strategy}: {found} is not {cost}");
    }
    // Six days more, so that the last time-to-live is billed whole.
    let tables = run(&text("38d"));
    let found = away(&tables, "six-days");
    assert!((found - 0.26).abs() < 1e-6, "six-days: {found}");
}

#[test]
fn a_scheduled_copy_is_half_its_period_behind_on_average() {
    let tables = run(r#"
schema = 1
strategies = [{ kind = "scheduled-copy", every = "6h", per_image = "0s", parallel = 1000 }]
run = { duration = "150d", trials = 4 }
network = { preset = "ideal" }
[[repositories]]
name = "app"
registry = "us-east-1"
push = { rate = "20/day" }
image = { layer_sizes = ["1 MB"] }
[[clusters]]
name = "eu"
registry = "eu-west-1"
"#);
    let hours = |quantile| latency(&tables, "scheduled-copy", "copy", quantile) / 3600.0;
    assert!((hours("mean") - 3.0).abs() < 0.05, "{}", hours("mean"));
    assert!((hours("p99") - 5.94).abs() < 0.03, "{}", hours("p99"));
    assert!(hours("max") <= 6.0);
}
