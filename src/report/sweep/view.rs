//! What the rows of a sweep mean: who is cheapest where, and whether chance could explain it.

use crate::report::reading::{BOUND, Reading, alike};
use crate::report::sweep::Finished;
use crate::study::sweep::{Record, SweepRow};
use crate::study::tables::{RunRecord, Tables};

/// A sweep ready for questions.
pub struct View<'a> {
    /// What it is.
    pub record: &'a Record,
    /// By number.
    pub points: Vec<Point<'a>>,
    /// The first row of every strategy as the summary of a run, for whoever draws runs.
    tables: Tables,
}

/// One point.
pub struct Point<'a> {
    /// By strategy.
    pub rows: &'a [SweepRow],
    /// The cheapest system; `None` when there is only the bound.
    pub cheapest: Option<&'a SweepRow>,
    /// The systems that are the cheapest or as good as that, in the scenario's order.
    pub leaders: Vec<&'a str>,
    /// Whether every other system costs more, to whoever pays and beyond chance. Without intervals nothing is known of
    /// chance, and the means decide.
    pub is_clear: bool,
}

/// How a system fares over all points.
#[derive(Clone, Debug, PartialEq)]
pub struct Fare<'a> {
    /// Its name.
    pub name: &'a str,
    /// Whether it is the bound.
    pub is_bound: bool,
    /// Points at which it is clearly the cheapest.
    pub wins: usize,
    /// Points at which it is the cheapest or as good as that.
    pub leads: usize,
    /// Lowest and highest cost (dollars a month).
    pub costs: (f64, f64),
    /// Most that it costs above the cheapest of a point (dollars a month).
    pub regret: f64,
}

impl<'a> Point<'a> {
    fn of(rows: &'a [SweepRow]) -> Point<'a> {
        let mut systems: Vec<&SweepRow> = rows.iter().filter(|row| row.summary.kind != BOUND).collect();
        systems.sort_by(|a, b| a.summary.cost_usd_month.total_cmp(&b.summary.cost_usd_month));
        let cheapest = systems.first().copied();
        let is_above = |row: &SweepRow| {
            let beyond_chance = row.margins.above_cheapest_ci_low_usd_month.is_none_or(|low| low > 0.0);
            beyond_chance && cheapest.is_some_and(|it| !alike(it.summary.cost_usd_month, row.summary.cost_usd_month))
        };
        let leads = |row: &&SweepRow| row.summary.kind != BOUND && !is_above(row);
        let leaders: Vec<&str> = rows.iter().filter(leads).map(|row| row.summary.strategy.as_str()).collect();
        Point { rows, cheapest, is_clear: leaders.len() <= 1, leaders }
    }

    /// Its number.
    pub fn number(&self) -> u64 {
        self.rows[0].point
    }

    /// Name of the cheapest system, if it is clearly that.
    pub fn winner(&self) -> Option<&'a str> {
        self.cheapest.filter(|_| self.is_clear).map(|row| row.summary.strategy.as_str())
    }

    /// The row of a strategy.
    pub fn row(&self, strategy: &str) -> Option<&'a SweepRow> {
        self.rows.iter().find(|row| row.summary.strategy == strategy)
    }
}

impl<'a> View<'a> {
    /// Reads the rows.
    pub fn of(finished: &'a Finished) -> View<'a> {
        let record = &finished.record;
        let points = finished.rows.chunk_by(|a, b| a.point == b.point).map(Point::of).collect();
        let mut tables = Tables {
            run: RunRecord {
                title: record.title.clone(),
                version: record.version.clone(),
                seed: record.seed,
                trials: record.trials,
                price_book: record.price_book.clone(),
                baseline: record.baseline.clone(),
                notes: record.notes.clone(),
                ..RunRecord::default()
            },
            ..Tables::default()
        };
        for row in &finished.rows {
            if tables.summary.iter().all(|known| known.strategy != row.summary.strategy) {
                tables.summary.push(row.summary.clone());
            }
        }
        View { record, points, tables }
    }

    /// The strategies and the words around a chart, as of a run.
    pub fn reading(&self) -> Reading<'_> {
        Reading::of(&self.tables)
    }

    /// Points in the order of a key: by number where it has numbers, else as they are.
    pub fn by_key(&self, key: usize) -> Vec<&Point<'a>> {
        let mut points: Vec<&Point> = self.points.iter().collect();
        let measure = |point: &Point| point.rows[0].measures.get(key).copied().flatten();
        if points.iter().all(|point| measure(point).is_some()) {
            points.sort_by(|a, b| measure(a).partial_cmp(&measure(b)).unwrap_or(std::cmp::Ordering::Equal));
        }
        points
    }

    /// How every strategy fares, in the scenario's order.
    pub fn fares(&self) -> Vec<Fare<'_>> {
        let fares = self.tables.summary.iter().map(|strategy| {
            let name = strategy.strategy.as_str();
            let rows: Vec<&SweepRow> = self.points.iter().filter_map(|point| point.row(name)).collect();
            let costs = rows.iter().map(|row| row.summary.cost_usd_month);
            let wins = self.points.iter().filter(|point| point.winner() == Some(name)).count();
            let costs =
                costs.fold((f64::INFINITY, 0.0), |(low, high): (f64, f64), cost| (low.min(cost), high.max(cost)));
            let regret = rows.iter().filter_map(|row| row.margins.above_cheapest_usd_month).fold(0.0, f64::max);
            let leads = self.points.iter().filter(|point| point.leaders.contains(&name)).count();
            Fare { name, is_bound: strategy.kind == BOUND, wins, leads, costs, regret }
        });
        fares.collect()
    }
}
