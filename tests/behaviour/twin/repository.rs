//! One repository, written down plainly: what is in it, and everything else worked out anew whenever it is asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use replisim::registry::{Image, LifecyclePolicy, Mutability};
use replisim::units::Time;

use super::rules;

/// An image that is there.
#[derive(Clone)]
pub struct Held {
    pub image: Arc<Image>,
    /// When it arrived.
    pub pushed: Time,
    /// By which moment it stands among the others: the last restore's, else its arrival's (B19).
    pub since: Time,
    /// Of two of one moment, the larger is the younger.
    pub order: u64,
    pub archived: Option<Time>,
    /// Its last pull, and the last one that the service has recorded (B23).
    pub pulled: Option<Time>,
    pub recorded: Option<Time>,
    /// As a copy: its arrival or last request.
    pub used: Option<Time>,
}

/// A repository in a registry.
#[derive(Clone)]
pub struct Repository {
    pub mutability: Mutability,
    pub lifecycle: Option<LifecyclePolicy>,
    pub images: BTreeMap<u32, Held>,
    pub tags: BTreeMap<String, u32>,
    /// Subjects that were here together with something about them (A24, B21).
    pub met: BTreeSet<u32>,
    /// Since when there is something that a daily run could act on.
    pub watched: Option<Time>,
    pub last_run: Option<Time>,
    /// Its layers are shared within the registry (A74).
    pub mounts: bool,
    orders: u64,
    /// When it was made, or the run began.
    opened: Time,
}

impl Repository {
    pub fn new(settings: (Mutability, Option<LifecyclePolicy>), mounts: bool, at: Time) -> Repository {
        let (mutability, lifecycle) = settings;
        let watched = lifecycle.is_some().then_some(at);
        Repository {
            mutability,
            lifecycle,
            images: BTreeMap::new(),
            tags: BTreeMap::new(),
            met: BTreeSet::new(),
            watched,
            last_run: None,
            mounts,
            orders: 0,
            opened: at,
        }
    }

    pub fn can_pull(&self, image: u32) -> bool {
        self.images.get(&image).is_some_and(|held| held.archived.is_none())
    }

    pub fn tags_of(&self, image: u32) -> BTreeSet<&str> {
        self.tags.iter().filter(|(_, holder)| **holder == image).map(|(tag, _)| tag.as_str()).collect()
    }

    /// Whether an index lists an image; with `standard`, one that is not archived (B20).
    pub fn is_needed(&self, image: u32, standard: bool) -> bool {
        self.images.values().any(|held| {
            held.image.children.iter().any(|child| child.id == image) && !(standard && held.archived.is_some())
        })
    }

    /// The tag is another image's and may not move (A26, A27).
    pub fn clashes(&self, image: u32, tag: &str) -> bool {
        self.tags.get(tag).is_some_and(|holder| *holder != image) && rules::freezes(&self.mutability, tag)
    }

    /// A client's push; `false` = refused.
    pub fn push(&mut self, at: Time, image: &Arc<Image>, tag: Option<&str>) -> bool {
        let is_whole = image.children.iter().all(|child| self.images.contains_key(&child.id));
        if !is_whole || tag.is_some_and(|tag| self.clashes(image.id, tag)) {
            return false;
        }
        self.store(at, image, tag);
        true
    }

    /// A copy arrives; whether it holds its tag then.
    pub fn receive(&mut self, at: Time, image: &Arc<Image>, tag: Option<&str>) -> bool {
        for child in &image.children {
            if !self.images.contains_key(&child.id) {
                self.store(at, child, None);
            }
        }
        let tag = tag.filter(|tag| !self.clashes(image.id, tag));
        self.store(at, image, tag);
        tag.is_some()
    }

    fn store(&mut self, at: Time, image: &Arc<Image>, tag: Option<&str>) {
        self.orders += 1;
        let order = self.orders;
        let held = || Held {
            image: image.clone(),
            pushed: at,
            since: at,
            order,
            archived: None,
            pulled: None,
            recorded: None,
            used: None,
        };
        self.images.entry(image.id).or_insert_with(held);
        self.bring_back(at, image.id);
        if let Some(tag) = tag {
            self.tags.insert(tag.to_string(), image.id);
        }
        self.meet();
        if self.watched.is_none() && self.images.values().any(|held| held.image.subject.is_some()) {
            self.watched = Some(at.max(self.opened));
        }
    }

    /// Notes which subjects are here with something about them.
    fn meet(&mut self) {
        let subjects: BTreeSet<u32> = self.images.values().filter_map(|held| held.image.subject).collect();
        self.met.extend(subjects.iter().filter(|subject| self.images.contains_key(subject)));
        self.met.retain(|subject| subjects.contains(subject));
    }

    /// Takes an image out, with its tags.
    pub fn take(&mut self, image: u32) {
        self.images.remove(&image);
        self.tags.retain(|_, holder| *holder != image);
        self.meet();
    }

    /// To the archive, with the children that no other standard index needs.
    pub fn put_away(&mut self, at: Time, image: u32) {
        let Some(held) = self.images.get_mut(&image).filter(|held| held.archived.is_none()) else { return };
        held.archived = Some(at);
        let children: Vec<u32> = held.image.children.iter().map(|child| child.id).collect();
        for child in children {
            if !self.is_needed(child, true) {
                self.put_away(at, child);
            }
        }
    }

    /// Back from the archive, with its children; they count as activated now (B19).
    pub fn bring_back(&mut self, at: Time, image: u32) {
        let Some(held) = self.images.get(&image) else { return };
        for child in held.image.children.clone() {
            self.bring_back(at, child.id);
        }
        self.orders += 1;
        let order = self.orders;
        if let Some(held) = self.images.get_mut(&image)
            && held.archived.take().is_some()
        {
            held.since = at;
            held.order = order;
        }
    }

    /// A clean-up job takes an image out, and the untagged children that no other index lists.
    pub fn evict(&mut self, image: u32) {
        let Some(held) = self.images.get(&image).cloned() else { return };
        self.take(image);
        for child in &held.image.children {
            if !self.is_needed(child.id, false) && self.tags_of(child.id).is_empty() {
                self.evict(child.id);
            }
        }
    }

    pub fn note_pull(&mut self, image: u32, at: Time) {
        if let Some(held) = self.images.get_mut(&image) {
            held.pulled = held.pulled.max(Some(at));
        }
    }

    /// The layers that standard images need.
    pub fn standard(&self) -> BTreeMap<u32, u64> {
        layers(self.images.values().filter(|held| held.archived.is_none()))
    }

    /// The layers that archived images alone need.
    pub fn archive(&self) -> BTreeMap<u32, u64> {
        let mut archive = layers(self.images.values().filter(|held| held.archived.is_some()));
        if !archive.is_empty() {
            let standard = self.standard();
            archive.retain(|layer, _| !standard.contains_key(layer));
        }
        archive
    }
}

fn layers<'a>(held: impl Iterator<Item = &'a Held>) -> BTreeMap<u32, u64> {
    held.flat_map(|held| &held.image.layers).map(|layer| (layer.id, layer.bytes)).collect()
}
