//! `pull-through-cache`: the first pull fetches and stores.
//!
//! A pull by a tag that moves is answered from the cache until the last upstream check is older than `refresh`; then
//! upstream is asked, and the cache follows (facts A81, A82, A85). A version's own tag never moves, so its image is either
//! there or fetched. What the service has not got, dropping images so long after their last pull, is the `ttl`: it
//! stands for a clean-up job of the user's (B5).

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::cloud::RegistryId;
use crate::demand::{Asked, RepositoryId};
use crate::registry::Image;
use crate::units::{Span, Time};

use super::PullThroughCache;
use super::behaviour::{Behaviour, Route, View, resolve};

/// A cache in every registry that clusters pull from.
pub struct Cache<'a> {
    settings: &'a PullThroughCache,
    /// When upstream was last asked for a moving tag.
    checked: BTreeMap<(RegistryId, RepositoryId, Arc<str>), Time>,
}

impl<'a> Cache<'a> {
    /// Empty caches.
    pub fn new(settings: &'a PullThroughCache) -> Self {
        Cache { settings, checked: BTreeMap::new() }
    }
}

impl Behaviour for Cache<'_> {
    fn route(&mut self, request: &Asked, at: RegistryId, now: Time, view: &dyn View) -> Route {
        let home = view.home(request.repository);
        if home == at {
            return Route::From(home, resolve(request, home, view));
        }
        let cached = view.holder(at, request.repository, request.tag);
        if !view.is_up(home) {
            // Upstream cannot be asked: what is cached is served (A81).
            let cached = if request.moving { cached } else { Some(request.image.clone()) };
            let there = |image: &Arc<Image>| view.holds(at, request.repository, image.id);
            return cached.filter(there).map_or(Route::Unreachable(at), |image| Route::From(at, Some(image)));
        }
        if request.moving {
            if cached.is_some() && view.is_frozen(at, request.repository, request.tag) {
                // An immutable tag is never refreshed (A85).
                return Route::From(at, cached);
            }
            let key = (at, request.repository, request.tag.clone());
            let fresh = self.checked.get(&key).is_some_and(|checked| now - *checked <= self.settings.refresh);
            if let (Some(image), true) = (cached, fresh) {
                return Route::From(at, Some(image));
            }
            self.checked.insert(key, now);
        }
        // What upstream would answer; an image that upstream lacks is missing here too, unless it is still cached.
        match resolve(request, home, view) {
            Some(image) if view.holds(at, request.repository, image.id) => {
                let tagged = view.holder(at, request.repository, request.tag);
                if request.moving && tagged.is_none_or(|holder| holder.id != image.id) {
                    // Only the tag has to follow: a fetch without bytes.
                    return Route::Fetch { into: at, from: home, image, share: self.settings.share_fetch };
                }
                Route::From(at, Some(image))
            }
            Some(image) if view.holds(home, request.repository, image.id) => {
                Route::Fetch { into: at, from: home, image, share: self.settings.share_fetch }
            }
            _ => Route::From(at, view.holder(at, request.repository, request.tag)),
        }
    }

    fn ttl(&self) -> Option<Span> {
        self.settings.ttl
    }
}
