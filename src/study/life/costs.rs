//! What an image costs: its own usage at the prices that the bill of its trial pays.
//!
//! Prices are read off the bill itself, row by row of (month, account, region, line item, ends), so discounts and
//! overrides are in them. Where the bill has several prices for one usage (tiers, a free allowance), an image pays their
//! average: it is no more the first of the month than any other. So the images of a trial add up to its bill, but for
//! what belongs to no image: hours of gateways, endpoints and runners, and people.

use std::collections::BTreeMap;

use serde::Serialize;

use super::tenancy::{Left, Stretch};
use super::words::Words;
use crate::billing::{Bill, BillRow, GbMonth, LineItem};
use crate::cloud::{AccountId, RegionId};
use crate::registry::StorageClass;
use crate::scenario::Scenario;
use crate::units::{BILL_GB, Price, Time, Usd, wide};

/// Parts of a quantity that are listed one by one; the quantity has all of them.
pub const PARTS: usize = 100;

/// One line of an image's costs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cost {
    /// UTC month.
    pub month: String,
    /// As in `bill.csv`: `storage`, `copy`, `pull`, ..
    pub line_item: &'static str,
    /// Who pays.
    pub account: String,
    /// Where it is charged.
    pub region: String,
    /// Source of a transfer.
    pub from_region: Option<String>,
    /// Destination of a transfer.
    pub to_region: Option<String>,
    /// Decimal, to twelve places.
    pub quantity: String,
    /// `GB-month`, `GB` (both of 2^30 bytes), `image`.
    pub unit: &'static str,
    /// Of one unit, in dollars; `null` = what the bill does not charge.
    pub unit_price_usd: Option<String>,
    /// The price is the average over tiers, or over what is free and what is not.
    pub averaged: bool,
    /// Nine decimals.
    pub cost_usd: String,
    /// What the quantity is made of: the first hundred.
    pub parts: Vec<Part>,
    /// How many parts there are.
    pub parts_in_all: u64,
}

/// A part of a quantity.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Part {
    /// Bytes (of an image that is scanned: 0).
    pub bytes: u64,
    /// When, or from when.
    pub from: String,
    /// Until when; `null` = at once.
    pub until: Option<String>,
    /// Hours from `from` to `until`.
    pub hours: Option<f64>,
    /// What it is: `kept`, `rest of the 90 days`, `copy 12`, `pull 40`.
    pub what: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub month: usize,
    pub item: LineItem,
    pub account: AccountId,
    pub region: RegionId,
    pub ends: Option<(RegionId, RegionId)>,
}

#[derive(Default)]
struct Usage {
    amount: u128,
    parts: Vec<Part>,
    count: u64,
}

/// Usage of one image.
pub(super) struct Costs<'a> {
    scenario: &'a Scenario,
    words: Words<'a>,
    usage: BTreeMap<Key, Usage>,
}

impl<'a> Costs<'a> {
    pub fn new(scenario: &'a Scenario) -> Costs<'a> {
        Costs { scenario, words: Words::new(scenario), usage: BTreeMap::new() }
    }

    /// Bytes that moved; what is in flight at the end counts as moved, what was before the start does not.
    pub fn moved(
        &mut self,
        item: LineItem,
        account: AccountId,
        ends: (RegionId, RegionId),
        bytes: u64,
        at: Time,
        what: &dyn Fn() -> String,
    ) {
        if ends.0 == ends.1 && item != LineItem::Nat {
            // Nothing is charged within a region (C10, C11).
            return;
        }
        // A NAT gateway is charged where the puller is, a transfer where it comes from.
        let region = if item == LineItem::Nat { ends.1 } else { ends.0 };
        self.at_once((item, account, region, Some(ends)), bytes, u128::from(bytes), at, what);
    }

    /// The image arrived where scanning is charged.
    pub fn scanned(&mut self, (account, region): (AccountId, RegionId), at: Time) {
        if at < self.scenario.model.calendar.end {
            self.at_once((LineItem::Scan, account, region, None), 0, 1, at, &|| "scan".into());
        }
    }

    fn at_once(
        &mut self,
        (item, account, region, ends): (LineItem, AccountId, RegionId, Option<(RegionId, RegionId)>),
        bytes: u64,
        amount: u128,
        at: Time,
        what: &dyn Fn() -> String,
    ) {
        if at < Time::START || amount == 0 {
            return;
        }
        let calendar = &self.scenario.model.calendar;
        let at = at.min(Time(calendar.end.0 - 1));
        let key = Key { month: calendar.month(at), item, account, region, ends };
        let from = self.words.moment(at);
        self.add(key, amount, || Part { bytes, from, until: None, hours: None, what: what() });
    }

    /// Bytes kept, cut at the ends of months.
    pub fn kept(&mut self, stretch: &Stretch) {
        let model = &self.scenario.model;
        let place = model.cloud.registry(stretch.registry);
        let item = if stretch.class == StorageClass::Archive { LineItem::Archive } else { LineItem::Storage };
        let mut from = stretch.from;
        while from < stretch.until {
            let month = model.calendar.month(from);
            let until = model.calendar.month_starts[month + 1].min(stretch.until);
            let key = Key { month, item, account: place.account, region: place.region, ends: None };
            let span = until - from;
            let part = Part {
                bytes: stretch.bytes,
                from: self.words.moment(from),
                until: Some(self.words.moment(until)),
                hours: Some(span.as_seconds() / 3600.0),
                what: "kept".into(),
            };
            self.add(key, u128::from(stretch.bytes) * span.0.unsigned_abs() as u128, || part);
            from = until;
        }
    }

    /// Bytes that left the archive: what was left of the minimum time, and their retrieval when they stay (C4, C5).
    pub fn left_archive(&mut self, left: &Left) {
        let place = self.scenario.model.cloud.registry(left.registry);
        let at = (place.account, place.region);
        let rest = u128::from(left.bytes) * left.rest.0.unsigned_abs() as u128;
        let archive = (LineItem::Archive, at.0, at.1, None);
        self.at_once(archive, left.bytes, rest, left.at, &|| {
            format!("the rest of 90 days, {:.4} h", left.rest.as_seconds() / 3600.0)
        });
        if left.restored {
            let retrieval = (LineItem::Retrieval, at.0, at.1, None);
            self.at_once(retrieval, left.bytes, left.bytes.into(), left.at, &|| "retrieval".into());
        }
    }

    fn add(&mut self, key: Key, amount: u128, part: impl FnOnce() -> Part) {
        let usage = self.usage.entry(key).or_default();
        usage.amount = usage.amount.saturating_add(amount);
        usage.count += 1;
        if usage.parts.len() < PARTS {
            usage.parts.push(part());
        }
    }

    /// Prices everything by the bill of the trial; the total comes second.
    pub fn priced(self, bill: &Bill) -> (Vec<Cost>, Usd) {
        let model = &self.scenario.model;
        let region = |id: RegionId| model.cloud.region(id).to_string();
        let mut total = Usd::default();
        let mut costs = Vec::new();
        for (key, usage) in &self.usage {
            let rows: Vec<&BillRow> = bill.rows.iter().filter(|row| is_of(row, key)).collect();
            let (unit, per) = self.unit(key);
            let (price, cost) = shared(&rows, usage.amount, per);
            total += cost;
            let quantity = BillRow {
                month: key.month,
                account: key.account,
                region: key.region,
                line_item: key.item,
                from: None,
                to: None,
                amount: usage.amount,
                per,
                unit,
                unit_price: Price(0),
                cost,
            };
            costs.push(Cost {
                month: model.calendar.months[key.month].clone(),
                line_item: key.item.name(),
                account: model.cloud.account(key.account).to_string(),
                region: region(key.region),
                from_region: key.ends.map(|ends| region(ends.0)),
                to_region: key.ends.map(|ends| region(ends.1)),
                quantity: quantity.quantity_text(),
                unit,
                unit_price_usd: price.map(|price| price.to_string()),
                averaged: rows.len() > 1,
                cost_usd: cost.to_string(),
                parts: usage.parts.clone(),
                parts_in_all: usage.count,
            });
        }
        (costs, total)
    }

    fn unit(&self, key: &Key) -> (&'static str, u128) {
        let calendar = &self.scenario.model.calendar;
        let month = match self.scenario.terms.gb_month {
            GbMonth::Calendar => calendar.month_length(key.month),
            GbMonth::Fixed(span) => span.0,
        };
        match key.item {
            LineItem::Storage | LineItem::Archive => {
                ("GB-month", u128::from(BILL_GB) * u128::from(month.max(1).unsigned_abs()))
            }
            LineItem::Scan => ("image", 1),
            _ => ("GB", u128::from(BILL_GB)),
        }
    }
}

/// Whether a row of the bill charges such usage.
fn is_of(row: &BillRow, key: &Key) -> bool {
    let ends = row.from.zip(row.to);
    (row.month, row.account, row.region, row.line_item, ends)
        == (key.month, key.account, key.region, key.item, key.ends)
        && row.unit != "hour"
}

/// The price of usage that these rows charge, and what a part of it costs; no row = it is free.
fn shared(rows: &[&BillRow], amount: u128, per: u128) -> (Option<Price>, Usd) {
    match rows {
        [] => (None, Usd::default()),
        [row] => (Some(row.unit_price), Usd::of(row.unit_price, amount, per).unwrap_or_default()),
        rows => {
            let all = rows.iter().fold(0u128, |sum, row| sum.saturating_add(row.amount));
            let cost: Usd = rows.iter().map(|row| row.cost).sum();
            let part = |of: u128, times: u128| wide::mul_div(of, times, all).map_or(0, |(quotient, _)| quotient);
            let price = part(cost.0.unsigned_abs() * 1000, per);
            let cost = Usd(i128::try_from(part(cost.0.unsigned_abs(), amount)).unwrap_or_default());
            (i64::try_from(price).ok().map(Price), cost)
        }
    }
}
