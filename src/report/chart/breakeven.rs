//! Cost over the varied key: a curve with its band for each strategy, and where they cross.
//!
//! Both readings of the pull price stand side by side on the same scales, so that the eye sees how far the crossing moves.

use super::canvas::{Anchor, Area, Canvas, Type};
use super::font::{self, Weight};
use super::frame::{self, LABEL, TICK, Words};
use super::palette::{INK, LIMIT, WHITE, colour, dash};
use super::place::Taken;
use super::scale::{Scale, from_zero};
use super::{Figure, LeftOut};
use crate::report::breakeven::{quantity, sentences};
use crate::report::numbers::{brief, count_tick, money_tick};
use crate::report::reading::Reading;
use crate::report::sweep::shortened_key;
use crate::study::breakeven::tables::{Breakeven, CrossingRow, KeyRecord, PULLS_PER_IMAGE, PointRow};

/// File name without extension.
pub const NAME: &str = "break-even";

/// What a panel shows: one reading.
struct Panel<'a> {
    reading: &'a str,
    points: Vec<&'a PointRow>,
    crossings: Vec<&'a CrossingRow>,
}

/// Draws the chart.
pub fn draw(reading: &Reading, found: &Breakeven) -> Result<Figure, LeftOut> {
    let left_out = |reason: &str| LeftOut { name: NAME.into(), reason: reason.into() };
    let key = found.record.keys.first().ok_or_else(|| left_out("no key was varied"))?;
    let panels = panels(found);
    if panels.iter().all(|panel| panel.points.is_empty()) {
        return Err(left_out("nothing was simulated"));
    }
    let fixed = panels.iter().flat_map(|panel| &panel.points).find_map(|row| row.fixed_value.as_deref());
    let place = match (fixed, found.record.keys.get(1)) {
        (Some(value), Some(second)) => format!(" with {} = {}", shortened_key(&second.key), brief(value)),
        _ => String::new(),
    };
    let words = Words {
        name: NAME.into(),
        title: title(found, &panels, fixed),
        subtitle: format!(
            "Dollars a month over {}{place}; {}, bands are 95\u{a0}% intervals",
            shortened_key(&key.key),
            frame::trials(reading)
        ),
        caption:
            "A crossing comes from the paired differences of the trials, which are known better than either cost: \
                  bands may overlap where the difference is certain."
                .into(),
        alt: format!("Curves of {} strategies over {}", reading.strategies.len(), key.key),
    };
    Ok(frame::figure(reading, words, |canvas, area| {
        let taken = frame::strategy_keys(canvas, area, &reading.strategies);
        let gap = 56.0;
        let width = (area.width() - gap * (panels.len() - 1) as f64) / panels.len() as f64;
        let top = panels.iter().flat_map(|panel| &panel.points).filter_map(|row| row.cost_ci_high_usd_month);
        let means = panels.iter().flat_map(|panel| &panel.points).map(|row| row.cost_usd_month);
        let most = top.chain(means).fold(0.0, f64::max);
        let bottom = panels.iter().flat_map(|panel| &panel.points).map(|row| row.cost_usd_month);
        let least = bottom.fold(f64::INFINITY, f64::min);
        for (index, panel) in panels.iter().enumerate() {
            let left = area.left + (width + gap) * index as f64;
            let cell = Area { left, top: area.top + taken, right: left + width, bottom: area.bottom };
            paint(canvas, cell, reading, key, panel, (least, most));
        }
    }))
}

/// A panel for each reading that was priced; of two keys the middle value of the second.
fn panels(found: &Breakeven) -> Vec<Panel<'_>> {
    let middle = found.record.keys.get(1).map(|second| &second.values[second.values.len() / 2]);
    let mut readings: Vec<&str> = found.points.iter().map(|row| row.reading.as_str()).collect();
    readings.dedup();
    let wanted = |value: &Option<String>| middle.is_none() || value.as_ref() == middle;
    readings.truncate(2);
    let of = |reading: &'_ str| -> (Vec<&PointRow>, Vec<&CrossingRow>) {
        let points = found.points.iter().filter(|row| row.reading == reading && wanted(&row.fixed_value));
        let crossings = found.crossings.iter().filter(|row| row.reading == reading && wanted(&row.fixed_value));
        (points.collect(), crossings.collect())
    };
    let panel = |reading| {
        let (points, crossings) = of(reading);
        Panel { reading, points, crossings }
    };
    readings.into_iter().map(panel).collect()
}

fn title(found: &Breakeven, panels: &[Panel], fixed: Option<&str>) -> String {
    // The subtitle says at which value of a second key this is.
    let told = match (fixed, panels.first()) {
        (Some(value), Some(panel)) => sentences::at(found, panel.reading, value),
        _ => sentences::answer(found),
    };
    let text = told.into_iter().next().unwrap_or_else(|| format!("{} readings of the pull price", panels.len()));
    text.trim_end_matches('.').to_owned()
}

/// Places of values along the key.
struct Axis {
    scale: Scale,
    /// Value and label.
    ticks: Vec<(f64, String)>,
}

fn axis(key: &KeyRecord, points: &[&PointRow], area: Area) -> Axis {
    let mut values: Vec<(f64, &str)> = Vec::new();
    for row in points.iter().filter(|row| row.point == "grid") {
        if values.iter().all(|(_, text)| *text != row.value) {
            values.push((row.number.unwrap_or(values.len() as f64), &row.value));
        }
    }
    let low = values.iter().map(|value| value.0).fold(f64::INFINITY, f64::min);
    let high = values.iter().map(|value| value.0).fold(f64::NEG_INFINITY, f64::max);
    let high = if high > low { high } else { low + 1.0 };
    let is_measured = points.iter().all(|row| row.number.is_some());
    let places = (area.left, area.right);
    if !is_measured {
        let scale = Scale::linear((low - 0.3, high + 0.3), places);
        let room = area.width() / values.len().max(1) as f64 - 10.0;
        let label = |text: &str| font::fit(text, TICK.size, Weight::Regular, room);
        return Axis { scale, ticks: values.iter().map(|(at, text)| (*at, label(text))).collect() };
    }
    let label = |at: f64| match key.unit.as_str() {
        unit if unit.starts_with('$') => quantity(at, "$"),
        _ => count_tick(at),
    };
    if key.is_logarithmic && low > 0.0 {
        let first = libm::floor(libm::log10(low)) as i32;
        let last = libm::ceil(libm::log10(high)) as i32;
        let all = (first..=last).flat_map(|decade| [1.0, 2.0, 5.0].map(|it| it * libm::pow(10.0, f64::from(decade))));
        let ticks = all.filter(|at| (low * 0.999..=high * 1.001).contains(at)).map(|at| (at, label(at)));
        return Axis { scale: Scale::logarithmic((low, high), places), ticks: ticks.collect() };
    }
    let step = from_zero(high - low, 5);
    let step = step.get(1).copied().unwrap_or(1.0);
    let begin = libm::ceil(low / step - 1e-9) as i64;
    let ticks = (begin..begin + 20).map(|index| index as f64 * step).filter(|at| *at <= high * 1.000_001);
    Axis { scale: Scale::linear((low, high), places), ticks: ticks.map(|at| (at, label(at))).collect() }
}

fn paint(canvas: &Canvas, cell: Area, reading: &Reading, key: &KeyRecord, panel: &Panel, (least, most): (f64, f64)) {
    let measure = measure(panel);
    let below = if measure.is_empty() { 62.0 } else { 92.0 };
    let plot =
        Area { left: cell.left + 84.0, top: cell.top + 44.0, right: cell.right - 12.0, bottom: cell.bottom - below };
    let words = match panel.reading {
        "internet" => "Pulls across at internet rates",
        _ => "Pulls across at inter-region rates",
    };
    canvas.text((cell.left, cell.top + 22.0), words, LABEL.bold());
    let (y, ticks) = upright(key, (least, most), plot);
    for tick in &ticks {
        frame::tick_left(canvas, plot, y.at(*tick), &money_tick(*tick));
    }
    let axis = axis(key, &panel.points, plot);
    let mut free = f64::NEG_INFINITY;
    for (at, text) in &axis.ticks {
        let x = axis.scale.at(*at);
        let half = TICK.width(text) / 2.0 + 8.0;
        if x - half < free {
            continue;
        }
        free = x + half;
        frame::tick_below(canvas, plot, x, text);
        if let Some(pulls) = between(&measure, *at) {
            canvas.text((x, plot.bottom + 56.0), &quantity(pulls, ""), TICK.anchored(Anchor::Middle));
        }
    }
    let unit = if key.unit.is_empty() { String::new() } else { format!(", {}", key.unit) };
    let measured = if measure.is_empty() { "" } else { ", and the pulls per image that it makes" };
    let foot = Type::new(18.0, INK).anchored(Anchor::Middle);
    let middle = (plot.left + plot.right) / 2.0;
    canvas.text((middle, cell.bottom - 4.0), &format!("{}{unit}{measured}", key.key), foot);
    for strategy in &reading.strategies {
        let mut rows: Vec<(f64, &PointRow)> = panel
            .points
            .iter()
            .filter(|row| row.strategy == strategy.name())
            .enumerate()
            .map(|(index, row)| (row.number.unwrap_or(index as f64), *row))
            .collect();
        rows.sort_by(|a, b| a.0.total_cmp(&b.0));
        let edge = |row: &PointRow, end: Option<f64>| y.at(end.unwrap_or(row.cost_usd_month));
        let upper = rows.iter().map(|(at, row)| (axis.scale.at(*at), edge(row, row.cost_ci_high_usd_month)));
        let lower = rows.iter().rev().map(|(at, row)| (axis.scale.at(*at), edge(row, row.cost_ci_low_usd_month)));
        if rows.len() > 1 && rows.iter().any(|(_, row)| row.cost_ci_low_usd_month.is_some()) {
            canvas.polygon(&upper.chain(lower).collect::<Vec<_>>(), colour(strategy).towards(WHITE, 0.82));
        }
    }
    let mut taken = Taken::default();
    for strategy in reading.strategies.iter().rev() {
        let rows = panel.points.iter().filter(|row| row.strategy == strategy.name()).enumerate();
        let mut line: Vec<(f64, f64)> =
            rows.map(|(index, row)| (row.number.unwrap_or(index as f64), row.cost_usd_month)).collect();
        line.sort_by(|a, b| a.0.total_cmp(&b.0));
        let places: Vec<_> = line.iter().map(|(at, cost)| (axis.scale.at(*at), y.at(*cost))).collect();
        canvas.dashed(&places, colour(strategy), 3.5, dash(strategy));
        if panel.points.iter().any(|row| row.number.is_none()) {
            places.iter().for_each(|place| canvas.dot(*place, 6.0, colour(strategy)));
        }
        taken.line(places);
    }
    marks(canvas, plot, (&axis.scale, &y), panel, &key.key, taken);
}

/// Dollars upwards. Over a logarithmic key in the logarithm too, or the crossing would lie flat on the axis.
fn upright(key: &KeyRecord, (least, most): (f64, f64), plot: Area) -> (Scale, Vec<f64>) {
    let places = (plot.bottom, plot.top);
    if !key.is_logarithmic || least <= 0.0 || most < 4.0 * least {
        let ticks = from_zero(most, 5);
        return (Scale::linear((0.0, ticks[ticks.len() - 1]), places), ticks);
    }
    let ends = (least * 0.8, most * 1.2);
    let decades = libm::floor(libm::log10(ends.0)) as i32..=libm::ceil(libm::log10(ends.1)) as i32;
    let factors: &[f64] = if most > 1000.0 * least { &[1.0] } else { &[1.0, 2.0, 5.0] };
    let all = decades.flat_map(|decade| factors.iter().map(move |it| it * libm::pow(10.0, f64::from(decade))));
    (Scale::logarithmic(ends, places), all.filter(|tick| (ends.0..=ends.1).contains(tick)).collect())
}

/// The crossings at which the cheapest strategy changes: a dot, a line down to the axis, the value and its interval.
fn marks(canvas: &Canvas, plot: Area, (x, y): (&Scale, &Scale), panel: &Panel, key: &str, mut taken: Taken) {
    let mut labels = Vec::new();
    for (index, row) in panel.crossings.iter().enumerate().filter(|(_, row)| row.key == key) {
        let Some(at) = row.crossing else { continue };
        let Some(cost) = cost_at(panel, &row.strategy_a, at) else { continue };
        let lowest = panel
            .points
            .iter()
            .map(|row| row.strategy.as_str())
            .all(|name| cost_at(panel, name, at).is_none_or(|other| other >= cost * (1.0 - 1e-3) - 1e-9));
        if !lowest {
            continue;
        }
        let place = (x.at(at), y.at(cost));
        if row.ci_low.is_some() || row.ci_high.is_some() {
            // An end that the range does not hold lies beyond it.
            let (low, high) =
                (row.ci_low.map_or(plot.left, |at| x.at(at)), row.ci_high.map_or(plot.right, |at| x.at(at)));
            canvas.line(&[(low, plot.bottom - 3.0), (high.max(low + 2.0), plot.bottom - 3.0)], LIMIT, 6.0);
        }
        canvas.dashed(&[place, (place.0, plot.bottom)], LIMIT, 2.0, &[7.0, 6.0]);
        canvas.dot(place, 8.0, LIMIT);
        taken.dot(place, 8.0);
        taken.line(vec![place, (place.0, plot.bottom)]);
        let pulls =
            panel.crossings.get(index + 1).filter(|row| row.key == PULLS_PER_IMAGE && row.method != "closed-form");
        let text = match pulls.and_then(|row| row.crossing) {
            Some(pulls) => format!("{} pulls per image", quantity(pulls, "")),
            None => quantity(at, &row.unit),
        };
        labels.push((place, text));
    }
    let look = LABEL.bold();
    for (place, text) in labels {
        let Some(label) = taken.choose(around(place, look.width(&text), plot)) else { continue };
        let nearest =
            (place.0.clamp(label.left, label.right), if label.top > place.1 { label.top } else { label.bottom });
        if libm::fabs(nearest.1 - place.1) > 1.5 * LABEL_HEIGHT {
            canvas.line(&[place, nearest], LIMIT, 1.5);
        }
        frame::on_white(canvas, (label.left, label.bottom - 8.0), &text, look);
    }
}

/// Height of a label's box.
const LABEL_HEIGHT: f64 = 30.0;

/// Boxes for a label of this width around a point, the nearest first, all within the plot.
fn around((x, y): (f64, f64), width: f64, plot: Area) -> Vec<Area> {
    const AWAY: f64 = 14.0;
    let last = (plot.right - width - 6.0).max(plot.left + 6.0);
    let mut boxes = Vec::new();
    for step in 0..8 {
        let above = y - AWAY - LABEL_HEIGHT * f64::from(step + 1);
        let below = y + AWAY + LABEL_HEIGHT * f64::from(step);
        let (left, right) = (x - AWAY - width, x + AWAY);
        for (left, top) in [(left, above), (right, above), (right, below), (left, below)] {
            let left = left.clamp(plot.left + 6.0, last);
            if top >= plot.top && top + LABEL_HEIGHT <= plot.bottom - 8.0 {
                boxes.push(Area { left, top, right: left + width, bottom: top + LABEL_HEIGHT });
            }
        }
    }
    boxes
}

/// Cost of a strategy between its points.
fn cost_at(panel: &Panel, strategy: &str, at: f64) -> Option<f64> {
    let rows = panel.points.iter().filter(|row| row.strategy == strategy);
    let mut line: Vec<(f64, f64)> = rows.filter_map(|row| Some((row.number?, row.cost_usd_month))).collect();
    line.sort_by(|a, b| a.0.total_cmp(&b.0));
    between(&line, at)
}

/// Pulls per image along the key, of the first strategy that has them; empty when the key does not change them.
fn measure(panel: &Panel) -> Vec<(f64, f64)> {
    let Some(first) = panel.points.iter().find(|row| row.pulls_per_image.is_some()) else { return Vec::new() };
    let rows = panel.points.iter().filter(|row| row.strategy == first.strategy);
    let mut line: Vec<(f64, f64)> = rows.filter_map(|row| Some((row.number?, row.pulls_per_image?))).collect();
    line.sort_by(|a, b| a.0.total_cmp(&b.0));
    let least = line.iter().map(|point| point.1).fold(f64::INFINITY, f64::min);
    let most = line.iter().map(|point| point.1).fold(0.0, f64::max);
    if most - least > 0.01 * most { line } else { Vec::new() }
}

fn between(line: &[(f64, f64)], at: f64) -> Option<f64> {
    let above = line.partition_point(|point| point.0 < at);
    match (above.checked_sub(1).and_then(|below| line.get(below)), line.get(above)) {
        (_, Some(exact)) if exact.0 <= at => Some(exact.1),
        (Some(below), Some(above)) => Some(below.1 + (above.1 - below.1) * (at - below.0) / (above.0 - below.0)),
        (None, Some(first)) if first.0 - at < 1e-9 => Some(first.1),
        _ => None,
    }
}
