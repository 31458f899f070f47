//! The layers of a repository: each stored once, for as long as some image needs it (A73).
//!
//! A layer that a standard image needs is standard; one that only archived images need is in the archive. So a layer
//! changes its class without moving when the first standard image needs it, or the last one does no longer.

use super::{Holders, Image, Layer, StorageClass};

/// Layers stored, each with the number of images that need it.
#[derive(Clone, Debug, Default)]
pub(super) struct Layers {
    standard: Holders,
    archive: Holders,
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

    /// Stores an image's own layers in a class; the answer is the bytes that were in neither.
    pub(super) fn keep(&mut self, image: &Image, class: StorageClass) -> u64 {
        let Layers { standard, archive, standard_bytes, archive_bytes, changes } = self;
        let mut added = 0;
        match class {
            StorageClass::Standard => standard.add(&image.layers, |layers| {
                for &layer in layers {
                    if archive.has(layer.id) {
                        *archive_bytes -= layer.bytes;
                    } else {
                        added += layer.bytes;
                    }
                    *standard_bytes += layer.bytes;
                    note(changes, layer, true);
                }
            }),
            StorageClass::Archive => archive.add(&image.layers, |layers| {
                for layer in standard.lacked(layers) {
                    *archive_bytes += layer.bytes;
                    added += layer.bytes;
                }
            }),
        }
        added
    }

    /// Lets an image's own layers go from a class; the answer is the bytes that are in neither now.
    pub(super) fn release(&mut self, image: &Image, class: StorageClass) -> u64 {
        let Layers { standard, archive, standard_bytes, archive_bytes, changes } = self;
        let mut freed = 0;
        match class {
            StorageClass::Standard => standard.remove(&image.layers, |layers| {
                for &layer in layers {
                    if archive.has(layer.id) {
                        *archive_bytes += layer.bytes;
                    } else {
                        freed += layer.bytes;
                    }
                    *standard_bytes -= layer.bytes;
                    note(changes, layer, false);
                }
            }),
            StorageClass::Archive => archive.remove(&image.layers, |layers| {
                for layer in standard.lacked(layers) {
                    *archive_bytes -= layer.bytes;
                    freed += layer.bytes;
                }
            }),
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
}

fn note(changes: &mut Option<Vec<(Layer, bool)>>, layer: Layer, came: bool) {
    if let Some(changes) = changes {
        changes.push((layer, came));
    }
}
