//! What clusters ask for, and whether it can come about.

use super::{Diagnostics, Look, findings, has_kind, is_replication};
use crate::demand::{Cluster, Pushes, Repository, RepositoryId, Trigger, VersionFilter};
use crate::registry::{Count, CreatedBy, LifecyclePolicy, Mutability, Selection};

/// Looks at each cluster.
pub fn review(look: &Look<'_>, out: &mut Diagnostics) {
    let replicates = look.model.strategies.iter().any(|strategy| has_kind(strategy, is_replication));
    let is_local = |cluster: &Cluster| cluster.runs.iter().all(|id| look.repository(*id).home == cluster.registry);
    let written: Vec<_> = look.model.demand.clusters.iter().zip(&look.origins.clusters).collect();
    if let (Some((_, origin)), true) = (written.first(), written.iter().all(|(cluster, _)| is_local(cluster))) {
        let message = "all that the clusters run is at home in their registries; the strategies do not differ";
        out.found(&findings::NOTHING_CROSSES, origin, message, "");
    }
    // Members of `registries` are judged together: one of them may well be at home.
    for members in written.chunk_by(|(_, a), (_, b)| a == b) {
        let (first, origin) = members[0];
        if members.iter().all(|(cluster, _)| is_local(cluster)) {
            let name = first.name.split('@').next().unwrap_or_default();
            let message = format!("all that `{name}` runs is at home in its registry; no strategy changes that");
            out.found(&findings::CLUSTER_IS_LOCAL, origin, message, "");
        }
    }
    for (cluster, origin) in written {
        for trigger in &cluster.triggers {
            if let Trigger::Deploy { on, .. } = trigger
                && !cluster.runs.iter().any(|id| is_triggered(look.repository(*id), look.promoted(*id), on))
            {
                let message = format!("no push triggers the deploy of `{}`", cluster.name);
                let label = "`on` names none of the releases, builds or tags that it runs";
                out.found(&findings::DEPLOY_NEVER_TRIGGERED, origin, message, label);
            }
        }
        let copies = || {
            let far = |one: &&Repository| replicates && one.home != cluster.registry;
            cluster.runs.iter().map(|id| look.repository(*id)).filter(far)
        };
        let settings = &look.model.registries[usize::from(cluster.registry.0)];
        if settings.templates.is_empty() && settings.mutability == Mutability::mutable() {
            continue;
        }
        let made = |one: &Repository| settings.created(&one.name, CreatedBy::Replication);
        let ages = |one: &&Repository| made(one).lifecycle.is_some_and(|policy| expires_by_age(&policy));
        if let Some(repository) = copies().find(ages) {
            let message = format!("copies of `{}` for `{}` expire by age", repository.name, cluster.name);
            let label = "a copy ages from its arrival: without pushes the policy leaves nothing to pull";
            out.found(&findings::COPIES_EXPIRE_BY_AGE, origin, message, label);
        }
        let frozen = copies().find_map(|one| {
            let mutability = made(one).mutability;
            Some((one, moving(one).find(|tag| mutability.freezes(tag))?))
        });
        if let Some((repository, tag)) = frozen {
            let message = format!("the moving tag `{tag}` of `{}` stays behind in immutable copies", repository.name);
            out.found(&findings::IMMUTABLE_DROPS_TAG, origin, message, "later images arrive there without it");
        }
    }
}

/// Tags that are set on one image after another.
pub fn moving(repository: &Repository) -> impl Iterator<Item = &str> {
    let release = Some(&repository.tags.release).filter(|template| template.is_moving()).map(|t| t.0.as_str());
    release.into_iter().chain(repository.tags.moving.iter().map(String::as_str))
}

/// Whether a policy expires images by age, however few they are.
fn expires_by_age(policy: &LifecyclePolicy) -> bool {
    let by_age = |count: &Count| matches!(count, Count::DaysSincePush(_));
    policy.rules.iter().any(|rule| rule.selection == Selection::Any && by_age(&rule.count))
}

/// Whether any push to a repository is one that a deploy waits for.
fn is_triggered(repository: &Repository, promoted: &[(RepositoryId, &str)], on: &VersionFilter) -> bool {
    let tags = &repository.tags;
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
            let mut all = release.into_iter().chain(build).chain(moving).chain(promoted.iter().map(|(_, tag)| *tag));
            all.any(|template| {
                let first = template.replace("{n}", "1").replace("{r}", "1").replace("{date}", "20260101");
                patterns.matches(&first)
            })
        }
    }
}
