//! Every strategy against the baseline, paired by trial: a forest plot of cost, and of pull times where they can be compared.

use super::canvas::{Anchor, Area, Canvas, Type};
use super::frame::{self, LABEL, NameColumn, TICK, Words};
use super::palette::{INK, MUTED, colour};
use super::scale::{Scale, around_zero};
use super::{Figure, LeftOut};
use crate::report::numbers::{duration, fine_duration, list, money, money_tick};
use crate::report::reading::{Paired, Reading, Strategy, alike};

/// One of the two plots.
struct Panel<'a> {
    title: &'static str,
    rows: Vec<Option<Paired>>,
    tick: fn(f64) -> String,
    value: &'a dyn Fn(f64) -> String,
}

/// Draws the chart.
pub fn draw(reading: &Reading) -> Result<Figure, LeftOut> {
    let left_out = |reason: &str| LeftOut { name: "differences".into(), reason: reason.into() };
    let baseline = reading.run().baseline.as_str();
    let Some(base) = reading.strategy(baseline) else { return Err(left_out("the baseline was not run")) };
    let mut others: Vec<Strategy> = reading.by_cost();
    others.retain(|it| it.name() != baseline && !it.is_bound());
    if others.is_empty() {
        return Err(left_out("there is nothing to compare the baseline with"));
    }
    if reading.trials() < 2 {
        return Err(left_out("one trial says nothing about chance"));
    }
    let costs: Vec<Option<Paired>> = others.iter().map(|it| reading.paired_cost(it.name(), baseline)).collect();
    let times: Vec<Option<Paired>> = others.iter().map(|it| reading.paired_p95(it.name(), baseline)).collect();
    let words = Words {
        name: "differences".into(),
        title: title(&base, &others, &costs),
        subtitle: format!(
            "Difference from {baseline} in the same {} trials; thick: 95 % interval of each, thin: of all {} together",
            reading.trials(),
            others.len()
        ),
        caption:
            "Every strategy meets the same pushes and pulls in a trial, so what they share cancels. A thin line that \
                  crosses zero means that chance may have made the difference, when all comparisons are taken together \
                  (Bonferroni)."
                .into(),
        alt: others
            .iter()
            .zip(&costs)
            .filter_map(|(it, paired)| Some(format!("{}: {} a month", it.name(), signed_money(paired.as_ref()?.mean))))
            .collect::<Vec<_>>()
            .join("; "),
    };
    let mut panels = vec![Panel { title: "Cost a month", rows: costs, tick: money_tick_signed, value: &signed_money }];
    if times.iter().flatten().any(|paired| paired.mean != 0.0) {
        panels.push(Panel {
            title: "95th percentile of pull times",
            rows: times,
            tick: duration,
            value: &|seconds| plus(seconds, fine_duration(seconds)),
        });
    }
    Ok(frame::figure(reading, words, |canvas, area| {
        let names = NameColumn::new(area.left, &others, 330.0);
        let width = (area.right - names.right - 60.0 * (panels.len() - 1) as f64) / panels.len() as f64;
        let top = area.top + 44.0;
        let row = ((area.bottom - 34.0 - top) / others.len() as f64).min(130.0);
        let centre = |index: usize| top + row * (index as f64 + 0.5);
        for (index, strategy) in others.iter().enumerate() {
            names.row(canvas, centre(index), strategy, "");
        }
        for (index, panel) in panels.iter().enumerate() {
            let left = names.right + index as f64 * (width + 60.0);
            let room = Area { left, top, right: left + width, bottom: top + row * others.len() as f64 };
            paint(canvas, room, panel, &others, &centre);
        }
    }))
}

fn paint(canvas: &Canvas, room: Area, panel: &Panel, others: &[Strategy], centre: &dyn Fn(usize) -> f64) {
    canvas.text((room.left, room.top - 18.0), panel.title, LABEL.bold());
    let ends = |paired: &Paired| paired.together.unwrap_or((paired.mean, paired.mean));
    let known = || panel.rows.iter().flatten();
    let low = known().map(|it| ends(it).0).fold(0.0, f64::min);
    let high = known().map(|it| ends(it).1).fold(0.0, f64::max);
    let ticks = around_zero(low, high, 4);
    // The value stands at the right, in a column of its own.
    let column = known().map(|it| LABEL.bold().width(&(panel.value)(it.mean))).fold(0.0, f64::max);
    let plot = Area { right: room.right - column - 20.0, ..room };
    let x = Scale::linear((ticks[0], ticks[ticks.len() - 1]), (plot.left + 30.0, plot.right - 20.0));
    for tick in &ticks {
        frame::tick_below(canvas, plot, x.at(*tick), &(panel.tick)(*tick));
    }
    canvas.line(&[(x.at(0.0), plot.top), (x.at(0.0), plot.bottom)], MUTED, 2.5);
    for (index, (strategy, paired)) in others.iter().zip(&panel.rows).enumerate() {
        let y = centre(index);
        let Some(paired) = paired else {
            let text = "too few pulls in a trial";
            frame::on_white(canvas, (plot.left + 40.0, y + 6.0), text, TICK);
            continue;
        };
        let thin = ends(paired);
        let thick = paired.interval.unwrap_or(thin);
        canvas.line(&[(x.at(thin.0), y), (x.at(thin.1), y)], INK, 2.0);
        canvas.line(&[(x.at(thick.0), y), (x.at(thick.1), y)], INK, 7.0);
        canvas.dot((x.at(paired.mean), y), 9.0, colour(strategy));
        let look = Type { anchor: Anchor::End, ..LABEL.bold() };
        let look = if paired.is_significant() == Some(true) { look } else { Type { colour: MUTED, ..look } };
        canvas.text((room.right, y + 7.5), &(panel.value)(paired.mean), look);
    }
}

fn title(base: &Strategy, others: &[Strategy], costs: &[Option<Paired>]) -> String {
    let name = frame::shortened(base.name());
    let sure = |cheaper: bool| -> Vec<&str> {
        let it = others.iter().zip(costs).filter(|(it, paired)| {
            let sure = paired.is_some_and(|paired| paired.is_significant() == Some(true));
            sure && !alike(it.cost(), base.cost()) && (it.cost() < base.cost()) == cheaper
        });
        it.map(|(it, _)| it.name()).collect()
    };
    let (cheaper, dearer) = (sure(true), sure(false));
    let verb = |names: &[&str]| if names.len() == 1 { "is" } else { "are" };
    match (&cheaper[..], &dearer[..]) {
        ([], []) => format!("No strategy’s cost differs from {name}’s by more than chance"),
        ([], dearer) => {
            format!("Nothing is cheaper than {name} beyond chance; {} {} dearer", few(dearer), verb(dearer))
        }
        (cheaper, []) => format!("{} {} cheaper than {name} beyond chance", few(cheaper), verb(cheaper)),
        (cheaper, dearer) => format!(
            "{} {} cheaper than {name} beyond chance, {} {} dearer",
            few(cheaper),
            verb(cheaper),
            few(dearer),
            verb(dearer)
        ),
    }
}

/// Up to three names, else how many.
fn few(names: &[&str]) -> String {
    if names.len() <= 3 {
        let names: Vec<String> = names.iter().map(|name| frame::shortened(name)).collect();
        list(&names)
    } else {
        format!("{} strategies", names.len())
    }
}

fn plus(value: f64, text: String) -> String {
    if value > 0.0 { format!("+{text}") } else { text }
}

fn signed_money(usd: f64) -> String {
    plus(usd, money(usd))
}

fn money_tick_signed(usd: f64) -> String {
    if usd < 0.0 { format!("−{}", money_tick(-usd)) } else { money_tick(usd) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn the_title_tells_what_chance_cannot_explain() {
        let tables = fixture::tables();
        let figure = draw(&Reading::of(&tables)).expect("drawn");
        assert!(figure.title.contains("cheaper than cross-region-pull beyond chance"), "{}", figure.title);
    }

    #[test]
    fn one_trial_and_one_strategy_are_left_out_with_a_reason() {
        let reason = |tables| draw(&Reading::of(&tables)).expect_err("left out").reason;
        assert!(reason(fixture::run(&[("a", "replication"), ("b", "centralized")], 1)).contains("one trial"));
        assert!(reason(fixture::alone()).contains("nothing to compare"));
    }
}
