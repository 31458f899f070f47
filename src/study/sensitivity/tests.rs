use super::super::compare::Unseen;
use super::*;
use crate::scenario::{Diagnostics, Vary, load, read};

const QUICK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/quickstart.toml");

fn sets() -> Vec<String> {
    ["run.duration=4d", "run.trials=2"].map(String::from).to_vec()
}

fn vary(text: &str) -> Factor {
    let mut diagnostics = Diagnostics::default();
    let draft = read(QUICK.as_ref(), &sets(), &mut diagnostics).unwrap();
    Factor::of_vary(Vary::read(text, &draft, &mut diagnostics).unwrap()).unwrap()
}

fn studied(factors: &[&str], trajectories: u64, strategies: &[&str], jobs: usize) -> Sensitivity {
    let plan = Plan {
        factors: factors.iter().map(|text| vary(text)).collect(),
        trajectories,
        strategies: strategies.iter().map(|name| name.to_string()).collect(),
        figure: Figure::Cost,
        jobs,
    };
    let read = |further: &[String]| load(QUICK.as_ref(), &[&sets(), further].concat(), &mut Diagnostics::default());
    sensitivity(&plan, &read, &Unseen, &AtomicBool::new(false)).unwrap()
}

const BOTH: [&str; 2] = ["cross-region-pull", "replication"];

#[test]
fn nothing_depends_on_the_number_of_threads() {
    let keys =
        ["clusters.eu.nodes=5..40", "prices.cross_region_pull=inter-region,internet", "clusters.\"*\".unpack=disk,ssd"];
    let one = studied(&keys, 2, &BOTH, 1);
    assert_eq!(one, studied(&keys, 2, &BOTH, 3));
    assert_eq!(one.record.points, 1 + 2 * 3 + 2 * 4);
}

#[test]
fn an_end_of_a_bar_is_that_point_run_by_itself() {
    let result = studied(&["prices.cross_region_pull=inter-region,internet"], 1, &BOTH, 0);
    let sets = [sets(), vec!["prices.cross_region_pull=internet".into()]].concat();
    let scenario = load(QUICK.as_ref(), &sets, &mut Diagnostics::default()).unwrap();
    let options = Options { strategies: Some(vec![0, 1]), jobs: 1 };
    let point = evaluate(&scenario, &options, &Unseen, &AtomicBool::new(false)).unwrap();
    let (pull, copy) = (point.summary[0].cost_usd_month, point.summary[1].cost_usd_month);
    let lead = if result.record.best == "replication" { pull - copy } else { copy - pull };
    assert_eq!(result.bars[0].high.lead, lead);
    // A list of two moves over its whole length at once: the effect is the plain difference of its ends.
    let row = result.effects.iter().find(|row| row.metric == "cost" && row.strategy == "cross-region-pull").unwrap();
    let low = result.bars[0].low.lead;
    assert!(row.mu_star > 0.0 && (row.mu - row.mu_star).abs() < 1e-12, "{row:?}");
    assert!((row.mu_star - (lead - low).abs()).abs() < 1e-6 * row.mu_star, "{row:?} {low} {lead}");
}

#[test]
fn a_key_without_effect_has_none_and_a_price_has_its_own() {
    // A name of nothing that anybody pays for, and a price that only crossing bytes pay.
    let keys = ["clusters.asia.give_up=30m..2h", "prices.discount=0%..40%"];
    let result = studied(&keys, 3, &BOTH, 0);
    let row = |key: &str, strategy: &str| {
        let mut rows = result.effects.iter().filter(|row| row.key.starts_with(key) && row.metric == "cost");
        rows.find(|row| row.strategy == strategy).unwrap()
    };
    assert_eq!(row("clusters", "replication").mu_star, 0.0);
    // Linear in the discount: 40 % of the cost without it, up to the rounding of a bill's rows.
    let discount = row("prices", "replication");
    assert!(discount.sigma.unwrap() < 1e-3 * discount.mu_star && discount.mu < 0.0, "{discount:?}");
}

#[test]
fn one_strategy_has_effects_and_no_lead() {
    let result = studied(&["clusters.eu.nodes=5..40"], 2, &["replication"], 0);
    assert!(result.bars.is_empty() && result.record.second.is_empty());
    assert!(result.effects.iter().any(|row| row.metric == "cost"));
    assert!(!result.effects.iter().any(|row| row.metric.ends_with("_lead")));
}

#[test]
fn a_refused_point_is_named() {
    let plan = Plan {
        factors: vec![vary("clusters.eu.nodes=5..40")],
        trajectories: 1,
        strategies: vec!["replication".into()],
        figure: Figure::Cost,
        jobs: 1,
    };
    let read = |further: &[String]| {
        let is_base = further.is_empty();
        load(QUICK.as_ref(), &sets(), &mut Diagnostics::default()).filter(|_| is_base)
    };
    let error = sensitivity(&plan, &read, &Unseen, &AtomicBool::new(false)).unwrap_err();
    assert_eq!(error.to_string(), "the scenario is refused with clusters.eu.nodes=5");
    let stopped = sensitivity(&plan, &read, &Unseen, &AtomicBool::new(true)).unwrap_err();
    assert!(matches!(stopped, SensitivityError::Study(StudyError::Interrupted)));
}

/// A lead within chance, or too small to choose by, is no other decision; a clear one is.
#[test]
fn only_what_is_clear_turns_a_decision() {
    let point = |copy: &[f64], pull: &[f64]| {
        let mean = |costs: &[f64]| Some(Estimate::of(costs).mean);
        let none = || vec![None, None];
        let figures = [vec![mean(copy), mean(pull)], none(), none()];
        Point { figures, costs: vec![copy.to_vec(), pull.to_vec()] }
    };
    let better = |copy: &[f64], pull: &[f64]| point(copy, pull).better(Figure::Cost, 0);
    assert_eq!(better(&[10.0, 10.2, 9.8], &[8.0, 8.1, 7.9]), Some(1));
    assert_eq!(better(&[10.0, 20.0, 9.0], &[14.0, 8.0, 9.5]), None, "by chance");
    assert_eq!(better(&[10.0, 10.2, 9.8], &[9.97, 10.17, 9.77]), None, "0.3 % less");
    assert_eq!(better(&[10.0], &[8.0]), Some(1), "of one trial nothing is known about chance");
    assert_eq!(better(&[8.0, 8.1], &[10.0, 10.1]), None);
}
