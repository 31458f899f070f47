//! Which versions of a repository somebody may still ask for.
//!
//! Only what a trigger can ask for is kept: as many of the newest versions as some cluster chooses from, the newest
//! release where a standby waits for a fault, and the holders of tags that a list names. Where a list takes tags and
//! images away again, all versions are kept with all their tags, so that what is newest then is the newest that still
//! has a tag. (That a registry expires images is a strategy's matter, and not known here.)

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use super::occurrence::Digest;
use super::publisher::Published;
use super::{EditKind, VersionChoice};
use crate::registry::Image;

/// A version as a trigger asks for it.
#[derive(Clone, Debug)]
pub(super) struct Version {
    /// From 1 in its repository.
    pub(super) number: u32,
    pub(super) image: Arc<Image>,
    /// The tag to ask by.
    pub(super) tag: Arc<str>,
    /// Whether that tag moves.
    pub(super) moving: bool,
    /// What the many pulls of it need to know of image and tag, so that they need not look there.
    pub(super) digest: Digest,
}

impl Version {
    pub(super) fn new(number: u32, image: Arc<Image>, tag: Arc<str>, moving: bool) -> Version {
        let digest = Digest::new(&image, &tag);
        Version { number, image, tag, moving, digest }
    }
}

/// What may be asked for.
pub(super) struct Books<'a> {
    recent: Newest,
    releases: Newest,
    /// What holds the tags that a list of pushes or pulls names.
    wanted: HashMap<&'a str, Option<Version>>,
    /// Kept where a list takes tags away.
    tags: Option<TagBook>,
}

/// The newest of something, oldest first; at most `depth`.
struct Newest {
    versions: VecDeque<Version>,
    depth: usize,
}

/// Who holds each tag.
#[derive(Default)]
struct TagBook {
    holders: HashMap<Arc<str>, Version>,
    /// (image, tag).
    of_image: BTreeSet<(u32, Arc<str>)>,
}

impl<'a> Books<'a> {
    /// `wanted` are the tags that the repository's own list names; `edited` says whether it takes tags away.
    pub(super) fn new(wanted: impl Iterator<Item = &'a str>, edited: bool) -> Books<'a> {
        Books {
            recent: Newest { versions: VecDeque::new(), depth: if edited { usize::MAX } else { 1 } },
            releases: Newest { versions: VecDeque::new(), depth: 0 },
            wanted: wanted.map(|tag| (tag, None)).collect(),
            tags: edited.then(TagBook::default),
        }
    }

    /// Notes what a cluster that runs the repository, or lists pulls of it, may ask for.
    pub(super) fn serve(&mut self, version: VersionChoice) {
        if let VersionChoice::NewestOf(depth) = version {
            self.recent.depth = self.recent.depth.max(depth as usize);
        }
    }

    /// Notes that a pull names this tag.
    pub(super) fn serve_tag(&mut self, tag: &'a str) {
        self.wanted.entry(tag).or_default();
    }

    /// Notes that a cluster deploys the newest release when a fault strikes.
    pub(super) fn serve_releases(&mut self) {
        self.releases.depth = if self.tags.is_some() { usize::MAX } else { 1 };
    }

    /// Remembers a push for those who may ask for it.
    pub(super) fn record(&mut self, published: &Published) {
        let versions = || (0..published.tags.len()).map(|tag| published.asked_by(tag));
        if !self.wanted.is_empty() {
            for version in versions() {
                if let Some(holder) = self.wanted.get_mut(&*version.tag) {
                    *holder = Some(version);
                }
            }
        }
        if let Some(tags) = &mut self.tags {
            let bereft: Vec<Version> = versions().filter_map(|version| tags.put(version)).collect();
            bereft.iter().for_each(|version| self.tag_lost(version));
        }
        if published.version {
            self.recent.push(published);
        }
        if published.release {
            self.releases.push(published);
        }
    }

    /// A client does something to the image that holds a tag.
    pub(super) fn edit(&mut self, tag: &str, kind: EditKind) {
        let Some(tags) = &mut self.tags else { return };
        match kind {
            EditKind::Archive | EditKind::Restore => {}
            EditKind::Untag => {
                let Some(version) = tags.take(tag) else { return };
                if let Some(holder) = self.wanted.get_mut(tag) {
                    *holder = None;
                }
                self.tag_lost(&version);
            }
            EditKind::Delete => {
                let Some(version) = tags.take(tag) else { return };
                tags.take_image(version.image.id);
                let gone = |holder: &&mut Option<Version>| {
                    holder.as_ref().is_some_and(|holder| holder.image.id == version.image.id)
                };
                self.wanted.values_mut().filter(gone).for_each(|holder| *holder = None);
                self.tag_lost(&version);
            }
        }
    }

    /// A version is asked for by another of its tags, or not any more.
    fn tag_lost(&mut self, lost: &Version) {
        let Some(tags) = &self.tags else { return };
        let other = tags.first_of(lost.image.id);
        for list in [&mut self.recent, &mut self.releases] {
            list.versions.retain_mut(|version| {
                if version.image.id != lost.image.id || version.tag != lost.tag && other.is_some() {
                    return true;
                }
                if let Some(other) = other {
                    (version.tag, version.moving, version.digest) = (other.tag.clone(), other.moving, other.digest);
                }
                other.is_some()
            });
        }
    }

    /// The `back`-th newest version, 0 being the newest.
    pub(super) fn recent(&self, back: usize) -> Option<&Version> {
        self.recent.versions.iter().nth_back(back)
    }

    /// How many of the newest `n` versions there are.
    pub(super) fn available(&self, n: u32) -> usize {
        self.recent.versions.len().min(n as usize)
    }

    /// The newest release, if a cluster was noted that waits for it.
    pub(super) fn newest_release(&self) -> Option<&Version> {
        self.releases.versions.back()
    }

    /// What holds a tag that a list names.
    pub(super) fn holder(&self, tag: &str) -> Option<&Version> {
        self.wanted.get(tag)?.as_ref()
    }
}

impl Newest {
    fn push(&mut self, published: &Published) {
        if published.tags.is_empty() || self.depth == 0 {
            return;
        }
        if self.versions.len() == self.depth {
            self.versions.pop_front();
        }
        self.versions.push_back(published.asked_by(0));
    }
}

impl TagBook {
    /// Puts a tag on an image; the answer is the version that held it, if another image did.
    fn put(&mut self, version: Version) -> Option<Version> {
        let (tag, image) = (version.tag.clone(), version.image.id);
        let before = self.holders.insert(tag.clone(), version).filter(|before| before.image.id != image);
        if let Some(before) = &before {
            self.of_image.remove(&(before.image.id, tag.clone()));
        }
        self.of_image.insert((image, tag));
        before
    }

    /// Takes a tag away.
    fn take(&mut self, tag: &str) -> Option<Version> {
        let version = self.holders.remove(tag)?;
        self.of_image.remove(&(version.image.id, version.tag.clone()));
        Some(version)
    }

    /// Takes all tags of an image away.
    fn take_image(&mut self, image: u32) {
        while let Some(tag) = self.first_of(image).map(|version| version.tag.clone()) {
            self.take(&tag);
        }
    }

    /// The first tag of an image, in the order of the alphabet.
    fn first_of(&self, image: u32) -> Option<&Version> {
        let (holder, tag) = self.of_image.range((image, "".into())..).next()?;
        if *holder == image { self.holders.get(tag) } else { None }
    }
}
