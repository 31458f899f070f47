//! `extensions`: powers that the service lacks, which a scenario asks for by name to price them anyway.
//!
//! Whoever reads results must know that a strategy is not possible today, so each one that uses such a power gets a note
//! that says what the service lacks.

use super::strategies::Strategies;
use crate::scenario::diagnostics::findings;
use crate::scenario::review::LACKING;
use crate::scenario::tree::Node;
use crate::scenario::values::{Reading, one_or_many};

/// Notes what each strategy uses, and warns of what is named and not used.
pub fn extensions(r: &mut Reading<'_>, root: &Node, strategies: &mut Strategies) {
    let mut used = [false; LACKING.len()];
    for strategy in &strategies.list {
        for ((name, uses, lack), used) in LACKING.iter().zip(&mut used) {
            if strategy.rules().any(|(_, rule)| uses(&rule.extension)) {
                *used = true;
                let note = format!("not possible today: {} uses the extension `{name}`; {lack}", strategy.name);
                strategies.notes.push(note);
            }
        }
    }
    for item in root.get("extensions").map(one_or_many).unwrap_or_default() {
        let unused = LACKING.iter().zip(used).find(|((name, ..), used)| item.text() == Some(name) && !used);
        if let Some(((name, ..), _)) = unused {
            let message = format!("no rule uses the extension `{name}`");
            r.found(&findings::EXTENSION_UNUSED, &item.origin, message, "leave it out");
        }
    }
}
