//! `replisim breakeven`: a scenario and one or two keys in; where strategies cost the same out.

use std::sync::atomic::Ordering;

use replisim::report::breakeven as pages;
use replisim::scenario::{self, Diagnostics, Scenario, Vary};
use replisim::study::Options;
use replisim::study::breakeven::{BreakevenError, DEFAULT_VARY, Question, breakeven};

use super::arguments::{BreakevenArguments, Shared};
use super::progress::Bar;
use super::target::Target;
use super::{Exit, Stop, input, interrupt, output};

/// Finds the crossings.
pub fn run(arguments: &BreakevenArguments, shared: &Shared) -> Result<Exit, Stop> {
    let sets = arguments.simulation.sets();
    let (scenario, keys) = read(arguments, &sets, shared)?;
    let strategies = input::selected(&scenario, &arguments.strategy)?;
    let target = Target::prepare(arguments.out.as_deref(), &arguments.scenario, "-breakeven")?;
    let interrupted = interrupt::flag()?;

    let load = |more: &[String]| -> Result<Scenario, Box<Diagnostics>> {
        let all: Vec<String> = sets.iter().chain(more).cloned().collect();
        let mut diagnostics = Diagnostics::default();
        let loaded = scenario::load(&arguments.scenario, &all, &mut diagnostics);
        loaded.ok_or_else(|| Box::new(diagnostics))
    };
    let options = Options { strategies, jobs: arguments.simulation.threads() };
    let question = Question { keys: &keys, sets: &sets, by_default: arguments.vary.is_empty(), options };
    let bar = Bar::new(shared.quiet || shared.json);
    let outcome = breakeven(&load, &question, &bar, &interrupted);
    bar.clear();
    let found = match outcome {
        Ok(_) if interrupted.load(Ordering::Relaxed) => return Err(target.give_up(Stop::Interrupted)),
        Ok(found) => found,
        Err(error) => return Err(target.give_up(stop(error))),
    };
    let files = pages::write(&target.directory, &found).map_err(|error| target.give_up(error))?;
    if shared.json {
        output::print(&pages::summary_json(&found))?;
    } else if !shared.quiet {
        output::print(&pages::summary(&found, &files))?;
    }
    Ok(if interrupted.load(Ordering::Relaxed) { Exit::Interrupted } else { Exit::Done })
}

/// The scenario as it is and the keys to vary; their problems go to standard error.
fn read(arguments: &BreakevenArguments, sets: &[String], shared: &Shared) -> Result<(Scenario, Vec<Vary>), Stop> {
    let scenario = input::load(&arguments.scenario, sets, shared)?;
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
        BreakevenError::Study(error) => error.into(),
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
