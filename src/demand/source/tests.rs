//! Demand as a whole: order, determinism, independence of entities, memory.

use std::sync::{Arc, Weak};

use super::super::*;
use super::fixture::{calendar, cluster, daily, demand, deploy, intensity, rate, repository};
use crate::registry::Image;
use crate::sim::Calendar;
use crate::units::{DAY, HOUR};

mod failovers;
mod parts;
mod pulls;
mod pushes;
mod rates;

pub(super) const END: Time = Time(30 * DAY);

/// All that happens, one after the other; the engine asks for pulls at a rate and for the rest by themselves.
impl Iterator for Source<'_> {
    type Item = Occurrence;

    /// The next occurrence: ascending in time; at equal times pushes and edits, then nodes that come and go, then pulls. `None`
    /// when nothing more happens before the end.
    fn next(&mut self) -> Option<Occurrence> {
        while self.peek().is_some() {
            let occurrence = match self.pull_at_rate(Time::NEVER) {
                Some(pull) => self.wanted(&pull).map(|asked| Occurrence::Pull(asked.to_request())),
                None => self.step(),
            };
            if occurrence.is_some() {
                return occurrence;
            }
        }
        None
    }
}

pub(super) fn drain(source: &mut Source<'_>) -> Vec<Occurrence> {
    source.collect()
}

pub(super) fn all(demand: &Demand) -> Vec<Occurrence> {
    let calendar = calendar();
    drain(&mut Source::new(demand, &calendar, 1, 1, Time(0), END, &[]))
}

pub(super) fn pushes(occurrences: &[Occurrence]) -> Vec<&Push> {
    occurrences.iter().filter_map(|o| if let Occurrence::Push(push) = o { Some(push) } else { None }).collect()
}

pub(super) fn requests(occurrences: &[Occurrence]) -> Vec<&Request> {
    occurrences.iter().filter_map(|o| if let Occurrence::Pull(pull) = o { Some(pull) } else { None }).collect()
}

/// Something of everything.
fn rich() -> Demand {
    let mut repositories: Vec<Repository> = (0..12)
        .map(|i| Repository {
            pushes: rate(1.0 + f64::from(i) / 4.0),
            existing: i % 3,
            batch: Law::Geometric { mean: 1.5 },
            batch_within: Span(HOUR),
            ..repository(&format!("shop/r{i}"))
        })
        .collect();
    repositories[3].promotions = vec![Promotion {
        to: RepositoryId(4),
        of: VersionFilter::All,
        every: 2,
        after: Law::Exponential { mean: 3.0 * HOUR as f64, max: None },
        tag: TagTemplate("from-3-{r}".into()),
    }];
    repositories[5].tags.moving = vec!["latest".into()];
    repositories[6].image.base = Some(0);
    repositories[7].image.base = Some(0);
    let runs: Vec<RepositoryId> = (0..12).map(RepositoryId).collect();
    let busy = Cluster {
        nodes: 8,
        runs,
        per_node: 5,
        growth: 0.5 / (30 * DAY) as f64,
        triggers: vec![
            deploy(VersionFilter::Release, 10 * 60 * 1_000_000_000, 0.7),
            Trigger::ScaleUp {
                intensity: intensity(6.0),
                nodes: 3,
                within: Span(HOUR / 60),
                keep: Law::Exponential { mean: 4.0 * HOUR as f64, max: None },
            },
            Trigger::Churn { intensity: intensity(0.2) },
            Trigger::Rate { intensity: intensity(50.0) },
            Trigger::Times(daily(&[6, 18], 30)),
        ],
        version: VersionChoice::Deployed,
        ..cluster("busy")
    };
    let calm = Cluster {
        nodes: 3,
        per_node: 4,
        version: VersionChoice::NewestOf(3),
        triggers: vec![Trigger::Rate { intensity: intensity(20.0) }, Trigger::Times(daily(&[6], 30))],
        ..Cluster { name: "calm".into(), key: EntityKey::named("cluster", "calm"), ..busy.clone() }
    };
    let bases = vec![Base {
        name: "java".into(),
        key: EntityKey::named("base", "java"),
        bytes: 90_000_000,
        layers: 3,
        renew: Some(intensity(0.2)),
    }];
    Demand { bases, ..demand(repositories, vec![busy, calm]) }
}

/// What others see of an occurrence, by names rather than ids.
fn seen(demand: &Demand, occurrences: &[Occurrence], wanted: impl Fn(&str) -> bool) -> Vec<String> {
    let describe = |occurrence: &Occurrence| match occurrence {
        Occurrence::Push(push) => {
            let name = &demand.repositories[push.repository.0 as usize].name;
            let sizes: Vec<u64> = push.image.layers.iter().map(|layer| layer.bytes).collect();
            wanted(name).then(|| format!("{:?} {name} {} {sizes:?}", push.at, push.tag.as_deref().unwrap_or_default()))
        }
        Occurrence::Edit(edit) => {
            let name = &demand.repositories[edit.repository.0 as usize].name;
            wanted(name).then(|| format!("{edit:?}"))
        }
        Occurrence::NodeUp { at, cluster, node } => {
            let name = &demand.clusters[usize::from(cluster.0)].name;
            wanted(name).then(|| format!("{at:?} {name} up {node}"))
        }
        Occurrence::NodeDown { at, cluster, node } => {
            let name = &demand.clusters[usize::from(cluster.0)].name;
            wanted(name).then(|| format!("{at:?} {name} down {node}"))
        }
        Occurrence::Pull(pull) => {
            let name = &demand.clusters[usize::from(pull.cluster.0)].name;
            let repository = &demand.repositories[pull.repository.0 as usize].name;
            wanted(name).then(|| format!("{:?} {name} {} {repository} {}", pull.at, pull.node, pull.tag))
        }
    };
    occurrences.iter().filter_map(describe).collect()
}

#[test]
fn the_worked_example_pushes_at_midnight_and_pulls_four_times_a_day() {
    let app = Repository { pushes: Pushes::Times(daily(&[0], 30)), ..repository("app") };
    let remote = Cluster { triggers: vec![Trigger::Times(daily(&[1, 7, 13, 19], 30))], ..cluster("remote") };
    let occurrences = all(&demand(vec![app], vec![remote]));
    assert_eq!(occurrences.len(), 150);
    for (day, group) in (0i64..).zip(occurrences.chunks(5)) {
        let Occurrence::Push(push) = &group[0] else { panic!("{group:?}") };
        assert_eq!(
            (push.at, push.tag.as_deref().unwrap_or_default()),
            (Time(day * DAY), format!("v{}", day + 1).as_str())
        );
        assert!(push.release && push.new_image && !push.promoted);
        for (hour, pull) in [1, 7, 13, 19].into_iter().zip(requests(&group[1..])) {
            assert_eq!(pull.at, Time(day * DAY + hour * HOUR));
            assert_eq!((&pull.image, Some(&pull.tag)), (&push.image, push.tag.as_ref()));
            assert!(!pull.moving && !pull.deploy && pull.node == 0);
        }
    }
}

#[test]
fn occurrences_are_in_order() {
    let rank = |occurrence: &Occurrence| match occurrence {
        Occurrence::Push(_) | Occurrence::Edit(_) => 0,
        Occurrence::NodeUp { .. } | Occurrence::NodeDown { .. } => 1,
        Occurrence::Pull(_) => 2,
    };
    let occurrences = all(&rich());
    assert!(occurrences.len() > 3000, "{}", occurrences.len());
    assert!(occurrences.is_sorted_by_key(|occurrence| (occurrence.at(), rank(occurrence))));
    assert!(occurrences.iter().all(|occurrence| (Time(0)..END).contains(&occurrence.at())));
}

#[test]
fn only_nodes_that_are_up_ask_and_numbers_are_not_given_twice() {
    let demand = rich();
    let mut up: Vec<Vec<bool>> = demand.clusters.iter().map(|cluster| vec![true; cluster.nodes as usize]).collect();
    let (mut replaced, mut gone) = (0, 0);
    for occurrence in all(&demand) {
        match occurrence {
            Occurrence::NodeUp { cluster, node, .. } => {
                let nodes = &mut up[usize::from(cluster.0)];
                nodes.resize(nodes.len().max(node as usize + 1), false);
                replaced += u32::from(nodes[node as usize]);
                nodes[node as usize] = true;
            }
            Occurrence::NodeDown { cluster, node, .. } => {
                gone += 1;
                assert!(std::mem::take(&mut up[usize::from(cluster.0)][node as usize]));
            }
            Occurrence::Pull(pull) => assert!(up[usize::from(pull.cluster.0)][pull.node as usize]),
            Occurrence::Push(_) | Occurrence::Edit(_) => {}
        }
    }
    assert!(replaced > 20 && gone > 300, "{replaced} {gone}");
    assert!(up[0].len() < 40, "numbers are used again: {}", up[0].len());
}

#[test]
fn a_trial_is_reproducible_and_trials_and_seeds_differ() {
    let (demand, calendar) = (rich(), calendar());
    let hash = |seed, trial| {
        let mut hash = Fingerprint::default();
        drain(&mut Source::new(&demand, &calendar, seed, trial, Time(0), END, &[]))
            .iter()
            .for_each(|occurrence| hash.note(occurrence));
        hash
    };
    assert_eq!(hash(1, 1), hash(1, 1));
    assert_ne!(hash(1, 1), hash(1, 2));
    assert_ne!(hash(1, 1), hash(2, 1));
}

#[test]
fn a_further_entity_shifts_nobody_elses_draws() {
    let before = rich();
    // A repository ahead of the others, which no cluster runs; and a cluster ahead of the others.
    let mut after = rich();
    after.repositories.insert(0, Repository { pushes: rate(5.0), ..repository("aaa/new") });
    for state in &mut after.clusters {
        state.runs.iter_mut().for_each(|id| id.0 += 1);
    }
    after.repositories[4].promotions[0].to = RepositoryId(5);
    let key = EntityKey::named("cluster", "new");
    after.clusters.insert(0, Cluster { name: "new".into(), key, ..after.clusters[0].clone() });
    let old = |name: &str| name != "aaa/new" && name != "new";
    let (one, two) = (seen(&before, &all(&before), old), seen(&after, &all(&after), old));
    assert!(one.len() > 3000);
    // Equal moments of different entities may come in another order.
    let sorted = |mut lines: Vec<String>| {
        lines.sort();
        lines
    };
    assert_eq!(sorted(one), sorted(two));
}

#[test]
fn a_further_node_changes_no_other_nodes_life() {
    // Without pulls at a rate, which are shared out among the nodes that there are, and without scale-ups, whose nodes
    // would get other numbers.
    let mut before = rich();
    before.clusters.truncate(1);
    before.clusters[0].growth = 0.0;
    before.clusters[0].triggers.retain(|trigger| !matches!(trigger, Trigger::Rate { .. } | Trigger::ScaleUp { .. }));
    let mut after = before.clone();
    after.clusters[0].nodes += 1;
    let lines = |demand: &Demand| {
        let others = |o: &Occurrence| match o {
            Occurrence::NodeUp { node, .. } => *node < 8,
            Occurrence::Pull(pull) => pull.node < 8,
            _ => true,
        };
        let kept: Vec<Occurrence> = all(demand).into_iter().filter(others).collect();
        let mut lines = seen(demand, &kept, |_| true);
        lines.sort();
        lines
    };
    assert_eq!(lines(&before), lines(&after));
}

#[test]
fn a_longer_run_begins_like_a_shorter_one() {
    let (demand, calendar) = (rich(), calendar());
    let long = drain(&mut Source::new(&demand, &calendar, 1, 1, Time(0), END, &[]));
    let short = drain(&mut Source::new(&demand, &calendar, 1, 1, Time(0), Time(7 * DAY), &[]));
    assert_eq!(short[..], long[..short.len()]);
    assert!(long[short.len()].at() >= Time(7 * DAY));
}

#[test]
fn images_that_nobody_can_ask_for_are_let_go() {
    let (demand, calendar) = (rich(), calendar());
    let mut source = Source::new(&demand, &calendar, 1, 1, Time(0), END, &[]);
    let mut images: Vec<Weak<Image>> = source.existing().iter().map(|push| Arc::downgrade(&push.image)).collect();
    for occurrence in source.by_ref() {
        if let Occurrence::Push(push) = occurrence
            && push.new_image
        {
            images.push(Arc::downgrade(&push.image));
        }
    }
    let living = images.iter().filter(|image| image.strong_count() > 0).count();
    assert!(images.len() > 1000, "{}", images.len());
    // Twelve repositories: the last three of each, the one deployed, and a promotion under way now and then.
    assert!(living <= 12 * 4 + 20, "{living} of {}", images.len());
}

#[test]
fn layer_and_image_ids_are_dense() {
    let (demand, calendar) = (rich(), calendar());
    let mut source = Source::new(&demand, &calendar, 1, 1, Time(0), END, &[]);
    let mut all = source.existing();
    all.extend(pushes(&drain(&mut source)).into_iter().cloned());
    let images: std::collections::BTreeSet<u32> = all.iter().map(|push| push.image.id).collect();
    let layers: std::collections::BTreeSet<u32> =
        all.iter().flat_map(|push| push.image.layers.iter().map(|layer| layer.id)).collect();
    assert_eq!(images.last().map(|last| *last as usize + 1), Some(images.len()));
    assert_eq!(layers.last().map(|last| *last as usize + 1), Some(layers.len()));
    assert!(all.iter().filter(|push| push.new_image && !push.promoted).is_sorted_by_key(|push| push.image.id));
}

#[test]
fn warm_up_begins_before_the_start() {
    let app = Repository { pushes: rate(10.0), existing: 2, ..repository("app") };
    let demand = demand(vec![app], vec![Cluster { nodes: 2, ..cluster("c") }]);
    let calendar: Calendar = calendar();
    let mut source = Source::new(&demand, &calendar, 1, 1, Time(-10 * DAY), END, &[]);
    let at: Vec<Time> = source.existing().iter().map(|push| push.at).collect();
    assert_eq!(at, [Time(-12 * DAY), Time(-11 * DAY)]);
    assert!(source.existing().is_empty(), "they are handed out once");
    assert_eq!(source.nodes(ClusterId(0)), 2);
    assert_eq!(source.initial().len(), 2);
    let occurrences = drain(&mut source);
    let early = occurrences.iter().filter(|occurrence| occurrence.at() < Time(0)).count();
    assert!((60..140).contains(&early), "{early}");
    assert!(occurrences[0].at() >= Time(-10 * DAY));
}
