//! What objectives need to see inside a trial.

use std::collections::BTreeMap;

use crate::cloud::RegistryId;
use crate::demand::{Asked, ClusterId, Push, RepositoryId};
use crate::strategy::behaviour::View;
use crate::units::{Span, Time};

use super::world::World;
use super::{Model, Probe, ProbeMetric, ProbeResult};

/// The probes of a trial.
pub(super) struct Probes<'a> {
    model: &'a Model,
    results: Vec<Vec<ProbeResult>>,
    /// Releases that are not everywhere yet, by (repository, image).
    releases: BTreeMap<(RepositoryId, u32), Vec<Release>>,
}

/// A release on its way.
struct Release {
    probe: usize,
    pushed: Time,
    missing: Vec<RegistryId>,
}

impl<'a> Probes<'a> {
    pub fn new(model: &'a Model) -> Self {
        let cells = model.cloud.regions.len() + 1;
        let results = model.probes.iter().map(|_| vec![ProbeResult::default(); cells]).collect();
        Probes { model, results, releases: BTreeMap::new() }
    }

    fn of(&self, metric: ProbeMetric) -> impl Iterator<Item = (usize, &'a Probe)> + use<'a> {
        self.model.probes.iter().enumerate().filter(move |(_, probe)| probe.metric == metric)
    }

    fn measured(&self, at: Time) -> bool {
        at >= Time::START && at < self.model.calendar.end
    }

    /// Clusters of a registry that a probe counts.
    fn watches(&self, probe: &Probe, registry: RegistryId) -> bool {
        let mut clusters = self.model.demand.clusters.iter().zip(&probe.clusters);
        clusters.any(|(cluster, counts)| *counts && cluster.registry == registry)
    }

    fn region(&self, registry: RegistryId) -> usize {
        usize::from(self.model.cloud.registry(registry).region.0)
    }

    /// Records so many events in one region's cell, or in the last cell, which is all regions together.
    fn record(&mut self, probe: usize, cell: usize, time: Option<Span>, events: u64) {
        let within = self.model.probes[probe].within;
        let result = &mut self.results[probe][cell];
        match time {
            Some(time) => {
                result.histogram.record(time, events);
                result.within += if within.is_some_and(|limit| time <= limit) { events } else { 0 };
            }
            None => result.histogram.record_infinite(events),
        }
    }

    fn record_in(&mut self, probe: usize, region: usize, time: Option<Span>, events: u64) {
        let all = self.model.cloud.regions.len();
        self.record(probe, region, time, events);
        self.record(probe, all, time, events);
    }

    /// A copy arrived `lag` after its push.
    pub fn copy(&mut self, repository: RepositoryId, tag: &str, to: RegistryId, lag: Span) {
        for (index, probe) in self.of(ProbeMetric::Lag) {
            let everywhere = probe.clusters.iter().all(|counts| *counts);
            let counts = probe.repositories[repository.0 as usize] && probe.tags.matches(tag);
            if counts && (everywhere || self.watches(probe, to)) {
                self.record_in(index, self.region(to), Some(lag), 1);
            }
        }
    }

    /// A pull is over after this time, or never.
    pub fn pull(&mut self, request: &Asked, time: Option<Span>) {
        self.pulls(request.cluster, request.repository, request.tag, time, 1);
    }

    /// So many pulls by a cluster of a repository's tag are over after this time, or never.
    pub fn pulls(&mut self, cluster: ClusterId, repository: RepositoryId, tag: &str, time: Option<Span>, pulls: u64) {
        for (index, probe) in self.of(ProbeMetric::PullTime) {
            let cluster = usize::from(cluster.0);
            let counts = probe.repositories[repository.0 as usize] && probe.clusters[cluster];
            if counts && probe.tags.matches(tag) {
                let registry = self.model.demand.clusters[cluster].registry;
                self.record_in(index, self.region(registry), time, pulls);
            }
        }
    }

    /// A release was pushed to its home: it is on its way to every registry whose clusters run it.
    pub fn release(&mut self, push: &Push, world: &World) {
        if !push.release || !self.measured(push.at) || !(push.new_image || push.promoted) {
            return;
        }
        for (index, probe) in self.of(ProbeMetric::ReleaseEverywhere) {
            if !probe.repositories[push.repository.0 as usize]
                || !push.tag.as_ref().is_some_and(|tag| probe.tags.matches(tag))
            {
                continue;
            }
            let mut wanted: Vec<RegistryId> = Vec::new();
            for (cluster, counts) in self.model.demand.clusters.iter().zip(&probe.clusters) {
                if *counts && cluster.runs.contains(&push.repository) && !wanted.contains(&cluster.registry) {
                    wanted.push(cluster.registry);
                }
            }
            let (there, missing): (Vec<RegistryId>, Vec<RegistryId>) =
                wanted.into_iter().partition(|registry| world.holds(*registry, push.repository, push.image.id));
            let mut regions: Vec<usize> = there.iter().map(|registry| self.region(*registry)).collect();
            regions.sort_unstable();
            regions.dedup();
            regions.retain(|region| missing.iter().all(|registry| self.region(*registry) != *region));
            for region in regions {
                self.record(index, region, Some(Span::ZERO), 1);
            }
            if missing.is_empty() {
                if !there.is_empty() {
                    self.record(index, self.model.cloud.regions.len(), Some(Span::ZERO), 1);
                }
                continue;
            }
            let release = Release { probe: index, pushed: push.at, missing };
            self.releases.entry((push.repository, push.image.id)).or_default().push(release);
        }
    }

    /// An image is whole in a registry.
    pub fn present(&mut self, repository: RepositoryId, image: u32, registry: RegistryId, now: Time) {
        let Some(mut releases) = self.releases.remove(&(repository, image)) else { return };
        let region = self.region(registry);
        for release in &mut releases {
            let Some(place) = release.missing.iter().position(|missing| *missing == registry) else { continue };
            release.missing.swap_remove(place);
            // A region has the release when its last registry has it.
            if release.missing.iter().all(|missing| self.region(*missing) != region) {
                self.record(release.probe, region, Some(now - release.pushed), 1);
            }
            if release.missing.is_empty() {
                self.record(release.probe, self.model.cloud.regions.len(), Some(now - release.pushed), 1);
            }
        }
        releases.retain(|release| !release.missing.is_empty());
        if !releases.is_empty() {
            self.releases.insert((repository, image), releases);
        }
    }

    /// Ends the trial: what has not arrived never did.
    pub fn close(mut self) -> Vec<Vec<ProbeResult>> {
        let releases = std::mem::take(&mut self.releases);
        for release in releases.into_values().flatten() {
            let mut regions: Vec<usize> = release.missing.iter().map(|registry| self.region(*registry)).collect();
            regions.sort_unstable();
            regions.dedup();
            for region in regions {
                self.record(release.probe, region, None, 1);
            }
            self.record(release.probe, self.model.cloud.regions.len(), None, 1);
        }
        self.results
    }
}
