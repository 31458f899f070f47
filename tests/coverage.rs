//! Do intervals cover the truth as often as they say? 400 experiments of 20 trials each, on scenarios whose truth is known.
//!
//! It takes a while, so it runs only when asked: `.ci/run --coverage`, or `cargo test --release --test coverage --
//! --ignored`. Seeds are fixed, so the result is the same everywhere; it stands in docs/statistics.md, and the test fails
//! when the manual tells something else (`REPLISIM_UPDATE=1` writes it anew).

use std::fmt::Write;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use replisim::scenario::{self, Diagnostics, Scenario};
use replisim::study::statistics::{Estimate, order};
use replisim::study::{Options, Unseen, evaluate};

const EXPERIMENTS: u64 = 400;
const TRIALS: u64 = 20;

/// Pulls of one image, 60 a month at random moments, all cold and all across regions; storage is free, so that a month
/// costs pulls × bytes × price. A month of 30 days has one month's cost.
fn scenario(image: &str, rate: &str) -> Scenario {
    let text = format!(
        r#"
schema = 1
strategies = ["cross-region-pull", {{ name = "replicate", kind = "replication", delay = "0s" }}]
run = {{ start = 2026-04-01T00:00:00Z, duration = "30d", trials = {TRIALS} }}
network = {{ preset = "ideal" }}
prices = {{ override = {{ storage = "$0/GB-month" }} }}
[[repositories]]
name = "app"
registry = "us-east-1"
push = {{ list = [{{ at = "0d", tag = "v1" }}] }}
image = {{ {image} }}
[[clusters]]
name = "eu"
registry = "eu-west-1"
cache = "none"
path = "internet"
pulls = {{ rate = "{rate}" }}
"#
    );
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("coverage.toml");
    std::fs::write(&path, text).expect("written");
    let mut diagnostics = Diagnostics::default();
    let scenario = scenario::load(&path, &[], &mut diagnostics);
    scenario.unwrap_or_else(|| panic!("{:?}", diagnostics.items()))
}

/// How many of the experiments `covers` its truth, given the costs of a month by trial, of pulling across and of
/// replicating.
fn covered(scenario: &Scenario, covers: &dyn Fn(&[f64], &[f64]) -> bool) -> u64 {
    let mut scenario = scenario.clone();
    let mut covered = 0;
    for experiment in 0..EXPERIMENTS {
        scenario.run.seed = 1_000 + experiment;
        let options = Options { strategies: None, jobs: 0 };
        let point = evaluate(&scenario, &options, &Unseen, &AtomicBool::new(false)).expect("runs");
        covered += u64::from(covers(&point.costs[0], &point.costs[1]));
    }
    covered
}

fn holds(estimate: Estimate, truth: f64) -> bool {
    estimate.low().is_some_and(|low| low <= truth) && estimate.high().is_some_and(|high| truth <= high)
}

/// The median of a Poisson law: the smallest count that half of the probability does not exceed.
fn poisson_median(mean: f64) -> f64 {
    let (mut term, mut sum, mut count) = ((-mean).exp(), (-mean).exp(), 0.0);
    while sum < 0.5 {
        count += 1.0;
        term *= mean / count;
        sum += term;
    }
    count
}

#[test]
#[ignore = "slow: .ci/run --coverage"]
fn intervals_cover_the_truth_as_often_as_they_say() {
    let gib = |bytes: f64| bytes / f64::from(1 << 30) * 0.02;
    let dear = gib(200e6);
    let fixed = scenario("layer_sizes = [\"200 MB\"]", "2/day");
    // Median 210 MB and 99th percentile 3 GB: a few trials have an image of many times the usual size.
    let law = "size = { lognormal = { median = \"210 MB\", p99 = \"3 GB\" } }, layers = 1, new_bytes = \"100%\"";
    let skewed = scenario(law, "2/day");
    let sigma = (3000.0f64 / 210.0).ln() / 2.326_347_874;
    let mean_size = 210e6 * (sigma * sigma / 2.0).exp();

    let cases: [(&str, bool, u64); 4] = [
        (
            "mean cost, Student’s t: cost moves with the number of pulls",
            true,
            covered(&fixed, &|across, _| holds(Estimate::of(across), 60.0 * dear)),
        ),
        (
            "mean difference of two strategies, paired by trial",
            true,
            covered(&fixed, &|across, copied| holds(Estimate::of_differences(copied, across), dear - 60.0 * dear)),
        ),
        (
            "median cost over trials, by order statistics",
            false,
            covered(&fixed, &|across, _| {
                let truth = poisson_median(60.0) * dear;
                let (low, high) = order::interval(across, 0.5);
                low.is_some_and(|low| low <= truth + 1e-9) && high.is_some_and(|high| truth <= high + 1e-9)
            }),
        ),
        (
            "mean cost, Student’s t: one image of a size drawn from a law with a long tail",
            false,
            covered(&skewed, &|across, _| holds(Estimate::of(across), 60.0 * gib(mean_size))),
        ),
    ];

    let mut block = String::from("| interval | covers the truth in |\n|---|---|\n");
    for (what, _, covered) in cases {
        let share = 100.0 * covered as f64 / EXPERIMENTS as f64;
        writeln!(block, "| {what} | {covered} of {EXPERIMENTS} experiments ({share:.1} %) |").expect("memory");
    }
    println!("{block}");
    for (what, judged, covered) in cases {
        let share = covered as f64 / EXPERIMENTS as f64;
        assert!(!judged || (0.92..=0.98).contains(&share), "{what}: {share}");
    }
    // Order statistics promise at least 95 %; three standard errors of 400 experiments are 3.3 %.
    assert!(cases[2].2 as f64 / EXPERIMENTS as f64 >= 0.95 - 0.033, "the median is covered too seldom");
    told(&block);
}

/// Holds the manual's table against this one.
fn told(block: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/statistics.md");
    let page = std::fs::read_to_string(&path).expect("the manual's page");
    let (begin, end) = ("<!-- coverage: made by .ci/run --coverage -->\n", "<!-- end of coverage -->");
    let (head, rest) = page.split_once(begin).expect("a place for the table");
    let (old, tail) = rest.split_once(end).expect("its end");
    if std::env::var_os("REPLISIM_UPDATE").is_some() {
        std::fs::write(&path, format!("{head}{begin}{block}{end}{tail}")).expect("written");
    } else {
        assert_eq!(old, block, "docs/statistics.md tells another result; REPLISIM_UPDATE=1 writes it anew");
    }
}
