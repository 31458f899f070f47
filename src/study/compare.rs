//! The comparison of strategies: every trial of every strategy, in parallel, until there are enough trials.
//!
//! A job is one trial of one strategy: simulate, price, hand over. Jobs are laid out trial by trial and folded in that
//! order ([`in_order`](super::in_order)), so every file is the same for any number of threads. With `precision` the
//! number of trials is decided at fixed points (after 10, 20, 40, .. trials) and from the trials in their order, so it
//! does not depend on threads either.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::StudyError;
use super::gathered::{Gathered, Sample};
use super::in_order::in_order;
use super::rows;
use super::statistics::Estimate;
use super::tables::Tables;
use super::variants::{Line, Lines};
use crate::billing::{Bill, BillError, OwnRates, PullReading, Terms, bill, split_by_day, split_by_repository};
use crate::engine::{self, Model, Outcome};
use crate::scenario::Scenario;
use crate::strategy::{Kind, Strategy};

/// Trials after which precision is judged for the first time; then after twice as many, and so on (theory E1.4).
const FIRST_LOOK: u64 = 10;

/// What to run of a scenario, and on how many threads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Indices of the strategies to run, ascending; every strategy when `None`.
    pub strategies: Option<Vec<usize>>,
    /// Threads; 0 = one per core.
    pub jobs: usize,
}

/// Who watches a run. All methods may be called from any thread.
pub trait Progress: Sync {
    /// So many more jobs (trials of one strategy each) will be run.
    fn planned(&self, _jobs: u64) {}
    /// One job is done.
    fn trial_done(&self) {}
    /// The cost of a strategy so far [dollars a month], after each trial, in trial order.
    fn interval(&self, _strategy: &str, _cost: Estimate) {}
}

/// Nobody watches.
pub struct Unseen;

impl Progress for Unseen {}

/// Runs a scenario and works out every table.
///
/// `interrupt` may be set from anywhere; it is looked at between jobs.
///
/// # Errors
///
/// See [`StudyError`].
pub fn compare(
    scenario: &Scenario,
    options: &Options,
    progress: &dyn Progress,
    interrupt: &AtomicBool,
) -> Result<Tables, StudyError> {
    compare_with(scenario, options, progress, interrupt, &engine::run)
}

/// A simulation of one trial: (model, strategy, seed, trial).
type Simulate<'a> = &'a (dyn Fn(&Model, usize, u64, u64) -> Outcome + Sync);

/// [`compare`] with the simulation as a parameter, so that tests can hand in outcomes made by hand.
pub(super) fn compare_with(
    scenario: &Scenario,
    options: &Options,
    progress: &dyn Progress,
    interrupt: &AtomicBool,
    simulate: Simulate,
) -> Result<Tables, StudyError> {
    let started = Instant::now();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(options.jobs).build()?;
    let all = || (0..scenario.model.strategies.len()).collect();
    let strategies = options.strategies.clone().unwrap_or_else(all);
    let plan = Lines::of(scenario, &strategies);
    let mut study = Study::new(scenario, &plan, progress);
    let mut reached = true;
    for target in looks(scenario) {
        let (done, lines) = (study.trials, plan.lines.len());
        let count = (target - done) as usize * lines;
        progress.planned(count as u64);
        let make = |index: usize| {
            let line = &plan.lines[index % lines];
            let sample = run(scenario, &plan.model, line, done + 1 + (index / lines) as u64, simulate);
            progress.trial_done();
            sample
        };
        let finished = in_order(&pool, count, interrupt, make, |index, sample| {
            study.fold(done + 1 + (index / lines) as u64, index % lines, sample)
        });
        if let Some(error) = study.error {
            return Err(error);
        }
        if !finished || interrupt.load(Ordering::Relaxed) {
            return Err(StudyError::Interrupted);
        }
        study.trials = target;
        reached = study.is_precise();
        if reached {
            break;
        }
    }
    let mut notes = Vec::new();
    if let (false, Some(precision)) = (reached, scenario.run.precision) {
        notes.push(format!(
            "the wanted precision of ±{}% was not reached within max_trials = {}",
            precision * 100.0,
            scenario.run.max_trials
        ));
    }
    let gathered = study.gathered;
    let mut tables = rows::tables(scenario, &plan.lines, &gathered);
    tables.run.notes.extend(notes);
    tables.run.wall_seconds = started.elapsed().as_secs_f64();
    Ok(tables)
}

/// After how many trials to stop and look. Without `precision` there is one look: at the end.
fn looks(scenario: &Scenario) -> Vec<u64> {
    let run = &scenario.run;
    if run.precision.is_none() {
        return vec![run.trials.max(1)];
    }
    let last = run.max_trials.max(FIRST_LOOK);
    let mut looks: Vec<u64> =
        std::iter::successors(Some(FIRST_LOOK), |trials| Some(trials * 2)).take_while(|look| *look < last).collect();
    looks.push(last);
    looks
}

/// What is known so far.
struct Study<'a> {
    scenario: &'a Scenario,
    lines: &'a [Line],
    progress: &'a dyn Progress,
    /// By line.
    gathered: Vec<Gathered>,
    /// Trials finished by all lines.
    trials: u64,
    /// Demand of the trial that is being folded, and the line that saw it first.
    demand: Option<(u64, u64)>,
    error: Option<StudyError>,
}

impl<'a> Study<'a> {
    fn new(scenario: &'a Scenario, plan: &'a Lines<'a>, progress: &'a dyn Progress) -> Study<'a> {
        let gathered = plan.lines.iter().map(|_| Gathered::default()).collect();
        Study { scenario, lines: &plan.lines, progress, gathered, trials: 0, demand: None, error: None }
    }

    /// Takes the next job's result.
    fn fold(&mut self, trial: u64, line: usize, sample: Result<Sample, BillError>) -> ControlFlow<()> {
        match self.checked(trial, line, sample) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.error = Some(error);
                ControlFlow::Break(())
            }
        }
    }

    fn checked(&mut self, trial: u64, line: usize, sample: Result<Sample, BillError>) -> Result<(), StudyError> {
        let name = |line: usize| self.scenario.model.strategies[self.lines[line].original].name.clone();
        let sample = sample.map_err(|source| StudyError::Bill { trial, strategy: name(line), source })?;
        let hash = sample.outcome.demand_hash;
        match self.demand {
            Some((of, first)) if of == trial && first != hash => {
                return Err(StudyError::DemandDiffers { trial, first: name(0), strategy: name(line) });
            }
            _ => self.demand = Some((trial, hash)),
        }
        let gathered = &mut self.gathered[line];
        gathered.add(self.scenario, sample);
        if self.lines[line].delay.is_none() {
            let costs = gathered.costs_per_month(self.scenario.model.calendar.months_covered());
            self.progress.interval(&name(line), Estimate::of(&costs));
        }
        Ok(())
    }

    /// Whether every cost is known as well as the scenario wants it. The bound is no system: nobody waits for it.
    fn is_precise(&self) -> bool {
        let Some(precision) = self.scenario.run.precision else { return true };
        let months = self.scenario.model.calendar.months_covered();
        self.lines.iter().zip(&self.gathered).all(|(line, gathered)| {
            let is_bound = matches!(self.scenario.model.strategies[line.original].kind, Kind::Clairvoyant { .. });
            let exempt = is_bound || line.delay.is_some();
            exempt || Estimate::of(&gathered.costs_per_month(months)).is_within(precision)
        })
    }
}

/// One job.
fn run(scenario: &Scenario, model: &Model, line: &Line, trial: u64, simulate: Simulate) -> Result<Sample, BillError> {
    let started = Instant::now();
    let outcome = simulate(model, line.strategy, scenario.run.seed, trial);
    let seconds = started.elapsed().as_secs_f64();
    if line.delay.is_some() {
        let (by_repository, by_day) = (Vec::new(), Vec::new());
        return Ok(Sample { outcome, bill: Bill::default(), other_cost: None, by_repository, by_day, seconds });
    }
    let strategy = &model.strategies[line.strategy];
    let own = own_rates(strategy);
    let terms = terms_of(strategy, &scenario.terms);
    let other_terms = terms.with_reading(other_reading(terms.reading));
    let price = |terms: &Terms| bill(&outcome.ledger, terms, &model.cloud, &model.calendar, &own);
    let paid = price(&terms)?;
    // The other reading may need a price that nobody gives and that this scenario never pays: then it is not told.
    let other_cost = price(&other_terms).ok().map(|bill| bill.total());
    let by_repository = split_by_repository(&paid, &outcome.ledger);
    let by_day = split_by_day(&paid, &outcome.ledger, &model.calendar);
    Ok(Sample { outcome, bill: paid, other_cost, by_repository, by_day, seconds })
}

/// The reading that a scenario did not choose.
pub(super) fn other_reading(reading: PullReading) -> PullReading {
    match reading {
        PullReading::InterRegion => PullReading::Internet,
        PullReading::Internet => PullReading::InterRegion,
    }
}

/// The bound must be below every system, so it pays the lowest price that any of them could.
fn terms_of(strategy: &Strategy, terms: &Terms) -> Terms {
    match strategy.kind {
        Kind::Clairvoyant { .. } => terms.floor(),
        _ => terms.clone(),
    }
}

/// Prices of a hand-written job, wherever in the strategy it is.
fn own_rates(strategy: &Strategy) -> OwnRates {
    let kinds = std::iter::once(&strategy.kind).chain(strategy.exceptions.iter().map(|exception| &exception.kind));
    let mut jobs = kinds.filter_map(|kind| match kind {
        Kind::ScheduledCopy(job) => Some(OwnRates { runner_hour: job.runner_cost, wage_hour: job.wage }),
        _ => None,
    });
    jobs.next().unwrap_or_default()
}
