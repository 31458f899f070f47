//! Who costs what: a bill's rows shared over repositories and over days, in proportion to metered usage.
//!
//! Parts are whole units of 10^-9 dollars and add up to the rows exactly. What is metered for nobody in particular (a
//! gateway's hours, people's work) and a bound's credits stay with nobody.

use std::collections::BTreeMap;

use super::proportion::share_out;
use super::{Bill, BillRow, LineItem};
use crate::cloud::{AccountId, RegionId};
use crate::ledger::{Item, Ledger, MeterKey};
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

/// What a repository costs by one meter, over the whole period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MeterCost {
    /// Who pays, for what, between which ends.
    pub key: MeterKey,
    /// Where it stands on the bill.
    pub line_item: LineItem,
    /// Repository id; `None` = what is nobody's in particular.
    pub repository: Option<u32>,
    /// All months and tiers together.
    pub cost: Usd,
}

/// Shares what meters cost over repositories, in order of meter; what comes from no meter is left out.
pub fn split_by_meter(bill: &Bill, ledger: &Ledger) -> Vec<MeterCost> {
    shares(&Groups::of(bill), ledger)
}

fn shares(groups: &Groups, ledger: &Ledger) -> Vec<MeterCost> {
    let mut costs = Vec::new();
    let mut months: BTreeMap<usize, Vec<(Option<u32>, u128)>> = BTreeMap::new();
    for (key, shares) in ledger.by_repository() {
        months.clear();
        for (repository, month, quantity) in shares {
            months.entry(usize::from(month)).or_default().push((Some(repository), quantity));
        }
        for ((_, month), group) in groups.by_meter.range((key, 0)..=(key, usize::MAX)) {
            let shares = months.entry(*month).or_default();
            let known = shares.iter().fold(0u128, |sum, (_, quantity)| sum.saturating_add(*quantity));
            shares.push((None, group.quantity.saturating_sub(known)));
            for ((repository, _), cost) in shares.iter().zip(share(group.cost, shares)) {
                if cost.0 != 0 {
                    costs.push(MeterCost { key, line_item: group.line_item, repository: *repository, cost });
                }
            }
        }
    }
    costs
}

/// Shares a bill over repositories, in order of (repository, account, region); what is nobody's comes first.
pub fn split_by_repository(bill: &Bill, ledger: &Ledger) -> Vec<RepositoryCost> {
    let groups = Groups::of(bill);
    let mut costs = BTreeMap::new();
    let mut add = |repository, account, region, line_item: LineItem, cost: Usd| {
        let zero = Usd::default();
        let empty = RepositoryCost {
            repository,
            account,
            region,
            storage: zero,
            transfer: zero,
            network_path: zero,
            other: zero,
        };
        let costs = costs.entry((repository, account, region)).or_insert(empty);
        match line_item {
            LineItem::Storage | LineItem::Archive | LineItem::Retrieval => costs.storage += cost,
            LineItem::Copy | LineItem::Pull => costs.transfer += cost,
            LineItem::Nat | LineItem::Endpoint => costs.network_path += cost,
            LineItem::Scan | LineItem::Runner | LineItem::People => costs.other += cost,
        }
    };
    for part in shares(&groups, ledger) {
        add(part.repository, part.key.account, part.key.region, part.line_item, part.cost);
    }
    for row in groups.nobodys {
        add(None, row.account, row.region, row.line_item, row.cost);
    }
    costs.into_values().collect()
}

/// Shares a bill over days, in order of (day, account, region). What has no day falls on the first day of its month.
pub fn split_by_day(bill: &Bill, ledger: &Ledger, calendar: &Calendar) -> Vec<DayCost> {
    let groups = Groups::of(bill);
    let mut costs: BTreeMap<(usize, AccountId, RegionId), Usd> = BTreeMap::new();
    let mut months: BTreeMap<usize, Vec<(usize, u128)>> = BTreeMap::new();
    for (key, days) in ledger.by_day() {
        months.clear();
        for (day, quantity) in days.iter().enumerate().filter(|(_, quantity)| **quantity > 0) {
            months.entry(calendar.month_of_day(day)).or_default().push((day, *quantity));
        }
        for (month, days) in &months {
            let Some(group) = groups.by_meter.get(&(key, *month)) else { continue };
            for ((day, _), cost) in days.iter().zip(share(group.cost, days)) {
                *costs.entry((*day, key.account, key.region)).or_default() += cost;
            }
        }
    }
    for row in groups.nobodys {
        let first = (0..calendar.days.len()).find(|day| calendar.month_of_day(*day) == row.month).unwrap_or(0);
        *costs.entry((first, row.account, row.region)).or_default() += row.cost;
    }
    let cost = |((day, account, region), cost)| DayCost { day, account, region, cost };
    costs.into_iter().map(cost).collect()
}

/// What a meter costs in a month, all tiers together.
struct Group {
    line_item: LineItem,
    quantity: u128,
    cost: Usd,
}

/// A bill's rows put back onto the meters that they came from.
struct Groups<'b> {
    by_meter: BTreeMap<(MeterKey, usize), Group>,
    /// Rows of no meter: a bound's credits.
    nobodys: Vec<&'b BillRow>,
}

impl<'b> Groups<'b> {
    fn of(bill: &'b Bill) -> Groups<'b> {
        let mut groups = Groups { by_meter: BTreeMap::new(), nobodys: Vec::new() };
        for row in &bill.rows {
            let Some(item) = metered_as(row.line_item, row.unit).filter(|_| row.unit_price.0 >= 0) else {
                groups.nobodys.push(row);
                continue;
            };
            let key = MeterKey { item, account: row.account, region: row.region, from: row.from, to: row.to };
            let group = groups.by_meter.entry((key, row.month)).or_insert(Group {
                line_item: row.line_item,
                quantity: 0,
                cost: Usd::default(),
            });
            // The bill was made from sums that fit.
            group.quantity = group.quantity.saturating_add(row.amount);
            group.cost += row.cost;
        }
        groups
    }
}

/// The meter's item behind a row; `None` when the row comes from no meter.
pub(super) fn metered_as(line_item: LineItem, unit: &str) -> Option<Item> {
    match line_item {
        LineItem::Storage => Some(Item::Storage),
        LineItem::Copy => Some(Item::Copy),
        LineItem::Pull => Some(Item::Pull),
        LineItem::Nat if unit == "hour" => Some(Item::NatHours),
        LineItem::Nat => Some(Item::Nat),
        LineItem::Endpoint => Some(Item::EndpointHours),
        LineItem::Scan => Some(Item::Scan),
        LineItem::Runner => Some(Item::Runner),
        LineItem::People => Some(Item::People),
        LineItem::Archive => Some(Item::Archive),
        LineItem::Retrieval => Some(Item::Retrieval),
    }
}

/// Shares an amount in proportion to quantities.
fn share<T>(amount: Usd, quantities: &[(T, u128)]) -> Vec<Usd> {
    let weights: Vec<u128> = quantities.iter().map(|(_, quantity)| *quantity).collect();
    // The bill was made from sums that fit, so these do; were it not so, nobody would get anything.
    let parts = share_out(amount.0.unsigned_abs(), &weights).unwrap_or_else(|| vec![0; weights.len()]);
    parts.into_iter().map(|part| Usd(part as i128 * amount.0.signum())).collect()
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Books, list_prices, micro};
    use super::*;
    use crate::units::BILL_GB;

    /// Repository 1 keeps 1 GB and copies 2, repository 2 keeps 3 GB from the 16th on.
    fn books() -> Books {
        let mut books = Books::new(&["main"], &["us-east-1", "eu-west-1"], &[30]);
        books.repository = Some(1);
        books.store("us-east-1", BILL_GB, 0..720);
        books.copy("us-east-1", "eu-west-1", 4, 2 * u128::from(BILL_GB));
        books.repository = Some(2);
        books.store("us-east-1", 3 * BILL_GB, 360..720);
        books
    }

    #[test]
    fn repositories_pay_for_what_is_metered_for_them() {
        let books = books();
        let costs = split_by_repository(&books.bill(&list_prices()), &books.ledger);
        let costs: Vec<_> = costs.iter().map(|c| (c.repository, micro(c.storage), micro(c.transfer))).collect();
        let row = |repository, storage: &str, transfer: &str| (repository, storage.to_string(), transfer.to_string());
        assert_eq!(costs, [row(Some(1), "0.100000", "0.040000"), row(Some(2), "0.150000", "0.000000")]);
    }

    #[test]
    fn the_archive_is_shared_over_its_tiers_repositories_and_days() {
        // 200,000 GB all April, a quarter of it repository 1's: 15,360 + 46,400 × 0.07 = $18,608, and 10 GB restored.
        let mut books = Books::new(&["main"], &["us-east-1"], &[30]);
        for (repository, bytes) in [(1, 50_000 * BILL_GB), (2, 150_000 * BILL_GB)] {
            books.repository = Some(repository);
            books.archive("us-east-1", bytes, 0..720);
        }
        books.add(Item::Retrieval, "us-east-1", None, 6, 10 * u128::from(BILL_GB));
        let bill = books.bill(&list_prices());
        assert_eq!(bill.rows.len(), 3);
        let costs: Vec<_> = split_by_repository(&bill, &books.ledger).iter().map(|c| micro(c.storage)).collect();
        assert_eq!(costs, ["4652.000000", "13956.300000"]);
        let days = split_by_day(&bill, &books.ledger, &books.calendar);
        let day = |day: usize| micro(days[day].cost);
        assert_eq!((days.len(), day(0), day(6)), (30, "620.266667".to_string(), "620.566667".to_string()));
    }

    #[test]
    fn days_pay_for_what_is_metered_on_them() {
        let books = books();
        let costs = split_by_day(&books.bill(&list_prices()), &books.ledger, &books.calendar);
        assert_eq!(costs.len(), 30);
        let day = |day: usize| micro(costs[day].cost);
        assert_eq!([day(0), day(4), day(15)], ["0.003333", "0.043333", "0.013333"]);
    }
}
