//! Which repositories of an export are homes, and which are copies that replication keeps.
//!
//! A repository is a copy where a registry that has one of the same name replicates it there. Where two registries
//! replicate it to each other, the home is the one whose images came first.

use std::collections::{BTreeMap, HashMap};

use crate::formats::account::{Export, Registry, Repository};

/// A repository that clients push to, and its copies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Home {
    /// Its name in the scenario, where a name may be used once.
    pub(super) name: String,
    /// Its name in the registries.
    pub(super) original: String,
    /// Index of its registry in the export.
    pub(super) registry: usize,
    /// Index in that registry's repositories.
    pub(super) repository: usize,
    /// Registries that it is copied to and that have it.
    pub(super) copies: Vec<usize>,
}

/// All homes, by registry and name.
pub(super) fn homes(export: &Export) -> Vec<Home> {
    // By name: where it is.
    let mut places: BTreeMap<&str, Vec<(usize, usize)>> = BTreeMap::new();
    for (registry, one) in export.registries.iter().enumerate() {
        for (repository, two) in one.repositories.iter().enumerate() {
            places.entry(&two.name).or_default().push((registry, repository));
        }
    }
    let mut homes = Vec::new();
    for (name, places) in places {
        let at = |(registry, repository): (usize, usize)| &export.registries[registry].repositories[repository];
        // Whether the one feeds the other and is not merely fed back by it.
        let feeds = |from: (usize, usize), to: (usize, usize)| {
            from.0 != to.0
                && copies(&export.registries[from.0], &export.registries[to.0], name)
                && (!copies(&export.registries[to.0], &export.registries[from.0], name)
                    || is_older(at(from), at(to), from.0 < to.0))
        };
        let mut found: Vec<(usize, usize)> =
            places.iter().copied().filter(|place| places.iter().all(|other| !feeds(*other, *place))).collect();
        if found.is_empty() {
            // Rules in a circle: the oldest begins it.
            found.extend(places.iter().copied().min_by_key(|place| (at(*place).created, *place)));
        }
        for (number, place) in found.iter().enumerate() {
            let fed = places.iter().filter(|other| !found.contains(other) && feeds(*place, **other));
            let registry = &export.registries[place.0];
            homes.push(Home {
                name: match number {
                    0 => name.to_string(),
                    _ => format!("{name}-at-{}-{}", registry.account, registry.region),
                },
                original: name.to_string(),
                registry: place.0,
                repository: place.1,
                copies: fed.map(|(registry, _)| *registry).collect(),
            });
        }
    }
    homes.sort_by(|a, b| (a.registry, &a.name).cmp(&(b.registry, &b.name)));
    homes
}

/// Whether a rule of `from` copies this repository to `to`. Copies are not copied on, so one step is all.
fn copies(from: &Registry, to: &Registry, name: &str) -> bool {
    let rules = from.replication.iter().flat_map(|replication| &replication.rules);
    rules.into_iter().any(|rule| {
        let selected = rule.prefixes.is_empty() || rule.prefixes.iter().any(|prefix| name.starts_with(&prefix.value));
        let is_there = |region: &str, account: &str| region == to.region && account == to.account;
        selected && rule.destinations.iter().any(|it| is_there(&it.region.value, &it.account.value))
    })
}

/// Whether more of the images that both have came first to `a`; else which was made first.
fn is_older(a: &Repository, b: &Repository, otherwise: bool) -> bool {
    let there: HashMap<&str, i64> = b.images.iter().map(|image| (image.digest.as_str(), image.pushed())).collect();
    let mut lead = 0i64;
    for image in &a.images {
        if let Some(other) = there.get(image.digest.as_str()) {
            lead += (other - image.pushed()).signum();
        }
    }
    match (lead, a.created, b.created) {
        (0, Some(a), Some(b)) if a != b => a < b,
        (0, _, _) => otherwise,
        (lead, _, _) => lead > 0,
    }
}

/// Whose pulls those of a registry's repository are: of the home there, else of the home that is copied there.
pub(super) fn pulled(homes: &[Home], registry: usize, name: &str) -> Option<usize> {
    let of_name = || homes.iter().enumerate().filter(|(_, home)| home.original == name);
    let here = of_name().find(|(_, home)| home.registry == registry);
    here.or_else(|| of_name().find(|(_, home)| home.copies.contains(&registry))).map(|(at, _)| at)
}
