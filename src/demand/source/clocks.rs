//! When each source of events strikes next.

use super::{Event, NODES, PULLS, PUSHES, Source};
use crate::demand::RepositoryId;
use crate::demand::cluster::Clock;
use crate::units::{Span, Time};

impl Source<'_> {
    pub(super) fn schedule_clock(&mut self, repository: RepositoryId) {
        if let Some(at) = self.publisher.repositories[repository.0 as usize].advance() {
            self.schedule(at, PUSHES, Event::Clock(repository));
        }
    }

    /// The `index`-th version of a batch comes after `index / of` of the span.
    pub(super) fn schedule_batch(&mut self, repository: RepositoryId, start: Time, index: u32, of: u32) {
        if index < of {
            let within = self.demand.repositories[repository.0 as usize].batch_within;
            let offset = i128::from(within.0) * i128::from(index) / i128::from(of);
            self.schedule(start + Span(offset as i64), PUSHES, Event::Batch { repository, start, index, of });
        }
    }

    pub(super) fn schedule_growth(&mut self, cluster: u16) {
        if let Some(at) = self.clusters[usize::from(cluster)].next_growth() {
            self.schedule(at, NODES, Event::Grow { cluster });
        }
    }

    pub(super) fn schedule_churn(&mut self, cluster: u16, node: u32) {
        for clock in 0..self.clusters[usize::from(cluster)].fleet.node(node).churn.len() as u16 {
            self.schedule_replacement(cluster, node, clock);
        }
    }

    pub(super) fn schedule_replacement(&mut self, cluster: u16, node: u32, clock: u16) {
        let state = self.clusters[usize::from(cluster)].fleet.node_mut(node);
        let identity = state.identity;
        let (arrivals, stream) = &mut state.churn[usize::from(clock)];
        if let Some(at) = arrivals.next(stream) {
            self.schedule(at, NODES, Event::Churn { cluster, clock, node, identity });
        }
    }

    pub(super) fn schedule_trigger(&mut self, cluster: u16, trigger: u16) {
        let clock = &mut self.clusters[usize::from(cluster)].clocks[usize::from(trigger)];
        let Some(at) = clock.next() else { return };
        let (priority, event) = match clock {
            Clock::None => return,
            Clock::ScaleUp { .. } => (NODES, Event::ScaleUp { cluster, trigger }),
            Clock::Times(_) => (PULLS, Event::Moment { cluster, trigger }),
            Clock::List { .. } => (PULLS, Event::Listed { cluster, trigger }),
        };
        self.schedule(at, priority, event);
    }
}
