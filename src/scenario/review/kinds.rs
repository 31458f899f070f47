//! What kinds of strategies other than replication need besides, or cannot do.

use super::{Diagnostics, Look, Origin, findings, listed};
use crate::cloud::RegistryId;
use crate::cloud::regions::Partition;
use crate::registry::{CreatedBy, Mutability};
use crate::strategy::{Kind, Strategy};
use crate::units::Usd;

/// Looks at each strategy and its exceptions.
pub fn review(look: &Look<'_>, out: &mut Diagnostics) {
    for (_, strategy, origin) in look.strategies() {
        let exceptions = strategy.exceptions.iter().map(|exception| &exception.kind);
        for kind in std::iter::once(&strategy.kind).chain(exceptions) {
            match kind {
                Kind::PullThroughCache(cache) => {
                    if cache.ttl.is_some() {
                        let message = format!(
                            "`{}` drops images so long after their last pull, which the service cannot: this needs a job \
                             of your own",
                            strategy.name
                        );
                        out.found(&findings::CACHE_NEEDS_JOB, origin, message, "");
                    }
                    caches(look, strategy, origin, out);
                }
                Kind::ScheduledCopy(job) if job.runner_cost == Usd(0) || job.toil_hours == 0.0 => {
                    let free = match (job.runner_cost == Usd(0), job.toil_hours == 0.0) {
                        (true, true) => "the runner and the people who tend it cost nothing",
                        (true, false) => "the runner costs nothing",
                        _ => "the people who tend it cost nothing",
                    };
                    let message = format!("in `{}` {free}: the job looks cheaper than it is", strategy.name);
                    out.found(&findings::JOB_COSTS_NOTHING, origin, message, "");
                }
                _ => {}
            }
        }
    }
}

/// Where a strategy caches, and from where (A83, A85).
fn caches(look: &Look<'_>, strategy: &Strategy, origin: &Origin, out: &mut Diagnostics) {
    let (cloud, name) = (look.cloud(), &strategy.name);
    let mut crossing: Vec<RegistryId> = Vec::new();
    for (cluster, place) in look.model.demand.clusters.iter().zip(&look.origins.clusters) {
        let here = cluster.registry;
        let cached = || cluster.runs.iter().map(|id| look.repository(*id)).filter(|one| one.home != here);
        if cached().next().is_none() {
            continue;
        }
        if cloud.partition(cloud.registry(here).region) == Partition::AwsUsGov {
            let message =
                format!("`{name}` caches in {}, where the service has no pull-through cache", look.registry_name(here));
            out.found(&findings::CACHE_UNSUPPORTED, origin, message, "leave this kind out of `strategies`");
            return;
        }
        if !crossing.contains(&here) && cached().any(|one| look.crosses_accounts(one.home, here)) {
            crossing.push(here);
        }
        let settings = &look.model.registries[usize::from(here.0)];
        // Most registries freeze no tag, whatever the repository is called.
        let may_freeze = settings.mutability != Mutability::mutable() || !settings.templates.is_empty();
        let frozen = cached().filter(|_| may_freeze).find_map(|one| {
            let mutability = settings.created(&one.name, CreatedBy::Cache).mutability;
            let tag = super::clusters::moving(one).find(|tag| mutability.freezes(tag))?;
            Some((one, tag))
        });
        if let Some((repository, tag)) = frozen {
            let message =
                format!("the cache of `{name}` never refreshes the moving tag `{tag}` of `{}`", repository.name);
            out.found(&findings::CACHE_NEVER_REFRESHES, place, message, "tags are immutable there");
        }
    }
    if !crossing.is_empty() {
        let names: Vec<String> = crossing.iter().map(|id| look.registry_name(*id)).collect();
        let message =
            format!("`{name}` caches images of other accounts in {}: the cache rules need an IAM role", listed(&names));
        out.found(&findings::CACHE_NEEDS_ROLE, origin, message, "");
    }
}
