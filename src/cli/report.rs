//! `replisim report`: charts and pages of a finished run, drawn again from its files, under other prices if wanted.

use replisim::report;
use replisim::study::reprice::reprice;

use super::arguments::{ReportArguments, Shared};
use super::{Exit, Stop, output, prices};

/// Reads a run's results back, prices them anew if wanted, and writes them.
pub fn run(arguments: &ReportArguments, shared: &Shared) -> Result<Exit, Stop> {
    let directory = &arguments.directory;
    let to = match (&arguments.out, &arguments.prices) {
        (Some(out), _) => out,
        (None, None) => directory,
        (None, Some(_)) => {
            return Err(Stop::Usage(format!(
                "results under other prices need a place: name a directory with --out, or replace those of the run with \
                 --out {}",
                directory.display()
            )));
        }
    };
    let mut tables = report::read_run(directory).map_err(|error| {
        Stop::Usage(format!("{error}; `replisim run SCENARIO --out {}` writes what is needed", directory.display()))
    })?;
    if let Some(book) = &arguments.prices {
        tables = reprice(&tables, prices::load(book)?)
            .map_err(|error| Stop::Usage(format!("`{}` cannot be priced again: {error}", directory.display())))?;
    }
    let files = report::write_run(to, &tables)?;
    if shared.json {
        output::print(&report::summary_json(&tables))?;
    } else if !shared.quiet {
        output::print(&report::terminal_summary(&tables, &files))?;
    }
    Ok(Exit::Done)
}
