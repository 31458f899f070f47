//! Where an image's layers lie, since when, and when storing them is this image's to pay.
//!
//! Images share layers, and the bill knows bytes only. Here a layer is charged to the image that has held it longest
//! where it lies; when that one goes, the next pays. So every stored byte is charged to one image, and the images of a
//! scenario add up to the bill. What an image holds and another pays for is counted too, since it would have to be paid
//! once the other has gone.
//!
//! The registries' own state machine is played along for the images that share a layer with the explained one, so
//! archive, restores and children of indexes are the service's, not a second opinion.

use std::collections::{BTreeMap, BTreeSet};

use crate::cloud::RegistryId;
use crate::demand::RepositoryId;
use crate::engine::Model;
use crate::engine::journal::{Entry, Reference};
use crate::registry::{CreatedBy, Image, Layer, LifecycleAction, Mutability, Repository, StorageClass};
use crate::units::{DAY, Span, Time};

/// What is archived is charged for at least so long (C5).
const ARCHIVE_MINIMUM: Span = Span(90 * DAY);

/// A stretch of time with so many bytes stored at this image's charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    pub registry: RegistryId,
    pub class: StorageClass,
    pub bytes: u64,
    pub from: Time,
    pub until: Time,
}

/// Bytes that left the archive with this image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Left {
    pub registry: RegistryId,
    pub bytes: u64,
    pub at: Time,
    /// What is left of the minimum time.
    pub rest: Span,
    /// It stays: it was restored.
    pub restored: bool,
}

/// A registry as far as the explained image's layers go.
#[derive(Default)]
struct Place {
    repositories: BTreeMap<RepositoryId, Repository>,
    /// By layer of the explained image: who holds it, in order of coming.
    holders: BTreeMap<u32, Vec<(RepositoryId, u32)>>,
    /// Repositories that share no layers though the registry does: a cache made them (A74).
    apart: BTreeSet<RepositoryId>,
    /// Bytes that the image pays for, by class, and since when.
    charged: [(u64, Time); 2],
}

/// Every place, and what has been found.
pub(super) struct Tenancy<'a> {
    model: &'a Model,
    repository: RepositoryId,
    layers: BTreeMap<u32, u64>,
    /// The image and its children.
    family: BTreeSet<u32>,
    places: BTreeMap<RegistryId, Place>,
    pub stretches: Vec<Stretch>,
    pub left: Vec<Left>,
}

impl<'a> Tenancy<'a> {
    pub fn new(model: &'a Model, repository: RepositoryId, image: &Image) -> Tenancy<'a> {
        Tenancy {
            model,
            repository,
            layers: image.all_layers().iter().map(|layer| (layer.id, layer.bytes)).collect(),
            family: family(image),
            places: BTreeMap::new(),
            stretches: Vec::new(),
            left: Vec::new(),
        }
    }

    /// The next entry of the journal.
    pub fn follow(&mut self, at: Time, entry: &Entry) {
        match entry {
            Entry::Pushed(what) | Entry::Placed(what) => self.comes(what, at),
            Entry::CopyArrived { copy, .. } => {
                let (registry, repository, image) = (copy.to, copy.repository, copy.image.clone());
                self.comes(&Reference { registry, repository, image, tag: None }, at);
            }
            Entry::Created { registry, repository, by: CreatedBy::Cache, .. } => {
                self.places.entry(*registry).or_default().apart.insert(*repository);
            }
            Entry::ImageDeleted { registry, repository, image, .. } => {
                self.changes((*registry, *repository), image, at, |state| {
                    let _ = state.delete(image.id);
                });
            }
            Entry::Archived(what) => {
                self.changes((what.registry, what.repository), &what.image, at, |state| {
                    let _ = state.archive(at, what.image.id);
                });
            }
            Entry::Restored { registry, repository, image } => {
                self.changes((*registry, *repository), image, at, |state| {
                    let _ = state.restore(at, image.id);
                });
            }
            Entry::Evicted { registry, repository, image } => {
                self.changes((*registry, *repository), image, at, |state| {
                    let _ = state.remove(image.id);
                });
            }
            Entry::Upkeep { registry, repository, acts } => {
                for act in acts {
                    self.changes((*registry, *repository), &act.image, at, |state| match act.action {
                        LifecycleAction::Expire => drop(state.delete(act.image.id)),
                        LifecycleAction::Archive => drop(state.archive(at, act.image.id)),
                    });
                }
            }
            _ => {}
        }
    }

    /// The trial is over: what is still there is charged to the end.
    pub fn close(&mut self) {
        let end = self.model.calendar.end;
        let registries: Vec<RegistryId> = self.places.keys().copied().collect();
        registries.into_iter().for_each(|registry| self.charge(registry, end, [0, 0]));
    }

    /// The storage class of the explained image in a registry; `None` = it is not there.
    pub fn class(&self, registry: RegistryId, image: u32) -> Option<StorageClass> {
        self.places.get(&registry)?.repositories.get(&self.repository)?.class(image)
    }

    fn is_related(&self, image: &Image) -> bool {
        let has = |image: &Image| image.layers.iter().any(|layer| self.layers.contains_key(&layer.id));
        has(image) || image.children.iter().any(|child| has(child))
    }

    fn comes(&mut self, what: &Reference, at: Time) {
        if !self.is_related(&what.image) {
            return;
        }
        let repository = what.repository;
        let place = self.places.entry(what.registry).or_default();
        let state =
            place.repositories.entry(repository).or_insert_with(|| Repository::new(Mutability::mutable(), None));
        for part in what.image.children.iter().chain([&what.image]).filter(|part| !state.contains(part.id)) {
            for layer in part.layers.iter().filter(|layer| self.layers.contains_key(&layer.id)) {
                place.holders.entry(layer.id).or_default().push((repository, part.id));
            }
        }
        self.changes((what.registry, repository), &what.image, at, |state| {
            // Tags do not matter for bytes.
            state.receive(at, &what.image, None);
        });
    }

    /// Something happens to an image in a repository.
    fn changes(
        &mut self,
        (registry, repository): (RegistryId, RepositoryId),
        image: &Image,
        at: Time,
        act: impl FnOnce(&mut Repository),
    ) {
        let Some(place) = self.places.get_mut(&registry) else { return };
        let Some(state) = place.repositories.get_mut(&repository) else { return };
        let parts = family(image);
        let since = parts.iter().filter_map(|part| state.archived_at(*part)).max();
        let before = state.bytes(StorageClass::Archive);
        act(state);
        let freed = before.saturating_sub(state.bytes(StorageClass::Archive));
        let restored = state.can_pull(image.id);
        for holders in place.holders.values_mut() {
            holders.retain(|(of, id)| *of != repository || !parts.contains(id) || state.contains(*id));
        }
        let is_ours = repository == self.repository && self.family.contains(&image.id);
        if let Some(since) = since.filter(|_| freed > 0 && is_ours) {
            let rest = Span((ARCHIVE_MINIMUM - (at - since)).0.max(0));
            self.left.push(Left { registry, bytes: freed, at, rest, restored });
        }
        let due = self.due(registry);
        self.charge(registry, at, due);
    }

    /// Bytes that the explained image has to pay for in a registry, by class.
    fn due(&self, registry: RegistryId) -> [u64; 2] {
        let Some(place) = self.places.get(&registry) else { return [0, 0] };
        let ours = self.repository;
        let mounts = self.model.registries[usize::from(registry.0)].blob_mounting;
        let shared = |of: RepositoryId| mounts && !place.apart.contains(&of) && !place.apart.contains(&ours);
        let class = |one: &(RepositoryId, u32)| place.repositories.get(&one.0).and_then(|state| state.class(one.1));
        let is_family = |one: &(RepositoryId, u32)| one.0 == ours && self.family.contains(&one.1);
        let mut due = [0, 0];
        for (layer, holders) in &place.holders {
            let bytes = self.layers.get(layer).copied().unwrap_or_default();
            let mut standard = holders.iter().filter(|one| class(one) == Some(StorageClass::Standard));
            if standard.clone().find(|one| one.0 == ours || shared(one.0)).is_some_and(is_family) {
                due[StorageClass::Standard as usize] += bytes;
            }
            // A layer that a standard image of the repository needs is standard.
            if !standard.any(|one| one.0 == ours) && holders.iter().find(|one| one.0 == ours).is_some_and(is_family) {
                due[StorageClass::Archive as usize] += bytes;
            }
        }
        due
    }

    /// Ends stretches whose bytes change at this moment.
    fn charge(&mut self, registry: RegistryId, at: Time, due: [u64; 2]) {
        let end = self.model.calendar.end;
        let Some(place) = self.places.get_mut(&registry) else { return };
        for class in [StorageClass::Standard, StorageClass::Archive] {
            let (bytes, since) = place.charged[class as usize];
            if bytes == due[class as usize] {
                continue;
            }
            let (from, until) = (since.clamp(Time::START, end), at.clamp(Time::START, end));
            if bytes > 0 && from < until {
                self.stretches.push(Stretch { registry, class, bytes, from, until });
            }
            place.charged[class as usize] = (due[class as usize], at);
        }
    }
}

/// An image and its children, by id.
pub(super) fn family(image: &Image) -> BTreeSet<u32> {
    image.children.iter().map(|child| child.id).chain([image.id]).collect()
}

/// Bytes of all layers of an image.
pub(super) fn bytes_of(image: &Image) -> u64 {
    image.all_layers().iter().map(|Layer { bytes, .. }| bytes).sum()
}
