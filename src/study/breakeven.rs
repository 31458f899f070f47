//! Break-even: from which value of a key on does another strategy cost less?
//!
//! A key takes the values of its grid; at each of them every strategy runs on the same trials with the same seed, so the
//! difference between two strategies is known much better than either cost. Where the mean of the paired differences
//! changes its sign, the crossing is bracketed and narrowed by simulating between (`root`). Its interval holds every
//! value at which the paired 95 % interval does not leave zero out. Both readings of the pull price come from the same
//! simulations. Where the closed form holds ([`closed_form`]), it stands beside what was found.
//!
//! With a second key all this is done for each of its values. The bound is no system and is left out.

use std::cell::Cell;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use super::StudyError;
use super::compare::{Options, Progress};
use super::evaluate::{Evaluation, evaluate};
use super::statistics::Estimate;
use crate::billing::PullReading;
use crate::scenario::vary::quantity::Spacing;
use crate::scenario::{Diagnostics, Scenario, Vary};
use crate::strategy::Kind;

pub mod closed_form;
mod crossings;
mod line;
mod root;
pub mod tables;

use line::{Line, Pair, Point};
use tables::{Breakeven, CheapestRow, CrossingRow, KeyRecord, Named, PointRow, Record};

/// The range of `run.demand` when no key is asked for.
pub const DEFAULT_VARY: &str = "run.demand=0.1..10:13log";

/// The key that says how pulls across regions are priced.
const READING: &str = "prices.cross_region_pull";

/// Most points of a grid: beyond that a study never ends.
const MOST_POINTS: usize = 100_000;

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub enum BreakevenError {
    /// A trial failed, or the user had enough.
    #[error(transparent)]
    Study(#[from] StudyError),
    /// A point is no valid scenario.
    #[error("a point of the study is no valid scenario")]
    Invalid(Box<Diagnostics>),
    /// More than two keys, or the same twice.
    #[error("{0}")]
    Keys(String),
    /// A key changes which strategies there are.
    #[error("with {0} there are other strategies: nothing to compare")]
    Strategies(String),
    /// Fewer than two strategies.
    #[error("a break-even is between two strategies, and the bound is none: there is {0}")]
    Alone(&'static str),
    /// A price is missing under one of the readings.
    #[error("internal error: a point has no price under this reading")]
    NoPrice,
    /// A list of values has no values between them.
    #[error("internal error: nothing lies between the values of a list")]
    NothingBetween,
}

/// Reads the scenario with further `--set` arguments.
pub type Load<'a> = dyn Fn(&[String]) -> Result<Scenario, Box<Diagnostics>> + 'a;

/// What is asked for.
pub struct Question<'a> {
    /// The key that crossings are wanted in, and perhaps a second one.
    pub keys: &'a [Vary],
    /// What the user has set at every point; for the record.
    pub sets: &'a [String],
    /// No key was given.
    pub by_default: bool,
    /// Which strategies, on how many threads.
    pub options: Options,
}

/// Jobs of searches cannot be known beforehand: the grid is announced as a whole, each search point when it comes.
struct Announced<'a> {
    progress: &'a dyn Progress,
    /// Jobs announced and not yet run.
    ahead: Cell<u64>,
}

/// Passes on what single points tell, but for the announcement that was made already.
struct Quiet<'a>(&'a dyn Progress);

impl Progress for Quiet<'_> {
    fn trial_done(&self) {
        self.0.trial_done();
    }
}

/// Finds the crossings.
///
/// # Errors
///
/// See [`BreakevenError`].
pub fn breakeven(
    load: &Load,
    question: &Question,
    progress: &dyn Progress,
    interrupt: &AtomicBool,
) -> Result<Breakeven, BreakevenError> {
    let started = Instant::now();
    let (key, second) = keys(question.keys)?;
    let base = load(&[]).map_err(BreakevenError::Invalid)?;
    let systems = systems(&base, question.options.strategies.as_deref());
    if systems.len() < 2 {
        return Err(BreakevenError::Alone(if systems.is_empty() { "none" } else { "one" }));
    }
    let options = Options { strategies: Some(systems.clone()), jobs: question.options.jobs };
    let each = second.map_or(vec![None], |second| second.values.iter().map(Some).collect());
    check(load, key, second)?;

    let evaluations = Cell::new(0);
    let jobs = base.run.precision.map_or(base.run.trials, |_| 10) * systems.len() as u64;
    let grid = (key.values.len() * each.len()) as u64 * jobs;
    let announced = Announced { progress, ahead: Cell::new(grid) };
    progress.planned(grid);
    let evaluate_at = |sets: &[String]| -> Result<(Scenario, Evaluation), BreakevenError> {
        let scenario = load(sets).map_err(BreakevenError::Invalid)?;
        let same = scenario.model.strategies.len() == base.model.strategies.len()
            && scenario.model.strategies.iter().zip(&base.model.strategies).all(|(a, b)| a.name == b.name);
        if !same {
            return Err(BreakevenError::Strategies(sets.join(", ")));
        }
        match announced.ahead.get().checked_sub(jobs) {
            Some(rest) => announced.ahead.set(rest),
            None => announced.progress.planned(jobs),
        }
        let evaluation = evaluate(&scenario, &options, &Quiet(announced.progress), interrupt)?;
        evaluations.set(evaluations.get() + 1);
        Ok((scenario, evaluation))
    };

    let mut result = Breakeven::default();
    let study = Study { base: &base, systems: &systems, key, second };
    for value in each {
        let fixed: Vec<String> = value.iter().filter_map(|value| Some(second?.set(value))).collect();
        let mut line = Line::over(key, fixed.clone(), &evaluate_at)?;
        let fixed_cells = value.and_then(|value| Some((second?.key.clone(), value.clone())));
        study.crossings(&mut line, &fixed_cells, &mut result.crossings)?;
        study.closed_forms(load, &line, &fixed, &fixed_cells, &mut result)?;
        study.points(&line, &fixed_cells, &mut result);
    }
    // The scenario's own reading first, everything else as it was found.
    let own = base.terms.reading.name();
    result.crossings.sort_by_key(|row| row.reading != own);
    result.points.sort_by_key(|row| row.reading != own);
    result.cheapest.sort_by_key(|row| row.reading != own);
    study.record(question, &mut result.record);
    result.record.evaluations = evaluations.get();
    result.record.wall_seconds = started.elapsed().as_secs_f64();
    Ok(result)
}

/// One or two different keys.
fn keys(keys: &[Vary]) -> Result<(&Vary, Option<&Vary>), BreakevenError> {
    let (key, second) = match keys {
        [key] => (key, None),
        [key, second] if key.key != second.key => (key, Some(second)),
        [key, _] => return Err(BreakevenError::Keys(format!("`{}` is varied twice", key.key))),
        _ => return Err(BreakevenError::Keys("one or two keys are varied at a time".into())),
    };
    if let Some(both) = keys.iter().find(|vary| vary.key == READING) {
        let message = format!("`{}` is told both ways already, side by side; vary another key", both.key);
        return Err(BreakevenError::Keys(message));
    }
    if key.values.len() < 2 {
        return Err(BreakevenError::Keys(format!("`{}` needs at least two values to cross between", key.key)));
    }
    let points = key.values.len().saturating_mul(second.map_or(1, |second| second.values.len()));
    if points > MOST_POINTS {
        return Err(BreakevenError::Keys(format!("{points} points are too many; at most {MOST_POINTS}")));
    }
    Ok((key, second))
}

/// Strategies to run: those asked for, but for the bound.
fn systems(base: &Scenario, asked: Option<&[usize]>) -> Vec<usize> {
    let strategies = &base.model.strategies;
    let is_system = |index: &usize| !matches!(strategies[*index].kind, Kind::Clairvoyant { .. });
    (0..strategies.len()).filter(|index| asked.is_none_or(|asked| asked.contains(index))).filter(is_system).collect()
}

/// Finds out before a long study, and not in its midst, whether every value can be set.
fn check(load: &Load, key: &Vary, second: Option<&Vary>) -> Result<(), BreakevenError> {
    for vary in std::iter::once(key).chain(second) {
        for value in &vary.values {
            load(&[vary.set(value)]).map_err(BreakevenError::Invalid)?;
        }
    }
    Ok(())
}

type FixedCells = Option<(String, String)>;

struct Study<'a> {
    base: &'a Scenario,
    /// By index into an evaluation: the strategy's index in the scenario.
    systems: &'a [usize],
    key: &'a Vary,
    second: Option<&'a Vary>,
}

impl Study<'_> {
    fn name(&self, system: usize) -> &str {
        &self.base.model.strategies[self.systems[system]].name
    }

    fn kind(&self, system: usize) -> &Kind {
        &self.base.model.strategies[self.systems[system]].kind
    }

    fn readings(&self) -> [PullReading; 2] {
        [self.base.terms.reading, self.base.terms.reading.other()]
    }

    /// Every strategy against the baseline (else the first), then whoever else takes turns at being the cheapest.
    fn pairs(&self, line: &Line, reading: PullReading) -> Vec<(Pair, bool)> {
        let against = self.systems.iter().position(|index| *index == self.base.run.baseline).unwrap_or(0);
        let priced = |system: usize| line.points.iter().all(|point| point.costs(system, reading).is_some());
        let mut pairs: Vec<(usize, usize)> =
            (0..self.systems.len()).filter(|system| *system != against).map(|system| (system, against)).collect();
        let leaders: Vec<usize> =
            line.points.iter().filter_map(|point| ranked(point, reading).first().copied()).collect();
        for turn in leaders.windows(2) {
            let known = |pair: &(usize, usize)| *pair == (turn[0], turn[1]) || *pair == (turn[1], turn[0]);
            if turn[0] != turn[1] && !pairs.iter().any(known) {
                pairs.push((turn[1], turn[0]));
            }
        }
        let pairs = pairs.into_iter().filter(|(a, b)| priced(*a) && priced(*b));
        pairs.map(|(a, b)| (Pair { a, b, reading }, b == against)).collect()
    }

    fn crossings(
        &self,
        line: &mut Line,
        fixed: &FixedCells,
        rows: &mut Vec<CrossingRow>,
    ) -> Result<(), BreakevenError> {
        for reading in self.readings() {
            for (pair, with_baseline) in self.pairs(line, reading) {
                let found = if line.is_measured() { line.crossings(pair)? } else { Vec::new() };
                if found.is_empty() && with_baseline {
                    rows.push(self.no_crossing(line, pair, fixed));
                }
                for crossing in &found {
                    rows.push(self.crossing(line, pair, crossing, fixed));
                    rows.extend(self.in_pulls(line, pair, crossing, fixed));
                }
            }
        }
        Ok(())
    }

    fn points(&self, line: &Line, fixed: &FixedCells, result: &mut Breakeven) {
        let (fixed_key, fixed_value) = fixed.clone().unzip();
        let pulling = (0..self.systems.len()).find(|system| matches!(self.kind(*system), Kind::CrossRegionPull));
        for reading in self.readings() {
            for point in &line.points {
                let number = line.is_measured().then_some(point.at);
                for system in 0..self.systems.len() {
                    let Some(costs) = point.costs(system, reading) else { continue };
                    let cost = Estimate::of(costs);
                    let copies = matches!(self.kind(system), Kind::Replication(_));
                    let measure = pulling.filter(|_| copies).and_then(|it| point.pulls_per_image(it, system));
                    result.points.push(PointRow {
                        key: self.key.key.clone(),
                        value: point.value.clone(),
                        number,
                        fixed_key: fixed_key.clone(),
                        fixed_value: fixed_value.clone(),
                        reading: reading.name().into(),
                        strategy: self.name(system).into(),
                        kind: self.kind(system).name().into(),
                        cost_usd_month: cost.mean,
                        cost_ci_low_usd_month: cost.low(),
                        cost_ci_high_usd_month: cost.high(),
                        pulls_per_image: measure,
                        point: if point.on_grid { "grid" } else { "search" }.into(),
                    });
                }
                if !point.on_grid {
                    continue;
                }
                let order = ranked(point, reading);
                let Some(first) = order.first() else { continue };
                let lead = order.get(1).and_then(|next| point.difference(*next, *first, reading));
                result.cheapest.push(CheapestRow {
                    key: self.key.key.clone(),
                    value: point.value.clone(),
                    number,
                    fixed_key: fixed_key.clone(),
                    fixed_value: fixed_value.clone(),
                    reading: reading.name().into(),
                    cheapest: self.name(*first).into(),
                    next: order.get(1).map(|next| self.name(*next).into()),
                    lead_usd_month: lead.map(|lead| lead.mean),
                    ci_low_usd_month: lead.and_then(|lead| lead.low()),
                    ci_high_usd_month: lead.and_then(|lead| lead.high()),
                    significant: lead.and_then(|lead| lead.low()).map(|low| low > 0.0),
                });
            }
        }
    }

    fn record(&self, question: &Question, record: &mut Record) {
        let base = self.base;
        let key = |vary: &Vary| KeyRecord {
            key: vary.key.clone(),
            asked: asked(vary),
            unit: vary.unit(),
            values: vary.values.clone(),
            is_range: vary.range.is_some(),
            is_logarithmic: vary.range.as_ref().is_some_and(|range| range.spacing == Spacing::Logarithmic),
            is_whole: vary.range.as_ref().is_some_and(|range| range.is_whole()),
        };
        let mut destinations: Vec<String> = (0..self.systems.len())
            .flat_map(|system| base.model.strategies[self.systems[system]].rules())
            .flat_map(|(_, rule)| &rule.destinations)
            .map(|id| base.model.cloud.registry_name(*id))
            .collect();
        destinations.sort();
        destinations.dedup();
        *record = Record {
            title: base.title.clone(),
            scenario: base.path.display().to_string(),
            version: env!("CARGO_PKG_VERSION").into(),
            seed: base.run.seed,
            trials: base.run.trials,
            price_book: base.terms.book.name.clone(),
            reading: base.terms.reading.name().into(),
            baseline: base.model.strategies[base.run.baseline].name.clone(),
            strategies: (0..self.systems.len())
                .map(|it| Named { name: self.name(it).into(), kind: self.kind(it).name().into() })
                .collect(),
            keys: std::iter::once(self.key).chain(self.second).map(key).collect(),
            by_default: question.by_default,
            sets: question.sets.to_vec(),
            destinations,
            notes: base.notes.clone(),
            assumptions: base.assumptions.clone(),
            inputs: base.inputs.clone(),
            ..std::mem::take(record)
        };
    }
}

/// A key's values as an argument of `--vary` takes them.
fn asked(vary: &Vary) -> String {
    match (&vary.range, &vary.values[..]) {
        (Some(range), [first, .., last]) => {
            let log = if range.spacing == Spacing::Logarithmic { "log" } else { "" };
            format!("{first}..{last}:{}{log}", vary.values.len())
        }
        _ => vary.values.join(","),
    }
}

/// Strategies by mean cost, cheapest first; equal costs keep their order.
fn ranked(point: &Point, reading: PullReading) -> Vec<usize> {
    let count = point.evaluation.costs.len();
    let mut costs: Vec<(usize, f64)> =
        (0..count).filter_map(|system| Some((system, Estimate::of(point.costs(system, reading)?).mean))).collect();
    costs.sort_by(|a, b| a.1.total_cmp(&b.1));
    costs.into_iter().map(|(system, _)| system).collect()
}

#[cfg(test)]
mod tests;
