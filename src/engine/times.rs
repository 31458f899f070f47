//! Where pull time went, while a trial runs.
//!
//! Warm pulls of a cluster from a registry all take the same time, and so do those that download the same of a repository:
//! pulls with equal parts that follow one another are counted, and recorded at once when another comes.

use crate::cloud::RegistryId;
use crate::demand::{ClusterId, RepositoryId};

use super::Model;
use super::journal::PullParts;
use super::outcome::PullTimes;

/// The pull times of a trial.
pub(super) struct Times {
    /// By region.
    times: Vec<PullTimes>,
    clusters: Vec<Last>,
    plain: bool,
}

/// The last pulls of a cluster.
struct Last {
    /// Index of the cluster's.
    region: usize,
    by_registry: Vec<Run>,
    /// Those that downloaded the same of a repository.
    by_repository: Vec<Run>,
}

/// Pulls that took the same time, one after the other.
#[derive(Clone, Copy)]
struct Run {
    parts: PullParts,
    pulls: u64,
}

impl Times {
    /// No pulls yet.
    pub fn new(model: &Model) -> Times {
        let runs = |count| vec![Run { parts: PullParts::default(), pulls: 0 }; count];
        let region = |registry: RegistryId| usize::from(model.cloud.registry(registry).region.0);
        Times {
            times: model.cloud.regions.iter().map(|_| PullTimes::default()).collect(),
            clusters: (model.demand.clusters.iter())
                .map(|cluster| Last {
                    region: region(cluster.registry),
                    by_registry: runs(model.cloud.registries.len()),
                    by_repository: runs(model.demand.repositories.len()),
                })
                .collect(),
            plain: model.plain,
        }
    }

    /// So many pulls of a cluster from a registry are over.
    pub fn record(&mut self, cluster: ClusterId, registry: RegistryId, parts: PullParts, pulls: u64) {
        let last = &mut self.clusters[usize::from(cluster.0)];
        last.by_registry[usize::from(registry.0)].add(parts, pulls, self.plain, &mut self.times[last.region]);
    }

    /// So many pulls of a cluster that downloaded something of a repository are over.
    pub fn record_of(&mut self, cluster: ClusterId, repository: RepositoryId, parts: PullParts, pulls: u64) {
        let last = &mut self.clusters[usize::from(cluster.0)];
        last.by_repository[repository.0 as usize].add(parts, pulls, self.plain, &mut self.times[last.region]);
    }

    /// Hands over the times, by region.
    pub fn close(mut self) -> Vec<PullTimes> {
        for last in &mut self.clusters {
            let runs = last.by_registry.iter_mut().chain(&mut last.by_repository);
            runs.for_each(|run| run.end(&mut self.times[last.region]));
        }
        self.times
    }
}

impl Run {
    fn add(&mut self, parts: PullParts, pulls: u64, plain: bool, times: &mut PullTimes) {
        if self.parts != parts || plain {
            self.end(times);
            self.parts = parts;
        }
        self.pulls += pulls;
    }

    fn end(&mut self, times: &mut PullTimes) {
        let pulls = std::mem::take(&mut self.pulls);
        let PullParts { waiting, queueing, transfer, unpack } = self.parts;
        times.pull.record(self.parts.total(), pulls);
        times.waiting.record(waiting, pulls);
        times.queueing.record(queueing, pulls);
        times.transfer.record(transfer, pulls);
        times.unpack.record(unpack, pulls);
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::worked_example;
    use super::*;
    use crate::units::Span;

    /// The twin records each pull on its own.
    #[test]
    fn equal_pulls_in_a_row_count_one_by_one() {
        let model = worked_example();
        let mut fast = Times::new(&model);
        let mut slow = [PullTimes::default(), PullTimes::default(), PullTimes::default()];
        for (cluster, registry, seconds, pulls) in
            [(0, 0, 1, 3), (0, 1, 0, 2), (1, 1, 4, 1), (0, 0, 1, 1), (0, 0, 7, 2)]
        {
            let span = Span::seconds(seconds);
            let parts = PullParts { waiting: span, queueing: Span::ZERO, transfer: span + span, unpack: span };
            let region = usize::from(model.cloud.registry(model.demand.clusters[cluster].registry).region.0);
            for pull in 0..pulls {
                match pull % 2 {
                    0 => fast.record(ClusterId(cluster as u16), RegistryId(registry), parts, 1),
                    _ => fast.record_of(ClusterId(cluster as u16), RepositoryId(0), parts, 1),
                }
                Run { parts, pulls: 1 }.end(&mut slow[region]);
            }
        }
        let seen = |times: &PullTimes| {
            [&times.pull, &times.waiting, &times.queueing, &times.transfer, &times.unpack]
                .map(|it| (it.count(), it.mean(), [0.0, 0.3, 0.6, 1.0].map(|q| it.quantile(q))))
        };
        let fast = fast.close();
        assert_eq!(slow.iter().map(|times| times.pull.count()).sum::<u64>(), 9);
        assert!(fast.iter().map(seen).eq(slow.iter().map(seen)));
    }
}
