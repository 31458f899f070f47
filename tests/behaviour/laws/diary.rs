//! What a trial of a strategy told, and left behind.

use std::collections::BTreeMap;
use std::sync::Arc;

use replisim::cloud::RegistryId;
use replisim::demand::RepositoryId;
use replisim::engine::journal::Entry;
use replisim::engine::{Model, Outcome, run_with_journal};
use replisim::registry::{Image, LifecycleAction};
use replisim::scenario::Scenario;
use replisim::strategy::{Kind, Strategy};
use replisim::units::Time;

/// A repository in a registry.
pub type Shelf = (RegistryId, RepositoryId);

/// A trial.
pub struct Diary<'a> {
    pub model: &'a Model,
    pub strategy: &'a Strategy,
    pub entries: Vec<(Time, Entry)>,
    pub outcome: Outcome,
}

/// The first trial of every strategy that is a system.
pub fn diaries(scenario: &Scenario) -> impl Iterator<Item = Diary<'_>> {
    let model = &scenario.model;
    let systems = model.strategies.iter().enumerate().filter(|(_, it)| !matches!(it.kind, Kind::Clairvoyant { .. }));
    systems.map(move |(index, strategy)| {
        let mut entries = Vec::new();
        let mut listen = |at: Time, entry: &Entry| entries.push((at, entry.clone()));
        let outcome = run_with_journal(model, index, scenario.run.seed, 1, &mut listen);
        Diary { model, strategy, entries, outcome }
    })
}

impl Diary<'_> {
    /// Whether something begins within the period.
    pub fn in_period(&self, at: Time) -> bool {
        at >= Time::START && at < self.model.calendar.end
    }
}

/// Images by repository and registry, as entries bring and take them.
#[derive(Default)]
pub struct Stock(BTreeMap<Shelf, BTreeMap<u32, Arc<Image>>>);

/// An image that came or went.
pub struct Change {
    pub shelf: Shelf,
    pub image: Arc<Image>,
    pub came: bool,
}

impl Stock {
    /// Whether an image is there, by itself or as a child of an index.
    pub fn has(&self, shelf: Shelf, image: u32) -> bool {
        let Some(images) = self.0.get(&shelf) else { return false };
        images.contains_key(&image) || images.values().any(|index| index.children.iter().any(|child| child.id == image))
    }

    /// The next entry; what came or went by it. An image that is there already does not come again.
    pub fn follow(&mut self, entry: &Entry) -> Vec<Change> {
        let mut changes = Vec::new();
        let mut change = |shelf: Shelf, image: &Arc<Image>, came: bool| {
            let images = self.0.entry(shelf).or_default();
            let changed = match came {
                true => images.insert(image.id, image.clone()).is_none(),
                false => images.remove(&image.id).is_some(),
            };
            if changed {
                changes.push(Change { shelf, image: image.clone(), came });
            }
        };
        match entry {
            Entry::Pushed(what) | Entry::Placed(what) => change((what.registry, what.repository), &what.image, true),
            Entry::CopyArrived { copy, .. } => change((copy.to, copy.repository), &copy.image, true),
            Entry::ImageDeleted { registry, repository, image, .. }
            | Entry::Evicted { registry, repository, image } => {
                change((*registry, *repository), image, false);
            }
            Entry::Upkeep { registry, repository, acts } => {
                for act in acts.iter().filter(|act| act.action == LifecycleAction::Expire) {
                    change((*registry, *repository), &act.image, false);
                }
            }
            _ => {}
        }
        changes
    }
}
