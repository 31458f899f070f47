//! Replication rules: from clusters, written in the scenario, or the service's own file.
//!
//! What the service would refuse is refused here; what it would take and hardly be meant is the review's to say.

use std::collections::HashSet;

use super::clusters::Clusters;
use super::native;
use super::repositories::Estate;
use crate::cloud::{AccountId, RegistryId};
use crate::formats::Problem;
use crate::formats::replication::{self, MOST_FILTERS, refused_filter};
use crate::registry::names::validate_repository;
use crate::registry::{Extension, ReplicationRule, selected_by, validate_pattern};
use crate::scenario::diagnostics::{Finding, findings};
use crate::scenario::review::RuleOrigins;
use crate::scenario::tree::{Node, Origin, Value};
use crate::scenario::values::{Named, Reading, Wanted, listed_names, one_or_many};

/// Above so many rules of a registry `check` warns (A4).
const MANY_RULES: usize = 10;
/// The service takes no more rules (A4).
const MOST_RULES: usize = 25;
/// The service takes no more destinations over all rules of a registry (A5).
const MOST_DESTINATIONS: usize = 25;

/// A rule, its source, and the places of the rule, of its destinations and of its filters.
struct Placed {
    from: RegistryId,
    rule: ReplicationRule,
    places: RuleOrigins,
}

/// The rules of a strategy, each with its source registry, and where each is written.
pub fn rules(
    r: &mut Reading<'_>,
    strategy: &Node,
    estate: &Estate,
    clusters: &Clusters,
) -> (Vec<(RegistryId, ReplicationRule)>, Vec<RuleOrigins>) {
    let placed = match strategy.get("rules") {
        Some(node) if node.text() != Some("from-clusters") => match &node.value {
            Value::Text(_) => {
                let from = source(r, strategy, node, estate);
                from.map(|from| file(r, node, from)).unwrap_or_default()
            }
            _ => one_or_many(node).iter().flat_map(|rule| inline(r, rule, strategy, estate)).collect(),
        },
        _ => from_clusters(strategy, estate, clusters),
    };
    check(r, &placed, estate);
    placed.into_iter().map(|one| ((one.from, one.rule), one.places)).unzip()
}

/// One rule without filter for each home, to every other registry whose clusters run something of it.
fn from_clusters(strategy: &Node, estate: &Estate, clusters: &Clusters) -> Vec<Placed> {
    let mut placed = Vec::new();
    for home in estate.homes() {
        let mut destinations = Vec::new();
        for cluster in &clusters.list {
            let runs = cluster.runs.iter().any(|id| estate.repositories[id.0 as usize].home == home);
            if runs && cluster.registry != home && !destinations.contains(&cluster.registry) {
                destinations.push(cluster.registry);
            }
        }
        if !destinations.is_empty() {
            let origin = strategy.origin.clone();
            let origins = vec![origin.clone(); destinations.len()];
            let places = RuleOrigins { rule: origin, destinations: origins, filters: Vec::new(), is_written: false };
            placed.push(Placed { from: home, rule: plain_rule(destinations, Vec::new()), places });
        }
    }
    placed
}

fn plain_rule(destinations: Vec<RegistryId>, prefixes: Vec<String>) -> ReplicationRule {
    ReplicationRule { destinations, prefixes, deletes: false, extension: Extension::default() }
}

/// The source registry: as written, or the only home.
fn source(r: &mut Reading<'_>, table: &Node, place: &Node, estate: &Estate) -> Option<RegistryId> {
    if let Some(node) = table.get("from") {
        return r.registry(node);
    }
    match estate.homes().as_slice() {
        [home] => Some(*home),
        // Every repository was refused, and that has been said.
        [] if r.diagnostics.has_errors() => None,
        homes => {
            let names: Vec<String> = homes.iter().map(|home| r.places.name(*home)).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let label = format!("home registries: {}", listed_names(&names));
            r.error(&place.origin, "`from` is needed: there are several home registries", label);
            None
        }
    }
}

fn inline(r: &mut Reading<'_>, table: &Node, strategy: &Node, estate: &Estate) -> Vec<Placed> {
    let from =
        if table.get("from").is_some() { source(r, table, table, estate) } else { source(r, strategy, table, estate) };
    if let Some(path) = table.get("file") {
        return from.map(|from| file(r, path, from)).unwrap_or_default();
    }
    let to = r.needed(table, "to", "a rule").map(|node| r.registries(node)).unwrap_or_default();
    let (prefixes, filters, wildcards) = prefixes(r, table);
    let extension = Extension { wildcards, ..extension(r, table, estate) };
    let deletes = r.or(table, "deletes", false, |r, n| r.flag(n));
    let Some(from) = from else { return Vec::new() };
    // In a pattern, the rule's own registry is left out; written out, it is an error.
    let to: Vec<Wanted> = to.into_iter().filter(|one| !(one.pattern && one.registry == from)).collect();
    let destinations = to.iter().map(|one| one.registry).collect();
    let rule = ReplicationRule { destinations, prefixes, deletes, extension };
    let destinations = to.into_iter().map(|one| one.origin).collect();
    let places = RuleOrigins { rule: table.origin.clone(), destinations, filters, is_written: true };
    vec![Placed { from, rule, places }]
}

/// The prefixes of a rule, where each is written, and whether a `*` in them stands for any run of characters. Without the
/// extension the check of keys has refused a `*` already.
fn prefixes(r: &mut Reading<'_>, table: &Node) -> (Vec<String>, Vec<Origin>, bool) {
    let (mut prefixes, mut origins, mut wildcards) = (Vec::new(), Vec::new(), false);
    let Some(list) = table.get("prefixes") else { return (prefixes, origins, wildcards) };
    let items = one_or_many(list);
    if items.len() > MOST_FILTERS || items.is_empty() && r.is_clean() {
        let mend = if items.is_empty() { "; leave the key out to select every repository" } else { "" };
        let message = format!("{} filters; a rule takes 1 to {MOST_FILTERS}{mend}", items.len());
        r.found(&findings::FILTER_COUNT, &list.origin, message, "");
    }
    for item in items {
        let Some(text) = r.text(item, "a prefix such as \"prod/\"").map(str::to_string) else { continue };
        if text.contains('*') {
            wildcards = true;
            if text.trim_matches('*').is_empty() {
                let message = format!("invalid filter `{text}`: leave the prefixes out to select every repository");
                r.found(&findings::ILLEGAL_FILTER, &item.origin, message, "fact A13");
            } else if let Err(error) = validate_pattern(&text) {
                let message = format!("invalid filter `{text}`: {error}");
                r.found(&findings::ILLEGAL_FILTER, &item.origin, message, "");
            }
        } else if let Some(message) = refused_filter(&text) {
            r.found(&findings::ILLEGAL_FILTER, &item.origin, message, "");
        }
        prefixes.push(text);
        origins.push(item.origin.clone());
    }
    (prefixes, origins, wildcards)
}

/// What a rule asks for that the service cannot do.
fn extension(r: &mut Reading<'_>, table: &Node, estate: &Estate) -> Extension {
    let tags = r.optional(table, "tags", |r, n| r.patterns(n));
    let tagged = r.optional(table, "status", |r, n| r.word(n, &[("tagged", true), ("untagged", false)]));
    if let (Some(_), Some(false), Some(entry)) = (&tags, tagged, table.entry("status")) {
        r.error(&entry.key_origin, "an untagged image has none of the `tags`; keep one of the two", "");
    }
    let except = r.optional(table, "except", |r, n| r.patterns(n));
    if except.is_some() {
        let names = estate.names();
        r.selected(table, "except", Named { names: &names, groups: &[], one: "repository", plural: "repositories" });
    }
    let rename = r.optional(table, "rename", |r, n| {
        let text = r.text(n, "a name such as \"{name}-dr\"")?.to_string();
        if !text.contains("{name}") {
            r.error(&n.origin, "a new name holds `{name}`, the old one", "such as \"{name}-dr\"");
        } else if let Err(error) = validate_repository(&text.replace("{name}", "name")) {
            r.error(&n.origin, format!("`{text}` makes no repository names: {error}"), "such as \"{name}-dr\"");
        } else if text == "{name}" {
            let label = "copies keep their name without it";
            r.found(&findings::RENAME_WITHOUT_EFFECT, &n.origin, "this new name is the old one", label);
            return None;
        }
        Some(text)
    });
    Extension { tags, tagged, except, rename, wildcards: false }
}

fn file(r: &mut Reading<'_>, path: &Node, from: RegistryId) -> Vec<Placed> {
    let Some(file) = r.file(path) else { return Vec::new() };
    let rules = match native::rules(r, &file, from) {
        Some(rules) => rules,
        None => match replication::read(&file.text) {
            Ok(rules) => Some(rules),
            Err(problems) => {
                r.found_in(&file, problems, finding);
                None
            }
        },
    };
    let Some(rules) = rules else { return Vec::new() };
    let mut placed = Vec::new();
    for rule in rules {
        let (mut destinations, mut origins) = (Vec::new(), Vec::new());
        for destination in rule.destinations {
            let origin = r.place(&file, destination.span);
            let account = r.places.accounts.iter().position(|account| account.id == destination.account.value);
            let region_origin = r.place(&file, destination.region.span);
            let region = r.region_code(&region_origin, &destination.region.value);
            let Some(account) = account else {
                let known: Vec<String> =
                    r.places.accounts.iter().map(|account| format!("{} ({})", account.id, account.name)).collect();
                let known: Vec<&str> = known.iter().map(String::as_str).collect();
                let label = format!("accounts: {}", listed_names(&known));
                let place = r.place(&file, destination.account.span);
                r.error(&place, format!("no account has the id {}", destination.account.value), label);
                continue;
            };
            if let Some(region) = region {
                destinations.push(r.places.registry(AccountId(account as u16), region));
                origins.push(origin);
            }
        }
        let (prefixes, filters) =
            rule.prefixes.into_iter().map(|prefix| (prefix.value, r.place(&file, prefix.span))).unzip();
        let origin = r.place(&file, rule.span);
        let rule = ReplicationRule { deletes: rule.deletes, ..plain_rule(destinations, prefixes) };
        let places = RuleOrigins { rule: origin, destinations: origins, filters, is_written: true };
        placed.push(Placed { from, rule, places });
    }
    placed
}

/// Which finding a problem of the service's own file is, by the fact that it names.
fn finding(problem: &Problem) -> Option<&'static Finding> {
    let known =
        [&findings::ILLEGAL_FILTER, &findings::FILTER_TYPE, &findings::FILTER_COUNT, &findings::TOO_MANY_DESTINATIONS];
    known.into_iter().find(|finding| problem.label == format!("fact {}", finding.fact))
}

fn check(r: &mut Reading<'_>, placed: &[Placed], estate: &Estate) {
    let mut sources: Vec<RegistryId> = placed.iter().map(|one| one.from).collect();
    sources.sort();
    sources.dedup();
    for from in sources {
        let own: Vec<&Placed> = placed.iter().filter(|one| one.from == from).collect();
        let name = r.places.name(from);
        if own.len() > MOST_RULES {
            let message = format!("{} rules for {name}; the service takes at most {MOST_RULES}", own.len());
            r.found(&findings::TOO_MANY_RULES, &own[MOST_RULES].places.rule, message, "");
        } else if own.len() > MANY_RULES {
            let message = format!(
                "{} rules for {name}; the quota page says {MANY_RULES}, the newest interface {MOST_RULES}",
                own.len()
            );
            r.found(&findings::MANY_RULES, &own[MANY_RULES].places.rule, message, "");
        }
        let mut destinations: HashSet<RegistryId> = HashSet::new();
        for one in &own {
            for (to, origin) in one.rule.destinations.iter().zip(&one.places.destinations) {
                destination(r, from, *to, origin);
                if destinations.insert(*to) && destinations.len() == MOST_DESTINATIONS + 1 {
                    let message = format!(
                        "this is the 26th destination of {name}; the service takes {MOST_DESTINATIONS} over all rules"
                    );
                    r.found(&findings::TOO_MANY_DESTINATIONS, origin, message, "");
                }
            }
            if one.rule.destinations.is_empty() {
                r.found(&findings::NO_DESTINATION, &one.places.rule, "this rule has no destination", "");
            }
            if let Some(rename) = &one.rule.extension.rename
                && let Some(long) = estate.repositories.iter().find(|repository| {
                    repository.home == from
                        && rename.len() + repository.name.len() > "{name}".len() + 256
                        && !selected_by(std::slice::from_ref(&one.rule), &repository.name).is_empty()
                })
            {
                let message = format!("the new name of `{}` is longer than 256 characters", long.name);
                r.error(&one.places.rule, message, "");
            }
        }
    }
}

/// A rule cannot copy to its own registry (A7), nor from one partition to another (A37).
fn destination(r: &mut Reading<'_>, from: RegistryId, to: RegistryId, origin: &Origin) {
    let name = r.places.name(to);
    if from == to {
        let message = format!("a rule of {name} cannot copy to {name} itself");
        r.found(&findings::DESTINATION_IS_SOURCE, origin, message, "");
    } else if r.places.address(from).0 != r.places.address(to).0 {
        let message =
            format!("images are not copied from {} to {name}: they lie in different partitions", r.places.name(from));
        r.found(&findings::PARTITION_CROSSED, origin, message, "");
    }
}
