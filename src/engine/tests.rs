//! Whole trials of small models, against arithmetic by hand.

use super::fixture::{DAYS, replication, worked_example};
use super::*;
use crate::demand::{IfMissing, NodeCache};
use crate::ledger::Item;
use crate::registry::{CreationTemplate, LifecyclePolicy};
use crate::strategy::Kind;
use crate::units::{Bandwidth, DAY, HOUR, Span, Time};

/// Bytes of an image.
const IMAGE: u128 = 200_000_000;

fn total(outcome: &Outcome, item: Item) -> u128 {
    outcome.ledger.by_day().filter(|(key, _)| key.item == item).flat_map(|(_, days)| days.iter()).sum()
}

/// Stored image-hours.
fn image_hours(outcome: &Outcome) -> f64 {
    total(outcome, Item::Storage) as f64 / IMAGE as f64 / HOUR as f64
}

#[test]
fn the_worked_example_meters_what_the_hand_says() {
    let model = worked_example();
    // (copies, bytes copied, bytes pulled across, image-hours stored), all by hand.
    let home = 465.0 * 24.0;
    let expected = [
        ("cross-region-pull", 0, 0, 240, home),
        ("replication", 60, 60, 0, 3.0 * home),
        ("pull-through-cache", 60, 60, 0, home + 2.0 * 463.75 * 24.0),
        ("pull-through-cache", 60, 60, 0, home + 2.0 * (29.0 * 30.0 + 23.0)),
        ("scheduled-copy", 60, 60, 120, home + 2.0 * 450.0 * 24.0),
        ("clairvoyant", 0, 60, 0, home + 2.0 * 30.0 * 18.0),
    ];
    for (index, (kind, copies, copied, pulled, hours)) in expected.into_iter().enumerate() {
        let mut model = model.clone();
        if kind == "scheduled-copy" {
            model.strategies[index].if_missing = Some(IfMissing::Home);
        }
        let outcome = run(&model, index, 1, 1);
        assert_eq!(model.strategies[index].kind.name(), kind);
        assert_eq!(outcome.pulls, 240, "{kind}");
        assert_eq!(outcome.pulls_failed, 0, "{kind}");
        assert_eq!(outcome.copies, copies, "{kind}");
        assert_eq!(total(&outcome, Item::Copy), copied * IMAGE, "{kind}");
        assert_eq!(total(&outcome, Item::Pull), pulled * IMAGE, "{kind}");
        assert!((image_hours(&outcome) - hours).abs() < 1e-6, "{kind}: {} {hours}", image_hours(&outcome));
    }
}

#[test]
fn every_strategy_of_a_trial_sees_the_same_demand() {
    let model = worked_example();
    let hashes: Vec<u64> = (0..model.strategies.len()).map(|index| run(&model, index, 1, 1).demand_hash).collect();
    assert!(hashes.iter().all(|hash| *hash == hashes[0] && *hash != 0), "{hashes:?}");
}

#[test]
fn a_repositorys_shares_add_up_to_the_days() {
    let model = worked_example();
    for index in 0..model.strategies.len() {
        let outcome = run(&model, index, 1, 1);
        let days = outcome.ledger.by_day().map(|(_, days)| days.iter().sum::<u128>());
        let shares = outcome.ledger.by_repository().map(|(_, shares)| shares.map(|share| share.2).sum::<u128>());
        assert_eq!(days.collect::<Vec<_>>(), shares.collect::<Vec<_>>());
    }
}

#[test]
fn a_pull_waits_for_its_copy_backing_off() {
    // Copies take 25 s; nodes ask at the push, after 10 s and after 30 s.
    let mut model = worked_example();
    let Kind::Replication(settings) = &mut model.strategies[1].kind else { panic!("the second is replication") };
    settings.delay = Law::Constant(25e9);
    model.demand.clusters[0].triggers = vec![crate::demand::Trigger::Times((0..DAYS).map(|d| Time(d * DAY)).collect())];
    model.demand.clusters.truncate(1);
    let outcome = run(&model, 1, 1, 1);
    let times = &outcome.pull_times[1];
    assert_eq!(times.pull.count(), DAYS as u64);
    assert_eq!(times.waiting.quantile(0.5), Some(30.0));
    assert_eq!(times.pull.quantile(1.0), Some(30.0));
    assert_eq!(outcome.lag[1].quantile(0.5), Some(25.0));
}

#[test]
fn a_pull_whose_image_never_comes_gives_up() {
    let mut model = worked_example();
    model.strategies[1].kind = Kind::Replication(crate::strategy::Replication { rules: Vec::new(), ..replication() });
    let outcome = run(&model, 1, 1, 1);
    assert_eq!((outcome.pulls, outcome.pulls_failed), (240, 240));
    assert_eq!(total(&outcome, Item::Pull), 0);
}

#[test]
fn a_lifecycle_at_the_destination_counts_by_its_own_clock() {
    // Keep 2 at the destinations: a copy goes when the second copy after it comes, two days later.
    let mut model = worked_example();
    for registry in [1, 2] {
        model.registries[registry].templates = vec![CreationTemplate {
            prefix: "ROOT".into(),
            mutability: None,
            lifecycle: Some(LifecyclePolicy::keep(2)),
            for_replication: true,
            for_cache: true,
        }];
    }
    let outcome = run(&model, 1, 1, 1);
    // 28 images live two days, then one lives two and the last one.
    let hours = 465.0 * 24.0 + 2.0 * (29.0 * 48.0 + 24.0);
    assert!((image_hours(&outcome) - hours).abs() < 1e-6, "{} {hours}", image_hours(&outcome));
}

#[test]
fn pulls_share_a_finite_egress() {
    // Two clusters pull 200 MB at once over an egress of 10 MB/s: both need 40 s.
    let mut model = worked_example();
    model.cloud.links.registry_egress[0] = Bandwidth(10e6);
    let outcome = run(&model, 0, 1, 1);
    for region in [1, 2] {
        assert_eq!(outcome.pull_times[region].transfer.quantile(0.5), Some(40.0));
        assert_eq!(outcome.pull_times[region].transfer.quantile(1.0), Some(40.0));
    }
    assert_eq!(total(&outcome, Item::Pull), 240 * IMAGE);
}

#[test]
fn an_alone_download_takes_as_long_as_one_over_a_pipe_too_wide_to_matter() {
    let mut model = worked_example();
    model.cloud.links.rtt = vec![vec![Span(80_000_000); 3]; 3];
    model.cloud.links.stream_max = Bandwidth(70e6);
    model.cloud.links.stream_window = Some(crate::units::Bytes(3_550_000));
    model.cloud.links.slow_start = crate::cloud::SlowStart::Delay;
    model.demand.repositories[0].image.layers =
        crate::demand::LayerLaw::Listed(vec![100_000_000, 40_000_000, 30_000_000, 20_000_000, 10_000_000]);
    for cluster in &mut model.demand.clusters {
        cluster.node_bandwidth = Bandwidth(60e6);
    }
    let alone = run(&model, 0, 1, 1);
    model.cloud.links.registry_egress[0] = Bandwidth(1e12);
    let piped = run(&model, 0, 1, 1);
    let (a, b) = (alone.pull_times[1].pull.mean().unwrap(), piped.pull_times[1].pull.mean().unwrap());
    assert!(a > 2.0 && (a / b - 1.0).abs() < 0.01, "{a} {b}");
    assert_eq!(total(&alone, Item::Pull), total(&piped, Item::Pull));
}

#[test]
fn node_caches_make_repeated_pulls_warm() {
    let mut model = worked_example();
    for cluster in &mut model.demand.clusters {
        cluster.cache = NodeCache::Unlimited;
    }
    let outcome = run(&model, 0, 1, 1);
    assert_eq!((outcome.pulls, outcome.pulls_cold), (240, 60));
    assert_eq!(total(&outcome, Item::Pull), 60 * IMAGE);
}

#[test]
fn failed_attempts_delay_a_copy_and_may_move_bytes_again() {
    let mut model = worked_example();
    let Kind::Replication(settings) = &mut model.strategies[1].kind else { panic!("the second is replication") };
    settings.copy_failures = 0.5;
    let once = run(&model, 1, 1, 1);
    assert_eq!(once.copies + once.copies_failed, 60);
    assert!(once.copies_failed < 15 && once.copies > 40, "{} failed", once.copies_failed);
    assert_eq!(total(&once, Item::Copy), u128::from(once.copies) * IMAGE);
    model.service.retry_moves_bytes_again = true;
    let again = run(&model, 1, 1, 1);
    assert_eq!(again.copies, once.copies);
    assert!(total(&again, Item::Copy) > total(&once, Item::Copy));
}
