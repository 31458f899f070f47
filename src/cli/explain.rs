//! `replisim explain`: the life of one image, told.

use replisim::report;
use replisim::scenario::{self, Diagnostics};
use replisim::study::life::{self, LifeError};

use super::arguments::{ExplainArguments, Shared};
use super::{Exit, Stop, output, run};

/// Tells the life of an image under each strategy.
pub fn run(arguments: &ExplainArguments, shared: &Shared) -> Result<Exit, Stop> {
    let mut diagnostics = Diagnostics::default();
    let scenario = scenario::load(&arguments.scenario, &arguments.set, &mut diagnostics);
    output::problems(&diagnostics, shared.quiet);
    let scenario = scenario.ok_or(Stop::Invalid)?;
    let strategies = run::selected(&scenario, &arguments.strategy)?;
    let lives = life::explain(&scenario, &arguments.image, strategies.as_deref(), arguments.trial);
    let lives = lives.map_err(|error| match error {
        LifeError::Bill { .. } => Stop::Failed(error.to_string()),
        LifeError::Unknown(_) | LifeError::Bound(_) | LifeError::NoStrategy => Stop::Usage(error.to_string()),
    })?;
    match shared.json {
        true => output::print(&report::lives_json(&lives))?,
        false => output::print(&report::lives_text(&lives))?,
    }
    Ok(Exit::Done)
}
