//! Pulls at a rate: the many.
//!
//! Every node has a clock of its own for each repository that it runs, which says when it pulls that next. Clocks count
//! in expected pulls of a node ([`Pace`]), so that nothing is drawn anew when nodes come or go and the others share the
//! cluster's rate; and what a node pulls of one repository is nothing to what it pulls of another.
//!
//! Usually each pull comes up in its turn. Who serves them may let the nodes of a cluster *rest*: then only those pulls
//! come up that are awaited, and the others are caught up with when somebody looks. A node's pulls are the same either
//! way.

use std::cmp::Reverse;
use std::collections::binary_heap::{BinaryHeap, PeekMut};
use std::sync::Arc;

use super::Source;
use crate::demand::assignment::Assignment;
use crate::demand::{Asked, ClusterId};
use crate::sim::{EntityKey, Gaps, Intensity, Pace, Purpose};
use crate::units::Time;

/// Who pulls what, and when.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PullAtRate {
    /// When.
    pub at: Time,
    /// Who.
    pub cluster: ClusterId,
    /// Number of the node.
    pub node: u32,
    /// In the list of what the node runs.
    pub place: u32,
    position: f64,
}

/// Up to where a resting node is caught up with.
#[derive(Clone, Copy, Debug)]
pub struct Until {
    moment: Time,
    position: f64,
}

impl Until {
    /// All pulls before this moment.
    pub fn moment(moment: Time) -> Until {
        Until { moment, position: f64::INFINITY }
    }

    /// All before this one, which has come up.
    pub fn pull(pull: &PullAtRate) -> Until {
        // Several may fall on its very moment.
        Until { moment: Time(pull.at.0 + 1), position: pull.position }
    }

    /// And before this moment.
    pub fn and(self, moment: Time) -> Until {
        Until { moment: moment.min(self.moment), ..self }
    }

    /// Whether no pull of this moment or later is among them.
    pub fn ends_by(self, moment: Time) -> bool {
        self.moment <= moment
    }
}

/// The pulls of one trigger.
pub(super) struct Rate {
    cluster: u16,
    /// Of the trigger: its children by identity name the nodes' clocks.
    key: EntityKey,
    pace: Pace,
    /// By number of the node; none while it is down.
    clocks: Vec<Option<Clocks>>,
    /// Position (its bits are in the same order), node and place of what comes up. An entry counts while it is what its
    /// clock says.
    queue: BinaryHeap<Reverse<(u64, u32, u32)>>,
    /// When the first of it is due.
    due: Time,
    rests: bool,
}

/// The clocks of a node.
struct Clocks {
    runs: Arc<Assignment>,
    /// By place in the list of what it runs.
    of: Vec<Clock>,
}

/// When a node pulls a repository.
struct Clock {
    gaps: Gaps,
    /// The position of the next pull.
    next: f64,
    /// The position that it was last entered in the queue with.
    entered: f64,
}

impl Rate {
    pub(super) fn new(cluster: u16, key: EntityKey, intensity: Intensity, begin: Time) -> Rate {
        let (clocks, queue) = (Vec::new(), BinaryHeap::new());
        let pace = Pace::new(intensity, begin, 0);
        Rate { cluster, key, pace, clocks, queue, due: Time::NEVER, rests: false }
    }

    /// The first entry that still counts, and when it is due.
    fn settle(&mut self) {
        while let Some(Reverse((bits, node, place))) = self.queue.peek() {
            let clocks = self.clocks[*node as usize].as_ref();
            if clocks.is_some_and(|clocks| clocks.of[*place as usize].next.to_bits() == *bits) {
                self.due = self.pace.time(f64::from_bits(*bits)).unwrap_or(Time::NEVER);
                return;
            }
            self.queue.pop();
        }
        self.due = Time::NEVER;
    }

    /// The next pulls of these places of a node shall come up.
    fn enter(&mut self, node: u32, places: impl Iterator<Item = u32>) {
        let Some(clocks) = &mut self.clocks[node as usize] else { return };
        for place in places {
            let clock = &mut clocks.of[place as usize];
            if clock.entered != clock.next {
                clock.entered = clock.next;
                self.queue.push(Reverse((clock.next.to_bits(), node, place)));
            }
        }
        self.settle();
    }
}

impl Clock {
    #[inline]
    fn advance(&mut self, spacing: f64) {
        self.next += spacing * self.gaps.draw();
    }
}

/// The moments at which a resting node pulls one repository, as far as it is caught up with.
pub struct Moments<'a> {
    clock: &'a mut Clock,
    spacing: f64,
    pace: &'a mut Pace,
    until: Until,
}

impl Moments<'_> {
    /// The next one, and its position: several may fall on one moment.
    #[inline]
    pub fn next_with_position(&mut self) -> Option<(Time, f64)> {
        let position = self.clock.next;
        if position >= self.until.position {
            return None;
        }
        let at = self.pace.time(position).filter(|at| *at < self.until.moment)?;
        self.clock.advance(self.spacing);
        Some((at, position))
    }
}

impl Iterator for Moments<'_> {
    type Item = Time;

    #[inline]
    fn next(&mut self) -> Option<Time> {
        self.next_with_position().map(|(at, _)| at)
    }
}

impl Source<'_> {
    /// A node of a cluster has come up.
    pub(super) fn start_clocks(&mut self, cluster: u16, node: u32, at: Time) {
        let state = &self.clusters[usize::from(cluster)];
        let (numbers, up) = (state.fleet.numbers() as usize, state.fleet.up());
        let (runs, identity) = (&state.fleet.node(node).runs, state.fleet.node(node).identity);
        for rate in self.rates.iter_mut().filter(|rate| rate.cluster == cluster) {
            rate.pace.share(at, up);
            rate.clocks.resize_with(numbers.max(rate.clocks.len()), || None);
            let from = rate.pace.expected(at);
            let key = EntityKey(state.stream(rate.key.child(identity), Purpose::PullRate).bits());
            let clock = |(slot, spacing): (&u32, &f64)| {
                let repository = &self.demand.repositories[state.config.runs[*slot as usize].0 as usize];
                let gaps = Gaps::new(key.child(repository.key.0));
                let mut clock = Clock { gaps, next: from, entered: f64::NAN };
                clock.advance(*spacing);
                clock
            };
            let of = runs.slots.iter().zip(&runs.spacings).map(clock).collect();
            rate.clocks[node as usize] = Some(Clocks { runs: runs.clone(), of });
            rate.enter(node, 0..runs.slots.len() as u32);
        }
    }

    /// A node of a cluster is gone.
    pub(super) fn stop_clocks(&mut self, cluster: u16, node: u32, at: Time) {
        let up = self.clusters[usize::from(cluster)].fleet.up();
        for rate in self.rates.iter_mut().filter(|rate| rate.cluster == cluster) {
            rate.pace.share(at, up);
            rate.clocks[node as usize] = None;
            rate.settle();
        }
    }

    /// When the next pull at a rate comes up, if one does before the end.
    pub(super) fn due_at_rate(&self) -> Option<Time> {
        self.rates.iter().map(|rate| rate.due).min().filter(|due| *due < self.end)
    }

    /// The next pull at a rate, if nothing else of the demand happens earlier and it happens before `limit`. A resting
    /// node must be caught up with until this pull.
    pub fn pull_at_rate(&mut self, limit: Time) -> Option<PullAtRate> {
        let at = self.due_at_rate()?;
        let others = self.queue.peek().is_some_and(|(other, _)| other <= at);
        if at >= limit || others || self.sweep.is_some() || !self.ready.is_empty() {
            return None;
        }
        let rate = self.rates.iter_mut().find(|rate| rate.due == at)?;
        let mut entry = rate.queue.peek_mut()?;
        let Reverse((bits, node, place)) = *entry;
        let clocks = rate.clocks[node as usize].as_mut()?;
        let clock = &mut clocks.of[place as usize];
        clock.advance(clocks.runs.spacings[place as usize]);
        if rate.rests {
            PeekMut::pop(entry);
        } else {
            clock.entered = clock.next;
            *entry = Reverse((clock.next.to_bits(), node, place));
            drop(entry);
        }
        rate.settle();
        Some(PullAtRate { at, cluster: ClusterId(rate.cluster), node, place, position: f64::from_bits(bits) })
    }

    /// What it asks for; `None` before there is a version.
    pub fn wanted(&self, pull: &PullAtRate) -> Option<Asked<'_>> {
        let PullAtRate { at, cluster, node: number, place, .. } = *pull;
        let state = &self.clusters[usize::from(cluster.0)];
        let node = state.fleet.node(number);
        let slot = node.runs.slots[place as usize];
        let id = state.config.runs[slot as usize];
        let repository = &self.publisher.repositories[id.0 as usize];
        let version = state.choose(Some(slot), repository, at, node.identity)?;
        Some(Asked {
            at,
            cluster,
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

    /// What a node runs, as places in its cluster's list.
    pub fn runs(&self, cluster: ClusterId, node: u32) -> &[u32] {
        &self.clusters[usize::from(cluster.0)].fleet.node(node).runs.slots
    }

    /// From now on the nodes of a cluster with one rate may rest: what has come up does so again only when it is awaited.
    pub fn let_rest(&mut self, cluster: ClusterId) {
        only(&mut self.rates, cluster).for_each(|rate| rate.rests = true);
    }

    /// The next pull of each of these places of a resting node is awaited.
    pub fn await_pulls(&mut self, cluster: ClusterId, node: u32, places: impl Iterator<Item = u32>) {
        if let Some(rate) = only(&mut self.rates, cluster).next() {
            rate.enter(node, places);
        }
    }

    /// The next pull of each place of a resting node is awaited that comes before this moment.
    pub fn await_before(&mut self, cluster: ClusterId, node: u32, moment: Time) {
        let moment = moment.min(self.end);
        let Some(rate) = only(&mut self.rates, cluster).next() else { return };
        let Some(clocks) = &rate.clocks[node as usize] else { return };
        // Positions are rounded to moments, so a pull just after may come up too: that does no harm.
        let limit = rate.pace.expected(Time(moment.0 + 1));
        let due = |clock: &Clock| clock.next <= limit;
        let places: Vec<u32> = (0..).zip(&clocks.of).filter(|(_, clock)| due(clock)).map(|(place, _)| place).collect();
        rate.enter(node, places.into_iter());
    }

    /// Catches up with one place of a resting node, or with all: hands the moments of its pulls to `serve`, place by
    /// place.
    pub fn catch_up(
        &mut self,
        cluster: ClusterId,
        node: u32,
        until: Until,
        place: Option<u32>,
        mut serve: impl FnMut(u32, &mut Moments),
    ) {
        let until = until.and(self.end);
        let Some(Rate { clocks, pace, .. }) = only(&mut self.rates, cluster).next() else { return };
        let Some(Clocks { runs, of }) = &mut clocks[node as usize] else { return };
        for place in place.map_or(0..of.len(), |place| place as usize..place as usize + 1) {
            let (clock, spacing) = (&mut of[place], runs.spacings[place]);
            serve(place as u32, &mut Moments { clock, spacing, pace, until });
        }
    }

    /// The first pull of a resting node that it was not caught up with: when, and of which place.
    pub fn first_pull(&mut self, cluster: ClusterId, node: u32, until: Until) -> Option<(Time, u32)> {
        let until = until.and(self.end);
        let Rate { clocks, pace, .. } = only(&mut self.rates, cluster).next()?;
        let clocks = clocks[node as usize].as_ref()?;
        let (place, clock) = (0u32..).zip(&clocks.of).min_by(|(_, one), (_, other)| one.next.total_cmp(&other.next))?;
        let at = pace.time(clock.next).filter(|at| *at < until.moment && clock.next < until.position)?;
        Some((at, place))
    }

    /// Nobody will ask for what the nodes of a cluster did before this moment.
    pub fn forget(&mut self, cluster: ClusterId, before: Time) {
        only(&mut self.rates, cluster).for_each(|rate| rate.pace.forget(before));
    }
}

fn only(rates: &mut [Rate], cluster: ClusterId) -> impl Iterator<Item = &mut Rate> {
    rates.iter_mut().filter(move |rate| rate.cluster == cluster.0)
}
