//! The usual pull in a straight line: its node has the image and a place for it, and nothing is wrong anywhere.
//!
//! It is over as soon as it is asked for, so it is worked out at once. The general way, in `pulls`, comes to the same:
//! a trial with a listener takes it for every pull.

use crate::demand::Request;
use crate::units::Span;

use super::journal::PullParts;
use super::outcome::Cause;
use super::pulls::Pull;
use super::run::Trial;

impl Trial<'_> {
    /// Serves a pull of an image that its node has (`drawn` warm, or in its cache) if it is a usual one. `false` = it is
    /// not, and nothing has happened.
    pub fn pull_warm(&mut self, request: &Request, drawn: bool, measured: bool) -> bool {
        if request.moving || self.journal.is_heard() || self.world.hazards.any_in_force() {
            return false;
        }
        let now = self.now;
        let cluster = &self.model.demand.clusters[usize::from(request.cluster.0)];
        let node = &self.nodes[usize::from(request.cluster.0)][request.node as usize];
        let place = if drawn { None } else { node.cache.find(&request.image) };
        let is_warm = drawn || place.is_some();
        if !is_warm || !node.queue.is_empty() || node.slots.iter().all(|free| *free > now) {
            return false;
        }
        let registry = self.pair(request.cluster, request.repository).asks;
        let here = self.model.cloud.registry(cluster.registry).region;
        let Some(transfer) = self.downloads.manifest_alone(registry, here) else { return false };
        let shelf = self.world.find(registry, request.repository);
        if let Some(shelf) = shelf {
            self.world.shelf_mut(shelf).note_pull(request.image.id, now);
        }
        if !self.call_for_pull(request.cluster, request.node, registry, 0) {
            let mut pull = Pull::new(request.clone(), cluster.backoff_first, (measured, drawn), now);
            pull.found(registry, request.image.clone(), now);
            let id = self.pulls.insert(pull);
            self.wait(id, Cause::Throttled);
            return true;
        }
        if let Some(place) = place {
            self.nodes[usize::from(request.cluster.0)][request.node as usize].cache.use_again(place);
        }
        if !measured {
            return true;
        }
        if let Some(shelf) = shelf {
            self.world.shelf_mut(shelf).counts.pulls += 1;
        }
        let times = PullParts { waiting: Span::ZERO, queueing: Span::ZERO, transfer, unpack: Span::ZERO };
        self.served(request, registry, times, now + transfer);
        true
    }
}
