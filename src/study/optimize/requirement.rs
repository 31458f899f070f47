//! A requirement in one line, as it is typed: `lag p99 <= 30s`, `cost <= $500/month`.
//!
//! | line | objective of the scenario |
//! |---|---|
//! | `lag p99 <= 30s`; also `pull_time`, `release_everywhere` | `quantile = "p99", at_most = "30s"` |
//! | `lag 99% within 30s`; the same metrics | `within = "30s", at_least = "99%"` |
//! | `recovery <= 4h` | `at_most = "4h"` |
//! | `images_missing <= 0` | `at_most = 0` |
//! | `pulls_failed <= 0.1%` | `at_most = "0.1%"` |
//! | `cost <= $500/month` | `at_most = "$500/month"` |
//! | `residency prod/* in eu-west-1,eu-central-1` | `repositories = "prod/*", regions = [..]` |

use crate::engine::{Probe, ProbeMetric};
use crate::registry::Patterns;
use crate::scenario::{Metric, Objective, Scenario, TimeTarget};
use crate::units::Span;
use crate::units::parse::{self, PriceUnit};

/// A requirement, read.
#[derive(Clone, Debug, PartialEq)]
pub struct Requirement {
    /// As it was typed, blanks made single.
    pub text: String,
    /// Its name among the scenario's objectives: `lag-p99-30s`.
    pub name: String,
    /// The keys of an objective of the scenario, as lines of TOML.
    pub keys: String,
    metric: Wanted,
}

#[derive(Clone, Debug, PartialEq)]
enum Wanted {
    Time(ProbeMetric, TimeTarget),
    Plain(Metric),
    Residency { repositories: Patterns, regions: Patterns },
}

const FORMS: &str = "lag p99 <= 30s; pull_time 95% within 1m; release_everywhere p99 <= 30s; recovery <= 4h; \
                     images_missing <= 0; pulls_failed <= 0.1%; cost <= $500/month; residency prod/* in eu-west-1";

/// Reads a requirement.
///
/// # Errors
/// What is wrong with it, and what would be right.
pub fn requirement(text: &str) -> Result<Requirement, String> {
    let spaced = text.replace("<=", " <= ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let wrong = |why: String| format!("objective `{text}`: {why}");
    let unknown = || wrong(format!("not understood; write one such as: {FORMS}"));
    let time = |word: &str| match word {
        "lag" => Some(ProbeMetric::Lag),
        "pull_time" => Some(ProbeMetric::PullTime),
        "release_everywhere" => Some(ProbeMetric::ReleaseEverywhere),
        _ => None,
    };
    let duration = |value: &str| parse::duration(value).map_err(|error| wrong(error.to_string()));
    let (metric, keys) = match words.as_slice() {
        [name, quantile, "<=", value] if let Some(metric) = time(name) => {
            let percent = quantile.strip_prefix('p').and_then(|percent| percent.parse::<f64>().ok());
            let known = percent.filter(|percent| *percent > 0.0 && *percent < 100.0);
            let quantile_of = known.ok_or_else(|| wrong(format!("`{quantile}` is no quantile such as p99")))?;
            let target = TimeTarget::Quantile { quantile: quantile_of / 100.0, at_most: duration(value)? };
            (Wanted::Time(metric, target), format!("quantile = \"{quantile}\"\nat_most = \"{value}\""))
        }
        [name, share, "within", value] if let Some(metric) = time(name) => {
            let at_least = parse::share(share).map_err(|error| wrong(error.to_string()))?;
            let target = TimeTarget::Share { within: duration(value)?, at_least };
            (Wanted::Time(metric, target), format!("within = \"{value}\"\nat_least = \"{share}\""))
        }
        ["recovery", "<=", value] => {
            let metric = Metric::Recovery { at_most: duration(value)?, fault: None };
            (Wanted::Plain(metric), format!("at_most = \"{value}\""))
        }
        ["images_missing", "<=", value] => {
            let at_most = value.parse().map_err(|_| wrong(format!("`{value}` is no count")))?;
            (Wanted::Plain(Metric::ImagesMissing { at_most, fault: None }), format!("at_most = {at_most}"))
        }
        ["pulls_failed", "<=", value] => {
            let at_most = parse::share(value).map_err(|error| wrong(error.to_string()))?;
            (Wanted::Plain(Metric::PullsFailed(at_most)), format!("at_most = \"{value}\""))
        }
        ["cost", "<=", value] => {
            let at_most = parse::money(value, PriceUnit::Month).map_err(|error| wrong(error.to_string()))?;
            (Wanted::Plain(Metric::Cost { at_most, account: None }), format!("at_most = \"{value}\""))
        }
        ["residency", repositories, "in", regions] => {
            let patterns = |text: &str| Patterns(text.split(',').map(str::to_string).collect());
            let list = |patterns: &Patterns| {
                let quoted: Vec<String> =
                    patterns.0.iter().map(|one| toml::Value::from(one.as_str()).to_string()).collect();
                format!("[{}]", quoted.join(", "))
            };
            let (repositories, regions) = (patterns(repositories), patterns(regions));
            let keys = format!("repositories = {}\nregions = {}", list(&repositories), list(&regions));
            (Wanted::Residency { repositories, regions }, keys)
        }
        _ => return Err(unknown()),
    };
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c.to_ascii_lowercase() } else { '-' };
    let name: String = text.chars().map(plain).collect();
    let parts: Vec<&str> = name.split('-').filter(|part| !part.is_empty()).collect();
    let name = parts.join("-").chars().take(64).collect();
    let keys = format!("name = \"{name}\"\nmetric = \"{}\"\n{keys}", words[0]);
    Ok(Requirement { text: words.join(" "), name, keys, metric })
}

impl Requirement {
    /// Adds it to a scenario's objectives, for every strategy.
    ///
    /// # Errors
    /// When it is about nothing that the scenario has, or is there already.
    pub fn add(&self, scenario: &mut Scenario) -> Result<(), String> {
        let wrong = |why: &str| Err(format!("objective `{}`: {why}", self.text));
        if scenario.objectives.iter().any(|objective| objective.name == self.name) {
            return wrong("it is there twice");
        }
        let model = &mut scenario.model;
        let objective = scenario.objectives.len();
        let metric = match &self.metric {
            Wanted::Time(metric, target) => {
                let within: Span = match target {
                    TimeTarget::Quantile { at_most, .. } => *at_most,
                    TimeTarget::Share { within, .. } => *within,
                };
                model.probes.push(Probe {
                    objective,
                    metric: *metric,
                    repositories: vec![true; model.demand.repositories.len()],
                    clusters: vec![true; model.demand.clusters.len()],
                    tags: Patterns::all(),
                    within: Some(within),
                });
                match metric {
                    ProbeMetric::Lag => Metric::Lag(*target),
                    ProbeMetric::PullTime => Metric::PullTime(*target),
                    ProbeMetric::ReleaseEverywhere => Metric::ReleaseEverywhere(*target),
                }
            }
            Wanted::Plain(metric) => {
                let needs_standby = matches!(metric, Metric::Recovery { .. } | Metric::ImagesMissing { .. });
                let fails_over = |fault| model.demand.clusters.iter().any(|cluster| cluster.fails_over_on(fault));
                if needs_standby && !(0..model.faults.len()).any(fails_over) {
                    return wrong("no cluster of the scenario fails over on a fault");
                }
                metric.clone()
            }
            Wanted::Residency { repositories, regions } => {
                let repositories: Vec<bool> =
                    model.demand.repositories.iter().map(|one| repositories.matches(&one.name)).collect();
                let regions: Vec<bool> = model.cloud.regions.iter().map(|region| regions.matches(region)).collect();
                if !repositories.contains(&true) {
                    return wrong("it selects no repository of the scenario");
                }
                if !regions.contains(&true) {
                    return wrong("it names no region of the scenario");
                }
                Metric::Residency { repositories, regions }
            }
        };
        let strategies = vec![true; model.strategies.len()];
        scenario.objectives.push(Objective { name: self.name.clone(), metric, strategies, in_trials: None });
        Ok(())
    }
}
