//! The ways in which a registry can get a repository's images, and the strategies that measure them.
//!
//! A *column* is a way that every destination is measured under in one run; only times-to-live differ between
//! destinations, because prices and pulls do. What a scenario's own strategies set besides (the service delay, what
//! becomes of images that are there already, the age of the upstream check) is taken over from them.

use std::collections::BTreeMap;
use std::fmt;

use crate::cloud::RegistryId;
use crate::demand::{ClusterId, IfMissing, RepositoryId};
use crate::engine::Model;
use crate::registry::{Extension, LifecyclePolicy, RegistrySettings, ReplicationRule};
use crate::strategy::{Exception, Existing, Kind, PullThroughCache, Replication, Strategy};
use crate::units::{DAY, HOUR, Span, Time};

/// How a registry gets a repository's images; in the order in which a recommendation tells them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// A replication rule copies every push.
    Replicate,
    /// The first pull fetches and stores.
    Cache(Keep),
    /// Not at all: nodes pull from the repository's home.
    Across,
}

/// How long a cache keeps an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Keep {
    /// As the scenario has set up the registry: for ever, unless a creation template says otherwise.
    AsConfigured,
    /// So many days after it came (`sinceImagePushed`, whole days).
    Days(u32),
    /// So long after its last pull: a job of the user's (B5).
    Ttl(Span),
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Way::Across => write!(f, "pull across"),
            Way::Replicate => write!(f, "replicate"),
            Way::Cache(Keep::AsConfigured) => write!(f, "cache"),
            Way::Cache(Keep::Days(1)) => write!(f, "cache 1 day"),
            Way::Cache(Keep::Days(days)) => write!(f, "cache {days} days"),
            Way::Cache(Keep::Ttl(span)) => write!(f, "cache {} after the last pull", hours(*span)),
        }
    }
}

/// Whole hours as a duration of the scenario format: `12h`, `6d`.
pub fn hours(span: Span) -> String {
    if span.0 % DAY == 0 { format!("{}d", span.0 / DAY) } else { format!("{}h", span.0 / HOUR) }
}

/// What is measured for every destination at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// The same way everywhere.
    Same(Way),
    /// A cache with each destination's own break-even time-to-live.
    BreakEvenTtl,
    /// A cache with the time-to-live that costs least over the gaps that a repository's pulls had at a destination.
    ObservedTtl,
}

/// Times-to-live that cost least, by repository and destination (see [`gaps`](super::gaps)).
pub type Ttls = BTreeMap<(u32, RegistryId), Span>;

impl Column {
    /// The way of a repository at a destination.
    pub fn at(self, repository: u32, destination: RegistryId, ttls: &Ttls, model: &Model) -> Way {
        let even = || break_even(destination, model);
        match self {
            Column::Same(way) => way,
            Column::BreakEvenTtl => Way::Cache(Keep::Ttl(even())),
            // Where nothing is pulled, any will do.
            Column::ObservedTtl => {
                Way::Cache(Keep::Ttl(ttls.get(&(repository, destination)).copied().unwrap_or_else(even)))
            }
        }
    }

    /// Its name in tables.
    pub fn name(self) -> String {
        match self {
            Column::Same(Way::Across) => "pull_across".into(),
            Column::Same(Way::Replicate) => "replicate".into(),
            Column::Same(Way::Cache(Keep::AsConfigured)) => "cache".into(),
            Column::Same(Way::Cache(Keep::Days(days))) => format!("cache_{days}d"),
            Column::Same(Way::Cache(Keep::Ttl(span))) => format!("ttl_{}", hours(span)),
            Column::BreakEvenTtl => "ttl_break_even".into(),
            Column::ObservedTtl => "ttl_observed".into(),
        }
    }
}

/// Ages in days at which a cache's images may go (B16). A lifecycle policy could name any; these span the break-even of
/// every list price (3 to 27 days, theory C2).
pub const DAYS: [u32; 5] = [1, 3, 7, 14, 30];

/// What is measured: pulling across first. An age that the run never reaches is no candidate.
pub fn columns(model: &Model, with_jobs: bool) -> Vec<Column> {
    let whole = model.calendar.end.0.saturating_add(model.warm_up.0);
    let mut columns =
        vec![Column::Same(Way::Across), Column::Same(Way::Replicate), Column::Same(Way::Cache(Keep::AsConfigured))];
    let days = DAYS.into_iter().filter(|days| i64::from(*days) * DAY < whole);
    columns.extend(days.map(|days| Column::Same(Way::Cache(Keep::Days(days)))));
    if with_jobs {
        columns.extend([Column::BreakEvenTtl, Column::ObservedTtl]);
    }
    columns
}

/// The break-even time-to-live in whole hours, at least one and at most a year.
pub fn break_even(destination: RegistryId, model: &Model) -> Span {
    let hours = libm::round(break_even_exactly(destination, model).0 as f64 / HOUR as f64);
    Span((hours as i64).clamp(1, 365 * 24) * HOUR)
}

/// The time after which keeping a byte has cost as much as fetching it again, T = e / s (theory C4): at the lowest price at
/// which bytes can enter the region, in the first month. Where keeping is free it never does.
pub fn break_even_exactly(destination: RegistryId, model: &Model) -> Span {
    let region = usize::from(model.cloud.registry(destination).region.0);
    let fetch = model.bound.fetch.get(region).map_or(0.0, |(_, weight)| *weight);
    let store = model.bound.store.get(region).and_then(|months| months.first()).copied().unwrap_or(0.0);
    // A float beyond the largest integer becomes that one.
    Span(if store > 0.0 { libm::round(fetch / store) as i64 } else { i64::MAX })
}

/// What strategies set besides who gets what.
#[derive(Clone, Debug)]
pub struct Manner {
    /// Replication without its rules.
    pub replication: Replication,
    /// Rules carry deletions out at their destinations too (A41).
    pub deletes: bool,
    /// A cache that keeps what it has.
    pub cache: PullThroughCache,
    /// Missing images under replication, in a cache, and when pulling across.
    pub if_missing: [Option<IfMissing>; 3],
}

impl Manner {
    /// That of the scenario's first strategy of each kind; where it has none, the format's defaults.
    pub fn of(model: &Model) -> Manner {
        let mut manner = Manner {
            replication: Replication {
                rules: Vec::new(),
                delay: Replication::named_delay("typical").unwrap_or(crate::sim::Law::Constant(0.0)),
                delay_name: "typical".into(),
                since: Time(i64::MIN),
                parallel_copies: None,
                copy_failures: 0.0,
                retries: 3,
                existing: Existing::Absent,
            },
            deletes: false,
            cache: PullThroughCache { refresh: Span(DAY), ttl: None, share_fetch: true },
            if_missing: [None; 3],
        };
        for strategy in model.strategies.iter().rev() {
            match &strategy.kind {
                Kind::Replication(replication) => {
                    let rules = &replication.rules;
                    manner.deletes = !rules.is_empty() && rules.iter().all(|(_, rule)| rule.deletes);
                    manner.replication = Replication { rules: Vec::new(), ..replication.clone() };
                    manner.if_missing[0] = strategy.if_missing;
                }
                Kind::PullThroughCache(cache) => {
                    manner.cache = PullThroughCache { ttl: None, ..*cache };
                    manner.if_missing[1] = strategy.if_missing;
                }
                Kind::CrossRegionPull => manner.if_missing[2] = strategy.if_missing,
                _ => {}
            }
        }
        manner
    }

    /// How missing images are met under a way.
    pub fn if_missing(&self, way: Way) -> Option<IfMissing> {
        match way {
            Way::Replicate => self.if_missing[0],
            Way::Cache(_) => self.if_missing[1],
            Way::Across => self.if_missing[2],
        }
    }

    /// The kind that serves pairs this way; replication with these rules.
    pub fn kind(&self, way: Way, rules: &[(RegistryId, ReplicationRule)]) -> Kind {
        match way {
            Way::Across => Kind::CrossRegionPull,
            Way::Replicate => Kind::Replication(Replication { rules: rules.to_vec(), ..self.replication.clone() }),
            Way::Cache(Keep::Ttl(ttl)) => Kind::PullThroughCache(PullThroughCache { ttl: Some(ttl), ..self.cache }),
            Way::Cache(_) => Kind::PullThroughCache(self.cache),
        }
    }

    /// A rule of this manner.
    pub fn rule(&self, destinations: Vec<RegistryId>, prefixes: Vec<String>) -> ReplicationRule {
        ReplicationRule { destinations, prefixes, deletes: self.deletes, extension: Extension::default() }
    }
}

/// Registries that clusters pull from and that are not the only home: where images may have to go, ascending.
pub fn destinations(model: &Model) -> Vec<RegistryId> {
    let homes = homes(model);
    let mut found: Vec<RegistryId> = model.demand.clusters.iter().map(|cluster| cluster.registry).collect();
    found.sort_unstable();
    found.dedup();
    found.retain(|registry| homes.as_slice() != [*registry]);
    found
}

/// Registries that clients push to, ascending.
pub fn homes(model: &Model) -> Vec<RegistryId> {
    let mut homes: Vec<RegistryId> = model.demand.repositories.iter().map(|repository| repository.home).collect();
    homes.sort_unstable();
    homes.dedup();
    homes
}

/// Whether images can be copied between two registries at all (A37).
pub fn same_partition(model: &Model, one: RegistryId, other: RegistryId) -> bool {
    let partition = |registry: RegistryId| model.cloud.partition(model.cloud.registry(registry).region);
    partition(one) == partition(other)
}

/// The strategy under which these destinations, and no others, are served by a column.
pub fn pure(
    model: &Model,
    manner: &Manner,
    column: Column,
    destinations: &[RegistryId],
    ttls: &Ttls,
    name: &str,
) -> Strategy {
    let mut rules = Vec::new();
    if column == Column::Same(Way::Replicate) {
        for home in homes(model) {
            let to: Vec<RegistryId> =
                destinations.iter().copied().filter(|to| *to != home && same_partition(model, home, *to)).collect();
            if !to.is_empty() {
                rules.push((home, manner.rule(to, Vec::new())));
            }
        }
    }
    let clusters = |to: RegistryId| {
        (0u16..).map(ClusterId).zip(&model.demand.clusters).filter(move |(_, it)| it.registry == to).map(|(id, _)| id)
    };
    // One part for all destinations: rules act once, and a cache is one wherever it is.
    let mut groups: BTreeMap<(Way, Vec<RepositoryId>), Vec<ClusterId>> = BTreeMap::new();
    for destination in destinations {
        let mut ways: BTreeMap<Way, Vec<RepositoryId>> = BTreeMap::new();
        for repository in 0..model.demand.repositories.len() as u32 {
            let way = column.at(repository, *destination, ttls, model);
            ways.entry(way).or_default().push(RepositoryId(repository));
        }
        for group in ways {
            groups.entry(group).or_default().extend(clusters(*destination));
        }
    }
    let exceptions = groups.into_iter().map(|((way, repositories), clusters)| Exception {
        repositories,
        clusters,
        kind: manner.kind(way, &rules),
        if_missing: manner.if_missing(way),
    });
    Strategy {
        name: name.into(),
        kind: Kind::CrossRegionPull,
        if_missing: manner.if_missing(Way::Across),
        exceptions: exceptions.collect(),
    }
}

/// A registry in which every repository that a cache makes loses its images at this age; all else is as it was.
pub fn with_eviction(settings: &RegistrySettings, days: u32) -> RegistrySettings {
    let lifecycle = Some(LifecyclePolicy::days(days));
    let mut settings = settings.clone();
    let mutability = settings.mutability.clone();
    for template in &mut settings.templates {
        if !template.for_cache {
            template.mutability = Some(mutability.clone());
            template.for_cache = true;
        }
        template.lifecycle.clone_from(&lifecycle);
    }
    if settings.templates.iter().all(|template| template.prefix != ROOT) {
        settings.templates.push(crate::registry::CreationTemplate {
            prefix: ROOT.into(),
            mutability: Some(mutability),
            lifecycle,
            for_replication: false,
            for_cache: true,
        });
    }
    settings
}

/// The template prefix that matches every repository.
pub const ROOT: &str = "ROOT";
