//! What one trial of one strategy leaves behind.

use crate::ledger::Ledger;
use crate::sim::Histogram;

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
    /// Nothing yet, with a cell for every region.
    pub(super) fn new(model: &Model) -> Outcome {
        let regions = model.cloud.regions.len();
        Outcome {
            pull_times: (0..regions).map(|_| PullTimes::default()).collect(),
            lag: (0..regions).map(|_| Histogram::default()).collect(),
            ..Outcome::default()
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
