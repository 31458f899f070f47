//! What one customer pays: a price book, and the scenario's choices on top of it (`[prices]`).
//!
//! Terms turn list prices into prices paid: override, then discount. They know how a pull is read, which tiers are
//! filled already and what a GB-month is. They know no quantities: those meet prices in [`bill`](super::bill).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{GbMonth, LineItem, PriceBook, PullReading, Quantity};
use crate::units::{Bytes, Price};

/// A price book and the scenario's choices. Fill the fields after [`Terms::new`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// List prices (`prices.book`, `prices.file`).
    pub book: Arc<PriceBook>,
    /// `prices.cross_region_pull`.
    pub reading: PullReading,
    /// Whether free allowances count (`prices.free_tier`).
    pub free_tier: bool,
    /// Off list prices (`prices.discount`).
    pub discount: Discount,
    /// Usage per month that fills tiers before ours (`prices.already_used`).
    pub already_used: AlreadyUsed,
    /// `prices.gb_month`.
    pub gb_month: GbMonth,
    /// `prices.override`.
    pub overrides: Overrides,
    /// Whether these are the lower bound's terms; see [`Terms::floor`].
    pub(super) floor: bool,
}

impl Terms {
    /// The defaults of the scenario format: inter-region reading, no free allowances, no discount, calendar months.
    pub fn new(book: impl Into<Arc<PriceBook>>) -> Terms {
        Terms {
            book: book.into(),
            reading: PullReading::InterRegion,
            free_tier: false,
            discount: Discount::default(),
            already_used: AlreadyUsed::default(),
            gb_month: GbMonth::Calendar,
            overrides: Overrides::default(),
            floor: false,
        }
    }

    /// The same terms under a reading of the pull price.
    pub fn with_reading(&self, reading: PullReading) -> Terms {
        Terms { reading, ..self.clone() }
    }

    /// Price of a GB-month of standard storage in a region.
    pub fn storage(&self, region: &str) -> Option<Price> {
        self.paid(Quantity::Storage, LineItem::Storage, region, None)
    }

    /// Prices of a GB-month in the archive class in a region, by GB-months (C3).
    pub fn archive(&self, region: &str) -> Option<Tariff> {
        self.by_volume(Quantity::Archive, LineItem::Archive, region)
    }

    /// Price of a GB restored from the archive class in a region (C4).
    pub fn retrieval(&self, region: &str) -> Option<Price> {
        self.paid(Quantity::Retrieval, LineItem::Retrieval, region, None)
    }

    /// Price of a GB copied from one region to another; nothing within a region (C10, C11).
    pub fn copy(&self, from: &str, to: &str) -> Option<Price> {
        self.crossing(LineItem::Copy, from, to)
    }

    /// Price of a GB pulled out of another region under the inter-region reading; nothing within a region.
    pub fn pull_like_a_copy(&self, from: &str, to: &str) -> Option<Price> {
        self.crossing(LineItem::Pull, from, to)
    }

    /// Prices of a GB pulled out of a region under the internet reading (C13, C21), before free allowances.
    pub fn internet(&self, from: &str) -> Option<Tariff> {
        self.by_volume(Quantity::Internet, LineItem::Pull, from)
    }

    /// Price of a GB through a NAT gateway in a region (C31).
    pub fn nat_data(&self, region: &str) -> Option<Price> {
        self.paid(Quantity::NatData, LineItem::Nat, region, None)
    }

    /// Price of a NAT gateway's hour in a region (C30).
    pub fn nat_hour(&self, region: &str) -> Option<Price> {
        self.paid(Quantity::NatHour, LineItem::Nat, region, None)
    }

    /// Price of an interface endpoint's hour in a region and zone (C32).
    pub fn endpoint_hour(&self, region: &str) -> Option<Price> {
        self.paid(Quantity::EndpointHour, LineItem::Endpoint, region, None)
    }

    /// Price of an image's first enhanced scan in a region (C9).
    pub fn scan(&self, region: &str) -> Option<Price> {
        self.paid(Quantity::Scan, LineItem::Scan, region, None)
    }

    fn crossing(&self, item: LineItem, from: &str, to: &str) -> Option<Price> {
        if from == to { Some(Price(0)) } else { self.paid(Quantity::InterRegion, item, from, Some(to)) }
    }

    /// An override at every volume, else the book's tiers; then the line item's discount.
    fn by_volume(&self, quantity: Quantity, item: LineItem, region: &str) -> Option<Tariff> {
        let tier = |(start, price): (u64, Option<Price>)| Tier {
            from: start,
            price: price.map(|price| self.discount.applied(item, price)),
        };
        if let Some(flat) = self.overrides.of(quantity).and_then(|prices| prices.price(region, None)) {
            return Some(Tariff(vec![tier((0, Some(flat)))]));
        }
        Some(Tariff(self.book.tiers(quantity, region)?.into_iter().map(tier).collect()))
    }

    /// Override, else book; then the line item's discount.
    fn paid(&self, quantity: Quantity, item: LineItem, region: &str, to: Option<&str>) -> Option<Price> {
        let overridden = self.overrides.of(quantity).and_then(|prices| prices.price(region, to));
        let list = overridden.or_else(|| match to {
            Some(to) => self.book.inter_region(region, to),
            None => self.book.price(quantity, region),
        })?;
        Some(self.discount.applied(item, list))
    }
}

/// Shares off list prices, kept in parts per billion so that prices stay exact. Own rates (runner, people) are no list
/// prices: only a share of their own line item touches them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Discount {
    /// Off every list price without an entry below, in 10^-9.
    pub all: u64,
    /// By line item, in 10^-9.
    pub by_item: BTreeMap<LineItem, u64>,
}

impl Discount {
    /// A share in [0, 1] off every list price.
    pub fn flat(share: f64) -> Discount {
        Discount { all: parts(share), by_item: BTreeMap::new() }
    }

    /// Shares in [0, 1] by line item.
    pub fn by_item(shares: impl IntoIterator<Item = (LineItem, f64)>) -> Discount {
        Discount { all: 0, by_item: shares.into_iter().map(|(item, share)| (item, parts(share))).collect() }
    }
}

/// Parts of a whole in [`Discount`].
const BILLION: u64 = 1_000_000_000;

impl Discount {
    /// A price after the discount of its line item, rounded half to even to 10^-12 dollars.
    pub fn applied(&self, item: LineItem, list: Price) -> Price {
        let own_rate = matches!(item, LineItem::Runner | LineItem::People);
        let otherwise = if own_rate { 0 } else { self.all };
        let off = self.by_item.get(&item).copied().unwrap_or(otherwise).min(BILLION);
        let scaled = i128::from(list.0) * i128::from(BILLION - off);
        let (quotient, rest) = (scaled.div_euclid(BILLION.into()), scaled.rem_euclid(BILLION.into()));
        let half = i128::from(BILLION / 2);
        let up = rest > half || (rest == half && quotient % 2 != 0);
        // At most the list price in size, so it fits again.
        Price((quotient + i128::from(up)) as i64)
    }
}

/// A share in parts per billion, clipped to [0, 1].
fn parts(share: f64) -> u64 {
    libm::round(share.clamp(0.0, 1.0) * 1e9) as u64
}

/// Usage per month that fills tiers before the scenario's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AlreadyUsed {
    /// To the internet, out of each source region.
    pub internet: Bytes,
}

/// Prices that replace the book's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// Per GB-month.
    pub storage: Override,
    /// Per GB between regions; the only one that looks at pairs.
    pub inter_region: Override,
    /// Per GB to the internet, flat: replaces the tiers.
    pub internet: Override,
    /// Per GB through a NAT gateway.
    pub nat_data: Override,
    /// Per hour of a NAT gateway.
    pub nat_hour: Override,
    /// Per hour of an interface endpoint.
    pub endpoint_hour: Override,
}

impl Overrides {
    /// The overrides of a quantity; `None` = it cannot be overridden.
    pub fn of(&self, quantity: Quantity) -> Option<&Override> {
        match quantity {
            Quantity::Storage => Some(&self.storage),
            Quantity::InterRegion => Some(&self.inter_region),
            Quantity::Internet => Some(&self.internet),
            Quantity::NatData => Some(&self.nat_data),
            Quantity::NatHour => Some(&self.nat_hour),
            Quantity::EndpointHour => Some(&self.endpoint_hour),
            Quantity::Archive | Quantity::Retrieval | Quantity::EndpointData | Quantity::Scan | Quantity::Rescan => {
                None
            }
        }
    }
}

impl Overrides {
    /// The overrides of a quantity, to set them; `None` = it cannot be overridden.
    pub fn of_mut(&mut self, quantity: Quantity) -> Option<&mut Override> {
        match quantity {
            Quantity::Storage => Some(&mut self.storage),
            Quantity::InterRegion => Some(&mut self.inter_region),
            Quantity::Internet => Some(&mut self.internet),
            Quantity::NatData => Some(&mut self.nat_data),
            Quantity::NatHour => Some(&mut self.nat_hour),
            Quantity::EndpointHour => Some(&mut self.endpoint_hour),
            Quantity::Archive | Quantity::Retrieval | Quantity::EndpointData | Quantity::Scan | Quantity::Rescan => {
                None
            }
        }
    }
}

/// One overridden quantity. The most exact price counts: pair, then region, then all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Override {
    /// In every region.
    pub all: Option<Price>,
    /// By region code (for transfers: of the source).
    pub by_region: BTreeMap<String, Price>,
    /// By source and destination.
    pub by_pair: BTreeMap<(String, String), Price>,
}

impl Override {
    /// One price everywhere.
    pub fn flat(price: Price) -> Override {
        Override { all: Some(price), ..Override::default() }
    }

    pub(super) fn price(&self, region: &str, to: Option<&str>) -> Option<Price> {
        // The scan is over a handful of pairs written by hand; it saves building a key of two strings.
        let pair = to.and_then(|to| self.by_pair.iter().find(|((a, b), _)| a == region && b == to));
        pair.map(|(_, price)| *price).or_else(|| self.by_region.get(region).copied()).or(self.all)
    }
}

/// Prices by volume per payer, source region and month; the last tier has no upper end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tariff(pub Vec<Tier>);

/// One tier of a tariff.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tier {
    /// Lower bound in bytes per month; for storage, in bytes kept for the month.
    pub from: u64,
    /// After discount; `None` = no source gives this tier's price.
    pub price: Option<Price>,
}
