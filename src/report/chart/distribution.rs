//! How long pulls and copies take: the share done by a time, one curve per strategy.
//!
//! The axis of time is logarithmic; the axis of shares is stretched at both ends, because the slowest one in a hundred is
//! what hurts. A table beside the curves, in place of a legend, names them and gives their quantiles.

use super::canvas::{Anchor, Area, Canvas, Point, Type};
use super::font::{self, Weight};
use super::frame::{self, LABEL, TICK, Words};
use super::palette::{GRID, INK, LIMIT, MUTED, WHITE, colour, dash};
use super::scale::{self, Scale};
use super::{Figure, LeftOut};
use crate::report::numbers::{duration, list, percent};
use crate::report::reading::{ALL, Reading, Strategy, fastest_first};
use crate::study::tables::{DelayVariant, ObjectiveText};

/// Shares at the bottom and top of the axis, and the ones with a label.
const SHARES: (f64, f64) = (0.01, 0.999);
const SHARE_TICKS: [(f64, &str); 9] = [
    (0.01, "1 %"),
    (0.1, "10 %"),
    (0.25, "25 %"),
    (0.5, "50 %"),
    (0.75, "75 %"),
    (0.9, "90 %"),
    (0.95, "95 %"),
    (0.99, "99 %"),
    (0.999, "99.9 %"),
];
/// More rows than this in the table beside, and the variants of the delay are shown for one strategy only.
const MANY_ROWS: usize = 13;

/// A curve and its row in the table.
struct Curve<'a> {
    strategy: Strategy<'a>,
    /// (share, seconds), ascending.
    points: Vec<(f64, f64)>,
    /// The law of the service delay when it is not the scenario's own.
    variant: Option<&'a str>,
}

impl Curve<'_> {
    fn seconds(&self, share: f64) -> Option<f64> {
        self.points.iter().find(|point| (point.0 - share).abs() < 1e-9).map(|point| point.1)
    }
}

/// The distribution of pull times.
pub fn pull_time(reading: &Reading) -> Result<Figure, LeftOut> {
    let curves = curves(reading, "pull");
    if curves.is_empty() {
        return Err(LeftOut { name: "pull-time".into(), reason: "nothing was pulled".into() });
    }
    let mut systems: Vec<&Curve> = curves.iter().filter(|it| !it.strategy.is_bound()).collect();
    fastest_first(&mut systems, |it| key(it), |it| it.seconds(0.99).unwrap_or(f64::INFINITY));
    let p95 = |curve: &Curve| duration(key(curve));
    let name = |curve: &Curve| frame::shortened(curve.strategy.name());
    let title = match systems[..] {
        [] => "Pull times of the bound".to_owned(),
        [only] if key(only).is_infinite() => format!("More than 5 of 100 pulls never end under {}", name(only)),
        [only] => format!("95 of 100 pulls take at most {} under {}", p95(only), name(only)),
        [fast, .., slow] if p95(fast) == p95(slow) => {
            format!("95 of 100 pulls take at most {} under every strategy", p95(fast))
        }
        [fast, .., slow] if key(slow).is_infinite() => format!(
            "Under {} more than 5 of 100 pulls never end; under {} 95 take at most {}",
            name(slow),
            name(fast),
            p95(fast)
        ),
        [fast, .., slow] => format!(
            "95 of 100 pulls take at most {} under {}, {} under {}",
            p95(fast),
            name(fast),
            p95(slow),
            name(slow)
        ),
    };
    let words = Words {
        name: "pull-time".into(),
        title,
        subtitle: format!("Share of pulls done by a time after the request, all regions; {}", pooled(reading)),
        caption:
            "A curve further left is faster. The vertical axis is stretched at both ends so that the slow tail shows. \
                  Warm pulls are counted; pulls that fail have no time and are left out."
                .into(),
        alt: described(&curves, "pulls"),
    };
    Ok(plot(reading, words, &curves, &objectives(reading, &["pull_time"])))
}

/// The distribution of copy lags.
pub fn lag(reading: &Reading) -> Result<Figure, LeftOut> {
    let mut curves = curves(reading, "copy");
    if curves.is_empty() {
        return Err(LeftOut { name: "lag".into(), reason: "no strategy copies anything".into() });
    }
    let limits = objectives(reading, &["lag", "release_everywhere"]);
    let title = lag_title(reading, &curves);
    add_variants(reading, &mut curves);
    let variants = curves.iter().any(|curve| curve.variant.is_some());
    let words = Words {
        name: "lag".into(),
        title,
        subtitle: format!("Share of copies complete by a time after the push, all destinations; {}", pooled(reading)),
        caption: format!(
            "The lag of a copy runs from the end of the push to its arrival.{}",
            if variants {
                " Dots joined by thin lines show the same strategy if the service waited less (fast) or more (slow) before it \
                 copies, which is an assumption."
            } else {
                ""
            }
        ),
        alt: described(&curves, "copies"),
    };
    Ok(plot(reading, words, &curves, &limits))
}

fn pooled(reading: &Reading) -> String {
    match reading.trials() {
        1 => "1 trial".to_owned(),
        count => format!("{count} trials together"),
    }
}

/// The 95th percentile, for ordering; unknown counts as never.
fn key(curve: &Curve) -> f64 {
    curve.seconds(0.95).unwrap_or(f64::INFINITY)
}

fn curves<'a>(reading: &Reading<'a>, event: &str) -> Vec<Curve<'a>> {
    let mut curves: Vec<Curve> = reading
        .strategies
        .iter()
        .map(|strategy| Curve { strategy: *strategy, points: reading.quantiles(strategy.name(), event), variant: None })
        .filter(|curve| !curve.points.is_empty())
        .collect();
    curves.sort_by(|a, b| a.strategy.is_bound().cmp(&b.strategy.is_bound()).then(key(a).total_cmp(&key(b))));
    curves
}

/// Which strategy comes nearest to an objective that is about a share.
fn best(reading: &Reading, objective: &ObjectiveText) -> String {
    let rows = reading.tables.objectives.iter().filter(|row| row.objective == objective.name && row.region == ALL);
    let shares = rows.filter(|row| row.unit == "share").filter_map(|row| Some((row.observed?, &row.strategy)));
    let best = shares.max_by(|a, b| a.0.total_cmp(&b.0));
    best.map_or(String::new(), |(share, name)| format!("; {} reaches {}", frame::shortened(name), percent(share)))
}

fn lag_title(reading: &Reading, curves: &[Curve]) -> String {
    let judged = reading.run().objectives.iter().find(|it| matches!(it.metric.as_str(), "lag" | "release_everywhere"));
    if let Some(objective) = judged {
        let names = |met: bool| -> Vec<String> {
            let rows = reading.tables.objectives.iter();
            rows.filter(|row| row.objective == objective.name && row.region == ALL && row.met == Some(met))
                .filter(|row| reading.strategy(&row.strategy).is_some_and(|it| !it.is_bound()))
                .map(|row| frame::shortened(&row.strategy))
                .collect()
        };
        let (met, missed) = (names(true), names(false));
        let short =
            |names: &[String]| if names.len() > 3 { format!("{} strategies", names.len()) } else { list(names) };
        match (met.len(), missed.len()) {
            (0, 0) => {}
            (0, 1) => return format!("{} misses the objective “{}”", missed[0], objective.text),
            (0, _) => return format!("No strategy meets “{}”{}", objective.text, best(reading, objective)),
            (1, 0) => return format!("{} meets the objective “{}”", met[0], objective.text),
            (_, 0) => return format!("Every strategy that copies meets the objective “{}”", objective.text),
            (count, _) => {
                let verb = if count == 1 { "meets" } else { "meet" };
                let miss = if missed.len() == 1 { "misses" } else { "miss" };
                return format!(
                    "{} {verb} the objective “{}”; {} {miss} it",
                    short(&met),
                    objective.text,
                    short(&missed)
                );
            }
        }
    }
    let mut systems = curves.iter().filter(|curve| !curve.strategy.is_bound());
    match (systems.next(), systems.next_back()) {
        (Some(fast), Some(slow)) if key(slow) > key(fast) => format!(
            "95 of 100 copies arrive within {} under {}, within {} under {}",
            duration(key(fast)),
            frame::shortened(fast.strategy.name()),
            duration(key(slow)),
            frame::shortened(slow.strategy.name())
        ),
        (Some(only), _) => format!(
            "95 of 100 copies arrive within {} under {}",
            duration(key(only)),
            frame::shortened(only.strategy.name())
        ),
        _ => "Lag of the bound’s copies".to_owned(),
    }
}

/// Puts the other laws of the service delay beside the strategies that have them.
fn add_variants<'a>(reading: &Reading<'a>, curves: &mut Vec<Curve<'a>>) {
    let run = reading.run();
    let others = |variant: &&DelayVariant| variant.delay != "typical";
    let many = curves.len() + run.delay_variants.iter().filter(others).count() > MANY_ROWS;
    let mut index = 0;
    let mut done = 0;
    while index < curves.len() {
        let strategy = curves[index].strategy;
        let own: Vec<_> =
            run.delay_variants.iter().filter(others).filter(|it| it.strategy == strategy.name()).collect();
        let wanted = !many || done == 0;
        if wanted && !own.is_empty() {
            done += 1;
            for variant in own {
                let points = [(0.5, variant.lag_p50_s), (0.95, variant.lag_p95_s), (0.99, variant.lag_p99_s)];
                let points = points.into_iter().filter_map(|(share, seconds)| Some((share, seconds?))).collect();
                index += 1;
                curves.insert(index, Curve { strategy, points, variant: Some(&variant.delay) });
            }
        }
        index += 1;
    }
}

/// Time limits of objectives on these metrics, with their text.
fn objectives<'a>(reading: &Reading<'a>, metrics: &[&str]) -> Vec<(f64, &'a str)> {
    let mut limits: Vec<(f64, &str)> = reading
        .run()
        .objectives
        .iter()
        .filter(|objective| metrics.contains(&objective.metric.as_str()))
        .filter_map(|objective| Some((objective.limit_s?, objective.text.as_str())))
        .filter(|(limit, _)| *limit > 0.0 && limit.is_finite())
        .collect();
    limits.sort_by(|a, b| a.0.total_cmp(&b.0));
    limits
}

fn described(curves: &[Curve], what: &str) -> String {
    let parts = curves.iter().filter(|curve| curve.variant.is_none()).map(|curve| {
        format!(
            "{}: half of the {what} within {}, 95 % within {}",
            curve.strategy.name(),
            curve.seconds(0.5).map_or("unknown".into(), duration),
            curve.seconds(0.95).map_or("unknown".into(), duration)
        )
    });
    parts.collect::<Vec<_>>().join("; ")
}

/// Smallest and largest time to show.
fn range(curves: &[Curve], limits: &[(f64, &str)]) -> (f64, f64) {
    let inside = |point: &&(f64, f64)| {
        // A share read from "p99.9" may be a hair off.
        point.0 >= SHARES.0 - 1e-9 && point.0 <= SHARES.1 + 1e-9 && point.1.is_finite()
    };
    let times = curves.iter().flat_map(|curve| curve.points.iter().filter(inside)).map(|point| point.1);
    let high = times.clone().chain(limits.iter().map(|limit| limit.0)).fold(1e-3, f64::max) * 1.15;
    // Nobody waits for less than a millisecond, and eight decades are too many for one axis.
    let low = times.chain(limits.iter().map(|limit| limit.0)).fold(high, f64::min).max(1e-3).max(high / 1e7);
    (low.min(high / 4.0) * 0.9, high)
}

fn plot(reading: &Reading, words: Words, curves: &[Curve], limits: &[(f64, &str)]) -> Figure {
    frame::figure(reading, words, |canvas, area| {
        let table = table_layout(curves, area);
        let plot = Area {
            left: area.left + 74.0,
            top: area.top + 12.0 + 30.0 * limits.len() as f64,
            right: table.left - 44.0,
            bottom: area.bottom - 34.0,
        };
        let x = Scale::logarithmic(range(curves, limits), (plot.left, plot.right));
        let y = Scale::logit(SHARES, (plot.bottom, plot.top));
        for (share, text) in SHARE_TICKS {
            frame::tick_left(canvas, plot, y.at(share), text);
        }
        for time in scale::times(&x, 92.0) {
            frame::tick_below(canvas, plot, x.at(time), &duration(time));
        }
        for (index, (limit, text)) in limits.iter().enumerate() {
            let (place, top) = (x.at(*limit), plot.top - 12.0 - 30.0 * index as f64);
            canvas.dashed(&[(place, top), (place, plot.bottom)], LIMIT, 2.5, &[9.0, 6.0]);
            let right = place - plot.left > plot.width() / 2.0;
            let (anchor, shift) = if right { (Anchor::End, -8.0) } else { (Anchor::Start, 8.0) };
            let room = if right { place - area.left } else { table.left - place } - 20.0;
            let text = font::fit(text, 19.0, Weight::Regular, room);
            canvas.text((place + shift, top + 4.0), &text, Type::new(19.0, LIMIT).anchored(anchor));
        }
        // The first in the table is drawn last, on top.
        let mut ends: Vec<f64> =
            curves.iter().rev().filter_map(|curve| draw_curve(canvas, plot, curve, &x, &y)).collect();
        ends.dedup();
        for end in ends {
            canvas.text((plot.right - 4.0, end - 10.0), "the rest never ends", TICK.anchored(Anchor::End));
        }
        draw_table(canvas, &table, curves);
    })
}

/// Draws a curve; gives the height at which it goes on for ever, if it does.
fn draw_curve(canvas: &Canvas, plot: Area, curve: &Curve, x: &Scale, y: &Scale) -> Option<f64> {
    let inner = |point: &&(f64, f64)| point.0 > 0.0 && point.0 < 1.0;
    let points: Vec<&(f64, f64)> = curve.points.iter().filter(inner).collect();
    let finite: Vec<Point> =
        points.iter().take_while(|point| point.1.is_finite()).map(|point| (x.at(point.1), y.at(point.0))).collect();
    let colour = colour(&curve.strategy);
    if curve.variant.is_some() {
        canvas.line(&finite, colour.towards(WHITE, 0.25), 1.75);
        finite.iter().for_each(|point| {
            canvas.dot(*point, 6.5, colour);
            canvas.dot(*point, 3.5, WHITE);
        });
        return None;
    }
    canvas.dashed(&finite, colour, 4.5, dash(&curve.strategy));
    let last = *finite.last().filter(|_| finite.len() < points.len())?;
    // The rest never ends: on to the right edge at the share that did.
    canvas.dashed(&[last, (plot.right, last.1)], colour, 2.5, &[3.0, 6.0]);
    Some(last.1)
}

/// Where the table beside the curves stands.
struct Table {
    left: f64,
    names: f64,
    columns: [f64; 3],
    top: f64,
    row: f64,
    size: f64,
}

fn row_name<'a>(curve: &Curve<'a>) -> (&'a str, String) {
    (curve.strategy.name(), curve.variant.map_or(String::new(), |delay| format!("if the delay were {delay}")))
}

fn table_layout(curves: &[Curve], area: Area) -> Table {
    let size = if curves.len() > 9 { 18.0 } else { 20.0 };
    let look = Type { size, ..LABEL };
    let widest = curves
        .iter()
        .map(|curve| {
            let (name, variant) = row_name(curve);
            look.width(if variant.is_empty() { name } else { &variant })
        })
        .fold(80.0, f64::max)
        .min(270.0);
    let column = size * 4.6;
    let right = area.right;
    let columns = [right - 2.0 * column, right - column, right];
    let left = columns[0] - column - widest - 60.0;
    let row = ((area.height() - 60.0) / curves.len() as f64).min(46.0);
    Table { left, names: widest, columns, top: area.top + 30.0, row, size }
}

fn draw_table(canvas: &Canvas, table: &Table, curves: &[Curve]) {
    let head = Type { colour: MUTED, size: table.size, ..LABEL };
    for (column, text) in table.columns.iter().zip(["half", "95 %", "99 %"]) {
        canvas.text((*column, table.top), text, head.anchored(Anchor::End));
    }
    canvas.text((table.left + 56.0, table.top), "done within", head);
    let right = table.columns[2];
    canvas.line(&[(table.left, table.top + 14.0), (right, table.top + 14.0)], GRID, 2.0);
    for (index, curve) in curves.iter().enumerate() {
        let baseline = table.top + 14.0 + table.row * (index as f64 + 0.66);
        let middle = baseline - table.size * 0.35;
        let (name, variant) = row_name(curve);
        let ink = if variant.is_empty() { INK } else { MUTED };
        let look = Type { size: table.size, colour: ink, ..LABEL };
        if variant.is_empty() {
            frame::sample(canvas, (table.left, middle), &curve.strategy);
        } else {
            let colour = colour(&curve.strategy);
            canvas.line(&[(table.left, middle), (table.left + 42.0, middle)], colour.towards(WHITE, 0.25), 1.75);
            canvas.dot((table.left + 21.0, middle), 6.5, colour);
            canvas.dot((table.left + 21.0, middle), 3.5, WHITE);
        }
        let text = if variant.is_empty() { name } else { &variant };
        canvas.text((table.left + 56.0, baseline), &font::fit(text, look.size, look.weight, table.names), look);
        for (column, share) in table.columns.iter().zip([0.5, 0.95, 0.99]) {
            let text = curve.seconds(share).map_or("–".into(), duration);
            canvas.text((*column, baseline), &text, look.anchored(Anchor::End));
        }
    }
}
