//! What a checked scenario amounts to: its size, and for each replication strategy what its rules do.
//!
//! The rules are asked the service's own way (prefix filters, facts A12 to A14), so a reader sees which repositories go
//! where before anything is applied, how many destinations are left, and which registry policies other accounts need.

use std::collections::{BTreeMap, BTreeSet};

use replisim::cloud::RegistryId;
use replisim::demand::RepositoryId;
use replisim::registry::ReplicationRule;
use replisim::registry::rules::DESTINATIONS_MAX;
use replisim::scenario::Scenario;
use replisim::scenario::review::reach::{Group, Names, Selection, groups};
use replisim::scenario::review::{listed, policies};
use replisim::strategy::{Kind, Strategy};
use serde::Serialize;
use serde_json::Value;

/// Groups of repositories that text shows; JSON has all of them.
pub const GROUPS_SHOWN: usize = 12;

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
    /// Where each repository goes and why; those that no rule selects are left out.
    pub repositories: Vec<ReachFindings>,
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

/// Repositories that go to the same registries for the same reasons.
#[derive(Debug, Serialize)]
pub struct ReachFindings {
    /// Their names.
    pub repositories: Vec<String>,
    /// Where they go; each destination once.
    pub reaches: Vec<DestinationReached>,
}

/// A destination and why it is reached.
#[derive(Debug, Serialize)]
pub struct DestinationReached {
    /// The registry.
    pub destination: String,
    /// The first rule that leads there, from 1 in the order of `rules`.
    pub rule: usize,
    /// The first of its filters that fits; absent when it has none.
    pub prefix: Option<String>,
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
    let names = Names::new(&scenario.model.demand.repositories);
    let strategies = || scenario.model.strategies.iter().filter(|one| one.rules().next().is_some() || replicates(one));
    let rules = strategies().flat_map(Strategy::rules);
    let cloud = &scenario.model.cloud;
    let needed = policies::needed(cloud, &scenario.model.registries, rules).into_iter().map(|needed| PolicyFindings {
        registries: needed.registries.iter().map(|id| cloud.registry_name(*id)).collect(),
        policy: needed.policy,
    });
    Findings {
        counts: counts(scenario),
        policies: needed.collect(),
        replication: strategies().map(|strategy| of_strategy(scenario, strategy, &names)).collect(),
    }
}

fn replicates(strategy: &Strategy) -> bool {
    matches!(strategy.kind, Kind::Replication(_))
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

fn of_strategy(scenario: &Scenario, strategy: &Strategy, names: &Names<'_>) -> ReplicationFindings {
    let (cloud, repositories) = (&scenario.model.cloud, &scenario.model.demand.repositories);
    let name = |id: &RepositoryId| repositories[id.0 as usize].name.as_str();
    let mut destinations: BTreeMap<RegistryId, BTreeSet<RegistryId>> = BTreeMap::new();
    let mut rules = Vec::new();
    let selections: Vec<Selection> = strategy.rules().map(|(from, rule)| names.select(*from, rule)).collect();
    for ((from, rule), selection) in strategy.rules().zip(&selections) {
        let selected: Vec<&str> = selection.hits.iter().map(|hit| name(&hit.repository)).collect();
        let why = match rule.prefixes.as_slice() {
            [] => "no filter".to_string(),
            prefixes => format!("prefix {}", alternatives(prefixes)),
        };
        let at_home = names.of(*from).len();
        rules.push(RuleFindings {
            from: cloud.registry_name(*from),
            to: rule.destinations.iter().map(|to| cloud.registry_name(*to)).collect(),
            selects: format!("{} of {at_home} repositories ({why}): {}", selected.len(), listed(&selected)),
        });
        destinations.entry(*from).or_default().extend(&rule.destinations);
    }
    let plain: Vec<&ReplicationRule> = strategy.rules().map(|(_, rule)| rule).collect();
    let (selected, rest): (Vec<Group>, Vec<Group>) =
        groups(repositories.len(), &plain, &selections).into_iter().partition(|group| !group.reached.is_empty());
    let rest: Vec<&str> = rest.iter().flat_map(|group| &group.repositories).map(name).collect();
    ReplicationFindings {
        strategy: strategy.name.clone(),
        rules,
        repositories: selected
            .iter()
            .map(|group| ReachFindings {
                repositories: group.repositories.iter().map(|id| name(id).to_string()).collect(),
                reaches: group
                    .reached
                    .iter()
                    .map(|reached| DestinationReached {
                        destination: cloud.registry_name(reached.destination),
                        rule: reached.rule + 1,
                        prefix: reached.filter.map(|filter| plain[reached.rule].prefixes[filter].clone()),
                    })
                    .collect(),
            })
            .collect(),
        selected_by_no_rule: (!rest.is_empty()).then(|| listed(&rest)),
        destinations: destinations
            .iter()
            .map(|(from, to)| DestinationFindings {
                from: cloud.registry_name(*from),
                used: to.len(),
                of: DESTINATIONS_MAX,
            })
            .collect(),
    }
}

fn alternatives(prefixes: &[String]) -> String {
    let quoted: Vec<String> = prefixes.iter().map(|prefix| format!("`{prefix}`")).collect();
    match quoted.len() > 8 {
        true => format!("{} or {} more", quoted[..7].join(" or "), quoted.len() - 7),
        false => quoted.join(" or "),
    }
}
