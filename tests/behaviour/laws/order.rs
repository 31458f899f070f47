//! More of what costs never costs less, and more of what helps never helps less: only where theory says so.

use std::collections::BTreeMap;

use proptest::prelude::*;

use replisim::billing::{OwnRates, Terms, bill};
use replisim::engine::{Outcome, run};
use replisim::ledger::Item;
use replisim::scenario::Scenario;
use replisim::strategy::Kind;
use replisim::study::{Options, Unseen, compare};
use replisim::units::Usd;

use super::diary::diaries;
use super::drawn::{self, Scope};
use super::{fixed, scenario};

/// Usage of every strategy that is a system.
fn outcomes(scenario: &Scenario) -> Vec<Outcome> {
    let model = &scenario.model;
    let systems =
        (0..model.strategies.len()).filter(|index| !matches!(model.strategies[*index].kind, Kind::Clairvoyant { .. }));
    systems.map(|index| run(model, index, scenario.run.seed, 1)).collect()
}

/// Dollars of usage under terms, in billionths.
fn cost(scenario: &Scenario, outcome: &Outcome, terms: &Terms) -> i128 {
    let own = OwnRates { runner_hour: Usd(1_000_000_000), wage_hour: Usd(0) };
    let model = &scenario.model;
    let bill = bill(&outcome.ledger, terms, &model.cloud, &model.calendar, &own).expect("every price is there");
    bill.rows.iter().map(|row| row.cost.0).sum()
}

/// Bytes stored at home, over time.
fn stored(outcome: &Outcome) -> u128 {
    let storage = outcome.ledger.by_day().filter(|(key, _)| key.item == Item::Storage);
    storage.flat_map(|(_, days)| days).sum()
}

/// Bytes that all pulls moved, also within a region.
fn pulled(outcome: &Outcome) -> u128 {
    outcome.series.iter().flat_map(|series| &series.egress).map(|bytes| u128::from(*bytes)).sum()
}

/// A pull of so many layers by one node in Europe, and a copy there, with nothing else on any link.
fn lone(layers: &[u32], parallel: u32, links: &str) -> String {
    let layers: Vec<String> = layers.iter().map(|kilobytes| format!("\"{kilobytes} kB\"")).collect();
    format!(
        "schema = 1\nrun = {{ duration = \"1d\", trials = 1 }}\n\
         strategies = [\"cross-region-pull\", {{ kind = \"replication\", delay = \"0s\" }}]\n\
         network = {{ stream_max = \"70 MB/s\", {links} }}\n\
         [[repositories]]\nname = \"app\"\nregistry = \"us-east-1\"\n\
         image = {{ layer_sizes = [{}] }}\npush = {{ list = [{{ at = \"1h\", tag = \"a\" }}] }}\n\
         [[clusters]]\nname = \"eu\"\nregistry = \"eu-west-1\"\nnodes = 1\ncache = \"none\"\nif_missing = \"wait\"\n\
         give_up = \"1d\"\nparallel_layers = {parallel}\nnode_bandwidth = \"1 Gbit/s\"\n\
         pulls = {{ list = [{{ at = \"20h\", repository = \"app\" }}] }}\n",
        layers.join(", ")
    )
}

/// How long the pull takes to move, and the copy to arrive.
fn times(text: &str, sets: &[String]) -> [f64; 2] {
    let sets: Vec<&str> = sets.iter().map(String::as_str).collect();
    let scenario = scenario(text, &sets);
    let outcomes = outcomes(&scenario);
    let pull = outcomes[0].pull_times.iter().find_map(|times| times.transfer.quantile(1.0));
    let copy = outcomes[1].lag.iter().find_map(|lag| lag.quantile(1.0));
    [pull.expect("one pull"), copy.expect("one copy")]
}

proptest! {
    #![proptest_config(fixed(40))]

    /// Why: every term of a bill is a quantity, which is never below zero, times a price.
    #[test]
    fn a_higher_price_never_gives_a_lower_bill(text in drawn::scenario(Scope::ALL), factor in 1u32..5, free in any::<bool>()) {
        let with = |more: &[&str]| {
            let reading = if text.len() % 2 == 0 { "inter-region" } else { "internet" };
            let mut sets = vec![format!("prices.free_tier={free}"), format!("prices.cross_region_pull={reading}")];
            sets.extend(more.iter().map(ToString::to_string));
            let sets: Vec<&str> = sets.iter().map(String::as_str).collect();
            scenario(&text, &sets)
        };
        let plain = with(&[
            r#"prices.override={storage="$0.10/GB-month",inter_region="$0.02/GB",nat_data="$0.04/GB",nat_hour="$0.04/h"}"#,
            "prices.discount=40%",
        ]);
        let dear = |what: &str, price: u32, unit: &str| {
            let list = [("storage", 10, "GB-month"), ("inter_region", 2, "GB"), ("nat_data", 4, "GB"), ("nat_hour", 4, "h")];
            let prices = list.map(|(name, cents, unit)| match name == what {
                true => format!("{name}=\"$0.{:02}/{unit}\"", cents * factor),
                false => format!("{name}=\"$0.{cents:02}/{unit}\""),
            });
            let more = if what == "internet" { format!(",internet=\"$0.{price:02}/{unit}\"") } else { String::new() };
            format!("prices.override={{{}{more}}}", prices.join(","))
        };
        let mut dearer: Vec<Scenario> = ["storage", "inter_region", "nat_data", "nat_hour"]
            .map(|what| with(&[&dear(what, 0, ""), "prices.discount=40%"]))
            .into();
        // Above every tier that the book has.
        dearer.push(with(&[&dear("internet", 50, "GB"), "prices.discount=40%"]));
        dearer.push(with(&[&dear("", 0, ""), "prices.discount=10%"]));
        for outcome in outcomes(&plain) {
            let least = cost(&plain, &outcome, &plain.terms);
            prop_assert!(least >= 0);
            for (number, dearer) in dearer.iter().enumerate() {
                let more = cost(&plain, &outcome, &dearer.terms);
                prop_assert!(more >= least, "{number}: {more} below {least}\n{text}");
            }
        }
    }

    /// Why: alone on its way, a transfer can only gain by a wider pipe, whatever the order of its layers.
    #[test]
    fn more_bandwidth_never_makes_a_lone_transfer_slower(
        layers in prop::collection::vec(1u32..300_000, 1..9), parallel in 1u32..6, slow in 5u32..400, factor in 1.0f64..6.0,
        links in prop::sample::select(vec![
            "slow_start = \"none\"", "slow_start = \"ramp\"", "slow_start = \"delay\"",
            "slow_start = \"none\", registry_egress = \"900 Mbit/s\"", "slow_start = \"delay\", pair_limit = \"300 Mbit/s\"",
            "slow_start = \"none\", client = \"skopeo-1.9\"", "slow_start = \"ramp\", pair_limit = \"300 Mbit/s\"",
        ]),
    ) {
        let text = lone(&layers, parallel, links);
        let fast = (f64::from(slow) * factor).ceil() as u32;
        for key in ["clusters.eu.node_bandwidth", "network.stream_max", "network.pair_limit", "network.registry_egress"] {
            let [narrow, wide] = [slow, fast].map(|rate| times(&text, &[format!("{key}={rate} Mbit/s")]));
            for (what, narrow, wide) in [("pull", narrow[0], wide[0]), ("copy", narrow[1], wide[1])] {
                prop_assert!(
                    wide <= narrow + 1e-6,
                    "{what}, {key}: {narrow} s at {slow} Mbit/s, {wide} s at {fast} Mbit/s\n{text}"
                );
            }
        }
    }

    /// Why: a policy that keeps more keeps all that the other keeps; at home nothing else depends on it.
    #[test]
    fn longer_retention_never_stores_less_at_home(text in drawn::scenario(Scope { faults: false, ..Scope::ALL }), more in 1u32..4) {
        let text = text.lines().filter(|line| !line.starts_with("lifecycle")).collect::<Vec<_>>().join("\n");
        let stored = |lifecycle: String| {
            let set = format!("repositories.\"*\".lifecycle={lifecycle}");
            let sets: &[&str] = if lifecycle.is_empty() { &[] } else { &[&set] };
            let scenario = scenario(&text, sets);
            stored(&run(&scenario.model, 0, scenario.run.seed, 1))
        };
        let all = stored(String::new());
        let keep = |count: u32| stored(format!("{{ keep = {count} }}"));
        let days = |count: u32| stored(format!("{{ days = {count} }}"));
        prop_assert!(keep(1) <= keep(1 + more) && keep(1 + more) <= all, "by count\n{text}");
        prop_assert!(days(1) <= days(1 + more) && days(1 + more) <= all, "by age\n{text}");
    }

    /// Why: a node that keeps everything lacks no layer that another one has, and one without a cache lacks all.
    #[test]
    fn a_larger_cache_never_moves_more(text in drawn::scenario(Scope { links: false, faults: false, ..Scope::ALL })) {
        let moved = |cache: &str| {
            let scenario = scenario(&text, &[&format!("clusters.\"*\".cache={cache}")]);
            pulled(&run(&scenario.model, 0, scenario.run.seed, 1))
        };
        let (none, some, all) = (moved("none"), moved("300 MB"), moved("unlimited"));
        prop_assert!(all <= some && some <= none, "{all} {some} {none}\n{text}");
    }

    /// Why: hindsight can do what any system did, with the same home storage and the same reads, and pays the least price
    /// that any of them could.
    #[test]
    fn the_bound_is_below_every_strategy_that_serves_the_same_reads(
        text in drawn::scenario(Scope { leaves: true, ..Scope::CALM }), free in any::<bool>(), internet in any::<bool>()
    ) {
        let text = text
            .replace("strategies = [", "strategies = [ { name = \"bound\", kind = \"clairvoyant\" },")
            .replace("if_missing = \"wait\"", "if_missing = \"home\"");
        let reading = if internet { "internet" } else { "inter-region" };
        let sets = [format!("prices.free_tier={free}"), format!("prices.cross_region_pull={reading}")];
        let scenario = scenario(&text, &sets.each_ref().map(String::as_str));
        let options = Options { strategies: None, jobs: 1 };
        let tables = compare(&scenario, &options, &Unseen, &false.into()).expect("it runs");
        let mut covered: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
        for row in tables.bill.iter().filter(|row| ["storage", "copy", "pull"].contains(&row.line_item.as_str())) {
            let sum = covered.entry(&row.strategy).or_default();
            sum.0 += row.cost_usd.parse::<f64>().expect("a decimal");
            sum.1 += 1.0;
        }
        let (least, rows) = covered.get("bound").copied().unwrap_or_default();
        for diary in diaries(&scenario) {
            let name = diary.strategy.name.as_str();
            // The centre moves home storage to where it may be cheaper, so it has other bytes to pay for.
            if diary.outcome.pulls_failed > 0 || name == "centre" {
                continue;
            }
            let (cost, more) = covered.get(name).copied().unwrap_or_default();
            prop_assert!(cost >= least - 1e-9 * (rows + more), "{name} costs ${cost}, the bound ${least}\n{text}");
        }
    }
}

#[test]
fn a_link_that_others_may_share_is_to_a_lone_transfer_what_its_node_s_own_is() {
    // Slow start is reckoned at the rate that the link leaves, not at what the connections could do on a wider one.
    let text = lone(&[90_000, 30_000, 500], 3, "slow_start = \"delay\"");
    for rate in [9, 60, 300] {
        let own = times(&text, &[format!("clusters.eu.node_bandwidth={rate} Mbit/s")])[0];
        let shared = times(&text, &[format!("network.pair_limit={rate} Mbit/s")])[0];
        assert!((own - shared).abs() < 1e-6, "{rate} Mbit/s: {own} s and {shared} s");
    }
}
