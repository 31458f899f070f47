//! Cost against pull time: which strategies are worth a thought, because no other is both cheaper and faster.

use super::canvas::{Anchor, Area, Point, Type};
use super::font::{self, Weight};
use super::frame::{self, LABEL, Words};
use super::palette::{GRID, INK, MUTED, colour};
use super::place::Taken;
use super::scale::{Scale, clock_ticks, from_zero};
use super::{Figure, LeftOut};
use crate::report::numbers::{duration, list, money, money_tick};
use crate::report::reading::{Reading, Strategy, alike};

const NAME: &str = "cost-and-time";

/// Of a strategy's dot (pixels).
const RADIUS: f64 = 12.0;

/// Height of a label (pixels).
const LINE: f64 = 30.0;

/// A strategy with its 95th percentile of pull times (s).
type Spot<'a> = (Strategy<'a>, f64);

/// Draws the chart.
pub fn draw(reading: &Reading) -> Result<Figure, LeftOut> {
    let left_out = |reason: &str| LeftOut { name: NAME.into(), reason: reason.into() };
    let systems = reading.systems_by_cost();
    let spots: Vec<Spot> =
        systems.iter().filter_map(|it| Some((*it, it.row.pull_p95_s.filter(|time| time.is_finite())?))).collect();
    if spots.len() < 2 {
        return Err(left_out("fewer than two strategies have a 95th percentile of pull times"));
    }
    let front = frontier(&spots);
    let words = Words {
        name: NAME.into(),
        title: title(&spots, &front),
        subtitle: format!(
            "Dollars a month against the 95th percentile of pull times; whiskers: 95 % interval of the cost; {}",
            frame::trials(reading)
        ),
        caption:
            "Lower left is better. The line joins the strategies that no other undercuts in both cost and time; what \
                  lies above and to the right of it has nothing for it but what this chart does not show."
                .into(),
        alt: spots
            .iter()
            .map(|(it, time)| format!("{}: {} a month, {}", it.name(), money(it.cost()), duration(*time)))
            .collect::<Vec<_>>()
            .join("; "),
    };
    Ok(frame::figure(reading, words, |canvas, area| {
        let plot = Area {
            left: area.left + 100.0,
            top: area.top + 16.0,
            right: area.right - 30.0,
            bottom: area.bottom - 66.0,
        };
        let high = |it: &Strategy| it.row.cost_ci_high_usd_month.unwrap_or(0.0).max(it.cost());
        let dollars = from_zero(spots.iter().map(|it| high(&it.0)).fold(0.0, f64::max), 6);
        let slowest = spots.iter().map(|it| it.1).fold(0.0, f64::max);
        let times = clock_ticks(slowest * 1.08, 5);
        let x = Scale::linear((0.0, dollars[dollars.len() - 1]), (plot.left, plot.right));
        let y = Scale::linear((0.0, times[times.len() - 1]), (plot.bottom, plot.top));
        for tick in &dollars {
            frame::tick_below(canvas, plot, x.at(*tick), &money_tick(*tick));
        }
        for tick in &times {
            frame::tick_left(canvas, plot, y.at(*tick), &duration(*tick));
        }
        canvas.text(
            ((plot.left + plot.right) / 2.0, plot.bottom + 60.0),
            "cost a month",
            frame::TICK.anchored(Anchor::Middle),
        );
        let place = |spot: &Spot| (x.at(spot.0.cost()), y.at(spot.1));
        // A staircase: between two of the frontier nothing is offered.
        let mut steps = Vec::new();
        for pair in front.windows(2) {
            let (from, to) = (place(&pair[0]), place(&pair[1]));
            steps.extend([from, (to.0, from.1), to]);
        }
        if !steps.is_empty() {
            canvas.line(&steps, MUTED.towards(GRID, 0.3), 3.0);
        }
        for spot in &spots {
            let (at, it) = (place(spot), spot.0);
            if let (Some(low), Some(high)) = (it.row.cost_ci_low_usd_month, it.row.cost_ci_high_usd_month)
                && x.at(high) - x.at(low.max(0.0)) > 20.0
            {
                canvas.line(&[(x.at(low.max(0.0)), at.1), (x.at(high), at.1)], INK, 2.0);
            }
            canvas.dot(at, RADIUS, colour(&it));
        }
        let mut taken = Taken::default();
        taken.line(steps);
        for spot in &spots {
            let (at, row) = (place(spot), spot.0.row);
            if let (Some(low), Some(high)) = (row.cost_ci_low_usd_month, row.cost_ci_high_usd_month) {
                taken.line(vec![(x.at(low.max(0.0)), at.1), (x.at(high), at.1)]);
            }
            taken.dot(at, RADIUS + 4.0);
        }
        let looks = |it: &Spot| front.iter().any(|other| other.0.name() == it.0.name());
        for spot in &spots {
            let look = if looks(spot) { LABEL.bold() } else { Type { colour: MUTED, ..LABEL } };
            let name = font::fit(spot.0.name(), look.size, Weight::Regular, 420.0);
            let text = format!("{name}  {}, {}", money(spot.0.cost()), duration(spot.1));
            let at = place(spot);
            let Some(label) = taken.choose(beside(at, look.width(&text), plot)) else { continue };
            let middle = (label.top + label.bottom) / 2.0;
            if (middle - at.1).abs() > LINE / 2.0 {
                let near = if label.left > at.0 { label.left - 4.0 } else { label.right + 4.0 };
                canvas.line(&[at, (near, middle)], colour(&spot.0), 1.5);
            }
            frame::on_white(canvas, (label.left, middle + 7.5), &text, look);
        }
        for spot in &spots {
            canvas.dot(place(spot), RADIUS, colour(&spot.0));
        }
    }))
}

/// Where the label of a dot may stand, the best place first: to its right or left, at its height or as little as can be above
/// or below.
fn beside(at: Point, width: f64, plot: Area) -> impl Iterator<Item = Area> {
    let heights = [0.0, -1.0, 1.0, -2.0, 2.0, -3.0, 3.0, -4.0, 4.0];
    let areas = heights.into_iter().flat_map(move |lines| {
        // Further up or down a leader line goes there.
        let away = RADIUS + if lines == 0.0 { 10.0 } else { 16.0 };
        let top = (at.1 - LINE / 2.0 + lines * LINE).clamp(plot.top, plot.bottom - LINE);
        [at.0 + away, at.0 - away - width].map(|left| Area { left, top, right: left + width, bottom: top + LINE })
    });
    areas.filter(move |area| area.left >= plot.left && area.right <= plot.right)
}

/// Those that no other undercuts in both, cheapest first; costs and times that nobody would tell apart count as equal.
fn frontier<'a>(spots: &[Spot<'a>]) -> Vec<Spot<'a>> {
    let same = |a: f64, b: f64| (a - b).abs() <= 0.01 * a.abs().max(b.abs());
    let beats = |a: &Spot, b: &Spot| {
        let (as_cheap, as_fast) = (alike(a.0.cost(), b.0.cost()), same(a.1, b.1));
        let no_dearer = as_cheap || a.0.cost() < b.0.cost();
        let no_slower = as_fast || a.1 < b.1;
        no_dearer && no_slower && !(as_cheap && as_fast)
    };
    spots.iter().filter(|it| !spots.iter().any(|other| beats(other, it))).copied().collect()
}

fn title(spots: &[Spot], front: &[Spot]) -> String {
    let names: Vec<String> = front.iter().map(|it| frame::shortened(it.0.name())).collect();
    match front {
        [only] => format!(
            "{} is both the cheapest and the fastest: {} a month, 95 of 100 pulls within {}",
            names[0],
            money(only.0.cost()),
            duration(only.1)
        ),
        [first, .., last] if spots.len() > front.len() && !alike(first.0.cost(), last.0.cost()) => format!(
            "The choice is between {}: {} more a month make pulls of {} last {}",
            list(&names),
            money(last.0.cost() - first.0.cost()),
            duration(first.1),
            duration(last.1)
        ),
        [_, ..] if spots.len() > front.len() => {
            format!("{} are the cheapest, and no strategy is faster", list(&names))
        }
        _ => "Every strategy is the best for somebody: none is both cheaper and faster than another".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::tables::SummaryRow;

    fn row(strategy: &str, cost: f64) -> SummaryRow {
        SummaryRow { strategy: strategy.into(), cost_usd_month: cost, ..SummaryRow::default() }
    }

    fn names(spots: &[(f64, f64)]) -> Vec<String> {
        let rows: Vec<SummaryRow> = spots.iter().enumerate().map(|(at, it)| row(&at.to_string(), it.0)).collect();
        let spots: Vec<Spot> = rows.iter().zip(spots).map(|(row, it)| (Strategy { row, variant: 0 }, it.1)).collect();
        frontier(&spots).iter().map(|it| it.0.name().to_owned()).collect()
    }

    #[test]
    fn the_frontier_is_what_nothing_beats_in_both() {
        assert_eq!(names(&[(10.0, 5.0), (20.0, 2.0), (30.0, 3.0), (25.0, 9.0)]), ["0", "1"]);
        assert_eq!(names(&[(10.0, 5.0), (10.0, 5.0)]), ["0", "1"], "equals do not beat each other");
        assert_eq!(names(&[(10.0, 5.0), (10.01, 4.0)]), ["1"], "a cent in ten dollars is no price for a second");
    }
}
