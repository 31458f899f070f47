//! The outside world's files: replication configurations, registry and lifecycle policies, catalogues, traces, real image
//! manifests, tables of laws, price lists; templates, plans and outputs in which those configurations are found.
//!
//! Each reader takes the text of a file and gives typed rows, or every [`Problem`] that it found with the bytes that
//! the problem is about, so that whoever knows the file's name can show the line. Readers do not open files (but for
//! `account`, which walks a directory of them), and know
//! neither the engine nor the scenario that names the file; they hold one row at a time besides what they return.
//!
//! The service's own files are read as the service reads them: what it would refuse is refused here, with the number of
//! the fact that says so.

use std::ops::Range;

pub mod account;
pub mod catalogue;
pub mod json;
pub mod lifecycle;
pub mod manifests;
pub mod native;
pub mod policy;
pub mod price_list;
pub mod quantiles;
pub mod replication;
pub mod rows;
pub mod streamed;
pub mod strict;
pub mod traces;

/// After so many problems a reader gives up on a file: the rest rarely helps, and a file may have millions of rows.
pub const MOST_PROBLEMS: usize = 20;

/// Something wrong in an outside file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The bytes of the file that it is about.
    pub span: Range<usize>,
    /// What is wrong and what would be right; lower case, no full stop.
    pub message: String,
    /// What is known there; may be empty.
    pub label: String,
}

impl Problem {
    /// A problem at these bytes.
    pub fn new(span: Range<usize>, message: impl Into<String>, label: impl Into<String>) -> Problem {
        Problem { span, message: message.into(), label: label.into() }
    }
}

/// The known name that `name` was probably meant to be: near in edit distance, and clearly nearer than the others.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = (name.chars().count() / 3).clamp(1, 3);
    let mut best: Option<(&str, usize)> = None;
    let mut tie = false;
    for candidate in known {
        let distance = strsim::damerau_levenshtein(name, candidate);
        match best {
            Some((other, least)) if distance == least => tie |= other != candidate,
            Some((_, least)) if distance > least => {}
            _ => {
                best = Some((candidate, distance));
                tie = false;
            }
        }
    }
    best.filter(|(_, distance)| *distance <= allowed && !tie).map(|(candidate, _)| candidate)
}

/// ``", did you mean `x`?"`` when one known name is clearly near, else nothing.
pub fn did_you_mean<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(name, known).map(|near| format!(", did you mean `{near}`?")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_clearly_near_name_is_offered() {
        assert_eq!(nearest("prd", ["platform", "prod"]), Some("prod"));
        assert_eq!(nearest("regoin", ["region", "name", "rate"]), Some("region"));
        assert_eq!(nearest("bu-0", ["bu-1", "bu-2"]), None, "two names are equally near");
        assert_eq!(nearest("xyz", ["platform", "prod"]), None);
        assert_eq!(did_you_mean("prd", ["prod"]), ", did you mean `prod`?");
    }
}
