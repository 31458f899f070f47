//! Fair sharing whose cost follows the number of classes, not of flows.
//!
//! Three ideas keep an event cheap. Flows of one class share a rate and wait in the class's heap ([`super::class`]).
//! Rates are worked out once per instant, when somebody next asks for them, however many flows came and went. And pipes
//! that no class connects are separate *islands*: an event touches its own island only, and a tournament over the islands
//! knows which of them completes a flow next ([`super::soonest`]).

use std::collections::HashMap;

use super::class::{Class, Place};
use super::filling::{Filling, Share};
use super::soonest::Soonest;
use super::{ClassId, FlowId, PipeId};
use crate::units::{Bandwidth, Time};

/// The class of a flow that has completed and waits to be taken, and of a slot that is free.
const NOWHERE: u32 = u32::MAX;

/// A pipe with less than this share of its capacity left is full: rounding may leave a crumb.
pub(super) const FULL: f64 = 1e-9;

/// A flow in flight.
#[derive(Debug)]
struct Flow {
    /// Where it flows, or [`NOWHERE`].
    class: u32,
    size: u64,
    owner: u64,
    /// The work of its class at which it ends.
    finish: f64,
    /// Its joining of that class.
    joined: u64,
    serial: u64,
}

/// A flow that has completed.
#[derive(Clone, Copy, Debug)]
struct Completed {
    at: Time,
    flow: FlowId,
}

/// Pipes that classes connect, directly or over other pipes.
#[derive(Debug, Default)]
struct Island {
    pipes: Vec<u32>,
    classes: Vec<u32>,
    /// Classes that have flows, and perhaps some that had, by ascending ceiling.
    busy: Vec<u32>,
    /// Whether its rates must be worked out again.
    stale: bool,
}

/// Flows over pipes at max-min fair rates.
///
/// Every call that takes a time takes the present; it may not lie before that of an earlier call. Flows that complete
/// are kept until [`Fabric::take_completed`], also when other calls pass over the moment.
#[derive(Debug)]
pub struct Fabric {
    now: Time,
    /// Capacity by pipe (bytes/s).
    capacity: Vec<f64>,
    /// Island by pipe.
    island_of: Vec<u32>,
    /// The pipes of all classes, one after the other.
    routes: Vec<u32>,
    classes: Vec<Class>,
    /// Class by sorted pipes and the bits of the ceiling.
    interned: HashMap<(Vec<u32>, u64), u32>,
    islands: Vec<Island>,
    /// Islands with stale rates.
    stale: Vec<u32>,
    /// When each island next completes a flow.
    soonest: Soonest,
    flows: Vec<Flow>,
    free: Vec<u32>,
    in_flight: usize,
    /// Next joining, and next flow.
    joinings: u64,
    serials: u64,
    completed: Vec<Completed>,
    /// When each pipe was last asked whether it is full, and the answer.
    asked: Vec<(Time, bool)>,
    filling: Filling,
    shares: Vec<Share>,
}

impl Default for Fabric {
    fn default() -> Fabric {
        Fabric::new()
    }
}

impl Fabric {
    /// No pipes, no flows.
    pub fn new() -> Fabric {
        Fabric {
            now: Time(i64::MIN),
            capacity: Vec::new(),
            island_of: Vec::new(),
            routes: Vec::new(),
            classes: Vec::new(),
            interned: HashMap::new(),
            islands: Vec::new(),
            stale: Vec::new(),
            soonest: Soonest::new(),
            flows: Vec::new(),
            free: Vec::new(),
            in_flight: 0,
            joinings: 0,
            serials: 0,
            completed: Vec::new(),
            asked: Vec::new(),
            filling: Filling::default(),
            shares: Vec::new(),
        }
    }

    /// Adds a pipe. One without a limit is allowed, but better left out of routes.
    pub fn pipe(&mut self, capacity: Bandwidth) -> PipeId {
        let pipe = self.capacity.len() as u32;
        self.capacity.push(capacity.0);
        self.asked.push((Time(i64::MIN), false));
        let island = self.island();
        self.islands[island as usize].pipes.push(pipe);
        self.island_of.push(island);
        PipeId(pipe)
    }

    /// What a pipe can carry.
    pub fn capacity(&self, pipe: PipeId) -> Bandwidth {
        Bandwidth(self.capacity[pipe.0 as usize])
    }

    /// Changes what a pipe can carry; zero stops its flows.
    pub fn set_capacity(&mut self, now: Time, pipe: PipeId, capacity: Bandwidth) {
        self.run_to(now);
        let pipe = pipe.0 as usize;
        if self.capacity[pipe] != capacity.0 {
            self.capacity[pipe] = capacity.0;
            self.mark(self.island_of[pipe]);
        }
    }

    /// Whether a pipe carries all that it can. Whoever asks at one instant gets the answer that the first one got, so
    /// that those who act on it together find the pipe alike.
    pub fn is_full(&mut self, now: Time, pipe: PipeId) -> bool {
        let index = pipe.0 as usize;
        if self.asked[index].0 != now {
            self.run_to(now);
            self.settle();
            let is_full = self.filling.left(pipe.0).is_some_and(|left| left <= FULL * self.capacity[index]);
            self.asked[index] = (now, is_full);
        }
        self.asked[index].1
    }

    /// The class of flows over `pipes`, none faster than `ceiling`. The same pipes, in any order, and the same ceiling
    /// give the same class. Looking a class up hashes; callers in a loop keep the id.
    pub fn class(&mut self, pipes: &[PipeId], ceiling: Bandwidth) -> ClassId {
        let mut route: Vec<u32> = pipes.iter().map(|pipe| pipe.0).collect();
        route.sort_unstable();
        route.dedup();
        let key = (route, ceiling.0.to_bits());
        if let Some(&class) = self.interned.get(&key) {
            return ClassId(class);
        }
        let class = self.classes.len() as u32;
        let island = match key.0.first() {
            Some(&first) => self.island_of[first as usize],
            None => self.island(),
        };
        for &pipe in key.0.iter().skip(1) {
            self.join_islands(island, self.island_of[pipe as usize]);
        }
        let begin = self.routes.len() as u32;
        self.routes.extend_from_slice(&key.0);
        self.classes.push(Class::new((begin, self.routes.len() as u32), ceiling.0, island));
        self.islands[island as usize].classes.push(class);
        self.interned.insert(key, class);
        ClassId(class)
    }

    /// Starts a flow of `bytes`. `owner` is the caller's and comes back on completion.
    pub fn start(&mut self, now: Time, class: ClassId, bytes: u64, owner: u64) -> FlowId {
        self.run_to(now);
        let serial = self.serials;
        self.serials += 1;
        let flow = Flow { class: NOWHERE, size: bytes, owner, finish: 0.0, joined: 0, serial };
        let slot = match self.free.pop() {
            Some(slot) => {
                self.flows[slot as usize] = flow;
                slot
            }
            None => {
                self.flows.push(flow);
                self.flows.len() as u32 - 1
            }
        };
        self.in_flight += 1;
        self.join(slot, class.0, bytes as f64);
        FlowId { slot, serial }
    }

    /// Moves a flow, with what it has yet to carry, to another class: its ceiling or its route has changed. A flow that
    /// has completed stays completed.
    pub fn move_to(&mut self, now: Time, flow: FlowId, class: ClassId) {
        self.run_to(now);
        let old = self.flow(flow).class;
        if old != NOWHERE && old != class.0 {
            let left = self.left(flow);
            self.leave(flow.slot);
            self.join(flow.slot, class.0, left);
        }
    }

    /// Ends a flow before its time; returns the bytes that it has moved. Its owner is not reported any more.
    pub fn cancel(&mut self, now: Time, flow: FlowId) -> u64 {
        let moved = self.moved(now, flow);
        if self.flow(flow).class == NOWHERE {
            self.completed.retain(|completed| completed.flow != flow);
        } else {
            self.leave(flow.slot);
        }
        self.release(flow.slot);
        moved
    }

    /// Bytes that a flow has moved, to the nearest.
    pub fn moved(&mut self, now: Time, flow: FlowId) -> u64 {
        self.run_to(now);
        let size = self.flow(flow).size;
        if self.flow(flow).class == NOWHERE { size } else { size - (self.left(flow).round() as u64).min(size) }
    }

    /// When [`Fabric::take_completed`] next has something to report; `None` while nothing flows or all is stopped.
    pub fn next_completion(&mut self) -> Option<Time> {
        self.settle();
        let next = self.completed.first().map_or(self.soonest.time(), |completed| completed.at);
        (next != Time::NEVER).then_some(next)
    }

    /// Appends the owners of all flows that have completed by `now`, in order of time; at one instant, in the order in
    /// which they were started. Here alone `now` may be a moment that other calls have passed over.
    pub fn take_completed(&mut self, now: Time, done: &mut Vec<u64>) {
        if now >= self.now {
            self.complete_until(now);
            self.now = now;
        }
        if self.completed.len() > 1 {
            self.completed.sort_unstable_by_key(|completed| (completed.at, completed.flow.serial));
        }
        let taken = self.completed.partition_point(|completed| completed.at <= now);
        for index in 0..taken {
            let slot = self.completed[index].flow.slot;
            done.push(self.flows[slot as usize].owner);
            self.release(slot);
        }
        self.completed.drain(..taken);
    }

    /// Flows that were started and neither taken as completed nor cancelled.
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    fn flow(&self, id: FlowId) -> &Flow {
        let flow = &self.flows[id.slot as usize];
        debug_assert_eq!(flow.serial, id.serial, "a flow is used after its end");
        flow
    }

    /// Bytes yet to move.
    fn left(&self, id: FlowId) -> f64 {
        let flow = self.flow(id);
        (flow.finish - self.classes[flow.class as usize].work_at(self.now)).max(0.0)
    }

    /// Puts a flow into a class.
    fn join(&mut self, slot: u32, class: u32, bytes: f64) {
        let joined = self.joinings;
        self.joinings += 1;
        let to = &mut self.classes[class as usize];
        let finish = to.join(self.now, bytes, joined, slot);
        let island = to.island;
        let (ceiling, listed) = (to.ceiling, std::mem::replace(&mut to.listed, true));
        if !listed {
            let busy = &mut self.islands[island as usize].busy;
            let place = busy.partition_point(|&other| self.classes[other as usize].ceiling <= ceiling);
            busy.insert(place, class);
        }
        self.mark(island);
        let flow = &mut self.flows[slot as usize];
        (flow.class, flow.finish, flow.joined) = (class, finish, joined);
    }

    /// Takes a flow out of its class.
    fn leave(&mut self, slot: u32) {
        let flow = &mut self.flows[slot as usize];
        let class = std::mem::replace(&mut flow.class, NOWHERE);
        let flows = &self.flows;
        let from = &mut self.classes[class as usize];
        from.leave(|place| is_here(flows, class, place));
        let island = from.island;
        self.mark(island);
    }

    fn release(&mut self, slot: u32) {
        self.free.push(slot);
        self.in_flight -= 1;
    }

    /// A new island.
    fn island(&mut self) -> u32 {
        self.islands.push(Island::default());
        self.soonest.grow();
        self.islands.len() as u32 - 1
    }

    /// Makes one island of two, because a class crosses both.
    fn join_islands(&mut self, island: u32, other: u32) {
        if island == other {
            return;
        }
        let swallowed = std::mem::take(&mut self.islands[other as usize]);
        // An empty island may stay in the list of stale ones: it has no flows to settle.
        self.soonest.set(other as usize, Time::NEVER);
        for &pipe in &swallowed.pipes {
            self.island_of[pipe as usize] = island;
        }
        for &class in &swallowed.classes {
            self.classes[class as usize].island = island;
        }
        let grown = &mut self.islands[island as usize];
        grown.pipes.extend(swallowed.pipes);
        grown.classes.extend(swallowed.classes);
        grown.busy.extend(swallowed.busy);
        grown.busy.sort_by(|&a, &b| self.classes[a as usize].ceiling.total_cmp(&self.classes[b as usize].ceiling));
        self.mark(island);
    }

    fn mark(&mut self, island: u32) {
        let stale = &mut self.islands[island as usize].stale;
        if !*stale {
            *stale = true;
            self.stale.push(island);
        }
    }

    /// Passes to `now`; what completes on the way completes, and the rates change with it.
    fn run_to(&mut self, now: Time) {
        debug_assert!(now >= self.now, "time runs backwards");
        if now > self.now {
            self.complete_until(now);
            self.now = now;
        }
    }

    /// Completes what ends by `now`. Flows that end at `now` itself leave their islands stale: nobody has asked yet.
    fn complete_until(&mut self, now: Time) {
        while self.now <= now {
            self.settle();
            let next = self.soonest.time();
            if next > now || next == Time::NEVER {
                return;
            }
            self.now = self.now.max(next);
            while self.soonest.time() <= next {
                self.complete(self.soonest.index() as u32, next);
            }
            if next == now {
                return;
            }
        }
    }

    /// Completes the flows of an island that end at `at`.
    fn complete(&mut self, island: u32, at: Time) {
        let first = self.completed.len();
        for &index in &self.islands[island as usize].busy {
            let class = &mut self.classes[index as usize];
            if class.next > at {
                continue;
            }
            let flows = &self.flows;
            while let Some(place) = class.pop_due(at, |place| is_here(flows, index, place)) {
                let flow = FlowId { slot: place.flow, serial: self.flows[place.flow as usize].serial };
                self.completed.push(Completed { at, flow });
            }
        }
        for completed in &self.completed[first..] {
            self.flows[completed.flow.slot as usize].class = NOWHERE;
        }
        // Until the rates are worked out again, nobody knows what ends next.
        self.soonest.set(island as usize, Time::NEVER);
        self.mark(island);
    }

    /// Works out the rates of all stale islands, as of now.
    fn settle(&mut self) {
        while let Some(island) = self.stale.pop() {
            self.settle_island(island);
        }
    }

    fn settle_island(&mut self, index: u32) {
        let island = &mut self.islands[index as usize];
        island.stale = false;
        self.shares.clear();
        island.busy.retain(|&class| {
            let class = &mut self.classes[class as usize];
            if class.flows == 0 {
                class.rest();
                return false;
            }
            let (flows, ceiling, route) = (class.flows as f64, class.ceiling, class.route);
            self.shares.push(Share { flows, ceiling, route, rate: 0.0 });
            true
        });
        self.filling.fill(&self.capacity, &island.pipes, &self.routes, &mut self.shares);
        let mut next = Time::NEVER;
        for (&index, share) in island.busy.iter().zip(&self.shares) {
            let class = &mut self.classes[index as usize];
            if class.touched || class.rate != share.rate {
                let flows = &mut self.flows;
                if class.set_rate(self.now, share.rate, |place| is_here(flows, index, place)) {
                    class.each(|flow, finish| flows[flow as usize].finish = finish);
                }
            }
            next = next.min(class.next);
        }
        self.soonest.set(index as usize, next);
    }
}

/// Whether a place in a class's heap is still taken by its flow.
fn is_here(flows: &[Flow], class: u32, place: &Place) -> bool {
    let flow = &flows[place.flow as usize];
    flow.joined == place.joined && flow.class == class
}
