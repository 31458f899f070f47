//! What the rows say, in sentences.
//!
//! The verdict comes first: what is cheapest, by how much, and whether chance could explain it. Then times, requirements,
//! and what the reader must know before believing any of it. Every number in a sentence is worked out from the rows; where
//! the rows do not support a claim, the sentence says so. The bound is never called a strategy to choose.

mod cost;
mod failures;
mod requirements;
mod time;

pub use failures::in_words as cause_in_words;

use crate::report::numbers;
use crate::report::reading::{Reading, Strategy};

/// Sentences about a run, by subject; each is complete, with its full stop.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// Cheapest, differences, distance from the bound, the other reading of prices.
    pub verdict: Vec<String>,
    /// Pulls, copies, failures, what was copied in vain.
    pub times: Vec<String>,
    /// Who recovers from which fault, and what that time is worth.
    pub recovery: Vec<String>,
    /// What fails, and why.
    pub failures: Vec<String>,
    /// Objectives met and missed, limits and when they are met.
    pub requirements: Vec<String>,
    /// Powers that the scenario assumes and the service lacks; pages put them where nobody can miss them.
    pub impossible: Vec<String>,
    /// What the result rests on, and warnings of the run.
    pub cautions: Vec<String>,
}

/// Finds what there is to say.
pub fn of(reading: &Reading) -> Findings {
    Findings {
        verdict: cost::verdict(reading),
        times: time::sentences(reading),
        recovery: failures::recovery(reading),
        failures: failures::causes(reading),
        requirements: requirements::sentences(reading),
        impossible: reading.impossible().map(|note| sentence(&capital(note))).collect(),
        cautions: cautions(reading),
    }
}

fn cautions(reading: &Reading) -> Vec<String> {
    let run = reading.run();
    let mut out = Vec::new();
    if reading.trials() == 1 {
        out.push("There is one trial only, so nothing can be said about chance: no intervals are given.".to_owned());
    }
    let assumed = |strategy: &Strategy| {
        let key = format!("strategies.{}.delay", strategy.name());
        run.assumptions.iter().any(|assumption| assumption.key == key)
    };
    if reading.strategies.iter().any(|it| it.row.kind == "replication" && it.row.copies > 0.0 && assumed(it)) {
        out.push(
            "How long the service waits before it replicates is an assumption: no figure for it is published."
                .to_owned(),
        );
    }
    let choices = run.assumptions.iter().filter(|assumption| assumption.source == "choice").count();
    if choices > 0 {
        let (verb, them) = if choices == 1 { ("has", "it is") } else { ("have", "they are") };
        out.push(format!(
            "{} {verb} no source and {}: {them} marked “choice” in the report.",
            numbers::of(choices as f64, "value", "values"),
            if choices == 1 { "is our own choice" } else { "are our own choices" }
        ));
    }
    out.extend(reading.possible_notes().map(sentence));
    out
}

/// The first letter as a capital.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

/// A text with a full stop at its end.
pub fn sentence(text: &str) -> String {
    let text = text.trim();
    if text.ends_with(['.', '!', '?']) { text.to_owned() } else { format!("{text}.") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn every_finding_is_a_sentence() {
        for tables in [fixture::tables(), fixture::crowd(), fixture::alone(), fixture::nothing()] {
            let found = of(&Reading::of(&tables));
            assert!(!found.verdict.is_empty());
            for text in [found.verdict, found.times, found.recovery, found.failures, found.requirements, found.cautions]
                .concat()
            {
                assert!(text.ends_with('.') && !text.contains("NaN") && !text.contains("  "), "{text}");
            }
        }
    }

    #[test]
    fn a_delay_that_the_scenario_sets_is_no_assumption_of_ours() {
        let mut tables = fixture::tables();
        tables.run.assumptions.retain(|assumption| !assumption.key.ends_with(".delay"));
        let said = |tables: &_| of(&Reading::of(tables)).cautions.join(" ");
        assert!(!said(&tables).contains("How long the service waits"));
        tables
            .run
            .assumptions
            .push(crate::scenario::Assumption { key: "strategies.replication.delay".into(), ..Default::default() });
        assert!(said(&tables).contains("How long the service waits"));
    }

    #[test]
    fn what_is_not_possible_today_is_no_caution_among_others() {
        let mut tables = fixture::tables();
        tables.run.notes.push("not possible today: `replication` filters by tag".into());
        let found = of(&Reading::of(&tables));
        assert_eq!(found.impossible, ["Not possible today: `replication` filters by tag."]);
        assert!(
            !found.cautions.join(" ").contains("filters by tag") && found.cautions.join(" ").contains("nobody has")
        );
    }

    #[test]
    fn an_empty_run_says_so() {
        let tables = Default::default();
        assert_eq!(of(&Reading::of(&tables)).verdict, ["No strategy was run."]);
    }
}
