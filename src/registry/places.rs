//! Where each image of a repository stands on its shelf.
//!
//! Ids are given in order of creation, so the images that come are near the end of a list sorted by id, and the ones that
//! go are near its front: a sorted double-ended list is as quick as a hash map here and takes half the memory.

use std::collections::VecDeque;

/// Image id → place on the shelf.
#[derive(Clone, Debug, Default)]
pub(super) struct Places(VecDeque<(u32, u32)>);

impl Places {
    /// The place of an image.
    pub(super) fn get(&self, image: u32) -> Option<u32> {
        self.find(image).ok().map(|at| self.0[at].1)
    }

    /// Whether an image has a place.
    pub(super) fn has(&self, image: u32) -> bool {
        self.find(image).is_ok()
    }

    /// Gives a place to an image that has none.
    pub(super) fn insert(&mut self, image: u32, place: u32) {
        if self.0.len() == self.0.capacity() {
            self.0.reserve_exact(super::room_for_more(self.0.len()));
        }
        if let Err(at) = self.find(image) {
            self.0.insert(at, (image, place));
        }
    }

    /// Takes the place of an image away.
    pub(super) fn remove(&mut self, image: u32) -> Option<u32> {
        let at = self.find(image).ok()?;
        self.0.remove(at).map(|entry| entry.1)
    }

    /// Whether no image has a place.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Where an image's entry is, or would be: usually that of the newest is asked for.
    fn find(&self, image: u32) -> Result<usize, usize> {
        match self.0.back() {
            Some(&(newest, _)) if newest < image => Err(self.0.len()),
            Some(&(newest, _)) if newest == image => Ok(self.0.len() - 1),
            _ => self.0.binary_search_by_key(&image, |entry| entry.0),
        }
    }
}
