//! Copies between registries: ordered, queued in their lane, moved, arrived.
//!
//! Only layers that the destination repository lacks are moved (facts A70, A76), and none twice: a copy whose image, or
//! some of whose layers, are already on their way to the same repository waits for that copy instead.

use std::collections::VecDeque;

use crate::cloud::RegistryId;
use crate::demand::Push;
use crate::ledger::Item;
use crate::registry::{CreatedBy, Scanning};
use crate::strategy::behaviour::{Copy, Lane, View};
use crate::units::{Bandwidth, Span, Time};

use super::downloads::Waiter;
use super::metering::Meters;
use super::run::{Event, Trial, order};
use super::world::ShelfId;

/// A copy that was ordered and has not arrived.
pub(super) struct CopyUnderWay {
    order: Copy,
    component: usize,
    lane: Option<usize>,
    /// The settings that a repository made for it takes.
    by: CreatedBy,
    /// When its turn came.
    begun: Time,
    /// When its bytes begin to move.
    flows: Time,
    bytes: u64,
    layers: Vec<u32>,
    /// Things that must happen before it is whole: its own bytes, and other copies.
    outstanding: u32,
    /// Copies that wait for this one.
    followers: Vec<usize>,
    /// Pulls that wait for it.
    pub pulls: Vec<usize>,
}

/// A lane at work.
pub(super) struct LaneState {
    spec: Lane,
    active: u32,
    queue: VecDeque<usize>,
    busy_since: Time,
}

impl LaneState {
    pub fn new(spec: Lane) -> Self {
        LaneState { spec, active: 0, queue: VecDeque::new(), busy_since: Time::NEVER }
    }

    fn leave(&mut self, meters: &mut Meters, now: Time) {
        self.active -= 1;
        if self.active == 0 {
            self.close(meters, now);
        }
    }

    /// Meters the hours of a lane's runner that is still at work.
    pub fn close(&mut self, meters: &mut Meters, now: Time) {
        if let Some(runner) = self.spec.runner.filter(|_| self.busy_since < now) {
            meters.hours(Item::Runner, runner, self.busy_since, now, (1, 1));
        }
        self.busy_since = Time::NEVER;
    }
}

impl Trial<'_> {
    /// A strategy wants an image and tag copied.
    pub fn order_copy(&mut self, component: usize, order: Copy) {
        let lane = order.lane.map(|lane| self.components[component].first_lane + lane as usize);
        let due = order.start.max(self.now);
        let id = self.insert_copy(component, order, lane, CreatedBy::Replication);
        self.queue.push(due, order::ARRIVAL, Event::CopyDue(id));
    }

    fn insert_copy(&mut self, component: usize, order: Copy, lane: Option<usize>, by: CreatedBy) -> usize {
        self.copies.insert(CopyUnderWay {
            order,
            component,
            lane,
            by,
            begun: self.now,
            flows: self.now,
            bytes: 0,
            layers: Vec::new(),
            outstanding: 1,
            followers: Vec::new(),
            pulls: Vec::new(),
        })
    }

    /// A pull that needs an image in a cache: joins the fetch under way, or begins one.
    pub fn fetch(&mut self, component: usize, order: Copy, share: bool, pull: usize) {
        let key = (order.to, order.repository, order.image.id);
        if share && let Some(&under_way) = self.images_in_flight.get(&key) {
            self.copies[under_way].pulls.push(pull);
            return;
        }
        let id = self.insert_copy(component, order, None, CreatedBy::Cache);
        self.copies[id].pulls.push(pull);
        if share { self.begin_copy(id) } else { self.begin_lone_copy(id) }
    }

    /// A copy's service delay is over.
    pub fn copy_due(&mut self, id: usize) {
        if let Some(lane) = self.copies[id].lane {
            let lane = &mut self.lanes[lane];
            if lane.spec.capacity.is_some_and(|capacity| lane.active >= capacity) {
                lane.queue.push_back(id);
                return;
            }
            lane.active += 1;
            if lane.active == 1 {
                lane.busy_since = self.now;
            }
        }
        self.begin_copy(id);
    }

    /// A copy has its place in its lane.
    pub fn begin_copy(&mut self, id: usize) {
        let copy = &self.copies[id];
        let (to, repository, image) = (copy.order.to, copy.order.repository, copy.order.image.clone());
        let held = self.world.holds(to, repository, image.id);
        if !held && !self.world.holds(copy.order.from, repository, image.id) {
            self.give_up_copy(id);
            return;
        }
        let mut waits_for: Vec<usize> = Vec::new();
        let mut moving = Vec::new();
        if let Some(&other) = self.images_in_flight.get(&(to, repository, image.id)) {
            waits_for.push(other);
        } else if !held {
            let shelf = self.world.find(to, repository);
            for layer in &image.layers {
                if shelf.is_some_and(|shelf| self.world.shelf(shelf).state.has_layer(layer.id)) {
                    continue;
                }
                match self.layers_in_flight.get(&(to, repository, layer.id)) {
                    Some(&other) if waits_for.contains(&other) => {}
                    Some(&other) => waits_for.push(other),
                    None => moving.push(*layer),
                }
            }
            self.images_in_flight.insert((to, repository, image.id), id);
            for layer in &moving {
                self.layers_in_flight.insert((to, repository, layer.id), id);
            }
        }
        for other in &waits_for {
            self.copies[*other].followers.push(id);
        }
        let sizes: Vec<u64> = moving.iter().map(|layer| layer.bytes).collect();
        let copy = &mut self.copies[id];
        copy.layers = moving.iter().map(|layer| layer.id).collect();
        copy.outstanding += waits_for.len() as u32;
        self.move_layers(id, sizes);
    }

    /// A fetch that shares nothing: all layers that are not stored yet move, whatever else is on its way.
    fn begin_lone_copy(&mut self, id: usize) {
        let Copy { to, repository, image, .. } = &self.copies[id].order;
        let sizes = match self.world.find(*to, *repository) {
            Some(shelf) => self.world.shelf(shelf).state.missing(image).map(|layer| layer.bytes).collect(),
            None => image.layers.iter().map(|layer| layer.bytes).collect(),
        };
        self.move_layers(id, sizes);
    }

    fn move_layers(&mut self, id: usize, sizes: Vec<u64>) {
        let now = self.now;
        let copy = &mut self.copies[id];
        copy.begun = now;
        copy.bytes = sizes.iter().sum();
        let order = &copy.order;
        let region = |registry: RegistryId| self.model.cloud.registry(registry).region;
        let mut line = self.downloads.line(order.from, region(order.runner.unwrap_or(order.to)));
        let mut begins = now + order.overhead;
        if let Some(runner) = order.runner {
            begins = begins + self.downloads.serial_requests(line.rtt);
            line = line.then(&self.downloads.way(region(runner), region(order.to)));
        }
        copy.flows = begins;
        let parallel = self.model.cloud.links.client.parallel_layers;
        let took = match sizes.is_empty() {
            true => Some(Span::ZERO),
            false => self.downloads.alone(&line, &sizes, parallel, Bandwidth::UNLIMITED),
        };
        match took {
            Some(took) => self.queue.push(begins + took, order::ARRIVAL, Event::CopyMoved(id)),
            None => {
                let queue = &mut self.queue;
                let mut schedule = |at, step| queue.push(at, order::ARRIVAL, Event::Step(step));
                let client = (parallel, Bandwidth::UNLIMITED);
                self.downloads.begin(begins, line, sizes, client, Waiter::Copy(id), &mut schedule);
            }
        }
    }

    /// A copy's own bytes have moved.
    pub fn copy_moved(&mut self, id: usize) {
        let copy = &self.copies[id];
        let order = &copy.order;
        let cloud = &self.model.cloud;
        let (from, to) = (cloud.registry(order.from), cloud.registry(order.to));
        let bytes = copy.bytes * u64::from(order.attempts_metered);
        if copy.begun < self.model.calendar.end {
            let (repository, now) = (order.repository, self.now);
            match order.runner.map(|runner| cloud.registry(runner)) {
                None => {
                    self.meters.transfer(Item::Copy, from.account, (from.region, to.region), repository, bytes, now);
                }
                Some(runner) => {
                    let via = runner.region;
                    self.meters.transfer(Item::Pull, from.account, (from.region, via), repository, bytes, now);
                    self.meters.transfer(Item::Copy, runner.account, (via, to.region), repository, bytes, now);
                }
            }
            self.series.egress(order.from, now, copy.flows, now - copy.flows, bytes);
        }
        self.one_thing_less(id);
    }

    fn one_thing_less(&mut self, id: usize) {
        let copy = &mut self.copies[id];
        copy.outstanding -= 1;
        if copy.outstanding == 0 {
            self.arrive(id);
        }
    }

    fn arrive(&mut self, id: usize) {
        let copy = self.retire(id);
        let order = &copy.order;
        let shelf = self.shelf_for(order.to, order, copy.by);
        let shelf_state = self.world.shelf_mut(shelf);
        let stored = shelf_state.state.receive(self.now, &order.image, order.tag.as_deref());
        shelf_state.stock(stored.bytes_added, &mut self.meters, self.now);
        let counted = self.meters.measured(copy.begun);
        shelf_state.note_arrival(order.image.id, counted, self.now);
        let ttl = self.components[copy.component].behaviour.ttl();
        shelf_state.ttl = ttl.or(shelf_state.ttl);
        if stored.new_image && self.model.registries[usize::from(order.to.0)].scanning == Scanning::Enhanced {
            self.meters.scan(order.to, order.repository, self.now);
        }
        if let Some(ttl) = ttl.filter(|_| stored.new_image) {
            self.queue.push(self.now + ttl, order::EVICTION, Event::Expiry(shelf, order.image.id));
        }
        let region = usize::from(self.model.cloud.registry(order.to).region.0);
        if counted {
            let lag = self.now - order.pushed;
            self.outcome.copies += 1;
            self.outcome.lag[region].record(lag, 1);
            self.probes.copy(order.repository, order.tag.as_deref().unwrap_or_default(), order.to, lag);
        }
        self.probes.present(order.repository, order.image.id, order.to, self.now);
        for follower in copy.followers {
            self.one_thing_less(follower);
        }
        for pull in copy.pulls {
            self.ready(pull, order.to, order.image.clone());
        }
    }

    /// The source has lost the image: the copy fails, and whoever waited for it asks again.
    fn give_up_copy(&mut self, id: usize) {
        let copy = self.retire(id);
        self.outcome.copies_failed += u64::from(self.meters.measured(self.now));
        for pull in copy.pulls {
            self.wait(pull);
        }
    }

    /// Takes a copy off the books and lets the next in its lane begin.
    fn retire(&mut self, id: usize) -> CopyUnderWay {
        let copy = self.copies.remove(id);
        let (to, repository) = (copy.order.to, copy.order.repository);
        let image = (to, repository, copy.order.image.id);
        if self.images_in_flight.get(&image) == Some(&id) {
            self.images_in_flight.remove(&image);
        }
        for layer in &copy.layers {
            self.layers_in_flight.remove(&(to, repository, *layer));
        }
        if let Some(lane) = copy.lane {
            // The place goes straight to the next in the queue, which keeps it first come, first served.
            match self.lanes[lane].queue.pop_front() {
                Some(next) => self.queue.push(self.now, order::ARRIVAL, Event::CopyBegins(next)),
                None => self.lanes[lane].leave(&mut self.meters, self.now),
            }
        }
        copy
    }

    fn shelf_for(&mut self, to: RegistryId, order: &Copy, by: CreatedBy) -> ShelfId {
        let (shelf, created) = self.world.find_or_create(to, order.repository, by);
        if created {
            self.schedule_lifecycle(shelf);
        }
        shelf
    }

    /// An image that was already copied somewhere before the run began.
    pub fn place(&mut self, registry: RegistryId, push: &Push) {
        let (shelf, created) = self.world.find_or_create(registry, push.repository, CreatedBy::Replication);
        if created {
            self.schedule_lifecycle(shelf);
        }
        let shelf = self.world.shelf_mut(shelf);
        let stored = shelf.state.receive(push.at, &push.image, push.tag.as_deref());
        shelf.stock(stored.bytes_added, &mut self.meters, push.at);
    }
}
