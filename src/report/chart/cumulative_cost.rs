//! What has been spent by each day, one line per strategy.

use super::canvas::{Anchor, Area, Type};
use super::font::{self, Weight};
use super::frame::{self, LABEL, Words};
use super::palette::{INK, colour, dash};
use super::scale::{self, Scale, from_zero};
use super::{Figure, LeftOut};
use crate::report::numbers::{date, money, money_tick};
use crate::report::reading::{Reading, Strategy};

/// Draws the chart.
pub fn draw(reading: &Reading) -> Result<Figure, LeftOut> {
    let days = reading.days();
    let lines: Vec<(Strategy, Vec<f64>)> = reading
        .strategies
        .iter()
        .map(|strategy| {
            let daily = reading.daily(strategy.name(), "cost", |a, b| a + b);
            let mut sum = 0.0;
            let sums = days.iter().map(|day| {
                sum += daily.get(day).copied().unwrap_or(0.0);
                sum
            });
            (*strategy, sums.collect())
        })
        .collect();
    let end = |line: &(Strategy, Vec<f64>)| line.1.last().copied().unwrap_or(0.0);
    if lines.iter().all(|line| end(line) == 0.0) {
        return Err(LeftOut { name: "cumulative-cost".into(), reason: "no strategy costs anything on any day".into() });
    }
    let mut systems: Vec<_> = lines.iter().filter(|line| !line.0.is_bound()).collect();
    systems.sort_by(|a, b| end(a).total_cmp(&end(b)));
    let until = days.last().map_or(String::new(), |day| date(day));
    let title = match systems[..] {
        [] => format!("The bound comes to {} by {until}", money(lines.first().map_or(0.0, end))),
        [only] => format!("{} costs {} by {until}", frame::shortened(only.0.name()), money(end(only))),
        [low, .., high] => format!(
            "By {until} {} has cost {}, {} {}",
            frame::shortened(low.0.name()),
            money(end(low)),
            frame::shortened(high.0.name()),
            money(end(high))
        ),
    };
    let words = Words {
        name: "cumulative-cost".into(),
        title,
        subtitle: format!(
            "Dollars spent since {}, by day; {}",
            days.first().map_or(String::new(), |day| date(day)),
            frame::trials(reading)
        ),
        caption: "Where two lines cross, the dearer start has paid itself back.".into(),
        alt: lines
            .iter()
            .map(|line| format!("{}: {} by {until}", line.0.name(), money(end(line))))
            .collect::<Vec<_>>()
            .join("; "),
    };
    Ok(frame::figure(reading, words, |canvas, area| {
        let size = if lines.len() > 9 { 18.0 } else { 21.0 };
        let look = Type { size, ..LABEL };
        let amounts = lines.iter().map(|line| look.bold().width(&money(end(line)))).fold(0.0, f64::max);
        let names = lines.iter().map(|line| look.width(line.0.name())).fold(0.0, f64::max).min(330.0);
        let plot = Area {
            left: area.left + 86.0,
            top: area.top + 12.0,
            right: area.right - names - amounts - 62.0,
            bottom: area.bottom - 34.0,
        };
        let ticks = from_zero(lines.iter().map(end).fold(0.0, f64::max), 5);
        let y = Scale::linear((0.0, ticks[ticks.len() - 1]), (plot.bottom, plot.top));
        for tick in &ticks {
            frame::tick_left(canvas, plot, y.at(*tick), &money_tick(*tick));
        }
        // Sums stand at the end of their day; the line begins with nothing at the start of the first.
        let x = Scale::linear((0.0, days.len() as f64), (plot.left, plot.right));
        day_ticks(&days, plot.width(), |index, text| {
            let place = x.at(index as f64);
            canvas.line(&[(place, plot.bottom), (place, plot.bottom + 7.0)], INK, 1.5);
            canvas.text((place, plot.bottom + 30.0), text, frame::TICK.anchored(Anchor::Middle));
        });
        let ends: Vec<f64> = lines.iter().map(|line| y.at(end(line))).collect();
        let places = scale::spread(&ends, size * 1.45, (plot.top, plot.bottom));
        for ((strategy, sums), place) in lines.iter().zip(&places).rev() {
            let mut points = vec![(x.at(0.0), y.at(0.0))];
            points.extend(sums.iter().enumerate().map(|(day, sum)| (x.at(day as f64 + 1.0), y.at(*sum))));
            canvas.dashed(&points, colour(strategy), 4.5, dash(strategy));
            if let Some(last) = points.last() {
                canvas.line(&[(last.0 + 4.0, last.1), (plot.right + 26.0, *place)], colour(strategy), 1.5);
            }
        }
        for (line, place) in lines.iter().zip(&places) {
            let baseline = place + size * 0.36;
            let amount = money(end(line));
            canvas.dot((plot.right + 32.0, *place), 6.0, colour(&line.0));
            canvas.text((plot.right + 46.0 + amounts, baseline), &amount, look.bold().anchored(Anchor::End));
            let name = font::fit(line.0.name(), size, Weight::Regular, names + 1.0);
            canvas.text((plot.right + 58.0 + amounts, baseline), &name, look);
        }
    }))
}

/// Calls `tick` with the index and the short date of as many days as have room, evenly apart.
pub fn day_ticks(days: &[&str], width: f64, mut tick: impl FnMut(usize, &str)) {
    const ROOM: f64 = 120.0;
    let most = (width / ROOM).max(1.0);
    let step = [1, 2, 7, 14, 28, 61, 91, 182, 365, 730, 3650]
        .into_iter()
        .find(|step| days.len() as f64 / f64::from(*step) <= most)
        .unwrap_or(36_500);
    for (index, day) in days.iter().enumerate().step_by(step as usize) {
        let text = date(day);
        // The year is in the subtitle; on an axis it is said only when the run is long.
        let text =
            if days.len() > 300 { text.as_str() } else { text.rsplit_once(' ').map_or(text.as_str(), |it| it.0) };
        tick(index, text);
    }
}
