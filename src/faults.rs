//! What goes wrong: outages, slow links, throttling, missing permissions, jobs that stop.
//!
//! A [`Fault`] of the scenario strikes at a moment or at random moments; each time is a [`Strike`]. Strikes are drawn
//! once per trial from streams named by the fault, so every strategy of a trial meets the same ones, and the demand can
//! hang on them too (`failover`). What a strike does to calls, flows and copies is the engine's.

use crate::cloud::{RegionId, RegistryId};
use crate::sim::{Arrivals, EntityKey, Intensity, Law, Purpose, Stream};
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
    /// From before the start until after the end; only copies may fail for so long.
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

impl FaultKind {
    /// The kind's word in scenarios and results.
    pub fn name(&self) -> &'static str {
        match self {
            FaultKind::RegionOutage(_) => "region-outage",
            FaultKind::RegistryOutage(_) => "registry-outage",
            FaultKind::SlowLink { .. } => "slow-link",
            FaultKind::Throttling { .. } => "throttling",
            FaultKind::CopyFailures { .. } => "copy-failures",
            FaultKind::MissingPermission { .. } => "missing-permission",
            FaultKind::JobStopped { .. } => "job-stopped",
        }
    }
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

/// All strikes of a trial that begin in [`begin`, `end`), in order of (beginning, fault).
///
/// Each strike has a stream of its own for its length, so neither another fault nor a longer run changes a strike. A
/// fault that strikes at random while it lasts is prolonged: its strikes never overlap, and a failover waits for the
/// first of them. A strike that lasts no time is none. A fault of the whole run strikes at `begin` and is never over,
/// [`Time::NEVER`].
pub fn strikes(faults: &[Fault], seed: u64, trial: u64, begin: Time, end: Time) -> Vec<Strike> {
    let mut strikes = Vec::new();
    for (index, fault) in faults.iter().enumerate() {
        let strike = |number: u64, from: Time| {
            let mut stream = Stream::new(seed, trial, fault.key.child(number), Purpose::Fault);
            let lasts = Span(libm::round(fault.lasts.sample(&mut stream)).max(0.0) as i64);
            Strike { fault: index, from, until: from + lasts }
        };
        match &fault.when {
            When::WholeRun => strikes.push(Strike { fault: index, from: begin, until: Time::NEVER }),
            When::At(at) => strikes.push(strike(0, *at)),
            When::Rate(intensity) => {
                let mut stream = Stream::new(seed, trial, fault.key, Purpose::Fault);
                let mut arrivals = Arrivals::poisson(intensity.clone(), begin);
                let moments = std::iter::from_fn(|| arrivals.next(&mut stream)).take_while(|at| *at < end);
                let mut last: Option<Strike> = None;
                for next in (0..).zip(moments).map(|(number, at)| strike(number, at)) {
                    match &mut last {
                        Some(last) if next.from <= last.until => last.until = last.until.max(next.until),
                        _ => strikes.extend(last.replace(next)),
                    }
                }
                strikes.extend(last);
            }
        }
    }
    strikes.retain(|strike| (begin..end).contains(&strike.from) && strike.from < strike.until);
    strikes.sort_unstable_by_key(|strike| (strike.from, strike.fault));
    strikes
}

#[cfg(test)]
mod tests;
