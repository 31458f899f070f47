//! Triggers: deploys, scale-ups, churn, rates, times, lists, growth, and which version they ask for.

use super::super::fixture::list;
use super::*;
use crate::registry::Patterns;

const MINUTE: i64 = HOUR / 60;

fn on_times(hours: &[i64], days: i64) -> Repository {
    Repository { pushes: Pushes::Times(daily(hours, days)), ..repository("app") }
}

#[test]
fn a_deploy_reaches_its_share_of_the_nodes_within_its_time() {
    let nodes =
        Cluster { nodes: 1000, triggers: vec![deploy(VersionFilter::Release, 10 * MINUTE, 0.4)], ..cluster("c") };
    let occurrences = all(&demand(vec![on_times(&[0], 1)], vec![nodes]));
    let pulls = requests(&occurrences);
    // Binomial: 400 with deviation 15.5.
    assert!((pulls.len() as f64 - 400.0).abs() < 62.0, "{}", pulls.len());
    assert!(pulls.iter().all(|pull| pull.deploy && pull.at < Time(10 * MINUTE)));
    let mean = pulls.iter().map(|pull| pull.at.0 as f64).sum::<f64>() / pulls.len() as f64;
    assert!((mean / MINUTE as f64 - 5.0).abs() < 0.6, "{mean}");
    let nodes: std::collections::BTreeSet<u32> = pulls.iter().map(|pull| pull.node).collect();
    assert_eq!(nodes.len(), pulls.len(), "each node once");
}

#[test]
fn only_nodes_that_run_the_repository_take_part() {
    let repositories =
        (0..6).map(|i| Repository { pushes: Pushes::Times(vec![Time(i)]), ..repository(&format!("r{i}")) }).collect();
    let nodes = Cluster {
        nodes: 50,
        per_node: 2,
        runs: (0..6).map(RepositoryId).collect(),
        triggers: vec![deploy(VersionFilter::All, MINUTE, 1.0), Trigger::Times(vec![Time(HOUR)])],
        ..cluster("c")
    };
    let occurrences = all(&demand(repositories, vec![nodes]));
    let set = |deploy: bool| {
        let pulls = requests(&occurrences).into_iter().filter(|pull| pull.deploy == deploy);
        pulls.map(|pull| (pull.node, pull.repository)).collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(set(true).len(), 100);
    assert_eq!(set(true), set(false));
}

#[test]
fn what_is_deployed_follows_the_start_of_the_deploy() {
    let delayed = Trigger::Deploy {
        on: VersionFilter::Release,
        delay: Law::Constant(2.0 * HOUR as f64),
        within: Span(MINUTE),
        nodes: 0.0,
    };
    let mut app = on_times(&[0, 6], 1);
    app.tags.release_every = 2;
    let nodes = |version| Cluster {
        triggers: vec![delayed.clone(), Trigger::Times(daily(&[0, 6, 7, 8, 9], 1))],
        version,
        ..cluster("c")
    };
    let asked = |version| {
        let occurrences = all(&demand(vec![app.clone()], vec![nodes(version)]));
        requests(&occurrences).iter().map(|pull| (pull.at.0 / HOUR, pull.tag.to_string())).collect::<Vec<_>>()
    };
    // The first version is a build: nothing is deployed until two hours after the release at 06:00.
    assert_eq!(asked(VersionChoice::Deployed), [(8, "v2".into()), (9, "v2".into())]);
    let newest = [(0, "build-1"), (6, "v2"), (7, "v2"), (8, "v2"), (9, "v2")];
    assert_eq!(asked(VersionChoice::Newest), newest.map(|(hour, tag)| (hour, tag.into())));
}

#[test]
fn a_deploy_that_starts_late_does_not_bring_an_older_version_back() {
    let slow = Trigger::Deploy {
        on: VersionFilter::Release,
        delay: Law::Uniform { min: 0.0, max: 10.0 * HOUR as f64 },
        within: Span(MINUTE),
        nodes: 1.0,
    };
    let hours: Vec<i64> = (0..24).collect();
    let nodes = Cluster {
        triggers: vec![slow, Trigger::Times(daily(&hours, 10))],
        version: VersionChoice::Deployed,
        ..cluster("c")
    };
    let occurrences = all(&demand(vec![on_times(&hours, 10)], vec![nodes]));
    let versions = |deploy: bool| {
        let pulls = requests(&occurrences).into_iter().filter(move |pull| pull.deploy == deploy);
        pulls.map(|pull| pull.tag[1..].parse::<u32>().unwrap()).collect::<Vec<_>>()
    };
    assert!(!versions(true).is_sorted(), "deploys overtake each other");
    assert!(versions(false).is_sorted());
    assert!(versions(false).len() > 200 && versions(false).last() > Some(&230));
}

#[test]
fn repositories_are_deployed_independently() {
    let repositories =
        (0..2).map(|i| Repository { pushes: Pushes::Times(vec![Time(0)]), ..repository(&format!("r{i}")) }).collect();
    let nodes = Cluster {
        nodes: 100,
        runs: vec![RepositoryId(0), RepositoryId(1)],
        triggers: vec![deploy(VersionFilter::Release, HOUR, 0.5)],
        ..cluster("c")
    };
    let occurrences = all(&demand(repositories, vec![nodes]));
    let mut moments: Vec<Time> = requests(&occurrences).iter().map(|pull| pull.at).collect();
    moments.dedup();
    assert_eq!(moments.len(), requests(&occurrences).len());
    let nodes = |repository| {
        let pulls = requests(&occurrences).into_iter().filter(move |pull| pull.repository.0 == repository);
        pulls.map(|pull| pull.node).collect::<std::collections::BTreeSet<u32>>()
    };
    // Half of one's nodes are the other's as well.
    let common = nodes(0).intersection(&nodes(1)).count();
    assert!((10..40).contains(&common), "{common}");
}

#[test]
fn a_node_that_goes_at_once_asks_for_nothing() {
    let nodes = Cluster {
        triggers: vec![Trigger::ScaleUp {
            intensity: intensity(1.0),
            nodes: 1,
            within: Span::ZERO,
            keep: Law::Constant(0.0),
        }],
        ..cluster("c")
    };
    let occurrences = all(&demand(vec![on_times(&[0], 1)], vec![nodes]));
    assert!(occurrences.len() > 20 && requests(&occurrences).is_empty());
}

#[test]
fn a_deploy_can_follow_a_moving_tag() {
    let mut app = on_times(&[0], 2);
    app.tags.moving = vec!["latest".into()];
    let on = VersionFilter::Tags(Patterns(vec!["lat*".into()]));
    let nodes = Cluster {
        triggers: vec![deploy(on, MINUTE, 1.0), Trigger::Times(daily(&[12], 2))],
        version: VersionChoice::Deployed,
        ..cluster("c")
    };
    let occurrences = all(&demand(vec![app], vec![nodes]));
    let pulls = requests(&occurrences);
    assert_eq!(pulls.len(), 4);
    assert!(pulls.iter().all(|pull| &*pull.tag == "latest" && pull.moving));
    assert_ne!(pulls[0].image, pulls[2].image);
}

#[test]
fn new_nodes_come_empty_pull_all_that_they_run_and_go() {
    let repositories =
        (0..3).map(|i| Repository { pushes: Pushes::Times(vec![Time(0)]), ..repository(&format!("r{i}")) }).collect();
    let nodes = Cluster {
        nodes: 2,
        runs: (0..3).map(RepositoryId).collect(),
        triggers: vec![Trigger::ScaleUp {
            intensity: intensity(10.0),
            nodes: 2,
            within: Span(MINUTE),
            keep: Law::Constant(4.0 * HOUR as f64),
        }],
        ..cluster("c")
    };
    let occurrences = all(&demand(repositories, vec![nodes]));
    let ups = occurrences.iter().filter(|o| matches!(o, Occurrence::NodeUp { .. })).count();
    // 300 scale-ups, deviation 17.
    assert!((ups as f64 / 2.0 - 300.0).abs() < 70.0, "{ups}");
    assert_eq!(requests(&occurrences).len(), 3 * ups);
    for (index, occurrence) in occurrences.iter().enumerate() {
        let Occurrence::NodeUp { at, node, .. } = *occurrence else { continue };
        assert!(node >= 2, "those of the start are still there");
        let asked: Vec<u32> = requests(&occurrences[index + 1..index + 4]).iter().map(|p| p.repository.0).collect();
        assert_eq!(asked, [0, 1, 2]);
        assert!(requests(&occurrences[index + 1..index + 4]).iter().all(|p| p.at == at && p.node == node));
        let down = Time(at.0 + 4 * HOUR);
        let gone = occurrences
            .iter()
            .any(|o| matches!(o, Occurrence::NodeDown { at, node: n, .. } if *at == down && *n == node));
        assert_eq!(gone, down < END);
    }
}

#[test]
fn each_node_is_replaced_at_the_churn_rate_and_runs_the_same_again() {
    let repositories: Vec<Repository> =
        (0..30).map(|i| Repository { pushes: Pushes::Times(vec![Time(0)]), ..repository(&format!("r{i}")) }).collect();
    let nodes = Cluster {
        nodes: 40,
        per_node: 3,
        runs: (0..30).map(RepositoryId).collect(),
        triggers: vec![Trigger::Churn { intensity: intensity(0.5) }],
        ..cluster("c")
    };
    let occurrences = all(&demand(repositories, vec![nodes]));
    let ups = occurrences.iter().filter(|o| matches!(o, Occurrence::NodeUp { .. })).count();
    // 40 × 0.5 × 30 = 600, deviation 24.5.
    assert!((ups as f64 - 600.0).abs() < 98.0, "{ups}");
    let mut runs: Vec<Vec<RepositoryId>> = vec![Vec::new(); 40];
    for (index, occurrence) in occurrences.iter().enumerate() {
        let Occurrence::NodeUp { node, .. } = *occurrence else { continue };
        let asked: Vec<RepositoryId> =
            requests(&occurrences[index + 1..index + 4]).iter().map(|pull| pull.repository).collect();
        let known = &mut runs[node as usize];
        assert!(known.is_empty() || *known == asked);
        *known = asked;
    }
}

#[test]
fn pulls_at_a_rate_fall_on_nodes_evenly_and_on_repositories_by_popularity() {
    let repositories: Vec<Repository> = [1.0, 4.0]
        .into_iter()
        .map(|weight| Repository { pushes: Pushes::Times(vec![Time(0)]), weight, ..repository(&format!("r{weight}")) })
        .collect();
    let nodes = Cluster {
        nodes: 4,
        popularity: 1.0,
        runs: vec![RepositoryId(0), RepositoryId(1)],
        triggers: vec![Trigger::Rate { intensity: intensity(1000.0) }],
        ..cluster("c")
    };
    let occurrences = all(&demand(repositories, vec![nodes]));
    let pulls = requests(&occurrences);
    let n = pulls.len() as f64;
    assert!((n - 30_000.0).abs() < 4.0 * 173.0, "{n}");
    // Weights 1 and 4 / 2.
    let share = pulls.iter().filter(|pull| pull.repository.0 == 0).count() as f64 / n;
    assert!((share - 1.0 / 3.0).abs() < 0.011, "{share}");
    for node in 0..4 {
        let share = pulls.iter().filter(|pull| pull.node == node).count() as f64 / n;
        assert!((share - 0.25).abs() < 0.01, "{share}");
    }
}

#[test]
fn the_last_n_versions_are_asked_for_equally_and_no_older_one() {
    let nodes = Cluster {
        triggers: vec![Trigger::Rate { intensity: intensity(1000.0) }],
        version: VersionChoice::NewestOf(5),
        ..cluster("c")
    };
    let occurrences = all(&demand(vec![on_times(&[0], 30)], vec![nodes]));
    let mut by_age = [0u32; 5];
    for pull in requests(&occurrences).into_iter().filter(|pull| pull.at >= Time(5 * DAY)) {
        let version: i64 = pull.tag[1..].parse().unwrap();
        by_age[(pull.at.0 / DAY + 1 - version) as usize] += 1;
    }
    let n = f64::from(by_age.iter().sum::<u32>());
    assert!(n > 20_000.0);
    assert!(by_age.iter().all(|count| (f64::from(*count) / n - 0.2).abs() < 0.012), "{by_age:?}");
}

#[test]
fn before_a_first_version_nothing_is_asked_for() {
    let nodes = Cluster {
        triggers: vec![Trigger::Times(daily(&[0, 12], 2)), Trigger::Rate { intensity: intensity(100.0) }],
        ..cluster("c")
    };
    let app = Repository { pushes: Pushes::Times(vec![Time(DAY)]), ..repository("app") };
    let occurrences = all(&demand(vec![app], vec![nodes]));
    assert!(matches!(occurrences[0], Occurrence::Push(_)));
    assert_eq!(requests(&occurrences)[0].at, Time(DAY), "the push of that moment counts");
}

#[test]
fn a_listed_pull_names_its_node_or_gets_one_that_runs_it() {
    let repositories: Vec<Repository> =
        (0..20).map(|i| Repository { pushes: Pushes::Times(vec![Time(0)]), ..repository(&format!("r{i}")) }).collect();
    let pull = |hour: i64, repository, node| ListedPull {
        at: Time(hour * HOUR),
        repository: RepositoryId(repository),
        tag: None,
        node,
    };
    let mut rows = vec![pull(1, 0, Some(7)), pull(2, 0, Some(99))];
    rows.extend((3..103).map(|hour| pull(hour, (hour % 19) as u32, None)));
    let nodes = Cluster {
        nodes: 10,
        per_node: 4,
        // The last repository is not among those that nodes run.
        runs: (0..19).map(RepositoryId).collect(),
        triggers: vec![Trigger::List(list([rows, vec![pull(110, 19, None)]].concat())), Trigger::Times(vec![Time(0)])],
        ..cluster("c")
    };
    let occurrences = all(&demand(repositories, vec![nodes]));
    let (sweep, listed) = requests(&occurrences).into_iter().partition::<Vec<_>, _>(|pull| pull.at == Time(0));
    let runs = |node, repository| sweep.iter().any(|pull| (pull.node, pull.repository) == (node, repository));
    let run_at_all = |repository| sweep.iter().any(|pull| pull.repository == repository);
    assert_eq!((listed[0].at, listed[0].node), (Time(HOUR), 7));
    assert_eq!(listed.len(), 102, "there is no node 99");
    for pull in &listed[1..] {
        assert!(runs(pull.node, pull.repository) || !run_at_all(pull.repository));
    }
    assert_eq!(listed[101].repository, RepositoryId(19));
}

#[test]
fn growth_adds_a_node_when_a_whole_number_is_passed() {
    let growing = |factor: f64| Cluster { nodes: 4, growth: factor.ln() / (30 * DAY) as f64, ..cluster("c") };
    // Doubling in 30 days: 5, 6 and 7 nodes at 30 × log2(5/4), log2(6/4), log2(7/4) days; 8 at the end, which is out.
    let occurrences = all(&demand(vec![on_times(&[0], 1)], vec![growing(2.0)]));
    let ups: Vec<(f64, u32)> = occurrences
        .iter()
        .filter_map(|o| if let Occurrence::NodeUp { at, node, .. } = o { Some((at.0 as f64, *node)) } else { None })
        .collect();
    assert_eq!(ups.iter().map(|(_, node)| *node).collect::<Vec<_>>()[..3], [4, 5, 6]);
    for ((at, _), expected) in ups.iter().zip([9.6578, 17.5489, 24.2206]) {
        assert!((at / DAY as f64 - expected).abs() < 1e-3, "{at}");
    }
    assert_eq!(requests(&occurrences).len(), ups.len());
    // Shrinking to a half: 3 nodes after 30 × log2(4/3) days, 2 at the end.
    let occurrences = all(&demand(Vec::new(), vec![Cluster { runs: Vec::new(), ..growing(0.51) }]));
    assert!(matches!(occurrences[..], [Occurrence::NodeDown { node: 3, .. }]), "{occurrences:?}");
}
