//! How figures are spread over trials: quantiles with intervals that assume no distribution.
//!
//! Trials are independent, pulls within a trial are not: a deploy makes a thousand of them at once. So an interval comes
//! from one figure per trial (its cost, its 95th percentile of pull times), never from pooled pulls.

use super::statistics::order;
use super::tables::{QuantileRow, TrialRow};

/// The quantiles told, and how the manual calls them.
const QUANTILES: [(f64, &str); 3] = [(0.5, "p50"), (0.9, "p90"), (0.95, "p95")];

/// A figure of a trial: metric, unit, and the cell.
type Figure = (&'static str, &'static str, fn(&TrialRow) -> Option<f64>);

const FIGURES: [Figure; 5] = [
    ("cost", "usd_month", |row| Some(row.cost_usd.parse::<f64>().ok()? / row.months)),
    ("pull_p95", "s", |row| row.pull_p95_s),
    ("pull_p99", "s", |row| row.pull_p99_s),
    ("lag_p95", "s", |row| row.lag_p95_s),
    ("lag_p99", "s", |row| row.lag_p99_s),
];

/// Rows by strategy, metric and quantile; a figure that some trial of a strategy lacks has none.
pub fn rows(trials: &[TrialRow]) -> Vec<QuantileRow> {
    let mut rows = Vec::new();
    for own in trials.chunk_by(|a, b| a.strategy == b.strategy) {
        for (metric, unit, figure) in FIGURES {
            let Some(values) = own.iter().map(figure).collect::<Option<Vec<f64>>>() else { continue };
            for (share, quantile) in QUANTILES {
                let (ci_low, ci_high) = order::interval(&values, share);
                rows.push(QuantileRow {
                    strategy: own[0].strategy.clone(),
                    metric: metric.into(),
                    unit: unit.into(),
                    quantile: quantile.into(),
                    value: order::quantile(&values, share),
                    ci_low,
                    ci_high,
                    trials: own.len() as u64,
                });
            }
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_are_trials_themselves() {
        let trial = |trial: u64| TrialRow {
            strategy: "a".into(),
            trial,
            months: 2.0,
            cost_usd: format!("{}.000000000", 2 * trial),
            pull_p95_s: (trial != 7).then_some(trial as f64),
            ..TrialRow::default()
        };
        // n = 100, p = 0.5: the 40th and the 61st value (theory E1.5).
        let trials: Vec<TrialRow> = (1..=100).map(trial).collect();
        let rows = rows(&trials);
        assert_eq!(rows.len(), 3, "one trial has no 95th percentile of pulls, so there is nothing to tell of it");
        let median = &rows[0];
        assert_eq!((median.metric.as_str(), median.quantile.as_str()), ("cost", "p50"));
        assert_eq!((median.value, median.ci_low, median.ci_high), (Some(50.0), Some(40.0), Some(61.0)));
        assert_eq!((rows[2].value, rows[2].ci_low.is_some()), (Some(95.0), true));
    }
}
