//! Which repositories to replicate where, which to cache, and which to leave at home: the cheapest choice that meets
//! the objectives and that the service accepts as rules.
//!
//! The way through this folder: [`cells`] measures what each way costs for each repository at each registry;
//! [`choice`] takes the cheapest ways that meet the objectives; [`mod@plan`] turns them into rules ([`trie`], [`rules`]) and
//! creation templates; [`mod@verify`] runs the result as a whole. When an objective is missed then, more is asked for and
//! the same is done again, a few times. Whatever wins is then judged on fresh trials, beside its rivals: on those that it was
//! chosen on it would flatter itself.

pub mod cells;
pub mod choice;
pub mod gaps;
pub mod judged;
pub mod plan;
pub mod requirement;
pub mod rules;
pub mod trie;
pub mod verify;
pub mod ways;

#[cfg(test)]
mod tests;

use cells::{Cells, measure};
use choice::{Repair, Wishes, cheapest, wishes};
use judged::Judged;
use plan::{Plan, plan};
use rules::Limits;
use verify::{Means, Rivals, Verified, verify};
use ways::{Column, Ttls, Way};

use super::StudyError;
use crate::scenario::{Metric, Scenario};

/// What may be chosen from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choices {
    /// Caches that drop images so long after their last pull: jobs of the user's, which the service has not (B5).
    pub with_jobs: bool,
    /// What a registry takes.
    pub limits: Limits,
}

/// A recommendation with everything that it rests on.
#[derive(Clone, Debug)]
pub struct Optimum {
    /// What was measured.
    pub cells: Cells,
    /// The cheapest ways, whatever rules can say.
    pub wishes: Wishes,
    /// What the service accepts.
    pub plan: Plan,
    /// Objectives that it misses on the trials of the choice: no way was found to meet them.
    pub unmet: Vec<String>,
    /// The plan as it was run on fresh trials, beside its rivals.
    pub verified: Verified,
    /// The seed of these trials.
    pub fresh_seed: u64,
    /// Runs of a recommendation: more than one when an objective was missed at first.
    pub rounds: usize,
}

/// How much of the distance to perfection is asked for on top, in each round of repair.
const MARGINS: [f64; 3] = [0.5, 0.9, 1.0];

/// Finds the recommendation for a scenario.
///
/// # Errors
/// See [`StudyError`].
pub fn optimize(scenario: &Scenario, choices: Choices, means: Means<'_>) -> Result<Optimum, StudyError> {
    let judged = Judged::of(scenario);
    let columns = ways::columns(&scenario.model, choices.with_jobs);
    let ttls = if choices.with_jobs { gaps::observe(scenario, means)? } else { Ttls::new() };
    let cells = measure(scenario, &columns, ttls, &judged, means)?;
    let mut repair = Repair { margins: vec![0.0; judged.len()], ..Repair::default() };
    let mut best: Option<Attempt> = None;
    for round in 0..=MARGINS.len() {
        let wishes = wishes(&cells, &judged, &repair);
        let plan = plan(&scenario.model, &cells, &wishes, choices.limits);
        let again = best.as_ref().is_some_and(|best| best.plan == plan);
        if again && round == MARGINS.len() {
            break;
        }
        let (missed, cost) = match &best {
            Some(best) if again => (best.missed.clone(), best.cost),
            _ => {
                let tried = verify(scenario, &cells, &plan, means)?;
                (tried.missed(), tried.cost.mean)
            }
        };
        let attempt = Attempt { wishes, plan, missed: missed.clone(), cost, rounds: round + 1 };
        let worth = |one: &Attempt| (one.missed.len(), one.cost);
        if best.as_ref().is_none_or(|best| worth(&attempt) < worth(best)) {
            best = Some(attempt);
        }
        if missed.is_empty() || !ask_for_more(scenario, &cells, &judged, &missed, round, &mut repair) {
            break;
        }
    }
    let Some(Attempt { wishes, plan, missed, rounds, .. }) = best else { return Err(StudyError::Interrupted) };
    let fresh = fresh(scenario);
    let verified = verify(&fresh, &cells, &plan, means)?.beside(&Rivals::run(&fresh, &cells, means)?);
    Ok(Optimum { cells, wishes, plan, unmet: missed, verified, fresh_seed: fresh.run.seed, rounds })
}

/// A plan that was run on the trials that its cells were measured on.
struct Attempt {
    wishes: Wishes,
    plan: Plan,
    missed: Vec<String>,
    /// Dollars a month.
    cost: f64,
    rounds: usize,
}

/// The same scenario on trials that nothing was chosen by: those of the next seed, so that
/// `replisim run scenario.toml --seed ..` repeats them.
fn fresh(scenario: &Scenario) -> Scenario {
    let mut fresh = scenario.clone();
    // A file holds no seed above this.
    fresh.run.seed = if scenario.run.seed >= i64::MAX as u64 { 1 } else { scenario.run.seed + 1 };
    fresh
}

/// Asks for more where an objective was missed; whether there is anything that could help.
fn ask_for_more(
    scenario: &Scenario,
    cells: &Cells,
    judged: &[Judged],
    missed: &[String],
    round: usize,
    repair: &mut Repair,
) -> bool {
    let Some(margin) = MARGINS.get(round) else { return false };
    let before = repair.clone();
    for (index, objective) in scenario.objectives.iter().enumerate().filter(|(_, it)| missed.contains(&it.name)) {
        if let Some(position) = judged.iter().position(|one| one.objective == index) {
            repair.margins[position] = *margin;
            if *margin >= 1.0 {
                fix(cells, repair, |cell| {
                    judged[position].concerns(&scenario.model, cell.repository, cell.destination)
                });
            }
        }
        if let Metric::Recovery { fault, .. } | Metric::ImagesMissing { fault, .. } = objective.metric {
            let faults: Vec<usize> = fault.map_or_else(|| (0..scenario.model.faults.len()).collect(), |one| vec![one]);
            fix(cells, repair, |cell| {
                scenario.model.demand.clusters.iter().any(|cluster| {
                    cluster.registry == cell.destination && faults.iter().any(|fault| cluster.fails_over_on(*fault))
                })
            });
        }
    }
    *repair != before
}

/// Replicates these cells, or caches them where they may not be replicated.
fn fix(cells: &Cells, repair: &mut Repair, which: impl Fn(&cells::Cell) -> bool) {
    let replicate = cells.columns.iter().position(|column| *column == Column::Same(Way::Replicate));
    for (index, cell) in cells.cells.iter().enumerate().filter(|(_, cell)| cell.runs && which(cell)) {
        let there = replicate.filter(|column| cell.ways[*column].barred.is_none());
        if let Some(column) = there.or_else(|| cheapest(cell, |column| column != 0)) {
            repair.fixed.insert(index, column);
        }
    }
}
