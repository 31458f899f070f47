//! `replisim explain`: the life of one image, told.

use replisim::report;
use replisim::study::life::{self, LifeError};

use super::arguments::{ExplainArguments, Shared};
use super::{Exit, Stop, input, output};

/// Tells the life of an image under each strategy.
pub fn run(arguments: &ExplainArguments, shared: &Shared) -> Result<Exit, Stop> {
    let scenario = input::load(&arguments.scenario, &arguments.set, shared)?;
    let strategies = input::selected(&scenario, &arguments.strategy)?;
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
