//! From wishes to what the service accepts.
//!
//! Two things cannot be said cell by cell. Rules select by prefix ([`rules`]). And what evicts images from
//! a cache is the lifecycle policy of a creation template, whose prefix stands for a whole namespace (A38): all cached
//! repositories of a namespace in a registry go by one age. The two depend on each other (what a rule saves is against
//! the best that is left), so they are worked out in turn: rules against the namespaces' ages, ages for what the rules
//! leave over, until nothing gets cheaper. Each half is exact for the other; both together are a local optimum.

use std::collections::BTreeMap;

use super::cells::{Cell, Cells};
use super::choice::{Wishes, cheapest};
use super::rules::{self, Exactness, Limits, selects};
use super::trie::{Filter, Gain};
use super::ways::{Column, Keep, Manner, ROOT, Way, homes};
use crate::cloud::RegistryId;
use crate::demand::{ClusterId, RepositoryId};
use crate::engine::Model;
use crate::registry::{CreatedBy, CreationTemplate, LifecyclePolicy, ReplicationRule, template_for};
use crate::strategy::{Exception, Strategy};

/// What a recommendation is called among a scenario's strategies.
pub const NAME: &str = "recommended";

/// Rounds of rules and ages after which the best one so far is taken.
const ROUNDS: usize = 6;

/// What is recommended.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// By cell: its column. Where a rule selects more than was wanted, that is replication.
    pub columns: Vec<usize>,
    /// The service's rules, each with its source registry.
    pub rules: Vec<(RegistryId, ReplicationRule)>,
    /// Ages in days after which a cache's images go, by registry and template prefix.
    pub evictions: BTreeMap<(RegistryId, String), u32>,
    /// How sure it is that no cheaper rules exist: the least sure of all registries.
    pub exactness: Exactness,
    /// Dollars of all trials for what was wished, and for this, over all cells (10^-9).
    pub wished: i128,
    /// See [`Plan::wished`].
    pub cost: i128,
}

/// The namespace of a repository: what stands before its last `/`; [`ROOT`] without one.
pub fn namespace(name: &str) -> &str {
    name.rsplit_once('/').map_or(ROOT, |(space, _)| space)
}

/// Whether a name lies in a namespace.
fn lies_in(name: &str, namespace: &str) -> bool {
    namespace == ROOT || name.strip_prefix(namespace).is_some_and(|rest| rest.starts_with('/'))
}

/// Makes the plan.
pub fn plan(model: &Model, cells: &Cells, wishes: &Wishes, limits: Limits) -> Plan {
    let maker = Maker { model, cells, wishes, limits, manner: Manner::of(model) };
    let mut best: Option<Plan> = None;
    // The age of a namespace: a column, at first each cell's own best.
    let mut ages: Option<BTreeMap<(RegistryId, String), usize>> = None;
    for _ in 0..ROUNDS {
        let (columns, rules, exactness) = maker.rules(ages.as_ref());
        let next = maker.ages(&columns);
        let plan = maker.finish(columns, rules, exactness, &next);
        let better = best.as_ref().is_none_or(|best| maker.worth(&plan) < maker.worth(best));
        let over = ages.as_ref() == Some(&next) || !better;
        if better {
            best = Some(plan);
        }
        if over {
            break;
        }
        ages = Some(next);
    }
    best.unwrap_or_else(|| maker.finish(wishes.columns.clone(), Vec::new(), Exactness::Exact, &BTreeMap::new()))
}

struct Maker<'a> {
    model: &'a Model,
    cells: &'a Cells,
    wishes: &'a Wishes,
    limits: Limits,
    manner: Manner,
}

/// Which column replicates, and which keeps a cache as it is configured.
const REPLICATE: usize = 1;
const KEPT: usize = 2;

impl Maker<'_> {
    fn name(&self, cell: &Cell) -> &str {
        &self.model.demand.repositories[cell.repository as usize].name
    }

    fn group(&self, cell: &Cell) -> (RegistryId, String) {
        (cell.destination, namespace(self.name(cell)).to_string())
    }

    fn is_days(&self, column: usize) -> bool {
        matches!(self.cells.columns[column], Column::Same(Way::Cache(Keep::Days(_))))
    }

    /// The best way of a cell that no rule selects, where its namespace goes by this age; any age without one.
    fn instead(&self, index: usize, age: Option<usize>) -> Option<usize> {
        let cell = &self.cells.cells[index];
        let fits = |column: usize| match self.cells.columns[column] {
            Column::Same(Way::Replicate) => false,
            Column::Same(Way::Across) => true,
            Column::Same(Way::Cache(Keep::AsConfigured | Keep::Days(_))) => age.is_none_or(|age| age == column),
            // A policy in days would take its images too.
            Column::Same(Way::Cache(Keep::Ttl(_))) | Column::BreakEvenTtl | Column::ObservedTtl => {
                age.is_none_or(|age| age == KEPT)
            }
        };
        let wanted = self.wishes.columns[index];
        if !self.wishes.required[index] || wanted == REPLICATE {
            return cheapest(cell, fits);
        }
        if fits(wanted) {
            return Some(wanted);
        }
        cheapest(cell, |column| fits(column) && column != 0).or_else(|| cheapest(cell, fits))
    }

    /// The cheapest rules, and what they make of every cell.
    #[allow(clippy::type_complexity)]
    fn rules(
        &self,
        ages: Option<&BTreeMap<(RegistryId, String), usize>>,
    ) -> (Vec<usize>, Vec<(RegistryId, ReplicationRule)>, Exactness) {
        let mut columns: Vec<usize> = vec![0; self.cells.cells.len()];
        let mut gains: BTreeMap<(u32, RegistryId), Gain> = BTreeMap::new();
        for (index, cell) in self.cells.cells.iter().enumerate() {
            let age = ages.map(|ages| ages.get(&self.group(cell)).copied().unwrap_or(KEPT));
            let copied = &cell.ways[REPLICATE];
            let mut breaks = i64::from(copied.barred.is_some());
            let mut without = 0;
            if cell.runs {
                let instead = self.instead(index, age);
                columns[index] = instead.unwrap_or(0);
                without = cell.ways[columns[index]].cost.0;
                let must = instead.is_none() || self.wishes.required[index] && self.wishes.columns[index] == REPLICATE;
                breaks -= i64::from(must);
            }
            gains.insert((cell.repository, cell.destination), (breaks, copied.cost.0 - without));
        }
        let (mut found, mut exactness) = (Vec::new(), Exactness::Exact);
        for home in homes(self.model) {
            let repositories = (0u32..).zip(&self.model.demand.repositories).filter(|(_, one)| one.home == home);
            let (ids, names): (Vec<u32>, Vec<&str>) = repositories.map(|(id, one)| (id, one.name.as_str())).unzip();
            let to: Vec<RegistryId> = self.cells.destinations.iter().copied().filter(|to| *to != home).collect();
            let gain =
                |to: &RegistryId| ids.iter().map(|id| gains.get(&(*id, *to)).copied().unwrap_or_default()).collect();
            let gains: Vec<Vec<Gain>> = to.iter().map(gain).collect();
            let own = rules::rules(&names, &gains, self.limits);
            exactness = weaker(exactness, own.exactness);
            for rule in own.rules {
                for (index, cell) in self.cells.cells.iter().enumerate() {
                    let selected = ids.binary_search(&cell.repository).is_ok()
                        && rule.destinations.iter().any(|position| to[*position] == cell.destination)
                        && selects(&rule.filters, self.name(cell));
                    if selected {
                        columns[index] = REPLICATE;
                    }
                }
                let destinations = rule.destinations.iter().map(|position| to[*position]).collect();
                let prefixes = rule.filters.into_iter().filter_map(|filter| match filter {
                    Filter::All => None,
                    Filter::Prefix(prefix) => Some(prefix),
                });
                found.push((home, self.manner.rule(destinations, prefixes.collect())));
            }
        }
        (columns, found, exactness)
    }

    /// For each namespace of a registry the age that is cheapest for what the rules leave over.
    fn ages(&self, columns: &[usize]) -> BTreeMap<(RegistryId, String), usize> {
        let mut groups: BTreeMap<(RegistryId, String), Vec<usize>> = BTreeMap::new();
        for (index, cell) in self.cells.cells.iter().enumerate() {
            if cell.runs && columns[index] != REPLICATE {
                groups.entry(self.group(cell)).or_default().push(index);
            }
        }
        let ages = (0..self.cells.columns.len()).filter(|column| *column == KEPT || self.is_days(*column));
        let ages: Vec<usize> = ages.collect();
        let mut found = BTreeMap::new();
        for (group, members) in &groups {
            let cost = |age: &usize| -> i128 {
                let way = |index: &usize| self.instead(*index, Some(*age)).unwrap_or(0);
                members.iter().map(|index| self.cells.cells[*index].ways[way(index)].cost.0).sum()
            };
            if let Some(age) = ages.iter().copied().min_by_key(cost) {
                found.insert(group.clone(), age);
            }
        }
        // A template reaches deeper namespaces too: what it must not touch there keeps the scenario's settings.
        while let Some(group) =
            found.iter().find(|(group, age)| self.is_days(**age) && self.disturbs(group, columns, &found))
        {
            let group = group.0.clone();
            found.insert(group, KEPT);
        }
        found
    }

    /// Whether a new template of this namespace would change what is replicated, or what another cache keeps.
    fn disturbs(
        &self,
        (registry, space): &(RegistryId, String),
        columns: &[usize],
        ages: &BTreeMap<(RegistryId, String), usize>,
    ) -> bool {
        let templates = &self.model.registries[usize::from(registry.0)].templates;
        let length = |prefix: &str| if prefix == ROOT { 0 } else { prefix.trim_end_matches('/').len() };
        self.cells.cells.iter().zip(columns).any(|(cell, column)| {
            let name = self.name(cell);
            if cell.destination != *registry || !lies_in(name, space) {
                return false;
            }
            let existing = template_for(templates, name);
            if existing.is_some_and(|template| length(&template.prefix) > length(space)) {
                return false;
            }
            let is_cached = |column: usize| column != 0 && column != REPLICATE;
            let other = self.group(cell);
            match *column {
                REPLICATE => existing.is_some_and(|template| template.for_replication),
                _ if other.1 == *space || !cell.runs => false,
                // Another namespace below with an age of its own has a template of its own.
                column => is_cached(column) && ages.get(&other).is_none_or(|age| !self.is_days(*age)),
            }
        })
    }

    fn finish(
        &self,
        mut columns: Vec<usize>,
        rules: Vec<(RegistryId, ReplicationRule)>,
        exactness: Exactness,
        ages: &BTreeMap<(RegistryId, String), usize>,
    ) -> Plan {
        let mut evictions = BTreeMap::new();
        for (index, cell) in self.cells.cells.iter().enumerate() {
            if !cell.runs || columns[index] == REPLICATE {
                continue;
            }
            let group = self.group(cell);
            let age = ages.get(&group).copied().unwrap_or(KEPT);
            columns[index] = self.instead(index, Some(age)).unwrap_or(0);
            if let Column::Same(Way::Cache(Keep::Days(days))) = self.cells.columns[columns[index]] {
                evictions.insert(group, days);
            }
        }
        let sum = |columns: &[usize], all: bool| -> i128 {
            let cells = self.cells.cells.iter().zip(columns);
            let counts = cells.filter(|(cell, column)| cell.runs || all && **column == REPLICATE);
            counts.map(|(cell, column)| cell.ways[*column].cost.0).sum()
        };
        Plan {
            wished: sum(&self.wishes.columns, false),
            cost: sum(&columns, true),
            columns,
            rules,
            evictions,
            exactness,
        }
    }

    /// What makes one plan better than another: fewer broken requirements, then less cost.
    fn worth(&self, plan: &Plan) -> (usize, i128) {
        let broken = self.cells.cells.iter().enumerate().filter(|(index, cell)| {
            let column = plan.columns[*index];
            let barred = cell.ways[column].barred.is_some() && (cell.runs || column == REPLICATE);
            barred || self.wishes.required[*index] && self.wishes.columns[*index] == REPLICATE && column != REPLICATE
        });
        (broken.count(), plan.cost)
    }
}

fn weaker(one: Exactness, other: Exactness) -> Exactness {
    let rank = |exactness| match exactness {
        Exactness::Exact => 0,
        Exactness::BestGrouping => 1,
        Exactness::Greedy => 2,
    };
    if rank(other) > rank(one) { other } else { one }
}

impl Plan {
    /// The way of a cell.
    pub fn way(&self, model: &Model, cells: &Cells, index: usize) -> Way {
        cells.way(self.columns[index], index, model)
    }

    /// The plan as a strategy of the scenario.
    pub fn strategy(&self, model: &Model, cells: &Cells) -> Strategy {
        let manner = Manner::of(model);
        let main = if self.rules.is_empty() { Way::Across } else { Way::Replicate };
        let exceptions = self.groups(model, cells).into_iter().filter(|group| group.way != main);
        Strategy {
            name: NAME.into(),
            kind: manner.kind(main, &self.rules),
            if_missing: manner.if_missing(main),
            exceptions: exceptions
                .map(|group| Exception {
                    repositories: group.repositories,
                    clusters: group.clusters,
                    kind: manner.kind(group.way, &[]),
                    if_missing: manner.if_missing(group.way),
                })
                .collect(),
        }
    }

    /// The scenario's model with the plan as one more strategy, and with the templates that it needs.
    pub fn applied(&self, model: &Model, cells: &Cells) -> Model {
        let mut model = model.clone();
        let strategy = self.strategy(&model, cells);
        model.strategies.push(strategy);
        for registry in self.registries() {
            model.registries[usize::from(registry.0)].templates = self.templates(&model, registry);
        }
        model
    }

    /// Registries whose templates change, ascending.
    pub fn registries(&self) -> Vec<RegistryId> {
        let mut found: Vec<RegistryId> = self.evictions.keys().map(|(registry, _)| *registry).collect();
        found.dedup();
        found
    }

    /// The templates of a registry: the scenario's, and those that evict.
    pub fn templates(&self, model: &Model, registry: RegistryId) -> Vec<CreationTemplate> {
        let settings = &model.registries[usize::from(registry.0)];
        let mut templates = settings.templates.clone();
        for ((_, space), days) in self.evictions.iter().filter(|((at, _), _)| *at == registry) {
            // Any repository of the namespace stands for all: what is deeper has templates of its own.
            let made = settings.created(&format!("{space}/x"), CreatedBy::Cache);
            let is_same = |one: &CreationTemplate| one.prefix.trim_end_matches('/') == space;
            let old = templates.iter().position(is_same);
            let template = CreationTemplate {
                prefix: space.clone(),
                mutability: Some(made.mutability),
                lifecycle: Some(LifecyclePolicy::days(*days)),
                for_replication: false,
                for_cache: true,
            };
            match old {
                Some(old) => templates[old] = template,
                None => templates.push(template),
            }
        }
        templates
    }

    /// Which pairs of repository and cluster are served which way: for each way and set of clusters the repositories,
    /// in order of way.
    pub fn groups(&self, model: &Model, cells: &Cells) -> Vec<Group> {
        let mut by_way: BTreeMap<Way, BTreeMap<RegistryId, Vec<RepositoryId>>> = BTreeMap::new();
        for (index, cell) in cells.cells.iter().enumerate().filter(|(_, cell)| cell.runs) {
            let places = by_way.entry(self.way(model, cells, index)).or_default();
            places.entry(cell.destination).or_default().push(RepositoryId(cell.repository));
        }
        let mut groups: Vec<Group> = Vec::new();
        for (way, places) in by_way {
            let first = groups.len();
            for (place, repositories) in places {
                let same = groups[first..].iter().position(|group| group.repositories == repositories);
                let clusters = (0u16..).map(ClusterId).zip(&model.demand.clusters);
                let clusters = clusters.filter(|(_, cluster)| cluster.registry == place).map(|(id, _)| id);
                match same {
                    Some(same) => {
                        let group = &mut groups[first + same];
                        group.destinations.push(place);
                        group.clusters.extend(clusters);
                        group.clusters.sort_unstable_by_key(|cluster| cluster.0);
                    }
                    None => groups.push(Group {
                        way,
                        repositories,
                        destinations: vec![place],
                        clusters: clusters.collect(),
                    }),
                }
            }
        }
        groups
    }
}

/// Repositories that get to these registries in one way.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// The way.
    pub way: Way,
    /// Ascending.
    pub repositories: Vec<RepositoryId>,
    /// Ascending.
    pub destinations: Vec<RegistryId>,
    /// Ascending.
    pub clusters: Vec<ClusterId>,
}
