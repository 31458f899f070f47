//! What `run.json` says of faults: each in words, and what the time that they took was worth.

use std::collections::{BTreeMap, BTreeSet};

use super::{Column, View};
use crate::cloud::{Cloud, RegionId, RegistryId};
use crate::demand::Trigger;
use crate::faults::FaultKind;
use crate::study::struck::can_end;
use crate::study::tables::{Downtime, FaultText, LostTime};
use crate::units::HOUR;

/// Every fault that has a start, in the scenario's order.
pub(super) fn in_words(view: &View) -> Vec<FaultText> {
    let model = &view.scenario.model;
    let ending = model.faults.iter().enumerate().filter(|(index, _)| can_end(&model.faults, *index));
    ending
        .map(|(index, fault)| {
            let clusters = model.demand.clusters.iter().filter(|cluster| {
                cluster.triggers.iter().any(|trigger| matches!(trigger, Trigger::Failover { of, .. } if *of == index))
            });
            let (mut regions, mut runs) = (BTreeSet::new(), BTreeSet::new());
            for cluster in clusters {
                regions.insert(model.cloud.registry(cluster.registry).region);
                runs.extend(cluster.runs.iter().map(|repository| repository.0));
            }
            let shown = view.columns.iter().find_map(|column| column.gathered.struck.around.get(&index));
            FaultText {
                name: fault.name.clone(),
                text: clause(view, &fault.kind),
                lasts_s: shown.map(|sums| (sums.strike.until - sums.strike.from).as_seconds()),
                standby: regions.into_iter().map(|region| model.cloud.region(region).into()).collect(),
                needed: runs.len() as u64,
            }
        })
        .collect()
}

/// What goes wrong, as a clause.
fn clause(view: &View, kind: &FaultKind) -> String {
    let cloud = &view.scenario.model.cloud;
    let region = |id: Option<RegionId>| id.map_or("every region".to_owned(), |id| cloud.region(id).to_owned());
    let copies =
        |word: &str, id: Option<RegistryId>| id.map_or(String::new(), |id| format!(" {word} {}", registry(cloud, id)));
    match kind {
        FaultKind::RegionOutage(id) => format!("{} is down", cloud.region(*id)),
        FaultKind::RegistryOutage(id) => format!("the registry {} is down", registry(cloud, *id)),
        FaultKind::SlowLink { from: None, to: None, .. } => "every link is slow".to_owned(),
        FaultKind::SlowLink { from, to, .. } => {
            format!("the way from {} to {} is slow", region(*from), region(*to))
        }
        FaultKind::Throttling { registry: id, .. } => format!("calls to {} are throttled", registry(cloud, *id)),
        FaultKind::CopyFailures { from, to, .. } => {
            format!("copies{}{} fail", copies("from", *from), copies("into", *to))
        }
        FaultKind::MissingPermission { registry: id, lacks } => {
            format!("{} lacks {}", registry(cloud, *id), lacks.join(", "))
        }
        FaultKind::JobStopped { strategy } => {
            let name = strategy.and_then(|index| Some(&view.scenario.model.strategies.get(index)?.name));
            name.map_or("no copy job runs".to_owned(), |name| format!("the job of {name} does not run"))
        }
    }
}

/// `account/region`.
fn registry(cloud: &Cloud, id: RegistryId) -> String {
    let registry = cloud.registry(id);
    format!("{}/{}", cloud.account(registry.account), cloud.region(registry.region))
}

/// What waiting nodes and outages cost, when the scenario says what an hour is worth.
pub(super) fn lost_time(view: &View) -> Vec<LostTime> {
    let Some(value) = view.scenario.value else { return Vec::new() };
    let lost = |ns: u128, hour_price: crate::units::Usd| {
        ns as f64 / HOUR as f64 * hour_price.dollars() / (view.trials * view.months)
    };
    view.columns
        .iter()
        .map(|column| LostTime {
            strategy: column.strategy.name.clone(),
            waiting_usd_month: lost(column.gathered.waiting_ns, value.waiting_hour),
            downtime: match value.downtime_hour.0 {
                0 => Vec::new(),
                _ => down_ns(view, column)
                    .into_iter()
                    .map(|(fault, ns)| Downtime {
                        fault: view.scenario.model.faults[fault].name.clone(),
                        usd_month: lost(ns, value.downtime_hour),
                    })
                    .collect(),
            },
        })
        .collect()
}

/// Nanoseconds from strikes to the recovery from them, of all trials, by fault with a standby. A recovery that never
/// came counts until the period ends: nobody knows how much longer it would have taken.
fn down_ns(view: &View, column: &Column) -> BTreeMap<usize, u128> {
    let end = view.scenario.model.calendar.end;
    let mut sums = BTreeMap::new();
    for hit in &column.gathered.struck.strikes {
        let strike = hit.outcome.strike;
        let Some(recovery) = hit.outcome.recovery else { continue };
        let down = recovery.map_or(end.0.saturating_sub(strike.from.0), |recovery| recovery.0);
        *sums.entry(strike.fault).or_insert(0u128) += u128::from(down.max(0).unsigned_abs());
    }
    sums
}
