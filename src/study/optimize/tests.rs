//! The recommendation against exhaustive search, and what it may never do.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use proptest::prelude::*;

use super::requirement::requirement;
use super::rules::{Limits, SERVICE, rules, selects};
use super::trie::{Filter, Gain};
use super::ways::Keep;
use super::*;
use crate::billing::{OwnRates, bill};
use crate::formats::replication::refused_filter;
use crate::scenario::{Diagnostics, load};
use crate::study::Unseen;
use crate::study::optimize::verify::Part;
use crate::units::{HOUR, Span, Usd};

fn scenario(text: &str) -> Scenario {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("s.toml");
    std::fs::write(&path, text).expect("written");
    let mut diagnostics = Diagnostics::default();
    load(&path, &[], &mut diagnostics).unwrap_or_else(|| panic!("{}", diagnostics.render(false)))
}

fn bundled(name: &str, sets: &[&str]) -> Scenario {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(name);
    let sets: Vec<String> = sets.iter().map(|set| set.to_string()).collect();
    let mut diagnostics = Diagnostics::default();
    load(&path, &sets, &mut diagnostics).unwrap_or_else(|| panic!("{}", diagnostics.render(false)))
}

fn found(scenario: &Scenario, jobs: usize) -> Optimum {
    let choices = Choices { with_jobs: false, limits: SERVICE };
    let means = Means { jobs, progress: &Unseen, interrupt: &AtomicBool::new(false) };
    optimize(scenario, choices, means).expect("a recommendation")
}

/// The recommendation and its rivals on the trials that it was chosen on.
fn on_its_own_trials(scenario: &Scenario, optimum: &Optimum) -> Verified {
    let means = Means { jobs: 2, progress: &Unseen, interrupt: &AtomicBool::new(false) };
    let rivals = Rivals::run(scenario, &optimum.cells, means).expect("they run");
    verify(scenario, &optimum.cells, &optimum.plan, means).expect("it runs").beside(&rivals)
}

/// Three repositories, two regions, 20 hours (so that no eviction by days comes into question): one is pulled much, one
/// now and then, one never but for its first push.
const TINY: &str = r#"
schema = 1
strategies = ["cross-region-pull"]
run = { duration = "20h", trials = 2 }
network = { preset = "ideal" }
repositories = [
  { name = "web/shop", registry = "us-east-1", push = { rate = "6/day" } },
  { name = "web/admin", registry = "us-east-1", push = { rate = "40/day" } },
  { name = "batch", registry = "us-east-1", push = { rate = "2/day" } },
]
[[clusters]]
name = "eu"
registry = "eu-west-1"
runs = ["web/*"]
nodes = 5
cache = "none"
path = "internet"
pulls = { rate = "60/day" }
[[clusters]]
name = "asia"
registry = "ap-southeast-1"
nodes = 2
cache = "none"
path = "internet"
pulls = { rate = "9/day" }
"#;

#[test]
fn the_recommendation_equals_exhaustive_search_through_full_simulations() {
    let scenario = scenario(TINY);
    let optimum = found(&scenario, 2);
    let (model, cells) = (&scenario.model, &optimum.cells);
    assert_eq!(cells.columns.len(), 3, "across, replicate, cache");
    let live: Vec<usize> = (0..cells.cells.len()).filter(|index| cells.cells[*index].runs).collect();
    assert_eq!(live.len(), 5);
    let manner = ways::Manner::of(model);
    let mut cheapest = f64::INFINITY;
    for number in 0..3usize.pow(live.len() as u32) {
        let mut plan = Plan { columns: vec![0; cells.cells.len()], rules: Vec::new(), ..optimum.plan.clone() };
        plan.evictions.clear();
        for (place, index) in live.iter().enumerate() {
            let column = number / 3usize.pow(place as u32) % 3;
            plan.columns[*index] = column;
            if column == 1 {
                let cell = &cells.cells[*index];
                let repository = &model.demand.repositories[cell.repository as usize];
                let rule = manner.rule(vec![cell.destination], vec![repository.name.clone()]);
                plan.rules.push((repository.home, rule));
            }
        }
        let model = plan.applied(model, cells);
        let cost: Usd = (1..=scenario.run.trials)
            .map(|trial| {
                let outcome = crate::engine::run(&model, model.strategies.len() - 1, scenario.run.seed, trial);
                let own = OwnRates::default();
                bill(&outcome.ledger, &scenario.terms, &model.cloud, &model.calendar, &own).expect("prices").total()
            })
            .sum();
        cheapest = cheapest.min(cells.per_month(cost.0, &scenario));
    }
    let own = on_its_own_trials(&scenario, &optimum).cost.mean;
    assert!((own - cheapest).abs() < 1e-6 * cheapest, "{own} against {cheapest}");
}

#[test]
fn what_is_recommended_costs_no_more_than_any_single_way_and_no_less_than_the_bound() {
    for (name, sets) in [("worked-example.toml", &["run.trials=1"][..]), ("quickstart.toml", &["run.trials=2"])] {
        let scenario = bundled(name, sets);
        let optimum = found(&scenario, 2);
        for rival in &on_its_own_trials(&scenario, &optimum).rivals {
            match rival.part {
                Part::Bound => assert!(rival.saving.mean <= 1e-9, "{name}: below the bound"),
                _ => assert!(rival.saving.mean >= -1e-9, "{name}: {} is cheaper", rival.name),
            }
        }
    }
}

#[test]
fn cells_and_choice_do_not_depend_on_threads() {
    let scenario = scenario(TINY);
    let (one, three) = (found(&scenario, 1), found(&scenario, 3));
    assert_eq!(one.cells, three.cells);
    assert_eq!(one.plan, three.plan);
    assert_eq!(one.verified.cost, three.verified.cost);
}

/// A choice flatters itself on the trials that it was made on: what is told of it comes from others, which a run with the
/// seed that is told repeats.
#[test]
fn it_is_judged_on_trials_that_nothing_was_chosen_by() {
    let scenario = scenario(TINY);
    let optimum = found(&scenario, 2);
    assert_eq!(optimum.fresh_seed, scenario.run.seed + 1);
    let mut again = scenario.clone();
    again.run.seed = optimum.fresh_seed;
    assert_eq!(optimum.verified.cost, on_its_own_trials(&again, &optimum).cost);
    assert_ne!(optimum.verified.cost, on_its_own_trials(&scenario, &optimum).cost);
    for rival in &optimum.verified.rivals {
        let saved = rival.summary.cost_usd_month - optimum.verified.cost.mean;
        assert!((rival.saving.mean - saved).abs() < 1e-9, "{}: on the same trials", rival.name);
    }
}

#[test]
fn an_objective_that_only_replication_meets_makes_it_replicate() {
    let mut scenario = scenario(TINY);
    assert!(found(&scenario, 2).plan.rules.is_empty(), "by cost alone nothing is replicated");
    requirement("release_everywhere 90% within 10m").expect("read").add(&mut scenario).expect("added");
    let optimum = found(&scenario, 2);
    assert_eq!(optimum.unmet, Vec::<String>::new());
    let replicated =
        optimum.cells.cells.iter().zip(&optimum.plan.columns).filter(|(cell, column)| cell.runs && **column == 1);
    assert!(replicated.count() >= 4, "{:?}", optimum.plan.columns);
}

#[test]
fn nothing_is_stored_where_residency_forbids_it() {
    let mut scenario = scenario(TINY);
    requirement("residency web/* in us-east-1,ap-southeast-1").expect("read").add(&mut scenario).expect("added");
    let optimum = found(&scenario, 2);
    assert!(optimum.unmet.is_empty() && optimum.verified.missed().is_empty());
    for (index, cell) in optimum.cells.cells.iter().enumerate() {
        let region = scenario.model.cloud.region(scenario.model.cloud.registry(cell.destination).region);
        if cell.repository < 2 && region == "eu-west-1" {
            assert_eq!(optimum.plan.way(&scenario.model, &optimum.cells, index), Way::Across);
        }
    }
}

#[test]
fn a_namespace_is_evicted_by_one_age_and_its_template_is_what_was_measured() {
    let optimum = found(&bundled("quickstart.toml", &["run.trials=1"]), 2);
    let scenario = bundled("quickstart.toml", &["run.trials=1"]);
    assert!(!optimum.plan.evictions.is_empty());
    for (index, cell) in optimum.cells.cells.iter().enumerate() {
        let Way::Cache(Keep::Days(days)) = optimum.plan.way(&scenario.model, &optimum.cells, index) else { continue };
        assert_eq!(optimum.plan.evictions[&(cell.destination, "shop".to_string())], days);
    }
    // Cells are independent here, so the sum of what was measured is what the whole costs above home storage.
    let sum = optimum.cells.per_month(optimum.plan.cost, &scenario);
    let own = on_its_own_trials(&scenario, &optimum);
    let across = own.rival(Part::Baseline).expect("run");
    let home = across.summary.cost_usd_month
        - optimum.cells.cells.iter().map(|cell| optimum.cells.per_month(cell.ways[0].cost.0, &scenario)).sum::<f64>();
    let whole = own.cost.mean;
    assert!((home + sum - whole).abs() < 1e-6, "{home} + {sum} against {whole}");
}

/// One image, pulled at random: now and then several times in a row.
const BURSTS: &str = r#"
schema = 1
strategies = ["cross-region-pull"]
run = { duration = "20d", trials = 2 }
network = { preset = "ideal" }
[[repositories]]
name = "team/model"
registry = "us-east-1"
image = { size = "2 GB", layers = 1, new_bytes = "100%" }
push = { list = [{ at = "0s", tag = "v1" }] }
[[clusters]]
name = "eu"
registry = "eu-west-1"
nodes = 4
cache = "none"
path = "internet"
pulls = { rate = "0.1/day" }
"#;

/// The slow twin: every third time-to-live of whole hours, each run through the whole engine and billed.
#[test]
fn the_observed_time_to_live_costs_least_of_all_that_a_job_can_keep_to() {
    let scenario = scenario(BURSTS);
    let means = Means { jobs: 2, progress: &Unseen, interrupt: &AtomicBool::new(false) };
    let ttls = gaps::observe(&scenario, means).expect("it runs");
    let ttl = |hours: i64| Column::Same(Way::Cache(Keep::Ttl(Span(hours * HOUR))));
    // Measuring expects these three first.
    let mut columns = ways::columns(&scenario.model, false)[..3].to_vec();
    columns.push(Column::ObservedTtl);
    columns.extend((1..=20 * 24).step_by(3).map(ttl));
    let cells = measure(&scenario, &columns, ttls, &[], means).expect("it runs");
    let [cell] = &cells.cells[..] else { panic!("one repository, one destination") };
    let least = cell.ways[3..].iter().map(|way| way.cost).min().expect("columns");
    assert_eq!(cell.ways[3].cost, least, "{:?}", cells.ttls);
    assert!(cell.ways[3].cost < cell.ways[2].cost, "a cache that keeps all for ever costs more");
}

/// Every set of names that one filter can select, with the filter.
fn filters(names: &[&str]) -> Vec<Filter> {
    let mut filters = vec![Filter::All];
    for name in names {
        for length in 1..=name.len() {
            let prefix = Filter::Prefix(name[..length].to_string());
            if refused_filter(&name[..length]).is_none() && !filters.contains(&prefix) {
                filters.push(prefix);
            }
        }
    }
    let mut seen: Vec<Vec<bool>> = Vec::new();
    filters.retain(|filter| {
        let set: Vec<bool> = names.iter().map(|name| selects(std::slice::from_ref(filter), name)).collect();
        let new = !seen.contains(&set);
        seen.push(set);
        new
    });
    filters
}

fn gained(names: &[&str], filters: &[Filter], gains: &[Gain]) -> Gain {
    let own = names.iter().zip(gains).filter(|(name, _)| selects(filters, name));
    own.fold((0, 0), |sum, (_, gain)| (sum.0 + gain.0, sum.1 + gain.1))
}

/// By number of filters: the best that any set of so many gains.
fn by_hand(names: &[&str], gains: &[Gain], most: usize) -> Vec<Gain> {
    let filters = filters(names);
    let mut best = vec![(0, 0); most + 1];
    for set in 0..1u32 << filters.len() {
        let count = set.count_ones() as usize;
        if count <= most {
            let chosen: Vec<Filter> =
                (0..filters.len()).filter(|at| set >> at & 1 == 1).map(|at| filters[at].clone()).collect();
            best[count] = best[count].min(gained(names, &chosen, gains));
        }
    }
    for at in 1..best.len() {
        best[at] = best[at].min(best[at - 1]);
    }
    best
}

/// The best of both groupings of two destinations and every share of the rules.
fn exhaustive(names: &[&str], gains: &[Vec<Gain>], limits: Limits) -> Gain {
    let most = limits.rules * limits.filters;
    let together: Vec<Gain> =
        (0..names.len()).map(|at| gains.iter().fold((0, 0), |s, g| (s.0 + g[at].0, s.1 + g[at].1))).collect();
    let mut best = by_hand(names, &together, most)[most];
    if let [one, other] = gains {
        let (one, other) = (by_hand(names, one, most), by_hand(names, other, most));
        for share in 0..=limits.rules {
            let (a, b) = (one[share * limits.filters], other[(limits.rules - share) * limits.filters]);
            best = best.min((a.0 + b.0, a.1 + b.1));
        }
    }
    best
}

const NAMES: [&str; 9] = ["a", "app", "apple", "app/x", "app/y", "b/x", "b/yy", "b/yz", "c-1"];

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: proptest::test_runner::RngSeed::Fixed(20260105), failure_persistence: None, ..ProptestConfig::with_cases(60) })]
    #[test]
    fn rules_equal_exhaustive_search(
        names in prop::sample::subsequence(NAMES.to_vec(), 1..=5),
        gains in prop::collection::vec(prop::collection::vec((-1i64..=1, -20i128..20), 5), 1..=2),
        most_rules in 1usize..=3, most_filters in 1usize..=2,
    ) {
        let gains: Vec<Vec<Gain>> = gains.into_iter().map(|own| own[..names.len()].to_vec()).collect();
        let limits = Limits { rules: most_rules, destinations: 25, filters: most_filters };
        let found = rules(&names, &gains, limits);
        prop_assert!(found.rules.len() <= most_rules);
        let mut sum = (0, 0);
        for rule in &found.rules {
            prop_assert!(!rule.filters.is_empty() && rule.filters.len() <= most_filters);
            for filter in &rule.filters {
                if let Filter::Prefix(prefix) = filter {
                    prop_assert_eq!(refused_filter(prefix), None);
                }
            }
        }
        for (destination, own) in gains.iter().enumerate() {
            let filters: Vec<Filter> = found.rules.iter()
                .filter(|rule| rule.destinations.contains(&destination))
                .flat_map(|rule| rule.filters.clone()).collect();
            let gain = gained(&names, &filters, own);
            sum = (sum.0 + gain.0, sum.1 + gain.1);
        }
        prop_assert_eq!(sum, found.gain, "what the rules select is what was promised");
        prop_assert_eq!(found.gain, exhaustive(&names, &gains, limits));
    }
}

#[test]
fn of_more_destinations_than_the_service_takes_those_that_save_most_are_kept() {
    let gains: Vec<Vec<Gain>> = (0..30).map(|at| vec![(0, -1 - at)]).collect();
    let found = rules(&["app"], &gains, SERVICE);
    let kept: Vec<usize> = found.rules.iter().flat_map(|rule| rule.destinations.clone()).collect();
    assert_eq!(kept, (5..30).collect::<Vec<usize>>(), "25 destinations (A5)");
    assert_eq!(found.rules.len(), 1, "equal filters are one rule");
}

#[test]
fn many_destinations_that_all_differ_share_ten_rules() {
    let names: Vec<String> = (0..12).map(|at| format!("team-{at:02}/app")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let gain = |to: usize, name: usize| if to == name { (0, -100 - to as i128) } else { (0, 3) };
    let gains: Vec<Vec<Gain>> = (0..12).map(|to| (0..12).map(|name| gain(to, name)).collect()).collect();
    let found = rules(&names, &gains, SERVICE);
    assert_eq!(found.rules.len(), 10);
    // Merging two destinations copies each one's repository to the other too: 2 × 3 twice, or once a group of three.
    assert_eq!(found.gain, (0, -(1200 + 66) + 12));
}

#[test]
fn a_requirement_means_what_the_scenario_s_keys_mean() {
    let base = bundled("disaster-recovery.toml", &["run.trials=1"]);
    for line in [
        "lag p99 <= 30s",
        "pull_time 95% within 1m",
        "release_everywhere p99.9<=30s",
        "recovery <= 4h",
        "images_missing <= 2",
        "pulls_failed <= 0.1%",
        "cost <= $500/month",
        "residency prod/* in us-east-1,us-west-2",
    ] {
        let typed = requirement(line).unwrap_or_else(|error| panic!("{error}"));
        let mut scenario = base.clone();
        typed.add(&mut scenario).expect("added");
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("s.toml");
        let file = base.path.display();
        let text = format!("schema = 1\nextends = \"{file}\"\n[[objectives]]\n{}\n", typed.keys);
        std::fs::write(&path, text).expect("written");
        let mut diagnostics = Diagnostics::default();
        let written = load(&path, &[], &mut diagnostics).unwrap_or_else(|| panic!("{}", diagnostics.render(false)));
        let (own, other) = (scenario.objectives.last().expect("one"), written.objectives.last().expect("one"));
        assert_eq!((&own.name, &own.metric), (&other.name, &other.metric), "{line}");
    }
    for (line, why) in [
        ("lag <= 30s", "not understood"),
        ("lag q99 <= 30s", "no quantile"),
        ("cost <= 500", "objective `cost <= 500`"),
        ("speed <= 3", "not understood"),
    ] {
        assert!(requirement(line).expect_err("refused").contains(why), "{line}");
    }
}
