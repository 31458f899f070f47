//! Failover: who comes up when a fault strikes, and what for.

use super::*;
use crate::faults::Strike;

const MINUTE: i64 = HOUR / 60;

fn strike(fault: usize, day: i64) -> Strike {
    Strike { fault, from: Time(day * DAY), until: Time(day * DAY + 8 * HOUR) }
}

fn failover(of: usize) -> Trigger {
    Trigger::Failover { of, after: Law::Constant((15 * MINUTE) as f64), within: Span(30 * MINUTE) }
}

fn standby(name: &str) -> Cluster {
    Cluster { nodes: 20, triggers: vec![failover(0)], version: VersionChoice::Deployed, ..cluster(name) }
}

fn struck(demand: &Demand, strikes: &[Strike]) -> Vec<Occurrence> {
    let calendar = calendar();
    drain(&mut Source::new(demand, &calendar, 1, 1, Time(0), END, strikes))
}

fn daily_app(hour: i64) -> Repository {
    Repository { pushes: Pushes::Times(daily(&[hour], 30)), existing: 3, ..repository("app") }
}

fn ups(occurrences: &[Occurrence], of: u16) -> Vec<(Time, u32)> {
    let up = |occurrence: &Occurrence| match occurrence {
        Occurrence::NodeUp { at, cluster, node } if cluster.0 == of => Some((*at, *node)),
        _ => None,
    };
    occurrences.iter().filter_map(up).collect()
}

#[test]
fn a_cold_standby_comes_up_when_the_fault_strikes_and_stays() {
    let demand = demand(vec![daily_app(12)], vec![standby("standby")]);
    let calendar = calendar();
    let strikes = [strike(0, 10), strike(0, 20)];
    let mut source = Source::new(&demand, &calendar, 1, 1, Time(0), END, &strikes);
    assert_eq!(source.nodes(ClusterId(0)), 0);
    assert!(source.initial().is_empty(), "no node, nothing on it");
    let occurrences = drain(&mut source);
    let all = ups(&occurrences, 0);
    assert_eq!(all.len(), 40, "each strike brings all nodes up, the second one in place of those of the first");
    for (index, day) in [(0, 10), (1, 20)] {
        let begin = Time(day * DAY + 15 * MINUTE);
        let window = begin..Time(begin.0 + 30 * MINUTE);
        let of: Vec<&(Time, u32)> = all.iter().filter(|(at, _)| window.contains(at)).collect();
        let mut numbers: Vec<u32> = of.iter().map(|(_, node)| *node).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (0..20).collect::<Vec<_>>());
        let pulls = requests(&occurrences);
        let own: Vec<&&Request> = pulls.iter().filter(|pull| pull.failover == Some(index)).collect();
        assert_eq!(own.len(), 20);
        // Three existing versions, and one a day at noon: the one of the day before.
        assert!(own.iter().all(|pull| *pull.tag == *format!("v{}", 3 + day) && window.contains(&pull.at)));
    }
    assert_eq!(requests(&occurrences).len(), 40, "and asks for nothing else");
}

#[test]
fn a_push_at_the_moment_of_the_fault_comes_too_late_for_a_standby() {
    let occurrences = struck(&demand(vec![daily_app(0)], vec![standby("standby")]), &[strike(0, 10)]);
    let (late, asked) = (pushes(&occurrences)[10], requests(&occurrences));
    assert_eq!((late.at, late.tag.as_deref()), (Time(10 * DAY), Some("v14")));
    assert!(asked.iter().all(|pull| &*pull.tag == "v13"));
}

#[test]
fn without_a_strike_a_standby_does_nothing() {
    let demand = demand(vec![daily_app(12)], vec![standby("standby")]);
    assert!(requests(&struck(&demand, &[])).is_empty());
    assert!(requests(&struck(&demand, &[strike(1, 10)])).is_empty(), "another fault is not its own");
}

#[test]
fn a_growing_standby_comes_up_as_large_as_it_is_by_then() {
    let growing = |factor: f64| Cluster { growth: factor.ln() / (30 * DAY) as f64, ..standby("standby") };
    // 20 × 4^(1/2) = 40 at the half of the period; 20 / 4^(1/2) = 10.
    for (factor, nodes) in [(4.0, 40), (0.25, 10)] {
        let occurrences = struck(&demand(vec![daily_app(12)], vec![growing(factor)]), &[strike(0, 15)]);
        let first = ups(&occurrences, 0).iter().filter(|(at, _)| *at < Time(15 * DAY + HOUR)).count();
        assert!(first.abs_diff(nodes) <= 1, "{first} {nodes}");
        assert!(ups(&occurrences, 0).iter().all(|(at, _)| *at >= Time(15 * DAY)));
    }
}

#[test]
fn a_live_cluster_is_replaced_and_asks_for_what_is_deployed_on_it() {
    let live = Cluster {
        nodes: 10,
        triggers: vec![deploy(VersionFilter::Release, 10 * MINUTE, 1.0), failover(0)],
        version: VersionChoice::Deployed,
        ..cluster("live")
    };
    let occurrences = struck(&demand(vec![daily_app(12)], vec![live]), &[strike(0, 10)]);
    let of: Vec<u32> = ups(&occurrences, 0).iter().map(|(_, node)| *node).collect();
    let mut sorted = of.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, (0..10).collect::<Vec<_>>());
    assert_ne!(of, sorted, "each at a moment of its own");
    let (failed_over, deployed): (Vec<_>, Vec<_>) =
        requests(&occurrences).into_iter().partition(|pull| pull.failover.is_some());
    assert!(failed_over.iter().all(|pull| &*pull.tag == "v13" && !pull.deploy));
    assert_eq!((failed_over.len(), deployed.len()), (10, 300));
}

#[test]
fn a_standby_before_any_release_asks_for_nothing() {
    let mut app = daily_app(12);
    (app.existing, app.tags.release_every) = (0, 0);
    let occurrences = struck(&demand(vec![app], vec![standby("standby")]), &[strike(0, 10)]);
    assert_eq!((ups(&occurrences, 0).len(), requests(&occurrences).len()), (20, 0));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(8))]

    #[test]
    fn a_failover_shifts_nobody_elses_draws(day in 1i64..29, seed in 0u64..1000) {
        let before = rich();
        let mut after = rich();
        after.clusters.push(Cluster { runs: (0..12).map(RepositoryId).collect(), ..standby("standby") });
        let calendar = calendar();
        let lines = |demand: &Demand, strikes: &[Strike]| {
            let occurrences = drain(&mut Source::new(demand, &calendar, seed, 1, Time(0), END, strikes));
            seen(demand, &occurrences, |name| name != "standby")
        };
        proptest::prop_assert_eq!(lines(&before, &[]), lines(&after, &[strike(0, day)]));
    }

    #[test]
    fn a_live_clusters_failover_leaves_its_other_triggers_alone(day in 1i64..29, seed in 0u64..1000) {
        let before = rich();
        let mut after = rich();
        after.clusters[0].triggers.insert(0, failover(0));
        let calendar = calendar();
        let lines = |demand: &Demand, strikes: &[Strike]| {
            let mut source = Source::new(demand, &calendar, seed, 1, Time(0), END, strikes);
            let kept: Vec<Occurrence> = source.by_ref().filter(|occurrence| match occurrence {
                Occurrence::Pull(pull) => pull.failover.is_none() && !pull.deploy,
                Occurrence::NodeUp { at, .. } => (*at - Time(day * DAY)).0.unsigned_abs() > DAY as u64,
                _ => true,
            }).collect();
            let mut lines = seen(demand, &kept, |_| true);
            lines.retain(|line| !line.contains(" up "));
            lines
        };
        proptest::prop_assert_eq!(lines(&before, &[]), lines(&after, &[strike(0, day)]));
    }
}
