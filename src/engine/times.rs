//! Where pull time went, while a trial runs.
//!
//! Warm pulls of a cluster from a registry all take the same time, so pulls with equal parts that follow one another are
//! counted, and recorded at once when another comes.

use crate::cloud::RegistryId;
use crate::demand::ClusterId;

use super::Model;
use super::journal::PullParts;
use super::outcome::PullTimes;

/// The pull times of a trial.
pub(super) struct Times {
    /// By region.
    times: Vec<PullTimes>,
    /// By cluster: its region, and its last pulls by registry.
    runs: Vec<(usize, Vec<Run>)>,
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
        let runs = vec![Run { parts: PullParts::default(), pulls: 0 }; model.cloud.registries.len()];
        let region = |registry: RegistryId| usize::from(model.cloud.registry(registry).region.0);
        Times {
            times: model.cloud.regions.iter().map(|_| PullTimes::default()).collect(),
            runs: model.demand.clusters.iter().map(|cluster| (region(cluster.registry), runs.clone())).collect(),
        }
    }

    /// A pull of a cluster from a registry is over.
    pub fn record(&mut self, cluster: ClusterId, registry: RegistryId, parts: PullParts) {
        let (region, runs) = &mut self.runs[usize::from(cluster.0)];
        let run = &mut runs[usize::from(registry.0)];
        if run.parts != parts {
            run.end(&mut self.times[*region]);
            run.parts = parts;
        }
        run.pulls += 1;
    }

    /// Hands over the times, by region.
    pub fn close(mut self) -> Vec<PullTimes> {
        for (region, runs) in &mut self.runs {
            runs.iter_mut().for_each(|run| run.end(&mut self.times[*region]));
        }
        self.times
    }
}

impl Run {
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
            for _ in 0..pulls {
                fast.record(ClusterId(cluster as u16), RegistryId(registry), parts);
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
