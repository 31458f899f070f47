//! From points to rows.

#![allow(missing_docs)] // columns are documented in the manual

use serde::{Deserialize, Serialize};

use super::morris::{Effect, Trajectory};
use super::{Figure, Plan, Point, SensitivityError};
use crate::scenario::Scenario;

/// What one key does to one figure of one strategy: a row of `sensitivity.csv`. Effects are over the key's whole range.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EffectRow {
    pub key: String,
    pub range_from: String,
    pub range_to: String,
    pub source: String,
    /// Of a lead: the strategy that leads.
    pub strategy: String,
    /// `cost`, `pull_p95`, `lag_p99`, and of the best strategy `cost_lead`, ..: what the best of the others has more.
    pub metric: String,
    pub unit: String,
    pub mu: f64,
    pub mu_star: f64,
    pub mu_star_ci_low: Option<f64>,
    pub mu_star_ci_high: Option<f64>,
    pub sigma: Option<f64>,
    /// In how many trajectories the best strategy by this figure changes when only this key moves.
    pub flips: u64,
}

/// One end of one key's range with all else as it is, by the figure of the decision.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct End {
    /// The value, as in the range.
    pub value: String,
    /// What the best of the others has more than the chosen strategy.
    pub lead: f64,
    /// 95 % interval of the lead; costs only.
    pub ci_low: Option<f64>,
    pub ci_high: Option<f64>,
    /// The best strategy there.
    pub best: String,
    /// That is another one, beyond chance and by more than half a percent or half a cent.
    pub turns: bool,
}

/// Both ends of one key: a bar of the tornado.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Bar {
    pub key: String,
    /// What is in force without the study; empty where the scenario says.
    pub default: String,
    pub source: String,
    pub low: End,
    pub high: End,
    /// Trajectories in which the decision changes when only this key moves.
    pub flips: u64,
}

impl Bar {
    /// How far the lead moves.
    pub fn width(&self) -> f64 {
        (self.low.lead - self.high.lead).abs()
    }

    /// Whether this key alone changes the decision.
    pub fn turns(&self) -> bool {
        self.low.turns || self.high.turns
    }
}

/// What a key sets.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Moved {
    pub key: String,
    pub paths: Vec<String>,
    pub from: String,
    pub to: String,
    pub source: String,
}

/// What the study was.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Record {
    pub title: String,
    pub scenario: String,
    pub version: String,
    pub price_book: String,
    pub seed: u64,
    pub trials: u64,
    pub trajectories: u64,
    /// Points run.
    pub points: u64,
    /// `cost`, `pull_p95` or `lag_p99`: what the decision is taken by.
    pub figure: String,
    pub unit: String,
    /// The best strategy as the scenario is.
    pub best: String,
    /// Its figure.
    pub value: f64,
    /// The best of the others; empty when there is none.
    pub second: String,
    /// What that one has more.
    pub lead: f64,
    /// Keys and the paths that they set.
    pub keys: Vec<Moved>,
}

/// The result.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sensitivity {
    /// What was done.
    pub record: Record,
    /// One per key, the widest first.
    pub bars: Vec<Bar>,
    /// By key, in the order of the format; then strategy and figure.
    pub effects: Vec<EffectRow>,
}

/// Works everything out.
pub(super) fn outcome(
    plan: &Plan,
    scenario: &Scenario,
    ways: &[Trajectory],
    points: &[Point],
) -> Result<Sensitivity, SensitivityError> {
    let base = &points[0];
    let keys = plan.factors.len();
    let (ends, walked) = points[1..].split_at(2 * keys);
    let figure = plan.figure;
    let chosen = base.best(figure).ok_or(SensitivityError::Undecided(figure.name()))?;
    let lead = base.lead(figure, chosen);
    let name = |strategy: usize| plan.strategies[strategy].clone();
    let flips = |key: usize, figure: Figure| {
        steps(ways, walked, keys).filter(|step| step.key == key && step.flips(figure)).count() as u64
    };

    let end = |point: &Point, value: &str| {
        let best = point.best(figure).map(name).unwrap_or_default();
        let Some((lead, other)) = point.lead(figure, chosen) else {
            return End { value: value.into(), best, ..End::default() };
        };
        let interval = (figure == Figure::Cost).then(|| point.lead_interval(chosen, other));
        let (ci_low, ci_high) = interval.map_or((None, None), |it| (it.low(), it.high()));
        let turns = point.better(figure, chosen).is_some();
        End { value: value.into(), lead, ci_low, ci_high, best, turns }
    };
    let mut bars: Vec<Bar> = Vec::new();
    if lead.is_some() {
        bars = (0..keys)
            .map(|key| {
                let factor = &plan.factors[key];
                Bar {
                    key: factor.key.clone(),
                    default: factor.default.clone(),
                    source: factor.source.clone(),
                    low: end(&ends[2 * key], &factor.from),
                    high: end(&ends[2 * key + 1], &factor.to),
                    flips: flips(key, figure),
                }
            })
            .collect();
        bars.sort_by(|a, b| b.width().total_cmp(&a.width()));
    }

    let mut effects = Vec::new();
    for (key, factor) in plan.factors.iter().enumerate() {
        for figure in Figure::ALL {
            let count = flips(key, figure);
            let mut add = |strategy: usize, metric: String, values: Option<Vec<f64>>| {
                let Some(values) = values.filter(|values| !values.is_empty()) else { return };
                let effect = Effect::of(&values);
                effects.push(EffectRow {
                    key: factor.key.clone(),
                    range_from: factor.from.clone(),
                    range_to: factor.to.clone(),
                    source: factor.source.clone(),
                    strategy: name(strategy),
                    metric,
                    unit: figure.unit().into(),
                    mu: effect.mu,
                    mu_star: effect.mu_star.mean,
                    mu_star_ci_low: effect.mu_star.low().map(|low| low.max(0.0)),
                    mu_star_ci_high: effect.mu_star.high(),
                    sigma: effect.sigma,
                    flips: count,
                });
            };
            let elementary = |value: &dyn Fn(&Point) -> Option<f64>| -> Option<Vec<f64>> {
                let of_key = steps(ways, walked, keys).filter(|step| step.key == key);
                of_key.map(|step| step.effect(factor, value)).collect()
            };
            for strategy in 0..plan.strategies.len() {
                let value = |point: &Point| point.figures[figure as usize][strategy];
                add(strategy, figure.name().into(), elementary(&value));
            }
            if let Some(best) = base.best(figure) {
                let value = |point: &Point| point.lead(figure, best).map(|(lead, _)| lead);
                add(best, format!("{}_lead", figure.name()), elementary(&value));
            }
        }
    }
    let moved = plan.factors.iter().map(|factor| Moved {
        key: factor.key.clone(),
        paths: factor.paths.clone(),
        from: factor.from.clone(),
        to: factor.to.clone(),
        source: factor.source.clone(),
    });
    let record = Record {
        title: scenario.title.clone(),
        scenario: scenario.path.display().to_string(),
        version: env!("CARGO_PKG_VERSION").into(),
        price_book: scenario.terms.book.name.clone(),
        seed: scenario.run.seed,
        trials: scenario.run.trials,
        trajectories: plan.trajectories,
        points: points.len() as u64,
        figure: figure.name().into(),
        unit: figure.unit().into(),
        best: name(chosen),
        value: base.figures[figure as usize][chosen].unwrap_or_default(),
        second: lead.map(|(_, other)| name(other)).unwrap_or_default(),
        lead: lead.map(|(lead, _)| lead).unwrap_or_default(),
        keys: moved.collect(),
    };
    Ok(Sensitivity { record, bars, effects })
}

/// One step of a trajectory.
struct Step<'a> {
    /// The key that moves.
    key: usize,
    /// Its shares before and after.
    shares: (f64, f64),
    before: &'a Point,
    after: &'a Point,
}

impl Step<'_> {
    /// Whether another strategy is the better one after it. What nobody would choose by is no change.
    fn flips(&self, figure: Figure) -> bool {
        let Some(before) = self.before.best(figure) else { return false };
        self.after.better(figure, before).is_some()
    }

    /// The change of a value, for the whole range of the key.
    fn effect(&self, factor: &crate::scenario::Factor, value: &dyn Fn(&Point) -> Option<f64>) -> Option<f64> {
        let way = factor.position(self.shares.1) - factor.position(self.shares.0);
        let change = value(self.after)? - value(self.before)?;
        Some(if way == 0.0 { 0.0 } else { change / way })
    }
}

/// All steps of all trajectories, whose points follow each other in `walked`.
fn steps<'a>(ways: &'a [Trajectory], walked: &'a [Point], keys: usize) -> impl Iterator<Item = Step<'a>> {
    ways.iter().zip(walked.chunks(keys + 1)).flat_map(|(way, points)| {
        let shares = way.points();
        way.order.iter().enumerate().map(move |(index, key)| Step {
            key: *key,
            shares: (shares[index][*key], shares[index + 1][*key]),
            before: &points[index],
            after: &points[index + 1],
        })
    })
}
