//! JSON Lines into a file that is written whole or not at all.
//!
//! Lines go into a hidden file beside the one that was asked for, as they come; [`LinesFile::keep`] moves it into place.
//! Until then, and when it is dropped without, what was there before is as it was. Devices and pipes have no place to
//! move to: they take the lines at once.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use tempfile::NamedTempFile;

use super::WriteError;

/// A file of JSON Lines in the making.
pub struct LinesFile {
    path: PathBuf,
    target: Target,
}

enum Target {
    /// A file beside the one that is to be.
    Beside(BufWriter<NamedTempFile>),
    /// A device or a pipe.
    Open(BufWriter<File>),
}

impl LinesFile {
    /// Finds out whether lines can be written to `path`, before there are any.
    ///
    /// # Errors
    /// When `path` is a directory, or its directory takes no files.
    pub fn begin(path: &Path) -> Result<LinesFile, WriteError> {
        let failed = |source| WriteError::File { path: path.to_owned(), source };
        // What a link leads to is replaced, not the link.
        let place = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let there = fs::metadata(&place).ok().map(|metadata| metadata.file_type());
        let target = match there {
            Some(kind) if kind.is_dir() => return Err(failed(io::Error::other("it is a directory"))),
            Some(kind) if !kind.is_file() => {
                Target::Open(BufWriter::new(File::options().write(true).open(&place).map_err(failed)?))
            }
            _ => {
                let directory = match place.parent() {
                    Some(parent) if parent != Path::new("") => parent,
                    _ => Path::new("."),
                };
                let file = beside(directory).map_err(failed)?;
                Target::Beside(BufWriter::new(file))
            }
        };
        Ok(LinesFile { path: place, target })
    }

    /// Writes a line.
    ///
    /// # Errors
    /// When the disk takes no more.
    pub fn line(&mut self, value: &impl Serialize) -> Result<(), WriteError> {
        let writer: &mut dyn Write = match &mut self.target {
            Target::Beside(file) => file,
            Target::Open(file) => file,
        };
        line(writer, value).map_err(|source| WriteError::File { path: self.path.clone(), source })
    }

    /// The file is whole: it takes its place.
    ///
    /// # Errors
    /// When its last bytes cannot be written, or it cannot be moved; then what was there before still is.
    pub fn keep(self) -> Result<(), WriteError> {
        let LinesFile { path, target } = self;
        let kept = match target {
            Target::Open(mut file) => file.flush(),
            Target::Beside(file) => match file.into_inner() {
                Ok(file) => file.persist(&path).map(drop).map_err(|error| error.error),
                Err(error) => Err(error.into_error()),
            },
        };
        kept.map_err(|source| WriteError::File { path, source })
    }
}

/// Writes a value and a line break.
///
/// # Errors
/// When the writer fails.
pub fn line(writer: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *writer, value)?;
    writer.write_all(b"\n")
}

/// Writes a whole file in one go, or nothing.
///
/// # Errors
/// When it cannot be written; then what was there before still is.
pub fn whole(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    let mut file = LinesFile::begin(path)?;
    let writer: &mut dyn Write = match &mut file.target {
        Target::Beside(file) => file,
        Target::Open(file) => file,
    };
    writer.write_all(bytes).map_err(|source| WriteError::File { path: path.to_owned(), source })?;
    file.keep()
}

/// How the name of a hidden file begins.
const HIDDEN: &str = ".replisim-lines-";

/// A hidden file in `directory`, with the rights that a new file has there. It is locked while its process lives, and
/// those of killed ones go.
fn beside(directory: &Path) -> io::Result<NamedTempFile> {
    for entry in fs::read_dir(directory)?.flatten() {
        let is_ours = entry.file_name().to_string_lossy().starts_with(HIDDEN);
        if is_ours
            && entry.file_type().is_ok_and(|kind| kind.is_file())
            && File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok())
        {
            // Should it have to stay, it does no harm.
            let _ = fs::remove_file(entry.path());
        }
    }
    loop {
        let file = hidden(directory)?;
        // Between its making and its lock another process may have taken it for a dead one's.
        if file.as_file().try_lock().is_err() || file.path().exists() {
            return Ok(file);
        }
    }
}

fn hidden(directory: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(HIDDEN);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // The system takes away what the user's mask says.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(directory)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(dir: &Path) -> Vec<String> {
        let entries = fs::read_dir(dir).expect("readable").map(|entry| entry.expect("entry").file_name());
        entries.map(|name| name.to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn nothing_is_there_until_all_is_and_nothing_is_left_behind() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("events.jsonl");
        let mut file = LinesFile::begin(&path).expect("writable");
        file.line(&serde_json::json!({"a": 1})).expect("written");
        assert!(!path.exists());
        drop(file);
        assert!(names(dir.path()).is_empty());

        fs::write(&path, "old").expect("writable");
        let mut file = LinesFile::begin(&path).expect("writable");
        file.line(&serde_json::json!({"a": "é\n"})).expect("written");
        file.line(&serde_json::json!([2])).expect("written");
        assert_eq!(fs::read_to_string(&path).expect("there"), "old");
        file.keep().expect("moved");
        assert_eq!(fs::read_to_string(&path).expect("there"), "{\"a\":\"é\\n\"}\n[2]\n");
        assert_eq!(names(dir.path()), ["events.jsonl"]);
    }

    #[test]
    fn what_cannot_be_a_file_is_said_at_once() {
        let dir = tempfile::tempdir().expect("a directory");
        let error = LinesFile::begin(dir.path()).err().expect("a directory is no file");
        assert!(error.to_string().contains("it is a directory"), "{error}");
        assert!(LinesFile::begin(&dir.path().join("no/such/file")).is_err());
        assert!(names(dir.path()).is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn a_device_stays_a_device_and_a_link_a_link() {
        use std::os::unix::fs::FileTypeExt;
        let mut file = LinesFile::begin(Path::new("/dev/null")).expect("writable");
        file.line(&1).expect("written");
        file.keep().expect("flushed");
        assert!(fs::metadata("/dev/null").expect("there").file_type().is_char_device());

        let dir = tempfile::tempdir().expect("a directory");
        let (real, link) = (dir.path().join("real"), dir.path().join("link"));
        fs::write(&real, "old").expect("writable");
        std::os::unix::fs::symlink(&real, &link).expect("linked");
        LinesFile::begin(&link).expect("writable").keep().expect("moved");
        assert!(link.is_symlink());
        assert_eq!(fs::read_to_string(&real).expect("there"), "");
    }
}
