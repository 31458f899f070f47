//! Meters of a running trial: what the ledger and the daily series see of the world.
//!
//! Everything is clipped to the period `[start, end)` here, so that warm-up and draining need no thought elsewhere: what
//! happens before the start is not metered, what is in flight at the end is metered as moved in the last instant.

use std::collections::BTreeMap;

use crate::cloud::{AccountId, Cloud, RegionId, RegistryId};
use crate::demand::RepositoryId;
use crate::ledger::{Item, Ledger, MeterId, MeterKey};
use crate::registry::{Image, StorageClass};
use crate::sim::Calendar;
use crate::units::{DAY, Span, Time};

/// What is archived is charged for at least so long (C5).
const ARCHIVE_MINIMUM: Span = Span(90 * DAY);

/// Bytes that may be pushed in a trial, in all: no registry ever holds more than that, and twice as much fits.
const MOST_PUSHED: u64 = u64::MAX / 2;

/// The ledger of a trial with the calendar that it is kept by.
pub(super) struct Meters<'a> {
    cloud: &'a Cloud,
    calendar: &'a Calendar,
    ledger: Ledger,
    /// Meters of bytes stored, by registry and class.
    storage: Vec<[MeterId; 2]>,
    /// Bytes stored by registry and class, and since when.
    stored: Vec<[(u64, Time); 2]>,
    transfers: BTreeMap<(Item, AccountId, RegionId, RegionId), MeterId>,
    /// Bytes of all images pushed so far, each counted whole.
    pushed: u64,
}

/// Bytes that a repository stores in a registry, and since when.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stored {
    pub bytes: u64,
    since: Time,
    /// What it has stored in this month and is not in the ledger yet (byte-nanoseconds).
    pending: u128,
    month: u16,
}

impl<'a> Meters<'a> {
    pub fn new(cloud: &'a Cloud, calendar: &'a Calendar) -> Self {
        let mut ledger = Ledger::default();
        let storage = cloud
            .registries
            .iter()
            .map(|registry| {
                let (account, region) = (registry.account, registry.region);
                [Item::Storage, Item::Archive]
                    .map(|item| ledger.meter(MeterKey { item, account, region, from: None, to: None }))
            })
            .collect();
        let stored = vec![[(0, Time::START); 2]; cloud.registries.len()];
        Meters { cloud, calendar, ledger, storage, stored, transfers: BTreeMap::new(), pushed: 0 }
    }

    /// Whether something that begins at `time` belongs to the period.
    pub fn measured(&self, time: Time) -> bool {
        time >= Time::START && time < self.calendar.end
    }

    /// The last instant that something at `time` can be metered in; `None` before the start.
    fn instant(&self, time: Time) -> Option<Time> {
        (time >= Time::START).then(|| time.min(Time(self.calendar.end.0 - 1)))
    }

    /// Whether an image that is pushed still fits into what is counted of a registry. When it does not, the ledger says so
    /// in place of amounts; whoever pushes leaves the image out, so that no sum of bytes wraps.
    pub fn counts(&mut self, registry: RegistryId, image: &Image) -> bool {
        self.pushed = image.layers.iter().fold(self.pushed, |sum, layer| sum.saturating_add(layer.bytes));
        let fits = self.pushed <= MOST_PUSHED;
        if !fits {
            self.ledger.overflows(self.storage[usize::from(registry.0)][StorageClass::Standard as usize]);
        }
        fits
    }

    /// A repository's bytes of a storage class in a registry change by `delta` at `now`.
    pub fn store(
        &mut self,
        class: StorageClass,
        registry: RegistryId,
        repository: RepositoryId,
        stored: &mut Stored,
        delta: i128,
        now: Time,
    ) {
        self.settle(class, registry, repository, stored, now);
        stored.bytes = (i128::from(stored.bytes) + delta) as u64;
        let (total, since) = self.stored[usize::from(registry.0)][class as usize];
        self.integrate_registry(class, registry, total, since, now);
        self.stored[usize::from(registry.0)][class as usize] = ((i128::from(total) + delta) as u64, now.max(since));
    }

    /// Brings a repository's share of storage up to `now`.
    fn settle(
        &mut self,
        class: StorageClass,
        registry: RegistryId,
        repository: RepositoryId,
        stored: &mut Stored,
        now: Time,
    ) {
        let now = now.clamp(Time::START, self.calendar.end);
        let mut from = stored.since.max(Time::START);
        while stored.bytes > 0 && from < now {
            let month = self.calendar.month(from);
            let to = self.calendar.month_starts[month + 1].min(now);
            if usize::from(stored.month) != month {
                self.write_down(class, registry, repository, stored);
                stored.month = month as u16;
            }
            // The day's sums of the registry are at least as large and report the overflow.
            let quantity = u128::from(stored.bytes) * (to - from).0 as u128;
            stored.pending = stored.pending.saturating_add(quantity);
            from = to;
        }
        stored.since = now;
    }

    /// Writes a repository's share of storage in a month into the ledger.
    fn write_down(&mut self, class: StorageClass, registry: RegistryId, repository: RepositoryId, stored: &mut Stored) {
        let meter = self.storage[usize::from(registry.0)][class as usize];
        self.ledger.add_share(meter, repository.0, usize::from(stored.month), std::mem::take(&mut stored.pending));
    }

    /// Nothing more is asked of a repository's storage after `end`.
    pub fn close_share(
        &mut self,
        class: StorageClass,
        registry: RegistryId,
        repository: RepositoryId,
        stored: &mut Stored,
        end: Time,
    ) {
        self.settle(class, registry, repository, stored, end);
        self.write_down(class, registry, repository, stored);
    }

    fn integrate_registry(&mut self, class: StorageClass, registry: RegistryId, bytes: u64, since: Time, now: Time) {
        let now = now.clamp(Time::START, self.calendar.end);
        let mut from = since.max(Time::START);
        while bytes > 0 && from < now {
            let day = self.calendar.day(from);
            let to = self.calendar.day_end(day).min(now);
            let quantity = u128::from(bytes) * (to - from).0 as u128;
            self.ledger.add_day(self.storage[usize::from(registry.0)][class as usize], day, quantity);
            from = to;
        }
    }

    /// Bytes stored in a registry now, of all classes.
    pub fn stored(&self, registry: RegistryId) -> u64 {
        self.stored[usize::from(registry.0)].iter().map(|(bytes, _)| bytes).sum()
    }

    /// Bytes that leave the archive class after `served` of their minimum time: the rest of it is charged too (C5, O17).
    pub fn archive_rest(
        &mut self,
        registry: RegistryId,
        repository: RepositoryId,
        bytes: u64,
        served: Span,
        now: Time,
    ) {
        let rest = ARCHIVE_MINIMUM.0.saturating_sub(served.0.max(0)).max(0) as u128;
        let meter = self.storage[usize::from(registry.0)][StorageClass::Archive as usize];
        self.add(meter, repository, u128::from(bytes) * rest, now);
    }

    /// Bytes restored from the archive class (C4).
    pub fn retrieval(&mut self, registry: RegistryId, repository: RepositoryId, bytes: u64, now: Time) {
        let place = self.cloud.registry(registry);
        let (account, region) = (place.account, place.region);
        let meter = self.ledger.meter(MeterKey { item: Item::Retrieval, account, region, from: None, to: None });
        self.add(meter, repository, u128::from(bytes), now);
    }

    /// A layer held in a region from one moment to another, outside any repository: the bound's storage.
    pub fn hold(&mut self, registry: RegistryId, repository: RepositoryId, bytes: u64, from: Time, to: Time) {
        let mut share = Stored { bytes, since: from, ..Stored::default() };
        self.close_share(StorageClass::Standard, registry, repository, &mut share, to);
        self.integrate_registry(StorageClass::Standard, registry, bytes, from, to);
    }

    /// Bytes of a repository moved from one region to another, on `account`'s bill; nothing within a region.
    pub fn transfer(
        &mut self,
        item: Item,
        account: AccountId,
        (from, to): (RegionId, RegionId),
        repository: RepositoryId,
        bytes: impl Into<u128>,
        at: Time,
    ) {
        if from != to {
            let meter = self.meter(item, account, from, from, to);
            self.add(meter, repository, bytes.into(), at);
        }
    }

    /// Bytes of a repository through a NAT gateway in the puller's region.
    pub fn nat(
        &mut self,
        account: AccountId,
        from: RegionId,
        to: RegionId,
        repository: RepositoryId,
        bytes: impl Into<u128>,
        at: Time,
    ) {
        let meter = self.meter(Item::Nat, account, to, from, to);
        self.add(meter, repository, bytes.into(), at);
    }

    fn meter(&mut self, item: Item, account: AccountId, region: RegionId, from: RegionId, to: RegionId) -> MeterId {
        let ledger = &mut self.ledger;
        *self
            .transfers
            .entry((item, account, from, to))
            .or_insert_with(|| ledger.meter(MeterKey { item, account, region, from: Some(from), to: Some(to) }))
    }

    fn add(&mut self, meter: MeterId, repository: RepositoryId, quantity: u128, at: Time) {
        if let Some(at) = self.instant(at) {
            self.ledger.add_day(meter, self.calendar.day(at), quantity);
            self.ledger.add_share(meter, repository.0, self.calendar.month(at), quantity);
        }
    }

    /// An image arrived where scanning is charged.
    pub fn scan(&mut self, registry: RegistryId, repository: RepositoryId, at: Time) {
        let place = self.cloud.registry(registry);
        let (account, region) = (place.account, place.region);
        let meter = self.ledger.meter(MeterKey { item: Item::Scan, account, region, from: None, to: None });
        if self.measured(at) {
            self.add(meter, repository, 1, at);
        }
    }

    /// Something that costs by the hour, at a registry's account and region, over a stretch of time. `share` is how
    /// many of them, as a fraction.
    pub fn hours(&mut self, item: Item, at: RegistryId, from: Time, to: Time, share: (u128, u128)) {
        let place = self.cloud.registry(at);
        let (account, region) = (place.account, place.region);
        let meter = self.ledger.meter(MeterKey { item, account, region, from: None, to: None });
        let (mut from, to) = (from.max(Time::START), to.min(self.calendar.end));
        while from < to {
            let day = self.calendar.day(from);
            let until = self.calendar.day_end(day).min(to);
            self.ledger.add_day(meter, day, (until - from).0 as u128 * share.0 / share.1);
            from = until;
        }
    }

    /// Ends the trial: integrates every registry to the end and hands over the ledger.
    pub fn close(mut self) -> Ledger {
        let end = self.calendar.end;
        for index in 0..self.stored.len() {
            for class in [StorageClass::Standard, StorageClass::Archive] {
                let (bytes, since) = self.stored[index][class as usize];
                self.integrate_registry(class, RegistryId(index as u16), bytes, since, end);
            }
        }
        self.ledger
    }
}
