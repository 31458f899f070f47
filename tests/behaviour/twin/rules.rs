//! Replication rules, patterns and settings of repositories, read the slow and obvious way.

use std::collections::BTreeMap;

use replisim::cloud::RegistryId;
use replisim::registry::{
    CreatedBy, CreationTemplate, LifecyclePolicy, Mutability, Patterns, RegistrySettings, ReplicationRule,
};

/// Whole-text match; `*` is any run of characters.
pub fn glob(pattern: &[u8], text: &[u8]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some((b'*', rest)) => (0..=text.len()).any(|skip| glob(rest, &text[skip..])),
        Some((first, rest)) => text.first() == Some(first) && glob(rest, &text[1..]),
    }
}

/// In order; `!` takes away.
pub fn selects(patterns: &Patterns, name: &str) -> bool {
    let mut selected = false;
    for pattern in &patterns.0 {
        match pattern.strip_prefix('!') {
            Some(pattern) if glob(pattern.as_bytes(), name.as_bytes()) => selected = false,
            None if glob(pattern.as_bytes(), name.as_bytes()) => selected = true,
            _ => {}
        }
    }
    selected
}

/// Whether a tag may not move (A27).
pub fn freezes(mutability: &Mutability, tag: &str) -> bool {
    if selects(&mutability.except, tag) { !mutability.immutable } else { mutability.immutable }
}

/// Where the rules of a source send a repository's image with this tag, and whether deletions follow it (A12 to A15,
/// A41, O14).
pub fn destinations(
    rules: &[(RegistryId, ReplicationRule)],
    source: RegistryId,
    repository: &str,
    tag: Option<&str>,
) -> BTreeMap<RegistryId, bool> {
    let mut reached: BTreeMap<RegistryId, bool> = BTreeMap::new();
    for (from, rule) in rules {
        let begins = |prefix: &String| match rule.extension.wildcards {
            true => glob(format!("{prefix}*").as_bytes(), repository.as_bytes()),
            false => repository.as_bytes().starts_with(prefix.as_bytes()),
        };
        let by_name = rule.prefixes.is_empty() || rule.prefixes.iter().any(begins);
        let excepted = rule.extension.except.as_ref().is_some_and(|except| selects(except, repository));
        let by_tag = match (&rule.extension.tags, tag) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(tags), Some(tag)) => selects(tags, tag),
        };
        let by_status = rule.extension.tagged.is_none_or(|tagged| tagged == tag.is_some());
        if *from == source && by_name && !excepted && by_tag && by_status {
            for to in &rule.destinations {
                *reached.entry(*to).or_default() |= rule.deletes;
            }
        }
    }
    reached
}

/// Settings of a repository at its home.
pub fn at_home(settings: &RegistrySettings, name: &str) -> (Mutability, Option<LifecyclePolicy>) {
    let own = settings.home_mutability.iter().find(|(other, _)| other == name).map(|(_, own)| own);
    let lifecycle = settings.lifecycle.iter().find(|(other, _)| other == name).map(|(_, policy)| policy.clone());
    (own.unwrap_or(&settings.mutability).clone(), lifecycle)
}

/// Settings of a repository that the service makes (A38, A39): by the template with the longest prefix, if it is for
/// this purpose.
pub fn created(settings: &RegistrySettings, name: &str, by: CreatedBy) -> (Mutability, Option<LifecyclePolicy>) {
    let length = |template: &CreationTemplate| match template.prefix.as_str() {
        "ROOT" => Some(0),
        prefix => {
            let prefix = format!("{}/", prefix.trim_end_matches('/'));
            name.starts_with(&prefix).then_some(prefix.len())
        }
    };
    let longest = settings.templates.iter().filter_map(length).max();
    let template = settings.templates.iter().find(|template| length(template).is_some() && length(template) == longest);
    let template = template.filter(|template| match by {
        CreatedBy::Replication => template.for_replication,
        CreatedBy::Cache => template.for_cache,
    });
    match template {
        None => (settings.mutability.clone(), None),
        Some(template) => {
            let mutable = Mutability { immutable: false, except: Patterns(Vec::new()) };
            (template.mutability.clone().unwrap_or(mutable), template.lifecycle.clone())
        }
    }
}
