//! `recovery.csv`, `failures.csv` and `disruptions.csv`: what faults did, and what failed.
//!
//! The bound is no system and has no rows: nothing can be down for it.

use super::{Column, View};
use crate::strategy::Kind;
use crate::study::struck::AroundSums;
use crate::study::tables::{DisruptionRow, FailureRow, RecoveryRow};
use crate::units::Span;

fn systems<'v>(view: &'v View) -> impl Iterator<Item = &'v Column<'v>> {
    view.columns.iter().filter(|column| !matches!(column.strategy.kind, Kind::Clairvoyant { .. }))
}

/// Rows by strategy, trial and time of the strike.
pub(super) fn recovery(view: &View) -> Vec<RecoveryRow> {
    let mut rows = Vec::new();
    for column in systems(view) {
        rows.extend(column.gathered.struck.strikes.iter().map(|hit| RecoveryRow {
            strategy: column.strategy.name.clone(),
            trial: hit.trial,
            fault: view.scenario.model.faults[hit.outcome.strike.fault].name.clone(),
            recovery_s: hit.outcome.recovery.flatten().map(Span::as_seconds),
            images_missing: hit.outcome.images_missing.map(u64::from),
            oldest_missing_s: hit.outcome.oldest_missing.map(Span::as_seconds),
            pulls_failed: hit.outcome.pulls_failed,
        }));
    }
    rows
}

/// Rows by strategy, event, cause and registry.
pub(super) fn failures(view: &View) -> Vec<FailureRow> {
    let cloud = &view.scenario.model.cloud;
    let mut rows = Vec::new();
    for column in systems(view) {
        rows.extend(column.gathered.failures.iter().filter(|(_, count)| **count > 0).map(|(failure, count)| {
            let registry = cloud.registries[usize::from(failure.registry)];
            FailureRow {
                strategy: column.strategy.name.clone(),
                event: failure.event.name().into(),
                cause: failure.cause.name().into(),
                account: cloud.account(registry.account).into(),
                region: cloud.region(registry.region).into(),
                count: *count as f64 / view.trials,
            }
        }));
    }
    rows
}

/// Rows by strategy, fault, region of the clusters and time; only regions in which a pull ended.
pub(super) fn disruptions(view: &View) -> Vec<DisruptionRow> {
    let mut rows = Vec::new();
    for column in systems(view) {
        for (fault, sums) in &column.gathered.struck.around {
            let fault = &view.scenario.model.faults[*fault].name;
            for (region, name) in view.scenario.model.cloud.regions.iter().enumerate() {
                push(&mut rows, (&column.strategy.name, fault, name), sums, region);
            }
        }
    }
    rows
}

fn push(rows: &mut Vec<DisruptionRow>, names: (&str, &str, &str), sums: &AroundSums, region: usize) {
    let (Some(served), Some(failed)) = (sums.sum.served.get(region), sums.sum.failed.get(region)) else { return };
    if served.iter().chain(failed).all(|count| *count == 0) {
        return;
    }
    let (strategy, fault, region) = names;
    let bin = sums.sum.bin;
    let first = sums.sum.from.0.saturating_sub(sums.strike.from.0);
    rows.extend(served.iter().zip(failed).enumerate().map(|(index, (served, failed))| DisruptionRow {
        strategy: strategy.into(),
        fault: fault.into(),
        region: region.into(),
        seconds_from_start: Span(first.saturating_add(bin.0.saturating_mul(index as i64))).as_seconds(),
        bin_s: bin.as_seconds(),
        served: f64::from(*served) / sums.trials as f64,
        failed: f64::from(*failed) / sums.trials as f64,
    }));
}
