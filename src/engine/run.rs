//! One trial of one strategy: the loop and what it owns.
//!
//! Three sources of events meet here: the demand, the event queue, and the fluid network's next completion. At equal
//! times they are taken in the order of [`order`]: what arrives comes before what is evicted, and evictions come before
//! pulls. After the end of the period no new demand comes in; what is under way is followed until it is done.

use std::collections::{BTreeMap, VecDeque};

use slab::Slab;

use crate::cloud::RegistryId;
use crate::demand::{
    ClusterId, IfMissing, NodeCache, NodeCacheState, Occurrence, Push, RepositoryId, Source, fingerprint,
};
use crate::registry::quota::Call;
use crate::registry::{Quota, Scanning};
use crate::sim::{EntityKey, Purpose, Queue, Stream};
use crate::strategy::behaviour::{Action, Behaviour};
use crate::strategy::{
    Kind, Strategy, centralized, cross_region_pull, pull_through_cache, replication, scheduled_copy,
};
use crate::units::{DAY, Span, Time};

use super::bound::Bound;
use super::copies::{CopyUnderWay, LaneState};
use super::downloads::{Downloads, Step, Waiter};
use super::metering::Meters;
use super::probes::Probes;
use super::pulls::Pull;
use super::series::Series;
use super::world::{ShelfId, World};
use super::{Model, Outcome};
use crate::ledger::{Item, Ledger};

/// The order of things that happen at one instant.
pub(super) mod order {
    /// A day's books are closed, before anything of the next.
    pub const DAY_END: u8 = 0;
    /// A client's push.
    pub const PUSH: u8 = 1;
    /// Bytes and copies arrive.
    pub const ARRIVAL: u8 = 2;
    /// Lifecycle policies and times-to-live take images.
    pub const EVICTION: u8 = 3;
    /// A job's run.
    pub const TICK: u8 = 4;
    /// Nodes come and go.
    pub const NODE: u8 = 5;
    /// Nodes ask.
    pub const PULL: u8 = 6;
}

/// An entry of the event queue.
pub(super) enum Event {
    /// A lifecycle policy runs.
    Lifecycle(ShelfId),
    /// An image in a cache may have outlived its time.
    Expiry(ShelfId, u32),
    /// A strategy's component asked for this moment.
    Tick(usize),
    /// A copy's service delay is over.
    CopyDue(usize),
    /// A copy that queued in its lane has its place.
    CopyBegins(usize),
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
}

/// A part of a strategy: its own kind, or that of an exception.
pub(super) struct Component<'a> {
    pub behaviour: Box<dyn Behaviour + 'a>,
    pub if_missing: Option<IfMissing>,
    /// Index of its first lane.
    pub first_lane: usize,
}

/// A running trial.
pub(super) struct Trial<'a> {
    pub model: &'a Model,
    pub now: Time,
    pub world: World<'a>,
    pub meters: Meters<'a>,
    pub series: Series<'a>,
    pub queue: Queue<Event>,
    pub components: Vec<Component<'a>>,
    /// Which component serves a pair, by cluster and repository.
    owners: Vec<Vec<u16>>,
    pub nodes: Vec<Vec<Node>>,
    pub quotas: Vec<(Quota, Quota)>,
    pub downloads: Downloads<'a>,
    pub pulls: Slab<Pull>,
    pub copies: Slab<CopyUnderWay>,
    pub lanes: Vec<LaneState>,
    /// The copy that brings an image, or a layer, to a repository in a registry.
    pub images_in_flight: BTreeMap<(RegistryId, RepositoryId, u32), usize>,
    pub layers_in_flight: BTreeMap<(RegistryId, RepositoryId, u32), usize>,
    pub warm: Vec<Stream>,
    pub probes: Probes<'a>,
    /// Set for the bound, which takes the pulls.
    pub bound: Option<Bound<'a>>,
    pub outcome: Outcome,
    seed: u64,
    /// Its number, from 1.
    trial: u64,
}

/// Runs one trial (counted from 1) of the strategy with this index.
pub fn run(model: &Model, strategy: usize, seed: u64, trial: u64) -> Outcome {
    let strategy = &model.strategies[strategy];
    let begin = Time::START + Span(-model.warm_up.0);
    let mut source = Source::new(&model.demand, &model.calendar, seed, trial, begin, model.calendar.end);
    let mut running = Trial::new(model, strategy, seed, trial);
    running.begin(&mut source);
    running.drive(&mut source);
    running.close(strategy)
}

impl<'a> Trial<'a> {
    fn new(model: &'a Model, strategy: &'a Strategy, seed: u64, trial: u64) -> Self {
        let centre = match &strategy.kind {
            Kind::Centralized(central) => Some(central),
            _ => None,
        };
        let world = World::new(model, centre.map(|central| central.registry));
        let kinds = std::iter::once((&strategy.kind, strategy.if_missing))
            .chain(strategy.exceptions.iter().map(|exception| (&exception.kind, exception.if_missing)));
        let mut lanes: Vec<LaneState> = Vec::new();
        let mut components: Vec<Component> = Vec::new();
        for (kind, if_missing) in kinds {
            let behaviour = behaviour(kind, model, &world, seed, trial);
            let first_lane = lanes.len();
            lanes.extend(behaviour.lanes().into_iter().map(LaneState::new));
            components.push(Component { behaviour, if_missing, first_lane });
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
        let quota = || {
            let service = &model.service;
            let of = |call: Call| Quota::per_second(service.quotas[call as usize]);
            (of(Call::BatchGetImage), of(Call::GetDownloadUrlForLayer))
        };
        let warm = model.demand.clusters.iter().map(|c| Stream::new(seed, trial, c.key, Purpose::WarmPull)).collect();
        Trial {
            model,
            now: Time::START + Span(-model.warm_up.0),
            world,
            meters: Meters::new(&model.cloud, &model.calendar),
            series: Series::new(model.cloud.registries.len(), &model.calendar),
            queue: Queue::new(),
            components,
            owners,
            nodes: Vec::new(),
            quotas: model.cloud.registries.iter().map(|_| quota()).collect(),
            downloads: Downloads::new(&model.cloud, centre.map(|central| (central.registry, central.egress))),
            pulls: Slab::new(),
            copies: Slab::new(),
            lanes,
            images_in_flight: BTreeMap::new(),
            layers_in_flight: BTreeMap::new(),
            warm,
            probes: Probes::new(model),
            bound: matches!(strategy.kind, Kind::Clairvoyant { .. }).then(|| Bound::new(model)),
            outcome: Outcome::new(model),
            seed,
            trial,
        }
    }

    /// Puts the world as it stands when the run begins.
    fn begin(&mut self, source: &mut Source) {
        for (index, cluster) in self.model.demand.clusters.iter().enumerate() {
            let count = source.nodes(ClusterId(index as u16));
            self.nodes.push((0..count).map(|_| Node::new(cluster.cache, cluster.parallel_images)).collect());
        }
        for index in 0..self.world.shelves.len() {
            self.schedule_lifecycle(ShelfId(index as u32));
        }
        for push in source.existing() {
            self.store_push(&push);
            for index in 0..self.components.len() {
                let placed = self.components[index].behaviour.on_existing(&push, &self.world);
                for registry in placed {
                    self.place(registry, &push);
                }
            }
        }
        for warm in source.initial() {
            let nodes = &mut self.nodes[usize::from(warm.cluster.0)];
            nodes[warm.node as usize].cache.admit(&warm.image);
        }
        let mut actions = Vec::new();
        for index in 0..self.components.len() {
            self.components[index].behaviour.on_begin(&mut actions);
            self.execute(index, &mut actions);
        }
        for day in 0..self.model.calendar.days.len() {
            let end = self.model.calendar.day_end(day).min(self.model.calendar.end);
            self.queue.push(end, order::DAY_END, Event::DayEnd(day));
        }
    }

    fn drive(&mut self, source: &mut Source) {
        let mut demand = source.next();
        loop {
            let wanted = demand.as_ref().map(|occurrence| (occurrence.at(), class(occurrence)));
            let queued = self.queue.peek();
            let flow = self.downloads.fabric.next_completion().map(|time| (time, order::ARRIVAL));
            let Some(next) = [wanted, queued, flow].into_iter().flatten().min() else { return };
            self.now = next.0;
            self.outcome.events += 1;
            // Queued events go before flows, and both before demand, where time and order are equal.
            if queued == Some(next) {
                if let Some((_, event)) = self.queue.pop() {
                    self.handle(event);
                }
            } else if flow == Some(next) {
                self.complete_flows();
            } else if let Some(occurrence) = demand.take() {
                fingerprint(&occurrence, &mut self.outcome.demand_hash);
                self.meet(occurrence);
                demand = source.next();
            }
        }
    }

    fn meet(&mut self, occurrence: Occurrence) {
        match occurrence {
            Occurrence::Push(push) => self.push(&push),
            Occurrence::Edit(_) => {}
            Occurrence::Pull(request) => self.request(request),
            Occurrence::NodeUp { cluster, node, .. } => {
                let config = &self.model.demand.clusters[usize::from(cluster.0)];
                let nodes = &mut self.nodes[usize::from(cluster.0)];
                let fresh = || Node::new(config.cache, config.parallel_images);
                while nodes.len() <= node as usize {
                    nodes.push(fresh());
                }
                // Pulls that the old node still waits for go on, but hold none of the new one's places.
                let place = &mut nodes[node as usize];
                place.cache.clear();
                place.slots.fill(Time(i64::MIN));
            }
            Occurrence::NodeDown { cluster, node, .. } => {
                self.nodes[usize::from(cluster.0)][node as usize].cache.clear();
            }
        }
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Lifecycle(shelf) => self.run_lifecycle(shelf),
            Event::Expiry(shelf, image) => self.expire_from_cache(shelf, image),
            Event::Tick(component) => {
                let mut actions = Vec::new();
                self.components[component].behaviour.on_tick(self.now, &self.world, &mut actions);
                self.execute(component, &mut actions);
            }
            Event::CopyDue(copy) => self.copy_due(copy),
            Event::CopyBegins(copy) => self.begin_copy(copy),
            Event::CopyMoved(copy) => self.copy_moved(copy),
            Event::Retry(pull) => self.attempt(pull),
            Event::NodeFree(cluster, node) => self.node_free(cluster, node),
            Event::Step(step) => {
                let queue = &mut self.queue;
                self.downloads.step(self.now, step, &mut |at, step| queue.push(at, order::ARRIVAL, Event::Step(step)));
            }
            Event::DayEnd(day) => {
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
        for waiter in finished {
            match waiter {
                Waiter::Pull(pull) => self.pull_downloaded(pull),
                Waiter::Copy(copy) => self.copy_moved(copy),
            }
        }
    }

    fn push(&mut self, push: &Push) {
        if !self.store_push(push) {
            return;
        }
        self.probes.release(push, &self.world);
        let mut actions = Vec::new();
        for index in 0..self.components.len() {
            self.components[index].behaviour.on_push(push, &self.world, &mut actions);
            self.execute(index, &mut actions);
        }
    }

    /// A push becomes whole at home; `false` when the registry refuses it (an immutable tag).
    fn store_push(&mut self, push: &Push) -> bool {
        let home = self.world.homes()[push.repository.0 as usize];
        let Some(id) = self.world.find(home, push.repository) else { return false };
        let shelf = self.world.shelf_mut(id);
        let Ok(stored) = shelf.state.push(push.at, &push.image, push.tag.as_deref()) else { return false };
        shelf.stock(stored.bytes_added, &mut self.meters, push.at);
        if stored.new_image && self.model.registries[usize::from(home.0)].scanning == Scanning::Enhanced {
            self.meters.scan(home, push.repository, push.at);
        }
        true
    }

    pub fn execute(&mut self, component: usize, actions: &mut Vec<Action>) {
        for action in actions.drain(..) {
            match action {
                Action::Copy(copy) => self.order_copy(component, copy),
                Action::Failed { at, .. } => self.outcome.copies_failed += u64::from(self.meters.measured(at)),
                Action::Tick(at) => self.queue.push(at.max(self.now), order::TICK, Event::Tick(component)),
            }
        }
    }

    /// The component that serves a pair.
    pub fn owner(&self, cluster: ClusterId, repository: RepositoryId) -> usize {
        usize::from(self.owners[usize::from(cluster.0)][repository.0 as usize])
    }

    /// Schedules the next daily run of a shelf's lifecycle policy, if it has one.
    pub fn schedule_lifecycle(&mut self, id: ShelfId) {
        let shelf = self.world.shelf(id);
        if !shelf.state.has_lifecycle() {
            return;
        }
        let phase = self.lifecycle_phase(shelf.registry, shelf.repository);
        let days = (self.now.0 - phase.0).div_euclid(DAY);
        let next = Time(phase.0 + days * DAY);
        // A policy that is put at the very moment of its daily run takes part in it.
        let next = if next < self.now { Time(next.0 + DAY) } else { next };
        if next < self.model.calendar.end {
            self.queue.push(next, order::EVICTION, Event::Lifecycle(id));
        }
    }

    /// When in the day a repository's lifecycle policy runs (B22).
    fn lifecycle_phase(&self, registry: RegistryId, repository: RepositoryId) -> Span {
        let name = &self.model.demand.repositories[repository.0 as usize].name;
        let entity = EntityKey::named("lifecycle", name).child(u64::from(registry.0));
        let mut stream = Stream::new(self.seed, self.trial, entity, Purpose::LifecyclePhase);
        let draw = self.model.service.lifecycle_delay.sample(&mut stream);
        Span((libm::round(draw.max(0.0)) as i64).rem_euclid(DAY))
    }

    fn run_lifecycle(&mut self, id: ShelfId) {
        let mut acted = Vec::new();
        let shelf = self.world.shelf_mut(id);
        let before = shelf.state.stored_bytes();
        shelf.state.apply_lifecycle(self.now, Span(DAY), &mut acted);
        // All at one moment, so it does not matter which image's bytes are which.
        let mut freed = before - shelf.state.stored_bytes();
        for gone in acted {
            shelf.drop_image(gone.image.id, std::mem::take(&mut freed), &mut self.meters, self.now);
        }
        let next = Time(self.now.0 + DAY);
        if next < self.model.calendar.end {
            self.queue.push(next, order::EVICTION, Event::Lifecycle(id));
        }
    }

    fn expire_from_cache(&mut self, id: ShelfId, image: u32) {
        let shelf = self.world.shelf_mut(id);
        let Some(ttl) = shelf.ttl else { return };
        let Some(last) = shelf.last_used(image).filter(|_| shelf.state.contains(image)) else { return };
        let due = last + ttl;
        if due <= self.now {
            if let Some(freed) = shelf.state.remove(image) {
                shelf.drop_image(image, freed, &mut self.meters, self.now);
            }
        } else if due < self.model.calendar.end {
            self.queue.push(due, order::EVICTION, Event::Expiry(id, image));
        }
    }

    fn close(mut self, strategy: &Strategy) -> Outcome {
        let end = self.model.calendar.end;
        for shelf in &mut self.world.shelves {
            let counts = shelf.close(&mut self.meters, end);
            if counts.pulls > 0 || counts.copies > 0 {
                self.outcome.by_repository.push(counts);
            }
        }
        self.outcome.by_repository.sort_by_key(|counts| (counts.repository, counts.registry));
        self.kept_for_the_scenario();
        let kinds = std::iter::once(&strategy.kind).chain(strategy.exceptions.iter().map(|exception| &exception.kind));
        for kind in kinds {
            if let Kind::ScheduledCopy(job) = kind {
                let seat = self.world.homes().first().copied().unwrap_or(RegistryId(0));
                toil(&mut self.meters, self.model, job.toil_hours, seat);
            }
        }
        for index in 0..self.lanes.len() {
            self.lanes[index].close(&mut self.meters, end);
        }
        self.outcome.series = self.series.close();
        self.outcome.stored_bytes_end = self.outcome.series.iter().filter_map(|daily| daily.stored.last()).sum();
        self.outcome.probes = self.probes.close();
        let ledger = self.meters.close();
        self.outcome.stored_in = stored_in(&ledger);
        self.outcome.ledger = ledger;
        self.outcome
    }

    /// NAT gateways and interface endpoints that the scenario keeps.
    fn kept_for_the_scenario(&mut self) {
        let (begin, end) = (Time::START, self.model.calendar.end);
        for cluster in &self.model.demand.clusters {
            for (item, count) in [(Item::NatHours, cluster.nat_gateways), (Item::EndpointHours, cluster.endpoints)] {
                if count > 0 {
                    self.meters.hours(item, cluster.registry, begin, end, (u128::from(count), 1));
                }
            }
        }
    }
}

/// (repository, region) pairs that stored a byte.
fn stored_in(ledger: &Ledger) -> Vec<(u32, u16)> {
    let mut pairs: Vec<(u32, u16)> = ledger
        .by_repository()
        .filter(|(key, _)| key.item == Item::Storage)
        .flat_map(|(key, shares)| shares.keys().map(move |(repository, _)| (*repository, key.region.0)))
        .collect();
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

/// People's hours a month, day by day.
fn toil(meters: &mut Meters, model: &Model, hours: f64, seat: RegistryId) {
    if hours <= 0.0 {
        return;
    }
    let worked = libm::round(hours * crate::units::HOUR as f64) as u128;
    for month in 0..model.calendar.months.len() {
        let (from, to) = (model.calendar.month_starts[month], model.calendar.month_starts[month + 1]);
        meters.hours(Item::People, seat, from, to, (worked, model.calendar.month_length(month) as u128));
    }
}

impl Node {
    fn new(cache: NodeCache, places: u32) -> Node {
        let slots = vec![Time(i64::MIN); places.max(1) as usize];
        Node { cache: NodeCacheState::new(cache), slots, queue: VecDeque::new(), wake: None }
    }
}

fn class(occurrence: &Occurrence) -> u8 {
    match occurrence {
        Occurrence::Push(_) | Occurrence::Edit(_) => order::PUSH,
        Occurrence::NodeUp { .. } | Occurrence::NodeDown { .. } => order::NODE,
        Occurrence::Pull(_) => order::PULL,
    }
}

fn behaviour<'a>(kind: &'a Kind, model: &'a Model, world: &World, seed: u64, trial: u64) -> Box<dyn Behaviour + 'a> {
    match kind {
        Kind::CrossRegionPull => Box::new(cross_region_pull::PullFromHome),
        Kind::Replication(settings) => {
            let again = model.service.retry_moves_bytes_again;
            Box::new(replication::Replicate::new(settings, seed, trial, again))
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
