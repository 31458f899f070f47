//! Faults begin and end: transfers are cut, links and quotas change, standbys are looked at.

use crate::cloud::RegistryId;
use crate::demand::Request;
use crate::faults::FaultKind;
use crate::strategy::behaviour::{Route, View};

use super::downloads::Waiter;
use super::journal::Entry;
use super::run::Trial;

impl Trial<'_> {
    /// A strike of a fault begins, or ends.
    pub fn fault(&mut self, strike: usize, begins: bool) {
        if begins {
            self.world.hazards.begin(strike);
        } else {
            self.world.hazards.end(strike);
        }
        let fault = self.world.hazards.strikes()[strike].fault;
        self.journal.note(self.now, || Entry::Fault { strike, fault, begins });
        match self.world.hazards.fault(strike).kind {
            FaultKind::RegionOutage(region) if begins => {
                for (waiter, moved) in self.downloads.cut(self.now, region) {
                    match waiter {
                        Waiter::Pull(pull) => self.pull_cut(pull, moved),
                        Waiter::Copy(copy) => self.copy_cut(copy, moved),
                    }
                }
            }
            FaultKind::SlowLink { .. } => self.downloads.retune(self.now, &self.world.hazards),
            FaultKind::Throttling { .. } => self.calls.retune(&self.world.hazards),
            _ => {}
        }
        if begins {
            self.look_for_the_missing(strike);
        }
    }

    /// Which newest releases a standby could not pull at the start of a strike.
    fn look_for_the_missing(&mut self, strike: usize) {
        let fault = self.world.hazards.strikes()[strike].fault;
        let standbys: Vec<_> = self.recoveries.standbys(fault).collect();
        if standbys.is_empty() {
            return;
        }
        let mut missing = Vec::new();
        for cluster in standbys {
            let config = &self.model.demand.clusters[usize::from(cluster.0)];
            for &repository in &config.runs {
                let Some(release) = self.recoveries.newest(repository).cloned() else { continue };
                let request = Request {
                    at: self.now,
                    cluster,
                    node: 0,
                    repository,
                    image: release.image.clone(),
                    tag: release.tag,
                    moving: false,
                    deploy: false,
                    failover: None,
                };
                let component = self.owner(cluster, repository);
                let behaviour = &mut self.components[component].behaviour;
                let is_there = match behaviour.route(&request.asked(), config.registry, self.now, &self.world) {
                    Route::From(registry, _) => {
                        self.world.is_up(registry) && self.world.holds(registry, repository, release.image.id)
                    }
                    Route::Fetch { .. } | Route::Unreachable(_) => false,
                };
                if !is_there && !missing.iter().any(|(other, _)| *other == repository) {
                    missing.push((repository, self.now - release.pushed));
                }
            }
        }
        let ages: Vec<_> = missing.into_iter().map(|(_, age)| age).collect();
        self.recoveries.missing(strike, &ages);
    }

    /// Whether the region of a job's machine is down.
    pub fn machine_down(&self, component: usize) -> bool {
        let first = self.components[component].first_lane;
        let runner: Option<RegistryId> = self.lanes.get(first).and_then(|lane| lane.runner());
        runner.is_some_and(|runner| self.world.hazards.region_down(self.model.cloud.registry(runner).region).is_some())
    }
}
