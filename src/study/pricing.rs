//! What a run's record keeps so that its bills can be priced again under another book: the terms but the book, the
//! order of names, the months.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::compare::own_rates;
use crate::billing::{
    AlreadyUsed, Discount, GbMonth, LineItem, Override, OwnRates, PriceBook, PullReading, Quantity, Terms,
};
use crate::cloud::{Account, Cloud};
use crate::engine::BoundHints;
use crate::scenario::{Metric, Scenario};
use crate::sim::Calendar;
use crate::strategy::Kind;
use crate::units::{Bytes, Price, Span, Time, Usd};

/// Everything but the book and the usage.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Pricing {
    /// Accounts in the order of a bill: names.
    pub accounts: Vec<String>,
    /// Regions in the order of a bill.
    pub regions: Vec<String>,
    /// Months of the period, ISO.
    pub months: Vec<String>,
    /// Their first moments, and that of the month after the last: nanoseconds from the start of the run.
    pub month_starts_ns: Vec<i64>,
    /// Whether free allowances count.
    pub free_tier: bool,
    /// Off every list price, in parts per billion.
    pub discount_ppb: u64,
    /// Off the prices of a line item, instead.
    pub discount_by_item_ppb: BTreeMap<String, u64>,
    /// What fills internet tiers before the scenario's own usage.
    pub already_used_internet_bytes: u64,
    /// Length of a GB-month; `None` = of the calendar month.
    pub gb_month_ns: Option<i64>,
    /// Prices that replace the book's, by quantity.
    pub overrides: BTreeMap<String, OverridePrices>,
    /// Prices of a strategy's own doing, by strategy; only those that have some.
    pub own_rates: BTreeMap<String, OwnPrices>,
    /// What the bound saw of prices, if it was run.
    pub bound: Option<BoundPrices>,
    /// Objectives on cost, by name.
    pub cost_objectives: BTreeMap<String, CostObjective>,
}

/// Prices that replace the book's, in 10^-12 dollars.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OverridePrices {
    /// In every region.
    pub all: Option<i64>,
    /// By region.
    pub by_region: BTreeMap<String, i64>,
    /// By source and destination.
    pub by_pair: Vec<(String, String, i64)>,
}

/// Dollars an hour, as decimals.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OwnPrices {
    /// Of a runner.
    pub runner_hour_usd: String,
    /// Of people's work.
    pub wage_hour_usd: String,
}

/// Weights that the bound decided by; see [`BoundHints`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BoundPrices {
    /// By region: where bytes enter from, and the weight of a byte.
    pub fetch: Vec<(u16, f64)>,
    /// By region and month.
    pub store: Vec<Vec<f64>>,
}

/// What an objective on cost judges.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CostObjective {
    /// One account; `None` = all.
    pub account: Option<String>,
    /// Share of trials that must meet it.
    pub in_trials: Option<f64>,
}

impl Pricing {
    /// Of a scenario.
    pub fn of(scenario: &Scenario) -> Pricing {
        let (model, terms) = (&scenario.model, &scenario.terms);
        let own = |rates: OwnRates| OwnPrices {
            runner_hour_usd: rates.runner_hour.to_string(),
            wage_hour_usd: rates.wage_hour.to_string(),
        };
        let paid = model.strategies.iter().map(|strategy| (strategy.name.clone(), own_rates(strategy)));
        let has_bound = model.strategies.iter().any(|strategy| matches!(strategy.kind, Kind::Clairvoyant { .. }));
        let on_cost = scenario.objectives.iter().filter_map(|objective| match objective.metric {
            Metric::Cost { account, .. } => {
                let account = account.map(|index| model.cloud.accounts[index].name.clone());
                Some((objective.name.clone(), CostObjective { account, in_trials: objective.in_trials }))
            }
            _ => None,
        });
        let overridable = Quantity::ALL.into_iter().filter_map(|it| Some((it, terms.overrides.of(it)?)));
        Pricing {
            accounts: model.cloud.accounts.iter().map(|account| account.name.clone()).collect(),
            regions: model.cloud.regions.clone(),
            months: model.calendar.months.clone(),
            month_starts_ns: model.calendar.month_starts.iter().map(|start| start.0).collect(),
            free_tier: terms.free_tier,
            discount_ppb: terms.discount.all,
            discount_by_item_ppb: terms.discount.by_item.iter().map(|(item, off)| (item.name().into(), *off)).collect(),
            already_used_internet_bytes: terms.already_used.internet.0,
            gb_month_ns: match terms.gb_month {
                GbMonth::Calendar => None,
                GbMonth::Fixed(span) => Some(span.0),
            },
            overrides: overridable
                .filter(|(_, prices)| **prices != Override::default())
                .map(|(quantity, prices)| (quantity.key().to_string(), OverridePrices::of(prices)))
                .collect(),
            own_rates: paid
                .filter(|(_, rates)| *rates != OwnRates::default())
                .map(|(name, rates)| (name, own(rates)))
                .collect(),
            bound: has_bound.then(|| BoundPrices::of(&model.bound)),
            cost_objectives: on_cost.collect(),
        }
    }

    /// The terms with a book; `None` when a name in the record is unknown.
    pub(super) fn terms(&self, book: PriceBook, reading: PullReading) -> Option<Terms> {
        let mut terms = Terms::new(book);
        terms.reading = reading;
        terms.free_tier = self.free_tier;
        let item = |name: &str| LineItem::ALL.into_iter().find(|item| item.name() == name);
        let by_item = self.discount_by_item_ppb.iter().map(|(name, off)| Some((item(name)?, *off)));
        terms.discount = Discount { all: self.discount_ppb, by_item: by_item.collect::<Option<_>>()? };
        terms.already_used = AlreadyUsed { internet: Bytes(self.already_used_internet_bytes) };
        terms.gb_month = self.gb_month_ns.map_or(GbMonth::Calendar, |length| GbMonth::Fixed(Span(length)));
        for (key, prices) in &self.overrides {
            let quantity = Quantity::ALL.into_iter().find(|quantity| quantity.key() == key)?;
            *terms.overrides.of_mut(quantity)? = prices.to_override();
        }
        Some(terms)
    }

    /// Accounts and regions without distances.
    pub(super) fn cloud(&self) -> Cloud {
        let account = |name: &String| Account { name: name.clone(), id: String::new() };
        Cloud::of_names(self.accounts.iter().map(account).collect(), self.regions.clone())
    }

    /// The months alone; `None` when the record's do not fit together.
    pub(super) fn calendar(&self) -> Option<Calendar> {
        let starts: Vec<Time> = self.month_starts_ns.iter().map(|start| Time(*start)).collect();
        let ascends = starts.windows(2).all(|pair| pair[0] < pair[1]);
        if starts.len() != self.months.len() + 1 || self.months.is_empty() || !ascends {
            return None;
        }
        Some(Calendar {
            start: String::new(),
            end: *starts.last()?,
            first_day: *starts.first()?,
            days: Vec::new(),
            months: self.months.clone(),
            month_starts: starts,
        })
    }

    /// What a strategy pays for its own doing; `None` when the record's amounts are none.
    pub(super) fn own(&self, strategy: &str) -> Option<OwnRates> {
        let Some(prices) = self.own_rates.get(strategy) else { return Some(OwnRates::default()) };
        Some(OwnRates {
            runner_hour: Usd::from_decimal(&prices.runner_hour_usd)?,
            wage_hour: Usd::from_decimal(&prices.wage_hour_usd)?,
        })
    }
}

impl OverridePrices {
    fn of(prices: &Override) -> OverridePrices {
        OverridePrices {
            all: prices.all.map(|price| price.0),
            by_region: prices.by_region.iter().map(|(region, price)| (region.clone(), price.0)).collect(),
            by_pair: prices.by_pair.iter().map(|((from, to), price)| (from.clone(), to.clone(), price.0)).collect(),
        }
    }

    fn to_override(&self) -> Override {
        Override {
            all: self.all.map(Price),
            by_region: self.by_region.iter().map(|(region, price)| (region.clone(), Price(*price))).collect(),
            by_pair: self.by_pair.iter().map(|(from, to, price)| ((from.clone(), to.clone()), Price(*price))).collect(),
        }
    }
}

impl BoundPrices {
    /// Of the bound's hints.
    pub(super) fn of(hints: &BoundHints) -> BoundPrices {
        BoundPrices {
            fetch: hints.fetch.iter().map(|(from, weight)| (from.0, *weight)).collect(),
            store: hints.store.clone(),
        }
    }
}
