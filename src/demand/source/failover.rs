//! Failover: when a fault strikes, all nodes of a cluster come up empty and pull all that they run.
//!
//! Nodes that are there are replaced, each at its moment; a cold standby's come up for the first time, and stay. What
//! they ask for was settled when the fault struck (see [`Cluster::deploys_by_fault`](super::super::Cluster)). The end of
//! a strike ends nothing.

use super::{Event, NODES, Source, Stage};
use crate::demand::{ClusterId, Occurrence, Trigger};
use crate::faults::Strike;
use crate::units::Time;

const STRIKES: u8 = Stage::Strikes as u8;

/// A failover of one cluster.
pub(super) struct Failover {
    cluster: u16,
    /// Index among the trial's strikes.
    strike: u32,
    /// Who comes up when, in order.
    ups: Vec<(Time, Riser)>,
    next: usize,
}

/// A node that a failover brings up: (its number if it is there already, its identity).
pub(in crate::demand) type Riser = (Option<u32>, u64);

impl Source<'_> {
    /// Schedules what the strikes of the trial lead to.
    pub(super) fn schedule_failovers(&mut self, strikes: &[Strike]) {
        for (index, cluster) in (0u16..).zip(&self.demand.clusters) {
            for (trigger, spec) in (0u16..).zip(&cluster.triggers) {
                let Trigger::Failover { of, .. } = spec else { continue };
                let own = (0u32..).zip(strikes).filter(|(_, strike)| strike.fault == *of);
                for (number, (strike, &Strike { from, .. })) in (0u64..).zip(own) {
                    if cluster.deploys_by_fault() {
                        self.schedule(from, STRIKES, Event::Strike { cluster: index });
                    }
                    let after = self.clusters[usize::from(index)].failover_draws(usize::from(trigger), number).0;
                    let event = Event::Failover { cluster: index, trigger, strike, number };
                    if from + after >= self.end {
                        self.unfinished.push(strike);
                    }
                    self.schedule(from + after, NODES, event);
                }
            }
        }
    }

    /// What is the newest release now is what nodes will ask for: a push of this very moment comes too late.
    pub(super) fn settle_releases(&mut self, cluster: u16) {
        let state = &mut self.clusters[usize::from(cluster)];
        for (deployed, id) in state.deployed.iter_mut().zip(&state.config.runs) {
            *deployed = self.publisher.repositories[id.0 as usize].books.newest_release().cloned();
        }
    }

    pub(super) fn start_failover(&mut self, at: Time, cluster: u16, trigger: u16, strike: u32, number: u64) {
        let mut ups = self.clusters[usize::from(cluster)].failover_ups(usize::from(trigger), number, at);
        let in_time = ups.partition_point(|(up, _)| *up < self.end);
        if in_time < ups.len() {
            self.unfinished.push(strike);
            ups.truncate(in_time);
        }
        if let Some((first, _)) = ups.first().copied() {
            self.schedule(first, NODES, Event::Rise(Box::new(Failover { cluster, strike, ups, next: 0 })));
        }
    }

    pub(super) fn rise(&mut self, at: Time, mut failover: Box<Failover>) -> Option<Occurrence> {
        let (cluster, strike) = (failover.cluster, Some(failover.strike));
        let (_, (place, identity)) = failover.ups[failover.next];
        let fleet = &mut self.clusters[usize::from(cluster)].fleet;
        let node = match place {
            None => Some(self.join(cluster, identity, at, strike)),
            // A node that is gone by now does not come back.
            Some(node) if fleet.known(node, identity).is_none() => None,
            Some(node) => {
                fleet.replace(node);
                self.fill(cluster, node, at, strike);
                Some(node)
            }
        };
        failover.next += 1;
        if let Some((next, _)) = failover.ups.get(failover.next).copied() {
            self.schedule(next, NODES, Event::Rise(failover));
        }
        node.map(|node| Occurrence::NodeUp { at, cluster: ClusterId(cluster), node })
    }
}
