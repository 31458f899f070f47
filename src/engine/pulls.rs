//! The life of a pull: asked for, waiting for its image, queueing, downloading, unpacking.
//!
//! Its time is split where it goes: *waiting* until the registry has the image and answers (or the cache has fetched it),
//! *queueing* behind the node's other pulls and until the registry's call quotas let it through, *transfer* (requests
//! and bytes), and *unpack*. The four add up to the pull time.
//!
//! A pull that cannot go on backs off as kubelet does, doubling its wait, and asks again until it gives up. When the
//! registry refuses its calls, the wait has jitter. An outage cuts a pull: what it had moved is metered, and it begins
//! anew.

use std::sync::Arc;

use crate::cloud::RegistryId;
use crate::demand::{Asked, ClusterId, IfMissing, NodeCache, PathKind, RepositoryId, Request};
use crate::ledger::Item;
use crate::registry::quota::Call;
use crate::registry::{Image, Layer, StorageClass, policy};
use crate::strategy::behaviour::{Copy, Route, View, resolve};
use crate::units::{Span, Time};

use super::calls;
use super::downloads::Waiter;
use super::journal::{Entry, PullParts, Pulling};
use super::outcome::{Cause, FailedEvent};
use super::prices::{Price, Wanted, price, sizes, unpack_time};
use super::rest::Usual;
use super::run::{Event, Trial, order};

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Served {
    /// It is over, and has put nothing off.
    Now,
    /// Something of it may come later.
    Later,
}

/// A pull that is not over.
pub(super) struct Pull {
    request: Request,
    /// The next wait of its back-off.
    backoff: Span,
    /// Asked for within the period.
    measured: bool,
    /// Drawn warm, where a cluster's cache is only a chance.
    warm: bool,
    /// Set when the image is there: from where, what, and when.
    source: Option<(RegistryId, Arc<Image>)>,
    /// Since when it is not the image that it waits for.
    ready: Option<Time>,
    /// Set when its requests begin.
    begun: Time,
    layers: Vec<Layer>,
    slot: usize,
    /// Of its node, when its download began.
    life: u32,
    /// What the journal calls it.
    told: Option<Arc<Pulling>>,
}

impl Pull {
    /// A pull asked for at `now`: `measured` within the period, and drawn `warm` or not.
    pub fn new(request: Request, backoff: Span, (measured, warm): (bool, bool), now: Time) -> Pull {
        let (source, ready, layers, told) = (None, None, Vec::new(), None);
        Pull { request, backoff, measured, warm, source, ready, begun: now, layers, slot: 0, life: 0, told }
    }

    /// A registry has the image.
    pub fn found(&mut self, registry: RegistryId, image: Arc<Image>, now: Time) {
        self.source = Some((registry, image));
        self.ready.get_or_insert(now);
    }
}

impl Trial<'_> {
    /// A node asks for an image.
    pub fn request(&mut self, request: &Asked) -> Served {
        let cluster = &self.model.demand.clusters[usize::from(request.cluster.0)];
        let warm = match cluster.cache {
            NodeCache::Warm(share) => self.warm[usize::from(request.cluster.0)].chance(share),
            _ => false,
        };
        let measured = self.meters.measured(request.at);
        self.outcome.pulls += u64::from(measured);
        self.recoveries.asked(request);
        if let Some(bound) = &mut self.bound {
            let node = &self.nodes[usize::from(request.cluster.0)][request.node as usize];
            let missing: Vec<Layer> = if warm { Vec::new() } else { node.cache.missing(request.image).collect() };
            self.outcome.pulls_cold += u64::from(measured && !missing.is_empty());
            bound.read(request, &missing, &mut self.meters);
            self.admit(request.cluster, request.node, request.image);
            self.steady(request, Usual { opening: Span::ZERO, cold: None });
            return Served::Now;
        }
        if let Some(served) = self.pull_as_usual(request, warm, measured) {
            return served;
        }
        let request = request.to_request();
        let now = self.now;
        let told = self.journal.pulling(|id| {
            let Request { cluster, node, repository, image, tag, moving, .. } = request.clone();
            Pulling { id, cluster, node, repository, image, tag, moving }
        });
        self.journal.about(now, &told, Entry::PullAsked);
        let pull = Pull::new(request, cluster.backoff_first, (measured, warm), now);
        let id = self.pulls.insert(Pull { told, ..pull });
        self.attempt(id);
        Served::Later
    }

    /// A pull looks for its image, at first or again.
    pub fn attempt(&mut self, id: usize) {
        let request = self.pulls[id].request.clone();
        self.rouse(request.cluster, request.node);
        let component = self.owner(request.cluster, request.repository);
        let at = self.model.demand.clusters[usize::from(request.cluster.0)].registry;
        if self.world.hazards.region_down(self.model.cloud.registry(at).region).is_some() {
            self.wait(id, Cause::Outage);
            return;
        }
        let registry = self.pair(request.cluster, request.repository).asks;
        if !request.moving && self.has_all(id, &request.image) {
            // The node needs nothing: it only asks for the manifest, whether or not the registry still has it.
            self.ready(id, registry, request.image.clone());
            return;
        }
        if !self.world.is_up(registry) {
            self.wait(id, Cause::Outage);
            return;
        }
        if self.world.hazards.lacks(registry, policy::BATCH_GET_IMAGE) {
            self.wait(id, Cause::NotAllowed);
            return;
        }
        // Not before: a cache takes note of whoever reaches it.
        let route = self.components[component].behaviour.route(&request.asked(), at, self.now, &self.world);
        self.routed(id, component, registry, route);
    }

    /// A pull goes where its strategy sends it; `registry` is the one that it asked.
    pub fn routed(&mut self, id: usize, component: usize, registry: RegistryId, route: Route) {
        let request = self.pulls[id].request.clone();
        match route {
            Route::From(registry, Some(image)) if self.world.holds(registry, request.repository, image.id) => {
                self.ready(id, registry, image);
            }
            Route::From(_, image) => {
                let archived = image.is_some_and(|image| self.is_archived(registry, &request, image.id));
                self.missing(id, component, if archived { Cause::Archived } else { Cause::Missing });
            }
            Route::Unreachable(_) => self.missing(id, component, Cause::Outage),
            Route::Fetch { into, from, image, share } => {
                let copy = Copy {
                    repository: request.repository,
                    pushed: self.world.pushed_at(from, request.repository, image.id).unwrap_or(self.now),
                    image,
                    tag: Some(request.tag.clone()),
                    from,
                    to: into,
                    runner: None,
                    start: self.now,
                    overhead: Span::ZERO,
                    lane: None,
                    attempts_metered: 1,
                    name: None,
                    ticket: None,
                    backfill: false,
                };
                self.fetch(component, copy, share, id);
            }
        }
    }

    fn is_archived(&self, registry: RegistryId, request: &Request, image: u32) -> bool {
        let shelf = self.world.find(registry, request.repository).map(|id| self.world.shelf(id));
        shelf.is_some_and(|shelf| shelf.state.class(image) == Some(StorageClass::Archive))
    }

    /// The registry cannot give a pull its image, for this reason.
    pub fn missing(&mut self, id: usize, component: usize, cause: Cause) {
        let request = &self.pulls[id].request;
        let cluster = &self.model.demand.clusters[usize::from(request.cluster.0)];
        let part = &self.components[component];
        let policy = part.if_missing.or(cluster.if_missing).unwrap_or_else(|| part.behaviour.if_missing());
        match policy {
            IfMissing::Fail => self.fail(id, cause, self.now),
            IfMissing::Wait => self.wait(id, cause),
            IfMissing::Home => {
                let home = self.world.home(request.repository);
                match resolve(&request.asked(), home, &self.world) {
                    _ if !self.world.is_up(home) => self.wait(id, Cause::Outage),
                    _ if self.world.hazards.lacks(home, policy::BATCH_GET_IMAGE) => self.wait(id, Cause::NotAllowed),
                    Some(image) if self.world.holds(home, request.repository, image.id) => self.ready(id, home, image),
                    _ => self.wait(id, cause),
                }
            }
        }
    }

    /// A pull backs off, or gives up.
    pub fn wait(&mut self, id: usize, cause: Cause) {
        let pull = &mut self.pulls[id];
        if cause != Cause::Throttled {
            // It waits for its image again, whatever it had.
            pull.ready = None;
        }
        let request = &pull.request;
        let cluster = &self.model.demand.clusters[usize::from(request.cluster.0)];
        let mut wait = pull.backoff;
        if cause == Cause::Throttled {
            let entity = cluster.key.child(u64::from(request.node)).child(u64::from(request.repository.0));
            let entity = entity.child(request.at.0 as u64).child(wait.0 as u64).child(self.now.0 as u64);
            wait = calls::jittered(wait, self.seed, self.trial, entity);
        }
        let (next, gives_up) = (self.now + wait, request.at + cluster.give_up);
        if next > gives_up {
            // It may have been under way, or in a queue, beyond the moment at which it would not ask again.
            self.fail(id, cause, gives_up.max(self.now));
            return;
        }
        pull.backoff = (pull.backoff + pull.backoff).min(cluster.backoff_max);
        self.queue.push(next, order::PULL, Event::Retry(id));
    }

    /// A pull is over at `end` without its image: now, or, when it would ask again too late, when it gives up.
    fn fail(&mut self, id: usize, cause: Cause, end: Time) {
        let pull = self.pulls.remove(id);
        self.journal.about(self.now, &pull.told, |pull| Entry::PullFailed { pull, cause });
        if pull.measured {
            let cluster = &self.model.demand.clusters[usize::from(pull.request.cluster.0)];
            self.outcome.waiting_ns += (end - pull.request.at).0 as u128;
            self.outcome.fail(FailedEvent::Pull, cause, cluster.registry, true);
            self.probes.pull(&pull.request.asked(), None);
            let region = usize::from(self.model.cloud.registry(cluster.registry).region.0);
            self.recoveries.failed(&pull.request, region, end);
        }
    }

    fn has_all(&self, id: usize, image: &Image) -> bool {
        let pull = &self.pulls[id];
        let node = &self.nodes[usize::from(pull.request.cluster.0)][pull.request.node as usize];
        pull.warm || node.cache.missing(image).next().is_none()
    }

    /// The image is there: the pull takes a place on its node, or queues for one.
    pub fn ready(&mut self, id: usize, registry: RegistryId, image: Arc<Image>) {
        let now = self.now;
        if let Some(told) = self.pulls[id].told.clone() {
            let (pull, image, warm) = (told, image.clone(), self.has_all(id, &image));
            self.journal.note(now, || Entry::PullFound { pull, registry, image, warm });
        }
        let pull = &mut self.pulls[id];
        let (cluster, node, repository) = (pull.request.cluster, pull.request.node, pull.request.repository);
        self.rouse(cluster, node);
        if let Some(shelf) = self.world.find(registry, repository) {
            self.world.note_pull(shelf, image.id, now, 0);
        }
        self.pulls[id].found(registry, image, now);
        let place = &mut self.nodes[usize::from(cluster.0)][node as usize];
        match place.queue.is_empty().then(|| place.slots.iter().position(|free| *free <= now)).flatten() {
            Some(slot) => self.start(id, slot),
            None => {
                place.queue.push_back(id);
                self.wake_node(cluster, node);
            }
        }
        self.plan(cluster, node);
    }

    /// Makes sure that a node with queued pulls looks at them when its next place is free.
    pub fn wake_node(&mut self, cluster: ClusterId, node: u32) {
        let place = &mut self.nodes[usize::from(cluster.0)][node as usize];
        let Some(free) = place.slots.iter().copied().min().filter(|free| *free < Time::NEVER) else { return };
        let at = free.max(self.now);
        if !place.queue.is_empty() && place.wake.is_none_or(|wake| wake > at) {
            place.wake = Some(at);
            self.queue.push(at, order::PULL, Event::NodeFree(cluster, node));
        }
    }

    /// A node may have room for its next pull.
    pub fn node_free(&mut self, cluster: ClusterId, node: u32) {
        self.rouse(cluster, node);
        let place = &mut self.nodes[usize::from(cluster.0)][node as usize];
        if place.wake == Some(self.now) {
            place.wake = None;
        }
        loop {
            let now = self.now;
            let place = &mut self.nodes[usize::from(cluster.0)][node as usize];
            let Some(slot) = place.slots.iter().position(|free| *free <= now) else { break };
            let Some(id) = place.queue.pop_front() else { break };
            self.start(id, slot);
        }
        self.wake_node(cluster, node);
        self.plan(cluster, node);
    }

    /// A pull with a place on its node makes its calls and begins its download.
    fn start(&mut self, id: usize, slot: usize) {
        let now = self.now;
        let pull = &mut self.pulls[id];
        let Some((registry, image)) = pull.source.clone() else { return };
        let request = &pull.request;
        let cluster = &self.model.demand.clusters[usize::from(request.cluster.0)];
        let node = &mut self.nodes[usize::from(request.cluster.0)][request.node as usize];
        let layers: Vec<Layer> = if pull.warm { Vec::new() } else { node.cache.missing(&image).collect() };
        let here = self.model.cloud.registry(cluster.registry);
        let is_down = !layers.is_empty() && !self.world.is_up(registry);
        if is_down || self.world.hazards.region_down(here.region).is_some() {
            // It went down while the pull queued on its node.
            self.wait(id, Cause::Outage);
            return;
        }
        if !layers.is_empty() && self.world.hazards.lacks(registry, policy::BATCH_GET_IMAGE) {
            self.wait(id, Cause::NotAllowed);
            return;
        }
        let there = self.model.cloud.registry(registry);
        let path = if here.region == there.region { cluster.path.local } else { cluster.path.remote };
        if path == PathKind::None && !layers.is_empty() {
            self.fail(id, Cause::NoPath, now);
            return;
        }
        let (asker, number) = (request.cluster, request.node);
        if !self.call_for_pull(asker, number, registry, layers.len()) {
            self.wait(id, Cause::Throttled);
            return;
        }
        self.admit(asker, number, &image);
        let pull = &mut self.pulls[id];
        let node = &mut self.nodes[usize::from(asker.0)][number as usize];
        let line = self.downloads.line(registry, here.region, &self.world.hazards);
        pull.begun = now;
        pull.slot = slot;
        pull.life = node.life;
        let requests = self.downloads.opening(now, &line);
        if layers.is_empty() {
            let downloaded = pull.begun + requests + self.downloads.closing(now, &line, 0);
            self.finish(id, downloaded, Span::ZERO);
            return;
        }
        self.outcome.pulls_cold += u64::from(pull.measured);
        let begins = pull.begun + requests;
        let alone = (!line.is_shared()).then(|| {
            let repository = pull.request.repository;
            let (layers, compression) = (layers.clone(), image.compression);
            let wanted = Wanted { layers, compression, rtt: line.rtt(), ceiling: line.ceiling };
            price(&mut self.prices, &mut self.downloads, cluster, (asker, repository), &line, &wanted)
        });
        match alone.filter(|price| !self.world.hazards.disturbs(&line.legs, now, begins + price.took)) {
            Some(Price { took, unpack, bytes }) => {
                node.slots[slot] = begins + took + unpack;
                self.moved(id, begins, took, bytes);
                self.finish(id, begins + took, unpack);
            }
            None => {
                let sizes = sizes(&layers);
                pull.layers = layers;
                node.slots[slot] = Time::NEVER;
                let client = (cluster.parallel_layers, cluster.node_bandwidth);
                let queue = &mut self.queue;
                let mut schedule = |at, step| queue.push(at, order::ARRIVAL, Event::Step(step));
                self.downloads.begin(begins, line, sizes, client, Waiter::Pull(id), &mut schedule);
            }
        }
    }

    /// A node's calls to a registry for so many layers of an image; `false` = one of them was refused.
    pub fn call_for_pull(&mut self, cluster: ClusterId, node: u32, registry: RegistryId, layers: usize) -> bool {
        let now = self.now;
        let node = &mut self.nodes[usize::from(cluster.0)][node as usize];
        let login = (Call::GetAuthorizationToken, u32::from(node.login <= now));
        let [manifest, downloads] = calls::of_pull(layers);
        self.series.calls(registry, now, layers as u32);
        let logged_in = self.calls.make(registry, now, &[login]);
        if logged_in && login.1 > 0 {
            node.login = now + calls::LOGIN;
            self.series.login(registry, now);
        }
        let answered = logged_in && self.calls.make(registry, now, &[manifest, downloads]);
        if answered {
            self.series.served(registry, now, 1);
        }
        answered
    }

    /// The last byte of a contended download is here.
    pub fn pull_downloaded(&mut self, id: usize) {
        let pull = &self.pulls[id];
        let Some((_, image)) = &pull.source else { return };
        let cluster = &self.model.demand.clusters[usize::from(pull.request.cluster.0)];
        let sizes = sizes(&pull.layers);
        let unpack = unpack_time(&cluster.unpack, &sizes, image.compression);
        let (cluster, node, slot) = (pull.request.cluster, pull.request.node, pull.slot);
        self.rouse(cluster, node);
        let pull = &self.pulls[id];
        let place = &mut self.nodes[usize::from(cluster.0)][node as usize];
        if place.life == pull.life {
            place.slots[slot] = self.now + unpack;
        }
        let (begun, took) = (pull.begun, self.now - pull.begun);
        self.moved(id, begun, took, sizes.iter().sum());
        self.finish(id, self.now, unpack);
        self.wake_node(cluster, node);
    }

    /// An outage has cut a pull after so many bytes: its node has nothing of it, and it backs off.
    pub fn pull_cut(&mut self, id: usize, moved: u64) {
        let pull = &self.pulls[id];
        let Some((_, image)) = pull.source.clone() else { return };
        let (cluster, node, slot) = (pull.request.cluster, pull.request.node, pull.slot);
        let (begun, took) = (pull.begun, self.now - pull.begun);
        let place = &mut self.nodes[usize::from(cluster.0)][node as usize];
        if place.life == pull.life {
            place.cache.forget(&image, &pull.layers);
            place.slots[slot] = self.now;
        }
        self.outcome.pulls_cold -= u64::from(pull.measured);
        self.moved(id, begun, took, moved);
        self.wait(id, Cause::Outage);
        self.wake_node(cluster, node);
    }

    /// Meters the bytes of a download that ends `took` after `begun`.
    fn moved(&mut self, id: usize, begun: Time, took: Span, bytes: u64) {
        let pull = &self.pulls[id];
        let Some(registry) = pull.source.as_ref().map(|(registry, _)| *registry) else { return };
        let (cluster, repository, told) = (pull.request.cluster, pull.request.repository, pull.told.clone());
        self.moved_from(registry, cluster, repository, (begun.min(self.now), begun, took), bytes);
        let entry = |pull| Entry::PullMoved { pull, registry, bytes, times: (begun, begun + took) };
        self.journal.about(self.now, &told, entry);
    }

    /// Meters the bytes of a cluster's pull from a registry, which leave it `from` then on and, alone on their line, take so
    /// long from `begun`.
    pub fn moved_from(
        &mut self,
        registry: RegistryId,
        cluster: ClusterId,
        repository: RepositoryId,
        (from, begun, took): (Time, Time, Span),
        bytes: u64,
    ) {
        let cluster = &self.model.demand.clusters[usize::from(cluster.0)];
        let here = self.model.cloud.registry(cluster.registry);
        let there = self.model.cloud.registry(registry);
        let at = begun + took;
        if begun < self.model.calendar.end {
            let path = if here.region == there.region { cluster.path.local } else { cluster.path.remote };
            self.meters.transfer(Item::Pull, there.account, (there.region, here.region), repository, bytes, at);
            if path == PathKind::Nat {
                self.meters.nat(here.account, there.region, here.region, repository, bytes, at);
            }
        }
        self.series.egress(registry, self.now, from, took, bytes);
    }

    /// A pull whose download ended at `downloaded` is over after `unpack`.
    fn finish(&mut self, id: usize, downloaded: Time, unpack: Span) {
        let pull = self.pulls.remove(id);
        let source = pull.source.as_ref().and_then(|(registry, _)| self.world.find(*registry, pull.request.repository));
        if let Some(shelf) = source.filter(|_| pull.measured) {
            self.world.shelf_mut(shelf).counts.pulls += 1;
        }
        let ready = pull.ready.unwrap_or(pull.begun);
        let waiting = ready - pull.request.at;
        let queueing = pull.begun - ready;
        let transfer = downloaded - pull.begun;
        let Some((registry, _)) = pull.source else { return };
        let times = PullParts { waiting, queueing, transfer, unpack };
        self.journal.about(self.now, &pull.told, |pull| Entry::PullServed { pull, registry, times });
        if pull.measured {
            self.times.record(pull.request.cluster, registry, times, 1);
            self.served(&pull.request.asked(), times, downloaded + unpack);
        }
    }

    /// A pull of the period is over at `end`.
    pub fn served(&mut self, request: &Asked, times: PullParts, end: Time) {
        self.outcome.waiting_ns += times.waiting.0 as u128;
        self.probes.pull(request, Some(times.total()));
        let cluster = &self.model.demand.clusters[usize::from(request.cluster.0)];
        let region = usize::from(self.model.cloud.registry(cluster.registry).region.0);
        self.recoveries.served(request, region, end);
    }
}
