//! Names of things in the files of a recommendation.

use crate::cloud::RegistryId;
use crate::engine::Model;
use crate::scenario::Scenario;
use crate::study::optimize::Optimum;
use crate::study::optimize::plan::Group;
use crate::study::optimize::trie::{Filter, Gain, Trie};
use crate::study::optimize::ways::ROOT;

/// A TOML text.
pub fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

/// A TOML list of texts.
pub fn list<S: AsRef<str>>(texts: &[S]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| quoted(text.as_ref())).collect();
    format!("[{}]", texts.join(", "))
}

/// A registry's name as part of a file name or of an identifier: `prod-eu-west-1`.
pub fn slug(model: &Model, registry: RegistryId) -> String {
    model.cloud.registry_name(registry).replace('/', "-")
}

/// A template's prefix as part of a file name.
pub fn file_of(model: &Model, registry: RegistryId, prefix: &str) -> String {
    let prefix = if prefix == ROOT { "all".into() } else { prefix.trim_end_matches('/').replace('/', "-") };
    format!("lifecycle/{}-{prefix}.json", slug(model, registry))
}

/// Region and account id of a registry.
pub fn address(model: &Model, registry: RegistryId) -> (&str, &str) {
    let place = model.cloud.registry(registry);
    (model.cloud.region(place.region), &model.cloud.accounts[usize::from(place.account.0)].id)
}

/// Which repositories selectors must leave out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Others {
    /// Those that the group's registries run in another way: what they do not run may be selected too.
    Served,
    /// All that are not the group's: for people, who want to know what is meant.
    All,
}

/// Selectors that choose the repositories of a group.
pub fn selectors(scenario: &Scenario, optimum: &Optimum, group: &Group, others: Others) -> Vec<String> {
    let model = &scenario.model;
    let names: Vec<&str> = model.demand.repositories.iter().map(|one| one.name.as_str()).collect();
    let mut gains: Vec<Gain> = vec![(i64::from(others == Others::All), 0); names.len()];
    for cell in optimum.cells.cells.iter().filter(|cell| cell.runs && group.destinations.contains(&cell.destination)) {
        gains[cell.repository as usize] = (1, 0);
    }
    for repository in &group.repositories {
        gains[repository.0 as usize] = (0, -1);
    }
    if gains.iter().all(|gain| gain.0 == 0) {
        return vec!["*".into()];
    }
    let filters = Trie::of(&names).map(|trie| trie.filters(&trie.cover(&gains, names.len()), names.len()));
    let mut found: Vec<String> = Vec::new();
    for filter in filters.unwrap_or_default() {
        found.push(match filter {
            Filter::All => "*".into(),
            Filter::Prefix(prefix) if names.contains(&prefix.as_str()) && count(&names, &prefix) == 1 => prefix,
            Filter::Prefix(prefix) => format!("{prefix}*"),
        });
    }
    // A name with which others begin that are served in another way stands for itself.
    for repository in &group.repositories {
        let name = names[repository.0 as usize];
        let is_selected = found.iter().any(|one| crate::registry::glob(one, name));
        if !is_selected {
            found.push(name.into());
        }
    }
    found
}

fn count(names: &[&str], prefix: &str) -> usize {
    names.iter().filter(|name| name.starts_with(prefix)).count()
}
