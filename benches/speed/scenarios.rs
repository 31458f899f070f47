//! Whole scenarios, one trial of all their strategies: simulated, priced, and gathered into tables.
//!
//! One item is one event of the engine.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use divan::Bencher;
use divan::counter::ItemsCount;
use replisim::scenario::Scenario;
use replisim::study::tables::Tables;
use replisim::study::{Options, Unseen, compare};

use crate::estates::read;

#[divan::bench(
    args = ["quickstart", "shop", "global-saas", "enterprise", "disaster-recovery", "central-registry"],
    sample_count = 5,
    sample_size = 1
)]
fn one_trial(bencher: Bencher, name: &str) {
    let bundled = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("scenarios/{name}.toml"));
    let mut scenario = read(&bundled);
    (scenario.run.trials, scenario.run.precision) = (1, None);
    let events = run(&scenario).run.events;
    bencher.counter(ItemsCount::new(events)).bench_local(|| run(&scenario));
}

fn run(scenario: &Scenario) -> Tables {
    let options = Options { strategies: None, jobs: 1 };
    compare(scenario, &options, &Unseen, &AtomicBool::new(false)).expect("a bundled scenario runs")
}
