//! The closed form: from how many pulls on does a copy pay?
//!
//! A byte that is copied costs `e_copy` once and storage for as long as it is kept; a byte that is pulled across costs
//! `e_pull` and what it crosses on the way, every time. So a copy pays from k* = (e_copy + keep) / (e_pull + p_remote −
//! p_local) pulls of the image on (theory C2). This says what a run costs only if its copies are pulled whole, its
//! prices do not depend on volume, and it is known how long each copy is kept; whatever of this fails is named.

use super::tables::Threshold;
use crate::billing::{GbMonth, PullReading, Terms};
use crate::cloud::RegistryId;
use crate::demand::{Cluster, NewBytes, PathKind, Pushes, Repository};
use crate::registry::{Count, CreatedBy, Extension, LifecycleAction, LifecyclePolicy, Selection, StorageClass};
use crate::scenario::Scenario;
use crate::sim::{Calendar, Law};
use crate::strategy::{Kind, Replication};
use crate::units::{DAY, Price, Time};

/// What the closed form says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verdict {
    /// Why it does not say what this run costs; empty = it holds.
    pub reasons: Vec<String>,
    /// By destination. When it does not hold: over a whole life of an image, if that can be told; else empty.
    pub thresholds: Vec<Threshold>,
    /// Days that a copy is kept, when a policy says one number for all.
    pub days: Option<f64>,
}

/// Looks at the pair of strategies with these indices: the first pulls across, the second replicates. `bytes_a_month`
/// are those that the first moved at most: prices by volume are flat within a tier.
pub fn closed_form(
    scenario: &Scenario,
    reading: PullReading,
    pulling: usize,
    replicating: usize,
    bytes_a_month: f64,
) -> Verdict {
    let strategies = &scenario.model.strategies;
    let (Kind::CrossRegionPull, Kind::Replication(replication)) =
        (&strategies[pulling].kind, &strategies[replicating].kind)
    else {
        return Verdict::default();
    };
    let mut verdict = Verdict::default();
    let mut look = Look { scenario, reasons: &mut verdict.reasons };
    look.same_way_for_all(pulling, replicating);
    look.whole_images();
    let Some(home) = look.one_home() else { return verdict };
    let destinations = look.destinations(replication, home);
    let keeping = look.keeping(&destinations);
    verdict.days = keeping.days;
    let Some(months) = keeping.months else { return verdict };
    let terms = scenario.terms.with_reading(reading);
    let thresholds = destinations
        .iter()
        .map(|(destination, clusters)| look.threshold(&terms, home, *destination, clusters, months, bytes_a_month));
    verdict.thresholds = thresholds.collect::<Option<Vec<_>>>().unwrap_or_default();
    verdict
}

/// How long copies are kept.
#[derive(Default)]
struct Keeping {
    days: Option<f64>,
    /// GB-months of storage for each GB copied.
    months: Option<f64>,
}

struct Look<'a> {
    scenario: &'a Scenario,
    reasons: &'a mut Vec<String>,
}

impl Look<'_> {
    fn fails(&mut self, reason: impl Into<String>) {
        let reason = reason.into();
        if !self.reasons.contains(&reason) {
            self.reasons.push(reason);
        }
    }

    fn unless(&mut self, holds: bool, reason: &str) {
        if !holds {
            self.fails(reason);
        }
    }

    fn same_way_for_all(&mut self, pulling: usize, replicating: usize) {
        let model = &self.scenario.model;
        let pair = [&model.strategies[pulling], &model.strategies[replicating]];
        let same = pair.iter().all(|strategy| strategy.exceptions.is_empty());
        self.unless(same, "some repositories or clusters are served in another way");
        if let Kind::Replication(replication) = &pair[1].kind {
            self.unless(replication.copy_failures == 0.0, "some copies fail");
            self.unless(replication.since <= Time::START, "the rules come later than the run starts");
        }
        self.unless(model.faults.is_empty(), "something breaks during the run");
        self.unless(model.warm_up.0 == 0, "copies made before the run are stored in it");
        self.unless(!self.scenario.terms.free_tier, "part of the usage is free");
    }

    fn whole_images(&mut self) {
        for repository in &self.scenario.model.demand.repositories {
            let image = &repository.image;
            let unshared = matches!(image.new_bytes, NewBytes::Share(share) if share >= 1.0)
                && image.base.is_none()
                && !matches!(repository.pushes, Pushes::Manifests(_));
            self.unless(unshared, "images share layers with each other");
            let alone = image.platforms == 1 && image.attachments.is_none();
            self.unless(alone, "more is copied with an image than a node pulls (platforms, attachments)");
            let once = repository.promotions.is_empty() && repository.tags.moving.is_empty();
            self.unless(once, "images get further tags or are promoted");
            self.unless(repository.existing == 0, "images that were there before are pulled but not copied");
        }
    }

    fn one_home(&mut self) -> Option<RegistryId> {
        let mut homes = self.scenario.model.demand.repositories.iter().map(|repository| repository.home);
        let first = homes.next()?;
        if homes.any(|home| home != first) {
            self.fails("repositories have different homes");
            return None;
        }
        Some(first)
    }

    /// Where copies go, with the clusters there.
    fn destinations(&mut self, replication: &Replication, home: RegistryId) -> Vec<(RegistryId, Vec<usize>)> {
        let model = &self.scenario.model;
        let mut copied: Vec<RegistryId> = Vec::new();
        for (source, rule) in &replication.rules {
            let plain = *source == home && rule.prefixes.is_empty() && rule.extension == Extension::default();
            self.unless(plain, "rules copy only part of the images");
            self.unless(!rule.deletes, "deletions at home are replicated");
            copied.extend(&rule.destinations);
        }
        copied.sort_unstable();
        copied.dedup();
        let region = |id: RegistryId| model.cloud.registry(id).region;
        self.unless(copied.iter().all(|id| region(*id) != region(home)), "copies stay in the home's region");
        let at = |id: RegistryId| -> Vec<usize> {
            (0..model.demand.clusters.len()).filter(|index| model.demand.clusters[*index].registry == id).collect()
        };
        let all: Vec<(RegistryId, Vec<usize>)> = copied.iter().map(|id| (*id, at(*id))).collect();
        self.unless(all.iter().all(|(_, clusters)| !clusters.is_empty()), "images are copied to where nobody pulls");
        let served = |cluster: &Cluster| cluster.registry == home || copied.contains(&cluster.registry);
        self.unless(model.demand.clusters.iter().all(served), "some clusters have no copies of their own");
        all
    }

    fn keeping(&mut self, destinations: &[(RegistryId, Vec<usize>)]) -> Keeping {
        let model = &self.scenario.model;
        let (repositories, registries) = (&model.demand.repositories, &model.registries);
        let mut policies = destinations.iter().flat_map(|(id, _)| {
            let settings = &registries[usize::from(id.0)];
            repositories.iter().map(move |repository| {
                let made = settings.repositories.contains(&repository.name);
                let name = &repository.name;
                if made { settings.home(name) } else { settings.created(name, CreatedBy::Replication) }.lifecycle
            })
        });
        let Some(first) = policies.next() else { return Keeping::default() };
        if policies.any(|policy| policy != first) {
            self.fails("copies are kept by different policies");
            return Keeping::default();
        }
        let days = match &first {
            None => None,
            Some(policy) => match days_of(policy) {
                Some(days) => Some(f64::from(days)),
                None => {
                    self.fails("the policy at the destination keeps no fixed time");
                    return Keeping::default();
                }
            },
        };
        let wait = days.and_then(|_| self.wait_for_the_daily_run());
        let each: Option<Vec<f64>> =
            repositories.iter().map(|repository| self.months_in_the_run(repository, days, wait)).collect();
        let whole_life = days.map(|days| (days * DAY as f64 + wait.unwrap_or(0.0)) / self.month());
        let Some(each) = each else { return Keeping { days, months: whole_life } };
        if each.iter().any(|months| (months - each[0]).abs() > 1e-9) {
            self.fails("repositories are kept for different times within the run");
            return Keeping { days, months: whole_life };
        }
        // Where an image lives longer than the run shows of it, the run's own figure counts: it is what is simulated.
        Keeping { days, months: each.first().copied() }
    }

    /// Mean time from the end of an image's days to the daily run of the policy (ns).
    fn wait_for_the_daily_run(&mut self) -> Option<f64> {
        match self.scenario.model.service.lifecycle_delay {
            Law::Uniform { min, max } if max - min == DAY as f64 => Some(DAY as f64 / 2.0),
            Law::Constant(_) => Some(0.0),
            _ => {
                self.fails("policies do not run at every hour of the day alike");
                None
            }
        }
    }

    /// GB-months of storage within the run for each GB copied of a repository.
    fn months_in_the_run(&mut self, repository: &Repository, days: Option<f64>, wait: Option<f64>) -> Option<f64> {
        let calendar = &self.scenario.model.calendar;
        let times: Vec<Time> = match &repository.pushes {
            Pushes::Times(times) => times.clone(),
            Pushes::List(rows) if rows.iter().all(|row| row.edit.is_none() && row.same_as.is_none()) => {
                let size = rows.first().and_then(|row| row.bytes);
                let alike = rows.iter().all(|row| row.bytes == size && row.new_bytes.is_none() && row.digest.is_none());
                self.unless(alike, "listed images differ in size");
                rows.iter().map(|row| row.at).collect()
            }
            _ => {
                self.fails("pushes come at random, so some copies are still kept when the run ends");
                return None;
            }
        };
        let times: Vec<Time> = times.into_iter().filter(|at| (Time::START..calendar.end).contains(at)).collect();
        let phase = match self.scenario.model.service.lifecycle_delay {
            Law::Constant(phase) => Some(phase as i64),
            _ => None,
        };
        let kept = times.iter().map(|at| {
            let until = days.map_or(calendar.end.0, |days| {
                let due = at.0 + (days * DAY as f64) as i64;
                match phase {
                    Some(phase) => due + (phase - due).rem_euclid(DAY),
                    None => due + wait.unwrap_or(0.0) as i64,
                }
            });
            months(calendar, self.scenario.terms.gb_month, at.0, until.min(calendar.end.0))
        });
        let sum: f64 = kept.sum();
        (!times.is_empty()).then(|| sum / times.len() as f64)
    }

    /// Nanoseconds of a GB-month, on average over the run.
    fn month(&self) -> f64 {
        let calendar = &self.scenario.model.calendar;
        match self.scenario.terms.gb_month {
            GbMonth::Fixed(span) => span.0 as f64,
            GbMonth::Calendar => {
                let count = calendar.months.len();
                (0..count).map(|month| calendar.month_length(month) as f64).sum::<f64>() / count as f64
            }
        }
    }

    fn threshold(
        &mut self,
        terms: &Terms,
        home: RegistryId,
        destination: RegistryId,
        clusters: &[usize],
        months: f64,
        bytes_a_month: f64,
    ) -> Option<Threshold> {
        let model = &self.scenario.model;
        let name = |id: RegistryId| model.cloud.region(model.cloud.registry(id).region);
        let (from, to) = (name(home), name(destination));
        let path = model.demand.clusters[*clusters.first()?].path;
        let same = clusters.iter().all(|index| model.demand.clusters[*index].path == path);
        self.unless(same, "clusters at one destination have different paths");
        let charge = |kind: PathKind| match kind {
            PathKind::Nat => terms.nat_data(to).map(dollars),
            PathKind::S3Gateway | PathKind::Internet => Some(0.0),
            PathKind::None => None,
        };
        let pull = match terms.reading {
            PullReading::InterRegion => terms.pull_like_a_copy(from, to)?,
            PullReading::Internet => {
                let tariff = terms.internet(from)?;
                if let Some(second) = tariff.0.get(1) {
                    let used = terms.already_used.internet.0 as f64 + bytes_a_month;
                    self.unless(used <= second.from as f64, "pulls fill more than one price tier");
                }
                tariff.0.first()?.price?
            }
        };
        let (copy, pull) = (dollars(terms.copy(from, to)?), dollars(pull));
        let (remote, local) = (charge(path.remote)?, charge(path.local)?);
        let keep = dollars(terms.storage(to)?) * months;
        let saved = pull + remote - local;
        (saved > 0.0).then(|| Threshold {
            destination: model.cloud.registry_name(destination),
            pulls_per_image: (copy + keep) / saved,
            copy_usd_gb: copy,
            pull_usd_gb: pull,
            path_remote_usd_gb: remote,
            path_local_usd_gb: local,
            keep_usd_gb: keep,
        })
    }
}

/// The days of a policy that is nothing but days since the push.
fn days_of(policy: &LifecyclePolicy) -> Option<u32> {
    match &policy.rules[..] {
        [rule]
            if rule.selection == Selection::Any
                && rule.class == StorageClass::Standard
                && rule.action == LifecycleAction::Expire =>
        {
            match rule.count {
                Count::DaysSincePush(days) => Some(days),
                _ => None,
            }
        }
        _ => None,
    }
}

/// GB-months of a GB kept between two moments of the run.
fn months(calendar: &Calendar, month: GbMonth, from: i64, until: i64) -> f64 {
    if let GbMonth::Fixed(span) = month {
        return (until - from).max(0) as f64 / span.0 as f64;
    }
    let part = |month: usize| {
        let (start, end) = (calendar.month_starts[month].0.max(from), calendar.month_starts[month + 1].0.min(until));
        (end - start).max(0) as f64 / calendar.month_length(month) as f64
    };
    (0..calendar.months.len()).map(part).sum()
}

fn dollars(price: Price) -> f64 {
    price.0 as f64 / 1e12
}
