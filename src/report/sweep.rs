//! A sweep as files: one tidy table, its record, a chart, a short report; and the journal that outlives a kill.
//!
//! As with a run, everything drawn or told is worked out from `sweep.csv` and `sweep.json` alone. Both are written by
//! [`write()`] only, from rows in the order of points, so it does not matter in how many sittings or shards the rows came
//! about: the bytes are the same.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::report::chart;
use crate::report::chart::sweep::NAME as CHART;
use crate::report::csv::CsvError;
use crate::report::read::{ReadError, settle};
use crate::report::write::{self, File, WriteError, pictures};
use crate::study::sweep::{Record, SweepRow};

pub mod journal;
pub mod merge;
pub mod table;
pub mod view;

mod findings;
mod page;

pub(in crate::report) use findings::{headline, short as shortened_key};
pub use page::{summary_json, terminal_summary};

/// The table of a sweep.
pub const TABLE: &str = "sweep.csv";
/// Its record.
pub const RECORD: &str = "sweep.json";

/// A finished sweep, or a finished shard of one.
#[derive(Clone, Debug, PartialEq)]
pub struct Finished {
    /// What it is.
    pub record: Record,
    /// By point, then strategy.
    pub rows: Vec<SweepRow>,
}

impl Finished {
    /// Joins the rows of points, each as [`table::lines`] writes it.
    ///
    /// # Errors
    /// When the lines are not those of this sweep.
    pub fn of(record: Record, points: &BTreeMap<u64, String>) -> Result<Finished, CsvError> {
        let mut text = table::header(&record)?;
        points.values().for_each(|lines| text.push_str(lines));
        let rows = table::read(&record, text.as_bytes())?;
        Ok(Finished { record, rows })
    }

    /// Points that are to be there and are not.
    pub fn missing(&self) -> Vec<u64> {
        let there: std::collections::BTreeSet<u64> = self.rows.iter().map(|row| row.point).collect();
        self.record.numbers().filter(|number| !there.contains(number)).collect()
    }
}

/// Writes all files of a finished sweep into `dir` and returns their paths, the table first.
///
/// # Errors
/// When `dir` cannot take results or one of them cannot be written; `dir` then holds what it held before.
pub fn write(dir: &Path, finished: &Finished) -> Result<Vec<PathBuf>, WriteError> {
    let files = render(finished)?;
    let stale = [format!("charts/{CHART}.svg"), format!("charts/{CHART}.png")];
    write::replace(dir, &files, &stale, &|from, to| std::fs::rename(from, to))
}

/// Reads back what [`write()`] wrote.
///
/// # Errors
/// When a file is missing or does not parse.
pub fn read(dir: &Path) -> Result<Finished, ReadError> {
    settle(dir)?;
    let bytes = |path: &Path| std::fs::read(path).map_err(|source| ReadError::File { path: path.to_owned(), source });
    let path = dir.join(RECORD);
    let record = serde_json::from_slice(&bytes(&path)?).map_err(|source| ReadError::Record { path, source })?;
    let path = dir.join(TABLE);
    let rows = table::read(&record, &bytes(&path)?).map_err(|source| ReadError::Table { path, source })?;
    Ok(Finished { record, rows })
}

/// Every file as bytes.
fn render(finished: &Finished) -> Result<Vec<File>, WriteError> {
    let failed = |name: &str, reason: String| WriteError::Render { name: name.to_owned(), reason };
    let file = |name: String, bytes: Vec<u8>| File { name, bytes };
    let rows = table::write(&finished.record, &finished.rows).map_err(|error| failed(TABLE, error.to_string()))?;
    let mut record = serde_json::to_vec_pretty(&finished.record).map_err(|error| failed(RECORD, error.to_string()))?;
    record.push(b'\n');
    let mut files = vec![file(TABLE.to_owned(), rows), file(RECORD.to_owned(), record)];
    let view = view::View::of(finished);
    let chart = chart::sweep::draw(&view);
    files.extend(pictures(chart.as_ref().map_or(&[], std::slice::from_ref))?);
    files.push(file("report.md".to_owned(), page::markdown(&view, &chart).into_bytes()));
    Ok(files)
}

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;
