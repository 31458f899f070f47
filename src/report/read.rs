//! A result directory back to tables.
//!
//! Everything drawn or told comes from the files that a run wrote, so a finished run can be reported again, by a later
//! version or with other charts, without simulating. This module opens those files and names the one that is wrong.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::report::csv::{self, CsvError, Row};
use crate::study::tables::Tables;

/// Name of the run's record in the result directory.
pub const RUN_FILE: &str = "run.json";

/// Why results cannot be read back.
#[derive(Debug, Error)]
pub enum ReadError {
    /// A file is missing or unreadable.
    #[error("cannot read `{}`: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A table does not parse.
    #[error("`{}`: {source}", path.display())]
    Table {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: CsvError,
    },
    /// `run.json` does not parse.
    #[error("`{}`: {source}", path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: serde_json::Error,
    },
}

/// Reads the tables and the record that [`super::write_run`] wrote into `dir`.
///
/// # Errors
/// The first file that is missing or does not parse.
pub fn tables(dir: &Path) -> Result<Tables, ReadError> {
    let path = dir.join(RUN_FILE);
    let record = serde_json::from_slice(&bytes(&path)?).map_err(|source| ReadError::Record { path, source })?;
    Ok(Tables {
        summary: table(dir)?,
        comparison: table(dir)?,
        bill: table(dir)?,
        trials: table(dir)?,
        repositories: table(dir)?,
        latency: table(dir)?,
        timeline: table(dir)?,
        objectives: table(dir)?,
        recovery: table(dir)?,
        failures: table(dir)?,
        disruptions: table(dir)?,
        run: record,
    })
}

fn table<R: Row>(dir: &Path) -> Result<Vec<R>, ReadError> {
    let path = dir.join(R::FILE);
    csv::read(&bytes(&path)?).map_err(|source| ReadError::Table { path, source })
}

fn bytes(path: &Path) -> Result<Vec<u8>, ReadError> {
    std::fs::read(path).map_err(|source| ReadError::File { path: path.to_owned(), source })
}
