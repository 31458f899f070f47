//! A scenario made from configuration files: what they say as TOML, and placeholders, marked as such, for what they do
//! not say.
//!
//! `estate` puts together what several files say of the same registries; `text` writes it down. Whatever a scenario
//! cannot say in its own words stays in the service's, in a file beside it.

use super::Diagnostics;
use super::tree::{FileId, Origin};
use crate::formats::native::{Form, Native, Settings};
use std::ops::Range;

mod estate;
mod text;

/// A file that has been read.
#[derive(Debug)]
pub struct Source {
    /// Among the files of the diagnostics.
    pub file: FileId,
    /// What it was taken for.
    pub form: Form,
    /// What it says.
    pub native: Native,
}

/// A scenario and the files beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fragment {
    /// TOML.
    pub scenario: String,
    /// Path and text of each file that the scenario names.
    pub files: Vec<(String, String)>,
    /// What whoever goes on with it must know.
    pub notes: Vec<String>,
}

/// Makes a scenario of what files say. With `beside` it may name files; without, what would need one is an error. `None`
/// when there is an error.
pub fn fragment(
    sources: &[Source],
    settings: &Settings,
    beside: bool,
    diagnostics: &mut Diagnostics,
) -> Option<Fragment> {
    let before = diagnostics.items().len();
    for source in sources {
        for warning in &source.native.warnings {
            let origin = Origin { file: source.file, span: warning.span.clone() };
            diagnostics.warning(&origin, &warning.message, &warning.label);
        }
    }
    let estate = estate::gather(sources, settings, diagnostics);
    let fragment = text::write(&estate, sources, beside, diagnostics);
    let refused = diagnostics.items()[before..].iter().any(|item| item.severity == super::Severity::Error);
    (!refused).then_some(fragment)
}

/// A place in a file.
fn at(file: FileId, span: &Range<usize>) -> Origin {
    Origin { file, span: span.clone() }
}

#[cfg(test)]
mod tests;
