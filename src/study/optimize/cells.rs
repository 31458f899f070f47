//! What each way costs and does, by repository and destination: measured, not modelled.
//!
//! Every column is run through the scenario's own demand, the same for all (common random numbers), and its bill is
//! split over repositories and ends of transfers. Storage, scans and NAT gateways name the account and region, so they
//! belong to one registry. A transfer names the region that it goes to: where several registries lie in one region, they
//! are measured in turns (*classes*), the others pulling across as they do in the first run, so that what changes is
//! the one's alone.
//!
//! Beside the money a listener counts, by repository and registry, pulls, failed pulls, and for every objective about
//! times how many of its events are within the limit.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::atomic::Ordering;

use super::judged::{Judged, Watch};
use super::verify::Means;
use super::ways::{Column, Keep, Manner, Ttls, Way, destinations, pure, same_partition, with_eviction};
use crate::billing::{LineItem, OwnRates, bill, split_by_meter};
use crate::cloud::{RegionId, RegistryId};
use crate::engine::{Model, run_with_journal};
use crate::scenario::{Metric, Scenario};
use crate::study::StudyError;
use crate::study::in_order::in_order;
use crate::units::Usd;

/// What a way does in a cell, all trials together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measured {
    /// Dollars of all trials.
    pub cost: Usd,
    /// What was counted.
    pub counts: Counts,
    /// Why it may not be chosen.
    pub barred: Option<Barred>,
}

/// What a listener counts of a repository at a registry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Pulls asked for by its clusters.
    pub pulls: u64,
    /// Of these, pulls that gave up.
    pub failed: u64,
    /// By judged objective: events, and those within the limit.
    pub within: Vec<[u64; 2]>,
}

impl Counts {
    /// Adds another's.
    pub fn add(&mut self, other: &Counts) {
        self.pulls += other.pulls;
        self.failed += other.failed;
        self.within.resize(self.within.len().max(other.within.len()), [0; 2]);
        for (mine, theirs) in self.within.iter_mut().zip(&other.within) {
            mine[0] += theirs[0];
            mine[1] += theirs[1];
        }
    }
}

/// Why a way may not be chosen for a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Barred {
    /// An objective forbids to store the repository there.
    Residency,
    /// The service does not copy between partitions (A37).
    Partition,
    /// More pulls fail than under another way: what is not served costs nothing, and would look cheap.
    LosesPulls,
}

/// A repository and a registry that is not its home.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// Repository id.
    pub repository: u32,
    /// Where to.
    pub destination: RegistryId,
    /// Some cluster there runs it; else only a rule that selects too much concerns it.
    pub runs: bool,
    /// By column.
    pub ways: Vec<Measured>,
}

/// Everything that was measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Cells {
    /// What was measured: pulling across first, then replication, then a cache that keeps what it has.
    pub columns: Vec<Column>,
    /// By repository, then destination.
    pub cells: Vec<Cell>,
    /// Where images may have to go.
    pub destinations: Vec<RegistryId>,
    /// What is counted at homes, whatever is chosen elsewhere; by judged objective.
    pub at_home: Counts,
    /// Trials of each column.
    pub trials: u64,
    /// What [`Column::ObservedTtl`] stands for; empty when it is not measured.
    pub ttls: Ttls,
}

/// Where a part of a bill belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Slot {
    /// A registry.
    At(RegistryId),
    /// Copies into a region with several registries.
    Copied(RegionId),
    /// Pulls into such a region.
    Pulled(RegionId),
}

/// What one run of a column leaves.
#[derive(Default)]
struct Sums {
    costs: BTreeMap<(u32, Slot), Usd>,
    counts: BTreeMap<(u32, RegistryId), Counts>,
}

/// A run to be made in each trial.
struct Line {
    column: usize,
    class: usize,
    model: usize,
    strategy: usize,
}

/// Share of pulls by which a way may fail more often than the best of its cell.
const LOST: f64 = 0.01;

/// Runs every column in every trial.
///
/// # Errors
/// See [`StudyError`].
pub fn measure(
    scenario: &Scenario,
    columns: &[Column],
    ttls: Ttls,
    judged: &[Judged],
    means: Means<'_>,
) -> Result<Cells, StudyError> {
    let Means { jobs, progress, interrupt } = means;
    let manner = Manner::of(&scenario.model);
    let destinations = destinations(&scenario.model);
    let classes = classes(&scenario.model, &destinations);
    let (models, lines) = lines(&scenario.model, &manner, (columns, &ttls), &destinations, &classes);
    let map = Map::of(&scenario.model, &destinations);
    let trials = scenario.run.trials.max(1);
    progress.planned(trials * lines.len() as u64);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(jobs).build()?;
    let mut sums: Vec<Sums> = lines.iter().map(|_| Sums::default()).collect();
    let mut failed = None;
    let make = |index: usize| {
        let (trial, line) = (1 + (index / lines.len()) as u64, &lines[index % lines.len()]);
        let model = &models[line.model];
        let mut watch = Watch::new(model, judged);
        let listener = &mut |at, entry: &_| watch.see(at, entry);
        let outcome = run_with_journal(model, line.strategy, scenario.run.seed, trial, listener);
        let priced = bill(&outcome.ledger, &scenario.terms, &model.cloud, &model.calendar, &OwnRates::default());
        progress.trial_done();
        priced.map(|paid| (map.costs(&split_by_meter(&paid, &outcome.ledger)), watch.close()))
    };
    let finished = in_order(&pool, trials as usize * lines.len(), interrupt, make, |index, made| match made {
        Ok((costs, counts)) => {
            let sum = &mut sums[index % lines.len()];
            for (key, cost) in costs {
                *sum.costs.entry(key).or_default() += cost;
            }
            for (key, counts) in counts {
                sum.counts.entry(key).or_default().add(&counts);
            }
            ControlFlow::Continue(())
        }
        Err(source) => {
            let line = &lines[index % lines.len()];
            let strategy = columns[line.column].name();
            failed = Some(StudyError::Bill { trial: 1 + (index / lines.len()) as u64, strategy, source });
            ControlFlow::Break(())
        }
    });
    if let Some(error) = failed {
        return Err(error);
    }
    if !finished || interrupt.load(Ordering::Relaxed) {
        return Err(StudyError::Interrupted);
    }
    let gathered = Gathered { scenario, columns, lines: &lines, sums: &sums, map: &map, classes: &classes };
    Ok(Cells {
        columns: columns.to_vec(),
        cells: gathered.cells(&destinations),
        at_home: gathered.at_home(judged.len()),
        destinations,
        trials,
        ttls,
    })
}

/// By destination: its class, such that no class has two registries of a region.
fn classes(model: &Model, destinations: &[RegistryId]) -> Vec<usize> {
    let mut seen: BTreeMap<RegionId, usize> = BTreeMap::new();
    let mut class = |registry: &RegistryId| {
        let region = model.cloud.registry(*registry).region;
        // Into a region that is everybody's home nothing is moved, so its registries cannot be mistaken.
        if model.demand.repositories.iter().all(|it| model.cloud.registry(it.home).region == region) {
            return 0;
        }
        let count = seen.entry(region).or_default();
        *count += 1;
        *count - 1
    };
    destinations.iter().map(&mut class).collect()
}

/// The models and the runs: pulling across once, every other column once for each class.
fn lines(
    model: &Model,
    manner: &Manner,
    (columns, ttls): (&[Column], &Ttls),
    destinations: &[RegistryId],
    classes: &[usize],
) -> (Vec<Model>, Vec<Line>) {
    let count = classes.iter().max().map_or(0, |last| last + 1);
    let mut base = model.clone();
    let mut lines = Vec::new();
    for (column, kind) in columns.iter().enumerate() {
        let across = *kind == Column::Same(Way::Across);
        for class in 0..if across { 1 } else { count } {
            let of_class = |(to, own): (&RegistryId, &usize)| (*own == class).then_some(*to);
            let members: Vec<RegistryId> = destinations.iter().zip(classes).filter_map(of_class).collect();
            base.strategies.push(pure(model, manner, *kind, &members, ttls, &kind.name()));
            lines.push(Line { column, class, model: 0, strategy: base.strategies.len() - 1 });
        }
    }
    let mut models = vec![base];
    for (column, kind) in columns.iter().enumerate() {
        let Column::Same(Way::Cache(Keep::Days(days))) = kind else { continue };
        let mut model = models[0].clone();
        for destination in destinations {
            let settings = &mut model.registries[usize::from(destination.0)];
            *settings = with_eviction(settings, *days);
        }
        models.push(model);
        let last = models.len() - 1;
        lines.iter_mut().filter(|line| line.column == column).for_each(|line| line.model = last);
    }
    (models, lines)
}

/// Where parts of a bill belong.
struct Map<'a> {
    model: &'a Model,
    /// By region: its destinations.
    regions: Vec<Vec<RegistryId>>,
}

impl<'a> Map<'a> {
    fn of(model: &'a Model, destinations: &[RegistryId]) -> Map<'a> {
        let mut regions = vec![Vec::new(); model.cloud.regions.len()];
        for destination in destinations {
            regions[usize::from(model.cloud.registry(*destination).region.0)].push(*destination);
        }
        Map { model, regions }
    }

    fn is_shared(&self, region: RegionId) -> bool {
        self.regions[usize::from(region.0)].len() > 1
    }

    /// What repositories cost by the slot that it belongs to; what no choice can change is left out.
    fn costs(&self, parts: &[crate::billing::MeterCost]) -> Vec<((u32, Slot), Usd)> {
        let found = parts.iter().filter_map(|part| {
            let repository = part.repository?;
            let cloud = &self.model.cloud;
            let slot = match (part.line_item, part.key.to) {
                (LineItem::Copy, Some(to)) if self.is_shared(to) => Slot::Copied(to),
                (LineItem::Pull, Some(to)) if self.is_shared(to) => Slot::Pulled(to),
                (LineItem::Copy | LineItem::Pull, Some(to)) => Slot::At(*self.regions[usize::from(to.0)].first()?),
                (LineItem::Nat, Some(to)) => Slot::At(cloud.find(part.key.account, to)?),
                (_, None) => Slot::At(cloud.find(part.key.account, part.key.region)?),
                _ => return None,
            };
            let home = self.model.demand.repositories[repository as usize].home;
            (slot != Slot::At(home)).then_some(((repository, slot), part.cost))
        });
        found.collect()
    }
}

/// All sums, and how to read them.
struct Gathered<'a> {
    scenario: &'a Scenario,
    columns: &'a [Column],
    lines: &'a [Line],
    sums: &'a [Sums],
    map: &'a Map<'a>,
    /// By destination.
    classes: &'a [usize],
}

impl Gathered<'_> {
    fn cells(&self, destinations: &[RegistryId]) -> Vec<Cell> {
        let model = &self.scenario.model;
        let mut cells = Vec::new();
        for (repository, one) in (0u32..).zip(&model.demand.repositories) {
            for (destination, class) in destinations.iter().zip(self.classes) {
                if *destination != one.home {
                    cells.push(self.cell(repository, one.home, *destination, *class));
                }
            }
        }
        cells
    }

    fn cell(&self, repository: u32, home: RegistryId, destination: RegistryId, class: usize) -> Cell {
        let model = &self.scenario.model;
        let runs = |cluster: &crate::demand::Cluster| {
            cluster.registry == destination && cluster.runs.iter().any(|run| run.0 == repository)
        };
        let region = model.cloud.registry(destination).region;
        let shared = self.map.is_shared(region);
        let cost =
            |line: usize, slot: Slot| self.sums[line].costs.get(&(repository, slot)).copied().unwrap_or_default();
        let of = |column: usize| {
            let across = self.columns[column] == Column::Same(Way::Across);
            self.lines.iter().position(|line| line.column == column && (across || line.class == class)).unwrap_or(0)
        };
        let kept = of(2);
        // What the others of the region go on pulling while this one's images come from its cache.
        let own = cost(0, Slot::Pulled(region)) - cost(kept, Slot::Pulled(region));
        let mut ways: Vec<Measured> = (0..self.columns.len())
            .map(|column| {
                let line = of(column);
                let mut sum = cost(line, Slot::At(destination));
                if shared {
                    sum += cost(line, Slot::Pulled(region)) - cost(0, Slot::Pulled(region)) + own;
                    sum += cost(line, Slot::Copied(region));
                }
                let counts = self.sums[line].counts.get(&(repository, destination)).cloned().unwrap_or_default();
                Measured { cost: sum, counts, barred: None }
            })
            .collect();
        let lost = |way: &Measured| way.counts.failed as f64 / way.counts.pulls.max(1) as f64;
        let least = ways.iter().map(lost).fold(f64::INFINITY, f64::min);
        for (column, way) in ways.iter_mut().enumerate() {
            let stores = self.columns[column] != Column::Same(Way::Across);
            way.barred = if stores && self.is_forbidden(repository, region) {
                Some(Barred::Residency)
            } else if stores && !same_partition(model, home, destination) {
                Some(Barred::Partition)
            } else if lost(way) > least + LOST {
                Some(Barred::LosesPulls)
            } else {
                None
            };
        }
        // Something must be chosen: where all else is forbidden, nodes pull across, whatever that loses.
        if ways.iter().all(|way| way.barred.is_some()) {
            ways[0].barred = None;
        }
        Cell { repository, destination, runs: model.demand.clusters.iter().any(runs), ways }
    }

    fn is_forbidden(&self, repository: u32, region: RegionId) -> bool {
        self.scenario.objectives.iter().any(|objective| match &objective.metric {
            Metric::Residency { repositories, regions } => {
                repositories[repository as usize] && !regions[usize::from(region.0)]
            }
            _ => false,
        })
    }

    fn at_home(&self, judged: usize) -> Counts {
        let repositories = &self.scenario.model.demand.repositories;
        let mut sum = Counts { within: vec![[0; 2]; judged], ..Counts::default() };
        for ((repository, registry), counts) in &self.sums[0].counts {
            if repositories[*repository as usize].home == *registry {
                sum.add(counts);
            }
        }
        sum
    }
}

impl Cells {
    /// The way that a column stands for in a cell.
    pub fn way(&self, column: usize, index: usize, model: &Model) -> Way {
        let cell = &self.cells[index];
        self.columns[column].at(cell.repository, cell.destination, &self.ttls, model)
    }

    /// Dollars a month of a sum over all trials.
    pub fn per_month(&self, usd: i128, scenario: &Scenario) -> f64 {
        Usd(usd).dollars() / (self.trials as f64 * scenario.model.calendar.months_covered())
    }
}
