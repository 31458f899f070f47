//! The price book, and the bill as a pure function of (ledger, terms).
//!
//! Money is worked out last, from metered usage alone, so prices can be changed without simulating again. Each bill row
//! (one per tier) is rounded once, half to even, to 10^-9 dollars; every other amount derives from rows.

use crate::cloud::{AccountId, RegionId};
use crate::units::{Price, Span, Usd};

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

/// How pulls out of another region are priced (facts C13 to C15).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PullReading {
    /// Like a copy: the lower reading, so that replication is not oversold.
    InterRegion,
    /// At the source region's internet tiers, as the service publishes.
    Internet,
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
