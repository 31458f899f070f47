//! The fast fabric and the slow one, and the cases worked by hand, through one interface.

use std::collections::{BTreeMap, BTreeSet};

use proptest::test_runner::{Config, RngSeed};

use super::slow::SlowFabric;
use super::{ClassId, Fabric, FlowId, PipeId, Sharing};
use crate::units::{Bandwidth, NANOS, Time};

const NO_LIMIT: Bandwidth = Bandwidth::UNLIMITED;

/// Runs to the end; when each owner's flow completed (s).
fn finishes(sharing: &mut impl Sharing) -> Vec<(u64, f64)> {
    let (mut times, mut done) = (Vec::new(), Vec::new());
    while let Some(at) = sharing.next_completion() {
        sharing.take_completed(at, &mut done);
        assert!(!done.is_empty(), "a completion was promised for {at:?}");
        times.extend(done.drain(..).map(|owner| (owner, at.seconds())));
    }
    times
}

#[track_caller]
fn close(found: &[(u64, f64)], wanted: &[(u64, f64)]) {
    let same = |((a, s), (b, t)): (&(u64, f64), &(u64, f64))| a == b && (s - t).abs() < 2e-9;
    assert!(found.len() == wanted.len() && found.iter().zip(wanted).all(same), "{found:?}, not {wanted:?}");
}

/// Theory B4.3: links of 10 and 6; flows of 30 on the first, on both, on the second.
fn three_flows_on_two_links<S: Sharing>() {
    let mut net = S::new();
    let (a, b) = (net.pipe(Bandwidth(10.0)), net.pipe(Bandwidth(6.0)));
    let routes = [vec![a], vec![b, a], vec![b]];
    let classes = routes.map(|route| net.class(&route, NO_LIMIT));
    let flows = [0, 1, 2].map(|i| net.start(Time(0), classes[i], 30, i as u64, Time::NEVER));
    let moved = |net: &mut S, second| flows.map(|flow| net.moved(Time(second * NANOS), flow));
    assert_eq!(moved(&mut net, 1), [7, 3, 3]);
    assert_eq!(moved(&mut net, 4), [28, 12, 12]);
    close(&finishes(&mut net), &[(0, 30.0 / 7.0), (1, 10.0), (2, 10.0)]);
    assert_eq!(net.in_flight(), 0);
}

/// Theory B4.4 for a whole pull: layers in order over slots.
fn slots<S: Sharing>(layers: &[u64], parallel: usize, cap: Bandwidth) -> Vec<(u64, f64)> {
    let mut net = S::new();
    let link = net.pipe(Bandwidth(100.0));
    let class = net.class(&[link], cap);
    let mut waiting = layers.iter().zip(0u64..);
    for (&bytes, owner) in waiting.by_ref().take(parallel) {
        net.start(Time(0), class, bytes, owner, Time::NEVER);
    }
    let (mut times, mut done) = (Vec::new(), Vec::new());
    while let Some(at) = net.next_completion() {
        net.take_completed(at, &mut done);
        for owner in done.drain(..) {
            times.push((owner, at.seconds()));
            if let Some((&bytes, owner)) = waiting.next() {
                net.start(at, class, bytes, owner, Time::NEVER);
            }
        }
    }
    times
}

fn layers_in_slots<S: Sharing>() {
    let four = [300; 4];
    close(&slots::<S>(&four, 3, Bandwidth(50.0)), &[(0, 9.0), (1, 9.0), (2, 9.0), (3, 15.0)]);
    close(&slots::<S>(&four, 3, NO_LIMIT), &[(0, 9.0), (1, 9.0), (2, 9.0), (3, 12.0)]);
    let five = [100, 80, 60, 40, 20];
    close(&slots::<S>(&five, 3, NO_LIMIT), &[(2, 1.8), (1, 2.4), (0, 3.0), (3, 3.0), (4, 3.0)]);
    close(&slots::<S>(&five, 1, NO_LIMIT), &[(0, 1.0), (1, 1.8), (2, 2.4), (3, 2.8), (4, 3.0)]);
    let (first, last) = (8.0 / 3.0, 10.0 / 3.0);
    close(&slots::<S>(&five, 3, Bandwidth(30.0)), &[(2, 2.0), (1, first), (0, last), (3, last), (4, last)]);
}

/// Capacity that goes and comes back, a flow that changes its ceiling, one that is cancelled.
fn changes_under_way<S: Sharing>() {
    let at = |seconds: i64| Time(seconds * NANOS);
    let mut net = S::new();
    let link = net.pipe(Bandwidth(10.0));
    let (free, held) = (net.class(&[link], NO_LIMIT), net.class(&[link], Bandwidth(2.0)));
    let a = net.start(at(0), free, 100, 1, Time::NEVER);
    let b = net.start(at(0), free, 100, 2, Time::NEVER);
    let c = net.start(at(0), held, 100, 3, Time::NEVER);
    // 4, 4, 2 for 5 s; then b is held too: 6, 2, 2 for 5 s; then c goes: 8, 2.
    net.move_to(at(5), b, held, Time::NEVER);
    assert_eq!(net.cancel(at(10), c), 20);
    assert_eq!([net.moved(at(10), a), net.moved(at(10), b)], [50, 30]);
    // Nothing moves for 3 s from 12 s on, when a has 34 to go and b 66.
    net.set_capacity(at(12), link, Bandwidth(0.0));
    assert_eq!(net.next_completion(), None);
    net.set_capacity(at(15), link, Bandwidth(10.0));
    close(&finishes(&mut net), &[(1, 15.0 + 34.0 / 8.0), (2, 15.0 + 33.0)]);
}

/// Completions that other calls pass over are kept, with the rates that they changed.
fn nothing_is_lost_when_nobody_looks<S: Sharing>() {
    let at = |seconds: i64| Time(seconds * NANOS);
    let mut net = S::new();
    let link = net.pipe(Bandwidth(10.0));
    let class = net.class(&[link], NO_LIMIT);
    let first = net.start(at(0), class, 10, 1, Time::NEVER);
    net.start(at(0), class, 30, 2, Time::NEVER);
    let empty = net.start(at(0), class, 0, 3, Time::NEVER);
    // 5 each until 2 s, then 10: the second ends at 4 s.
    let late = net.start(at(7), class, 50, 4, Time::NEVER);
    assert_eq!(net.in_flight(), 4);
    assert_eq!(net.next_completion(), Some(at(0)));
    assert_eq!([net.moved(at(7), first), net.moved(at(7), empty), net.moved(at(7), late)], [10, 0, 0]);
    assert_eq!(net.cancel(at(7), first), 10);
    let mut done = Vec::new();
    net.take_completed(at(7), &mut done);
    assert_eq!(done, [3, 2]);
    close(&finishes(&mut net), &[(4, 12.0)]);
}

/// Without any limit a flow ends when it starts.
fn no_limit_takes_no_time<S: Sharing>() {
    let mut net = S::new();
    let class = net.class(&[], NO_LIMIT);
    let capped = net.class(&[], Bandwidth(5.0));
    net.start(Time(3), class, 1 << 40, 1, Time::NEVER);
    net.start(Time(3), capped, 10, 2, Time::NEVER);
    close(&finishes(&mut net), &[(1, 3e-9), (2, 2.000000003)]);
}

/// A link that is never idle while terabytes pass: the work of its class is set back many times.
fn terabytes<S: Sharing>() -> Vec<(u64, f64)> {
    let mut net = S::new();
    let link = net.pipe(Bandwidth(1.25e9));
    let class = net.class(&[link], NO_LIMIT);
    let size = |owner: u64| 1_000_000_007 * (1 + owner % 7);
    for owner in 0..3 {
        net.start(Time(0), class, size(owner), owner, Time::NEVER);
    }
    let (mut times, mut done, mut next) = (Vec::new(), Vec::new(), 3);
    while let Some(at) = net.next_completion() {
        net.take_completed(at, &mut done);
        for owner in done.drain(..) {
            times.push((owner, at.seconds()));
            if next < 1000 {
                net.start(at, class, size(next), next, Time::NEVER);
                next += 1;
            }
        }
    }
    times
}

#[test]
fn long_runs_do_not_drift() {
    let (fast, slow) = (terabytes::<Fabric>(), terabytes::<SlowFabric>());
    let last = fast[fast.len() - 1].1;
    // Rounding up may leave the link idle for a nanosecond per completion.
    let bytes: u64 = fast.iter().map(|(owner, _)| 1_000_000_007 * (1 + owner % 7)).sum();
    assert!((last - bytes as f64 / 1.25e9).abs() < 1e-6, "{last}");
    assert_eq!(fast.len(), 1000);
    assert!(fast.iter().zip(&slow).all(|((a, s), (b, t))| a == b && (s - t).abs() < 1e-7));
}

#[test]
fn hand_worked_cases_hold_for_both() {
    three_flows_on_two_links::<Fabric>();
    three_flows_on_two_links::<SlowFabric>();
    layers_in_slots::<Fabric>();
    layers_in_slots::<SlowFabric>();
    changes_under_way::<Fabric>();
    changes_under_way::<SlowFabric>();
    nothing_is_lost_when_nobody_looks::<Fabric>();
    nothing_is_lost_when_nobody_looks::<SlowFabric>();
    no_limit_takes_no_time::<Fabric>();
    no_limit_takes_no_time::<SlowFabric>();
}

/// One step of a random script. Who comes into a class may stay for good, or is to leave it for the next after so long.
#[derive(Clone, Copy, Debug)]
enum Step {
    Start { class: usize, bytes: u64, stays: Option<i64> },
    Move { flow: usize, class: usize, stays: Option<i64> },
    Cancel { flow: usize },
    Capacity { pipe: usize, capacity: f64 },
    Look,
}

fn step() -> impl proptest::strategy::Strategy<Value = (i64, Step)> {
    use proptest::prelude::*;
    let stays = || proptest::option::of(1i64..10_000_000_000);
    let what = prop_oneof![
        6 => (0usize..12, 0u64..30_000_000, stays())
            .prop_map(|(class, bytes, stays)| Step::Start { class, bytes, stays }),
        2 => (0usize..1000, 0usize..12, stays()).prop_map(|(flow, class, stays)| Step::Move { flow, class, stays }),
        1 => (0usize..1000).prop_map(|flow| Step::Cancel { flow }),
        1 => (0usize..6, prop_oneof![1 => Just(0.0), 4 => 1e3..1e7f64])
            .prop_map(|(pipe, capacity)| Step::Capacity { pipe, capacity }),
        2 => Just(Step::Look),
    ];
    // Several things often happen at one instant.
    (prop_oneof![1 => Just(0i64), 2 => 1i64..5_000_000_000], what)
}

/// What a script leaves behind: by owner, when its flow completed, or the bytes that it had moved when it was cancelled.
type Ends = BTreeMap<u64, (Option<Time>, u64)>;

fn play<S: Sharing>(capacities: &[f64], classes: &[(u32, Option<f64>)], script: &[(i64, Step)]) -> Ends {
    let mut net = S::new();
    let pipes: Vec<PipeId> = capacities.iter().map(|capacity| net.pipe(Bandwidth(*capacity))).collect();
    let classes: Vec<ClassId> = classes
        .iter()
        .map(|(mask, ceiling)| {
            let route: Vec<PipeId> = pipes.iter().copied().filter(|pipe| mask >> pipe.0 & 1 == 1).collect();
            // A flow that crosses nothing has a ceiling.
            let none = if route.is_empty() { 1e6 } else { f64::INFINITY };
            net.class(&route, Bandwidth(ceiling.unwrap_or(none)))
        })
        .collect();
    let (mut now, mut owner, mut done) = (Time(0), 0, Vec::new());
    let mut flows: Vec<(u64, FlowId)> = Vec::new();
    let mut ends = Ends::new();
    let mut take = |net: &mut S, until: Time, flows: &mut Vec<(u64, FlowId)>, ends: &mut Ends| {
        while let Some(at) = net.next_completion().filter(|at| *at <= until) {
            net.take_completed(at, &mut done);
            for owner in done.drain(..) {
                flows.retain(|(other, _)| *other != owner);
                ends.insert(owner, (Some(at), 0));
            }
        }
    };
    // Who is to leave when, and for which class.
    let mut leaves: BTreeSet<(Time, u64, usize)> = BTreeSet::new();
    let next = |class: usize, stays: Option<i64>, now: Time| {
        let until = stays.map_or(Time::NEVER, |stays| Time(now.0 + stays));
        (classes[class % classes.len()], until, class + 1)
    };
    let leave = |net: &mut S, until: Time, flows: &[(u64, FlowId)], leaves: &mut BTreeSet<(Time, u64, usize)>| {
        while let Some((at, owner, class)) = leaves.first().copied().filter(|(at, ..)| *at <= until) {
            leaves.remove(&(at, owner, class));
            if let Some((_, flow)) = flows.iter().find(|(other, _)| *other == owner) {
                net.move_to(at, *flow, classes[class % classes.len()], Time::NEVER);
            }
        }
    };
    for (pause, step) in script {
        now = Time(now.0 + pause);
        leave(&mut net, now, &flows, &mut leaves);
        match *step {
            Step::Start { class, bytes, stays } => {
                let (class, until, next) = next(class, stays, now);
                flows.push((owner, net.start(now, class, bytes, owner, until)));
                leaves.extend((until < Time::NEVER).then_some((until, owner, next)));
                owner += 1;
            }
            Step::Move { flow, class, stays } if !flows.is_empty() => {
                let (owner, flow) = flows[flow % flows.len()];
                let (class, until, next) = next(class, stays, now);
                net.move_to(now, flow, class, until);
                leaves.extend((until < Time::NEVER).then_some((until, owner, next)));
            }
            Step::Cancel { flow } if !flows.is_empty() => {
                let (owner, flow) = flows.remove(flow % flows.len());
                ends.insert(owner, (None, net.cancel(now, flow)));
            }
            Step::Capacity { pipe, capacity } => {
                net.set_capacity(now, pipes[pipe % pipes.len()], Bandwidth(capacity));
            }
            Step::Look | Step::Move { .. } | Step::Cancel { .. } => take(&mut net, now, &mut flows, &mut ends),
        }
        assert_eq!(net.in_flight(), flows.len());
    }
    leave(&mut net, Time(i64::MAX / 4), &flows, &mut leaves);
    take(&mut net, Time::NEVER, &mut flows, &mut ends);
    assert_eq!(net.in_flight(), flows.len());
    for (owner, flow) in flows {
        ends.insert(owner, (None, net.cancel(Time(i64::MAX / 2), flow)));
    }
    ends
}

/// Flows between regions that climb: each begins at 1/16 of the ceiling and doubles every `trip`. Tells when each ended, and
/// whether the first region's egress was full when a flow grew.
fn climb<S: Sharing>(
    (egress, pair, ceiling): (f64, f64, f64),
    trip: i64,
    flows: &[(i64, usize, u64)],
) -> (Vec<Option<Time>>, Vec<bool>) {
    const REGIONS: usize = 3;
    const STEPS: usize = 5;
    let mut net = S::new();
    let mut pipes =
        |count: usize, capacity: f64| -> Vec<PipeId> { (0..count).map(|_| net.pipe(Bandwidth(capacity))).collect() };
    let (out, into, pairs) = (pipes(REGIONS, egress), pipes(REGIONS, egress), pipes(REGIONS * REGIONS, pair));
    let steps: Vec<[ClassId; STEPS]> = (0..REGIONS * REGIONS)
        .map(|way| {
            let route = [out[way / REGIONS], pairs[way], into[way % REGIONS]];
            std::array::from_fn(|step| net.class(&route, Bandwidth(ceiling / f64::from(1 << (STEPS - 1 - step)))))
        })
        .collect();
    let mut calls: Vec<(i64, usize, usize)> = (0..flows.len())
        .flat_map(|flow| (0..STEPS).map(move |step| (flows[flow].0 + step as i64 * trip, flow, step)))
        .collect();
    calls.sort_unstable();
    let mut ids: Vec<Option<FlowId>> = vec![None; flows.len()];
    let (mut ends, mut full, mut done) = (vec![None; flows.len()], Vec::new(), Vec::new());
    let mut take = |net: &mut S, until: Time, ends: &mut Vec<Option<Time>>| {
        while let Some(at) = net.next_completion().filter(|at| *at <= until) {
            net.take_completed(at, &mut done);
            done.drain(..).for_each(|owner| ends[owner as usize] = Some(at));
        }
    };
    for (at, flow, step) in calls {
        take(&mut net, Time(at), &mut ends);
        let class = steps[flows[flow].1 % steps.len()][step];
        let until = if step + 1 < STEPS { Time(at + trip) } else { Time::NEVER };
        match ids[flow] {
            None => ids[flow] = Some(net.start(Time(at), class, flows[flow].2, flow as u64, until)),
            Some(id) if ends[flow].is_none() => {
                full.push(net.is_full(Time(at), out[0]));
                net.move_to(Time(at), id, class, until);
            }
            Some(_) => full.push(net.is_full(Time(at), out[0])),
        }
    }
    take(&mut net, Time::NEVER, &mut ends);
    (ends, full)
}

proptest::proptest! {
    #![proptest_config(Config {
        cases: 150, failure_persistence: None, rng_seed: RngSeed::Fixed(12), ..Default::default()
    })]

    /// From pipes that are never full to such that are full at any ceiling: routes that settle alone, that are held back by
    /// pipes of their own or by shared ones, and flows that grow without getting more.
    #[test]
    fn fast_and_slow_agree_on_ramps(
        egress in 1e6..2e7f64,
        pair in 1e6..1e7f64,
        flows in proptest::collection::vec((0i64..2_000_000_000, 0usize..9, 1u64..10_000_000), 1..60),
    ) {
        let pipes = (egress, pair, 2e6);
        let (fast, fast_full) = climb::<Fabric>(pipes, 100_000_007, &flows);
        let (slow, slow_full) = climb::<SlowFabric>(pipes, 100_000_007, &flows);
        proptest::prop_assert_eq!(fast_full, slow_full);
        for (fast, slow) in fast.iter().zip(&slow) {
            match (fast, slow) {
                (Some(a), Some(b)) => {
                    proptest::prop_assert!((a.0 - b.0).abs() <= 10 + (a.0 as f64 * 1e-9) as i64, "{:?} and {:?}", a, b);
                }
                _ => proptest::prop_assert!(false, "{:?} and {:?}: not all end", fast, slow),
            }
        }
    }
}

proptest::proptest! {
    #![proptest_config(Config {
        cases: 400, failure_persistence: None, rng_seed: RngSeed::Fixed(11), ..Default::default()
    })]

    #[test]
    fn fast_and_slow_agree(
        capacities in proptest::collection::vec(1e3..1e7f64, 1..6),
        classes in proptest::collection::vec((0u32..64, proptest::option::of(1e3..1e7f64)), 1..12),
        script in proptest::collection::vec(step(), 1..80),
    ) {
        let fast = play::<Fabric>(&capacities, &classes, &script);
        let slow = play::<SlowFabric>(&capacities, &classes, &script);
        proptest::prop_assert_eq!(fast.len(), slow.len());
        for (owner, (fast, slow)) in fast.iter().map(|(owner, fast)| (owner, (fast, &slow[owner]))) {
            match (fast, slow) {
                ((Some(a), _), (Some(b), _)) => {
                    let allowed = 10 + (a.0 as f64 * 1e-9) as i64;
                    proptest::prop_assert!((a.0 - b.0).abs() <= allowed, "flow {}: {:?} and {:?}", owner, a, b);
                }
                ((None, a), (None, b)) => proptest::prop_assert!(a.abs_diff(*b) <= 1, "flow {}: {} and {}", owner, a, b),
                _ => proptest::prop_assert!(false, "flow {}: {:?} and {:?}", owner, fast, slow),
            }
        }
    }
}
