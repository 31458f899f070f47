//! The recommendation as a whole, run beside what it has to beat.
//!
//! Cells are nearly independent, and nearly is not enough: the recommendation is run like any strategy, at first on the
//! trials that measured its cells, to see whether objectives are met, and in the end on fresh ones, where every figure
//! about it comes from. Its rivals there are the scenario's baseline, each pure strategy, and the clairvoyant bound;
//! differences are paired by trial.

use std::sync::atomic::AtomicBool;

use super::cells::Cells;
use super::plan::{NAME, Plan};
use super::ways::{Column, Keep, Manner, Way, pure};
use crate::scenario::Scenario;
use crate::strategy::{Kind, Strategy};
use crate::study::statistics::Estimate;
use crate::study::tables::{ObjectiveRow, SummaryRow, Tables};
use crate::study::{Options, Progress, StudyError, compare};

/// What a rival is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The scenario's baseline.
    Baseline,
    /// One way for everything.
    Pure,
    /// What no system can beat.
    Bound,
}

/// A strategy beside the recommendation.
#[derive(Clone, Debug, PartialEq)]
pub struct Rival {
    /// What it is.
    pub part: Part,
    /// Its name in sentences.
    pub name: String,
    /// Its row of `summary.csv`.
    pub summary: SummaryRow,
    /// What the recommendation saves against it, dollars a month, paired by trial; below zero where it is dearer.
    pub saving: Estimate,
    /// Objectives that it misses, by name.
    pub missed: Vec<String>,
}

/// The recommendation as it was run.
#[derive(Clone, Debug, PartialEq)]
pub struct Verified {
    /// Dollars a month.
    pub cost: Estimate,
    /// Its row of `summary.csv`.
    pub summary: SummaryRow,
    /// Its objectives, all regions together.
    pub objectives: Vec<ObjectiveRow>,
    /// What it was run beside: the baseline, the pure strategies, the bound; empty when it was run alone.
    pub rivals: Vec<Rival>,
    /// Dollars a month of each trial.
    costs: Vec<f64>,
    /// Assumptions and notes of the run.
    pub record: crate::study::tables::RunRecord,
}

impl Verified {
    /// Names of the objectives that it misses.
    pub fn missed(&self) -> Vec<String> {
        missed(&self.objectives, NAME)
    }

    /// The same, held against rivals that were run on the same trials.
    pub fn beside(self, rivals: &Rivals) -> Verified {
        let held = rivals.rows.iter().map(|(part, summary, costs, missed)| Rival {
            part: *part,
            name: summary.strategy.clone(),
            summary: summary.clone(),
            saving: Estimate::of_differences(costs, &self.costs),
            missed: missed.clone(),
        });
        Verified { rivals: held.collect(), ..self }
    }

    /// The cheapest pure strategy.
    pub fn best_pure(&self) -> Option<&Rival> {
        let pure = self.rivals.iter().filter(|rival| rival.part == Part::Pure);
        pure.min_by(|a, b| a.summary.cost_usd_month.total_cmp(&b.summary.cost_usd_month))
    }

    /// The rival of this kind.
    pub fn rival(&self, part: Part) -> Option<&Rival> {
        self.rivals.iter().find(|rival| rival.part == part)
    }
}

fn missed(rows: &[ObjectiveRow], strategy: &str) -> Vec<String> {
    let missed = rows.iter().filter(|row| row.strategy == strategy && row.region == "all" && row.met == Some(false));
    missed.map(|row| row.objective.clone()).collect()
}

/// Threads, and who watches.
#[derive(Clone, Copy)]
pub struct Means<'a> {
    /// Threads; 0 = one per core.
    pub jobs: usize,
    /// Who watches.
    pub progress: &'a dyn Progress,
    /// Set from anywhere to end it.
    pub interrupt: &'a AtomicBool,
}

impl Means<'_> {
    fn run(&self, scenario: &Scenario, strategies: Vec<usize>) -> Result<Tables, StudyError> {
        let options = Options { strategies: Some(strategies), jobs: self.jobs };
        compare(scenario, &options, self.progress, self.interrupt)
    }
}

/// The scenario with so many trials and every objective judging every strategy, whatever is added to them.
fn judging(scenario: &Scenario, added: usize) -> Scenario {
    let mut scenario = scenario.clone();
    scenario.run.precision = None;
    let strategies = scenario.model.strategies.len() + added;
    for objective in &mut scenario.objectives {
        objective.strategies = vec![true; strategies];
    }
    scenario
}

/// What rivals cost.
pub struct Rivals {
    rows: Vec<(Part, SummaryRow, Vec<f64>, Vec<String>)>,
}

impl Rivals {
    /// Runs the baseline, the pure strategies and the bound.
    ///
    /// # Errors
    /// See [`StudyError`].
    pub fn run(scenario: &Scenario, cells: &Cells, means: Means<'_>) -> Result<Rivals, StudyError> {
        let mut scenario = judging(scenario, 4);
        let manner = Manner::of(&scenario.model);
        let mut parts = vec![(Part::Baseline, scenario.run.baseline)];
        for (way, name) in [
            (Way::Across, "pulling everything across"),
            (Way::Replicate, "replicating everything"),
            (Way::Cache(Keep::AsConfigured), "caching everything"),
        ] {
            let strategy = pure(&scenario.model, &manner, Column::Same(way), &cells.destinations, &cells.ttls, name);
            parts.push((Part::Pure, scenario.model.strategies.len()));
            scenario.model.strategies.push(strategy);
        }
        parts.push((Part::Bound, scenario.model.strategies.len()));
        let kind = Kind::Clairvoyant { push_ahead: false };
        let bound = Strategy { name: "the clairvoyant bound".into(), kind, if_missing: None, exceptions: Vec::new() };
        scenario.model.strategies.push(bound);
        let tables = means.run(&scenario, parts.iter().map(|(_, index)| *index).collect())?;
        let rows = parts.into_iter().zip(&tables.summary).map(|((part, _), summary)| {
            let costs = costs(&tables, &summary.strategy);
            (part, summary.clone(), costs, missed(&tables.objectives, &summary.strategy))
        });
        Ok(Rivals { rows: rows.collect() })
    }
}

/// Cost of each trial, dollars a month.
fn costs(tables: &Tables, strategy: &str) -> Vec<f64> {
    let rows = tables.trials.iter().filter(|row| row.strategy == strategy);
    rows.map(|row| row.cost_usd.parse().unwrap_or(f64::NAN) / row.months).collect()
}

/// Runs a plan.
///
/// # Errors
/// See [`StudyError`].
pub fn verify(scenario: &Scenario, cells: &Cells, plan: &Plan, means: Means<'_>) -> Result<Verified, StudyError> {
    let mut scenario = judging(scenario, 1);
    scenario.model = plan.applied(&scenario.model, cells);
    let tables = means.run(&scenario, vec![scenario.model.strategies.len() - 1])?;
    let costs = costs(&tables, NAME);
    Ok(Verified {
        cost: Estimate::of(&costs),
        summary: tables.summary.first().cloned().unwrap_or_default(),
        objectives: tables.objectives.iter().filter(|row| row.region == "all").cloned().collect(),
        rivals: Vec::new(),
        costs,
        record: tables.run,
    })
}
