//! What a strategy may see, and what it may ask for.
//!
//! A behaviour is told of pushes and ticks and answers with [`Action`]s; asked where a pull goes, it answers with a
//! [`Route`]. It sees the world through [`View`] alone: no event queue, no meters, no money. Random draws that only one
//! strategy makes are named by the thing they are about, so that they shift nothing else.

use std::sync::Arc;

use crate::cloud::{RegionId, RegistryId};
use crate::demand::{Asked, IfMissing, Push, RepositoryId};
use crate::registry::Image;
use crate::units::{Span, Time};

/// The world as a strategy sees it.
pub trait View {
    /// Where clients push a repository.
    fn home(&self, repository: RepositoryId) -> RegistryId;
    /// Whether a registry holds an image, whole and ready to be pulled.
    fn holds(&self, registry: RegistryId, repository: RepositoryId, image: u32) -> bool;
    /// Which image a tag points to in a registry.
    fn holder(&self, registry: RegistryId, repository: RepositoryId, tag: &str) -> Option<Arc<Image>>;
    /// The name of a repository.
    fn name(&self, repository: RepositoryId) -> &str;
    /// The region of a registry.
    fn region(&self, registry: RegistryId) -> RegionId;
    /// Whether a registry answers.
    fn is_up(&self, registry: RegistryId) -> bool;
    /// Whether a tag may not move in a repository of a registry.
    fn is_frozen(&self, registry: RegistryId, repository: RepositoryId, tag: &str) -> bool;
    /// Share of attempts to copy that a fault makes fail at a moment.
    fn copy_failures(&self, from: RegistryId, to: RegistryId, at: Time) -> f64;
}

/// One image and tag to be copied.
#[derive(Clone, Debug)]
pub struct Copy {
    /// Of which repository.
    pub repository: RepositoryId,
    /// What.
    pub image: Arc<Image>,
    /// Under which tag; `None` = by digest alone.
    pub tag: Option<Arc<str>>,
    /// From where.
    pub from: RegistryId,
    /// To where.
    pub to: RegistryId,
    /// The machine that the bytes pass through; `None` = the service moves them.
    pub runner: Option<RegistryId>,
    /// When the image was pushed: lag counts from here.
    pub pushed: Time,
    /// When its bytes may begin to move.
    pub start: Time,
    /// Fixed time ahead of its bytes.
    pub overhead: Span,
    /// Which of the strategy's lanes it takes; `None` = it need not queue.
    pub lane: Option<u32>,
    /// Times its bytes are metered: more than one when failed attempts moved bytes too.
    pub attempts_metered: u32,
    /// The repository's name at the destination, where it is another one.
    pub name: Option<Arc<str>>,
    /// The strategy's own number for it: [`Behaviour::on_copied`] is told of its end by that.
    pub ticket: Option<u32>,
    /// It brings what was there before the rules, so that its lag says nothing.
    pub backfill: bool,
}

/// What a strategy wants done.
#[derive(Clone, Debug)]
pub enum Action {
    /// Copy an image and tag.
    Copy(Copy),
    /// A copy fails for good: it is only counted.
    Failed {
        /// Of which repository.
        repository: RepositoryId,
        /// What.
        image: Arc<Image>,
        /// Under which tag.
        tag: Option<Arc<str>>,
        /// From where.
        from: RegistryId,
        /// Where to.
        to: RegistryId,
        /// When the last attempt failed.
        at: Time,
        /// Why.
        why: CopyFailure,
        /// As in [`Copy::ticket`].
        ticket: Option<u32>,
    },
    /// Take a tag off an image at a destination, or the image with all its tags.
    Remove {
        /// Of which repository.
        repository: RepositoryId,
        /// Where.
        at: RegistryId,
        /// What.
        image: Arc<Image>,
        /// Only this tag; `None` = the image.
        tag: Option<Arc<str>>,
    },
    /// Call [`Behaviour::on_tick`] at this moment.
    Tick(Time),
}

/// Why a strategy gives a copy up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyFailure {
    /// Every attempt failed.
    Attempts,
    /// It failed, and nobody noticed.
    Unnoticed,
    /// A registry could not be reached.
    Outage,
}

/// Something went from a repository's home: by hand, or by its lifecycle policy.
#[derive(Clone, Debug)]
pub struct Removed {
    /// When.
    pub at: Time,
    /// Of which repository.
    pub repository: RepositoryId,
    /// From which image.
    pub image: Arc<Image>,
    /// Tags that it had and has no more.
    pub tags: Vec<Arc<str>>,
    /// The image is gone too.
    pub whole: bool,
}

/// Where a pull goes.
#[derive(Clone, Debug)]
pub enum Route {
    /// To this registry, for this image; `None` = the registry has never heard of the tag.
    From(RegistryId, Option<Arc<Image>>),
    /// Into a cache that lacks the image: fetch it first, then pull from the cache.
    Fetch {
        /// The cache.
        into: RegistryId,
        /// Its upstream.
        from: RegistryId,
        /// What the upstream resolved the reference to.
        image: Arc<Image>,
        /// Join a fetch that is under way.
        share: bool,
    },
    /// To this cache, which lacks the image while its upstream cannot be asked.
    Unreachable(RegistryId),
}

/// A queue of copies with a limit on how many run at a time.
#[derive(Clone, Copy, Debug)]
pub struct Lane {
    /// Copies at a time; `None` = no limit.
    pub capacity: Option<u32>,
    /// Where the machine stands whose hours are metered while the lane is busy.
    pub runner: Option<RegistryId>,
}

/// What a strategy does.
pub trait Behaviour {
    /// Its lanes; a [`struct@Copy`]'s lane is an index into this.
    fn lanes(&self) -> Vec<Lane> {
        Vec::new()
    }

    /// Called once when the run begins.
    fn on_begin(&mut self, _view: &dyn View, _actions: &mut Vec<Action>) {}

    /// An image that was at home before the run began: where has it already been copied to?
    fn on_existing(&mut self, _push: &Push, _view: &dyn View) -> Vec<RegistryId> {
        Vec::new()
    }

    /// An image and tag was pushed to its home.
    fn on_push(&mut self, _push: &Push, _view: &dyn View, _actions: &mut Vec<Action>) {}

    /// A tag, or an image, went from its home.
    fn on_removed(&mut self, _removed: &Removed, _view: &dyn View, _actions: &mut Vec<Action>) {}

    /// A copy with a ticket is over.
    fn on_copied(&mut self, _ticket: u32, _succeeded: bool, _now: Time, _view: &dyn View, _actions: &mut Vec<Action>) {}

    /// A moment that it asked for has come, but its machine stands still.
    fn on_skipped(&mut self, _actions: &mut Vec<Action>) {}

    /// A moment that it asked for has come.
    fn on_tick(&mut self, _now: Time, _view: &dyn View, _actions: &mut Vec<Action>) {}

    /// Which registry a pull of a cluster of registry `at` asks, wherever its route leads from there: the same for the
    /// whole run.
    fn asks(&self, _repository: RepositoryId, at: RegistryId, _view: &dyn View) -> RegistryId {
        at
    }

    /// Where a pull of a cluster of registry `at` goes.
    fn route(&mut self, request: &Asked, at: RegistryId, now: Time, view: &dyn View) -> Route;

    /// What a pull does when its registry lacks the image, unless the scenario says otherwise.
    fn if_missing(&self) -> IfMissing {
        IfMissing::Wait
    }

    /// Images are dropped from caches so long after their last pull.
    fn ttl(&self) -> Option<Span> {
        None
    }
}

/// The image that a request means in a registry: the one it names, or whatever its moving tag points to there.
pub fn resolve(request: &Asked, registry: RegistryId, view: &dyn View) -> Option<Arc<Image>> {
    if request.moving { view.holder(registry, request.repository, request.tag) } else { Some(request.image.clone()) }
}
