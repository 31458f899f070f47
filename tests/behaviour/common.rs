//! Running a scenario from text.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::atomic::AtomicBool;

use replisim::engine::Outcome;
use replisim::scenario::{self, Diagnostics, Scenario};
use replisim::sim::Histogram;
use replisim::study::tables::{SummaryRow, Tables};
use replisim::study::{Options, Unseen, compare};

/// The repository's root.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A bundled scenario.
pub fn bundled(name: &str) -> PathBuf {
    root().join("scenarios").join(format!("{name}.toml"))
}

/// What makes `planet` small enough for a test.
pub const SMALL_PLANET: [&str; 3] =
    ["run.duration=5d", "repositories.\"planet/job\".count=30", "clusters.jobs.pulls.rate=200/day"];

/// The first days of `monitoring`, with its faults in them.
pub const SHORT_MONITORING: [&str; 6] = [
    "run.duration=5d",
    "run.trials=1",
    "faults.no-permission.at=1d",
    "faults.copies-fail.at=2d",
    "faults.throttled.at=3d",
    "faults.job-stands-still.at=4d",
];

/// A trial of the first days of every bundled scenario, and its name. What some are about comes late; here it comes in
/// these days.
pub fn all_bundled() -> impl Iterator<Item = (String, Scenario)> {
    let paths = fs::read_dir(root().join("scenarios")).expect("the folder is there");
    let paths = paths.map(|entry| entry.expect("entries can be read").path());
    paths.filter(|path| path.extension().is_some_and(|extension| extension == "toml")).map(|path| {
        let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_string();
        let sets: &[&str] = match name.as_str() {
            "disaster-recovery" => &["run.duration=5d", "faults.use1-down.at=2d"],
            "break-even" | "gotcha-mutable-tags" | "gotcha-not-retroactive" => &[],
            "planet" => &SMALL_PLANET,
            "monitoring" => &SHORT_MONITORING,
            _ => &["run.duration=5d"],
        };
        let scenario = read(&path, &[sets, &["run.trials=1"]].concat());
        (name, scenario)
    })
}

/// The quickstart as it is bundled: long, so it is run once for all tests that look at it.
pub static QUICKSTART: LazyLock<Tables> = LazyLock::new(|| run_on(&read(&bundled("quickstart"), &[]), 2));

/// Reads a scenario file; its problems end the test.
pub fn read(path: &Path, sets: &[&str]) -> Scenario {
    let mut diagnostics = Diagnostics::default();
    let sets: Vec<String> = sets.iter().map(ToString::to_string).collect();
    let scenario = scenario::load(path, &sets, &mut diagnostics);
    match scenario {
        Some(scenario) if !diagnostics.has_errors() => scenario,
        _ => panic!("{} does not load:\n{}", path.display(), diagnostics.render(false)),
    }
}

/// Runs a scenario on so many threads.
pub fn run_on(scenario: &Scenario, jobs: usize) -> Tables {
    let options = Options { strategies: None, jobs };
    compare(scenario, &options, &Unseen, &AtomicBool::new(false)).expect("the scenario runs")
}

/// Runs a scenario written in the test.
pub fn run(text: &str) -> Tables {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("test.toml");
    fs::write(&path, text).expect("a temporary file");
    run_on(&read(&path, &[]), 2)
}

/// The summary of a strategy.
pub fn summary<'a>(tables: &'a Tables, strategy: &str) -> &'a SummaryRow {
    tables.summary.iter().find(|row| row.strategy == strategy).expect("the strategy was run")
}

/// A value of `latency.csv`, all regions together.
pub fn latency(tables: &Tables, strategy: &str, event: &str, quantile: &str) -> f64 {
    let found = tables
        .latency
        .iter()
        .find(|row| row.strategy == strategy && row.event == event && row.region == "all" && row.quantile == quantile);
    found.unwrap_or_else(|| panic!("{strategy} has no {quantile} of {event}")).seconds
}

/// What failed under a strategy: event, cause, account and count.
pub fn failures(tables: &Tables, strategy: &str) -> Vec<(String, String, String, f64)> {
    let rows = tables.failures.iter().filter(|row| row.strategy == strategy);
    rows.map(|row| (row.event.clone(), row.cause.clone(), row.account.clone(), row.count)).collect()
}

/// What is said of a scenario that does not load.
pub fn refused(text: &str) -> String {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("test.toml");
    fs::write(&path, text).expect("a temporary file");
    let mut diagnostics = Diagnostics::default();
    assert!(scenario::load(&path, &[], &mut diagnostics).is_none(), "it loads");
    diagnostics.render(false)
}

/// Dollars of a trial's bill rows that a test picks.
pub fn dollars(tables: &Tables, strategy: &str, pick: impl Fn(&replisim::study::tables::BillRow) -> bool) -> f64 {
    let rows = tables.bill.iter().filter(|row| row.strategy == strategy && pick(row));
    rows.map(|row| row.cost_usd.parse::<f64>().expect("a decimal")).sum()
}

/// Numbers for made-up scenarios, from a fixed seed (splitmix64).
pub struct Random(pub u64);

impl Random {
    /// A number below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % n as u64) as usize
    }

    /// A number from `from` to `to`, both included.
    pub fn between(&mut self, from: usize, to: usize) -> usize {
        from + self.below(to - from + 1)
    }
}

/// No differences.
pub const NONE: [&str; 0] = [];

/// In what two outcomes differ. How many events there were is left out: what queues on a resting node has none.
pub fn differences(left: &Outcome, right: &Outcome) -> Vec<&'static str> {
    let times = |histogram: &Histogram| {
        let quantiles = [0.0, 0.01, 0.25, 0.5, 0.75, 0.9, 0.99, 1.0].map(|q| histogram.quantile(q));
        (histogram.count(), histogram.mean(), quantiles)
    };
    let whole = |outcome: &Outcome| {
        let ledger: Vec<_> = outcome.ledger.by_day().map(|(key, days)| (key, days.to_vec())).collect();
        let shares: Vec<_> =
            outcome.ledger.by_repository().map(|(key, shares)| (key, shares.collect::<Vec<_>>())).collect();
        let counts = (outcome.pulls, outcome.pulls_cold, outcome.copies, outcome.demand_hash);
        let parts: Vec<_> = outcome
            .pull_times
            .iter()
            .map(|region| {
                [&region.pull, &region.waiting, &region.queueing, &region.transfer, &region.unpack].map(times)
            })
            .collect();
        let probes: Vec<_> =
            outcome.probes.iter().flatten().map(|probe| (times(&probe.histogram), probe.within)).collect();
        let failed = (outcome.waiting_ns, outcome.failures.clone(), outcome.strikes.clone());
        [
            ("ledger", format!("{ledger:?} {shares:?}")),
            ("counts", format!("{counts:?}")),
            ("times", format!("{parts:?}")),
            ("probes", format!("{probes:?}")),
            ("failures", format!("{failed:?}")),
            ("repositories", format!("{:?}", outcome.by_repository)),
            ("series", format!("{:?}", outcome.series)),
        ]
    };
    let pairs = whole(left).into_iter().zip(whole(right));
    pairs.filter(|(left, right)| left != right).map(|(left, _)| left.0).collect()
}
