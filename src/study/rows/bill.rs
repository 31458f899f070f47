//! `bill.csv`: the rows of every trial's bill, in words and decimals.

use super::View;
use crate::cloud::RegionId;
use crate::study::tables::BillRow;

/// One row per bill row.
pub(super) fn rows(view: &View) -> Vec<BillRow> {
    let (cloud, calendar) = (&view.scenario.model.cloud, &view.scenario.model.calendar);
    let region = |id: RegionId| cloud.region(id).to_string();
    let mut rows = Vec::new();
    for column in &view.columns {
        for (trial, bill) in column.gathered.bills.iter().enumerate() {
            rows.extend(bill.iter().map(|row| BillRow {
                strategy: column.strategy.name.clone(),
                trial: trial as u64 + 1,
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
            }));
        }
    }
    rows
}
