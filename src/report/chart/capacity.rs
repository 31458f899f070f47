//! Storage, egress and calls against their limits, day by day: when does which one become too small?
//!
//! Limits hold per registry, so each line follows the busiest registry of the day. A limit far above everything is named at
//! the panel's top instead of squashing the lines at its bottom.

use super::canvas::{Anchor, Area, Canvas, Type};
use super::cumulative_cost::day_ticks;
use super::font::{self, Weight};
use super::frame::{self, LABEL, TICK, Words};
use super::palette::{LIMIT, MUTED, colour, dash};
use super::scale::{Scale, from_zero};
use super::{Figure, LeftOut};
use crate::report::numbers::{bytes, bytes_tick, count_tick, date, percent, times, with_unit};
use crate::report::reading::Reading;
use crate::study::tables::Limit;

/// A limit is drawn as a line when it is at most this many times the largest value.
const DRAWN_WITHIN: f64 = 2.5;

/// One of the four small charts.
struct Panel {
    metric: &'static str,
    title: &'static str,
    tick: fn(f64) -> String,
}

const PANELS: [Panel; 4] = [
    Panel { metric: "stored", title: "Stored in the fullest registry", tick: bytes_tick },
    Panel { metric: "peak_egress", title: "Busiest minute’s egress of a registry, bytes a second", tick: bytes_tick },
    Panel {
        metric: "peak_batch_get_image", title: "Busiest second’s manifest calls to a registry", tick: count_tick
    },
    Panel { metric: "peak_get_download_url", title: "Busiest second’s layer calls to a registry", tick: count_tick },
];

/// How close a strategy comes to a limit.
#[derive(Clone, Debug, PartialEq)]
pub struct Nearness<'a> {
    /// The limit.
    pub limit: &'a Limit,
    /// Strategy name.
    pub strategy: &'a str,
    /// Largest value in any registry that the limit holds for.
    pub peak: f64,
    /// First day on which the limit is met.
    pub met_on: Option<&'a str>,
}

impl Nearness<'_> {
    /// Peak over limit.
    pub fn used(&self) -> f64 {
        if self.limit.value > 0.0 { self.peak / self.limit.value } else { f64::INFINITY }
    }
}

/// Every system held against every limit that applies to it, the fullest first.
pub fn nearness<'a>(reading: &Reading<'a>) -> Vec<Nearness<'a>> {
    let mut out = Vec::new();
    for limit in &reading.run().limits {
        for strategy in reading.strategies.iter().filter(|strategy| !strategy.is_bound()) {
            if limit.strategy.as_ref().is_some_and(|name| name != strategy.name()) {
                continue;
            }
            let here = |region: &str| limit.region.as_ref().is_none_or(|wanted| wanted == region);
            let days = reading.daily_where(strategy.name(), &limit.metric, f64::max, |row| here(&row.region));
            let peak = days.values().copied().fold(0.0, f64::max);
            if peak > 0.0 {
                let met_on = days.iter().find(|(_, value)| **value >= limit.value).map(|(day, _)| *day);
                out.push(Nearness { limit, strategy: strategy.name(), peak, met_on });
            }
        }
    }
    out.sort_by(|a, b| b.used().total_cmp(&a.used()));
    out
}

/// Draws the chart.
pub fn draw(reading: &Reading) -> Result<Figure, LeftOut> {
    let days = reading.days();
    let any = reading
        .tables
        .timeline
        .iter()
        .any(|row| PANELS.iter().any(|panel| *panel.metric == *row.metric) && row.value > 0.0);
    if !any {
        return Err(LeftOut { name: "capacity".into(), reason: "nothing was stored and nothing was pulled".into() });
    }
    let near = nearness(reading);
    let words = Words {
        name: "capacity".into(),
        title: title(reading, &near),
        subtitle: format!("Daily values of the busiest registry against its limits; {}", frame::trials(reading)),
        caption: "Limits hold for each registry on its own. A dot marks the first day on which a limit is reached."
            .into(),
        alt: near
            .iter()
            .map(|it| format!("{} reaches {} of {}", it.strategy, percent(it.used()), it.limit.text))
            .collect::<Vec<_>>()
            .join("; "),
    };
    Ok(frame::figure(reading, words, |canvas, area| {
        let taken = frame::strategy_keys(canvas, area, &reading.strategies);
        let (gap, top) = (56.0, area.top + taken);
        let width = (area.width() - gap) / 2.0;
        let height = (area.bottom - top) / 2.0;
        for (index, panel) in PANELS.iter().enumerate() {
            let left = area.left + (index % 2) as f64 * (width + gap);
            let top = top + (index / 2) as f64 * height;
            let cell = Area { left, top, right: left + width, bottom: top + height };
            draw_panel(canvas, cell, reading, panel, &days, &near);
        }
    }))
}

fn title(reading: &Reading, near: &[Nearness]) -> String {
    let mut met: Vec<&Nearness> = near.iter().filter(|it| it.met_on.is_some()).collect();
    met.sort_by_key(|it| it.met_on);
    if let Some(first) = met.first() {
        let day = first.met_on.map_or(String::new(), date);
        return format!(
            "On {day} {} reaches the limit of {} ({})",
            frame::shortened(first.strategy),
            with_unit(first.limit.value, &first.limit.unit),
            first.limit.text
        );
    }
    if let Some(nearest) = near.first() {
        return format!(
            "No limit is reached; the nearest is {} of {} ({}) under {}",
            percent(nearest.used()),
            with_unit(nearest.limit.value, &nearest.limit.unit),
            nearest.limit.text,
            frame::shortened(nearest.strategy)
        );
    }
    let fullest = reading.strategies.iter().map(|it| (it.name(), it.row.stored_bytes_end));
    match fullest.max_by(|a, b| a.1.total_cmp(&b.1)) {
        Some((name, stored)) => {
            format!("At the end {} are stored under {}, the most of all", bytes(stored), frame::shortened(name))
        }
        None => "Nothing was run".to_owned(),
    }
}

fn draw_panel(canvas: &Canvas, cell: Area, reading: &Reading, panel: &Panel, days: &[&str], near: &[Nearness]) {
    let series: Vec<_> = reading
        .strategies
        .iter()
        .map(|strategy| (strategy, reading.daily(strategy.name(), panel.metric, f64::max)))
        .collect();
    let most = series.iter().flat_map(|(_, days)| days.values().copied()).fold(0.0, f64::max);
    let limits: Vec<&Limit> = reading.run().limits.iter().filter(|limit| limit.metric == panel.metric).collect();
    let (drawn, far): (Vec<&Limit>, Vec<&Limit>) =
        limits.into_iter().partition(|limit| most > 0.0 && limit.value <= most * DRAWN_WITHIN);
    // The limits stand between title and plot, where no line can cross them.
    let head = 52.0 + 24.0 * (drawn.len() + far.len()) as f64;
    let plot =
        Area { left: cell.left + 84.0, top: cell.top + head, right: cell.right - 6.0, bottom: cell.bottom - 40.0 };
    canvas.text((cell.left, cell.top + 32.0), panel.title, LABEL.bold());
    for (index, limit) in drawn.iter().chain(&far).enumerate() {
        let at = (cell.left, cell.top + 57.0 + 24.0 * index as f64);
        let (mark, colour, end) = match first_met(near, limit) {
            Some(first) => ("", LIMIT, format!(", met on {}", first.met_on.map_or(String::new(), date))),
            None if index < drawn.len() => ("", LIMIT, String::new()),
            None if most > 0.0 => ("↑ ", MUTED, format!(", {} the peak", times(limit.value / most))),
            None => ("↑ ", MUTED, String::new()),
        };
        let text = font::fit(&format!("{mark}{}{end}", limit_text(limit)), 18.0, Weight::Regular, cell.width());
        canvas.text(at, &text, Type::new(18.0, colour));
    }
    let top = drawn.iter().map(|limit| limit.value * 1.05).fold(most, f64::max);
    let ticks = from_zero(top, 4);
    let y = Scale::linear((0.0, ticks[ticks.len() - 1]), (plot.bottom, plot.top));
    for tick in &ticks {
        frame::tick_left(canvas, plot, y.at(*tick), &(panel.tick)(*tick));
    }
    let x = Scale::linear((0.0, (days.len().max(2) - 1) as f64), (plot.left, plot.right));
    day_ticks(days, plot.width(), |index, text| {
        let anchor = if index == 0 { Anchor::Start } else { Anchor::Middle };
        canvas.text((x.at(index as f64), plot.bottom + 28.0), text, TICK.anchored(anchor));
    });
    for (strategy, values) in series.iter().rev() {
        let points: Vec<_> = days
            .iter()
            .enumerate()
            .filter_map(|(index, day)| Some((x.at(index as f64), y.at(*values.get(day)?))))
            .collect();
        match points[..] {
            [only] => canvas.dot(only, 6.0, colour(strategy)),
            _ => canvas.dashed(&points, colour(strategy), 3.5, dash(strategy)),
        }
    }
    for limit in &drawn {
        let place = y.at(limit.value);
        canvas.dashed(&[(plot.left, place), (plot.right, place)], LIMIT, 2.5, &[9.0, 6.0]);
        let day = first_met(near, limit).and_then(|first| days.iter().position(|day| Some(*day) == first.met_on));
        if let Some(index) = day {
            canvas.dot((x.at(index as f64), place), 8.0, LIMIT);
        }
    }
}

/// The first to meet a limit.
fn first_met<'a, 'b>(near: &'b [Nearness<'a>], limit: &Limit) -> Option<&'b Nearness<'a>> {
    near.iter().filter(|it| it.limit == limit && it.met_on.is_some()).min_by_key(|it| it.met_on)
}

fn limit_text(limit: &Limit) -> String {
    // A strategy has one central registry: its region need not be said as well.
    let place = limit.strategy.as_ref().or(limit.region.as_ref()).map_or(String::new(), |it| format!(" ({it})"));
    format!("{}: {}{place}", limit.text, with_unit(limit.value, &limit.unit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn the_first_day_that_meets_a_limit_is_the_one_in_the_rows() {
        let mut tables = fixture::tables();
        let stored = |day: &str| {
            let rows = tables.timeline.iter().filter(|row| &*row.strategy == "replication" && &*row.metric == "stored");
            rows.filter(|row| *row.day == *day).map(|row| row.value).fold(0.0, f64::max)
        };
        let limit = stored("2026-05-10");
        assert!(stored("2026-05-09") < limit);
        tables.run.limits = vec![Limit {
            metric: "stored".into(),
            strategy: Some("replication".into()),
            value: limit,
            unit: "bytes".into(),
            text: "planned".into(),
            ..Limit::default()
        }];
        let reading = Reading::of(&tables);
        let near = nearness(&reading);
        assert_eq!(near.len(), 1);
        assert_eq!(near[0].met_on, Some("2026-05-10"));
        assert!(title(&reading, &near).starts_with("On 10 May 2026 replication reaches"));
    }
}
