//! What a study runs: the strategies asked for, and beside each replication its other service delays.
//!
//! How long the service waits before it copies is published nowhere. When an objective judges it, one assumed law is
//! not enough: every strategy of kind replication is also run under each named law that is not its own, on the same
//! trials, and reports show them side by side. Such a variant is timed and never priced.

use std::borrow::Cow;

use crate::engine::Model;
use crate::scenario::{Metric, Scenario};
use crate::strategy::{Kind, Replication};

/// One strategy as it is run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Index of the strategy in [`Lines::model`].
    pub strategy: usize,
    /// Index of the strategy in the scenario.
    pub original: usize,
    /// `Some` = the original under this named delay.
    pub delay: Option<&'static str>,
}

/// Everything that is run in each trial.
pub(super) struct Lines<'a> {
    /// The scenario's model, with the variants' strategies behind its own.
    pub model: Cow<'a, Model>,
    /// The strategies asked for, in the scenario's order, then the variants.
    pub lines: Vec<Line>,
}

impl<'a> Lines<'a> {
    /// Lines for these strategies (ascending indices) and no variants.
    pub fn plain(scenario: &'a Scenario, strategies: &[usize]) -> Lines<'a> {
        let line = |&index: &usize| Line { strategy: index, original: index, delay: None };
        Lines { model: Cow::Borrowed(&scenario.model), lines: strategies.iter().map(line).collect() }
    }

    /// Lines for these strategies (ascending indices).
    pub fn of(scenario: &'a Scenario, strategies: &[usize]) -> Lines<'a> {
        let Lines { mut model, mut lines } = Lines::plain(scenario, strategies);
        if judges_delay(scenario) {
            for &original in strategies {
                let Kind::Replication(replication) = &scenario.model.strategies[original].kind else { continue };
                for delay in Replication::DELAYS.into_iter().filter(|delay| *delay != replication.delay_name) {
                    let mut strategy = scenario.model.strategies[original].clone();
                    under(delay, &mut strategy.kind);
                    strategy.exceptions.iter_mut().for_each(|exception| under(delay, &mut exception.kind));
                    let strategies = &mut model.to_mut().strategies;
                    strategies.push(strategy);
                    lines.push(Line { strategy: strategies.len() - 1, original, delay: Some(delay) });
                }
            }
        }
        Lines { model, lines }
    }
}

/// Whether some objective depends on how long copies take.
fn judges_delay(scenario: &Scenario) -> bool {
    scenario.objectives.iter().any(|objective| judges_copies(&objective.metric))
}

/// Whether the metric depends on how long copies take.
pub(super) fn judges_copies(metric: &Metric) -> bool {
    matches!(metric, Metric::Lag(_) | Metric::ReleaseEverywhere(_))
}

fn under(delay: &'static str, kind: &mut Kind) {
    let (Kind::Replication(replication), Some(law)) = (kind, Replication::named_delay(delay)) else { return };
    replication.delay = law;
    replication.delay_name = delay.into();
}
