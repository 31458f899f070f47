//! The service's own files: replication configurations, lifecycle policies, cache rules.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::words::{address, file_of, slug};
use crate::cloud::RegistryId;
use crate::engine::Model;
use crate::registry::{Count, LifecycleAction, LifecyclePolicy, ReplicationRule, Selection, StorageClass};
use crate::report::write::File;
use crate::scenario::Scenario;
use crate::study::optimize::Optimum;
use crate::study::optimize::ways::{ROOT, Way, homes};

#[derive(Serialize)]
struct Configuration {
    rules: Vec<Rule>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    destinations: Vec<Destination>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    repository_filters: Vec<RepositoryFilter>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delete_replication: Option<Enabled>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Destination {
    region: String,
    registry_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RepositoryFilter {
    filter: String,
    filter_type: &'static str,
}

#[derive(Serialize)]
struct Enabled {
    enabled: bool,
}

#[derive(Serialize)]
struct Policy {
    rules: Vec<PolicyRule>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PolicyRule {
    rule_priority: u32,
    description: String,
    selection: PolicySelection,
    action: Action,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PolicySelection {
    tag_status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tag_prefix_list: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tag_pattern_list: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    storage_class: Option<&'static str>,
    count_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    count_unit: Option<&'static str>,
    count_number: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Action {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    target_storage_class: Option<&'static str>,
}

/// A cache rule, and the registry to make it in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CacheRule {
    /// Where.
    pub region: String,
    /// Where: twelve digits.
    pub account: String,
    /// What `create-pull-through-cache-rule` takes.
    pub input: CacheInput,
}

/// The parameters of a cache rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CacheInput {
    /// Names in the cache begin so; `ROOT` = any.
    pub ecr_repository_prefix: String,
    /// The upstream registry's host.
    pub upstream_registry_url: String,
    /// `ecr`.
    pub upstream_registry: &'static str,
    /// The registry that caches.
    pub registry_id: String,
    /// For an upstream in another account (A83); the name is a proposal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_role_arn: Option<String>,
    /// Names at the upstream begin so.
    pub upstream_repository_prefix: String,
}

fn pretty(value: &impl Serialize) -> Vec<u8> {
    // Plain structs of texts and numbers always have a JSON form.
    let mut bytes = serde_json::to_vec_pretty(value).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

/// The file of a home registry's rules: `replication.json` for the first, the registry's name in the others'.
pub fn replication_file(model: &Model, home: RegistryId) -> String {
    match homes(model).first() {
        Some(first) if *first != home => format!("replication-{}.json", slug(model, home)),
        _ => "replication.json".into(),
    }
}

/// A replication configuration for every registry that is a home.
pub fn replication(scenario: &Scenario, optimum: &Optimum) -> Vec<File> {
    let model = &scenario.model;
    let of = |home: RegistryId| {
        let own = optimum.plan.rules.iter().filter(|(from, _)| *from == home);
        let rules = own.map(|(_, rule)| self::rule(model, rule)).collect();
        File { name: replication_file(model, home), bytes: pretty(&Configuration { rules }) }
    };
    let files: Vec<File> = homes(model).into_iter().map(of).collect();
    if files.is_empty() {
        let none = Configuration { rules: Vec::new() };
        return vec![File { name: "replication.json".into(), bytes: pretty(&none) }];
    }
    files
}

fn rule(model: &Model, rule: &ReplicationRule) -> Rule {
    let destination = |to: &RegistryId| {
        let (region, account) = address(model, *to);
        Destination { region: region.into(), registry_id: account.into() }
    };
    let filter = |prefix: &String| RepositoryFilter { filter: prefix.clone(), filter_type: "PREFIX_MATCH" };
    Rule {
        destinations: rule.destinations.iter().map(destination).collect(),
        repository_filters: rule.prefixes.iter().map(filter).collect(),
        delete_replication: rule.deletes.then_some(Enabled { enabled: true }),
    }
}

/// The lifecycle policies of all templates in registries whose templates change.
pub fn lifecycles(scenario: &Scenario, optimum: &Optimum) -> Vec<File> {
    let mut files = Vec::new();
    for registry in optimum.plan.registries() {
        for template in optimum.plan.templates(&scenario.model, registry) {
            if let Some(policy) = &template.lifecycle {
                let name = file_of(&scenario.model, registry, &template.prefix);
                files.push(File { name, bytes: pretty(&self::policy(policy)) });
            }
        }
    }
    files
}

/// A lifecycle policy as compact JSON, for Terraform.
pub fn policy_text(policy: &LifecyclePolicy) -> String {
    String::from_utf8(pretty(&self::policy(policy))).unwrap_or_default()
}

fn policy(policy: &LifecyclePolicy) -> Policy {
    let rules = policy.rules.iter().map(|rule| {
        let (tag_status, tag_prefix_list, tag_pattern_list) = match &rule.selection {
            Selection::Any => ("any", None, None),
            Selection::Untagged => ("untagged", None, None),
            Selection::Prefixes(prefixes) => ("tagged", Some(prefixes.clone()), None),
            Selection::Patterns(patterns) => {
                ("tagged", None, Some(patterns.iter().flat_map(|one| one.0.clone()).collect()))
            }
        };
        let (count_type, count_number) = match rule.count {
            Count::MoreThan(count) => ("imageCountMoreThan", count),
            Count::DaysSincePush(days) => ("sinceImagePushed", days),
            Count::DaysSincePull(days) => ("sinceImagePulled", days),
            Count::DaysSinceTransition(days) => ("sinceImageTransitioned", days),
        };
        let in_days = !matches!(rule.count, Count::MoreThan(_));
        let (action, target) = match rule.action {
            LifecycleAction::Expire => ("expire", None),
            LifecycleAction::Archive => ("transition", Some("archive")),
        };
        let description = match rule.count {
            Count::DaysSincePush(days) => format!("{action} images {days} days after they came"),
            Count::MoreThan(count) => format!("{action} all but the {count} youngest images"),
            _ => format!("{action} images"),
        };
        PolicyRule {
            rule_priority: rule.priority,
            description,
            selection: PolicySelection {
                tag_status,
                tag_prefix_list,
                tag_pattern_list,
                storage_class: (rule.class == StorageClass::Archive).then_some("archive"),
                count_type,
                count_unit: in_days.then_some("days"),
                count_number,
            },
            action: Action { r#type: action, target_storage_class: target },
        }
    });
    Policy { rules: rules.collect() }
}

/// The cache rules that are needed. With one upstream a registry takes all names from it; with several, names are told
/// apart by what stands before their first `/`.
pub fn cache_rules(scenario: &Scenario, optimum: &Optimum) -> Vec<CacheRule> {
    let model = &scenario.model;
    let mut wanted: BTreeMap<RegistryId, BTreeSet<(RegistryId, String)>> = BTreeMap::new();
    for (index, cell) in optimum.cells.cells.iter().enumerate().filter(|(_, cell)| cell.runs) {
        if let Way::Cache(_) = optimum.plan.way(model, &optimum.cells, index) {
            let repository = &model.demand.repositories[cell.repository as usize];
            let space = repository.name.split_once('/').map_or(ROOT, |(space, _)| space);
            wanted.entry(cell.destination).or_default().insert((repository.home, space.into()));
        }
    }
    let mut rules = Vec::new();
    for (destination, spaces) in wanted {
        let upstreams: BTreeSet<RegistryId> = spaces.iter().map(|(home, _)| *home).collect();
        let spaces: BTreeSet<(RegistryId, String)> = match upstreams.len() {
            1 => upstreams.into_iter().map(|home| (home, ROOT.into())).collect(),
            _ => spaces,
        };
        for (home, prefix) in spaces {
            let ((region, account), (from, owner)) = (address(model, destination), address(model, home));
            let role = format!("arn:aws:iam::{account}:role/ecr-pull-through-cache");
            rules.push(CacheRule {
                region: region.into(),
                account: account.into(),
                input: CacheInput {
                    ecr_repository_prefix: prefix.clone(),
                    upstream_registry_url: format!("{owner}.dkr.ecr.{from}.amazonaws.com"),
                    upstream_registry: "ecr",
                    registry_id: account.into(),
                    custom_role_arn: (account != owner).then_some(role),
                    upstream_repository_prefix: prefix,
                },
            });
        }
    }
    rules
}

/// `pull-through-cache.json`.
pub fn caches(scenario: &Scenario, optimum: &Optimum) -> File {
    File { name: "pull-through-cache.json".into(), bytes: pretty(&cache_rules(scenario, optimum)) }
}
