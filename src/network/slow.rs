//! Fair sharing flow by flow, as in a textbook: the oracle for [`super::Fabric`].
//!
//! All rates rise together; when a pipe is full its flows stop rising, and so does a flow at its ceiling; the rest go on.
//! This is done anew whenever anything happens, and all flows are then moved on by hand. An event costs
//! O(flows × pipes), so this is for tests and small studies.

use std::collections::BTreeMap;

use super::class::{due, moved};
use super::fabric::FULL;
use super::{ClassId, FlowId, PipeId};
use crate::units::{Bandwidth, Time};

#[derive(Debug)]
struct Flow {
    class: usize,
    size: u64,
    owner: u64,
    /// Bytes yet to move.
    left: f64,
    /// (bytes/s)
    rate: f64,
}

/// The same as [`super::Fabric`], call by call.
#[derive(Debug, Default)]
pub struct SlowFabric {
    now: Time,
    capacity: Vec<f64>,
    classes: Vec<(Vec<usize>, f64)>,
    /// Classes by route and the bits of their ceilings.
    known: BTreeMap<(Vec<usize>, u64), u32>,
    /// In flight, by serial number.
    flows: BTreeMap<u64, Flow>,
    /// Completed and not taken: when, which, whose, how large.
    completed: Vec<(Time, u64, u64, u64)>,
    serials: u64,
    /// When each pipe was last asked whether it is full, and the answer.
    asked: Vec<(Time, bool)>,
}

impl SlowFabric {
    /// No pipes, no flows.
    pub fn new() -> SlowFabric {
        SlowFabric { now: Time(i64::MIN), ..SlowFabric::default() }
    }

    /// See [`super::Fabric::pipe`].
    pub fn pipe(&mut self, capacity: Bandwidth) -> PipeId {
        self.capacity.push(capacity.0);
        self.asked.push((Time(i64::MIN), false));
        PipeId(self.capacity.len() as u32 - 1)
    }

    /// See [`super::Fabric::set_capacity`].
    pub fn set_capacity(&mut self, now: Time, pipe: PipeId, capacity: Bandwidth) {
        self.run_to(now);
        self.capacity[pipe.0 as usize] = capacity.0;
    }

    /// See [`super::Fabric::capacity`].
    pub fn capacity(&self, pipe: PipeId) -> Bandwidth {
        Bandwidth(self.capacity[pipe.0 as usize])
    }

    /// See [`super::Fabric::is_full`].
    pub fn is_full(&mut self, now: Time, pipe: PipeId) -> bool {
        let pipe = pipe.0 as usize;
        if self.asked[pipe].0 != now {
            self.run_to(now);
            self.raise_rates();
            let flows = self.flows.values().filter(|flow| self.classes[flow.class].0.contains(&pipe));
            let used: f64 = flows.map(|flow| flow.rate).sum();
            self.asked[pipe] = (now, used > 0.0 && self.capacity[pipe] - used <= FULL * self.capacity[pipe]);
        }
        self.asked[pipe].1
    }

    /// See [`super::Fabric::class`].
    pub fn class(&mut self, pipes: &[PipeId], ceiling: Bandwidth) -> ClassId {
        let mut route: Vec<usize> = pipes.iter().map(|pipe| pipe.0 as usize).collect();
        route.sort_unstable();
        route.dedup();
        let classes = &mut self.classes;
        let class = *self.known.entry((route.clone(), ceiling.0.to_bits())).or_insert_with(|| {
            classes.push((route, ceiling.0));
            classes.len() as u32 - 1
        });
        ClassId(class)
    }

    /// See [`super::Fabric::start`]; all are watched, however long they stay.
    pub fn start(&mut self, now: Time, class: ClassId, bytes: u64, owner: u64, _until: Time) -> FlowId {
        self.run_to(now);
        let serial = self.serials;
        self.serials += 1;
        let flow = Flow { class: class.0 as usize, size: bytes, owner, left: bytes as f64, rate: 0.0 };
        self.flows.insert(serial, flow);
        FlowId { slot: 0, serial }
    }

    /// See [`super::Fabric::move_to`].
    pub fn move_to(&mut self, now: Time, flow: FlowId, class: ClassId, _until: Time) {
        self.run_to(now);
        if let Some(flow) = self.flows.get_mut(&flow.serial) {
            flow.class = class.0 as usize;
        }
    }

    /// See [`super::Fabric::cancel`].
    pub fn cancel(&mut self, now: Time, flow: FlowId) -> u64 {
        let moved = self.moved(now, flow);
        self.flows.remove(&flow.serial);
        self.completed.retain(|(_, serial, ..)| *serial != flow.serial);
        moved
    }

    /// See [`super::Fabric::moved`].
    pub fn moved(&mut self, now: Time, flow: FlowId) -> u64 {
        self.run_to(now);
        if let Some(flow) = self.flows.get(&flow.serial) {
            return flow.size - (flow.left.round() as u64).min(flow.size);
        }
        self.completed.iter().find(|(_, serial, ..)| *serial == flow.serial).map_or(0, |(.., size)| *size)
    }

    /// See [`super::Fabric::next_completion`].
    pub fn next_completion(&mut self) -> Option<Time> {
        self.raise_rates();
        self.completed.first().map(|(at, ..)| *at).or_else(|| self.next())
    }

    /// See [`super::Fabric::take_completed`].
    pub fn take_completed(&mut self, now: Time, done: &mut Vec<u64>) {
        if now >= self.now {
            self.run_to(now);
            self.complete_until(now);
        }
        self.completed.sort_unstable();
        let taken = self.completed.partition_point(|(at, ..)| *at <= now);
        done.extend(self.completed.drain(..taken).map(|(_, _, owner, _)| owner));
    }

    /// See [`super::Fabric::in_flight`].
    pub fn in_flight(&self) -> usize {
        self.flows.len() + self.completed.len()
    }

    fn run_to(&mut self, now: Time) {
        if now > self.now {
            self.complete_until(now);
            self.pass(now);
        }
    }

    fn complete_until(&mut self, now: Time) {
        loop {
            self.raise_rates();
            let Some(at) = self.next().filter(|at| *at <= now) else { return };
            let ended: Vec<u64> =
                self.flows.iter().filter(|(_, flow)| self.due(flow) <= at).map(|(id, _)| *id).collect();
            self.pass(at);
            for serial in ended {
                if let Some(flow) = self.flows.remove(&serial) {
                    self.completed.push((at, serial, flow.owner, flow.size));
                }
            }
        }
    }

    /// Lets the flows flow until `to`, none of which ends before.
    fn pass(&mut self, to: Time) {
        for flow in self.flows.values_mut() {
            flow.left -= moved(self.now, to, flow.rate);
        }
        self.now = to;
    }

    fn due(&self, flow: &Flow) -> Time {
        due(self.now, flow.left, flow.rate)
    }

    fn next(&self) -> Option<Time> {
        self.flows.values().map(|flow| self.due(flow)).min().filter(|at| *at != Time::NEVER)
    }

    /// Progressive filling: raises all rates together until something binds, and goes on with what is not bound.
    fn raise_rates(&mut self) {
        let mut left = self.capacity.clone();
        let mut rising: Vec<u64> = self.flows.keys().copied().collect();
        let mut level = 0.0;
        while !rising.is_empty() {
            let mut users = vec![0.0; left.len()];
            for serial in &rising {
                for &pipe in &self.classes[self.flows[serial].class].0 {
                    users[pipe] += 1.0;
                }
            }
            let room = |pipe: usize| left[pipe].max(0.0) / users[pipe];
            let bound = |serial: &u64| {
                let (route, ceiling) = &self.classes[self.flows[serial].class];
                route.iter().fold(ceiling - level, |bound, &pipe| bound.min(room(pipe)))
            };
            let step = rising.iter().map(bound).fold(f64::INFINITY, f64::min);
            let (stopped, on): (Vec<u64>, Vec<u64>) = rising.iter().partition(|serial| bound(serial) <= step);
            for (pipe, left) in left.iter_mut().enumerate() {
                if users[pipe] > 0.0 && step.is_finite() {
                    *left -= users[pipe] * step;
                }
            }
            level += step;
            for serial in stopped {
                if let Some(flow) = self.flows.get_mut(&serial) {
                    flow.rate = level;
                }
            }
            rising = on;
        }
    }
}
