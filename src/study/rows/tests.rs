//! Rows against hand arithmetic on the fixture's outcomes.

use std::sync::atomic::AtomicBool;

use crate::cloud::{AccountId, RegionId};
use crate::engine::{Around, Cause, FailedEvent, Failure, Model, Outcome, ProbeMetric, StrikeOutcome};
use crate::faults::{Fault, FaultKind, Strike, When};
use crate::ledger::{Item, MeterKey};
use crate::scenario::{LostTimeValue, Metric, Scenario, TimeTarget};
use crate::sim::{EntityKey, Histogram, Law};
use crate::study::compare::{Options, Unseen, compare_with};
use crate::study::fixture::{self, AWAY, HOME, require, scenario, seen, store};
use crate::study::tables::{ComparisonRow, ObjectiveRow, Tables};
use crate::units::{BILL_GB, Bandwidth, DAY, HOUR, Span, Time, Usd};

fn run(scenario: &Scenario, strategies: Option<Vec<usize>>) -> Tables {
    run_with(scenario, strategies, &|_, _, _| {})
}

/// Runs with a change to each outcome: (outcome, strategy, trial).
fn run_with(
    scenario: &Scenario,
    strategies: Option<Vec<usize>>,
    change: &(dyn Fn(&mut Outcome, usize, u64) + Sync),
) -> Tables {
    let simulate = |model: &Model, strategy: usize, seed: u64, trial: u64| {
        let mut outcome = fixture::outcome(model, strategy, seed, trial);
        change(&mut outcome, strategy, trial);
        outcome
    };
    let options = Options { strategies, jobs: 1 };
    compare_with(scenario, &options, &Unseen, &AtomicBool::new(false), &simulate).expect("the fixture runs")
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-9
}

#[test]
fn the_summary_has_means_per_trial_and_month() {
    let tables = run(&scenario(), None);
    let [across, copies, bound] = &tables.summary[..] else { panic!("three strategies") };
    assert_eq!((across.strategy.as_str(), across.kind.as_str(), across.trials), ("across", "cross-region-pull", 4));
    // 1 GB at home, 5 GB × trial pulled at $0.02: 0.1 + 0.1 × (1 + 2 + 3 + 4)/4.
    assert!(near(across.cost_usd_month, 0.35) && near(across.storage_usd_month, 0.10));
    assert!(near(across.transfer_usd_month, 0.25));
    // s = 0.1 × 1.290994, t(3) = 3.182446: half-width 0.205426.
    let (low, high) = (across.cost_ci_low_usd_month.unwrap(), across.cost_ci_high_usd_month.unwrap());
    assert!((low - (0.35 - 0.205_426)).abs() < 1e-6 && (high - (0.35 + 0.205_426)).abs() < 1e-6, "{low} {high}");
    assert!(near(copies.cost_usd_month, 0.22) && near(copies.transfer_usd_month, 0.02));
    assert_eq!((copies.cost_ci_low_usd_month, copies.copies), (Some(copies.cost_usd_month), 1.0));
    assert!(near(bound.cost_usd_month, 0.12));
    for row in &tables.summary {
        let parts = row.storage_usd_month + row.transfer_usd_month + row.network_path_usd_month + row.other_usd_month;
        assert!(near(parts, row.cost_usd_month));
    }
    // Pulls of all trials together: 0 s four times, then 1, 2, 3, 4 s.
    assert_eq!((across.pulls, across.pull_p50_s, across.pull_p99_s), (2.0, Some(0.0), Some(4.0)));
    assert_eq!((across.lag_p50_s, copies.lag_p50_s), (None, Some(4.0)));
    assert_eq!(across.cross_region_bytes, 12.5 * (1u64 << 30) as f64);
}

#[test]
fn costs_are_per_covered_month() {
    let mut half = scenario();
    // The same usage in half of April is twice as much a month.
    half.model.calendar.end = Time(15 * DAY);
    let tables = run(&half, None);
    assert_eq!(tables.trials[0].months, 0.5);
    assert!(near(tables.summary[0].cost_usd_month, 0.70));
}

#[test]
fn bill_rows_add_up_to_the_cost_of_their_trial() {
    let tables = run(&scenario(), None);
    let nanos = |text: &str| text.replace('.', "").parse::<i128>().expect("nine places");
    for trial in &tables.trials {
        let rows = tables.bill.iter().filter(|row| row.strategy == trial.strategy && row.trial == trial.trial);
        assert_eq!(rows.map(|row| nanos(&row.cost_usd)).sum::<i128>(), nanos(&trial.cost_usd));
    }
    let pull = tables.bill.iter().find(|row| row.line_item == "pull" && row.trial == 2).expect("a pull row");
    assert_eq!((pull.quantity.as_str(), pull.unit.as_str(), pull.unit_price_usd.as_str()), ("10", "GB", "0.02"));
    assert_eq!((pull.month.as_str(), pull.account.as_str(), pull.region.as_str()), ("2026-04", "main", "us-east-1"));
    assert_eq!((pull.from_region.as_deref(), pull.to_region.as_deref()), (Some("us-east-1"), Some("eu-west-1")));
    assert_eq!(pull.cost_usd, "0.200000000");
}

fn metric<'a>(tables: &'a Tables, strategy: &str, name: &str) -> Option<&'a ComparisonRow> {
    tables.comparison.iter().find(|row| row.strategy == strategy && row.metric == name)
}

#[test]
fn differences_are_paired_by_trial() {
    let tables = run(&scenario(), None);
    let cost = metric(&tables, "copies", "cost").expect("a cost row");
    assert_eq!((cost.baseline.as_str(), cost.unit.as_str()), ("across", "usd/month"));
    assert!(near(cost.difference, 0.22 - 0.35) && near(cost.relative.unwrap(), -0.13 / 0.35));
    assert!((cost.ci_high.unwrap() - (-0.13 + 0.205_426)).abs() < 1e-6);
    let storage = metric(&tables, "copies", "storage").expect("a storage row");
    assert!(near(storage.difference, 0.1) && near(storage.ci_low.unwrap(), 0.1));
    assert_eq!(metric(&tables, "copies", "network_path").expect("a row").relative, None, "nothing to relate to");
    assert!(metric(&tables, "across", "cost").is_none(), "the baseline is not compared with itself");
}

#[test]
fn without_the_baseline_there_is_no_comparison_and_one_trial_has_no_interval() {
    assert!(run(&scenario(), Some(vec![1, 2])).comparison.is_empty());
    let mut once = scenario();
    once.run.trials = 1;
    let tables = run(&once, Some(vec![0, 1]));
    assert_eq!(tables.summary.len(), 2);
    assert_eq!(tables.summary[0].cost_ci_low_usd_month, None);
    let cost = metric(&tables, "copies", "cost").expect("a cost row");
    assert_eq!((cost.ci_low, cost.ci_high), (None, None));
}

#[test]
fn a_quantile_is_compared_where_every_trial_has_enough_events() {
    let many = |extra: usize| {
        move |outcome: &mut Outcome, strategy: usize, trial: u64| {
            // One trial of one strategy is an event short of what p95 needs.
            let count = if strategy == 1 && trial == 3 { 200 - extra } else { 200 };
            let mut pulls = Histogram::default();
            pulls.record(Span::seconds(1 + strategy as i64), count as u64);
            outcome.pull_times[1].pull = pulls;
        }
    };
    let tables = run_with(&scenario(), None, &many(1));
    assert!(metric(&tables, "copies", "pull_p50").is_some() && metric(&tables, "copies", "pull_p95").is_none());
    let tables = run_with(&scenario(), None, &many(0));
    let p95 = metric(&tables, "copies", "pull_p95").expect("200 events are enough");
    assert_eq!((p95.difference, p95.unit.as_str()), (1.0, "s"));
    assert!(metric(&tables, "copies", "pull_p99").is_none(), "p99 needs 1000");
    assert!(metric(&tables, "copies", "lag_p50").is_none(), "the baseline has no copies");
}

#[test]
fn latency_has_every_quantile_of_what_happened() {
    let late = |outcome: &mut Outcome, _: usize, trial: u64| {
        outcome.pull_times[1].pull.record_infinite(u64::from(trial == 4));
    };
    let tables = run_with(&scenario(), None, &late);
    let rows: Vec<_> = tables.latency.iter().filter(|row| row.strategy == "across" && row.event == "pull").collect();
    let all: Vec<_> = rows.iter().filter(|row| row.region == "all").collect();
    let names: Vec<&str> = all.iter().map(|row| row.quantile.as_str()).collect();
    let expected = "mean min p1 p5 p10 p20 p25 p30 p40 p50 p60 p70 p75 p80 p90 p95 p99 p99.9 max";
    assert_eq!(names.join(" "), expected);
    // 0, 0, 0, 0, 1, 2, 3, 4 and one that never ended.
    assert_eq!((all[0].seconds, all[1].seconds, all[17].seconds), (1.25, 0.0, f64::INFINITY));
    assert!((all[9].seconds - 1.0).abs() < 1e-3 && all[13].seconds == 4.0);
    assert_eq!(all[18].seconds, f64::INFINITY);
    assert!(rows.iter().any(|row| row.region == "eu-west-1") && rows.iter().all(|row| row.region != "us-east-1"));
    assert!(tables.latency.iter().all(|row| row.event != "unpack"), "nothing was unpacked");
    assert!(tables.latency.iter().any(|row| row.strategy == "copies" && row.event == "copy"));
}

#[test]
fn the_timeline_is_the_mean_over_trials_and_leaves_out_what_is_always_zero() {
    let tables = run(&scenario(), Some(vec![0]));
    let of = |metric: &str| tables.timeline.iter().filter(|row| *row.metric == *metric).collect::<Vec<_>>();
    let pulls = of("pulls");
    // 2 × trial on the first day: mean 5; the other days follow as zeros.
    assert_eq!((pulls.len(), pulls[0].value, &*pulls[0].day, pulls[1].value), (30, 5.0, "2026-04-01", 0.0));
    assert_eq!((&*pulls[0].account, &*pulls[0].region, &*pulls[0].unit), ("main", "us-east-1", "count"));
    assert_eq!(of("peak_egress")[0].value, 0.5);
    assert!(of("stored").is_empty() && of("peak_batch_get_image").is_empty());
    let cost: f64 = of("cost").iter().map(|row| row.value).sum();
    assert!(near(cost, 0.35), "days add up to the month: {cost}");
}

#[test]
fn repositories_say_who_costs_what() {
    let tables = run(&scenario(), Some(vec![1]));
    let [home, away] = &tables.repositories[..] else { panic!("two places: {:?}", tables.repositories) };
    assert_eq!((home.repository.as_str(), home.region.as_str()), ("app", "us-east-1"));
    assert!(near(home.storage_usd_month, 0.1) && near(home.transfer_usd_month, 0.02), "the source pays the copy");
    assert_eq!((home.pulls, away.pulls, away.copies, away.copies_never_pulled), (0.0, 2.0, 1.0, 0.5));
    assert!(near(away.storage_usd_month, 0.1));
}

fn judged<'a>(tables: &'a Tables, strategy: &str, objective: &str, region: &str) -> Option<&'a ObjectiveRow> {
    let mut rows = tables.objectives.iter();
    rows.find(|row| row.strategy == strategy && row.objective == objective && row.region == region)
}

fn quantile(quantile: f64, seconds: i64) -> TimeTarget {
    TimeTarget::Quantile { quantile, at_most: Span::seconds(seconds) }
}

#[test]
fn an_objective_is_judged_on_all_trials_or_trial_by_trial() {
    let mut scenario = scenario();
    for _ in 0..2 {
        let limit = Some(Span::seconds(2));
        require(&mut scenario, Metric::PullTime(quantile(0.5, 2)), Some(ProbeMetric::PullTime), limit);
    }
    scenario.objectives[1].in_trials = Some(0.75);
    // Each trial has one pull of `trial` seconds in the other region.
    let tables = run_with(&scenario, Some(vec![0]), &|outcome, _, trial| {
        let here = seen(&[trial as i64], u64::from(trial <= 2));
        outcome.probes = vec![vec![Default::default(), here.clone(), here]; 2];
    });
    let together = judged(&tables, "across", "o0", "all").unwrap();
    assert_eq!((together.observed, together.target, together.unit.as_str()), (Some(2.0), 2.0, "s"));
    assert_eq!((together.met, together.probability_met), (Some(true), Some(0.5)));
    let by_trial = judged(&tables, "across", "o1", "all").unwrap();
    assert_eq!((by_trial.met, by_trial.probability_met), (Some(false), Some(0.5)));
    assert!(judged(&tables, "across", "o0", "eu-west-1").is_some());
    assert!(judged(&tables, "across", "o0", "us-east-1").is_none(), "nothing to measure there under any strategy");
}

#[test]
fn nothing_to_measure_is_not_applicable_and_not_missed() {
    let mut scenario = scenario();
    require(&mut scenario, Metric::Lag(quantile(0.99, 30)), Some(ProbeMetric::Lag), None);
    let tables = run_with(&scenario, None, &|outcome, strategy, _| {
        let here = if strategy == 1 { seen(&[31], 0) } else { Default::default() };
        outcome.probes = vec![vec![Default::default(), here.clone(), here]];
    });
    let across = judged(&tables, "across", "o0", "all").unwrap();
    assert_eq!((across.observed, across.met, across.probability_met), (None, None, None));
    assert_eq!(judged(&tables, "across", "o0", "eu-west-1").unwrap().met, None);
    let copies = judged(&tables, "copies", "o0", "all").unwrap();
    assert_eq!((copies.observed, copies.met), (Some(31.0), Some(false)));
}

#[test]
fn a_release_late_in_two_regions_is_one_late_release() {
    let mut scenario = scenario();
    let target = TimeTarget::Share { within: Span::seconds(30), at_least: 0.5 };
    let (metric, probe) = (Metric::ReleaseEverywhere(target), ProbeMetric::ReleaseEverywhere);
    require(&mut scenario, metric, Some(probe), Some(Span::seconds(30)));
    // Two releases: one late in both regions, one in time.
    let tables = run_with(&scenario, Some(vec![0]), &|outcome, _, _| {
        outcome.probes = vec![vec![seen(&[5, 40], 1), seen(&[6, 50], 1), seen(&[6, 50], 1)]];
    });
    let all = judged(&tables, "across", "o0", "all").unwrap();
    assert_eq!((all.observed, all.unit.as_str(), all.met), (Some(0.5), "share", Some(true)));
}

#[test]
fn cost_failures_and_residency_are_judged_without_probes() {
    let mut scenario = scenario();
    require(&mut scenario, Metric::Cost { at_most: Usd(300_000_000), account: None }, None, None);
    require(&mut scenario, Metric::PullsFailed(0.1), None, None);
    let residency = Metric::Residency { repositories: vec![true], regions: vec![true, false] };
    require(&mut scenario, residency, None, None);
    let tables = run_with(&scenario, None, &|outcome, strategy, trial| {
        outcome.pulls_failed = u64::from(trial == 1);
        if strategy == 1 {
            outcome.stored_in.push((0, AWAY.0));
        }
        if strategy == 2 {
            // A stay that was over before metering began.
            outcome.stored_in.push((0, RegionId(1).0));
        }
    });
    let cost = judged(&tables, "across", "o0", "all").unwrap();
    assert!(near(cost.observed.unwrap(), 0.35) && cost.unit == "usd/month");
    // Trials cost 0.2, 0.3, 0.4, 0.5.
    assert_eq!((cost.met, cost.probability_met), (Some(false), Some(0.5)));
    let failed = judged(&tables, "across", "o1", "all").unwrap();
    assert_eq!((failed.observed, failed.met, failed.probability_met), (Some(0.125), Some(false), Some(0.75)));
    let (across, copies) = (judged(&tables, "across", "o2", "all"), judged(&tables, "copies", "o2", "all"));
    assert_eq!((across.unwrap().observed, across.unwrap().met), (Some(0.0), Some(true)));
    // One GB for the whole period.
    assert_eq!(copies.unwrap().met, Some(false));
    assert!((copies.unwrap().observed.unwrap() / (1u64 << 30) as f64 - 1.0).abs() < 1e-12);
    assert_eq!(judged(&tables, "bound", "o2", "all").unwrap().met, Some(false));
    assert_eq!(judged(&tables, "copies", "o2", "eu-west-1").unwrap().met, Some(false));
}

/// A scenario with an outage of the home region on day 10 and a fault of the whole run; the other region stands by.
fn with_faults() -> Scenario {
    let mut scenario = scenario();
    let fault = |name: &str, when, kind| Fault {
        name: name.into(),
        key: EntityKey(7),
        when,
        lasts: Law::Constant(8.0 * HOUR as f64),
        kind,
    };
    scenario.model.faults = vec![
        fault("flaky", When::WholeRun, FaultKind::CopyFailures { from: None, to: None, share: 0.1 }),
        fault("home-down", When::At(Time(10 * DAY)), FaultKind::RegionOutage(HOME)),
        fault("no-job", When::At(Time(20 * DAY)), FaultKind::JobStopped { strategy: None }),
    ];
    scenario
}

/// An eight-hour strike of a fault with these results.
fn strike(fault: usize, recovery: Option<Option<i64>>, images_missing: Option<u32>) -> StrikeOutcome {
    let from = Time(10 * DAY * fault as i64);
    let strike = Strike { fault, from, until: from + Span(8 * HOUR) };
    let mut around = Around::new(&strike, 2);
    around.served[1][16] = 4;
    around.failed[1][17] = 2;
    StrikeOutcome {
        strike,
        recovery: recovery.map(|known| known.map(Span::seconds)),
        images_missing,
        oldest_missing: images_missing.filter(|count| *count > 0).map(|_| Span::seconds(90)),
        pulls_failed: 3,
        around: Some(around),
    }
}

/// Under `across` nothing ever recovers; under `copies` it takes 100 s times the trial.
fn struck(outcome: &mut Outcome, strategy: usize, trial: u64) {
    let home = match strategy {
        0 => strike(1, Some(None), Some(25)),
        _ => strike(1, Some(Some(100 * trial as i64)), Some(0)),
    };
    outcome.strikes = vec![strike(0, None, None), home, strike(2, None, None)];
}

#[test]
fn recovery_has_a_row_for_each_strike_that_has_a_start() {
    let tables = run_with(&with_faults(), None, &struck);
    assert_eq!(tables.recovery.len(), 2 * 4 * 2, "systems, trials, faults that do not last the whole run");
    let [across, idle] = &tables.recovery[..2] else { panic!("two strikes") };
    assert_eq!((across.strategy.as_str(), across.trial, across.fault.as_str()), ("across", 1, "home-down"));
    // Never recovered: empty, but something is missing.
    assert_eq!((across.recovery_s, across.images_missing, across.oldest_missing_s), (None, Some(25), Some(90.0)));
    assert_eq!(across.pulls_failed, 3);
    assert_eq!((idle.fault.as_str(), idle.recovery_s, idle.images_missing), ("no-job", None, None));
    let copies = tables.recovery.iter().rfind(|row| row.fault == "home-down").expect("a row");
    assert_eq!((copies.strategy.as_str(), copies.trial, copies.recovery_s), ("copies", 4, Some(400.0)));
    assert_eq!((copies.images_missing, copies.oldest_missing_s), (Some(0), None));
}

#[test]
fn pulls_around_a_fault_are_means_on_its_own_clock() {
    let tables = run_with(&with_faults(), Some(vec![0]), &|outcome, strategy, trial| {
        struck(outcome, strategy, trial);
        // A second strike of the same fault is not the first.
        let again = outcome.strikes[1].clone();
        outcome.strikes.push(again);
        outcome.strikes[1].around.as_mut().expect("set").served[1][16] = trial as u32;
    });
    let rows: Vec<_> = tables.disruptions.iter().filter(|row| row.fault == "home-down").collect();
    assert_eq!(rows.len(), Around::BINS, "one region with pulls");
    assert!(rows.iter().all(|row| row.region == "eu-west-1" && row.bin_s == 900.0));
    // 32 bins are eight hours, 16 lie before them.
    assert_eq!((rows[0].seconds_from_start, rows[16].seconds_from_start), (-14_400.0, 0.0));
    assert_eq!((rows[16].served, rows[16].failed, rows[17].failed), (2.5, 0.0, 2.0));
    assert!(tables.disruptions.iter().all(|row| row.fault != "flaky"));
}

#[test]
fn strikes_of_different_lengths_are_not_averaged() {
    let tables = run_with(&with_faults(), Some(vec![0]), &|outcome, strategy, trial| {
        struck(outcome, strategy, trial);
        if trial == 3 {
            let mut longer = outcome.strikes[1].clone();
            longer.strike.until = longer.strike.until + Span(HOUR);
            longer.around = Some(Around::new(&longer.strike, 2));
            outcome.strikes[1] = longer;
        }
    });
    let rows: Vec<_> = tables.disruptions.iter().filter(|row| row.fault == "home-down").collect();
    assert_eq!((rows[16].served, rows[16].bin_s), (4.0, 900.0), "the first trial alone");
}

#[test]
fn failures_are_means_by_cause_and_registry() {
    let tables = run_with(&scenario(), None, &|outcome, strategy, trial| {
        let at = |event, cause| Failure { event, cause, registry: 1 };
        if strategy > 0 {
            outcome.failures.insert(at(FailedEvent::Copy, Cause::NotAllowed), trial);
            outcome.failures.insert(at(FailedEvent::Pull, Cause::Outage), u64::from(trial == 1));
        }
    });
    let told = |row: &crate::study::tables::FailureRow| {
        assert_eq!((row.strategy.as_str(), row.account.as_str(), row.region.as_str()), ("copies", "main", "eu-west-1"));
        (row.event.clone(), row.cause.clone(), row.count)
    };
    let rows: Vec<_> = tables.failures.iter().map(told).collect();
    assert_eq!(rows, [("copy".into(), "not-allowed".into(), 2.5), ("pull".into(), "outage".into(), 0.25)]);
}

#[test]
fn recovery_and_images_missing_are_judged_by_the_worst_strike() {
    let mut scenario = with_faults();
    let recovery = |fault| Metric::Recovery { at_most: Span::seconds(250), fault };
    require(&mut scenario, recovery(None), None, None);
    require(&mut scenario, recovery(Some(1)), None, None);
    require(&mut scenario, recovery(Some(2)), None, None);
    require(&mut scenario, Metric::ImagesMissing { at_most: 10, fault: None }, None, None);
    scenario.objectives[1].in_trials = Some(0.5);
    let tables = run_with(&scenario, None, &struck);
    let across = judged(&tables, "across", "o0", "all").unwrap();
    assert_eq!((across.observed, across.met, across.unit.as_str()), (Some(f64::INFINITY), Some(false), "s"));
    // 100, 200, 300, 400 s: two of four trials are within 250 s.
    let copies = judged(&tables, "copies", "o0", "all").unwrap();
    assert_eq!((copies.observed, copies.met, copies.probability_met), (Some(400.0), Some(false), Some(0.5)));
    assert_eq!(judged(&tables, "copies", "o1", "all").unwrap().met, Some(true), "in half of the trials");
    let idle = judged(&tables, "copies", "o2", "all").unwrap();
    assert_eq!((idle.observed, idle.met, idle.probability_met), (None, None, None), "no standby waits for that fault");
    let missing = judged(&tables, "across", "o3", "all").unwrap();
    assert_eq!((missing.observed, missing.unit.as_str(), missing.met), (Some(25.0), "repositories", Some(false)));
    assert_eq!(judged(&tables, "copies", "o3", "all").unwrap().met, Some(true));
    assert!(judged(&tables, "across", "o0", "eu-west-1").is_none());
}

#[test]
fn time_down_is_worth_its_price_and_never_counts_until_the_end() {
    let mut scenario = with_faults();
    scenario.value = Some(LostTimeValue { waiting_hour: Usd(0), downtime_hour: Usd(5_000_000_000_000) });
    let value = run_with(&scenario, None, &struck).run.value;
    // From day 10 to the end of April: 480 h at $5,000.
    let told: Vec<_> = value[0].downtime.iter().map(|down| (down.fault.as_str(), down.usd_month)).collect();
    assert_eq!(told, [("home-down", 2_400_000.0)]);
    // A mean of 250 s.
    assert!(near(value[1].downtime[0].usd_month, 250.0 / 3600.0 * 5000.0));
    scenario.value = Some(LostTimeValue { waiting_hour: Usd(1), downtime_hour: Usd(0) });
    assert!(run_with(&scenario, None, &struck).run.value.iter().all(|row| row.downtime.is_empty()));
}

#[test]
fn the_record_tells_faults_in_words() {
    let faults = run_with(&with_faults(), None, &struck).run.faults;
    let told: Vec<_> = faults.iter().map(|it| (it.name.as_str(), it.text.as_str(), it.lasts_s)).collect();
    assert_eq!(
        told,
        [("home-down", "us-east-1 is down", Some(28_800.0)), ("no-job", "no copy job runs", Some(28_800.0))]
    );
}

#[test]
fn what_is_archived_outside_is_stored_outside() {
    let mut scenario = scenario();
    let residency = Metric::Residency { repositories: vec![true], regions: vec![false, true] };
    require(&mut scenario, residency, None, None);
    let archived = run_with(&scenario, Some(vec![0]), &|outcome, _, _| {
        let (item, account) = (Item::Archive, AccountId(0));
        let meter = outcome.ledger.meter(MeterKey { item, account, region: HOME, from: None, to: None });
        (0..30).for_each(|day| outcome.ledger.add_day(meter, day, u128::from(BILL_GB) * DAY as u128));
        outcome.ledger.add_share(meter, 0, 0, 30 * u128::from(BILL_GB) * DAY as u128);
    });
    // One GB in storage and one in the archive, all month.
    let row = judged(&archived, "across", "o0", "all").unwrap();
    assert!((row.observed.unwrap() / (2u64 << 30) as f64 - 1.0).abs() < 1e-12);
    // Both are storage to the summary: $0.10 each.
    assert!(near(archived.summary[0].storage_usd_month, 0.20));
}

#[test]
fn the_record_says_what_the_run_was() {
    let mut scenario = scenario();
    let hour = Usd(2_000_000_000);
    scenario.value = Some(LostTimeValue { waiting_hour: hour, downtime_hour: Usd(0) });
    scenario.model.cloud.links.registry_egress[1] = Bandwidth(1e9);
    let run = run_with(&scenario, None, &|outcome, _, _| store(outcome, AWAY, 0)).run;
    assert_eq!((run.seed, run.trials, run.days, run.months), (1, 4, 30.0, 1.0));
    assert_eq!((run.baseline.as_str(), run.price_book.as_str()), ("across", "aws-2026-09"));
    assert_eq!((run.cross_region_pull.as_str(), run.events), ("inter-region", 120));
    assert_eq!(run.notes, ["a note of the reader"]);
    // An hour of waiting in each trial, at $2.
    assert!(near(run.value[0].waiting_usd_month, 2.0));
    let limits: Vec<_> = run.limits.iter().map(|limit| (limit.metric.as_str(), limit.value)).collect();
    assert_eq!(limits, [("peak_batch_get_image", 2000.0), ("peak_egress", 1e9)]);
}
