//! What a trial's storage and copies should come to in the ledger, added up naively.

use std::collections::{BTreeMap, BTreeSet};

use replisim::cloud::{AccountId, RegionId, RegistryId};
use replisim::demand::RepositoryId;
use replisim::engine::{Model, Outcome};
use replisim::ledger::Item;
use replisim::units::{DAY, Time};

use super::repository::Repository;

/// Every repository by registry.
pub type Shelves = BTreeMap<(RegistryId, RepositoryId), Repository>;

/// An archived byte is charged for at least so long (C5).
const ARCHIVE_MINIMUM: i64 = 90 * DAY;

/// Sums of the period.
pub struct Books<'m> {
    model: &'m Model,
    now: Time,
    /// Bytes by repository: standard, archived.
    bytes: BTreeMap<(RegistryId, RepositoryId), [u128; 2]>,
    /// Bytes of layers that a registry's repositories share, where they do.
    shared: BTreeMap<RegistryId, u128>,
    /// Bytes by registry, of both.
    totals: BTreeMap<RegistryId, [u128; 2]>,
    /// Byte-nanoseconds by registry: standard, archived.
    stored: BTreeMap<RegistryId, [u128; 2]>,
    /// Charged for what left the archive early.
    rests: BTreeMap<RegistryId, u128>,
    retrieved: BTreeMap<RegistryId, u128>,
    copied: BTreeMap<(AccountId, RegionId, RegionId), u128>,
    at_end: Option<u128>,
}

impl<'m> Books<'m> {
    pub fn new(model: &'m Model) -> Books<'m> {
        Books {
            model,
            now: Time(i64::MIN),
            bytes: BTreeMap::new(),
            shared: BTreeMap::new(),
            totals: BTreeMap::new(),
            stored: BTreeMap::new(),
            rests: BTreeMap::new(),
            retrieved: BTreeMap::new(),
            copied: BTreeMap::new(),
            at_end: None,
        }
    }

    /// Time goes on.
    pub fn until(&mut self, now: Time) {
        let end = self.model.calendar.end;
        if now >= end && self.at_end.is_none() {
            self.at_end = Some(self.totals.values().flatten().sum());
        }
        let (from, to) = (self.now.max(Time::START), now.min(end));
        if from < to {
            for (registry, bytes) in &self.totals {
                let stored = self.stored.entry(*registry).or_default();
                stored[0] += bytes[0] * (to - from).0 as u128;
                stored[1] += bytes[1] * (to - from).0 as u128;
            }
        }
        self.now = self.now.max(now);
    }

    /// A repository has changed.
    pub fn weigh(&mut self, shelves: &Shelves, at: (RegistryId, RepositoryId)) {
        let Some(repository) = shelves.get(&at) else { return };
        let sum = |layers: BTreeMap<u32, u64>| layers.values().map(|bytes| u128::from(*bytes)).sum::<u128>();
        let standard = if repository.mounts { 0 } else { sum(repository.standard()) };
        let before = self.bytes.insert(at, [standard, sum(repository.archive())]).unwrap_or_default();
        let now = self.bytes[&at];
        let total = self.totals.entry(at.0).or_default();
        for class in 0..2 {
            total[class] = total[class] + now[class] - before[class];
        }
        if repository.mounts {
            let mounted = shelves.iter().filter(|((registry, _), other)| *registry == at.0 && other.mounts);
            let shared = sum(mounted.flat_map(|(_, other)| other.standard()).collect());
            let before = self.shared.insert(at.0, shared).unwrap_or_default();
            total[0] = total[0] + shared - before;
        }
    }

    /// Archived bytes of a repository, as weighed last.
    pub fn archived(&self, at: (RegistryId, RepositoryId)) -> u128 {
        self.bytes.get(&at).map_or(0, |bytes| bytes[1])
    }

    /// So many bytes left the archive, where they had been since then.
    pub fn left_archive(&mut self, registry: RegistryId, bytes: u128, since: Time, restored: bool) {
        if self.now >= Time::START {
            let rest = (ARCHIVE_MINIMUM - (self.now - since).0).max(0) as u128;
            *self.rests.entry(registry).or_default() += bytes * rest;
            *self.retrieved.entry(registry).or_default() += if restored { bytes } else { 0 };
        }
    }

    /// Bytes of a copy that began at `begun` have moved, on this account's bill.
    pub fn copied(&mut self, account: AccountId, (from, to): (RegionId, RegionId), bytes: u64, begun: Time) {
        if from != to && begun < self.model.calendar.end && self.now >= Time::START {
            *self.copied.entry((account, from, to)).or_default() += u128::from(bytes);
        }
    }

    /// What the outcome says otherwise.
    pub fn differences(mut self, outcome: &Outcome) -> Vec<String> {
        self.until(self.model.calendar.end);
        let mut wrong = Vec::new();
        let mut compare = |what: String, twin: u128, engine: u128| {
            if twin != engine {
                wrong.push(format!("{what}: the twin has {twin}, the engine {engine}"));
            }
        };
        compare("bytes at the end".into(), self.at_end.unwrap_or_default(), u128::from(outcome.stored_bytes_end));
        let days: Vec<_> = outcome.ledger.by_day().map(|(key, days)| (key, days.iter().sum::<u128>())).collect();
        let shares: Vec<_> = outcome
            .ledger
            .by_repository()
            .map(|(key, shares)| (key, shares.map(|share| share.2).sum::<u128>()))
            .collect();
        for (ledger, kept) in [("by day", days), ("by repository", shares)] {
            for (index, place) in self.model.cloud.registries.iter().enumerate() {
                let registry = RegistryId(index as u16);
                let of = |item: Item| -> u128 {
                    let here = kept.iter().filter(|(key, _)| {
                        key.item == item && (key.account, key.region) == (place.account, place.region)
                    });
                    here.map(|(_, sum)| sum).sum()
                };
                let stored = self.stored.get(&registry).copied().unwrap_or_default();
                let rest = self.rests.get(&registry).copied().unwrap_or_default();
                compare(format!("storage {ledger} in {registry:?}"), stored[0], of(Item::Storage));
                compare(format!("archive {ledger} in {registry:?}"), stored[1] + rest, of(Item::Archive));
                let retrieved = self.retrieved.get(&registry).copied().unwrap_or_default();
                compare(format!("retrieval {ledger} in {registry:?}"), retrieved, of(Item::Retrieval));
            }
            let moved: BTreeMap<_, u128> = kept
                .iter()
                .filter(|(key, sum)| key.item == Item::Copy && *sum > 0)
                .filter_map(|(key, sum)| Some(((key.account, key.from?, key.to?), *sum)))
                .collect();
            let copied = &self.copied;
            let ends: BTreeSet<_> = moved.keys().chain(copied.keys()).collect();
            for end in ends {
                let of = |sums: &BTreeMap<_, u128>| sums.get(end).copied().unwrap_or_default();
                compare(format!("copies {ledger} of {end:?}"), of(copied), of(&moved));
            }
        }
        wrong
    }
}
