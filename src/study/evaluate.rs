//! One point of a study: a scenario's strategies on the same trials, and the few tables that studies look at.
//!
//! What a run tells beyond these (bills, days, regions, other delays) is left out: a study has many points, and whoever
//! wants to know all about one of them runs it by itself.

use std::sync::atomic::AtomicBool;

use super::compare::{Options, Progress, gather};
use super::rows;
use super::tables::{ObjectiveRow, SummaryRow, TrialRow};
use super::variants::Lines;
use super::{StudyError, statistics::Estimate};
use crate::engine;
use crate::scenario::Scenario;

/// What came out at one point. All lists but the rows are by strategy, in the order of `summary`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evaluation {
    /// As in `summary.csv`.
    pub summary: Vec<SummaryRow>,
    /// As in `trials.csv`: by strategy, then trial.
    pub trials: Vec<TrialRow>,
    /// As in `objectives.csv`.
    pub objectives: Vec<ObjectiveRow>,
    /// Dollars a month of each trial, under the scenario's reading of the pull price.
    pub costs: Vec<Vec<f64>>,
    /// The same under the other reading, where every price for it is known.
    pub other_costs: Vec<Option<Vec<f64>>>,
}

impl Evaluation {
    /// The cost of strategy `a` minus that of `b` (indices into the lists), paired by trial, in dollars a month.
    pub fn difference(&self, a: usize, b: usize) -> Estimate {
        Estimate::of_differences(&self.costs[a], &self.costs[b])
    }
}

/// Runs a point.
///
/// # Errors
///
/// See [`StudyError`].
pub fn evaluate(
    scenario: &Scenario,
    options: &Options,
    progress: &dyn Progress,
    interrupt: &AtomicBool,
) -> Result<Evaluation, StudyError> {
    let all = || (0..scenario.model.strategies.len()).collect();
    let strategies = options.strategies.clone().unwrap_or_else(all);
    let plan = Lines::plain(scenario, &strategies);
    let gathering = gather(scenario, &plan, options.jobs, progress, interrupt, &engine::run)?;
    Ok(rows::of_point(scenario, &plan.lines, &gathering.lines))
}

#[cfg(test)]
mod tests {
    use super::super::compare::{Unseen, compare};
    use super::*;
    use crate::scenario::{Diagnostics, load};

    #[test]
    fn a_point_has_the_figures_of_a_run() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/quickstart.toml");
        let sets = ["run.duration=5d", "run.trials=3"].map(String::from);
        let scenario = load(path.as_ref(), &sets, &mut Diagnostics::default()).unwrap();
        let options = Options { strategies: None, jobs: 2 };
        let stop = AtomicBool::new(false);
        let point = evaluate(&scenario, &options, &Unseen, &stop).unwrap();
        let run = compare(&scenario, &options, &Unseen, &stop).unwrap();
        assert_eq!((&point.summary, &point.trials, &point.objectives), (&run.summary, &run.trials, &run.objectives));
        for (row, costs) in point.summary.iter().zip(&point.costs) {
            // `summary.csv` divides the sum of all trials once: the last bit may differ.
            assert!((Estimate::of(costs).mean / row.cost_usd_month - 1.0).abs() < 1e-12, "{}", row.strategy);
        }
        let difference =
            run.comparison.iter().find(|row| row.strategy == point.summary[1].strategy && row.metric == "cost");
        assert_eq!(difference.map(|row| row.difference), Some(point.difference(1, 0).mean));
    }
}
