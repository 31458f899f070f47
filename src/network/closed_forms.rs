//! Queueing theory's answers for one shared link, as statistical tests.
//!
//! Poisson arrivals of flows on one link are the M/G/1 processor-sharing queue; with a ceiling of a `c`-th of the link per
//! flow they are `c` servers' worth of processor sharing. Mean transfer times depend on the mean size only, not on the law
//! of sizes (theory E2, rows 6 and 7): swapping the law is the strongest test of a sharing model. Seeds are fixed; a mean
//! over independent runs may be four standard errors off (theory E3).

use super::Fabric;
use crate::sim::{EntityKey, Law, Purpose, Stream};
use crate::units::{Bandwidth, NANOS, Time};

/// Independent runs per law.
const RUNS: u64 = 40;
/// Flows per run, of which the first fifth fill the empty link and are not counted.
const FLOWS: u64 = 4000;
/// Mean size of a flow (bytes).
const MEAN: f64 = 1e6;
/// Capacity of the link [bytes/s]: a mean flow takes 10 ms alone.
const LINK: f64 = 1e8;

/// Laws of sizes, all with mean [`MEAN`], from no variance to much.
fn laws() -> Vec<(&'static str, Law)> {
    let sigma = 1.5f64;
    // Of ten flows nine have 0.1 of the mean and one has 9.1 times the mean.
    let mixed: Vec<f64> = (0..10).map(|i| if i < 9 { 0.1 * MEAN } else { 9.1 * MEAN }).collect();
    vec![
        ("fixed", Law::Constant(MEAN)),
        ("exponential", Law::Exponential { mean: MEAN, max: None }),
        ("two-point", Law::Values(mixed.into())),
        ("lognormal", Law::Lognormal { median: MEAN * (-sigma * sigma / 2.0).exp(), sigma, max: None }),
    ]
}

/// Mean of `time / size × MEAN` over a run: what a flow of mean size takes (s). Under processor sharing the time of a
/// flow of a given size is proportional to the size, so this says the same as the mean time, with less noise.
fn mean_time(law: &Law, load: f64, ceiling: f64, run: u64) -> f64 {
    let mut net = Fabric::new();
    let link = net.pipe(Bandwidth(LINK));
    let class = net.class(&[link], Bandwidth(ceiling));
    let mut arrivals = Stream::new(20, run, EntityKey(1), Purpose::PullRate);
    let mut sizes = Stream::new(20, run, EntityKey(1), Purpose::ImageShape);
    let gap = MEAN / (LINK * load) * NANOS as f64;
    let (mut started, mut total, mut counted, mut done) = (Vec::new(), 0.0, 0u64, Vec::new());
    let mut arrival = Time(0);
    let mut ended = 0;
    while ended < FLOWS {
        let completion = net.next_completion().filter(|at| *at <= arrival || started.len() as u64 == FLOWS);
        if let Some(at) = completion {
            net.take_completed(at, &mut done);
            for flow in done.drain(..) {
                let (start, bytes): (Time, u64) = started[flow as usize];
                ended += 1;
                if flow >= FLOWS / 5 {
                    total += (at - start).as_seconds() / bytes as f64 * MEAN;
                    counted += 1;
                }
            }
        } else {
            let bytes = (law.sample(&mut sizes) as u64).max(1);
            net.start(arrival, class, bytes, started.len() as u64, Time::NEVER);
            started.push((arrival, bytes));
            arrival = Time(arrival.0 + (gap * arrivals.exponential()) as i64);
        }
    }
    total / counted as f64
}

/// How many standard errors the mean over runs is away from `theory`.
fn z(theory: f64, run: impl Fn(u64) -> f64) -> f64 {
    let means: Vec<f64> = (0..RUNS).map(run).collect();
    let mean = means.iter().sum::<f64>() / RUNS as f64;
    let variance = means.iter().map(|m| (m - mean) * (m - mean)).sum::<f64>() / (RUNS - 1) as f64;
    (mean - theory) / (variance / RUNS as f64).sqrt()
}

/// Row 6: a flow of size x takes x / (C (1 - ρ)); at ρ = 0.7, 3.3333 times as long as alone.
#[test]
fn a_shared_link_slows_every_law_alike() {
    let theory = MEAN / LINK / (1.0 - 0.7);
    for (name, law) in laws() {
        let z = z(theory, |run| mean_time(&law, 0.7, f64::INFINITY, run));
        assert!(z.abs() < 4.0, "{name}: z = {z}");
    }
}

/// Row 7: with a ceiling of a third of the link and a load of two thirds, 1.44444 times as long as at the ceiling.
#[test]
fn a_link_with_ceilings_is_insensitive_too() {
    let theory = MEAN / (LINK / 3.0) * (1.0 + 4.0 / 9.0);
    for (name, law) in laws() {
        let z = z(theory, |run| mean_time(&law, 2.0 / 3.0, LINK / 3.0, run));
        assert!(z.abs() < 4.0, "{name}: z = {z}");
    }
}

/// Row 6: ρ / (1 - ρ) flows are in flight.
#[test]
fn the_mean_number_in_flight_is_that_of_the_queue() {
    let load = 0.7;
    let z = z(load / (1.0 - load), |run| {
        let mut net = Fabric::new();
        let link = net.pipe(Bandwidth(LINK));
        let class = net.class(&[link], Bandwidth::UNLIMITED);
        let mut arrivals = Stream::new(21, run, EntityKey(1), Purpose::PullRate);
        let gap = MEAN / (LINK * load) * NANOS as f64;
        let (mut now, mut seen, mut done) = (Time(0), 0, Vec::new());
        for flow in 0..FLOWS {
            now = Time(now.0 + (gap * arrivals.exponential()) as i64);
            net.take_completed(now, &mut done);
            // An arriving flow sees the mean over time, because arrivals are Poisson.
            seen += if flow < FLOWS / 5 { 0 } else { net.in_flight() };
            net.start(now, class, (MEAN * arrivals.exponential()) as u64, flow, Time::NEVER);
        }
        seen as f64 / (FLOWS - FLOWS / 5) as f64
    });
    assert!(z.abs() < 4.0, "z = {z}");
}
