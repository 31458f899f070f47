//! The service fact by fact: small scenarios whose every number is worked out by hand.
//!
//! The network is ideal and replication has no delay, unless a test is about time; an image is one layer of 100 MB that
//! no other version shares. A test is named after the fact that it holds the service to.

mod archive;
mod backfill;
mod cache;
mod deletes;
mod failover;
mod faults;
mod layers;
mod lifecycle;
mod permissions;
mod quotas;
mod triggers;

use super::common::{latency, read, run_on};
use replisim::study::tables::{RecoveryRow, RepositoryRow, Tables};

/// Bytes of an image.
const IMAGE: f64 = 100e6;
/// An image of one layer, whole in every version.
const ONE_LAYER: &str = "image = { layer_sizes = [\"100 MB\"], new_bytes = \"100%\" }\n";
/// Nobody pulls.
const IDLE: &str = "pulls = { list = [] }";

/// A scenario of so many days on an ideal network; `rest` comes before the first table.
fn days(days: u32, rest: &str) -> String {
    format!("schema = 1\nrun = {{ duration = \"{days}d\", trials = 1 }}\nnetwork = {{ preset = \"ideal\" }}\n{rest}\n")
}

/// Replication without delay, with these further keys.
fn replication(keys: &str) -> String {
    let comma = if keys.is_empty() { "" } else { ", " };
    format!("strategies = [{{ name = \"r\", kind = \"replication\", delay = \"0s\"{comma}{keys} }}]")
}

/// A repository at home in us-east-1.
fn repository(name: &str, keys: &str) -> String {
    format!("[[repositories]]\nname = \"{name}\"\nregistry = \"us-east-1\"\n{keys}\n")
}

/// The repository `app` with pushes by list.
fn app(rows: &str) -> String {
    repository("app", &format!("{ONE_LAYER}push = {{ list = [{rows}] }}"))
}

/// A cluster of one node without a cache.
fn cluster(name: &str, registry: &str, keys: &str) -> String {
    format!("[[clusters]]\nname = \"{name}\"\nregistry = \"{registry}\"\nnodes = 1\ncache = \"none\"\n{keys}\n")
}

/// A cluster in eu-west-1.
fn eu(keys: &str) -> String {
    cluster("eu", "eu-west-1", keys)
}

/// Pulls of `app` by list: (moment, tag).
fn pulls(rows: &[(&str, &str)]) -> String {
    let row = |(at, tag): &(&str, &str)| format!("{{ at = \"{at}\", repository = \"app\", tag = \"{tag}\" }}");
    format!("pulls = {{ list = [{}] }}", rows.iter().map(row).collect::<Vec<_>>().join(", "))
}

/// Runs a scenario with files beside it.
fn run_with(parts: &[&str], files: &[(&str, &str)]) -> Tables {
    run_jobs(parts, files, 1)
}

fn run_jobs(parts: &[&str], files: &[(&str, &str)], jobs: usize) -> Tables {
    let dir = tempfile::tempdir().expect("a temporary folder");
    for (name, text) in files {
        std::fs::write(dir.path().join(name), text).expect("a temporary file");
    }
    let path = dir.path().join("test.toml");
    std::fs::write(&path, parts.concat()).expect("a temporary file");
    run_on(&read(&path, &[]), jobs)
}

/// Runs a scenario.
fn run(parts: &[&str]) -> Tables {
    run_with(parts, &[])
}

/// What failed: (event, cause, region, count), for one strategy.
fn failures<'t>(tables: &'t Tables, strategy: &str) -> Vec<(&'t str, &'t str, &'t str, f64)> {
    let rows = tables.failures.iter().filter(|row| row.strategy == strategy);
    rows.map(|row| (row.event.as_str(), row.cause.as_str(), row.region.as_str(), row.count)).collect()
}

/// The only strike of a strategy.
fn strike<'t>(tables: &'t Tables, strategy: &str) -> &'t RecoveryRow {
    let rows: Vec<&RecoveryRow> = tables.recovery.iter().filter(|row| row.strategy == strategy).collect();
    assert_eq!(rows.len(), 1, "{rows:?}");
    rows[0]
}

/// A repository in a region.
fn place<'t>(tables: &'t Tables, strategy: &str, repository: &str, region: &str) -> Option<&'t RepositoryRow> {
    let is_it = |row: &&RepositoryRow| row.strategy == strategy && row.repository == repository && row.region == region;
    tables.repositories.iter().find(is_it)
}

/// A metric of a region, day by day.
fn by_day(tables: &Tables, metric: &str, region: &str) -> Vec<f64> {
    let rows = tables.timeline.iter().filter(|row| *row.metric == *metric && *row.region == *region);
    rows.map(|row| row.value).collect()
}

/// The quantity of a line item in a region, in all months together.
fn quantity(tables: &Tables, strategy: &str, item: &str, region: &str) -> f64 {
    let rows = tables.bill.iter().filter(|row| (row.strategy.as_str(), row.line_item.as_str()) == (strategy, item));
    let rows = rows.filter(|row| row.region == region);
    rows.map(|row| row.quantity.parse::<f64>().expect("a decimal")).sum()
}

/// A bill's GB in bytes.
const GB: f64 = 1_073_741_824.0;

/// A quantile of a histogram, which is right to a thousandth.
#[track_caller]
fn took(tables: &Tables, event: &str, quantile: &str, expected: f64) {
    let found = latency(tables, "r", event, quantile);
    assert!((found - expected).abs() <= 1e-3 * expected, "{event} {quantile}: {found}, expected {expected}");
}

/// Whether two numbers agree to a millionth.
#[track_caller]
fn near(found: f64, expected: f64) {
    assert!((found - expected).abs() <= 1e-6 * expected.abs().max(1e-3), "{found}, expected {expected}");
}
