//! The layers of a repository: each stored once, for as long as some image needs it (A73).
//!
//! A layer that a standard image needs is standard; one that only archived images need is in the archive. So a layer
//! changes its class without moving when the first standard image needs it, or the last one does no longer.
//!
//! Ids are given in order of creation, so the layers that come are near the end of a list sorted by id, and the ones
//! that go are near its front: a sorted double-ended list is as quick as a hash map here and takes half the memory.

use std::collections::VecDeque;

use super::{Image, Layer, StorageClass};

/// Layers stored, each with the number of images that need it.
#[derive(Clone, Debug, Default)]
pub(super) struct Layers {
    standard: Needs,
    archive: Needs,
    standard_bytes: u64,
    archive_bytes: u64,
    /// Standard layers that came and went since somebody last asked, where somebody asks.
    changes: Option<Vec<(Layer, bool)>>,
}

impl Layers {
    /// Whether this layer is stored, in either class.
    pub(super) fn has(&self, layer: u32) -> bool {
        self.standard.has(layer) || self.archive.has(layer)
    }

    /// Layers of this image and of its children that are not stored, each once.
    pub(super) fn missing<'a>(&'a self, image: &'a Image) -> impl Iterator<Item = Layer> + 'a {
        let parts = move || std::iter::once(image).chain(image.children.iter().map(AsRef::as_ref));
        let is_earlier = move |part: usize, layer: u32| {
            parts().take(part).any(|earlier| earlier.layers.iter().any(|other| other.id == layer))
        };
        parts().enumerate().flat_map(move |(part, from)| {
            let missing = move |layer: &Layer| !self.has(layer.id) && !is_earlier(part, layer.id);
            from.layers.iter().copied().filter(missing)
        })
    }

    /// Stores an image's own layers in a class; the answer is the bytes that were in neither.
    pub(super) fn keep(&mut self, image: &Image, class: StorageClass) -> u64 {
        let mut added = 0;
        for &layer in &image.layers {
            match class {
                StorageClass::Standard if self.standard.add(layer.id) => {
                    if self.archive.has(layer.id) {
                        self.archive_bytes -= layer.bytes;
                    } else {
                        added += layer.bytes;
                    }
                    self.standard_bytes += layer.bytes;
                    self.note(layer, true);
                }
                StorageClass::Archive if self.archive.add(layer.id) && !self.standard.has(layer.id) => {
                    self.archive_bytes += layer.bytes;
                    added += layer.bytes;
                }
                _ => {}
            }
        }
        added
    }

    /// Lets an image's own layers go from a class; the answer is the bytes that are in neither now.
    pub(super) fn release(&mut self, image: &Image, class: StorageClass) -> u64 {
        let mut freed = 0;
        for &layer in &image.layers {
            match class {
                StorageClass::Standard if self.standard.subtract(layer.id) => {
                    if self.archive.has(layer.id) {
                        self.archive_bytes += layer.bytes;
                    } else {
                        freed += layer.bytes;
                    }
                    self.standard_bytes -= layer.bytes;
                    self.note(layer, false);
                }
                StorageClass::Archive if self.archive.subtract(layer.id) && !self.standard.has(layer.id) => {
                    self.archive_bytes -= layer.bytes;
                    freed += layer.bytes;
                }
                _ => {}
            }
        }
        freed
    }

    /// Bytes stored in a class.
    pub(super) fn bytes(&self, class: StorageClass) -> u64 {
        match class {
            StorageClass::Standard => self.standard_bytes,
            StorageClass::Archive => self.archive_bytes,
        }
    }

    /// Remembers from now on which standard layers come and go.
    pub(super) fn watch(&mut self) {
        self.changes.get_or_insert_default();
    }

    /// What came (`true`) and went since the last call, in order.
    pub(super) fn take_changes(&mut self) -> Vec<(Layer, bool)> {
        self.changes.as_mut().map(std::mem::take).unwrap_or_default()
    }

    fn note(&mut self, layer: Layer, came: bool) {
        if let Some(changes) = &mut self.changes {
            changes.push((layer, came));
        }
    }
}

/// How many images need each layer: (layer id, images), ascending in id.
#[derive(Clone, Debug, Default)]
struct Needs(VecDeque<(u32, u32)>);

impl Needs {
    fn has(&self, layer: u32) -> bool {
        self.find(layer).is_ok()
    }

    /// One more image needs the layer; whether it is the first.
    fn add(&mut self, layer: u32) -> bool {
        match self.find(layer) {
            Ok(at) => {
                self.0[at].1 += 1;
                false
            }
            Err(at) => {
                self.0.insert(at, (layer, 1));
                true
            }
        }
    }

    /// One image less needs the layer; whether it was the last.
    fn subtract(&mut self, layer: u32) -> bool {
        let Ok(at) = self.find(layer) else { return false };
        self.0[at].1 -= 1;
        let was_last = self.0[at].1 == 0;
        if was_last {
            self.0.remove(at);
        }
        was_last
    }

    /// Where a layer stands, or would.
    fn find(&self, layer: u32) -> Result<usize, usize> {
        match self.0.back() {
            Some(&(last, _)) if last >= layer => self.0.binary_search_by_key(&layer, |entry| entry.0),
            _ => Err(self.0.len()),
        }
    }
}
