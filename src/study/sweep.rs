//! A sweep: one scenario at many points, every strategy at each of them.
//!
//! A point is a list of settings ([`Plan`]), so each can be run by itself. Points share nothing: they are run in
//! parallel, in shards on several machines, or in several sittings, and whoever joins them gets the rows of an
//! uninterrupted sweep, since a point's rows depend on nothing but its number. This module knows no files: what is
//! finished goes to the caller at once, who keeps it.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

mod plan;
mod rows;
pub mod record;

pub use plan::{Method, Plan, PlanError, Shard};
pub use record::{KeyRecord, Record};
pub use rows::{Margins, SweepRow};

use super::StudyError;
use super::compare::{Options, Unseen};
use super::evaluate::evaluate;
use super::in_order::in_order;
use crate::scenario::tree::Origin;
use crate::scenario::{self, Diagnostics, Input, Scenario};

/// So many points per thread are enough to keep every thread busy with points of its own.
const MANY_PER_THREAD: usize = 4;

/// What is run: a scenario, and what changes from point to point.
#[derive(Clone, Debug)]
pub struct Sweep {
    /// The scenario's file.
    pub path: PathBuf,
    /// `--set` arguments that hold at every point.
    pub settings: Vec<String>,
    /// Names of the strategies to run; empty = all.
    pub strategies: Vec<String>,
    /// The points.
    pub plan: Plan,
}

/// Why a sweep ended before its last point. What is finished by then has been handed over.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// The caller's flag was set.
    #[error("interrupted")]
    Interrupted,
    /// No threads.
    #[error("no threads to run on: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
    /// A point has no result.
    #[error("at {point}: {source}")]
    Point {
        /// The point in words.
        point: String,
        /// Why.
        source: StudyError,
    },
    /// A file is not what it was when the points were checked.
    #[error("an input of {point} has changed since the sweep began")]
    Changed {
        /// The point in words.
        point: String,
    },
    /// The caller could not keep a finished point.
    #[error("{0}")]
    Kept(String),
}

/// Who takes a finished point's rows (with its index), from any thread.
///
/// The error is what the user is told.
pub type Keep<'a> = &'a (dyn Fn(usize, Vec<SweepRow>) -> Result<(), String> + Sync);

impl Sweep {
    /// The scenario at a point (an index into the plan). Problems go to `diagnostics`.
    pub fn load(&self, point: usize, diagnostics: &mut Diagnostics) -> Option<Scenario> {
        let mut sets = self.settings.clone();
        sets.extend(self.plan.settings(point));
        scenario::load(&self.path, &sets, diagnostics)
    }

    /// Loads every one of these points and runs none. What is wrong goes to `diagnostics`, each problem once with the
    /// first point that has it; what comes back are all files that the points read, by name.
    ///
    /// # Errors
    ///
    /// Without threads, or when `interrupt` is set.
    pub fn check(
        &self,
        points: &[usize],
        jobs: usize,
        interrupt: &AtomicBool,
        diagnostics: &mut Diagnostics,
    ) -> Result<Vec<Input>, SweepError> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(jobs).build()?;
        let mut inputs = std::collections::BTreeMap::new();
        let look = |index: usize| {
            let mut found = Diagnostics::default();
            let scenario = self.load(points[index], &mut found);
            if let Some(name) = scenario.as_ref().and_then(|scenario| self.selected(scenario).err()) {
                let file = found.add_file("--strategy", name.as_str());
                let origin = Origin { file, span: 0..name.len() };
                found.error(&origin, format!("the scenario has no strategy `{name}`"), "");
            }
            (found, scenario.map(|scenario| scenario.inputs).unwrap_or_default())
        };
        in_order(&pool, points.len(), interrupt, look, |index, (found, read)| {
            diagnostics.absorb(&found, &format!("at {}", self.plan.words(points[index])));
            inputs.extend(read.into_iter().map(|input| (input.file, input.sha256)));
            if diagnostics.is_full() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        if interrupt.load(Ordering::Relaxed) {
            return Err(SweepError::Interrupted);
        }
        Ok(inputs.into_iter().map(|(file, sha256)| Input { file, sha256 }).collect())
    }

    /// Runs these points on `jobs` threads (0 = one per core) and hands each to `keep` as soon as it is finished.
    /// `inputs` are what [`Sweep::check`] found. `interrupt` is looked at between trials.
    ///
    /// # Errors
    ///
    /// The first point without a result; see [`SweepError`].
    pub fn run(
        &self,
        points: &[usize],
        inputs: &[Input],
        jobs: usize,
        interrupt: &AtomicBool,
        keep: Keep,
    ) -> Result<(), SweepError> {
        let threads = rayon::ThreadPoolBuilder::new().num_threads(jobs).build()?.current_num_threads();
        // Points side by side waste nothing; but of a few points the last one would leave all threads but one idle.
        let (outer, inner) = if points.len() >= MANY_PER_THREAD * threads { (threads, 1) } else { (1, threads) };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(outer).build()?;
        let failure = Mutex::new(None);
        let make = |index: usize| {
            let point = points[index];
            self.point(point, inputs, inner, interrupt).and_then(|rows| keep(point, rows).map_err(SweepError::Kept))
        };
        let finished = in_order(&pool, points.len(), interrupt, make, |_, outcome| match outcome {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                *failure.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(error);
                ControlFlow::Break(())
            }
        });
        match failure.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner) {
            Some(error) => Err(error),
            None if finished => Ok(()),
            None => Err(SweepError::Interrupted),
        }
    }

    /// The rows of one point.
    fn point(
        &self,
        point: usize,
        inputs: &[Input],
        jobs: usize,
        interrupt: &AtomicBool,
    ) -> Result<Vec<SweepRow>, SweepError> {
        let changed = || SweepError::Changed { point: self.plan.words(point) };
        let scenario = self.load(point, &mut Diagnostics::default()).ok_or_else(changed)?;
        let strategies = self.selected(&scenario).map_err(|_| changed())?;
        if scenario.inputs.iter().any(|input| !inputs.contains(input)) {
            return Err(changed());
        }
        let options = Options { strategies, jobs };
        match evaluate(&scenario, &options, &Unseen, interrupt) {
            Ok(evaluation) => Ok(rows::of(&self.plan, point, &scenario, &evaluation)),
            Err(StudyError::Interrupted) => Err(SweepError::Interrupted),
            Err(source) => Err(SweepError::Point { point: self.plan.words(point), source }),
        }
    }

    /// Indices of the strategies to run, ascending; `None` = all.
    ///
    /// # Errors
    ///
    /// The name that the scenario lacks.
    fn selected(&self, scenario: &Scenario) -> Result<Option<Vec<usize>>, String> {
        if self.strategies.is_empty() {
            return Ok(None);
        }
        let known = &scenario.model.strategies;
        let place = |name: &String| known.iter().position(|it| it.name == *name).ok_or_else(|| name.clone());
        let mut indices = self.strategies.iter().map(place).collect::<Result<Vec<_>, _>>()?;
        indices.sort_unstable();
        indices.dedup();
        Ok(Some(indices))
    }
}

#[cfg(test)]
mod tests;
