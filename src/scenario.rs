//! Scenario text to a checked model.
//!
//! TOML text becomes a tree in which every key and value knows its place; the tree is merged (base, file, overrides,
//! command line), held against the key tables, and turned into a [`Scenario`]. Every problem is collected with file,
//! line, column and the mend; nothing stops at the first one. Behind this room there are no strings that mean things,
//! no defaults and no time zones.

use std::collections::BTreeMap;
use std::path::PathBuf;

pub mod check;
pub mod diagnostics;
pub mod estate;
pub mod expand;
pub mod fragment;
pub mod keys;
pub mod lexical;
pub mod manual;
pub mod merge;
pub mod parse;
pub mod paths;
pub mod plausible;
pub mod read;
pub mod review;
pub mod scalar;
pub mod schema;
pub mod settings;
pub mod template;
pub mod tree;
pub mod vary;
mod build;
mod values;

pub use build::load;
pub use diagnostics::{Diagnostic, Diagnostics, Severity};
pub use plausible::Factor;
pub use read::{Draft, read};
pub use schema::schema;
pub use template::{TEMPLATES, template};
pub use vary::Vary;

use serde::{Deserialize, Serialize};

use crate::billing::Terms;
use crate::engine::Model;
use crate::units::{Span, Usd};

/// A checked scenario.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// For reports.
    pub title: String,
    /// For reports.
    pub description: String,
    /// The file, as given.
    pub path: PathBuf,
    /// What the engine runs.
    pub model: Model,
    /// What usage costs.
    pub terms: Terms,
    /// How often, and against what.
    pub run: RunPlan,
    /// Requirements, in file order (enabled ones).
    pub objectives: Vec<Objective>,
    /// What lost time is worth.
    pub value: Option<LostTimeValue>,
    /// Every assumption that results rest on.
    pub assumptions: Vec<Assumption>,
    /// Things a reader of results must know.
    pub notes: Vec<String>,
    /// The merged scenario and every file it names.
    pub inputs: Vec<Input>,
    /// Where these lie: what no result may replace.
    pub sources: Vec<PathBuf>,
    /// What the merged scenario says, by dotted path.
    pub settings: BTreeMap<String, String>,
}

/// How often a scenario is run.
#[derive(Clone, Debug, PartialEq)]
pub struct RunPlan {
    /// Master seed.
    pub seed: u64,
    /// Trials, unless `precision` is set.
    pub trials: u64,
    /// Run until every strategy's cost interval (the bound's excepted) is within this share of its mean.
    pub precision: Option<f64>,
    /// With `precision` only.
    pub max_trials: u64,
    /// Index of the baseline among the strategies.
    pub baseline: usize,
}

/// What lost time is worth; shown beside the bill, never in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LostTimeValue {
    /// Per hour and waiting node.
    pub waiting_hour: Usd,
    /// Per hour from the start of an outage to the recovery from it.
    pub downtime_hour: Usd,
}

/// A requirement.
#[derive(Clone, Debug)]
pub struct Objective {
    /// Its name.
    pub name: String,
    /// What is judged, and the target.
    pub metric: Metric,
    /// Strategies that it judges, by index.
    pub strategies: Vec<bool>,
    /// Share of trials that must meet it; `None` = judged once over all trials together.
    pub in_trials: Option<f64>,
}

/// What an objective judges. Filters by repository, cluster and tag are in the model's probes.
#[derive(Clone, Debug, PartialEq)]
pub enum Metric {
    /// Copies: arrival minus push.
    Lag(TimeTarget),
    /// Pulls, failed ones infinite.
    PullTime(TimeTarget),
    /// From a release's push to its presence in every registry whose clusters run it.
    ReleaseEverywhere(TimeTarget),
    /// From the start of each outage to the recovery of the clusters that fail over, at most.
    Recovery {
        /// The limit.
        at_most: Span,
        /// Index of the fault; `None` = each.
        fault: Option<usize>,
    },
    /// Repositories whose newest release is not at the standby when an outage starts, at most.
    ImagesMissing {
        /// The limit.
        at_most: u32,
        /// Index of the fault; `None` = each.
        fault: Option<usize>,
    },
    /// Share of pulls that fail, at most.
    PullsFailed(f64),
    /// Dollars a month, at most; of one account or all.
    Cost {
        /// Per month.
        at_most: Usd,
        /// Index into the cloud's accounts.
        account: Option<usize>,
    },
    /// No byte of these repositories is ever stored outside these regions.
    Residency {
        /// By repository id.
        repositories: Vec<bool>,
        /// By region id: where they may be.
        regions: Vec<bool>,
    },
}

/// The two forms of a target for times.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TimeTarget {
    /// This quantile is at most so long.
    Quantile {
        /// In (0, 1).
        quantile: f64,
        /// The limit.
        at_most: Span,
    },
    /// At least this share is within the limit.
    Share {
        /// The limit.
        within: Span,
        /// In [0, 1].
        at_least: f64,
    },
}

/// One assumption that a result rests on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assumption {
    /// Scenario key, or a short subject.
    pub key: String,
    /// The value in use.
    pub value: String,
    /// Where it comes from: a fact's number in the manual, or `choice`.
    pub source: String,
    /// A sentence for people, without a full stop at the end.
    pub text: String,
}

/// An input file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// As named.
    pub file: String,
    /// Of its bytes.
    pub sha256: String,
}
