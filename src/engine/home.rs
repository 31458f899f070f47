//! What clients do at home: push, untag, delete, archive, restore.
//!
//! A client whose registry or region is down, or whose calls are refused, comes back later; what it wants next with the
//! same repository waits behind it, so everything happens in the order of the demand. Nothing is given up but what an
//! outage keeps from happening before the end.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use crate::cloud::RegistryId;
use crate::demand::{Edit, EditKind, Push, RepositoryId};
use crate::registry::{Image, Refused, Repository, Scanning, StorageClass, Untagged};
use crate::sim::EntityKey;
use crate::strategy::behaviour::{Action, Removed};
use crate::units::{Span, Time};

use super::calls::{self, sdk_wait};
use super::journal::{Entry, Reference, Remover};
use super::outcome::{Cause, FailedEvent};
use super::run::{Event, Trial, order};
use super::world::ShelfId;

/// How long a restore takes: the service says up to so long (C6).
const RESTORE: Span = Span::seconds(1200);

/// What a client wants.
#[derive(Clone, Debug)]
pub(super) enum Wish {
    Push(Push),
    Edit(Edit),
}

impl Wish {
    fn repository(&self) -> RepositoryId {
        match self {
            Wish::Push(push) => push.repository,
            Wish::Edit(edit) => edit.repository,
        }
    }
}

/// What waits, by repository.
#[derive(Default)]
pub(super) struct Waiting {
    queues: BTreeMap<RepositoryId, Queue>,
}

#[derive(Default)]
struct Queue {
    wishes: VecDeque<Wish>,
    /// How far the first of them has come.
    tried: Tried,
}

/// How far a client has come that was refused.
#[derive(Default)]
struct Tried {
    refused: u32,
    /// Its layers are there: only the manifest is to be put.
    uploaded: bool,
}

impl Trial<'_> {
    /// A client wants something now.
    pub fn client(&mut self, wish: Wish) {
        let repository = wish.repository();
        if let Some(queue) = self.waiting.queues.get_mut(&repository) {
            queue.wishes.push_back(wish);
        } else {
            let mut tried = Tried::default();
            if let Some(again) = self.try_wish(&wish, &mut tried) {
                self.waiting.queues.insert(repository, Queue { wishes: VecDeque::from([wish]), tried });
                self.queue.push(again, order::PUSH, Event::Client(repository));
            }
        }
    }

    /// A client that had to wait comes back, and those behind it follow.
    pub fn client_again(&mut self, repository: RepositoryId) {
        let Some(mut queue) = self.waiting.queues.remove(&repository) else { return };
        while let Some(wish) = queue.wishes.front().cloned() {
            if let Some(again) = self.try_wish(&wish, &mut queue.tried) {
                self.queue.push(again, order::PUSH, Event::Client(repository));
                self.waiting.queues.insert(repository, queue);
                return;
            }
            queue.wishes.pop_front();
            queue.tried = Tried::default();
        }
    }

    /// Does it, unless the client has to come back at the moment that is returned.
    fn try_wish(&mut self, wish: &Wish, tried: &mut Tried) -> Option<Time> {
        let repository = wish.repository();
        let home = self.world.homes()[repository.0 as usize];
        let config = &self.model.demand.repositories[repository.0 as usize];
        // The clients are where the repository is at home in the scenario, also when one central registry serves it.
        let place = self.model.cloud.registry(config.home).region;
        let hazards = &self.world.hazards;
        if let Some(until) = hazards.registry_down(home).max(hazards.region_down(place)) {
            if until >= self.model.calendar.end {
                self.refuse(wish, Cause::Outage, home, self.now);
                return None;
            }
            return Some(until);
        }
        if let Wish::Push(push) = wish {
            let image = &push.image;
            let shelf = self.world.find(home, repository).map(|id| self.world.shelf(id));
            let there = |layer| tried.uploaded || shelf.is_some_and(|shelf| shelf.state.has_layer(layer));
            let missing = calls::uploads(image, there);
            let [check, initiate, part, complete, put] = calls::of_push(image.layers.len(), &missing);
            let passed = self.calls.make(home, self.now, &[check, initiate, part, complete]);
            tried.uploaded |= passed;
            if !passed || !self.calls.make(home, self.now, &[put]) {
                let entity = EntityKey::named("push", &config.name).child(u64::from(image.id));
                tried.refused += 1;
                return Some(self.now + sdk_wait(self.seed, self.trial, entity, tried.refused - 1));
            }
        }
        match wish {
            Wish::Push(push) => self.push(&Push { at: self.now, ..push.clone() }),
            Wish::Edit(edit) => self.edit(edit, home),
        }
        None
    }

    fn push(&mut self, push: &Push) {
        if self.store_push(push) {
            self.probes.release(push, &self.world);
            self.announce(push);
        }
    }

    /// Tells every part of the strategy of a push.
    fn announce(&mut self, push: &Push) {
        let mut actions = Vec::new();
        let mut reached = BTreeSet::new();
        for index in 0..self.components.len() {
            self.components[index].behaviour.on_push(push, &self.world, &mut actions);
            // One copy for a destination, also where rules of the strategy and of an exception lead there (A15).
            actions.retain(|action| {
                let to = match action {
                    Action::Copy(copy) => Some(copy.to),
                    Action::Failed { to, .. } => Some(*to),
                    _ => None,
                };
                to.is_none_or(|to| reached.insert(to))
            });
            self.execute(index, &mut actions);
        }
    }

    /// A push becomes whole at home; `false` when the registry refuses it.
    pub fn store_push(&mut self, push: &Push) -> bool {
        let home = self.world.homes()[push.repository.0 as usize];
        let Some(id) = self.world.find(home, push.repository) else { return false };
        if !self.meters.counts(home, &push.image) {
            return false;
        }
        if !self.world.shelf(id).state.contains(push.image.id) {
            // An image may come back: pulls from before are not pulls of what is there now.
            self.stir(home, push.repository, Some(push.image.id));
        }
        let act = |state: &mut Repository| state.push(push.at, &push.image, push.tag.as_deref());
        let stored = match self.charge_archive(id, &push.image, act) {
            Ok(stored) => stored,
            Err(refused) => {
                self.refuse(&Wish::Push(push.clone()), cause(refused), home, push.at);
                return false;
            }
        };
        self.journal.note(push.at, || Entry::Pushed(Reference::pushed(push, home)));
        self.world.restock(id, &mut self.meters, push.at);
        self.schedule_upkeep(id);
        if stored.new_image && self.model.registries[usize::from(home.0)].scanning == Scanning::Enhanced {
            self.meters.scan(home, push.repository, push.at);
        }
        if push.release && push.tag.is_some() && (push.new_image || push.promoted) {
            self.recoveries.released(push);
        }
        if self.model.service.moved_tag_deletes {
            self.left_without_tag(id, stored.untagged, push);
        }
        true
    }

    /// An image lost its last tag to a push; a setting says that this counts as its deletion (A46). At home it stays.
    fn left_without_tag(&mut self, id: ShelfId, image: Option<u32>, push: &Push) {
        let shelf = self.world.shelf(id);
        if let Some(image) = image.and_then(|image| shelf.state.image(image)).cloned() {
            let tags = push.tag.iter().cloned().collect();
            self.removed(&Removed { at: push.at, repository: push.repository, image, tags, whole: true });
        }
    }

    fn edit(&mut self, edit: &Edit, home: RegistryId) {
        let Some(id) = self.world.find(home, edit.repository) else { return };
        let state = &self.world.shelf(id).state;
        let Some(image) = state.holder(&edit.tag).cloned() else {
            self.refuse(&Wish::Edit(edit.clone()), Cause::Missing, home, self.now);
            return;
        };
        let what = || Reference {
            registry: home,
            repository: edit.repository,
            image: image.clone(),
            tag: Some(edit.tag.clone()),
        };
        let tags: Vec<Arc<str>> = state.tags_of(image.id).iter().map(|tag| Arc::from(tag.as_str())).collect();
        self.stir(home, edit.repository, Some(image.id));
        let state = &self.world.shelf(id).state;
        let refused = match edit.kind {
            EditKind::Untag => self.untag(id, &edit.tag, &image, tags),
            EditKind::Delete => self.remove(id, &image, tags, |state| state.delete(image.id)),
            EditKind::Archive => {
                let archived = self.world.shelf_mut(id).state.archive(self.now, image.id);
                if archived.is_ok() {
                    self.journal.note(self.now, || Entry::Archived(what()));
                }
                archived
            }
            EditKind::Restore => {
                let archived = state.class(image.id) == Some(StorageClass::Archive);
                if archived {
                    self.journal.note(self.now, || Entry::RestoreBegun(what()));
                    self.queue.push(self.now + RESTORE, order::ARRIVAL, Event::Restored(id, image.id));
                }
                if archived { Ok(()) } else { Err(Refused::NoSuchImage) }
            }
        };
        self.world.restock(id, &mut self.meters, self.now);
        if let Err(refused) = refused {
            self.refuse(&Wish::Edit(edit.clone()), cause(refused), home, self.now);
        }
    }

    fn untag(&mut self, id: ShelfId, tag: &str, image: &Arc<Image>, tags: Vec<Arc<str>>) -> Result<(), Refused> {
        if tags.len() == 1 {
            let untag = |state: &mut Repository| state.untag(tag).map(|_: Untagged| ());
            return self.remove(id, image, tags, untag);
        }
        self.world.shelf_mut(id).state.untag(tag)?;
        let shelf = self.world.shelf(id);
        let (registry, repository) = (shelf.registry, shelf.repository);
        self.journal.note(self.now, || {
            let what = Reference { registry, repository, image: image.clone(), tag: Some(tag.into()) };
            Entry::TagRemoved { what, by: Remover::Client }
        });
        self.removed(&Removed { at: self.now, repository, image: image.clone(), tags: vec![tag.into()], whole: false });
        Ok(())
    }

    /// An image with all its tags is taken from a shelf at home, by hand.
    fn remove(
        &mut self,
        id: ShelfId,
        image: &Arc<Image>,
        tags: Vec<Arc<str>>,
        act: impl FnOnce(&mut Repository) -> Result<(), Refused>,
    ) -> Result<(), Refused> {
        self.charge_archive(id, image, act)?;
        let shelf = self.world.shelf_mut(id);
        shelf.forget(image.id);
        let (registry, repository) = (shelf.registry, shelf.repository);
        self.journal.note(self.now, || {
            let (image, tags) = (image.clone(), tags.clone());
            Entry::ImageDeleted { registry, repository, image, tags, by: Remover::Client }
        });
        self.schedule_upkeep(id);
        self.removed(&Removed { at: self.now, repository, image: image.clone(), tags, whole: true });
        Ok(())
    }

    /// Does something that may take an image and its children out of the archive class: what is left of their minimum
    /// time is charged (C5), and their retrieval if they stay (C4).
    pub fn charge_archive<T>(&mut self, id: ShelfId, image: &Image, act: impl FnOnce(&mut Repository) -> T) -> T {
        let now = self.now;
        let shelf = self.world.shelf_mut(id);
        let (registry, repository) = (shelf.registry, shelf.repository);
        let parts = std::iter::once(image.id).chain(image.children.iter().map(|child| child.id));
        let since = parts.filter_map(|part| shelf.state.archived_at(part)).max();
        let before = shelf.state.bytes(StorageClass::Archive);
        let result = act(&mut shelf.state);
        let freed = before.saturating_sub(shelf.state.bytes(StorageClass::Archive));
        let stays = shelf.state.can_pull(image.id);
        if let Some(since) = since.filter(|_| freed > 0) {
            self.meters.archive_rest(registry, repository, freed, now - since, now);
            if stays {
                self.meters.retrieval(registry, repository, freed, now);
            }
        }
        result
    }

    /// An archived image is back: it is metered, and copied like a push (A17). One that came back, or went, while it was
    /// being restored is not restored again.
    pub fn restored(&mut self, id: ShelfId, image: u32) {
        let now = self.now;
        let state = &self.world.shelf(id).state;
        let Some(image) = state.image(image).filter(|image| !state.can_pull(image.id)).cloned() else { return };
        if self.charge_archive(id, &image, |state| state.restore(now, image.id)).is_err() {
            return;
        }
        self.world.restock(id, &mut self.meters, now);
        let shelf = self.world.shelf(id);
        let (registry, repository) = (shelf.registry, shelf.repository);
        self.journal.note(now, || Entry::Restored { registry, repository, image: image.clone() });
        let held = shelf.state.tags_of(image.id);
        let mut tags: Vec<Option<Arc<str>>> = held.iter().map(|tag| Some(Arc::from(tag.as_str()))).collect();
        if tags.is_empty() {
            // Its tags have moved on since: it is copied by its digest.
            tags.push(None);
        }
        for tag in tags {
            let image = image.clone();
            self.announce(&Push { at: now, repository, image, tag, release: false, new_image: false, promoted: false });
        }
    }

    /// Tells every part of the strategy that something went from home.
    pub fn removed(&mut self, removed: &Removed) {
        let mut actions = Vec::new();
        for index in 0..self.components.len() {
            self.components[index].behaviour.on_removed(removed, &self.world, &mut actions);
            self.execute(index, &mut actions);
        }
    }

    /// A deletion is carried out at a destination (A42 to A45).
    pub fn remove_copy(&mut self, at: RegistryId, repository: RepositoryId, image: u32, tag: Option<&str>) {
        let Some(id) = self.world.find(at, repository) else { return };
        let state = &self.world.shelf(id).state;
        let Some(what) = state.image(image).cloned() else { return };
        self.stir(at, repository, Some(image));
        let state = &self.world.shelf(id).state;
        let tags: Vec<Arc<str>> = state.tags_of(image).iter().map(|tag| Arc::from(tag.as_str())).collect();
        let untagged = self.charge_archive(id, &what, |state| match tag {
            Some(tag) if state.holder(tag).is_some_and(|holder| holder.id == image) => state.untag(tag).ok(),
            Some(_) => None,
            None => state.delete(image).ok().map(|()| Untagged::Image(image)),
        });
        let (gone, by) = (matches!(untagged, Some(Untagged::Image(_))), Remover::Replication);
        if gone {
            self.journal.note(self.now, || Entry::ImageDeleted { registry: at, repository, image: what, tags, by });
        } else if untagged.is_some() {
            let what = || Reference { registry: at, repository, image: what, tag: tag.map(Arc::from) };
            self.journal.note(self.now, || Entry::TagRemoved { what: what(), by });
        }
        if gone {
            self.world.shelf_mut(id).forget(image);
            self.schedule_upkeep(id);
        }
        self.world.restock(id, &mut self.meters, self.now);
    }

    /// What a client wanted at that moment does not come to pass.
    fn refuse(&mut self, wish: &Wish, cause: Cause, home: RegistryId, at: Time) {
        let event = match wish {
            Wish::Push(_) => FailedEvent::Push,
            Wish::Edit(_) => FailedEvent::Edit,
        };
        // What is there from before the run was refused before it, and does not belong to the period.
        let measured = self.meters.measured(at);
        self.outcome.fail(event, cause, home, measured);
        self.journal.note(at, || match wish {
            Wish::Push(push) => Entry::PushRefused { what: Reference::pushed(push, home), cause },
            Wish::Edit(edit) => {
                let (repository, tag, kind) = (edit.repository, edit.tag.clone(), edit.kind);
                Entry::EditRefused { registry: home, repository, tag, kind, cause }
            }
        });
    }

    /// Counts a failure of this moment.
    pub fn fail_at(&mut self, event: FailedEvent, cause: Cause, registry: RegistryId) {
        let measured = self.meters.measured(self.now);
        self.outcome.fail(event, cause, registry, measured);
    }
}

fn cause(refused: Refused) -> Cause {
    match refused {
        Refused::TagTaken { .. } => Cause::TagImmutable,
        Refused::NeededByIndex { .. } => Cause::NeededByIndex,
        Refused::ChildMissing { .. } | Refused::NoSuchTag | Refused::NoSuchImage => Cause::Missing,
    }
}
