//! `[accounts]` and `[[registries]]`: who owns registries, and how they are set.

use std::collections::HashSet;

use super::lifecycle;
use super::native;
use super::repositories::Estate;
use crate::cloud::{Account, RegistryId};
use crate::formats::{self, Problem};
use crate::registry::names::validate_repository;
use crate::registry::policy::{RegistryPolicy, reaches};
use crate::registry::{CreationTemplate, Mutability, Patterns, RegistrySettings, Scanning};
use crate::scenario::diagnostics::{Finding, findings};
use crate::scenario::tree::{Node, Value};
use crate::scenario::values::{Reading, elements, one_or_many};

/// The account of a scenario that names none.
const LONE_ACCOUNT: (&str, &str) = ("main", "000000000001");
/// The most accounts of a group.
const MOST_ACCOUNTS: u32 = 5_000;
/// The most patterns of tags for which the opposite of the mutability holds (A27).
const MOST_EXCEPTIONS: usize = 5;

/// Reads `[accounts]`.
pub fn accounts(r: &mut Reading<'_>, root: &Node) {
    let mut accounts: Vec<Account> = Vec::new();
    for entry in root.get("accounts").map(Node::entries).unwrap_or_default() {
        let node = &entry.node;
        let members = match &node.value {
            Value::Table(_) => group(r, &entry.key, node),
            _ => r
                .text(node, "an account id of 12 digits, in quotes")
                .map(str::to_string)
                .filter(|id| is_id(r, node, id))
                .map(|id| vec![(entry.key.clone(), id)])
                .unwrap_or_default(),
        };
        for (name, id) in members {
            if let Some(other) = accounts.iter().find(|account| account.id == id) {
                let message = format!("accounts `{}` and `{name}` have the same id {id}", other.name);
                r.error(&node.origin, message, "");
            }
            if accounts.iter().any(|account| account.name == name) {
                r.error(&entry.key_origin, format!("account `{name}` is there twice"), "");
            }
            accounts.push(Account { name, id });
        }
    }
    if accounts.is_empty() {
        accounts.push(Account { name: LONE_ACCOUNT.0.into(), id: LONE_ACCOUNT.1.into() });
    }
    r.places.accounts = accounts;
}

fn is_id(r: &mut Reading<'_>, node: &Node, id: &str) -> bool {
    let good = id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit());
    if !good {
        r.error(&node.origin, format!("an account id has 12 digits, `{id}` has not"), "fact A8");
    }
    good
}

/// `{ count, first }`: consecutive ids.
fn group(r: &mut Reading<'_>, name: &str, node: &Node) -> Vec<(String, String)> {
    let count = r.needed(node, "count", "a group of accounts").and_then(|n| r.count_up_to(n, 1, MOST_ACCOUNTS));
    let first = r.needed(node, "first", "a group of accounts");
    let first = first.and_then(|n| r.text(n, "an account id of 12 digits, in quotes").map(|id| (n, id.to_string())));
    let (Some(count), Some((first_node, first))) = (count, first) else { return Vec::new() };
    if !is_id(r, first_node, &first) {
        return Vec::new();
    }
    let first: u64 = first.parse().unwrap_or_default();
    if first + u64::from(count) > 1_000_000_000_000 {
        r.error(&first_node.origin, format!("the ids of {count} accounts from here on have more than 12 digits"), "");
    }
    members(name, count).into_iter().zip(first..).map(|(name, id)| (name, format!("{id:012}"))).collect()
}

/// `NAME-01` to `NAME-40`: as many digits as the count has, at least two.
pub fn members(name: &str, count: u32) -> Vec<String> {
    let width = count.to_string().len().max(2);
    (1..=count).map(|number| format!("{name}-{number:0width$}")).collect()
}

/// The settings of every registry named so far and of those declared here, by id.
pub fn registries(r: &mut Reading<'_>, root: &Node, estate: &Estate) -> Vec<RegistrySettings> {
    let declared: Vec<(&Node, Vec<usize>)> = elements(root, "registries")
        .into_iter()
        .map(|element| {
            let ids = element.get("registry").map(|node| r.registries(node)).unwrap_or_default();
            (element, ids.into_iter().map(|wanted| usize::from(wanted.registry.0)).collect())
        })
        .collect();
    let mut settings = vec![RegistrySettings::default(); r.places.registries.len()];
    for (element, ids) in declared {
        let mutability = mutability(r, element);
        let templates = element.get("templates").map(|list| {
            one_or_many(list).iter().filter_map(|template| self::template(r, template, &ids)).collect::<Vec<_>>()
        });
        let mounting = r.optional(element, "blob_mounting", |r, n| r.flag(n));
        let words = [("none", Scanning::None), ("basic", Scanning::Basic), ("enhanced", Scanning::Enhanced)];
        let scanning = r.optional(element, "scanning", |r, n| r.word(n, &words));
        let policy = policy(r, element, &ids);
        let repositories = repositories(r, element);
        let enabled = r.optional(element, "region_enabled", |r, n| r.flag(n));
        for id in ids {
            let settings = &mut settings[id];
            if let Some(mutability) = &mutability {
                settings.mutability = mutability.clone();
            }
            if let Some(templates) = &templates {
                settings.templates = templates.clone();
            }
            settings.blob_mounting = mounting.unwrap_or(settings.blob_mounting);
            settings.scanning = scanning.unwrap_or(settings.scanning);
            settings.region_enabled = enabled.unwrap_or(settings.region_enabled);
            if let Some(policy) = &policy {
                settings.policy = policy.clone();
            }
            if let Some(repositories) = &repositories {
                settings.repositories = repositories.clone();
            }
        }
    }
    for (repository, origin) in estate.repositories.iter().zip(&estate.origins) {
        if !settings[usize::from(repository.home.0)].region_enabled {
            let name = r.places.name(repository.home);
            let message = format!("`{}` is at home in {name}, whose region is not enabled", repository.name);
            r.error(origin, message, "nothing can be pushed there (fact A37)");
        }
    }
    for (home, name, policy) in &estate.lifecycle {
        settings[usize::from(home.0)].lifecycle.push((name.clone(), policy.clone()));
    }
    for (home, name, mutability) in &estate.mutability {
        settings[usize::from(home.0)].home_mutability.push((name.clone(), mutability.clone()));
    }
    for settings in &mut settings {
        settings.lifecycle.sort_by(|a, b| a.0.cmp(&b.0));
        settings.home_mutability.sort_by(|a, b| a.0.cmp(&b.0));
    }
    settings
}

/// What other accounts may do in these registries: everything, nothing, or what a file says.
fn policy(r: &mut Reading<'_>, element: &Node, ids: &[usize]) -> Option<RegistryPolicy> {
    let node = element.get("policy")?;
    match node.text() {
        Some("allow") => return Some(RegistryPolicy::Open),
        Some("none") => return Some(RegistryPolicy::Statements(Vec::new())),
        _ => {}
    }
    let file = r.file(node)?;
    let policy = match native::policy(r, &file, ids) {
        Some(policy) => policy?,
        None => match formats::policy::read(&file.text) {
            Ok(policy) => policy,
            Err(problems) => {
                let long = |problem: &Problem| (problem.label == "fact A34").then_some(&findings::POLICY_TOO_LONG);
                r.found_in(&file, problems, long);
                return None;
            }
        },
    };
    r.found_in(&file, policy.warnings, |problem| Some(policy_finding(problem)));
    for resource in policy.resources {
        let here = |id: &usize| {
            let (partition, region, account) = r.places.address(RegistryId(*id as u16));
            reaches(&resource.value, partition, region, account)
        };
        if !ids.iter().any(here) {
            let origin = r.place(&file, resource.span);
            let name = element.get("registry").and_then(Node::text).unwrap_or_default();
            let message = format!("`{}` names nothing in {name}", resource.value);
            let label = "a policy reaches the registry that it is applied to";
            r.found(&findings::POLICY_ELSEWHERE, &origin, message, label);
        }
    }
    Some(RegistryPolicy::Statements(policy.statements))
}

/// What a warning of the reader of policies is about, by what it knows at the place.
fn policy_finding(problem: &Problem) -> &'static Finding {
    match problem.label.as_str() {
        "the reading that is safe to plan with" => &findings::POLICY_NOT_JUDGED,
        label if label.starts_with("copies come from the account's") => &findings::PRINCIPAL_NOT_ACCOUNT,
        _ => &findings::ACTION_UNKNOWN,
    }
}

/// Repositories that are there from the start.
fn repositories(r: &mut Reading<'_>, element: &Node) -> Option<Vec<String>> {
    let list = element.get("repositories")?;
    let mut names: Vec<String> = Vec::new();
    let mut known = HashSet::new();
    for item in one_or_many(list) {
        let Some(name) = r.text(item, "a repository's name") else { continue };
        if let Err(error) = validate_repository(name) {
            r.error(&item.origin, format!("`{name}` is no repository name: {error}"), "");
        } else if known.insert(name) {
            names.push(name.to_string());
        } else {
            r.error(&item.origin, format!("`{name}` is there twice"), "");
        }
    }
    Some(names)
}

/// `mutability` and `mutability_except`, if either is written.
pub fn mutability(r: &mut Reading<'_>, table: &Node) -> Option<Mutability> {
    if table.get("mutability").is_none() && table.get("mutability_except").is_none() {
        return None;
    }
    let immutable = r.or(table, "mutability", false, |r, n| r.word(n, &[("mutable", false), ("immutable", true)]));
    let except = r.or(table, "mutability_except", Patterns(Vec::new()), |r, n| {
        let patterns = r.patterns(n)?;
        if patterns.0.len() > MOST_EXCEPTIONS {
            let message = format!("{} patterns; the service takes at most {MOST_EXCEPTIONS}", patterns.0.len());
            r.error(&n.origin, message, "fact A27");
        }
        Some(patterns)
    });
    Some(Mutability { immutable, except })
}

fn template(r: &mut Reading<'_>, table: &Node, ids: &[usize]) -> Option<CreationTemplate> {
    let prefix = r.needed(table, "prefix", "a template")?;
    let prefix = r.text(prefix, "a prefix such as \"prod\", or \"ROOT\"")?.trim_end_matches('/').to_string();
    let mut targets = (true, true);
    if let Some(list) = table.get("for") {
        let words = [("replication", (true, false)), ("pull-through-cache", (false, true))];
        let chosen: Vec<(bool, bool)> = one_or_many(list).iter().filter_map(|n| r.word(n, &words)).collect();
        if chosen.is_empty() {
            r.error(
                &list.origin,
                "a template for nothing has no effect",
                "one or both of: replication, pull-through-cache",
            );
        }
        targets = chosen.iter().fold((false, false), |sum, one| (sum.0 || one.0, sum.1 || one.1));
    }
    let home = match ids {
        [one] => Some(RegistryId(*one as u16)),
        _ => None,
    };
    let lifecycle = table.get("lifecycle").and_then(|node| lifecycle::lifecycle(r, node, &prefix, home));
    Some(CreationTemplate {
        prefix,
        mutability: mutability(r, table),
        lifecycle,
        for_replication: targets.0,
        for_cache: targets.1,
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::values::testing::read;
    use super::*;

    #[test]
    fn a_group_of_accounts_has_consecutive_ids() {
        let text = "[accounts]\nplatform = \"111122223333\"\nbu = { count = 15, first = \"300000000001\" }\n";
        let (accounts, problems) = read(text, "2026-01-01T00:00:00Z", 1, |r, root| {
            accounts(r, root);
            r.places.accounts.clone()
        });
        assert!(problems.is_empty());
        assert_eq!(accounts.len(), 16);
        assert_eq!((accounts[1].name.as_str(), accounts[1].id.as_str()), ("bu-01", "300000000001"));
        assert_eq!((accounts[15].name.as_str(), accounts[15].id.as_str()), ("bu-15", "300000000015"));
    }

    #[test]
    fn ids_have_twelve_digits_and_belong_to_one() {
        let text = "[accounts]\na = \"11112222333\"\nb = \"111122223333\"\nc = \"111122223333\"\n";
        let ((), problems) = read(text, "2026-01-01T00:00:00Z", 1, accounts);
        let messages: Vec<&str> = problems.iter().map(|(message, ..)| message.as_str()).collect();
        assert_eq!(
            messages,
            [
                "an account id has 12 digits, `11112222333` has not",
                "accounts `b` and `c` have the same id 111122223333"
            ]
        );
    }

    #[test]
    fn members_are_numbered_from_one() {
        assert_eq!(members("api", 3), ["api-01", "api-02", "api-03"]);
        assert_eq!(members("api", 100).last().map(String::as_str), Some("api-100"));
    }
}
