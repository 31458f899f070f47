//! The loop: demand and a strategy's actions, executed in virtual time and metered.
//!
//! It knows dollars as little as it knows files. One call of [`run()`] is one trial of one strategy: it takes
//! the model, draws from named streams only, and returns usage, histograms and series.

mod beginning;
mod bound;
mod calls;
mod closing;
mod copies;
mod downloads;
mod hazards;
mod home;
pub mod journal;
mod lanes;
mod metering;
mod outcome;
mod outage;
mod permissions;
mod prices;
mod probes;
mod pulls;
mod recovery;
mod rest;
mod run;
mod series;
mod times;
mod upkeep;
mod usual;
mod world;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;

pub use outcome::{
    Around, Cause, DailySeries, FailedEvent, Failure, Outcome, ProbeResult, PullTimes, RepositoryCounts, StrikeOutcome,
};
pub use run::{run, run_with_journal};

use crate::cloud::Cloud;
use crate::demand::Demand;
use crate::faults::Fault;
use crate::registry::quota::Call;
use crate::registry::{Patterns, RegistrySettings};
use crate::sim::{Calendar, Law};
use crate::strategy::Strategy;
use crate::units::Span;

/// A checked scenario as the engine needs it: names are ids, defaults are filled, references hold.
#[derive(Clone, Debug)]
pub struct Model {
    /// Regions, accounts, registries, links.
    pub cloud: Cloud,
    /// Days and months of the run.
    pub calendar: Calendar,
    /// Demand and strategies run for so long before the start; nothing of it is metered.
    pub warm_up: Span,
    /// Who pushes and pulls what.
    pub demand: Demand,
    /// Settings by [`RegistryId`](crate::cloud::RegistryId).
    pub registries: Vec<RegistrySettings>,
    /// How the service behaves.
    pub service: Service,
    /// What is compared.
    pub strategies: Vec<Strategy>,
    /// What goes wrong.
    pub faults: Vec<Fault>,
    /// What is judged inside a trial; the index is that of the scenario's list of objectives.
    pub probes: Vec<Probe>,
    /// What the clairvoyant bound needs to know of prices, as ratios.
    pub bound: BoundHints,
    /// Everything is worked out the slow, obvious way: no node rests, no pull is served in passing, none is remembered for the
    /// next, and links are shared flow by flow. The results are the same, but for a nanosecond here and there on shared links.
    pub plain: bool,
}

/// Settings of the service.
#[derive(Clone, Debug)]
pub struct Service {
    /// Daily run time of a lifecycle policy, drawn once per repository and trial, in nanoseconds.
    pub lifecycle_delay: Law,
    /// A retried copy is metered twice.
    pub retry_moves_bytes_again: bool,
    /// Signatures and SBOMs are replicated like any other image (A24).
    pub copies_attachments: bool,
    /// Where a rule replicates deletes, an image that loses its last tag to another one is deleted too (A46).
    pub moved_tag_deletes: bool,
    /// How late the recorded last pull of an image may be, for lifecycle policies only (B23).
    pub pull_time_lag: Span,
    /// A copy refreshes the source's last recorded pull (O5).
    pub copy_counts_as_pull: bool,
    /// Calls a second and registry, by [`Call`]; infinite = no quota.
    pub quotas: [f64; Call::COUNT],
}

/// Prices as the bound sees them: plain weights, so that the engine stays ignorant of money.
#[derive(Clone, Debug, PartialEq)]
pub struct BoundHints {
    /// By region: the region from which bytes enter it most cheaply, and the weight of a byte entering.
    pub fetch: Vec<(crate::cloud::RegionId, f64)>,
    /// By region and month: weight of a byte stored for a nanosecond.
    pub store: Vec<Vec<f64>>,
}

/// Something measured for an objective, with its filters resolved.
#[derive(Clone, Debug)]
pub struct Probe {
    /// Position in the scenario's list of objectives.
    pub objective: usize,
    /// What is measured.
    pub metric: ProbeMetric,
    /// Repositories that count, by id.
    pub repositories: Vec<bool>,
    /// Clusters that count, by id.
    pub clusters: Vec<bool>,
    /// Tags that count.
    pub tags: Patterns,
    /// The limit: events within it are counted exactly, since a histogram is right to one part in a thousand only.
    /// `None` = only the histogram is wanted.
    pub within: Option<Span>,
}

/// What a probe measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProbeMetric {
    /// Each copy: arrival minus push.
    Lag,
    /// Each pull: failed ones count as infinite.
    PullTime,
    /// Each release: until it is in every registry whose clusters run it.
    ReleaseEverywhere,
}
