//! What a version is besides one plain image: an index of several platforms, and what is pushed along with it.
//!
//! Each platform has a lineage of its own, drawn by the repository's one law. The first platform's draws are those of a
//! repository of one platform, and it is the one that nodes pull: more platforms mean more bytes to store and to copy,
//! and the same bytes to pull. Attachments (signatures, SBOMs) are images of one layer that name the version as their
//! subject; they belong to the push of a version, and a promotion leaves them behind, as copying an image by its tag
//! does.

use std::sync::Arc;

use super::image::{Bases, Ids, Lineage, MOST_BYTES};
use super::{Demand, ListedPush, Repository};
use crate::registry::Image;
use crate::sim::{EntityKey, Purpose, Stream};
use crate::units::Time;

/// The versions of one repository, one after the other.
pub(super) struct Versions {
    /// By platform; at least one.
    lineages: Vec<Lineage>,
    compression: f64,
}

impl Versions {
    /// Draws a repository's shape. `existing` usual versions come before those of the list.
    pub(super) fn new(
        config: &Repository,
        demand: &Demand,
        (seed, trial): (u64, u64),
        existing: usize,
        listed: &[&ListedPush],
    ) -> Versions {
        let lineage = |platform: u32| {
            let mut stream = Stream::new(seed, trial, platform_key(config.key, platform), Purpose::ImageShape);
            Lineage::new(&config.image, &demand.bases, &mut stream, existing, listed).of_platform(platform)
        };
        Versions {
            lineages: (0..config.image.platforms.max(1)).map(lineage).collect(),
            compression: config.image.compression,
        }
    }

    /// The next version: an image, or an index of one per platform.
    pub(super) fn next(&mut self, at: Time, bases: &mut Bases<'_>, ids: &mut Ids) -> Arc<Image> {
        if let [only] = self.lineages.as_mut_slice() {
            return only.next(at, bases, ids);
        }
        let children = self.lineages.iter_mut().map(|lineage| lineage.next(at, bases, ids)).collect();
        ids.index(children, self.compression)
    }
}

/// The first platform draws as a repository of one platform does.
fn platform_key(repository: EntityKey, platform: u32) -> EntityKey {
    if platform == 0 { repository } else { repository.child(u64::from(platform)) }
}

/// What is pushed right after a version and refers to it.
pub(super) fn attachments(
    config: &Repository,
    subject: &Image,
    number: u32,
    (seed, trial): (u64, u64),
    ids: &mut Ids,
) -> Vec<Arc<Image>> {
    let Some(attachments) = &config.image.attachments else { return Vec::new() };
    let key = config.key.child(u64::MAX).child(u64::from(number));
    let mut stream = Stream::new(seed, trial, key, Purpose::ImageShape);
    let mut attachment = |_| {
        let bytes = (libm::round(attachments.size.sample(&mut stream)) as u64).min(MOST_BYTES);
        ids.attachment(bytes, subject.id)
    };
    (0..attachments.count).map(&mut attachment).collect()
}
