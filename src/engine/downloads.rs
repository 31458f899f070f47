//! Bytes on their way: downloads of several layers over a line, alone or sharing pipes with others.
//!
//! A line without a finite pipe cannot be contended: its download is priced in closed form when it begins and needs no
//! events, unless a fault comes in between. Otherwise each connection is a flow of the fluid network, started after its
//! request's round trips (and, by choice, its slow-start delay), and the download ends with its last flow. An outage
//! cuts downloads, a slow link changes the ceilings of those under way.

use slab::Slab;

use crate::cloud::law::{download_time, ramp_rates, slow_start_delay, stream_ceiling};
use crate::cloud::{Cloud, RegionId, RegistryId, SlowStart};
use crate::network::{ClassId, Fabric, FlowId, PipeId};
use crate::units::{Bandwidth, Span, Time};

use super::hazards::Hazards;

/// One pair of regions, or two where a machine stands in between.
pub(super) type Legs = [Option<(RegionId, RegionId)>; 2];

/// A way from a registry to a region: the pipes it crosses and what one connection can do on it.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub rtt: Span,
    pub pipes: Vec<PipeId>,
    /// Of one connection.
    pub ceiling: Bandwidth,
    /// The pairs of regions that it crosses.
    pub legs: Legs,
}

impl Line {
    /// One line after the other, streaming through a machine in between.
    pub fn then(mut self, next: &Line) -> Line {
        self.rtt += next.rtt;
        self.ceiling = if next.ceiling < self.ceiling { next.ceiling } else { self.ceiling };
        for pipe in &next.pipes {
            if !self.pipes.contains(pipe) {
                self.pipes.push(*pipe);
            }
        }
        self.legs[1] = next.legs[0];
        self
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
    /// A layer's bytes begin to flow.
    Flow {
        /// Index of the download.
        download: usize,
        /// Tells it from an earlier download that had this index.
        serial: u64,
        /// Index of its layer.
        layer: usize,
    },
    /// A connection's window has doubled so many times.
    Ramp {
        /// Index of the download.
        download: usize,
        /// Tells it from an earlier download that had this index.
        serial: u64,
        /// Index of its layer.
        layer: usize,
        /// Doublings.
        step: u32,
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
    per_layer: Span,
    active: Vec<Active>,
    /// Bytes of layers that are whole.
    moved: u64,
    waiter: Waiter,
}

struct Active {
    layer: usize,
    flow: FlowId,
    /// What slow start allows it now.
    window: Bandwidth,
}

/// The network of a trial.
pub(super) struct Downloads<'a> {
    cloud: &'a Cloud,
    pub fabric: Fabric,
    egress: Vec<Option<PipeId>>,
    /// By source region, then destination region.
    pairs: Vec<Vec<Option<PipeId>>>,
    downloads: Slab<Download>,
    /// Downloads begun so far.
    begun: u64,
}

impl<'a> Downloads<'a> {
    /// Lays the pipes; `egress` overrides the egress of one registry.
    pub fn new(cloud: &'a Cloud, egress: Option<(RegistryId, Bandwidth)>) -> Self {
        let mut fabric = Fabric::new();
        let efficiency = cloud.links.efficiency;
        let mut pipe = |limit: Bandwidth| (!limit.is_unlimited()).then(|| fabric.pipe(Bandwidth(limit.0 * efficiency)));
        let mut limits = cloud.links.registry_egress.clone();
        if let Some((registry, limit)) = egress {
            let own = &mut limits[usize::from(registry.0)];
            *own = if limit < *own { limit } else { *own };
        }
        let egress = limits.into_iter().map(&mut pipe).collect();
        let pairs = cloud.links.pair_limit.iter().map(|row| row.iter().map(|limit| pipe(*limit)).collect()).collect();
        Downloads { cloud, fabric, egress, pairs, downloads: Slab::new(), begun: 0 }
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
        Line { rtt, pipes, ceiling, legs: [Some((from, to)), None] }
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
            let Line { rtt, ceiling, .. } = ways.fold(first, |line, way| line.then(&way));
            // Requests that are on their way take as long as they took when they left.
            let per_layer = self.per_layer(rtt);
            let download = &mut self.downloads[id];
            (download.line.rtt, download.per_layer) = (rtt, per_layer);
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

    /// Time of the requests ahead of a download's layers, or of a pull that needs none.
    pub fn serial_requests(&self, rtt: Span) -> Span {
        let client = &self.cloud.links.client;
        let trips = i64::from(client.request_round_trips) * i64::from(client.serial_requests.saturating_sub(1));
        client.start + Span(rtt.0.saturating_mul(trips))
    }

    /// How long the download of `layers` takes when nothing can contend with it, in closed form; `None` when its line
    /// has a finite pipe.
    pub fn alone(&self, line: &Line, layers: &[u64], parallel: u32, node: Bandwidth) -> Option<Span> {
        if !line.pipes.is_empty() {
            return None;
        }
        let node = Bandwidth(node.0 * self.cloud.links.efficiency);
        let slow_start = self.cloud.links.slow_start;
        let per_layer = self.per_layer(line.rtt);
        Some(download_time(layers, parallel, line.ceiling.0, node.0, per_layer, slow_start, line.rtt))
    }

    fn per_layer(&self, rtt: Span) -> Span {
        let client = &self.cloud.links.client;
        client.layer_start + Span(rtt.0.saturating_mul(i64::from(client.request_round_trips)))
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
        let per_layer = self.per_layer(line.rtt);
        let unfinished = layers.len();
        self.begun += 1;
        let parallel = parallel.clamp(1, layers.len().max(1) as u32);
        let (serial, active, moved) = (self.begun, Vec::new(), 0);
        let download =
            Download { serial, line, layers, next: 0, unfinished, parallel, node, per_layer, active, moved, waiter };
        let id = self.downloads.insert(download);
        for _ in 0..parallel {
            self.request_next(id, now, schedule);
        }
    }

    fn request_next(&mut self, id: usize, now: Time, schedule: &mut dyn FnMut(Time, Step)) {
        let download = &mut self.downloads[id];
        let layer = download.next;
        let Some(bytes) = download.layers.get(layer) else { return };
        download.next += 1;
        let mut at = now + download.per_layer;
        if self.cloud.links.slow_start == SlowStart::Delay {
            // Reckoned, as for a download alone, at the rate that it gets when all its connections flow.
            let pipes = download.line.pipes.iter().map(|pipe| self.fabric.capacity(*pipe).0);
            let share = pipes.fold(download.node.0, f64::min) / f64::from(download.parallel);
            let rate = Bandwidth(share.min(download.line.ceiling.0));
            at = at + slow_start_delay(rate, download.line.rtt, *bytes);
        }
        schedule(at, Step::Flow { download: id, serial: download.serial, layer });
    }

    /// Executes a step.
    pub fn step(&mut self, now: Time, step: Step, schedule: &mut dyn FnMut(Time, Step)) {
        match step {
            Step::Flow { download: id, serial, layer } => {
                let ramp = self.cloud.links.slow_start == SlowStart::Ramp;
                // An outage may have cut it.
                let Some(download) = self.downloads.get_mut(id).filter(|d| d.serial == serial) else { return };
                let mut window = Bandwidth::UNLIMITED;
                if ramp {
                    for (step, (after, rate)) in ramp_rates(download.line.rtt, download.line.ceiling).enumerate() {
                        if step == 0 {
                            window = rate;
                        } else {
                            let serial = download.serial;
                            schedule(now + after, Step::Ramp { download: id, serial, layer, step: step as u32 });
                        }
                    }
                }
                let class = class(&mut self.fabric, download, window, download.active.len() + 1);
                let flow = self.fabric.start(now, class, download.layers[layer], owner(id, layer));
                let download = &mut self.downloads[id];
                download.active.push(Active { layer, flow, window });
                self.rebalance(id, now);
            }
            Step::Ramp { download: id, serial, layer, step } => {
                // The connection, or the whole download, may be done.
                let Some(download) = self.downloads.get_mut(id).filter(|d| d.serial == serial) else { return };
                let rates = ramp_rates(download.line.rtt, download.line.ceiling);
                let Some((_, rate)) = rates.into_iter().nth(step as usize) else { return };
                let Some(active) = download.active.iter_mut().find(|active| active.layer == layer) else { return };
                if rate > active.window {
                    active.window = rate;
                    self.rebalance(id, now);
                }
            }
        }
    }

    /// Gives each connection its share of the node's link.
    fn rebalance(&mut self, id: usize, now: Time) {
        let download = &self.downloads[id];
        let connections = download.active.len();
        for index in 0..connections {
            let download = &self.downloads[id];
            let (flow, window) = (download.active[index].flow, download.active[index].window);
            let class = class(&mut self.fabric, download, window, connections);
            self.fabric.move_to(now, flow, class);
        }
    }

    /// Flows that end at `now`; returns who waits for downloads that end with them.
    pub fn complete(&mut self, now: Time, schedule: &mut dyn FnMut(Time, Step)) -> Vec<Waiter> {
        let mut done = Vec::new();
        self.fabric.take_completed(now, &mut done);
        let mut finished = Vec::new();
        for owner in done {
            let (id, layer) = ((owner >> 32) as usize, (owner & 0xffff_ffff) as usize);
            let download = &mut self.downloads[id];
            download.active.retain(|active| active.layer != layer);
            download.unfinished -= 1;
            download.moved += download.layers[layer];
            if download.unfinished == 0 {
                finished.push(self.downloads.remove(id).waiter);
            } else {
                self.request_next(id, now, schedule);
                self.rebalance(id, now);
            }
        }
        finished
    }
}

fn owner(download: usize, layer: usize) -> u64 {
    (download as u64) << 32 | layer as u64
}

fn class(fabric: &mut Fabric, download: &Download, window: Bandwidth, connections: usize) -> ClassId {
    let share = download.node.0 / connections as f64;
    let ceiling = download.line.ceiling.0.min(window.0).min(share);
    fabric.class(&download.line.pipes, Bandwidth(ceiling))
}
