//! Steady pulls through the whole engine: demand drawn, images found, times worked out, usage metered, histograms filled.
//!
//! Four regions pull 40 repositories at a steady rate; nothing is contended. *Warm* nodes have what they ask for and only
//! make the manifest's call; *cold* ones keep nothing and move every image. One item is one pull.

use divan::Bencher;
use divan::counter::ItemsCount;
use replisim::engine::run;

use crate::estates::Steady;

#[divan::bench(args = ["warm", "cold"], sample_count = 10, sample_size = 1)]
fn steady(bencher: Bencher, nodes: &str) {
    // So many that the first pulls of each node, which find nothing, do not count for much.
    let model = Steady::new(2_000_000.0, nodes == "warm").scenario().model;
    let pulls = run(&model, 0, 1, 1).pulls;
    bencher.counter(ItemsCount::new(pulls)).bench_local(|| run(&model, 0, 1, 1));
}
