//! Integer metered usage: what moved from where to where, what was stored how long, how many calls. No prices.
//!
//! A *meter* is one kind of quantity between fixed ends; it is opened once and then added to by index, so the loop
//! neither hashes nor allocates. Quantities are integers, so they do not depend on the order of adding. Every quantity
//! is kept twice: by day (from which months follow) and by repository and month.

use std::collections::BTreeMap;

use crate::cloud::{AccountId, RegionId};

/// What is metered, and in which unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Item {
    /// Bytes stored, in byte-nanoseconds.
    Storage,
    /// Bytes stored in the archive class, in byte-nanoseconds (C3, C5).
    Archive,
    /// Bytes brought back from the archive class (C4).
    Retrieval,
    /// Bytes moved by replication, by a cache's fetch or by a runner's push: they pay the inter-region price.
    Copy,
    /// Bytes pulled by nodes and by runners: priced by the switch `cross_region_pull`.
    Pull,
    /// Bytes through a NAT gateway of the puller.
    Nat,
    /// Nanoseconds of NAT gateways kept for the scenario.
    NatHours,
    /// Nanoseconds of interface endpoints kept for the scenario.
    EndpointHours,
    /// Images that arrived where scanning is charged.
    Scan,
    /// Nanoseconds of a job's runner at work.
    Runner,
    /// Nanoseconds of people's work.
    People,
}

/// One kind of quantity between fixed ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MeterKey {
    /// What.
    pub item: Item,
    /// Who pays.
    pub account: AccountId,
    /// Where it is charged: the place of storage, or the source of a transfer.
    pub region: RegionId,
    /// Source of a transfer.
    pub from: Option<RegionId>,
    /// Destination of a transfer.
    pub to: Option<RegionId>,
}

/// An open meter, as an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MeterId(u32);

/// All usage of one trial under one strategy.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    index: BTreeMap<MeterKey, MeterId>,
    keys: Vec<MeterKey>,
    /// By meter, then day.
    daily: Vec<Vec<u128>>,
    /// By meter, repository and month.
    shares: Vec<BTreeMap<u32, Vec<u128>>>,
    /// A sum that did not fit: reported as an error by name, never wrapped.
    overflow: Option<MeterKey>,
}

impl Ledger {
    /// The meter of `key`, opened when new.
    pub fn meter(&mut self, key: MeterKey) -> MeterId {
        if let Some(id) = self.index.get(&key) {
            return *id;
        }
        let id = MeterId(self.keys.len() as u32);
        self.index.insert(key, id);
        self.keys.push(key);
        self.daily.push(Vec::new());
        self.shares.push(BTreeMap::new());
        id
    }

    /// Adds to a meter's day.
    pub fn add_day(&mut self, meter: MeterId, day: usize, quantity: u128) {
        if quantity == 0 {
            return;
        }
        let index = meter.0 as usize;
        let days = &mut self.daily[index];
        if days.len() <= day {
            days.resize(day + 1, 0);
        }
        match days[day].checked_add(quantity) {
            Some(sum) => days[day] = sum,
            None => self.overflow = Some(self.keys[index]),
        }
    }

    /// Adds to a repository's share of a meter in a month.
    pub fn add_share(&mut self, meter: MeterId, repository: u32, month: usize, quantity: u128) {
        if quantity == 0 {
            return;
        }
        let months = self.shares[meter.0 as usize].entry(repository).or_default();
        if months.len() <= month {
            // Of many repositories, few months each: doubling would waste much of what they take.
            months.reserve_exact(month + 1 - months.len());
            months.resize(month + 1, 0);
        }
        // The day's sum of the same meter is at least as large and reports the overflow.
        months[month] = months[month].saturating_add(quantity);
    }

    /// What a meter should have counted does not fit elsewhere.
    pub fn overflows(&mut self, meter: MeterId) {
        self.overflow = Some(self.keys[meter.0 as usize]);
    }

    /// The meter whose sum no longer fits, if there is one: the run's amounts are then meaningless.
    pub fn overflow(&self) -> Option<MeterKey> {
        self.overflow
    }

    /// Every meter with its quantities by day, in order of key.
    pub fn by_day(&self) -> impl Iterator<Item = (MeterKey, &[u128])> {
        self.index.iter().map(|(key, id)| (*key, self.daily[id.0 as usize].as_slice()))
    }

    /// Every meter with its quantities that are not zero, each with its repository and month: all in order.
    pub fn by_repository(&self) -> impl Iterator<Item = (MeterKey, impl Iterator<Item = (u32, u16, u128)>)> {
        self.index.iter().map(|(key, id)| {
            let shares = self.shares[id.0 as usize].iter().flat_map(|(&repository, months)| {
                let not_zero = (0u16..).zip(months).filter(|(_, quantity)| **quantity > 0);
                not_zero.map(move |(month, &quantity)| (repository, month, quantity))
            });
            (*key, shares)
        })
    }

    /// Bytes moved from one region to another, copies and pulls together.
    pub fn cross_region_bytes(&self) -> u128 {
        self.by_day()
            .filter(|(key, _)| matches!(key.item, Item::Copy | Item::Pull) && key.from != key.to)
            .flat_map(|(_, days)| days.iter())
            .fold(0, |sum, bytes| sum.saturating_add(*bytes))
    }
}
