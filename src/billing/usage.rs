//! A printed bill turned back into the usage that it was made from, so that it can be priced again.
//!
//! Quantities are printed to so many decimals that each stands for one whole number of what was metered. The tiers of a
//! meter add up to it again; by day and by repository it is gone.

use super::decimal::amount;
use super::price::priced_unit;
use super::split::metered_as;
use super::{LineItem, Terms};
use crate::cloud::{AccountId, RegionId};
use crate::ledger::{Ledger, MeterKey};
use crate::sim::Calendar;
use crate::units::DAY;

/// A row of a bill with its quantity as printed.
#[derive(Clone, Copy, Debug)]
pub struct PrintedRow<'a> {
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
    /// Priced units in decimal.
    pub quantity: &'a str,
    /// `GB-month`, `GB`, `hour`, `image`.
    pub unit: &'a str,
}

/// The usage behind the rows of a bill, each month's on its first day. Credits are no usage: leave them out.
///
/// # Errors
///
/// The first row whose quantity cannot be read.
pub fn ledger_of<'a>(
    rows: impl IntoIterator<Item = PrintedRow<'a>>,
    terms: &Terms,
    calendar: &Calendar,
) -> Result<Ledger, PrintedRow<'a>> {
    let mut ledger = Ledger::default();
    for row in rows {
        let item = metered_as(row.line_item, row.unit).filter(|_| row.month < calendar.months.len()).ok_or(row)?;
        let (per, unit) = priced_unit(item, row.month, terms, calendar);
        let quantity = amount(row.quantity, per).filter(|_| unit == row.unit).ok_or(row)?;
        let key = MeterKey { item, account: row.account, region: row.region, from: row.from, to: row.to };
        let first = calendar.month_starts[row.month].max(calendar.first_day) - calendar.first_day;
        let meter = ledger.meter(key);
        ledger.add_day(meter, (first.0 / DAY) as usize, quantity);
    }
    Ok(ledger)
}
