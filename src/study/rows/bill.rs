//! `bill.csv`: the rows of every trial's bill, in words and decimals.

use super::View;
use crate::billing;
use crate::cloud::{Cloud, RegionId};
use crate::sim::Calendar;
use crate::study::tables::BillRow;

/// One row per bill row.
pub(super) fn rows(view: &View) -> Vec<BillRow> {
    let (cloud, calendar) = (&view.scenario.model.cloud, &view.scenario.model.calendar);
    let mut rows = Vec::new();
    for column in &view.columns {
        for (trial, bill) in column.gathered.bills.iter().enumerate() {
            rows.extend(bill.iter().map(|it| row(&column.strategy.name, trial as u64 + 1, it, cloud, calendar)));
        }
    }
    rows
}

/// A bill row of a strategy's trial in words.
pub(in crate::study) fn row(
    strategy: &str,
    trial: u64,
    row: &billing::BillRow,
    cloud: &Cloud,
    calendar: &Calendar,
) -> BillRow {
    let region = |id: RegionId| cloud.region(id).to_string();
    BillRow {
        strategy: strategy.into(),
        trial,
        month: calendar.months[row.month].clone(),
        account: cloud.account(row.account).into(),
        region: region(row.region),
        line_item: row.line_item.name().into(),
        from_region: row.from.map(region),
        to_region: row.to.map(region),
        quantity: row.quantity_text(),
        unit: row.unit.into(),
        unit_price_usd: row.unit_price.to_string(),
        cost_usd: row.cost.to_string(),
    }
}
