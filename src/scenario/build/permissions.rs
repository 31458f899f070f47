//! What other accounts and regions do not let happen: copies that would fail, told before anything runs.
//!
//! The engine counts such copies as failed; these warnings say why, at the strategy whose rules order them.

use std::collections::HashSet;

use super::repositories::Estate;
use super::strategies::Strategies;
use crate::cloud::RegistryId;
use crate::registry::policy::{CREATE_REPOSITORY, REPLICATE_IMAGE, repository_arn};
use crate::registry::{Extension, RegistryPolicy, RegistrySettings, ReplicationRule, copies};
use crate::scenario::values::Reading;

/// Looks over every destination of every rule.
pub fn check(r: &mut Reading<'_>, registries: &[RegistrySettings], estate: &Estate, strategies: &Strategies) {
    for (strategy, origin) in strategies.list.iter().zip(&strategies.origins) {
        for (from, rule) in strategy.rules() {
            for to in &rule.destinations {
                let settings = &registries[usize::from(to.0)];
                if let Some((message, label)) = refusal(r, settings, estate, (*from, *to), rule) {
                    r.diagnostics.warning(origin, message, label);
                }
            }
        }
    }
}

/// Why copies by a rule to a registry fail, for the first repository of which they do.
fn refusal(
    r: &Reading<'_>,
    settings: &RegistrySettings,
    estate: &Estate,
    (from, to): (RegistryId, RegistryId),
    rule: &ReplicationRule,
) -> Option<(String, String)> {
    let there = r.places.name(to);
    if !settings.region_enabled {
        let message = format!("copies to {there} fail: its account has not enabled the region");
        return Some((message, "fact A37".into()));
    }
    let (_, _, source) = r.places.address(from);
    let (partition, region, account) = r.places.address(to);
    if source == account || settings.policy == RegistryPolicy::Open {
        return None;
    }
    let present: HashSet<&str> = settings.repositories.iter().map(String::as_str).collect();
    // Filters of tags do not matter to permissions: any tag that passes stands for all.
    let extension = Extension { tags: None, tagged: None, ..rule.extension.clone() };
    let any_tag = [ReplicationRule { extension, ..rule.clone() }];
    estate.repositories.iter().filter(|repository| repository.home == from).find_map(|repository| {
        let reached = copies(&any_tag, &repository.name, None).into_iter().next()?;
        let name = reached.rename.unwrap_or_else(|| repository.name.clone());
        let resource = repository_arn(partition, region, account, &name);
        let judge = |action| settings.policy.judge(source, action, &resource).err();
        if let Some(denial) = judge(REPLICATE_IMAGE) {
            let message = format!("copies of `{}` to {there} fail: {denial}", repository.name);
            return Some((message, format!("account {source} needs `{REPLICATE_IMAGE}` there (fact A31)")));
        }
        let denial = judge(CREATE_REPOSITORY).filter(|_| !present.contains(name.as_str()))?;
        let message = format!("copies of `{}` to {there} fail until somebody creates `{name}`: {denial}", repository.name);
        let label = format!(
            "account {source} needs `{CREATE_REPOSITORY}` there, or the repository is in `repositories` of the registry \
             (fact A32)"
        );
        Some((message, label))
    })
}
