//! The one writer: results are whole or not there at all.
//!
//! Everything is rendered to bytes first; then it is written into a hidden directory beside the results, and only when
//! every byte is written are the files moved into place, one rename each. Should a rename fail, those already done are
//! taken back; should the process be killed among them, whoever uses the directory next does the rest. Two processes
//! that write into one directory do so one after the other. Files of an earlier run under our names are replaced, or
//! removed when this run has no such file (a chart that was left out must not survive from last time); files that are
//! not ours are never touched.

use std::io;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use thiserror::Error;

use crate::report::chart::Figure;
use crate::report::csv;
use crate::report::{Rendered, chart, read};
use crate::study::tables::Tables;

mod place;
#[cfg(test)]
mod tests;

pub use place::{replace, settle};

/// Why results cannot be written.
#[derive(Debug, Error)]
pub enum WriteError {
    /// A file stands where the result directory should be.
    #[error("cannot write results to `{}`: it is a file, not a directory", .0.display())]
    NotADirectory(PathBuf),
    /// The result directory cannot be made or used.
    #[error("cannot write results to `{}`: {source}", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// One file cannot be written or moved into place; the earlier results are as they were.
    #[error("cannot write `{}`: {source}; earlier results are unchanged", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A chart or page cannot be rendered: a fault of this program.
    #[error("cannot render `{name}`: {reason}")]
    Render {
        /// File name.
        name: String,
        /// What went wrong.
        reason: String,
    },
}

/// A file to be: its path inside the result directory, and its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Relative, such as `charts/cost.svg`.
    pub name: String,
    /// All of it.
    pub bytes: Vec<u8>,
}

/// Checks that `dir` can take results, before a long run and not after it; makes the directory, and ends what a killed
/// process left unfinished in it.
///
/// # Errors
/// When `dir` is a file, or cannot be made or written to.
pub fn prepare(dir: &Path) -> Result<(), WriteError> {
    if dir.is_file() {
        return Err(WriteError::NotADirectory(dir.to_owned()));
    }
    let failed = |source| WriteError::Directory { path: dir.to_owned(), source };
    std::fs::create_dir_all(dir).map_err(failed)?;
    // A directory that exists may still refuse files: try.
    tempfile::tempfile_in(dir).map(drop).map_err(failed)?;
    settle(dir)
}

/// Renders every file of a run and writes them into `dir`; returns their paths, tables first.
///
/// # Errors
/// When something cannot be rendered or written; then `dir` holds what it held before.
pub fn run(dir: &Path, tables: &Tables) -> Result<Vec<PathBuf>, WriteError> {
    let files = render(tables)?;
    let mut stale: Vec<String> =
        chart::NAMES.iter().flat_map(|name| [format!("charts/{name}.svg"), format!("charts/{name}.png")]).collect();
    stale.extend(fault_charts(dir));
    replace(dir, &files, &stale, &|from, to| std::fs::rename(from, to))
}

/// Charts of faults that are there from an earlier run; it may have had other faults.
fn fault_charts(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir.join("charts")).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let ours =
        |name: &String| name.starts_with(chart::FAULT_PREFIX) && [".svg", ".png"].iter().any(|it| name.ends_with(it));
    let mut names: Vec<String> = names.filter(ours).map(|name| format!("charts/{name}")).collect();
    names.sort();
    names
}

/// Charts as files, an SVG and a PNG of each, in order. They are drawn in parallel: a picture takes as long as a small run.
///
/// # Errors
/// When one cannot be drawn.
pub fn pictures(figures: &[Figure]) -> Result<Vec<File>, WriteError> {
    let pair = |figure: &Figure| {
        let [svg, png] = ["svg", "png"].map(|ending| format!("charts/{}.{ending}", figure.name));
        let pixels = chart::png(figure).map_err(|error| render_error(&png, error.to_string()))?;
        Ok([File { name: svg, bytes: chart::standalone(figure).into_bytes() }, File { name: png, bytes: pixels }])
    };
    let pairs = figures.par_iter().map(pair).collect::<Result<Vec<_>, WriteError>>()?;
    Ok(pairs.into_iter().flatten().collect())
}

/// Every file of a run as bytes, in the order of the manual.
fn render(tables: &Tables) -> Result<Vec<File>, WriteError> {
    let tabular = csv::files(tables).map_err(|error| render_error("the tables", error.to_string()))?;
    let mut files: Vec<File> = tabular.into_iter().map(|(name, bytes)| File { name: name.to_owned(), bytes }).collect();
    let mut record =
        serde_json::to_vec_pretty(&tables.run).map_err(|error| render_error(read::RUN_FILE, error.to_string()))?;
    record.push(b'\n');
    files.push(File { name: read::RUN_FILE.to_owned(), bytes: record });

    let rendered = Rendered::of(tables);
    files.extend(pictures(&rendered.figures)?);
    let page = |name: &str, text: Result<String, minijinja::Error>| match text {
        Ok(text) => Ok(File { name: name.to_owned(), bytes: text.into_bytes() }),
        Err(error) => Err(render_error(name, format!("{error:#}"))),
    };
    files.push(page("report.md", rendered.markdown())?);
    files.push(page("report.html", rendered.html())?);
    Ok(files)
}

fn render_error(name: &str, reason: String) -> WriteError {
    WriteError::Render { name: name.to_owned(), reason }
}
