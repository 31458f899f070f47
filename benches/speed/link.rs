//! One link, shared fairly by as many flows as are always in flight: what a flow costs must not grow with their number.
//!
//! At once: each flow may take what the link gives it. Ramp: it climbs through slow start's windows first, so that it is
//! moved eight times before it runs at its ceiling, and the link has nine classes of flows. One item is one flow, from its
//! beginning to its end.

use divan::Bencher;
use divan::counter::ItemsCount;

use crate::population::Population;

const IN_FLIGHT: [usize; 4] = [10, 100, 1_000, 10_000];
/// Flows that end in one sample.
const ENDS: usize = 10_000;

#[divan::bench(args = IN_FLIGHT, sample_count = 20, sample_size = 1)]
fn at_once(bencher: Bencher, flows: usize) {
    measure(bencher, Population::on_a_link(flows, false));
}

#[divan::bench(args = IN_FLIGHT, sample_count = 20, sample_size = 1)]
fn ramp(bencher: Bencher, flows: usize) {
    measure(bencher, Population::on_a_link(flows, true));
}

fn measure(bencher: Bencher, mut population: Population) {
    // The flows that all began at once are not the mix that comes to be.
    population.run(ENDS);
    bencher.counter(ItemsCount::new(ENDS)).bench_local(|| population.run(ENDS));
}
