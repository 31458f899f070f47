//! What must hold in every run, over made-up scenarios with drawn demand (fixed seeds).
//!
//! That every strategy of a trial sees the same demand is checked by the program itself, in every run.

use super::common::{Random, run, summary};
use replisim::study::tables::Tables;

/// Strategies by name, on an ideal network where every pull is served.
fn drawn(seed: u64, strategies: &str, lifecycle: &str) -> String {
    let mut random = Random(seed);
    let homes = ["us-east-1", "eu-west-1", "ap-southeast-1"];
    let mut text = format!(
        "schema = 1\nrun = {{ start = 2026-01-{:02}, duration = \"{}d\", trials = 2, seed = {seed} }}\n\
         network = {{ preset = \"ideal\" }}\nstrategies = [{strategies}]\n",
        random.between(1, 28),
        random.between(10, 50),
    );
    let home = homes[random.below(3)];
    for number in 0..random.between(1, 4) {
        let (layers, new) = (random.between(2, 9), random.between(5, 100));
        text += &format!(
            "[[repositories]]\nname = \"r{number}\"\nregistry = \"{home}\"\npush = {{ rate = \"{}/day\" }}\n\
             image = {{ size = \"{} MB\", layers = {layers}, new_bytes = \"{new}%\" }}\nexisting = 1\n{lifecycle}\n",
            random.between(1, 3),
            random.between(20, 2000),
        );
    }
    for (number, region) in homes.iter().enumerate() {
        let cache = ["none", "unlimited", "20 GB"][random.below(3)];
        text += &format!(
            "[[clusters]]\nname = \"c{number}\"\nregistry = \"{region}\"\nnodes = {}\ncache = \"{cache}\"\n\
             path = \"internet\"\nif_missing = \"home\"\n\
             pulls = {{ rate = \"{}/day\", deploy = \"1h\", churn = \"5%/day\" }}\n",
            random.between(1, 6),
            random.between(1, 30),
        );
    }
    text
}

const ALL: &str = r#"
  "cross-region-pull", { kind = "replication", delay = "0s", existing_images = "present" }, "pull-through-cache",
  { name = "ttl", kind = "pull-through-cache", ttl = "36h" },
  { name = "job", kind = "scheduled-copy", every = "7h", runner = "destination" },
  { kind = "centralized", egress = "unlimited" }, "clairvoyant"
"#;

/// Billions of a dollar, as written.
fn nanos(dollars: &str) -> i128 {
    let (whole, part) = dollars.split_once('.').unwrap_or((dollars, ""));
    let digits = format!("{whole}{part:0<9}");
    digits.parse().expect("a decimal with nine places")
}

fn rows(tables: &Tables, strategy: &str, trial: u64, items: &[&str]) -> i128 {
    let rows = tables.bill.iter().filter(|row| row.strategy == strategy && row.trial == trial);
    rows.filter(|row| items.contains(&row.line_item.as_str())).map(|row| nanos(&row.cost_usd)).sum()
}

#[test]
fn the_rows_of_a_bill_are_its_cost_and_its_gigabytes_are_the_bytes_that_crossed() {
    for seed in 0..4 {
        let tables = run(&drawn(seed, ALL, "lifecycle = { keep = 5 }"));
        for row in &tables.trials {
            let bill = tables.bill.iter().filter(|one| one.strategy == row.strategy && one.trial == row.trial);
            let sum: i128 = bill.map(|one| nanos(&one.cost_usd)).sum();
            assert_eq!(sum, nanos(&row.cost_usd), "{seed} {}", row.strategy);
        }
        for row in &tables.summary {
            let moved = tables.bill.iter().filter(|one| one.strategy == row.strategy && one.unit == "GB");
            let crossed = moved.filter(|one| one.from_region != one.to_region);
            let gigabytes: f64 = crossed.map(|one| one.quantity.parse::<f64>().expect("a decimal")).sum();
            let bytes = gigabytes * (1u64 << 30) as f64 / row.trials as f64;
            assert!((bytes - row.cross_region_bytes).abs() < 1e3, "{seed} {}: {bytes} {row:?}", row.strategy);
        }
    }
}

#[test]
fn the_bound_is_below_all_that_it_covers() {
    for seed in 10..16 {
        let tables = run(&drawn(seed, ALL, ""));
        for row in tables.trials.iter().filter(|row| row.strategy != "clairvoyant") {
            assert_eq!(row.pulls_failed, 0, "{seed} {}", row.strategy);
            let cost = |strategy| rows(&tables, strategy, row.trial, &["storage", "copy", "pull"]);
            assert!(cost("clairvoyant") <= cost(&row.strategy) + 10, "{seed} {}", row.strategy);
        }
    }
}

#[test]
fn a_longer_time_to_live_fetches_less_and_stores_more() {
    let caches: Vec<String> = ["1h", "12h", "3d", "never"]
        .map(|ttl| format!("{{ name = \"{ttl}\", kind = \"pull-through-cache\", ttl = \"{ttl}\" }}"))
        .into();
    for seed in 20..24 {
        let tables = run(&drawn(seed, &caches.join(", "), ""));
        for pair in tables.summary.windows(2) {
            assert!(pair[0].copies >= pair[1].copies, "{seed}: {} {}", pair[0].strategy, pair[1].strategy);
            assert!(pair[0].storage_usd_month <= pair[1].storage_usd_month, "{seed}: {}", pair[0].strategy);
        }
    }
}

#[test]
fn keeping_more_stores_more() {
    for seed in 30..33 {
        let stored =
            ["lifecycle = { keep = 2 }", "lifecycle = { keep = 6 }", "lifecycle = { keep = 20 }", ""].map(|keep| {
                summary(&run(&drawn(seed, "\"cross-region-pull\"", keep)), "cross-region-pull").storage_usd_month
            });
        assert!(stored.is_sorted(), "{seed}: {stored:?}");
        assert!(stored[0] < stored[3], "{seed}: {stored:?}");
    }
}
