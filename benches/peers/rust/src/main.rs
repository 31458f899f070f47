//! Both workloads in simulacra, the fastest general event engine of those in the Rust package registry that were tried.
//!
//! `simulacra_peer pulls IMAGES.CSV SECONDS | link FLOWS COMPLETIONS`
//!
//! `pulls`: an event for each arrival and one for each end of a pull, typed, without boxes. `link`: simulacra has no shared
//! link, so [`Link`] is one by hand: all flows have one rate, and `work` is what a flow that was there from the beginning
//! would have moved, which makes the order of ends the order of a heap. An event of an end that has been overtaken is ignored.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, Exp};
use simulacra::{Duration, Simulation};

/// Round trips (s).
const REGIONS: [f64; 4] = [0.060, 0.070, 0.090, 0.220];
/// Pulls per second and region.
const RATE: f64 = 25.0;
/// Bytes per second of a connection.
const CEILING: f64 = 70e6;
/// Bytes per second of the link.
const CAPACITY: f64 = 100e9 / 8.0;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let number = |index: usize| arguments[index].parse::<u64>().expect("a number");
    match arguments[1].as_str() {
        "pulls" => pulls(&arguments[2], number(3)),
        "link" => link(number(2) as usize, number(3)),
        other => panic!("no workload {other}"),
    }
}

/// Processor time of this thread (s), as Linux counts it.
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux tells it");
    text.split(' ').next().and_then(|it| it.parse::<f64>().ok()).expect("nanoseconds") * 1e-9
}

fn answer(begun: f64, units: u64, rest: &str) {
    let cpu = cpu_seconds() - begun;
    println!(r#"{{"peer": "simulacra 0.1.0", "cpu_s": {cpu:.6}, "units": {units}, {rest}}}"#);
}

fn span(seconds: f64) -> Duration {
    Duration::from_nanos((seconds * 1e9).round() as u64)
}

enum Event {
    Arrival { region: usize },
    End { nanoseconds: u64 },
}

/// A histogram of 128 bins an octave.
struct Times {
    bins: Vec<u64>,
    count: u64,
    sum: f64,
}

impl Times {
    fn add(&mut self, seconds: f64) {
        // The bits of a number are its logarithm, nearly: 11 of the exponent, then 7 for 128 steps to the next octave.
        self.bins[(seconds.to_bits() >> 45) as usize] += 1;
        self.count += 1;
        self.sum += seconds;
    }

    fn quantile(&self, share: f64) -> f64 {
        let mut rest = (share * self.count as f64) as i64;
        let bin = self.bins.iter().position(|bin| {
            rest -= *bin as i64;
            rest <= 0
        });
        let bin = bin.expect("the quantile of something") as u64;
        f64::from_bits((bin << 45) + (1 << 44))
    }
}

fn pulls(images: &str, seconds: u64) {
    let mut file = csv::Reader::from_path(images).expect("the file is there");
    let megabytes = |row: csv::StringRecord| row[1].trim_end_matches(" MB").parse::<f64>().expect("a size in MB");
    let sizes: Vec<f64> = file.records().map(|row| megabytes(row.expect("a row")) * 1e6).collect();
    let mut draw = SmallRng::seed_from_u64(7);
    let gap = Exp::new(RATE).expect("the rate is positive");
    let mut times = Times { bins: vec![0; 1 << 18], count: 0, sum: 0.0 };
    let mut simulation: Simulation<Event> = Simulation::new();
    let end = seconds * 1_000_000_000;

    let begun = cpu_seconds();
    for region in 0..REGIONS.len() {
        simulation.schedule_in(span(gap.sample(&mut draw)), Event::Arrival { region });
    }
    while let Some(event) = simulation.step() {
        match event.event {
            Event::Arrival { region } => {
                let now = simulation.now().as_nanos();
                if now >= end {
                    continue;
                }
                simulation.schedule_in(span(gap.sample(&mut draw)), Event::Arrival { region });
                let takes = 3.0 * REGIONS[region] + sizes[draw.random_range(..sizes.len())] / CEILING;
                simulation.schedule_in(span(takes), Event::End { nanoseconds: now });
            }
            Event::End { nanoseconds } => times.add((simulation.now().as_nanos() - nanoseconds) as f64 * 1e-9),
        }
    }
    let (mean, p99) = (times.sum / times.count as f64, times.quantile(0.99));
    answer(begun, times.count, &format!(r#""mean": {mean}, "p99": {p99}"#));
}

/// 65,536 lognormal sizes (SplitMix64, Box and Muller), the same in every program.
fn sizes_of_flows() -> Vec<f64> {
    let mut state = 42u64;
    let mut uniform = move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    };
    let mut size = || {
        let radius = (-2.0 * (1.0 - uniform()).ln()).sqrt();
        (200e6 * (radius * (std::f64::consts::TAU * uniform()).cos()).exp()).floor()
    };
    (0..65_536).map(|_| size()).collect()
}

/// A fairly shared link. A flow is (the work at which it ends, its number).
#[derive(Default)]
struct Link {
    flows: BinaryHeap<Reverse<(u64, u64)>>,
    work: f64,
    since: f64,
    serial: u64,
    version: u64,
}

impl Link {
    fn join(&mut self, simulation: &mut Simulation<u64>, size: f64) {
        let now = simulation.now().as_nanos() as f64 * 1e-9;
        self.work += (now - self.since) * CAPACITY / self.flows.len().max(1) as f64;
        self.since = now;
        self.serial += 1;
        // Positive numbers are in the order of their bits.
        self.flows.push(Reverse(((self.work + size).to_bits(), self.serial)));
        self.watch(simulation);
    }

    fn watch(&mut self, simulation: &mut Simulation<u64>) {
        self.version += 1;
        if let Some(Reverse((finish, _))) = self.flows.peek() {
            let left = (f64::from_bits(*finish) - self.work).max(0.0);
            simulation.schedule_in(span(left * self.flows.len() as f64 / CAPACITY), self.version);
        }
    }

    /// Whether the event is that of a flow that ends now.
    fn ends(&mut self, simulation: &mut Simulation<u64>, version: u64) -> bool {
        if version != self.version {
            return false;
        }
        if let Some(Reverse((finish, _))) = self.flows.pop() {
            (self.work, self.since) = (f64::from_bits(finish), simulation.now().as_nanos() as f64 * 1e-9);
        }
        self.watch(simulation);
        true
    }
}

fn link(flows: usize, completions: u64) {
    let sizes = sizes_of_flows();
    let mut sizes = sizes.iter().copied().cycle();
    let mut simulation: Simulation<u64> = Simulation::new();
    let mut link = Link::default();
    let (mut ended, mut ends, mut begun) = (0, BTreeMap::new(), 0.0);
    let mut begin =
        |link: &mut Link, simulation: &mut Simulation<u64>| link.join(simulation, sizes.next().unwrap_or(0.0));
    (0..flows).for_each(|_| begin(&mut link, &mut simulation));
    while ended < completions {
        let Some(event) = simulation.step() else { break };
        if !link.ends(&mut simulation, event.event) {
            continue;
        }
        ended += 1;
        if ended == 1 {
            // Measured from here on: until then all flows are being started.
            begun = cpu_seconds();
        }
        if [1_000, 10_000, 100_000, 1_000_000].contains(&ended) {
            ends.insert(ended, simulation.now().as_nanos() as f64 * 1e-9);
        }
        begin(&mut link, &mut simulation);
    }
    let ends: Vec<String> = ends.iter().map(|(count, at)| format!(r#""{count}": {at:.9}"#)).collect();
    answer(begun, completions - 1, &format!(r#""ends": {{{}}}"#, ends.join(", ")));
}
