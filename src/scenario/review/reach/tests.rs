//! The sorted names held against the registry's own answer.

use super::*;
use crate::registry::{Extension, Patterns, selected_by};

fn repositories(names: &[&str]) -> Vec<Repository> {
    let text = |name: &&str| format!("[[repositories]]\nname = \"{name}\"\nregistry = \"us-east-1\"\n");
    let cluster = "[[clusters]]\nname = \"eu\"\nregistry = \"eu-west-1\"\n";
    let scenario = super::super::tests::good(&(names.iter().map(text).collect::<String>() + cluster));
    scenario.model.demand.repositories
}

fn rule(prefixes: &[&str], extension: Extension) -> ReplicationRule {
    ReplicationRule {
        destinations: vec![RegistryId(1)],
        prefixes: prefixes.iter().map(ToString::to_string).collect(),
        deletes: false,
        extension,
    }
}

/// Facts A12 to A14, against the slow twin that asks name by name.
#[test]
fn what_is_selected_is_what_the_registry_would_copy() {
    let names =
        ["prod", "prod-test/api", "prod/api", "prod/web", "product", "apple", "base/java", "dev/prod/x", "pro", "zz"];
    let repositories = repositories(&names);
    let sorted = Names::new(&repositories);
    let home = repositories[0].home;
    let except = || Extension { except: Some(Patterns(vec!["*api".into()])), ..Extension::default() };
    let wild = || Extension { wildcards: true, ..Extension::default() };
    for rule in [
        rule(&[], Extension::default()),
        rule(&["prod"], Extension::default()),
        rule(&["prod/", "p", "apple"], Extension::default()),
        rule(&["zzz", "prod/web", "prod/web/x"], Extension::default()),
        rule(&["prod"], except()),
        rule(&[], except()),
        rule(&["*/api", "b"], wild()),
    ] {
        let selection = sorted.select(home, &rule);
        let slow: Vec<Hit> = (0u32..)
            .zip(&repositories)
            .filter_map(|(id, repository)| {
                let selected = selected_by(std::slice::from_ref(&rule), &repository.name).into_iter().next()?;
                let filter = selected.prefix.and_then(|prefix| rule.prefixes.iter().position(|one| one == prefix));
                Some(Hit { repository: RepositoryId(id), filter })
            })
            .collect();
        assert_eq!(selection.hits, slow, "{:?}", rule.prefixes);
        for (filter, count) in selection.filters.iter().enumerate() {
            let alone = ReplicationRule { prefixes: vec![rule.prefixes[filter].clone()], ..rule.clone() };
            assert_eq!(sorted.select(home, &alone).hits.len(), *count);
        }
    }
}

/// Fact A15: the union of the destinations, each once and by the first rule that leads there.
#[test]
fn repositories_are_grouped_by_where_they_go_and_why() {
    let repositories = repositories(&["prod/a", "dev/a", "prod/b", "other"]);
    let names = Names::new(&repositories);
    let mut rules = [rule(&["prod/"], Extension::default()), rule(&["prod/", "dev/"], Extension::default())];
    rules[1].destinations.push(RegistryId(2));
    let selections: Vec<Selection> = rules.iter().map(|rule| names.select(repositories[0].home, rule)).collect();
    let groups = groups(repositories.len(), &rules.iter().collect::<Vec<_>>(), &selections);
    let ids = |group: &Group| group.repositories.iter().map(|id| id.0).collect::<Vec<_>>();
    assert_eq!(groups.iter().map(ids).collect::<Vec<_>>(), [vec![0, 2], vec![1], vec![3]]);
    let reached =
        |destination, rule, filter| Reached { destination: RegistryId(destination), rule, filter: Some(filter) };
    assert_eq!(groups[0].reached, [reached(1, 0, 0), reached(2, 1, 0)]);
    assert_eq!(groups[1].reached, [reached(1, 1, 1), reached(2, 1, 1)]);
    assert_eq!(groups[2].reached, []);
}
