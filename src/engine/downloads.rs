//! Bytes on their way: downloads of several layers over a line, alone or sharing pipes with others.
//!
//! A line without a finite pipe cannot be contended: its download is priced in closed form when it begins and needs no
//! events, unless a fault comes in between. Otherwise each connection is a flow of the fluid network, started after its
//! request's round trips (and, by choice, its slow-start delay), and the download ends with its last flow. An outage
//! cuts downloads, a slow link changes the ceilings of those under way. Answers that cross a full pair of regions queue
//! in its buffer, and so do the acknowledgements that a window waits for.

use slab::Slab;

use crate::cloud::law::{
    INITIAL_WINDOW, download_time, next_window, slow_start_delay, standing_queue, stream_ceiling, window_rate,
};
use crate::cloud::{Cloud, Links, RegionId, RegistryId, Requests, SlowStart};
use crate::network::slow::SlowFabric;
use crate::network::{ClassId, Fabric, FlowId, PipeId, Sharing};
use crate::units::{Bandwidth, Bytes, Span, Time};

use super::hazards::Hazards;

/// One pair of regions, or two where a machine stands in between.
pub(super) type Legs = [Option<(RegionId, RegionId)>; 2];

/// A way from a registry to a region: the pipes it crosses and what one connection can do on it.
#[derive(Clone, Debug)]
pub(super) struct Line {
    /// Of each of its legs.
    rtts: [Span; 2],
    pub pipes: Vec<PipeId>,
    /// Of one connection.
    pub ceiling: Bandwidth,
    /// The pairs of regions that it crosses.
    pub legs: Legs,
}

impl Line {
    /// One line after the other, streaming through a machine in between.
    pub fn then(mut self, next: &Line) -> Line {
        self.rtts[1] = next.rtts[0];
        self.ceiling = if next.ceiling < self.ceiling { next.ceiling } else { self.ceiling };
        for pipe in &next.pipes {
            if !self.pipes.contains(pipe) {
                self.pipes.push(*pipe);
            }
        }
        self.legs[1] = next.legs[0];
        self
    }

    /// From end to end.
    pub fn rtt(&self) -> Span {
        self.rtts[0] + self.rtts[1]
    }

    /// Whether others may contend with what flows on it.
    pub fn is_shared(&self) -> bool {
        !self.pipes.is_empty()
    }

    fn touches(&self, region: RegionId) -> bool {
        self.legs.iter().flatten().any(|leg| leg.0 == region || leg.1 == region)
    }
}

/// Who waits for a download.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waiter {
    /// A pull, by its index.
    Pull(usize),
    /// A copy, by its index.
    Copy(usize),
}

/// An event of a download under way.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    /// The first layers are asked for.
    Begin {
        /// Index of the download.
        download: usize,
        /// Tells it from an earlier download that had this index.
        serial: u64,
    },
    /// A layer's bytes begin to flow.
    Flow {
        /// Index of the download.
        download: usize,
        /// Tells it from an earlier download that had this index.
        serial: u64,
        /// Index of its layer.
        layer: usize,
    },
    /// A connection's window grows.
    Ramp {
        /// Index of the download.
        download: usize,
        /// Tells it from an earlier download that had this index.
        serial: u64,
        /// Index of its layer.
        layer: usize,
    },
    /// What follows a download's last byte is done.
    Closed {
        /// Index of the download.
        download: usize,
        /// Tells it from an earlier download that had this index.
        serial: u64,
    },
}

struct Download {
    serial: u64,
    line: Line,
    layers: Vec<u64>,
    next: usize,
    unfinished: usize,
    /// Connections at a time; at least 1.
    parallel: u32,
    /// Ceiling of all its connections together.
    node: Bandwidth,
    active: Vec<Active>,
    /// Bytes of layers that are whole.
    moved: u64,
    waiter: Waiter,
}

struct Active {
    layer: usize,
    flow: FlowId,
    /// Bytes that it may have on the way.
    window: u64,
    /// What they allow now, and until when.
    allowed: Bandwidth,
    until: Time,
}

/// The network of a trial.
pub(super) struct Downloads<'a> {
    cloud: &'a Cloud,
    pub fabric: Box<dyn Sharing>,
    egress: Vec<Option<PipeId>>,
    /// By source region, then destination region.
    pairs: Vec<Vec<Option<PipeId>>>,
    /// Time of a pull that needs no layer while no link is slow, by registry, then region; `None` where it may wait in a
    /// queue.
    manifests: Vec<Vec<Option<Span>>>,
    downloads: Slab<Download>,
    /// Downloads begun so far.
    begun: u64,
}

impl<'a> Downloads<'a> {
    /// Lays the pipes, fast ones or `plain` ones; `egress` overrides the egress of one registry.
    pub fn new(cloud: &'a Cloud, egress: Option<(RegistryId, Bandwidth)>, plain: bool) -> Self {
        let mut fabric: Box<dyn Sharing> = if plain { Box::new(SlowFabric::new()) } else { Box::new(Fabric::new()) };
        let efficiency = cloud.links.efficiency;
        let mut pipe = |limit: Bandwidth| (!limit.is_unlimited()).then(|| fabric.pipe(Bandwidth(limit.0 * efficiency)));
        let mut limits = cloud.links.registry_egress.clone();
        if let Some((registry, limit)) = egress {
            let own = &mut limits[usize::from(registry.0)];
            *own = if limit < *own { limit } else { *own };
        }
        let egress = limits.into_iter().map(&mut pipe).collect();
        let pairs = cloud.links.pair_limit.iter().map(|row| row.iter().map(|limit| pipe(*limit)).collect()).collect();
        let mut all =
            Downloads { cloud, fabric, egress, pairs, manifests: Vec::new(), downloads: Slab::new(), begun: 0 };
        for registry in &cloud.registries {
            let to = |region| all.manifest(registry.region, RegionId(region));
            let row = (0..cloud.regions.len() as u16).map(to).collect();
            all.manifests.push(row);
        }
        all
    }

    /// The line from a registry to a region, as it is now: out of the registry, and then the way.
    pub fn line(&self, from: RegistryId, to: RegionId, hazards: &Hazards) -> Line {
        let mut line = self.way(self.cloud.registry(from).region, to, hazards);
        line.pipes.splice(0..0, self.egress[usize::from(from.0)]);
        line
    }

    /// The way from a machine in one region to another region.
    pub fn way(&self, from: RegionId, to: RegionId, hazards: &Hazards) -> Line {
        let (left, extra) = hazards.link(from, to);
        let rtt = self.cloud.rtt(from, to) + extra;
        let pipes = self.pairs[usize::from(from.0)][usize::from(to.0)].into_iter().collect();
        let ceiling = Bandwidth(stream_ceiling(&self.cloud.links, rtt).0 * left);
        Line { rtts: [rtt, Span::ZERO], pipes, ceiling, legs: [Some((from, to)), None] }
    }

    /// Slow links began or ended: pairs and connections under way carry what is left now.
    pub fn retune(&mut self, now: Time, hazards: &Hazards) {
        for from in 0..self.pairs.len() {
            for to in 0..self.pairs.len() {
                if let Some(pipe) = self.pairs[from][to] {
                    let (left, _) = hazards.link(RegionId(from as u16), RegionId(to as u16));
                    let limit = self.cloud.links.pair_limit[from][to].0 * self.cloud.links.efficiency;
                    self.fabric.set_capacity(now, pipe, Bandwidth(limit * left));
                }
            }
        }
        let ids: Vec<usize> = self.downloads.iter().map(|(id, _)| id).collect();
        for id in ids {
            let mut ways = self.downloads[id].line.legs.iter().flatten().map(|leg| self.way(leg.0, leg.1, hazards));
            let Some(first) = ways.next() else { continue };
            let Line { rtts, ceiling, .. } = ways.fold(first, |line, way| line.then(&way));
            // Requests that are on their way take as long as they took when they left.
            let download = &mut self.downloads[id];
            download.line.rtts = rtts;
            if ceiling != download.line.ceiling {
                download.line.ceiling = ceiling;
                self.rebalance(id, now);
            }
        }
    }

    /// Cuts every download to, from or through a region; returns who waited for it and the bytes that had moved.
    pub fn cut(&mut self, now: Time, region: RegionId) -> Vec<(Waiter, u64)> {
        let hit = |(id, download): (usize, &Download)| download.line.touches(region).then_some(id);
        let ids: Vec<usize> = self.downloads.iter().filter_map(hit).collect();
        let mut cut = Vec::new();
        for id in ids {
            let download = self.downloads.remove(id);
            let flowing: u64 = download.active.iter().map(|active| self.fabric.cancel(now, active.flow)).sum();
            cut.push((download.waiter, download.moved + flowing));
        }
        cut
    }

    fn network(&mut self, now: Time) -> Network<'_> {
        Network { now, links: &self.cloud.links, pairs: &self.pairs, fabric: &mut *self.fabric }
    }

    /// Time until the first request of a layer.
    pub fn opening(&mut self, now: Time, line: &Line) -> Span {
        self.cloud.links.client.start + self.network(now).requests(line, |side| side.opening)
    }

    /// Time after the last byte of so many layers.
    pub fn closing(&mut self, now: Time, line: &Line, layers: usize) -> Span {
        self.network(now).closing(line, layers)
    }

    /// How long a pull that needs no layer takes while no link is slow; `None` where it may wait in a queue.
    pub fn manifest_alone(&self, from: RegistryId, to: RegionId) -> Option<Span> {
        self.manifests[usize::from(from.0)][usize::from(to.0)]
    }

    fn manifest(&mut self, from: RegionId, to: RegionId) -> Option<Span> {
        let rtts = [self.cloud.rtt(from, to), Span::ZERO];
        let line = Line { rtts, pipes: Vec::new(), ceiling: Bandwidth::UNLIMITED, legs: [Some((from, to)), None] };
        if self.network(Time::START).is_buffered(&line) {
            return None;
        }
        Some(self.opening(Time::START, &line) + self.closing(Time::START, &line, 0))
    }

    /// How long the download of `layers` takes when nothing contends with it, as on a line that is not shared: in
    /// closed form.
    pub fn alone(&mut self, line: &Line, layers: &[u64], parallel: u32, node: Bandwidth) -> Span {
        let node = Bandwidth(node.0 * self.cloud.links.efficiency);
        let slow_start = self.cloud.links.slow_start;
        // Nothing on this line fills up, whenever it is.
        let mut network = self.network(Time::START);
        let per_layer = network.requests(line, |side| side.layer);
        let closing = network.closing(line, layers.len());
        let moving = download_time(layers, parallel, line.ceiling.0, node.0, per_layer, slow_start, line.rtt());
        Span(moving.0.saturating_add(closing.0))
    }

    /// Begins a download at `now` on a line with pipes, so many connections at a time under one ceiling for them all;
    /// its steps are scheduled through `schedule`.
    pub fn begin(
        &mut self,
        now: Time,
        line: Line,
        layers: Vec<u64>,
        (parallel, node): (u32, Bandwidth),
        waiter: Waiter,
        schedule: &mut dyn FnMut(Time, Step),
    ) {
        let node = Bandwidth(node.0 * self.cloud.links.efficiency);
        let unfinished = layers.len();
        self.begun += 1;
        let parallel = parallel.clamp(1, layers.len().max(1) as u32);
        let (serial, active, moved) = (self.begun, Vec::new(), 0);
        let download = Download { serial, line, layers, next: 0, unfinished, parallel, node, active, moved, waiter };
        let id = self.downloads.insert(download);
        let network = Network { now, links: &self.cloud.links, pairs: &self.pairs, fabric: &mut *self.fabric };
        if network.is_buffered(&self.downloads[id].line) {
            // How long the requests take is known when they leave.
            schedule(now, Step::Begin { download: id, serial: self.begun });
        } else {
            self.ask(id, now, schedule);
        }
    }

    /// Asks for the first layers.
    fn ask(&mut self, id: usize, now: Time, schedule: &mut dyn FnMut(Time, Step)) {
        for _ in 0..self.downloads[id].parallel {
            self.request_next(id, now, schedule);
        }
    }

    fn request_next(&mut self, id: usize, now: Time, schedule: &mut dyn FnMut(Time, Step)) {
        let download = &mut self.downloads[id];
        let layer = download.next;
        let Some(&bytes) = download.layers.get(layer) else { return };
        download.next += 1;
        let line = &download.line;
        let mut network = Network { now, links: &self.cloud.links, pairs: &self.pairs, fabric: &mut *self.fabric };
        let mut at = now + network.requests(line, |side| side.layer);
        if self.cloud.links.slow_start == SlowStart::Delay {
            // Reckoned, as for a download alone, at the rate that it gets when all its connections flow.
            let pipes = line.pipes.iter().map(|pipe| network.fabric.capacity(*pipe).0);
            let share = pipes.fold(download.node.0, f64::min) / f64::from(download.parallel);
            let rate = Bandwidth(share.min(line.ceiling.0));
            at = at + slow_start_delay(rate, line.rtt(), bytes);
        }
        schedule(at, Step::Flow { download: id, serial: download.serial, layer });
    }

    /// Executes a step; returns who waits for a download that ends with it.
    pub fn step(&mut self, now: Time, step: Step, schedule: &mut dyn FnMut(Time, Step)) -> Option<Waiter> {
        let (Step::Flow { download: id, serial, .. }
        | Step::Ramp { download: id, serial, .. }
        | Step::Begin { download: id, serial }
        | Step::Closed { download: id, serial }) = step;
        // An outage may have cut it.
        self.downloads.get(id).filter(|download| download.serial == serial)?;
        match step {
            Step::Begin { .. } => self.ask(id, now, schedule),
            Step::Flow { layer, .. } => {
                let (allowed, until) = self.allowed(id, layer, INITIAL_WINDOW, now, schedule);
                let download = &self.downloads[id];
                let class = class(&mut *self.fabric, download, allowed, download.active.len() + 1);
                let flow = self.fabric.start(now, class, download.layers[layer], owner(id, layer), until);
                self.downloads[id].active.push(Active { layer, flow, window: INITIAL_WINDOW, allowed, until });
                self.rebalance(id, now);
            }
            Step::Ramp { layer, .. } => {
                // The connection may be done.
                let download = &self.downloads[id];
                let index = download.active.iter().position(|active| active.layer == layer)?;
                let mut network =
                    Network { now, links: &self.cloud.links, pairs: &self.pairs, fabric: &mut *self.fabric };
                let window = next_window(download.active[index].window, network.is_full(&download.line));
                let (allowed, until) = self.allowed(id, layer, window, now, schedule);
                let active = &mut self.downloads[id].active[index];
                (active.window, active.allowed, active.until) = (window, allowed, until);
                self.rebalance(id, now);
            }
            Step::Closed { .. } => return Some(self.downloads.remove(id).waiter),
        }
        None
    }

    /// What a connection's window allows, and until when; while it holds the connection back, its next growth is scheduled.
    fn allowed(
        &mut self,
        id: usize,
        layer: usize,
        window: u64,
        now: Time,
        schedule: &mut dyn FnMut(Time, Step),
    ) -> (Bandwidth, Time) {
        if self.cloud.links.slow_start != SlowStart::Ramp {
            return (Bandwidth::UNLIMITED, Time::NEVER);
        }
        let Download { serial, line, .. } = &self.downloads[id];
        let narrowest = line.pipes.iter().map(|pipe| self.fabric.capacity(*pipe).0).fold(line.ceiling.0, f64::min);
        let mut network = Network { now, links: &self.cloud.links, pairs: &self.pairs, fabric: &mut *self.fabric };
        let rtt = network.round_trip(line, 0) + network.round_trip(line, 1);
        let rate = window_rate(window, rtt);
        if rate.0 >= narrowest {
            return (Bandwidth::UNLIMITED, Time::NEVER);
        }
        schedule(now + rtt, Step::Ramp { download: id, serial: *serial, layer });
        (rate, now + rtt)
    }

    /// Gives each connection its share of the node's link.
    fn rebalance(&mut self, id: usize, now: Time) {
        let download = &self.downloads[id];
        let connections = download.active.len();
        for index in 0..connections {
            let download = &self.downloads[id];
            let Active { flow, allowed, until, .. } = download.active[index];
            let class = class(&mut *self.fabric, download, allowed, connections);
            self.fabric.move_to(now, flow, class, until);
        }
    }

    /// Flows that end at `now`; returns who waits for downloads that end with them.
    pub fn complete(&mut self, now: Time, schedule: &mut dyn FnMut(Time, Step)) -> Vec<Waiter> {
        let mut done = Vec::new();
        self.fabric.take_completed(now, &mut done);
        // First all of them: a download may have several, and those that have ended cannot be given another share.
        let mut ended = Vec::with_capacity(done.len());
        for owner in done {
            let (id, layer) = ((owner >> 32) as usize, (owner & 0xffff_ffff) as usize);
            let download = &mut self.downloads[id];
            download.active.retain(|active| active.layer != layer);
            download.unfinished -= 1;
            download.moved += download.layers[layer];
            ended.push((id, download.unfinished == 0));
        }
        let mut finished = Vec::new();
        for (id, is_last) in ended {
            if self.downloads[id].unfinished > 0 {
                self.request_next(id, now, schedule);
                self.rebalance(id, now);
            }
            if !is_last {
                continue;
            }
            let download = &self.downloads[id];
            let serial = download.serial;
            let mut network = Network { now, links: &self.cloud.links, pairs: &self.pairs, fabric: &mut *self.fabric };
            match network.closing(&download.line, download.layers.len()) {
                Span::ZERO => finished.push(self.downloads.remove(id).waiter),
                rest => schedule(now + rest, Step::Closed { download: id, serial }),
            }
        }
        finished
    }
}

/// The links as they are loaded now.
struct Network<'a> {
    now: Time,
    links: &'a Links,
    pairs: &'a [Vec<Option<PipeId>>],
    fabric: &'a mut dyn Sharing,
}

impl Network<'_> {
    /// Time of requests one after the other: of the registry that is read from, and of the one that a machine in
    /// between writes to.
    fn requests(&mut self, line: &Line, count: impl Fn(&Requests) -> u32) -> Span {
        let client = &self.links.client;
        let mut time = 0i64;
        for (leg, side) in [client.pull, client.push].iter().enumerate() {
            let requests = i64::from(count(side));
            if line.legs[leg].is_some() && requests > 0 {
                let trips = i64::from(client.request_round_trips);
                let one = self.round_trip(line, leg).0.saturating_mul(trips).saturating_add(client.request_time.0);
                time = time.saturating_add(one.saturating_mul(requests));
            }
        }
        Span(time)
    }

    /// Time after the last byte of so many layers.
    fn closing(&mut self, line: &Line, layers: usize) -> Span {
        let work = self.links.client.layer_start.0.saturating_mul(layers as i64);
        Span(self.requests(line, |side| side.closing).0.saturating_add(work))
    }

    /// Round-trip time of a leg, with the queue that stands ahead of it.
    fn round_trip(&mut self, line: &Line, leg: usize) -> Span {
        let alone = line.rtts[leg];
        match self.buffered(line, leg) {
            Some((pipe, buffer)) if self.fabric.is_full(self.now, pipe) => {
                alone + standing_queue(buffer, Bandwidth(self.fabric.capacity(pipe).0 / self.links.efficiency))
            }
            _ => alone,
        }
    }

    /// Whether windows on this line find its path full. Where no buffer is known, they never do.
    fn is_full(&mut self, line: &Line) -> bool {
        self.is_buffered(line) && line.pipes.iter().any(|pipe| self.fabric.is_full(self.now, *pipe))
    }

    fn is_buffered(&self, line: &Line) -> bool {
        (0..line.legs.len()).any(|leg| self.buffered(line, leg).is_some())
    }

    /// The limit and the buffer of a leg's pair of regions, if it has both.
    fn buffered(&self, line: &Line, leg: usize) -> Option<(PipeId, Bytes)> {
        let (from, to) = line.legs[leg]?;
        let (from, to) = (usize::from(from.0), usize::from(to.0));
        let buffer = self.links.pair_buffer[from][to];
        self.pairs[from][to].filter(|_| buffer.0 > 0).map(|pipe| (pipe, buffer))
    }
}

fn owner(download: usize, layer: usize) -> u64 {
    (download as u64) << 32 | layer as u64
}

fn class(fabric: &mut dyn Sharing, download: &Download, allowed: Bandwidth, connections: usize) -> ClassId {
    let share = download.node.0 / connections as f64;
    let ceiling = download.line.ceiling.0.min(allowed.0).min(share);
    fabric.class(&download.line.pipes, Bandwidth(ceiling))
}
