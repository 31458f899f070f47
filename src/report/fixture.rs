//! A fabricated run for tests and for looking at charts.
//!
//! The numbers come from a handful of constants per kind and a small hash for noise, so that they agree with each other
//! (a trial's cost is the sum of its bill rows, the summary is the mean of the trials) and never change.

use crate::study::tables::{
    BillRow, ComparisonRow, LatencyRow, ObjectiveRow, RepositoryRow, SummaryRow, Tables, TimelineRow, TrialRow,
};
use crate::units::Usd;

mod faults;
mod record;

const HOME: &str = "us-east-1";
/// Account and region of each registry, home first.
const REGISTRIES: [(&str, &str); 4] =
    [("prod", HOME), ("prod", "eu-west-1"), ("prod", "ap-southeast-1"), ("bu-03", "sa-east-1")];
/// Share of the pulls that each registry's clusters make.
const DEMAND: [f64; 4] = [0.0, 0.55, 0.3, 0.15];
const QUANTILES: [(&str, f64); 12] = [
    ("min", -3.0),
    ("p1", -2.326),
    ("p5", -1.645),
    ("p10", -1.282),
    ("p25", -0.674),
    ("p50", 0.0),
    ("p75", 0.674),
    ("p90", 1.282),
    ("p95", 1.645),
    ("p99", 2.326),
    ("p99.9", 3.09),
    ("max", 3.6),
];

/// What a kind does to the numbers.
struct Traits {
    /// Dollars a month.
    storage: f64,
    copy: f64,
    pull: f64,
    people: f64,
    /// Median (s) and log-sigma of a pull, and of a copy's lag.
    pull_law: (f64, f64),
    lag_law: Option<(f64, f64)>,
    /// Bytes stored away from home, as a share of what is stored at home.
    replicas: f64,
}

fn traits(kind: &str) -> Traits {
    match kind {
        "replication" => Traits {
            storage: 41.0,
            copy: 21.6,
            pull: 0.0,
            people: 0.0,
            pull_law: (6.1, 0.42),
            lag_law: Some((6.5, 1.15)),
            replicas: 1.0,
        },
        "pull-through-cache" => Traits {
            storage: 27.0,
            copy: 17.9,
            pull: 0.0,
            people: 0.0,
            pull_law: (6.3, 0.62),
            lag_law: Some((240.0, 1.7)),
            replicas: 0.6,
        },
        "scheduled-copy" => Traits {
            storage: 38.0,
            copy: 20.9,
            pull: 14.2,
            people: 360.0,
            pull_law: (8.0, 0.7),
            lag_law: Some((1900.0, 0.6)),
            replicas: 0.95,
        },
        "centralized" => Traits {
            storage: 10.4,
            copy: 0.0,
            pull: 131.0,
            people: 0.0,
            pull_law: (15.5, 0.85),
            lag_law: None,
            replicas: 0.0,
        },
        "clairvoyant" => Traits {
            storage: 14.0,
            copy: 17.5,
            pull: 0.0,
            people: 0.0,
            pull_law: (6.0, 0.4),
            lag_law: Some((1.5, 0.2)),
            replicas: 0.4,
        },
        _ => Traits {
            storage: 10.4,
            copy: 0.0,
            pull: 131.0,
            people: 0.0,
            pull_law: (14.2, 0.7),
            lag_law: None,
            replicas: 0.0,
        },
    }
}

/// Noise in [-1, 1] that depends on its arguments alone.
fn noise(a: u64, b: u64) -> f64 {
    let mut x = a.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ b.wrapping_mul(0xC2B2_AE3D_27D4_EB4F);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (x ^ (x >> 31)) as f64 / u64::MAX as f64 * 2.0 - 1.0
}

/// Six strategies, 20 trials, 61 days.
pub fn tables() -> Tables {
    run(
        &[
            ("cross-region-pull", "cross-region-pull"),
            ("replication", "replication"),
            ("pull-through-cache", "pull-through-cache"),
            ("scheduled-copy", "scheduled-copy"),
            ("centralized", "centralized"),
            ("clairvoyant", "clairvoyant"),
        ],
        20,
    )
}

/// Twelve strategies with long names and several variants of a kind.
pub fn crowd() -> Tables {
    run(
        &[
            ("pull-across", "cross-region-pull"),
            ("pull-across-through-nat-gateway", "cross-region-pull"),
            ("replicate-everything-everywhere", "replication"),
            ("replicate-by-prefix", "replication"),
            ("replicate-by-tag", "replication"),
            ("replicate-production-only-with-exceptions", "replication"),
            ("cache", "pull-through-cache"),
            ("cache-12h", "pull-through-cache"),
            ("hourly-job", "scheduled-copy"),
            ("nightly-job", "scheduled-copy"),
            ("central", "centralized"),
            ("bound", "clairvoyant"),
        ],
        20,
    )
}

/// One strategy, one trial: no baseline to compare with, no intervals.
pub fn alone() -> Tables {
    let mut tables = run(&[("cross-region-pull", "cross-region-pull")], 1);
    tables.objectives.clear();
    tables.run.objectives.clear();
    tables.run.delay_variants.clear();
    tables
}

/// More than 5 of 100 pulls and copies never end.
pub fn never() -> Tables {
    let mut tables = tables();
    for row in &mut tables.latency {
        if matches!(row.quantile.as_str(), "p95" | "p99" | "p99.9" | "max" | "mean") && row.strategy != "replication" {
            row.seconds = f64::INFINITY;
        }
    }
    for row in tables.summary.iter_mut().filter(|row| row.strategy != "replication") {
        row.pull_p95_s = Some(f64::INFINITY);
        row.pull_p99_s = Some(f64::INFINITY);
    }
    tables
}

/// Everything costs nothing, nothing is pulled or copied.
pub fn nothing() -> Tables {
    let mut tables = run(&[("a", "cross-region-pull"), ("b", "replication")], 3);
    for row in &mut tables.summary {
        *row =
            SummaryRow { strategy: row.strategy.clone(), kind: row.kind.clone(), trials: 3, ..SummaryRow::default() };
    }
    for row in &mut tables.trials {
        *row = TrialRow {
            strategy: row.strategy.clone(),
            trial: row.trial,
            months: 2.0,
            cost_usd: "0.000000000".into(),
            ..TrialRow::default()
        };
    }
    tables.bill.clear();
    tables.latency.clear();
    tables.timeline.iter_mut().for_each(|row| row.value = 0.0);
    tables.comparison.clear();
    tables.objectives.clear();
    tables.recovery.clear();
    tables.failures.clear();
    tables.disruptions.clear();
    tables.run.faults.clear();
    tables.repositories.clear();
    tables.run.objectives.clear();
    tables.run.delay_variants.clear();
    tables.run.limits.clear();
    tables.run.value.clear();
    tables.run.other_reading.iter_mut().for_each(|row| row.cost_usd_month = 0.0);
    tables
}

/// A run of these strategies, given as name and kind; the first is the baseline.
pub fn run(strategies: &[(&str, &str)], trials: u64) -> Tables {
    let mut tables = Tables { run: record::of(strategies, trials), ..Tables::default() };
    for (index, (name, kind)) in strategies.iter().enumerate() {
        // Variants of a kind differ a little.
        let scale = 1.0 + 0.07 * strategies[..index].iter().filter(|(_, other)| other == kind).count() as f64;
        let traits = traits(kind);
        let first = tables.trials.len();
        for trial in 1..=trials {
            add_trial(&mut tables, name, &traits, trial, scale);
        }
        add_summary(&mut tables, name, kind, &traits, first, scale);
        add_latency(&mut tables, name, &traits, scale);
        add_timeline(&mut tables, name, &traits, scale);
        add_repositories(&mut tables, name, &traits, scale);
        add_objectives(&mut tables, name, &traits, scale);
        faults::add(&mut tables, name, kind, trials);
    }
    add_comparison(&mut tables, strategies[0].0);
    tables
}

fn add_trial(tables: &mut Tables, strategy: &str, traits: &Traits, trial: u64, scale: f64) {
    let mut total = Usd(0);
    for (month, share) in [("2026-04", 1.0), ("2026-05", 1.0)] {
        let mut line = |account: &str, region: &str, item: &str, from: Option<&str>, to: Option<&str>, usd: f64| {
            if usd == 0.0 {
                return;
            }
            // Demand moves every strategy of a trial alike; a little is the strategy's own.
            let noisy = usd * share * scale * (1.0 + 0.08 * noise(trial, 7) + 0.02 * noise(trial, usd.to_bits()));
            let cost = Usd((noisy * 1e9) as i128);
            let (unit, price) = match item {
                "storage" => ("GB-month", 0.10),
                "people" => ("hour", 90.0),
                "nat" => ("GB", 0.045),
                _ => ("GB", if from == Some("sa-east-1") { 0.138 } else { 0.02 }),
            };
            total += cost;
            tables.bill.push(BillRow {
                strategy: strategy.into(),
                trial,
                month: month.into(),
                account: account.into(),
                region: region.into(),
                line_item: item.into(),
                from_region: from.map(str::to_owned),
                to_region: to.map(str::to_owned),
                quantity: format!("{:.6}", noisy / price),
                unit: unit.into(),
                unit_price_usd: price.to_string(),
                cost_usd: cost.to_string(),
            });
        };
        line("prod", HOME, "storage", None, None, traits.storage / (1.0 + traits.replicas * 3.0));
        for ((account, region), demand) in REGISTRIES.iter().zip(DEMAND).skip(1) {
            let away = traits.storage * traits.replicas / (1.0 + traits.replicas * 3.0);
            line(account, region, "storage", None, None, away);
            line("prod", HOME, "copy", Some(HOME), Some(region), traits.copy / 3.0 * (0.8 + demand * 0.6));
            line("prod", HOME, "pull", Some(HOME), Some(region), traits.pull * demand);
            line(account, region, "nat", None, None, 16.0 * demand);
        }
        line("prod", HOME, "people", None, None, traits.people);
    }
    let law = |(median, sigma): (f64, f64), z: f64| {
        Some(median * scale * libm::exp(sigma * z) * (1.0 + 0.03 * noise(trial, 11)))
    };
    tables.trials.push(TrialRow {
        strategy: strategy.into(),
        trial,
        months: 2.0,
        cost_usd: total.to_string(),
        pulls: 24_000 + (600.0 * noise(trial, 3)) as u64,
        pulls_cold: 7_400,
        pulls_failed: 0,
        pull_p50_s: law(traits.pull_law, 0.0),
        pull_p95_s: law(traits.pull_law, 1.645),
        pull_p99_s: law(traits.pull_law, 2.326),
        copies: if traits.lag_law.is_some() { 690 } else { 0 },
        copies_failed: 0,
        lag_p50_s: traits.lag_law.and_then(|it| law(it, 0.0)),
        lag_p95_s: traits.lag_law.and_then(|it| law(it, 1.645)),
        lag_p99_s: traits.lag_law.and_then(|it| law(it, 2.326)),
    });
}

fn mean_and_half(values: &[f64]) -> (f64, Option<f64>) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / (n - 1.0);
    // The 97.5 % quantile of Student's t with 19 degrees of freedom: near enough for a fabrication.
    (mean, (values.len() > 1).then(|| 2.093 * libm::sqrt(variance / n)))
}

fn add_summary(tables: &mut Tables, strategy: &str, kind: &str, traits: &Traits, first: usize, scale: f64) {
    let costs: Vec<f64> =
        tables.trials[first..].iter().map(|row| row.cost_usd.parse::<f64>().unwrap_or(0.0) / row.months).collect();
    let (mean, half) = mean_and_half(&costs);
    let group = |items: &[&str]| {
        tables
            .bill
            .iter()
            .filter(|row| row.strategy == strategy && items.contains(&row.line_item.as_str()))
            .map(|row| row.cost_usd.parse::<f64>().unwrap_or(0.0))
            .sum::<f64>()
            / (2.0 * costs.len() as f64)
    };
    let row = &tables.trials[first];
    let summary = SummaryRow {
        strategy: strategy.into(),
        kind: kind.into(),
        trials: costs.len() as u64,
        cost_usd_month: mean,
        cost_ci_low_usd_month: half.map(|half| mean - half),
        cost_ci_high_usd_month: half.map(|half| mean + half),
        storage_usd_month: group(&["storage"]),
        transfer_usd_month: group(&["copy", "pull"]),
        network_path_usd_month: group(&["nat"]),
        other_usd_month: group(&["people"]),
        pulls: tables.trials[first..].iter().map(|row| row.pulls as f64).sum::<f64>() / costs.len() as f64,
        pulls_cold: 7_400.0,
        pulls_failed: if kind == "centralized" { 2.6 } else { 0.0 },
        pull_p50_s: row.pull_p50_s,
        pull_p95_s: row.pull_p95_s,
        pull_p99_s: row.pull_p99_s,
        copies: row.copies as f64,
        copies_failed: 0.0,
        lag_p50_s: row.lag_p50_s,
        lag_p95_s: row.lag_p95_s,
        lag_p99_s: row.lag_p99_s,
        cross_region_bytes: (traits.copy + traits.pull) * scale * 50.0 * 2.0 * 1.073e9,
        stored_bytes_end: traits.storage * scale * 10.0 * 1.4 * 1.073e9,
    };
    tables.summary.push(summary);
}

fn add_latency(tables: &mut Tables, strategy: &str, traits: &Traits, scale: f64) {
    let mut add = |event: &str, region: &str, (median, sigma): (f64, f64)| {
        let row = |quantile: &str, seconds: f64| LatencyRow {
            strategy: strategy.into(),
            event: event.into(),
            region: region.into(),
            quantile: quantile.into(),
            seconds,
        };
        tables.latency.push(row("mean", median * libm::exp(sigma * sigma / 2.0)));
        for (quantile, z) in QUANTILES {
            tables.latency.push(row(quantile, median * libm::exp(sigma * z)));
        }
    };
    let (median, sigma) = traits.pull_law;
    for (region, factor) in [("all", 1.0), ("eu-west-1", 0.9), ("ap-southeast-1", 1.3)] {
        add("pull", region, (median * scale * factor, sigma));
    }
    if let Some((median, sigma)) = traits.lag_law {
        add("copy", "all", (median * scale, sigma));
    }
    add("waiting", "all", (if traits.replicas > 0.0 { 0.3 } else { 0.0 }, 1.4));
    add("queueing", "all", (0.25, 1.1));
    add("transfer", "all", ((median * scale - 3.9).max(0.5), sigma * 1.3));
    add("unpack", "all", (3.5, 0.3));
}

fn add_timeline(tables: &mut Tables, strategy: &str, traits: &Traits, scale: f64) {
    for day in 0..61u64 {
        let date = if day < 30 { format!("2026-04-{:02}", day + 1) } else { format!("2026-05-{:02}", day - 29) };
        let weekday = if day % 7 < 5 { 1.15 } else { 0.62 };
        for (index, ((account, region), demand)) in REGISTRIES.iter().zip(DEMAND).enumerate() {
            let home = index == 0;
            let wobble = 1.0 + 0.2 * noise(day, index as u64 + traits.storage.to_bits());
            let stored = (80e9 + 5.5e9 * day as f64) * scale * if home { 1.0 } else { traits.replicas };
            let monthly = if home {
                traits.copy + traits.pull + traits.people + traits.storage / 2.0
            } else {
                traits.storage / 6.0 + 16.0 * demand
            };
            let egress = weekday * wobble * if home { traits.copy + traits.pull } else { 40.0 * demand } * 1.7e9;
            let calls = weekday * wobble * if home { traits.pull } else { 30.0 * demand };
            for (metric, unit, value) in [
                ("cost", "usd", monthly / 30.0 * scale * weekday * wobble),
                ("stored", "bytes", stored),
                ("egress", "bytes", egress),
                ("peak_egress", "bytes/s", egress / 700.0),
                ("peak_batch_get_image", "calls/s", calls * 1.6 + 2.0),
                ("peak_get_download_url", "calls/s", calls * 16.0 + 8.0),
                ("pulls", "count", 400.0 * demand * weekday),
            ] {
                tables.timeline.push(TimelineRow {
                    strategy: strategy.into(),
                    day: date.as_str().into(),
                    account: (*account).into(),
                    region: (*region).into(),
                    metric: metric.into(),
                    unit: unit.into(),
                    value,
                });
            }
        }
    }
}

fn add_repositories(tables: &mut Tables, strategy: &str, traits: &Traits, scale: f64) {
    for (repository, share, unused) in [
        ("shop/api", 0.46, 0.02),
        ("shop/web", 0.3, 0.1),
        ("ml/train_gpu|large", 0.2, 0.85),
        ("<b>tools</b>/*", 0.04, 0.97),
    ] {
        for ((account, region), demand) in REGISTRIES.iter().zip(DEMAND) {
            let home = *region == HOME;
            let copies = if home || traits.lag_law.is_none() { 0.0 } else { 230.0 * share };
            tables.repositories.push(RepositoryRow {
                strategy: strategy.into(),
                repository: repository.into(),
                account: (*account).into(),
                region: (*region).into(),
                storage_usd_month: traits.storage * scale * share / 4.0,
                transfer_usd_month: if home { (traits.copy + traits.pull) * scale * share } else { 0.0 },
                network_path_usd_month: 16.0 * demand * share,
                pulls: 24_000.0 * demand * share,
                copies,
                copies_never_pulled: copies * unused,
            });
        }
    }
}

fn add_objectives(tables: &mut Tables, strategy: &str, traits: &Traits, scale: f64) {
    let lag = traits.lag_law.map(|(median, sigma)| median * scale * libm::exp(2.326 * sigma));
    let pull = traits.pull_law.0 * scale * libm::exp(1.645 * traits.pull_law.1);
    for (objective, target, observed, unit) in [
        ("fresh", 0.99, lag.map(|lag| if lag < 30.0 { 0.998 } else { 0.62 }), "share"),
        ("fast pulls", 20.0, Some(pull), "s"),
        (
            "budget",
            120.0,
            Some((traits.storage + traits.copy + traits.pull + traits.people + 16.0) * scale),
            "usd/month",
        ),
    ] {
        let met = observed.map(|observed| if unit == "share" { observed >= target } else { observed <= target });
        for region in ["all", "eu-west-1"] {
            tables.objectives.push(ObjectiveRow {
                strategy: strategy.into(),
                objective: objective.into(),
                region: region.into(),
                target,
                observed,
                unit: unit.into(),
                met,
                probability_met: met.map(|met| if met { 0.95 } else { 0.0 }),
            });
        }
    }
}

fn add_comparison(tables: &mut Tables, baseline: &str) {
    let cost = |row: &TrialRow| row.cost_usd.parse::<f64>().unwrap_or(0.0) / row.months;
    let base: Vec<&TrialRow> = tables.trials.iter().filter(|row| row.strategy == baseline).collect();
    let mut rows = Vec::new();
    for summary in tables.summary.iter().filter(|row| row.strategy != baseline) {
        let own: Vec<&TrialRow> = tables.trials.iter().filter(|row| row.strategy == summary.strategy).collect();
        let mut add = |metric: &str, unit: &str, value: &dyn Fn(&TrialRow) -> f64| {
            let differences: Vec<f64> = own.iter().zip(&base).map(|(a, b)| value(a) - value(b)).collect();
            let (difference, half) = mean_and_half(&differences);
            let mean = base.iter().map(|row| value(row)).sum::<f64>() / base.len() as f64;
            rows.push(ComparisonRow {
                strategy: summary.strategy.clone(),
                baseline: baseline.into(),
                metric: metric.into(),
                unit: unit.into(),
                difference,
                ci_low: half.map(|half| difference - half),
                ci_high: half.map(|half| difference + half),
                relative: (mean != 0.0).then(|| difference / mean),
            });
        };
        add("cost", "usd/month", &cost);
        add("pull_p95", "s", &|row| row.pull_p95_s.unwrap_or(0.0));
    }
    tables.comparison = rows;
}
