//! Fabricated sweeps for tests and for looking at charts.

use std::collections::BTreeMap;

use super::{Finished, table};
use crate::scenario::Input;
use crate::study::sweep::{KeyRecord, Margins, Method, Record, SweepRow};
use crate::study::tables::SummaryRow;

const STRATEGIES: [(&str, &str); 4] =
    [("pull", "cross-region-pull"), ("copy", "replication"), ("cache", "pull-through-cache"), ("bound", "clairvoyant")];

fn key(key: &str, unit: Option<&str>, values: &[&str]) -> KeyRecord {
    KeyRecord {
        key: key.into(),
        vary: format!("{key}={}", values.join(",")),
        unit: unit.map(str::to_owned),
        values: values.iter().map(|value| (*value).to_owned()).collect(),
    }
}

/// A sweep over these keys whose costs depend on the numbers of the values, or on their places in the list.
fn sweep(keys: Vec<KeyRecord>) -> Finished {
    let mut points: Vec<Vec<String>> = vec![Vec::new()];
    for key in &keys {
        points = points
            .into_iter()
            .flat_map(|point| key.values.iter().map(move |value| [point.clone(), vec![value.clone()]].concat()))
            .collect();
    }
    let mut rows = Vec::new();
    for (index, values) in points.iter().enumerate() {
        let number = |text: &str| text.trim_end_matches(|c: char| !c.is_ascii_digit()).parse::<f64>().ok();
        let measures: Vec<Option<f64>> =
            keys.iter().zip(values).map(|(key, value)| key.unit.as_ref().and_then(|_| number(value))).collect();
        let place = |key: usize| keys[key].values.iter().position(|it| *it == values[key]).unwrap_or_default() as f64;
        let x = measures[0].unwrap_or_else(|| 10.0 * place(0));
        let y = if keys.len() > 1 { 1.0 + 0.6 * place(1) } else { 1.0 };
        let costs = [0.4 * x * y, 9.0 + 0.02 * x, 4.0 + 0.12 * x * y, 2.0 + 0.01 * x];
        let (wide, low) = (0.06, costs[..3].iter().copied().fold(f64::INFINITY, f64::min));
        for ((name, kind), cost) in STRATEGIES.iter().zip(costs) {
            let apart = |base: f64| (cost != base).then_some((cost - base, cost - base - 0.4, cost - base + 0.4));
            let (difference, above) = (apart(costs[0]), apart(low));
            rows.push(SweepRow {
                point: index as u64 + 1,
                values: values.clone(),
                measures: measures.clone(),
                summary: SummaryRow {
                    strategy: (*name).into(),
                    kind: (*kind).into(),
                    trials: 20,
                    cost_usd_month: cost,
                    cost_ci_low_usd_month: Some(cost * (1.0 - wide)),
                    cost_ci_high_usd_month: Some(cost * (1.0 + wide)),
                    pull_p99_s: Some(f64::INFINITY),
                    pulls: 100.0,
                    ..SummaryRow::default()
                },
                margins: Margins {
                    difference_usd_month: difference.map(|it| it.0),
                    difference_ci_low_usd_month: difference.map(|it| it.1),
                    difference_ci_high_usd_month: difference.map(|it| it.2),
                    above_cheapest_usd_month: above.map(|it| it.0),
                    above_cheapest_ci_low_usd_month: above.map(|it| it.1),
                    above_cheapest_ci_high_usd_month: above.map(|it| it.2),
                },
            });
        }
    }
    let record = Record {
        title: "Shop: <API & web>".into(),
        scenario: "shop.toml".into(),
        version: "0.1.0".into(),
        command: "replisim sweep shop.toml --vary ..".into(),
        settings: Vec::new(),
        strategies: Vec::new(),
        seed: 1,
        trials: 20,
        baseline: "pull".into(),
        price_book: "aws-2026-09".into(),
        method: Method::Grid,
        keys,
        points: points.len() as u64,
        shard: None,
        notes: vec!["prices of a runner are not known".into()],
        inputs: vec![Input { file: "shop.toml".into(), sha256: "ab".into() }],
    };
    Finished { record, rows }
}

/// Five points of a rate; the winner changes from `pull` to `cache` to `copy`.
pub fn one_key() -> Finished {
    sweep(vec![key(
        "repositories.\"shop/api\".push.rate",
        Some("/day"),
        &["2/day", "10/day", "20/day", "40/day", "90/day"],
    )])
}

/// Values that are words.
pub fn words() -> Finished {
    sweep(vec![key("prices.cross_region_pull", None, &["inter-region", "internet", "a, \"b\""])])
}

/// A map.
pub fn two_keys() -> Finished {
    let nodes = ["1", "5", "10", "15", "20", "30", "40", "60"];
    sweep(vec![
        key("clusters.eu.nodes", Some(""), &nodes),
        key("run.duration", Some("d"), &["30d", "60d", "90d", "120d"]),
    ])
}

/// More keys than a picture has axes.
pub fn three_keys() -> Finished {
    let two = |name: &str| key(name, Some(""), &["1", "2"]);
    sweep(vec![two("a"), two("b"), two("c")])
}

/// The rows of each point as its lines of the table.
pub fn points(finished: &Finished) -> BTreeMap<u64, String> {
    let parts = finished.rows.chunk_by(|a, b| a.point == b.point);
    parts.map(|rows| (rows[0].point, table::lines(&finished.record, rows).expect("memory"))).collect()
}
