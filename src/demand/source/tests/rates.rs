//! Pulls at a rate: nodes that rest, and nodes that come and go.

use super::*;

fn apps(count: usize) -> Vec<Repository> {
    (0..count).map(|number| Repository { existing: 1, ..repository(&format!("r{number}")) }).collect()
}

fn busy(nodes: u32, repositories: u32, a_day: f64) -> Cluster {
    Cluster {
        nodes,
        runs: (0..repositories).map(RepositoryId).collect(),
        per_node: 3,
        triggers: vec![Trigger::Rate { intensity: intensity(a_day) }],
        ..cluster("c")
    }
}

/// The twin lets every pull come up.
#[test]
fn rest_changes_when_pulls_are_seen_and_nothing_else() {
    let demand = demand(apps(5), vec![busy(4, 5, 300.0)]);
    let (calendar, cluster) = (calendar(), ClusterId(0));
    let awake: Vec<_> = requests(&all(&demand)).iter().map(|pull| (pull.at, pull.node, pull.repository)).collect();
    for awaited in [None, Some(0), Some(2)] {
        let mut source = Source::new(&demand, &calendar, 1, 1, Time(0), END, &[]);
        let mut seen = Vec::new();
        let mut came_up = 0;
        source.let_rest(cluster);
        // Somebody looks at a node now and then, and sees what it did since.
        for look in 1..=60 {
            let now = Time(look * END.0 / 60);
            while let Some(pull) = source.pull_at_rate(now) {
                came_up += 1;
                let node = pull.node;
                if look % 2 == 0 {
                    let first = source.first_pull(cluster, node, Until::pull(&pull));
                    let before = seen.len();
                    source.catch_up(cluster, node, Until::pull(&pull), None, |place, moments| {
                        seen.extend(moments.map(|at| (at, node, place)));
                    });
                    assert_eq!(seen[before..].iter().map(|(at, _, place)| (*at, *place)).min(), first);
                }
                seen.push((pull.at, node, pull.place));
                source.await_pulls(cluster, node, awaited.into_iter());
            }
            let (node, place) = ((look % 4) as u32, (look % 3) as u32);
            let only = (look % 5 < 3).then_some(place);
            source.catch_up(cluster, node, Until::moment(now), only, |place, moments| {
                assert!(only.is_none_or(|only| only == place));
                seen.extend(moments.map(|at| (at, node, place)));
            });
        }
        for node in 0..4 {
            source.catch_up(cluster, node, Until::moment(END), None, |place, moments| {
                seen.extend(moments.map(|at| (at, node, place)));
            });
            assert_eq!(source.first_pull(cluster, node, Until::moment(END)), None);
        }
        let run = |node: u32, place: u32| {
            let slot = source.runs(cluster, node)[place as usize];
            demand.clusters[0].runs[slot as usize]
        };
        let mut seen: Vec<_> = seen.into_iter().map(|(at, node, place)| (at, node, run(node, place))).collect();
        seen.sort_unstable();
        assert!(seen == awake, "{awaited:?}");
        // In the beginning the first pull of every place is awaited.
        let limit = if awaited.is_some() { awake.len() * 2 / 3 } else { 12 };
        assert!((1..=limit).contains(&came_up), "{came_up}");
    }
}

/// A node that is busy until some time has its pulls before that come up.
#[test]
fn while_a_node_is_busy_all_its_pulls_come_up() {
    let demand = demand(apps(3), vec![busy(1, 3, 1000.0)]);
    let (calendar, cluster) = (calendar(), ClusterId(0));
    let awake = requests(&all(&demand)).iter().filter(|pull| pull.at < Time(5 * DAY)).count();
    let mut source = Source::new(&demand, &calendar, 1, 1, Time(0), END, &[]);
    source.let_rest(cluster);
    let mut came_up = 0;
    while let Some(pull) = source.pull_at_rate(Time(5 * DAY)) {
        source.catch_up(cluster, 0, Until::pull(&pull), None, |_, moments| assert_eq!(moments.next(), None));
        came_up += 1;
        source.await_before(cluster, 0, Time(5 * DAY));
    }
    assert_eq!(came_up, awake);
}

/// Further nodes take their share of the rate, and change nobody's choices.
#[test]
fn nodes_that_come_leave_the_cluster_s_rate_as_it_is() {
    let alone = busy(2, 5, 400.0);
    let more = Trigger::ScaleUp {
        intensity: intensity(8.0),
        nodes: 3,
        within: Span(HOUR),
        keep: Law::Exponential { mean: 5.0 * HOUR as f64, max: None },
    };
    let joined = Cluster { triggers: vec![alone.triggers[0].clone(), more], ..alone.clone() };
    let at_rate = |cluster: &Cluster| {
        let demand = demand(apps(5), vec![cluster.clone()]);
        let occurrences = all(&demand);
        // Nodes that come up pull all that they run at that moment.
        let ups: Vec<Time> =
            occurrences.iter().filter(|one| matches!(one, Occurrence::NodeUp { .. })).map(Occurrence::at).collect();
        let pulls = requests(&occurrences).into_iter().filter(|pull| !ups.contains(&pull.at));
        pulls.map(|pull| (pull.node, pull.repository)).collect::<Vec<_>>()
    };
    let (few, many) = (at_rate(&alone), at_rate(&joined));
    // 12,000 are expected of either.
    for pulls in [&few, &many] {
        assert!((pulls.len() as f64 - 12_000.0).abs() < 4.0 * 12_000f64.sqrt(), "{}", pulls.len());
    }
    let of_first = |pulls: &[(u32, RepositoryId)]| -> Vec<RepositoryId> {
        pulls.iter().filter(|(node, _)| *node == 0).map(|(_, repository)| *repository).collect()
    };
    let (few, many) = (of_first(&few), of_first(&many));
    assert!(many.len() < few.len() * 3 / 5 && few.starts_with(&many), "{} {}", few.len(), many.len());
}
