//! `run.json`: what the run was, what it rests on, and what does not fit a table.

use super::{View, faults, summary};
use crate::billing::PullReading;
use crate::cloud::RegionId;
use crate::registry::quota::Call;
use crate::scenario::{Metric, Objective, TimeTarget};
use crate::strategy::{Kind, Replication};
use crate::study::gathered::Gathered;
use crate::study::objectives::is_met;
use crate::study::pricing::Pricing;
use crate::study::tables::{DelayVariant, Limit, ObjectiveText, OtherReading, RunRecord};
use crate::study::variants::{Line, judges_copies};
use crate::units::{Bandwidth, DAY, HOUR, NANOS, Span, Usd};

/// Everything but wall time and memory.
pub(super) fn record(view: &View, lines: &[Line], gathered: &[Gathered]) -> RunRecord {
    let scenario = view.scenario;
    let calendar = &scenario.model.calendar;
    RunRecord {
        title: scenario.title.clone(),
        description: scenario.description.clone(),
        scenario: scenario.path.display().to_string(),
        version: env!("CARGO_PKG_VERSION").into(),
        seed: scenario.run.seed,
        trials: view.trials as u64,
        start: calendar.start.clone(),
        days: calendar.end.0 as f64 / DAY as f64,
        months: view.months,
        baseline: scenario.model.strategies[scenario.run.baseline].name.clone(),
        price_book: scenario.terms.book.name.clone(),
        cross_region_pull: match scenario.terms.reading {
            PullReading::InterRegion => "inter-region",
            PullReading::Internet => "internet",
        }
        .into(),
        other_reading: other_reading(view),
        assumptions: scenario.assumptions.clone(),
        notes: scenario.notes.clone(),
        limits: limits(view),
        objectives: scenario.objectives.iter().map(in_words).collect(),
        faults: faults::in_words(view),
        delay_variants: delay_variants(view, lines, gathered),
        inputs: scenario.inputs.clone(),
        settings: scenario.settings.clone(),
        value: faults::lost_time(view),
        pricing: Some(Pricing::of(scenario)),
        wall_seconds: 0.0,
        engine_seconds: gathered.iter().map(|line| line.seconds).sum(),
        events: gathered.iter().map(|line| line.events).sum(),
        peak_memory_bytes: None,
    }
}

fn other_reading(view: &View) -> Vec<OtherReading> {
    // A strategy that lacks a price under the other reading in some trial is not told at all.
    let told = view.columns.iter().filter(|column| column.gathered.other_costs.len() == column.gathered.trials.len());
    told.map(|column| OtherReading {
        strategy: column.strategy.name.clone(),
        cost_usd_month: view.per_month(column.gathered.other_costs.iter().copied().sum::<Usd>()),
    })
    .collect()
}

/// Quotas of every registry, and what a shared link out of a registry can carry.
fn limits(view: &View) -> Vec<Limit> {
    let model = &view.scenario.model;
    let mut limits = Vec::new();
    for (metric, operation, quota) in [
        ("peak_batch_get_image", "BatchGetImage", model.service.quotas[Call::BatchGetImage as usize]),
        (
            "peak_get_download_url",
            "GetDownloadUrlForLayer",
            model.service.quotas[Call::GetDownloadUrlForLayer as usize],
        ),
    ] {
        if quota.is_finite() {
            let text = format!("{operation} quota");
            let (strategy, region, unit) = (None, None, "calls/s".into());
            limits.push(Limit { metric: metric.into(), strategy, region, value: quota, unit, text });
        }
    }
    let mut egress = |strategy: Option<&str>, region: RegionId, rate: Bandwidth, text: &str| {
        if !rate.is_unlimited() {
            limits.push(Limit {
                metric: "peak_egress".into(),
                strategy: strategy.map(str::to_string),
                region: Some(model.cloud.region(region).into()),
                value: rate.0,
                unit: "bytes/s".into(),
                text: text.into(),
            });
        }
    };
    for (registry, rate) in model.cloud.registries.iter().zip(&model.cloud.links.registry_egress) {
        egress(None, registry.region, *rate, "egress limit");
    }
    for column in &view.columns {
        if let Kind::Centralized(central) = &column.strategy.kind {
            let region = model.cloud.registry(central.registry).region;
            egress(Some(&column.strategy.name), region, central.egress, "egress limit of the central registry");
        }
    }
    limits
}

/// Each replication under each named delay; none when no objective judges copies.
fn delay_variants(view: &View, lines: &[Line], gathered: &[Gathered]) -> Vec<DelayVariant> {
    let objectives = &view.scenario.objectives;
    if !objectives.iter().any(|objective| judges_copies(&objective.metric)) {
        return Vec::new();
    }
    let mut variants = Vec::new();
    for column in &view.columns {
        let Kind::Replication(own) = &column.strategy.kind else { continue };
        for delay in Replication::DELAYS {
            let position = lines.iter().position(|line| match line.delay {
                Some(of) => line.original == column.index && of == delay,
                None => line.original == column.index && own.delay_name == delay,
            });
            let Some(under) = position.map(|position| &gathered[position]) else { continue };
            let [lag_p50_s, lag_p95_s, lag_p99_s] = summary::lags(under).quantiles;
            let judged = objectives
                .iter()
                .enumerate()
                .filter(|(_, objective)| judges_copies(&objective.metric) && objective.strategies[column.index]);
            let observed = judged.map(|(index, objective)| {
                let observed = under.evidence.observe(view.scenario, index, None);
                let met = match objective.in_trials {
                    None => observed.map(|observed| is_met(&objective.metric, observed)),
                    Some(wanted) => under.tallies[index][0].probability().map(|probability| probability >= wanted),
                };
                (objective.name.clone(), observed, met)
            });
            variants.push(DelayVariant {
                strategy: column.strategy.name.clone(),
                delay: delay.into(),
                lag_p50_s,
                lag_p95_s,
                lag_p99_s,
                observed: observed.collect(),
            });
        }
    }
    variants
}

/// An objective in words, such as `lag p99 at most 30 s`.
fn in_words(objective: &Objective) -> ObjectiveText {
    let time = |metric: &str, target: &TimeTarget| match target {
        TimeTarget::Quantile { quantile, at_most } => {
            let text = format!("{metric} {} at most {}", quantile_name(*quantile), span(*at_most));
            (text, Some(at_most.as_seconds()))
        }
        TimeTarget::Share { within, at_least } => {
            let text = format!("{metric} within {} for at least {}\u{a0}%", span(*within), percent(*at_least));
            (text, Some(within.as_seconds()))
        }
    };
    let (metric, (mut text, limit_s)) = match &objective.metric {
        Metric::Lag(target) => ("lag", time("lag", target)),
        Metric::PullTime(target) => ("pull_time", time("pull time", target)),
        Metric::ReleaseEverywhere(target) => ("release_everywhere", time("release everywhere", target)),
        Metric::Recovery { at_most, .. } => {
            ("recovery", (format!("recovery within {}", span(*at_most)), Some(at_most.as_seconds())))
        }
        Metric::ImagesMissing { at_most, .. } => {
            ("images_missing", (format!("images missing at most {at_most}"), None))
        }
        Metric::PullsFailed(share) => {
            ("pulls_failed", (format!("failed pulls at most {}\u{a0}%", percent(*share)), None))
        }
        Metric::Cost { at_most, .. } => ("cost", (format!("cost at most ${} a month", at_most.dollars()), None)),
        Metric::Residency { .. } => ("residency", ("nothing stored outside the regions allowed".into(), None)),
    };
    if let Some(share) = objective.in_trials {
        text += &format!(", in at least {}\u{a0}% of trials", percent(share));
    }
    ObjectiveText { name: objective.name.clone(), metric: metric.into(), text, limit_s }
}

/// `p99`, `p99.9`.
fn quantile_name(quantile: f64) -> String {
    format!("p{}", percent(quantile))
}

/// A share in percent, without the float's tail: 0.999 is 99.9.
fn percent(share: f64) -> f64 {
    libm::round(share * 1e8) / 1e6
}

/// A span in its largest unit that comes out whole, else in seconds: `4 h`, `90 s`, `0.5 s`.
fn span(span: Span) -> String {
    let units = [(DAY, "d"), (HOUR, "h"), (60 * NANOS, "min")];
    match units.into_iter().find(|(length, _)| span.0 != 0 && span.0 % length == 0) {
        Some((length, unit)) => format!("{} {unit}", span.0 / length),
        None => format!("{} s", span.as_seconds()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(metric: Metric, in_trials: Option<f64>) -> String {
        in_words(&Objective { name: "o".into(), metric, strategies: Vec::new(), in_trials }).text
    }

    #[test]
    fn objectives_read_like_the_scenario() {
        let lag = Metric::Lag(TimeTarget::Quantile { quantile: 0.99, at_most: Span::seconds(30) });
        assert_eq!(words(lag, None), "lag p99 at most 30 s");
        let pull = Metric::PullTime(TimeTarget::Quantile { quantile: 0.999, at_most: Span::seconds(240) });
        assert_eq!(words(pull, Some(0.95)), "pull time p99.9 at most 4 min, in at least 95\u{a0}% of trials");
        let release = TimeTarget::Share { within: Span::seconds(30), at_least: 0.99 };
        assert_eq!(
            words(Metric::ReleaseEverywhere(release), None),
            "release everywhere within 30 s for at least 99\u{a0}%"
        );
        assert_eq!(words(Metric::PullsFailed(0.001), None), "failed pulls at most 0.1\u{a0}%");
        let cost = Metric::Cost { at_most: Usd(500_000_000_000), account: None };
        assert_eq!(words(cost, None), "cost at most $500 a month");
    }

    #[test]
    fn a_span_is_told_in_the_unit_that_comes_out_whole() {
        for (seconds, expected) in [(0.0, "0 s"), (0.5, "0.5 s"), (90.0, "90 s"), (14_400.0, "4 h"), (86_400.0, "1 d")]
        {
            assert_eq!(span(Span::from_seconds(seconds)), expected);
        }
    }
}
