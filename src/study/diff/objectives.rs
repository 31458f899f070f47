//! Verdicts before and after.

use serde::Serialize;

use crate::study::tables::ObjectiveRow;

/// The region of a verdict on all regions together.
pub(super) const ALL: &str = "all";

/// An objective whose verdict on a strategy differs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ObjectiveChange {
    /// Its name.
    pub objective: String,
    /// `all` = every region together.
    pub region: String,
    /// What became of it.
    pub verdict: Verdict,
    /// Before; `None` = there was no such objective, or nothing to measure there.
    pub old: Option<Judged>,
    /// After.
    pub new: Option<Judged>,
}

/// What became of an objective.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Missed before, met now.
    NewlyMet,
    /// Met before, missed now; or new, and missed.
    NewlyMissed,
    /// New, and met or not to be judged.
    Added,
    /// Gone.
    Removed,
    /// To be judged before and not now, or the other way round; or another target, with the same verdict.
    Changed,
}

/// An objective as judged.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Judged {
    /// What is required.
    pub target: f64,
    /// What was seen; `None` = nothing, or a time that never came.
    pub observed: Option<f64>,
    /// Of both.
    pub unit: String,
    /// Whether it is met; `None` = there is nothing to measure.
    pub met: Option<bool>,
    /// Share of trials that meet it.
    pub probability_met: Option<f64>,
}

/// Verdicts on a strategy that differ, in the new run's order; those that are gone come last.
pub(super) fn compare(old: &[ObjectiveRow], new: &[ObjectiveRow], strategy: &str) -> Vec<ObjectiveChange> {
    let of = |rows: &'_ [ObjectiveRow]| -> Vec<ObjectiveRow> {
        rows.iter().filter(|row| row.strategy == strategy).cloned().collect()
    };
    let (old, new) = (of(old), of(new));
    let same = |a: &ObjectiveRow, b: &ObjectiveRow| (&a.objective, &a.region) == (&b.objective, &b.region);
    let mut changes = Vec::new();
    for after in &new {
        let before = old.iter().find(|before| same(before, after));
        let verdict = match before {
            None if after.met == Some(false) => Verdict::NewlyMissed,
            None => Verdict::Added,
            Some(before) => match (before.met, after.met) {
                (Some(false), Some(true)) => Verdict::NewlyMet,
                (Some(true), Some(false)) => Verdict::NewlyMissed,
                (a, b) if a == b && before.target == after.target => continue,
                _ => Verdict::Changed,
            },
        };
        changes.push(change(after, verdict, before, Some(after)));
    }
    let gone = old.iter().filter(|before| !new.iter().any(|after| same(before, after)));
    changes.extend(gone.map(|before| change(before, Verdict::Removed, Some(before), None)));
    changes
}

fn change(
    row: &ObjectiveRow,
    verdict: Verdict,
    old: Option<&ObjectiveRow>,
    new: Option<&ObjectiveRow>,
) -> ObjectiveChange {
    let judged = |row: &ObjectiveRow| Judged {
        target: row.target,
        observed: row.observed,
        unit: row.unit.clone(),
        met: row.met,
        probability_met: row.probability_met,
    };
    ObjectiveChange {
        objective: row.objective.clone(),
        region: row.region.clone(),
        verdict,
        old: old.map(judged),
        new: new.map(judged),
    }
}
