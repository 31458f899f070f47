//! Two keys: which strategy is the cheapest where.

use super::{Axis, axis_name, outline, words};
use crate::report::chart::Figure;
use crate::report::chart::canvas::{Anchor, Area, Canvas, Type};
use crate::report::chart::font::{self, Weight};
use crate::report::chart::frame::{self, LABEL, TICK};
use crate::report::chart::palette::{Colour, INK, MUTED, WHITE, colour};
use crate::report::numbers::{brief, money};
use crate::report::reading::Strategy;
use crate::report::sweep::shortened_key;
use crate::report::sweep::view::{Point, View};
use crate::study::sweep::Method;

/// Width of the column of values at the left.
const VALUES: f64 = 150.0;

/// How far a colour goes towards white where chance could explain the lead.
const PALE: f64 = 0.7;

/// Draws the map.
pub fn draw(view: &View) -> Figure {
    let reading = view.reading();
    let is_grid = view.record.method == Method::Grid;
    // The longer list goes across: a slide is wider than high.
    let (across, up) = match (is_grid, &view.record.keys[..]) {
        (true, [first, second]) if first.values.len() > second.values.len() => (0, 1),
        (true, _) => (1, 0),
        (false, _) => (0, 1),
    };
    let trials = frame::trials(&reading);
    let what = if is_grid {
        "The cheapest strategy and its dollars a month"
    } else {
        "The cheapest strategy, a dot per point"
    };
    let words = words(
        view,
        format!("{what}; {trials} at each point"),
        "The colour is that of the cheapest strategy; it is pale where the cheapest are too close to call: less than half \
         a percent apart, or within chance.",
    );
    frame::figure(&reading, words, |canvas, area| {
        let winners: Vec<Strategy> = reading
            .strategies
            .iter()
            .copied()
            .filter(|strategy| view.points.iter().any(|point| cheapest(point) == Some(strategy.name())))
            .collect();
        let mut keys: Vec<(&str, Colour)> = winners.iter().map(|it| (it.name(), colour(it))).collect();
        if view.points.iter().any(|point| !point.is_clear) {
            keys.push(("pale: too close to call", MUTED.towards(WHITE, PALE)));
        }
        let area = Area { top: area.top + frame::keys(canvas, area, &keys), ..area };
        let plot =
            Area { left: area.left + VALUES, top: area.top + 78.0, right: area.right, bottom: area.bottom - 78.0 };
        // The values of a grid have their units with them.
        let name = |key: usize| match is_grid {
            true => shortened_key(&view.record.keys[key].key),
            false => axis_name(view, key),
        };
        canvas.text((area.left, area.top + 60.0), &name(up), LABEL);
        let middle = ((plot.left + plot.right) / 2.0, plot.bottom + 66.0);
        canvas.text(middle, &name(across), LABEL.anchored(Anchor::Middle));
        if is_grid {
            cells(canvas, view, &winners, plot, across, up);
        } else {
            dots(canvas, view, &winners, plot, across, up);
        }
    })
}

fn cheapest<'a>(point: &Point<'a>) -> Option<&'a str> {
    point.cheapest.map(|row| row.summary.strategy.as_str())
}

/// The colour of a point.
fn shade(point: &Point, winners: &[Strategy]) -> Option<Colour> {
    let own = winners.iter().find(|strategy| cheapest(point) == Some(strategy.name())).map(colour)?;
    Some(if point.is_clear { own } else { own.towards(WHITE, PALE) })
}

/// A cell per point; values stand as they are written, numbers upwards.
fn cells(canvas: &Canvas, view: &View, winners: &[Strategy], plot: Area, across: usize, up: usize) {
    let keys = &view.record.keys;
    let (columns, rows) = (keys[across].values.len() as f64, keys[up].values.len() as f64);
    let (width, height) = (plot.width() / columns, plot.height() / rows);
    let place = |key: usize, value: &str| keys[key].values.iter().position(|it| it == value).unwrap_or_default() as f64;
    for point in &view.points {
        let Some(ground) = shade(point, winners) else { continue };
        let values = &point.rows[0].values;
        let left = plot.left + width * place(across, &values[across]);
        let bottom = plot.bottom - height * place(up, &values[up]);
        canvas.rectangle(Area { left, right: left + width, top: bottom - height, bottom }, ground);
        let cost = point.cheapest.map_or(String::new(), |row| money(row.summary.cost_usd_month));
        let look = Type::new(20.0, ink_on(ground)).anchored(Anchor::Middle);
        if height >= 30.0 && look.width(&cost) + 12.0 <= width {
            canvas.text((left + width / 2.0, bottom - height / 2.0 + 7.0), &cost, look);
        }
    }
    for line in 1..columns as usize {
        let x = plot.left + width * line as f64;
        canvas.line(&[(x, plot.top), (x, plot.bottom)], WHITE, 2.0);
    }
    for line in 1..rows as usize {
        let y = plot.bottom - height * line as f64;
        canvas.line(&[(plot.left, y), (plot.right, y)], WHITE, 2.0);
    }
    // Labels that have no room of their own are left out evenly.
    let step = |room: f64, needed: f64| (needed / room).ceil().max(1.0) as usize;
    let widest = keys[across].values.iter().map(|text| TICK.width(&brief(text))).fold(0.0, f64::max).min(180.0);
    for (index, text) in keys[across].values.iter().enumerate().step_by(step(width, widest + 14.0)) {
        let x = plot.left + width * (index as f64 + 0.5);
        let text = font::fit(&brief(text), TICK.size, Weight::Regular, width.max(180.0));
        canvas.text((x, plot.bottom + 30.0), &text, TICK.anchored(Anchor::Middle));
    }
    for (index, text) in keys[up].values.iter().enumerate().step_by(step(height, 26.0)) {
        let y = plot.bottom - height * (index as f64 + 0.5);
        let text = font::fit(&brief(text), TICK.size, Weight::Regular, VALUES - 16.0);
        canvas.text((plot.left - 12.0, y + 7.0), &text, TICK.anchored(Anchor::End));
    }
}

/// A dot per point of a sample.
fn dots(canvas: &Canvas, view: &View, winners: &[Strategy], plot: Area, across: usize, up: usize) {
    // Dots on the edge are whole.
    const EDGE: f64 = 22.0;
    outline(canvas, plot);
    let x = Axis::of(view, across, (plot.left + EDGE, plot.right - EDGE), 74.0);
    let y = Axis::of(view, up, (plot.bottom - EDGE, plot.top + EDGE), 44.0);
    for (value, text) in &x.ticks {
        frame::tick_below(canvas, plot, x.scale.at(*value), text);
    }
    for (value, text) in &y.ticks {
        frame::tick_left(canvas, plot, y.scale.at(*value), text);
    }
    let radius = if view.points.len() > 300 { 6.0 } else { 11.0 };
    for point in &view.points {
        if let Some(shade) = shade(point, winners) {
            canvas.dot((x.at(view, across, point), y.at(view, up, point)), radius, shade);
        }
    }
}

/// Text that can be read on a ground.
fn ink_on(ground: Colour) -> Colour {
    let light = 0.299 * f64::from(ground.0) + 0.587 * f64::from(ground.1) + 0.114 * f64::from(ground.2);
    if light > 125.0 { INK } else { WHITE }
}
