//! `replisim diff`: what a change of scenario, rules, prices or lifecycle does.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use replisim::report::{self, difference};
use replisim::scenario::Scenario;
use replisim::study::tables::Tables;
use replisim::study::{self, Options, diff};

use super::arguments::{DiffArguments, DiffFormat, Shared};
use super::progress::Bar;
use super::{Exit, Stop, input, interrupt, output};

/// Compares two scenarios or finished runs.
pub fn run(arguments: &DiffArguments, shared: &Shared) -> Result<Exit, Stop> {
    let (old, new) = load(arguments, shared)?;
    known(&arguments.strategy, [&old, &new])?;
    let interrupted = interrupt::flag()?;
    let finish = |scenario: &Scenario| finish(scenario, arguments, shared, &interrupted);
    let mut notes = Vec::new();
    let (mut before, mut after) = match (old, new) {
        (Side::Finished(old), Side::Finished(new)) => (*old, *new),
        (Side::Finished(old), Side::Scenario(mut new)) => {
            pair("NEW", &mut new, &old, arguments, &mut notes);
            (*old, finish(&new)?)
        }
        (Side::Scenario(mut old), Side::Finished(new)) => {
            pair("OLD", &mut old, &new, arguments, &mut notes);
            (finish(&old)?, *new)
        }
        (Side::Scenario(old), Side::Scenario(mut new)) => {
            let old = finish(&old)?;
            pair("NEW", &mut new, &old, arguments, &mut notes);
            (old, finish(&new)?)
        }
    };
    diff::keep(&mut before, &arguments.strategy);
    diff::keep(&mut after, &arguments.strategy);
    let mut found = diff::diff(&before, &after).map_err(|error| Stop::Usage(error.to_string()))?;
    found.notes.splice(0..0, notes);
    let format = if shared.json { DiffFormat::Json } else { arguments.format };
    output::print(&match format {
        DiffFormat::Text => difference::text(&found),
        DiffFormat::Markdown => difference::markdown(&found),
        DiffFormat::Json => difference::json(&found),
    })?;
    Ok(Exit::Done)
}

/// What OLD or NEW is.
enum Side {
    Scenario(Box<Scenario>),
    Finished(Box<Tables>),
}

impl Side {
    fn strategies(&self) -> Vec<&str> {
        match self {
            Side::Scenario(it) => it.model.strategies.iter().map(|strategy| strategy.name.as_str()).collect(),
            Side::Finished(it) => it.summary.iter().map(|row| row.strategy.as_str()).collect(),
        }
    }
}

/// Both sides; the problems of both are told before anything ends.
fn load(arguments: &DiffArguments, shared: &Shared) -> Result<(Side, Side), Stop> {
    let is_run = |path: &Path| path.is_dir();
    let changes = !arguments.simulation.set.is_empty()
        || arguments.simulation.seed.is_some()
        || arguments.simulation.trials.is_some();
    if changes && is_run(&arguments.old) && is_run(&arguments.new) {
        let message = "finished runs are compared as they are: --set, --seed and --trials are for scenarios";
        return Err(Stop::Usage(message.into()));
    }
    let sets = arguments.simulation.sets();
    let read = |path: &Path| {
        if is_run(path) {
            let tables = report::read_run(path);
            return tables
                .map(|tables| Side::Finished(Box::new(tables)))
                .map_err(|error| Stop::Usage(error.to_string()));
        }
        let mut scenario = input::load(path, &sets, shared)?;
        if arguments.simulation.trials.is_some() {
            scenario.run.precision = None;
        }
        Ok(Side::Scenario(Box::new(scenario)))
    };
    let (old, new) = (read(&arguments.old), read(&arguments.new));
    match (old, new) {
        (Ok(old), Ok(new)) => Ok((old, new)),
        (Err(Stop::Invalid), Err(other)) => Err(other),
        (Err(error), _) | (_, Err(error)) => Err(error),
    }
}

/// Every strategy that is asked for is on one side at least.
fn known(names: &[String], sides: [&Side; 2]) -> Result<(), Stop> {
    let mut known: Vec<&str> = sides.into_iter().flat_map(Side::strategies).collect();
    known.sort_unstable();
    known.dedup();
    match names.iter().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(input::unknown_strategy(name, &known)),
        None => Ok(()),
    }
}

/// Lets a scenario see what a run saw, trial by trial, unless the user says otherwise.
fn pair(side: &str, scenario: &mut Scenario, run: &Tables, arguments: &DiffArguments, notes: &mut Vec<String>) {
    let record = &run.run;
    if arguments.simulation.seed.is_none() && scenario.run.seed != record.seed {
        notes.push(format!("{side} was run with the other's seed {} (its own is {})", record.seed, scenario.run.seed));
        scenario.run.seed = record.seed;
    }
    if arguments.simulation.trials.is_none() && record.trials > 0 {
        let own = match scenario.run.precision {
            Some(_) => "it asks for a precision instead".to_string(),
            None => format!("its own are {}", scenario.run.trials),
        };
        if scenario.run.precision.is_some() || scenario.run.trials != record.trials {
            notes.push(format!("{side} was run with the other's {} trials ({own})", record.trials));
        }
        (scenario.run.trials, scenario.run.precision) = (record.trials, None);
    }
}

/// Runs a scenario in memory.
fn finish(
    scenario: &Scenario,
    arguments: &DiffArguments,
    shared: &Shared,
    interrupted: &AtomicBool,
) -> Result<Tables, Stop> {
    let all = scenario.model.strategies.iter().enumerate();
    let wanted = all.filter(|(_, strategy)| arguments.strategy.contains(&strategy.name)).map(|(index, _)| index);
    let strategies = (!arguments.strategy.is_empty()).then(|| wanted.collect());
    let options = Options { strategies, jobs: arguments.simulation.threads() };
    let bar = Bar::new(shared.quiet || shared.json);
    let outcome = study::compare(scenario, &options, &bar, interrupted);
    bar.clear();
    outcome.map_err(Stop::from)
}
