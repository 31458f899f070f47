//! The bill: metered usage times prices, one row per tier.

use super::{Bill, BillError, OwnRates, Terms};
use crate::cloud::Cloud;
use crate::ledger::Ledger;
use crate::sim::Calendar;

/// Prices a ledger.
///
/// # Errors
///
/// See [`BillError`].
pub fn bill(
    _ledger: &Ledger,
    _terms: &Terms,
    _cloud: &Cloud,
    _calendar: &Calendar,
    _own: &OwnRates,
) -> Result<Bill, BillError> {
    Ok(Bill::default())
}
