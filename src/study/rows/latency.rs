//! `latency.csv`: quantiles of pulls, copies and the parts of a pull, over all trials together.

use super::View;
use crate::engine::PullTimes;
use crate::sim::Histogram;
use crate::study::tables::LatencyRow;

/// Rows `mean` to `max`, in the order of the file; `min` is the quantile 0 and `max` the quantile 1.
const QUANTILES: [(&str, f64); 18] = [
    ("min", 0.0),
    ("p1", 0.01),
    ("p5", 0.05),
    ("p10", 0.10),
    ("p20", 0.20),
    ("p25", 0.25),
    ("p30", 0.30),
    ("p40", 0.40),
    ("p50", 0.50),
    ("p60", 0.60),
    ("p70", 0.70),
    ("p75", 0.75),
    ("p80", 0.80),
    ("p90", 0.90),
    ("p95", 0.95),
    ("p99", 0.99),
    ("p99.9", 0.999),
    ("max", 1.0),
];

/// A part of a pull, by the name of its event.
type Part = (&'static str, fn(&PullTimes) -> &Histogram);

/// The parts of a pull in the order in which they pass; `pull` is their sum.
const PARTS: [Part; 4] = [
    ("waiting", |times| &times.waiting),
    ("queueing", |times| &times.queueing),
    ("transfer", |times| &times.transfer),
    ("unpack", |times| &times.unpack),
];

/// Rows by strategy, event, region (all together first) and quantile; nothing for what never happened.
pub(super) fn rows(view: &View) -> Vec<LatencyRow> {
    let mut rows = Vec::new();
    for column in &view.columns {
        let gathered = column.gathered;
        let mut event = |name: &str, regions: Vec<&Histogram>| {
            let mut all = Histogram::default();
            regions.iter().for_each(|region| all.merge(region));
            push(&mut rows, &column.strategy.name, name, "all", &all);
            for (region, histogram) in view.scenario.model.cloud.regions.iter().zip(regions) {
                push(&mut rows, &column.strategy.name, name, region, histogram);
            }
        };
        event("pull", gathered.pull_times.iter().map(|times| &times.pull).collect());
        event("copy", gathered.lag.iter().collect());
        for (name, part) in PARTS {
            event(name, gathered.pull_times.iter().map(part).collect());
        }
    }
    rows
}

fn push(rows: &mut Vec<LatencyRow>, strategy: &str, event: &str, region: &str, histogram: &Histogram) {
    if histogram.count() == 0 {
        return;
    }
    let mean = histogram.mean().map(|mean| ("mean", mean));
    let quantiles = QUANTILES.iter().filter_map(|&(name, q)| Some((name, histogram.quantile(q)?)));
    rows.extend(mean.into_iter().chain(quantiles).map(|(quantile, seconds)| LatencyRow {
        strategy: strategy.into(),
        event: event.into(),
        region: region.into(),
        quantile: quantile.into(),
        seconds,
    }));
}
