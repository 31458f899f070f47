//! Costs by repository and by day, scaled as the bills changed.

use std::collections::BTreeMap;

use super::Priced;
use crate::billing::LineItem;
use crate::study::gathered::group;
use crate::study::tables::Tables;
use crate::units::Usd;

/// Dollars before and after.
type Pair = (Usd, Usd);

/// Scales costs by repository with the ratio of their strategy, account, region and column, and costs by day with that
/// of their strategy, account, region and month. What cost nothing before has nothing to be scaled and stays.
pub(super) fn scale(before: &Tables, after: &BTreeMap<String, Vec<Priced>>, out: &mut Tables) {
    let mut columns: BTreeMap<(String, String, String, usize), Pair> = BTreeMap::new();
    let mut months: BTreeMap<(String, String, String, String), Pair> = BTreeMap::new();
    let old = before.bill.iter().map(|row| (row, false));
    let new = after.values().flatten().flat_map(|one| &one.rows).map(|row| (row, true));
    for (row, is_new) in old.chain(new) {
        let cost = Usd::from_decimal(&row.cost_usd).unwrap_or_default();
        let item = LineItem::ALL.into_iter().find(|item| item.name() == row.line_item);
        let place = || (row.strategy.clone(), row.account.clone(), row.region.clone());
        let (strategy, account, region) = place();
        let add = |pair: &mut Pair| *(if is_new { &mut pair.1 } else { &mut pair.0 }) += cost;
        add(months.entry((strategy, account, region, row.month.clone())).or_default());
        if let Some(item) = item {
            let (strategy, account, region) = place();
            add(columns.entry((strategy, account, region, group(item))).or_default());
        }
    }
    for row in &mut out.repositories {
        let cells = [&mut row.storage_usd_month, &mut row.transfer_usd_month, &mut row.network_path_usd_month];
        for (column, cell) in cells.into_iter().enumerate() {
            let key = (row.strategy.clone(), row.account.clone(), row.region.clone(), column);
            *cell = scaled(*cell, columns.get(&key));
        }
    }
    for row in out.timeline.iter_mut().filter(|row| &*row.metric == "cost") {
        let month = row.day.get(..7).unwrap_or_default().to_string();
        let key = (row.strategy.to_string(), row.account.to_string(), row.region.to_string(), month);
        row.value = scaled(row.value, months.get(&key));
    }
}

fn scaled(value: f64, pair: Option<&Pair>) -> f64 {
    match pair {
        // What did not change is not multiplied by one's next neighbour.
        Some((old, new)) if old != new && old.0 != 0 => value * (new.dollars() / old.dollars()),
        _ => value,
    }
}
