//! What stands where: every repository in every registry, and what happened to its images there.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::cloud::RegistryId;
use crate::demand::RepositoryId;
use crate::registry::{CreatedBy, Image, Repository, RepositorySettings};
use crate::strategy::behaviour::View;
use crate::units::{Span, Time};

use super::Model;
use super::metering::{Meters, Stored};
use super::outcome::RepositoryCounts;

/// A repository in a registry.
pub(super) struct Shelf {
    pub registry: RegistryId,
    pub repository: RepositoryId,
    pub state: Repository,
    pub stored: Stored,
    pub counts: RepositoryCounts,
    /// Images fetched here are dropped so long after their last use.
    pub ttl: Option<Span>,
    marks: BTreeMap<u32, Mark>,
}

/// What happened to an image on a shelf.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    /// It came as a copy, within the period.
    copied: bool,
    /// It was pulled from here.
    pulled: bool,
    /// The last request for it, or its arrival.
    pub last_used: Time,
}

/// A shelf, as an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ShelfId(pub u32);

/// Every shelf.
pub(super) struct World<'a> {
    model: &'a Model,
    /// Where clients push each repository.
    homes: Vec<RegistryId>,
    pub shelves: Vec<Shelf>,
    /// By repository, then registry.
    index: Vec<Vec<Option<ShelfId>>>,
}

impl<'a> World<'a> {
    /// Home repositories, empty; `centre` is the one home of all when there is one.
    pub fn new(model: &'a Model, centre: Option<RegistryId>) -> Self {
        let repositories = &model.demand.repositories;
        let homes: Vec<RegistryId> = repositories.iter().map(|r| centre.unwrap_or(r.home)).collect();
        let index = vec![vec![None; model.cloud.registries.len()]; repositories.len()];
        let mut world = World { model, homes, shelves: Vec::new(), index };
        for (number, repository) in repositories.iter().enumerate() {
            // A centralized repository keeps the settings that it has at its own home.
            let settings = model.registries[usize::from(repository.home.0)].home(&repository.name);
            let id = RepositoryId(number as u32);
            world.open(world.homes[number], id, settings);
        }
        world
    }

    fn open(&mut self, registry: RegistryId, repository: RepositoryId, settings: RepositorySettings) -> ShelfId {
        let id = ShelfId(self.shelves.len() as u32);
        self.index[repository.0 as usize][usize::from(registry.0)] = Some(id);
        self.shelves.push(Shelf {
            registry,
            repository,
            state: Repository::new(settings.mutability, settings.lifecycle),
            stored: Stored::default(),
            counts: RepositoryCounts { repository: repository.0, registry: registry.0, ..RepositoryCounts::default() },
            ttl: None,
            marks: BTreeMap::new(),
        });
        id
    }

    pub fn find(&self, registry: RegistryId, repository: RepositoryId) -> Option<ShelfId> {
        self.index[repository.0 as usize][usize::from(registry.0)]
    }

    /// The shelf of a repository in a registry, made by the service when it is not there yet; `true` when it was made.
    pub fn find_or_create(&mut self, registry: RegistryId, repository: RepositoryId, by: CreatedBy) -> (ShelfId, bool) {
        match self.find(registry, repository) {
            Some(id) => (id, false),
            None => {
                let name = &self.model.demand.repositories[repository.0 as usize].name;
                let settings = self.model.registries[usize::from(registry.0)].created(name, by);
                (self.open(registry, repository, settings), true)
            }
        }
    }

    pub fn shelf(&self, id: ShelfId) -> &Shelf {
        &self.shelves[id.0 as usize]
    }

    pub fn shelf_mut(&mut self, id: ShelfId) -> &mut Shelf {
        &mut self.shelves[id.0 as usize]
    }

    pub fn homes(&self) -> &[RegistryId] {
        &self.homes
    }
}

impl Shelf {
    /// Adds what a push or an arrival brought to what is stored here.
    pub fn stock(&mut self, bytes: u64, meters: &mut Meters, now: Time) {
        meters.store(self.registry, self.repository, &mut self.stored, i128::from(bytes), now);
    }

    /// An image is gone, and so many bytes with it.
    pub fn drop_image(&mut self, image: u32, freed: u64, meters: &mut Meters, now: Time) {
        meters.store(self.registry, self.repository, &mut self.stored, -i128::from(freed), now);
        if let Some(mark) = self.marks.remove(&image) {
            self.counts.copies_never_pulled += u64::from(mark.copied && !mark.pulled);
        }
    }

    /// An image arrived as a copy at `now`.
    pub fn note_arrival(&mut self, image: u32, counted: bool, now: Time) {
        self.counts.copies += u64::from(counted);
        let mark = self.marks.entry(image).or_insert(Mark { copied: false, pulled: false, last_used: now });
        mark.copied |= counted;
        mark.last_used = mark.last_used.max(now);
    }

    /// A node asked for an image here.
    pub fn note_pull(&mut self, image: u32, counted: bool, now: Time) {
        self.counts.pulls += u64::from(counted);
        if let Some(mark) = self.marks.get_mut(&image) {
            mark.pulled = true;
            mark.last_used = mark.last_used.max(now);
        }
    }

    /// When an image that came as a copy was last used.
    pub fn last_used(&self, image: u32) -> Option<Time> {
        self.marks.get(&image).map(|mark| mark.last_used)
    }

    /// Closes the books of a repository at the end of the period.
    pub fn close(&mut self, meters: &mut Meters, end: Time) -> RepositoryCounts {
        meters.settle(self.registry, self.repository, &mut self.stored, end);
        let idle = self.marks.values().filter(|mark| mark.copied && !mark.pulled).count() as u64;
        self.counts.copies_never_pulled += idle;
        self.counts
    }
}

impl View for World<'_> {
    fn home(&self, repository: RepositoryId) -> RegistryId {
        self.homes[repository.0 as usize]
    }

    fn holds(&self, registry: RegistryId, repository: RepositoryId, image: u32) -> bool {
        self.find(registry, repository).is_some_and(|id| self.shelf(id).state.contains(image))
    }

    fn holder(&self, registry: RegistryId, repository: RepositoryId, tag: &str) -> Option<Arc<Image>> {
        let id = self.find(registry, repository)?;
        self.shelf(id).state.holder(tag).cloned()
    }

    fn name(&self, repository: RepositoryId) -> &str {
        &self.model.demand.repositories[repository.0 as usize].name
    }
}
