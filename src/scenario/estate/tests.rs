//! The export that is shipped becomes a scenario that loads and runs, and whose numbers are the export's.

use std::path::Path;

use serde_json::Value;

use super::*;
use crate::formats::account::{self, Repository};
use crate::scenario::{Diagnostics, Scenario, load};
use crate::strategy::Kind;

fn export() -> Export {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/account-export");
    account::read(&dir).unwrap_or_else(|wrong| panic!("{:?}", wrong.iter().map(|it| &it.problem).collect::<Vec<_>>()))
}

/// Writes a scenario and loads it as the program does.
fn loaded(export: &Export) -> (Scenario, String) {
    let (text, files) = scenario(export);
    let folder = tempfile::tempdir().expect("a folder");
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, text).expect("written");
    }
    let path = folder.path().join("estate.toml");
    std::fs::write(&path, &text).expect("written");
    let mut diagnostics = Diagnostics::default();
    let sets = ["run.duration=1d".to_string(), "run.trials=1".to_string()];
    let scenario = load(&path, &sets, &mut diagnostics);
    let scenario = scenario.unwrap_or_else(|| panic!("{}\n{text}", diagnostics.render(false)));
    assert!(!diagnostics.has_errors(), "{}\n{text}", diagnostics.render(false));
    (scenario, text)
}

/// A file of the export, read another way.
fn file(path: &str) -> Value {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/account-export");
    let text = std::fs::read_to_string(dir.join(path)).expect("there");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn the_shipped_export_becomes_a_scenario_with_its_numbers() {
    let export = export();
    let (scenario, text) = loaded(&export);
    let model = &scenario.model;
    assert_eq!(export.registries.len(), 5);
    assert_eq!(model.demand.repositories.len(), 40);
    // Homes are where clients push; copies that replication keeps are none.
    let home = |name: &str| {
        let repository = model.demand.repositories.iter().find(|one| one.name == name).expect("there");
        (model.cloud.registry_name(repository.home), repository.existing)
    };
    assert_eq!(home("prod/api"), ("platform/us-east-1".to_string(), 10));
    assert_eq!(home("eu/tax").0, "platform/eu-west-1");
    assert_eq!(home("ops/agent").0, "prod/us-east-1");
    assert_eq!(home("tools/probe").1, 0);
    // Signatures and parts of an index are no versions of their own.
    assert_eq!((home("prod/payments").1, home("prod/gateway").1), (10, 10));
    let details = file("platform-111122223333/us-east-1/describe-images/prod__api.json");
    let mut sizes: Vec<u64> = details["imageDetails"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|it| it["imageSizeInBytes"].as_u64().expect("bytes"))
        .collect();
    sizes.sort_unstable();
    assert!(text.contains(&format!("image = {{ size = \"{} B\" }}", sizes[sizes.len() / 2])));
    assert!(text.contains("push = { list = [] }"), "no pushes for months");
    // Rules in force, and the estate's clusters.
    let Kind::Replication(today) = &model.strategies[0].kind else { panic!("replication") };
    assert_eq!(model.strategies[0].name, "today");
    assert_eq!(today.rules.iter().map(|(_, rule)| rule.destinations.len()).collect::<Vec<_>>(), [1, 3]);
    let clusters: Vec<&str> = model.demand.clusters.iter().map(|cluster| cluster.name.as_str()).collect();
    assert_eq!(clusters, ["platform-us-east-1", "prod-ap-southeast-1", "prod-eu-west-1", "prod-us-east-1"]);
    let metrics = file("prod-444455556666/eu-west-1/get-metric-data.json");
    let results = metrics["MetricDataResults"].as_array().expect("a list");
    let sum: f64 =
        results.iter().flat_map(|it| it["Values"].as_array().expect("a list")).filter_map(Value::as_f64).sum();
    assert!(text.contains(&format!("pulls = {{ rate = \"{sum}/30d\" }}")), "{sum}");
    assert_eq!(model.demand.clusters[2].runs.len(), results.len());
}

#[test]
fn the_shipped_export_runs() {
    let (scenario, _) = loaded(&export());
    let outcome = crate::engine::run(&scenario.model, 0, 1, 0);
    // A day of it: all pulls on record a day, within what a Poisson count is off by.
    let pulls = export().registries.iter().filter_map(|registry| registry.pulls.clone()).collect::<Vec<_>>();
    let a_day: f64 =
        pulls.iter().map(|pulls| pulls.counts.values().sum::<u64>() as f64 * DAY as f64 / pulls.seconds as f64).sum();
    assert!((outcome.pulls as f64 - a_day).abs() < 6.0 * a_day.sqrt(), "{} {a_day}", outcome.pulls);
    assert_eq!((outcome.pulls_failed, outcome.pulls_cold), (0, outcome.pulls));
    assert!(outcome.copies > 0, "rules in force copy what is pushed");
}

fn registry(account: &str, region: &str, names: &[&str], to: &[(&str, &str)]) -> Registry {
    let destinations: Vec<String> =
        to.iter().map(|(id, region)| format!("{{\"region\": \"{region}\", \"registryId\": \"{id}\"}}")).collect();
    let text = format!("{{\"rules\": [{{\"destinations\": [{}]}}]}}", destinations.join(", "));
    let rules = crate::formats::replication::read(&text).expect("rules");
    let replication = (!to.is_empty()).then_some(account::Replication { text, rules });
    let repository = |name: &&str| Repository { name: (*name).into(), created: Some(1), ..Repository::default() };
    Registry {
        account: account.into(),
        account_name: None,
        region: region.into(),
        repositories: names.iter().map(repository).collect(),
        replication,
        pulls: None,
    }
}

#[test]
fn rules_tell_copies_from_homes() {
    let (a, b) = ("111111111111", "222222222222");
    // The second is fed by the first; the third has a repository of the same name of its own.
    let mut registries = vec![
        registry(a, "us-east-1", &["x", "y"], &[(b, "eu-west-1")]),
        registry(b, "eu-west-1", &["x", "z"], &[]),
        registry(b, "us-east-1", &["x"], &[]),
    ];
    let told = |registries: &[Registry]| -> Vec<(String, usize, Vec<usize>)> {
        let homes = homes::homes(&Export { registries: registries.to_vec() });
        homes.into_iter().map(|home| (home.name, home.registry, home.copies)).collect()
    };
    let other = format!("x-at-{b}-us-east-1");
    assert_eq!(
        told(&registries),
        [("x".into(), 0, vec![1]), ("y".into(), 0, vec![]), ("z".into(), 1, vec![]), (other, 2, vec![])]
    );
    // To each other: the one that is older.
    registries.truncate(2);
    registries[1].replication = registry(b, "eu-west-1", &[], &[(a, "us-east-1")]).replication;
    registries[0].repositories[0].created = Some(2);
    assert_eq!(told(&registries)[0], ("y".into(), 0, vec![]));
    assert_eq!(told(&registries)[1], ("x".into(), 1, vec![0]));
}

#[test]
fn push_rates_are_counted_in_what_can_be_seen() {
    let now = 100 * DAY;
    let rate = |created: Option<i64>, pushed: &[i64]| {
        let list: Vec<String> = pushed
            .iter()
            .map(|day| {
                format!("{{\"repositoryName\": \"x\", \"imageDigest\": \"d{day}\", \"imagePushedAt\": {}}}", day * DAY)
            })
            .collect();
        let images = serde_json::from_str(&format!("[{}]", list.join(","))).expect("images");
        let repository = Repository { images, created, ..Repository::default() };
        match rates::pushes(&repository, &rates::versions(&repository), now) {
            Pushes::Rate { count, seconds, .. } => Some((count, seconds / DAY)),
            Pushes::None => None,
        }
    };
    assert_eq!(rate(None, &[50, 80, 90, 95]), Some((3, 30)), "the window is full");
    assert_eq!(rate(None, &[90, 92, 98]), Some((2, 10)), "older images are gone: those after the oldest that is left");
    assert_eq!(rate(Some(90 * DAY), &[95]), Some((1, 10)), "one image since it was made");
    assert_eq!(rate(None, &[95]), Some((1, 30)));
    assert_eq!((rate(None, &[20]), rate(None, &[])), (None, None));
}
