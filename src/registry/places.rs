//! Where each image stands, of a repository on its shelf, of a node in its cache.
//!
//! Ids are given in order of creation, so the images that come are near the end of a list sorted by id, and the ones that
//! go are near its front: a sorted double-ended list is as quick as a hash map here and takes half the memory.

use std::collections::VecDeque;

/// Image id → place.
#[derive(Clone, Debug, Default)]
pub struct Places(VecDeque<(u32, u32)>);

impl Places {
    /// The place of an image.
    pub fn get(&self, image: u32) -> Option<u32> {
        self.find(image).ok().map(|at| self.0[at].1)
    }

    /// Whether an image has a place.
    pub fn has(&self, image: u32) -> bool {
        self.find(image).is_ok()
    }

    /// Gives a place to an image that has none.
    pub fn insert(&mut self, image: u32, place: u32) {
        if self.0.len() == self.0.capacity() {
            self.0.reserve_exact(super::room_for_more(self.0.len()));
        }
        if let Err(at) = self.find(image) {
            self.0.insert(at, (image, place));
        }
    }

    /// Takes the place of an image away.
    pub fn remove(&mut self, image: u32) -> Option<u32> {
        let at = self.find(image).ok()?;
        self.0.remove(at).map(|entry| entry.1)
    }

    /// Images that have a place.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether no image has a place.
    pub fn is_empty(&self) -> bool {
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

#[cfg(test)]
mod tests {
    use std::collections::btree_map::{BTreeMap, Entry};

    use super::super::fixed;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(fixed(256))]

        #[test]
        fn it_is_a_map(steps in prop::collection::vec((0u8..3, 0u32..40), 1..120)) {
            let (mut places, mut twin) = (Places::default(), BTreeMap::new());
            for (number, (kind, image)) in (0u32..).zip(steps) {
                if kind == 0 {
                    prop_assert_eq!(places.remove(image), twin.remove(&image));
                } else if let Entry::Vacant(free) = twin.entry(image) {
                    places.insert(image, number);
                    free.insert(number);
                }
                prop_assert!((0..40).all(|image| places.get(image) == twin.get(&image).copied()));
                prop_assert!((0..40).all(|image| places.has(image) == twin.contains_key(&image)));
                prop_assert_eq!((places.len(), places.is_empty()), (twin.len(), twin.is_empty()));
            }
        }
    }
}
