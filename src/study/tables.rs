#![allow(missing_docs)] // columns are documented in the manual
//! The result tables: one row type per CSV file, columns in file order.
//!
//! Column names carry their unit (`_usd`, `_bytes`, `_s`); an empty cell means "not applicable". Rows have a stable
//! order: strategies as in the scenario, then trials, months, days, names.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::pricing::Pricing;
use crate::scenario::{Assumption, Input};

/// All results of a run: what the CSV files and `run.json` hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tables {
    /// `summary.csv`.
    pub summary: Vec<SummaryRow>,
    /// `comparison.csv`.
    pub comparison: Vec<ComparisonRow>,
    /// `bill.csv`.
    pub bill: Vec<BillRow>,
    /// `trials.csv`.
    pub trials: Vec<TrialRow>,
    /// `repositories.csv`.
    pub repositories: Vec<RepositoryRow>,
    /// `latency.csv`.
    pub latency: Vec<LatencyRow>,
    /// `timeline.csv`.
    pub timeline: Vec<TimelineRow>,
    /// `objectives.csv`.
    pub objectives: Vec<ObjectiveRow>,
    /// `recovery.csv`.
    pub recovery: Vec<RecoveryRow>,
    /// `failures.csv`.
    pub failures: Vec<FailureRow>,
    /// `disruptions.csv`.
    pub disruptions: Vec<DisruptionRow>,
    /// `run.json`.
    pub run: RunRecord,
}

/// One strategy: means per trial, and quantiles over the pulls and copies of all trials together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SummaryRow {
    pub strategy: String,
    pub kind: String,
    pub trials: u64,
    pub cost_usd_month: f64,
    pub cost_ci_low_usd_month: Option<f64>,
    pub cost_ci_high_usd_month: Option<f64>,
    pub storage_usd_month: f64,
    pub transfer_usd_month: f64,
    pub network_path_usd_month: f64,
    pub other_usd_month: f64,
    pub pulls: f64,
    pub pulls_cold: f64,
    pub pulls_failed: f64,
    pub pull_p50_s: Option<f64>,
    pub pull_p95_s: Option<f64>,
    pub pull_p99_s: Option<f64>,
    pub copies: f64,
    pub copies_failed: f64,
    pub lag_p50_s: Option<f64>,
    pub lag_p95_s: Option<f64>,
    pub lag_p99_s: Option<f64>,
    pub cross_region_bytes: f64,
    pub stored_bytes_end: f64,
}

/// A strategy against the baseline: mean over trials of per-trial differences, Student-t interval.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ComparisonRow {
    pub strategy: String,
    pub baseline: String,
    /// `cost`, `storage`, `transfer`, `network_path`, `other`, `pulls_cold`, `pulls_failed`, `pull_p50`, .. `lag_p99`,
    /// `cross_region_bytes`.
    pub metric: String,
    pub unit: String,
    pub difference: f64,
    pub ci_low: Option<f64>,
    pub ci_high: Option<f64>,
    /// Difference over the baseline's mean.
    pub relative: Option<f64>,
}

/// One bill row: one month, payer, place, line item, pair of regions and tier of one trial.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BillRow {
    pub strategy: String,
    pub trial: u64,
    /// `2026-04`.
    pub month: String,
    pub account: String,
    pub region: String,
    pub line_item: String,
    pub from_region: Option<String>,
    pub to_region: Option<String>,
    /// Decimal.
    pub quantity: String,
    /// `GB-month`, `GB`, `hour`, `image`.
    pub unit: String,
    /// Decimal dollars.
    pub unit_price_usd: String,
    /// Decimal dollars, nine places: these are summed exactly.
    pub cost_usd: String,
}

/// One trial of one strategy.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TrialRow {
    pub strategy: String,
    pub trial: u64,
    /// Months covered by the period.
    pub months: f64,
    /// Decimal dollars, nine places: the sum of the trial's bill rows.
    pub cost_usd: String,
    pub pulls: u64,
    pub pulls_cold: u64,
    pub pulls_failed: u64,
    pub pull_p50_s: Option<f64>,
    pub pull_p95_s: Option<f64>,
    pub pull_p99_s: Option<f64>,
    pub copies: u64,
    pub copies_failed: u64,
    pub lag_p50_s: Option<f64>,
    pub lag_p95_s: Option<f64>,
    pub lag_p99_s: Option<f64>,
}

/// How a figure of a strategy is spread over trials; follows from `trials.csv` alone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct QuantileRow {
    pub strategy: String,
    /// `cost`, `pull_p95`, `pull_p99`, `lag_p95`, `lag_p99`.
    pub metric: String,
    pub unit: String,
    /// `p50`, `p90`, `p95`: of the trials.
    pub quantile: String,
    pub value: Option<f64>,
    /// Ends of an interval that covers the quantile with at least 95 %, whatever the distribution; open where there are
    /// too few trials for an end.
    pub ci_low: Option<f64>,
    pub ci_high: Option<f64>,
    pub trials: u64,
}

/// Who costs what: a repository in an account and region, means per trial.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RepositoryRow {
    pub strategy: String,
    pub repository: String,
    pub account: String,
    pub region: String,
    pub storage_usd_month: f64,
    pub transfer_usd_month: f64,
    pub network_path_usd_month: f64,
    pub pulls: f64,
    pub copies: f64,
    pub copies_never_pulled: f64,
}

/// One quantile of one kind of event; region `all` is every region together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LatencyRow {
    pub strategy: String,
    /// `pull`, `copy`, `waiting`, `queueing`, `transfer`, `unpack`.
    pub event: String,
    pub region: String,
    /// `mean`, `min`, `p1`, .. `p50`, .. `p99.9`, `max`.
    pub quantile: String,
    /// Seconds; `inf` when that event never ended.
    pub seconds: f64,
}

/// One metric of one day, mean over trials. Long runs have many of these rows, and few different texts: they are shared.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TimelineRow {
    pub strategy: Arc<str>,
    /// `2026-04-01`.
    pub day: Arc<str>,
    pub account: Arc<str>,
    pub region: Arc<str>,
    /// `cost`, `stored`, `egress`, `peak_egress`, `peak_batch_get_image`, `peak_get_download_url`, `pulls`.
    pub metric: Arc<str>,
    /// `usd`, `bytes`, `bytes/s`, `calls/s`, `count`.
    pub unit: Arc<str>,
    pub value: f64,
}

/// One objective judged for one strategy, in all regions together and in each.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ObjectiveRow {
    pub strategy: String,
    pub objective: String,
    pub region: String,
    pub target: f64,
    pub observed: Option<f64>,
    /// `s`, `share`, `usd/month`, `bytes`, `repositories`.
    pub unit: String,
    pub met: Option<bool>,
    pub probability_met: Option<f64>,
}

/// One strike of a fault in one trial. Without a standby the three cells before the last are empty; with one, an empty
/// recovery is one that never came.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RecoveryRow {
    pub strategy: String,
    pub trial: u64,
    pub fault: String,
    pub recovery_s: Option<f64>,
    pub images_missing: Option<u64>,
    pub oldest_missing_s: Option<f64>,
    pub pulls_failed: u64,
}

/// What failed at a registry and why, mean per trial.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FailureRow {
    pub strategy: String,
    /// `push`, `copy`, `pull`, `edit`.
    pub event: String,
    /// Such as `not-allowed` or `outage`.
    pub cause: String,
    pub account: String,
    pub region: String,
    pub count: f64,
}

/// Pulls that ended in one stretch of time before, during or after a fault, mean over trials.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DisruptionRow {
    pub strategy: String,
    pub fault: String,
    /// Of the cluster.
    pub region: String,
    /// Start of the stretch, from the start of the fault; negative before it.
    pub seconds_from_start: f64,
    /// Length of the stretch.
    pub bin_s: f64,
    pub served: f64,
    pub failed: f64,
}

/// What `run.json` holds: everything about a run that is not a table.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    pub title: String,
    pub description: String,
    /// The scenario file as given on the command line.
    pub scenario: String,
    pub version: String,
    pub seed: u64,
    pub trials: u64,
    /// First moment of the run, RFC 3339.
    pub start: String,
    pub days: f64,
    pub months: f64,
    pub baseline: String,
    pub price_book: String,
    /// `inter-region` or `internet`.
    pub cross_region_pull: String,
    /// The same run priced under the other reading.
    pub other_reading: Vec<OtherReading>,
    /// Every assumption the result rests on.
    pub assumptions: Vec<Assumption>,
    /// Warnings of the reader and of the run (`max_trials` reached, extensions in use, ..).
    pub notes: Vec<String>,
    /// Limits that the timeline is held against.
    pub limits: Vec<Limit>,
    /// What the objectives say, in the scenario's order.
    pub objectives: Vec<ObjectiveText>,
    /// Faults that strike within the run, in the scenario's order.
    pub faults: Vec<FaultText>,
    /// Strategies that differ only in the copy's service delay, shown beside when lag is judged.
    pub delay_variants: Vec<DelayVariant>,
    /// SHA-256 of the scenario as merged, and of every file it names.
    pub inputs: Vec<Input>,
    /// What the scenario says, by dotted path; empty in the record of an older version.
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
    /// What lost time is worth, by strategy, when `[value]` says so.
    pub value: Vec<LostTime>,
    /// What pricing the bills again needs besides their rows; absent in the record of an older version.
    #[serde(default)]
    pub pricing: Option<Pricing>,
    pub wall_seconds: f64,
    pub engine_seconds: f64,
    pub events: u64,
    pub peak_memory_bytes: Option<u64>,
}

/// Cost per month under the other reading of `cross_region_pull`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OtherReading {
    pub strategy: String,
    pub cost_usd_month: f64,
}

/// A limit for a timeline metric, in every registry.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Limit {
    pub metric: String,
    pub strategy: Option<String>,
    pub region: Option<String>,
    pub value: f64,
    pub unit: String,
    pub text: String,
}

/// An objective in words.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ObjectiveText {
    pub name: String,
    /// `lag`, `pull_time`, `release_everywhere`, `cost`, `residency`, ..
    pub metric: String,
    /// Such as `lag p99 at most 30 s`.
    pub text: String,
    /// The time limit in seconds, if it has one.
    pub limit_s: Option<f64>,
}

/// The same strategy under another law of the service delay.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DelayVariant {
    pub strategy: String,
    /// `typical`, `fast` or `slow`.
    pub delay: String,
    pub lag_p50_s: Option<f64>,
    pub lag_p95_s: Option<f64>,
    pub lag_p99_s: Option<f64>,
    /// Observed value of each objective that judges lag or release_everywhere, over all regions.
    pub observed: Vec<(String, Option<f64>, Option<bool>)>,
}

/// A fault in words.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FaultText {
    pub name: String,
    /// A clause, such as `us-east-1 is down`.
    pub text: String,
    /// Length of the strike that `disruptions.csv` is about.
    pub lasts_s: Option<f64>,
    /// Regions of the clusters that fail over.
    pub standby: Vec<String>,
    /// Repositories that these clusters run.
    pub needed: u64,
}

/// What lost time cost, beside the bill and never in it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LostTime {
    pub strategy: String,
    pub waiting_usd_month: f64,
    /// From each fault's start to the recovery from it; one that never comes counts until the period ends.
    pub downtime: Vec<Downtime>,
}

/// What the time to recover from a fault cost.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Downtime {
    pub fault: String,
    pub usd_month: f64,
}
