//! mu* against sigma: how much each key matters, and how much that depends on the others.

use super::canvas::{Area, Type};
use super::frame::{self, LABEL, TICK, Words};
use super::palette::{INK, LIMIT, MUTED};
use super::place::Taken;
use super::scale::{Scale, from_zero};
use super::{Figure, LeftOut};
use crate::report::numbers;
use crate::report::reading::Reading;
use crate::report::sensitivity::{lead_rows, lead_tick, lead_words};
use crate::study::sensitivity::Sensitivity;

/// Keys that are named beside their dot.
const NAMED: usize = 9;

/// Radius of a dot.
const RADIUS: f64 = 8.0;

/// Boxes for a name of this width beside a dot, the nearest first; to the right there is room outside of the plot.
fn beside((x, y): (f64, f64), width: f64, plot: Area) -> Vec<Area> {
    const HEIGHT: f64 = 24.0;
    let lefts = [x + 26.0, x - 26.0 - width];
    let rows = (0..12).flat_map(|step| [-1.0, 1.0].map(|side| y + side * HEIGHT * f64::from(step) / 2.0));
    rows.flat_map(|y| lefts.map(|left| (left, y)))
        .map(|(left, y)| Area { left, top: y - HEIGHT / 2.0, right: left + width, bottom: y + HEIGHT / 2.0 })
        .filter(|area| area.left >= plot.left && area.top >= plot.top - HEIGHT && area.bottom <= plot.bottom)
        .collect()
}

/// Draws the chart.
pub fn draw(study: &Sensitivity, reading: &Reading) -> Result<Figure, LeftOut> {
    let record = &study.record;
    let rows = lead_rows(study);
    let most = rows.iter().map(|row| row.mu_star).fold(0.0, f64::max);
    if most <= 0.0 || record.trajectories < 2 {
        let reason = "no key has an effect on the lead, or fewer than two trajectories were run";
        return Err(LeftOut { name: "morris".into(), reason: reason.into() });
    }
    let words = Words {
        name: "morris".into(),
        title: format!(
            "{} moves the lead of {} most: {} over its range, on average",
            rows[0].key,
            frame::shortened(&record.best),
            lead_words(rows[0].mu_star, record)
        ),
        subtitle: format!(
            "Mean absolute effect (right: matters) against its spread (up: depends on other keys); {}",
            numbers::of(record.trajectories as f64, "trajectory", "trajectories")
        ),
        caption: "Each dot is a key. Far right: it matters. High: how much it matters depends on the others, or is not linear; \
                  above the dashed line the spread exceeds the effect. Red: it changes the choice in some trajectory."
            .into(),
        alt: rows.iter().take(NAMED).map(|row| format!("{}: {}", row.key, lead_words(row.mu_star, record))).collect::<Vec<_>>().join("; "),
    };
    Ok(frame::figure(reading, words, |canvas, area| {
        let plot =
            Area { left: area.left + 120.0, top: area.top, right: area.right - 380.0, bottom: area.bottom - 64.0 };
        let tall = rows.iter().filter_map(|row| row.sigma).fold(0.0, f64::max);
        let (across, up) = (from_zero(most, 6), from_zero(tall, 5));
        let x = Scale::linear((0.0, across[across.len() - 1]), (plot.left, plot.right));
        let y = Scale::linear((0.0, up[up.len() - 1]), (plot.bottom, plot.top));
        across.iter().for_each(|tick| frame::tick_below(canvas, plot, x.at(*tick), &lead_tick(*tick, record)));
        up.iter().for_each(|tick| frame::tick_left(canvas, plot, y.at(*tick), &lead_tick(*tick, record)));
        let reach = across[across.len() - 1].min(up[up.len() - 1]);
        canvas.dashed(&[(x.at(0.0), y.at(0.0)), (x.at(reach), y.at(reach))], MUTED, 2.0, &[10.0, 8.0]);
        let named: Vec<_> = rows.iter().filter(|row| row.mu_star > 0.02 * most).take(NAMED).collect();
        let mut taken = Taken::default();
        for row in rows.iter().rev() {
            let colour = if row.flips > 0 { LIMIT } else { INK };
            let place = (x.at(row.mu_star), y.at(row.sigma.unwrap_or(0.0)));
            canvas.dot(place, RADIUS, colour);
            taken.dot(place, RADIUS + 2.0);
        }
        let look = Type { size: 18.0, ..LABEL };
        for row in named {
            let at = (x.at(row.mu_star), y.at(row.sigma.unwrap_or(0.0)));
            let Some(label) = taken.choose(beside(at, look.width(&row.key), plot)) else { continue };
            let middle = (label.top + label.bottom) / 2.0;
            let end = if label.left > at.0 { label.left - 6.0 } else { label.right + 6.0 };
            let begin = at.0 + if end > at.0 { RADIUS } else { -RADIUS };
            canvas.line(&[(begin, at.1), (end, middle)], MUTED, 1.5);
            frame::on_white(canvas, (label.left, middle + 6.0), &row.key, look);
        }
        canvas.text(
            (plot.left, area.bottom - 4.0),
            "mean absolute effect over the key's range (mu*); upwards: its standard deviation (sigma)",
            TICK,
        );
    }))
}
