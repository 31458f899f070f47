//! Terms for the clairvoyant lower bound (theory C3).
//!
//! The bound must not be beaten by volume, by a free allowance or by the choice between copying and pulling. So every
//! crossing costs what the cheapest way of making it could cost: the lower of the copy's price and the pull's, the pull
//! at its lowest tier. Free allowances are not given to the bound's own usage, since a strategy might use them on other
//! bytes; instead their greatest possible worth is taken off the bound as a whole, which cannot fall below zero by it.

use super::price::gb_month;
use super::{BillRow, LineItem, PullReading, Terms};
use crate::cloud::{AccountId, Cloud, RegionId};
use crate::engine::BoundHints;
use crate::sim::Calendar;
use crate::units::{BILL_GB, Price, Usd};

impl Terms {
    /// The bound's terms: flat, every crossing at the cheapest price there is for it under this reading.
    pub fn floor(&self) -> Terms {
        Terms { floor: true, ..self.clone() }
    }

    /// The least that a GB from one region to another can cost, by copy or by pull, at any volume; nothing within a
    /// region.
    pub fn cheapest_crossing(&self, from: &str, to: &str) -> Option<Price> {
        let copy = self.copy(from, to);
        let pull = match self.reading {
            PullReading::Internet if from != to => {
                self.internet(from).and_then(|tariff| tariff.0.iter().filter_map(|tier| tier.price).min())
            }
            _ => self.pull_like_a_copy(from, to),
        };
        copy.into_iter().chain(pull).min()
    }

    /// What the bound needs to know of prices, as weights in dollars per byte and per byte-nanosecond. A price that
    /// nobody gives weighs nothing.
    pub fn bound_hints(&self, cloud: &Cloud, calendar: &Calendar) -> BoundHints {
        let gb = BILL_GB as f64;
        let regions = || (0..cloud.regions.len()).map(|region| RegionId(region as u16));
        let fetch = regions().map(|to| {
            let prices = regions().filter(|from| *from != to).filter_map(|from| {
                self.cheapest_crossing(cloud.region(from), cloud.region(to)).map(|price| (price, from))
            });
            prices.min().map_or((to, 0.0), |(price, from)| (from, price.0 as f64 / 1e12 / gb))
        });
        let store = regions().map(|region| {
            let price = self.storage(cloud.region(region)).map_or(0.0, |price| price.0 as f64 / 1e12);
            (0..calendar.months.len()).map(|month| price / gb / gb_month(self, calendar, month) as f64).collect()
        });
        BoundHints { fetch: fetch.collect(), store: store.collect() }
    }
}

/// Takes the greatest possible worth of each month's free allowances off a bound's bill, at most down to zero.
pub(super) fn credit_allowances(terms: &Terms, cloud: &Cloud, calendar: &Calendar, rows: &mut Vec<BillRow>) {
    let regions = || (0..cloud.regions.len()).map(|region| RegionId(region as u16));
    let dearest_storage =
        regions().filter_map(|region| Some((terms.storage(cloud.region(region))?, region, None))).max();
    let pairs = regions().flat_map(|from| regions().map(move |to| (from, to)));
    let dearest_crossing = pairs
        .filter(|_| terms.reading == PullReading::Internet)
        .filter_map(|(from, to)| {
            let price = terms.cheapest_crossing(cloud.region(from), cloud.region(to))?;
            Some((price, from, Some(to)))
        })
        .max();
    let bounded = [LineItem::Storage, LineItem::Copy, LineItem::Pull];
    let mut left: Usd = rows.iter().filter(|row| bounded.contains(&row.line_item)).map(|row| row.cost).sum();
    let internet = terms.book.free.internet.0.saturating_sub(terms.already_used.internet.0);
    for month in 0..calendar.months.len() {
        let nanos = gb_month(terms, calendar, month);
        let storage = u128::from(terms.book.free.storage.0) * nanos;
        let allowances = [
            (LineItem::Storage, dearest_storage, storage, u128::from(BILL_GB) * nanos, "GB-month"),
            (LineItem::Pull, dearest_crossing, u128::from(internet), u128::from(BILL_GB), "GB"),
        ];
        for (line_item, dearest, amount, per, unit) in allowances {
            let Some((price, region, to)) = dearest.filter(|(price, ..)| price.0 > 0) else { continue };
            let unit_price = Price(-price.0);
            let Some(worth) = Usd::of(price, amount, per) else { continue };
            // At the end what is left is credited, as so many units of the allowance as are worth that.
            let (amount, per, cost) = if worth <= left {
                (amount, per, worth)
            } else {
                (left.0.unsigned_abs() * 1000, u128::from(price.0.unsigned_abs()), left)
            };
            if cost.0 == 0 {
                continue;
            }
            left -= cost;
            let from = to.map(|_| region);
            rows.push(BillRow {
                month,
                account: AccountId(0),
                region,
                line_item,
                from,
                to,
                amount,
                per,
                unit,
                unit_price,
                cost: Usd(-cost.0),
            });
        }
    }
}
