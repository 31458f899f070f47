//! What a scenario may say but hardly means: warnings that need the whole of it.
//!
//! They never stop a run. Each stands where the thing it is about is written, and says what will happen.

use super::clusters::Clusters;
use super::repositories::Estate;
use crate::cloud::RegistryId;
use crate::demand::{Cluster, Pushes, Repository, RepositoryId, Trigger, VersionFilter};
use crate::registry::{Count, CreatedBy, RegistrySettings, Selection};
use crate::scenario::values::Reading;
use crate::strategy::{Kind, Strategy};

/// Looks the built scenario over.
pub fn lints(
    r: &mut Reading<'_>,
    estate: &Estate,
    clusters: &Clusters,
    registries: &[RegistrySettings],
    strategies: &[Strategy],
) {
    let replicates = strategies.iter().any(|strategy| matches!(strategy.kind, Kind::Replication(_)));
    let is_local =
        |cluster: &Cluster| cluster.runs.iter().all(|id| estate.repositories[id.0 as usize].home == cluster.registry);
    // Members of `registries` are judged together: one of them may well be at home.
    let written: Vec<_> = clusters.list.iter().zip(&clusters.groups).zip(&clusters.origins).collect();
    for members in written.chunk_by(|((_, a), _), ((_, b), _)| a == b) {
        if members.iter().all(|((cluster, _), _)| is_local(cluster)) {
            let ((_, name), origin) = members[0];
            let message = format!("all that `{name}` runs is at home in its registry; no strategy changes that");
            r.diagnostics.warning(origin, message, "");
        }
    }
    for (cluster, origin) in clusters.list.iter().zip(&clusters.origins) {
        let runs = || cluster.runs.iter().map(|id| &estate.repositories[id.0 as usize]);
        for trigger in &cluster.triggers {
            if let Trigger::Deploy { on, .. } = trigger
                && !cluster.runs.iter().any(|id| is_triggered(estate, *id, on))
            {
                let message = format!("no push triggers the deploy of `{}`", cluster.name);
                r.diagnostics.warning(origin, message, "`on` names none of the releases, builds or tags that it runs");
            }
        }
        let settings = &registries[usize::from(cluster.registry.0)];
        let empties = |repository: &&Repository| replicates && may_empty(settings, repository, cluster.registry);
        if let Some(repository) = runs().find(empties) {
            let message = format!("copies of `{}` for `{}` expire by age", repository.name, cluster.name);
            let label = "a copy ages from its arrival: without pushes the policy leaves nothing to pull (fact B24)";
            r.diagnostics.warning(origin, message, label);
        }
        if let Some((repository, tag)) = runs().find_map(|repository| {
            let frozen = repository.home != cluster.registry && replicates;
            let mutability = settings.created(&repository.name, CreatedBy::Replication).mutability;
            let tag = moving(repository).find(|tag| frozen && mutability.freezes(tag))?.to_string();
            Some((repository, tag))
        }) {
            let message = format!("the moving tag `{tag}` of `{}` stays behind in immutable copies", repository.name);
            let label = "later images arrive there without it (fact A26)";
            r.diagnostics.warning(origin, message, label);
        }
    }
}

/// Tags that are set on one image after another.
fn moving(repository: &Repository) -> impl Iterator<Item = &str> {
    let release = Some(&repository.tags.release).filter(|template| template.is_moving()).map(|t| t.0.as_str());
    release.into_iter().chain(repository.tags.moving.iter().map(String::as_str))
}

/// Whether a repository's copies in a registry expire by age, however few they are.
fn may_empty(settings: &RegistrySettings, repository: &Repository, registry: RegistryId) -> bool {
    let policy = settings.created(&repository.name, CreatedBy::Replication).lifecycle;
    repository.home != registry
        && policy.is_some_and(|policy| {
            let by_age = |count: &Count| matches!(count, Count::DaysSincePush(_));
            policy.rules.iter().any(|rule| rule.selection == Selection::Any && by_age(&rule.count))
        })
}

/// Whether any push to a repository is one that a deploy waits for.
fn is_triggered(estate: &Estate, id: RepositoryId, on: &VersionFilter) -> bool {
    let repository = &estate.repositories[id.0 as usize];
    let tags = &repository.tags;
    let promoted: Vec<&str> = estate
        .repositories
        .iter()
        .flat_map(|source| &source.promotions)
        .filter(|promotion| promotion.to == id)
        .map(|promotion| promotion.tag.0.as_str())
        .collect();
    let pushes = !matches!(repository.pushes, Pushes::None);
    let releases = (pushes && tags.release_every > 0) || !promoted.is_empty();
    let builds = pushes && tags.release_every != 1;
    match on {
        VersionFilter::All => releases || builds,
        VersionFilter::Release => releases,
        VersionFilter::Build => builds,
        // Listed and real images bring tags of their own.
        VersionFilter::Tags(_) if matches!(repository.pushes, Pushes::List(_) | Pushes::Manifests(_)) => true,
        VersionFilter::Tags(patterns) => {
            let release = releases.then_some(tags.release.0.as_str());
            let build = builds.then_some(tags.build.0.as_str());
            let moving = tags.moving.iter().map(String::as_str).filter(|_| releases);
            let mut all = release.into_iter().chain(build).chain(moving).chain(promoted);
            all.any(|template| {
                let first = template.replace("{n}", "1").replace("{r}", "1").replace("{date}", "20260101");
                patterns.matches(&first)
            })
        }
    }
}
