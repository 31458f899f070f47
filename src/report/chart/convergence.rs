//! How well each cost is known after so many trials, and whether more would help.

use super::canvas::{Anchor, Area};
use super::font::{self, Weight};
use super::frame::{self, LABEL, TICK, Words};
use super::palette::{colour, dash};
use super::scale::{self, Scale, from_zero};
use super::{Figure, LeftOut};
use crate::report::numbers::{self, percent};
use crate::report::reading::{Reading, Strategy};
use crate::study::statistics::Estimate;

/// Fewer trials make no curve.
const FEWEST: usize = 5;

/// A strategy and, from the third trial on, half the width of its interval over the mean.
struct Curve<'a> {
    strategy: Strategy<'a>,
    /// (trials, share)
    points: Vec<(f64, f64)>,
}

impl Curve<'_> {
    fn last(&self) -> f64 {
        self.points.last().map_or(0.0, |point| point.1)
    }
}

/// Draws the chart.
pub fn draw(reading: &Reading) -> Result<Figure, LeftOut> {
    let left_out = |reason: &str| LeftOut { name: "convergence".into(), reason: reason.into() };
    let trials = reading.trials() as usize;
    if trials < FEWEST {
        return Err(left_out(&format!("it takes at least {FEWEST} trials to show how well a cost is known")));
    }
    let mut curves: Vec<Curve> = reading.by_cost().into_iter().map(|strategy| curve(reading, strategy)).collect();
    curves.retain(|curve| !curve.points.is_empty());
    if curves.iter().all(|curve| curve.last() == 0.0) {
        return Err(left_out("no cost differs from trial to trial"));
    }
    curves.sort_by(|a, b| b.last().total_cmp(&a.last()));
    let worst = &curves[0];
    let words = Words {
        name: "convergence".into(),
        title: format!(
            "After {} every cost is known to ±{} or better",
            numbers::of(trials as f64, "trial", "trials"),
            percent(worst.last())
        ),
        subtitle: "Half the width of the 95 % interval of the cost over its mean, after so many trials".into(),
        caption:
            "Four times as many trials halve the width. Differences between strategies are known better than their \
                  costs, because they are taken within each trial."
                .into(),
        alt: curves
            .iter()
            .map(|curve| format!("{}: ±{}", curve.strategy.name(), percent(curve.last())))
            .collect::<Vec<_>>()
            .join("; "),
    };
    Ok(frame::figure(reading, words, |canvas, area| {
        let names = curves.iter().map(|it| LABEL.width(it.strategy.name())).fold(0.0, f64::max).min(330.0);
        let plot = Area {
            left: area.left + 86.0,
            top: area.top + 12.0,
            right: area.right - names - 150.0,
            bottom: area.bottom - 66.0,
        };
        // The first few intervals are so wide that the rest would lie flat: the axis ends where most of the story is.
        let all: Vec<f64> = curves.iter().flat_map(|curve| curve.points.iter().map(|point| point.1)).collect();
        let top = all.iter().copied().fold(0.0, f64::max).min(6.0 * worst.last()).max(1e-9);
        let ticks = from_zero(top * 100.0, 5);
        let y = Scale::linear((0.0, ticks[ticks.len() - 1]), (plot.bottom, plot.top));
        for tick in &ticks {
            frame::tick_left(canvas, plot, y.at(*tick), &format!("±{}", percent(tick / 100.0)));
        }
        let steps = from_zero(trials as f64, 8);
        let x = Scale::linear((0.0, trials as f64), (plot.left, plot.right));
        for step in steps.iter().filter(|step| **step <= trials as f64 && step.fract() == 0.0) {
            canvas.text((x.at(*step), plot.bottom + 28.0), &numbers::count_tick(*step), TICK.anchored(Anchor::Middle));
        }
        canvas.text(((plot.left + plot.right) / 2.0, plot.bottom + 60.0), "trials", TICK.anchored(Anchor::Middle));
        for curve in &curves {
            let points: Vec<_> = curve.points.iter().map(|point| (x.at(point.0), y.at(point.1 * 100.0))).collect();
            canvas.dashed(&points, colour(&curve.strategy), 4.0, dash(&curve.strategy));
        }
        let wanted: Vec<f64> = curves.iter().map(|curve| y.at(curve.last() * 100.0)).collect();
        for ((curve, own), place) in
            curves.iter().zip(&wanted).zip(scale::spread(&wanted, 32.0, (plot.top, plot.bottom)))
        {
            canvas.line(&[(plot.right + 4.0, *own), (plot.right + 26.0, place)], colour(&curve.strategy), 1.5);
            canvas.dot((plot.right + 32.0, place), 6.0, colour(&curve.strategy));
            let value = format!("±{}", percent(curve.last()));
            canvas.text((plot.right + 46.0, place + 7.5), &value, LABEL.bold());
            let name = font::fit(curve.strategy.name(), LABEL.size, Weight::Regular, names + 1.0);
            canvas.text((plot.right + 140.0, place + 7.5), &name, LABEL);
        }
    }))
}

fn curve<'a>(reading: &Reading, strategy: Strategy<'a>) -> Curve<'a> {
    let costs = reading.costs(strategy.name());
    let points = (3..=costs.len()).filter_map(|count| {
        let estimate = Estimate::of(&costs[..count]);
        let half = estimate.half_width.filter(|_| estimate.mean > 0.0)?;
        Some((count as f64, half / estimate.mean))
    });
    Curve { strategy, points: points.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn the_title_gives_the_worst_known_cost() {
        let tables = fixture::tables();
        let reading = Reading::of(&tables);
        let width = |row: &crate::study::tables::SummaryRow| {
            row.cost_ci_high_usd_month.map_or(0.0, |high| high / row.cost_usd_month - 1.0)
        };
        let worst = tables.summary.iter().map(width).fold(0.0, f64::max);
        let figure = draw(&reading).expect("drawn");
        assert!(figure.title.ends_with(&format!("known to ±{} or better", percent(worst))), "{}", figure.title);
    }

    #[test]
    fn few_trials_make_no_curve() {
        let tables = fixture::run(&[("a", "replication")], 3);
        assert!(draw(&Reading::of(&tables)).expect_err("left out").reason.contains("at least 5 trials"));
    }
}
