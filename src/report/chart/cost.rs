//! Cost per month by group of line items, one bar per strategy, with its interval.

use super::canvas::{Area, Type};
use super::frame::{self, LABEL, NameColumn, TICK, Words};
use super::palette::{self, INK, WHITE};
use super::scale::{Scale, from_zero};
use super::{Figure, LeftOut};
use crate::report::numbers::{money, money_tick, percent};
use crate::report::reading::{Reading, Strategy, alike};

const GROUPS: [&str; 4] = ["storage", "transfer", "network path", "other"];

fn groups(strategy: &Strategy) -> [f64; 4] {
    let row = strategy.row;
    [row.storage_usd_month, row.transfer_usd_month, row.network_path_usd_month, row.other_usd_month]
}

fn title(reading: &Reading) -> String {
    let systems = reading.systems_by_cost();
    let (Some(first), Some(last)) = (systems.first(), systems.last()) else {
        return match reading.bound() {
            Some(bound) => format!("No strategy can cost less than {} a month", money(bound.cost())),
            None => "Nothing was run".to_owned(),
        };
    };
    let name = frame::shortened(first.name());
    if systems.len() == 1 {
        return format!("{name} costs {} a month", money(first.cost()));
    }
    if alike(first.cost(), last.cost()) {
        return format!("All strategies cost the same: {} a month", money(first.cost()));
    }
    if let Some(share) = first.failing() {
        return format!(
            "{name} is the cheapest at {} a month, but {} of its pulls fail",
            money(first.cost()),
            percent(share)
        );
    }
    // Against the baseline if that is not the winner itself, else against the next one.
    let other = systems.iter().find(|it| it.name() == reading.run().baseline && it.name() != first.name());
    let tied = systems.iter().filter(|it| alike(it.cost(), first.cost())).count();
    let names = match tied {
        1 => name,
        2 => format!("{name} and {}", frame::shortened(systems[1].name())),
        more => format!("{name} and {} more", more - 1),
    };
    let verb = if tied == 1 { "is" } else { "are" };
    let Some(other) = other.filter(|it| !alike(it.cost(), first.cost())).or(systems.get(tied)) else {
        return String::new();
    };
    let paired = reading.paired_cost(other.name(), first.name());
    if paired.and_then(|paired| paired.is_significant()) == Some(false) {
        return format!(
            "{names} cost{} {} a month, {} {}: within chance",
            if tied == 1 { "s" } else { "" },
            money(first.cost()),
            frame::shortened(other.name()),
            money(other.cost())
        );
    }
    let saving = 1.0 - first.cost() / other.cost();
    format!(
        "{names} {verb} the cheapest at {} a month, {} below {}",
        money(first.cost()),
        percent(saving),
        frame::shortened(other.name())
    )
}

/// Draws the chart.
pub fn draw(reading: &Reading) -> Result<Figure, LeftOut> {
    let strategies = reading.by_cost();
    if strategies.is_empty() {
        return Err(LeftOut { name: "cost".into(), reason: "no strategy was run".into() });
    }
    let interval = strategies.iter().any(|it| it.row.cost_ci_low_usd_month.is_some());
    let words = Words {
        name: "cost".into(),
        title: title(reading),
        subtitle: format!(
            "Dollars a month by group of line items; {}{}",
            frame::trials(reading),
            if interval { "; whiskers are the 95 % interval of the total" } else { "" }
        ),
        caption: "Each bar is a month's bill. The bound is not a system: it is what no strategy can undercut in transfer and \
                  storage."
            .into(),
        alt: strategies
            .iter()
            .map(|it| format!("{}: {} a month", it.name(), money(it.cost())))
            .collect::<Vec<_>>()
            .join("; "),
    };
    Ok(frame::figure(reading, words, |canvas, area| {
        let shown: Vec<usize> = (0..4).filter(|group| strategies.iter().any(|it| groups(it)[*group] > 0.0)).collect();
        let keys: Vec<_> = shown.iter().map(|group| (GROUPS[*group], palette::GROUPS[*group])).collect();
        frame::keys(canvas, area, &keys);

        let names = NameColumn::new(area.left, &strategies, 430.0);
        let high = |it: &Strategy| it.row.cost_ci_high_usd_month.unwrap_or(0.0).max(it.cost());
        let ticks = from_zero(strategies.iter().map(high).fold(0.0, f64::max), 6);
        let top = area.top + 46.0;
        let row = ((area.bottom - 34.0 - top) / strategies.len() as f64).min(180.0);
        let bottom = top + row * strategies.len() as f64;
        // Room at the right for a total and its distance from the baseline.
        let plot = Area { left: names.right, top, right: area.right - 190.0, bottom };
        let x = Scale::linear((0.0, ticks[ticks.len() - 1]), (plot.left, plot.right));
        for tick in &ticks {
            frame::tick_below(canvas, plot, x.at(*tick), &money_tick(*tick));
        }
        let half = (row * 0.33).min(46.0);
        for (index, strategy) in strategies.iter().enumerate() {
            let y = plot.top + row * (index as f64 + 0.5);
            let remark = if strategy.is_bound() && row > 50.0 { "lower bound" } else { "" };
            names.row(canvas, y, strategy, remark);
            let (low, high) = match (strategy.row.cost_ci_low_usd_month, strategy.row.cost_ci_high_usd_month) {
                (Some(low), Some(high)) => (low.max(0.0), high),
                _ => (strategy.cost(), strategy.cost()),
            };
            let mut sum = 0.0;
            for group in &shown {
                let value = groups(strategy)[*group];
                let (left, right) = (x.at(sum), x.at(sum + value));
                let bar = Area { left, top: y - half, right, bottom: y + half };
                canvas.rectangle(bar, palette::GROUPS[*group]);
                let text = money(value);
                let colour = if *group == 0 { WHITE } else { INK };
                let look = Type::new(18.0, colour).anchored(super::canvas::Anchor::Middle);
                let (middle, reach) = ((left + right) / 2.0, look.width(&text) / 2.0 + 8.0);
                // The whisker would strike it through.
                let is_struck = x.at(low) < middle + reach && middle - reach < x.at(high);
                if half >= 13.0 && 2.0 * reach < right - left && !is_struck {
                    canvas.text((middle, y + 6.5), &text, look);
                }
                sum += value;
            }
            if x.at(high) - x.at(low) > 1.0 {
                canvas.line(&[(x.at(low), y), (x.at(high), y)], INK, 2.5);
                for end in [low, high] {
                    canvas.line(&[(x.at(end), y - half * 0.42), (x.at(end), y + half * 0.42)], INK, 2.5);
                }
            }
            let end = x.at(high.max(strategy.cost())) + 14.0;
            let look = LABEL.bold();
            let total = money(strategy.cost());
            frame::on_white(canvas, (end, y + 7.5), &total, look);
            let difference = vs_baseline(reading, strategy);
            let room = area.right - end - look.width(&total) - 12.0;
            if TICK.width(&difference) < room {
                frame::on_white(canvas, (end + look.width(&total) + 12.0, y + 7.5), &difference, TICK);
            }
        }
    }))
}

/// `−32 %` against the baseline; nothing for the baseline itself.
fn vs_baseline(reading: &Reading, strategy: &Strategy) -> String {
    match reading.strategy(&reading.run().baseline) {
        Some(baseline) if baseline.name() != strategy.name() && baseline.cost() > 0.0 => {
            let change = strategy.cost() / baseline.cost() - 1.0;
            if alike(strategy.cost(), baseline.cost()) {
                "same".to_owned()
            } else {
                format!("{}{}", if change > 0.0 { "+" } else { "" }, percent(change))
            }
        }
        Some(baseline) if baseline.name() == strategy.name() => "baseline".to_owned(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn the_title_names_the_cheapest_system_and_its_distance_from_the_baseline() {
        let tables = fixture::tables();
        let reading = Reading::of(&tables);
        let (cache, pull) = (&tables.summary[2], &tables.summary[0]);
        let saving = percent(1.0 - cache.cost_usd_month / pull.cost_usd_month);
        assert_eq!(
            title(&reading),
            format!(
                "pull-through-cache is the cheapest at {} a month, {saving} below cross-region-pull",
                money(cache.cost_usd_month)
            )
        );
    }

    #[test]
    fn equal_and_single_costs_are_not_a_contest() {
        assert!(title(&Reading::of(&fixture::nothing())).starts_with("All strategies cost the same: $0"));
        assert!(title(&Reading::of(&fixture::alone())).starts_with("cross-region-pull costs $"));
    }
}
