//! Problems of input files: collected, sorted by place, and shown with the line that they are about.

use super::tree::{FileId, Origin};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

    /// Reports a problem with two places.
    pub fn report(&mut self, diagnostic: Diagnostic) {
        self.items.push(diagnostic);
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

    fn push(&mut self, severity: Severity, origin: &Origin, message: String, label: String) {
        self.items.push(Diagnostic { severity, message, origin: origin.clone(), label, also: None });
    }
}
