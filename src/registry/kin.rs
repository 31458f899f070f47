//! What the images of a repository are to each other: an index needs its children (A23), a signature or an SBOM is
//! about a subject (A24).
//!
//! Only few repositories hold either, so all of it is beside the images; where there is none, nothing is kept.

use std::collections::BTreeMap;

use super::Image;
use super::hash::Map;

/// Who needs whom, and what is about what.
#[derive(Clone, Debug, Default)]
pub(super) struct Kin {
    /// Child → the indexes here that list it, in order of arrival.
    indexes: Map<u32, Vec<u32>>,
    /// Subject, here or not → what is here about it.
    referrers: BTreeMap<u32, Referrers>,
}

/// What is about one subject.
#[derive(Clone, Debug)]
pub(super) struct Referrers {
    /// In order of arrival.
    pub(super) images: Vec<u32>,
    /// The subject was here together with them. One that is still to come is not gone: no order is promised (A24).
    pub(super) met: bool,
}

impl Kin {
    /// An image comes; `is_here` says whether another one is.
    pub(super) fn enters(&mut self, image: &Image, is_here: impl Fn(u32) -> bool) {
        for child in &image.children {
            self.indexes.entry(child.id).or_default().push(image.id);
        }
        if let Some(referrers) = self.referrers.get_mut(&image.id) {
            referrers.met = true;
        }
        if let Some(subject) = image.subject {
            let fresh = || Referrers { images: Vec::new(), met: is_here(subject) };
            self.referrers.entry(subject).or_insert_with(fresh).images.push(image.id);
        }
    }

    /// An image goes.
    pub(super) fn leaves(&mut self, image: &Image) {
        for child in &image.children {
            if let Some(indexes) = self.indexes.get_mut(&child.id) {
                indexes.retain(|&index| index != image.id);
                if indexes.is_empty() {
                    self.indexes.remove(&child.id);
                }
            }
        }
        if let Some(subject) = image.subject
            && let Some(referrers) = self.referrers.get_mut(&subject)
        {
            referrers.images.retain(|&referrer| referrer != image.id);
            if referrers.images.is_empty() {
                self.referrers.remove(&subject);
            }
        }
    }

    /// The indexes here that list an image.
    pub(super) fn indexes_of(&self, image: u32) -> &[u32] {
        self.indexes.get(&image).map_or(&[], Vec::as_slice)
    }

    /// Whether some index is here.
    pub(super) fn has_indexes(&self) -> bool {
        !self.indexes.is_empty()
    }

    /// Whether something is here that is about an image.
    pub(super) fn has_referrers(&self) -> bool {
        !self.referrers.is_empty()
    }

    /// Subjects, ascending, and what is about them.
    pub(super) fn referrers(&self) -> impl Iterator<Item = (u32, &Referrers)> {
        self.referrers.iter().map(|(&subject, referrers)| (subject, referrers))
    }
}
