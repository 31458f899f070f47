//! What a change does: two runs side by side, strategy by strategy.
//!
//! A pure function of two sets of tables, so that it is all the same whether they were just run or read back from
//! files. Two runs of the same seed and number of trials saw the same demand in each trial, as far as the change leaves
//! it alone: then differences are taken trial by trial, and what chance does to both cancels. Runs that share no trials
//! are compared by their means, with Welch's interval.
//!
//! Money is summed as integers of 10^-9 dollars from the rows of the bills, so the differences of line items add up to
//! that of the cost exactly, and so do those of accounts; dollars a month are these sums over trials and months.

use serde::Serialize;

use super::statistics::Estimate;
use super::tables::{ObjectiveRow, RunRecord, SummaryRow, Tables};

mod bills;
mod figures;
mod inputs;
mod objectives;

#[cfg(test)]
mod tests;

pub use bills::NoAmount;
pub use inputs::InputChange;
pub use objectives::{Judged, ObjectiveChange, Verdict};

/// What differs between two runs. As JSON this is what `replisim diff --format json` prints; fields are only added.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// Whether any figure or verdict differs. Inputs may differ without any result doing so.
    pub changed: bool,
    /// How intervals were made.
    pub method: Method,
    /// The run before.
    pub old: Side,
    /// The run after.
    pub new: Side,
    /// Things that a reader of the figures must know.
    pub notes: Vec<String>,
    /// What differs in what went in.
    pub inputs: Vec<InputChange>,
    /// Strategies of both runs, in the new run's order.
    pub strategies: Vec<StrategyDifference>,
    /// Strategies of the new run alone.
    pub added: Vec<Alone>,
    /// Strategies of the old run alone.
    pub removed: Vec<Alone>,
}

/// How differences were taken and their 95 % intervals made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Trial by trial: same seed, same number of trials; Student's t.
    Paired,
    /// Of the means: the runs share no trials; Welch's t.
    Unpaired,
}

/// One of the two runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Side {
    /// The scenario file as given.
    pub scenario: String,
    /// Master seed.
    pub seed: u64,
    /// Trials of each strategy.
    pub trials: u64,
    /// Name of the price book.
    pub price_book: String,
}

/// A strategy of both runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StrategyDifference {
    /// Its name.
    pub strategy: String,
    /// Its kind in the new run.
    pub kind: String,
    /// Whether anything below differs.
    pub changed: bool,
    /// Dollars a month.
    pub cost: Change,
    /// By line item, in the order of a bill; they add up to the cost.
    pub line_items: Vec<Change>,
    /// By account that pays, by name; they add up to the cost.
    pub accounts: Vec<Change>,
    /// Pull times, lag, pulls, failures, bytes.
    pub figures: Vec<Change>,
    /// Verdicts that differ.
    pub objectives: Vec<ObjectiveChange>,
}

/// A figure before and after.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// `cost`, a line item, an account, or a figure such as `pull_p95`.
    pub name: String,
    /// `usd/month`, `s`, `count`, `bytes`.
    pub unit: &'static str,
    /// Before; `None` = not applicable, or a time that never came.
    pub old: Option<f64>,
    /// After.
    pub new: Option<f64>,
    /// After minus before.
    pub difference: Option<f64>,
    /// Lower end of the difference's 95 % interval.
    pub ci_low: Option<f64>,
    /// Its upper end.
    pub ci_high: Option<f64>,
    /// Difference over before; `None` when that is zero.
    pub relative: Option<f64>,
    /// Whether the interval leaves zero out; `None` = there is no interval.
    pub significant: Option<bool>,
    /// Money only: what the figures above are worked out from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sums: Option<Sums>,
}

/// Exact dollars of all trials together, as decimals of nine places: sums over rows of `bill.csv`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sums {
    /// Before.
    pub old_usd: String,
    /// After.
    pub new_usd: String,
    /// After minus before; `None` when trials or periods differ, since the sums are then of different things.
    pub difference_usd: Option<String>,
}

/// A strategy of one run alone.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Alone {
    /// Its name.
    pub strategy: String,
    /// Its kind.
    pub kind: String,
    /// Mean cost.
    pub cost_usd_month: f64,
    /// 95th percentile of its pulls.
    pub pull_p95_s: Option<f64>,
    /// 95th percentile of its copies' lag.
    pub lag_p95_s: Option<f64>,
    /// Names of the objectives that it misses, in all regions together.
    pub missed: Vec<String>,
}

impl Change {
    /// Whether the figure differs at all, significantly or not.
    pub fn is_change(&self) -> bool {
        let apart = self.difference.map_or(self.old != self.new, |difference| difference != 0.0);
        // Trials may differ each way and cancel in the mean.
        apart || self.ci_low != self.ci_high
    }

    /// A figure with one value per trial.
    fn of(name: &str, unit: &'static str, old: &[f64], new: &[f64], method: Method) -> Change {
        let (before, after) = (Estimate::of(old).mean, Estimate::of(new).mean);
        let estimate = match method {
            Method::Paired => Estimate::of_differences(new, old),
            Method::Unpaired => Estimate::of_independent(new, old),
        };
        Change::with(name, unit, before, after, estimate)
    }

    fn with(name: &str, unit: &'static str, old: f64, new: f64, difference: Estimate) -> Change {
        let significant = difference.low().zip(difference.high()).map(|(low, high)| (low > 0.0) || (high < 0.0));
        Change {
            name: name.into(),
            unit,
            old: Some(old),
            new: Some(new),
            difference: Some(difference.mean),
            ci_low: difference.low(),
            ci_high: difference.high(),
            relative: (old != 0.0).then(|| difference.mean / old),
            significant,
            sums: None,
        }
    }

    /// A figure that is known for all trials together only.
    fn together(name: &str, unit: &'static str, old: Option<f64>, new: Option<f64>) -> Change {
        let known = |value: Option<f64>| value.filter(|value| value.is_finite());
        let difference = known(old).zip(known(new)).map(|(old, new)| new - old);
        let relative = difference.zip(old).filter(|(_, old)| *old != 0.0).map(|(difference, old)| difference / old);
        let (ci_low, ci_high, significant, sums) = (None, None, None, None);
        Change { name: name.into(), unit, old, new, difference, ci_low, ci_high, relative, significant, sums }
    }
}

/// Compares two runs.
///
/// # Errors
///
/// When a cell of a bill is no amount of money, which no run writes.
pub fn diff(old: &Tables, new: &Tables) -> Result<Difference, NoAmount> {
    let method = if is_paired(&old.run, &new.run) { Method::Paired } else { Method::Unpaired };
    let (bills_before, bills_after) = (bills::by_strategy(old)?, bills::by_strategy(new)?);
    let row = |tables: &'_ Tables, name: &str| tables.summary.iter().position(|row| row.strategy == name);
    let mut strategies = Vec::new();
    for after in &new.summary {
        let Some(before) = row(old, &after.strategy).map(|index| &old.summary[index]) else { continue };
        let name = after.strategy.as_str();
        let [old_bill, new_bill] = [&bills_before, &bills_after].map(|bills| bills.get(name));
        let (Some(old_bill), Some(new_bill)) = (old_bill, new_bill) else { continue };
        let bill = bills::compare(old_bill, new_bill, method);
        let figures = figures::compare((old, before), (new, after), method);
        let objectives = objectives::compare(&old.objectives, &new.objectives, name);
        let changed = bill.all().chain(&figures).any(Change::is_change) || !objectives.is_empty();
        strategies.push(StrategyDifference {
            strategy: after.strategy.clone(),
            kind: after.kind.clone(),
            changed,
            cost: bill.cost,
            line_items: bill.line_items,
            accounts: bill.accounts,
            figures,
            objectives,
        });
    }
    let added = alone(new, old);
    let removed = alone(old, new);
    let changed = strategies.iter().any(|it| it.changed) || !added.is_empty() || !removed.is_empty();
    Ok(Difference {
        changed,
        method,
        old: side(&old.run),
        new: side(&new.run),
        notes: notes(&old.run, &new.run, method),
        inputs: inputs::compare(&old.run, &new.run),
        strategies,
        added,
        removed,
    })
}

/// Keeps only the strategies of these names, in everything that [`diff()`] looks at; all when there are none.
pub fn keep(tables: &mut Tables, names: &[String]) {
    if names.is_empty() {
        return;
    }
    let is_kept = |strategy: &String| names.contains(strategy);
    tables.summary.retain(|row| is_kept(&row.strategy));
    tables.trials.retain(|row| is_kept(&row.strategy));
    tables.bill.retain(|row| is_kept(&row.strategy));
    tables.objectives.retain(|row| is_kept(&row.strategy));
}

/// Whether trial n of one run saw what trial n of the other saw.
fn is_paired(old: &RunRecord, new: &RunRecord) -> bool {
    old.seed == new.seed && old.trials == new.trials
}

fn side(run: &RunRecord) -> Side {
    Side { scenario: run.scenario.clone(), seed: run.seed, trials: run.trials, price_book: run.price_book.clone() }
}

fn notes(old: &RunRecord, new: &RunRecord, method: Method) -> Vec<String> {
    let mut notes = Vec::new();
    if method == Method::Unpaired {
        notes.push(format!(
            "the runs share no trials (seed {}, {} trials; seed {}, {} trials): differences are of means, with wider \
             intervals than trials in pairs would give",
            old.seed, old.trials, new.seed, new.trials
        ));
    } else if old.trials == 1 {
        notes.push("there is one trial only, so nothing can be said about chance: no intervals are given".into());
    }
    if (old.start.as_str(), old.months) != (new.start.as_str(), new.months) {
        notes.push(format!(
            "the periods differ ({} days from {}; {} days from {}): counts and bytes are of the whole period",
            old.days, old.start, new.days, new.start
        ));
    }
    notes
}

/// Strategies of `tables` that `others` lacks.
fn alone(tables: &Tables, others: &Tables) -> Vec<Alone> {
    let is_new = |row: &&SummaryRow| others.summary.iter().all(|other| other.strategy != row.strategy);
    let missed = |strategy: &str| {
        let is_missed =
            |row: &&ObjectiveRow| row.strategy == strategy && row.region == objectives::ALL && row.met == Some(false);
        tables.objectives.iter().filter(is_missed).map(|row| row.objective.clone()).collect()
    };
    let one = |row: &SummaryRow| Alone {
        strategy: row.strategy.clone(),
        kind: row.kind.clone(),
        cost_usd_month: row.cost_usd_month,
        pull_p95_s: row.pull_p95_s,
        lag_p95_s: row.lag_p95_s,
        missed: missed(&row.strategy),
    };
    tables.summary.iter().filter(is_new).map(one).collect()
}
