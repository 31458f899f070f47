//! `summary.csv` and `trials.csv`.

use super::{Column, View};
use crate::sim::Histogram;
use crate::study::gathered::{Gathered, Tails, TrialFacts};
use crate::study::tables::{SummaryRow, TrialRow};
use crate::units::Usd;

/// One row per strategy.
pub(super) fn rows(view: &View) -> Vec<SummaryRow> {
    view.columns.iter().map(|column| row(view, column)).collect()
}

fn row(view: &View, column: &Column) -> SummaryRow {
    let trials = &column.gathered.trials;
    let mean = |of: fn(&TrialFacts) -> u128| {
        // Summed as integers: exact, whatever the size.
        trials.iter().fold(0u128, |sum, trial| sum.saturating_add(of(trial))) as f64 / view.trials
    };
    let part = |group: usize| view.per_month(trials.iter().map(|trial| trial.groups[group]).sum::<Usd>());
    let cost = view.cost(column);
    let [pull_p50_s, pull_p95_s, pull_p99_s] = pulls(column.gathered).quantiles;
    let [lag_p50_s, lag_p95_s, lag_p99_s] = lags(column.gathered).quantiles;
    SummaryRow {
        strategy: column.strategy.name.clone(),
        kind: column.strategy.kind.name().into(),
        trials: trials.len() as u64,
        cost_usd_month: view.per_month(trials.iter().map(|trial| trial.cost).sum::<Usd>()),
        cost_ci_low_usd_month: cost.low(),
        cost_ci_high_usd_month: cost.high(),
        storage_usd_month: part(0),
        transfer_usd_month: part(1),
        network_path_usd_month: part(2),
        other_usd_month: part(3),
        pulls: mean(|trial| trial.pulls.into()),
        pulls_cold: mean(|trial| trial.pulls_cold.into()),
        pulls_failed: mean(|trial| trial.pulls_failed.into()),
        pull_p50_s,
        pull_p95_s,
        pull_p99_s,
        copies: mean(|trial| trial.copies.into()),
        copies_failed: mean(|trial| trial.copies_failed.into()),
        lag_p50_s,
        lag_p95_s,
        lag_p99_s,
        cross_region_bytes: mean(|trial| trial.cross_region_bytes),
        stored_bytes_end: mean(|trial| trial.stored_bytes_end.into()),
    }
}

/// One row per strategy and trial.
pub(super) fn trials(view: &View) -> Vec<TrialRow> {
    let mut rows = Vec::new();
    for column in &view.columns {
        for (index, trial) in column.gathered.trials.iter().enumerate() {
            let [pull_p50_s, pull_p95_s, pull_p99_s] = trial.pull.quantiles;
            let [lag_p50_s, lag_p95_s, lag_p99_s] = trial.lag.quantiles;
            rows.push(TrialRow {
                strategy: column.strategy.name.clone(),
                trial: index as u64 + 1,
                months: view.months,
                cost_usd: trial.cost.to_string(),
                pulls: trial.pulls,
                pulls_cold: trial.pulls_cold,
                pulls_failed: trial.pulls_failed,
                pull_p50_s,
                pull_p95_s,
                pull_p99_s,
                copies: trial.copies,
                copies_failed: trial.copies_failed,
                lag_p50_s,
                lag_p95_s,
                lag_p99_s,
            });
        }
    }
    rows
}

/// Pull times of all trials and regions together.
fn pulls(gathered: &Gathered) -> Tails {
    let mut all = Histogram::default();
    gathered.pull_times.iter().for_each(|times| all.merge(&times.pull));
    Tails::of(&all)
}

/// Lag of all trials and regions together.
pub(super) fn lags(gathered: &Gathered) -> Tails {
    let mut all = Histogram::default();
    gathered.lag.iter().for_each(|region| all.merge(region));
    Tails::of(&all)
}
