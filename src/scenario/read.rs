//! From a scenario's path to a [`Draft`]: one merged, expanded and checked tree.
//!
//! The order, in which later wins: base < file < `[overrides]` < `--set`. A base is read with its own `[overrides]`, as
//! if it were run by itself. `[defaults]` lie under the elements of their lists, whichever file these come from.

use std::io::Read;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::check::{self, Refused, Stage};
use super::expand::expand;
use super::keys::Type;
use super::keys::top::SCENARIO;
use super::merge::{apply_defaults, drop_disabled, merge};
use super::parse::{self, MAX_FILE};
use super::paths::{self, Assignment, Setting};
use super::tree::{FileId, Node, Origin};
use super::{Diagnostics, Input};

/// Longest chain of bases.
const MAX_CHAIN: usize = 8;

/// A scenario that is merged, expanded, and held against the key tables.
///
/// What was refused is not in it: an absent key either was not written or has been reported. Defaults are not filled in.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The tree, without `extends`, `defaults`, `overrides` and elements with `enabled = false`.
    pub root: Node,
    /// The scenario and its bases, in the order read.
    pub files: Vec<Input>,
    /// Where the files lie.
    directories: Vec<(FileId, PathBuf)>,
}

impl Draft {
    /// A draft of a tree that no file holds.
    #[cfg(test)]
    pub fn of(root: Node) -> Draft {
        Draft { root, files: Vec::new(), directories: Vec::new() }
    }

    /// A path that is written at `origin`, relative to the file that it is written in, or to the working directory when
    /// that is an argument of the command line.
    pub fn resolve(&self, origin: &Origin, relative: &str) -> PathBuf {
        match self.directories.iter().find(|(file, _)| *file == origin.file) {
            Some((_, directory)) => directory.join(relative),
            None => PathBuf::from(relative),
        }
    }
}

/// Reads the scenario at `path` with the `--set` arguments `sets`.
///
/// Problems go to `diagnostics`. `None` when there is nothing to go on with: a file cannot be read, or is not TOML.
pub fn read(path: &Path, sets: &[String], diagnostics: &mut Diagnostics) -> Option<Draft> {
    let mut reader = Reader { diagnostics, refused: Refused::new(), files: Vec::new(), directories: Vec::new() };
    let mut root = reader.file(path, None, &mut Vec::new())?;
    let Reader { mut refused, files, directories, .. } = reader;
    let arguments: Vec<(FileId, &String)> =
        sets.iter().map(|text| (diagnostics.add_file("--set", text.as_str()), text)).collect();
    let assignments: Vec<Assignment<'_>> =
        arguments.iter().filter_map(|(file, text)| paths::assignment(*file, text, diagnostics)).collect();
    let (defaults, others): (Vec<_>, Vec<_>) = assignments
        .into_iter()
        .partition(|assignment| assignment.parts.first().is_some_and(|part| part.text == "defaults"));
    defaults.iter().for_each(|assignment| assignment.apply(&mut root, diagnostics));
    if let Some(defaults) = root.get("defaults") {
        check::check(defaults, Type::Table(&super::keys::top::DEFAULTS), Stage::File, diagnostics, &mut refused);
    }
    apply_defaults(&mut root);
    others.iter().for_each(|assignment| assignment.apply(&mut root, diagnostics));
    drop_disabled(&mut root);
    check::check(&root, Type::Table(&SCENARIO), Stage::Whole, diagnostics, &mut refused);
    check::prune(&mut root, &refused);
    Some(Draft { root, files, directories })
}

struct Reader<'a> {
    diagnostics: &'a mut Diagnostics,
    refused: Refused,
    files: Vec<Input>,
    directories: Vec<(FileId, PathBuf)>,
}

impl Reader<'_> {
    /// Reads a file over its bases. `named` is where another file names it; `chain` are the files on the way to it.
    fn file(&mut self, path: &Path, named: Option<&Origin>, chain: &mut Vec<PathBuf>) -> Option<Node> {
        let bytes = match contents(path) {
            Ok(bytes) => bytes,
            Err(problem) => {
                let message = format!("cannot read `{}`: {problem}", path.display());
                let origin = match named {
                    Some(origin) => origin.clone(),
                    None => {
                        let file = self.diagnostics.add_file(path.display().to_string(), "");
                        Origin { file, span: 0..0 }
                    }
                };
                self.diagnostics.error(&origin, message, "");
                return None;
            }
        };
        let identity = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        if let Some(origin) = named {
            if chain.contains(&identity) {
                self.diagnostics.error(origin, format!("`{}` extends itself", path.display()), "");
                return None;
            }
            if chain.len() > MAX_CHAIN {
                self.diagnostics.error(origin, "the chain of bases is longer than 8", "");
                return None;
            }
        }
        chain.push(identity);
        let digest = Sha256::digest(&bytes);
        let sha256 = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        self.files.push(Input { file: path.display().to_string(), sha256 });
        let text = String::from_utf8(bytes);
        let (text, broken) = match text {
            Ok(text) => (text, None),
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                (String::from_utf8_lossy(error.as_bytes()).into_owned(), Some(at))
            }
        };
        let file = self.diagnostics.add_file(path.display().to_string(), text);
        self.directories.push((file, path.parent().map(Path::to_path_buf).unwrap_or_default()));
        if let Some(at) = broken {
            let origin = Origin { file, span: at..at + 1 };
            self.diagnostics.error(&origin, "the file is not UTF-8", "this byte is no part of a character");
            return None;
        }
        let mut node = parse::document(file, self.diagnostics)?;
        expand(&mut node, Type::Table(&SCENARIO));
        check::check(&node, Type::Table(&SCENARIO), Stage::File, self.diagnostics, &mut self.refused);
        if self.diagnostics.is_full() {
            return None;
        }
        let extends = node.remove("extends");
        let overrides = node.remove("overrides");
        if let Some(extends) = extends
            && let Some(base) = extends.node.text().filter(|text| !text.trim().is_empty())
        {
            let base = path.parent().unwrap_or(Path::new("")).join(base);
            let base = self.file(&base, Some(&extends.node.origin), chain)?;
            node = merge(base, node, Type::Table(&SCENARIO));
        }
        for entry in overrides.iter().flat_map(|overrides| overrides.node.entries()) {
            let span = &entry.key_origin.span;
            // A quoted key begins behind its quote.
            let start = span.start + usize::from(span.len() == entry.key.len() + 2);
            match paths::split(&entry.key) {
                Ok(parts) => {
                    Assignment { file, start, parts, setting: Setting::Node(&entry.node) }
                        .apply(&mut node, self.diagnostics);
                }
                Err((_, message)) => self.diagnostics.error(&entry.key_origin, message, ""),
            }
        }
        chain.pop();
        Some(node)
    }
}

/// The bytes of a file, or why there are none.
fn contents(path: &Path) -> Result<Vec<u8>, String> {
    let file = std::fs::File::open(path).map_err(|error| problem(&error))?;
    if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
        return Err("it is a directory".into());
    }
    let mut bytes = Vec::new();
    // One byte more than allowed tells a file that is too large from one that just fits, without reading it all.
    file.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(|error| problem(&error))?;
    if bytes.len() as u64 > MAX_FILE {
        return Err("it is larger than 16 MB".into());
    }
    Ok(bytes)
}

/// What the system says, in our words where they are plainer.
fn problem(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".into(),
        std::io::ErrorKind::PermissionDenied => "permission denied".into(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests;
