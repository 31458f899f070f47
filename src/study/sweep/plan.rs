//! Which points a sweep has, and which of them a shard.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::scenario::Vary;
use crate::scenario::vary;
use crate::sim::{EntityKey, Purpose, Stream};

/// Most points of a sweep; more are a slip of the finger.
const MAX_POINTS: usize = 100_000;

/// How the points lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Every combination of the values.
    Grid,
    /// So many points, each key's range cut into as many strata, each stratum met once.
    LatinHypercube,
}

/// The points of a sweep, in their order.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// What is varied, in the order given.
    pub keys: Vec<Vary>,
    /// How points were chosen.
    pub method: Method,
    /// By point: a value of each key, as `--set` takes it.
    pub points: Vec<Vec<String>>,
}

/// Why there is no such plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The same key, twice.
    #[error("`{0}` is varied twice; list all of its values in one --vary")]
    Twice(String),
    /// More points than anybody means.
    #[error("these are more than {MAX_POINTS} points; give fewer values, or --lhs N for a sample of them")]
    TooMany,
    /// A list has no strata.
    #[error("--lhs draws from ranges: give `{0}` as FROM..TO, or leave --lhs out for every combination")]
    NoRange(String),
}

impl Plan {
    /// Every combination of the values of `keys`; with `latin`, so many points of a Latin hypercube under `seed`.
    ///
    /// # Errors
    ///
    /// See [`PlanError`].
    pub fn new(keys: Vec<Vary>, latin: Option<usize>, seed: u64) -> Result<Plan, PlanError> {
        let mut seen = BTreeSet::new();
        if let Some(twice) = keys.iter().find(|vary| !seen.insert(vary.key.clone())) {
            return Err(PlanError::Twice(twice.key.clone()));
        }
        let count = latin
            .map_or_else(|| keys.iter().try_fold(1usize, |count, vary| count.checked_mul(vary.values.len())), Some);
        if count.is_none_or(|count| count > MAX_POINTS) {
            return Err(PlanError::TooMany);
        }
        if latin.is_some()
            && let Some(list) = keys.iter().find(|vary| vary.range.is_none())
        {
            return Err(PlanError::NoRange(list.key.clone()));
        }
        let (method, points) = match latin {
            None => (Method::Grid, vary::grid(&keys).collect()),
            Some(count) => (Method::LatinHypercube, hypercube(&keys, count, seed)),
        };
        Ok(Plan { keys, method, points })
    }

    /// What a point (from 0) sets, as `--set` takes it.
    pub fn settings(&self, point: usize) -> Vec<String> {
        self.keys.iter().zip(&self.points[point]).map(|(vary, value)| vary.set(value)).collect()
    }

    /// A point (from 0) for people, who count from 1: `point 3 (clusters.eu.nodes=5)`.
    pub fn words(&self, point: usize) -> String {
        format!("point {} ({})", point + 1, self.settings(point).join(", "))
    }
}

/// Different points of a Latin hypercube: of `count` equal strata of each range, each is met by exactly one point, at a place
/// within it that is drawn too. Keys have streams of their own, so that another key changes nobody's values.
fn hypercube(keys: &[Vary], count: usize, seed: u64) -> Vec<Vec<String>> {
    let columns: Vec<Vec<f64>> = keys.iter().map(|vary| shares(&vary.key, count, seed)).collect();
    let points =
        (0..count).map(|point| keys.iter().zip(&columns).map(|(vary, column)| vary.at(column[point])).collect());
    // Of whole numbers several strata may be one: a point that was had already would be run for nothing.
    let mut had = BTreeSet::new();
    points.filter(|point: &Vec<String>| had.insert(point.clone())).collect()
}

/// By point: how far along the range of this key, in [0, 1).
pub(super) fn shares(key: &str, count: usize, seed: u64) -> Vec<f64> {
    // Trials count from 1: 0 is what is drawn before any of them.
    let mut stream = Stream::new(seed, 0, EntityKey::named("sweep", key), Purpose::LatinHypercube);
    let mut strata: Vec<usize> = (0..count).collect();
    for last in (1..count).rev() {
        strata.swap(last, stream.below(last as u64 + 1) as usize);
    }
    strata.into_iter().map(|stratum| (stratum as f64 + stream.uniform()) / count as f64).collect()
}

/// One of several parts of a sweep: every `of`-th point, beginning with the `index`-th.
///
/// Neighbours cost alike, so taking turns is fairer than cutting the sweep into blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shard {
    /// From 1.
    pub index: u64,
    /// How many shards there are.
    pub of: u64,
}

impl Shard {
    /// Whether this point (from 0) is one of its points.
    pub fn holds(&self, point: usize) -> bool {
        point as u64 % self.of == self.index - 1
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

impl FromStr for Shard {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Shard, &'static str> {
        let numbers = text.split_once('/').and_then(|(index, of)| Some((index.parse().ok()?, of.parse().ok()?)));
        match numbers {
            Some((index, of)) if (1..=of).contains(&index) => Ok(Shard { index, of }),
            _ => Err("a shard is I/N with I from 1 to N, such as 1/3"),
        }
    }
}
