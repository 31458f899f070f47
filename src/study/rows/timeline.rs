//! `timeline.csv`: cost, stored bytes, traffic and calls by day, mean over trials.

use std::sync::Arc;

use super::{Column, View};
use crate::cloud::Registry;
use crate::study::gathered::SeriesSums;
use crate::study::tables::TimelineRow;

/// A daily metric other than cost: name, unit, and its sums.
type Metric = (&'static str, &'static str, fn(&SeriesSums) -> &[f64]);

const METRICS: [Metric; 6] = [
    ("stored", "bytes", |sums| &sums.stored),
    ("egress", "bytes", |sums| &sums.egress),
    ("peak_egress", "bytes/s", |sums| &sums.peak_egress),
    ("peak_batch_get_image", "calls/s", |sums| &sums.peak_batch_get_image),
    ("peak_get_download_url", "calls/s", |sums| &sums.peak_get_download_url),
    ("pulls", "count", |sums| &sums.pulls),
];

/// Rows by strategy, account and region, metric, and day. A series that is zero on every day is left out.
pub(super) fn rows(view: &View) -> Vec<TimelineRow> {
    let mut rows = Vec::new();
    let days: Vec<Arc<str>> = view.scenario.model.calendar.days.iter().map(|day| day.as_str().into()).collect();
    for column in &view.columns {
        for (&(account, region), costs) in &column.gathered.cost_by_day {
            let values = costs.iter().map(|cost| cost.dollars() / view.trials).collect();
            push(&mut rows, view, &days, column, Registry { account, region }, ("cost", "usd"), values);
        }
        for (registry, sums) in view.scenario.model.cloud.registries.iter().zip(&column.gathered.series) {
            for (name, unit, of) in METRICS {
                let values = of(sums).iter().map(|sum| sum / view.trials).collect();
                push(&mut rows, view, &days, column, *registry, (name, unit), values);
            }
        }
    }
    rows
}

fn push(
    rows: &mut Vec<TimelineRow>,
    view: &View,
    days: &[Arc<str>],
    column: &Column,
    place: Registry,
    (metric, unit): (&str, &str),
    values: Vec<f64>,
) {
    if values.iter().all(|value| *value == 0.0) {
        return;
    }
    let cloud = &view.scenario.model.cloud;
    let row = TimelineRow {
        strategy: column.strategy.name.as_str().into(),
        account: cloud.account(place.account).into(),
        region: cloud.region(place.region).into(),
        metric: metric.into(),
        unit: unit.into(),
        ..TimelineRow::default()
    };
    // A series may end early (nothing happened later): the days after it are zero, and said so.
    let values = values.into_iter().chain(std::iter::repeat(0.0));
    rows.extend(days.iter().zip(values).map(|(day, value)| TimelineRow { day: day.clone(), value, ..row.clone() }));
}
