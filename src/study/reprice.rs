//! A finished run under another price book, without simulating.
//!
//! Usage does not depend on prices, so the bills of a run say all that is needed: their quantities are turned back into
//! usage and priced by the same functions. Everything that is worked out from bills comes out as a run under that book
//! would have it, to the last digit. Two things cannot: how a cost falls on repositories and days was worked out from
//! usage that no file holds, so those costs are scaled; and the bound decides by prices, so it is left out unless the new
//! book looks the same to it.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::gathered::{GROUPS, group};
use super::objectives::cost_a_month;
use super::pricing::{BoundPrices, Pricing};
use super::rows::{bill as bill_rows, comparison, per_month};
use super::statistics::Estimate;
use super::tables::{BillRow, OtherReading, Tables};
use crate::billing::{self, BillError, LineItem, PriceBook, PrintedRow, PullReading, Terms, bill, ledger_of};
use crate::cloud::{AccountId, Cloud, RegionId};
use crate::scenario::Input;
use crate::sim::Calendar;
use crate::units::Usd;

mod shares;

#[cfg(test)]
mod tests;

/// The `kind` of the lower bound.
const BOUND: &str = "clairvoyant";

/// Why a run cannot be priced again.
#[derive(Debug, thiserror::Error)]
pub enum RepriceError {
    /// The record is of an older version.
    #[error("run.json does not say on what terms the run was priced: it was written by an older version of replisim")]
    NoTerms,
    /// The record was changed by hand.
    #[error("run.json contradicts itself: {0}")]
    Record(&'static str),
    /// The bill was changed by hand.
    #[error("bill.csv, strategy `{strategy}`, trial {trial}: {what}")]
    Row {
        /// The row's strategy.
        strategy: String,
        /// The row's trial.
        trial: u64,
        /// What is wrong with it.
        what: String,
    },
    /// The book lacks a price, or an amount does not fit.
    #[error("trial {trial} of strategy `{strategy}` cannot be priced: {source}")]
    Bill {
        /// The trial.
        trial: u64,
        /// The strategy's name.
        strategy: String,
        /// Why.
        source: BillError,
    },
}

/// What pricing needs besides usage.
struct Desk<'a> {
    pricing: &'a Pricing,
    terms: Terms,
    cloud: Cloud,
    calendar: Calendar,
}

/// A trial's bill under the new book.
struct Priced {
    trial: u64,
    months: f64,
    rows: Vec<BillRow>,
    cost: Usd,
    groups: [Usd; 4],
    by_account: BTreeMap<String, Usd>,
    /// Under the other reading of pulls, if it has every price.
    other: Option<Usd>,
}

/// The run under another book.
///
/// # Errors
///
/// See [`RepriceError`].
pub fn reprice(tables: &Tables, book: PriceBook) -> Result<Tables, RepriceError> {
    let pricing = tables.run.pricing.as_ref().ok_or(RepriceError::NoTerms)?;
    let reading = [PullReading::InterRegion, PullReading::Internet]
        .into_iter()
        .find(|reading| reading.name() == tables.run.cross_region_pull)
        .ok_or(RepriceError::Record("`cross_region_pull` is no reading of the pull price"))?;
    let name = book.name.clone();
    let input = PriceBook::builtin(&name).is_none().then(|| Input { file: name.clone(), sha256: hash(book.text()) });
    let terms = pricing.terms(book, reading).ok_or(RepriceError::Record("`pricing` names what does not exist"))?;
    let calendar = pricing.calendar().ok_or(RepriceError::Record("the months of `pricing` do not fit together"))?;
    let desk = Desk { pricing, terms, cloud: pricing.cloud(), calendar };
    let mut out = tables.clone();
    let hints = BoundPrices::of(&desk.terms.bound_hints(&desk.cloud, &desk.calendar));
    let left_out = if pricing.bound.as_ref() == Some(&hints) { BTreeSet::new() } else { leave_bounds_out(&mut out) };
    let priced = price_all(&desk, &out)?;
    shares::scale(tables, &priced, &mut out);
    fill(&mut out, &priced, pricing);
    record(&mut out, name, input, &left_out);
    Ok(out)
}

/// Takes the bound out of every table; returns the names.
fn leave_bounds_out(out: &mut Tables) -> BTreeSet<String> {
    let bounds = out.summary.iter().filter(|row| row.kind == BOUND).map(|row| row.strategy.clone());
    let bounds: BTreeSet<String> = bounds.collect();
    let stays = |strategy: &str| !bounds.contains(strategy);
    out.summary.retain(|row| stays(&row.strategy));
    out.comparison.retain(|row| stays(&row.strategy) && stays(&row.baseline));
    out.bill.retain(|row| stays(&row.strategy));
    out.trials.retain(|row| stays(&row.strategy));
    out.repositories.retain(|row| stays(&row.strategy));
    out.latency.retain(|row| stays(&row.strategy));
    out.timeline.retain(|row| stays(&row.strategy));
    out.objectives.retain(|row| stays(&row.strategy));
    out.recovery.retain(|row| stays(&row.strategy));
    out.failures.retain(|row| stays(&row.strategy));
    out.disruptions.retain(|row| stays(&row.strategy));
    out.run.value.retain(|row| stays(&row.strategy));
    bounds
}

/// Every trial of every strategy, by strategy.
fn price_all(desk: &Desk, tables: &Tables) -> Result<BTreeMap<String, Vec<Priced>>, RepriceError> {
    let mut rows: BTreeMap<(&str, u64), Vec<&BillRow>> = BTreeMap::new();
    for row in &tables.bill {
        rows.entry((&row.strategy, row.trial)).or_default().push(row);
    }
    let kinds: BTreeMap<&str, &str> =
        tables.summary.iter().map(|row| (row.strategy.as_str(), row.kind.as_str())).collect();
    let mut priced: BTreeMap<String, Vec<Priced>> = BTreeMap::new();
    for trial in &tables.trials {
        let of = rows.get(&(trial.strategy.as_str(), trial.trial)).map_or(&[][..], Vec::as_slice);
        let is_bound = kinds.get(trial.strategy.as_str()) == Some(&BOUND);
        let one = price(desk, &trial.strategy, (trial.trial, trial.months), is_bound, of)?;
        priced.entry(trial.strategy.clone()).or_default().push(one);
    }
    Ok(priced)
}

fn price(
    desk: &Desk,
    strategy: &str,
    (trial, months): (u64, f64),
    is_bound: bool,
    rows: &[&BillRow],
) -> Result<Priced, RepriceError> {
    let wrong = |what: String| RepriceError::Row { strategy: strategy.to_string(), trial, what };
    // A bound's credits are no usage: they are worked out again.
    let used = rows.iter().filter(|row| !row.unit_price_usd.starts_with('-'));
    let printed: Vec<PrintedRow> =
        used.map(|row| desk.printed(row)).collect::<Result<_, _>>().map_err(|what| wrong(what.to_string()))?;
    let terms = if is_bound { desk.terms.floor() } else { desk.terms.clone() };
    let ledger = ledger_of(printed, &terms, &desk.calendar)
        .map_err(|row| wrong(format!("`{} {}` is no quantity of {}", row.quantity, row.unit, row.line_item.name())))?;
    let own = desk.pricing.own(strategy).ok_or(RepriceError::Record("`own_rates` are no amounts of dollars"))?;
    let paid = bill(&ledger, &terms, &desk.cloud, &desk.calendar, &own).map_err(|source| RepriceError::Bill {
        trial,
        strategy: strategy.to_string(),
        source,
    })?;
    let other = bill(&ledger, &terms.with_reading(terms.reading.other()), &desk.cloud, &desk.calendar, &own);
    let mut groups = [Usd::default(); 4];
    paid.rows.iter().for_each(|row| groups[group(row.line_item)] += row.cost);
    let text = |row: &billing::BillRow| bill_rows::row(strategy, trial, row, &desk.cloud, &desk.calendar);
    let accounts = paid.by_account().into_iter();
    Ok(Priced {
        trial,
        months,
        cost: paid.total(),
        groups,
        by_account: accounts.map(|(id, cost)| (desk.cloud.account(id).to_string(), cost)).collect(),
        rows: paid.rows.iter().map(text).collect(),
        other: other.ok().map(|bill| bill.total()),
    })
}

impl Desk<'_> {
    /// A row with ids for names.
    fn printed<'r>(&self, row: &'r BillRow) -> Result<PrintedRow<'r>, &'static str> {
        let find = |names: &[String], name: &str| names.iter().position(|known| known == name);
        let region = |code: &str| -> Result<RegionId, &'static str> {
            let index = find(&self.pricing.regions, code).ok_or("a region that run.json does not know")?;
            Ok(RegionId(index as u16))
        };
        let account = find(&self.pricing.accounts, &row.account).ok_or("an account that run.json does not know")?;
        let item = LineItem::ALL.into_iter().find(|item| item.name() == row.line_item);
        Ok(PrintedRow {
            month: find(&self.pricing.months, &row.month).ok_or("a month that run.json does not know")?,
            account: AccountId(account as u16),
            region: region(&row.region)?,
            line_item: item.ok_or("no line item")?,
            from: row.from_region.as_deref().map(region).transpose()?,
            to: row.to_region.as_deref().map(region).transpose()?,
            quantity: &row.quantity,
            unit: &row.unit,
        })
    }
}

/// Fills in everything that is worked out from bills, in the tables' own order.
fn fill(out: &mut Tables, priced: &BTreeMap<String, Vec<Priced>>, pricing: &Pricing) {
    let of = |strategy: &str| priced.get(strategy).map_or(&[][..], Vec::as_slice);
    out.bill = out.summary.iter().flat_map(|row| of(&row.strategy)).flat_map(|one| one.rows.clone()).collect();
    for row in &mut out.trials {
        if let Some(one) = of(&row.strategy).iter().find(|one| one.trial == row.trial) {
            row.cost_usd = one.cost.to_string();
        }
    }
    for row in &mut out.summary {
        let trials = of(&row.strategy);
        let Some(months) = trials.first().map(|one| one.months) else { continue };
        let count = trials.len() as f64;
        let part = |index: usize| per_month(trials.iter().map(|one| one.groups[index]).sum(), count, months);
        let interval = Estimate::of(&monthly(trials, 0));
        row.cost_usd_month = per_month(trials.iter().map(|one| one.cost).sum(), count, months);
        (row.cost_ci_low_usd_month, row.cost_ci_high_usd_month) = (interval.low(), interval.high());
        row.storage_usd_month = part(0);
        row.transfer_usd_month = part(1);
        row.network_path_usd_month = part(2);
        row.other_usd_month = part(3);
    }
    for row in &mut out.comparison {
        let metric = std::iter::once("cost").chain(GROUPS).position(|name| name == row.metric);
        let Some(metric) = metric else { continue };
        let (own, against) = (monthly(of(&row.strategy), metric), monthly(of(&row.baseline), metric));
        *row = comparison::compared(row.clone(), &own, &against);
    }
    for row in out.objectives.iter_mut().filter(|row| row.region == "all") {
        let Some(objective) = pricing.cost_objectives.get(&row.objective) else { continue };
        let trials = of(&row.strategy);
        let Some(months) = trials.first().map(|one| one.months) else { continue };
        let cost = |one: &Priced| match &objective.account {
            None => one.cost,
            Some(account) => one.by_account.get(account).copied().unwrap_or_default(),
        };
        let observed = cost_a_month(trials.iter().map(cost).sum(), trials.len() as u64, months);
        let met = trials.iter().filter(|one| cost_a_month(cost(one), 1, months) <= row.target).count();
        let probability = met as f64 / trials.len() as f64;
        row.observed = Some(observed);
        row.probability_met = Some(probability);
        row.met = Some(objective.in_trials.map_or(observed <= row.target, |wanted| probability >= wanted));
    }
    out.run.other_reading = out
        .summary
        .iter()
        .filter_map(|row| {
            let trials = of(&row.strategy);
            let costs: Option<Vec<Usd>> = trials.iter().map(|one| one.other).collect();
            let months = trials.first()?.months;
            let cost_usd_month = per_month(costs?.into_iter().sum(), trials.len() as f64, months);
            Some(OtherReading { strategy: row.strategy.clone(), cost_usd_month })
        })
        .collect();
}

/// Dollars a month by trial: the cost, or one of [`GROUPS`] from 1.
fn monthly(trials: &[Priced], metric: usize) -> Vec<f64> {
    let amount = |one: &Priced| if metric == 0 { one.cost } else { one.groups[metric - 1] };
    trials.iter().map(|one| amount(one).dollars() / one.months).collect()
}

/// What the run now says of itself.
fn record(out: &mut Tables, book: String, input: Option<Input>, left_out: &BTreeSet<String>) {
    let run = &mut out.run;
    // What it said when it was priced again before holds no longer.
    run.notes.retain(|note| !note.starts_with(NOTE));
    run.notes.push(format!(
        "{NOTE}with the price book {book} in place of {}, without simulating: costs by repository and by day are scaled, \
         in proportion to the bills",
        run.price_book
    ));
    if !left_out.is_empty() {
        let names: Vec<&str> = left_out.iter().map(String::as_str).collect();
        run.notes.push(format!(
            "{NOTE}without the bound ({}), which decides by prices: only a run under this book can tell it",
            names.join(", ")
        ));
        if let Some(pricing) = &mut run.pricing {
            pricing.bound = None;
        }
    }
    run.assumptions.retain(|assumption| assumption.key != "prices.file");
    if !run.settings.is_empty() {
        run.settings.remove("prices.file");
        run.settings.remove("prices.book");
        let key = if input.is_some() { "prices.file" } else { "prices.book" };
        run.settings.insert(key.to_string(), book.clone());
    }
    run.inputs.retain(|input| input.file != run.price_book);
    run.inputs.extend(input);
    run.price_book = book;
}

/// How the notes of repricing begin.
const NOTE: &str = "priced again ";

/// SHA-256 in hexadecimal.
fn hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
