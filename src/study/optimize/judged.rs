//! What objectives about times and lost pulls see of each repository at each registry.
//!
//! Such an objective wants a share q of its events within a limit, over all places together: Σ within ≥ q · Σ events.
//! That is a sum over cells, so counting both in each cell tells how a choice will fare before it is run. The count
//! follows the engine's journal and stands in for the engine's own probes, which know no repositories; whether an
//! objective is met is judged by these in the end, in a run of the whole recommendation.

use std::collections::{BTreeMap, BTreeSet};

use super::cells::Counts;
use crate::cloud::RegistryId;
use crate::engine::journal::{CopyKind, Entry};
use crate::engine::{Model, Probe, ProbeMetric};
use crate::registry::Patterns;
use crate::scenario::{Metric, Scenario, TimeTarget};
use crate::units::{Span, Time};

/// An objective that can be counted.
#[derive(Clone, Debug)]
pub struct Judged {
    /// Index among the scenario's objectives.
    pub objective: usize,
    /// Which events; `None` = pulls, of which those count that do not fail.
    metric: Option<ProbeMetric>,
    limit: Span,
    /// The share that must be within.
    pub share: f64,
    /// Every place by itself: a release is late when one place lacks it.
    pub by_place: bool,
    repositories: Vec<bool>,
    clusters: Vec<bool>,
    tags: Patterns,
}

impl Judged {
    /// Those of a scenario.
    pub fn of(scenario: &Scenario) -> Vec<Judged> {
        let model = &scenario.model;
        let judged = scenario.objectives.iter().enumerate().filter_map(|(index, objective)| {
            let (metric, limit, share) = match &objective.metric {
                Metric::Lag(target) => part(ProbeMetric::Lag, *target),
                Metric::PullTime(target) => part(ProbeMetric::PullTime, *target),
                Metric::ReleaseEverywhere(target) => part(ProbeMetric::ReleaseEverywhere, *target),
                Metric::PullsFailed(at_most) => (None, Span(0), 1.0 - at_most),
                _ => return None,
            };
            let filters = |probe: &Probe| (probe.repositories.clone(), probe.clusters.clone(), probe.tags.clone());
            let everything = || {
                let repositories = vec![true; model.demand.repositories.len()];
                (repositories, vec![true; model.demand.clusters.len()], Patterns::all())
            };
            let probe = model.probes.iter().find(|probe| probe.objective == index);
            let (repositories, clusters, tags) = probe.map_or_else(everything, filters);
            let by_place = metric == Some(ProbeMetric::ReleaseEverywhere);
            Some(Judged { objective: index, metric, limit, share, by_place, repositories, clusters, tags })
        });
        judged.collect()
    }

    /// Whether a repository at a registry has something to do with it.
    pub fn concerns(&self, model: &Model, repository: u32, registry: RegistryId) -> bool {
        let mut clusters = model.demand.clusters.iter().zip(&self.clusters);
        self.repositories[repository as usize]
            && clusters.any(|(cluster, counts)| *counts && cluster.registry == registry)
    }
}

fn part(metric: ProbeMetric, target: TimeTarget) -> (Option<ProbeMetric>, Span, f64) {
    match target {
        TimeTarget::Quantile { quantile, at_most } => (Some(metric), at_most, quantile),
        TimeTarget::Share { within, at_least } => (Some(metric), within, at_least),
    }
}

/// Counts one trial.
pub struct Watch<'a> {
    model: &'a Model,
    judged: &'a [Judged],
    counts: BTreeMap<(u32, RegistryId), Counts>,
    /// Pulls that were asked for outside the period.
    outside: BTreeSet<u64>,
    /// When an image became whole at home, the last time.
    pushed: BTreeMap<(u32, u32), Time>,
    /// Releases that count, by repository and image, until they arrive: places that still lack them.
    awaited: BTreeSet<(u32, u32, RegistryId)>,
}

impl<'a> Watch<'a> {
    /// Nothing seen yet.
    pub fn new(model: &'a Model, judged: &'a [Judged]) -> Watch<'a> {
        Watch {
            model,
            judged,
            counts: BTreeMap::new(),
            outside: BTreeSet::new(),
            pushed: BTreeMap::new(),
            awaited: BTreeSet::new(),
        }
    }

    /// What was counted.
    pub fn close(self) -> BTreeMap<(u32, RegistryId), Counts> {
        self.counts
    }

    fn is_measured(&self, at: Time) -> bool {
        at >= Time::START && at < self.model.calendar.end
    }

    fn counts(&mut self, repository: u32, registry: RegistryId) -> &mut Counts {
        let objectives = self.judged.len();
        let counts = self.counts.entry((repository, registry)).or_default();
        counts.within.resize(objectives, [0; 2]);
        counts
    }

    /// One entry of the journal.
    pub fn see(&mut self, at: Time, entry: &Entry) {
        match entry {
            Entry::Pushed(what) => {
                let first = self.pushed.insert((what.repository.0, what.image.id), at).is_none();
                if first && self.is_measured(at) {
                    self.release(what.repository.0, what.image.id, what.tag.as_deref().unwrap_or_default());
                }
            }
            Entry::CopyArrived { copy, .. } => {
                let (repository, image) = (copy.repository.0, copy.image.id);
                let Some(pushed) = self.pushed.get(&(repository, image)).copied() else { return };
                let lag = Span(at.0 - pushed.0);
                self.arrive(repository, image, copy.to, lag);
                if self.is_measured(at) && !matches!(copy.kind, CopyKind::Backfill) {
                    let tag = copy.tag.as_deref().unwrap_or_default();
                    self.event(ProbeMetric::Lag, repository, copy.to, None, tag, Some(lag));
                }
            }
            Entry::PullAsked(pull) if !self.is_measured(at) => {
                self.outside.insert(pull.id);
            }
            Entry::PullServed { pull, times, .. } => {
                let time = times.waiting + times.queueing + times.transfer + times.unpack;
                self.pull(pull.id, pull.repository.0, usize::from(pull.cluster.0), &pull.tag, Some(time));
            }
            Entry::PullFailed { pull, .. } => {
                self.pull(pull.id, pull.repository.0, usize::from(pull.cluster.0), &pull.tag, None);
            }
            _ => {}
        }
    }

    fn pull(&mut self, id: u64, repository: u32, cluster: usize, tag: &str, time: Option<Span>) {
        if self.outside.remove(&id) {
            return;
        }
        let registry = self.model.demand.clusters[cluster].registry;
        let counts = self.counts(repository, registry);
        counts.pulls += 1;
        counts.failed += u64::from(time.is_none());
        self.event(ProbeMetric::PullTime, repository, registry, Some(cluster), tag, time);
    }

    /// Counts an event for every objective that it is about.
    fn event(
        &mut self,
        metric: ProbeMetric,
        repository: u32,
        registry: RegistryId,
        cluster: Option<usize>,
        tag: &str,
        time: Option<Span>,
    ) {
        let all = self.judged;
        for (index, judged) in all.iter().enumerate() {
            let is_about = judged.metric.unwrap_or(ProbeMetric::PullTime) == metric
                && judged.repositories[repository as usize]
                && judged.tags.matches(tag)
                && cluster.map_or_else(
                    || judged.concerns(self.model, repository, registry),
                    |cluster| judged.clusters[cluster],
                );
            if is_about {
                let good = time.is_some_and(|time| judged.metric.is_none() || time <= judged.limit);
                let seen = &mut self.counts(repository, registry).within[index];
                seen[0] += 1;
                seen[1] += u64::from(good);
            }
        }
    }

    /// A push at home is awaited wherever clusters run it; at home it is there.
    fn release(&mut self, repository: u32, image: u32, tag: &str) {
        let all = self.judged;
        for (index, judged) in all.iter().enumerate() {
            if judged.metric != Some(ProbeMetric::ReleaseEverywhere)
                || !judged.repositories[repository as usize]
                || !judged.tags.matches(tag)
            {
                continue;
            }
            let home = self.model.demand.repositories[repository as usize].home;
            let clusters = self.model.demand.clusters.iter().zip(&judged.clusters);
            let wanted: BTreeSet<RegistryId> = clusters
                .filter(|(cluster, counts)| **counts && cluster.runs.iter().any(|run| run.0 == repository))
                .map(|(cluster, _)| cluster.registry)
                .filter(|registry| *registry != home)
                .collect();
            for registry in wanted {
                self.awaited.insert((repository, image, registry));
                self.counts(repository, registry).within[index][0] += 1;
            }
        }
    }

    fn arrive(&mut self, repository: u32, image: u32, registry: RegistryId, lag: Span) {
        if !self.awaited.remove(&(repository, image, registry)) {
            return;
        }
        let all = self.judged;
        for (index, judged) in all.iter().enumerate() {
            let is_about = judged.metric == Some(ProbeMetric::ReleaseEverywhere)
                && judged.concerns(self.model, repository, registry);
            if is_about && lag <= judged.limit {
                let seen = &mut self.counts(repository, registry).within[index];
                seen[1] = (seen[1] + 1).min(seen[0]);
            }
        }
    }
}
