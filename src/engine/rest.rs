//! Nodes at rest: what is usual need not be looked at one by one, when it happens.
//!
//! Most pulls at a rate come to the same as the one before: the node has the image and asks for its manifest; or it keeps
//! nothing, and downloads what all the others download, over a line that nobody shares. Where a node *rests*, such pulls do
//! not come up. They are caught up with, each at its own moment, when somebody looks: at those of one repository when another
//! version is asked for, when a policy reads or takes what was pulled, or when its image is the next to make room for
//! another; at those of the whole node when it must log in, has no room for pulls, keeps nothing, and at the end of the day.
//! What they come to is written down once for all of them.
//!
//! A place in the list of what a node runs is *steady* when its next pull is known to be usual; a pull of any other place
//! is awaited and comes up in its turn, and so does everything while the node has no room. What one node does is nothing to
//! another as long as no quota binds. Whether that held is asked at the end of each day, and if it did not, the trial is
//! run again with all nodes awake. A trial with faults or a listener, and a plain model, has them awake from the start.

use std::sync::Arc;

use crate::cloud::RegistryId;
use crate::demand::{
    Asked, Cluster, ClusterId, Digest, Found, Kept, NodeCache, PullAtRate, RepositoryId, Trigger, VersionChoice,
};
use crate::registry::Image;
use crate::registry::quota::Call;
use crate::sim::Scatter;
use crate::units::{DAY, NANOS, Span, Time};

use super::Model;
use super::journal::PullParts;
use super::prices::Price;
use super::run::Trial;
use super::world::ShelfId;
use crowd::Crowd;

mod books;
mod catch_up;
mod crowd;

/// The nodes that may rest, by cluster.
#[derive(Default)]
pub(super) struct Rest {
    desks: Vec<Option<Desk>>,
    /// Room to put the pulls of a node in their order: bits of the position, place, moment.
    pulls: Vec<(u64, u32, Time)>,
    order: Scatter<(u64, u32, Time)>,
    crowd: Crowd,
    /// A quota may have been reached: what was caught up with does not hold.
    pub quota_reached: bool,
}

/// The nodes of one cluster.
struct Desk {
    /// They keep nothing of what they pull.
    forgetful: bool,
    /// Which they ask.
    registries: Vec<RegistryId>,
    /// What each runs, in the order of its list.
    nodes: Vec<Vec<Place>>,
    /// What a pull comes to, by place in the list of what the cluster runs.
    asks: Vec<Option<Ask>>,
    /// Nodes that run it, with the place in their own lists.
    runners: Vec<Vec<(u32, u32)>>,
}

#[derive(Clone, Copy)]
struct Place {
    /// In the list of what the cluster runs.
    slot: u32,
    steady: bool,
    /// Id of what is pulled of the image, and where the node has it, if it keeps images.
    image: u32,
    found: Option<Found>,
    registry: RegistryId,
    /// Who asks for what, as a number.
    key: u64,
    /// Pulls that are not in the books yet, and the last of them.
    pulls: u32,
    last: Time,
    /// Those of them that queued on their node, and those whose bytes are already metered.
    queued: u32,
    metered: u32,
}

impl Place {
    fn new(slot: u32, registry: RegistryId) -> Place {
        let (pulls, last, queued, metered) = (0, Time(i64::MIN), 0, 0);
        Place { slot, steady: false, image: 0, found: None, registry, key: 0, pulls, last, queued, metered }
    }
}

/// What a usual pull of a repository by a cluster comes to.
struct Ask {
    image: Arc<Image>,
    tag: Arc<str>,
    digest: Digest,
    /// None for the bound, which asks no registry. A cache that nobody has asked for more than a manifest has no shelf yet.
    asks: Option<(RegistryId, Option<ShelfId>)>,
    usual: Usual,
}

/// What follows when a usual pull begins.
#[derive(Clone, Copy)]
pub(super) struct Usual {
    /// Requests before the first byte; all of a pull that moves none.
    pub opening: Span,
    /// Layers, and what they come to.
    pub cold: Option<(u32, Price)>,
}

impl Usual {
    /// How long a pull that need not queue holds its place on its node.
    fn holds(&self) -> Span {
        self.cold.map_or(Span::ZERO, |(_, price)| self.opening + price.took + price.unpack)
    }

    fn parts(&self, queueing: Span) -> PullParts {
        let (took, unpack) = self.cold.map_or((Span::ZERO, Span::ZERO), |(_, price)| (price.took, price.unpack));
        PullParts { waiting: Span::ZERO, queueing, transfer: self.opening + took, unpack }
    }
}

impl Trial<'_> {
    /// Finds out which nodes may rest, and lets them.
    pub fn let_rest(&mut self, may: bool) {
        let model = self.model;
        let quiet = may && !model.plain && !self.journal.is_heard() && self.world.hazards.strikes().is_empty();
        let clusters = (0u16..).map(ClusterId).zip(&model.demand.clusters);
        let asked: Vec<Vec<RegistryId>> = clusters.clone().map(|(id, cluster)| self.asked_by(id, cluster)).collect();
        let mut rates = vec![0.0; model.cloud.registries.len()];
        for (cluster, registries) in model.demand.clusters.iter().zip(&asked) {
            let rate: f64 = rates_of(cluster).sum();
            registries.iter().for_each(|registry| rates[usize::from(registry.0)] += rate * NANOS as f64);
        }
        let ample: Vec<bool> = rates.iter().map(|rate| is_ample(model, *rate)).collect();
        for ((id, cluster), registries) in clusters.zip(&asked) {
            let calm = registries.iter().all(|registry| ample[usize::from(registry.0)]);
            let forgetful = cluster.cache == NodeCache::None;
            let desk = (quiet && calm && is_settled(cluster) && !(forgetful && self.bound.is_some())).then(|| {
                registries.iter().for_each(|registry| self.series.count_seconds(*registry));
                Desk {
                    forgetful,
                    registries: registries.clone(),
                    nodes: Vec::new(),
                    asks: cluster.runs.iter().map(|_| None).collect(),
                    runners: vec![Vec::new(); cluster.runs.len()],
                }
            });
            self.rest.desks.push(desk);
            if self.rests(id) {
                self.source.let_rest(id);
                (0..cluster.nodes).for_each(|node| self.lie_down(id, node));
            }
        }
    }

    /// Registries that the nodes of a cluster ask.
    fn asked_by(&self, id: ClusterId, cluster: &Cluster) -> Vec<RegistryId> {
        let mut asked: Vec<RegistryId> = cluster.runs.iter().map(|run| self.pair(id, *run).asks).collect();
        asked.sort_unstable();
        asked.dedup();
        asked
    }

    /// A node of a resting cluster, about which nothing is known yet.
    fn lie_down(&mut self, cluster: ClusterId, node: u32) {
        let runs = self.model.demand.clusters[usize::from(cluster.0)].runs.as_slice();
        let slots = self.source.runs(cluster, node).to_vec();
        let asks = |slot: &u32| self.pair(cluster, runs[*slot as usize]).asks;
        let places: Vec<Place> = slots.iter().map(|slot| Place::new(*slot, asks(slot))).collect();
        let Some(desk) = &mut self.rest.desks[usize::from(cluster.0)] else { return };
        for (place, slot) in (0u32..).zip(slots) {
            desk.runners[slot as usize].push((node, place));
        }
        desk.nodes.push(places);
    }

    /// Whether the nodes of a cluster may rest.
    pub fn rests(&self, cluster: ClusterId) -> bool {
        self.rest.desks[usize::from(cluster.0)].is_some()
    }

    /// A usual pull was served, and the next one of that place will be like it.
    pub fn steady(&mut self, request: &Asked, usual: Usual) {
        let Some(listed) = request.listed.filter(|_| !request.moving) else { return };
        let asks = match &self.bound {
            Some(_) => None,
            None => Some(self.asked_shelf(request.cluster, request.repository)),
        };
        let Some(desk) = &mut self.rest.desks[usize::from(request.cluster.0)] else { return };
        let place = &mut desk.nodes[request.node as usize][listed as usize];
        if place.steady {
            return;
        }
        let cache = &mut self.nodes[usize::from(request.cluster.0)][request.node as usize].cache;
        let found = cache.find(request.digest.pulled);
        let known = match self.model.demand.clusters[usize::from(request.cluster.0)].cache {
            NodeCache::Bytes(_) => found.is_some(),
            NodeCache::Unlimited => cache.is_warm(request.image),
            NodeCache::None => usual.cold.is_some(),
            NodeCache::Warm(_) => false,
        };
        if !known {
            return;
        }
        (place.steady, place.image, place.found) = (true, request.digest.pulled, found);
        place.key = request.key();
        found.into_iter().for_each(|found| cache.list(found, listed));
        desk.asks[place.slot as usize].get_or_insert_with(|| Ask {
            image: request.image.clone(),
            tag: request.tag.clone(),
            digest: request.digest,
            asks,
            usual,
        });
    }

    /// An image comes to a node. Others go for it if they must: those that it has not used for longest, for which the node
    /// is caught up with, if it rests. (Of what it does at this very nanosecond that is still to come.)
    pub fn admit(&mut self, cluster: ClusterId, node: u32, image: &Arc<Image>) {
        let (index, number) = (usize::from(cluster.0), node as usize);
        if !self.nodes[index][number].cache.admit(image, self.now) {
            return;
        }
        while let Some(oldest) = self.nodes[index][number].cache.oldest() {
            if let Some(listed) = oldest.listed {
                self.catch_up_place(cluster, node, listed);
            }
            if self.nodes[index][number].cache.evict(&oldest) {
                self.evicted(cluster, node, oldest);
            }
        }
    }

    /// An image has gone from a node: who pulls it there comes up again.
    fn evicted(&mut self, cluster: ClusterId, node: u32, image: Kept) {
        let (Some(Some(desk)), Some(listed)) = (self.rest.desks.get(usize::from(cluster.0)), image.listed) else {
            return;
        };
        let place = &desk.nodes[node as usize][listed as usize];
        if place.steady && place.image == image.id {
            self.unsettle(cluster, node, listed);
        }
    }

    /// A pull that had come up was served: its place comes up again unless it is steady.
    pub fn settle_down(&mut self, pull: &PullAtRate) {
        let Some(Some(desk)) = self.rest.desks.get(usize::from(pull.cluster.0)) else { return };
        if !desk.nodes[pull.node as usize][pull.place as usize].steady {
            self.unsettle(pull.cluster, pull.node, pull.place);
        }
        self.plan(pull.cluster, pull.node);
    }

    /// While a node has no room for pulls, all that are to come do so in their turn.
    pub fn plan(&mut self, cluster: ClusterId, node: u32) {
        let Some(Some(desk)) = self.rest.desks.get(usize::from(cluster.0)) else { return };
        let state = &self.nodes[usize::from(cluster.0)][node as usize];
        let busy = !state.queue.is_empty() || desk.forgetful && state.slots.contains(&Time::NEVER);
        let free = match (busy, desk.forgetful) {
            (true, _) => Time::NEVER,
            (false, true) => self.now,
            (false, false) => state.slots.iter().copied().min().unwrap_or(Time::NEVER),
        };
        if free > self.now {
            self.catch_up(cluster, node);
            self.source.await_before(cluster, node, free);
        }
    }

    /// Something happens to an image in a registry, or somebody wants to know when it was pulled: those who pull it are
    /// caught up with, and come up again. `None` = all images of the repository.
    pub fn stir(&mut self, registry: RegistryId, repository: RepositoryId, image: Option<u32>) {
        for (index, cluster) in (0u16..).zip(&self.model.demand.clusters) {
            let Some(Some(desk)) = self.rest.desks.get(usize::from(index)) else { continue };
            if !desk.registries.contains(&registry) {
                continue;
            }
            let Ok(slot) = cluster.runs.binary_search(&repository) else { continue };
            let concerns = |ask: &Ask| {
                ask.asks.is_some_and(|(asked, _)| asked == registry) && image.is_none_or(|id| ask.digest.image == id)
            };
            if desk.asks[slot].as_ref().is_some_and(concerns) {
                self.turn(ClusterId(index), slot);
            }
        }
    }

    /// Another version may be asked for from now on.
    pub fn turned(&mut self) {
        let turned: Vec<_> = self.source.turned().collect();
        for (only, repository) in turned {
            for (id, cluster) in (0u16..).map(ClusterId).zip(&self.model.demand.clusters) {
                if self.rests(id)
                    && only.is_none_or(|only| only == id)
                    && let Ok(slot) = cluster.runs.binary_search(&repository)
                {
                    self.turn(id, slot);
                }
            }
        }
    }

    fn turn(&mut self, cluster: ClusterId, slot: usize) {
        let Some(desk) = &mut self.rest.desks[usize::from(cluster.0)] else { return };
        if desk.asks[slot].is_none() {
            return;
        }
        let runners = std::mem::take(&mut desk.runners[slot]);
        for (node, place) in &runners {
            self.catch_up_place(cluster, *node, *place);
            self.write_down(cluster, *node, *place);
            self.unsettle(cluster, *node, *place);
        }
        if let Some(desk) = &mut self.rest.desks[usize::from(cluster.0)] {
            (desk.asks[slot], desk.runners[slot]) = (None, runners);
        }
    }

    /// A place is not steady any more: its next pull comes up.
    fn unsettle(&mut self, cluster: ClusterId, node: u32, place: u32) {
        let Some(desk) = &mut self.rest.desks[usize::from(cluster.0)] else { return };
        desk.nodes[node as usize][place as usize].steady = false;
        self.source.await_pulls(cluster, node, std::iter::once(place));
    }

    /// A node is replaced by an empty one now: what it pulled is written down before.
    pub fn replaced(&mut self, cluster: ClusterId, node: u32) {
        let Some(desk) = &self.rest.desks[usize::from(cluster.0)] else { return };
        let places = 0..desk.nodes[node as usize].len() as u32;
        self.catch_up(cluster, node);
        for place in places {
            self.write_down(cluster, node, place);
            self.unsettle(cluster, node, place);
        }
    }
}

fn rates_of(cluster: &Cluster) -> impl Iterator<Item = f64> {
    cluster.triggers.iter().filter_map(|trigger| match trigger {
        Trigger::Rate { intensity } => Some(intensity.peak()),
        _ => None,
    })
}

/// Pulls a day from which on it pays to let the nodes of a cluster rest: of all together, of a node and repository, whose
/// books are closed every day, and of these again for each repository that a node runs, since most are looked at when it
/// wakes. It decides about time only, not about results.
const WORTHWHILE: (f64, f64, f64) = (1000.0, 0.25, 0.08);

/// Whether the same nodes are there all the time and pull often, at one rate, what all of them ask for.
fn is_settled(cluster: &Cluster) -> bool {
    let daily: f64 = rates_of(cluster).sum::<f64>() * DAY as f64;
    let width = cluster.runs.len().min(cluster.per_node as usize) as f64;
    let places = f64::from(cluster.nodes) * width;
    let comes_and_goes = |trigger: &Trigger| matches!(trigger, Trigger::ScaleUp { .. } | Trigger::Failover { .. });
    daily >= WORTHWHILE.0
        && daily >= WORTHWHILE.1.max(WORTHWHILE.2 * width) * places
        && rates_of(cluster).count() == 1
        && cluster.growth == 0.0
        && !cluster.triggers.iter().any(comes_and_goes)
        && !matches!(cluster.version, VersionChoice::NewestOf(_))
        && !matches!(cluster.cache, NodeCache::Warm(_))
}

/// Whether so many pulls a second should stay below half of a registry's quotas: then no stretch of time has more calls than
/// a full bucket and what flows into it meanwhile. The mean and ten standard deviations leave room for chance.
fn is_ample(model: &Model, rate: f64) -> bool {
    2.0 * (rate + 10.0 * rate.sqrt() + 20.0) <= model.service.quotas[Call::BatchGetImage as usize]
}
