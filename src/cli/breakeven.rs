//! `replisim breakeven`: a scenario and one or two keys in; where strategies cost the same out.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use replisim::report::{self, breakeven as pages};
use replisim::scenario::{self, Diagnostics, Scenario, Vary};
use replisim::study::breakeven::{BreakevenError, DEFAULT_VARY, Question, breakeven};
use replisim::study::{Options, StudyError};

use super::arguments::{BreakevenArguments, Shared};
use super::progress::Bar;
use super::{Exit, Stop, interrupt, output, run};

/// Finds the crossings.
pub fn run(arguments: &BreakevenArguments, shared: &Shared) -> Result<Exit, Stop> {
    let mut sets = arguments.set.clone();
    sets.extend(arguments.seed.map(|seed| format!("run.seed={seed}")));
    sets.extend(arguments.trials.map(|trials| format!("run.trials={trials}")));
    let (scenario, keys) = read(arguments, &sets, shared)?;
    let strategies = run::selected(&scenario, &arguments.strategy)?;
    let directory = arguments.out.clone().unwrap_or_else(|| default_directory(&arguments.scenario));
    let is_new = !directory.exists();
    report::write::prepare(&directory).map_err(|error| Stop::Failed(error.to_string()))?;
    let interrupted = interrupt::flag()?;

    let load = |more: &[String]| -> Result<Scenario, Box<Diagnostics>> {
        let all: Vec<String> = sets.iter().chain(more).cloned().collect();
        let mut diagnostics = Diagnostics::default();
        let loaded = scenario::load(&arguments.scenario, &all, &mut diagnostics);
        loaded.ok_or_else(|| Box::new(diagnostics))
    };
    let options = Options { strategies, jobs: arguments.jobs.map_or(0, usize::from) };
    let question = Question { keys: &keys, sets: &sets, by_default: arguments.vary.is_empty(), options };
    let bar = Bar::new(shared.quiet || shared.json);
    let outcome = breakeven(&load, &question, &bar, &interrupted);
    bar.clear();
    let give_up = |stop: Stop| {
        if is_new {
            // Only an empty directory goes; should it have to stay, it does no harm.
            let _ = std::fs::remove_dir(&directory);
        }
        stop
    };
    let found = match outcome {
        Ok(_) if interrupted.load(Ordering::Relaxed) => return Err(give_up(Stop::Interrupted)),
        Ok(found) => found,
        Err(error) => return Err(give_up(stop(error))),
    };
    let files = pages::write(&directory, &found).map_err(|error| give_up(Stop::Failed(error.to_string())))?;
    if shared.json {
        output::print(&pages::summary_json(&found))?;
    } else if !shared.quiet {
        output::print(&pages::summary(&found, &files))?;
    }
    Ok(if interrupted.load(Ordering::Relaxed) { Exit::Interrupted } else { Exit::Done })
}

/// The scenario as it is and the keys to vary; their problems go to standard error.
fn read(arguments: &BreakevenArguments, sets: &[String], shared: &Shared) -> Result<(Scenario, Vec<Vary>), Stop> {
    let mut diagnostics = Diagnostics::default();
    let scenario = scenario::load(&arguments.scenario, sets, &mut diagnostics);
    output::problems(&diagnostics, shared.quiet);
    let scenario = scenario.ok_or(Stop::Invalid)?;
    let mut diagnostics = Diagnostics::default();
    let draft = scenario::read(&arguments.scenario, sets, &mut diagnostics).ok_or(Stop::Invalid)?;
    let mut diagnostics = Diagnostics::default();
    let by_default = [DEFAULT_VARY.to_string()];
    let texts = if arguments.vary.is_empty() { &by_default[..] } else { &arguments.vary };
    let keys: Option<Vec<Vary>> = texts.iter().map(|text| Vary::read(text, &draft, &mut diagnostics)).collect();
    output::problems(&diagnostics, shared.quiet);
    Ok((scenario, keys.ok_or(Stop::Invalid)?))
}

fn stop(error: BreakevenError) -> Stop {
    match error {
        BreakevenError::Study(StudyError::Interrupted) => Stop::Interrupted,
        BreakevenError::Invalid(diagnostics) => {
            output::problems(&diagnostics, false);
            Stop::Invalid
        }
        BreakevenError::Keys(_) | BreakevenError::Strategies(_) | BreakevenError::Alone(_) => {
            Stop::Usage(error.to_string())
        }
        error => Stop::Failed(error.to_string()),
    }
}

fn default_directory(scenario: &Path) -> PathBuf {
    let stem = scenario.file_stem().unwrap_or(scenario.as_os_str()).to_string_lossy();
    Path::new("outputs").join(format!("{stem}-breakeven"))
}
