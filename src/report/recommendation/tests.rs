//! The files of a recommendation, read back by the readers of such files.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use super::*;
use crate::formats;
use crate::scenario::{Diagnostics, load};
use crate::study::Unseen;
use crate::study::optimize::requirement::requirement;
use crate::study::optimize::rules::SERVICE;
use crate::study::optimize::verify::Means;
use crate::study::optimize::{Choices, optimize};

const ESTATE: &str = r#"
schema = 1
strategies = ["cross-region-pull", { kind = "replication", delay = { lognormal = { median = "5s", p99 = "2m" } } }]
run = { duration = "3d", trials = 2 }
accounts = { dev = "111122223333", prod = "444455556666" }
repositories = [
  { name = "app/web", registry = "dev/us-east-1", push = { rate = "6/day" } },
  { name = "app/webhook", registry = "dev/us-east-1", push = { rate = "30/day" } },
  { name = "base", registry = "dev/eu-west-1", push = { rate = "2/day" } },
]
[[clusters]]
name = "eu"
registry = "prod/eu-west-1"
nodes = 5
pulls = { deploy = "5m", churn = "20%/day" }
[[clusters]]
name = "eu-dev"
registry = "dev/eu-west-1"
nodes = 2
runs = "app/*"
"#;

fn recommended(dir: &Path, lines: &[&str], with_jobs: bool) -> (Scenario, Optimum, Vec<PathBuf>) {
    let path = dir.join("estate.toml");
    std::fs::write(&path, ESTATE).expect("written");
    let mut diagnostics = Diagnostics::default();
    let mut scenario = load(&path, &[], &mut diagnostics).unwrap_or_else(|| panic!("{}", diagnostics.render(false)));
    let requirements: Vec<_> = lines.iter().map(|line| requirement(line).expect("read")).collect();
    requirements.iter().for_each(|one| one.add(&mut scenario).expect("added"));
    let means = Means { jobs: 2, progress: &Unseen, interrupt: &AtomicBool::new(false) };
    let optimum = optimize(&scenario, Choices { with_jobs, limits: SERVICE }, means).expect("a recommendation");
    let base = Base { path: "../estate.toml", lists_strategies: true, requirements: &requirements };
    let written = write(&dir.join("out"), &files(&scenario, &optimum, &base)).expect("written");
    (scenario, optimum, written)
}

#[test]
fn the_written_scenario_is_the_recommendation_that_was_run() {
    for (lines, with_jobs) in [(&[][..], false), (&["release_everywhere 60% within 30s"], false), (&[], true)] {
        let dir = tempfile::tempdir().expect("a directory");
        let (scenario, optimum, _) = recommended(dir.path(), lines, with_jobs);
        let mut diagnostics = Diagnostics::default();
        let read = load(&dir.path().join("out/scenario.toml"), &[], &mut diagnostics);
        let read = read.unwrap_or_else(|| panic!("{}", diagnostics.render(false)));
        let own = optimum.plan.applied(&scenario.model, &optimum.cells);
        assert_eq!(format!("{:?}", own.registries), format!("{:?}", read.model.registries));
        let index = own.strategies.len() - 1;
        assert_eq!(read.model.strategies[index].name, "recommended");
        let cost = |model| {
            let outcome = crate::engine::run(model, index, scenario.run.seed, 1);
            let own = crate::billing::OwnRates::default();
            crate::billing::bill(&outcome.ledger, &scenario.terms, &model.cloud, &model.calendar, &own)
                .expect("prices")
                .total()
        };
        assert_eq!(cost(&own), cost(&read.model));
        assert_eq!(read.objectives.len(), scenario.objectives.len());
    }
}

#[test]
fn the_service_s_files_read_back_and_terraform_has_a_block_for_each() {
    let dir = tempfile::tempdir().expect("a directory");
    let (_, optimum, written) = recommended(dir.path(), &["release_everywhere 60% within 30s"], false);
    let text = |name: &str| std::fs::read_to_string(dir.path().join("out").join(name)).expect(name);
    let rules = |name: &str| formats::replication::read(&text(name)).expect("the service takes it").len();
    assert_eq!(rules("replication.json") + rules("replication-dev-eu-west-1.json"), optimum.plan.rules.len());
    assert!(!optimum.plan.rules.is_empty());
    for path in written.iter().filter(|path| path.parent().is_some_and(|one| one.ends_with("lifecycle"))) {
        let policy = std::fs::read_to_string(path).expect("there");
        assert!(formats::lifecycle::read(&policy).expect("the service takes it").warnings.is_empty(), "{policy}");
    }
    let terraform = text("main.tf");
    let count = |what: &str| terraform.matches(what).count();
    assert_eq!(count("{"), count("}"));
    assert_eq!(count("    rule {"), optimum.plan.rules.len());
    assert_eq!(count("aws_ecr_repository_creation_template"), optimum.plan.evictions.len());
    for used in terraform
        .lines()
        .filter_map(|line| line.trim().strip_prefix("provider ").and_then(|it| it.split("aws.").nth(1)))
    {
        assert!(terraform.contains(&format!("alias               = \"{used}\"")), "{used} is declared");
    }
    let page = text("recommendation.md");
    let first = page.lines().nth(2).expect("a sentence");
    assert!(first.starts_with("Replicate ") && first.contains(" a month, "), "{first}");
}

#[test]
fn policies_of_an_earlier_recommendation_are_taken_away() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = |name: &str| File { name: name.into(), bytes: Vec::new() };
    write(dir.path(), &[file("lifecycle/a.json"), file("replication-b.json"), file("replication.json")])
        .expect("written");
    std::fs::write(dir.path().join("mine.txt"), "keep").expect("written");
    write(dir.path(), &[file("replication.json")]).expect("written");
    assert!(dir.path().join("mine.txt").exists() && dir.path().join("replication.json").exists());
    assert!(!dir.path().join("lifecycle/a.json").exists() && !dir.path().join("replication-b.json").exists());
}
