//! All demand of one trial, drawn lazily and merged in order of time.
//!
//! One queue holds one entry per *source of events*: the next push of a repository, the next pull of a running deploy,
//! the next scale-up, each node's next replacement; pulls at a rate, which are the many, have queues of their own.
//! Whatever happens at one moment has an order: faults strike; then pushes; then deploys start; then nodes come and go;
//! then pulls. So a node that comes up at the moment of a push asks for the version just pushed, and a deploy's nodes are
//! those from before.
//!
//! Only what can still be asked for is kept; an image lives on in whoever holds its `Arc`.

use std::collections::VecDeque;

use deploy::Deploy;
use failover::Failover;
use rates::Rate;
pub use rates::{PullAtRate, Until};

use super::books::Version;
use super::cluster::{ClusterState, index_in_kind};
use super::occurrence::{Occurrence, Push, Request, Warm};
use super::publisher::{Due, Pending, Published, Publisher};
use super::{ClusterId, Demand, RepositoryId, Trigger};
use crate::faults::Strike;
use crate::sim::{Calendar, Purpose, Queue};
use crate::units::Time;

mod clocks;
mod deploy;
pub(super) mod failover;
#[cfg(test)]
pub(super) mod fixture;
mod rates;

/// What happens at one moment, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Faults strike.
    Strikes,
    /// Clients push and edit.
    Pushes,
    /// Deploys start.
    Deploys,
    /// Nodes come and go.
    Nodes,
    /// Nodes ask.
    Pulls,
}

const STAGES: [Stage; 5] = [Stage::Strikes, Stage::Pushes, Stage::Deploys, Stage::Nodes, Stage::Pulls];
const PUSHES: u8 = Stage::Pushes as u8;
const DEPLOYS: u8 = Stage::Deploys as u8;
const NODES: u8 = Stage::Nodes as u8;
const PULLS: u8 = Stage::Pulls as u8;

/// What a source of events does next.
enum Event {
    /// A repository's clock strikes.
    Clock(RepositoryId),
    /// The rest of a batch.
    Batch { repository: RepositoryId, start: Time, index: u32, of: u32 },
    /// A promotion is due.
    Promotion(Box<Pending>),
    /// A deploy starts.
    Deploy(Box<Deploy>),
    /// The next pull of a deploy that runs.
    DeployPull(Box<Deploy>),
    /// Nodes are asked for.
    ScaleUp { cluster: u16, trigger: u16 },
    /// One of them comes up, to stay until `down`.
    Join { cluster: u16, identity: u64, down: Time },
    /// Growth adds or takes a node.
    Grow { cluster: u16 },
    /// A node goes.
    Leave { cluster: u16, node: u32, identity: u64 },
    /// A node is replaced.
    Churn { cluster: u16, clock: u16, node: u32, identity: u64 },
    /// A node that just came up pulls all that it runs.
    Fill { cluster: u16, node: u32, epoch: u32, failover: Option<u32> },
    /// A fault strikes that a cluster without deploys fails over on.
    Strike { cluster: u16 },
    /// A failover begins: the `number`-th of its fault.
    Failover { cluster: u16, trigger: u16, strike: u32, number: u64 },
    /// Its next node comes up.
    Rise(Box<Failover>),
    /// Every node pulls all that it runs.
    Moment { cluster: u16, trigger: u16 },
    /// A listed pull.
    Listed { cluster: u16, trigger: u16 },
}

/// Nodes `node..until` pull all that they run, from the `place`-th of the first one's list on.
struct Sweep {
    at: Time,
    cluster: u16,
    node: u32,
    until: u32,
    place: usize,
    /// Because of this strike of a fault.
    failover: Option<u32>,
}

/// The demand of one trial: its occurrences, in order of time.
///
/// Every draw is named by (seed, trial, entity, purpose): neither strategies nor further repositories, clusters or
/// nodes change what the others get.
pub struct Source<'a> {
    demand: &'a Demand,
    end: Time,
    publisher: Publisher<'a>,
    clusters: Vec<ClusterState<'a>>,
    /// By repository: clusters with a deploy trigger that may run it, and its slot there.
    audience: Vec<Vec<(u16, u32)>>,
    queue: Queue<Event>,
    /// Pulls at a rate. At equal times the queue goes first.
    rates: Vec<Rate>,
    /// Occurrences of the moment that come before anything in the queue.
    ready: VecDeque<Occurrence>,
    sweep: Option<Sweep>,
    existing: Vec<Push>,
    /// Repositories of which another version is asked for now, by this cluster or by all.
    turned: Vec<(Option<ClusterId>, RepositoryId)>,
    /// Strikes of faults whose failover the end cut short.
    unfinished: Vec<u32>,
}

impl<'a> Source<'a> {
    /// The demand of `trial` in [`begin`, `end`). `begin` is the start of the run less its warm-up, so never after
    /// [`Time::START`]. The calendar serves the `{date}` of tags. `strikes` are the trial's: failovers hang on them.
    pub fn new(
        demand: &'a Demand,
        calendar: &'a Calendar,
        seed: u64,
        trial: u64,
        begin: Time,
        end: Time,
        strikes: &[Strike],
    ) -> Source<'a> {
        let mut publisher = Publisher::new(demand, calendar, seed, trial, begin, end);
        let clusters: Vec<ClusterState<'a>> =
            demand.clusters.iter().map(|cluster| ClusterState::new(cluster, demand, seed, trial, begin)).collect();
        let mut existing = Vec::new();
        let mut newest_release: Vec<Option<Version>> = vec![None; demand.repositories.len()];
        for published in publisher.existing(begin) {
            existing.extend(published.pushes());
            if published.release {
                newest_release[published.repository.0 as usize] = Some(published.asked_by(0));
            }
        }
        let mut source = Source {
            demand,
            end,
            publisher,
            clusters,
            audience: vec![Vec::new(); demand.repositories.len()],
            queue: Queue::new(),
            rates: Vec::new(),
            turned: Vec::new(),
            ready: VecDeque::new(),
            sweep: None,
            existing,
            unfinished: Vec::new(),
        };
        for id in (0..demand.repositories.len() as u32).map(RepositoryId) {
            source.schedule_clock(id);
        }
        for (index, cluster) in (0u16..).zip(&demand.clusters) {
            let deploys = cluster.triggers.iter().any(|trigger| matches!(trigger, Trigger::Deploy { .. }));
            for (slot, id) in (0u32..).zip(&cluster.runs) {
                source.clusters[usize::from(index)].deployed[slot as usize] = newest_release[id.0 as usize].clone();
                if deploys {
                    source.audience[id.0 as usize].push((index, slot));
                }
            }
            for node in 0..source.nodes(ClusterId(index)) {
                source.schedule_churn(index, node);
            }
            for (trigger, spec) in (0u16..).zip(&cluster.triggers) {
                source.schedule_trigger(index, trigger);
                if let Trigger::Rate { intensity } = spec {
                    let key = cluster.key.child(index_in_kind(cluster, usize::from(trigger)) as u64);
                    source.rates.push(Rate::new(index, key, intensity.clone(), begin));
                }
            }
            for node in 0..source.nodes(ClusterId(index)) {
                source.start_clocks(index, node, begin);
            }
            source.schedule_growth(index);
        }
        source.schedule_failovers(strikes);
        source
    }

    /// The versions at home before the beginning, ascending in time; their push times lie before `begin`. They are
    /// handed out once.
    pub fn existing(&mut self) -> Vec<Push> {
        std::mem::take(&mut self.existing)
    }

    /// Strikes of faults whose failover has nodes that would come up only after the end. Ask when nothing more happens.
    pub fn unfinished(&self) -> &[u32] {
        &self.unfinished
    }

    /// What nodes hold at the beginning: the newest existing release of everything that they run. Ask before the first
    /// occurrence.
    pub fn initial(&mut self) -> Vec<Warm> {
        let mut warm = Vec::new();
        for (index, cluster) in (0u16..).zip(&self.clusters) {
            for (node, state) in cluster.fleet.iter() {
                for slot in &state.runs.slots {
                    if let Some(version) = &cluster.deployed[*slot as usize] {
                        let repository = cluster.config.runs[*slot as usize];
                        warm.push(Warm { cluster: ClusterId(index), node, repository, image: version.image.clone() });
                    }
                }
            }
        }
        warm
    }

    /// Nodes of a cluster at the beginning, numbered from 0; a cold standby has none.
    pub fn nodes(&self, cluster: ClusterId) -> u32 {
        let cluster = &self.demand.clusters[usize::from(cluster.0)];
        if cluster.is_cold_standby() { 0 } else { cluster.nodes }
    }

    /// When something happens next, and at which stage of its moment.
    pub fn peek(&self) -> Option<(Time, Stage)> {
        if let Some(occurrence) = self.ready.front() {
            return Some((occurrence.at(), Stage::Pushes));
        }
        if let Some(sweep) = &self.sweep {
            return Some((sweep.at, Stage::Pulls));
        }
        let queued = self.queue.peek().map(|(at, stage)| (at, STAGES[usize::from(stage)]));
        let rate = self.due_at_rate().map(|at| (at, Stage::Pulls));
        [queued, rate].into_iter().flatten().min()
    }

    /// Lets happen what is next, unless that is a pull at a rate; much of it is nobody else's business.
    pub fn step(&mut self) -> Option<Occurrence> {
        if let Some(occurrence) = self.ready.pop_front() {
            return Some(occurrence);
        }
        if self.sweep.is_some() {
            return self.continue_sweep().map(Occurrence::Pull);
        }
        let (at, event) = self.queue.pop()?;
        self.handle(at, event)
    }

    /// Repositories of which another version may be asked for since this was asked last: by one cluster, or by all.
    pub fn turned(&mut self) -> std::vec::Drain<'_, (Option<ClusterId>, RepositoryId)> {
        self.turned.drain(..)
    }

    /// Events at or after the end never happen.
    fn schedule(&mut self, at: Time, priority: u8, event: Event) {
        if at < self.end {
            self.queue.push(at, priority, event);
        }
    }

    fn handle(&mut self, at: Time, event: Event) -> Option<Occurrence> {
        match event {
            Event::Clock(repository) => {
                let of = self.publisher.repositories[repository.0 as usize].batch();
                let due = self.publisher.due(repository, at);
                self.schedule_batch(repository, at, 1, of);
                self.schedule_clock(repository);
                self.meet(due?)
            }
            Event::Batch { repository, start, index, of } => {
                self.schedule_batch(repository, start, index + 1, of);
                let due = self.publisher.due(repository, at);
                self.meet(due?)
            }
            Event::Promotion(pending) => {
                let published = self.publisher.promote(*pending, at);
                self.follow(published);
                None
            }
            Event::Deploy(deploy) => {
                self.start_deploy(at, deploy);
                None
            }
            Event::DeployPull(deploy) => self.deploy_pull(at, deploy),
            Event::ScaleUp { cluster, trigger } => {
                for newcomer in self.clusters[usize::from(cluster)].scale_up(usize::from(trigger), at) {
                    let (identity, down) = (newcomer.identity, newcomer.down);
                    self.schedule(newcomer.up, NODES, Event::Join { cluster, identity, down });
                }
                self.schedule_trigger(cluster, trigger);
                None
            }
            Event::Join { cluster, identity, down } => {
                let node = self.join(cluster, identity, at, None);
                self.schedule(down, NODES, Event::Leave { cluster, node, identity });
                Some(Occurrence::NodeUp { at, cluster: ClusterId(cluster), node })
            }
            Event::Grow { cluster } => self.grow(cluster, at),
            Event::Leave { cluster, node, identity } => {
                let fleet = &mut self.clusters[usize::from(cluster)].fleet;
                fleet.known(node, identity)?;
                fleet.leave(node);
                self.stop_clocks(cluster, node, at);
                Some(Occurrence::NodeDown { at, cluster: ClusterId(cluster), node })
            }
            Event::Churn { cluster, clock, node, identity } => {
                let fleet = &mut self.clusters[usize::from(cluster)].fleet;
                fleet.known(node, identity)?;
                fleet.replace(node);
                self.fill(cluster, node, at, None);
                self.schedule_replacement(cluster, node, clock);
                Some(Occurrence::NodeUp { at, cluster: ClusterId(cluster), node })
            }
            Event::Strike { cluster } => {
                self.settle_releases(cluster);
                None
            }
            Event::Failover { cluster, trigger, strike, number } => {
                self.start_failover(at, cluster, trigger, strike, number);
                None
            }
            Event::Rise(failover) => self.rise(at, failover),
            Event::Fill { cluster, node, epoch, failover } => {
                let state = self.clusters[usize::from(cluster)].fleet.node(node);
                if state.is_up() && state.epoch == epoch {
                    self.sweep = Some(Sweep { at, cluster, node, until: node + 1, place: 0, failover });
                }
                None
            }
            Event::Moment { cluster, trigger } => {
                let until = self.clusters[usize::from(cluster)].fleet.numbers();
                self.sweep = Some(Sweep { at, cluster, node: 0, until, place: 0, failover: None });
                self.schedule_trigger(cluster, trigger);
                None
            }
            Event::Listed { cluster, trigger } => {
                let request = self.listed_pull(at, cluster, trigger);
                self.schedule_trigger(cluster, trigger);
                request.map(Occurrence::Pull)
            }
        }
    }

    fn meet(&mut self, due: Due) -> Option<Occurrence> {
        match due {
            Due::Push(published) => {
                self.follow(published);
                None
            }
            Due::Edit(edit) => {
                self.turned.push((None, edit.repository));
                Some(Occurrence::Edit(edit))
            }
        }
    }

    /// What a push leads to.
    fn follow(&mut self, published: Published) {
        self.turned.push((None, published.repository));
        self.ready.extend(published.pushes().map(Occurrence::Push));
        for (at, pending) in self.publisher.onward(&published, self.end) {
            self.schedule(at, PUSHES, Event::Promotion(Box::new(pending)));
        }
        let repository = published.repository.0 as usize;
        let key = self.demand.repositories[repository].key;
        for index in 0..self.audience[repository].len() {
            let (cluster, slot) = self.audience[repository][index];
            let state = &self.clusters[usize::from(cluster)];
            for (trigger, spec) in (0u16..).zip(&state.config.triggers) {
                let Trigger::Deploy { on, .. } = spec else { continue };
                let Some(tag) = published.selected(on) else { continue };
                let (delay, draws) = state.deploy_draws(usize::from(trigger), key, published.event);
                let version = published.asked_by(tag);
                let deploy = Deploy { cluster, trigger, slot, version, draws, pulls: Vec::new(), next: 0 };
                let at = published.at + delay;
                if at < self.end {
                    self.queue.push(at, DEPLOYS, Event::Deploy(Box::new(deploy)));
                }
            }
        }
    }

    fn join(&mut self, cluster: u16, identity: u64, at: Time, failover: Option<u32>) -> u32 {
        let node = self.clusters[usize::from(cluster)].join(identity, at);
        self.start_clocks(cluster, node, at);
        self.fill(cluster, node, at, failover);
        self.schedule_churn(cluster, node);
        node
    }

    /// An empty node pulls all that it runs, after everything else that nodes do at this moment.
    fn fill(&mut self, cluster: u16, node: u32, at: Time, failover: Option<u32>) {
        let epoch = self.clusters[usize::from(cluster)].fleet.node(node).epoch;
        self.schedule(at, PULLS, Event::Fill { cluster, node, epoch, failover });
    }

    fn grow(&mut self, cluster: u16, at: Time) -> Option<Occurrence> {
        let state = &mut self.clusters[usize::from(cluster)];
        let id = ClusterId(cluster);
        let occurrence = if let Some(asleep) = &mut state.asleep {
            *asleep = if state.config.growth > 0.0 { *asleep + 1 } else { *asleep - 1 };
            None
        } else if state.config.growth > 0.0 {
            let identity = state.grown_identity();
            Some(Occurrence::NodeUp { at, cluster: id, node: self.join(cluster, identity, at, None) })
        } else {
            let youngest = state.fleet.youngest();
            if let Some(node) = youngest {
                state.fleet.leave(node);
                self.stop_clocks(cluster, node, at);
            }
            youngest.map(|node| Occurrence::NodeDown { at, cluster: id, node })
        };
        self.schedule_growth(cluster);
        occurrence
    }

    fn listed_pull(&mut self, at: Time, cluster: u16, trigger: u16) -> Option<Request> {
        let state = &mut self.clusters[usize::from(cluster)];
        let (row, name) = state.next_row(usize::from(trigger))?;
        let slot = state.slot(row.repository);
        let node = match row.node {
            Some(node) => Some(node).filter(|node| *node < state.fleet.numbers() && state.fleet.node(*node).is_up()),
            None => state.fleet.pick_runner(slot, &mut state.stream(name, Purpose::PullRate)),
        }?;
        let repository = &self.publisher.repositories[row.repository.0 as usize];
        let version = match &row.tag {
            Some(tag) => repository.books.holder(tag),
            None => state.choose(slot, repository, at, state.fleet.node(node).identity),
        }?;
        Some(request_for(at, cluster, node, row.repository, version))
    }

    /// What a node asks for of one repository that it runs.
    fn request(&self, at: Time, cluster: u16, node: u32, slot: u32) -> Option<Request> {
        let state = &self.clusters[usize::from(cluster)];
        let id = state.config.runs[slot as usize];
        let repository = &self.publisher.repositories[id.0 as usize];
        let version = state.choose(Some(slot), repository, at, state.fleet.node(node).identity)?;
        Some(request_for(at, cluster, node, id, version))
    }

    fn continue_sweep(&mut self) -> Option<Request> {
        let mut sweep = self.sweep.take()?;
        let fleet = &self.clusters[usize::from(sweep.cluster)].fleet;
        while sweep.node < sweep.until {
            let node = fleet.node(sweep.node);
            let slot = if node.is_up() { node.runs.slots.get(sweep.place) } else { None };
            let Some(slot) = slot else {
                (sweep.node, sweep.place) = (sweep.node + 1, 0);
                continue;
            };
            sweep.place += 1;
            if let Some(request) = self.request(sweep.at, sweep.cluster, sweep.node, *slot) {
                let failover = sweep.failover;
                self.sweep = Some(sweep);
                return Some(Request { failover, ..request });
            }
        }
        None
    }
}

fn request_for(at: Time, cluster: u16, node: u32, repository: RepositoryId, version: &Version) -> Request {
    Request {
        at,
        cluster: ClusterId(cluster),
        node,
        repository,
        image: version.image.clone(),
        tag: version.tag.clone(),
        moving: version.moving,
        deploy: false,
        failover: None,
    }
}

#[cfg(test)]
mod tests;
