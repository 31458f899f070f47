//! One cluster's side of demand: its fleet, what is deployed on it, and the clocks of its triggers.
//!
//! Draws are named, never shared: a clock's times by (cluster, trigger), a node's list and life by (cluster, identity),
//! a deploy's share and moments by (cluster, trigger, repository, push event, identity), those of a failover by (cluster,
//! trigger, strike of its fault, identity), the choice among the newest versions by (cluster, moment, identity,
//! repository).

use super::assignment::{Popularity, uniform};
use super::books::Version;
use super::fleet::{Fleet, scaled_up};
use super::repository::RepositoryState;
use super::source::failover::Riser;
use super::{Cluster, Demand, ListedPull, RepositoryId, Trigger, VersionChoice};
use crate::sim::{Arrivals, EntityKey, Law, Purpose, Stream};
use crate::units::{Span, Time};

/// The state of a cluster's demand.
pub(super) struct ClusterState<'a> {
    pub(super) config: &'a Cluster,
    seed: u64,
    trial: u64,
    pub(super) fleet: Fleet,
    popularity: Popularity,
    /// How many nodes a cold standby will have when it comes up; `None` once nodes are there.
    pub(super) asleep: Option<u32>,
    /// By slot (index into `runs`): the newest version that a deploy has started on.
    pub(super) deployed: Vec<Option<Version>>,
    /// By trigger.
    pub(super) clocks: Vec<Clock<'a>>,
    /// Names the choices among the newest versions.
    choices: EntityKey,
    /// Nodes that growth has added (or taken).
    grown: u32,
}

/// Where a trigger stands.
pub(super) enum Clock<'a> {
    /// It follows pushes or faults, or each node has its own.
    None,
    /// Scale-ups.
    ScaleUp { arrivals: Arrivals, stream: Stream, index: usize, serial: u64 },
    /// Moments to come.
    Times(std::slice::Iter<'a, Time>),
    /// Pulls to come; a child of `key` for each row names the choice of a node where the row names none.
    List { rows: std::iter::Enumerate<std::slice::Iter<'a, ListedPull>>, key: EntityKey },
}

impl Clock<'_> {
    /// When it strikes next; a list goes on when its row is taken.
    pub(super) fn next(&mut self) -> Option<Time> {
        match self {
            Clock::None => None,
            Clock::ScaleUp { arrivals, stream, .. } => arrivals.next(stream),
            Clock::Times(times) => times.next().copied(),
            Clock::List { rows, .. } => rows.clone().next().map(|(_, row)| row.at),
        }
    }
}

/// A node that a scale-up will bring.
pub(super) struct Newcomer {
    pub(super) identity: u64,
    pub(super) up: Time,
    pub(super) down: Time,
}

impl<'a> ClusterState<'a> {
    pub(super) fn new(config: &'a Cluster, demand: &'a Demand, seed: u64, trial: u64, begin: Time) -> ClusterState<'a> {
        let clocks = config.triggers.iter().enumerate().map(|(trigger, spec)| {
            let index = index_in_kind(config, trigger);
            let key = config.key.child(index as u64);
            let stream = |key, purpose| Stream::new(seed, trial, key, purpose);
            match spec {
                Trigger::Deploy { .. } | Trigger::Churn { .. } | Trigger::Failover { .. } | Trigger::Rate { .. } => {
                    Clock::None
                }
                Trigger::ScaleUp { intensity, .. } => Clock::ScaleUp {
                    arrivals: Arrivals::poisson(intensity.clone(), begin),
                    stream: stream(key, Purpose::ScaleUp),
                    index,
                    serial: 0,
                },
                Trigger::Times(times) => Clock::Times(times[times.partition_point(|at| *at < begin)..].iter()),
                Trigger::List(rows) => Clock::List {
                    rows: rows[rows.partition_point(|row| row.at < begin)..].iter().enumerate(),
                    key: key.child(1),
                },
            }
        });
        let clocks = clocks.collect();
        let choices = Stream::new(seed, trial, config.key.child(u64::MAX), Purpose::PullRate).bits();
        let mut state = ClusterState {
            config,
            seed,
            trial,
            fleet: Fleet::default(),
            asleep: config.is_cold_standby().then_some(config.nodes),
            popularity: Popularity::new(config, &demand.repositories),
            deployed: vec![None; config.runs.len()],
            clocks,
            choices: EntityKey(choices),
            grown: 0,
        };
        if state.asleep.is_none() {
            for identity in 0..u64::from(config.nodes) {
                state.join(identity, begin);
            }
        }
        state
    }

    pub(super) fn stream(&self, key: EntityKey, purpose: Purpose) -> Stream {
        Stream::new(self.seed, self.trial, key, purpose)
    }

    /// Brings a node up.
    pub(super) fn join(&mut self, identity: u64, at: Time) -> u32 {
        let runs = self.popularity.assign(self.stream(self.config.key.child(identity), Purpose::NodeAssignment));
        let churn = self.config.triggers.iter().enumerate().filter_map(|(trigger, spec)| {
            let Trigger::Churn { intensity } = spec else { return None };
            let key = self.config.key.child(index_in_kind(self.config, trigger) as u64).child(identity);
            Some((Arrivals::poisson(intensity.clone(), at), self.stream(key, Purpose::Churn)))
        });
        let churn = churn.collect();
        self.fleet.join(identity, runs, churn)
    }

    /// The nodes of a scale-up that happens at `at`, each with the moments at which it comes and goes.
    pub(super) fn scale_up(&mut self, trigger: usize, at: Time) -> Vec<Newcomer> {
        let Trigger::ScaleUp { nodes, within, keep, .. } = &self.config.triggers[trigger] else { return Vec::new() };
        let Clock::ScaleUp { index, serial, .. } = &mut self.clocks[trigger] else { return Vec::new() };
        let (index, first) = (*index, *serial);
        *serial += u64::from(*nodes);
        let newcomer = |serial| {
            let key = self.config.key.child(index as u64).child(serial);
            let mut stream = self.stream(key, Purpose::ScaleUp);
            let up = at + part(*within, stream.uniform());
            Newcomer { identity: scaled_up(index, serial), up, down: up + sample(keep, &mut stream) }
        };
        (first..first + u64::from(*nodes)).map(newcomer).collect()
    }

    /// When growth next adds a node (or takes one): when `nodes × e^(growth × t)` passes a whole number.
    pub(super) fn next_growth(&mut self) -> Option<Time> {
        let Cluster { growth, nodes, .. } = *self.config;
        self.grown += 1;
        let whole = if growth > 0.0 { nodes.checked_add(self.grown)? } else { nodes.checked_sub(self.grown)? };
        if growth == 0.0 || whole == 0 {
            return None;
        }
        let at = libm::log(f64::from(whole) / f64::from(nodes)) / growth;
        (at < i64::MAX as f64).then(|| Time(libm::ceil(at) as i64))
    }

    /// The identity of a node that growth adds.
    pub(super) fn grown_identity(&self) -> u64 {
        u64::from(self.config.nodes) + u64::from(self.grown) - 1
    }

    /// Takes the next row of a list of pulls, with the name of its draws.
    pub(super) fn next_row(&mut self, trigger: usize) -> Option<(&'a ListedPull, EntityKey)> {
        let Clock::List { rows, key } = &mut self.clocks[trigger] else { return None };
        rows.next().map(|(index, row)| (row, key.child(index as u64)))
    }

    /// The slot of a repository, if nodes may run it.
    pub(super) fn slot(&self, repository: RepositoryId) -> Option<u32> {
        self.config.runs.binary_search(&repository).ok().map(|slot| slot as u32)
    }

    /// The version that triggers other than a deploy ask for; `None` before there is one.
    pub(super) fn choose<'s>(
        &'s self,
        slot: Option<u32>,
        repository: &'s RepositoryState<'_>,
        at: Time,
        identity: u64,
    ) -> Option<&'s Version> {
        match (self.config.version, slot) {
            (VersionChoice::Deployed, Some(slot)) => self.deployed[slot as usize].as_ref(),
            // What no node runs is never deployed; a listed pull of it gets the newest.
            (VersionChoice::Newest | VersionChoice::Deployed, _) => repository.books.recent(0),
            (VersionChoice::NewestOf(n), _) => {
                let key = self.choices.child(at.0 as u64).child(identity).child(repository.config.key.0);
                let back = uniform(key) * repository.books.available(n) as f64;
                repository.books.recent(back as usize)
            }
        }
    }

    /// Notes that a deploy of `version` has started, unless a newer one has.
    pub(super) fn deploy(&mut self, slot: u32, version: &Version) {
        let deployed = &mut self.deployed[slot as usize];
        if deployed.as_ref().is_none_or(|earlier| earlier.number <= version.number) {
            *deployed = Some(version.clone());
        }
    }

    /// How long after its push the deploy of a push event starts, and the name of its nodes' draws.
    pub(super) fn deploy_draws(&self, trigger: usize, repository: EntityKey, event: u32) -> (Span, EntityKey) {
        let Trigger::Deploy { delay, .. } = &self.config.triggers[trigger] else {
            return (Span::ZERO, self.config.key);
        };
        let index = index_in_kind(self.config, trigger) as u64;
        let key = self.config.key.child(index).child(repository.0).child(u64::from(event));
        let mut stream = self.stream(key, Purpose::Deploy);
        let nodes = EntityKey(stream.bits());
        (sample(delay, &mut stream), nodes)
    }

    /// The pulls of a deploy that starts at `at`: (moment, node, epoch), in order.
    pub(super) fn deploy_pulls(
        &self,
        trigger: usize,
        slot: u32,
        draws: EntityKey,
        at: Time,
        end: Time,
    ) -> Vec<(Time, u32, u32)> {
        let Trigger::Deploy { within, nodes: share, .. } = self.config.triggers[trigger] else { return Vec::new() };
        let mut pulls: Vec<(Time, u32, u32)> = self
            .fleet
            .iter()
            .filter(|(_, node)| node.runs.holds(slot))
            .filter(|(_, node)| uniform(draws.child(2 * node.identity)) < share)
            .map(|(number, node)| (at + part(within, uniform(draws.child(2 * node.identity + 1))), number, node.epoch))
            .filter(|(at, ..)| *at < end)
            .collect();
        pulls.sort_unstable();
        pulls
    }
}

impl ClusterState<'_> {
    /// How long after the `number`-th strike of its fault a failover begins, and the name of its nodes' draws.
    pub(super) fn failover_draws(&self, trigger: usize, number: u64) -> (Span, EntityKey) {
        let Trigger::Failover { after, .. } = &self.config.triggers[trigger] else {
            return (Span::ZERO, self.config.key);
        };
        let key = self.config.key.child(index_in_kind(self.config, trigger) as u64).child(number);
        let mut stream = self.stream(key, Purpose::Fault);
        let nodes = EntityKey(stream.bits());
        (sample(after, &mut stream), nodes)
    }

    /// The nodes that a failover brings up which begins at `at`, in order: all that are there, or all of a cold standby,
    /// which is none any more.
    pub(super) fn failover_ups(&mut self, trigger: usize, number: u64, at: Time) -> Vec<(Time, Riser)> {
        let Trigger::Failover { within, .. } = self.config.triggers[trigger] else { return Vec::new() };
        let (_, draws) = self.failover_draws(trigger, number);
        let nodes: Vec<Riser> = match self.asleep.take() {
            Some(nodes) => (0..u64::from(nodes)).map(|identity| (None, identity)).collect(),
            None => self.fleet.iter().map(|(number, node)| (Some(number), node.identity)).collect(),
        };
        let up = |riser: Riser| (at + part(within, uniform(draws.child(riser.1))), riser);
        let mut ups: Vec<(Time, Riser)> = nodes.into_iter().map(up).collect();
        ups.sort_unstable();
        ups
    }
}

/// A trigger's index among those of its kind: a trigger of another kind does not shift its draws.
pub(super) fn index_in_kind(cluster: &Cluster, trigger: usize) -> usize {
    let kind = std::mem::discriminant(&cluster.triggers[trigger]);
    cluster.triggers[..trigger].iter().filter(|other| std::mem::discriminant(*other) == kind).count()
}

/// A draw of a duration.
fn sample(law: &Law, stream: &mut Stream) -> Span {
    Span(libm::round(law.sample(stream)).max(0.0) as i64)
}

/// A share of a span, rounded down.
fn part(span: Span, share: f64) -> Span {
    Span((span.0 as f64 * share) as i64)
}
