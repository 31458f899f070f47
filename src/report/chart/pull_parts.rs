//! Where pull time goes: waiting, queueing, transfer, unpack.
//!
//! Means add up, so they are stacked. Percentiles do not add up (the slowest transfer and the longest wait are different
//! pulls), so they stand beside as numbers.

use super::canvas::{Anchor, Area, Type};
use super::frame::{self, LABEL, NameColumn, Words};
use super::palette::{HEAT, INK, MUTED, PARTS, WHITE};
use super::scale::{Scale, clock_ticks};
use super::{Figure, LeftOut};
use crate::report::numbers::{duration, percent};
use crate::report::reading::{Reading, Strategy};

const NAMES: [&str; 4] = ["waiting", "queueing", "transfer", "unpack"];

/// Means and 95th percentiles of the parts of a strategy's pulls (s).
struct Parts<'a> {
    strategy: Strategy<'a>,
    means: [f64; 4],
    p95: [Option<f64>; 4],
    pull_p95: Option<f64>,
}

impl Parts<'_> {
    /// Sum of the means; infinite when some pulls never end.
    fn mean(&self) -> f64 {
        self.means.iter().sum()
    }

    /// Index of the part with the largest mean.
    fn longest(&self) -> usize {
        (0..4).max_by(|a, b| self.means[*a].total_cmp(&self.means[*b])).unwrap_or(0)
    }
}

/// Draws the chart.
pub fn draw(reading: &Reading) -> Result<Figure, LeftOut> {
    let mut rows: Vec<Parts> = reading
        .strategies
        .iter()
        .filter(|strategy| reading.quantile(strategy.name(), "transfer", "mean").is_some())
        .map(|strategy| Parts {
            strategy: *strategy,
            means: NAMES.map(|part| reading.quantile(strategy.name(), part, "mean").unwrap_or(0.0)),
            p95: NAMES.map(|part| reading.quantile(strategy.name(), part, "p95")),
            pull_p95: reading.quantile(strategy.name(), "pull", "p95"),
        })
        .collect();
    if rows.iter().all(|row| row.mean() == 0.0) {
        return Err(LeftOut { name: "pull-parts".into(), reason: "no pull took any time".into() });
    }
    rows.sort_by(|a, b| {
        (a.strategy.is_bound(), a.mean())
            .partial_cmp(&(b.strategy.is_bound(), b.mean()))
            .unwrap_or(std::cmp::Ordering::Equal)
    });
    let words = Words {
        name: "pull-parts".into(),
        title: title(&rows),
        subtitle: format!("Mean seconds per pull by part, and the 95th percentile of each part; all regions, {}", match reading.trials() {
            1 => "1 trial".to_owned(),
            count => format!("{count} trials together"),
        }),
        caption: "Waiting is for an image that is not there yet; queueing is for the registry’s call quotas and behind the node’s \
                  other pulls. Means add up to the mean pull; percentiles of parts do not add up."
            .into(),
        alt: rows
            .iter()
            .map(|row| {
                let parts: Vec<String> =
                    NAMES.iter().zip(row.means).map(|(name, mean)| format!("{name} {}", duration(mean))).collect();
                format!("{}: {}", row.strategy.name(), parts.join(", "))
            })
            .collect::<Vec<_>>()
            .join("; "),
    };
    Ok(frame::figure(reading, words, |canvas, area| {
        let strategies: Vec<Strategy> = rows.iter().map(|row| row.strategy).collect();
        let keys: Vec<_> = NAMES.iter().copied().zip(PARTS).collect();
        frame::keys(canvas, area, &keys);
        let names = NameColumn::new(area.left, &strategies, 300.0);
        let column = 100.0;
        let table = area.right - 5.0 * column;
        let top = area.top + 66.0;
        let row_height = ((area.bottom - 34.0 - top) / rows.len() as f64).min(150.0);
        let bottom = top + row_height * rows.len() as f64;
        let plot = Area { left: names.right, top, right: table - 110.0, bottom };
        let most = rows.iter().map(|row| finite(&row.means)).fold(0.0, f64::max);
        let ticks = clock_ticks(most, 4);
        let x = Scale::linear((0.0, ticks[ticks.len() - 1]), (plot.left, plot.right));
        for tick in &ticks {
            frame::tick_below(canvas, plot, x.at(*tick), &duration(*tick));
        }
        let head = Type { colour: MUTED, size: 19.0, ..LABEL };
        canvas.text(
            (table + column * 2.5, area.top + 20.0),
            "95 of 100 pulls need at most",
            head.anchored(Anchor::Middle),
        );
        for (index, text) in NAMES.iter().copied().chain(["in all"]).enumerate() {
            canvas.text((table + column * (index as f64 + 0.5), area.top + 52.0), text, head.anchored(Anchor::Middle));
        }
        let half = (row_height * 0.32).min(40.0);
        let slowest = rows.iter().flat_map(|row| row.p95).flatten().filter(|it| it.is_finite()).fold(0.0, f64::max);
        for (index, row) in rows.iter().enumerate() {
            let y = plot.top + row_height * (index as f64 + 0.5);
            names.row(
                canvas,
                y,
                &row.strategy,
                if row.strategy.is_bound() && row_height > 50.0 { "lower bound" } else { "" },
            );
            let mut sum = 0.0;
            for (mean, colour) in row.means.iter().zip(PARTS) {
                let mean = if mean.is_finite() { *mean } else { 0.0 };
                canvas.rectangle(
                    Area { left: x.at(sum), top: y - half, right: x.at(sum + mean), bottom: y + half },
                    colour,
                );
                sum += mean;
            }
            let total = if row.mean().is_finite() { duration(row.mean()) } else { "some never".into() };
            frame::on_white(canvas, (x.at(sum) + 12.0, y + 7.5), &total, LABEL.bold());
            for (column_index, value) in row.p95.iter().copied().chain([row.pull_p95]).enumerate() {
                let left = table + column * column_index as f64;
                let in_all = column_index == 4;
                if let (Some(value), false) = (value, in_all) {
                    let share = if value.is_finite() && slowest > 0.0 { value / slowest } else { 1.0 };
                    let shade = WHITE.towards(HEAT, if value > 0.0 { 0.07 + 0.7 * share } else { 0.0 });
                    let cell = (row_height * 0.42).min(40.0);
                    canvas.rectangle(
                        Area { left: left + 3.0, top: y - cell, right: left + column - 3.0, bottom: y + cell },
                        shade,
                    );
                }
                let text = value.map_or("–".into(), duration);
                let look = Type { colour: INK, size: 19.0, ..LABEL }.anchored(Anchor::Middle);
                canvas.text((left + column / 2.0, y + 7.0), &text, if in_all { look.bold() } else { look });
            }
        }
    }))
}

fn finite(means: &[f64; 4]) -> f64 {
    means.iter().filter(|mean| mean.is_finite()).sum()
}

fn title(rows: &[Parts]) -> String {
    let systems: Vec<&Parts> = rows.iter().filter(|row| !row.strategy.is_bound() && row.mean().is_finite()).collect();
    let share = |row: &Parts| percent(if row.mean() > 0.0 { row.means[row.longest()] / row.mean() } else { 0.0 });
    match systems[..] {
        [] => "Where pulls spend their time".to_owned(),
        [fast, .., slow] if fast.longest() != slow.longest() => format!(
            "{} takes {} of a pull under {}; under {} it is {} with {}",
            capital(NAMES[slow.longest()]),
            share(slow),
            frame::shortened(slow.strategy.name()),
            frame::shortened(fast.strategy.name()),
            NAMES[fast.longest()],
            share(fast)
        ),
        [fast, .., slow] => format!(
            "{} is the longest part of a pull: {} under {}, {} under {}",
            capital(NAMES[slow.longest()]),
            share(fast),
            frame::shortened(fast.strategy.name()),
            share(slow),
            frame::shortened(slow.strategy.name())
        ),
        [only] => format!(
            "{} takes {} of a pull under {}",
            capital(NAMES[only.longest()]),
            share(only),
            frame::shortened(only.strategy.name())
        ),
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}
