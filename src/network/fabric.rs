//! Fair sharing whose cost follows the number of routes and classes, not of flows.
//!
//! Three ideas keep an event cheap. Flows of one class share a rate and wait in the class's heap ([`super::class`]).
//! Rates are worked out once per instant, when somebody next asks for them, however many flows came and went. And no more
//! of them than can have changed ([`Fabric::settle`]); a tournament over the routes knows which of them completes a flow
//! next ([`super::soonest`]).

use super::class::{Class, Place};
use super::filling::fill;
use super::layout::{Layout, Settled};
use super::route::Demand;
use super::soonest::Soonest;
use super::{ClassId, FlowId, NOWHERE, PipeId};
use crate::units::{Bandwidth, Time};

/// A pipe with less than this share of its capacity left is full: rounding may leave a crumb.
pub(super) const FULL: f64 = 1e-9;

/// A flow in flight.
#[derive(Debug)]
struct Flow {
    /// Where it flows, or [`NOWHERE`] when it has completed, and in a slot that is free.
    class: u32,
    /// Of the slot: how often a flow in it has left a class.
    generation: u32,
    /// Whether it has a place in the heap of its class; else it leaves the class before it can end.
    waits: bool,
    size: u64,
    owner: u64,
    /// The work of its class at which it ends.
    finish: f64,
    serial: u64,
}

/// A flow that has completed.
#[derive(Clone, Copy, Debug)]
struct Completed {
    at: Time,
    flow: FlowId,
}

/// Flows over pipes at max-min fair rates.
///
/// Every call that takes a time takes the present; it may not lie before that of an earlier call. Flows that complete
/// are kept until [`Fabric::take_completed`], also when other calls pass over the moment.
#[derive(Debug)]
pub struct Fabric {
    now: Time,
    layout: Layout,
    /// When each route next completes a flow.
    soonest: Soonest,
    flows: Vec<Flow>,
    free: Vec<u32>,
    in_flight: usize,
    /// Next flow.
    serials: u64,
    completed: Vec<Completed>,
    /// When each pipe was last asked whether it is full, and the answer.
    asked: Vec<(Time, bool)>,
    /// Scratch space of fillings.
    offers: Vec<f64>,
    nexts: Vec<(u32, Time)>,
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
            layout: Layout::default(),
            soonest: Soonest::new(),
            flows: Vec::new(),
            free: Vec::new(),
            in_flight: 0,
            serials: 0,
            completed: Vec::new(),
            asked: Vec::new(),
            offers: Vec::new(),
            nexts: Vec::new(),
        }
    }

    /// Adds a pipe. One without a limit is allowed, but better left out of routes.
    pub fn pipe(&mut self, capacity: Bandwidth) -> PipeId {
        self.asked.push((Time(i64::MIN), false));
        PipeId(self.layout.pipe(capacity.0))
    }

    /// What a pipe can carry.
    pub fn capacity(&self, pipe: PipeId) -> Bandwidth {
        Bandwidth(self.layout.pipes[pipe.0 as usize].capacity)
    }

    /// Changes what a pipe can carry; zero stops its flows.
    pub fn set_capacity(&mut self, now: Time, pipe: PipeId, capacity: Bandwidth) {
        self.run_to(now);
        self.layout.set_capacity(pipe.0, capacity.0);
    }

    /// Whether a pipe carries all that it can. Whoever asks at one instant gets the answer that the first one got, so
    /// that those who act on it together find the pipe alike.
    pub fn is_full(&mut self, now: Time, pipe: PipeId) -> bool {
        let index = pipe.0 as usize;
        if self.asked[index].0 != now {
            self.run_to(now);
            self.settle();
            let pipe = &self.layout.pipes[index];
            let used: f64 = pipe.routes.iter().map(|&route| self.layout.routes[route as usize].used()).sum();
            self.asked[index] = (now, used > 0.0 && pipe.capacity - used <= FULL * pipe.capacity);
        }
        self.asked[index].1
    }

    /// The class of flows over `pipes`, none faster than `ceiling`. The same pipes, in any order, and the same ceiling
    /// give the same class. Looking a class up hashes; callers in a loop keep the id.
    pub fn class(&mut self, pipes: &[PipeId], ceiling: Bandwidth) -> ClassId {
        let class = self.layout.class(pipes.iter().map(|pipe| pipe.0), ceiling.0);
        self.soonest.grow_to(self.layout.routes.len());
        ClassId(class)
    }

    /// Starts a flow of `bytes`. `owner` is the caller's and comes back on completion. `until` is when the caller will have
    /// moved it elsewhere at the latest, and [`Time::NEVER`] where it is to stay: who climbs through slow start need not be
    /// watched for an end that cannot come before.
    pub fn start(&mut self, now: Time, class: ClassId, bytes: u64, owner: u64, until: Time) -> FlowId {
        self.run_to(now);
        let serial = self.serials;
        self.serials += 1;
        let mut flow = Flow { class: NOWHERE, generation: 0, waits: true, size: bytes, owner, finish: 0.0, serial };
        let slot = match self.free.pop() {
            Some(slot) => {
                let free = &mut self.flows[slot as usize];
                flow.generation = free.generation;
                *free = flow;
                slot
            }
            None => {
                self.flows.push(flow);
                self.flows.len() as u32 - 1
            }
        };
        self.in_flight += 1;
        self.join(slot, class.0, bytes as f64, until);
        FlowId { slot, serial }
    }

    /// Moves a flow, with what it has yet to carry, to another class: its ceiling or its route has changed. A flow that
    /// has completed stays completed. `until` as for [`Fabric::start`], also where the class is the same.
    pub fn move_to(&mut self, now: Time, flow: FlowId, class: ClassId, until: Time) {
        self.run_to(now);
        let Flow { class: old, waits, .. } = *self.flow(flow);
        if old != NOWHERE && !(old == class.0 && waits) {
            let left = self.left(flow);
            self.leave(flow.slot);
            self.join(flow.slot, class.0, left, until);
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
        (flow.finish - self.layout.classes[flow.class as usize].work_at(self.now)).max(0.0)
    }

    /// Puts a flow into a class.
    fn join(&mut self, slot: u32, class: u32, bytes: f64, until: Time) {
        let flow = &mut self.flows[slot as usize];
        let to = &mut self.layout.classes[class as usize];
        flow.class = class;
        flow.waits = !to.outlasts(self.now, bytes, until);
        let (finish, anew) = to.join(self.now, bytes, flow.waits.then_some((slot, flow.generation)));
        flow.finish = finish;
        self.layout.came(class, anew);
    }

    /// Takes a flow out of its class.
    fn leave(&mut self, slot: u32) {
        let flow = &mut self.flows[slot as usize];
        let class = std::mem::replace(&mut flow.class, NOWHERE);
        flow.generation = flow.generation.wrapping_add(1);
        let (waits, finish, flows) = (flow.waits, flow.finish, &self.flows);
        let anew = waits && self.layout.classes[class as usize].leave(finish, |place| is_here(flows, place));
        self.layout.left(class, anew);
    }

    fn release(&mut self, slot: u32) {
        self.free.push(slot);
        self.in_flight -= 1;
    }

    /// Passes to `now`; what completes on the way completes, and the rates change with it.
    fn run_to(&mut self, now: Time) {
        debug_assert!(now >= self.now, "time runs backwards");
        if now > self.now {
            self.complete_until(now);
            self.now = now;
        }
    }

    /// Completes what ends by `now`. Flows that end at `now` itself leave rates to be worked out: nobody has asked yet.
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

    /// Completes the flows of a route that end at `at`.
    fn complete(&mut self, number: u32, at: Time) {
        let first = self.completed.len();
        let Layout { routes, classes, .. } = &mut self.layout;
        let route = &mut routes[number as usize];
        for rung in 0..route.busy.len() {
            if route.busy[rung].next > at {
                continue;
            }
            let (class, flows) = (&mut classes[route.busy[rung].class as usize], &self.flows);
            while let Some(place) = class.pop_due(at, |place| is_here(flows, place)) {
                let flow = FlowId { slot: place.slot, serial: flows[place.slot as usize].serial };
                self.completed.push(Completed { at, flow });
                route.count(rung as u32, -1.0, true);
            }
        }
        for completed in &self.completed[first..] {
            let flow = &mut self.flows[completed.flow.slot as usize];
            flow.class = NOWHERE;
            flow.generation = flow.generation.wrapping_add(1);
        }
        // Until the rates are worked out again, nobody knows what ends next.
        self.soonest.set(number as usize, Time::NEVER);
        self.layout.touch(number);
    }

    /// Works out all rates that may have changed, as of now.
    ///
    /// Where flows came or went, one of three things holds. What the route asks of its pipes is the same as before: one
    /// flow came for another, or moved between ceilings neither of which holds it back. Or its shared pipes have room,
    /// before and after: nobody on them waits for what they leave, and nobody is to lose anything, so the route is on its
    /// own. Otherwise its island is filled. Where flows have only moved between ceilings that do not hold them back, as most do
    /// that climb on a full link, there is nothing to work out at all.
    fn settle(&mut self) {
        while let Some(route) = self.layout.touched.pop() {
            if self.layout.settle_alone(route) == Settled::Alone {
                let next = set_rates(self.now, &mut self.layout, route, &mut self.flows);
                self.soonest.set(route as usize, next);
            }
        }
        while let Some(island) = self.layout.stale.pop() {
            fill(&mut self.layout, island, &mut self.offers);
            self.nexts.clear();
            for index in 0..self.layout.islands[island as usize].busy.len() {
                let route = self.layout.islands[island as usize].busy[index];
                self.nexts.push((route, set_rates(self.now, &mut self.layout, route, &mut self.flows)));
            }
            self.soonest.set_all(&self.nexts);
            self.layout.filled(island);
        }
    }
}

/// Lets a route's flows flow at its level from now on; returns when the first of them ends.
fn set_rates(now: Time, layout: &mut Layout, route: u32, flows: &mut [Flow]) -> Time {
    let route = &mut layout.routes[route as usize];
    let (mut demand, mut next) = (Demand::default(), Time::NEVER);
    for rung in &mut route.busy {
        // Neither is ever not a number: without `min`, which provides for it, this is one instruction.
        let rate = if rung.ceiling < route.level { rung.ceiling } else { route.level };
        if rung.rate != rate {
            rung.rate = rate;
            let class = &mut layout.classes[rung.class as usize];
            rung.next = class.set_rate(now, rate, |place| is_here(flows, place));
            if class.is_far() {
                set_back(rung.class, class, flows);
            }
        }
        demand.add(rung, route.level);
        next = next.min(rung.next);
    }
    route.demand = demand;
    next
}

/// Sets the work of a class back, which changes that at which its flows end.
#[cold]
fn set_back(number: u32, class: &mut Class, flows: &mut [Flow]) {
    let mut finishes = Vec::new();
    let by = class.set_back(|place| is_here(flows, place), |slot, finish| finishes.push((slot, finish)));
    for flow in flows.iter_mut().filter(|flow| flow.class == number && !flow.waits) {
        flow.finish -= by;
    }
    for (slot, finish) in finishes {
        flows[slot as usize].finish = finish;
    }
}

/// Whether a place in a class's heap is still taken by its flow.
fn is_here(flows: &[Flow], place: &Place) -> bool {
    flows[place.slot as usize].generation == place.generation
}
