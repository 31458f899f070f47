//! The tornado: how far each assumption moves the lead of the chosen strategy, one at a time.

use super::canvas::{Area, Type};
use super::font::{self, Weight};
use super::frame::{self, LABEL, TICK, Words};
use super::palette::{Colour, GRID, INK, LIMIT, MUTED};
use super::scale::{Scale, from_zero};
use super::{Figure, LeftOut};
use crate::report::reading::Reading;
use crate::report::sensitivity::{answer, best_words, further_keys, lead_tick, lead_words};
use crate::study::sensitivity::{Bar, End, Sensitivity};

/// Bars that a slide has room for.
const MOST: usize = 12;
/// A bar so much shorter than the longest one would be a hair.
const VISIBLE: f64 = 0.005;
/// Below zero, but by chance or by too little to choose by.
const CLOSE: Colour = Colour(0xdb, 0x9b, 0x92);
/// A lead that keeps the decision.
const KEPT: Colour = Colour(0x6c, 0x86, 0xa3);

/// Draws the chart.
pub fn draw(study: &Sensitivity, reading: &Reading) -> Result<Figure, LeftOut> {
    let left_out = |reason: &str| Err(LeftOut { name: "tornado".into(), reason: reason.into() });
    let record = &study.record;
    let widest = study.bars.iter().map(Bar::width).fold(0.0, f64::max);
    let moves = |bar: &&Bar| bar.width() > 0.0 && (bar.turns() || bar.width() >= VISIBLE * widest);
    let moving: Vec<&Bar> = study.bars.iter().filter(moves).collect();
    if study.bars.is_empty() {
        return left_out("there are no two strategies to choose between");
    }
    if moving.is_empty() {
        return left_out("no key moves the decision");
    }
    let shown = &moving[..moving.len().min(MOST)];
    let rest = study.bars.iter().filter(|bar| bar.width() > 0.0).count() - shown.len();
    let words = Words {
        name: "tornado".into(),
        title: answer(study).trim_end_matches('.').to_owned(),
        subtitle: format!(
            "Lead of {}, the {}, over the best of the others, with one key at a time at either end of its range",
            record.best,
            best_words(record)
        ),
        caption: "Each bar is the lead of the chosen strategy as one key goes over its plausible range and all else stays. Where \
                  it is red, left of zero, another strategy is better, beyond chance and by half a percent or half a cent at \
                  least: the decision turns on that key."
            .into(),
        alt: shown
            .iter()
            .map(|bar| format!("{}: {} to {}", bar.key, lead_words(bar.low.lead, record), lead_words(bar.high.lead, record)))
            .collect::<Vec<_>>()
            .join("; "),
    };
    Ok(frame::figure(reading, words, |canvas, area| {
        let is_close = |bar: &&Bar| [&bar.low, &bar.high].iter().any(|end| end.lead < 0.0 && !end.turns);
        let mut keys = vec![("keeps the choice", KEPT)];
        if shown.iter().any(|bar| bar.turns()) {
            keys.push(("another strategy is better", LIMIT));
        }
        if shown.iter().any(is_close) {
            keys.push(("too close to call", CLOSE));
        }
        frame::keys(canvas, area, &keys);
        let look = Type { size: 20.0, ..LABEL };
        let widest = shown.iter().map(|bar| look.bold().width(&bar.key)).fold(0.0, f64::max).min(440.0);
        let row = ((area.bottom - 64.0 - area.top - 46.0) / shown.len() as f64).min(140.0);
        let top = area.top + 46.0;
        // Room for the values at both ends of a bar.
        let plot = Area {
            left: area.left + widest + 190.0,
            top,
            right: area.right - 170.0,
            bottom: top + row * shown.len() as f64,
        };
        let leads = shown.iter().flat_map(|bar| [bar.low.lead, bar.high.lead]).chain([record.lead, 0.0]);
        let (least, most) = leads.fold((0.0f64, 0.0f64), |(low, high), lead| (low.min(lead), high.max(lead)));
        let step = from_zero(most - least, 6)[1];
        let (first, last) = (libm::floor(least / step - 1e-9), libm::ceil(most / step + 1e-9));
        let x = Scale::linear((first * step, last * step), (plot.left, plot.right));
        for tick in first as i64..=last as i64 {
            let value = tick as f64 * step;
            frame::tick_below(canvas, plot, x.at(value), &lead_tick(value, record));
        }
        let half = (row * 0.34).min(30.0);
        for (index, bar) in shown.iter().enumerate() {
            let y = plot.top + row * (index as f64 + 0.5);
            let (left, right) = ends(bar);
            let below = if left.turns || right.turns { LIMIT } else { CLOSE };
            for (from, to, colour) in
                [(left.lead.min(0.0), right.lead.min(0.0), below), (left.lead.max(0.0), right.lead.max(0.0), KEPT)]
            {
                if to > from {
                    let right = x.at(to).max(x.at(from) + 1.5);
                    canvas.rectangle(Area { left: x.at(from), top: y - half, right, bottom: y + half }, colour);
                }
            }
        }
        canvas.line(&[(x.at(0.0), plot.top), (x.at(0.0), plot.bottom)], INK, 2.5);
        canvas.dashed(&[(x.at(record.lead), plot.top), (x.at(record.lead), plot.bottom)], MUTED, 2.5, &[8.0, 6.0]);
        canvas.line(&[(plot.left, plot.bottom), (plot.right, plot.bottom)], GRID, 1.5);
        // Values come last, on white: the line of zero may run where they stand.
        for (index, bar) in shown.iter().enumerate() {
            let y = plot.top + row * (index as f64 + 0.5);
            let (left, right) = ends(bar);
            let strong = if bar.turns() { look.bold() } else { look };
            let name = font::fit(&bar.key, look.size, Weight::SemiBold, widest + 8.0);
            canvas.text((area.left, y + 7.0), &name, strong);
            let fit = |text: &str| font::fit(text, TICK.size, Weight::Regular, 150.0);
            let value = fit(&left.value);
            let begin = x.at(left.lead.min(record.lead)) - 10.0 - TICK.width(&value);
            frame::on_white(canvas, (begin, y + 7.0), &value, TICK);
            frame::on_white(canvas, (x.at(right.lead.max(record.lead)) + 10.0, y + 7.0), &fit(&right.value), TICK);
        }
        let more = if rest > 0 { format!("; left out: {}", further_keys(rest)) } else { String::new() };
        let text = format!("dashed: the scenario as it is, {}{more}", lead_words(record.lead, record));
        canvas.text((area.left, plot.bottom + 62.0), &text, TICK);
    }))
}

/// The ends of a bar, the lower lead first.
fn ends(bar: &Bar) -> (&End, &End) {
    if bar.low.lead <= bar.high.lead { (&bar.low, &bar.high) } else { (&bar.high, &bar.low) }
}
