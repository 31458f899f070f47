//! Files into a directory, all or nothing, whenever the process ends.
//!
//! A *stage* is a hidden directory with all files as they are to be, and room for those that they replace. Once it holds
//! every byte it is marked as ready, and what is ready is carried out: by its own process, or, when that was killed, by
//! the next one that looks ([`settle`]). A stage that is not ready holds nothing that anybody was told of, and goes.
//!
//! The directory is locked meanwhile, so that the stage of a process that lives is nobody else's.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use super::{File, WriteError};

/// How a stage's name begins.
const STAGE: &str = ".replisim-results-";
/// The file that marks a stage as ready: names to take away, one a line.
const READY: &str = "ready";

/// Moves a file; a parameter so that a test can let one move fail.
type Rename<'a> = &'a dyn Fn(&Path, &Path) -> io::Result<()>;

/// Puts `files` into `dir` and takes `stale` names away, all or nothing.
///
/// # Errors
/// When the directory or a file cannot be written; then everything is as before.
pub fn replace(dir: &Path, files: &[File], stale: &[String], rename: Rename) -> Result<Vec<PathBuf>, WriteError> {
    super::prepare(dir)?;
    let in_directory = |source| WriteError::Directory { path: dir.to_owned(), source };
    let _lock = lock(dir);
    let stage = tempfile::Builder::new().prefix(STAGE).tempdir_in(dir).map_err(in_directory)?;
    let (new, old) = (stage.path().join("new"), stage.path().join("old"));
    for file in files {
        let failed = |source| WriteError::File { path: dir.join(&file.name), source };
        for place in [new.join(&file.name), old.join(&file.name)] {
            fs::create_dir_all(place.parent().unwrap_or(dir)).map_err(failed)?;
        }
        fs::write(new.join(&file.name), &file.bytes).map_err(failed)?;
    }
    let taken_away: Vec<&str> =
        stale.iter().map(String::as_str).filter(|name| files.iter().all(|file| file.name != *name)).collect();
    mark(stage.path(), &taken_away.join("\n")).map_err(in_directory)?;

    let mut moves = Moves { done: Vec::new(), rename };
    for name in files.iter().map(|file| file.name.as_str()).chain(taken_away) {
        let target = dir.join(name);
        let result = moves.step(&target, &old.join(name)).and_then(|()| moves.step(&new.join(name), &target));
        if let Err(source) = result {
            moves.take_back();
            return Err(WriteError::File { path: target, source });
        }
    }
    Ok(files.iter().map(|file| dir.join(&file.name)).collect())
}

/// Ends what killed processes left in `dir`: what was ready is put into place, the rest goes. Waits for a process that is
/// putting its results there.
///
/// # Errors
/// When the system refuses.
pub fn settle(dir: &Path) -> Result<(), WriteError> {
    // Without a lock nobody can tell a dead process from a living one.
    let Some(_lock) = lock(dir) else { return Ok(()) };
    let failed = |source| WriteError::Directory { path: dir.to_owned(), source };
    for stage in stages(dir).map_err(failed)? {
        if let Ok(stale) = fs::read_to_string(stage.join(READY)) {
            carry_out(dir, &stage.join("new"), Path::new("")).map_err(failed)?;
            let is_ours = |name: &&str| Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
            for name in stale.lines().filter(is_ours) {
                match fs::remove_file(dir.join(name)) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
                    _ => {}
                }
            }
        }
        fs::remove_dir_all(&stage).map_err(failed)?;
    }
    Ok(())
}

/// Marks a stage as ready, in one step.
fn mark(stage: &Path, stale: &str) -> io::Result<()> {
    let (draft, ready) = (stage.join("draft"), stage.join(READY));
    fs::write(&draft, stale)?;
    fs::rename(draft, ready)
}

/// Moves what is still in a stage's `new` to its place.
fn carry_out(dir: &Path, new: &Path, below: &Path) -> io::Result<()> {
    for entry in fs::read_dir(new.join(below))? {
        let entry = entry?;
        let name = below.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            fs::create_dir_all(dir.join(&name))?;
            carry_out(dir, new, &name)?;
        } else {
            fs::rename(entry.path(), dir.join(&name))?;
        }
    }
    Ok(())
}

/// The stages in a directory, by name.
fn stages(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut stages = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(STAGE) && entry.file_type()?.is_dir() {
            stages.push(entry.path());
        }
    }
    stages.sort();
    Ok(stages)
}

/// Locks a directory until the answer is dropped; waits while another process has it. `None` = there is no such
/// directory, or the system locks none.
fn lock(dir: &Path) -> Option<fs::File> {
    let directory = fs::File::open(dir).ok()?;
    directory.lock().ok()?;
    Some(directory)
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
                fs::create_dir_all(parent)?;
            }
            (self.rename)(from, to)?;
            self.done.push((from.to_owned(), to.to_owned()));
        }
        Ok(())
    }

    /// Undoes in reverse order. An error here leaves nothing better to do than to go on.
    fn take_back(&mut self) {
        for (from, to) in self.done.drain(..).rev() {
            let _ = fs::rename(to, from);
        }
    }
}
