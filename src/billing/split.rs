//! Who costs what: a bill's rows shared over repositories and over days, in proportion to metered usage.
//!
//! Shares are whole units of 10^-9 dollars and add up to the rows exactly.

use super::Bill;
use crate::cloud::{AccountId, RegionId};
use crate::ledger::Ledger;
use crate::sim::Calendar;
use crate::units::Usd;

/// What a repository costs an account in a region, over the whole period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RepositoryCost {
    /// Repository id; `None` = what is nobody's in particular, such as a gateway's hours.
    pub repository: Option<u32>,
    /// Who pays.
    pub account: AccountId,
    /// Where it is charged.
    pub region: RegionId,
    /// Storage, archive and retrieval.
    pub storage: Usd,
    /// Copies and pulls.
    pub transfer: Usd,
    /// NAT gateways and endpoints.
    pub network_path: Usd,
    /// Everything else.
    pub other: Usd,
}

/// What a day costs an account in a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayCost {
    /// Index into the calendar's days.
    pub day: usize,
    /// Who pays.
    pub account: AccountId,
    /// Where it is charged.
    pub region: RegionId,
    /// All line items.
    pub cost: Usd,
}

/// Shares a bill over repositories, in order of (repository, account, region); what is nobody's comes first.
pub fn split_by_repository(_bill: &Bill, _ledger: &Ledger) -> Vec<RepositoryCost> {
    Vec::new()
}

/// Shares a bill over days, in order of (day, account, region).
pub fn split_by_day(_bill: &Bill, _ledger: &Ledger, _calendar: &Calendar) -> Vec<DayCost> {
    Vec::new()
}
