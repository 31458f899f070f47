//! One repository in one registry: which images it holds, under which tags, on which layers.
//!
//! The rules of the service that live here:
//!
//! * a layer is stored once per repository (A73), from the first image that needs it until the last one is gone;
//! * a tag is on one image; setting it on another moves it, and may leave the first one untagged (A22);
//! * another tag on an image that is there moves no bytes (A21) and leaves its push time alone, so lifecycle rules go on
//!   counting from the first arrival;
//! * where a tag may not move, a client's push is refused as a whole, while a copy arrives without the tag (A26);
//! * a lifecycle policy counts from the arrival *here*, not from the push at home (B24).
//!
//! A repository does not know its name, its registry, or the time: each operation is told when it happens.

use std::sync::Arc;

use super::hash::{Map, TagIndex};
use super::layers::Layers;
use super::lifecycle::{Candidate, Tally};
use super::shelf::Shelf;
use super::tags::{Tag, Tags};
use super::{Image, Layer, LifecyclePolicy, Mutability};
use crate::units::Time;

/// One repository in one registry.
///
/// Pushes, copies and removals cost about the layers of the image, whatever the repository holds; memory follows the
/// images that are there.
#[derive(Clone, Debug)]
pub struct Repository {
    mutability: Mutability,
    lifecycle: Option<Tally>,
    /// Images by age.
    shelf: Shelf<Held>,
    /// Image id → place on the shelf.
    places: Map<u32, u32>,
    /// Tag → place on the shelf of the image that holds it.
    tags: TagIndex,
    layers: Layers,
}

/// An image that is here, and its tags.
#[derive(Clone, Debug)]
struct Held {
    image: Arc<Image>,
    tags: Tags,
}

/// What a push or the arrival of a copy changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The image was not here before.
    pub new_image: bool,
    /// Bytes of layers that were not here before.
    pub bytes_added: u64,
    /// The image holds the tag now; `false` = the tag is immutable and another image's, and was dropped (A26).
    pub tag_set: bool,
    /// The image that lost its last tag to this one (A22), by id.
    pub untagged: Option<u32>,
}

/// Why a push was refused; nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The tag may not move, and another image holds it.
    #[error("the tag is immutable and on another image")]
    TagTaken {
        /// That image, by id.
        holder: u32,
    },
}

impl Repository {
    /// An empty repository.
    pub fn new(mutability: Mutability, lifecycle: Option<LifecyclePolicy>) -> Repository {
        Repository {
            mutability,
            lifecycle: lifecycle.map(Tally::new),
            shelf: Shelf::default(),
            places: Map::default(),
            tags: TagIndex::default(),
            layers: Layers::default(),
        }
    }

    /// A client's push: the image, whole, under a tag.
    ///
    /// # Errors
    /// [`Refused::TagTaken`] when the tag may not move and another image holds it: nothing is stored.
    pub fn push<'t>(
        &mut self,
        at: Time,
        image: &Arc<Image>,
        tag: impl Into<Option<&'t str>>,
    ) -> Result<Stored, Refused> {
        let tag = tag.into();
        match tag.and_then(|tag| self.clash(image.id, tag)) {
            Some(holder) => Err(Refused::TagTaken { holder }),
            None => Ok(self.store(at, image, tag)),
        }
    }

    /// A copy arrives: the image, whole, under a tag. A tag that may not move stays where it is (A26).
    pub fn receive<'t>(&mut self, at: Time, image: &Arc<Image>, tag: impl Into<Option<&'t str>>) -> Stored {
        let tag = tag.into().filter(|tag| self.clash(image.id, tag).is_none());
        self.store(at, image, tag)
    }

    /// Whether this image is here.
    pub fn contains(&self, image: u32) -> bool {
        self.places.contains_key(&image)
    }

    /// The image with this id.
    pub fn image(&self, id: u32) -> Option<&Arc<Image>> {
        self.shelf.get(*self.places.get(&id)?).map(|held| &held.image)
    }

    /// When an image became whole here.
    pub fn pushed_at(&self, image: u32) -> Option<Time> {
        self.shelf.since(*self.places.get(&image)?)
    }

    /// Whether a lifecycle policy acts here.
    pub fn has_lifecycle(&self) -> bool {
        self.lifecycle.is_some()
    }

    /// The image that holds a tag.
    pub fn holder(&self, tag: &str) -> Option<&Arc<Image>> {
        self.shelf.get(self.place_of(tag)?).map(|held| &held.image)
    }

    /// Whether this layer is stored here.
    pub fn has_layer(&self, layer: u32) -> bool {
        self.layers.has(layer)
    }

    /// Layers of an image that are not stored here: what a copy would have to move (A76).
    pub fn missing<'a>(&'a self, image: &'a Image) -> impl Iterator<Item = Layer> + 'a {
        self.layers.missing(image)
    }

    /// Removes an image and its tags; the answer is the bytes that no other image here needs, or `None` when
    /// there is no such image.
    pub fn remove(&mut self, image: u32) -> Option<u64> {
        let place = self.places.remove(&image)?;
        let held = self.shelf.take(place)?;
        let tags = held.tags.as_slice();
        for tag in tags {
            self.tags.remove(tag.as_str(), place);
        }
        if let Some(tally) = &mut self.lifecycle {
            tally.leaves(tags);
        }
        Some(self.layers.release(&held.image))
    }

    /// Runs the lifecycle policy once and adds to `gone` each image that it expired, with the bytes freed,
    /// oldest first.
    ///
    /// Only images at least as old as the last one that could possibly go are looked at; when none can, none is.
    pub fn expire(&mut self, now: Time, gone: &mut Vec<(u32, u64)>) {
        let Some(tally) = &self.lifecycle else { return };
        if self.shelf.iter().next().is_none_or(|(oldest, _)| tally.is_quiet(oldest, now)) {
            return;
        }
        let first = gone.len();
        let mut sweep = tally.sweep(now);
        for (pushed, held) in self.shelf.iter() {
            if sweep.is_over(pushed) {
                break;
            }
            if sweep.acts_on(&Candidate { pushed, tags: held.tags.as_slice() }) {
                gone.push((held.image.id, 0));
            }
        }
        for (image, freed) in &mut gone[first..] {
            *freed = self.remove(*image).unwrap_or_default();
        }
    }

    /// Bytes of all layers stored.
    pub fn stored_bytes(&self) -> u64 {
        self.layers.bytes()
    }

    /// All images with the moment of their arrival here and their tags, oldest first.
    pub fn images(&self) -> impl Iterator<Item = (&Arc<Image>, Time, &[Tag])> {
        self.shelf.iter().map(|(pushed, held)| (&held.image, pushed, held.tags.as_slice()))
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

    fn store(&mut self, at: Time, image: &Arc<Image>, tag: Option<&str>) -> Stored {
        let known = self.places.get(&image.id).copied();
        let (place, bytes_added) = match known {
            Some(place) => (place, 0),
            None => {
                let place = self.shelf.put(at, Held { image: Arc::clone(image), tags: Tags::None });
                self.places.insert(image.id, place);
                self.enters(place);
                (place, self.layers.keep(image))
            }
        };
        let untagged = tag.and_then(|tag| self.set_tag(place, tag));
        Stored { new_image: known.is_none(), bytes_added, tag_set: tag.is_some(), untagged }
    }

    /// Puts a tag on the image at this place; the answer is the image that lost its last tag by that.
    fn set_tag(&mut self, place: u32, tag: &str) -> Option<u32> {
        let previous = self.place_of(tag);
        if previous == Some(place) {
            return None;
        }
        let mut untagged = None;
        if let Some(previous) = previous {
            self.tags.remove(tag, previous);
            self.leaves(previous);
            if let Some(held) = self.shelf.get_mut(previous) {
                untagged = held.tags.remove(tag).then_some(held.image.id);
            }
            self.enters(previous);
        }
        self.tags.insert(tag, place);
        self.leaves(place);
        if let Some(held) = self.shelf.get_mut(place) {
            held.tags.add(tag.into());
        }
        self.enters(place);
        untagged
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
