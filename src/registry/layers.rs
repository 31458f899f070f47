//! The layers of a repository: each stored once, for as long as some image needs it (A73).
//!
//! Counting references is apart from the repository so that repositories of a registry with blob mounting can share one
//! store (A74, A75).

use super::hash::Map;
use super::{Image, Layer};

/// Layers stored, each with the number of images that need it.
#[derive(Clone, Debug, Default)]
pub(super) struct Layers {
    needed_by: Map<u32, u32>,
    bytes: u64,
}

impl Layers {
    /// Whether this layer is stored.
    pub(super) fn has(&self, layer: u32) -> bool {
        self.needed_by.contains_key(&layer)
    }

    /// Layers of this image that are not stored.
    pub(super) fn missing<'a>(&'a self, image: &'a Image) -> impl Iterator<Item = Layer> + 'a {
        image.layers.iter().copied().filter(|layer| !self.has(layer.id))
    }

    /// Stores an image's layers; the answer is the bytes that were not there [bytes].
    pub(super) fn keep(&mut self, image: &Image) -> u64 {
        let mut added = 0;
        for layer in &image.layers {
            let needed_by = self.needed_by.entry(layer.id).or_insert(0);
            if *needed_by == 0 {
                added += layer.bytes;
            }
            *needed_by += 1;
        }
        self.bytes += added;
        added
    }

    /// Lets an image's layers go; the answer is the bytes that no other image needs [bytes].
    pub(super) fn release(&mut self, image: &Image) -> u64 {
        let mut freed = 0;
        for layer in &image.layers {
            let Some(needed_by) = self.needed_by.get_mut(&layer.id) else { continue };
            *needed_by -= 1;
            if *needed_by == 0 {
                self.needed_by.remove(&layer.id);
                freed += layer.bytes;
            }
        }
        self.bytes -= freed;
        freed
    }

    /// Bytes stored [bytes].
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }
}
