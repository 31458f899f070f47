//! What the service and a clean-up job take away: the daily run of lifecycle policies, orphaned referrers, images that
//! outlived their time in a cache.

use std::sync::Arc;

use crate::cloud::RegistryId;
use crate::demand::RepositoryId;
use crate::registry::{Acted, LifecycleAction};
use crate::sim::{EntityKey, Purpose, Stream};
use crate::strategy::behaviour::{Removed, View};
use crate::units::{DAY, Span, Time};

use super::journal::{Act, Entry};
use super::run::{Event, Trial, order};
use super::world::ShelfId;

impl Trial<'_> {
    /// Schedules the next daily run of a shelf, if there is something that it could act on and none is on its way.
    pub fn schedule_upkeep(&mut self, id: ShelfId) {
        let shelf = self.world.shelf_mut(id);
        let needed = shelf.state.has_lifecycle() || shelf.state.has_referrers();
        if !needed || std::mem::replace(&mut shelf.upkeep, true) {
            return;
        }
        let (registry, repository) = (shelf.registry, shelf.repository);
        let phase = self.daily_run(registry, repository);
        let days = (self.now.0 - phase.0).div_euclid(DAY);
        let next = Time(phase.0 + days * DAY);
        // A policy that is put at the very moment of its daily run takes part in it.
        let next = if next < self.now { Time(next.0 + DAY) } else { next };
        if next < self.model.calendar.end {
            self.queue.push(next, order::EVICTION, Event::Upkeep(id));
        }
    }

    /// When in the day a repository's lifecycle policy runs (B22).
    fn daily_run(&self, registry: RegistryId, repository: RepositoryId) -> Span {
        let name = &self.model.demand.repositories[repository.0 as usize].name;
        let entity = EntityKey::named("lifecycle", name).child(u64::from(registry.0));
        let mut stream = Stream::new(self.seed, self.trial, entity, Purpose::LifecyclePhase);
        let draw = self.model.service.lifecycle_delay.sample(&mut stream);
        Span((libm::round(draw.max(0.0)) as i64).rem_euclid(DAY))
    }

    /// The daily run of a shelf: its policy first, then what refers to images that are gone (B21).
    pub fn upkeep(&mut self, id: ShelfId) {
        let mut acted: Vec<Acted> = Vec::new();
        let lag = self.model.service.pull_time_lag;
        let shelf = self.world.shelf(id);
        if shelf.state.records_pulls() {
            self.stir(shelf.registry, shelf.repository, None);
        }
        let shelf = self.world.shelf_mut(id);
        shelf.state.apply_lifecycle(self.now, lag, &mut acted);
        let by_policy = acted.len();
        if shelf.state.has_referrers() {
            shelf.state.sweep_referrers(self.now, &mut acted);
        }
        let (registry, repository) = (shelf.registry, shelf.repository);
        self.journal.note(self.now, || {
            let act = |(index, Acted { image, action, tags, .. }): (usize, &Acted)| Act {
                image: image.clone(),
                action: *action,
                tags: tags.iter().map(|tag| Arc::from(tag.as_str())).collect(),
                swept: index >= by_policy,
            };
            Entry::Upkeep { registry, repository, acts: acted.iter().enumerate().map(act).collect() }
        });
        if !acted.is_empty() {
            self.world.restock(id, &mut self.meters, self.now);
        }
        let at_home = self.world.home(repository) == registry;
        for Acted { image, action, tags, left_archive } in acted {
            self.stir(registry, repository, Some(image.id));
            if let Some((bytes, since)) = left_archive {
                self.meters.archive_rest(registry, repository, bytes, self.now - since, self.now);
            }
            if action == LifecycleAction::Expire {
                self.world.shelf_mut(id).forget(image.id);
                if at_home {
                    let tags = tags.iter().map(|tag| Arc::from(tag.as_str())).collect();
                    self.removed(&Removed { at: self.now, repository, image, tags, whole: true });
                }
            }
        }
        let next = Time(self.now.0 + DAY);
        if next < self.model.calendar.end {
            self.queue.push(next, order::EVICTION, Event::Upkeep(id));
        }
    }

    /// An image in a cache may have outlived its time.
    pub fn expire_from_cache(&mut self, id: ShelfId, image: u32) {
        let shelf = self.world.shelf(id);
        self.stir(shelf.registry, shelf.repository, Some(image));
        let shelf = self.world.shelf_mut(id);
        let Some(ttl) = shelf.ttl else { return };
        let Some(last) = shelf.last_used(image).filter(|_| shelf.state.contains(image)) else { return };
        let due = last + ttl;
        if due <= self.now {
            let (registry, repository) = (shelf.registry, shelf.repository);
            let Some(evicted) = shelf.state.image(image).cloned() else { return };
            if self.charge_archive(id, &evicted, |state| state.remove(image)).is_some() {
                self.world.shelf_mut(id).forget(image);
                self.journal.note(self.now, || Entry::Evicted { registry, repository, image: evicted });
                self.world.restock(id, &mut self.meters, self.now);
            }
        } else if due < self.model.calendar.end {
            self.queue.push(due, order::EVICTION, Event::Expiry(id, image));
        }
    }
}
