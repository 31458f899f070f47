//! Who is cheapest over two keys: a map of coloured cells, hatched where the lead is not significant.

use super::canvas::{Anchor, Area, Canvas, Type};
use super::font::{self, Weight};
use super::frame::{self, LABEL, TICK, Words};
use super::palette::{INK, WHITE, colour};
use super::{Figure, LeftOut};
use crate::report::numbers::brief;
use crate::report::reading::{Reading, Strategy};
use crate::study::breakeven::tables::{Breakeven, CheapestRow, KeyRecord};

/// File name without extension.
pub const NAME: &str = "strategy-map";

/// Draws the chart.
pub fn draw(reading: &Reading, found: &Breakeven) -> Result<Figure, LeftOut> {
    let [first, second] = &found.record.keys[..] else {
        return Err(LeftOut { name: NAME.into(), reason: "it needs two keys".into() });
    };
    let mut readings: Vec<&str> = found.cheapest.iter().map(|row| row.reading.as_str()).collect();
    readings.dedup();
    readings.truncate(2);
    let words = Words {
        name: NAME.into(),
        title: title(found, reading),
        subtitle: format!("The cheapest strategy, hatched where its lead is within chance; {}", frame::trials(reading)),
        caption:
            "A cell is hatched where the 95 % interval of the paired difference between the cheapest and the next \
                  does not leave zero out; each cell is judged by itself, without correction for their number."
                .into(),
        alt: format!("A map of {} by {} cells", first.values.len(), second.values.len()),
    };
    Ok(frame::figure(reading, words, |canvas, area| {
        let shown: Vec<Strategy> = reading
            .strategies
            .iter()
            .copied()
            .filter(|it| found.cheapest.iter().any(|row| row.cheapest == it.name()))
            .collect();
        let parts: Vec<_> = shown.iter().map(|it| (it.name(), colour(it))).collect();
        let area = Area { top: area.top + frame::keys(canvas, area, &parts), ..area };
        let gap = 48.0;
        let width = (area.width() - gap * (readings.len().max(1) - 1) as f64) / readings.len().max(1) as f64;
        for (index, name) in readings.iter().enumerate() {
            let left = area.left + (width + gap) * index as f64;
            let cell = Area { left, top: area.top + 40.0, right: left + width, bottom: area.bottom };
            let rows: Vec<&CheapestRow> = found.cheapest.iter().filter(|row| row.reading == *name).collect();
            let words = match *name {
                "internet" => "Pulls across at internet rates",
                _ => "Pulls across at inter-region rates",
            };
            canvas.text((cell.left, cell.top + 22.0), words, LABEL.bold());
            paint(canvas, cell, (first, second), &rows, reading);
        }
    }))
}

fn title(found: &Breakeven, reading: &Reading) -> String {
    let own = &found.record.reading;
    let rows: Vec<&CheapestRow> = found.cheapest.iter().filter(|row| row.reading == *own).collect();
    let count = |it: &Strategy| rows.iter().filter(|row| row.cheapest == it.name()).count();
    let mut winners: Vec<(&Strategy, usize)> = reading.strategies.iter().map(|it| (it, count(it))).collect();
    winners.retain(|(_, count)| *count > 0);
    winners.sort_by_key(|winner| std::cmp::Reverse(winner.1));
    let unsure = rows.iter().filter(|row| row.significant == Some(false)).count();
    if unsure == rows.len() {
        return format!("The two cheapest are too close to call in all {} combinations", rows.len());
    }
    let tail = if unsure == 0 { String::new() } else { format!("; {unsure} of them too close to call") };
    if let [(only, _)] = winners[..] {
        return format!("{} is the cheapest in all {} combinations{tail}", frame::shortened(only.name()), rows.len());
    }
    let parts: Vec<String> =
        winners.iter().map(|(it, count)| format!("{} in {count}", frame::shortened(it.name()))).collect();
    format!("Of {} combinations, the cheapest is {}{tail}", rows.len(), parts.join(", "))
}

fn paint(canvas: &Canvas, cell: Area, keys: (&KeyRecord, &KeyRecord), rows: &[&CheapestRow], reading: &Reading) {
    let (first, second) = keys;
    let widest = second.values.iter().map(|text| TICK.width(&brief(text))).fold(0.0, f64::max).min(150.0);
    let plot = Area {
        left: cell.left + widest + 44.0,
        top: cell.top + 66.0,
        right: cell.right - 6.0,
        bottom: cell.bottom - 66.0,
    };
    let (across, down) = (first.values.len() as f64, second.values.len() as f64);
    let (width, height) = (plot.width() / across, plot.height() / down);
    for row in rows {
        let column = first.values.iter().position(|value| *value == row.value);
        let line = second.values.iter().position(|value| Some(value) == row.fixed_value.as_ref());
        let (Some(column), Some(line)) = (column, line) else { continue };
        let Some(strategy) = reading.strategies.iter().find(|it| it.name() == row.cheapest) else { continue };
        let left = plot.left + width * column as f64;
        // The second key rises upwards.
        let top = plot.bottom - height * (line + 1) as f64;
        let inner = Area { left: left + 1.0, top: top + 1.0, right: left + width - 1.0, bottom: top + height - 1.0 };
        canvas.rectangle(inner, colour(strategy));
        if row.significant == Some(false) {
            hatch(canvas, inner);
        }
    }
    let mut free = f64::NEG_INFINITY;
    for (index, value) in first.values.iter().enumerate() {
        let x = plot.left + width * (index as f64 + 0.5);
        let text = font::fit(&brief(value), TICK.size, Weight::Regular, 170.0);
        let half = TICK.width(&text) / 2.0 + 7.0;
        if x - half >= free {
            free = x + half;
            canvas.text((x, plot.bottom + 28.0), &text, TICK.anchored(Anchor::Middle));
        }
    }
    let each = (24.0 / height).ceil().max(1.0) as usize;
    for (index, value) in second.values.iter().enumerate().step_by(each) {
        let y = plot.bottom - height * (index as f64 + 0.5) + 7.0;
        let text = font::fit(&brief(value), TICK.size, Weight::Regular, 150.0);
        canvas.text((plot.left - 12.0, y), &text, TICK.anchored(Anchor::End));
    }
    let look = Type::new(18.0, INK);
    let room = cell.width();
    let below = font::fit(&first.key, look.size, Weight::Regular, room);
    canvas.text(((plot.left + plot.right) / 2.0, cell.bottom - 6.0), &below, look.anchored(Anchor::Middle));
    let beside = font::fit(&second.key, look.size, Weight::Regular, room);
    canvas.text((cell.left, plot.top - 16.0), &beside, look);
}

/// White diagonals across a box.
fn hatch(canvas: &Canvas, area: Area) {
    const STEP: f64 = 12.0;
    let mut sum = area.left + area.top + STEP;
    while sum < area.right + area.bottom {
        // The line x + y = sum within the box.
        let from = ((sum - area.top).min(area.right), sum - (sum - area.top).min(area.right));
        let to = ((sum - area.bottom).max(area.left), sum - (sum - area.bottom).max(area.left));
        canvas.line(&[from, to], WHITE, 3.0);
        sum += STEP;
    }
}
