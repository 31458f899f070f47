//! What the rows mean: the questions that charts and sentences ask of them.
//!
//! A [`Reading`] holds the tables and the strategies in scenario order and answers: which strategies are systems and which
//! is only a bound, who is cheapest, whether a difference is real, what a quantile is, what happened on a day. It prints
//! nothing and rounds nothing.

use std::collections::BTreeMap;

mod recovery;

pub use recovery::{Recovery, Standby};

use crate::study::statistics::Estimate;
pub use crate::study::statistics::alike;
use crate::study::tables::{LatencyRow, RunRecord, SummaryRow, Tables, TimelineRow, TrialRow};

/// The `kind` of the lower bound: not a system, and never called the cheapest.
pub const BOUND: &str = "clairvoyant";
/// The region that stands for all regions together.
pub const ALL: &str = "all";

/// The tables of a run, ready for questions.
pub struct Reading<'a> {
    /// The rows.
    pub tables: &'a Tables,
    /// One per summary row, in scenario order.
    pub strategies: Vec<Strategy<'a>>,
}

/// A strategy and its place among its kind.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Strategy<'a> {
    /// Its summary.
    pub row: &'a SummaryRow,
    /// How many strategies of the same kind come before it: tells variants apart.
    pub variant: usize,
}

/// A difference between two strategies over the same trials.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Paired {
    /// Mean of the per-trial differences.
    pub mean: f64,
    /// 95 % interval; `None` with fewer than two trials.
    pub interval: Option<(f64, f64)>,
    /// The interval widened for all comparisons with one strategy taken together (Bonferroni).
    pub together: Option<(f64, f64)>,
}

impl Paired {
    fn of(differences: &[f64], comparisons: usize) -> Paired {
        let ends = |estimate: Estimate| estimate.low().zip(estimate.high());
        let estimate = Estimate::of(differences);
        let together = ends(Estimate::among(differences, comparisons));
        Paired { mean: estimate.mean, interval: ends(estimate), together }
    }

    /// Whether zero is left out when all comparisons are taken together. Without an interval nothing is known.
    pub fn is_significant(&self) -> Option<bool> {
        self.together.map(|(low, high)| low > 0.0 || high < 0.0)
    }
}

impl<'a> Strategy<'a> {
    /// Its name, as in the scenario.
    pub fn name(&self) -> &'a str {
        &self.row.strategy
    }

    /// Whether it is the bound and not a system.
    pub fn is_bound(&self) -> bool {
        self.row.kind == BOUND
    }

    /// Mean cost (dollars a month).
    pub fn cost(&self) -> f64 {
        self.row.cost_usd_month
    }

    /// Share of its pulls that fail; `None` when all succeed.
    pub fn failing(&self) -> Option<f64> {
        (self.row.pulls_failed > 0.0 && self.row.pulls > 0.0).then(|| self.row.pulls_failed / self.row.pulls)
    }
}

impl<'a> Reading<'a> {
    /// Reads the tables.
    pub fn of(tables: &'a Tables) -> Reading<'a> {
        let strategies = tables
            .summary
            .iter()
            .enumerate()
            .map(|(index, row)| Strategy {
                row,
                variant: tables.summary[..index].iter().filter(|other| other.kind == row.kind).count(),
            })
            .collect();
        Reading { tables, strategies }
    }

    /// Everything about the run that is not a table.
    pub fn run(&self) -> &'a RunRecord {
        &self.tables.run
    }

    /// The strategy of that name.
    pub fn strategy(&self, name: &str) -> Option<Strategy<'a>> {
        self.strategies.iter().copied().find(|strategy| strategy.name() == name)
    }

    /// Strategies that could be built, cheapest first; equal costs keep the scenario's order.
    pub fn systems_by_cost(&self) -> Vec<Strategy<'a>> {
        let mut systems: Vec<_> = self.strategies.iter().copied().filter(|strategy| !strategy.is_bound()).collect();
        systems.sort_by(|a, b| a.cost().total_cmp(&b.cost()));
        systems
    }

    /// The bound, if it was run.
    pub fn bound(&self) -> Option<Strategy<'a>> {
        self.strategies.iter().copied().find(Strategy::is_bound)
    }

    /// All strategies, cheapest first, the bound last.
    pub fn by_cost(&self) -> Vec<Strategy<'a>> {
        let bounds = self.strategies.iter().copied().filter(Strategy::is_bound);
        self.systems_by_cost().into_iter().chain(bounds).collect()
    }

    /// Cost of `a` minus cost of `b` in dollars a month, paired by trial.
    pub fn paired_cost(&self, a: &str, b: &str) -> Option<Paired> {
        self.paired(a, b, |row| Some(dollars(&row.cost_usd)? / row.months))
    }

    /// The 95th percentile of pull times of `a` minus that of `b` in seconds, paired by trial; only where every trial of
    /// both has the 200 pulls that this quantile wants.
    pub fn paired_p95(&self, a: &str, b: &str) -> Option<Paired> {
        let enough = |row: &TrialRow| row.pulls.saturating_sub(row.pulls_failed) >= 200;
        let is_whole = |name: &str| self.tables.trials.iter().filter(|row| row.strategy == name).all(enough);
        let both = is_whole(a) && is_whole(b);
        self.paired(a, b, |row| row.pull_p95_s).filter(|_| both)
    }

    fn paired(&self, a: &str, b: &str, figure: impl Fn(&TrialRow) -> Option<f64>) -> Option<Paired> {
        let by_trial = |name: &str| -> BTreeMap<u64, f64> {
            let own = self.tables.trials.iter().filter(|row| row.strategy == name);
            own.filter_map(|row| Some((row.trial, figure(row)?))).collect()
        };
        let other = by_trial(b);
        let differences: Vec<f64> =
            by_trial(a).into_iter().filter_map(|(trial, value)| Some(value - other.get(&trial)?)).collect();
        let comparisons = self.strategies.iter().filter(|strategy| !strategy.is_bound()).count().saturating_sub(1);
        (!differences.is_empty()).then(|| Paired::of(&differences, comparisons))
    }

    /// Dollars a month of each trial, in trial order.
    pub fn costs(&self, strategy: &str) -> Vec<f64> {
        let own = self.tables.trials.iter().filter(|row| row.strategy == strategy);
        own.filter_map(|row| Some(dollars(&row.cost_usd)? / row.months)).collect()
    }

    /// Quantiles of an event in all regions together, as (share in [0, 1], seconds), ascending; the mean is not among them.
    pub fn quantiles(&self, strategy: &str, event: &str) -> Vec<(f64, f64)> {
        let mut points: Vec<(f64, f64)> =
            self.latency(strategy, event).filter_map(|row| Some((share(&row.quantile)?, row.seconds))).collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        points
    }

    /// One named quantile, or the mean, of an event in all regions together (s).
    pub fn quantile(&self, strategy: &str, event: &str, quantile: &str) -> Option<f64> {
        self.latency(strategy, event).find(|row| row.quantile == quantile).map(|row| row.seconds)
    }

    fn latency(&self, strategy: &str, event: &str) -> impl Iterator<Item = &'a LatencyRow> {
        let rows = self.tables.latency.iter();
        rows.filter(move |row| row.strategy == strategy && row.event == event && row.region == ALL)
    }

    /// Days of the timeline, ascending.
    pub fn days(&self) -> Vec<&'a str> {
        let mut days: Vec<&str> = self.tables.timeline.iter().map(|row| &*row.day).collect();
        days.sort_unstable();
        days.dedup();
        days
    }

    /// A metric of a strategy by day, folded over registries (`+` for what adds up, `max` for peaks).
    pub fn daily(&self, strategy: &str, metric: &str, fold: fn(f64, f64) -> f64) -> BTreeMap<&'a str, f64> {
        self.daily_where(strategy, metric, fold, |_| true)
    }

    /// Like [`Reading::daily`], over the rows that `wanted` lets through.
    pub fn daily_where(
        &self,
        strategy: &str,
        metric: &str,
        fold: fn(f64, f64) -> f64,
        wanted: impl Fn(&TimelineRow) -> bool,
    ) -> BTreeMap<&'a str, f64> {
        let mut days = BTreeMap::new();
        let rows = self.tables.timeline.iter().filter(|row| *row.strategy == *strategy && *row.metric == *metric);
        for row in rows.filter(|row| wanted(row)) {
            days.entry(&*row.day).and_modify(|sum| *sum = fold(*sum, row.value)).or_insert(row.value);
        }
        days
    }

    /// Trials per strategy.
    pub fn trials(&self) -> u64 {
        self.tables.summary.iter().map(|row| row.trials).max().unwrap_or(self.run().trials)
    }
}

/// `p99.9` as 0.999; `min` and `max` as 0 and 1; the mean is none.
fn share(quantile: &str) -> Option<f64> {
    match quantile {
        "min" => Some(0.0),
        "max" => Some(1.0),
        name => name.strip_prefix('p')?.parse::<f64>().ok().map(|percent| percent / 100.0),
    }
}

/// Decimal dollars of a cell, for statistics and drawing only: the exact sums are in the tables already.
pub fn dollars(cell: &str) -> Option<f64> {
    cell.parse().ok()
}

/// Whether two amounts are the same up to the rounding of floats.
pub fn same(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs())
}

/// Sorts by the 95th percentile; where the best are within a hundredth of each other, their 99th decides.
pub fn fastest_first<T>(items: &mut [T], p95: impl Fn(&T) -> f64, p99: impl Fn(&T) -> f64) {
    items.sort_by(|a, b| p95(a).total_cmp(&p95(b)));
    let best = items.first().map_or(0.0, &p95);
    let alike = items.iter().take_while(|item| p95(item) <= best * 1.01).count();
    items[..alike].sort_by(|a, b| p99(a).total_cmp(&p99(b)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn the_bound_is_never_among_the_systems() {
        let tables = fixture::tables();
        let reading = Reading::of(&tables);
        assert_eq!(reading.systems_by_cost()[0].name(), "pull-through-cache");
        assert!(reading.systems_by_cost().iter().all(|strategy| strategy.name() != "clairvoyant"));
        assert_eq!(reading.by_cost().last().map(Strategy::name), Some("clairvoyant"));
    }

    #[test]
    fn the_paired_interval_is_the_one_of_student() {
        // Differences 1, 2, 3: mean 2, standard error 1/sqrt(3), t(0.975, 2) = 4.3027.
        let trial = |strategy: &str, trial: u64, cost: &str| TrialRow {
            strategy: strategy.into(),
            trial,
            months: 1.0,
            cost_usd: cost.into(),
            ..Default::default()
        };
        let tables = Tables {
            trials: vec![
                trial("a", 1, "11.0"),
                trial("a", 2, "12.0"),
                trial("a", 3, "13.0"),
                trial("b", 3, "10.0"),
                trial("b", 2, "10.0"),
                trial("b", 1, "10.0"),
            ],
            ..Tables::default()
        };
        let paired = Reading::of(&tables).paired_cost("a", "b").expect("trials in common");
        let (low, high) = paired.interval.expect("three trials");
        assert!((paired.mean - 2.0).abs() < 1e-12);
        assert!((low - (2.0 - 4.302_652_73 / 3f64.sqrt())).abs() < 1e-6, "{low}");
        assert!((high - (2.0 + 4.302_652_73 / 3f64.sqrt())).abs() < 1e-6, "{high}");
        assert_eq!(paired.is_significant(), Some(false));
    }

    #[test]
    fn the_tail_decides_between_equally_fast_ones() {
        let mut items = [("wait", 10.0, 150.0), ("slow", 13.0, 13.0), ("even", 10.05, 10.1)];
        fastest_first(&mut items, |it| it.1, |it| it.2);
        assert_eq!(items.map(|it| it.0), ["even", "wait", "slow"]);
    }

    #[test]
    fn what_nobody_would_choose_by_is_alike() {
        assert!(alike(0.750_000_0, 0.750_008_4) && alike(1000.0, 1004.0) && alike(0.0, 0.0) && alike(0.001, 0.005));
        assert!(!alike(1000.0, 1006.0) && !alike(0.10, 0.11));
    }

    #[test]
    fn one_trial_has_no_interval() {
        let tables = fixture::run(&[("a", "replication"), ("b", "centralized")], 1);
        let paired = Reading::of(&tables).paired_cost("a", "b").expect("one trial in common");
        assert_eq!(paired.interval, None);
        assert_eq!(paired.is_significant(), None);
    }

    #[test]
    fn quantiles_come_in_order_and_without_the_mean() {
        let tables = fixture::tables();
        let points = Reading::of(&tables).quantiles("replication", "copy");
        assert_eq!(points.len(), 12);
        assert!(points.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1));
        assert_eq!((points[0].0, points[11].0), (0.0, 1.0));
    }
}
