//! Problems of input files: collected, sorted by place, and shown with the line that they are about.

use std::collections::HashSet;

use serde::Serialize;

use super::tree::{FileId, Origin};

mod render;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Severity {
    /// The scenario cannot be run.
    Error,
    /// It can, but probably not as meant.
    Warning,
}

/// One problem.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong and what would be right; lower case, no full stop.
    pub message: String,
    /// Where.
    pub origin: Origin,
    /// What is known there; may be empty.
    pub label: String,
    /// A second place that has to do with it (drawn as a dashed mark), and its label.
    pub also: Option<(Origin, String)>,
}

/// All problems of the files of a scenario, and the files' texts.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics {
    files: Vec<(String, String)>,
    items: Vec<Diagnostic>,
    /// What was said where, so that nothing is said twice.
    said: HashSet<(Origin, String)>,
}

/// So many problems are enough: a file with more of them is not a scenario.
const ENOUGH: usize = 1000;

/// A problem in the form for other programs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The file, as named on the command line or in another file.
    pub file: String,
    /// From 1; absent when the file itself is the problem.
    pub line: Option<usize>,
    /// In characters, from 1.
    pub column: Option<usize>,
    /// `error` or `warning`.
    pub severity: &'static str,
    /// What is wrong and what would be right.
    pub message: String,
    /// What is known at that place; may be empty.
    pub label: String,
}

impl Diagnostics {
    /// Adds a source text under the name that messages will show.
    pub fn add_file(&mut self, name: impl Into<String>, text: impl Into<String>) -> FileId {
        self.files.push((name.into(), text.into()));
        FileId(self.files.len() as u32 - 1)
    }

    /// Reports an error.
    pub fn error(&mut self, origin: &Origin, message: impl Into<String>, label: impl Into<String>) {
        self.push(Severity::Error, origin, message.into(), label.into());
    }

    /// Reports a warning.
    pub fn warning(&mut self, origin: &Origin, message: impl Into<String>, label: impl Into<String>) {
        self.push(Severity::Warning, origin, message.into(), label.into());
    }

    /// Reports a problem, which may have two places. The same message for the same place is kept once.
    pub fn report(&mut self, diagnostic: Diagnostic) {
        if self.said.insert((diagnostic.origin.clone(), diagnostic.message.clone())) {
            self.items.push(diagnostic);
        }
    }

    /// Whether there are so many problems that looking for more helps nobody.
    pub fn is_full(&self) -> bool {
        self.items.len() >= ENOUGH
    }

    /// Whether the scenario cannot be run.
    pub fn has_errors(&self) -> bool {
        self.items.iter().any(|item| item.severity == Severity::Error)
    }

    /// All problems, in the order found.
    pub fn items(&self) -> &[Diagnostic] {
        &self.items
    }

    /// Name and text of a file.
    pub fn file(&self, id: FileId) -> (&str, &str) {
        let (name, text) = &self.files[id.0 as usize];
        (name, text)
    }

    /// All problems, file by file and in line order.
    pub fn sorted(&self) -> Vec<&Diagnostic> {
        let mut items: Vec<&Diagnostic> = self.items.iter().collect();
        items.sort_by_key(|item| (item.origin.file, item.origin.span.start, item.origin.span.end));
        items
    }

    /// All problems as people read them, with the line that each is about, and the count at the end; empty when there
    /// are none. With `colour`, in ANSI colours.
    pub fn render(&self, colour: bool) -> String {
        render::render(self, colour)
    }

    /// How many problems each file has: `shop.toml: 9 errors; replication.json: 1 error`.
    pub fn count_line(&self) -> String {
        render::count_line(self)
    }

    /// All problems in the form for other programs, in the order of [`Diagnostics::sorted`].
    pub fn reports(&self) -> Vec<Report> {
        render::reports(self)
    }

    fn push(&mut self, severity: Severity, origin: &Origin, message: String, label: String) {
        self.report(Diagnostic { severity, message, origin: origin.clone(), label, also: None });
    }
}
