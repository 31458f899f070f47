//! Copies between registries: ordered, queued in their lane, moved, arrived.
//!
//! Only layers that the destination repository lacks are moved (facts A70, A76), and none twice: a copy whose image, or
//! some of whose layers, are already on their way to the same repository waits for that copy instead.
//!
//! A copy that meets an outage waits for its end. One that is ordered meanwhile takes no place in its lane before; one that
//! is cut keeps its place and begins again, and what had moved is metered. One that is not allowed where it goes fails, and
//! is not tried again by itself (O13).

use std::sync::Arc;

use crate::cloud::RegistryId;
use crate::demand::Push;
use crate::ledger::Item;
use crate::registry::{CreatedBy, Layer, Repository, Scanning};
use crate::sim::EntityKey;
use crate::strategy::behaviour::{Action, Copy, CopyFailure, View};
use crate::units::{Bandwidth, Span, Time};

use super::calls;
use super::downloads::Waiter;
use super::journal::{CopyKind, Copying, Entry, Reference};
use super::outcome::{Cause, FailedEvent};
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
    layers: Vec<Layer>,
    /// Things that must happen before it is whole: its own bytes, and other copies.
    outstanding: u32,
    /// Times that its client was refused.
    refused: u32,
    /// Copies that wait for this one.
    followers: Vec<usize>,
    /// Pulls that wait for it.
    pub pulls: Vec<usize>,
    /// What the journal calls it.
    told: Option<Arc<Copying>>,
}

/// A copy that will fail in its last attempt.
pub(super) struct FailedCopy {
    component: usize,
    to: RegistryId,
    cause: Cause,
    ticket: Option<u32>,
    told: Option<Arc<Copying>>,
}

impl Trial<'_> {
    /// A strategy wants an image and tag copied.
    pub fn order_copy(&mut self, component: usize, order: Copy) {
        let lane = order.lane.map(|lane| self.components[component].first_lane + lane as usize);
        let due = order.start.max(self.now);
        let id = self.insert_copy(component, order, lane, CreatedBy::Replication);
        self.queue.push(due, order::ARRIVAL, Event::CopyDue(id));
    }

    /// A copy is ordered of which all attempts will fail.
    pub fn expect_failure(&mut self, component: usize, action: Action) {
        let Action::Failed { repository, image, tag, from, to, at, why, ticket } = action else { return };
        let is_job = self.components[component].is_job;
        let kind = if is_job { CopyKind::Job } else { ordered_for(ticket.is_some()) };
        let told = self.journal.copying(|id| Copying { id, repository, image, tag, from, to, runner: None, kind });
        self.journal.about(self.now, &told, Entry::CopyOrdered);
        let cause = match why {
            CopyFailure::Attempts => Cause::Attempts,
            CopyFailure::Unnoticed => Cause::Unnoticed,
            CopyFailure::Outage => Cause::Outage,
        };
        let failed = FailedCopy { component, to, cause, ticket, told };
        self.queue.push(at.max(self.now), order::ARRIVAL, Event::CopyFails(Box::new(failed)));
    }

    /// The last attempt of a copy fails.
    pub fn copy_fails(&mut self, failed: FailedCopy) {
        let FailedCopy { component, to, cause, ticket, told } = failed;
        self.fail_at(FailedEvent::Copy, cause, to);
        self.journal.about(self.now, &told, |copy| Entry::CopyFailed { copy, cause });
        self.copied(component, ticket, false);
    }

    fn insert_copy(&mut self, component: usize, order: Copy, lane: Option<usize>, by: CreatedBy) -> usize {
        let told = self.journal.copying(|id| {
            let Copy { repository, image, tag, from, to, runner, backfill, .. } = order.clone();
            let kind = match by {
                CreatedBy::Cache => CopyKind::Fetch,
                CreatedBy::Replication if runner.is_some() => CopyKind::Job,
                CreatedBy::Replication => ordered_for(backfill),
            };
            Copying { id, repository, image, tag, from, to, runner, kind }
        });
        self.journal.about(self.now, &told, Entry::CopyOrdered);
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
            refused: 0,
            followers: Vec::new(),
            pulls: Vec::new(),
            told,
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
        if let Some(lane) = self.copies[id].lane
            && !self.lanes[lane].enter(id, self.now)
        {
            return;
        }
        self.begin_copy(id);
    }

    /// A copy has its place in its lane.
    pub fn begin_copy(&mut self, id: usize) {
        if let Some(again) = self.held_up(id) {
            if let Some(lane) = self.copies[id].lane {
                self.leave_lane(lane);
            }
            self.come_back(again, Event::CopyDue(id));
            return;
        }
        let order = &self.copies[id].order;
        let (from, to, repository, image) = (order.from, order.to, order.repository, order.image.clone());
        if let Some(cause) = self.forbidden(order, self.copies[id].by) {
            self.fail_copy(id, cause);
            return;
        }
        let held =
            self.world.find(to, repository).is_some_and(|shelf| self.world.shelf(shelf).state.contains(image.id));
        if !held && !self.world.holds(from, repository, image.id) {
            self.fail_copy(id, Cause::SourceGone);
            return;
        }
        if let Some(again) = self.refused(id) {
            self.queue.push(again, order::ARRIVAL, Event::CopyBegins(id));
            return;
        }
        let mut waits_for: Vec<usize> = Vec::new();
        let mut moving = Vec::new();
        if let Some(&other) = self.images_in_flight.get(&(to, repository, image.id)) {
            waits_for.push(other);
        } else if !held {
            for layer in image.all_layers() {
                if self.world.has_layer(&self.copies[id].order, self.copies[id].by, layer.id) {
                    continue;
                }
                match self.layers_in_flight.get(&(to, repository, layer.id)) {
                    Some(&other) if waits_for.contains(&other) => {}
                    Some(&other) => waits_for.push(other),
                    None => moving.push(layer),
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
        let copy = &mut self.copies[id];
        copy.layers = moving;
        copy.outstanding += waits_for.len() as u32;
        self.move_layers(id);
    }

    /// Until when one of a copy's ends, or its machine, is down.
    fn held_up(&self, id: usize) -> Option<Time> {
        let order = &self.copies[id].order;
        let hazards = &self.world.hazards;
        let runner = order.runner.and_then(|runner| hazards.region_down(self.model.cloud.registry(runner).region));
        hazards.registry_down(order.from).max(hazards.registry_down(order.to)).max(runner)
    }

    /// Goes on when an outage is over; after one that is never over nothing comes.
    fn come_back(&mut self, again: Time, event: Event) {
        if again < Time::NEVER {
            self.queue.push(again, order::ARRIVAL, event);
        }
    }

    /// A job's machine makes its calls as a client; when one is refused, it comes back at the moment that is returned.
    fn refused(&mut self, id: usize) -> Option<Time> {
        let copy = &mut self.copies[id];
        let order = &copy.order;
        order.runner?;
        let missing: Vec<u64> = order
            .image
            .all_layers()
            .iter()
            .filter(|layer| !self.world.has_layer(order, copy.by, layer.id))
            .map(|layer| layer.bytes)
            .collect();
        let layers = order.image.all_layers().len();
        let downloads = u32::try_from(missing.len()).unwrap_or(u32::MAX);
        self.series.other_calls(order.from, self.now, downloads);
        let passes = self.calls.make(order.from, self.now, &calls::of_pull(missing.len()))
            && self.calls.make(order.to, self.now, &calls::of_push(layers, &missing));
        if passes {
            return None;
        }
        let name = &self.model.demand.repositories[order.repository.0 as usize].name;
        let entity = EntityKey::named("job", name).child(u64::from(order.image.id)).child(u64::from(order.to.0));
        let wait = calls::sdk_wait(self.seed, self.trial, entity, copy.refused);
        copy.refused += 1;
        Some(self.now + wait)
    }

    /// A fetch that shares nothing: all layers that are not stored yet move, whatever else is on its way.
    fn begin_lone_copy(&mut self, id: usize) {
        let order = &self.copies[id].order;
        if let Some(cause) = self.forbidden(order, CreatedBy::Cache) {
            self.fail_copy(id, cause);
            return;
        }
        let missing = |layer: &Layer| !self.world.has_layer(order, CreatedBy::Cache, layer.id);
        let layers = order.image.all_layers().into_iter().filter(missing).collect();
        self.copies[id].layers = layers;
        self.move_layers(id);
    }

    fn move_layers(&mut self, id: usize) {
        let now = self.now;
        let copy = &mut self.copies[id];
        let sizes: Vec<u64> = copy.layers.iter().map(|layer| layer.bytes).collect();
        copy.begun = now;
        copy.bytes = sizes.iter().sum();
        let bytes = copy.bytes;
        self.journal.about(now, &copy.told, |copy| Entry::CopyBegun { copy, bytes });
        let order = &copy.order;
        let region = |registry: RegistryId| self.model.cloud.registry(registry).region;
        let hazards = &self.world.hazards;
        let mut line = self.downloads.line(order.from, region(order.runner.unwrap_or(order.to)), hazards);
        let mut begins = now + order.overhead;
        if let Some(runner) = order.runner {
            line = line.then(&self.downloads.way(region(runner), region(order.to), hazards));
            begins = begins + self.downloads.opening(now, &line);
        }
        copy.flows = begins;
        let parallel = self.model.cloud.links.client.parallel_layers;
        let took = match sizes.is_empty() {
            true => Some(order.runner.map_or(Span::ZERO, |_| self.downloads.closing(now, &line, 0))),
            false if line.is_shared() => None,
            false => Some(self.downloads.alone(&line, &sizes, parallel, Bandwidth::UNLIMITED))
                .filter(|took| !hazards.disturbs(&line.legs, now, begins + *took)),
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
        if self.copies[id].bytes == 0 && self.held_up(id).is_some() {
            // Nothing flowed that an outage could have cut.
            self.resume_copy(id);
            return;
        }
        let copy = &self.copies[id];
        let bytes = copy.bytes.saturating_mul(u64::from(copy.order.attempts_metered));
        self.meter_copy(id, bytes, false);
        self.one_thing_less(id);
    }

    /// An outage has cut a copy: what moved is metered, and it begins again when the outage is over. Who waits for it
    /// asks again.
    pub fn copy_cut(&mut self, id: usize, moved: u64) {
        self.meter_copy(id, moved, true);
        for pull in std::mem::take(&mut self.copies[id].pulls) {
            self.wait(pull, Cause::Outage);
        }
        let copy = &self.copies[id];
        let key = (copy.order.to, copy.order.repository, copy.order.image.id);
        if copy.by == CreatedBy::Cache && self.images_in_flight.get(&key) != Some(&id) {
            // A fetch that shares nothing is its pull's alone, and that asks again.
            self.retire(id);
            return;
        }
        self.resume_copy(id);
    }

    /// Moves a copy's layers again, now or when its ends are up.
    pub fn resume_copy(&mut self, id: usize) {
        match self.held_up(id) {
            Some(again) => self.come_back(again, Event::CopyResumes(id)),
            None => self.move_layers(id),
        }
    }

    fn meter_copy(&mut self, id: usize, bytes: u64, cut: bool) {
        let copy = &self.copies[id];
        self.journal.about(self.now, &copy.told, |copy| Entry::CopyMoved { copy, bytes, cut });
        let order = &copy.order;
        let cloud = &self.model.cloud;
        let (from, to) = (cloud.registry(order.from), cloud.registry(order.to));
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
            let flows = copy.flows.min(now);
            self.series.egress(order.from, now, flows, now - flows, bytes);
        }
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
        // Nodes may have asked for it before it was there.
        self.stir(order.to, order.repository, Some(order.image.id));
        let shelf = self.shelf_for(order.to, order, copy.by);
        if self.model.service.copy_counts_as_pull
            && let Some(source) = self.world.find(order.from, order.repository)
        {
            self.world.shelf_mut(source).state.record_pull(order.image.id, self.now);
        }
        let now = self.now;
        let receive = |state: &mut Repository| state.receive(now, &order.image, order.tag.as_deref());
        let stored = self.charge_archive(shelf, &order.image, receive);
        self.journal.about(self.now, &copy.told, |copy| Entry::CopyArrived {
            copy,
            tag_set: stored.tag_set,
            new_image: stored.new_image,
        });
        let counted = self.meters.measured(copy.begun);
        let shelf_state = self.world.shelf_mut(shelf);
        shelf_state.note_arrival(order.image.id, counted, self.now);
        let ttl = self.components[copy.component].behaviour.ttl();
        shelf_state.ttl = ttl.or(shelf_state.ttl);
        self.world.restock(shelf, &mut self.meters, self.now);
        self.schedule_upkeep(shelf);
        if stored.new_image && self.model.registries[usize::from(order.to.0)].scanning == Scanning::Enhanced {
            self.meters.scan(order.to, order.repository, self.now);
        }
        if let Some(ttl) = ttl.filter(|_| stored.new_image) {
            self.queue.push(self.now + ttl, order::EVICTION, Event::Expiry(shelf, order.image.id));
        }
        let region = usize::from(self.model.cloud.registry(order.to).region.0);
        if counted {
            self.outcome.copies += 1;
            if !order.backfill {
                let lag = self.now - order.pushed;
                self.outcome.lag[region].record(lag, 1);
                self.probes.copy(order.repository, order.tag.as_deref().unwrap_or_default(), order.to, lag);
            }
        }
        self.probes.present(order.repository, order.image.id, order.to, self.now);
        for follower in copy.followers {
            self.one_thing_less(follower);
        }
        for pull in copy.pulls {
            self.ready(pull, order.to, order.image.clone());
        }
        self.copied(copy.component, order.ticket, true);
    }

    /// A copy fails before any of its bytes move, and whoever waited for it goes on without.
    fn fail_copy(&mut self, id: usize, cause: Cause) {
        let copy = self.retire(id);
        self.fail_at(FailedEvent::Copy, cause, copy.order.to);
        self.journal.about(self.now, &copy.told, |copy| Entry::CopyFailed { copy, cause });
        for pull in copy.pulls {
            self.missing(pull, copy.component, cause);
        }
        self.copied(copy.component, copy.order.ticket, false);
    }

    /// Tells a strategy of the end of a copy that it wants to hear of.
    pub fn copied(&mut self, component: usize, ticket: Option<u32>, succeeded: bool) {
        let Some(ticket) = ticket else { return };
        let mut actions = Vec::new();
        self.components[component].behaviour.on_copied(ticket, succeeded, self.now, &self.world, &mut actions);
        self.execute(component, &mut actions);
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
            if self.layers_in_flight.get(&(to, repository, layer.id)) == Some(&id) {
                self.layers_in_flight.remove(&(to, repository, layer.id));
            }
        }
        if let Some(lane) = copy.lane {
            self.leave_lane(lane);
        }
        copy
    }

    /// A place in a lane goes straight to the next in its queue, which keeps it first come, first served.
    fn leave_lane(&mut self, lane: usize) {
        match self.lanes[lane].next() {
            Some(next) => self.queue.push(self.now, order::ARRIVAL, Event::CopyBegins(next)),
            None => self.lanes[lane].leave(&mut self.meters, self.now),
        }
    }

    fn shelf_for(&mut self, to: RegistryId, order: &Copy, by: CreatedBy) -> ShelfId {
        let (shelf, created) = self.world.find_or_create(to, order.repository, by, order.name.as_deref());
        if created {
            let (registry, repository, name) = (to, order.repository, order.name.clone());
            self.journal.note(self.now, || Entry::Created { registry, repository, by, name });
            self.schedule_upkeep(shelf);
            // Those who asked here for no more than a manifest have a shelf from now on.
            self.stir(registry, repository, None);
        }
        shelf
    }

    /// An image that was already copied somewhere before the run began.
    pub fn place(&mut self, registry: RegistryId, push: &Push) {
        let by = CreatedBy::Replication;
        let (shelf, created) = self.world.find_or_create(registry, push.repository, by, None);
        if created {
            let repository = push.repository;
            self.journal.note(push.at, || Entry::Created { registry, repository, by, name: None });
        }
        self.journal.note(push.at, || Entry::Placed(Reference::pushed(push, registry)));
        self.world.shelf_mut(shelf).state.receive(push.at, &push.image, push.tag.as_deref());
        self.world.restock(shelf, &mut self.meters, push.at);
        self.schedule_upkeep(shelf);
    }
}

/// What a copy by a replication rule was ordered for.
fn ordered_for(backfill: bool) -> CopyKind {
    if backfill { CopyKind::Backfill } else { CopyKind::Push }
}
