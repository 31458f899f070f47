//! A run priced again is the run that would have been made under that book.

use std::sync::atomic::AtomicBool;

use super::*;
use crate::scenario::{self, Diagnostics, Scenario};
use crate::study::{Options, Unseen, compare};

fn load(file: &str, sets: &[&str]) -> Scenario {
    let sets: Vec<String> = sets.iter().map(|set| set.to_string()).collect();
    let mut diagnostics = Diagnostics::default();
    let scenario = scenario::load(std::path::Path::new(file), &sets, &mut diagnostics);
    scenario.unwrap_or_else(|| panic!("{}", diagnostics.render(false)))
}

fn run(scenario: &Scenario) -> Tables {
    compare(scenario, &Options { strategies: None, jobs: 2 }, &Unseen, &AtomicBool::new(false)).expect("a result")
}

/// The built-in book with other prices for everything, tiers included.
fn dearer() -> PriceBook {
    let text = PriceBook::newest().text().replace("\"$0.1/GB-month\"", "\"$0.123/GB-month\"");
    let text = text.replace("\"$0.09/GB\"", "\"$0.0777/GB\"").replace("\"$0.02/GB\"", "\"$0.035/GB\"");
    assert_ne!(text, PriceBook::newest().text());
    PriceBook::parse("dearer", &text).expect("a book")
}

/// Tiers reached at once: the whole of the first one is used already; free allowances, discounts and own rates too.
const TERMS: [&str; 4] = [
    "prices.cross_region_pull=internet",
    "prices.already_used={ internet = \"9.99 TB\" }",
    "prices.free_tier=true",
    "prices.discount={ storage = \"7%\", pull = \"3%\" }",
];

const SHORT: [&str; 2] = ["run.trials=2", "run.duration=40d"];

fn scenarios() -> Vec<Scenario> {
    vec![
        load("scenarios/worked-example.toml", &[]),
        load("scenarios/worked-example.toml", &[&TERMS[..], &SHORT[..]].concat()),
        load("scenarios/two-regions.toml", &[&TERMS[..], &["run.trials=2", "run.duration=3d"]].concat()),
        load("scenarios/hand-written-job.toml", &["run.trials=2", "run.duration=3d", "prices.gb_month=730h"]),
    ]
}

#[test]
fn the_same_book_changes_nothing() {
    for scenario in scenarios() {
        let tables = run(&scenario);
        let again = reprice(&tables, (*scenario.terms.book).clone()).expect("priced");
        let mut same = again.clone();
        same.run = tables.run.clone();
        assert!(same == tables, "{}", scenario.title);
        assert_eq!(again.run.other_reading, tables.run.other_reading);
        assert!(again.run.notes.iter().any(|note| note.starts_with(NOTE)));
    }
}

#[test]
fn another_book_gives_what_a_run_under_it_gives() {
    for mut scenario in scenarios() {
        let mut again = reprice(&run(&scenario), dearer()).expect("priced");
        scenario.terms.book = dearer().into();
        let mut true_run = run(&scenario);
        // The bound decides by prices, so it is not told.
        let bounds = leave_bounds_out(&mut true_run);
        let said = again.run.notes.iter().any(|note| note.contains("without the bound"));
        assert_eq!(said, !bounds.is_empty());
        true_run.run.other_reading.retain(|row| !bounds.contains(&row.strategy));
        assert_eq!(again.bill, true_run.bill, "{}", scenario.title);
        assert_eq!(again.summary, true_run.summary);
        assert_eq!(again.trials, true_run.trials);
        assert_eq!(again.comparison, true_run.comparison);
        assert_eq!(again.objectives, true_run.objectives);
        assert_eq!(again.run.other_reading, true_run.run.other_reading);
        assert_eq!(again.run.price_book, "dearer");
        // Scaled, not worked out: what is nobody's in particular apart, they still add up to the columns.
        let cost = |tables: &Tables| -> f64 {
            tables.timeline.iter().filter(|row| &*row.metric == "cost").map(|row| row.value).sum()
        };
        assert!((cost(&again) / cost(&true_run) - 1.0).abs() < 1e-6);
        again.timeline.retain(|row| &*row.metric != "cost");
        true_run.timeline.retain(|row| &*row.metric != "cost");
        assert_eq!(again.timeline, true_run.timeline, "nothing else moves");
    }
}

#[test]
fn a_budget_is_judged_again() {
    let mut scenario = load("scenarios/worked-example.toml", &[]);
    let at_most = Usd(1_100_000_000);
    let metric = scenario::Metric::Cost { at_most, account: Some(0) };
    let strategies = vec![true; scenario.model.strategies.len()];
    scenario.objectives.push(scenario::Objective { name: "budget".into(), metric, strategies, in_trials: None });
    let tables = run(&scenario);
    let met = |tables: &Tables| {
        let row = tables.objectives.iter().find(|row| row.strategy == "replicate").expect("judged");
        (row.met, row.probability_met)
    };
    assert_eq!(met(&tables), (Some(true), Some(1.0)));
    assert_eq!(met(&reprice(&tables, dearer()).expect("priced")), (Some(false), Some(0.0)));
}

#[test]
fn what_cannot_be_priced_is_said() {
    let tables = run(&load("scenarios/worked-example.toml", &[]));
    let refused = |tables: &Tables, book: PriceBook| reprice(tables, book).expect_err("refused").to_string();
    let mut old = tables.clone();
    old.run.pricing = None;
    assert!(refused(&old, dearer()).contains("older version of replisim"));
    let mut edited = tables.clone();
    edited.bill[0].quantity = "lots".into();
    assert!(refused(&edited, dearer()).contains("`lots GB"), "{}", refused(&edited, dearer()));
    edited.bill[0].region = "mars-1".into();
    assert!(refused(&edited, dearer()).contains("a region that run.json does not know"));
    let mut edited = tables.clone();
    edited.run.pricing.as_mut().expect("there").month_starts_ns.pop();
    assert!(refused(&edited, dearer()).contains("contradicts itself"));
    let mut poor = PriceBook::default();
    poor.name = "poor".into();
    assert!(refused(&tables, poor).contains("cannot be priced: no sourced price"));
}
