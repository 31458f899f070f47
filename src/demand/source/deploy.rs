//! Deploys: a push, and some time after it the pulls of the nodes that run the repository.

use super::{Event, PULLS, Source};
use crate::demand::books::Version;
use crate::demand::{ClusterId, Occurrence, Request};
use crate::sim::EntityKey;
use crate::units::Time;

/// A deploy of one version on one cluster.
pub(super) struct Deploy {
    pub(super) cluster: u16,
    pub(super) trigger: u16,
    pub(super) slot: u32,
    pub(super) version: Version,
    pub(super) draws: EntityKey,
    /// Moment, node, epoch; filled at the start.
    pub(super) pulls: Vec<(Time, u32, u32)>,
    pub(super) next: usize,
}

impl Source<'_> {
    pub(super) fn start_deploy(&mut self, at: Time, mut deploy: Box<Deploy>) {
        let cluster = &mut self.clusters[usize::from(deploy.cluster)];
        cluster.deploy(deploy.slot, &deploy.version);
        let repository = cluster.config.runs[deploy.slot as usize];
        self.turned.push((Some(ClusterId(deploy.cluster)), repository));
        deploy.pulls = cluster.deploy_pulls(usize::from(deploy.trigger), deploy.slot, deploy.draws, at, self.end);
        if let Some((first, ..)) = deploy.pulls.first().copied() {
            self.schedule(first, PULLS, Event::DeployPull(deploy));
        }
    }

    pub(super) fn deploy_pull(&mut self, at: Time, mut deploy: Box<Deploy>) -> Option<Occurrence> {
        let (_, node, epoch) = deploy.pulls[deploy.next];
        let cluster = &self.clusters[usize::from(deploy.cluster)];
        // A node that is gone pulls nothing; one that came since has asked for what is deployed.
        let there = cluster.fleet.node(node).epoch == epoch;
        let request = there.then(|| Request {
            at,
            cluster: ClusterId(deploy.cluster),
            node,
            repository: cluster.config.runs[deploy.slot as usize],
            image: deploy.version.image.clone(),
            tag: deploy.version.tag.clone(),
            moving: deploy.version.moving,
            deploy: true,
            failover: None,
        });
        deploy.next += 1;
        if let Some((next, ..)) = deploy.pulls.get(deploy.next).copied() {
            self.schedule(next, PULLS, Event::DeployPull(deploy));
        }
        request.map(Occurrence::Pull)
    }
}
