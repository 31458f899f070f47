//! Tables, CSV, charts, Markdown, HTML; one writer that is atomic.
//!
//! This room turns [`Tables`] into everything that people and programs read: CSV files, `run.json`, charts as SVG and
//! PNG, a report in Markdown and one in HTML, the summary on the terminal. Whatever it says, it works out from the rows
//! and from the run's record alone, so a finished run can be reported again from its files (see [`read`]). It knows
//! nothing of how the rows came about.
//!
//! The way of a sentence: rows → [`reading`] (who is cheapest, what is a quantile, which difference is real) →
//! [`findings`] (sentences) → pages. The way of a chart: rows → [`reading`] → [`chart`] (SVG, then PNG). Numbers become
//! words in [`numbers`] only. Files are touched in [`mod@write`], [`lines`] and [`read`] only.
//!
//! A run's files are rendered here; other studies have a file each with the same parts: their CSV, their charts, their page
//! whose first sentence is the answer, their summary on the terminal ([`breakeven`], [`sweep`], [`sensitivity`],
//! [`recommendation`], [`difference`]).

use std::path::{Path, PathBuf};

use crate::study::tables::Tables;

pub mod breakeven;
pub mod chart;
pub mod csv;
pub mod difference;
pub mod findings;
pub mod lines;
pub mod numbers;
pub mod read;
pub mod reading;
pub mod recommendation;
pub mod sensitivity;
pub mod sweep;
pub mod write;

mod html;
mod life;
mod markdown;
mod page;
mod terminal;

#[cfg(test)]
mod fixture;

pub use life::{lives_json, lives_text};
pub use read::ReadError;
pub use terminal::{summary_json, terminal_summary};
pub use write::WriteError;

/// Writes all result files of a run into `dir` and returns their paths, tables first.
///
/// # Errors
/// When `dir` cannot take results or one of them cannot be written; `dir` then holds what it held before.
pub fn write_run(dir: &Path, tables: &Tables) -> Result<Vec<PathBuf>, WriteError> {
    write::run(dir, tables)
}

/// Reads back what [`write_run`] wrote.
///
/// # Errors
/// When a file is missing or does not parse, or a bill does not add up to the cost of its trial.
pub fn read_run(dir: &Path) -> Result<Tables, ReadError> {
    read::tables(dir)
}

/// What is worked out once for both pages: charts drawn, sentences found.
pub(crate) struct Rendered<'a> {
    reading: reading::Reading<'a>,
    findings: findings::Findings,
    figures: Vec<chart::Figure>,
    left_out: Vec<chart::LeftOut>,
}

impl<'a> Rendered<'a> {
    fn of(tables: &'a Tables) -> Rendered<'a> {
        let reading = reading::Reading::of(tables);
        let findings = findings::of(&reading);
        let (figures, left_out) = chart::all(&reading);
        Rendered { reading, findings, figures, left_out }
    }
}
