//! A slow, obvious twin of the registries replays the journal of a trial and must agree with it.
//!
//! The twin knows the scenario's model and the service's facts, and nothing of how the engine works: it keeps plain maps
//! of registries, repositories and images, and works everything else out anew at each entry. It says where a copy, a
//! deletion or a daily run is missing or too many, and what storage and copies should come to in the ledger.

mod books;
mod copies;
mod drawn;
mod home;
mod lifecycle;
mod made;
mod replay;
mod repository;
mod rules;

use std::fs;

use replisim::engine::journal::Entry;
use replisim::engine::{Model, run, run_with_journal};
use replisim::scenario::Scenario;
use replisim::strategy::Kind;
use replisim::units::Time;

use self::replay::Twin;
use super::common::{NONE, SHORT_MONITORING, SMALL_PLANET, all_bundled, bundled, differences, read, root};

/// What the twin finds wrong with a trial of each strategy, and how many entries it has followed.
fn follow(scenario: &Scenario, trial: u64) -> (Vec<String>, u64) {
    let mut problems = Vec::new();
    let mut entries = 0;
    for (index, strategy) in scenario.model.strategies.iter().enumerate() {
        if matches!(strategy.kind, Kind::Clairvoyant { .. }) {
            continue;
        }
        let mut twin = Twin::new(&scenario.model, strategy);
        let outcome = run_with_journal(&scenario.model, index, scenario.run.seed, trial, &mut |at, entry| {
            entries += 1;
            twin.follow(at, entry);
        });
        let found = twin.close(&outcome).into_iter();
        problems.extend(found.map(|problem| format!("`{}`, trial {trial}: {problem}", strategy.name)));
    }
    (problems, entries)
}

/// Reads a scenario from a folder of files, of which `test.toml` is the scenario.
fn from_files(files: &[(&str, &str)]) -> Scenario {
    let dir = tempfile::tempdir().expect("a temporary folder");
    for (name, text) in files {
        fs::write(dir.path().join(name), text).expect("a temporary file");
    }
    read(&dir.path().join("test.toml"), &[])
}

#[test]
fn the_twin_agrees_with_every_bundled_scenario() {
    let mut seen = 0;
    for (name, scenario) in all_bundled() {
        let (problems, entries) = follow(&scenario, 1);
        assert!(problems.is_empty(), "{name}:\n{}", problems.join("\n"));
        assert!(entries > 10, "{name}: {entries} entries");
        seen += 1;
    }
    assert!(seen >= 11, "{seen} scenarios");
}

/// With a listener every pull takes the general way; without one a usual warm pull is worked out in a straight line, and
/// pulls at a rate follow one another as long as nothing else happens. A plain model knows no short cut at all.
#[test]
fn neither_a_listener_nor_a_plain_model_changes_anything() {
    let tight = ["service.quotas.batch_get_image=3/s", "service.quotas.get_authorization_token=1/s"];
    for (name, sets) in [
        ("shop", vec!["run.duration=2d"]),
        ("shop", vec!["run.duration=2d", "clusters.eu.cache={ warm = \"70%\" }"]),
        ("../benches/peers/pulls", vec!["run.duration=60s"]),
        ("../benches/peers/pulls", vec!["run.duration=90s", "clusters.nodes.parallel_images=2"]),
        ("planet", [&SMALL_PLANET[1..], &["run.duration=3d"]].concat()),
        ("planet", [&SMALL_PLANET[..2], &["clusters.jobs.pulls.rate=3000/day", "run.duration=1d"], &tight].concat()),
        ("disaster-recovery", vec!["run.duration=3d", "faults.use1-down.at=1d"]),
        ("monitoring", SHORT_MONITORING.to_vec()),
    ] {
        let scenario = read(&bundled(name), &sets);
        for index in 0..scenario.model.strategies.len() {
            let alone = run(&scenario.model, index, 1, 1);
            let heard = run_with_journal(&scenario.model, index, 1, 1, &mut |_, _| {});
            assert_eq!(differences(&alone, &heard), NONE, "{name} {sets:?}, strategy {index}, with a listener");
            let plain = run(&Model { plain: true, ..scenario.model.clone() }, index, 1, 1);
            assert_eq!(differences(&alone, &plain), NONE, "{name} {sets:?}, strategy {index}, plain");
        }
    }
}

#[test]
fn the_twin_sees_what_a_journal_leaves_out() {
    let scenario = read(&root().join("scenarios/shop.toml"), &["run.duration=4d"]);
    let kinds = scenario.model.strategies.iter().map(|strategy| &strategy.kind);
    let index = kinds.clone().position(|kind| matches!(kind, Kind::Replication(_))).expect("the shop replicates");
    let sorts: [fn(&Entry) -> bool; 6] = [
        |entry| matches!(entry, Entry::Pushed(_)),
        |entry| matches!(entry, Entry::CopyOrdered(_)),
        |entry| matches!(entry, Entry::CopyMoved { bytes: 1.., .. }),
        |entry| matches!(entry, Entry::CopyArrived { .. }),
        |entry| matches!(entry, Entry::Upkeep { .. }),
        |entry| matches!(entry, Entry::PullServed { .. }),
    ];
    for (sort, is_of) in sorts.into_iter().enumerate() {
        let mut twin = Twin::new(&scenario.model, &scenario.model.strategies[index]);
        let mut left_out = false;
        let outcome = run_with_journal(&scenario.model, index, 1, 1, &mut |at, entry| {
            if at > Time::START && is_of(entry) && !left_out {
                left_out = true;
            } else {
                twin.follow(at, entry);
            }
        });
        let is_there = scenario.model.registries.iter().any(|settings| !settings.lifecycle.is_empty());
        assert!(left_out || (sort == 4 && !is_there), "nothing of sort {sort} to leave out");
        assert_eq!(!twin.close(&outcome).is_empty(), left_out, "sort {sort}");
    }
}
