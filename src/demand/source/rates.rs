//! Pulls at a rate: the many.
//!
//! Every node has a clock of its own: one stream says when it pulls next, and what. Clocks count in expected pulls of a
//! node ([`Pace`]), so that nothing is drawn anew when nodes come or go and the others share the cluster's rate.
//!
//! Usually each pull comes up in its turn. Who serves them may let the nodes of a cluster *rest*: then only those pulls
//! come up that are awaited, and the others are caught up with when somebody looks. A node's pulls are the same either
//! way.

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::collections::binary_heap::{BinaryHeap, PeekMut};
use std::sync::Arc;

use super::Source;
use crate::demand::assignment::Assignment;
use crate::demand::{Asked, ClusterId};
use crate::sim::{EntityKey, Intensity, Pace, Purpose, Stream};
use crate::units::Time;

/// Pulls of a resting node that are drawn in search of one that is awaited; the last of them comes up anyway.
const AHEAD: usize = 256;

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
pub enum Until {
    /// All pulls before this moment.
    Moment(Time),
    /// All before this one, which has come up and is taken.
    Pull(PullAtRate),
}

/// The pulls of one trigger.
pub(super) struct Rate {
    cluster: u16,
    /// Of the trigger: its children by identity name the nodes' streams.
    key: EntityKey,
    pace: Pace,
    /// By number of the node; none while it is down, or when it runs nothing.
    clocks: Vec<Option<Clock>>,
    /// Position (its bits are in the same order), node, serial number and place of what comes up.
    queue: BinaryHeap<Reverse<(u64, u32, u32, u32)>>,
    /// When the first of it is due.
    due: Time,
    rests: bool,
    /// Serial numbers given so far.
    serials: u32,
}

struct Clock {
    stream: Stream,
    runs: Arc<Assignment>,
    next: Drawn,
    /// What follows, as far as it is drawn.
    ahead: VecDeque<Drawn>,
    /// Tells its entry in the queue from earlier ones.
    serial: u32,
    /// The position of that entry.
    entry: Option<f64>,
}

#[derive(Clone, Copy)]
struct Drawn {
    position: f64,
    place: u32,
}

impl Rate {
    pub(super) fn new(cluster: u16, key: EntityKey, intensity: Intensity, begin: Time) -> Rate {
        let (clocks, queue) = (Vec::new(), BinaryHeap::new());
        let pace = Pace::new(intensity, begin, 0);
        Rate { cluster, key, pace, clocks, queue, due: Time::NEVER, rests: false, serials: 0 }
    }

    /// The first entry that still counts, and when it is due.
    fn settle(&mut self) {
        while let Some(Reverse((bits, node, serial, _))) = self.queue.peek() {
            if self.clocks[*node as usize].as_ref().is_some_and(|clock| clock.serial == *serial) {
                self.due = self.pace.time(f64::from_bits(*bits)).unwrap_or(Time::NEVER);
                return;
            }
            self.queue.pop();
        }
        self.due = Time::NEVER;
    }

    /// The only entry of a node's clock from now on.
    fn enter(&mut self, node: u32, drawn: Option<Drawn>) {
        let Some(clock) = &mut self.clocks[node as usize] else { return };
        self.serials = self.serials.wrapping_add(1);
        (clock.serial, clock.entry) = (self.serials, drawn.map(|drawn| drawn.position));
        if let Some(Drawn { position, place }) = drawn {
            self.queue.push(Reverse((position.to_bits(), node, self.serials, place)));
        }
        self.settle();
    }
}

impl Clock {
    fn new(mut stream: Stream, runs: Arc<Assignment>, from: f64) -> Option<Clock> {
        let next = draw(&mut stream, &runs, from)?;
        Some(Clock { stream, runs, next, ahead: VecDeque::new(), serial: 0, entry: None })
    }

    /// Takes the next pull.
    fn take(&mut self) -> Drawn {
        let following = match self.ahead.pop_front() {
            Some(drawn) => drawn,
            None => self.draw(self.next.position),
        };
        std::mem::replace(&mut self.next, following)
    }

    fn draw(&mut self, from: f64) -> Drawn {
        draw(&mut self.stream, &self.runs, from).unwrap_or(Drawn { position: f64::INFINITY, place: 0 })
    }

    /// The `index`-th pull from now, counted from 0.
    fn look(&mut self, index: usize) -> Drawn {
        if index == 0 {
            return self.next;
        }
        while self.ahead.len() < index {
            let last = self.ahead.back().unwrap_or(&self.next).position;
            let drawn = self.draw(last);
            self.ahead.push_back(drawn);
        }
        self.ahead[index - 1]
    }
}

/// A pull after this position; `None` = the node runs nothing.
fn draw(stream: &mut Stream, runs: &Assignment, from: f64) -> Option<Drawn> {
    let position = from + stream.gap();
    runs.pick(stream).map(|place| Drawn { position, place: place as u32 })
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
            let stream = state.stream(rate.key.child(identity), Purpose::PullRate);
            let clock = Clock::new(stream, runs.clone(), rate.pace.expected(at));
            let first = clock.as_ref().map(|clock| clock.next);
            rate.clocks[node as usize] = clock;
            rate.enter(node, first);
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
    /// node must be caught up with until this pull, and then be let rest again.
    pub fn pull_at_rate(&mut self, limit: Time) -> Option<PullAtRate> {
        let at = self.due_at_rate()?;
        let others = self.queue.peek().is_some_and(|(other, _)| other <= at);
        if at >= limit || others || self.sweep.is_some() || !self.ready.is_empty() {
            return None;
        }
        let rate = self.rates.iter_mut().find(|rate| rate.due == at)?;
        let mut entry = rate.queue.peek_mut()?;
        let Reverse((bits, node, serial, place)) = *entry;
        let clock = rate.clocks[node as usize].as_mut()?;
        if rate.rests {
            clock.entry = None;
            PeekMut::pop(entry);
        } else {
            clock.take();
            *entry = Reverse((clock.next.position.to_bits(), node, serial, clock.next.place));
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

    /// From now on the nodes of a cluster with one rate may rest: a pull comes up only after [`Source::rest`].
    pub fn let_rest(&mut self, cluster: ClusterId) {
        let only = self.rates.iter_mut().filter(|rate| rate.cluster == cluster.0);
        only.for_each(|rate| rate.rests = true);
    }

    /// Lets a node rest until its first pull before `busy`, or of a place that is awaited; until somebody asks again if
    /// `awaits` is `None`.
    pub fn rest(&mut self, cluster: ClusterId, node: u32, busy: Time, awaits: Option<impl Fn(u32) -> bool>) {
        let Some(rate) = self.rates.iter_mut().find(|rate| rate.cluster == cluster.0) else { return };
        let Some(clock) = &mut rate.clocks[node as usize] else { return };
        let found = awaits.map(|awaits| {
            // Positions are rounded to moments, so a pull just after may come up too: that does no harm.
            let busy = rate.pace.expected(Time(busy.min(self.end).0 + 1));
            let sought = |drawn: &Drawn| drawn.position <= busy || awaits(drawn.place);
            let mut index = 0;
            while index + 1 < AHEAD && !sought(&clock.look(index)) {
                index += 1;
            }
            clock.look(index)
        });
        let end = self.end;
        let found = found.filter(|drawn| rate.pace.time(drawn.position).is_some_and(|at| at < end));
        if clock.entry != found.map(|drawn| drawn.position) {
            rate.enter(node, found);
        }
    }

    /// Catches up with a resting node: hands moment and place of each of its pulls to `serve`, in order.
    pub fn catch_up(&mut self, cluster: ClusterId, node: u32, until: Until, mut serve: impl FnMut(Time, u32)) {
        let Some(rate) = self.rates.iter_mut().find(|rate| rate.cluster == cluster.0) else { return };
        let Some(clock) = &mut rate.clocks[node as usize] else { return };
        let (moment, position) = match until {
            Until::Moment(moment) => (moment.min(self.end), f64::INFINITY),
            Until::Pull(pull) => (Time::NEVER, pull.position),
        };
        while clock.next.position < position {
            let Some(at) = rate.pace.time(clock.next.position).filter(|at| *at < moment) else { break };
            let drawn = clock.take();
            serve(at, drawn.place);
        }
        if let Until::Pull(_) = until {
            clock.take();
        }
    }

    /// Nobody will ask for what the nodes of a cluster did before this moment.
    pub fn forget(&mut self, cluster: ClusterId, before: Time) {
        let only = self.rates.iter_mut().filter(|rate| rate.cluster == cluster.0);
        only.for_each(|rate| rate.pace.forget(before));
    }
}
