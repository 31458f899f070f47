//! Problems of input files: collected, sorted by place, and shown with the line that they are about.

use std::collections::HashSet;

use serde::Serialize;

use super::tree::{FileId, Origin};

mod absorb;
pub mod findings;
mod render;

pub use findings::Finding;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Severity {
    /// The scenario cannot be run.
    Error,
    /// It can, but probably not as meant.
    Warning,
    /// Good to know; it never decides anything.
    Note,
}

/// One problem.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Which of the kinds of findings that the manual lists; `None` = a plain error of reading.
    pub finding: Option<&'static Finding>,
    /// What is wrong and what would be right; lower case, no full stop.
    pub message: String,
    /// Where.
    pub origin: Origin,
    /// What is known there; may be empty.
    pub label: String,
    /// A second place that has to do with it (drawn as a dashed mark), and its label.
    pub also: Option<(Origin, String)>,
    /// A document that mends it when it is applied, such as a registry policy.
    pub apply: Option<serde_json::Value>,
}

impl Diagnostic {
    /// A finding with one place and nothing to apply.
    pub fn of(finding: &'static Finding, origin: &Origin, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            severity: finding.severity,
            finding: Some(finding),
            message: message.into(),
            origin: origin.clone(),
            label: String::new(),
            also: None,
            apply: None,
        }
    }

    /// The same with what is known at its place.
    pub fn label(self, label: impl Into<String>) -> Diagnostic {
        Diagnostic { label: label.into(), ..self }
    }

    /// The same with a second place.
    pub fn also(self, origin: &Origin, label: impl Into<String>) -> Diagnostic {
        Diagnostic { also: Some((origin.clone(), label.into())), ..self }
    }

    /// What is known at its place, the fact behind it included.
    pub fn full_label(&self) -> String {
        match (self.finding.map(|finding| finding.fact), self.label.as_str()) {
            (None | Some(""), label) => label.to_string(),
            // It names the one of several facts that the case is about.
            (Some(_), label) if label.contains("fact ") || self.message.contains("(fact") => label.to_string(),
            (Some(fact), "") => format!("fact {fact}"),
            (Some(fact), label) => format!("{label} (fact {fact})"),
        }
    }
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
    /// Which finding of the manual; absent for a plain error of reading.
    pub id: Option<&'static str>,
    /// The number of the fact behind it in the manual.
    pub fact: Option<&'static str>,
    /// The file, as named on the command line or in another file.
    pub file: String,
    /// From 1; absent when the file itself is the problem.
    pub line: Option<usize>,
    /// In characters, from 1.
    pub column: Option<usize>,
    /// `error`, `warning` or `note`.
    pub severity: &'static str,
    /// What is wrong and what would be right.
    pub message: String,
    /// What is known at that place; may be empty.
    pub label: String,
    /// A document that mends it when it is applied.
    pub apply: Option<serde_json::Value>,
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

    /// Reports a finding.
    pub fn found(
        &mut self,
        finding: &'static Finding,
        origin: &Origin,
        message: impl Into<String>,
        label: impl Into<String>,
    ) {
        self.report(Diagnostic::of(finding, origin, message).label(label));
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

    /// Whether a place has an error already.
    pub fn has_error_at(&self, origin: &Origin) -> bool {
        self.items.iter().any(|item| item.severity == Severity::Error && item.origin == *origin)
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

    /// Errors and warnings as people read them, with the line that each is about, and the count at the end; empty when
    /// there are none. Notes are told apart, in short ([`Diagnostics::notes`]). With `colour`, in ANSI colours.
    pub fn render(&self, colour: bool) -> String {
        render::render(self, colour)
    }

    /// The notes, those of one finding together, in the order of [`Diagnostics::sorted`].
    pub fn notes(&self) -> Vec<Vec<&Diagnostic>> {
        let mut groups: Vec<Vec<&Diagnostic>> = Vec::new();
        for note in self.sorted().into_iter().filter(|item| item.severity == Severity::Note) {
            match groups.iter_mut().find(|group| group[0].finding == note.finding) {
                Some(group) => group.push(note),
                None => groups.push(vec![note]),
            }
        }
        groups
    }

    /// Where something is written, for people: `shop.toml:12:3`, or the file alone when it is empty.
    pub fn place(&self, origin: &Origin) -> String {
        render::place(self, origin)
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
        let origin = origin.clone();
        self.report(Diagnostic { severity, finding: None, message, origin, label, also: None, apply: None });
    }
}
