//! The layers of a repository: each stored once, for as long as some image needs it (A73).
//!
//! Counting references is apart from the repository so that repositories of a registry with blob mounting can share one
//! store (A74, A75).
//!
//! Ids are given in order of creation, so the layers that come are near the end of a list sorted by id, and the ones
//! that go are near its front: a sorted double-ended list is as quick as a hash map here and takes half the memory.

use std::collections::VecDeque;

use super::{Image, Layer};

/// Layers stored, each with the number of images that need it.
#[derive(Clone, Debug, Default)]
pub(super) struct Layers {
    /// (layer id, images that need it), ascending in id.
    needed_by: VecDeque<(u32, u32)>,
    bytes: u64,
}

impl Layers {
    /// Whether this layer is stored.
    pub(super) fn has(&self, layer: u32) -> bool {
        self.find(layer).is_ok()
    }

    /// Layers of this image that are not stored.
    pub(super) fn missing<'a>(&'a self, image: &'a Image) -> impl Iterator<Item = Layer> + 'a {
        image.layers.iter().copied().filter(|layer| !self.has(layer.id))
    }

    /// Stores an image's layers; the answer is the bytes that were not there.
    pub(super) fn keep(&mut self, image: &Image) -> u64 {
        let mut added = 0;
        for layer in &image.layers {
            match self.find(layer.id) {
                Ok(at) => self.needed_by[at].1 += 1,
                Err(at) => {
                    self.needed_by.insert(at, (layer.id, 1));
                    added += layer.bytes;
                }
            }
        }
        self.bytes += added;
        added
    }

    /// Lets an image's layers go; the answer is the bytes that no other image needs.
    pub(super) fn release(&mut self, image: &Image) -> u64 {
        let mut freed = 0;
        for layer in &image.layers {
            let Ok(at) = self.find(layer.id) else { continue };
            self.needed_by[at].1 -= 1;
            if self.needed_by[at].1 == 0 {
                self.needed_by.remove(at);
                freed += layer.bytes;
            }
        }
        self.bytes -= freed;
        freed
    }

    /// Bytes stored.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Where a layer stands, or would.
    fn find(&self, layer: u32) -> Result<usize, usize> {
        match self.needed_by.back() {
            Some(&(last, _)) if last >= layer => self.needed_by.binary_search_by_key(&layer, |entry| entry.0),
            _ => Err(self.needed_by.len()),
        }
    }
}
