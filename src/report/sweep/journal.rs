//! The journal of an unfinished sweep: one line per finished point, appended as soon as it is finished.
//!
//! Each line begins with a checksum of its rest. A process that is killed in the middle of a line leaves a torn one
//! behind; whoever goes on reads up to it, cuts it off and runs that point again. The first line says which sweep it is.
//! The file is locked while a sweep runs, and removed when its results are in place.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::report::numbers;
use crate::study::sweep::Record;

/// Its name in the result directory.
pub const FILE: &str = ".sweep.jsonl";

/// A killed process loses nothing that it has written; a machine without power at most what is younger than this.
const SYNC: Duration = Duration::from_secs(1);

/// Letters of a checksum: the first half of a SHA-256.
const CHECKSUM: usize = 32;

/// Why there is no going on.
#[derive(Debug, Error)]
pub enum JournalError {
    /// The system refuses.
    #[error("cannot use `{}`: {source}", path.display())]
    File {
        /// The journal.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process is at it.
    #[error("another sweep is running in `{}`; choose another --out", .0.display())]
    Busy(PathBuf),
    /// There are finished points, and nobody said what to do with them.
    #[error(
        "`{}` holds an unfinished sweep, {done} of {of} points: add --resume to go on with it, choose another --out, \
         or delete `{}` to begin again", dir.display(), dir.join(FILE).display()
    )]
    Unfinished {
        /// The result directory.
        dir: PathBuf,
        /// Points finished.
        done: usize,
        /// Points in all.
        of: usize,
    },
    /// The finished points are of another sweep.
    #[error(
        "`{}` holds an unfinished sweep that is another one: it differs in {}; run it as it was begun, or choose another \
         --out", dir.display(), numbers::list(what)
    )]
    Another {
        /// The result directory.
        dir: PathBuf,
        /// In what.
        what: Vec<String>,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Line {
    Sweep(Box<Record>),
    Point { point: u64, rows: String },
}

/// An open journal.
#[derive(Debug)]
pub struct Journal {
    file: File,
    path: PathBuf,
    synced: Instant,
}

impl Journal {
    /// Opens the journal of the sweep `record` in `dir`, which exists. With `resume`, points that are finished already
    /// come back, by number; without it there must be none.
    ///
    /// # Errors
    /// See [`JournalError`].
    pub fn open(dir: &Path, record: &Record, resume: bool) -> Result<(Journal, BTreeMap<u64, String>), JournalError> {
        let path = dir.join(FILE);
        let failed = |source| JournalError::File { path: path.clone(), source };
        let mut options = OpenOptions::new();
        let mut file = options.create(true).read(true).append(true).open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(JournalError::Busy(dir.to_owned())),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        if !path.exists() {
            // The process that had it came to its end and took it away.
            return Journal::open(dir, record, resume);
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(failed)?;
        let (begun, mut points, whole) = parse(&bytes);
        if points.is_empty() && (!resume || begun.is_none()) {
            // Nothing is lost by beginning again.
            file.set_len(0).map_err(failed)?;
            let mut journal = Journal { file, path: path.clone(), synced: Instant::now() };
            journal.write(&Line::Sweep(Box::new(record.clone()))).map_err(failed)?;
            return Ok((journal, points));
        }
        if let Some(begun) = begun {
            if !resume {
                let (dir, done, of) = (dir.to_owned(), points.len(), begun.numbers().count());
                return Err(JournalError::Unfinished { dir, done, of });
            }
            let mut what = record.differences(&begun);
            if record.shard != begun.shard {
                what.push("--shard".to_owned());
            }
            if !what.is_empty() {
                return Err(JournalError::Another { dir: dir.to_owned(), what });
            }
        }
        points.retain(|point, _| record.numbers().any(|number| number == *point));
        file.set_len(whole as u64).map_err(failed)?;
        Ok((Journal { file, path, synced: Instant::now() }, points))
    }

    /// Keeps the lines of a finished point.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn append(&mut self, point: u64, rows: String) -> Result<(), JournalError> {
        let path = self.path.clone();
        self.write(&Line::Point { point, rows }).map_err(|source| JournalError::File { path, source })
    }

    /// Takes the journal away: its results are in place.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn remove(self) -> Result<(), JournalError> {
        let path = self.path;
        std::fs::remove_file(&path).map_err(|source| JournalError::File { path, source })
    }

    fn write(&mut self, line: &Line) -> io::Result<()> {
        let payload = serde_json::to_string(line)?;
        // One call, so that no other line can come between.
        self.file.write_all(format!("{} {payload}\n", checksum(payload.as_bytes())).as_bytes())?;
        if self.synced.elapsed() >= SYNC {
            self.file.sync_data()?;
            self.synced = Instant::now();
        }
        Ok(())
    }
}

/// Points of the unfinished sweep in a directory, and how many there are to be; `None` when there is no such sweep.
pub fn unfinished(dir: &Path) -> Option<(usize, usize)> {
    let bytes = std::fs::read(dir.join(FILE)).ok()?;
    let (begun, points, _) = parse(&bytes);
    begun.map(|record| (points.len(), record.numbers().count()))
}

/// The sweep, its finished points, and the length of what is whole. Reading ends at the first line that is not.
fn parse(bytes: &[u8]) -> (Option<Record>, BTreeMap<u64, String>, usize) {
    let (mut begun, mut points, mut whole) = (None, BTreeMap::new(), 0);
    while let Some(end) = bytes[whole..].iter().position(|byte| *byte == b'\n') {
        match line(&bytes[whole..whole + end]) {
            Some(Line::Sweep(record)) if begun.is_none() => begun = Some(*record),
            Some(Line::Point { point, rows }) if begun.is_some() => {
                points.insert(point, rows);
            }
            _ => break,
        }
        whole += end + 1;
    }
    (begun, points, whole)
}

/// A line without its break, if it is whole.
fn line(bytes: &[u8]) -> Option<Line> {
    let (sum, payload) = (bytes.get(..CHECKSUM)?, bytes.get(CHECKSUM + 1..)?);
    (checksum(payload).as_bytes() == sum).then(|| serde_json::from_slice(payload).ok())?
}

fn checksum(payload: &[u8]) -> String {
    Sha256::digest(payload).iter().take(CHECKSUM / 2).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    fn whole(dir: &Path) -> Vec<u8> {
        let finished = fixture::one_key();
        let (mut journal, points) = Journal::open(dir, &finished.record, false).expect("opens");
        assert!(points.is_empty());
        for (point, lines) in fixture::points(&finished) {
            journal.append(point, lines).expect("takes it");
        }
        std::fs::read(dir.join(FILE)).expect("there")
    }

    #[test]
    fn whatever_byte_a_kill_comes_at_the_points_before_it_are_there_and_the_end_is_the_same() {
        let dir = tempfile::tempdir().expect("a directory");
        let bytes = whole(dir.path());
        let finished = fixture::one_key();
        let all = fixture::points(&finished);
        for cut in 0..=bytes.len() {
            std::fs::write(dir.path().join(FILE), &bytes[..cut]).expect("writable");
            let (mut journal, mut points) = Journal::open(dir.path(), &finished.record, true).expect("goes on");
            // Every line but the first is a point, and each whole one counts.
            let lines = bytes[..cut].iter().filter(|byte| **byte == b'\n').count();
            assert_eq!(points.len(), lines.saturating_sub(1), "cut at {cut}");
            for (point, rows) in &all {
                if !points.contains_key(point) {
                    journal.append(*point, rows.clone()).expect("takes it");
                    points.insert(*point, rows.clone());
                }
            }
            assert_eq!(points, all, "cut at {cut}");
            assert_eq!(std::fs::read(dir.path().join(FILE)).expect("there"), bytes, "cut at {cut}");
        }
    }

    #[test]
    fn a_line_that_is_not_what_was_written_is_not_believed() {
        let dir = tempfile::tempdir().expect("a directory");
        let bytes = whole(dir.path());
        let second = bytes.iter().position(|byte| *byte == b'\n').expect("a line") + 60;
        for at in [0, 40, second] {
            let mut broken = bytes.clone();
            broken[at] ^= 1;
            let (begun, points, _) = parse(&broken);
            assert_eq!((begun.is_some(), points.len()), (at == second, 0));
        }
    }

    #[test]
    fn points_are_neither_run_over_nor_mixed_with_those_of_another_sweep() {
        let dir = tempfile::tempdir().expect("a directory");
        let mut record = fixture::one_key().record;
        whole(dir.path());
        let refused = |record: &Record, resume| Journal::open(dir.path(), record, resume).expect_err("no").to_string();
        assert!(refused(&record, false).contains("holds an unfinished sweep, 5 of 5 points: add --resume"));
        record.seed += 1;
        record.trials += 1;
        let told = refused(&record, true);
        assert!(told.contains("another one: it differs in the seed and the number of trials;"), "{told}");
        record = fixture::one_key().record;
        record.shard = Some("1/2".parse().expect("a shard"));
        assert!(refused(&record, true).contains("differs in --shard;"));
        record.shard = None;
        record.inputs[0].sha256 = "0".into();
        assert!(refused(&record, true).contains("differs in the contents of `shop.toml`;"));
        let held = Journal::open(dir.path(), &fixture::one_key().record, true).expect("opens");
        assert!(refused(&fixture::one_key().record, true).contains("another sweep is running"));
        drop(held);
    }
}
