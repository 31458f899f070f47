//! The price book, and the bill as a pure function of (ledger, terms).
//!
//! Money is worked out last, from metered usage alone, so prices can be changed without simulating again. Each bill row
//! (one per tier) is rounded once, half to even, to 10^-9 dollars; every other amount derives from rows.
//!
//! | file | what it is about |
//! |---|---|
//! | `book` | list prices by region, each with its source; reading and writing them as TOML; quotes laid over them |
//! | `terms` | what one customer pays: overrides, discounts, the reading of the pull price |
//! | `need` | prices that a scenario needs: those that nobody gives, and those that are inferred |
//! | `price` | the bill: usage times prices, tiers, free allowances |
//! | `bound` | terms of the clairvoyant lower bound |
//! | `proportion` | whole numbers shared so that the parts add up |
//! | `split` | a bill shared over repositories and days |
//! | `usage` | a printed bill turned back into the usage that it was made from |
//! | `change` | what differs between two books |

use std::collections::BTreeMap;

use crate::cloud::{AccountId, RegionId};
use crate::units::{Price, Span, Usd};

mod book;
mod bound;
mod change;
mod decimal;
mod need;
mod price;
mod proportion;
mod split;
mod terms;
mod usage;

#[cfg(test)]
mod claims;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod worked_example;

pub use book::{BookProblem, FreeAllowances, PriceBook, Quantity, Quote, Quotes, Source};
pub use change::{PriceChange, diff, show};
pub use need::{Assumed, Missing, Need};
pub use price::bill;
pub use split::{DayCost, MeterCost, RepositoryCost, split_by_day, split_by_meter, split_by_repository};
pub use terms::{AlreadyUsed, Discount, Override, Overrides, Tariff, Terms, Tier};
pub use usage::{PrintedRow, ledger_of};

/// What a bill row is for; names are the contract's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LineItem {
    /// Standard storage.
    Storage,
    /// Archive storage.
    Archive,
    /// Restoring from the archive.
    Retrieval,
    /// Transfer by replication, a cache's fetch or a runner's push.
    Copy,
    /// Transfer by pulls of nodes and runners.
    Pull,
    /// NAT gateways: bytes and hours.
    Nat,
    /// Interface endpoints.
    Endpoint,
    /// Image scanning.
    Scan,
    /// A job's runner.
    Runner,
    /// People's hours.
    People,
}

impl LineItem {
    /// All, in the order of a bill.
    pub const ALL: [LineItem; 10] = [
        LineItem::Storage,
        LineItem::Archive,
        LineItem::Retrieval,
        LineItem::Copy,
        LineItem::Pull,
        LineItem::Nat,
        LineItem::Endpoint,
        LineItem::Scan,
        LineItem::Runner,
        LineItem::People,
    ];

    /// Its name in scenarios and in `bill.csv`.
    pub fn name(self) -> &'static str {
        match self {
            LineItem::Storage => "storage",
            LineItem::Archive => "archive",
            LineItem::Retrieval => "retrieval",
            LineItem::Copy => "copy",
            LineItem::Pull => "pull",
            LineItem::Nat => "nat",
            LineItem::Endpoint => "endpoint",
            LineItem::Scan => "scan",
            LineItem::Runner => "runner",
            LineItem::People => "people",
        }
    }
}

/// How pulls out of another region are priced (facts C13 to C15).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PullReading {
    /// Like a copy: the lower reading, so that replication is not oversold.
    InterRegion,
    /// At the source region's internet tiers, as the service publishes.
    Internet,
}

impl PullReading {
    /// Its name in scenarios and reports.
    pub fn name(self) -> &'static str {
        match self {
            PullReading::InterRegion => "inter-region",
            PullReading::Internet => "internet",
        }
    }

    /// The other one.
    pub fn other(self) -> PullReading {
        match self {
            PullReading::InterRegion => PullReading::Internet,
            PullReading::Internet => PullReading::InterRegion,
        }
    }
}

/// What a GB-month is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GbMonth {
    /// Byte-hours over the hours of that UTC month.
    Calendar,
    /// Byte-hours over a fixed length.
    Fixed(Span),
}

/// Prices of a strategy's own doing that are in no price book.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OwnRates {
    /// A runner's hour.
    pub runner_hour: Usd,
    /// An hour of people's work.
    pub wage_hour: Usd,
}

/// One row of a bill.
#[derive(Clone, Debug, PartialEq)]
pub struct BillRow {
    /// Index into the calendar's months.
    pub month: usize,
    /// Who pays.
    pub account: AccountId,
    /// Where it is charged.
    pub region: RegionId,
    /// What for.
    pub line_item: LineItem,
    /// Source of a transfer.
    pub from: Option<RegionId>,
    /// Destination of a transfer.
    pub to: Option<RegionId>,
    /// Priced units, as a fraction: `amount / per`.
    pub amount: u128,
    /// See `amount`.
    pub per: u128,
    /// `GB-month`, `GB`, `hour`, `image`.
    pub unit: &'static str,
    /// Price of one unit after discount.
    pub unit_price: Price,
    /// Rounded once.
    pub cost: Usd,
}

impl BillRow {
    /// Priced units as a float, for drawing.
    pub fn quantity(&self) -> f64 {
        self.amount as f64 / self.per as f64
    }

    /// Priced units in decimal, to as many places as tell the amount exactly, without trailing zeros: `0.186264514923`.
    pub fn quantity_text(&self) -> String {
        decimal::decimal(self.amount, self.per)
    }
}

/// What one trial of one strategy costs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bill {
    /// In order of month, account, region, line item, source, destination, tier.
    pub rows: Vec<BillRow>,
}

impl Bill {
    /// The cost: by definition the sum of the rows.
    pub fn total(&self) -> Usd {
        self.rows.iter().map(|row| row.cost).sum()
    }

    /// Cost by line item, in the order of the line items; only those that have a row.
    pub fn by_line_item(&self) -> BTreeMap<LineItem, Usd> {
        let mut sums = BTreeMap::new();
        for row in &self.rows {
            *sums.entry(row.line_item).or_default() += row.cost;
        }
        sums
    }

    /// Cost by account; only those that have a row.
    pub fn by_account(&self) -> BTreeMap<AccountId, Usd> {
        let mut sums = BTreeMap::new();
        for row in &self.rows {
            *sums.entry(row.account).or_default() += row.cost;
        }
        sums
    }
}

/// Why a ledger cannot be priced. All are final for that trial.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BillError {
    /// A meter's sum does not fit: the usage is beyond anything that exists.
    #[error("metered usage does not fit: {meter}")]
    UsageTooLarge {
        /// The meter in words.
        meter: String,
    },
    /// An amount of money does not fit.
    #[error("an amount of money does not fit: {meter}")]
    AmountTooLarge {
        /// The meter in words.
        meter: String,
    },
    /// A transfer was metered without its ends, so it has no price.
    #[error("a transfer was metered without its ends: {meter}")]
    NoEnds {
        /// The meter in words.
        meter: String,
    },
    /// Nobody gives the price.
    #[error("{0}")]
    NoPrice(Missing),
}
