//! Money: bills summed by trial, line item and account, and compared.

use std::collections::{BTreeMap, BTreeSet};

use super::{Change, Method, Sums};
use crate::billing::LineItem;
use crate::study::statistics::Estimate;
use crate::study::tables::Tables;
use crate::units::Usd;

/// A cell of a bill that is no amount of money.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{cell}` in bill.csv (strategy `{strategy}`, trial {trial}) is no amount of dollars with at most nine decimals"
)]
pub struct NoAmount {
    /// What stands there.
    pub cell: String,
    /// The row's strategy.
    pub strategy: String,
    /// The row's trial.
    pub trial: u64,
}

/// A strategy's bills: dollars by trial.
#[derive(Default)]
pub(super) struct Bills<'a> {
    /// Months covered, by trial.
    months: Vec<f64>,
    cost: Vec<Usd>,
    /// By position in a bill and name.
    line_items: BTreeMap<(usize, &'a str), Vec<Usd>>,
    accounts: BTreeMap<&'a str, Vec<Usd>>,
}

/// The bills of every strategy that has trials.
pub(super) fn by_strategy(tables: &Tables) -> Result<BTreeMap<&str, Bills<'_>>, NoAmount> {
    let mut bills: BTreeMap<&str, Bills> = BTreeMap::new();
    let mut positions: BTreeMap<(&str, u64), usize> = BTreeMap::new();
    for row in &tables.trials {
        let of = bills.entry(&row.strategy).or_default();
        positions.insert((&row.strategy, row.trial), of.months.len());
        of.months.push(row.months);
    }
    for of in bills.values_mut() {
        of.cost = vec![Usd::default(); of.months.len()];
    }
    for row in &tables.bill {
        // A row of no trial is of no cost either.
        let Some(position) = positions.get(&(row.strategy.as_str(), row.trial)) else { continue };
        let Some(of) = bills.get_mut(row.strategy.as_str()) else { continue };
        let cost = Usd::from_decimal(&row.cost_usd).ok_or_else(|| NoAmount {
            cell: row.cost_usd.clone(),
            strategy: row.strategy.clone(),
            trial: row.trial,
        })?;
        let none = || vec![Usd::default(); of.months.len()];
        let place = LineItem::ALL.iter().position(|item| item.name() == row.line_item).unwrap_or(usize::MAX);
        of.line_items.entry((place, &row.line_item)).or_insert_with(none)[*position] += cost;
        of.accounts.entry(&row.account).or_insert_with(none)[*position] += cost;
        of.cost[*position] += cost;
    }
    Ok(bills)
}

/// The bills of a strategy, before and after.
pub(super) struct BillChanges {
    pub cost: Change,
    pub line_items: Vec<Change>,
    pub accounts: Vec<Change>,
}

impl BillChanges {
    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &Change> {
        std::iter::once(&self.cost).chain(&self.line_items).chain(&self.accounts)
    }
}

/// Compares a strategy's bills; what one side lacks costs nothing there.
pub(super) fn compare(old: &Bills, new: &Bills, method: Method) -> BillChanges {
    let money = |name: &str, before: Option<&Vec<Usd>>, after: Option<&Vec<Usd>>| {
        let of = |amounts: Option<&Vec<Usd>>, bills: &Bills| {
            amounts.cloned().unwrap_or_else(|| vec![Usd::default(); bills.months.len()])
        };
        amounts(name, (&of(before, old), &old.months), (&of(after, new), &new.months), method)
    };
    let items: BTreeSet<_> = old.line_items.keys().chain(new.line_items.keys()).collect();
    let accounts: BTreeSet<_> = old.accounts.keys().chain(new.accounts.keys()).collect();
    BillChanges {
        cost: money("cost", Some(&old.cost), Some(&new.cost)),
        line_items: items
            .into_iter()
            .map(|item| money(item.1, old.line_items.get(item), new.line_items.get(item)))
            .collect(),
        accounts: accounts
            .into_iter()
            .map(|name| money(name, old.accounts.get(name), new.accounts.get(name)))
            .collect(),
    }
}

/// Amounts by trial, and the months that each trial covers, before and after.
fn amounts(
    name: &str,
    (old, old_months): (&[Usd], &[f64]),
    (new, new_months): (&[Usd], &[f64]),
    method: Method,
) -> Change {
    let monthly = |amounts: &[Usd], months: &[f64]| -> Vec<f64> {
        amounts.iter().zip(months).map(|(amount, months)| amount.dollars() / months).collect()
    };
    let sum = |amounts: &[Usd]| amounts.iter().copied().sum::<Usd>();
    let total_months = |months: &[f64]| months.iter().sum::<f64>();
    let per_month = |amounts: &[Usd], months: &[f64]| {
        if amounts.is_empty() { 0.0 } else { sum(amounts).dollars() / total_months(months) }
    };
    let alike = method == Method::Paired && old_months == new_months;
    let estimate = if alike {
        // Subtracted as integers: what did not change is a difference of nothing, and not of 10^-17.
        let differences: Vec<Usd> = new.iter().zip(old).map(|(new, old)| *new - *old).collect();
        let spread = Estimate::of(&monthly(&differences, old_months));
        Estimate { mean: per_month(&differences, old_months), ..spread }
    } else {
        let (old, new) = (monthly(old, old_months), monthly(new, new_months));
        match method {
            Method::Paired => Estimate::of_differences(&new, &old),
            Method::Unpaired => Estimate::of_independent(&new, &old),
        }
    };
    let sums = Sums {
        old_usd: sum(old).to_string(),
        new_usd: sum(new).to_string(),
        difference_usd: alike.then(|| (sum(new) - sum(old)).to_string()),
    };
    let (before, after) = (per_month(old, old_months), per_month(new, new_months));
    Change { sums: Some(sums), ..Change::with(name, "usd/month", before, after, estimate) }
}
