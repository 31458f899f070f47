//! `[[objectives]]`: what is required, and the probes that measure it inside a trial.
//!
//! Where images are kept is known before anything runs, so residency is judged here as far as it can be: a strategy
//! that certainly stores a repository outside the allowed regions is named in a warning.

use super::clusters::Clusters;
use super::faults;
use super::repositories::Estate;
use super::strategies::Strategies;
use crate::cloud::{RegionId, RegistryId, regions};
use crate::engine::{Probe, ProbeMetric};
use crate::registry::Patterns;
use crate::scenario::diagnostics::findings;
use crate::scenario::tree::Node;
use crate::scenario::values::{Named, Reading, elements, listed_names};
use crate::scenario::{Metric, Objective, TimeTarget};
use crate::strategy::Kind;
use crate::units::Span;
use crate::units::parse::PriceUnit;

/// The metrics.
#[derive(Clone, Copy, PartialEq)]
enum Word {
    Time(ProbeMetric),
    PullsFailed,
    Cost,
    Residency,
    Recovery,
    ImagesMissing,
}

const WORDS: [(&str, Word); 8] = [
    ("lag", Word::Time(ProbeMetric::Lag)),
    ("pull_time", Word::Time(ProbeMetric::PullTime)),
    ("release_everywhere", Word::Time(ProbeMetric::ReleaseEverywhere)),
    ("recovery", Word::Recovery),
    ("images_missing", Word::ImagesMissing),
    ("pulls_failed", Word::PullsFailed),
    ("cost", Word::Cost),
    ("residency", Word::Residency),
];

/// Keys that choose among events.
const FILTERS: [&str; 3] = ["repositories", "clusters", "tags"];

/// Reads `[[objectives]]`.
pub fn objectives(
    r: &mut Reading<'_>,
    root: &Node,
    estate: &Estate,
    clusters: &Clusters,
    strategies: &Strategies,
    faults: &[String],
) -> (Vec<Objective>, Vec<Probe>) {
    let (mut objectives, mut probes): (Vec<Objective>, Vec<Probe>) = (Vec::new(), Vec::new());
    for table in elements(root, "objectives") {
        let Some(node) = r.needed(table, "metric", "an objective") else { continue };
        let Some(word) = r.word(node, &WORDS) else { continue };
        let default = node.text().unwrap_or_default();
        let name = r.optional(table, "name", |r, n| r.text(n, "a name").map(str::to_string));
        let name = name.unwrap_or_else(|| default.to_string());
        if objectives.iter().any(|objective| objective.name == name) {
            let origin = table.get("name").map_or(&node.origin, |name| &name.origin);
            r.error(origin, format!("objective `{name}` is there twice"), "give each a `name` of its own");
        }
        let names = strategies.names();
        let what = Named { names: &names, groups: &[], one: "strategy", plural: "strategies" };
        let judged = r.selected(table, "strategies", what);
        let in_trials = r.optional(table, "in_trials", |r, n| r.share(n));
        let repositories = repositories(r, table, estate);
        let metric = match word {
            Word::Time(metric) => time(r, table).map(|target| {
                let probe = probe(r, table, objectives.len(), metric, repositories, clusters);
                let within = match target {
                    TimeTarget::Share { within, .. } => within,
                    TimeTarget::Quantile { at_most, .. } => at_most,
                };
                probes.push(Probe { within: Some(within), ..probe });
                match metric {
                    ProbeMetric::Lag => Metric::Lag(target),
                    ProbeMetric::PullTime => Metric::PullTime(target),
                    ProbeMetric::ReleaseEverywhere => Metric::ReleaseEverywhere(target),
                }
            }),
            Word::PullsFailed => {
                // All pulls are counted anyway; some of them take a probe, in which failed ones never end.
                if FILTERS.iter().any(|key| table.get(key).is_some()) {
                    probes.push(probe(r, table, objectives.len(), ProbeMetric::PullTime, repositories, clusters));
                }
                r.needed(table, "at_most", "`pulls_failed`").and_then(|n| r.share(n)).map(Metric::PullsFailed)
            }
            Word::Cost => {
                unfiltered(r, table, &FILTERS, "`cost`: a bill knows accounts; filter by `account`");
                cost(r, table)
            }
            Word::Recovery => {
                unfiltered(r, table, &FILTERS, "`recovery`: it counts all that fails over; filter by `fault`");
                let fault = fault(r, table, node, clusters, faults);
                let at_most = r.needed(table, "at_most", "`recovery`").and_then(|n| r.duration(n));
                at_most.zip(fault).map(|(at_most, fault)| Metric::Recovery { at_most, fault })
            }
            Word::ImagesMissing => {
                unfiltered(r, table, &FILTERS, "`images_missing`: it counts all that fails over; filter by `fault`");
                let fault = fault(r, table, node, clusters, faults);
                let at_most = r.needed(table, "at_most", "`images_missing`").and_then(|n| r.count(n, 0));
                at_most.zip(fault).map(|(at_most, fault)| Metric::ImagesMissing { at_most, fault })
            }
            Word::Residency => {
                unfiltered(r, table, &["clusters", "tags"], "`residency`: it is about whole repositories");
                let metric = residency(r, table, repositories);
                if let Some(Metric::Residency { repositories, regions }) = &metric {
                    judge(r, table, (repositories, regions), &judged, estate, clusters, strategies);
                }
                metric
            }
        };
        if let Some(metric) = metric {
            objectives.push(Objective { name, metric, strategies: judged, in_trials });
        }
    }
    (objectives, probes)
}

fn repositories(r: &mut Reading<'_>, table: &Node, estate: &Estate) -> Vec<bool> {
    let names = estate.names();
    r.selected(table, "repositories", Named { names: &names, groups: &[], one: "repository", plural: "repositories" })
}

/// What counts the events of an objective within its filters.
fn probe(
    r: &mut Reading<'_>,
    table: &Node,
    objective: usize,
    metric: ProbeMetric,
    repositories: Vec<bool>,
    clusters: &Clusters,
) -> Probe {
    let (names, groups) = (clusters.names(), clusters.groups());
    let what = Named { names: &names, groups: &groups, one: "cluster", plural: "clusters" };
    let clusters = r.selected(table, "clusters", what);
    let tags = r.or(table, "tags", Patterns::all(), |r, n| r.patterns(n));
    Probe { objective, metric, repositories, clusters, tags, within: None }
}

/// Refuses filters that mean nothing to a metric; `why` names it and says what it is about.
fn unfiltered(r: &mut Reading<'_>, table: &Node, keys: &[&str], why: &str) {
    for entry in table.entries().iter().filter(|entry| keys.contains(&entry.key.as_str())) {
        r.error(&entry.key_origin, format!("`{}` does not go with {why}", entry.key), "");
    }
}

/// The fault that an objective is about, if it names one; some cluster must fail over on it.
fn fault(
    r: &mut Reading<'_>,
    table: &Node,
    metric: &Node,
    clusters: &Clusters,
    faults: &[String],
) -> Option<Option<usize>> {
    let names: Vec<&str> = faults.iter().map(String::as_str).collect();
    let fault = match table.get("fault") {
        Some(node) => Some(r.named(node, faults::named(&names))?),
        None => None,
    };
    let mut wanted = match fault {
        Some(fault) => fault..fault + 1,
        None => 0..faults.len(),
    };
    if !wanted.any(|fault| clusters.list.iter().any(|cluster| cluster.fails_over_on(fault))) {
        let origin = table.get("fault").map_or(&metric.origin, |node| &node.origin);
        let which = fault.map_or("any fault".into(), |fault| format!("`{}`", faults[fault]));
        r.error(origin, format!("no cluster fails over on {which}"), "give one `pulls = { failover = \"FAULT\" }`");
        return None;
    }
    Some(fault)
}

fn time(r: &mut Reading<'_>, table: &Node) -> Option<TimeTarget> {
    if table.get("within").is_some() || table.get("at_least").is_some() {
        let within = r.needed(table, "within", "this target").and_then(|n| r.duration(n));
        let at_least = r.needed(table, "at_least", "this target").and_then(|n| r.share(n));
        return Some(TimeTarget::Share { within: within?, at_least: at_least? });
    }
    let quantile = r.needed(table, "quantile", "this objective").and_then(|n| quantile(r, n));
    let at_most: Option<Span> = r.needed(table, "at_most", "this objective").and_then(|n| r.duration(n));
    Some(TimeTarget::Quantile { quantile: quantile?, at_most: at_most? })
}

/// `p99`, `p99.9`.
fn quantile(r: &mut Reading<'_>, node: &Node) -> Option<f64> {
    let text = r.text(node, "a quantile such as \"p99\"")?;
    let percent = text.strip_prefix('p').and_then(|percent| percent.parse::<f64>().ok());
    let found = percent.filter(|percent| *percent > 0.0 && *percent < 100.0).map(|percent| percent / 100.0);
    if found.is_none() {
        r.error(&node.origin, format!("expected a quantile such as \"p99\", found `{text}`"), "p50, p95, p99, p99.9");
    }
    found
}

fn cost(r: &mut Reading<'_>, table: &Node) -> Option<Metric> {
    let at_most = r.needed(table, "at_most", "`cost`").and_then(|n| r.money(n, PriceUnit::Month));
    let names: Vec<String> = r.places.accounts.iter().map(|account| account.name.clone()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let what = Named { names: &names, groups: &[], one: "account", plural: "accounts" };
    let account = r.optional(table, "account", |r, n| r.named(n, what));
    Some(Metric::Cost { at_most: at_most?, account })
}

fn residency(r: &mut Reading<'_>, table: &Node, repositories: Vec<bool>) -> Option<Metric> {
    r.needed(table, "regions", "`residency`")?;
    let codes: Vec<&str> = regions::all().iter().map(|region| region.code).collect();
    let allowed = r.selected(table, "regions", Named { names: &codes, groups: &[], one: "region", plural: "regions" });
    let is_allowed = |region: &String| codes.iter().zip(&allowed).any(|(code, allowed)| *allowed && code == region);
    let regions = r.places.regions.iter().map(is_allowed).collect();
    Some(Metric::Residency { repositories, regions })
}

/// Names the strategies that certainly store a byte outside.
fn judge(
    r: &mut Reading<'_>,
    table: &Node,
    (repositories, regions): (&[bool], &[bool]),
    judged: &[bool],
    estate: &Estate,
    clusters: &Clusters,
    strategies: &Strategies,
) {
    for (strategy, _) in strategies.list.iter().zip(judged).filter(|(_, judged)| **judged) {
        let mut outside: Vec<(String, RegionId)> = Vec::new();
        for (id, repository) in estate.repositories.iter().enumerate().filter(|(id, _)| repositories[*id]) {
            for registry in stored(&strategy.kind, id, estate, clusters) {
                let region = r.places.registries[usize::from(registry.0)].region;
                if !regions[usize::from(region.0)] {
                    outside.push((repository.name.clone(), region));
                }
            }
        }
        let Some((_, region)) = outside.first() else { continue };
        let region = r.places.regions[usize::from(region.0)].clone();
        let mut names: Vec<&str> = outside.iter().map(|(name, _)| name.as_str()).collect();
        names.dedup();
        let message =
            format!("the strategy `{}` stores images outside the allowed regions, in {region}", strategy.name);
        r.found(&findings::STORED_OUTSIDE, &table.origin, message, format!("repositories: {}", listed_names(&names)));
    }
}

/// Where a strategy stores a repository as soon as there is something to store; exceptions are not looked at.
fn stored(kind: &Kind, id: usize, estate: &Estate, clusters: &Clusters) -> Vec<RegistryId> {
    let repository = &estate.repositories[id];
    let mut places = vec![repository.home];
    match kind {
        Kind::CrossRegionPull | Kind::Clairvoyant { .. } | Kind::PullThroughCache(_) => {}
        Kind::Replication(replication) => {
            for (_, rule) in replication.rules.iter().filter(|(from, _)| *from == repository.home) {
                let prefixes = &rule.prefixes;
                if prefixes.is_empty() || prefixes.iter().any(|prefix| repository.name.starts_with(prefix)) {
                    places.extend(&rule.destinations);
                }
            }
        }
        Kind::ScheduledCopy(job) => {
            places.extend(job.copies.iter().filter(|(copied, _)| copied.0 as usize == id).flat_map(|(_, to)| to));
        }
        Kind::Centralized(central) => places = vec![central.registry],
    }
    if matches!(kind, Kind::PullThroughCache(_)) {
        let runs = |cluster: &&crate::demand::Cluster| cluster.runs.iter().any(|run| run.0 as usize == id);
        places.extend(clusters.list.iter().filter(runs).map(|cluster| cluster.registry));
    }
    places
}
