//! What is kept of a strategy's trials: sums, merged histograms, and a few figures of each trial.
//!
//! A trial's outcome comes in, its histograms are merged into those of the strategy, its counts are added, and the rest
//! of it is dropped. Trials are added in order, so floats add up to the same bits whatever the number of threads.

use std::collections::BTreeMap;

use super::objectives::{Evidence, Tally, tally};
use super::struck::Struck;
use crate::billing::{Bill, BillRow, DayCost, LineItem, RepositoryCost};
use crate::cloud::{AccountId, RegionId};
use crate::engine::{DailySeries, Failure, Outcome, PullTimes};
use crate::scenario::Scenario;
use crate::sim::Histogram;
use crate::units::Usd;

/// One trial of one strategy, priced.
pub(super) struct Sample {
    /// What the engine left behind.
    pub outcome: Outcome,
    /// Its bill; empty for a variant, which is timed only.
    pub bill: Bill,
    /// Total under the other reading of the pull price, if it has every price it needs.
    pub other_cost: Option<Usd>,
    /// The bill by repository.
    pub by_repository: Vec<RepositoryCost>,
    /// The bill by day.
    pub by_day: Vec<DayCost>,
    /// Wall time of the engine (s).
    pub seconds: f64,
}

/// The four cost columns of `summary.csv`.
pub(super) const GROUPS: [&str; 4] = ["storage", "transfer", "network_path", "other"];

/// The cost column that a line item belongs to.
pub(super) fn group(item: LineItem) -> usize {
    match item {
        LineItem::Storage | LineItem::Archive | LineItem::Retrieval => 0,
        LineItem::Copy | LineItem::Pull => 1,
        LineItem::Nat | LineItem::Endpoint => 2,
        LineItem::Scan | LineItem::Runner | LineItem::People => 3,
    }
}

/// Median and tails of one trial's pulls or copies.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Tails {
    /// Events.
    pub count: u64,
    /// p50, p95 and p99 in seconds; empty without events.
    pub quantiles: [Option<f64>; 3],
}

/// The quantiles of [`Tails`], and how many events each needs to be compared trial by trial: 10/(1 − q).
pub(super) const TAILS: [(f64, &str, u64); 3] = [(0.50, "p50", 20), (0.95, "p95", 200), (0.99, "p99", 1000)];

impl Tails {
    /// Of a histogram.
    pub fn of(histogram: &Histogram) -> Tails {
        Tails { count: histogram.count(), quantiles: TAILS.map(|(q, _, _)| histogram.quantile(q)) }
    }
}

/// What is kept of each trial by itself.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct TrialFacts {
    /// The sum of the bill's rows.
    pub cost: Usd,
    /// By [`GROUPS`]; they add up to `cost`.
    pub groups: [Usd; 4],
    /// Pulls asked for.
    pub pulls: u64,
    /// Pulls that downloaded.
    pub pulls_cold: u64,
    /// Pulls that gave up.
    pub pulls_failed: u64,
    /// Pull times in all regions.
    pub pull: Tails,
    /// Copies completed.
    pub copies: u64,
    /// Copies failed for good.
    pub copies_failed: u64,
    /// Lag in all regions.
    pub lag: Tails,
    /// Copies and pulls between regions.
    pub cross_region_bytes: u128,
    /// Stored when the period ends.
    pub stored_bytes_end: u64,
}

/// Sums over trials for a repository in an account and region.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct RepositorySums {
    /// Dollars by the first three of [`GROUPS`].
    pub costs: [Usd; 3],
    /// Pulls served.
    pub pulls: u64,
    /// Copies arrived.
    pub copies: u64,
    /// Copies that nobody pulled.
    pub copies_never_pulled: u64,
}

/// Sums over trials of a registry's daily series.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct SeriesSums {
    /// Bytes.
    pub stored: Vec<f64>,
    /// Bytes.
    pub egress: Vec<f64>,
    /// Bytes a second.
    pub peak_egress: Vec<f64>,
    /// Calls a second.
    pub peak_batch_get_image: Vec<f64>,
    /// Calls a second.
    pub peak_get_download_url: Vec<f64>,
    /// Pulls.
    pub pulls: Vec<f64>,
}

/// All that is kept of a strategy.
#[derive(Default)]
pub(super) struct Gathered {
    /// Trial by trial.
    pub trials: Vec<TrialFacts>,
    /// Bill rows, trial by trial.
    pub bills: Vec<Vec<BillRow>>,
    /// Cost under the other reading, trial by trial; trials that cannot be priced so are left out.
    pub other_costs: Vec<Usd>,
    /// Merged, by region of the cluster.
    pub pull_times: Vec<PullTimes>,
    /// Merged, by region of the destination.
    pub lag: Vec<Histogram>,
    /// All trials together, for objectives.
    pub evidence: Evidence,
    /// By objective, then place (all regions first).
    pub tallies: Vec<Vec<Tally>>,
    /// Sums by repository, account and region.
    pub repositories: BTreeMap<(u32, AccountId, RegionId), RepositorySums>,
    /// Sums by registry.
    pub series: Vec<SeriesSums>,
    /// Sums by account, region and day.
    pub cost_by_day: BTreeMap<(AccountId, RegionId), Vec<Usd>>,
    /// What faults did.
    pub struck: Struck,
    /// Sums by what failed, why and where.
    pub failures: BTreeMap<Failure, u64>,
    /// Node-nanoseconds.
    pub waiting_ns: u128,
    /// Events simulated.
    pub events: u64,
    /// Wall time of the engine (s).
    pub seconds: f64,
}

impl Gathered {
    /// Adds the next trial.
    pub fn add(&mut self, scenario: &Scenario, sample: Sample) {
        let Sample { mut outcome, bill, other_cost, by_repository, by_day, seconds } = sample;
        let evidence = Evidence::of(scenario, &mut outcome, &bill);
        tally(scenario, &evidence, &mut self.tallies);
        self.evidence.merge(evidence);
        self.trials.push(facts(&outcome, &bill));
        self.other_costs.extend(other_cost);
        merge_by(&mut self.pull_times, &outcome.pull_times, |sum, next| {
            sum.pull.merge(&next.pull);
            sum.waiting.merge(&next.waiting);
            sum.queueing.merge(&next.queueing);
            sum.transfer.merge(&next.transfer);
            sum.unpack.merge(&next.unpack);
        });
        merge_by(&mut self.lag, &outcome.lag, Histogram::merge);
        merge_by(&mut self.series, &outcome.series, SeriesSums::add);
        self.add_repositories(scenario, &outcome, &by_repository);
        for day in by_day {
            let days = self.cost_by_day.entry((day.account, day.region)).or_default();
            if days.len() <= day.day {
                days.resize(day.day + 1, Usd::default());
            }
            days[day.day] += day.cost;
        }
        for (failure, count) in &outcome.failures {
            *self.failures.entry(*failure).or_default() += count;
        }
        self.struck.add(&scenario.model.faults, self.trials.len() as u64, outcome.strikes);
        self.waiting_ns += outcome.waiting_ns;
        self.events += outcome.events;
        self.seconds += seconds;
        self.bills.push(bill.rows);
    }

    /// Cost of each trial (dollars a month).
    pub fn costs_per_month(&self, months: f64) -> Vec<f64> {
        self.trials.iter().map(|trial| trial.cost.dollars() / months).collect()
    }

    fn add_repositories(&mut self, scenario: &Scenario, outcome: &Outcome, costs: &[RepositoryCost]) {
        for cost in costs {
            // What is nobody's in particular is in the bill only.
            let Some(repository) = cost.repository else { continue };
            let sums = self.repositories.entry((repository, cost.account, cost.region)).or_default();
            for (sum, part) in sums.costs.iter_mut().zip([cost.storage, cost.transfer, cost.network_path]) {
                *sum += part;
            }
        }
        for counts in &outcome.by_repository {
            let registry = scenario.model.cloud.registries[usize::from(counts.registry)];
            let sums = self.repositories.entry((counts.repository, registry.account, registry.region)).or_default();
            sums.pulls += counts.pulls;
            sums.copies += counts.copies;
            sums.copies_never_pulled += counts.copies_never_pulled;
        }
    }
}

impl SeriesSums {
    fn add(&mut self, next: &DailySeries) {
        add_days(&mut self.stored, next.stored.iter().map(|bytes| *bytes as f64));
        add_days(&mut self.egress, next.egress.iter().map(|bytes| *bytes as f64));
        add_days(&mut self.peak_egress, next.peak_egress.iter().copied());
        add_days(&mut self.peak_batch_get_image, next.peak_batch_get_image.iter().map(|calls| f64::from(*calls)));
        add_days(&mut self.peak_get_download_url, next.peak_get_download_url.iter().map(|calls| f64::from(*calls)));
        add_days(&mut self.pulls, next.pulls.iter().map(|pulls| *pulls as f64));
    }
}

fn facts(outcome: &Outcome, bill: &Bill) -> TrialFacts {
    let (mut pull, mut lag) = (Histogram::default(), Histogram::default());
    outcome.pull_times.iter().for_each(|times| pull.merge(&times.pull));
    outcome.lag.iter().for_each(|region| lag.merge(region));
    let mut groups = [Usd::default(); 4];
    for row in &bill.rows {
        groups[group(row.line_item)] += row.cost;
    }
    TrialFacts {
        cost: bill.total(),
        groups,
        pulls: outcome.pulls,
        pulls_cold: outcome.pulls_cold,
        pulls_failed: outcome.pulls_failed,
        pull: Tails::of(&pull),
        copies: outcome.copies,
        copies_failed: outcome.copies_failed,
        lag: Tails::of(&lag),
        cross_region_bytes: outcome.ledger.cross_region_bytes(),
        stored_bytes_end: outcome.stored_bytes_end,
    }
}

/// Merges element by element; the sum grows to the longer of the two.
fn merge_by<S: Default, T>(sums: &mut Vec<S>, next: &[T], merge: impl Fn(&mut S, &T)) {
    if sums.len() < next.len() {
        sums.resize_with(next.len(), S::default);
    }
    for (sum, next) in sums.iter_mut().zip(next) {
        merge(sum, next);
    }
}

fn add_days(sums: &mut Vec<f64>, days: impl Iterator<Item = f64>) {
    for (day, value) in days.enumerate() {
        match sums.get_mut(day) {
            Some(sum) => *sum += value,
            None => sums.push(value),
        }
    }
}
