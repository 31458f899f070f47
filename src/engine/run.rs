//! One trial of one strategy: the loop and what it owns.
//!
//! Three sources of events meet here: the demand, the event queue, and the fluid network's next completion. At equal
//! times they are taken in the order of [`order`]: what arrives comes before what is evicted, and evictions come before
//! pulls. After the end of the period no new demand comes in; what is under way is followed until it is done.

use std::collections::{BTreeMap, VecDeque};

use slab::Slab;

use crate::cloud::RegistryId;
use crate::demand::{
    Cluster, ClusterId, Fingerprint, IfMissing, NodeCache, NodeCacheState, Occurrence, RepositoryId, Source, Stage,
};
use crate::faults::{Strike, strikes};
use crate::registry::Layer;
use crate::sim::{Purpose, Queue, Stream};
use crate::strategy::behaviour::{Action, Behaviour};
use crate::strategy::{Kind, centralized, cross_region_pull, pull_through_cache, replication, scheduled_copy};
use crate::units::{Span, Time};

use super::bound::Bound;
use super::calls::Calls;
use super::copies::{CopyUnderWay, FailedCopy};
use super::downloads::{Downloads, Step, Waiter};
use super::hazards::Hazards;
use super::home::{Waiting, Wish};
use super::journal::{Entry, Journal, Listener};
use super::lanes::LaneState;
use super::metering::Meters;
use super::prices::Prices;
use super::probes::Probes;
use super::pulls::Pull;
use super::recovery::Recoveries;
use super::rest::Rest;
use super::series::Series;
use super::times::Times;
use super::world::{ShelfId, World};
use super::{Model, Outcome};

/// The order of things that happen at one instant.
pub(super) mod order {
    /// A day's books are closed, before anything of the next.
    pub const DAY_END: u8 = 0;
    /// A fault begins or ends.
    pub const FAULT: u8 = 1;
    /// A client's push.
    pub const PUSH: u8 = 2;
    /// Bytes and copies arrive.
    pub const ARRIVAL: u8 = 3;
    /// Lifecycle policies and times-to-live take images.
    pub const EVICTION: u8 = 4;
    /// A job's run.
    pub const TICK: u8 = 5;
    /// Nodes come and go.
    pub const NODE: u8 = 6;
    /// Nodes ask.
    pub const PULL: u8 = 7;
}

/// An entry of the event queue.
pub(super) enum Event {
    /// A strike of a fault begins, or ends.
    Fault(usize, bool),
    /// A client that had to wait comes back to a repository.
    Client(RepositoryId),
    /// An archived image is restored.
    Restored(ShelfId, u32),
    /// The daily run of a lifecycle policy.
    Upkeep(ShelfId),
    /// An image in a cache may have outlived its time.
    Expiry(ShelfId, u32),
    /// A strategy's component asked for this moment.
    Tick(usize),
    /// The last attempt of a copy fails.
    CopyFails(Box<FailedCopy>),
    /// A copy's service delay is over.
    CopyDue(usize),
    /// A copy that queued in its lane has its place.
    CopyBegins(usize),
    /// A copy that an outage had cut goes on.
    CopyResumes(usize),
    /// A copy's bytes have moved.
    CopyMoved(usize),
    /// A pull that backed off asks again.
    Retry(usize),
    /// A node has room for its next pull.
    NodeFree(ClusterId, u32),
    /// A download goes on.
    Step(Step),
    /// The day ends.
    DayEnd(usize),
    /// A day of the warm-up ends.
    WarmUpDayEnd,
}

/// A node while it lives.
pub(super) struct Node {
    pub cache: NodeCacheState,
    /// When each of its places for a pull is free again; never while a download of unknown length holds it.
    pub slots: Vec<Time>,
    /// Pulls that wait for a place.
    pub queue: VecDeque<usize>,
    /// The next [`Event::NodeFree`] on its way.
    pub wake: Option<Time>,
    /// Until when it is logged in at its registry.
    pub login: Time,
    /// Tells it from the nodes that had its number before.
    pub life: u32,
}

/// A part of a strategy: its own kind, or that of an exception.
pub(super) struct Component<'a> {
    pub behaviour: Box<dyn Behaviour + 'a>,
    pub if_missing: Option<IfMissing>,
    /// Index of its first lane.
    pub first_lane: usize,
    /// It is a scheduled job, which can stand still.
    pub is_job: bool,
}

/// What is the same for all pulls of a repository by a cluster.
#[derive(Clone, Copy)]
pub(super) struct Pair {
    /// The component that serves it.
    component: u16,
    /// The registry that is asked.
    pub asks: RegistryId,
    /// Its repository there, once that is known to be there.
    pub shelf: Option<ShelfId>,
}

/// A running trial.
pub(super) struct Trial<'a> {
    pub model: &'a Model,
    pub now: Time,
    pub source: Source<'a>,
    /// What the source has asked for so far.
    pub seen: Fingerprint,
    pub world: World<'a>,
    pub meters: Meters<'a>,
    pub series: Series<'a>,
    pub queue: Queue<Event>,
    pub components: Vec<Component<'a>>,
    /// Who serves a pair, by cluster and repository.
    pairs: Vec<Vec<Pair>>,
    pub nodes: Vec<Vec<Node>>,
    pub calls: Calls,
    pub waiting: Waiting,
    pub recoveries: Recoveries<'a>,
    pub downloads: Downloads<'a>,
    pub pulls: Slab<Pull>,
    pub copies: Slab<CopyUnderWay>,
    pub lanes: Vec<LaneState>,
    /// The copy that brings an image, or a layer, to a repository in a registry.
    pub images_in_flight: BTreeMap<(RegistryId, RepositoryId, u32), usize>,
    pub layers_in_flight: BTreeMap<(RegistryId, RepositoryId, u32), usize>,
    pub warm: Vec<Stream>,
    pub times: Times,
    pub prices: Prices,
    pub rest: Rest,
    /// Room to write down which layers a pull lacks.
    pub room: Vec<Layer>,
    pub probes: Probes<'a>,
    /// Set for the bound, which takes the pulls.
    pub bound: Option<Bound<'a>>,
    pub outcome: Outcome,
    pub journal: Journal<'a>,
    /// Index of the strategy.
    strategy: usize,
    pub seed: u64,
    /// Its number, from 1.
    pub trial: u64,
}

/// Runs one trial (counted from 1) of the strategy with this index.
pub fn run(model: &Model, strategy: usize, seed: u64, trial: u64) -> Outcome {
    run_trial(model, strategy, seed, trial, None)
}

/// The same, and tells `listener` of everything that happens to images in registries, in order of time. The outcome is
/// that of [`run()`].
pub fn run_with_journal(
    model: &Model,
    strategy: usize,
    seed: u64,
    trial: u64,
    listener: &mut dyn FnMut(Time, &Entry),
) -> Outcome {
    run_trial(model, strategy, seed, trial, Some(listener))
}

fn run_trial<'a>(
    model: &'a Model,
    strategy: usize,
    seed: u64,
    trial: u64,
    mut listener: Option<Listener<'a>>,
) -> Outcome {
    let (begin, end) = (Time::START + Span(-model.warm_up.0), model.calendar.end);
    let strikes = strikes(&model.faults, seed, trial, begin, end);
    for may_rest in [true, false] {
        let source = Source::new(&model.demand, &model.calendar, seed, trial, begin, end, &strikes);
        let journal = Journal::new(listener.take());
        let mut running = Trial::new(model, strategy, &strikes, (seed, trial), journal, source);
        running.begin(may_rest);
        running.drive();
        if !running.rest.quota_reached {
            return running.close(&model.strategies[strategy]);
        }
    }
    unreachable!("where no node rests, no quota is overlooked")
}

impl<'a> Trial<'a> {
    fn new(
        model: &'a Model,
        number: usize,
        strikes: &[Strike],
        (seed, trial): (u64, u64),
        journal: Journal<'a>,
        source: Source<'a>,
    ) -> Self {
        let strategy = &model.strategies[number];
        let centre = match &strategy.kind {
            Kind::Centralized(central) => Some(central),
            _ => None,
        };
        let world = World::new(
            model,
            centre.map(|central| central.registry),
            Hazards::new(&model.cloud, &model.faults, strikes.to_vec()),
        );
        let kinds = std::iter::once((&strategy.kind, strategy.if_missing))
            .chain(strategy.exceptions.iter().map(|exception| (&exception.kind, exception.if_missing)));
        let mut lanes: Vec<LaneState> = Vec::new();
        let mut components: Vec<Component> = Vec::new();
        for (kind, if_missing) in kinds {
            let behaviour = behaviour(kind, model, &world, seed, trial);
            let first_lane = lanes.len();
            lanes.extend(behaviour.lanes().into_iter().map(LaneState::new));
            let is_job = matches!(kind, Kind::ScheduledCopy(_));
            components.push(Component { behaviour, if_missing, first_lane, is_job });
        }
        let mut owners = vec![vec![0u16; model.demand.repositories.len()]; model.demand.clusters.len()];
        // The first exception that matches counts, so later ones are written first.
        for (number, exception) in strategy.exceptions.iter().enumerate().rev() {
            for cluster in &exception.clusters {
                for repository in &exception.repositories {
                    owners[usize::from(cluster.0)][repository.0 as usize] = number as u16 + 1;
                }
            }
        }
        let pair = |cluster: &Cluster, (repository, component): (u32, u16)| {
            let behaviour = &components[usize::from(component)].behaviour;
            Pair { component, asks: behaviour.asks(RepositoryId(repository), cluster.registry, &world), shelf: None }
        };
        let pairs = model.demand.clusters.iter().zip(owners);
        let pairs =
            pairs.map(|(cluster, owners)| (0..).zip(owners).map(|owner| pair(cluster, owner)).collect()).collect();
        let egress = centre.map(|central| (central.registry, central.egress));
        let warm = model.demand.clusters.iter().map(|c| Stream::new(seed, trial, c.key, Purpose::WarmPull)).collect();
        Trial {
            model,
            now: Time::START + Span(-model.warm_up.0),
            source,
            seen: Fingerprint::default(),
            world,
            meters: Meters::new(&model.cloud, &model.calendar),
            series: Series::new(model.cloud.registries.len(), &model.calendar, model.warm_up),
            queue: Queue::new(),
            components,
            pairs,
            nodes: Vec::new(),
            calls: Calls::new(model),
            waiting: Waiting::default(),
            recoveries: Recoveries::new(model, strikes),
            downloads: Downloads::new(&model.cloud, egress, model.plain),
            pulls: Slab::new(),
            copies: Slab::new(),
            lanes,
            images_in_flight: BTreeMap::new(),
            layers_in_flight: BTreeMap::new(),
            warm,
            times: Times::new(model),
            prices: Prices::new(model),
            rest: Rest::default(),
            room: Vec::new(),
            probes: Probes::new(model),
            bound: matches!(strategy.kind, Kind::Clairvoyant { .. }).then(|| Bound::new(model)),
            outcome: Outcome::new(model),
            journal,
            strategy: number,
            seed,
            trial,
        }
    }

    fn drive(&mut self) {
        while !self.rest.quota_reached {
            let wanted = self.source.peek().map(|(at, stage)| (at, class(stage)));
            let queued = self.queue.peek();
            let flow = self.downloads.fabric.next_completion().map(|time| (time, order::ARRIVAL));
            let Some(next) = [wanted, queued, flow].into_iter().flatten().min() else { return };
            self.now = next.0;
            // Queued events go before flows, and both before demand, where time and order are equal.
            if queued == Some(next) {
                if let Some((_, event)) = self.queue.pop() {
                    self.outcome.events += 1;
                    self.handle(event);
                }
            } else if flow == Some(next) {
                self.outcome.events += 1;
                self.complete_flows();
            } else if !self.pulls_at_rate() {
                let occurrence = self.source.step();
                self.turned();
                if let Some(occurrence) = occurrence {
                    self.outcome.events += 1;
                    self.seen.note(&occurrence);
                    self.meet(occurrence);
                }
            }
        }
    }

    fn meet(&mut self, occurrence: Occurrence) {
        match occurrence {
            Occurrence::Push(push) => self.client(Wish::Push(push)),
            Occurrence::Edit(edit) => self.client(Wish::Edit(edit)),
            Occurrence::Pull(request) => {
                self.rouse(request.cluster, request.node);
                self.request(&request.asked());
                self.plan(request.cluster, request.node);
            }
            Occurrence::NodeUp { cluster, node, .. } => {
                self.replaced(cluster, node);
                let config = &self.model.demand.clusters[usize::from(cluster.0)];
                let nodes = &mut self.nodes[usize::from(cluster.0)];
                let fresh = || Node::new(config.cache, config.parallel_images);
                while nodes.len() <= node as usize {
                    nodes.push(fresh());
                }
                // Pulls that the old node still waits for go on, but hold none of the new one's places.
                let place = &mut nodes[node as usize];
                place.cache.clear();
                place.login = Time(i64::MIN);
                place.slots.fill(Time(i64::MIN));
                place.life += 1;
                self.plan(cluster, node);
            }
            Occurrence::NodeDown { cluster, node, .. } => {
                self.nodes[usize::from(cluster.0)][node as usize].cache.clear();
            }
        }
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Fault(strike, begins) => self.fault(strike, begins),
            Event::Client(repository) => self.client_again(repository),
            Event::Restored(shelf, image) => self.restored(shelf, image),
            Event::Upkeep(shelf) => self.upkeep(shelf),
            Event::Expiry(shelf, image) => self.expire_from_cache(shelf, image),
            Event::Tick(component) => {
                let mut actions = Vec::new();
                let stopped = self.world.hazards.job_stopped(self.strategy) || self.machine_down(component);
                let part = &mut self.components[component];
                match stopped && part.is_job {
                    true => part.behaviour.on_skipped(&mut actions),
                    false => part.behaviour.on_tick(self.now, &self.world, &mut actions),
                }
                self.execute(component, &mut actions);
            }
            Event::CopyFails(failed) => self.copy_fails(*failed),
            Event::CopyDue(copy) => self.copy_due(copy),
            Event::CopyBegins(copy) => self.begin_copy(copy),
            Event::CopyResumes(copy) => self.resume_copy(copy),
            Event::CopyMoved(copy) => self.copy_moved(copy),
            Event::Retry(pull) => self.attempt(pull),
            Event::NodeFree(cluster, node) => self.node_free(cluster, node),
            Event::Step(step) => {
                let queue = &mut self.queue;
                let mut schedule = |at, step| queue.push(at, order::ARRIVAL, Event::Step(step));
                let finished = self.downloads.step(self.now, step, &mut schedule);
                finished.into_iter().for_each(|waiter| self.downloaded(waiter));
            }
            Event::WarmUpDayEnd => self.close_day(),
            Event::DayEnd(day) => {
                self.close_day();
                for index in 0..self.model.cloud.registries.len() {
                    let registry = RegistryId(index as u16);
                    self.series.stored(registry, day, self.meters.stored(registry));
                }
            }
        }
    }

    fn complete_flows(&mut self) {
        let queue = &mut self.queue;
        let finished =
            self.downloads.complete(self.now, &mut |at, step| queue.push(at, order::ARRIVAL, Event::Step(step)));
        finished.into_iter().for_each(|waiter| self.downloaded(waiter));
    }

    fn downloaded(&mut self, waiter: Waiter) {
        match waiter {
            Waiter::Pull(pull) => self.pull_downloaded(pull),
            Waiter::Copy(copy) => self.copy_moved(copy),
        }
    }

    pub fn execute(&mut self, component: usize, actions: &mut Vec<Action>) {
        for action in actions.drain(..) {
            match action {
                Action::Copy(copy) => self.order_copy(component, copy),
                Action::Failed { .. } => self.expect_failure(component, action),
                Action::Remove { repository, at, image, tag } => {
                    self.remove_copy(at, repository, image.id, tag.as_deref());
                }
                Action::Tick(at) => self.queue.push(at.max(self.now), order::TICK, Event::Tick(component)),
            }
        }
    }

    /// The component that serves a pair.
    pub fn owner(&self, cluster: ClusterId, repository: RepositoryId) -> usize {
        usize::from(self.pair(cluster, repository).component)
    }

    pub fn pair(&self, cluster: ClusterId, repository: RepositoryId) -> Pair {
        self.pairs[usize::from(cluster.0)][repository.0 as usize]
    }

    /// The registry that a pair asks, and its repository there, if there is one.
    pub fn asked_shelf(&mut self, cluster: ClusterId, repository: RepositoryId) -> (RegistryId, Option<ShelfId>) {
        let pair = &mut self.pairs[usize::from(cluster.0)][repository.0 as usize];
        // Shelves come, and stay.
        if pair.shelf.is_none() {
            pair.shelf = self.world.find(pair.asks, repository);
        }
        (pair.asks, pair.shelf)
    }
}

impl Node {
    /// An empty node with so many places for pulls.
    pub fn new(cache: NodeCache, places: u32) -> Node {
        let slots = vec![Time(i64::MIN); places.max(1) as usize];
        let cache = NodeCacheState::new(cache);
        Node { cache, slots, queue: VecDeque::new(), wake: None, login: Time(i64::MIN), life: 0 }
    }
}

fn class(stage: Stage) -> u8 {
    match stage {
        Stage::Strikes => order::FAULT,
        Stage::Pushes | Stage::Deploys => order::PUSH,
        Stage::Nodes => order::NODE,
        Stage::Pulls => order::PULL,
    }
}

fn behaviour<'a>(kind: &'a Kind, model: &'a Model, world: &World, seed: u64, trial: u64) -> Box<dyn Behaviour + 'a> {
    match kind {
        Kind::CrossRegionPull => Box::new(cross_region_pull::PullFromHome),
        Kind::Replication(settings) => {
            let service = &model.service;
            let (again, attached) = (service.retry_moves_bytes_again, service.copies_attachments);
            Box::new(replication::Replicate::new(settings, seed, trial, again, attached))
        }
        Kind::PullThroughCache(settings) => Box::new(pull_through_cache::Cache::new(settings)),
        Kind::ScheduledCopy(settings) => {
            let seat = world.homes().first().copied().unwrap_or(RegistryId(0));
            Box::new(scheduled_copy::Job::new(settings, seed, trial, seat))
        }
        // The bound takes its pulls itself and only needs home storage; neither kind can be an exception.
        Kind::Centralized(_) | Kind::Clairvoyant { .. } => Box::new(centralized::PullFromCentre),
    }
}
