//! The bill: metered usage times prices, one row per tier.
//!
//! Most usage has one price, and a meter of a month becomes one row. Three things are priced together over all meters of
//! a payer (all accounts of the scenario) and then shared back over their rows in proportion: pulls under the internet
//! reading, tier by tier and source region; archive storage, tier by tier and region; and what a free allowance covers.
//! Bytes within one region cost nothing and have no row (C10, C11).

use std::collections::BTreeMap;
use std::ops::Range;

use super::proportion::{share_out, share_segments};
use super::{Bill, BillError, BillRow, GbMonth, LineItem, OwnRates, PullReading, Quantity, Tariff, Terms, Tier, bound};
use crate::cloud::{Cloud, RegionId};
use crate::ledger::{Item, Ledger, MeterKey};
use crate::sim::Calendar;
use crate::units::{BILL_GB, HOUR, Price, Usd};

#[cfg(test)]
mod tests;

/// Prices a ledger: a pure function, so the same ledger can be priced again under other terms.
///
/// # Errors
///
/// A sum that does not fit, or a price that nobody gives: see [`BillError`]. What [`Terms::missing`] has asked about
/// beforehand is not missing here, but for internet tiers that only large volumes reach.
pub fn bill(
    ledger: &Ledger,
    terms: &Terms,
    cloud: &Cloud,
    calendar: &Calendar,
    own: &OwnRates,
) -> Result<Bill, BillError> {
    if let Some(key) = ledger.overflow() {
        return Err(BillError::UsageTooLarge { meter: in_words(&key, cloud) });
    }
    let pricing = Pricing { terms, cloud, calendar, own };
    let mut rows = Vec::new();
    let mut pooled = Pooled::default();
    for ((month, key), quantity) in by_month(ledger, calendar, cloud)? {
        let usage = Usage { month, key, quantity };
        match key.item {
            Item::Storage if terms.free_tier && !terms.floor => pooled.storage.push(usage),
            Item::Archive => pooled.archive.push(usage),
            Item::Pull if pricing.at_internet_tiers(&key) => pooled.pulls.push(usage),
            _ => rows.extend(pricing.row(&usage)?),
        }
    }
    pricing.storage_beyond_free(&pooled.storage, &mut rows)?;
    pricing.archive(&pooled.archive, &mut rows)?;
    pricing.internet_pulls(&pooled.pulls, &mut rows)?;
    if terms.floor && terms.free_tier {
        bound::credit_allowances(terms, cloud, calendar, &mut rows);
    }
    if rows.iter().try_fold(0i128, |sum, row| sum.checked_add(row.cost.0)).is_none() {
        return Err(BillError::AmountTooLarge { meter: "the total of the bill".to_string() });
    }
    // Stable: the tiers of one meter stay in their order.
    rows.sort_by_key(|row| (row.month, row.account, row.region, row.line_item, row.from, row.to));
    Ok(Bill { rows })
}

/// One meter's usage in one month.
struct Usage {
    month: usize,
    key: MeterKey,
    quantity: u128,
}

/// Usage that is priced together.
#[derive(Default)]
struct Pooled {
    storage: Vec<Usage>,
    archive: Vec<Usage>,
    pulls: Vec<Usage>,
}

/// Sums days to months, in order of month and key. A day belongs to its UTC month.
fn by_month(
    ledger: &Ledger,
    calendar: &Calendar,
    cloud: &Cloud,
) -> Result<BTreeMap<(usize, MeterKey), u128>, BillError> {
    let mut sums: BTreeMap<(usize, MeterKey), u128> = BTreeMap::new();
    for (key, days) in ledger.by_day() {
        for (day, quantity) in days.iter().enumerate().filter(|(_, quantity)| **quantity > 0) {
            let sum = sums.entry((calendar.month_of_day(day), key)).or_default();
            let too_large = || BillError::UsageTooLarge { meter: in_words(&key, cloud) };
            *sum = sum.checked_add(*quantity).ok_or_else(too_large)?;
        }
    }
    Ok(sums)
}

/// What prices depend on besides usage.
struct Pricing<'a> {
    terms: &'a Terms,
    cloud: &'a Cloud,
    calendar: &'a Calendar,
    own: &'a OwnRates,
}

impl Pricing<'_> {
    /// Whether a pull is priced by volume. The bound prices it flat.
    fn at_internet_tiers(&self, key: &MeterKey) -> bool {
        self.terms.reading == PullReading::Internet && !self.terms.floor && key.from != key.to
    }

    /// The row of usage with one price; `None` for what is free because it crosses no region.
    fn row(&self, usage: &Usage) -> Result<Option<BillRow>, BillError> {
        let key = &usage.key;
        let region = self.cloud.region(key.region);
        let (what, price) = match key.item {
            Item::Storage => (Quantity::Storage, self.terms.storage(region)),
            Item::Retrieval => (Quantity::Retrieval, self.terms.retrieval(region)),
            Item::Copy | Item::Pull if key.from.is_some() && key.from == key.to => return Ok(None),
            Item::Copy | Item::Pull => {
                let (from, to) = self.ends(key)?;
                let price = match key.item {
                    _ if self.terms.floor => self.terms.cheapest_crossing(from, to),
                    Item::Copy => self.terms.copy(from, to),
                    _ => self.terms.pull_like_a_copy(from, to),
                };
                (Quantity::InterRegion, price)
            }
            Item::Nat => (Quantity::NatData, self.terms.nat_data(region)),
            Item::NatHours => (Quantity::NatHour, self.terms.nat_hour(region)),
            Item::EndpointHours => (Quantity::EndpointHour, self.terms.endpoint_hour(region)),
            Item::Scan => (Quantity::Scan, self.terms.scan(region)),
            // Priced by volume, with everybody's.
            Item::Archive => return Ok(None),
            Item::Runner => return self.own_row(usage, self.own.runner_hour).map(Some),
            Item::People => return self.own_row(usage, self.own.wage_hour).map(Some),
        };
        let price = price.ok_or_else(|| BillError::NoPrice(self.terms.missing_price(region, what, 0)))?;
        self.priced(usage, usage.quantity, price).map(Some)
    }

    /// A row at a rate of the strategy's own.
    fn own_row(&self, usage: &Usage, rate: Usd) -> Result<BillRow, BillError> {
        let too_large = || BillError::AmountTooLarge { meter: in_words(&usage.key, self.cloud) };
        let pico = rate.0.checked_mul(1000).and_then(|pico| i64::try_from(pico).ok()).ok_or_else(too_large)?;
        let price = self.terms.discount.applied(line_item(usage.key.item), Price(pico));
        self.priced(usage, usage.quantity, price)
    }

    /// Pulls out of a region, of all accounts together, at the source region's tiers (C13, C21).
    ///
    /// What was used already fills the tiers first. The free allowance is one for all regions (C16): it is shared over
    /// them in proportion to their bytes, and it counts as volume of their lowest tiers.
    fn internet_pulls(&self, pulls: &[Usage], rows: &mut Vec<BillRow>) -> Result<(), BillError> {
        let already = u128::from(self.terms.already_used.internet.0);
        let free = if self.terms.free_tier { u128::from(self.terms.book.free.internet.0) } else { 0 };
        for month in months_of(pulls) {
            let mut regions: BTreeMap<RegionId, Vec<&Usage>> = BTreeMap::new();
            for usage in pulls.iter().filter(|usage| usage.month == month) {
                regions.entry(usage.key.from.unwrap_or(usage.key.region)).or_default().push(usage);
            }
            let totals = regions.values().map(|group| self.total(group)).collect::<Result<Vec<_>, _>>()?;
            let all = totals.iter().fold(0u128, |sum, total| sum.saturating_add(*total));
            let free_parts = share_out(free.saturating_sub(already).min(all), &totals);
            let free_parts = free_parts.ok_or_else(|| self.too_much(pulls))?;
            for (((region, group), total), free) in regions.iter().zip(totals).zip(free_parts) {
                let segments = self.segments(*region, already, free, total)?;
                self.share(group, &segments, rows)?;
            }
        }
        Ok(())
    }

    /// Cuts `total` bytes out of a region into priced stretches: free ones, then tiers from `already + free` on.
    fn segments(
        &self,
        region: RegionId,
        already: u128,
        free: u128,
        total: u128,
    ) -> Result<Vec<(u128, Price)>, BillError> {
        let tariff = self.terms.internet(self.cloud.region(region));
        let (first, last) = (already.saturating_add(free), already.saturating_add(total));
        let mut segments = vec![(free, Price(0))];
        segments.extend(self.stretches((Quantity::Internet, region), tariff, 1, first..last)?);
        Ok(segments)
    }

    /// The archive of a region, of all accounts together, at that region's tiers of GB-months (C3).
    fn archive(&self, archived: &[Usage], rows: &mut Vec<BillRow>) -> Result<(), BillError> {
        for month in months_of(archived) {
            let nanos = gb_month(self.terms, self.calendar, month);
            let mut regions: BTreeMap<RegionId, Vec<&Usage>> = BTreeMap::new();
            for usage in archived.iter().filter(|usage| usage.month == month) {
                regions.entry(usage.key.region).or_default().push(usage);
            }
            for (region, group) in regions {
                let tariff = self.terms.archive(self.cloud.region(region));
                let total = self.total(&group)?;
                let segments = self.stretches((Quantity::Archive, region), tariff, nanos, 0..total)?;
                self.share(&group, &segments, rows)?;
            }
        }
        Ok(())
    }

    /// Cuts a stretch of volume at the bounds of a tariff's tiers. `per_byte` units of volume are one of the bounds' bytes.
    fn stretches(
        &self,
        (what, region): (Quantity, RegionId),
        tariff: Option<Tariff>,
        per_byte: u128,
        volume: Range<u128>,
    ) -> Result<Vec<(u128, Price)>, BillError> {
        let missing = |above| BillError::NoPrice(self.terms.missing_price(self.cloud.region(region), what, above));
        let tariff = tariff.ok_or_else(|| missing(0))?;
        let bound = |tier: &Tier| u128::from(tier.from).saturating_mul(per_byte);
        let mut stretches = Vec::new();
        for (index, tier) in tariff.0.iter().enumerate() {
            let low = volume.start.max(bound(tier));
            let high = tariff.0.get(index + 1).map_or(volume.end, |next| volume.end.min(bound(next)));
            if high > low {
                stretches.push((high - low, tier.price.ok_or_else(|| missing(tier.from))?));
            }
        }
        Ok(stretches)
    }

    /// Storage beyond the free allowance (C8), which all accounts share in proportion.
    fn storage_beyond_free(&self, storage: &[Usage], rows: &mut Vec<BillRow>) -> Result<(), BillError> {
        for month in months_of(storage) {
            let group: Vec<&Usage> = storage.iter().filter(|usage| usage.month == month).collect();
            let total = self.total(&group)?;
            let allowance = u128::from(self.terms.book.free.storage.0) * gb_month(self.terms, self.calendar, month);
            let free = allowance.min(total);
            let quantities: Vec<u128> = group.iter().map(|usage| usage.quantity).collect();
            let shares = share_segments(&[free, total - free], &quantities).ok_or_else(|| self.too_much(storage))?;
            for (index, usage) in group.iter().enumerate() {
                // The price of each row is its region's, so only the quantities are shared here.
                if shares[0][index] > 0 {
                    rows.push(self.priced(usage, shares[0][index], Price(0))?);
                }
                if shares[1][index] > 0 {
                    rows.extend(self.row(&Usage { month, key: usage.key, quantity: shares[1][index] })?);
                }
            }
        }
        Ok(())
    }

    /// One row per meter and stretch.
    fn share(&self, group: &[&Usage], segments: &[(u128, Price)], rows: &mut Vec<BillRow>) -> Result<(), BillError> {
        let sizes: Vec<u128> = segments.iter().map(|(size, _)| *size).collect();
        let quantities: Vec<u128> = group.iter().map(|usage| usage.quantity).collect();
        let shares = share_segments(&sizes, &quantities).ok_or_else(|| self.too_much(group.iter().copied()))?;
        for ((_, price), parts) in segments.iter().zip(shares) {
            for (usage, part) in group.iter().zip(parts).filter(|(_, part)| *part > 0) {
                rows.push(self.priced(usage, part, *price)?);
            }
        }
        Ok(())
    }

    fn priced(&self, usage: &Usage, amount: u128, price: Price) -> Result<BillRow, BillError> {
        let key = &usage.key;
        let (per, unit) = priced_unit(key.item, usage.month, self.terms, self.calendar);
        let too_large = || BillError::AmountTooLarge { meter: in_words(key, self.cloud) };
        Ok(BillRow {
            month: usage.month,
            account: key.account,
            region: key.region,
            line_item: line_item(key.item),
            from: key.from,
            to: key.to,
            amount,
            per,
            unit,
            unit_price: price,
            cost: Usd::of(price, amount, per).ok_or_else(too_large)?,
        })
    }

    /// Codes of a transfer's ends.
    fn ends(&self, key: &MeterKey) -> Result<(&str, &str), BillError> {
        match (key.from, key.to) {
            (Some(from), Some(to)) => Ok((self.cloud.region(from), self.cloud.region(to))),
            _ => Err(BillError::NoEnds { meter: in_words(key, self.cloud) }),
        }
    }

    fn total(&self, group: &[&Usage]) -> Result<u128, BillError> {
        let sum = group.iter().try_fold(0u128, |sum, usage| sum.checked_add(usage.quantity));
        sum.ok_or_else(|| self.too_much(group.iter().copied()))
    }

    /// The error for usage whose sum does not fit, named after its first meter.
    fn too_much<'u>(&self, group: impl IntoIterator<Item = &'u Usage>) -> BillError {
        let first = group.into_iter().next();
        BillError::UsageTooLarge { meter: first.map_or_else(String::new, |usage| in_words(&usage.key, self.cloud)) }
    }
}

/// Months that have usage, ascending. `usage` is in order of month.
fn months_of(usage: &[Usage]) -> Vec<usize> {
    let mut months: Vec<usize> = usage.iter().map(|usage| usage.month).collect();
    months.dedup();
    months
}

/// How much of what is metered is one priced unit, and the unit's name.
pub(super) fn priced_unit(item: Item, month: usize, terms: &Terms, calendar: &Calendar) -> (u128, &'static str) {
    match item {
        Item::Storage | Item::Archive => (u128::from(BILL_GB) * gb_month(terms, calendar, month), "GB-month"),
        Item::Copy | Item::Pull | Item::Nat | Item::Retrieval => (u128::from(BILL_GB), "GB"),
        Item::NatHours | Item::EndpointHours | Item::Runner | Item::People => (HOUR as u128, "hour"),
        Item::Scan => (1, "image"),
    }
}

/// Nanoseconds of a GB-month.
pub(super) fn gb_month(terms: &Terms, calendar: &Calendar, month: usize) -> u128 {
    let nanos = match terms.gb_month {
        GbMonth::Calendar => calendar.month_length(month),
        GbMonth::Fixed(span) => span.0,
    };
    nanos.max(1).unsigned_abs().into()
}

/// The line item under which a meter is billed.
fn line_item(item: Item) -> LineItem {
    match item {
        Item::Storage => LineItem::Storage,
        Item::Archive => LineItem::Archive,
        Item::Retrieval => LineItem::Retrieval,
        Item::Copy => LineItem::Copy,
        Item::Pull => LineItem::Pull,
        Item::Nat | Item::NatHours => LineItem::Nat,
        Item::EndpointHours => LineItem::Endpoint,
        Item::Scan => LineItem::Scan,
        Item::Runner => LineItem::Runner,
        Item::People => LineItem::People,
    }
}

/// A meter in words, for errors.
fn in_words(key: &MeterKey, cloud: &Cloud) -> String {
    let item = line_item(key.item).name();
    let ends = match (key.from, key.to) {
        (Some(from), Some(to)) => format!(" from {} to {}", cloud.region(from), cloud.region(to)),
        _ => format!(" in {}", cloud.region(key.region)),
    };
    format!("{item}{ends}, account {}", cloud.account(key.account))
}
