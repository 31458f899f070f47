//! Strikes: when they come, how long they last, and that they are nobody else's business.

use proptest::prelude::*;

use super::*;
use crate::units::{DAY, HOUR};

const END: Time = Time(90 * DAY);

fn fault(name: &str, when: When, lasts: Law) -> Fault {
    let kind = FaultKind::RegionOutage(RegionId(0));
    Fault { name: name.into(), key: EntityKey::named("fault", name), when, lasts, kind }
}

fn at(name: &str, day: i64, hours: i64) -> Fault {
    fault(name, When::At(Time(day * DAY)), Law::Constant((hours * HOUR) as f64))
}

fn now_and_then(name: &str, per_day: f64, mean_hours: f64) -> Fault {
    let when = When::Rate(Intensity::constant(Time(-10 * DAY), END, per_day / DAY as f64));
    fault(name, when, Law::Exponential { mean: mean_hours * HOUR as f64, max: None })
}

/// The same by the book: every strike that comes, then merged by looking at all pairs.
fn slow(fault: &Fault, seed: u64, begin: Time, end: Time) -> Vec<(Time, Time)> {
    let When::Rate(intensity) = &fault.when else { panic!("a rate") };
    let mut stream = Stream::new(seed, 1, fault.key, Purpose::Fault);
    let mut arrivals = Arrivals::poisson(intensity.clone(), begin);
    let mut spans: Vec<(Time, Time)> = Vec::new();
    while let Some(from) = arrivals.next(&mut stream) {
        let mut stream = Stream::new(seed, 1, fault.key.child(spans.len() as u64), Purpose::Fault);
        spans.push((from, from + Span(libm::round(fault.lasts.sample(&mut stream)) as i64)));
    }
    spans.retain(|(from, _)| *from < end);
    loop {
        let meet = |a: &(Time, Time), b: &(Time, Time)| a.0 <= b.1 && b.0 <= a.1;
        let pair = (0..spans.len())
            .flat_map(|i| (i + 1..spans.len()).map(move |j| (i, j)))
            .find(|(i, j)| meet(&spans[*i], &spans[*j]));
        let Some((i, j)) = pair else { break };
        let other = spans.remove(j);
        spans[i] = (spans[i].0.min(other.0), spans[i].1.max(other.1));
    }
    spans.retain(|(from, until)| from < until);
    spans
}

#[test]
fn a_fault_at_a_moment_strikes_once() {
    let all = strikes(&[at("late", 45, 8), at("early", 3, 1)], 1, 1, Time(0), END);
    let early = Strike { fault: 1, from: Time(3 * DAY), until: Time(3 * DAY + HOUR) };
    let late = Strike { fault: 0, from: Time(45 * DAY), until: Time(45 * DAY + 8 * HOUR) };
    assert_eq!(all, [early, late]);
    assert_eq!(strikes(&[at("after", 90, 1)], 1, 1, Time(0), END), [], "the end is outside");
    assert_eq!(strikes(&[at("no time", 3, 0)], 1, 1, Time(0), END), []);
}

#[test]
fn a_fault_of_the_whole_run_is_there_from_the_warm_up_on_and_never_over() {
    let flaky = fault("flaky", When::WholeRun, Law::Constant(0.0));
    let all = strikes(&[at("down", 3, 1), flaky], 1, 1, Time(-DAY), END);
    assert_eq!(all[0], Strike { fault: 1, from: Time(-DAY), until: Time::NEVER });
    // A fault that begins at a moment and has no end stays within what a clock can hold.
    let forever = fault("forever", When::At(Time(DAY)), Law::Constant(i64::MAX as f64));
    assert_eq!(strikes(&[forever], 1, 1, Time(0), END)[0].until, Time::NEVER);
}

#[test]
fn random_strikes_come_at_their_rate_and_last_their_mean() {
    let faults = [now_and_then("rare", 0.5, 1.0)];
    let all: Vec<Strike> = (1..=200).flat_map(|trial| strikes(&faults, 1, trial, Time(0), END)).collect();
    // 200 trials of 45: 9000 with deviation 95; about 2 % of them fall into the hour of the one before.
    assert!((all.len() as f64 - 8820.0).abs() < 400.0, "{}", all.len());
    let hours: f64 = all.iter().map(|strike| (strike.until - strike.from).0 as f64 / HOUR as f64).sum();
    assert!((hours / all.len() as f64 - 1.02).abs() < 0.05);
    assert_ne!(strikes(&faults, 1, 1, Time(0), END), strikes(&faults, 1, 2, Time(0), END));
    assert_ne!(strikes(&faults, 1, 1, Time(0), END), strikes(&faults, 2, 1, Time(0), END));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn strikes_are_sorted_inside_the_period_and_do_not_overlap(
        seed in 0u64..1000, rates in prop::collection::vec((0.01f64..3.0, 0.0f64..40.0), 1..5), warm_up in 0i64..9,
    ) {
        let faults: Vec<Fault> =
            (0..).zip(&rates).map(|(i, (rate, mean))| now_and_then(&format!("f{i}"), *rate, *mean)).collect();
        let begin = Time(-warm_up * DAY);
        let all = strikes(&faults, seed, 1, begin, END);
        prop_assert!(all.is_sorted_by_key(|strike| (strike.from, strike.fault)));
        prop_assert!(all.iter().all(|s| (begin..END).contains(&s.from) && s.from < s.until));
        for (index, fault) in faults.iter().enumerate() {
            let own: Vec<(Time, Time)> =
                all.iter().filter(|strike| strike.fault == index).map(|strike| (strike.from, strike.until)).collect();
            prop_assert!(own.windows(2).all(|pair| pair[0].1 < pair[1].0));
            prop_assert_eq!(own, slow(fault, seed, begin, END));
        }
    }

    #[test]
    fn a_further_fault_shifts_no_other(seed in 0u64..1000, rate in 0.01f64..2.0) {
        let old = [now_and_then("a", rate, 5.0), at("b", 45, 8)];
        let new = [now_and_then("new", 1.0, 3.0), old[0].clone(), old[1].clone()];
        let before = strikes(&old, seed, 1, Time(0), END);
        let mut after = strikes(&new, seed, 1, Time(0), END);
        after.retain(|strike| strike.fault > 0);
        after.iter_mut().for_each(|strike| strike.fault -= 1);
        prop_assert_eq!(before, after);
    }

    #[test]
    fn a_longer_run_begins_with_the_strikes_of_a_shorter_one(seed in 0u64..1000) {
        let faults = [now_and_then("a", 0.7, 5.0)];
        let short = strikes(&faults, seed, 1, Time(0), Time(30 * DAY));
        let long = strikes(&faults, seed, 1, Time(0), END);
        prop_assert!(short.len() <= long.len());
        for (short, long) in short.iter().zip(&long) {
            prop_assert_eq!(short.from, long.from);
            prop_assert!(short.until <= long.until, "a strike after the end may prolong it");
        }
    }
}
