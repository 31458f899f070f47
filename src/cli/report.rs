//! `replisim report`: charts and pages of a finished run, drawn again from its files.

use std::path::Path;

use replisim::report;

use super::arguments::Shared;
use super::{Exit, Stop, output};

/// Reads a run's results back and writes them anew.
pub fn run(directory: &Path, shared: &Shared) -> Result<Exit, Stop> {
    let tables = report::read_run(directory).map_err(|error| {
        Stop::Usage(format!("{error}; `replisim run SCENARIO --out {}` writes what is needed", directory.display()))
    })?;
    let files = report::write_run(directory, &tables).map_err(|error| Stop::Failed(error.to_string()))?;
    if shared.json {
        output::print(&report::summary_json(&tables))?;
    } else if !shared.quiet {
        output::print(&report::terminal_summary(&tables, &files))?;
    }
    Ok(Exit::Done)
}
