//! What stands where: every repository in every registry, and what happened to its images there.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::cloud::{RegionId, RegistryId};
use crate::demand::RepositoryId;
use crate::registry::{Charge, CreatedBy, Image, Mounts, Repository, RepositorySettings, StorageClass};
use crate::strategy::behaviour::{Copy, View};
use crate::units::{Span, Time};

use super::Model;
use super::hazards::Hazards;
use super::metering::{Meters, Stored};
use super::outcome::RepositoryCounts;

/// A repository in a registry.
pub(super) struct Shelf {
    pub registry: RegistryId,
    pub repository: RepositoryId,
    pub state: Repository,
    /// What the meters know of it, by storage class.
    stored: [Stored; 2],
    /// Its layers are shared with other repositories of the registry.
    mounts: bool,
    pub counts: RepositoryCounts,
    /// Images fetched here are dropped so long after their last use.
    pub ttl: Option<Span>,
    /// A daily run is on its way.
    pub upkeep: bool,
    /// In order of image.
    marks: VecDeque<Mark>,
}

/// What happened to an image on a shelf.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    image: u32,
    /// It came as a copy, within the period.
    copied: bool,
    /// It was pulled from here.
    pulled: bool,
    /// The last request for it, or its arrival.
    pub last_used: Time,
}

/// Pulls of one image that its shelf's books do not show yet. Nearly every pull asks for the same image as the one before,
/// and nobody reads the books in between: so they are written when another image is asked for, or somebody looks.
#[derive(Clone, Copy, Default)]
struct Pulled {
    image: Option<u32>,
    last: Time,
    /// Those that are counted.
    count: u64,
}

/// A shelf, as an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ShelfId(pub u32);

/// Every shelf.
pub(super) struct World<'a> {
    model: &'a Model,
    /// Where clients push each repository.
    homes: Vec<RegistryId>,
    shelves: Vec<Shelf>,
    /// By shelf.
    pulled: Vec<Pulled>,
    /// By repository, then registry.
    index: Vec<Vec<Option<ShelfId>>>,
    /// Layers shared within each registry that has blob mounting (A74).
    mounts: Vec<Option<Mounts>>,
    /// What is wrong at the moment.
    pub hazards: Hazards<'a>,
}

impl<'a> World<'a> {
    /// Home repositories, empty; `centre` is the one home of all when there is one.
    pub fn new(model: &'a Model, centre: Option<RegistryId>, hazards: Hazards<'a>) -> Self {
        let repositories = &model.demand.repositories;
        let homes: Vec<RegistryId> = repositories.iter().map(|r| centre.unwrap_or(r.home)).collect();
        let index = vec![vec![None; model.cloud.registries.len()]; repositories.len()];
        let mounts = model.registries.iter().map(|settings| settings.blob_mounting.then(Mounts::default)).collect();
        let mut world = World { model, homes, shelves: Vec::new(), pulled: Vec::new(), index, mounts, hazards };
        for (number, repository) in repositories.iter().enumerate() {
            // A centralized repository keeps the settings that it has at its own home.
            let settings = model.registries[usize::from(repository.home.0)].home(&repository.name);
            let id = RepositoryId(number as u32);
            world.open(world.homes[number], id, settings, true);
            // Repositories that somebody has made beforehand have the registry's settings.
            for (registry, settings) in (0u16..).map(RegistryId).zip(&model.registries) {
                if settings.repositories.contains(&repository.name) && world.find(registry, id).is_none() {
                    world.open(registry, id, settings.home(&repository.name), true);
                }
            }
        }
        world
    }

    fn open(
        &mut self,
        registry: RegistryId,
        repository: RepositoryId,
        settings: RepositorySettings,
        may_mount: bool,
    ) -> ShelfId {
        let id = ShelfId(self.shelves.len() as u32);
        self.index[repository.0 as usize][usize::from(registry.0)] = Some(id);
        let mounts = may_mount && self.mounts[usize::from(registry.0)].is_some();
        let mut state = Repository::new(settings.mutability, settings.lifecycle);
        if mounts {
            state.watch_layers();
        }
        self.pulled.push(Pulled::default());
        self.shelves.push(Shelf {
            registry,
            repository,
            state,
            stored: [Stored::default(); 2],
            mounts,
            counts: RepositoryCounts { repository: repository.0, registry: registry.0, ..RepositoryCounts::default() },
            ttl: None,
            upkeep: false,
            marks: VecDeque::new(),
        });
        id
    }

    pub fn find(&self, registry: RegistryId, repository: RepositoryId) -> Option<ShelfId> {
        self.index[repository.0 as usize][usize::from(registry.0)]
    }

    /// When an image was pushed to a registry, if it is there.
    pub fn pushed_at(&self, registry: RegistryId, repository: RepositoryId, image: u32) -> Option<Time> {
        self.shelf(self.find(registry, repository)?).state.pushed_at(image)
    }

    /// The shelf of a repository in a registry, made by the service under this name (its own, unless a rule renames it)
    /// when it is not there yet; `true` when it was made.
    pub fn find_or_create(
        &mut self,
        registry: RegistryId,
        repository: RepositoryId,
        by: CreatedBy,
        name: Option<&str>,
    ) -> (ShelfId, bool) {
        match self.find(registry, repository) {
            Some(id) => (id, false),
            None => {
                let name = name.unwrap_or(&self.model.demand.repositories[repository.0 as usize].name);
                let settings = self.model.registries[usize::from(registry.0)].created(name, by);
                // Images of a cache are not mounted (A74).
                (self.open(registry, repository, settings, by == CreatedBy::Replication), true)
            }
        }
    }

    /// Whether a layer of a copy need not be sent: it is stored in its repository (A76), or anywhere in the registry when
    /// both ends mount layers (A75), which a cache's fetches never do (A74).
    pub fn has_layer(&self, order: &Copy, by: CreatedBy, layer: u32) -> bool {
        let (from, to) = (order.from, order.to);
        let shelf = self.find(to, order.repository).map(|id| self.shelf(id));
        if shelf.is_some_and(|shelf| shelf.state.has_layer(layer)) {
            return true;
        }
        let mounts = |registry: RegistryId| self.mounts[usize::from(registry.0)].as_ref();
        by == CreatedBy::Replication
            && shelf.is_none_or(|shelf| shelf.mounts)
            && mounts(from).is_some()
            && mounts(to).is_some_and(|mounts| mounts.has(layer))
    }

    /// Meters what has changed on a shelf.
    pub fn restock(&mut self, id: ShelfId, meters: &mut Meters, now: Time) {
        let shelf = &mut self.shelves[id.0 as usize];
        if shelf.mounts
            && let Some(mounts) = &mut self.mounts[usize::from(shelf.registry.0)]
        {
            let mut charges = Vec::new();
            for (layer, came) in shelf.state.take_layer_changes() {
                charges.extend(if came { mounts.keep(id.0, layer) } else { mounts.release(id.0, layer) });
            }
            for Charge { repository, delta } in charges {
                self.shelves[repository as usize].meter(StorageClass::Standard, i128::from(delta), meters, now);
            }
        } else {
            shelf.meter_class(StorageClass::Standard, meters, now);
        }
        self.shelves[id.0 as usize].meter_class(StorageClass::Archive, meters, now);
    }

    pub fn shelf(&self, id: ShelfId) -> &Shelf {
        &self.shelves[id.0 as usize]
    }

    pub fn shelf_mut(&mut self, id: ShelfId) -> &mut Shelf {
        let shelf = &mut self.shelves[id.0 as usize];
        let pulled = std::mem::take(&mut self.pulled[id.0 as usize]);
        if let Some(image) = pulled.image {
            shelf.note_pulls(image, pulled.last);
            shelf.counts.pulls += pulled.count;
        }
        shelf
    }

    /// Every shelf.
    pub fn shelf_ids(&self) -> impl Iterator<Item = ShelfId> + use<> {
        (0..self.shelves.len() as u32).map(ShelfId)
    }

    /// Nodes asked for an image on a shelf, at last now; it counts as so many pulls.
    pub fn note_pull(&mut self, id: ShelfId, image: u32, now: Time, count: u64) {
        if self.pulled[id.0 as usize].image != Some(image) {
            self.shelf_mut(id);
        }
        let pulled = &mut self.pulled[id.0 as usize];
        // Nodes are caught up with one after the other, so an earlier pull may be noted after a later one.
        pulled.last = if pulled.image.is_some() { pulled.last.max(now) } else { now };
        pulled.image = Some(image);
        pulled.count += count;
        if self.model.plain {
            self.shelf_mut(id);
        }
    }

    pub fn homes(&self) -> &[RegistryId] {
        &self.homes
    }
}

impl Shelf {
    fn meter(&mut self, class: StorageClass, delta: i128, meters: &mut Meters, now: Time) {
        if delta != 0 {
            meters.store(class, self.registry, self.repository, &mut self.stored[class as usize], delta, now);
        }
    }

    fn meter_class(&mut self, class: StorageClass, meters: &mut Meters, now: Time) {
        let delta = i128::from(self.state.bytes(class)) - i128::from(self.stored[class as usize].bytes);
        self.meter(class, delta, meters, now);
    }

    /// Where the mark of an image is, or would be: usually that of the newest is asked for.
    fn mark(&self, image: u32) -> Result<usize, usize> {
        match self.marks.back() {
            Some(newest) if newest.image == image => Ok(self.marks.len() - 1),
            Some(newest) if newest.image < image => Err(self.marks.len()),
            _ => self.marks.binary_search_by_key(&image, |mark| mark.image),
        }
    }

    /// An image is gone.
    pub fn forget(&mut self, image: u32) {
        if let Some(mark) = self.mark(image).ok().and_then(|place| self.marks.remove(place)) {
            self.counts.copies_never_pulled += u64::from(mark.copied && !mark.pulled);
        }
    }

    /// An image arrived as a copy at `now`.
    pub fn note_arrival(&mut self, image: u32, counted: bool, now: Time) {
        self.counts.copies += u64::from(counted);
        let place = self.mark(image).unwrap_or_else(|place| {
            // Shelves are many and small: doubling would waste half of what they take.
            if self.marks.len() == self.marks.capacity() {
                self.marks.reserve_exact(8 + self.marks.len() / 16);
            }
            self.marks.insert(place, Mark { image, copied: false, pulled: false, last_used: now });
            place
        });
        let mark = &mut self.marks[place];
        mark.copied |= counted;
        mark.last_used = mark.last_used.max(now);
    }

    /// Nodes asked for an image here, at last now.
    fn note_pulls(&mut self, image: u32, now: Time) {
        if let Ok(place) = self.mark(image) {
            let mark = &mut self.marks[place];
            mark.pulled = true;
            mark.last_used = mark.last_used.max(now);
        }
        self.state.record_pull(image, now);
    }

    /// When an image that came as a copy was last used.
    pub fn last_used(&self, image: u32) -> Option<Time> {
        self.mark(image).ok().map(|place| self.marks[place].last_used)
    }

    /// Closes the books of a repository at the end of the period.
    pub fn close(&mut self, meters: &mut Meters, end: Time) -> RepositoryCounts {
        for class in [StorageClass::Standard, StorageClass::Archive] {
            meters.close_share(class, self.registry, self.repository, &mut self.stored[class as usize], end);
        }
        let idle = self.marks.iter().filter(|mark| mark.copied && !mark.pulled).count() as u64;
        self.counts.copies_never_pulled += idle;
        self.counts
    }
}

impl View for World<'_> {
    fn home(&self, repository: RepositoryId) -> RegistryId {
        self.homes[repository.0 as usize]
    }

    fn holds(&self, registry: RegistryId, repository: RepositoryId, image: u32) -> bool {
        self.find(registry, repository).is_some_and(|id| self.shelf(id).state.can_pull(image))
    }

    fn holder(&self, registry: RegistryId, repository: RepositoryId, tag: &str) -> Option<Arc<Image>> {
        let id = self.find(registry, repository)?;
        self.shelf(id).state.holder(tag).cloned()
    }

    fn name(&self, repository: RepositoryId) -> &str {
        &self.model.demand.repositories[repository.0 as usize].name
    }

    fn region(&self, registry: RegistryId) -> RegionId {
        self.model.cloud.registry(registry).region
    }

    fn is_up(&self, registry: RegistryId) -> bool {
        self.hazards.registry_down(registry).is_none()
    }

    fn is_frozen(&self, registry: RegistryId, repository: RepositoryId, tag: &str) -> bool {
        self.find(registry, repository).is_some_and(|id| self.shelf(id).state.freezes(tag))
    }

    fn copy_failures(&self, from: RegistryId, to: RegistryId, at: Time) -> f64 {
        self.hazards.copy_failures(from, to, at)
    }
}
