//! The examples of the format as models, value by value.

use super::*;

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
    assert!(model.service.quotas.iter().all(|quota| quota.is_infinite()));
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
    assert_eq!((links.client.parallel_layers, links.client.pull.opening), (6, 3));
    let text = format!("[network]\nrtt = {{ \"us-east-1>eu-west-2\" = \"50ms\" }}\n{QUICK}");
    assert_eq!(messages(&text), ["no registry is in the region `eu-west-2`, did you mean `eu-west-1`?"]);
}
