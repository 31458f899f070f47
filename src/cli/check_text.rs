//! What a checked scenario amounts to: its size, and for each replication strategy what its rules do.
//!
//! The rules are asked the service's own way (prefix filters, facts A12 to A14), so a reader sees which repositories go
//! where before anything is applied, how many destinations are left, and which registry policies other accounts need.

use std::collections::{BTreeMap, BTreeSet};

use replisim::cloud::{Cloud, RegistryId};
use replisim::registry::{RegistryPolicy, RegistrySettings, ReplicationRule, selected_by};
use replisim::scenario::Scenario;
use replisim::strategy::{Kind, Replication};
use serde::Serialize;
use serde_json::{Value, json};

/// Destinations that a registry's rules may have together (fact A5).
const MAX_DESTINATIONS: usize = 25;
/// Repository names that are spelt out before the rest is counted.
const NAMES_SHOWN: usize = 4;

/// What is told about a scenario.
#[derive(Debug, Serialize)]
pub struct Findings {
    /// How much there is of everything.
    pub counts: String,
    /// Each strategy of kind replication.
    pub replication: Vec<ReplicationFindings>,
    /// What other accounts must allow, over all these strategies.
    pub policies: Vec<PolicyFindings>,
}

/// What the rules of a strategy do.
#[derive(Debug, Serialize)]
pub struct ReplicationFindings {
    /// Its name.
    pub strategy: String,
    /// In file order.
    pub rules: Vec<RuleFindings>,
    /// Repositories that no rule of their home selects; `None` = every one is selected.
    pub selected_by_no_rule: Option<String>,
    /// By source registry.
    pub destinations: Vec<DestinationFindings>,
}

/// What one rule does.
#[derive(Debug, Serialize)]
pub struct RuleFindings {
    /// Source registry.
    pub from: String,
    /// Destination registries.
    pub to: Vec<String>,
    /// Which repositories, and why.
    pub selects: String,
}

/// How many destinations a source registry uses.
#[derive(Debug, Serialize)]
pub struct DestinationFindings {
    /// Source registry.
    pub from: String,
    /// Distinct destinations over all rules.
    pub used: usize,
    /// Allowed.
    pub of: usize,
}

/// A registry policy without which copies fail (facts A31 to A33).
#[derive(Debug, Serialize)]
pub struct PolicyFindings {
    /// Where it must be applied.
    pub registries: Vec<String>,
    /// The policy, as the service takes it.
    pub policy: Value,
}

/// Describes a scenario.
pub fn describe(scenario: &Scenario) -> Findings {
    let strategies: Vec<(&str, &Replication)> = scenario
        .model
        .strategies
        .iter()
        .filter_map(|strategy| match &strategy.kind {
            Kind::Replication(replication) => Some((strategy.name.as_str(), replication)),
            _ => None,
        })
        .collect();
    let rules = strategies.iter().flat_map(|(_, replication)| &replication.rules);
    Findings {
        counts: counts(scenario),
        policies: policies(&scenario.model.cloud, &scenario.model.registries, rules),
        replication: strategies.iter().map(|(name, replication)| of_strategy(scenario, name, replication)).collect(),
    }
}

fn counts(scenario: &Scenario) -> String {
    let model = &scenario.model;
    let days = model.calendar.end.0 as f64 / replisim::units::DAY as f64;
    [
        of(model.demand.repositories.len(), "repository", "repositories"),
        of(model.demand.clusters.len(), "cluster", "clusters"),
        of(model.cloud.registries.len(), "registry", "registries"),
        of(model.strategies.len(), "strategy", "strategies"),
        of(scenario.objectives.len(), "objective", "objectives"),
        format!("{days} days"),
        match scenario.run.precision {
            Some(precision) => format!("trials until ±{}%", precision * 100.0),
            None => of(scenario.run.trials as usize, "trial", "trials"),
        },
    ]
    .join(", ")
}

fn of(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

fn of_strategy(scenario: &Scenario, name: &str, replication: &Replication) -> ReplicationFindings {
    let (cloud, repositories) = (&scenario.model.cloud, &scenario.model.demand.repositories);
    let mut selected = BTreeSet::new();
    let mut rules = Vec::new();
    let mut destinations: BTreeMap<RegistryId, BTreeSet<RegistryId>> = BTreeMap::new();
    for (from, rule) in &replication.rules {
        let at_home = repositories.iter().enumerate().filter(|(_, repository)| repository.home == *from);
        let hits: Vec<usize> = at_home.clone().filter(|(_, one)| selects(rule, &one.name)).map(|(at, _)| at).collect();
        let names: Vec<&str> = hits.iter().map(|at| repositories[*at].name.as_str()).collect();
        let why = if rule.prefixes.is_empty() {
            "no filter".to_string()
        } else {
            let prefixes: Vec<String> = rule.prefixes.iter().map(|prefix| format!("`{prefix}`")).collect();
            format!("prefix {}", prefixes.join(" or "))
        };
        rules.push(RuleFindings {
            from: cloud.registry_name(*from),
            to: rule.destinations.iter().map(|to| cloud.registry_name(*to)).collect(),
            selects: format!("{} of {} repositories ({why}): {}", hits.len(), at_home.count(), listed(&names)),
        });
        selected.extend(hits);
        destinations.entry(*from).or_default().extend(&rule.destinations);
    }
    let rest = repositories.iter().enumerate().filter(|(at, _)| !selected.contains(at));
    let rest: Vec<&str> = rest.map(|(_, repository)| repository.name.as_str()).collect();
    ReplicationFindings {
        strategy: name.into(),
        rules,
        selected_by_no_rule: (!rest.is_empty()).then(|| listed(&rest)),
        destinations: destinations
            .iter()
            .map(|(from, to)| DestinationFindings {
                from: cloud.registry_name(*from),
                used: to.len(),
                of: MAX_DESTINATIONS,
            })
            .collect(),
    }
}

/// Whether a rule copies a repository (facts A12 to A14).
fn selects(rule: &ReplicationRule, name: &str) -> bool {
    !selected_by(std::slice::from_ref(rule), name).is_empty()
}

/// The policies that registries need whose account differs from the source's (facts A31 to A33), one for all registries
/// with the same sources: a registry's policy reaches no other registry, so its resource may be `*`. A registry that has a
/// policy of its own is judged by that.
fn policies<'a>(
    cloud: &Cloud,
    registries: &[RegistrySettings],
    rules: impl Iterator<Item = &'a (RegistryId, ReplicationRule)>,
) -> Vec<PolicyFindings> {
    let mut sources: BTreeMap<RegistryId, BTreeSet<&str>> = BTreeMap::new();
    for (from, rule) in rules {
        let source = cloud.registry(*from).account;
        let open = |to: &RegistryId| registries[usize::from(to.0)].policy == RegistryPolicy::Open;
        for to in rule.destinations.iter().filter(|to| cloud.registry(**to).account != source && open(to)) {
            sources.entry(*to).or_default().insert(&cloud.accounts[usize::from(source.0)].id);
        }
    }
    let mut registries: BTreeMap<BTreeSet<&str>, Vec<String>> = BTreeMap::new();
    for (to, sources) in sources {
        registries.entry(sources).or_default().push(cloud.registry_name(to));
    }
    registries
        .into_iter()
        .map(|(sources, registries)| {
            let principals: Vec<String> = sources.iter().map(|id| format!("arn:aws:iam::{id}:root")).collect();
            let policy = json!({
                "Version": "2012-10-17",
                "Statement": [{
                    "Sid": "ReplicationFromOtherAccounts",
                    "Effect": "Allow",
                    "Principal": { "AWS": principals },
                    "Action": ["ecr:CreateRepository", "ecr:ReplicateImage"],
                    "Resource": "*",
                }],
            });
            PolicyFindings { registries, policy }
        })
        .collect()
}

/// A few names, and how many more there are.
pub fn listed<S: AsRef<str>>(names: &[S]) -> String {
    let shown = if names.len() > NAMES_SHOWN { NAMES_SHOWN - 1 } else { names.len() };
    let mut text = names[..shown].iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", ");
    match names.len() - shown {
        0 if names.is_empty() => "none".into(),
        0 => text,
        more => {
            text += &format!(" and {more} more");
            text
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_names_are_listed_and_the_rest_is_counted() {
        assert_eq!(listed::<&str>(&[]), "none");
        assert_eq!(listed(&["a", "b", "c", "d"]), "a, b, c, d");
        assert_eq!(listed(&["a", "b", "c", "d", "e"]), "a, b, c and 2 more");
    }

    #[test]
    fn a_rule_selects_by_plain_prefix_and_without_one_everything() {
        let rule = |prefixes: &[&str]| ReplicationRule {
            destinations: Vec::new(),
            prefixes: prefixes.iter().map(ToString::to_string).collect(),
            deletes: false,
            extension: Default::default(),
        };
        // Fact A12: `apple` matches `apple`, `apples` and `apple/x`.
        assert!(["apple", "apples", "apple/x"].iter().all(|name| selects(&rule(&["apple"]), name)));
        assert!(!selects(&rule(&["apple"]), "pineapple"));
        assert!(selects(&rule(&["pear", "pine"]), "pineapple") && selects(&rule(&[]), "anything"));
    }
}
