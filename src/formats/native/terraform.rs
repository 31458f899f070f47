//! `terraform show -json` of a plan or a state: the resources of ECR, those of modules included.
//!
//! A plan leaves out what is known only after it is applied; `after_unknown` says where. The region of a resource is its
//! own `region`, the one in its ARN, or its provider's when that is written out.

use std::collections::HashMap;
use std::ops::Range;

use super::cloudformation::{MutabilityKeys, applied, lifecycle_text, mutability, push_template};
use super::{CacheRule, Gathered, Home, Json, NativeLifecycle, NativeRepository, Replication, Value, inner};
use crate::formats::replication::{self, TERRAFORM};
use crate::formats::strict::{Placed, Strict};

mod providers;

const MUTABILITY_KEYS: MutabilityKeys =
    ["image_tag_mutability", "image_tag_mutability_exclusion_filter", "filter", "filter_type"];

/// Resources that are read, and their arguments that are.
const READ: [(&str, &[&str]); 6] = [
    ("aws_ecr_replication_configuration", &["replication_configuration"]),
    ("aws_ecr_repository", &["name", "image_tag_mutability", "image_tag_mutability_exclusion_filter"]),
    ("aws_ecr_lifecycle_policy", &["repository", "policy"]),
    ("aws_ecr_registry_policy", &["policy"]),
    (
        "aws_ecr_pull_through_cache_rule",
        &["ecr_repository_prefix", "upstream_registry_url", "upstream_repository_prefix"],
    ),
    (
        "aws_ecr_repository_creation_template",
        &["prefix", "applied_for", "image_tag_mutability", "image_tag_mutability_exclusion_filter", "lifecycle_policy"],
    ),
];

/// A resource and what is known of it elsewhere in the file.
struct Resource<'j> {
    address: &'j str,
    values: &'j Json,
    home: Home,
}

/// Reads a plan or a state.
pub fn read(json: &Json, gathered: &mut Gathered<'_>) {
    let Some(values) = json.get("planned_values").or_else(|| json.get("values")) else {
        gathered.wrong(&(json.span.start..json.span.start + 1), "nothing is planned, or there: no resources", "");
        return;
    };
    let unknown = unknowns(json);
    let mut found = 0;
    if let Some(root) = values.get("root_module") {
        module(root, json, &unknown, &mut found, gathered);
    }
    if found == 0 && gathered.problems.is_empty() {
        gathered.wrong(&values.span, "no resource here is of ECR (`aws_ecr_..`)", "");
    }
}

/// By address: what is known after apply only.
fn unknowns(json: &Json) -> HashMap<&str, &Json> {
    let changes = items(json.get("resource_changes"));
    let change = |one: &'_ Json| one.get("change").and_then(|change| change.get("after_unknown")).is_some();
    changes
        .iter()
        .filter(|one| change(one))
        .filter_map(|one| Some((text(one.get("address")?)?, one.get("change")?.get("after_unknown")?)))
        .collect()
}

fn items(json: Option<&Json>) -> &[Json] {
    match json.map(|json| &json.value) {
        Some(Value::List(items)) => items,
        _ => &[],
    }
}

fn text(json: &Json) -> Option<&str> {
    match &json.value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

/// Reads a module and those in it; a file is nested so deeply only as its reader lets it be.
fn module(json: &Json, file: &Json, unknown: &HashMap<&str, &Json>, found: &mut usize, gathered: &mut Gathered<'_>) {
    for one in items(json.get("resources")) {
        let word = |key: &str| one.get(key).and_then(text).unwrap_or_default();
        let (kind, address) = (word("type"), word("address"));
        if !kind.starts_with("aws_ecr_") || word("mode") == "data" {
            continue;
        }
        *found += 1;
        let Some((_, arguments)) = READ.iter().find(|(known, _)| *known == kind) else {
            let label = match kind {
                "aws_ecr_repository_policy" => "who may push and pull is not modelled",
                _ => "",
            };
            gathered.warn(&one.span, format!("`{address}` is left out: {kind} is not read"), label);
            continue;
        };
        let Some(values) = one.get("values") else {
            gathered.wrong(&one.span, format!("`{address}` has no `values`"), "");
            continue;
        };
        if let Some(unknown) = unknown.get(address) {
            let holes = holes(unknown, arguments);
            if !holes.is_empty() {
                for hole in holes {
                    let message = format!("`{hole}` of `{address}` is known after apply only");
                    gathered.wrong(&place(one), message, "apply first, and give the state");
                }
                continue;
            }
        }
        let region = values.get("region").and_then(placed).or_else(|| of_arn(values));
        let region = region.or_else(|| providers::region(file, address).as_ref().and_then(placed));
        let home = Home { account: values.get("registry_id").and_then(placed), region };
        resource(kind, &Resource { address, values, home }, gathered);
    }
    for child in items(json.get("child_modules")) {
        module(child, file, unknown, found, gathered);
    }
}

/// Where a resource is named: a whole resource is too much to show.
fn place(resource: &Json) -> Range<usize> {
    resource.get("address").map_or(resource.span.clone(), |address| address.span.clone())
}

fn placed(json: &Json) -> Option<Placed<String>> {
    text(json).filter(|text| !text.is_empty()).map(|text| Placed { value: text.into(), span: json.span.clone() })
}

/// The region in a resource's ARN.
fn of_arn(values: &Json) -> Option<Placed<String>> {
    let arn = values.get("arn")?;
    let region = text(arn)?.split(':').nth(3).filter(|region| !region.is_empty())?;
    Some(Placed { value: region.into(), span: arn.span.clone() })
}

/// Paths of arguments that are known after apply only.
fn holes(unknown: &Json, arguments: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for argument in arguments {
        if let Some(json) = unknown.get(argument) {
            collect(json, argument.to_string(), &mut found);
        }
    }
    found
}

fn collect(json: &Json, path: String, found: &mut Vec<String>) {
    match &json.value {
        Value::Bool(true) => found.push(path),
        Value::List(items) => {
            for (index, item) in items.iter().enumerate() {
                collect(item, format!("{path}[{index}]"), found);
            }
        }
        Value::Object(members) => {
            for member in members {
                collect(&member.value, format!("{path}.{}", member.key), found);
            }
        }
        _ => {}
    }
}

fn resource(kind: &str, one: &Resource<'_>, gathered: &mut Gathered<'_>) {
    let values = one.values;
    let mut strict = Strict::new("the provider's schema");
    strict.within(one.address);
    match kind {
        "aws_ecr_replication_configuration" => {
            gathered.keep(strict.finish());
            rules(one, gathered);
        }
        "aws_ecr_repository" => {
            let name = needed(values, "name", &mut strict);
            let mutability = mutability(values, &MUTABILITY_KEYS, &mut strict);
            gathered.keep(strict.finish());
            if let Some(name) = name {
                gathered.native.repositories.push(NativeRepository { home: one.home.clone(), name, mutability });
            }
        }
        "aws_ecr_lifecycle_policy" => {
            let repository = needed(values, "repository", &mut strict);
            let policy = needed(values, "policy", &mut strict).and(values.get("policy"));
            gathered.keep(strict.finish());
            if let Some((text, policy)) = policy.and_then(|value| lifecycle_text(value, gathered)) {
                let (home, span) = (one.home.clone(), values.span.clone());
                gathered.native.lifecycles.push(NativeLifecycle { home, repository, span, text, policy });
            }
        }
        "aws_ecr_registry_policy" => {
            let policy = needed(values, "policy", &mut strict).and(values.get("policy"));
            gathered.keep(strict.finish());
            let document = policy.map(|value| inner::document(gathered.text, value).map_err(|problem| vec![problem]));
            if let Some(document) = document.and_then(|document| gathered.keep(document)) {
                gathered.policy(&document, one.home.clone());
            }
        }
        "aws_ecr_pull_through_cache_rule" => {
            let prefix = needed(values, "ecr_repository_prefix", &mut strict);
            let upstream = needed(values, "upstream_registry_url", &mut strict);
            let upstream_prefix = values.get("upstream_repository_prefix").and_then(placed);
            gathered.keep(strict.finish());
            if let (Some(prefix), Some(upstream)) = (prefix, upstream) {
                let (home, span) = (one.home.clone(), values.span.clone());
                gathered.native.caches.push(CacheRule { home, span, prefix, upstream, upstream_prefix });
            }
        }
        _ => {
            let prefix = needed(values, "prefix", &mut strict);
            let applied = applied(values.get("applied_for"), "applied_for", &mut strict);
            let mutability = mutability(values, &MUTABILITY_KEYS, &mut strict);
            gathered.keep(strict.finish());
            let written =
                values.get("lifecycle_policy").filter(|value| text(value).is_some_and(|text| !text.is_empty()));
            let lifecycle = written.and_then(|value| lifecycle_text(value, gathered));
            push_template(one.home.clone(), values, prefix, applied, mutability, lifecycle, gathered);
        }
    }
}

/// A text that a resource must have.
fn needed(values: &Json, key: &str, strict: &mut Strict) -> Option<Placed<String>> {
    match values.get(key) {
        Some(node) if node.value != Value::Null => strict.text(node, key),
        _ => {
            strict.problem(&values.span, format!("`{key}` is missing"), "the provider's schema");
            None
        }
    }
}

/// The one block of a replication configuration; without any, there are no rules.
fn rules(one: &Resource<'_>, gathered: &mut Gathered<'_>) {
    let (home, span) = (one.home.clone(), one.values.span.clone());
    match items(one.values.get("replication_configuration")) {
        [] => gathered.native.replications.push(Replication { home, span, rules: Vec::new() }),
        [block] => {
            if let Some(rules) = gathered.keep(replication::judge(block, &TERRAFORM)) {
                gathered.native.replications.push(Replication { home, span: block.span.clone(), rules });
            }
        }
        [_, second, ..] => gathered.wrong(&second.span, "a registry has one replication configuration", "fact A1"),
    }
}
