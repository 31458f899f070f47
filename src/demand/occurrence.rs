//! What [`Source`](super::Source) yields: pushes, nodes that come and go, and pull requests.
//!
//! An occurrence names things by id and holds the image itself, so that nobody has to look it up. It says nothing of
//! how a request is served.

use std::sync::Arc;

use super::{ClusterId, RepositoryId};
use crate::registry::Image;
use crate::units::Time;

/// One tag set on one image. A release with moving tags is several of these at one moment, its version tag first.
#[derive(Clone, Debug, PartialEq)]
pub struct Push {
    /// When the push is complete.
    pub at: Time,
    /// Where.
    pub repository: RepositoryId,
    /// The image.
    pub image: Arc<Image>,
    /// Its tag; `None` = by digest alone: an index's child, or an attachment.
    pub tag: Option<Arc<str>>,
    /// Whether the version is a release (by `release_every`, or promoted).
    pub release: bool,
    /// False: a further tag on an image that this repository was given before.
    pub new_image: bool,
    /// Whether a promotion put it here; false for the further tags of that promotion.
    pub promoted: bool,
}

/// A client does something to the image that holds a tag at home.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// When.
    pub at: Time,
    /// Where.
    pub repository: RepositoryId,
    /// The tag.
    pub tag: Arc<str>,
    /// What.
    pub kind: EditKind,
}

/// What a client does to an image (A40 to A49, C6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EditKind {
    /// Takes the tag away; with its last tag the image goes too (A43).
    Untag = 1,
    /// Deletes the image and all its tags (A44).
    Delete = 2,
    /// Moves it to the archive class.
    Archive = 3,
    /// Brings it back; it counts as pushed then (A17, B19).
    Restore = 4,
}

/// One pull that a node asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// When the node asks first.
    pub at: Time,
    /// Who asks.
    pub cluster: ClusterId,
    /// Number of the node within the cluster.
    pub node: u32,
    /// What it asks for.
    pub repository: RepositoryId,
    /// The image that the tag stands for at home now.
    pub image: Arc<Image>,
    /// By which tag.
    pub tag: Arc<str>,
    /// Asked for by a tag that moves: a registry may resolve it to an older image.
    pub moving: bool,
    /// Part of a deploy.
    pub deploy: bool,
    /// Asked for by a node that came up because of this strike of a fault: its index among the trial's strikes.
    pub failover: Option<u32>,
}

/// A request that does not hold on to its image: most are served at once, and never need to be kept.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// As in [`Request`], and so are the others.
    pub at: Time,
    /// Who asks.
    pub cluster: ClusterId,
    /// Number of the node.
    pub node: u32,
    /// What it asks for.
    pub repository: RepositoryId,
    /// The image.
    pub image: &'a Arc<Image>,
    /// By which tag.
    pub tag: &'a Arc<str>,
    /// Whether that tag moves.
    pub moving: bool,
    /// Part of a deploy.
    pub deploy: bool,
    /// The strike of a fault that brought the node up.
    pub failover: Option<u32>,
    /// Of image and tag.
    pub digest: Digest,
    /// Where the repository stands in the list of what the node runs, if that is known.
    pub listed: Option<u32>,
}

/// An image and a tag in numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest {
    /// Id of the image.
    pub image: u32,
    /// Id of what a node pulls of it: of an index, one child.
    pub pulled: u32,
    tag: u64,
}

impl Digest {
    /// Of an image by a tag.
    pub fn new(image: &Image, tag: &str) -> Digest {
        let mut hash = 0;
        fold_text(&mut hash, tag);
        Digest { image: image.id, pulled: image.pulled().id, tag: hash }
    }
}

impl Request {
    /// The same, on loan.
    pub fn asked(&self) -> Asked<'_> {
        let Request { at, cluster, node, repository, image, tag, moving, deploy, failover } = self;
        let (at, cluster, node, repository, moving, deploy) = (*at, *cluster, *node, *repository, *moving, *deploy);
        let digest = Digest::new(image, tag);
        Asked { at, cluster, node, repository, image, tag, moving, deploy, failover: *failover, digest, listed: None }
    }
}

impl Asked<'_> {
    /// The same, to keep.
    pub fn to_request(&self) -> Request {
        let Asked { at, cluster, node, repository, image, tag, moving, deploy, failover, .. } = *self;
        let (image, tag) = (image.clone(), tag.clone());
        Request { at, cluster, node, repository, image, tag, moving, deploy, failover }
    }

    /// Who asks for what, as a number.
    pub fn key(&self) -> u64 {
        let mut hash = 0;
        self.fold(&mut hash);
        hash
    }

    fn fold(&self, hash: &mut u64) {
        fold(hash, 4 << 56 | u64::from(self.cluster.0) << 32 | u64::from(self.node));
        fold(hash, u64::from(self.repository.0));
        fold(hash, self.digest.tag);
        if let Some(strike) = self.failover {
            fold(hash, 6 << 56 | u64::from(strike));
        }
    }
}

/// An image that a node holds when the run starts.
#[derive(Clone, Debug, PartialEq)]
pub struct Warm {
    /// Whose node.
    pub cluster: ClusterId,
    /// Number of the node.
    pub node: u32,
    /// Of which repository.
    pub repository: RepositoryId,
    /// What it holds.
    pub image: Arc<Image>,
}

/// Something that happens whatever the strategy.
#[derive(Clone, Debug, PartialEq)]
pub enum Occurrence {
    /// A client pushes.
    Push(Push),
    /// A client changes an image that is there.
    Edit(Edit),
    /// An empty node comes up under this number: a new one, or one that replaces the node of that number.
    NodeUp {
        /// When.
        at: Time,
        /// Where.
        cluster: ClusterId,
        /// Its number. Numbers of nodes that went are used again, the smallest first.
        node: u32,
    },
    /// The node of this number is gone.
    NodeDown {
        /// When.
        at: Time,
        /// Where.
        cluster: ClusterId,
        /// Its number.
        node: u32,
    },
    /// A node asks for an image.
    Pull(Request),
}

impl Occurrence {
    /// When it happens.
    pub fn at(&self) -> Time {
        match self {
            Occurrence::Push(push) => push.at,
            Occurrence::Edit(edit) => edit.at,
            Occurrence::NodeUp { at, .. } | Occurrence::NodeDown { at, .. } => *at,
            Occurrence::Pull(request) => request.at,
        }
    }
}

/// What was asked for so far (time, kind, node, reference), as a number: two strategies of a trial saw the same demand when
/// their numbers agree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fingerprint {
    /// Of what has an order.
    hash: u64,
    /// Of pulls at a rate, which may be looked at in any order: each has its moment in it.
    sum: u64,
}

impl Fingerprint {
    /// Something happens.
    pub fn note(&mut self, occurrence: &Occurrence) {
        occurrence.fold(&mut self.hash);
    }

    /// A node pulls at a rate: [`Asked::key`], and when.
    #[inline]
    pub fn note_pull(&mut self, key: u64, at: Time) {
        let mixed = (key ^ (at.0 as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        self.sum = self.sum.wrapping_add(mixed ^ (mixed >> 29));
    }

    /// The number.
    pub fn value(&self) -> u64 {
        let mut hash = self.hash;
        fold(&mut hash, self.sum);
        hash
    }
}

impl Occurrence {
    fn fold(&self, hash: &mut u64) {
        fold(hash, self.at().0 as u64);
        match self {
            Occurrence::Push(push) => {
                fold(hash, 1 << 56 | u64::from(push.repository.0));
                fold_text(hash, push.tag.as_deref().unwrap_or_default());
            }
            Occurrence::Edit(edit) => {
                fold(hash, 5 << 56 | (edit.kind as u64) << 48 | u64::from(edit.repository.0));
                fold_text(hash, &edit.tag);
            }
            Occurrence::NodeUp { cluster, node, .. } => {
                fold(hash, 2 << 56 | u64::from(cluster.0) << 32 | u64::from(*node))
            }
            Occurrence::NodeDown { cluster, node, .. } => {
                fold(hash, 3 << 56 | u64::from(cluster.0) << 32 | u64::from(*node));
            }
            Occurrence::Pull(request) => request.asked().fold(hash),
        }
    }
}

/// One multiply-and-xorshift step; order matters.
fn fold(hash: &mut u64, word: u64) {
    let mixed = (*hash ^ word).wrapping_add(0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    *hash = mixed ^ (mixed >> 29);
}

fn fold_text(hash: &mut u64, text: &str) {
    for chunk in text.as_bytes().chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        fold(hash, u64::from_le_bytes(word));
    }
    fold(hash, text.len() as u64);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn up(at: i64, node: u32) -> Occurrence {
        Occurrence::NodeUp { at: Time(at), cluster: ClusterId(0), node }
    }

    fn hash(occurrences: &[Occurrence]) -> u64 {
        let mut hash = Fingerprint::default();
        occurrences.iter().for_each(|occurrence| hash.note(occurrence));
        hash.value()
    }

    #[test]
    fn the_fingerprint_sees_time_kind_node_and_order() {
        let down = Occurrence::NodeDown { at: Time(1), cluster: ClusterId(0), node: 0 };
        let all = [
            hash(&[up(1, 0), up(2, 1)]),
            hash(&[up(2, 1), up(1, 0)]),
            hash(&[up(1, 0), up(3, 1)]),
            hash(&[up(1, 0), up(2, 2)]),
            hash(&[down, up(2, 1)]),
        ];
        for (i, left) in all.iter().enumerate() {
            assert!(all[i + 1..].iter().all(|right| left != right));
        }
        assert_eq!(hash(&[up(1, 0), up(2, 1)]), all[0]);
    }

    #[test]
    fn the_fingerprint_sees_the_reference() {
        let image = Arc::new(Image::new(0, Vec::new(), 1.0));
        let by = |repository, tag: &str, failover| {
            Occurrence::Pull(Request {
                at: Time(5),
                cluster: ClusterId(1),
                node: 2,
                repository: RepositoryId(repository),
                image: image.clone(),
                tag: tag.into(),
                moving: false,
                deploy: false,
                failover,
            })
        };
        let pull = |repository, tag| by(repository, tag, None);
        assert_ne!(hash(&[pull(0, "v1")]), hash(&[pull(1, "v1")]));
        assert_ne!(hash(&[pull(0, "v1")]), hash(&[pull(0, "v10")]));
        assert_ne!(hash(&[pull(0, "version-1")]), hash(&[pull(0, "version-2")]));
        assert_ne!(hash(&[pull(0, "v1")]), hash(&[by(0, "v1", Some(0))]));
    }
}
