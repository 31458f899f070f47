//! What the rows say of faults: how a strategy came through each of them.

use super::{Reading, Strategy};
use crate::study::tables::{FaultText, RecoveryRow};

/// How a strategy came through a fault, over all strikes of all trials.
#[derive(Clone, Debug, PartialEq)]
pub struct Recovery<'a> {
    /// The strategy.
    pub strategy: Strategy<'a>,
    /// Strikes of the fault.
    pub strikes: usize,
    /// What the standby went through; `None` = there is none.
    pub standby: Option<Standby>,
    /// Failed pulls, mean per strike.
    pub pulls_failed: f64,
}

/// What the clusters that fail over went through.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Standby {
    /// Recovery that half of the strikes were within (s); infinite = more than half never recovered.
    pub median: f64,
    /// The longest; infinite = one never came.
    pub worst: f64,
    /// The most repositories whose newest release was missing.
    pub missing: u64,
    /// Age of the oldest of these releases, over all strikes (s).
    pub oldest: Option<f64>,
}

impl<'a> Reading<'a> {
    /// How each strategy came through a fault, in scenario order; strategies that it never struck are left out.
    pub fn recoveries(&self, fault: &FaultText) -> Vec<Recovery<'a>> {
        let of = |strategy: &Strategy<'a>| {
            let rows =
                self.tables.recovery.iter().filter(|row| row.strategy == strategy.name() && row.fault == fault.name);
            let rows: Vec<&RecoveryRow> = rows.collect();
            (!rows.is_empty()).then(|| Recovery {
                strategy: *strategy,
                strikes: rows.len(),
                standby: standby(&rows),
                pulls_failed: rows.iter().map(|row| row.pulls_failed as f64).sum::<f64>() / rows.len() as f64,
            })
        };
        self.strategies.iter().filter_map(of).collect()
    }

    /// Whether a note says of this strategy that it rests on powers that the service lacks.
    pub fn is_impossible(&self, strategy: &Strategy) -> bool {
        let name = format!("`{}`", strategy.name());
        self.impossible().any(|note| note.contains(&name))
    }

    /// Notes on powers that the scenario assumes and the service lacks.
    pub fn impossible(&self) -> impl Iterator<Item = &'a str> {
        self.run().notes.iter().map(String::as_str).filter(|note| note.starts_with(IMPOSSIBLE))
    }

    /// All other notes.
    pub fn possible_notes(&self) -> impl Iterator<Item = &'a str> {
        self.run().notes.iter().map(String::as_str).filter(|note| !note.starts_with(IMPOSSIBLE))
    }
}

/// How such a note begins.
const IMPOSSIBLE: &str = "not possible today";

/// With a standby something can be missing, so that cell tells whether there is one.
fn standby(rows: &[&RecoveryRow]) -> Option<Standby> {
    let rows: Vec<_> = rows.iter().filter_map(|row| Some((row, row.images_missing?))).collect();
    let mut times: Vec<f64> = rows.iter().map(|(row, _)| row.recovery_s.unwrap_or(f64::INFINITY)).collect();
    times.sort_by(f64::total_cmp);
    Some(Standby {
        median: times.get(times.len().checked_sub(1)? / 2).copied()?,
        worst: times.last().copied()?,
        missing: rows.iter().map(|(_, missing)| *missing).max()?,
        oldest: rows.iter().filter_map(|(row, _)| row.oldest_missing_s).max_by(f64::total_cmp),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;
    use crate::study::tables::{SummaryRow, Tables};

    #[test]
    fn a_recovery_that_never_comes_is_longer_than_any() {
        let row = |recovery_s, images_missing| RecoveryRow {
            strategy: "a".into(),
            fault: "f".into(),
            recovery_s,
            images_missing,
            oldest_missing_s: images_missing.map(|count| count as f64 * 10.0),
            pulls_failed: 2,
            ..RecoveryRow::default()
        };
        let mut tables =
            Tables { summary: vec![SummaryRow { strategy: "a".into(), ..Default::default() }], ..Tables::default() };
        let fault = FaultText { name: "f".into(), ..FaultText::default() };
        assert_eq!(Reading::of(&tables).recoveries(&fault), []);
        tables.recovery = vec![row(Some(30.0), Some(1)), row(None, Some(4)), row(Some(20.0), Some(0))];
        let found = &Reading::of(&tables).recoveries(&fault)[0];
        let expected = Standby { median: 30.0, worst: f64::INFINITY, missing: 4, oldest: Some(40.0) };
        assert_eq!((found.standby, found.strikes, found.pulls_failed), (Some(expected), 3, 2.0));
        tables.recovery = vec![row(None, None)];
        assert_eq!(Reading::of(&tables).recoveries(&fault)[0].standby, None, "nobody stands by");
    }

    #[test]
    fn a_strategy_is_marked_when_a_note_says_that_it_is_not_possible_today() {
        let mut tables = fixture::alone();
        tables.run.notes = vec!["`cross-region-pull` is possible".into()];
        let marked = |tables: &Tables| {
            let reading = Reading::of(tables);
            reading.is_impossible(&reading.strategies[0])
        };
        assert!(!marked(&tables));
        tables.run.notes.push("not possible today: `cross-region-pull` filters by tag".into());
        assert!(marked(&tables));
    }
}
