#![allow(missing_docs)] // columns are documented in the manual
//! The rows of a break-even study: one type per CSV file, columns in file order.

use serde::{Deserialize, Serialize};

use crate::scenario::{Assumption, Input};

/// The pseudo-key of the measure beside every key: bytes pulled across over bytes copied, so that one pull of a whole
/// copied image counts one.
pub const PULLS_PER_IMAGE: &str = "pulls_per_image";

/// Everything that came out: what the CSV files and `breakeven.json` hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Breakeven {
    /// `breakeven.csv`.
    pub crossings: Vec<CrossingRow>,
    /// `breakeven-points.csv`.
    pub points: Vec<PointRow>,
    /// `breakeven-cheapest.csv`.
    pub cheapest: Vec<CheapestRow>,
    /// `breakeven.json`.
    pub record: Record,
}

/// Where two strategies cost the same: above the crossing, `strategy_a` is the cheaper one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CrossingRow {
    /// The varied key, or [`PULLS_PER_IMAGE`].
    pub key: String,
    /// The second key, or `destination`.
    pub fixed_key: Option<String>,
    pub fixed_value: Option<String>,
    /// `inter-region` or `internet`.
    pub reading: String,
    pub strategy_a: String,
    pub strategy_b: String,
    pub crossing: Option<f64>,
    pub ci_low: Option<f64>,
    pub ci_high: Option<f64>,
    pub unit: String,
    /// `closed-form`, `root`, `interpolated` or `none`.
    pub method: String,
}

/// A strategy at a point, under a reading.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PointRow {
    pub key: String,
    /// As `--set` takes it.
    pub value: String,
    /// The value as a number in the key's unit.
    pub number: Option<f64>,
    pub fixed_key: Option<String>,
    pub fixed_value: Option<String>,
    pub reading: String,
    pub strategy: String,
    pub kind: String,
    pub cost_usd_month: f64,
    pub cost_ci_low_usd_month: Option<f64>,
    pub cost_ci_high_usd_month: Option<f64>,
    /// Of a replicating strategy, where pulling across was run too.
    pub pulls_per_image: Option<f64>,
    /// `grid`, or `search` when a crossing was looked for.
    pub point: String,
}

/// Who is cheapest at a point of the grid, and by how much, paired by trial.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CheapestRow {
    pub key: String,
    pub value: String,
    pub number: Option<f64>,
    pub fixed_key: Option<String>,
    pub fixed_value: Option<String>,
    pub reading: String,
    pub cheapest: String,
    pub next: Option<String>,
    /// The next one's cost minus the cheapest one's.
    pub lead_usd_month: Option<f64>,
    pub ci_low_usd_month: Option<f64>,
    pub ci_high_usd_month: Option<f64>,
    /// The interval leaves zero out.
    pub significant: Option<bool>,
}

/// What `breakeven.json` holds: everything about a study that is not a table.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Record {
    pub title: String,
    /// The scenario file as given on the command line.
    pub scenario: String,
    pub version: String,
    pub seed: u64,
    pub trials: u64,
    pub price_book: String,
    /// The scenario's own reading of the pull price; it comes first in every table.
    pub reading: String,
    pub baseline: String,
    pub strategies: Vec<Named>,
    pub keys: Vec<KeyRecord>,
    /// No key was asked for.
    pub by_default: bool,
    /// What `--set` changed at every point.
    pub sets: Vec<String>,
    /// Registries that the replicating strategies copy to.
    pub destinations: Vec<String>,
    /// Days that copies are kept, when it is one number everywhere.
    pub retention_days: Option<f64>,
    /// What the closed form says, or why it does not hold.
    pub closed_form: Vec<ClosedForm>,
    pub notes: Vec<String>,
    pub assumptions: Vec<Assumption>,
    pub inputs: Vec<Input>,
    /// Points that were simulated.
    pub evaluations: u64,
    pub wall_seconds: f64,
}

/// A strategy that was run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Named {
    pub name: String,
    pub kind: String,
}

/// A key and what it took.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct KeyRecord {
    pub key: String,
    /// The values as they were asked for.
    pub asked: String,
    pub unit: String,
    pub values: Vec<String>,
    /// A range, or a list of values.
    pub is_range: bool,
    pub is_logarithmic: bool,
    /// Only whole numbers mean something.
    pub is_whole: bool,
}

/// The closed form for a pair of strategies under a reading.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ClosedForm {
    pub replicating: String,
    pub pulling: String,
    pub reading: String,
    pub fixed_value: Option<String>,
    /// Why it does not say what this run costs; empty = it holds.
    pub reasons: Vec<String>,
    /// Pulls per image from which on copying pays, by destination; over a whole life of an image when it does not hold.
    pub thresholds: Vec<Threshold>,
}

/// From how many pulls on a copy pays.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Threshold {
    pub destination: String,
    pub pulls_per_image: f64,
    pub copy_usd_gb: f64,
    pub pull_usd_gb: f64,
    pub path_remote_usd_gb: f64,
    pub path_local_usd_gb: f64,
    /// Storage of a GB for as long as a copy is kept.
    pub keep_usd_gb: f64,
}
