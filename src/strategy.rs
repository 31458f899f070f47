//! How images reach clusters: one file per kind.
//!
//! A [`Strategy`] says what a strategy *is* (this file: plain data from the scenario). What it *does* on a push, a pull
//! or a tick is in the file named like its kind; it answers with actions and never sees the event queue or money.

pub mod behaviour;
pub mod centralized;
pub mod clairvoyant;
pub mod cross_region_pull;
pub mod pull_through_cache;
pub mod replication;
pub mod scheduled_copy;

use crate::cloud::RegistryId;
use crate::demand::{ClusterId, IfMissing, RepositoryId};
use crate::registry::{Patterns, ReplicationRule};
use crate::sim::Law;
use crate::units::{Bandwidth, NANOS, Span, Time, Usd};

/// A named strategy of a scenario.
#[derive(Clone, Debug)]
pub struct Strategy {
    /// Its name in every table and chart.
    pub name: String,
    /// How it works.
    pub kind: Kind,
    /// What a pull does when its registry lacks the image; `None` = the cluster's, else by kind.
    pub if_missing: Option<IfMissing>,
    /// Pairs of repository and cluster that belong to another kind; the first match counts.
    pub exceptions: Vec<Exception>,
}

impl Strategy {
    /// The replication rules of the strategy and of its exceptions, each with its source registry.
    pub fn rules(&self) -> impl Iterator<Item = &(RegistryId, ReplicationRule)> {
        let kinds = std::iter::once(&self.kind).chain(self.exceptions.iter().map(|exception| &exception.kind));
        kinds.flat_map(|kind| match kind {
            Kind::Replication(replication) => replication.rules.as_slice(),
            _ => &[],
        })
    }
}

/// Pairs that are served in another way.
#[derive(Clone, Debug)]
pub struct Exception {
    /// Which repositories.
    pub repositories: Vec<RepositoryId>,
    /// Which clusters.
    pub clusters: Vec<ClusterId>,
    /// How they are served.
    pub kind: Kind,
    /// As in [`Strategy::if_missing`].
    pub if_missing: Option<IfMissing>,
}

/// The kinds; their names are part of the scenario format and of every result file.
#[derive(Clone, Debug)]
pub enum Kind {
    /// Images stay at home; every cold pull crosses.
    CrossRegionPull,
    /// Rules copy pushed images.
    Replication(Replication),
    /// The first pull fetches and stores.
    PullThroughCache(PullThroughCache),
    /// A job copies what is new.
    ScheduledCopy(ScheduledCopy),
    /// One registry for all.
    Centralized(Centralized),
    /// Not a system: a lower bound on transfer plus storage.
    Clairvoyant {
        /// Whether images may be placed ahead of their first read.
        push_ahead: bool,
    },
}

impl Kind {
    /// The contract's name.
    pub fn name(&self) -> &'static str {
        match self {
            Kind::CrossRegionPull => "cross-region-pull",
            Kind::Replication(_) => "replication",
            Kind::PullThroughCache(_) => "pull-through-cache",
            Kind::ScheduledCopy(_) => "scheduled-copy",
            Kind::Centralized(_) => "centralized",
            Kind::Clairvoyant { .. } => "clairvoyant",
        }
    }
}

/// Replication as Amazon ECR does it.
#[derive(Clone, Debug)]
pub struct Replication {
    /// The rules of every source registry.
    pub rules: Vec<(RegistryId, ReplicationRule)>,
    /// Service time before bytes move, in nanoseconds.
    pub delay: Law,
    /// How the scenario wrote `delay` (`typical`, `fast`, `slow`, or a value), for reports.
    pub delay_name: String,
    /// The rules exist from here on.
    pub since: Time,
    /// Copies at a time per source registry; `None` = no limit.
    pub parallel_copies: Option<u32>,
    /// Share of attempts that fail.
    pub copy_failures: f64,
    /// Attempts after the first.
    pub retries: u32,
    /// Images there at the start.
    pub existing: Existing,
}

impl Replication {
    /// Service delays that a scenario may name, in the order in which a report shows them beside each other.
    pub const DELAYS: [&'static str; 3] = ["typical", "fast", "slow"];

    /// The law behind a name of [`Self::DELAYS`], in nanoseconds. All three are assumptions: the service says "usually
    /// under 30 minutes" and promises nothing (theory A6, facts A67 to A69).
    pub fn named_delay(name: &str) -> Option<Law> {
        let nanos = |seconds: f64| seconds * NANOS as f64;
        match name {
            "typical" => Some(Law::Quantiles(vec![
                (0.5, nanos(3.0)),
                (0.9, nanos(15.0)),
                (0.99, nanos(120.0)),
                (0.999, nanos(1800.0)),
            ])),
            "fast" => Some(Law::Constant(nanos(2.0))),
            // p99 = median · exp(z·sigma), with z the 99 % point of the normal law.
            "slow" => {
                let sigma = libm::log(1800.0 / 30.0) / 2.326_347_874_040_841;
                Some(Law::Lognormal { median: nanos(30.0), sigma, max: None })
            }
            _ => None,
        }
    }
}

/// What became of images that were there before the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// Not copied.
    Absent,
    /// Already copied.
    Present,
    /// Brought by backfills that begin when the rules exist (A50).
    Backfill,
}

/// A pull-through cache in every registry that clusters pull from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PullThroughCache {
    /// Age of the upstream check after which a pull by a moving tag asks upstream again.
    pub refresh: Span,
    /// Dropped so long after the last pull; `None` = never.
    pub ttl: Option<Span>,
    /// Pulls that meet a fetch under way join it.
    pub share_fetch: bool,
}

/// The hand-written job.
#[derive(Clone, Debug)]
pub struct ScheduledCopy {
    /// When it runs, ascending (an `every` is spelt out).
    pub times: Vec<Time>,
    /// Which repositories, and where each goes.
    pub copies: Vec<(RepositoryId, Vec<RegistryId>)>,
    /// Which tags.
    pub tags: Patterns,
    /// Where the copying machine stands.
    pub runner: Runner,
    /// Copies at a time.
    pub parallel: u32,
    /// Time per image besides its bytes.
    pub per_image: Span,
    /// Share of images that fail and are retried next run.
    pub failures: f64,
    /// Share of images that fail unseen.
    pub silent_failures: f64,
    /// Price of the runner per hour at work.
    pub runner_cost: Usd,
    /// People's hours a month.
    pub toil_hours: f64,
    /// Price of an hour of theirs.
    pub wage: Usd,
}

/// Where the copying machine stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runner {
    /// In the source registry's region and account.
    Source,
    /// In the destination's.
    Destination,
    /// Somewhere else.
    At(RegistryId),
}

/// One registry for all.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Centralized {
    /// The only home.
    pub registry: RegistryId,
    /// Shared by all pulls.
    pub egress: Bandwidth,
}
