//! How much a trial would be: what nobody meant to simulate is refused before it begins.
//!
//! A slip of a unit, `1000/s` for `1000/day`, makes a run that never ends or that fills the memory. Expected numbers of
//! events are sums over the demand, known before any draw; they need to be right to a factor of a few, not exact.

use super::clusters::Clusters;
use super::faults::Faults;
use super::repositories::Estate;
use super::run::table_or_empty;
use crate::demand::{Cluster, Pushes, Repository, Trigger, VersionFilter};
use crate::scenario::RunPlan;
use crate::scenario::diagnostics::findings;
use crate::scenario::tree::Node;
use crate::scenario::values::Reading;

/// More pushes or pulls than this in one trial are refused.
const MOST_EVENTS: f64 = 1e10;
/// More of them than this in a whole run take hours, which is said.
const MANY_EVENTS: f64 = 1e10;
/// More things at a time than this (repositories on nodes, repositories in registries, versions at the start) fill the
/// memory.
const MOST_PLACES: f64 = 1e8;
/// A pull that asks more often than this before it gives up is a slip.
const MOST_ASKS: i64 = 100_000;

/// Reports what is too much, at the largest part of it, and warns of what takes long.
pub fn check(
    r: &mut Reading<'_>,
    root: &Node,
    run: &RunPlan,
    estate: &Estate,
    clusters: &Clusters,
    faults: &Faults,
    strategies: usize,
) {
    let end = r.window.end.0 as f64;
    let versions = versions(estate);
    let of = |cluster| pulls(cluster, estate, faults, &versions, end);
    let pulls: Vec<f64> = clusters.list.iter().map(of).collect();
    let pushes: Vec<f64> = versions.iter().zip(&estate.repositories).map(|(n, one)| n * images(one)).collect();
    let (pushed, pulled) = (pushes.iter().sum::<f64>(), pulls.iter().sum::<f64>());
    let label = "one trial has at most 10,000,000,000; lower a rate, or shorten the run";
    if let (true, Some(most)) = (excessive(pushed, MOST_EVENTS), largest(&pushes)) {
        let (name, things) = (&estate.repositories[most].name, things(&estate.repositories[most]));
        let message = format!("about {} {things} are pushed in a trial, most of them to `{name}`", rounded(pushed));
        r.error(&estate.origins[most], message, label);
    }
    if let (true, Some(most)) = (excessive(pulled, MOST_EVENTS), largest(&pulls)) {
        let name = &clusters.list[most].name;
        let message = format!("nodes pull about {} times in a trial, most of them in `{name}`", rounded(pulled));
        r.error(&clusters.origins[most], message, label);
    }
    places(r, root, estate, clusters, end);
    for (cluster, origin) in clusters.list.iter().zip(&clusters.origins) {
        let asks = cluster.give_up.0.min(r.window.end.0) / cluster.backoff_max.0.max(1);
        if asks > MOST_ASKS {
            let message =
                format!("a node of `{}` that finds nothing asks {asks} times before it gives up", cluster.name);
            r.error(origin, message, "raise `max` of `backoff`, or lower `give_up`");
        }
    }
    let trials = if run.precision.is_some() { 10 } else { run.trials };
    let all = (pushed + pulled) * trials as f64 * strategies as f64;
    if all > MANY_EVENTS && pushed + pulled <= MOST_EVENTS {
        let message = format!("about {} pushes and pulls are simulated in all, which may take hours", rounded(all));
        let origin = table_or_empty(root, "run").origin;
        r.found(&findings::LONG_RUN, &origin, message, "fewer trials, fewer strategies or a shorter run take less");
    }
}

/// What must be in memory at the same time.
fn places(r: &mut Reading<'_>, root: &Node, estate: &Estate, clusters: &Clusters, end: f64) {
    let on_nodes: Vec<f64> = clusters.list.iter().map(|one| nodes(one, end) * each(one)).collect();
    if let (true, Some(most)) = (excessive(on_nodes.iter().sum(), MOST_PLACES), largest(&on_nodes)) {
        let message =
            format!("nodes run about {} repositories, each counted on its own", rounded(on_nodes.iter().sum()));
        r.error(&clusters.origins[most], message, "at most 100,000,000; lower `nodes`, `per_node` or `growth`");
    }
    let existing: Vec<f64> = estate.repositories.iter().map(|one| f64::from(one.existing) * images(one)).collect();
    if let (true, Some(most)) = (excessive(existing.iter().sum(), MOST_PLACES / 10.0), largest(&existing)) {
        let things = things(&estate.repositories[most]);
        let message = format!("about {} {things} are there at the start", rounded(existing.iter().sum()));
        r.error(&estate.origins[most], message, "at most 10,000,000");
    }
    let registries = r.places.registries.len();
    if registries > usize::from(u16::MAX) || registries as f64 * estate.repositories.len() as f64 > MOST_PLACES {
        let message = format!("{} repositories in {registries} registries are too many", estate.repositories.len());
        r.error(&root.origin, message, "at most 65,535 registries, and 100,000,000 pairs of repository and registry");
    }
}

/// Not a number, infinite, or above a limit.
fn excessive(value: f64, most: f64) -> bool {
    value.is_nan() || value > most
}

fn largest(values: &[f64]) -> Option<usize> {
    (0..values.len()).max_by(|a, b| values[*a].total_cmp(&values[*b]))
}

/// Two digits are enough for what is far too much.
fn rounded(value: f64) -> String {
    format!("{value:.1e}")
}

/// Versions that appear in each repository in a trial; promotions count where they go.
fn versions(estate: &Estate) -> Vec<f64> {
    let mut versions: Vec<f64> = estate.repositories.iter().map(own_versions).collect();
    for (from, repository) in estate.repositories.iter().enumerate() {
        for promotion in &repository.promotions {
            let promoted = versions[from] / f64::from(promotion.every.max(1));
            if let Some(to) = versions.get_mut(promotion.to.0 as usize).filter(|_| promotion.to.0 as usize != from) {
                *to += promoted;
            }
        }
    }
    versions
}

fn own_versions(repository: &Repository) -> f64 {
    let events = match &repository.pushes {
        Pushes::None => 0.0,
        Pushes::Rate { intensity, .. } => intensity.total(),
        Pushes::Times(times) => times.len() as f64,
        Pushes::List(rows) => return rows.len() as f64,
        Pushes::Manifests(images) => return images.len() as f64,
    };
    events * repository.batch.median().max(1.0)
}

/// Images that a version is pushed as: children and attachments count.
fn images(repository: &Repository) -> f64 {
    let children = if repository.image.platforms > 1 { repository.image.platforms } else { 0 };
    let attachments = repository.image.attachments.as_ref().map_or(0, |attachments| attachments.count);
    1.0 + f64::from(children) + f64::from(attachments)
}

/// What is counted where most is pushed.
fn things(repository: &Repository) -> &'static str {
    if images(repository) > 1.0 { "images" } else { "versions" }
}

/// The most nodes that a cluster has, new ones of scale-ups apart.
fn nodes(cluster: &Cluster, end: f64) -> f64 {
    f64::from(cluster.nodes) * libm::exp(cluster.growth.max(0.0) * end)
}

/// Repositories on a node.
fn each(cluster: &Cluster) -> f64 {
    f64::from(cluster.per_node).min(cluster.runs.len() as f64)
}

/// Pulls of a cluster in a trial.
fn pulls(cluster: &Cluster, estate: &Estate, faults: &Faults, versions: &[f64], end: f64) -> f64 {
    let on_node = each(cluster);
    let nodes = nodes(cluster, end);
    let of = |trigger: &Trigger| match trigger {
        Trigger::Deploy { on, nodes: share, .. } => {
            let deployed = |id: &crate::demand::RepositoryId| {
                let every = estate.repositories[id.0 as usize].tags.release_every;
                let releases = if *on == VersionFilter::Release { f64::from(every.max(1)).recip() } else { 1.0 };
                versions[id.0 as usize] * releases
            };
            let deploys: f64 = cluster.runs.iter().map(deployed).sum();
            deploys * nodes * share * on_node / cluster.runs.len().max(1) as f64
        }
        Trigger::ScaleUp { intensity, nodes, .. } => intensity.total() * f64::from(*nodes) * on_node,
        Trigger::Churn { intensity } => intensity.total() * nodes * on_node,
        Trigger::Rate { intensity } => intensity.total(),
        Trigger::Times(times) => times.len() as f64 * nodes * on_node,
        Trigger::List(pulls) => pulls.len() as f64,
        Trigger::Failover { of, .. } => faults.expected(*of) * nodes * on_node,
    };
    cluster.triggers.iter().map(of).sum()
}
