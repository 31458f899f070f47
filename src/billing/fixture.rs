//! Small worlds for the tests of this room: a cloud without distances, whole months, a ledger written by hand.

use proptest::test_runner::{Config as ProptestConfig, RngSeed};

use super::{Bill, BillError, OwnRates, PriceBook, Terms, bill};
use crate::cloud::{Account, AccountId, Client, Cloud, Links, RegionId, SlowStart};
use crate::ledger::{Item, Ledger, MeterKey};
use crate::sim::Calendar;
use crate::units::{Bandwidth, Bytes, DAY, HOUR, Span, Time, Usd};

/// Property tests see the same cases on every run.
pub(super) fn cases(number: u32) -> ProptestConfig {
    ProptestConfig { rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..ProptestConfig::with_cases(number) }
}

/// The built-in book at list prices.
pub(super) fn list_prices() -> Terms {
    Terms::new(PriceBook::builtin("aws-2026-09").expect("the built-in book reads"))
}

/// A cloud of these accounts and regions; ids are positions.
pub(super) fn cloud(accounts: &[&str], regions: &[&str]) -> Cloud {
    let account = |name: &&str| Account { name: name.to_string(), id: "000000000001".to_string() };
    let square = regions.len();
    Cloud {
        accounts: accounts.iter().map(account).collect(),
        regions: regions.iter().map(|region| region.to_string()).collect(),
        registries: Vec::new(),
        links: Links {
            rtt: vec![vec![Span::ZERO; square]; square],
            estimated: Vec::new(),
            stream_max: Bandwidth::UNLIMITED,
            stream_window: None,
            slow_start: SlowStart::None,
            efficiency: 1.0,
            pair_limit: vec![vec![Bandwidth::UNLIMITED; square]; square],
            pair_buffer: vec![vec![Bytes(0); square]; square],
            registry_egress: Vec::new(),
            client: Client::CONTAINERD,
        },
    }
}

/// Whole months of these lengths in days, from the start of the run.
pub(super) fn calendar(months: &[i64]) -> Calendar {
    let mut starts = vec![Time(0)];
    for length in months {
        starts.push(Time(starts[starts.len() - 1].0 + length * DAY));
    }
    let end = starts[months.len()];
    Calendar {
        start: "2026-04-01T00:00:00Z".to_string(),
        end,
        first_day: Time(0),
        days: (0..end.0 / DAY).map(|day| format!("day {day}")).collect(),
        months: (0..months.len()).map(|month| format!("month {month}")).collect(),
        month_starts: starts,
    }
}

/// A ledger under the pen.
pub(super) struct Books {
    pub(super) cloud: Cloud,
    pub(super) calendar: Calendar,
    pub(super) ledger: Ledger,
    /// Whose account and which repository the next entries are for.
    pub(super) account: AccountId,
    pub(super) repository: Option<u32>,
}

impl Books {
    pub(super) fn new(accounts: &[&str], regions: &[&str], months: &[i64]) -> Books {
        Books {
            cloud: cloud(accounts, regions),
            calendar: calendar(months),
            ledger: Ledger::default(),
            account: AccountId(0),
            repository: Some(0),
        }
    }

    fn region(&self, code: &str) -> RegionId {
        RegionId(self.cloud.regions.iter().position(|region| region == code).expect("a region of the cloud") as u16)
    }

    /// Any quantity at a place, on a day.
    pub(super) fn add(&mut self, item: Item, region: &str, ends: Option<(&str, &str)>, day: usize, quantity: u128) {
        let key = MeterKey {
            item,
            account: self.account,
            region: self.region(region),
            from: ends.map(|(from, _)| self.region(from)),
            to: ends.map(|(_, to)| self.region(to)),
        };
        let meter = self.ledger.meter(key);
        let month = self.calendar.month_of_day(day);
        self.ledger.add_day(meter, day, quantity);
        if let Some(repository) = self.repository {
            self.ledger.add_share(meter, repository, month, quantity);
        }
    }

    /// Bytes kept from one hour of the run to another.
    pub(super) fn store(&mut self, region: &str, bytes: u64, hours: std::ops::Range<i64>) {
        self.keep(Item::Storage, region, bytes, hours);
    }

    /// Bytes kept in the archive from one hour of the run to another.
    pub(super) fn archive(&mut self, region: &str, bytes: u64, hours: std::ops::Range<i64>) {
        self.keep(Item::Archive, region, bytes, hours);
    }

    fn keep(&mut self, item: Item, region: &str, bytes: u64, hours: std::ops::Range<i64>) {
        for day in hours.start / 24..(hours.end + 23) / 24 {
            let kept = hours.end.min(day * 24 + 24) - hours.start.max(day * 24);
            let quantity = u128::from(bytes) * (kept * HOUR) as u128;
            self.add(item, region, None, day as usize, quantity);
        }
    }

    /// Bytes copied between regions on a day.
    pub(super) fn copy(&mut self, from: &str, to: &str, day: usize, bytes: u128) {
        self.add(Item::Copy, from, Some((from, to)), day, bytes);
    }

    /// Bytes pulled between regions on a day.
    pub(super) fn pull(&mut self, from: &str, to: &str, day: usize, bytes: u128) {
        self.add(Item::Pull, from, Some((from, to)), day, bytes);
    }

    /// Bytes through the puller's NAT gateway.
    pub(super) fn nat(&mut self, from: &str, to: &str, day: usize, bytes: u128) {
        self.add(Item::Nat, to, Some((from, to)), day, bytes);
    }

    pub(super) fn try_bill(&self, terms: &Terms) -> Result<Bill, BillError> {
        bill(&self.ledger, terms, &self.cloud, &self.calendar, &OwnRates::default())
    }

    pub(super) fn bill(&self, terms: &Terms) -> Bill {
        self.try_bill(terms).expect("this ledger has a price")
    }
}

/// Dollars to six places, as the hand-worked tables have them.
pub(super) fn micro(usd: Usd) -> String {
    format!("{:.6}", usd.dollars())
}
