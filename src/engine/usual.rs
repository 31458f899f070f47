//! The usual pull in a straight line: nothing is wrong anywhere, its node has a place for it, and it has the image, or
//! downloads it from a registry that has it over a line that nobody else shares.
//!
//! It is over as soon as it is asked for, so it is worked out at once, and the next one follows if nothing else happens
//! before. The general way, in `pulls`, comes to the same: a trial with a listener takes it for every pull, and so does a
//! plain model.

use crate::cloud::RegistryId;
use crate::demand::{Asked, NodeCache, PathKind, PullAtRate};
use crate::registry::Layer;
use crate::strategy::behaviour::{Route, View};
use crate::units::{Span, Time};

use super::journal::PullParts;
use super::outcome::Cause;
use super::prices::{Price, Wanted, price};
use super::pulls::{Pull, Served};
use super::rest::Usual;
use super::run::Trial;

impl Trial<'_> {
    /// Pulls at a rate for as long as nothing else happens; `false` = there was none.
    pub fn pulls_at_rate(&mut self) -> bool {
        let mut any = false;
        loop {
            let queued = self.queue.peek().map_or(Time::NEVER, |(time, _)| time);
            let limit = self.downloads.fabric.next_completion().map_or(queued, |flow| flow.min(queued));
            loop {
                let Some(pull) = self.source.pull_at_rate(limit) else { return any };
                any = true;
                self.now = pull.at;
                self.outcome.events += 1;
                let rests = self.rests(pull.cluster);
                if rests {
                    self.wake(&pull);
                }
                let served = self.pull_at_rate(&pull);
                if rests {
                    self.settle_down(&pull);
                }
                if rests || served == Served::Later {
                    // Something may come before the next pull now.
                    break;
                }
            }
        }
    }

    fn pull_at_rate(&mut self, pull: &PullAtRate) -> Served {
        let Some(asked) = self.source.wanted(pull) else { return Served::Now };
        // The source has better to do than to hold still.
        let (image, tag) = (asked.image.clone(), asked.tag.clone());
        let asked = Asked { image: &image, tag: &tag, ..asked };
        self.seen.note_pull(asked.key(), asked.at);
        self.request(&asked)
    }

    /// Serves a pull if it is a usual one; `drawn` = it was drawn warm. `None` = it is not, and nothing has happened.
    pub fn pull_as_usual(&mut self, request: &Asked, drawn: bool, measured: bool) -> Option<Served> {
        if self.model.plain || request.moving || self.journal.is_heard() || self.world.hazards.any_in_force() {
            return None;
        }
        let now = self.now;
        let node = &mut self.nodes[usize::from(request.cluster.0)][request.node as usize];
        if !node.queue.is_empty() {
            return None;
        }
        let slot = node.slots.iter().position(|free| *free <= now)?;
        let found = if drawn { None } else { node.cache.find(request.digest.pulled) };
        if !drawn && found.is_none() && !node.cache.has_for_good(request.image) {
            return self.pull_cold(request, slot, measured);
        }
        let cluster = &self.model.demand.clusters[usize::from(request.cluster.0)];
        let (registry, shelf) = self.asked_shelf(request.cluster, request.repository);
        let here = self.model.cloud.registry(cluster.registry).region;
        let transfer = self.downloads.manifest_alone(registry, here)?;
        if !self.call_for_pull(request.cluster, request.node, registry, 0) {
            return Some(self.turned_away(request, registry, (measured, drawn)));
        }
        if let Some(found) = found {
            self.nodes[usize::from(request.cluster.0)][request.node as usize].cache.use_again(found, now);
        }
        if let Some(shelf) = shelf {
            self.world.note_pull(shelf, request.digest.image, now, u64::from(measured));
        }
        if measured {
            let times = PullParts { waiting: Span::ZERO, queueing: Span::ZERO, transfer, unpack: Span::ZERO };
            self.times.record(request.cluster, registry, times, 1);
            self.served(request, times, now + transfer);
        }
        self.steady(request, Usual { opening: transfer, cold: None });
        Some(Served::Now)
    }

    /// The same for a pull whose image its node is not known to have; there is a place for it.
    fn pull_cold(&mut self, request: &Asked, slot: usize, measured: bool) -> Option<Served> {
        let node = &self.nodes[usize::from(request.cluster.0)][request.node as usize];
        let mut layers = std::mem::take(&mut self.room);
        layers.clear();
        layers.extend(node.cache.missing(request.image));
        let served = match layers.is_empty() {
            true => None,
            false => self.pull_layers(request, slot, measured, &mut layers),
        };
        self.room = layers;
        served
    }

    /// The same for layers that the node lacks.
    fn pull_layers(&mut self, request: &Asked, slot: usize, measured: bool, layers: &mut Vec<Layer>) -> Option<Served> {
        let now = self.now;
        let cluster = &self.model.demand.clusters[usize::from(request.cluster.0)];
        let here = self.model.cloud.registry(cluster.registry).region;
        let registry = self.pair(request.cluster, request.repository).asks;
        if !self.world.holds(registry, request.repository, request.digest.image) {
            return None;
        }
        // What its registry has, a strategy takes from there, and makes nothing of it: it can be asked again.
        let owner = self.owner(request.cluster, request.repository);
        match self.components[owner].behaviour.route(request, cluster.registry, now, &self.world) {
            Route::From(from, Some(image)) if from == registry && image.id == request.digest.image => {}
            _ => return None,
        }
        let path = if here == self.world.region(registry) { cluster.path.local } else { cluster.path.remote };
        let line = self.downloads.line(registry, here, &self.world.hazards);
        if line.is_shared() || path == PathKind::None {
            return None;
        }
        let (compression, number) = (request.image.compression, layers.len());
        let wanted = Wanted { layers: std::mem::take(layers), compression, rtt: line.rtt(), ceiling: line.ceiling };
        let begins = now + self.downloads.opening(now, &line);
        let at = (request.cluster, request.repository);
        let Price { took, unpack, bytes } = price(&mut self.prices, &mut self.downloads, cluster, at, &line, &wanted);
        *layers = wanted.layers;
        if self.world.hazards.disturbs(&line.legs, now, begins + took) {
            return None;
        }
        if !self.call_for_pull(request.cluster, request.node, registry, number) {
            return Some(self.turned_away(request, registry, (measured, false)));
        }
        let node = &mut self.nodes[usize::from(request.cluster.0)][request.node as usize];
        node.slots[slot] = begins + took + unpack;
        self.admit(request.cluster, request.node, request.image);
        self.outcome.pulls_cold += u64::from(measured);
        self.moved_from(registry, request.cluster, request.repository, (now, begins, took), bytes);
        if let (_, Some(shelf)) = self.asked_shelf(request.cluster, request.repository) {
            self.world.note_pull(shelf, request.digest.image, now, u64::from(measured));
        }
        if measured {
            let transfer = begins + took - now;
            let times = PullParts { waiting: Span::ZERO, queueing: Span::ZERO, transfer, unpack };
            self.times.record_of(request.cluster, request.repository, times, 1);
            self.served(request, times, begins + took + unpack);
        }
        let usual = match cluster.cache {
            NodeCache::None => Some((begins - now, Some((number as u32, Price { took, unpack, bytes })))),
            // The next one has all.
            _ => self.downloads.manifest_alone(registry, here).map(|opening| (opening, None)),
        };
        usual.into_iter().for_each(|(opening, cold)| self.steady(request, Usual { opening, cold }));
        Some(Served::Now)
    }

    /// The registry has refused a pull's calls.
    fn turned_away(&mut self, request: &Asked, registry: RegistryId, (measured, drawn): (bool, bool)) -> Served {
        let now = self.now;
        if let (_, Some(shelf)) = self.asked_shelf(request.cluster, request.repository) {
            self.world.note_pull(shelf, request.digest.image, now, 0);
        }
        let cluster = &self.model.demand.clusters[usize::from(request.cluster.0)];
        let mut pull = Pull::new(request.to_request(), cluster.backoff_first, (measured, drawn), now);
        pull.found(registry, request.image.clone(), now);
        let id = self.pulls.insert(pull);
        self.wait(id, Cause::Throttled);
        Served::Later
    }
}
