//! `replisim sweep`: a scenario at many points, kept one by one, told together.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use replisim::report::sweep as files;
use replisim::report::sweep::journal::{self, Journal, JournalError};
use replisim::report::sweep::{Finished, table};
use replisim::scenario::{self, Diagnostics, Scenario, Vary};
use replisim::study::sweep::{Plan, Record, Sweep, SweepError, SweepRow};

use super::arguments::{Shared, SweepArguments};
use super::progress::PointBar;
use super::target::Target;
use super::{Exit, Stop, input, interrupt, output};

/// Runs the sweep, or goes on with it.
pub fn run(arguments: &SweepArguments, shared: &Shared) -> Result<Exit, Stop> {
    let mut diagnostics = Diagnostics::default();
    let Some((sweep, scenario)) = plan(arguments, &mut diagnostics)? else {
        output::problems(&diagnostics, shared.quiet);
        return Err(Stop::Invalid);
    };
    let interrupted = interrupt::flag()?;
    let jobs = arguments.simulation.threads();
    let all = 0..sweep.plan.points.len();
    let points: Vec<usize> = all.filter(|point| arguments.shard.is_none_or(|shard| shard.holds(*point))).collect();
    let inputs = sweep.check(&points, jobs, &interrupted, &mut diagnostics).map_err(stop)?;
    output::problems(&diagnostics, shared.quiet);
    if diagnostics.has_errors() {
        return Err(Stop::Invalid);
    }

    let record = Record::of(&sweep, &scenario, &arguments.vary, arguments.shard, inputs);
    // What is finished of a sweep stays for --resume, so this directory is never given up.
    let directory = Target::prepare(arguments.out.as_deref(), &arguments.scenario, "-sweep")?.directory;
    if arguments.resume
        && let Some(finished) = finished_already(&directory, &record)
    {
        return tell(&finished, &[directory.join(files::TABLE)], shared);
    }
    let (journal, done) = Journal::open(&directory, &record, arguments.resume).map_err(unusable)?;
    let left: Vec<usize> = points.into_iter().filter(|point| !done.contains_key(&(*point as u64 + 1))).collect();
    let bar = PointBar::new(shared.quiet || shared.json, done.len(), left.len());
    let kept = Mutex::new((journal, done));
    let keep = |point: usize, rows: Vec<SweepRow>| {
        let number = point as u64 + 1;
        let lines = table::lines(&record, &rows).map_err(|error| error.to_string())?;
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.0.append(number, lines.clone()).map_err(|error| error.to_string())?;
        kept.1.insert(number, lines);
        bar.point_done();
        Ok(())
    };
    let outcome = sweep.run(&left, &record.inputs, jobs, &interrupted, &keep);
    bar.clear();
    let (journal, done) = kept.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Err(error) = outcome {
        let count = record.numbers().count();
        let kept = format!("{} of {count} points are kept in `{}`", done.len(), directory.display());
        return match error {
            SweepError::Interrupted => {
                output::note(&format!("interrupted; {kept}: --resume goes on"));
                Ok(Exit::Interrupted)
            }
            error => Err(Stop::Failed(format!("{error}; {kept}"))),
        };
    }
    let finished = Finished::of(record, &done).map_err(|error| Stop::Failed(error.to_string()))?;
    let written = files::write(&directory, &finished)?;
    journal.remove().map_err(|error| Stop::Failed(error.to_string()))?;
    tell(&finished, &written, shared)
}

/// Prints the summary.
pub fn tell(finished: &Finished, written: &[PathBuf], shared: &Shared) -> Result<Exit, Stop> {
    if shared.json {
        output::print(&files::summary_json(finished))?;
    } else if !shared.quiet {
        output::print(&files::terminal_summary(finished, written))?;
    }
    Ok(Exit::Done)
}

/// The sweep, and the scenario without the settings of any point; `None` when there are problems, which are in
/// `diagnostics`.
fn plan(arguments: &SweepArguments, diagnostics: &mut Diagnostics) -> Result<Option<(Sweep, Scenario)>, Stop> {
    let settings = arguments.simulation.sets();
    let scenario = scenario::load(&arguments.scenario, &settings, diagnostics);
    // Its problems are those of the scenario, told already.
    let Some(draft) = scenario::read(&arguments.scenario, &settings, &mut Diagnostics::default()) else {
        return Ok(None);
    };
    let keys: Vec<Vary> = arguments.vary.iter().filter_map(|text| Vary::read(text, &draft, diagnostics)).collect();
    let Some(scenario) = scenario.filter(|_| !diagnostics.has_errors()) else { return Ok(None) };
    input::selected(&scenario, &arguments.strategy)?;
    let latin = arguments.lhs.map(|points| points as usize);
    let plan = Plan::new(keys, latin, scenario.run.seed).map_err(|error| Stop::Usage(error.to_string()))?;
    let (path, strategies) = (arguments.scenario.clone(), arguments.strategy.clone());
    Ok(Some((Sweep { path, settings, strategies, plan }, scenario)))
}

/// The finished sweep in a directory, if it is this one.
fn finished_already(directory: &Path, record: &Record) -> Option<Finished> {
    if journal::unfinished(directory).is_some() {
        return None;
    }
    let finished = files::read(directory).ok()?;
    (finished.record == *record && finished.missing().is_empty()).then_some(finished)
}

fn stop(error: SweepError) -> Stop {
    match error {
        SweepError::Interrupted => Stop::Interrupted,
        error => Stop::Failed(error.to_string()),
    }
}

fn unusable(error: JournalError) -> Stop {
    match error {
        JournalError::File { .. } => Stop::Failed(error.to_string()),
        refused => Stop::Usage(refused.to_string()),
    }
}
