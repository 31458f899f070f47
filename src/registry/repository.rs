//! One repository in one registry: which images it holds, under which tags, on which layers, in which storage class.
//!
//! The rules of the service that live here:
//!
//! * a layer is stored once per repository (A73), from the first image that needs it until the last one is gone;
//! * a tag is on one image; setting it on another moves it, and may leave the first one untagged (A22);
//! * another tag on an image that is there moves no bytes (A21) and leaves its push time alone, so lifecycle rules go on
//!   counting from the first arrival;
//! * where a tag may not move, a client's push is refused as a whole, while a copy arrives without the tag (A26);
//! * an index needs its children: a client pushes them first, a copy brings them along (A23), and none can be taken
//!   away while the index is there (B20);
//! * an archived image cannot be pulled until it is restored; pushing it again, or a copy of it, restores it (C6, A48).
//!   It goes on standing among the others by the moment of the restore (B19);
//! * a lifecycle policy counts from the arrival *here*, not from the push at home (B24).
//!
//! Two things hold at any moment: no tag is on two images, and every child of a standard index is here and standard.
//! An archived index may lose its children to the lifecycle policy (B20); it must then be pushed again to come back.
//!
//! What clients take away is in `edits`, what the service does by itself in `upkeep`. A repository does not know its
//! name, its registry, or the time: each operation is told when it happens.

use std::sync::Arc;

use super::hash::{Map, TagIndex};
use super::kin::Kin;
use super::layers::Layers;
use super::lifecycle::Tally;
use super::places::Places;
use super::pulls::Pulls;
use super::shelf::Shelf;
use super::tags::{Tag, Tags};
use super::{Count, Image, Layer, LifecyclePolicy, LifecycleRule, Mutability, StorageClass};
use crate::units::Time;

mod edits;
mod upkeep;

pub use edits::Untagged;
pub use upkeep::Acted;

/// One repository in one registry.
///
/// Pushes, copies and removals cost about the layers of the image, whatever the repository holds; memory follows the
/// images that are there. What only few images have is kept beside them.
#[derive(Clone, Debug)]
pub struct Repository {
    mutability: Mutability,
    lifecycle: Option<Tally>,
    /// Images by age.
    shelf: Shelf<Held>,
    places: Places,
    /// Tag → place on the shelf of the image that holds it.
    tags: TagIndex,
    layers: Layers,
    kin: Kin,
    /// Archived images, and since when.
    archived: Map<u32, Time>,
    /// When images were pushed that stand on the shelf by the moment of a restore (B19).
    pushed: Map<u32, Time>,
    /// Last pulls, where the lifecycle policy has a rule that asks for them.
    pulls: Option<Pulls>,
}

/// An image that is here, and its tags.
#[derive(Clone, Debug)]
struct Held {
    image: Arc<Image>,
    tags: Tags,
}

/// What a push or the arrival of a copy changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// The image was not here before.
    pub new_image: bool,
    /// Bytes of layers that were not here before, in either storage class; those of children that came along included.
    pub bytes_added: u64,
    /// The image holds the tag now; `false` = the tag is immutable and another image's, and was dropped (A26), or there
    /// was none.
    pub tag_set: bool,
    /// The image that lost its last tag to this one (A22), by id.
    pub untagged: Option<u32>,
    /// The image, or a child of it, was archived here and is standard again (C6, A48).
    pub restored: bool,
}

/// Why a client's operation was refused; nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The tag may not move, and another image holds it.
    #[error("the tag is immutable and on another image")]
    TagTaken {
        /// That image, by id.
        holder: u32,
    },
    /// An index lists an image that is not here (A23).
    #[error("the index lists an image that is not in the repository")]
    ChildMissing {
        /// That image, by id.
        child: u32,
    },
    /// No image here holds the tag.
    #[error("no image holds the tag")]
    NoSuchTag,
    /// The image is not here.
    #[error("the image is not in the repository")]
    NoSuchImage,
    /// An index here lists the image (B20).
    #[error("an index in the repository needs the image")]
    NeededByIndex {
        /// That index, by id.
        index: u32,
    },
}

impl Repository {
    /// An empty repository.
    pub fn new(mutability: Mutability, lifecycle: Option<LifecyclePolicy>) -> Repository {
        let asks_for_pulls = |rule: &LifecycleRule| matches!(rule.count, Count::DaysSincePull(_));
        let has_pull_rule = lifecycle.as_ref().is_some_and(|policy| policy.rules.iter().any(asks_for_pulls));
        Repository {
            mutability,
            lifecycle: lifecycle.map(Tally::new),
            shelf: Shelf::default(),
            places: Places::default(),
            tags: TagIndex::default(),
            layers: Layers::default(),
            kin: Kin::default(),
            archived: Map::default(),
            pushed: Map::default(),
            pulls: has_pull_rule.then(Pulls::default),
        }
    }

    /// A client's push: the image, whole, under a tag or untagged. The children of an index were pushed before it.
    ///
    /// # Errors
    /// [`Refused::ChildMissing`] when an index comes before a child of it (A23), [`Refused::TagTaken`] when the tag may
    /// not move and another image holds it: nothing is stored.
    pub fn push<'t>(
        &mut self,
        at: Time,
        image: &Arc<Image>,
        tag: impl Into<Option<&'t str>>,
    ) -> Result<Stored, Refused> {
        let tag = tag.into();
        if let Some(child) = self.missing_child(image) {
            return Err(Refused::ChildMissing { child });
        }
        match tag.and_then(|tag| self.clash(image.id, tag)) {
            Some(holder) => Err(Refused::TagTaken { holder }),
            None => Ok(self.store(at, image, tag)),
        }
    }

    /// A copy arrives: the image, whole, under a tag or untagged; an index brings its children along, untagged (A23). A
    /// tag that may not move stays where it is (A26).
    pub fn receive<'t>(&mut self, at: Time, image: &Arc<Image>, tag: impl Into<Option<&'t str>>) -> Stored {
        let mut brought = 0;
        for child in &image.children {
            if !self.contains(child.id) {
                brought += self.receive(at, child, None).bytes_added;
            }
        }
        let tag = tag.into().filter(|tag| self.clash(image.id, tag).is_none());
        let mut stored = self.store(at, image, tag);
        stored.bytes_added += brought;
        stored
    }

    /// Whether this image is here.
    pub fn contains(&self, image: u32) -> bool {
        self.places.has(image)
    }

    /// The image with this id.
    pub fn image(&self, id: u32) -> Option<&Arc<Image>> {
        self.shelf.get(self.places.get(id)?).map(|held| &held.image)
    }

    /// When an image became whole here.
    pub fn pushed_at(&self, image: u32) -> Option<Time> {
        let since = self.shelf.since(self.places.get(image)?)?;
        Some(self.first_pushed(image, since))
    }

    /// The storage class of an image.
    pub fn class(&self, image: u32) -> Option<StorageClass> {
        let class = if self.archived.contains_key(&image) { StorageClass::Archive } else { StorageClass::Standard };
        self.contains(image).then_some(class)
    }

    /// Since when an image is in the archive, if it is.
    pub fn archived_at(&self, image: u32) -> Option<Time> {
        self.archived.get(&image).copied()
    }

    /// Whether the image is here and not archived (C6).
    pub fn can_pull(&self, image: u32) -> bool {
        self.class(image) == Some(StorageClass::Standard)
    }

    /// Whether a lifecycle policy acts here.
    pub fn has_lifecycle(&self) -> bool {
        self.lifecycle.is_some()
    }

    /// The image that holds a tag.
    pub fn holder(&self, tag: &str) -> Option<&Arc<Image>> {
        self.shelf.get(self.place_of(tag)?).map(|held| &held.image)
    }

    /// The tags of an image.
    pub fn tags_of(&self, image: u32) -> &[Tag] {
        let held = self.places.get(image).and_then(|place| self.shelf.get(place));
        held.map_or(&[], |held| held.tags.as_slice())
    }

    /// Whether this tag may not move here.
    pub fn freezes(&self, tag: &str) -> bool {
        self.mutability.freezes(tag)
    }

    /// Whether this layer is stored here.
    pub fn has_layer(&self, layer: u32) -> bool {
        self.layers.has(layer)
    }

    /// Bytes of the layers stored in a class. A layer that a standard image needs is standard, whatever archived images
    /// need it too.
    pub fn bytes(&self, class: StorageClass) -> u64 {
        self.layers.bytes(class)
    }

    /// Bytes of the layers stored in the standard class.
    pub fn stored_bytes(&self) -> u64 {
        self.bytes(StorageClass::Standard)
    }

    /// Remembers from now on which layers of the standard class come and go, for a registry that shares them between
    /// repositories (A74).
    pub fn watch_layers(&mut self) {
        self.layers.watch();
    }

    /// The layers of the standard class that came (`true`) and went (`false`) since the last call, in order; nothing
    /// when nobody watches.
    pub fn take_layer_changes(&mut self) -> Vec<(Layer, bool)> {
        self.layers.take_changes()
    }

    /// All images with the moment of their arrival here and their tags, oldest first; a restored one stands by the
    /// moment of the restore (B19).
    pub fn images(&self) -> impl Iterator<Item = (&Arc<Image>, Time, &[Tag])> {
        self.shelf
            .iter()
            .map(|(since, held)| (&held.image, self.first_pushed(held.image.id, since), held.tags.as_slice()))
    }

    /// Whether it holds no image.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The other image that holds this tag, when the tag may not move.
    fn clash(&self, image: u32, tag: &str) -> Option<u32> {
        let holder = self.holder(tag)?.id;
        (holder != image && self.mutability.freezes(tag)).then_some(holder)
    }

    /// A child of this image that is not here.
    fn missing_child(&self, image: &Image) -> Option<u32> {
        image.children.iter().map(|child| child.id).find(|&child| !self.contains(child))
    }

    /// The push time of an image that stands on the shelf by this moment.
    fn first_pushed(&self, image: u32, since: Time) -> Time {
        self.pushed.get(&image).copied().unwrap_or(since)
    }

    fn store(&mut self, at: Time, image: &Arc<Image>, tag: Option<&str>) -> Stored {
        let known = self.places.get(image.id);
        let (place, bytes_added) = match known {
            Some(place) => (place, 0),
            None => {
                let place = self.shelf.put(at, Held { image: Arc::clone(image), tags: Tags::None });
                self.places.insert(image.id, place);
                self.enters(place);
                self.kin.enters(image, |other| self.places.has(other));
                (place, self.layers.keep(image, StorageClass::Standard))
            }
        };
        let restored = !self.archived.is_empty() && self.bring_back(at, image.id);
        let untagged = tag.and_then(|tag| self.set_tag(place, tag));
        Stored { new_image: known.is_none(), bytes_added, tag_set: tag.is_some(), untagged, restored }
    }

    /// Puts a tag on the image at this place; the answer is the image that lost its last tag by that.
    fn set_tag(&mut self, place: u32, tag: &str) -> Option<u32> {
        let previous = self.place_of(tag);
        if previous == Some(place) {
            return None;
        }
        let untagged = previous.and_then(|previous| self.drop_tag(previous, tag));
        self.tags.insert(tag, place);
        self.leaves(place);
        if let Some(held) = self.shelf.get_mut(place) {
            held.tags.add(tag.into());
        }
        self.enters(place);
        untagged
    }

    /// Takes a tag off the image at this place; the answer is the image when that was its last one.
    fn drop_tag(&mut self, place: u32, tag: &str) -> Option<u32> {
        self.tags.remove(tag, place);
        self.leaves(place);
        let held = self.shelf.get_mut(place)?;
        let untagged = held.tags.remove(tag).then_some(held.image.id);
        self.enters(place);
        untagged
    }

    /// Takes an image out, with its tags; the number is the bytes that no other image here needs.
    fn take_out(&mut self, image: u32) -> Option<(Held, u64)> {
        let place = self.places.remove(image)?;
        let held = self.shelf.take(place)?;
        let tags = held.tags.as_slice();
        for tag in tags {
            self.tags.remove(tag.as_str(), place);
        }
        if let Some(tally) = &mut self.lifecycle {
            tally.leaves(tags);
        }
        if let Some(pulls) = &mut self.pulls {
            pulls.forget(image);
        }
        let was_archived = self.archived.remove(&image).is_some();
        self.pushed.remove(&image);
        self.kin.leaves(&held.image);
        let class = if was_archived { StorageClass::Archive } else { StorageClass::Standard };
        let freed = self.layers.release(&held.image, class);
        Some((held, freed))
    }

    /// Moves an image to the archive, and its children where no other standard index needs them.
    fn put_away(&mut self, at: Time, image: u32) {
        let Some(held) = self.image(image).filter(|_| self.can_pull(image)).cloned() else { return };
        self.archived.insert(image, at);
        self.layers.keep(&held, StorageClass::Archive);
        self.layers.release(&held, StorageClass::Standard);
        for child in &held.children {
            if self.standard_index_of(child.id).is_none() {
                self.put_away(at, child.id);
            }
        }
    }

    /// Brings an image and its children back from the archive; whether any of them was there.
    fn bring_back(&mut self, at: Time, image: u32) -> bool {
        let Some(place) = self.places.get(image) else { return false };
        let Some(held) = self.shelf.get(place).map(|held| Arc::clone(&held.image)) else { return false };
        let children = held.children.iter().filter(|child| self.bring_back(at, child.id)).count();
        if self.archived.remove(&image).is_none() {
            return children > 0;
        }
        self.layers.keep(&held, StorageClass::Standard);
        self.layers.release(&held, StorageClass::Archive);
        if let Some(since) = self.shelf.since(place) {
            self.pushed.entry(image).or_insert(since);
        }
        self.shelf.renew(place, at);
        true
    }

    /// An index of the standard class that lists this image.
    fn standard_index_of(&self, image: u32) -> Option<u32> {
        self.kin.indexes_of(image).iter().copied().find(|&index| self.can_pull(index))
    }

    /// Where the image stands that holds this tag.
    fn place_of(&self, tag: &str) -> Option<u32> {
        self.tags.find(tag, |place| self.shelf.get(place).is_some_and(|held| held.tags.contains(tag)))
    }

    /// Counts the image at this place, with its tags as they are, for the lifecycle policy.
    fn enters(&mut self, place: u32) {
        if let (Some(tally), Some(held)) = (&mut self.lifecycle, self.shelf.get(place)) {
            tally.enters(held.tags.as_slice());
        }
    }

    /// Undoes [`Repository::enters`], before the image's tags change.
    fn leaves(&mut self, place: u32) {
        if let (Some(tally), Some(held)) = (&mut self.lifecycle, self.shelf.get(place)) {
            tally.leaves(held.tags.as_slice());
        }
    }
}

#[cfg(test)]
mod tests;
