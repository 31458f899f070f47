//! Times and counts of a strategy, before and after.

use super::{Change, Method};
use crate::study::tables::{SummaryRow, Tables, TrialRow};

/// A quantile: its name, the events that each trial needs for a quantile of its own (10/(1 − q)), where it stands.
type Quantile = (&'static str, u64, fn(&TrialRow) -> Option<f64>, fn(&SummaryRow) -> Option<f64>);

/// Of pulls; those that gave up have no time.
const PULLS: [Quantile; 3] = [
    ("pull_p50", 20, |row| row.pull_p50_s, |row| row.pull_p50_s),
    ("pull_p95", 200, |row| row.pull_p95_s, |row| row.pull_p95_s),
    ("pull_p99", 1000, |row| row.pull_p99_s, |row| row.pull_p99_s),
];
/// Of copies.
const LAGS: [Quantile; 3] = [
    ("lag_p50", 20, |row| row.lag_p50_s, |row| row.lag_p50_s),
    ("lag_p95", 200, |row| row.lag_p95_s, |row| row.lag_p95_s),
    ("lag_p99", 1000, |row| row.lag_p99_s, |row| row.lag_p99_s),
];

/// How many events a trial has.
type Events = fn(&TrialRow) -> u64;

/// A count: its name, and where it stands.
type Count = (&'static str, Events);

const COUNTS: [Count; 5] = [
    ("pulls", |row| row.pulls),
    ("pulls_cold", |row| row.pulls_cold),
    ("pulls_failed", |row| row.pulls_failed),
    ("copies", |row| row.copies),
    ("copies_failed", |row| row.copies_failed),
];

/// Compares all of them, in a fixed order; figures that neither run has are left out.
pub(super) fn compare(old: (&Tables, &SummaryRow), new: (&Tables, &SummaryRow), method: Method) -> Vec<Change> {
    let trials = |(tables, row): (&'_ Tables, &SummaryRow)| -> Vec<TrialRow> {
        tables.trials.iter().filter(|trial| trial.strategy == row.strategy).cloned().collect()
    };
    let (before, after) = (trials(old), trials(new));
    let mut changes = Vec::new();
    let events: [([Quantile; 3], Events); 2] =
        [(PULLS, |row| row.pulls.saturating_sub(row.pulls_failed)), (LAGS, |row| row.copies)];
    for (quantiles, count) in events {
        for (name, needed, of_trial, of_all) in quantiles {
            let by_trial = |rows: &[TrialRow]| -> Option<Vec<f64>> {
                let enough = |row: &TrialRow| of_trial(row).filter(|at| count(row) >= needed && at.is_finite());
                rows.iter().map(enough).collect()
            };
            let change = match (by_trial(&before), by_trial(&after)) {
                (Some(old), Some(new)) if !old.is_empty() && !new.is_empty() => {
                    Change::of(name, "s", &old, &new, method)
                }
                _ => Change::together(name, "s", of_all(old.1), of_all(new.1)),
            };
            changes.push(change);
        }
    }
    for (name, of) in COUNTS {
        let values = |rows: &[TrialRow]| -> Vec<f64> { rows.iter().map(|row| of(row) as f64).collect() };
        changes.push(Change::of(name, "count", &values(&before), &values(&after), method));
    }
    let of = |name, old, new| Change::together(name, "bytes", Some(old), Some(new));
    changes.push(of("cross_region_bytes", old.1.cross_region_bytes, new.1.cross_region_bytes));
    changes.push(of("stored_bytes_end", old.1.stored_bytes_end, new.1.stored_bytes_end));
    changes.retain(|change| change.old.is_some() || change.new.is_some());
    changes
}
