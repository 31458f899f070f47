//! The cost of every strategy over the points of a sweep: curves over one key, a map of the cheapest over two.

use super::canvas::{Anchor, Area, Canvas, Type};
use super::font::{self, Weight};
use super::frame::{self, LABEL, TICK, Words};
use super::palette::{GRID, INK, WHITE, colour, dash};
use super::scale::{self, Scale, from_zero};
use super::{Figure, LeftOut};
use crate::report::numbers::{brief, count_tick, money, money_tick};
use crate::report::reading::Strategy;
use crate::report::sweep::view::{Point, View};
use crate::report::sweep::{headline, shortened_key};
use crate::study::sweep::Method;

mod map;

/// Name of the chart; files are `charts/NAME.svg` and `.png`.
pub const NAME: &str = "sweep-cost";

/// Values so many times apart are spread in their logarithm.
const WIDE: f64 = 30.0;

/// Draws the chart.
///
/// # Errors
/// Why there is nothing to draw.
pub fn draw(view: &View) -> Result<Figure, LeftOut> {
    let left_out = |reason: String| Err(LeftOut { name: NAME.into(), reason });
    if view.points.is_empty() {
        return left_out("this shard has no points".into());
    }
    match view.record.keys.len() {
        1 => Ok(curves(view)),
        2 => Ok(map::draw(view)),
        keys => left_out(format!("{keys} keys have more directions than a picture; sweep.csv has every point")),
    }
}

/// The words of either chart.
fn words(view: &View, subtitle: String, caption: &str) -> Words {
    let cheapest = view.points.iter().filter_map(|point| {
        let row = point.cheapest?;
        let values = row.values.join(", ");
        Some(format!("{values}: {} at {}", row.summary.strategy, money(row.summary.cost_usd_month)))
    });
    Words {
        name: NAME.into(),
        title: headline(view, &frame::shortened),
        subtitle,
        caption: caption.into(),
        // Whoever listens has no patience for hundreds of points.
        alt: cheapest.take(20).collect::<Vec<_>>().join("; "),
    }
}

/// A key with its unit.
fn axis_name(view: &View, key: usize) -> String {
    let record = &view.record.keys[key];
    let name = shortened_key(&record.key);
    match record.unit.as_deref() {
        Some(unit) if !unit.is_empty() => format!("{name} [{unit}]"),
        _ => name,
    }
}

/// Where values of a key go, and which get a label.
struct Axis {
    scale: Scale,
    is_logarithmic: bool,
    is_number: bool,
    /// Value and text.
    ticks: Vec<(f64, String)>,
}

impl Axis {
    /// The axis of a key between two places; `room` is what a label needs.
    fn of(view: &View, key: usize, places: (f64, f64), room: f64) -> Axis {
        let record = &view.record.keys[key];
        let mut numbers: Vec<f64> = view.points.iter().filter_map(|it| it.rows[0].measures[key]).collect();
        if numbers.len() < view.points.len() {
            let last = record.values.len().max(2) as f64 - 1.0;
            let margin = 0.5;
            let scale = Scale::linear((-margin, last + margin), places);
            let each = (places.1 - places.0).abs() / (last + 1.0);
            let fit = |text: &str| font::fit(text, TICK.size, Weight::Regular, each * 0.94);
            let ticks = record.values.iter().enumerate().map(|(index, text)| (index as f64, fit(text)));
            return Axis { scale, is_logarithmic: false, is_number: false, ticks: ticks.collect() };
        }
        numbers.sort_by(f64::total_cmp);
        numbers.dedup();
        let (low, high) = (numbers[0], numbers[numbers.len() - 1]);
        let is_wide = low > 0.0 && (high / low >= WIDE || record.vary.trim_end().ends_with("log"));
        let scale = match is_wide {
            _ if low == high => Scale::linear((low - 1.0, high + 1.0), places),
            true => Scale::logarithmic((low, high), places),
            false => Scale::linear((low, high), places),
        };
        // A grid's own values are the best ticks; a sample's values are odd ones.
        let wanted: Vec<f64> = match view.record.method {
            Method::Grid => numbers,
            Method::LatinHypercube if is_wide => round_numbers(low, high),
            Method::LatinHypercube => from_zero(high, 8),
        };
        let mut ticks: Vec<(f64, String)> = Vec::new();
        for value in wanted.into_iter().filter(|value| (low..=high).contains(value)) {
            let is_free = |(other, _): &(f64, String)| (scale.at(*other) - scale.at(value)).abs() >= room;
            if ticks.iter().all(is_free) {
                ticks.push((value, brief(&count_tick(value))));
            }
        }
        Axis { scale, is_logarithmic: is_wide && low < high, is_number: true, ticks }
    }

    /// The key under the axis.
    fn name(&self, view: &View, key: usize) -> String {
        let law = if self.is_logarithmic { ", logarithmic" } else { "" };
        format!("{}{law}", axis_name(view, key))
    }

    /// The place of a point.
    fn at(&self, view: &View, key: usize, point: &Point) -> f64 {
        let row = &point.rows[0];
        let place = || view.record.keys[key].values.iter().position(|value| *value == row.values[key]);
        let value = row.measures[key].filter(|_| self.is_number).or(place().map(|place| place as f64));
        self.scale.at(value.unwrap_or_default())
    }
}

/// One, two and five times the powers of ten within a range.
fn round_numbers(low: f64, high: f64) -> Vec<f64> {
    let first = libm::floor(libm::log10(low)) as i32;
    let decades = first..=libm::ceil(libm::log10(high)) as i32;
    let numbers = decades.flat_map(|decade| [1.0, 2.0, 5.0].map(|factor| factor * libm::pow(10.0, f64::from(decade))));
    numbers.filter(|number| (low..=high).contains(number)).collect()
}

/// A strategy's place at a point: x, and the places of cost and interval.
struct Mark {
    x: f64,
    cost: f64,
    interval: Option<(f64, f64)>,
}

fn curves(view: &View) -> Figure {
    let reading = view.reading();
    let points = view.by_key(0);
    let trials = frame::trials(&reading);
    let has_intervals = points.iter().any(|it| it.rows.iter().any(|row| row.summary.cost_ci_low_usd_month.is_some()));
    let interval = match (has_intervals, view.record.keys[0].unit.is_some()) {
        (false, _) => "",
        (true, true) => "; bands are 95 % intervals",
        (true, false) => "; whiskers are 95 % intervals",
    };
    let words = words(
        view,
        format!("Dollars a month over {}; {trials} at each point{interval}", axis_name(view, 0)),
        "The strip under the curves says which strategy is the cheapest; where it is pale, the cheapest are too close to \
         call: less than half a percent apart, or within chance.",
    );
    frame::figure(&reading, words, |canvas, area| {
        let strategies = &reading.strategies;
        let size = if strategies.len() > 9 { 18.0 } else { 21.0 };
        let look = Type { size, ..LABEL };
        let names = strategies.iter().map(|it| look.width(it.name())).fold(0.0, f64::max).min(330.0);
        let plot = Area {
            left: area.left + 86.0,
            top: area.top + 8.0,
            right: area.right - names - 60.0,
            bottom: area.bottom - 126.0,
        };
        let top = |it: &Point| {
            it.rows
                .iter()
                .map(|row| row.summary.cost_ci_high_usd_month.unwrap_or(0.0).max(row.summary.cost_usd_month))
                .fold(0.0, f64::max)
        };
        let ticks = from_zero(points.iter().map(|it| top(it)).fold(0.0, f64::max), 5);
        let y = Scale::linear((0.0, ticks[ticks.len() - 1]), (plot.bottom, plot.top));
        for tick in &ticks {
            frame::tick_left(canvas, plot, y.at(*tick), &money_tick(*tick));
        }
        let axis = Axis::of(view, 0, (plot.left, plot.right), 74.0);
        let strip = Area { left: plot.left, top: plot.bottom + 22.0, right: plot.right, bottom: plot.bottom + 40.0 };
        draw_strip(canvas, view, &axis, &points, strip);
        for (value, text) in &axis.ticks {
            let x = axis.scale.at(*value);
            canvas.line(&[(x, strip.bottom), (x, strip.bottom + 7.0)], INK, 1.5);
            canvas.text((x, strip.bottom + 30.0), text, TICK.anchored(Anchor::Middle));
        }
        canvas.text((plot.left - 12.0, strip.bottom - 3.0), "cheapest", TICK.anchored(Anchor::End));
        canvas.text(
            ((plot.left + plot.right) / 2.0, strip.bottom + 66.0),
            &axis.name(view, 0),
            LABEL.anchored(Anchor::Middle),
        );

        let marks: Vec<Vec<Mark>> = strategies
            .iter()
            .map(|strategy| {
                let rows = points.iter().filter_map(|point| Some((*point, point.row(strategy.name())?)));
                rows.map(|(point, row)| Mark {
                    x: axis.at(view, 0, point),
                    cost: y.at(row.summary.cost_usd_month),
                    interval: row
                        .summary
                        .cost_ci_low_usd_month
                        .zip(row.summary.cost_ci_high_usd_month)
                        .map(|(low, high)| (y.at(low.max(0.0)), y.at(high))),
                })
                .collect()
            })
            .collect();
        if axis.is_number {
            strategies.iter().zip(&marks).for_each(|(strategy, marks)| draw_band(canvas, strategy, marks));
            strategies.iter().zip(&marks).rev().for_each(|(strategy, marks)| draw_line(canvas, strategy, marks));
        } else {
            draw_whiskers(canvas, strategies, &marks);
        }
        let ends: Vec<f64> = marks.iter().map(|marks| marks.last().map_or(plot.bottom, |last| last.cost)).collect();
        let places = scale::spread(&ends, size * 1.45, (plot.top, plot.bottom));
        for ((strategy, marks), place) in strategies.iter().zip(&marks).zip(&places) {
            if let Some(last) = marks.last().filter(|_| axis.is_number) {
                canvas.line(&[(last.x + 6.0, last.cost), (plot.right + 26.0, *place)], colour(strategy), 1.5);
            }
            canvas.dot((plot.right + 34.0, *place), 6.0, colour(strategy));
            let name = font::fit(strategy.name(), size, Weight::Regular, names + 1.0);
            canvas.text((plot.right + 48.0, place + size * 0.36), &name, look);
        }
    })
}

/// Which strategy is the cheapest around each point.
fn draw_strip(canvas: &Canvas, view: &View, axis: &Axis, points: &[&Point], strip: Area) {
    let reading = view.reading();
    let places: Vec<f64> = points.iter().map(|point| axis.at(view, 0, point)).collect();
    for (index, point) in points.iter().enumerate() {
        let Some(strategy) = point.cheapest.and_then(|row| reading.strategy(&row.summary.strategy)) else { continue };
        let middle = |a: usize, b: usize| (places[a] + places[b]) / 2.0;
        let left = if index == 0 { strip.left } else { middle(index - 1, index) };
        let right = if index + 1 == points.len() { strip.right } else { middle(index, index + 1) };
        let own = colour(&strategy);
        let shade = if point.is_clear { own } else { own.towards(WHITE, 0.7) };
        canvas.rectangle(Area { left, right, ..strip }, shade);
    }
}

fn draw_band(canvas: &Canvas, strategy: &Strategy, marks: &[Mark]) {
    let edge = |pick: fn((f64, f64)) -> f64| {
        marks.iter().filter_map(move |mark| Some((mark.x, pick(mark.interval?)))).collect::<Vec<_>>()
    };
    let mut outline = edge(|it| it.0);
    outline.extend(edge(|it| it.1).into_iter().rev());
    if outline.len() > 3 {
        canvas.polygon(&outline, colour(strategy).towards(WHITE, 0.8));
    }
}

fn draw_line(canvas: &Canvas, strategy: &Strategy, marks: &[Mark]) {
    let points: Vec<_> = marks.iter().map(|mark| (mark.x, mark.cost)).collect();
    canvas.dashed(&points, colour(strategy), 4.5, dash(strategy));
    // Where points are few, they are shown: between them nothing was run.
    if points.len() <= 30 {
        points.iter().for_each(|point| canvas.dot(*point, 5.0, colour(strategy)));
    }
}

/// Words have no between: a dot and its interval for each, strategies side by side.
fn draw_whiskers(canvas: &Canvas, strategies: &[Strategy], marks: &[Vec<Mark>]) {
    const APART: f64 = 26.0;
    for (index, (strategy, marks)) in strategies.iter().zip(marks).enumerate() {
        let aside = (index as f64 - (strategies.len() as f64 - 1.0) / 2.0) * APART;
        for mark in marks {
            let x = mark.x + aside;
            if let Some((low, high)) = mark.interval {
                canvas.line(&[(x, low), (x, high)], colour(strategy), 3.0);
            }
            canvas.dot((x, mark.cost), 8.0, colour(strategy));
        }
    }
}

/// A thin frame.
fn outline(canvas: &Canvas, area: Area) {
    let corners = [
        (area.left, area.top),
        (area.right, area.top),
        (area.right, area.bottom),
        (area.left, area.bottom),
        (area.left, area.top),
    ];
    canvas.line(&corners, GRID, 1.5);
}
