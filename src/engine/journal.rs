//! What happens to images in registries during a trial, told as it happens to whoever listens.
//!
//! Entries are plain facts in the order in which they come to pass: nothing in them has to be looked up in the engine,
//! and nobody can change a trial by listening. A trial without a listener builds none of them.

use std::sync::Arc;

use crate::cloud::RegistryId;
use crate::demand::{ClusterId, EditKind, Push, RepositoryId};
use crate::registry::{CreatedBy, Image, LifecycleAction};
use crate::units::{Span, Time};

use super::outcome::Cause;

/// One thing that happened.
#[derive(Clone, Debug)]
pub enum Entry {
    /// A client's push became whole at home; before the run begins, an image that is there when it does.
    Pushed(Reference),
    /// A client's push was refused, or kept out by an outage until the end.
    PushRefused {
        /// What it would have put there.
        what: Reference,
        /// Why.
        cause: Cause,
    },
    /// An image that a strategy takes as copied before the run began; its tag is dropped where it may not move (A26).
    Placed(Reference),
    /// The service made a repository (A38, A82).
    Created {
        /// Where.
        registry: RegistryId,
        /// Which.
        repository: RepositoryId,
        /// Why.
        by: CreatedBy,
        /// Its name there, where a rule gives it another one.
        name: Option<Arc<str>>,
    },
    /// A strategy ordered a copy.
    CopyOrdered(Arc<Copying>),
    /// A copy found its image at the source, and these bytes of layers are its own to move (A76); again after a cut.
    CopyBegun {
        /// Which.
        copy: Arc<Copying>,
        /// Bytes of layers that neither are there nor come with another copy.
        bytes: u64,
    },
    /// A copy's own bytes have moved, or moved until an outage cut them.
    CopyMoved {
        /// Which.
        copy: Arc<Copying>,
        /// Bytes as they are metered: those of failed attempts too where these move bytes again.
        bytes: u64,
        /// It was cut, and begins again.
        cut: bool,
    },
    /// An image is whole at its destination.
    CopyArrived {
        /// Which.
        copy: Arc<Copying>,
        /// It holds its tag now; `false` = it has none, or the tag was dropped (A26).
        tag_set: bool,
        /// It was not there before.
        new_image: bool,
    },
    /// A copy failed for good.
    CopyFailed {
        /// Which.
        copy: Arc<Copying>,
        /// Why.
        cause: Cause,
    },
    /// A tag was taken off an image that stays.
    TagRemoved {
        /// Which; its tag is the one taken.
        what: Reference,
        /// By whom.
        by: Remover,
    },
    /// An image went with all its tags.
    ImageDeleted {
        /// Where.
        registry: RegistryId,
        /// Of which repository.
        repository: RepositoryId,
        /// What.
        image: Arc<Image>,
        /// Tags that it had.
        tags: Vec<Arc<str>>,
        /// By whom.
        by: Remover,
    },
    /// A client moved an image to the archive.
    Archived(Reference),
    /// A client asked for an archived image back.
    RestoreBegun(Reference),
    /// An image is back from the archive.
    Restored {
        /// Where.
        registry: RegistryId,
        /// Of which repository.
        repository: RepositoryId,
        /// What.
        image: Arc<Image>,
    },
    /// A client's edit was refused, or kept out by an outage until the end.
    EditRefused {
        /// Where.
        registry: RegistryId,
        /// Of which repository.
        repository: RepositoryId,
        /// The tag that it named.
        tag: Arc<str>,
        /// What it wanted.
        kind: EditKind,
        /// Why.
        cause: Cause,
    },
    /// The daily run of a repository's lifecycle policy, also when it acted on nothing.
    Upkeep {
        /// Where.
        registry: RegistryId,
        /// Of which repository.
        repository: RepositoryId,
        /// What it did, in order.
        acts: Vec<Act>,
    },
    /// A clean-up job took an image out of a cache, and with it the untagged children that no other index needs.
    Evicted {
        /// Where.
        registry: RegistryId,
        /// Of which repository.
        repository: RepositoryId,
        /// What.
        image: Arc<Image>,
    },
    /// A node asked for an image.
    PullAsked(Arc<Pulling>),
    /// A pull's image is there for it: the registry counts a pull.
    PullFound {
        /// Which.
        pull: Arc<Pulling>,
        /// Where.
        registry: RegistryId,
        /// What its reference means there.
        image: Arc<Image>,
        /// Its node has every layer of it already.
        warm: bool,
    },
    /// A pull's layers move, or moved until an outage cut them: told when it is known when they are through.
    PullMoved {
        /// Which.
        pull: Arc<Pulling>,
        /// From where.
        registry: RegistryId,
        /// Bytes as they are metered.
        bytes: u64,
        /// When they began to move, and when the last of them did.
        times: (Time, Time),
    },
    /// A pull is over: its image is downloaded at this moment or later, and then unpacked.
    PullServed {
        /// Which.
        pull: Arc<Pulling>,
        /// From where.
        registry: RegistryId,
        /// Where its time went.
        times: PullParts,
    },
    /// A pull gave up.
    PullFailed {
        /// Which.
        pull: Arc<Pulling>,
        /// Why.
        cause: Cause,
    },
    /// A strike of a fault begins, or ends.
    Fault {
        /// Its index among the trial's strikes.
        strike: usize,
        /// Index of the fault in the model.
        fault: usize,
        /// It begins.
        begins: bool,
    },
}

/// An image in a repository of a registry, under a tag or by digest alone.
#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    /// Where.
    pub registry: RegistryId,
    /// Of which repository.
    pub repository: RepositoryId,
    /// What.
    pub image: Arc<Image>,
    /// Under which tag.
    pub tag: Option<Arc<str>>,
}

impl Reference {
    /// What a push puts into a registry.
    pub(super) fn pushed(push: &Push, registry: RegistryId) -> Reference {
        Reference { registry, repository: push.repository, image: push.image.clone(), tag: push.tag.clone() }
    }
}

/// A copy of one image and tag (A19).
#[derive(Clone, Debug)]
pub struct Copying {
    /// Its number, unique in the trial.
    pub id: u64,
    /// Of which repository.
    pub repository: RepositoryId,
    /// What.
    pub image: Arc<Image>,
    /// Under which tag.
    pub tag: Option<Arc<str>>,
    /// From where.
    pub from: RegistryId,
    /// To where.
    pub to: RegistryId,
    /// The machine that its bytes pass through.
    pub runner: Option<RegistryId>,
    /// What it was ordered for.
    pub kind: CopyKind,
}

/// What a copy was ordered for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyKind {
    /// A push, by a replication rule.
    Push,
    /// A backfill, by a replication rule (A50).
    Backfill,
    /// A scheduled job.
    Job,
    /// A pull, by a cache.
    Fetch,
}

/// Who took something away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remover {
    /// A client, at home.
    Client,
    /// A replication rule that carries deletions out at its destinations (A41).
    Replication,
}

/// What a daily run did to an image.
#[derive(Clone, Debug)]
pub struct Act {
    /// The image; the children that an index takes into the archive are not listed again.
    pub image: Arc<Image>,
    /// What was done.
    pub action: LifecycleAction,
    /// Tags that it had.
    pub tags: Vec<Arc<str>>,
    /// Not by the policy: it is about an image that is gone or archived (B21).
    pub swept: bool,
}

/// A pull.
#[derive(Clone, Debug)]
pub struct Pulling {
    /// Its number, unique in the trial.
    pub id: u64,
    /// Who asks.
    pub cluster: ClusterId,
    /// Number of the node within the cluster.
    pub node: u32,
    /// Of which repository.
    pub repository: RepositoryId,
    /// The image that the tag stands for at home when it asks.
    pub image: Arc<Image>,
    /// By which tag.
    pub tag: Arc<str>,
    /// The tag moves: a registry may take it for another image.
    pub moving: bool,
}

/// Where a pull's time went; the sum is the pull time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PullParts {
    /// Until the image was there.
    pub waiting: Span,
    /// Behind other pulls and quotas.
    pub queueing: Span,
    /// Requests and bytes.
    pub transfer: Span,
    /// Unpacking.
    pub unpack: Span,
}

impl PullParts {
    /// First request to unpacked.
    pub fn total(&self) -> Span {
        self.waiting + self.queueing + self.transfer + self.unpack
    }
}

/// Who is told of a trial's entries.
pub(super) type Listener<'a> = &'a mut dyn FnMut(Time, &Entry);

/// Who is told of a trial's entries, if anybody is.
pub(super) struct Journal<'a> {
    listener: Option<Listener<'a>>,
    copies: u64,
    pulls: u64,
}

impl<'a> Journal<'a> {
    pub fn new(listener: Option<Listener<'a>>) -> Journal<'a> {
        Journal { listener, copies: 0, pulls: 0 }
    }

    /// Whether somebody listens.
    pub fn is_heard(&self) -> bool {
        self.listener.is_some()
    }

    /// Tells of an entry, which is built only when somebody listens.
    pub fn note(&mut self, at: Time, entry: impl FnOnce() -> Entry) {
        if let Some(listener) = &mut self.listener {
            listener(at, &entry());
        }
    }

    /// A copy's facts under a number of its own, kept only when somebody listens.
    pub fn copying(&mut self, facts: impl FnOnce(u64) -> Copying) -> Option<Arc<Copying>> {
        self.listener.as_ref()?;
        self.copies += 1;
        Some(Arc::new(facts(self.copies)))
    }

    /// The same for a pull.
    pub fn pulling(&mut self, facts: impl FnOnce(u64) -> Pulling) -> Option<Arc<Pulling>> {
        self.listener.as_ref()?;
        self.pulls += 1;
        Some(Arc::new(facts(self.pulls)))
    }

    /// Tells of an entry about something that was numbered.
    pub fn about<T>(&mut self, at: Time, what: &Option<Arc<T>>, entry: impl FnOnce(Arc<T>) -> Entry) {
        if let Some(what) = what {
            self.note(at, || entry(what.clone()));
        }
    }
}
