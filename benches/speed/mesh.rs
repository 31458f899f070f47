//! Eight regions, each sending to each: a flow crosses its source's egress, the pair's link and its destination's ingress.
//!
//! Rates are max-min fair over all 72 pipes, so an end anywhere can change the rate of every flow; flows of one pair share
//! a rate, which keeps the work at 56 classes however many flows there are. With the ramp a pair has nine classes, 504 in
//! all. One item is one flow, from its beginning to its end.

use divan::Bencher;
use divan::counter::ItemsCount;

use replisim::network::{Fabric, PipeId};
use replisim::units::Bandwidth;

use crate::population::{Population, Random, way};

const IN_FLIGHT: [usize; 4] = [10, 100, 1_000, 10_000];
/// Flows that end in one sample.
const ENDS: usize = 2_000;

#[divan::bench(args = IN_FLIGHT, sample_count = 20, sample_size = 1)]
fn at_once(bencher: Bencher, flows: usize) {
    measure(bencher, on_a_mesh(flows, false));
}

#[divan::bench(args = IN_FLIGHT, sample_count = 20, sample_size = 1)]
fn ramp(bencher: Bencher, flows: usize) {
    measure(bencher, on_a_mesh(flows, true));
}

fn measure(bencher: Bencher, mut population: Population) {
    // The flows that all began at once are not the mix that comes to be.
    population.run(ENDS);
    bencher.counter(ItemsCount::new(ENDS)).bench_local(|| population.run(ENDS));
}

/// `flows` flows between eight regions: each sends and receives 10 Gbit/s, a pair carries 2 Gbit/s. Flows take the pairs in
/// turn, in a shuffled order.
fn on_a_mesh(flows: usize, ramp: bool) -> Population {
    let mut fabric = Fabric::new();
    let mut pipes = |count: usize, gigabits: f64| -> Vec<PipeId> {
        (0..count).map(|_| fabric.pipe(Bandwidth(gigabits * 1e9 / 8.0))).collect()
    };
    let (egress, ingress, pairs) = (pipes(8, 10.0), pipes(8, 10.0), pipes(64, 2.0));
    let mut random = Random(7);
    let mut ways = Vec::new();
    for (pair, link) in pairs.into_iter().enumerate() {
        let (from, to) = (pair / 8, pair % 8);
        if from != to {
            ways.push(way(&mut fabric, &[egress[from], link, ingress[to]], ramp));
            // Fisher and Yates, from the inside out.
            let (last, other) = (ways.len() - 1, (random.uniform() * ways.len() as f64) as usize);
            ways.swap(last, other);
        }
    }
    Population::new(fabric, ways, flows)
}
