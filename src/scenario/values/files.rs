//! Files that a scenario names: read once, hashed, and known to the diagnostics as soon as something is wrong in them.

use std::cell::Cell;
use std::ops::Range;
use std::path::PathBuf;
use std::rc::Rc;

use sha2::{Digest, Sha256};

use super::Reading;
use crate::formats::Problem;
use crate::scenario::Input;
use crate::scenario::diagnostics::Finding;
use crate::scenario::tree::{FileId, Node, Origin};

/// A file that has been read.
pub struct Loaded {
    /// As named in the scenario.
    pub name: String,
    /// Its text.
    pub text: String,
    /// Its place among the files of the diagnostics, once something has been said about it.
    id: Cell<Option<FileId>>,
}

impl Reading<'_> {
    /// The file that a path leads to. A file that cannot be read is reported where it is named.
    pub fn file(&mut self, node: &Node) -> Option<Rc<Loaded>> {
        let name = self.text(node, "a path")?.to_string();
        let path = (self.resolve)(&node.origin, &name);
        if let Some(known) = self.files.get(&path) {
            let known = known.clone();
            if known.is_none() {
                self.error(&node.origin, format!("cannot read `{name}`"), "named before; see there");
            }
            return known;
        }
        let text = match std::fs::read(&path).map(String::from_utf8) {
            Ok(Ok(text)) => Some(text),
            Ok(Err(_)) => {
                self.error(&node.origin, format!("`{name}` is not UTF-8 text"), "");
                None
            }
            Err(error) => {
                self.error(
                    &node.origin,
                    format!("cannot read `{name}`: {error}"),
                    format!("looked for {}", path.display()),
                );
                None
            }
        };
        let loaded = text.map(|text| {
            let sha256 = Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
            self.inputs.push(Input { file: name.clone(), sha256 });
            Rc::new(Loaded { name, text, id: Cell::new(None) })
        });
        self.files.insert(path, loaded.clone());
        loaded
    }

    /// Where the files lie that were read so far.
    pub fn paths(&self) -> Vec<PathBuf> {
        self.files.keys().cloned().collect()
    }

    /// A place in a file.
    pub fn place(&mut self, file: &Loaded, span: Range<usize>) -> Origin {
        let id = file.id.get().unwrap_or_else(|| {
            let id = self.diagnostics.add_file(file.name.clone(), file.text.clone());
            file.id.set(Some(id));
            id
        });
        Origin { file: id, span }
    }

    /// What a reader found in a file of the service's: problems that are findings, or plain errors; a finding says its
    /// fact itself. A rule of such a file may be wrong in several ways, and each is told.
    pub fn found_in(
        &mut self,
        file: &Loaded,
        problems: Vec<Problem>,
        finding: impl Fn(&Problem) -> Option<&'static Finding>,
    ) {
        for problem in problems {
            let origin = self.place(file, problem.span.clone());
            match finding(&problem) {
                Some(finding) if problem.label == format!("fact {}", finding.fact) => {
                    self.diagnostics.found(finding, &origin, problem.message, "");
                }
                Some(finding) => self.diagnostics.found(finding, &origin, problem.message, problem.label),
                None => self.diagnostics.error(&origin, problem.message, problem.label),
            }
        }
    }

    /// What a reader made of a file, or its problems in the diagnostics.
    pub fn rows<T>(&mut self, file: &Loaded, read: Result<T, Vec<Problem>>) -> Option<T> {
        match read {
            Ok(rows) => Some(rows),
            Err(problems) => {
                for problem in problems {
                    let origin = self.place(file, problem.span);
                    self.error(&origin, problem.message, problem.label);
                }
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::read;

    #[test]
    fn a_missing_file_is_reported_where_it_is_named() {
        let (file, problems) = read("f = \"no/such.csv\"", "2026-01-01T00:00:00Z", 1, |reading, root| {
            reading.optional(root, "f", |r, n| r.file(n)).is_some()
        });
        assert!(!file);
        assert!(problems[0].0.starts_with("cannot read `no/such.csv`: "), "{}", problems[0].0);
        assert_eq!(problems[0].2, "\"no/such.csv\"");
    }
}
