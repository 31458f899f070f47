//! Differences against arithmetic by hand.

use std::sync::atomic::AtomicBool;

use super::*;
use crate::scenario::{self, Diagnostics, Scenario};
use crate::study::{Options, Unseen, compare};
use crate::units::Usd;

fn load(sets: &[&str]) -> Scenario {
    let sets: Vec<String> = sets.iter().map(|set| set.to_string()).collect();
    let mut diagnostics = Diagnostics::default();
    let file = std::path::Path::new("scenarios/worked-example.toml");
    scenario::load(file, &sets, &mut diagnostics).unwrap_or_else(|| panic!("{}", diagnostics.render(false)))
}

fn run(sets: &[&str]) -> Tables {
    compare(&load(sets), &Options { strategies: None, jobs: 2 }, &Unseen, &AtomicBool::new(false)).expect("a result")
}

fn strategy<'a>(found: &'a Difference, name: &str) -> &'a StrategyDifference {
    found.strategies.iter().find(|it| it.strategy == name).expect("in both runs")
}

/// Random demand, so that trials differ.
const DRAWN: [&str; 2] = ["run.trials=4", "repositories.app.push={ rate = \"1/day\" }"];

fn nanos(text: &str) -> i128 {
    Usd::from_decimal(text).expect("an amount").0
}

/// The differences of the parts are the difference of the whole, to the last 10^-9 dollar.
fn adds_up(found: &Difference) {
    for it in &found.strategies {
        let difference = |change: &Change| {
            nanos(change.sums.as_ref().and_then(|sums| sums.difference_usd.as_deref()).expect("money"))
        };
        for parts in [&it.line_items, &it.accounts] {
            assert_eq!(parts.iter().map(difference).sum::<i128>(), difference(&it.cost), "{}", it.strategy);
        }
    }
}

#[test]
fn nothing_changed_is_no_change() {
    let tables = run(&DRAWN);
    let found = diff(&tables, &run(&DRAWN)).expect("amounts");
    assert!(!found.changed && found.inputs.is_empty() && found.added.is_empty() && found.removed.is_empty());
    assert!(found.strategies.iter().all(|it| !it.changed && it.cost.difference == Some(0.0)));
    adds_up(&found);
}

/// 30 images of 200,000,000 bytes to each of two regions are 11.1758708954 GB; at $0.01 a GB more that is $0.1117587.
#[test]
fn a_price_changes_what_the_hand_says() {
    let dearer = run(&["prices.override={ inter_region = \"$0.03/GB\" }"]);
    let cheaper = run(&["prices.override={ inter_region = \"$0.02/GB\" }"]);
    let found = diff(&cheaper, &dearer).expect("amounts");
    adds_up(&found);
    let it = strategy(&found, "replicate");
    assert!((it.cost.difference.expect("told") - 0.111_758_709).abs() < 1e-7, "{:?}", it.cost);
    let changed: Vec<&str> = it.line_items.iter().filter(|it| it.is_change()).map(|it| it.name.as_str()).collect();
    assert_eq!(changed, ["copy"]);
    assert!(
        (it.line_items.iter().find(|it| it.name == "copy").and_then(|it| it.relative).expect("told") - 0.5).abs()
            < 1e-6
    );
    assert!(it.figures.iter().all(|figure| !figure.is_change()), "prices move no bytes");
    assert_eq!((it.cost.ci_low, it.cost.significant), (None, None), "one trial has no interval");
    assert_eq!(found.inputs.len(), 1, "{:?}", found.inputs);
    let setting = &found.inputs[0];
    assert_eq!((setting.kind, setting.name.as_str()), ("setting", "prices.override.inter_region"));
    assert_eq!((setting.old.as_deref(), setting.new.as_deref()), (Some("$0.02/GB"), Some("$0.03/GB")));
}

#[test]
fn trials_in_pairs_know_a_price_better_than_either_cost() {
    let old = run(&DRAWN);
    let new = run(&[&DRAWN[..], &["prices.discount=\"10%\""]].concat());
    let found = diff(&old, &new).expect("amounts");
    adds_up(&found);
    let it = strategy(&found, "pull-across");
    let (low, high) = it.cost.ci_low.zip(it.cost.ci_high).expect("an interval");
    let row = old.summary.iter().find(|row| row.strategy == "pull-across").expect("run");
    let own = row.cost_ci_high_usd_month.zip(row.cost_ci_low_usd_month).map(|(high, low)| high - low).expect("trials");
    assert!((high - low) < 0.11 * own && it.cost.significant == Some(true), "{:?}", it.cost);
    assert!((it.cost.relative.expect("told") + 0.1).abs() < 1e-6);
}

#[test]
fn a_lifecycle_that_keeps_less_stores_less() {
    let found = diff(&run(&[]), &run(&["repositories.app.lifecycle={ keep = 2 }"])).expect("amounts");
    adds_up(&found);
    let it = strategy(&found, "replicate");
    let changed: Vec<(&str, bool)> = it
        .line_items
        .iter()
        .filter(|it| it.is_change())
        .map(|it| (it.name.as_str(), it.difference < Some(0.0)))
        .collect();
    assert_eq!(changed, [("storage", true)]);
    let stored = it.figures.iter().find(|figure| figure.name == "stored_bytes_end").expect("told");
    assert!(stored.difference < Some(-1e9), "{stored:?}");
}

#[test]
fn a_strategy_more_is_told_and_one_less_too() {
    let all = run(&[]);
    let mut fewer = all.clone();
    keep(&mut fewer, &["replicate".into(), "bound".into()]);
    let found = diff(&fewer, &all).expect("amounts");
    assert!(found.changed && found.removed.is_empty() && found.strategies.iter().all(|it| !it.changed));
    let names: Vec<&str> = found.added.iter().map(|it| it.strategy.as_str()).collect();
    assert_eq!(names, ["pull-across", "central", "cache-kept", "cache-12h", "noon-job"]);
    assert_eq!(diff(&all, &fewer).expect("amounts").removed.len(), 5);
}

#[test]
fn runs_of_other_seeds_are_not_paired() {
    let (old, new) = (run(&DRAWN), run(&[&DRAWN[..], &["run.seed=2"]].concat()));
    let found = diff(&old, &new).expect("amounts");
    assert_eq!(found.method, Method::Unpaired);
    assert!(found.notes[0].contains("share no trials"), "{:?}", found.notes);
    let cost = &strategy(&found, "replicate").cost;
    assert_eq!(cost.significant, Some(false), "{cost:?}");
    assert_eq!(cost.sums.as_ref().expect("money").difference_usd, None);
}

#[test]
fn an_objective_that_is_met_no_more_is_newly_missed() {
    let row = |met, target| ObjectiveRow {
        strategy: "s".into(),
        objective: "o".into(),
        region: "all".into(),
        target,
        observed: Some(2.0),
        unit: "s".into(),
        met,
        probability_met: None,
    };
    let verdict = |old: &[ObjectiveRow], new: &[ObjectiveRow]| {
        objectives::compare(old, new, "s").first().map(|change| change.verdict)
    };
    let (met, missed) = (row(Some(true), 3.0), row(Some(false), 1.0));
    let (met, missed) = (std::slice::from_ref(&met), std::slice::from_ref(&missed));
    assert_eq!(verdict(met, missed), Some(Verdict::NewlyMissed));
    assert_eq!(verdict(missed, met), Some(Verdict::NewlyMet));
    assert_eq!(verdict(&[], missed), Some(Verdict::NewlyMissed));
    assert_eq!(verdict(&[], met), Some(Verdict::Added));
    assert_eq!(verdict(met, &[]), Some(Verdict::Removed));
    assert_eq!(verdict(met, met), None);
    assert_eq!(verdict(met, &[row(Some(true), 4.0)]), Some(Verdict::Changed));
    assert_eq!(verdict(met, &[row(None, 3.0)]), Some(Verdict::Changed));
}

#[test]
fn a_broken_amount_is_named() {
    let tables = run(&[]);
    let mut broken = tables.clone();
    broken.bill[0].cost_usd = "many".into();
    let error = diff(&tables, &broken).expect_err("refused").to_string();
    assert!(error.starts_with("`many` in bill.csv (strategy `pull-across`, trial 1)"), "{error}");
}
