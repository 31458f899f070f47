//! Pulls at a rate: the many.
//!
//! A pull is drawn in two steps, so that whoever serves it need not hold on to anything: who pulls what, and what that is
//! at this moment.

use super::Source;
use crate::demand::cluster::Clock;
use crate::demand::{Asked, ClusterId};
use crate::units::Time;

/// Who pulls what, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PullAtRate {
    at: Time,
    cluster: u16,
    node: u32,
    /// In the list of what the node runs.
    place: u32,
}

impl Source<'_> {
    /// The next pull at a rate, if nothing else happens earlier and it happens before `limit`.
    pub fn pull_at_rate(&mut self, limit: Time) -> Option<PullAtRate> {
        loop {
            let (at, (cluster, trigger)) = self.rates.next().map(|(at, clock)| (at, *clock))?;
            let others = self.queue.peek().is_some_and(|(other, _)| other <= at);
            if at >= limit || others || self.sweep.is_some() || !self.ready.is_empty() {
                return None;
            }
            let state = &mut self.clusters[usize::from(cluster)];
            let clock = &mut state.clocks[usize::from(trigger)];
            match clock.next().filter(|next| *next < self.end) {
                Some(next) => self.rates.renew(next),
                None => drop(self.rates.pop()),
            }
            let Clock::Rate { picks, .. } = clock else { continue };
            // A cluster without nodes, or a node that runs nothing, asks for nothing.
            let Some(node) = state.fleet.pick(picks) else { continue };
            if let Some(place) = state.fleet.node(node).runs.pick(picks) {
                return Some(PullAtRate { at, cluster, node, place: place as u32 });
            }
        }
    }

    /// What it asks for; `None` before there is a version.
    pub fn wanted(&self, pull: &PullAtRate) -> Option<Asked<'_>> {
        let PullAtRate { at, cluster, node: number, place } = *pull;
        let state = &self.clusters[usize::from(cluster)];
        let node = state.fleet.node(number);
        let slot = node.runs.slots[place as usize];
        let id = state.config.runs[slot as usize];
        let repository = &self.publisher.repositories[id.0 as usize];
        let version = state.choose(Some(slot), repository, at, node.identity)?;
        Some(Asked {
            at,
            cluster: ClusterId(cluster),
            node: number,
            repository: id,
            image: &version.image,
            tag: &version.tag,
            moving: version.moving,
            deploy: false,
            failover: None,
            digest: version.digest,
            listed: Some(place),
        })
    }
}
