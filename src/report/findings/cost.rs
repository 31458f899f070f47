//! The verdict: what is cheapest, by how much, and how sure that is.

use crate::report::numbers::{list, money, percent};
use crate::report::reading::{Paired, Reading, Strategy, alike, same};
use crate::study::statistics::warm_up::mser_5;

/// Sentences on cost, the verdict first.
pub fn verdict(reading: &Reading) -> Vec<String> {
    let systems = reading.systems_by_cost();
    let Some(first) = systems.first() else {
        return vec![match reading.bound() {
            Some(bound) => format!(
                "Only the bound was run: whatever the strategy, transfer and storage come to at least {} a month.",
                money(bound.cost())
            ),
            None => "No strategy was run.".to_owned(),
        }];
    };
    let (winners, others) = systems.split_at(systems.iter().take_while(|it| alike(it.cost(), first.cost())).count());
    let mut out = vec![cheapest(winners, others.is_empty())];
    out.extend(serves_every_pull(winners, others));
    if let Some(next) = others.first() {
        out.push(against(reading, first, next));
        let baseline = others.iter().find(|it| it.name() == reading.run().baseline && it.name() != next.name());
        out.extend(baseline.map(|baseline| against(reading, first, baseline)));
    }
    out.extend(bound(reading, first));
    out.extend(other_reading(reading));
    out.extend(in_the_long_run(reading, first));
    out
}

/// Days below which nothing is said of the long run: ten batches.
const LONG: usize = 50;

/// What a month costs once a registry has filled up, where that is not what the period shows.
fn in_the_long_run(reading: &Reading, first: &Strategy) -> Option<String> {
    let daily = reading.daily(first.name(), "cost", |a, b| a + b);
    let days = reading.days();
    if days.len() < LONG {
        return None;
    }
    let costs: Vec<f64> = days.iter().map(|day| daily.get(day).copied().unwrap_or(0.0)).collect();
    let cut = mser_5(&costs)?;
    let all = costs.iter().sum::<f64>() / costs.len() as f64;
    if cut.is_edge {
        let half = costs.len() / 2;
        let later = costs[half..].iter().sum::<f64>() / (costs.len() - half) as f64;
        return (later > 1.1 * all).then(|| {
            format!(
                "The daily cost of {} has not settled within {} days (MSER-5): a later month costs more than this one.",
                first.name(),
                costs.len()
            )
        });
    }
    // A day of the period costs what the month's figure says, whatever the calendar: scale by it.
    let settled = first.cost() * cut.mean / all;
    (cut.warm_up > 0 && (cut.mean / all - 1.0).abs() > 0.05).then(|| {
        format!(
            "The daily cost of {} settles after {} days (MSER-5); from then on a month costs {}.",
            first.name(),
            cut.warm_up,
            money(settled)
        )
    })
}

fn cheapest(winners: &[Strategy], nobody_else: bool) -> String {
    let first = winners[0];
    let cost = format!("{} a month", money(first.cost()));
    let interval = match (first.row.cost_ci_low_usd_month, first.row.cost_ci_high_usd_month) {
        // A cost is never below nothing, however wide its interval.
        (Some(low), Some(high)) if !same(low, high) => format!(" ({})", interval(low.max(0.0), high)),
        _ => String::new(),
    };
    let names: Vec<&str> = winners.iter().map(Strategy::name).collect();
    let but = but_fails(winners);
    match (winners.len(), nobody_else) {
        (1, true) => format!("{} costs {cost}{interval}{but}.", first.name()),
        (1, false) => format!("{} is the cheapest strategy: {cost}{interval}{but}.", first.name()),
        (_, true) => format!("All strategies cost the same, {cost}{interval}: {}{but}.", list(&names)),
        (_, false) => format!("{} cost the same and are the cheapest strategies: {cost}{interval}{but}.", list(&names)),
    }
}

/// A low price is no praise when nodes do not get their images: `, but 12 % of its pulls fail`.
fn but_fails(winners: &[Strategy]) -> String {
    let failing: Vec<String> =
        winners.iter().filter_map(|it| Some(format!("{} under {}", percent(it.failing()?), it.name()))).collect();
    match (winners, &failing[..]) {
        (_, []) => String::new(),
        ([only], _) => format!(", but {} of its pulls fail", percent(only.failing().unwrap_or(0.0))),
        _ => format!(", but pulls fail: {}", list(&failing)),
    }
}

/// The one to choose when pulls fail under all of the cheapest.
fn serves_every_pull(winners: &[Strategy], others: &[Strategy]) -> Option<String> {
    if others.is_empty() || winners.iter().any(|it| it.failing().is_none()) {
        return None;
    }
    if let Some(sound) = others.iter().find(|it| it.failing().is_none()) {
        return Some(format!(
            "The cheapest strategy under which every pull succeeds is {}: {} a month.",
            sound.name(),
            money(sound.cost())
        ));
    }
    let all = winners.iter().chain(others);
    let (least, share) = all.filter_map(|it| Some((it, it.failing()?))).min_by(|a, b| a.1.total_cmp(&b.1))?;
    Some(format!("Pulls fail under every strategy; fewest do under {}, {}.", least.name(), percent(share)))
}

fn interval(low: f64, high: f64) -> String {
    format!("95\u{a0}% interval {} to {}", money(low), money(high))
}

/// How the cheaper one differs from another, and whether that is more than chance.
fn against(reading: &Reading, cheap: &Strategy, other: &Strategy) -> String {
    let is_baseline = other.name() == reading.run().baseline;
    let name = if is_baseline { format!("{}, the baseline", other.name()) } else { other.name().to_owned() };
    let less = money(other.cost() - cheap.cost());
    let share = if other.cost() > 0.0 { percent(1.0 - cheap.cost() / other.cost()) } else { "nothing".to_owned() };
    match reading.paired_cost(other.name(), cheap.name()) {
        Some(paired @ Paired { interval: Some((low, high)), .. }) => {
            if same(low, high) {
                format!("That is {less} a month or {share} less than {name}, in every trial alike.")
            } else if paired.is_significant() == Some(true) {
                format!(
                    "That is {less} a month or {share} less than {name} ({} of the paired difference).",
                    interval(low, high)
                )
            } else if low > 0.0 || high < 0.0 {
                format!(
                    "The difference from {name} ({}), {less} a month ({}), is not significant when all strategies are \
                     compared at once (Bonferroni).",
                    money(other.cost()),
                    interval(low, high)
                )
            } else {
                format!(
                    "The difference from {name} ({}), {less} a month, is not significant: its {} includes zero.",
                    money(other.cost()),
                    interval(low, high)
                )
            }
        }
        _ => format!("That is {less} a month or {share} less than {name}."),
    }
}

fn bound(reading: &Reading, cheapest: &Strategy) -> Option<String> {
    let bound = reading.bound()?;
    let least = money(bound.cost());
    let gap = cheapest.cost() - bound.cost();
    Some(if gap > 0.0 && !alike(cheapest.cost(), bound.cost()) {
        format!(
            "No placement of images could cost less than {least} a month (the clairvoyant bound), so {} of {}’s bill is the \
             most that better rules could save.",
            percent(gap / cheapest.cost()),
            cheapest.name()
        )
    } else if alike(cheapest.cost(), bound.cost()) {
        format!("That is also the clairvoyant bound, {least} a month: better rules could save nothing.")
    } else {
        format!(
            "The clairvoyant bound, {least} a month, does not cover {}: it holds for transfer and storage under equal conditions.",
            cheapest.name()
        )
    })
}

/// Whether the order of strategies depends on how the price of a pull across regions is read.
fn other_reading(reading: &Reading) -> Option<String> {
    let run = reading.run();
    let mut other: Vec<(&str, f64)> = run
        .other_reading
        .iter()
        .filter(|row| reading.strategy(&row.strategy).is_some_and(|it| !it.is_bound()))
        .map(|row| (row.strategy.as_str(), row.cost_usd_month))
        .collect();
    if other.len() < 2 {
        return None;
    }
    other.sort_by(|a, b| a.1.total_cmp(&b.1));
    let systems = reading.systems_by_cost();
    let order: Vec<&str> = other.iter().map(|it| it.0).collect();
    let (this, that) =
        if run.cross_region_pull == "internet" { ("internet", "inter-region") } else { ("inter-region", "internet") };
    let condition =
        format!("if a pull out of another region is billed at the {that} price instead of the {this} price");
    let (name, cost) = other[0];
    // Two that cost alike under either reading do not change places.
    let then = |name: &str| other.iter().find(|it| it.0 == name).map(|it| it.1);
    let overtakes = |cheap: &Strategy, dear: &Strategy| {
        let (Some(cheap_then), Some(dear_then)) = (then(cheap.name()), then(dear.name())) else { return false };
        !alike(cheap.cost(), dear.cost()) && !alike(cheap_then, dear_then) && dear_then < cheap_then
    };
    let turned = systems.iter().enumerate().any(|(at, cheap)| systems[at + 1..].iter().any(|it| overtakes(cheap, it)));
    let first = systems[0].name();
    Some(if !turned {
        format!("The order of the strategies stays the same {condition}.")
    } else if then(first).is_some_and(|own| alike(own, cost)) {
        format!("{first} stays the cheapest {condition}, but the order behind it changes: {}.", order.join(", "))
    } else {
        format!(
            "This depends on how the price list is read: {condition}, {name} is the cheapest at {} a month. The order is then {}.",
            money(cost),
            order.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;
    use crate::study::tables::{OtherReading, SummaryRow, Tables, TrialRow};

    /// Two strategies whose costs by trial are given.
    fn two(a: &[f64], b: &[f64]) -> Tables {
        let mut tables = Tables::default();
        tables.run.baseline = "b".into();
        for (name, costs) in [("a", a), ("b", b)] {
            tables.summary.push(SummaryRow {
                strategy: name.into(),
                kind: "replication".into(),
                trials: costs.len() as u64,
                cost_usd_month: costs.iter().sum::<f64>() / costs.len() as f64,
                ..SummaryRow::default()
            });
            for (index, cost) in costs.iter().enumerate() {
                tables.trials.push(TrialRow {
                    strategy: name.into(),
                    trial: index as u64 + 1,
                    months: 1.0,
                    cost_usd: cost.to_string(),
                    ..TrialRow::default()
                });
            }
        }
        tables
    }

    fn said(tables: &Tables) -> String {
        verdict(&Reading::of(tables)).join(" ")
    }

    #[test]
    fn a_real_difference_is_given_with_its_interval() {
        let text = said(&two(&[10.0, 11.0, 12.0], &[20.0, 21.5, 22.0]));
        assert!(text.starts_with("a is the cheapest strategy: $11.00 a month."), "{text}");
        assert!(
            text.contains("That is $10.17 a month or 48\u{a0}% less than b, the baseline (95\u{a0}% interval"),
            "{text}"
        );
    }

    #[test]
    fn a_difference_within_chance_is_called_so() {
        let text = said(&two(&[10.0, 14.0, 11.0], &[12.0, 11.0, 13.0]));
        assert!(text.contains("is not significant: its 95\u{a0}% interval −$"), "{text}");
    }

    #[test]
    fn equal_costs_have_no_winner() {
        assert!(
            said(&two(&[5.0, 5.0], &[5.0, 5.0])).starts_with("All strategies cost the same, $5.00 a month: a and b.")
        );
        assert!(said(&two(&[5.0, 6.0], &[6.0, 7.0])).contains("in every trial alike"));
    }

    #[test]
    fn a_sure_but_trifling_difference_makes_no_winner() {
        let text = said(&two(&[0.75, 0.76, 0.77], &[0.750_008, 0.760_009, 0.770_008]));
        assert!(text.starts_with("All strategies cost the same, $0.76 a month: a and b."), "{text}");
        assert!(!text.contains("less than"), "{text}");
    }

    #[test]
    fn a_price_with_failed_pulls_is_not_praised_alone() {
        let mut tables = two(&[10.0, 11.0], &[20.0, 21.0]);
        (tables.summary[0].pulls, tables.summary[0].pulls_failed) = (200.0, 24.0);
        let text = said(&tables);
        assert!(
            text.starts_with("a is the cheapest strategy: $10.50 a month, but 12\u{a0}% of its pulls fail."),
            "{text}"
        );
        assert!(text.contains("The cheapest strategy under which every pull succeeds is b: $20.50 a month."), "{text}");
        (tables.summary[1].pulls, tables.summary[1].pulls_failed) = (200.0, 2.0);
        assert!(said(&tables).contains("Pulls fail under every strategy; fewest do under b, 1\u{a0}%."));
    }

    #[test]
    fn the_bound_is_never_the_cheapest() {
        let tables = fixture::tables();
        let text = said(&tables);
        assert!(tables.summary[5].cost_usd_month < tables.summary[2].cost_usd_month);
        assert!(text.starts_with("pull-through-cache is the cheapest strategy"), "{text}");
        assert!(text.contains("the clairvoyant bound"), "{text}");
    }

    /// A scenario of 60 days whose daily cost is given.
    fn by_day(cost: impl Fn(usize) -> f64) -> Tables {
        let mut tables = two(&[60.0, 61.0], &[90.0, 91.0]);
        for day in 0..60 {
            let timeline = crate::study::tables::TimelineRow {
                strategy: "a".into(),
                day: format!("2026-{:02}-{:02}", 1 + day / 30, 1 + day % 30).into(),
                metric: "cost".into(),
                value: cost(day),
                ..Default::default()
            };
            tables.timeline.push(timeline);
        }
        tables
    }

    #[test]
    fn a_cost_that_settles_is_told_for_the_long_run() {
        // 20 days of nothing, then $3 a day: $2 a day on the mean, told as $60.50 a month.
        let text = said(&by_day(|day| if day < 20 { 0.0 } else { 3.0 }));
        assert!(text.contains("settles after 20 days (MSER-5); from then on a month costs $90.75."), "{text}");
        assert!(!said(&by_day(|_| 2.0)).contains("MSER"), "nothing to say of what never changes");
        assert!(said(&by_day(|day| day as f64)).contains("has not settled within 60 days"));
    }

    #[test]
    fn chance_among_many_comparisons_is_no_finding() {
        // Differences of mean 1 and deviation 1.2 in ten trials: beyond chance alone (t = 2.64 > 2.26), but not as one of
        // five comparisons (t(9, 0.995) = 3.25).
        let noise = [1.5, -1.5, 1.2, -1.2, 0.9, -0.9, 0.6, -0.6, 1.7, -1.7];
        let base: Vec<f64> = (0..10).map(|at| 20.0 + f64::from(at)).collect();
        let cheap: Vec<f64> = base.iter().zip(noise).map(|(base, noise)| base - 1.0 + noise).collect();
        let mut tables = two(&cheap, &base);
        assert!(said(&tables).contains("interval of the paired difference") || said(&tables).contains("less than b"));
        for name in ["c", "d", "e", "f"] {
            tables.summary.push(SummaryRow { strategy: name.into(), cost_usd_month: 99.0, ..SummaryRow::default() });
        }
        assert!(
            said(&tables).contains("not significant when all strategies are compared at once"),
            "{}",
            said(&tables)
        );
    }

    #[test]
    fn a_reading_that_turns_the_order_is_reported() {
        let mut tables = two(&[10.0, 10.0], &[12.0, 12.0]);
        tables.run.cross_region_pull = "inter-region".into();
        let reading = |a: f64, b: f64| {
            [("a", a), ("b", b)]
                .map(|(name, cost)| OtherReading { strategy: name.into(), cost_usd_month: cost })
                .to_vec()
        };
        tables.run.other_reading = reading(40.0, 12.0);
        assert!(
            said(&tables).contains(
                "at the internet price instead of the inter-region price, b is the cheapest at $12.00 a month"
            )
        );
        tables.run.other_reading = reading(11.0, 12.0);
        assert!(said(&tables).contains("The order of the strategies stays the same"));
    }
}
