//! The smallest, the largest and the emptiest of everything: the number that a reader would work out, or an error's words.

use replisim::scenario::{self, Diagnostics};
use replisim::study::tables::Tables;
use replisim::study::{Options, StudyError, Unseen, compare};

use super::super::common::{latency, refused, run, summary};

/// Every kind of strategy on an ideal network, over one repository and one cluster in eu-west-1.
fn scenario(run: &str, head: &str, repository: &str, cluster: &str) -> String {
    format!(
        "schema = 1\nrun = {{ start = 2026-01-01, trials = 1, {run} }}\nnetwork = {{ preset = \"ideal\" }}\n{head}\n\
         [[repositories]]\nname = \"app\"\nregistry = \"us-east-1\"\n{repository}\n\
         [[clusters]]\nname = \"eu\"\nregistry = \"eu-west-1\"\nnodes = 1\ncache = \"none\"\npath = \"internet\"\n\
         if_missing = \"home\"\n{cluster}\n"
    )
}

const ALL: &str = "strategies = [\"cross-region-pull\", { kind = \"replication\", delay = \"0s\" }, \"pull-through-cache\", \
                   \"scheduled-copy\", \"centralized\", \"clairvoyant\"]";
const ACROSS: &str = "strategies = [\"cross-region-pull\"]";
const ONE_PUSH: &str = "image = { layer_sizes = [\"1 GiB\"] }\npush = { list = [{ at = \"0d\", tag = \"a\" }] }";

fn cost(tables: &Tables, strategy: &str) -> f64 {
    let row = tables.trials.iter().find(|row| row.strategy == strategy).expect("the strategy was run");
    row.cost_usd.parse().expect("a decimal")
}

/// Why a scenario that loads has no results.
fn fails(text: &str) -> String {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("test.toml");
    std::fs::write(&path, text).expect("a temporary file");
    let scenario = scenario::load(&path, &[], &mut Diagnostics::default()).expect("it loads");
    let result: Result<Tables, StudyError> =
        compare(&scenario, &Options { strategies: None, jobs: 1 }, &Unseen, &false.into());
    result.expect_err("it has no results").to_string()
}

#[test]
fn nothing_pushed_costs_nothing_and_nothing_is_pulled() {
    for pushes in ["push = { list = [] }", "push = { rate = \"0/day\" }"] {
        let tables = run(&scenario("duration = \"30d\"", ALL, pushes, "pulls = { rate = \"9/day\" }"));
        for row in &tables.summary {
            let counts = [row.pulls, row.pulls_failed, row.copies, row.cross_region_bytes, row.stored_bytes_end];
            assert_eq!(counts, [0.0; 5], "{}", row.strategy);
            assert_eq!(cost(&tables, &row.strategy), 0.0, "{}", row.strategy);
        }
    }
}

#[test]
fn a_year_of_silence_costs_its_storage() {
    // A GiB, which is the bill's GB, at $0.10 a month for twelve months, wherever a copy is.
    let tables = run(&scenario("duration = \"365d\"", ALL, ONE_PUSH, "pulls = { list = [] }"));
    for (strategy, dollars) in [
        ("cross-region-pull", 1.2),
        ("pull-through-cache", 1.2),
        ("centralized", 1.2),
        ("clairvoyant", 1.2),
        ("replication", 2.4 + 0.02),
    ] {
        assert!((cost(&tables, strategy) - dollars).abs() < 1e-8, "{strategy}: {}", cost(&tables, strategy));
        assert_eq!(summary(&tables, strategy).pulls, 0.0);
    }
}

#[test]
fn a_second_and_a_century_are_spans_like_others() {
    let pull = "pulls = { list = [{ at = \"0s\", repository = \"app\" }] }";
    let tables = run(&scenario("duration = \"1s\"", ALL, ONE_PUSH, pull));
    let month = 31.0 * 86_400.0;
    let across = cost(&tables, "cross-region-pull");
    assert!((across - (0.02 + 0.1 / month)).abs() < 2e-9, "{across}");
    let tables = run(&scenario("duration = \"36525d\"", ACROSS, ONE_PUSH, "pulls = { list = [] }"));
    // From 2026 to the first hour of 2126: 1,200 months and the 2100 that is no leap year.
    let century = cost(&tables, "cross-region-pull");
    assert!((century - 120.0).abs() < 0.1, "{century}");
    assert!(refused(&scenario("duration = \"0s\"", ACROSS, ONE_PUSH, "")).contains("error: "));
    assert!(refused(&scenario("duration = \"300000d\"", ACROSS, ONE_PUSH, "")).contains("the duration is too long"));
}

#[test]
fn prices_may_be_nothing_and_may_be_huge() {
    let priced = |price: &str| {
        format!(
            "{ACROSS}\nprices = {{ override = {{ storage = \"{price}/GB-month\", inter_region = \"{price}/GB\" }} }}"
        )
    };
    let pulls = "pulls = { list = [{ at = \"1d\", repository = \"app\" }] }";
    let paid = |price: &str, repository: &str| {
        cost(&run(&scenario("duration = \"31d\"", &priced(price), repository, pulls)), "cross-region-pull")
    };
    assert_eq!(paid("$0", ONE_PUSH), 0.0);
    // A month and a crossing of a GB.
    let huge = paid("$9000000", ONE_PUSH);
    assert!((huge - 18e6).abs() < 1e-3, "{huge}");
    let large = ONE_PUSH.replace("1 GiB", "100 TB");
    let dollars = 2.0 * 9e6 * 1e14 / (1u64 << 30) as f64;
    assert!((paid("$9000000", &large) / dollars - 1.0).abs() < 1e-12);
    let said = refused(&scenario("duration = \"31d\"", &priced("$900000000000"), ONE_PUSH, pulls));
    assert!(said.starts_with("error: the price is too large"), "{said}");
}

#[test]
fn bandwidths_may_be_tiny_and_huge() {
    let kilobyte = ONE_PUSH.replace("1 GiB", "1 kB");
    let timed = |bandwidth: &str| {
        let pull =
            format!("node_bandwidth = \"{bandwidth}\"\npulls = {{ list = [{{ at = \"0d\", repository = \"app\" }}] }}");
        let tables = run(&scenario("duration = \"1d\"", ACROSS, &kilobyte, &pull));
        latency(&tables, "cross-region-pull", "pull", "max")
    };
    assert_eq!(timed("1 bit/s"), 8000.0);
    assert!(timed("1000000000 Tbit/s") < 1e-6);
    // It is served long after the period, and still follows its link: 8,000,000,000 s are 250 years.
    assert!((timed("0.000001 bit/s") - 8e9).abs() < 1.0);
    let none = scenario("duration = \"1d\"", ACROSS, &kilobyte, "node_bandwidth = \"0 bit/s\"");
    assert!(refused(&none).starts_with("error: a bandwidth is above zero"));
}

#[test]
fn an_image_has_up_to_ten_thousand_layers() {
    let layers = |count: u32| {
        let image = format!("image = {{ size = \"10 MB\", layers = {count}, new_bytes = \"100%\" }}\n");
        let pulls = "pulls = { list = [{ at = \"1h\", repository = \"app\" }] }";
        scenario(
            "duration = \"1d\"",
            ALL,
            &format!("{image}push = {{ list = [{{ at = \"0d\", tag = \"a\" }}] }}"),
            pulls,
        )
    };
    let tables = run(&layers(10_000));
    for strategy in ["cross-region-pull", "replication", "pull-through-cache"] {
        assert_eq!(summary(&tables, strategy).cross_region_bytes, 10e6, "{strategy}");
    }
    assert!(refused(&layers(100_000)).starts_with("error: too many layers; at most 10000"));
}

#[test]
fn exabytes_are_counted_and_what_cannot_be_counted_has_a_name() {
    // 20,000 pulls of 1 PB: 20 EB, more than 64 bits hold, of which each byte is paid for.
    let petabyte = "image = { layer_sizes = [\"100 TB\"] }\npush = { list = [{ at = \"0d\", tag = \"a\" }] }";
    let times: Vec<String> = (1..=20).map(|hour| format!("{hour:02}:00")).collect();
    let pulls = format!("nodes = 1000\npulls = {{ times = \"{}\" }}", times.join(","));
    let text = scenario("duration = \"10d\"", ACROSS, petabyte, &pulls).replace("nodes = 1\n", "");
    let tables = run(&text);
    assert_eq!(summary(&tables, "cross-region-pull").cross_region_bytes, 200_000.0 * 1e14);
    let pulled = 200_000.0 * 1e14 / (1u64 << 30) as f64 * 0.02;
    assert!((cost(&tables, "cross-region-pull") / pulled - 1.0).abs() < 1e-3);
    // 100,000 images of 100 TB are 10 EB in one registry.
    let pushed = "image = { layer_sizes = [\"100 TB\"], new_bytes = \"100%\" }\n\
                  push = { rate = \"100000/day\", arrivals = \"even\" }\nlifecycle = { days = 1 }";
    let said = fails(&scenario("duration = \"1d\"", ACROSS, pushed, "pulls = { list = [] }"));
    assert!(said.contains("metered usage does not fit: storage in us-east-1, account main"), "{said}");
    let said = refused(&scenario("duration = \"1d\"", ACROSS, &ONE_PUSH.replace("1 GiB", "10 EB"), ""));
    assert!(said.contains("size units: B kB MB GB TB"), "{said}");
}

#[test]
fn one_trial_has_no_interval_and_any_seed_runs() {
    let pulls = "pulls = { rate = \"9/day\" }";
    for seed in ["0", "9223372036854775807"] {
        let tables = run(&scenario(&format!("duration = \"2d\", seed = {seed}"), ALL, ONE_PUSH, pulls));
        assert!(tables.summary.iter().all(|row| row.trials == 1 && row.cost_ci_low_usd_month.is_none()), "{seed}");
        assert_eq!(tables.run.seed.to_string(), seed);
    }
    let said = refused(&scenario("duration = \"2d\", seed = 18446744073709551615", ALL, ONE_PUSH, pulls));
    assert!(said.starts_with("error: the number is too large") && said.contains("at most 63 bits"), "{said}");
    let none = scenario("duration = \"2d\"", ACROSS, ONE_PUSH, pulls).replace("trials = 1", "trials = 0");
    assert!(refused(&none).contains("error: "));
}

#[test]
fn empty_lists_and_no_nodes_are_refused_in_words() {
    let text = |head: &str, cluster: &str| scenario("duration = \"2d\"", head, ONE_PUSH, cluster);
    assert!(refused(&text("strategies = []", "")).starts_with("error: a scenario needs a strategy"));
    let none = text(ACROSS, "").replace("nodes = 1\n", "nodes = 0\n");
    assert!(refused(&none).starts_with("error: `nodes` is a count, at least 1"));
    assert!(refused("schema = 1\nrepositories = []\nclusters = []\n").contains("error: a scenario needs a repository"));
}

#[test]
fn names_of_other_tongues_and_endless_ones_are_named_and_lead_to_no_other_message() {
    let text = scenario("duration = \"2d\"", ALL, ONE_PUSH, "");
    for name in
        ["bücher".to_owned(), "倉庫/画像".to_owned(), "a".repeat(100_000), "a\u{202e}b".to_owned(), String::new()]
    {
        let said = refused(&text.replace("\"app\"", &format!("\"{name}\"")));
        assert!(said.contains("is not a repository name"), "{said}");
        assert_eq!(said.matches("error: ").count(), 1, "{said}");
        assert!(said.len() < 2000, "{} bytes", said.len());
    }
    let tag = text.replace("tag = \"a\"", &format!("tag = \"{}\"", "v".repeat(129)));
    assert!(refused(&tag).contains("is not a tag"), "{}", refused(&tag));
    // A title is only shown; what a terminal or XML would take for an order is not.
    let tables = run(&format!("title = \"Ω 漢字 <b>\\u0007\\u001b[31m\"\n{text}"));
    assert_eq!(tables.run.title, "Ω 漢字 <b>\u{fffd}\u{fffd}[31m");
    let dir = tempfile::tempdir().expect("a temporary folder");
    replisim::report::write_run(dir.path(), &tables).expect("charts and pages can be drawn");
}

#[test]
fn ten_thousand_repositories_are_one_estate() {
    let text = scenario(
        "duration = \"1d\"",
        ACROSS,
        "count = 10000\npush = { list = [] }\nexisting = 1\nimage = { size = \"10 MB\", layers = 2 }",
        "",
    );
    let tables = run(&text);
    assert_eq!(summary(&tables, "cross-region-pull").stored_bytes_end, 10_000.0 * 10e6);
}

#[test]
fn nesting_without_end_is_refused_at_once() {
    let base = scenario("duration = \"1d\"", ACROSS, ONE_PUSH, "");
    for nested in [
        format!("x = {}{}", "[".repeat(100_000), "]".repeat(100_000)),
        format!("x = {}1{}", "{ a = ".repeat(50_000), " }".repeat(50_000)),
        format!("[{}a]\nb = 1", "a.".repeat(50_000)),
        format!("{}a = 1", "a.".repeat(50_000)),
    ] {
        let begun = std::time::Instant::now();
        let said = refused(&format!("{nested}\n{base}"));
        assert!(said.starts_with("error: "), "{}", &said[..200.min(said.len())]);
        assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
        assert!(said.len() < 100_000, "{} bytes", said.len());
    }
}
