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
    /// The cost of a strategy so far (dollars a month), after each trial, in trial order.
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
pub(super) type Simulate<'a> = &'a (dyn Fn(&Model, usize, u64, u64) -> Outcome + Sync);

/// [`compare`] with the simulation as a parameter, so that tests can hand in outcomes made by hand.
pub(super) fn compare_with(
    scenario: &Scenario,
    options: &Options,
    progress: &dyn Progress,
    interrupt: &AtomicBool,
    simulate: Simulate,
) -> Result<Tables, StudyError> {
    let started = Instant::now();
    let all = || (0..scenario.model.strategies.len()).collect();
    let strategies = options.strategies.clone().unwrap_or_else(all);
    let plan = Lines::of(scenario, &strategies);
    let gathering = gather(scenario, &plan, options.jobs, progress, interrupt, simulate)?;
    let mut tables = rows::tables(scenario, &plan.lines, &gathering.lines);
    tables.run.notes.extend(gathering.note);
    tables.run.wall_seconds = started.elapsed().as_secs_f64();
    Ok(tables)
}

/// What all trials of all lines left.
pub(super) struct Gathering {
    /// By line.
    pub lines: Vec<Gathered>,
    /// What a reader must know of how it ended.
    pub note: Option<String>,
}

/// Runs the trials of every line of `plan` on `jobs` threads (0 = one per core).
pub(super) fn gather(
    scenario: &Scenario,
    plan: &Lines,
    jobs: usize,
    progress: &dyn Progress,
    interrupt: &AtomicBool,
    simulate: Simulate,
) -> Result<Gathering, StudyError> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(jobs).build()?;
    let mut study = Study::new(scenario, plan, progress);
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
    let note = scenario.run.precision.filter(|_| !reached).map(|precision| {
        format!(
            "the wanted precision of ±{}% was not reached within max_trials = {}",
            precision * 100.0,
            scenario.run.max_trials
        )
    });
    Ok(Gathering { lines: study.gathered, note })
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
pub(super) fn terms_of(strategy: &Strategy, terms: &Terms) -> Terms {
    match strategy.kind {
        Kind::Clairvoyant { .. } => terms.floor(),
        _ => terms.clone(),
    }
}

/// Prices of a hand-written job, wherever in the strategy it is.
pub(super) fn own_rates(strategy: &Strategy) -> OwnRates {
    let kinds = std::iter::once(&strategy.kind).chain(strategy.exceptions.iter().map(|exception| &exception.kind));
    let mut jobs = kinds.filter_map(|kind| match kind {
        Kind::ScheduledCopy(job) => Some(OwnRates { runner_hour: job.runner_cost, wage_hour: job.wage }),
        _ => None,
    });
    jobs.next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::AtomicU64;

    use super::super::fixture::{outcome, require, scenario};
    use super::*;
    use crate::engine::{ProbeMetric, ProbeResult};
    use crate::scenario::{Metric, TimeTarget};
    use crate::sim::Histogram;
    use crate::units::Span;

    fn on(jobs: usize) -> Options {
        Options { strategies: None, jobs }
    }

    fn run_with(scenario: &Scenario, options: &Options, simulate: Simulate) -> Result<Tables, StudyError> {
        compare_with(scenario, options, &Unseen, &AtomicBool::new(false), simulate)
    }

    /// Tables without what the clock says.
    fn timeless(mut tables: Tables) -> Tables {
        tables.run.wall_seconds = 0.0;
        tables.run.engine_seconds = 0.0;
        tables
    }

    #[test]
    fn tables_do_not_depend_on_the_number_of_threads() {
        let mut scenario = scenario();
        scenario.run.trials = 40;
        let slowly = |model: &Model, strategy: usize, seed: u64, trial: u64| {
            std::thread::sleep(std::time::Duration::from_micros(300 * (trial % 3) + 200 * strategy as u64));
            outcome(model, strategy, seed, trial)
        };
        let one = timeless(run_with(&scenario, &on(1), &slowly).unwrap());
        assert_eq!(one.trials.len(), 120);
        for jobs in [2, 5] {
            assert_eq!(timeless(run_with(&scenario, &on(jobs), &slowly).unwrap()), one);
        }
    }

    #[test]
    fn strategies_that_see_other_demand_are_an_error_with_their_names() {
        let differs = |model: &Model, strategy: usize, seed: u64, trial: u64| {
            let mut outcome = outcome(model, strategy, seed, trial);
            outcome.demand_hash += u64::from(strategy == 1 && trial == 3);
            outcome
        };
        let error = run_with(&scenario(), &on(2), &differs).unwrap_err();
        assert_eq!(error.to_string(), "internal error: in trial 3, strategy `copies` saw other demand than `across`");
    }

    #[test]
    fn usage_without_a_price_names_trial_and_strategy() {
        let mut scenario = scenario();
        scenario.model.cloud.regions[1] = "xx-nowhere-1".into();
        let error = run_with(&scenario, &on(2), &outcome).unwrap_err().to_string();
        assert!(error.starts_with("trial 1 of strategy `copies` cannot be priced: no sourced price"), "{error}");
    }

    #[test]
    fn precision_is_judged_after_ten_twenty_and_forty_trials_without_the_bound() {
        let mut scenario = scenario();
        scenario.run.precision = Some(0.25);
        let run = |scenario: &Scenario| {
            let highest = AtomicU64::new(0);
            let simulate = |model: &Model, strategy: usize, seed: u64, trial: u64| {
                highest.fetch_max(trial, Ordering::Relaxed);
                // The bound swings a hundred times as much as anything else; nobody waits for it.
                let usage = if strategy == 2 { 100 * (trial % 2) + 1 } else { trial % 2 };
                let mut outcome = outcome(model, if strategy == 2 { 0 } else { strategy }, seed, usage);
                outcome.demand_hash = trial;
                outcome
            };
            let tables = run_with(scenario, &on(2), &simulate).unwrap();
            (highest.into_inner(), tables)
        };
        // `across` costs 0.1 and 0.2 by turns: s = 0.0506 to 0.0513. Half-widths: 0.0377 (n = 10) and 0.0240 (n = 20),
        // against 0.25/1.25 of the mean 0.15 = 0.03.
        let (trials, tables) = run(&scenario);
        assert_eq!(trials, 20);
        assert!(tables.summary.iter().all(|row| row.trials == 20));
        assert_eq!(tables.run.notes.len(), 1, "reaching the precision is no note");

        scenario.run.precision = Some(0.001);
        scenario.run.max_trials = 25;
        let (trials, tables) = run(&scenario);
        assert_eq!(trials, 25);
        let note = "the wanted precision of ±0.1% was not reached within max_trials = 25";
        assert_eq!(tables.run.notes[1], note);
    }

    #[test]
    fn looks_double_until_the_last_one() {
        let mut scenario = scenario();
        assert_eq!(looks(&scenario), [4]);
        scenario.run.precision = Some(0.01);
        assert_eq!(looks(&scenario), [10, 20, 40, 80, 160, 320, 640, 1000]);
        scenario.run.max_trials = 10;
        assert_eq!(looks(&scenario), [10]);
    }

    #[test]
    fn a_flag_ends_the_run_without_a_result() {
        let interrupt = AtomicBool::new(false);
        let stops = |model: &Model, strategy: usize, seed: u64, trial: u64| {
            interrupt.store(trial == 2, Ordering::Relaxed);
            outcome(model, strategy, seed, trial)
        };
        let result = compare_with(&scenario(), &on(2), &Unseen, &interrupt, &stops);
        assert!(matches!(result, Err(StudyError::Interrupted)));
    }

    /// Notes what it is told.
    #[derive(Default)]
    struct Watcher {
        planned: AtomicU64,
        done: AtomicU64,
        intervals: Mutex<Vec<(String, Estimate)>>,
    }

    impl Progress for Watcher {
        fn planned(&self, jobs: u64) {
            self.planned.fetch_add(jobs, Ordering::Relaxed);
        }
        fn trial_done(&self) {
            self.done.fetch_add(1, Ordering::Relaxed);
        }
        fn interval(&self, strategy: &str, cost: Estimate) {
            self.intervals.lock().unwrap().push((strategy.into(), cost));
        }
    }

    #[test]
    fn whoever_watches_hears_of_every_job_and_interval() {
        let watcher = Watcher::default();
        compare_with(&scenario(), &on(2), &watcher, &AtomicBool::new(false), &outcome).unwrap();
        assert_eq!((watcher.planned.into_inner(), watcher.done.into_inner()), (12, 12));
        let intervals = watcher.intervals.into_inner().unwrap();
        assert_eq!(intervals.len(), 12);
        // The last word on `across`: 0.1 + 0.1 × trial, mean 0.35.
        let (name, cost) = &intervals[9];
        assert_eq!(name, "across");
        assert!((cost.mean - 0.35).abs() < 1e-9, "{cost:?}");
    }

    #[test]
    fn replication_is_shown_under_every_delay_when_copies_are_judged() {
        let mut scenario = scenario();
        assert!(run_with(&scenario, &on(2), &outcome).unwrap().run.delay_variants.is_empty());

        let target = TimeTarget::Quantile { quantile: 0.99, at_most: Span::seconds(30) };
        require(&mut scenario, Metric::Lag(target), Some(ProbeMetric::Lag), None);
        let probing = |model: &Model, strategy: usize, seed: u64, trial: u64| {
            let mut outcome = outcome(model, strategy, seed, trial);
            let seen = |lag: &Histogram| ProbeResult { histogram: lag.clone(), within: 0 };
            outcome.probes = vec![outcome.lag.iter().chain(outcome.lag.last()).map(seen).collect()];
            outcome
        };
        let tables = run_with(&scenario, &on(2), &probing).unwrap();
        let told: Vec<_> = tables.run.delay_variants.iter().map(|one| (one.delay.as_str(), one.lag_p99_s)).collect();
        assert_eq!(told, [("typical", Some(4.0)), ("fast", Some(40.0)), ("slow", Some(40.0))]);
        assert_eq!(tables.run.delay_variants[0].observed, [("o0".to_string(), Some(4.0), Some(true))]);
        assert_eq!(tables.run.delay_variants[2].observed, [("o0".to_string(), Some(40.0), Some(false))]);
        // Variants are beside the strategies, never among them, and cost nothing.
        assert_eq!(tables.summary.len(), 3);
        assert!(tables.bill.iter().all(|row| row.strategy != "fast"));
    }

    #[test]
    fn the_other_reading_prices_the_same_usage_again() {
        let tables = run_with(&scenario(), &on(2), &outcome).unwrap();
        let other =
            |name: &str| tables.run.other_reading.iter().find(|row| row.strategy == name).map(|row| row.cost_usd_month);
        // Pulls cost $0.09 a GB instead of $0.02: 0.1 + 12.5 GB × 0.09; copies stay.
        assert!((other("across").unwrap() - 1.225).abs() < 1e-9, "{:?}", tables.run.other_reading);
        assert!((other("copies").unwrap() - tables.summary[1].cost_usd_month).abs() < 1e-12);
        assert!((other("bound").unwrap() - tables.summary[2].cost_usd_month).abs() < 1e-12);
    }
}
