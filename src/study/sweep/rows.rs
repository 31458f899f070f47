//! One row per point and strategy: what is varied, the figures of a summary, and how far apart strategies are.

use serde::{Deserialize, Serialize};

use super::Plan;
use crate::scenario::{Scenario, Vary};
use crate::strategy::Kind;
use crate::study::evaluate::Evaluation;
use crate::study::statistics::Estimate;
use crate::study::tables::SummaryRow;

/// One strategy at one point.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SweepRow {
    /// From 1.
    pub point: u64,
    /// A value per key, as `--set` takes it.
    pub values: Vec<String>,
    /// The same as numbers, each in the unit of its key; `None` for words, lists and tables.
    pub measures: Vec<Option<f64>>,
    /// As in `summary.csv`.
    pub summary: SummaryRow,
    /// Against the baseline, and against the cheapest.
    pub margins: Margins,
}

/// Differences of cost, paired by trial (dollars a month); the intervals are empty with fewer than two trials.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Margins {
    /// This strategy minus the baseline; empty for the baseline itself, and where it is not run.
    pub difference_usd_month: Option<f64>,
    /// Lower end of the 95 % interval.
    pub difference_ci_low_usd_month: Option<f64>,
    /// Upper end.
    pub difference_ci_high_usd_month: Option<f64>,
    /// This strategy minus the cheapest system of the point; empty for that one. The bound is no system.
    pub above_cheapest_usd_month: Option<f64>,
    /// Lower end of the 95 % interval.
    pub above_cheapest_ci_low_usd_month: Option<f64>,
    /// Upper end.
    pub above_cheapest_ci_high_usd_month: Option<f64>,
}

/// The rows of a point (from 0), by strategy.
pub(super) fn of(plan: &Plan, point: usize, scenario: &Scenario, evaluation: &Evaluation) -> Vec<SweepRow> {
    let strategies = &scenario.model.strategies;
    let position = |name: &str| evaluation.summary.iter().position(|row| row.strategy == name);
    let baseline = position(&strategies[scenario.run.baseline].name);
    let is_system =
        |name: &str| strategies.iter().any(|it| it.name == name && !matches!(it.kind, Kind::Clairvoyant { .. }));
    let systems = (0..evaluation.summary.len()).filter(|index| is_system(&evaluation.summary[*index].strategy));
    let cost = |index: usize| evaluation.summary[index].cost_usd_month;
    let cheapest = systems.min_by(|a, b| cost(*a).total_cmp(&cost(*b)));
    let values = plan.points[point].clone();
    let measures: Vec<Option<f64>> = plan.keys.iter().zip(&values).map(|(vary, value)| measure(vary, value)).collect();
    let rows = evaluation.summary.iter().enumerate().map(|(index, summary)| {
        let against = |other: Option<usize>| -> Option<Estimate> {
            other.filter(|other| *other != index).map(|other| evaluation.difference(index, other))
        };
        let (difference, above) = (against(baseline), against(cheapest));
        SweepRow {
            point: point as u64 + 1,
            values: values.clone(),
            measures: measures.clone(),
            summary: summary.clone(),
            margins: Margins {
                difference_usd_month: difference.map(|it| it.mean),
                difference_ci_low_usd_month: difference.and_then(|it| it.low()),
                difference_ci_high_usd_month: difference.and_then(|it| it.high()),
                above_cheapest_usd_month: above.map(|it| it.mean),
                above_cheapest_ci_low_usd_month: above.and_then(|it| it.low()),
                above_cheapest_ci_high_usd_month: above.and_then(|it| it.high()),
            },
        }
    });
    rows.collect()
}

/// A value as a number in its key's unit, without the dust of binary fractions.
fn measure(vary: &Vary, value: &str) -> Option<f64> {
    // Twelve digits are twice as many as values of a range have.
    vary.measure(value).and_then(|number| format!("{number:.11e}").parse().ok())
}
