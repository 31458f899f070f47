//! The tables of the pages: rows of results as text.

use std::collections::{BTreeMap, BTreeSet};

use super::{Column, Grid};
use crate::report::findings::cause_in_words;
use crate::report::numbers::{amount, bytes, count, duration, fine_duration, of, percent, with_unit};
use crate::report::reading::{ALL, Reading, Recovery, Standby, Strategy, dollars};
use crate::study::tables::{ComparisonRow, FaultText, ObjectiveRow};

/// Repositories, and lines of any other ranking, that get a row.
const TOP: usize = 12;

fn grid(title: &str, note: &str, head: &[(&str, bool)], rows: Vec<Vec<String>>) -> Grid {
    let head = head.iter().map(|(text, number)| Column { text: (*text).to_owned(), number: *number }).collect();
    Grid { title: title.to_owned(), note: note.to_owned(), head, rows }
}

fn time(seconds: Option<f64>) -> String {
    seconds.map_or(String::new(), duration)
}

/// `$1.10 to $1.25`; empty without an interval.
fn between(low: Option<f64>, high: Option<f64>, show: impl Fn(f64) -> String) -> String {
    match (low, high) {
        (Some(low), Some(high)) => format!("{} to {}", show(low), show(high)),
        _ => String::new(),
    }
}

fn name(reading: &Reading, strategy: &Strategy) -> String {
    let mark = match strategy {
        bound if bound.is_bound() => " (bound)",
        strategy if reading.is_impossible(strategy) => " (not possible today)",
        _ => "",
    };
    format!("{}{mark}", strategy.name())
}

/// What it costs, and how long it takes.
pub fn summary(reading: &Reading) -> Vec<Grid> {
    let cost = |strategy: &Strategy| {
        let row = strategy.row;
        vec![
            name(reading, strategy),
            amount(row.cost_usd_month),
            between(row.cost_ci_low_usd_month, row.cost_ci_high_usd_month, amount),
            amount(row.storage_usd_month),
            amount(row.transfer_usd_month),
            amount(row.network_path_usd_month),
            amount(row.other_usd_month),
            bytes(row.cross_region_bytes),
            bytes(row.stored_bytes_end),
        ]
    };
    let times = |strategy: &Strategy| {
        let row = strategy.row;
        vec![
            name(reading, strategy),
            count(row.pulls),
            count(row.pulls_cold),
            count(row.pulls_failed),
            time(row.pull_p50_s),
            time(row.pull_p95_s),
            time(row.pull_p99_s),
            count(row.copies),
            count(row.copies_failed),
            time(row.lag_p50_s),
            time(row.lag_p95_s),
            time(row.lag_p99_s),
        ]
    };
    vec![
        grid(
            "Cost",
            "Dollars a month, mean over trials; bytes are a trial’s.",
            &[
                ("Strategy", false),
                ("A month", true),
                ("95\u{a0}% interval", true),
                ("Storage", true),
                ("Transfer", true),
                ("Network path", true),
                ("Other", true),
                ("Crossed regions", true),
                ("Stored at the end", true),
            ],
            reading.by_cost().iter().map(cost).collect(),
        ),
        grid(
            "Times",
            "Counts are means per trial; quantiles are over the pulls and copies of all trials together.",
            &[
                ("Strategy", false),
                ("Pulls", true),
                ("cold", true),
                ("failed", true),
                ("p50", true),
                ("p95", true),
                ("p99", true),
                ("Copies", true),
                ("failed", true),
                ("lag p50", true),
                ("lag p95", true),
                ("lag p99", true),
            ],
            reading.by_cost().iter().map(times).collect(),
        ),
    ]
}

/// Objectives judged, and the variants of the service delay.
pub fn objectives(reading: &Reading) -> Vec<Grid> {
    let text = |row: &ObjectiveRow| {
        let own = reading.run().objectives.iter().find(|it| it.name == row.objective);
        own.map_or_else(|| row.objective.clone(), |own| own.text.clone())
    };
    // Regions are told apart only where one misses.
    let told = |row: &&ObjectiveRow| {
        let system = reading.strategy(&row.strategy).is_none_or(|it| !it.is_bound());
        system && (row.region == ALL || row.met == Some(false))
    };
    let mut rows: Vec<&ObjectiveRow> = reading.tables.objectives.iter().filter(told).collect();
    let order = |name: &str| reading.run().objectives.iter().position(|it| it.name == name);
    rows.sort_by_key(|row| order(&row.objective));
    let cells = |row: &&ObjectiveRow| {
        vec![
            text(row),
            row.strategy.clone(),
            if row.region == ALL { "all regions".to_owned() } else { row.region.clone() },
            row.observed.map_or(String::new(), |observed| with_unit(observed, &row.unit)),
            match row.met {
                Some(true) => "met".to_owned(),
                Some(false) => "missed".to_owned(),
                None => "nothing to measure".to_owned(),
            },
            row.probability_met.map_or(String::new(), percent),
        ]
    };
    let mut grids = Vec::new();
    if !rows.is_empty() {
        let head = [
            ("Objective", false),
            ("Strategy", false),
            ("Where", false),
            ("Observed", true),
            ("Judged", false),
            ("Trials that meet it", true),
        ];
        grids.push(grid("", "", &head, rows.iter().map(cells).collect()));
    }
    let variants: Vec<Vec<String>> = reading
        .run()
        .delay_variants
        .iter()
        .map(|variant| {
            let judged = variant
                .observed
                .iter()
                .filter_map(|(name, _, met)| met.map(|met| format!("{name}: {}", if met { "met" } else { "missed" })));
            vec![
                variant.strategy.clone(),
                variant.delay.clone(),
                time(variant.lag_p50_s),
                time(variant.lag_p95_s),
                time(variant.lag_p99_s),
                judged.collect::<Vec<_>>().join(", "),
            ]
        })
        .collect();
    if !variants.is_empty() {
        let head = [
            ("Strategy", false),
            ("Service delay", false),
            ("lag p50", true),
            ("lag p95", true),
            ("lag p99", true),
            ("Judged", false),
        ];
        let note = "How long the service waits before it copies is an assumption: the same run under others.";
        grids.push(grid("If the service delay were other", note, &head, variants));
    }
    grids
}

/// How each strategy came through each fault, and what failed why.
pub fn failures(reading: &Reading) -> Vec<Grid> {
    let mut grids: Vec<Grid> = reading.run().faults.iter().filter_map(|fault| recovery(reading, fault)).collect();
    let rows: Vec<Vec<String>> = reading
        .tables
        .failures
        .iter()
        .map(|row| {
            vec![
                row.strategy.clone(),
                row.event.clone(),
                cause_in_words(&row.cause).to_owned(),
                format!("{}/{}", row.account, row.region),
                count(row.count),
            ]
        })
        .collect();
    if !rows.is_empty() {
        let mut largest: Vec<(f64, Vec<String>)> =
            reading.tables.failures.iter().map(|row| row.count).zip(rows).collect();
        largest.sort_by(|a, b| b.0.total_cmp(&a.0));
        let more = if largest.len() > FAILURES {
            format!(" The {FAILURES} largest of {}.", largest.len())
        } else {
            String::new()
        };
        let head = [("Strategy", false), ("What failed", false), ("Why", false), ("Where", false), ("A trial", true)];
        let rows = largest.into_iter().take(FAILURES).map(|it| it.1).collect();
        grids.push(grid("What failed, and why", &format!("Means per trial.{more}"), &head, rows));
    }
    grids
}

/// Failures that get a row.
const FAILURES: usize = 30;

fn recovery(reading: &Reading, fault: &FaultText) -> Option<Grid> {
    let recoveries = reading.recoveries(fault);
    let strikes = recoveries.iter().map(|it| it.strikes).max()?;
    let cells = |it: &Recovery| {
        let standby = |show: &dyn Fn(Standby) -> String| it.standby.map_or(String::new(), show);
        vec![
            name(reading, &it.strategy),
            standby(&|standby| duration(standby.median)),
            standby(&|standby| duration(standby.worst)),
            standby(&|standby| match fault.needed {
                0 => standby.missing.to_string(),
                needed => format!("{} of {needed}", standby.missing),
            }),
            standby(&|standby| time(standby.oldest)),
            count(it.pulls_failed),
        ]
    };
    let lasts = fault.lasts_s.map_or(String::new(), |lasts| format!(" for {}", duration(lasts)));
    let note = format!(
        "While {}{lasts}; {} in all trials together. Recovery is over when every node that fails over has unpacked all that \
         it asked for. Missing are repositories whose newest release is not at the standby when it begins.",
        fault.text,
        of(strikes as f64, "strike", "strikes")
    );
    let head = [
        ("Strategy", false),
        ("Half recover in", true),
        ("At worst", true),
        ("Missing at worst", true),
        ("Oldest missing", true),
        ("Pulls failed", true),
    ];
    Some(grid(&fault.name, &note, &head, recoveries.iter().map(cells).collect()))
}

/// A difference in its unit, with a sign.
fn signed(value: f64, unit: &str) -> String {
    let text = match unit {
        "usd/month" | "usd" => amount(value),
        "s" => fine_duration(value),
        unit => with_unit(value, unit),
    };
    if value > 0.0 { format!("+{text}") } else { text }
}

fn metric(name: &str) -> &str {
    match name {
        "cost" => "cost a month",
        "storage" => "storage a month",
        "transfer" => "transfer a month",
        "network_path" => "network path a month",
        "other" => "other cost a month",
        "pulls_cold" => "cold pulls",
        "pulls_failed" => "failed pulls",
        "pull_p50" => "pull p50",
        "pull_p95" => "pull p95",
        "pull_p99" => "pull p99",
        "lag_p50" => "lag p50",
        "lag_p95" => "lag p95",
        "lag_p99" => "lag p99",
        "cross_region_bytes" => "bytes across regions",
        other => other,
    }
}

/// Whether a difference is sure but too small to choose by: half a cent, half a percent.
fn trifling(row: &ComparisonRow) -> bool {
    let cents = row.unit.starts_with("usd") && row.difference.abs() < 0.005;
    cents || row.relative.is_some_and(|share| share.abs() < 0.005)
}

/// Paired differences from the baseline.
pub fn comparison(reading: &Reading) -> Vec<Grid> {
    let rows = &reading.tables.comparison;
    let Some(first) = rows.first() else { return Vec::new() };
    let real = |row: &ComparisonRow| match (row.ci_low, row.ci_high) {
        (Some(low), Some(high)) if (low > 0.0 || high < 0.0) && trifling(row) => "trifling",
        (Some(low), Some(high)) if low > 0.0 || high < 0.0 => "real",
        (Some(low), Some(high)) if low == 0.0 && high == 0.0 => "none",
        (Some(_), Some(_)) => "within chance",
        _ => "",
    };
    let cells = rows.iter().map(|row| {
        let relative = row
            .relative
            .map_or(String::new(), |share| format!("{}{}", if share > 0.0 { "+" } else { "" }, percent(share)));
        vec![
            row.strategy.clone(),
            metric(&row.metric).to_owned(),
            signed(row.difference, &row.unit),
            between(row.ci_low, row.ci_high, |value| signed(value, &row.unit)),
            relative,
            real(row).to_owned(),
        ]
    });
    let head = [
        ("Strategy", false),
        ("What", false),
        ("Difference", true),
        ("95\u{a0}% interval", true),
        ("Relative", true),
        ("Difference is", false),
    ];
    let note = format!("Against {}, paired by trial: every strategy of a trial sees the same demand.", first.baseline);
    vec![grid("", &note, &head, cells.collect())]
}

/// Money by strategy for each key: one row a key, dearest first, one column a strategy.
fn by_key(
    title: &str,
    note: &str,
    what: &str,
    reading: &Reading,
    sums: &BTreeMap<(String, String), f64>,
) -> Option<Grid> {
    let strategies = reading.by_cost();
    let keys: BTreeSet<&str> = sums.keys().map(|(key, _)| key.as_str()).collect();
    let of = |key: &str, strategy: &Strategy| sums.get(&(key.to_owned(), strategy.name().to_owned())).copied();
    let mut rows: Vec<(&str, f64)> = keys
        .into_iter()
        .map(|key| (key, strategies.iter().filter_map(|strategy| of(key, strategy)).fold(0.0, f64::max)))
        .collect();
    rows.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(b.0)));
    if rows.is_empty() {
        return None;
    }
    let mut note = note.to_owned();
    if rows.len() > TOP {
        note.push_str(&format!(" The {TOP} dearest of {}.", rows.len()));
    }
    let cells = rows.iter().take(TOP).map(|(key, _)| {
        let money = strategies.iter().map(|strategy| of(key, strategy).map_or(String::new(), amount));
        std::iter::once((*key).to_owned()).chain(money).collect()
    });
    let names: Vec<String> = strategies.iter().map(|strategy| name(reading, strategy)).collect();
    let mut head = vec![(what, false)];
    head.extend(names.iter().map(|name| (name.as_str(), true)));
    Some(grid(title, note.trim(), &head, cells.collect()))
}

/// Who costs what: repositories, line items, accounts; and copies in vain.
pub fn payers(reading: &Reading) -> Vec<Grid> {
    let mut repositories = BTreeMap::new();
    let mut copied: BTreeMap<(&str, &str), (f64, f64)> = BTreeMap::new();
    for row in &reading.tables.repositories {
        *repositories.entry((row.repository.clone(), row.strategy.clone())).or_insert(0.0) +=
            row.storage_usd_month + row.transfer_usd_month + row.network_path_usd_month;
        let vain = copied.entry((&row.strategy, &row.repository)).or_default();
        *vain = (vain.0 + row.copies, vain.1 + row.copies_never_pulled);
    }
    let mut months: BTreeMap<&str, f64> = BTreeMap::new();
    for row in &reading.tables.trials {
        *months.entry(&row.strategy).or_default() += row.months;
    }
    let (mut items, mut accounts) = (BTreeMap::new(), BTreeMap::new());
    for row in &reading.tables.bill {
        let Some(months) = months.get(row.strategy.as_str()).filter(|months| **months > 0.0) else { continue };
        let cost = dollars(&row.cost_usd).unwrap_or(0.0) / months;
        *items.entry((row.line_item.clone(), row.strategy.clone())).or_insert(0.0) += cost;
        *accounts.entry((row.account.clone(), row.strategy.clone())).or_insert(0.0) += cost;
    }
    let mut grids: Vec<Grid> = [
        by_key(
            "By repository",
            "Storage, transfer and network path a month, in all places together.",
            "Repository",
            reading,
            &repositories,
        ),
        by_key("By line item", "Dollars a month.", "Line item", reading, &items),
        by_key("By account", "Dollars a month, by the account that pays.", "Account", reading, &accounts),
    ]
    .into_iter()
    .flatten()
    .collect();

    let mut vain: Vec<_> = copied.into_iter().filter(|(_, (_, unused))| *unused > 0.0).collect();
    vain.sort_by(|a, b| b.1.1.total_cmp(&a.1.1).then(a.0.cmp(&b.0)));
    if !vain.is_empty() {
        let rows = vain.iter().take(TOP).map(|((strategy, repository), (copies, unused))| {
            vec![
                (*repository).to_owned(),
                (*strategy).to_owned(),
                count(*copies),
                count(*unused),
                percent(unused / copies),
            ]
        });
        let head =
            [("Repository", false), ("Strategy", false), ("Copies", true), ("Never pulled", true), ("Share", true)];
        let note = if vain.len() > TOP { "Means per trial; the most wasteful first." } else { "Means per trial." };
        grids.push(grid("Copies that nobody pulled", note, &head, rows.collect()));
    }
    grids
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn every_row_of_every_table_fills_its_columns() {
        for tables in [fixture::tables(), fixture::crowd(), fixture::alone(), fixture::nothing()] {
            let reading = Reading::of(&tables);
            let grids =
                [summary(&reading), objectives(&reading), failures(&reading), comparison(&reading), payers(&reading)];
            for grid in grids.concat_all() {
                assert!(!grid.rows.is_empty(), "{} is empty", grid.title);
                assert!(grid.rows.iter().all(|row| row.len() == grid.head.len()), "{}", grid.title);
            }
        }
    }

    trait ConcatAll {
        fn concat_all(self) -> Vec<Grid>;
    }

    impl<const N: usize> ConcatAll for [Vec<Grid>; N] {
        fn concat_all(self) -> Vec<Grid> {
            self.into_iter().flatten().collect()
        }
    }

    #[test]
    fn line_items_add_up_to_the_cost() {
        let tables = fixture::tables();
        let reading = Reading::of(&tables);
        let grids = payers(&reading);
        let items = grids.iter().find(|grid| grid.title == "By line item").expect("there is a bill");
        let column = 1; // the cheapest strategy
        let total: f64 =
            items.rows.iter().filter_map(|row| row[column].trim_start_matches('$').parse::<f64>().ok()).sum();
        assert!((total - reading.by_cost()[0].cost()).abs() < 0.03, "{total}");
    }
}
