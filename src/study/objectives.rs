//! Objectives: what was observed, and whether it is good enough.
//!
//! [`Evidence`] is what objectives are judged on. It has the same form for one trial and for all of them together, so
//! `observed` (all trials) and `probability_met` (trial by trial) come from the same few lines.

use std::collections::BTreeMap;

use super::struck::can_end;
use crate::billing::Bill;
use crate::cloud::AccountId;
use crate::engine::{Model, Outcome, ProbeResult, StrikeOutcome};
use crate::ledger::Item;
use crate::scenario::{Metric, Scenario, TimeTarget};
use crate::units::{Span, Usd};

/// What objectives are judged on, of one trial or of several together.
#[derive(Clone, Default)]
pub(super) struct Evidence {
    trials: u64,
    probes: Vec<Vec<ProbeResult>>,
    pulls: u64,
    pulls_failed: u64,
    cost: Usd,
    cost_by_account: BTreeMap<AccountId, Usd>,
    /// By fault with a standby: the longest recovery (s); infinite = it never came.
    recovery: BTreeMap<usize, f64>,
    /// By fault with a standby: the most repositories whose newest release was missing there.
    missing: BTreeMap<usize, f64>,
    /// By (objective, region): byte-nanoseconds stored where a residency objective forbids it.
    misplaced: BTreeMap<(usize, usize), u128>,
}

/// Where an objective is judged: `None` = in all regions together, else in this one (by id).
pub(super) type Place = Option<usize>;

impl Evidence {
    /// The evidence of one trial. Takes the outcome's probes, which nobody else needs.
    pub fn of(scenario: &Scenario, outcome: &mut Outcome, bill: &Bill) -> Evidence {
        Evidence {
            trials: 1,
            probes: std::mem::take(&mut outcome.probes),
            pulls: outcome.pulls,
            pulls_failed: outcome.pulls_failed,
            cost: bill.total(),
            cost_by_account: bill.by_account(),
            recovery: worst(scenario, outcome, |strike| {
                strike.recovery.map(|recovery| recovery.map_or(f64::INFINITY, Span::as_seconds))
            }),
            missing: worst(scenario, outcome, |strike| strike.images_missing.map(f64::from)),
            misplaced: misplaced(scenario, outcome),
        }
    }

    /// Adds another trial's.
    pub fn merge(&mut self, other: Evidence) {
        self.trials += other.trials;
        if self.probes.len() < other.probes.len() {
            self.probes.resize_with(other.probes.len(), Vec::new);
        }
        for (mine, theirs) in self.probes.iter_mut().zip(&other.probes) {
            if mine.len() < theirs.len() {
                mine.resize_with(theirs.len(), ProbeResult::default);
            }
            for (mine, theirs) in mine.iter_mut().zip(theirs) {
                mine.histogram.merge(&theirs.histogram);
                mine.within += theirs.within;
            }
        }
        self.pulls += other.pulls;
        self.pulls_failed += other.pulls_failed;
        self.cost += other.cost;
        for (account, cost) in other.cost_by_account {
            *self.cost_by_account.entry(account).or_default() += cost;
        }
        for (mine, theirs) in [(&mut self.recovery, other.recovery), (&mut self.missing, other.missing)] {
            for (fault, worst) in theirs {
                raise(mine, fault, worst);
            }
        }
        for (key, amount) in other.misplaced {
            *self.misplaced.entry(key).or_default() += amount;
        }
    }

    /// What the `index`-th objective observes at a place; `None` = there is nothing to measure.
    pub fn observe(&self, scenario: &Scenario, index: usize, place: Place) -> Option<f64> {
        match &scenario.objectives[index].metric {
            Metric::Lag(target) | Metric::PullTime(target) | Metric::ReleaseEverywhere(target) => {
                self.time(&scenario.model, index, place, *target)
            }
            Metric::Recovery { fault, .. } => worst_of(&self.recovery, *fault, place),
            Metric::ImagesMissing { fault, .. } => worst_of(&self.missing, *fault, place),
            Metric::PullsFailed(_) => match self.probe(&scenario.model, index, place) {
                Some(seen) => share(seen.histogram.infinite(), seen.histogram.count()),
                None if place.is_none() => share(self.pulls_failed, self.pulls),
                None => None,
            },
            Metric::Cost { account, .. } => {
                let cost = match account {
                    None => self.cost,
                    Some(account) => self.cost_by_account.get(&AccountId(*account as u16)).copied().unwrap_or_default(),
                };
                place.is_none().then(|| cost_a_month(cost, self.trials, scenario.model.calendar.months_covered()))
            }
            Metric::Residency { .. } => {
                let here = self.misplaced.iter().filter(|((objective, region), _)| {
                    *objective == index && place.is_none_or(|place| place == *region)
                });
                let amounts: Vec<u128> = here.map(|(_, amount)| *amount).collect();
                if place.is_some() && amounts.is_empty() {
                    return None;
                }
                let period = scenario.model.calendar.end.0 as f64;
                Some(amounts.iter().sum::<u128>() as f64 / period / self.trials as f64)
            }
        }
    }

    fn time(&self, model: &Model, index: usize, place: Place, target: TimeTarget) -> Option<f64> {
        let seen = self.probe(model, index, place)?;
        let count = seen.histogram.count();
        let (quantile, at_most) = match target {
            TimeTarget::Share { .. } => return share(seen.within, count),
            TimeTarget::Quantile { quantile, at_most } => (quantile, at_most),
        };
        let observed = seen.histogram.quantile(quantile)?;
        // A histogram tells a quantile to one part in a thousand, upwards. Where the probe counted exactly how many
        // events are within the limit, an event just at the limit is not made a miss by that.
        let counted = model.probes.iter().any(|probe| probe.objective == index && probe.within == Some(at_most));
        let is_within = counted && seen.within as f64 >= libm::ceil(quantile * count as f64);
        Some(if is_within { observed.min(at_most.as_seconds()) } else { observed })
    }

    /// What the objective's probe saw at a place; `None` = it has no probe.
    fn probe(&self, model: &Model, index: usize, place: Place) -> Option<&ProbeResult> {
        let position = model.probes.iter().position(|probe| probe.objective == index)?;
        // Behind the regions stands the cell of all together, which is not their sum: a release that is late in two
        // regions is one late release.
        self.probes.get(position)?.get(place.unwrap_or(model.cloud.regions.len()))
    }
}

/// What an objective on cost observes: dollars of all trials as a mean per trial and month.
pub(super) fn cost_a_month(cost: Usd, trials: u64, months: f64) -> f64 {
    cost.dollars() / trials as f64 / months
}

/// The worst of a fault, or of all of them; a standby is judged as a whole, in all regions together.
fn worst_of(worst: &BTreeMap<usize, f64>, wanted: Option<usize>, place: Place) -> Option<f64> {
    let faults = worst.iter().filter(|(fault, _)| place.is_none() && wanted.is_none_or(|wanted| wanted == **fault));
    faults.map(|(_, worst)| *worst).max_by(f64::total_cmp)
}

/// The largest figure of each fault's strikes; those that it does not apply to are left out.
fn worst(scenario: &Scenario, outcome: &Outcome, of: fn(&StrikeOutcome) -> Option<f64>) -> BTreeMap<usize, f64> {
    let mut sums = BTreeMap::new();
    for strike in outcome.strikes.iter().filter(|it| can_end(&scenario.model.faults, it.strike.fault)) {
        if let Some(value) = of(strike) {
            raise(&mut sums, strike.strike.fault, value);
        }
    }
    sums
}

fn raise(worst: &mut BTreeMap<usize, f64>, fault: usize, value: f64) {
    worst.entry(fault).and_modify(|worst| *worst = worst.max(value)).or_insert(value);
}

/// The number to reach, in the unit of [`unit()`].
pub(super) fn target(metric: &Metric) -> f64 {
    match metric {
        Metric::Lag(target) | Metric::PullTime(target) | Metric::ReleaseEverywhere(target) => match target {
            TimeTarget::Quantile { at_most, .. } => at_most.as_seconds(),
            TimeTarget::Share { at_least, .. } => *at_least,
        },
        Metric::Recovery { at_most, .. } => at_most.as_seconds(),
        Metric::ImagesMissing { at_most, .. } => f64::from(*at_most),
        Metric::PullsFailed(at_most) => *at_most,
        Metric::Cost { at_most, .. } => at_most.dollars(),
        Metric::Residency { .. } => 0.0,
    }
}

/// The unit of target and observation.
pub(super) fn unit(metric: &Metric) -> &'static str {
    match metric {
        Metric::Lag(target) | Metric::PullTime(target) | Metric::ReleaseEverywhere(target) => match target {
            TimeTarget::Quantile { .. } => "s",
            TimeTarget::Share { .. } => "share",
        },
        Metric::Recovery { .. } => "s",
        Metric::ImagesMissing { .. } => "repositories",
        Metric::PullsFailed(_) => "share",
        Metric::Cost { .. } => "usd/month",
        Metric::Residency { .. } => "bytes",
    }
}

/// Whether `observed` is good enough.
pub(super) fn is_met(metric: &Metric, observed: f64) -> bool {
    match metric {
        Metric::Lag(TimeTarget::Share { .. })
        | Metric::PullTime(TimeTarget::Share { .. })
        | Metric::ReleaseEverywhere(TimeTarget::Share { .. }) => observed >= target(metric),
        _ => observed <= target(metric),
    }
}

/// In how many trials an objective could be judged at a place, and in how many it was met.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Trials with something to measure.
    pub judged: u64,
    /// Of these, trials that meet it.
    pub met: u64,
}

impl Tally {
    /// Share of the judged trials that meet it; `None` = none could be judged.
    pub fn probability(&self) -> Option<f64> {
        share(self.met, self.judged)
    }
}

/// Judges one trial: adds to the tallies by objective, then place (all regions first).
pub(super) fn tally(scenario: &Scenario, evidence: &Evidence, tallies: &mut Vec<Vec<Tally>>) {
    let places = scenario.model.cloud.regions.len() + 1;
    tallies.resize_with(scenario.objectives.len(), || vec![Tally::default(); places]);
    for (index, objective) in scenario.objectives.iter().enumerate() {
        for (place, tally) in tallies[index].iter_mut().enumerate() {
            if let Some(observed) = evidence.observe(scenario, index, place.checked_sub(1)) {
                tally.judged += 1;
                tally.met += u64::from(is_met(&objective.metric, observed));
            }
        }
    }
}

/// Byte-nanoseconds stored where residency objectives forbid it, by (objective, region).
fn misplaced(scenario: &Scenario, outcome: &Outcome) -> BTreeMap<(usize, usize), u128> {
    let mut sums = BTreeMap::new();
    for (index, objective) in scenario.objectives.iter().enumerate() {
        let Metric::Residency { repositories, regions } = &objective.metric else { continue };
        let forbidden = |repository: u32, region: usize| repositories[repository as usize] && !regions[region];
        for &(repository, region) in &outcome.stored_in {
            if forbidden(repository, region.into()) {
                // One byte-nanosecond stands for a stay that was over before it was metered: it is a breach too.
                *sums.entry((index, usize::from(region))).or_insert(0) += 1;
            }
        }
        // What is archived is stored there too.
        let is_stored = |item| matches!(item, Item::Storage | Item::Archive);
        for (key, shares) in outcome.ledger.by_repository().filter(|(key, _)| is_stored(key.item)) {
            let region = usize::from(key.region.0);
            let stored = shares.filter(|(repository, ..)| forbidden(*repository, region));
            let amount: u128 = stored.map(|(.., amount)| amount).sum();
            if amount > 0 {
                *sums.entry((index, region)).or_insert(0) += amount;
            }
        }
    }
    sums
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
