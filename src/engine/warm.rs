//! The usual pull in a straight line: its node has the image and a place for it, and nothing is wrong anywhere.
//!
//! It is over as soon as it is asked for, so it is worked out at once. The general way, in `pulls`, comes to the same:
//! a trial with a listener takes it for every pull.

use crate::demand::Asked;
use crate::units::Span;

use super::journal::PullParts;
use super::outcome::Cause;
use super::pulls::{Pull, Served};
use super::run::Trial;

impl Trial<'_> {
    /// Serves a pull of an image that its node has (`drawn` warm, or in its cache) if it is a usual one. `None` = it is
    /// not, and nothing has happened.
    pub fn pull_warm(&mut self, request: &Asked, drawn: bool, measured: bool) -> Option<Served> {
        if self.model.plain || request.moving || self.journal.is_heard() || self.world.hazards.any_in_force() {
            return None;
        }
        let now = self.now;
        let cluster = &self.model.demand.clusters[usize::from(request.cluster.0)];
        let node = &mut self.nodes[usize::from(request.cluster.0)][request.node as usize];
        let found = if drawn { None } else { node.cache.find(request.image, request.digest.pulled, request.listed) };
        let is_warm = drawn || found.is_some();
        if !is_warm || !node.queue.is_empty() || node.slots.iter().all(|free| *free > now) {
            return None;
        }
        let (registry, shelf) = self.asked_shelf(request.cluster, request.repository);
        let here = self.model.cloud.registry(cluster.registry).region;
        let transfer = self.downloads.manifest_alone(registry, here)?;
        if !self.call_for_pull(request.cluster, request.node, registry, 0) {
            if let Some(shelf) = shelf {
                self.world.note_pull(shelf, request.digest.image, now, 0);
            }
            let mut pull = Pull::new(request.to_request(), cluster.backoff_first, (measured, drawn), now);
            pull.found(registry, request.image.clone(), now);
            let id = self.pulls.insert(pull);
            self.wait(id, Cause::Throttled);
            return Some(Served::Later);
        }
        if let Some(found) = found {
            self.nodes[usize::from(request.cluster.0)][request.node as usize].cache.use_again(found);
        }
        if let Some(shelf) = shelf {
            self.world.note_pull(shelf, request.digest.image, now, u64::from(measured));
        }
        if !measured {
            return Some(Served::Now);
        }
        let times = PullParts { waiting: Span::ZERO, queueing: Span::ZERO, transfer, unpack: Span::ZERO };
        self.served(request, registry, times, now + transfer);
        Some(Served::Now)
    }
}
