//! The registry policies that copies into other accounts need (A31 to A33).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::cloud::{Cloud, RegistryId};
use crate::registry::policy::{CREATE_REPOSITORY, REPLICATE_IMAGE};
use crate::registry::{RegistryPolicy, RegistrySettings, ReplicationRule};

/// A policy and where it must be applied.
#[derive(Clone, Debug, PartialEq)]
pub struct Needed {
    /// Registries of other accounts than the sources'.
    pub registries: Vec<RegistryId>,
    /// The policy, as the service takes it.
    pub policy: Value,
}

/// The policies that registries need whose account differs from a source's, one for all registries with the same sources:
/// a registry's policy reaches no other registry, so its resource may be `*`. A registry that has a policy of its own is
/// judged by that.
pub fn needed<'a>(
    cloud: &Cloud,
    registries: &[RegistrySettings],
    rules: impl Iterator<Item = &'a (RegistryId, ReplicationRule)>,
) -> Vec<Needed> {
    let mut sources: BTreeMap<RegistryId, BTreeSet<&str>> = BTreeMap::new();
    for (from, rule) in rules {
        let source = cloud.registry(*from).account;
        let open = |to: &RegistryId| registries[usize::from(to.0)].policy == RegistryPolicy::Open;
        for to in rule.destinations.iter().filter(|to| cloud.registry(**to).account != source && open(to)) {
            sources.entry(*to).or_default().insert(&cloud.accounts[usize::from(source.0)].id);
        }
    }
    let mut same: BTreeMap<BTreeSet<&str>, Vec<RegistryId>> = BTreeMap::new();
    for (to, sources) in sources {
        same.entry(sources).or_default().push(to);
    }
    let policy = |(sources, registries): (BTreeSet<&str>, Vec<RegistryId>)| {
        let partition = cloud.partition(cloud.registry(registries[0]).region).name();
        Needed { registries, policy: policy(partition, &sources) }
    };
    same.into_iter().map(policy).collect()
}

/// A policy that lets these accounts copy images in and make repositories.
pub fn policy(partition: &str, sources: &BTreeSet<&str>) -> Value {
    let principals: Vec<String> = sources.iter().map(|id| format!("arn:{partition}:iam::{id}:root")).collect();
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": "ReplicationFromOtherAccounts",
            "Effect": "Allow",
            "Principal": { "AWS": principals },
            "Action": [CREATE_REPOSITORY, REPLICATE_IMAGE],
            "Resource": "*",
        }],
    })
}
