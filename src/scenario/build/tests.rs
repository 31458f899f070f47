//! The examples of the format as models, checked value by value, and every message that is this part's to give.

use std::path::{Path, PathBuf};

use super::super::values::testing::{problems, tree};
use super::*;
use crate::demand::{IfMissing, NodeCache, PathKind, Pushes, Trigger, VersionChoice, VersionFilter};
use crate::scenario::{Metric, TimeTarget};
use crate::strategy::{Kind, Runner};
use crate::units::{Bandwidth, DAY, HOUR, Span, Time};

type Problems = Vec<(String, String, String)>;

/// A scenario from text; paths lead into the repository's folder `scenarios`.
fn scenario(text: &str) -> (Option<Scenario>, Problems) {
    let mut diagnostics = Diagnostics::default();
    let file = diagnostics.add_file("test.toml", text);
    let root = tree(file, text);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let resolve = |_: &Origin, path: &str| -> PathBuf { folder.join(path) };
    let built = build(&root, Path::new("scenarios/test.toml"), &resolve, &mut diagnostics);
    (built, problems(&diagnostics))
}

/// Under another name where a scenario is called so.
fn scenario_of(text: &str) -> (Option<Scenario>, Problems) {
    scenario(text)
}

fn good(text: &str) -> Scenario {
    let (scenario, problems) = scenario(text);
    scenario.unwrap_or_else(|| panic!("{problems:#?}"))
}

fn messages(text: &str) -> Vec<String> {
    let (_, problems) = scenario(text);
    problems.into_iter().map(|(message, ..)| message).collect()
}

const QUICK: &str = r#"
[[repositories]]
name = "shop/api"
registry = "us-east-1"
[[clusters]]
name = "eu"
registry = "eu-west-1"
"#;

const WORKED: &str = r#"
schema = 1
title = "Worked example: six strategies by hand"
strategies = [
  { name = "pull-across", kind = "cross-region-pull" },
  { name = "central", kind = "centralized", egress = "unlimited" },
  { name = "replicate", kind = "replication", delay = "0s" },
  { name = "cache-kept", kind = "pull-through-cache" },
  { name = "cache-12h", kind = "pull-through-cache", ttl = "12h" },
  { name = "noon-job", kind = "scheduled-copy", times = "12:00", per_image = "0s" },
  { name = "bound", kind = "clairvoyant" },
]
run = { start = 2026-04-01T00:00:00Z, duration = "30d", trials = 1 }
prices = { book = "aws-2026-09", cross_region_pull = "inter-region" }
network = { preset = "ideal" }
[[repositories]]
name = "app"
registry = "us-east-1"
image = { size = "200 MB", layers = 1, new_bytes = "100%" }
push = { times = "00:00" }
[[clusters]]
name = "remote"
registries = ["eu-west-1", "ap-southeast-1"]
nodes = 1
cache = "none"
path = "internet"
if_missing = "home"
pulls = { times = "01:00,07:00,13:00,19:00" }
"#;

#[test]
fn the_worked_example_is_the_model_that_was_worked_by_hand() {
    let scenario = good(WORKED);
    let model = &scenario.model;
    assert_eq!(model.calendar.months, ["2026-04"]);
    assert_eq!(model.calendar.end, Time(30 * DAY));
    assert_eq!(scenario.run.trials, 1);
    assert_eq!(model.cloud.regions, ["us-east-1", "eu-west-1", "ap-southeast-1"]);
    let names: Vec<&str> = model.demand.clusters.iter().map(|cluster| cluster.name.as_str()).collect();
    assert_eq!(names, ["remote@main/eu-west-1", "remote@main/ap-southeast-1"]);
    let Pushes::Times(times) = &model.demand.repositories[0].pushes else { panic!("pushes at moments") };
    assert_eq!((times.len(), times[0], times[29]), (30, Time(0), Time(29 * DAY)));
    let cluster = &model.demand.clusters[1];
    let [Trigger::Times(pulls)] = cluster.triggers.as_slice() else { panic!("pulls at moments") };
    assert_eq!((pulls.len(), pulls[0], pulls[119]), (120, Time(HOUR), Time(29 * DAY + 19 * HOUR)));
    assert_eq!((cluster.nodes, cluster.cache, cluster.if_missing), (1, NodeCache::None, Some(IfMissing::Home)));
    assert_eq!((cluster.path.local, cluster.path.remote), (PathKind::Internet, PathKind::Internet));
    assert_eq!((cluster.version, cluster.per_node), (VersionChoice::Newest, 20));
    // Ideal: no times, no limits.
    assert!(cluster.node_bandwidth.is_unlimited() && cluster.unpack.rate.is_unlimited());
    assert_eq!(cluster.unpack.layer_overhead, Span::ZERO);
    let links = &model.cloud.links;
    assert!(links.rtt.iter().flatten().all(|rtt| *rtt == Span::ZERO));
    assert!(links.stream_max.is_unlimited() && links.stream_window.is_none());
    assert!(model.service.batch_get_image.is_infinite() && model.service.get_download_url.is_infinite());
    // Strategies.
    let names: Vec<&str> = model.strategies.iter().map(|strategy| strategy.name.as_str()).collect();
    assert_eq!(names, ["pull-across", "central", "replicate", "cache-kept", "cache-12h", "noon-job", "bound"]);
    let Kind::Replication(replicate) = &model.strategies[2].kind else { panic!("replication") };
    assert_eq!(replicate.delay, crate::sim::Law::Constant(0.0));
    assert_eq!(replicate.rules.len(), 1);
    assert_eq!(replicate.rules[0].1.destinations, [crate::cloud::RegistryId(1), crate::cloud::RegistryId(2)]);
    let Kind::PullThroughCache(cache) = &model.strategies[4].kind else { panic!("a cache") };
    assert_eq!((cache.ttl, cache.refresh), (Some(Span(12 * HOUR)), Span(24 * HOUR)));
    let Kind::ScheduledCopy(job) = &model.strategies[5].kind else { panic!("a job") };
    assert_eq!((job.times.len(), job.times[0], job.per_image), (30, Time(12 * HOUR), Span::ZERO));
    assert_eq!((job.runner, job.copies[0].1.len()), (Runner::Source, 2));
    let Kind::Centralized(central) = &model.strategies[1].kind else { panic!("central") };
    assert!(central.egress.is_unlimited());
}

#[test]
fn the_smallest_scenario_has_every_default() {
    let scenario = good(QUICK);
    let model = &scenario.model;
    assert_eq!(scenario.title, "test");
    assert_eq!(model.calendar.days.len(), 90);
    let kinds: Vec<&str> = model.strategies.iter().map(|strategy| strategy.kind.name()).collect();
    assert_eq!(
        kinds,
        ["cross-region-pull", "replication", "pull-through-cache", "scheduled-copy", "centralized", "clairvoyant"]
    );
    let Pushes::Rate { intensity, even: false } = &model.demand.repositories[0].pushes else { panic!("a rate") };
    assert!((intensity.at(Time(0)) * DAY as f64 - 5.0).abs() < 1e-9);
    let cluster = &model.demand.clusters[0];
    let [Trigger::Deploy { on: VersionFilter::Release, within, nodes, .. }] = cluster.triggers.as_slice() else {
        panic!("a deploy")
    };
    assert_eq!((*within, *nodes, cluster.version), (Span::seconds(600), 1.0, VersionChoice::Deployed));
    assert_eq!((cluster.nodes, cluster.cache), (10, NodeCache::Bytes(80_000_000_000)));
    assert_eq!((cluster.path.local, cluster.path.remote), (PathKind::S3Gateway, PathKind::Nat));
    assert_eq!(cluster.node_bandwidth, Bandwidth(625e6));
    assert_eq!(model.cloud.links.rtt[0][1], Span(85_000_000));
    let Kind::ScheduledCopy(job) = &model.strategies[3].kind else { panic!("a job") };
    assert_eq!((job.times[0], job.times.len()), (Time(HOUR), 90 * 24 - 1));
    let keys: Vec<&str> = scenario.assumptions.iter().map(|assumption| assumption.key.as_str()).collect();
    for key in ["strategies.replication.delay", "prices.cross_region_pull", "clusters.unpack", "image.preset"] {
        assert!(keys.contains(&key), "{key} in {keys:?}");
    }
    assert!(scenario.notes.iter().any(|note| note.starts_with("scheduled-copy: ")));
}

#[test]
fn the_quickstart_builds() {
    let scenario = good(
        r#"
title = "Quickstart: one API, three regions"
strategies = ["cross-region-pull", "replication", "pull-through-cache", "scheduled-copy", "centralized", "clairvoyant"]
[run]
duration = "30d"
[[repositories]]
name = "shop/api"
registry = "us-east-1"
push = { rate = "4/day", hours = "Mon-Fri 09:00-18:00 America/New_York" }
lifecycle = { keep = 30 }
[[clusters]]
name = "eu"
registry = "eu-west-1"
nodes = 20
pulls = { deploy = "10m", scale_up = "12/day", churn = "10%/day" }
[[clusters]]
name = "asia"
registry = "ap-southeast-1"
nodes = 8
"#,
    );
    let demand = &scenario.model.demand;
    let Pushes::Rate { intensity, .. } = &demand.repositories[0].pushes else { panic!("a rate") };
    // January 2026 from the 1st: 22 working days within 30.
    assert_eq!(intensity.pieces.len(), 22);
    assert_eq!(demand.repositories[0].existing_gap, Span(7 * DAY / 20));
    assert_eq!(scenario.model.registries[0].lifecycle[0].0, "shop/api");
    assert_eq!(demand.clusters[0].triggers.len(), 3);
}

#[test]
fn global_saas_promotes_into_a_repository_without_pushes() {
    let scenario = good(
        r#"
strategies = [
  { name = "pull-across", kind = "cross-region-pull" },
  { name = "everything", kind = "replication" },
  { name = "by-prefix", kind = "replication", rules = [{ to = ["eu-west-1", "ap-southeast-1", "ca-central-1"], prefixes = ["release/"] }] },
]
objectives = [{ metric = "release_everywhere", within = "30s", at_least = "99%" }]
[[repositories]]
name = "build/api"
registry = "us-east-1"
push = { rate = "10/day", hours = "Mon-Fri 08:00-19:00 America/New_York" }
tags = { build = "build-{n}", release_every = 0 }
promote = { to = "release/api", every = 10, after = "30m", tag = "api-v{r}" }
lifecycle = { days = 14 }
[[repositories]]
name = "release/api"
registry = "us-east-1"
lifecycle = { keep = 20 }
[[clusters]]
name = "api"
registries = ["us-east-1", "eu-west-1", "ap-southeast-1", "ca-central-1"]
runs = "release/*"
nodes = 30
pulls = { deploy = { delay = "30s", within = "5m" }, scale_up = { rate = "20/day", nodes = 5 } }
"#,
    );
    let model = &scenario.model;
    let [build, release] = model.demand.repositories.as_slice() else { panic!("two repositories") };
    assert!(matches!(release.pushes, Pushes::None));
    assert_eq!((build.promotions[0].to.0, build.promotions[0].every), (1, 10));
    assert_eq!(build.promotions[0].after, crate::sim::Law::Constant(1.8e12));
    assert_eq!((build.tags.release_every, build.promotions[0].tag.0.as_str()), (0, "api-v{r}"));
    assert_eq!(model.demand.clusters.len(), 4);
    assert_eq!(model.demand.clusters[0].runs.len(), 1);
    let target = TimeTarget::Share { within: Span::seconds(30), at_least: 0.99 };
    assert_eq!(scenario.objectives[0].metric, Metric::ReleaseEverywhere(target));
    assert_eq!((model.probes[0].objective, model.probes[0].within), (0, Some(Span::seconds(30))));
    let Kind::Replication(by_prefix) = &model.strategies[2].kind else { panic!("replication") };
    assert_eq!(
        (by_prefix.rules[0].1.destinations.len(), by_prefix.rules[0].1.prefixes.as_slice()),
        (3, &["release/".to_string()][..])
    );
}

#[test]
fn an_enterprise_has_accounts_groups_and_templates() {
    let scenario = good(
        r#"
repositories = [
  { name = "shared/java", count = 12, image = { base = "java", size = "260 MB" }, registry = "platform/us-east-1", push = { rate = "2/week" } },
  { name = "shared/scanner", image = { size = "600 MB" }, registry = "platform/us-east-1", push = { rate = "2/week" } },
  { name = "internal/tools", count = 20, registry = "platform/us-east-1", push = { rate = "2/week" } },
]
strategies = [
  "cross-region-pull",
  { name = "everything", kind = "replication" },
  { name = "shared-only", kind = "replication", rules = [{ to = ["bu-*/us-east-1", "bu-01/eu-west-1", "bu-02/eu-west-1"], prefixes = ["shared/"] }] },
]
accounts = { platform = "111122223333", bu = { count = 15, first = "300000000001" } }
bases = { java = { size = "180 MB", layers = 5, renew = "1/30d" } }
registries = [{ registry = "bu-*/us-east-1", templates = [{ prefix = "shared", mutability = "immutable", lifecycle = { keep = 5 } }] }]
[[clusters]]
name = "bu"
registries = ["bu-*/us-east-1", "bu-01/eu-west-1", "bu-02/eu-west-1"]
runs = "shared/*"
nodes = 12
per_node = 6
pulls = { deploy = { within = "2h", nodes = "40%" }, churn = "5%/day" }
"#,
    );
    let model = &scenario.model;
    assert_eq!((model.cloud.accounts.len(), model.cloud.registries.len()), (16, 18));
    assert_eq!(model.demand.repositories.len(), 33);
    assert_eq!(model.demand.repositories[0].name, "shared/java-01");
    assert_eq!(model.demand.repositories[0].image.base, Some(0));
    assert_eq!(model.demand.clusters.len(), 17);
    assert_eq!(model.demand.clusters[0].name, "bu@bu-01/us-east-1");
    assert_eq!(model.demand.clusters[0].runs.len(), 13);
    let Kind::Replication(shared) = &model.strategies[2].kind else { panic!("replication") };
    assert_eq!(shared.rules[0].1.destinations.len(), 17);
    let template = &model.registries[1].templates[0];
    assert!(template.prefix == "shared" && template.for_replication && template.for_cache);
    assert!(model.registries[0].templates.is_empty());
}

#[test]
fn disaster_recovery_has_members_and_existing_images() {
    let scenario = good(
        r#"
strategies = [
  { name = "nightly", kind = "scheduled-copy", times = "02:00 America/New_York", silent_failures = "0.5%", toil = "4h/month" },
  { kind = "replication", existing_images = "present" },
]
[[repositories]]
name = "prod/records"
count = 25
registry = "us-east-1"
push = { rate = "1/day", hours = "Mon-Fri 09:00-17:00 America/New_York" }
lifecycle = { keep = 30 }
existing = 10
[[clusters]]
name = "standby"
registry = "us-west-2"
nodes = 40
per_node = 25
give_up = "12h"
"#,
    );
    let model = &scenario.model;
    assert_eq!(model.demand.repositories.len(), 25);
    let (first, last) = (&model.demand.repositories[0], &model.demand.repositories[24]);
    assert_eq!((first.existing, first.existing_gap), (10, Span(7 * DAY / 5)));
    assert_ne!(first.key, last.key);
    assert!(!matches!(first.image.layers, crate::demand::LayerLaw::Drawn { size: crate::sim::Law::Constant(_), .. }));
    let Kind::ScheduledCopy(job) = &model.strategies[0].kind else { panic!("a job") };
    // 02:00 in New York: 07:00 UTC in winter; skipped on 8 March, when it runs at 03:00 local, 07:00 UTC; then 06:00.
    assert_eq!(job.times[0], Time(7 * HOUR));
    let day = |month_day: i64| Time((31 + 28 + month_day - 1) * DAY);
    assert!(job.times.contains(&(day(8) + Span(7 * HOUR))) && job.times.contains(&(day(9) + Span(6 * HOUR))));
    assert_eq!((job.toil_hours, job.wage.to_string().as_str()), (4.0, "90.000000000"));
    assert_eq!(model.demand.clusters[0].give_up, Span(12 * HOUR));
}

#[test]
fn the_services_own_rules_are_read_and_held_against_the_scenario() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("rules.json");
    let text = format!(
        r#"
strategies = [{{ name = "by-prefix", kind = "replication", rules = {:?} }}]
accounts = {{ dev = "111122223333", prod = "444455556666" }}
[[repositories]]
name = "dev-microservice"
registry = "dev/us-west-2"
promote = {{ to = "prod-microservice", every = 12, after = "4h", tag = "v{{r}}" }}
[[repositories]]
name = "prod-microservice"
registry = "dev/us-west-2"
mutability = "immutable"
[[clusters]]
name = "prod"
registry = "prod/us-east-2"
runs = "prod-microservice"
"#,
        path.display().to_string()
    );
    let json = r#"{"rules": [{"destinations": [{"region": "us-east-2", "registryId": "444455556666"}],
        "repositoryFilters": [{"filter": "prod-microservice", "filterType": "PREFIX_MATCH"}]}]}"#;
    std::fs::write(&path, json).expect("written");
    let scenario = good(&text);
    let Kind::Replication(rules) = &scenario.model.strategies[0].kind else { panic!("replication") };
    assert_eq!(scenario.model.cloud.registry_name(rules.rules[0].0), "dev/us-west-2");
    assert_eq!(scenario.model.cloud.registry_name(rules.rules[0].1.destinations[0]), "prod/us-east-2");
    assert_eq!(scenario.inputs.len(), 1);
    assert!(scenario.model.registries[0].home_mutability[0].1.immutable);

    std::fs::write(&path, json.replace("us-east-2", "us-west-2").replace("444455556666", "111122223333"))
        .expect("written");
    assert_eq!(messages(&text), ["a rule of dev/us-west-2 cannot copy to dev/us-west-2 itself"]);
    std::fs::write(&path, json.replace("444455556666", "999955556666").replace("us-east-2", "us-esat-2"))
        .expect("written");
    let (_, found) = scenario_of(&text);
    let said: Vec<(&str, &str)> = found.iter().map(|(message, label, _)| (message.as_str(), label.as_str())).collect();
    assert_eq!(said[0].0, "no region `us-esat-2`, did you mean `us-east-2`?");
    let accounts = "accounts: 111122223333 (dev), 444455556666 (prod)";
    assert_eq!(said[1], ("no account has the id 999955556666", accounts));
    std::fs::write(&path, json.replace("prod-microservice", "prod-*")).expect("written");
    let (_, found) = scenario_of(&text);
    let message = "invalid filter `prod-*`: the service takes plain prefixes without `*`; write \"prod-\"";
    assert_eq!((found[0].0.as_str(), found[0].1.as_str(), found[0].2.as_str()), (message, "fact A11", "\"prod-*\""));
}

#[test]
fn the_sample_of_real_images_keeps_its_shared_layers() {
    let scenario = good(
        r#"
[[repositories]]
name = "real"
registry = "us-east-1"
manifests = { images = "data/images-sample.csv", layers = "data/layers-sample.csv" }
[[clusters]]
name = "eu"
registry = "eu-west-1"
"#,
    );
    let repositories = &scenario.model.demand.repositories;
    assert_eq!(repositories.len(), 6);
    let mut distinct = std::collections::BTreeMap::new();
    let (mut images, mut listed) = (0, 0);
    for repository in repositories {
        let Pushes::Manifests(real) = &repository.pushes else { panic!("real images") };
        for image in real.iter() {
            images += 1;
            listed += image.layers.iter().map(|(_, bytes)| bytes).sum::<u64>();
            distinct.extend(image.layers.iter().copied());
        }
    }
    assert_eq!((images, distinct.len()), (60, 134));
    assert_eq!((listed, distinct.values().sum::<u64>()), (30_278_212_457, 7_817_207_464));
    // The version without a date comes last.
    let Pushes::Manifests(probe) = &repositories[5].pushes else { panic!("real images") };
    assert_eq!(probe[7].tag, "v4");
    assert_eq!(scenario.inputs.len(), 2);
}

#[test]
fn traces_are_cut_to_the_run_and_shared_out() {
    let text = r#"
run = { duration = "10d" }
[[repositories]]
name = "shop/api"
registry = "us-east-1"
push = { trace = "data/pushes-sample.csv" }
[[repositories]]
name = "shop/web"
registry = "us-east-1"
push = { trace = "data/pushes-sample.csv" }
[[clusters]]
name = "eu"
registry = "eu-west-1"
nodes = 8
pulls = { trace = "data/pulls-sample.csv" }
"#;
    let (scenario, problems) = scenario(text);
    let scenario = scenario.expect("a scenario");
    assert!(problems.iter().all(|(message, ..)| message.contains("lie outside the run and are left out")));
    let Pushes::List(api) = &scenario.model.demand.repositories[0].pushes else { panic!("a list") };
    let Pushes::List(web) = &scenario.model.demand.repositories[1].pushes else { panic!("a list") };
    assert_eq!((api[0].at, api[0].bytes, api[0].layers), (Time(10 * HOUR), Some(191_000_000), Some(9)));
    assert!(!web.is_empty() && web.iter().all(|push| push.at < Time(10 * DAY)));
    let [Trigger::List(pulls)] = scenario.model.demand.clusters[0].triggers.as_slice() else { panic!("a list") };
    assert!(pulls.windows(2).all(|pair| pair[0].at <= pair[1].at));
    assert_eq!(pulls[0].node, Some(3));
}

#[test]
fn a_catalogue_is_one_repository_a_row() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("catalogue.csv");
    std::fs::write(&path, "name,image.size,push.rate,weight\nshop/api,300 MB,,2.5\nshop/web,,1/week,\n")
        .expect("written");
    let text = format!(
        "[[repositories]]\nname = \"shop\"\nregistry = \"us-east-1\"\ncatalogue = {:?}\npush = {{ times = \"00:00\" }}\n\
         [[clusters]]\nname = \"eu\"\nregistry = \"eu-west-1\"\n",
        path.display().to_string()
    );
    let scenario = good(&text);
    let [api, web] = scenario.model.demand.repositories.as_slice() else { panic!("two rows") };
    assert!(
        matches!(&api.image.layers, crate::demand::LayerLaw::Drawn { size, .. } if *size == crate::sim::Law::Constant(3e8))
    );
    assert!(matches!(api.pushes, Pushes::Times(_)) && matches!(web.pushes, Pushes::Rate { .. }));
    assert_eq!((api.weight, web.weight), (2.5, 1.0));
    std::fs::write(&path, "name,image.siez\nShop,3\nshop/web,\nshop/web,\n").expect("written");
    assert_eq!(
        messages(&text),
        [
            "unknown column `image.siez`, did you mean `image.size`?",
            "`Shop` is no repository name",
            "repository `shop/web` is there twice",
        ]
    );
}

#[test]
fn names_that_are_not_there_are_errors_with_what_is_there() {
    let text = r#"
run = { baseline = "replicate" }
strategies = ["replication", { kind = "replication" }, { name = "x", kind = "scheduled-copy", runner = "eu-wset-1" }]
objectives = [{ metric = "lag", quantile = "p100", at_most = "30s" }, { metric = "lag", quantile = "p99", at_most = "1d", strategies = "y" }]
[[repositories]]
name = "shop/api"
registry = "us-east-1"
push = { list = [{ at = "100d", tag = "v1" }, { at = "1d", tag = "v{x}" , same_as = "v0" }] }
promote = { to = "shop/apo" }
[[clusters]]
name = "eu"
registry = "eu-west-1"
runs = ["shop/*", "lab/*"]
"#;
    let (built, found) = scenario(text);
    assert!(built.is_none());
    let said: Vec<&str> = found.iter().map(|(message, ..)| message.as_str()).collect();
    for message in [
        "this moment lies after the end of the run",
        "`same_as = \"v0\"` names no earlier push of this list",
        "no repository `shop/apo`, did you mean `shop/api`?",
        "`lab/*` matches no repository",
        "strategy `replication` is there twice",
        "no region `eu-wset-1`, did you mean `eu-west-1`?",
        "no strategy `replicate`, did you mean `replication`?",
        "expected a quantile such as \"p99\", found `p100`",
        "`strategies` selects no strategy",
    ] {
        assert!(said.contains(&message), "{message:?} in {said:#?}");
    }
}

#[test]
fn rules_keep_to_the_services_limits() {
    let accounts = "accounts = { hub = \"111122223333\", bu = { count = 26, first = \"300000000001\" } }\n";
    let rest = "[[repositories]]\nname = \"api\"\nregistry = \"hub/us-east-1\"\n\
                [[clusters]]\nname = \"eu\"\nregistry = \"bu-01/us-east-1\"\n";
    let rule =
        |rules: &str| format!("strategies = [{{ kind = \"replication\", rules = [{rules}] }}]\n{accounts}{rest}");
    let said = messages(&rule("{ to = [\"bu-*/us-east-1\"] }"));
    assert_eq!(said, ["this is the 26th destination of hub/us-east-1; the service takes 25 over all rules"]);
    // A pattern leaves the rule's own registry out; written out it is an error.
    let all = "{ to = [\"*/us-east-1\", \"!bu-02/us-east-1\", \"!bu-03/us-east-1\"] }";
    assert_eq!(messages(&rule(all)), Vec::<String>::new());
    assert_eq!(
        messages(&rule("{ to = [\"hub/us-east-1\"] }")),
        ["a rule of hub/us-east-1 cannot copy to hub/us-east-1 itself"]
    );
    let many = |count: usize| vec!["{ to = [\"bu-01/us-east-1\"] }"; count].join(", ");
    assert_eq!(messages(&rule(&many(10))), Vec::<String>::new());
    assert!(scenario(&rule(&many(11))).0.is_some_and(|scenario| scenario.model.strategies.len() == 1));
    assert_eq!(messages(&rule(&many(26))), ["26 rules for hub/us-east-1; the service takes at most 25"]);
    let message = "images are not copied from hub/us-east-1 to bu-01/us-gov-west-1: they lie in different partitions";
    assert!(messages(&rule("{ to = [\"bu-01/us-gov-west-1\"] }")).contains(&message.to_string()));
}

#[test]
fn a_region_without_a_price_says_how_to_give_one() {
    let text = QUICK.replace("us-east-1", "mx-central-1");
    let (built, found) = scenario(&text);
    assert!(built.is_none());
    assert!(found.iter().any(|(message, ..)| message.starts_with("no sourced price for ")), "{found:#?}");
    assert!(found.iter().all(|(_, label, at)| label.contains("prices.override.") && at.contains("mx-central-1")));
}

#[test]
fn residency_is_judged_before_anything_runs() {
    let text = format!(
        "strategies = [\"cross-region-pull\", \"replication\", \"pull-through-cache\"]\n\
         objectives = [{{ metric = \"residency\", repositories = \"shop/*\", regions = \"us-*\" }}]\n{QUICK}"
    );
    let (built, found) = scenario(&text);
    let Metric::Residency { regions, .. } = &built.expect("a scenario").objectives[0].metric else {
        panic!("residency")
    };
    assert_eq!(regions, &[true, false]);
    let said: Vec<&str> = found.iter().map(|(message, ..)| message.as_str()).collect();
    assert_eq!(
        said,
        [
            "the strategy `replication` stores images outside the allowed regions, in eu-west-1",
            "the strategy `pull-through-cache` stores images outside the allowed regions, in eu-west-1",
        ]
    );
}

#[test]
fn several_homes_want_a_word() {
    let text = format!("{QUICK}\n[[repositories]]\nname = \"shop/web\"\nregistry = \"eu-west-1\"\n");
    let scenario = good(&text);
    assert_eq!(scenario.model.strategies.len(), 5);
    assert!(scenario.notes.iter().any(|note| note.contains("`centralized` is left out")));
    let text = format!("strategies = [\"centralized\"]\n{text}");
    let said = messages(&text);
    assert!(said.contains(&"`registry` is needed: there are several home registries".to_string()), "{said:?}");
}

#[test]
fn warm_up_begins_demand_earlier() {
    let text = format!("run = {{ warm_up = \"5d\", duration = \"10d\" }}\n{QUICK}");
    let scenario = good(&text);
    let Pushes::Rate { intensity, .. } = &scenario.model.demand.repositories[0].pushes else { panic!("a rate") };
    assert_eq!((intensity.pieces[0].begin, intensity.pieces[0].end), (Time(-5 * DAY), Time(10 * DAY)));
    assert_eq!(scenario.model.warm_up, Span(5 * DAY));
}

#[test]
fn network_keys_are_read_for_pairs_and_registries() {
    let text = format!(
        "[network]\nrtt = {{ \"us-east-1>eu-west-1\" = \"50ms\" }}\npair_limit = {{ \"us-east-1>eu-west-1\" = \"1 Gbit/s\" }}\n\
         registry_egress = {{ \"us-east-1\" = \"2 Gbit/s\" }}\nclient = \"skopeo-1.9\"\nserial_requests = 5\n{QUICK}"
    );
    let links = good(&text).model.cloud.links;
    assert_eq!((links.rtt[0][1], links.rtt[1][0]), (Span(50_000_000), Span(50_000_000)));
    assert_eq!((links.pair_limit[0][1], links.pair_limit[1][0]), (Bandwidth(125e6), Bandwidth::UNLIMITED));
    assert_eq!((links.registry_egress[0], links.registry_egress[1]), (Bandwidth(250e6), Bandwidth::UNLIMITED));
    assert_eq!((links.client.parallel_layers, links.client.serial_requests), (6, 5));
    let text = format!("[network]\nrtt = {{ \"us-east-1>eu-west-2\" = \"50ms\" }}\n{QUICK}");
    assert_eq!(messages(&text), ["no registry is in the region `eu-west-2`, did you mean `eu-west-1`?"]);
}

/// Loads a scenario file as the program does.
fn loaded(text: &str, sets: &[&str]) -> (Option<Scenario>, Problems) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("shop.toml");
    std::fs::write(&path, text).expect("written");
    let mut diagnostics = Diagnostics::default();
    let sets: Vec<String> = sets.iter().map(|set| set.to_string()).collect();
    let scenario = load(&path, &sets, &mut diagnostics);
    (scenario, problems(&diagnostics))
}

#[test]
fn a_file_is_loaded_through_both_halves() {
    let (scenario, problems) =
        loaded(&format!("schema = 1\n{WORKED}").replacen("schema = 1\n", "", 1), &["run.duration=60d"]);
    let scenario = scenario.unwrap_or_else(|| panic!("{problems:#?}"));
    assert_eq!(scenario.model.calendar.months, ["2026-04", "2026-05"]);
    assert!(scenario.inputs[0].file.ends_with("shop.toml"));
    let [Trigger::Times(pulls)] = scenario.model.demand.clusters[0].triggers.as_slice() else {
        panic!("pulls at moments")
    };
    assert_eq!(pulls.len(), 240);
}

#[test]
fn the_short_and_the_long_form_make_one_model() {
    // The reader of trees understands short forms too; through the file they have been expanded.
    let (of_file, problems) =
        loaded(&format!("schema = 1\n{QUICK}pulls = {{ deploy = \"5m\", churn = \"10%/day\" }}\n"), &[]);
    let of_file = of_file.unwrap_or_else(|| panic!("{problems:#?}"));
    let of_tree = good(&format!("{QUICK}pulls = {{ deploy = \"5m\", churn = \"10%/day\" }}\n"));
    assert_eq!(format!("{:?}", of_file.model.demand), format!("{:?}", of_tree.model.demand));
    assert_eq!(format!("{:?}", of_file.model.strategies), format!("{:?}", of_tree.model.strategies));
}

#[test]
fn what_was_refused_is_not_missed_again() {
    let text = format!("schema = 1\n{QUICK}nodes = \"40\"\n").replace("\"us-east-1\"", "5");
    let (scenario, problems) = loaded(&text, &[]);
    assert!(scenario.is_none());
    let said: Vec<&str> = problems.iter().map(|(message, ..)| message.as_str()).collect();
    assert_eq!(said.len(), 2, "{said:#?}");
    assert!(said.contains(&"`nodes` is a count; write 40 without quotes"));
}
