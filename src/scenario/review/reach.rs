//! Which repositories a rule selects, by which filter, and so which registries each repository reaches.
//!
//! The repositories of a home are kept sorted by name, so that those beginning with a prefix stand together and are found
//! by bisection: a configuration of 25 rules with 100 filters each is looked at in a moment, however many repositories
//! there are.

use std::collections::HashMap;
use std::ops::Range;

use crate::cloud::RegistryId;
use crate::demand::{Repository, RepositoryId};
use crate::registry::{ReplicationRule, glob};

/// The repositories of each home, by name.
pub struct Names<'a> {
    homes: HashMap<RegistryId, Vec<(&'a str, RepositoryId)>>,
}

/// What a rule selects at its source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// The selected repositories, ids ascending.
    pub hits: Vec<Hit>,
    /// By filter: how many repositories it selects by itself.
    pub filters: Vec<usize>,
}

/// A repository that a rule selects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Which.
    pub repository: RepositoryId,
    /// The first filter that it fits; `None` = the rule has none (A13).
    pub filter: Option<usize>,
}

/// Repositories that reach the same registries for the same reasons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Which, ids ascending.
    pub repositories: Vec<RepositoryId>,
    /// Where they go, in the order of the rules; each destination once (A15).
    pub reached: Vec<Reached>,
}

/// A destination and why it is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reached {
    /// The registry.
    pub destination: RegistryId,
    /// Position of the first rule that leads there.
    pub rule: usize,
    /// Position of the filter in that rule; `None` = it has none.
    pub filter: Option<usize>,
}

impl<'a> Names<'a> {
    /// Sorts the repositories of each home.
    pub fn new(repositories: &'a [Repository]) -> Names<'a> {
        let mut homes: HashMap<RegistryId, Vec<(&str, RepositoryId)>> = HashMap::new();
        for (id, repository) in (0u32..).zip(repositories) {
            homes.entry(repository.home).or_default().push((&repository.name, RepositoryId(id)));
        }
        homes.values_mut().for_each(|names| names.sort_unstable());
        Names { homes }
    }

    /// The repositories that are at home in a registry, by name.
    pub fn of(&self, home: RegistryId) -> &[(&'a str, RepositoryId)] {
        self.homes.get(&home).map_or(&[], Vec::as_slice)
    }

    /// Those whose name begins so.
    pub fn beginning(&self, home: RegistryId, prefix: &str) -> &[(&'a str, RepositoryId)] {
        &self.of(home)[range(self.of(home), prefix)]
    }

    /// What a rule selects of the repositories of a home.
    pub fn select(&self, home: RegistryId, rule: &ReplicationRule) -> Selection {
        let names = self.of(home);
        let is_left_out = |at: usize| rule.extension.except.as_ref().is_some_and(|except| except.matches(names[at].0));
        let mut first: Vec<Option<Hit>> = vec![None; names.len()];
        let mut filters = Vec::new();
        let mut take = |fits: &mut dyn Iterator<Item = usize>, filter: Option<usize>| {
            let mut count = 0;
            for at in fits.filter(|at| !is_left_out(*at)) {
                count += 1;
                first[at].get_or_insert(Hit { repository: names[at].1, filter });
            }
            count
        };
        for (filter, prefix) in rule.prefixes.iter().enumerate() {
            filters.push(if rule.extension.wildcards && prefix.contains('*') {
                let pattern = format!("{prefix}*");
                take(&mut (0..names.len()).filter(|at| glob(&pattern, names[*at].0)), Some(filter))
            } else {
                take(&mut range(names, prefix), Some(filter))
            });
        }
        if rule.prefixes.is_empty() {
            take(&mut (0..names.len()), None);
        }
        let mut hits: Vec<Hit> = first.into_iter().flatten().collect();
        hits.sort_unstable_by_key(|hit| hit.repository);
        Selection { hits, filters }
    }
}

/// The positions of the names that begin so.
fn range(names: &[(&str, RepositoryId)], prefix: &str) -> Range<usize> {
    let start = names.partition_point(|(name, _)| *name < prefix);
    start..start + names[start..].partition_point(|(name, _)| name.starts_with(prefix))
}

/// Repositories by what they reach, in the order of their first member; those that no rule selects reach nothing.
pub fn groups(repositories: usize, rules: &[&ReplicationRule], selections: &[Selection]) -> Vec<Group> {
    let mut reasons: Vec<Vec<(usize, Option<usize>)>> = vec![Vec::new(); repositories];
    for (rule, selection) in selections.iter().enumerate() {
        for hit in &selection.hits {
            reasons[hit.repository.0 as usize].push((rule, hit.filter));
        }
    }
    let mut groups: Vec<Group> = Vec::new();
    let mut known: HashMap<Vec<(usize, Option<usize>)>, usize> = HashMap::new();
    for (id, reasons) in (0u32..).zip(reasons) {
        let group = *known.entry(reasons).or_insert_with_key(|reasons| {
            groups.push(Group { repositories: Vec::new(), reached: reached(reasons, rules) });
            groups.len() - 1
        });
        groups[group].repositories.push(RepositoryId(id));
    }
    groups
}

fn reached(reasons: &[(usize, Option<usize>)], rules: &[&ReplicationRule]) -> Vec<Reached> {
    let mut reached: Vec<Reached> = Vec::new();
    for &(rule, filter) in reasons {
        for &destination in &rules[rule].destinations {
            if reached.iter().all(|known| known.destination != destination) {
                reached.push(Reached { destination, rule, filter });
            }
        }
    }
    reached
}

#[cfg(test)]
mod tests;
