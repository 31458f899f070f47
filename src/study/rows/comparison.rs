//! `comparison.csv`: every strategy against the baseline, paired by trial.
//!
//! Both see the same demand in each trial, so the difference is far better known than either figure (theory E1.6). A
//! quantile is compared only where each trial of both has at least 10/(1 − q) events: below that, a trial's own
//! quantile is noise; an infinite one has no difference and is left out too.

use super::View;
use crate::study::gathered::{GROUPS, TAILS, TrialFacts};
use crate::study::statistics::Estimate;
use crate::study::tables::ComparisonRow;

/// Rows by strategy, then metric; none when the baseline was not run.
pub(super) fn rows(view: &View) -> Vec<ComparisonRow> {
    let Some(baseline) = view.columns.iter().find(|column| column.index == view.scenario.run.baseline) else {
        return Vec::new();
    };
    let reference = metrics(&baseline.gathered.trials, view.months);
    let mut rows = Vec::new();
    for column in view.columns.iter().filter(|column| column.index != baseline.index) {
        let own = metrics(&column.gathered.trials, view.months);
        for (own, reference) in own.into_iter().zip(&reference) {
            let (Some(values), Some(against)) = (own.values, &reference.values) else { continue };
            let (strategy, baseline) = (column.strategy.name.clone(), baseline.strategy.name.clone());
            let row =
                ComparisonRow { strategy, baseline, metric: own.name, unit: own.unit.into(), ..Default::default() };
            rows.push(compared(row, &values, against));
        }
    }
    rows
}

/// A row with its figures filled in, from the values of each trial.
pub(in crate::study) fn compared(row: ComparisonRow, values: &[f64], against: &[f64]) -> ComparisonRow {
    let difference = Estimate::of_differences(values, against);
    let base = Estimate::of(against).mean;
    ComparisonRow {
        difference: difference.mean,
        ci_low: difference.low(),
        ci_high: difference.high(),
        relative: (base != 0.0).then(|| difference.mean / base),
        ..row
    }
}

/// One figure of each trial.
struct Metric {
    name: String,
    unit: &'static str,
    /// `None` = not to be compared.
    values: Option<Vec<f64>>,
}

/// The metrics of a strategy, the same and in the same order for every strategy.
fn metrics(trials: &[TrialFacts], months: f64) -> Vec<Metric> {
    let figure = |name: &str, unit, of: &dyn Fn(&TrialFacts) -> f64| Metric {
        name: name.into(),
        unit,
        values: Some(trials.iter().map(of).collect()),
    };
    let mut metrics = vec![figure("cost", "usd/month", &|trial| trial.cost.dollars() / months)];
    for (index, name) in GROUPS.into_iter().enumerate() {
        metrics.push(figure(name, "usd/month", &|trial| trial.groups[index].dollars() / months));
    }
    metrics.push(figure("pulls_cold", "count", &|trial| trial.pulls_cold as f64));
    metrics.push(figure("pulls_failed", "count", &|trial| trial.pulls_failed as f64));
    for event in ["pull", "lag"] {
        for (index, (_, name, needed)) in TAILS.into_iter().enumerate() {
            let tails = |trial: &TrialFacts| if event == "pull" { trial.pull } else { trial.lag };
            let quantile = |trial: &TrialFacts| {
                let tails = tails(trial);
                tails.quantiles[index].filter(|value| tails.count >= needed && value.is_finite())
            };
            let values = trials.iter().map(quantile).collect();
            metrics.push(Metric { name: format!("{event}_{name}"), unit: "s", values });
        }
    }
    metrics.push(figure("cross_region_bytes", "bytes", &|trial| trial.cross_region_bytes as f64));
    metrics
}
