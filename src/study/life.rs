//! The life of one image in one trial, under each strategy: who selected it and why, what happened to it when, who pulled
//! it, and what it cost.
//!
//! An image is found by a first trial under the first strategy (the demand is the same under all of them), then each
//! strategy's trial is run with a listener that keeps what is about that image and drops the rest: memory follows the
//! image, not the run. Prices are those of the bill of the same trial.

use rayon::prelude::*;
use serde::Serialize;

use crate::billing::{BillError, bill};
use crate::engine::run_with_journal;
use crate::scenario::Scenario;
use crate::strategy::Kind;
use crate::units::{Time, Usd};

use super::compare::{own_rates, terms_of};

mod copies;
mod costs;
mod follow;
mod lifecycle;
mod pulls;
mod records;
mod reference;
mod selection;
mod tenancy;
mod words;

pub use costs::{Cost, PARTS, Part};
pub use pulls::{PULLS, Pull, PullGroup, Pulls};
pub use records::{CopyLife, EVENTS, Event, Stay};
pub use reference::{ImageFacts, Unknown};
pub use selection::{DestinationVerdict, RuleVerdict, Selection};

/// The life of an image under several strategies.
#[derive(Clone, Debug, Serialize)]
pub struct Lives {
    /// The scenario file.
    pub scenario: String,
    /// Its title.
    pub title: String,
    /// Seed of the run.
    pub seed: u64,
    /// The trial, from 1.
    pub trial: u64,
    /// Which image this is.
    pub image: ImageFacts,
    /// By strategy, in the scenario's order.
    pub strategies: Vec<Life>,
    /// Strategies under which an image has no life: lower bounds.
    pub left_out: Vec<String>,
}

/// The life of an image under one strategy.
#[derive(Clone, Debug, Serialize)]
pub struct Life {
    /// The strategy.
    pub strategy: String,
    /// Its kind.
    pub kind: &'static str,
    /// What was to be done with it, and why.
    pub selection: Selection,
    /// Where it was, from when to when.
    pub places: Vec<Stay>,
    /// Every copy of it that was ordered.
    pub copies: Vec<CopyLife>,
    /// What happened to it, in order of time: the first thousand.
    pub events: Vec<Event>,
    /// How many events there are.
    pub events_in_all: u64,
    /// Who pulled it.
    pub pulls: Pulls,
    /// What it cost.
    pub costs: Vec<Cost>,
    /// The sum of `costs`: nine decimals.
    pub cost_usd: String,
    /// What all images cost in this trial, with what belongs to none of them.
    pub bill_usd: String,
    /// Of the bill: hours of gateways, endpoints and runners, and people, which belong to no image.
    pub nobodys_usd: String,
}

/// Why there is nothing to tell.
#[derive(Debug, thiserror::Error)]
pub enum LifeError {
    /// There is no such image, or it cannot be told which is meant.
    #[error("{0}")]
    Unknown(#[from] Unknown),
    /// A bound was asked for by name.
    #[error("`{0}` is a lower bound and no system: images have no life under it")]
    Bound(String),
    /// Every strategy is a bound.
    #[error("the scenario has no strategy but lower bounds, under which images have no life")]
    NoStrategy,
    /// The trial cannot be priced.
    #[error("trial {trial} of strategy `{strategy}` cannot be priced: {source}")]
    Bill {
        /// The trial, from 1.
        trial: u64,
        /// The strategy's name.
        strategy: String,
        /// Why.
        source: BillError,
    },
}

/// Explains the image that `wanted` names (`REPO:TAG`, `REPO@NUMBER` or `REPO`) in a trial, counted from 1.
/// `strategies` are indices, ascending; `None` = all but lower bounds.
///
/// # Errors
///
/// See [`LifeError`].
pub fn explain(
    scenario: &Scenario,
    wanted: &str,
    strategies: Option<&[usize]>,
    trial: u64,
) -> Result<Lives, LifeError> {
    let all = &scenario.model.strategies;
    let is_bound = |index: &usize| matches!(all[*index].kind, Kind::Clairvoyant { .. });
    let (bounds, told): (Vec<usize>, Vec<usize>) = match strategies {
        Some(named) => named.iter().copied().partition(is_bound),
        None => (0..all.len()).partition(is_bound),
    };
    if let (Some(bound), Some(_)) = (bounds.first(), strategies) {
        return Err(LifeError::Bound(all[*bound].name.clone()));
    }
    let first = *told.first().ok_or(LifeError::NoStrategy)?;
    let wanted = reference::Wanted::parse(scenario, wanted)?;
    let found = reference::find(scenario, &wanted, first, trial)?;
    let lives: Result<Vec<(Life, Option<Time>)>, LifeError> =
        told.into_par_iter().map(|strategy| life(scenario, &found, strategy, trial)).collect();
    let (lives, pushed): (Vec<Life>, Vec<Option<Time>>) = lives?.into_iter().unzip();
    Ok(Lives {
        scenario: scenario.path.display().to_string(),
        title: scenario.title.clone(),
        seed: scenario.run.seed,
        trial,
        image: found.facts(scenario, pushed.into_iter().flatten().next()),
        strategies: lives,
        left_out: bounds.into_iter().map(|index| all[index].name.clone()).collect(),
    })
}

/// The life under one strategy, and when it began.
fn life(
    scenario: &Scenario,
    found: &reference::Found,
    index: usize,
    trial: u64,
) -> Result<(Life, Option<Time>), LifeError> {
    let model = &scenario.model;
    let strategy = &model.strategies[index];
    let mut follower = follow::Follower::new(scenario, strategy, found);
    let outcome = run_with_journal(model, index, scenario.run.seed, trial, &mut |at, entry| {
        follower.follow(at, entry);
    });
    let terms = terms_of(strategy, &scenario.terms);
    let paid = bill(&outcome.ledger, &terms, &model.cloud, &model.calendar, &own_rates(strategy))
        .map_err(|source| LifeError::Bill { trial, strategy: strategy.name.clone(), source })?;
    let nobodys: Usd = paid.rows.iter().filter(|row| row.unit == "hour").map(|row| row.cost).sum();
    let mut told = follower.close(&paid);
    let selection = selection::of(scenario, strategy, found, told.pushed, &told.tags);
    for copy in told.copies.iter_mut().filter(|copy| matches!(copy.by, "rule" | "backfill")) {
        let leads = |rule: &&RuleVerdict| rule.selected && rule.destinations.iter().any(|one| one.to == copy.to);
        copy.rule = selection.rules.iter().find(leads).map(|rule| rule.rule);
    }
    let life = Life {
        strategy: strategy.name.clone(),
        kind: strategy.kind.name(),
        selection,
        places: told.places,
        copies: told.copies,
        events: told.events,
        events_in_all: told.events_in_all,
        pulls: told.pulls,
        costs: told.costs,
        cost_usd: told.cost.to_string(),
        bill_usd: paid.total().to_string(),
        nobodys_usd: nobodys.to_string(),
    };
    Ok((life, told.pushed))
}
