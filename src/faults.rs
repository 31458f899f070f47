//! What goes wrong: outages, slow links, throttling, missing permissions, jobs that stop.
//!
//! A [`Fault`] of the scenario strikes at a moment or at random moments; each time is a [`Strike`]. Strikes are drawn
//! once per trial from streams named by the fault, so every strategy of a trial meets the same ones, and the demand can
//! hang on them too (`failover`). What a strike does to calls, flows and copies is the engine's.

use crate::cloud::{RegionId, RegistryId};
use crate::sim::{EntityKey, Intensity, Law};
use crate::units::{Span, Time};

/// Something that goes wrong.
#[derive(Clone, Debug)]
pub struct Fault {
    /// Its name in the scenario and in results.
    pub name: String,
    /// For random streams.
    pub key: EntityKey,
    /// When.
    pub when: When,
    /// For how long, in nanoseconds; nothing for a fault of the whole run.
    pub lasts: Law,
    /// What.
    pub kind: FaultKind,
}

/// When a fault strikes.
#[derive(Clone, Debug)]
pub enum When {
    /// From before the start until after the end.
    WholeRun,
    /// Once.
    At(Time),
    /// At random moments.
    Rate(Intensity),
}

/// What goes wrong.
#[derive(Clone, Debug)]
pub enum FaultKind {
    /// A region's registries and clusters are down; flows to and from it are cut.
    RegionOutage(RegionId),
    /// Calls to a registry fail.
    RegistryOutage(RegistryId),
    /// A link is slower and longer.
    SlowLink {
        /// Source region; `None` = every one.
        from: Option<RegionId>,
        /// Destination region; `None` = every one.
        to: Option<RegionId>,
        /// Share of the pair's limit and of each connection's ceiling that is left, in (0, 1].
        bandwidth: f64,
        /// Added to each round trip.
        extra_rtt: Span,
    },
    /// A registry's quotas shrink.
    Throttling {
        /// Which.
        registry: RegistryId,
        /// Share left, in [0, 1].
        quota: f64,
    },
    /// Attempts to copy fail, of replication and of jobs.
    CopyFailures {
        /// Source; `None` = every one.
        from: Option<RegistryId>,
        /// Destination; `None` = every one.
        to: Option<RegistryId>,
        /// Share of attempts.
        share: f64,
    },
    /// A registry's policy lacks a permission (A31, A32).
    MissingPermission {
        /// The destination.
        registry: RegistryId,
        /// Actions such as `ecr:ReplicateImage`.
        lacks: Vec<String>,
    },
    /// Runs of scheduled jobs are skipped.
    JobStopped {
        /// Index of the strategy; `None` = every scheduled-copy.
        strategy: Option<usize>,
    },
}

/// One time that a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strike {
    /// Index of the fault.
    pub fault: usize,
    /// When it begins.
    pub from: Time,
    /// When it is over.
    pub until: Time,
}

/// All strikes of a trial that begin before `end`, in order of their beginning; those of a whole run come first.
pub fn strikes(_faults: &[Fault], _seed: u64, _trial: u64, _begin: Time, _end: Time) -> Vec<Strike> {
    Vec::new()
}
