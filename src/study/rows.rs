//! From what was gathered to rows: one file per table of design's list of results.
//!
//! Figures per month are the cost of the period over the months covered; counts and bytes are means per trial; quantiles
//! come from histograms merged over trials; differences are means over trials of per-trial differences. Nothing here
//! rounds: that is for those who print.

use super::evaluate::Evaluation;
use super::gathered::Gathered;
use super::statistics::Estimate;
use super::tables::Tables;
use super::variants::Line;
use crate::scenario::Scenario;
use crate::strategy::Strategy;
use crate::units::Usd;

pub(super) mod bill;
pub(super) mod comparison;
mod failures;
mod faults;
mod latency;
mod objectives;
mod record;
mod repositories;
mod summary;
mod timeline;

/// A strategy that was asked for, with all that its trials left.
#[derive(Clone, Copy)]
struct Column<'a> {
    /// Index in the scenario.
    index: usize,
    strategy: &'a Strategy,
    gathered: &'a Gathered,
}

/// What every table is made from.
struct View<'a> {
    scenario: &'a Scenario,
    /// The strategies asked for, in the scenario's order.
    columns: Vec<Column<'a>>,
    /// Trials of each.
    trials: f64,
    /// Months covered by the period.
    months: f64,
}

/// Every table but what only the caller knows (wall time, memory).
pub(super) fn tables(scenario: &Scenario, lines: &[Line], gathered: &[Gathered]) -> Tables {
    let view = View::of(scenario, lines, gathered);
    Tables {
        summary: summary::rows(&view),
        comparison: comparison::rows(&view),
        bill: bill::rows(&view),
        trials: summary::trials(&view),
        repositories: repositories::rows(&view),
        latency: latency::rows(&view),
        timeline: timeline::rows(&view),
        objectives: objectives::rows(&view),
        recovery: failures::recovery(&view),
        failures: failures::failures(&view),
        disruptions: failures::disruptions(&view),
        run: record::record(&view, lines, gathered),
    }
}

/// The few tables that a point of a study needs.
pub(super) fn of_point(scenario: &Scenario, lines: &[Line], gathered: &[Gathered]) -> Evaluation {
    let view = View::of(scenario, lines, gathered);
    let other_costs = view.columns.iter().map(|column| {
        let costs = &column.gathered.other_costs;
        // A trial that has no price under the other reading leaves nothing to pair.
        (costs.len() == column.gathered.trials.len())
            .then(|| costs.iter().map(|cost| cost.dollars() / view.months).collect())
    });
    Evaluation {
        costs: view.columns.iter().map(|column| column.gathered.costs_per_month(view.months)).collect(),
        other_costs: other_costs.collect(),
        summary: summary::rows(&view),
        trials: summary::trials(&view),
        objectives: objectives::rows(&view),
    }
}

impl<'a> View<'a> {
    fn of(scenario: &'a Scenario, lines: &[Line], gathered: &'a [Gathered]) -> View<'a> {
        let columns: Vec<Column> = lines
            .iter()
            .zip(gathered)
            .filter(|(line, _)| line.delay.is_none())
            .map(|(line, gathered)| {
                let strategy = &scenario.model.strategies[line.original];
                Column { index: line.original, strategy, gathered }
            })
            .collect();
        let trials = columns.first().map_or(0, |column| column.gathered.trials.len());
        let months = scenario.model.calendar.months_covered();
        View { scenario, columns, trials: trials as f64, months }
    }

    /// Dollars of all trials as a mean per trial and month.
    fn per_month(&self, usd: Usd) -> f64 {
        per_month(usd, self.trials, self.months)
    }

    /// The mean cost per month of a column, and its interval.
    fn cost(&self, column: &Column) -> Estimate {
        Estimate::of(&column.gathered.costs_per_month(self.months))
    }
}

/// Dollars of all trials as a mean per trial and month.
pub(super) fn per_month(usd: Usd, trials: f64, months: f64) -> f64 {
    usd.dollars() / (trials * months)
}

#[cfg(test)]
mod tests;
