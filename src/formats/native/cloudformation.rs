//! CloudFormation templates, in JSON or YAML: the resources of ECR (A9).

use super::resolve::{Resolver, kind};
use super::{
    CacheRule, Gathered, Home, Json, NativeLifecycle, NativeRepository, NativeTemplate, Replication, Settings,
};
use super::{Value, inner};
use crate::formats::json::Member;
use crate::formats::replication::{self, CLOUDFORMATION};
use crate::formats::strict::{Placed, Strict};
use crate::registry::{Mutability, Patterns};

/// Mutabilities (A27): whether immutable, and whether with exceptions.
pub const MUTABILITIES: [(&str, (bool, bool)); 4] = [
    ("MUTABLE", (false, false)),
    ("IMMUTABLE", (true, false)),
    ("MUTABLE_WITH_EXCLUSION", (false, true)),
    ("IMMUTABLE_WITH_EXCLUSION", (true, true)),
];

/// What a template may be applied to, and whether that is replication, and whether a cache.
pub const APPLIED: [(&str, (bool, bool)); 3] =
    [("REPLICATION", (true, false)), ("PULL_THROUGH_CACHE", (false, true)), ("CREATE_ON_PUSH", (false, false))];

/// Resources that are read, and the properties of theirs that are not. Who may push and pull, how images are encrypted and scanned,
/// and what a rule logs in with is not modelled, so what such properties refer to need not be known.
const READ: [(&str, &[&str]); 5] = [
    ("AWS::ECR::ReplicationConfiguration", &[]),
    (
        "AWS::ECR::Repository",
        &["RepositoryPolicyText", "Tags", "ImageScanningConfiguration", "EncryptionConfiguration", "EmptyOnDelete"],
    ),
    ("AWS::ECR::RegistryPolicy", &[]),
    ("AWS::ECR::PullThroughCacheRule", &["CredentialArn", "CustomRoleArn"]),
    (
        "AWS::ECR::RepositoryCreationTemplate",
        &["RepositoryPolicy", "ResourceTags", "EncryptionConfiguration", "Description", "CustomRoleArn"],
    ),
];

/// Reads a template.
pub fn read(template: &Json, settings: &Settings, gathered: &mut Gathered<'_>) {
    if let Some(Value::Object(members)) = template.get("Parameters").map(|parameters| &parameters.value) {
        gathered.native.parameters = members.iter().map(|member| member.key.clone()).collect();
    }
    let Some(resources) = template.get("Resources") else {
        gathered.wrong(&template.span, "a template has `Resources`", "");
        return;
    };
    let Value::Object(members) = &resources.value else {
        gathered.wrong(&resources.span, format!("`Resources` is an object, found {}", resources.kind()), "");
        return;
    };
    let mut resolver = Resolver::new(template, settings, gathered);
    let mut known = false;
    for member in members {
        // A loop over something else is of no concern here.
        if member.key.starts_with("Fn::") && (!member.key.starts_with("Fn::ForEach::") || mentions(&member.value)) {
            let message = format!("`{}` is expanded at deployment, and not here", member.key);
            resolver.gathered.wrong(&member.key_span, message, "give the template that CloudFormation processed");
        }
        if kind(&member.value).starts_with("AWS::ECR::") {
            known = true;
            resource(member, &mut resolver);
        }
    }
    if !known && gathered.problems.is_empty() {
        gathered.wrong(&resources.span.clone(), "no resource of this template is of ECR (`AWS::ECR::..`)", "");
    }
}

/// A value without these members; one that a function makes is left as it is.
fn without(json: &Json, keys: &[&str]) -> Json {
    let value = match &json.value {
        Value::Object(members) if members.iter().all(|one| !one.key.starts_with("Fn::")) => {
            Value::Object(members.iter().filter(|one| !keys.contains(&&*one.key)).cloned().collect())
        }
        other => other.clone(),
    };
    Json { value, span: json.span.clone() }
}

/// Whether something in a value is of ECR's kind.
fn mentions(json: &Json) -> bool {
    match &json.value {
        Value::Text(text) => text.starts_with("AWS::ECR::"),
        Value::List(items) => items.iter().any(mentions),
        Value::Object(members) => members.iter().any(|member| mentions(&member.value)),
        _ => false,
    }
}

/// Reads a resource, unless its condition does not hold.
fn resource(member: &Member, resolver: &mut Resolver<'_, '_, '_>) {
    let kind = kind(&member.value);
    let Some((_, unread)) = READ.iter().find(|(known, _)| *known == kind) else {
        let message = format!("`{}` is left out: {kind} is not read", member.key);
        resolver.gathered.warn(&member.key_span, message, "");
        return;
    };
    if let Some(condition) = member.value.get("Condition") {
        let Value::Text(name) = &condition.value else {
            let message = format!("`Condition` is a string, found {}", condition.kind());
            resolver.gathered.wrong(&condition.span, message, "");
            return;
        };
        match resolver.condition(name, &condition.span) {
            Ok(true) => {}
            Ok(false) => {
                let message = format!("`{}` is left out: its condition `{name}` does not hold", member.key);
                resolver.gathered.warn(&member.key_span, message, "for these parameters");
                return;
            }
            // That has been said.
            Err(_) => return,
        }
    }
    let absent = Json { value: Value::Object(Vec::new()), span: member.key_span.clone() };
    let written = member.value.get("Properties").unwrap_or(&absent);
    let mut needed = without(written, unread);
    if let Value::Object(members) = &mut needed.value {
        // Whose registry it is, the template says already.
        let lifecycle = members.iter_mut().filter(|one| one.key == "LifecyclePolicy");
        lifecycle.for_each(|one| one.value = without(&one.value, &["RegistryId"]));
    }
    let Some(properties) = resolver.value(&needed) else { return };
    if written.get("RepositoryPolicyText").is_some() || written.get("RepositoryPolicy").is_some() {
        let message = format!("the repository policy of `{}` is left out", member.key);
        resolver.gathered.warn(&member.key_span, message, "who may push and pull is not modelled");
    }
    if properties.value == Value::Null && written.value != Value::Null {
        // That has been said.
        return;
    }
    let gathered = &mut *resolver.gathered;
    match kind {
        "AWS::ECR::ReplicationConfiguration" => replication(&properties, gathered),
        "AWS::ECR::Repository" => repository(member, &properties, gathered),
        "AWS::ECR::RegistryPolicy" => policy(&properties, gathered),
        "AWS::ECR::PullThroughCacheRule" => cache(&properties, gathered),
        _ => template(&properties, gathered),
    }
}

fn replication(properties: &Json, gathered: &mut Gathered<'_>) {
    let mut strict = Strict::new("fact A9");
    let key = "ReplicationConfiguration";
    strict.object(properties, "the configuration's properties", &[key], &[key]);
    gathered.keep(strict.finish());
    let Some(configuration) = properties.get(key) else { return };
    if let Some(rules) = gathered.keep(replication::judge(configuration, &CLOUDFORMATION)) {
        let span = configuration.span.clone();
        gathered.native.replications.push(Replication { home: Home::default(), span, rules });
    }
}

fn repository(member: &Member, properties: &Json, gathered: &mut Gathered<'_>) {
    let mut strict = Strict::new("the resource's schema");
    let known = ["RepositoryName", "ImageTagMutability", "ImageTagMutabilityExclusionFilters", "LifecyclePolicy"];
    strict.object(properties, "a repository", &known, &[]);
    let name = properties.get("RepositoryName").and_then(|name| strict.text(name, "RepositoryName"));
    let mutability = mutability(properties, &MUTABILITY_KEYS, &mut strict);
    let lifecycle = properties.get("LifecyclePolicy").and_then(|lifecycle| {
        strict.object(lifecycle, "`LifecyclePolicy`", &["LifecyclePolicyText"], &[]);
        lifecycle.get("LifecyclePolicyText")
    });
    gathered.keep(strict.finish());
    if properties.get("RepositoryName").is_none() {
        let message = format!("`{}` has no `RepositoryName`: it gets a name at deployment", member.key);
        gathered.wrong(&member.key_span, message, "give it one, so that rules can be held against it");
    }
    let Some(name) = name else { return };
    if let Some((text, policy)) = lifecycle.and_then(|value| lifecycle_text(value, gathered)) {
        let (home, span) = (Home::default(), properties.span.clone());
        let repository = Some(name.clone());
        gathered.native.lifecycles.push(NativeLifecycle { home, repository, span, text, policy });
    }
    gathered.native.repositories.push(NativeRepository { home: Home::default(), name, mutability });
}

/// A lifecycle policy that stands in a text.
pub fn lifecycle_text(value: &Json, gathered: &mut Gathered<'_>) -> Option<(String, crate::registry::LifecyclePolicy)> {
    if !matches!(value.value, Value::Text(_)) {
        gathered.wrong(&value.span, format!("a lifecycle policy is a string here, found {}", value.kind()), "");
        return None;
    }
    let document = gathered.keep(inner::document(gathered.text, value).map_err(|problem| vec![problem]))?;
    gathered.lifecycle(&document)
}

/// How a form calls mutability: the mode, the exceptions, and an exception's pattern and kind.
pub type MutabilityKeys = [&'static str; 4];

const MUTABILITY_KEYS: MutabilityKeys = [
    "ImageTagMutability",
    "ImageTagMutabilityExclusionFilters",
    "ImageTagMutabilityExclusionFilterValue",
    "ImageTagMutabilityExclusionFilterType",
];

/// Mutability and its exceptions (A27).
pub fn mutability(json: &Json, keys: &MutabilityKeys, strict: &mut Strict) -> Option<Mutability> {
    let [mode, exceptions, pattern, kind] = *keys;
    let mode_node = json.get(mode).filter(|node| node.value != Value::Null)?;
    let (immutable, excepting) = strict.word(mode_node, mode, &MUTABILITIES)?;
    let mut patterns = Vec::new();
    let list = json.get(exceptions).filter(|node| node.value != Value::Null);
    if let Some(list) = list {
        for item in strict.list(list, exceptions) {
            strict.object(item, "an exception", &[pattern, kind], &[pattern]);
            if let Some(node) = item.get(kind) {
                strict.word(node, kind, &[("WILDCARD", ())]);
            }
            patterns.extend(item.get(pattern).and_then(|node| strict.text(node, pattern)).map(|text| text.value));
        }
    }
    if excepting == patterns.is_empty() {
        let message = match excepting {
            true => format!("this mutability needs `{exceptions}`"),
            false => format!("`{exceptions}` goes with a mutability WITH_EXCLUSION"),
        };
        strict.problem(&mode_node.span, message, "fact A27");
    }
    Some(Mutability { immutable, except: Patterns(patterns) })
}

fn policy(properties: &Json, gathered: &mut Gathered<'_>) {
    let mut strict = Strict::new("the resource's schema");
    strict.object(properties, "a registry policy", &["PolicyText"], &["PolicyText"]);
    gathered.keep(strict.finish());
    let Some(text) = properties.get("PolicyText") else { return };
    let document = inner::document(gathered.text, text).map_err(|problem| vec![problem]);
    if let Some(document) = gathered.keep(document) {
        gathered.policy(&document, Home::default());
    }
}

fn cache(properties: &Json, gathered: &mut Gathered<'_>) {
    let mut strict = Strict::new("the resource's schema");
    let known = ["EcrRepositoryPrefix", "UpstreamRegistryUrl", "UpstreamRegistry", "UpstreamRepositoryPrefix"];
    strict.object(properties, "a cache rule", &known, &[]);
    let mut text = |key: &str| properties.get(key).and_then(|node| strict.text(node, key));
    let prefix = text("EcrRepositoryPrefix");
    let upstream = text("UpstreamRegistryUrl").or_else(|| text("UpstreamRegistry"));
    let upstream_prefix = text("UpstreamRepositoryPrefix");
    if properties.get("UpstreamRegistryUrl").is_none() && properties.get("UpstreamRegistry").is_none() {
        strict.problem(&properties.span, "a cache rule needs `UpstreamRegistryUrl`", "fact A83");
    }
    if properties.get("EcrRepositoryPrefix").is_none() {
        strict.problem(&properties.span, "a cache rule needs `EcrRepositoryPrefix`", "fact A83");
    }
    gathered.keep(strict.finish());
    if let (Some(prefix), Some(upstream)) = (prefix, upstream) {
        let (home, span) = (Home::default(), properties.span.clone());
        gathered.native.caches.push(CacheRule { home, span, prefix, upstream, upstream_prefix });
    }
}

fn template(properties: &Json, gathered: &mut Gathered<'_>) {
    let mut strict = Strict::new("the resource's schema");
    let known = ["Prefix", "AppliedFor", "ImageTagMutability", "ImageTagMutabilityExclusionFilters", "LifecyclePolicy"];
    strict.object(properties, "a creation template", &known, &["Prefix", "AppliedFor"]);
    let prefix = properties.get("Prefix").and_then(|node| strict.text(node, "Prefix"));
    let applied = applied(properties.get("AppliedFor"), "AppliedFor", &mut strict);
    let mutability = mutability(properties, &MUTABILITY_KEYS, &mut strict);
    gathered.keep(strict.finish());
    let lifecycle = properties.get("LifecyclePolicy").and_then(|value| lifecycle_text(value, gathered));
    push_template(Home::default(), properties, prefix, applied, mutability, lifecycle, gathered);
}

/// What a template is applied to (A38): replication, and caches.
pub fn applied(list: Option<&Json>, key: &str, strict: &mut Strict) -> (bool, bool) {
    let Some(list) = list else { return (false, false) };
    let words: Vec<(bool, bool)> =
        strict.list(list, key).iter().filter_map(|item| strict.word(item, key, &APPLIED)).collect();
    words.iter().fold((false, false), |sum, word| (sum.0 || word.0, sum.1 || word.1))
}

/// Keeps a template that is of use to a simulation.
pub fn push_template(
    home: Home,
    place: &Json,
    prefix: Option<Placed<String>>,
    (for_replication, for_cache): (bool, bool),
    mutability: Option<Mutability>,
    lifecycle: Option<(String, crate::registry::LifecyclePolicy)>,
    gathered: &mut Gathered<'_>,
) {
    let Some(prefix) = prefix else { return };
    let span = place.span.clone();
    if !for_replication && !for_cache {
        let message = format!("the template `{}` is left out: it is for pushes only", prefix.value);
        gathered.warn(&span, message, "repositories that a push makes are declared in a scenario (fact A38)");
        return;
    }
    let template = NativeTemplate { home, span, prefix, mutability, lifecycle, for_replication, for_cache };
    gathered.native.templates.push(template);
}
