//! What one trial of one strategy leaves behind.

use std::collections::BTreeMap;

use crate::cloud::RegistryId;
use crate::faults::Strike;
use crate::ledger::Ledger;
use crate::sim::Histogram;
use crate::units::{Span, Time};

use super::Model;

/// Usage, histograms and series of one trial of one strategy.
#[derive(Clone, Default)]
pub struct Outcome {
    /// Metered usage.
    pub ledger: Ledger,
    /// Pulls asked for within the period.
    pub pulls: u64,
    /// Pulls that had to download layers.
    pub pulls_cold: u64,
    /// Pulls that gave up.
    pub pulls_failed: u64,
    /// Copies completed: by replication, by a job, or fetches of a cache. One per image and tag.
    pub copies: u64,
    /// Copies that failed for good.
    pub copies_failed: u64,
    /// What failed within the period, and why; the failed pulls and copies are among it.
    pub failures: BTreeMap<Failure, u64>,
    /// What each strike of a fault did, in order of time.
    pub strikes: Vec<StrikeOutcome>,
    /// Where pull time went, by region of the cluster.
    pub pull_times: Vec<PullTimes>,
    /// Push to arrival of each copy, by region of the destination.
    pub lag: Vec<Histogram>,
    /// Counts by repository and registry, in that order; only pairs with something to count.
    pub by_repository: Vec<RepositoryCounts>,
    /// What each of the model's probes saw, by region (of the cluster, or of the destination); one cell more than there
    /// are regions: the last is all regions together (for releases: the moment that the last region has it).
    pub probes: Vec<Vec<ProbeResult>>,
    /// Daily series, by registry.
    pub series: Vec<DailySeries>,
    /// Bytes stored everywhere at the end of the period.
    pub stored_bytes_end: u64,
    /// (repository, region) pairs that ever stored a byte, for residency.
    pub stored_in: Vec<(u32, u16)>,
    /// Node-nanoseconds spent waiting for an image that was not there.
    pub waiting_ns: u128,
    /// Hash of the demand seen: equal for every strategy of a trial.
    pub demand_hash: u64,
    /// Events simulated.
    pub events: u64,
}

impl Outcome {
    /// Counts a failure; `measured` = it belongs to the period.
    pub(super) fn fail(&mut self, event: FailedEvent, cause: Cause, registry: RegistryId, measured: bool) {
        if measured {
            *self.failures.entry(Failure { event, cause, registry: registry.0 }).or_default() += 1;
            match event {
                FailedEvent::Copy => self.copies_failed += 1,
                FailedEvent::Pull => self.pulls_failed += 1,
                FailedEvent::Push | FailedEvent::Edit => {}
            }
        }
    }

    /// Nothing yet, with a cell for every region.
    pub(super) fn new(model: &Model) -> Outcome {
        let regions = model.cloud.regions.len();
        Outcome { lag: (0..regions).map(|_| Histogram::default()).collect(), ..Outcome::default() }
    }
}

/// A kind of failure at a registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Failure {
    /// What failed.
    pub event: FailedEvent,
    /// Why.
    pub cause: Cause,
    /// Registry id: the destination of a copy, the registry of a pull's cluster, the home of a push.
    pub registry: u16,
}

/// What can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FailedEvent {
    /// A client's push.
    Push,
    /// A copy of an image and tag.
    Copy,
    /// A node's pull.
    Pull,
    /// A client's untag, delete, archive or restore.
    Edit,
}

impl FailedEvent {
    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            FailedEvent::Push => "push",
            FailedEvent::Copy => "copy",
            FailedEvent::Pull => "pull",
            FailedEvent::Edit => "edit",
        }
    }
}

/// Why something failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// The registry's policy does not allow the copy (A31).
    NotAllowed,
    /// The repository is not there and the policy does not allow its creation (A32).
    CannotCreate,
    /// The account has not enabled the region (A37).
    RegionDisabled,
    /// The image was gone from the source before its copy began.
    SourceGone,
    /// The service, or the job, failed in every attempt.
    Attempts,
    /// The job failed and did not notice.
    Unnoticed,
    /// A registry or its region was down.
    Outage,
    /// The registry had no such image in time.
    Missing,
    /// The registry's quotas were exhausted.
    Throttled,
    /// The node has no way to the registry.
    NoPath,
    /// The tag may not move (A26, A27).
    TagImmutable,
    /// The image is archived and cannot be pulled (C6).
    Archived,
    /// An index needs the image (B20).
    NeededByIndex,
}

impl Cause {
    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Cause::NotAllowed => "not-allowed",
            Cause::CannotCreate => "cannot-create-repository",
            Cause::RegionDisabled => "region-not-enabled",
            Cause::SourceGone => "source-gone",
            Cause::Attempts => "all-attempts-failed",
            Cause::Unnoticed => "failed-unnoticed",
            Cause::Outage => "outage",
            Cause::Missing => "image-missing",
            Cause::Throttled => "throttled",
            Cause::NoPath => "no-path",
            Cause::TagImmutable => "tag-immutable",
            Cause::Archived => "archived",
            Cause::NeededByIndex => "needed-by-index",
        }
    }
}

/// What one strike of a fault did.
#[derive(Clone, Debug, PartialEq)]
pub struct StrikeOutcome {
    /// Which, and when.
    pub strike: Strike,
    /// From the start until the last node of the clusters with a failover on it has unpacked all that it asked for;
    /// `None` = there is no such cluster, `Some(None)` = never.
    pub recovery: Option<Option<Span>>,
    /// Repositories whose newest release before the start is not at the standby then; `None` = there is no standby.
    pub images_missing: Option<u32>,
    /// Age of the oldest of these releases at the start.
    pub oldest_missing: Option<Span>,
    /// Failed pulls whose life overlaps the strike.
    pub pulls_failed: u64,
    /// Pulls around the strike; `None` for a fault of the whole run.
    pub around: Option<Around>,
}

/// Pulls before, while and after a fault: bins of equal length, by region of the cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct Around {
    /// Start of the first bin.
    pub from: Time,
    /// Length of a bin.
    pub bin: Span,
    /// Pulls that ended in each bin, unpacked; by region, then bin.
    pub served: Vec<Vec<u32>>,
    /// Pulls that ended in each bin without their image.
    pub failed: Vec<Vec<u32>>,
}

impl Around {
    /// Bins of a window: half the strike's length before it, its length, and its length after it.
    pub const BINS: usize = 80;

    /// Empty bins around a strike: its length is 32 of them, 16 lie before it and 32 after its end.
    pub fn new(strike: &Strike, regions: usize) -> Around {
        let bin = Span(((strike.until - strike.from).0 / 32).max(1));
        let empty = || vec![vec![0; Around::BINS]; regions];
        Around {
            from: Time(strike.from.0.saturating_sub(bin.0.saturating_mul(16))),
            bin,
            served: empty(),
            failed: empty(),
        }
    }
}

/// The parts of a pull; they add up to `pull`.
#[derive(Clone, Default)]
pub struct PullTimes {
    /// First request to unpacked.
    pub pull: Histogram,
    /// Waiting for the image to be there, or for a fetch under way.
    pub waiting: Histogram,
    /// Waiting for the registry's call quotas, and behind the node's other pulls.
    pub queueing: Histogram,
    /// Requests and bytes.
    pub transfer: Histogram,
    /// Unpacking.
    pub unpack: Histogram,
}

/// Counts of a repository in a registry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RepositoryCounts {
    /// Repository id.
    pub repository: u32,
    /// Registry id.
    pub registry: u16,
    /// Pulls served from here.
    pub pulls: u64,
    /// Copies that arrived here.
    pub copies: u64,
    /// Images copied here that were never pulled from here, until they went or the period ended.
    pub copies_never_pulled: u64,
}

/// What a probe saw in one region.
#[derive(Clone, Default)]
pub struct ProbeResult {
    /// All events.
    pub histogram: Histogram,
    /// Events within the probe's limit, exactly.
    pub within: u64,
}

/// Daily series of a registry; indices are the calendar's days.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DailySeries {
    /// Bytes stored when the day ends.
    pub stored: Vec<u64>,
    /// Bytes that left the registry.
    pub egress: Vec<u64>,
    /// Busiest minute, in bytes a second.
    pub peak_egress: Vec<f64>,
    /// Busiest second, in calls.
    pub peak_batch_get_image: Vec<u32>,
    /// Busiest second, in calls.
    pub peak_get_download_url: Vec<u32>,
    /// Pulls that asked this registry.
    pub pulls: Vec<u64>,
}
