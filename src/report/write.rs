//! The one writer: results are whole or not there at all.
//!
//! Everything is rendered to bytes first; then it is written into a hidden directory beside the results, and only when
//! every byte is on disk are the files moved into place, one rename each. Should a rename fail, those already done are
//! taken back. Files of an earlier run under our names are replaced, or removed when this run has no such file (a chart
//! that was left out must not survive from last time); files that are not ours are never touched.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::report::csv;
use crate::report::{Rendered, chart, read};
use crate::study::tables::Tables;

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

/// Checks that `dir` can take results, before a long run and not after it; makes the directory.
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
    tempfile::tempfile_in(dir).map(drop).map_err(failed)
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

/// Every file of a run as bytes, in the order of the manual.
fn render(tables: &Tables) -> Result<Vec<File>, WriteError> {
    let tabular = csv::files(tables).map_err(|error| render_error("the tables", error.to_string()))?;
    let mut files: Vec<File> = tabular.into_iter().map(|(name, bytes)| File { name: name.to_owned(), bytes }).collect();
    let mut record =
        serde_json::to_vec_pretty(&tables.run).map_err(|error| render_error(read::RUN_FILE, error.to_string()))?;
    record.push(b'\n');
    files.push(File { name: read::RUN_FILE.to_owned(), bytes: record });

    let rendered = Rendered::of(tables);
    for figure in &rendered.figures {
        let svg = format!("charts/{}.svg", figure.name);
        let png = format!("charts/{}.png", figure.name);
        let pixels = chart::png(figure).map_err(|error| render_error(&png, error.to_string()))?;
        files.push(File { name: svg, bytes: chart::standalone(figure).into_bytes() });
        files.push(File { name: png, bytes: pixels });
    }
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

/// Moves a file; a parameter so that a test can let one move fail.
type Rename<'a> = &'a dyn Fn(&Path, &Path) -> io::Result<()>;

/// Puts `files` into `dir` and takes `stale` names away, all or nothing.
///
/// # Errors
/// When the directory or a file cannot be written; then everything is as before.
pub fn replace(dir: &Path, files: &[File], stale: &[String], rename: Rename) -> Result<Vec<PathBuf>, WriteError> {
    prepare(dir)?;
    let stage = tempfile::Builder::new()
        .prefix(".replisim-")
        .tempdir_in(dir)
        .map_err(|source| WriteError::Directory { path: dir.to_owned(), source })?;
    let (new, old) = (stage.path().join("new"), stage.path().join("old"));
    for file in files {
        let failed = |source| WriteError::File { path: dir.join(&file.name), source };
        for place in [new.join(&file.name), old.join(&file.name), dir.join(&file.name)] {
            std::fs::create_dir_all(place.parent().unwrap_or(dir)).map_err(failed)?;
        }
        std::fs::write(new.join(&file.name), &file.bytes).map_err(failed)?;
    }

    let mut moves = Moves { done: Vec::new(), rename };
    let taken_away = stale.iter().filter(|name| files.iter().all(|file| file.name != **name));
    for name in files.iter().map(|file| &file.name).chain(taken_away) {
        let target = dir.join(name);
        let result = moves.step(&target, &old.join(name)).and_then(|()| moves.step(&new.join(name), &target));
        if let Err(source) = result {
            moves.take_back();
            return Err(WriteError::File { path: target, source });
        }
    }
    Ok(files.iter().map(|file| dir.join(&file.name)).collect())
}

/// Renames made so far, so that they can be undone.
struct Moves<'a> {
    done: Vec<(PathBuf, PathBuf)>,
    rename: Rename<'a>,
}

impl Moves<'_> {
    /// Renames if there is something to rename: a first run has no earlier file, a file taken away has no successor.
    fn step(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        if from.is_dir() {
            return Err(io::Error::other("a directory is in the way"));
        }
        if from.exists() {
            if let Some(parent) = to.parent() {
                std::fs::create_dir_all(parent)?;
            }
            (self.rename)(from, to)?;
            self.done.push((from.to_owned(), to.to_owned()));
        }
        Ok(())
    }

    /// Undoes in reverse order. An error here leaves nothing better to do than to go on.
    fn take_back(&mut self) {
        for (from, to) in self.done.drain(..).rev() {
            let _ = std::fs::rename(to, from);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::report::fixture;

    fn file(name: &str, text: &str) -> File {
        File { name: name.to_owned(), bytes: text.as_bytes().to_vec() }
    }

    fn really(from: &Path, to: &Path) -> io::Result<()> {
        std::fs::rename(from, to)
    }

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(dir)
            .expect("readable")
            .map(|entry| entry.expect("entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_failure_midway_leaves_earlier_files_untouched() {
        let dir = tempfile::tempdir().expect("temporary directory");
        replace(dir.path(), &[file("a.csv", "1"), file("b.csv", "1")], &[], &really).expect("first run");
        // Of the four moves (old a, new a, old b, new b) each in turn fails.
        for failing in 0..4 {
            let moves = Cell::new(0);
            let fails = |from: &Path, to: &Path| {
                moves.set(moves.get() + 1);
                if moves.get() == failing + 1 { Err(io::Error::other("disk on fire")) } else { really(from, to) }
            };
            let error = replace(dir.path(), &[file("a.csv", "2"), file("b.csv", "2")], &[], &fails).expect_err("fails");
            assert!(error.to_string().contains("disk on fire; earlier results are unchanged"), "{error}");
            for name in ["a.csv", "b.csv"] {
                assert_eq!(std::fs::read_to_string(dir.path().join(name)).expect("still there"), "1");
            }
            assert_eq!(names(dir.path()), ["a.csv", "b.csv"], "nothing else is left behind");
        }
    }

    #[test]
    fn unknown_files_stay_and_stale_charts_go() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let first = [file("charts/lag.svg", "old"), file("a.csv", "1")];
        replace(dir.path(), &first, &[], &really).expect("first run");
        std::fs::write(dir.path().join("mine.txt"), "keep").expect("writable");
        replace(dir.path(), &[file("a.csv", "2")], &["charts/lag.svg".to_owned()], &really).expect("second run");
        assert_eq!(names(dir.path()), ["a.csv", "charts", "mine.txt"]);
        assert!(names(&dir.path().join("charts")).is_empty());
        assert_eq!(std::fs::read_to_string(dir.path().join("a.csv")).expect("there"), "2");
    }

    #[test]
    fn a_file_where_the_directory_should_be_is_said_plainly() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let place = dir.path().join("results");
        std::fs::write(&place, "").expect("writable");
        let error = replace(&place, &[], &[], &really).expect_err("is a file");
        assert!(error.to_string().ends_with("it is a file, not a directory"), "{error}");
        let inside = place.join("deeper");
        assert!(matches!(prepare(&inside), Err(WriteError::Directory { .. })));
    }

    #[test]
    fn a_directory_in_the_way_of_a_file_stops_everything() {
        let dir = tempfile::tempdir().expect("temporary directory");
        std::fs::create_dir(dir.path().join("b.csv")).expect("writable");
        let error = replace(dir.path(), &[file("a.csv", "1"), file("b.csv", "1")], &[], &really).expect_err("fails");
        assert!(error.to_string().contains("a directory is in the way"), "{error}");
        assert_eq!(names(dir.path()), ["b.csv"]);
    }

    #[test]
    fn charts_of_faults_that_are_gone_are_taken_away() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let mut tables = fixture::run(&[("pull", "cross-region-pull")], 1);
        run(dir.path(), &tables).expect("writes");
        let chart = dir.path().join("charts/pulls-around-use1-down.png");
        assert!(chart.is_file());
        std::fs::write(dir.path().join("charts/pulls-around-mine.txt"), "keep").expect("writable");
        tables.run.faults.clear();
        run(dir.path(), &tables).expect("writes again");
        assert!(!chart.exists() && dir.path().join("charts/pulls-around-mine.txt").exists());
    }

    #[test]
    fn a_run_reads_back_as_it_was_written() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let tables = fixture::run(&[("pull", "cross-region-pull"), ("copy", "replication")], 2);
        let written = run(dir.path(), &tables).expect("writes");
        assert!(written.iter().all(|path| path.is_file()));
        assert!(written.contains(&dir.path().join("charts/cost.png")));
        assert!(read::tables(dir.path()).expect("reads") == tables);
    }
}
