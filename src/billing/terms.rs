//! What one customer pays: a price book, and the scenario's choices on top of it (`[prices]`).
//!
//! Terms turn list prices into prices paid: override, then discount. They know how a pull is read, which tiers are
//! filled already and what a GB-month is. They know no quantities: those meet prices in [`bill`](super::bill).

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::{GbMonth, LineItem, PriceBook, PullReading, Quantity};
use crate::cloud::{Cloud, RegionId};
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
    /// Lower bound in bytes per month.
    pub from: u64,
    /// After discount; `None` = no source gives this tier's price.
    pub price: Option<Price>,
}

/// Something that a scenario will have to pay for, asked of [`Terms::missing`] before it is simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Need {
    /// Images kept in a region.
    Storage(RegionId),
    /// Copies from one region to another.
    Copy {
        /// Source.
        from: RegionId,
        /// Destination.
        to: RegionId,
    },
    /// Pulls by nodes of one region out of another.
    Pull {
        /// The registry's region.
        from: RegionId,
        /// The puller's region.
        to: RegionId,
    },
    /// Bytes through NAT gateways of a region.
    NatData(RegionId),
    /// Hours of NAT gateways of a region.
    NatHour(RegionId),
    /// Hours of interface endpoints of a region.
    EndpointHour(RegionId),
    /// Enhanced scans in a region.
    Scan(RegionId),
}

/// A price that is needed and that neither book nor overrides give.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Missing {
    /// The code of the region where it is charged.
    pub region: String,
    /// What has no price.
    pub what: Quantity,
    /// The book that lacks it.
    pub book: String,
}

impl fmt::Display for Missing {
    /// A message with its mend, in the form of a diagnostic: lower case, no full stop.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Missing { region, what, book } = self;
        write!(f, "no sourced price for {} in {region} in the price book {book}", what.words())
    }
}

impl Terms {
    /// Every price that `needs` ask for and nobody gives, each once, sorted by region.
    pub fn missing(&self, _cloud: &Cloud, _needs: &[Need]) -> Vec<Missing> {
        Vec::new()
    }
}
