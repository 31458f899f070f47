//! What other accounts and regions do not let happen: copies that would fail, told before anything runs.
//!
//! The engine counts such copies as failed; these findings say why, at the destination that orders them.

use std::collections::{BTreeSet, HashSet};

use serde_json::Value;

use super::{Diagnostic, Diagnostics, Look, Looked, Origin, findings, listed, policies};
use crate::cloud::RegistryId;
use crate::registry::policy::{CREATE_REPOSITORY, REPLICATE_IMAGE, repository_arn};
use crate::registry::{Extension, RegistryPolicy, ReplicationRule, copies};
use crate::scenario::diagnostics::Finding;

/// Regions that an account must enable before it can use them (A37).
const OPT_IN: [&str; 17] = [
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-south-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-west-1",
    "eu-central-2",
    "eu-south-1",
    "eu-south-2",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
];

/// Looks over every destination of every rule, and every region.
pub fn review(look: &Look<'_>, out: &mut Diagnostics) {
    for looked in look.all_rules() {
        let mut refusals: Vec<(Refusal, &Origin, Vec<String>)> = Vec::new();
        for (to, origin) in looked.rule.destinations.iter().zip(&looked.places.destinations) {
            let Some(refusal) = refusal(look, &looked, *to) else { continue };
            let there = look.registry_name(*to);
            // A pattern may bring very many registries, which are told of together.
            match refusals.iter_mut().find(|(known, at, _)| *known == refusal && *at == origin) {
                Some((.., registries)) => registries.push(there),
                None => refusals.push((refusal, origin, vec![there])),
            }
        }
        for (refusal, origin, registries) in refusals {
            let there = listed(&registries);
            let message = format!("copies {}to {there} fail{}", refusal.of, refusal.why);
            let apply = refusal.apply;
            out.report(Diagnostic { apply, ..Diagnostic::of(refusal.finding, origin, message).label(refusal.label) });
        }
    }
    needed(look, out);
    opt_in(look, out);
}

/// Why copies by a rule to a registry fail, in the parts of a sentence.
#[derive(PartialEq)]
struct Refusal {
    finding: &'static Finding,
    of: String,
    why: String,
    label: String,
    apply: Option<Value>,
}

/// Why copies by a rule to a registry fail, for the first repository of which they do.
fn refusal(look: &Look<'_>, looked: &Looked<'_>, to: RegistryId) -> Option<Refusal> {
    let (cloud, rule) = (look.cloud(), looked.rule);
    let settings = &look.model.registries[usize::from(to.0)];
    if !settings.region_enabled {
        return Some(Refusal {
            finding: &findings::REGION_NOT_ENABLED,
            of: String::new(),
            why: ": its account has not enabled the region".into(),
            label: String::new(),
            apply: None,
        });
    }
    if !look.crosses_accounts(looked.from, to) || settings.policy == RegistryPolicy::Open {
        return None;
    }
    let id = |registry| &cloud.accounts[usize::from(cloud.registry(registry).account.0)].id;
    let (source, account, region) = (id(looked.from), id(to), cloud.registry(to).region);
    let present: HashSet<&str> = settings.repositories.iter().map(String::as_str).collect();
    // Filters of tags do not matter to permissions: any tag that passes stands for all.
    let extension = Extension { tags: None, tagged: None, ..rule.extension.clone() };
    let any_tag = [ReplicationRule { extension, ..rule.clone() }];
    looked.selection.hits.iter().map(|hit| look.repository(hit.repository)).find_map(|repository| {
        let reached = copies(&any_tag, &repository.name, None).into_iter().next()?;
        let name = reached.rename.unwrap_or_else(|| repository.name.clone());
        let resource = repository_arn(cloud.partition(region), cloud.region(region), account, &name);
        let judge = |action| settings.policy.judge(source, action, &resource).err();
        let refusal = |finding, why, label| {
            let of = format!("of `{}` ", repository.name);
            let policy = policies::policy(cloud.partition(region).name(), &BTreeSet::from([source.as_str()]));
            Some(Refusal { finding, of, why, label, apply: Some(policy) })
        };
        if let Some(denial) = judge(REPLICATE_IMAGE) {
            let label = format!("account {source} needs `{REPLICATE_IMAGE}` there");
            return refusal(&findings::COPY_REFUSED, format!(": {denial}"), label);
        }
        let denial = judge(CREATE_REPOSITORY).filter(|_| !present.contains(name.as_str()))?;
        let label = format!(
            "account {source} needs `{CREATE_REPOSITORY}` there, or the repository is in `repositories` of the registry"
        );
        refusal(&findings::CREATION_REFUSED, format!(" until somebody creates `{name}`: {denial}"), label)
    })
}

/// The policies that registries without one of their own must get (A31, A33).
fn needed(look: &Look<'_>, out: &mut Diagnostics) {
    for (index, strategy, _) in look.strategies() {
        for needed in policies::needed(look.cloud(), &look.model.registries, strategy.rules()) {
            let is_there = |rule: &Looked<'_>, at: usize| needed.registries.contains(&rule.rule.destinations[at]);
            let rules = look.rules(index);
            let place = rules.iter().find_map(|rule| {
                let at = (0..rule.rule.destinations.len()).find(|at| is_there(rule, *at))?;
                Some(&rule.places.destinations[at])
            });
            let Some(origin) = place else { continue };
            let names: Vec<String> = needed.registries.iter().map(|id| look.registry_name(*id)).collect();
            let message = format!("copies to {} need a registry policy there", listed(&names));
            let apply = Some(needed.policy);
            out.report(Diagnostic { apply, ..Diagnostic::of(&findings::POLICY_NEEDED, origin, message) });
        }
    }
}

/// Regions that must be enabled first (A37).
fn opt_in(look: &Look<'_>, out: &mut Diagnostics) {
    for (code, origin) in look.cloud().regions.iter().zip(&look.origins.regions) {
        if OPT_IN.contains(&code.as_str()) {
            let message = format!("{code} must be enabled in each account that uses it");
            out.found(&findings::OPT_IN_REGION, origin, message, "");
        }
    }
}
