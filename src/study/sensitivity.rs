//! What must be known better before one decides: every assumption moved over its plausible range.
//!
//! Two designs over the same factors. *One at a time*: from the scenario as it is, each key goes to both ends of its range
//! while the others stay (2k + 1 points); from it comes the tornado chart. *Screening* ([`morris`]): r trajectories of
//! k + 1 points in which everything else varies too; from it come mu*, which says how much a key matters wherever the
//! others are, and sigma, which says how much that depends on them. All points run the same trials on the same seed, so
//! what differs between two points is the key's doing and not chance.
//!
//! The decision is the strategy with the lowest figure at the scenario as it is. Its *lead* is what the best of the others
//! costs more (or is slower); where the lead is below zero, the decision is another, unless that is within chance or too
//! little to choose by ([`alike`]).

use std::ops::ControlFlow;
use std::sync::atomic::AtomicBool;

use serde::{Deserialize, Serialize};

use super::compare::{Options, Progress};
use super::evaluate::{Evaluation, evaluate};
use super::in_order::in_order;
use super::statistics::{Estimate, alike};
use super::tables::SummaryRow;
use super::{StudyError, sensitivity::morris::Trajectory};
use crate::scenario::{Factor, Scenario};
use crate::strategy::Kind;

pub mod morris;
mod outcome;

pub use outcome::{Bar, EffectRow, End, Moved, Record, Sensitivity};

/// A figure of a strategy that a decision may be taken by; lower is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Figure {
    /// Dollars a month.
    Cost,
    /// The 95 % quantile of pull times.
    PullP95,
    /// The 99 % quantile of copies' lags.
    LagP99,
}

impl Figure {
    /// All of them, in the order of the tables.
    pub const ALL: [Figure; 3] = [Figure::Cost, Figure::PullP95, Figure::LagP99];

    /// As in tables.
    pub fn name(self) -> &'static str {
        match self {
            Figure::Cost => "cost",
            Figure::PullP95 => "pull_p95",
            Figure::LagP99 => "lag_p99",
        }
    }

    /// As in tables.
    pub fn unit(self) -> &'static str {
        match self {
            Figure::Cost => "usd/month",
            Figure::PullP95 | Figure::LagP99 => "s",
        }
    }

    fn of(self, row: &SummaryRow) -> Option<f64> {
        let value = match self {
            Figure::Cost => Some(row.cost_usd_month),
            Figure::PullP95 => row.pull_p95_s,
            Figure::LagP99 => row.lag_p99_s,
        };
        value.filter(|value| value.is_finite())
    }
}

/// What to find out.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What moves.
    pub factors: Vec<Factor>,
    /// Ways through the grid; none leaves only one at a time.
    pub trajectories: u64,
    /// Strategies, by name, in scenario order; a bound is no choice and should not be among them.
    pub strategies: Vec<String>,
    /// What the decision is taken by.
    pub figure: Figure,
    /// Threads; 0 = one per core.
    pub jobs: usize,
}

/// The strategies that there are to choose from: all but bounds.
pub fn choices(scenario: &Scenario) -> Vec<usize> {
    let all = scenario.model.strategies.iter().enumerate();
    all.filter(|(_, strategy)| !matches!(strategy.kind, Kind::Clairvoyant { .. })).map(|(index, _)| index).collect()
}

/// The scenario with these settings; `None` when it is refused, which the caller has told by then.
pub type Load<'a> = &'a (dyn Fn(&[String]) -> Option<Scenario> + Sync);

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub enum SensitivityError {
    /// A point cannot be run.
    #[error(transparent)]
    Study(#[from] StudyError),
    /// The scenario is refused with these settings.
    #[error("the scenario is refused with {}", .0.join(" "))]
    Refused(Vec<String>),
    /// No strategy has the figure that the decision is taken by.
    #[error("no strategy has a {0} to decide by")]
    Undecided(&'static str),
}

/// One point: what each strategy of the plan came to.
pub(super) struct Point {
    /// By figure, then strategy.
    pub figures: [Vec<Option<f64>>; 3],
    /// Dollars a month by strategy and trial.
    pub costs: Vec<Vec<f64>>,
}

impl Point {
    fn of(evaluation: &Evaluation, strategies: &[String]) -> Point {
        let place = |name: &String| evaluation.summary.iter().position(|row| row.strategy == *name);
        let places: Vec<Option<usize>> = strategies.iter().map(place).collect();
        let rows = |place: &Option<usize>| place.map(|place| &evaluation.summary[place]);
        Point {
            figures: Figure::ALL
                .map(|figure| places.iter().map(|place| rows(place).and_then(|row| figure.of(row))).collect()),
            costs: places.iter().map(|at| at.map(|at| evaluation.costs[at].clone()).unwrap_or_default()).collect(),
        }
    }

    /// The strategy with the lowest figure; the first of equals.
    pub fn best(&self, figure: Figure) -> Option<usize> {
        self.lowest(figure, None)
    }

    /// What the best strategy but `chosen` has more than it, and which one that is.
    pub fn lead(&self, figure: Figure, chosen: usize) -> Option<(f64, usize)> {
        let other = self.lowest(figure, Some(chosen))?;
        let value = |strategy: usize| self.figures[figure as usize][strategy];
        Some((value(other)? - value(chosen)?, other))
    }

    fn lowest(&self, figure: Figure, but: Option<usize>) -> Option<usize> {
        let values = self.figures[figure as usize].iter().enumerate();
        let known =
            values.filter(|(strategy, _)| Some(*strategy) != but).filter_map(|(at, value)| Some((at, (*value)?)));
        known.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(strategy, _)| strategy)
    }

    /// The strategy that is better than `chosen`, if one is: beyond chance, where that is known (costs), and by more than
    /// anybody would choose by.
    pub fn better(&self, figure: Figure, chosen: usize) -> Option<usize> {
        let (lead, other) = self.lead(figure, chosen)?;
        let value = self.figures[figure as usize][chosen]?;
        let by_chance =
            figure == Figure::Cost && self.lead_interval(chosen, other).high().is_some_and(|high| high >= 0.0);
        (lead < 0.0 && !alike(value, value + lead) && !by_chance).then_some(other)
    }

    /// The lead in dollars with its interval, paired by trial.
    fn lead_interval(&self, chosen: usize, other: usize) -> Estimate {
        Estimate::of_differences(&self.costs[other], &self.costs[chosen])
    }
}

/// Counts the trials of all points; what a point plans by itself is part of that.
struct Whole<'a>(&'a dyn Progress);

impl Progress for Whole<'_> {
    fn trial_done(&self) {
        self.0.trial_done();
    }
}

/// Runs every point and works out what follows.
///
/// # Errors
///
/// See [`SensitivityError`].
pub fn sensitivity(
    plan: &Plan,
    load: Load<'_>,
    progress: &dyn Progress,
    interrupt: &AtomicBool,
) -> Result<Sensitivity, SensitivityError> {
    let base = load(&[]).ok_or_else(|| SensitivityError::Refused(Vec::new()))?;
    let names: Vec<&str> = plan.factors.iter().map(|factor| factor.key.as_str()).collect();
    let seed = base.run.seed;
    let ways: Vec<Trajectory> = (0..plan.trajectories).map(|index| Trajectory::draw(&names, seed, index)).collect();
    let settings = settings(plan, &ways);
    progress.planned(settings.len() as u64 * plan.strategies.len() as u64 * base.run.trials);

    let pool = rayon::ThreadPoolBuilder::new().num_threads(plan.jobs).build().map_err(StudyError::from)?;
    let run = |index: usize| -> Result<Point, SensitivityError> {
        let sets = &settings[index];
        let scenario = load(sets).ok_or_else(|| SensitivityError::Refused(sets.clone()))?;
        let known = |name: &String| scenario.model.strategies.iter().position(|strategy| strategy.name == *name);
        let mut strategies: Vec<usize> = plan.strategies.iter().filter_map(known).collect();
        strategies.sort_unstable();
        // Points run beside each other; the trials of one follow each other.
        let options = Options { strategies: Some(strategies), jobs: 1 };
        let evaluation = evaluate(&scenario, &options, &Whole(progress), interrupt)?;
        Ok(Point::of(&evaluation, &plan.strategies))
    };
    let mut points: Vec<Point> = Vec::with_capacity(settings.len());
    let mut error = None;
    let done = in_order(&pool, settings.len(), interrupt, run, |_, point| match point {
        Ok(point) => {
            points.push(point);
            ControlFlow::Continue(())
        }
        Err(problem) => {
            error = Some(problem);
            ControlFlow::Break(())
        }
    });
    if let Some(error) = error {
        return Err(error);
    }
    if !done {
        return Err(StudyError::Interrupted.into());
    }
    outcome::outcome(plan, &base, &ways, &points)
}

/// The settings of every point: the scenario as it is, both ends of every key, then the trajectories.
fn settings(plan: &Plan, ways: &[Trajectory]) -> Vec<Vec<String>> {
    let mut settings = vec![Vec::new()];
    for factor in &plan.factors {
        settings.extend([factor.settings(0.0), factor.settings(1.0)]);
    }
    for point in ways.iter().flat_map(Trajectory::points) {
        settings.push(plan.factors.iter().zip(point).flat_map(|(factor, share)| factor.settings(share)).collect());
    }
    settings
}

#[cfg(test)]
mod tests;
