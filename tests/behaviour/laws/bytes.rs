//! Bytes are neither made nor lost on their way.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use replisim::cloud::{AccountId, RegionId, RegistryId};
use replisim::demand::{NodeCache, PathKind, Trigger};
use replisim::engine::journal::{CopyKind, Entry};
use replisim::ledger::Item;
use replisim::units::Time;

use super::diary::{Diary, Shelf, diaries};
use super::drawn::{self, Scope};
use super::{fixed, scenario};

/// Who pays for what between which regions.
type End = (Item, AccountId, RegionId, RegionId);

/// Bytes that crossed between regions, as told; those that began within the period and moved after its start.
fn crossed(diary: &Diary) -> BTreeMap<End, u128> {
    let (model, end) = (diary.model, diary.model.calendar.end);
    let place = |registry: RegistryId| model.cloud.registry(registry);
    let mut begun: BTreeMap<u64, Time> = BTreeMap::new();
    let mut sums: BTreeMap<End, u128> = BTreeMap::new();
    let mut add = |item: Item, account: AccountId, from: RegionId, to: RegionId, bytes: u64| {
        if bytes > 0 && (from != to || item == Item::Nat) {
            *sums.entry((item, account, from, to)).or_default() += u128::from(bytes);
        }
    };
    for (at, entry) in &diary.entries {
        match entry {
            Entry::CopyBegun { copy, .. } => {
                begun.insert(copy.id, *at);
            }
            Entry::CopyMoved { copy, bytes, .. } if *at >= Time::START && begun[&copy.id] < end => {
                let (from, to) = (place(copy.from), place(copy.to));
                let via = copy.runner.map(place);
                if let Some(via) = via {
                    add(Item::Pull, from.account, from.region, via.region, *bytes);
                }
                let last = via.unwrap_or(from);
                add(Item::Copy, last.account, last.region, to.region, *bytes);
            }
            Entry::PullMoved { pull, registry, bytes, times } if times.1 >= Time::START && times.0 < end => {
                let cluster = &model.demand.clusters[usize::from(pull.cluster.0)];
                let (from, to) = (place(*registry), place(cluster.registry));
                add(Item::Pull, from.account, from.region, to.region, *bytes);
                let path = if from.region == to.region { cluster.path.local } else { cluster.path.remote };
                if path == PathKind::Nat {
                    add(Item::Nat, to.account, from.region, to.region, *bytes);
                }
            }
            _ => {}
        }
    }
    sums
}

/// The same from the ledger, kept by day and by repository.
fn metered(diary: &Diary) -> [BTreeMap<End, u128>; 2] {
    let ledger = &diary.outcome.ledger;
    let days = ledger.by_day().map(|(key, days)| (key, days.iter().sum::<u128>()));
    let shares = ledger.by_repository().map(|(key, shares)| (key, shares.map(|share| share.2).sum::<u128>()));
    let moved = |it: Vec<(replisim::ledger::MeterKey, u128)>| {
        it.into_iter()
            .filter(|(key, sum)| matches!(key.item, Item::Copy | Item::Pull | Item::Nat) && *sum > 0)
            .filter_map(|(key, sum)| Some(((key.item, key.account, key.from?, key.to?), sum)))
            .collect()
    };
    [moved(days.collect()), moved(shares.collect())]
}

/// Bytes that left each registry within the period: what surely had, and what may have been about to.
fn left(diary: &Diary) -> BTreeMap<RegistryId, (u128, u128)> {
    let mut begun: BTreeMap<u64, Time> = BTreeMap::new();
    let mut sums: BTreeMap<RegistryId, (u128, u128)> = BTreeMap::new();
    let mut add = |from: RegistryId, bytes: u64, surely: bool, perhaps: bool| {
        let sum = sums.entry(from).or_default();
        sum.0 += if surely { u128::from(bytes) } else { 0 };
        sum.1 += if perhaps { u128::from(bytes) } else { 0 };
    };
    for (at, entry) in &diary.entries {
        match entry {
            Entry::CopyBegun { copy, .. } => {
                begun.insert(copy.id, *at);
            }
            Entry::CopyMoved { copy, bytes, .. } => {
                let (from, to) = (begun[&copy.id], *at);
                let within = diary.in_period(from);
                let exact = copy.kind != CopyKind::Job;
                let (before, after) =
                    (from < Time::START && to >= Time::START, within && to >= diary.model.calendar.end);
                add(copy.from, *bytes, within && (exact || !after), within || (!exact && before));
            }
            Entry::PullMoved { registry, bytes, times, .. } => {
                let within = diary.in_period(times.0.min(*at));
                add(*registry, *bytes, within, within);
            }
            _ => {}
        }
    }
    sums
}

proptest! {
    #![proptest_config(fixed(48))]

    /// Why: what is paid for must have moved, and what has moved must be paid for, once.
    #[test]
    fn each_byte_that_crosses_is_metered_once(text in drawn::scenario(Scope::ALL)) {
        for diary in diaries(&scenario(&text, &[])) {
            let told = crossed(&diary);
            for metered in metered(&diary) {
                prop_assert_eq!(&told, &metered, "{}\n{}", &diary.strategy.name, &text);
            }
            let left = left(&diary);
            for (index, series) in diary.outcome.series.iter().enumerate() {
                let (surely, perhaps) = left.get(&RegistryId(index as u16)).copied().unwrap_or_default();
                let egress: u128 = series.egress.iter().map(|bytes| u128::from(*bytes)).sum();
                prop_assert!(
                    (surely..=perhaps).contains(&egress),
                    "{egress} B left registry {index} under {}, not {surely} to {perhaps}\n{text}", diary.strategy.name
                );
            }
        }
    }

    /// Why: where nothing fails and nothing goes away, a copy's destination grows by what the copy took from its source,
    /// byte by byte, and what is on its way at the end of the period is what has begun and has not arrived.
    #[test]
    fn bytes_out_of_sources_are_bytes_into_registries_and_in_flight(
        text in drawn::scenario(Scope { links: true, indexes: true, ..Scope::CALM })
    ) {
        for diary in diaries(&scenario(&text, &[])) {
            let end = diary.model.calendar.end;
            let mut there = BTreeSet::<(Shelf, u32)>::new();
            let (mut sources, mut sinks, mut flying) = (0u128, 0u128, BTreeMap::<u64, u128>::new());
            let mut at_end = None;
            for (at, entry) in &diary.entries {
                if *at >= end && at_end.is_none() {
                    at_end = Some((sources, sinks + flying.values().sum::<u128>()));
                }
                match entry {
                    Entry::CopyBegun { copy, bytes } => {
                        sources += u128::from(*bytes);
                        flying.insert(copy.id, u128::from(*bytes));
                    }
                    Entry::CopyMoved { copy, bytes, cut } => {
                        prop_assert!(!cut && flying[&copy.id] == u128::from(*bytes), "{copy:?}\n{text}");
                    }
                    Entry::CopyArrived { copy, .. } => {
                        let shelf = (copy.to, copy.repository);
                        let parts = std::iter::once(&copy.image).chain(&copy.image.children);
                        let layers = parts.flat_map(|part| &part.layers);
                        let new: u128 =
                            layers.filter(|layer| there.insert((shelf, layer.id))).map(|layer| u128::from(layer.bytes)).sum();
                        prop_assert_eq!(flying.remove(&copy.id), Some(new), "{:?}\n{}", copy, &text);
                        sinks += new;
                    }
                    Entry::Pushed(what) => {
                        let layers = what.image.layers.iter().map(|layer| layer.id);
                        there.extend(layers.map(|layer| ((what.registry, what.repository), layer)));
                    }
                    _ => {}
                }
            }
            let (sources_at_end, sinks_at_end) = at_end.unwrap_or((sources, sinks));
            prop_assert_eq!(sources_at_end, sinks_at_end, "at the end of the period\n{}", &text);
            prop_assert!(flying.is_empty() && sources == sinks, "{} B left, {} B came\n{}", sources, sinks, &text);
        }
    }

    /// Why: a node without a cache downloads the whole image each time, and one that keeps everything no layer twice.
    #[test]
    fn bytes_out_of_registries_are_bytes_onto_nodes(
        text in drawn::scenario(Scope { links: true, faults: true, ..Scope::CALM })
    ) {
        for diary in diaries(&scenario(&text, &[])) {
            let mut found = BTreeMap::new();
            let mut moved: BTreeMap<u64, u64> = BTreeMap::new();
            let mut held: BTreeMap<(u16, u32), BTreeSet<u32>> = BTreeMap::new();
            let mut fresh: BTreeMap<(u16, u32), u64> = BTreeMap::new();
            let mut came: BTreeMap<(u16, u32), u64> = BTreeMap::new();
            for (_, entry) in &diary.entries {
                match entry {
                    Entry::PullFound { pull, image, .. } => {
                        found.insert(pull.id, image.clone());
                        moved.remove(&pull.id);
                    }
                    // What an outage cut is told before its image is found anew.
                    Entry::PullMoved { pull, bytes, .. } => {
                        moved.insert(pull.id, *bytes);
                    }
                    Entry::PullServed { pull, .. } => {
                        let image = found[&pull.id].pulled();
                        let bytes = moved.remove(&pull.id).unwrap_or_default();
                        let size: u64 = image.layers.iter().map(|layer| layer.bytes).sum();
                        let cluster = &diary.model.demand.clusters[usize::from(pull.cluster.0)];
                        let place = (pull.cluster.0, pull.node);
                        match cluster.cache {
                            NodeCache::None => prop_assert_eq!(bytes, size, "{:?}\n{}", pull, &text),
                            _ => prop_assert!(bytes <= size, "{pull:?} moved {bytes} B of {size}\n{text}"),
                        }
                        let held = held.entry(place).or_default();
                        let new = image.layers.iter().filter(|layer| held.insert(layer.id)).map(|layer| layer.bytes);
                        *fresh.entry(place).or_default() += new.sum::<u64>();
                        *came.entry(place).or_default() += bytes;
                    }
                    _ => {}
                }
            }
            for ((cluster, node), fresh) in fresh {
                let cluster_is = &diary.model.demand.clusters[usize::from(cluster)];
                let renewed = |it: &Trigger| matches!(it, Trigger::Churn { .. } | Trigger::ScaleUp { .. });
                if cluster_is.cache == NodeCache::Unlimited && !cluster_is.triggers.iter().any(renewed) {
                    prop_assert_eq!(came[&(cluster, node)], fresh, "node {} of {}\n{}", node, &cluster_is.name, &text);
                }
            }
        }
    }
}
