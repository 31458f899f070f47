//! What a change does, for people and programs: text for a terminal, Markdown for a pull request, JSON.
//!
//! All three say the same; what they say is worked out here once, and only laid out in [`text()`] and [`markdown()`].
//! Amounts of one strategy are printed to the same number of decimals, enough to subtract and add them by hand.

use super::numbers::{bytes, count, fine_duration, grouped, list, money, of, percent};
use crate::study::diff::{
    Alone, Change, Difference, InputChange, Method, ObjectiveChange, StrategyDifference, Verdict,
};

mod markdown;
mod text;

#[cfg(test)]
mod tests;

pub use markdown::markdown;
pub use text::text;

/// The difference as JSON, with a line break at its end. Times that never come are `null`, since JSON has no word for
/// them.
pub fn json(difference: &Difference) -> String {
    // Strings, numbers and lists only: nothing that JSON could refuse.
    let mut text = serde_json::to_string_pretty(difference).unwrap_or_default();
    text.push('\n');
    text
}

/// Changed inputs that are listed; the rest are counted. A changed default may come back at every repository.
const INPUTS: usize = 30;
/// Letters of a value that are shown.
const VALUE: usize = 60;

/// The change in one sentence.
fn sentence(difference: &Difference) -> String {
    if !difference.changed {
        return match difference.inputs.len() {
            0 => "No change.".to_string(),
            _ => format!(
                "No change: the results are the same, though {} in the inputs.",
                of(difference.inputs.len() as f64, "thing differs", "things differ")
            ),
        };
    }
    let systems: Vec<&StrategyDifference> =
        difference.strategies.iter().filter(|it| it.kind != super::reading::BOUND).collect();
    let mut clauses = vec![costs(&systems)];
    for (verdict, words) in [(Verdict::NewlyMissed, "newly missed"), (Verdict::NewlyMet, "newly met")] {
        let judged: Vec<String> = systems
            .iter()
            .flat_map(|it| it.objectives.iter().map(|objective| (it.strategy.as_str(), objective)))
            .filter(|(_, objective)| objective.verdict == verdict && objective.region == super::reading::ALL)
            .map(|(strategy, objective)| format!("{} under {strategy}", objective.objective))
            .collect();
        if !judged.is_empty() {
            let noun = if judged.len() == 1 { "objective is" } else { "objectives are" };
            clauses.push(format!("{} {noun} {words} ({})", judged.len(), few(&judged)));
        }
    }
    for (strategies, words) in [(&difference.added, "new"), (&difference.removed, "gone")] {
        let names: Vec<&str> = strategies.iter().map(|it| it.strategy.as_str()).collect();
        if !names.is_empty() {
            clauses.push(format!("{} {} {words}", few(&names), if names.len() == 1 { "is" } else { "are" }));
        }
    }
    clauses.retain(|clause| !clause.is_empty());
    format!("{}.", clauses.join("; "))
}

/// The first few names, and how many more there are.
fn few<S: AsRef<str>>(names: &[S]) -> String {
    let mut shown: Vec<String> = names.iter().take(3).map(|name| name.as_ref().to_owned()).collect();
    if names.len() > 3 {
        shown.push(format!("{} more", names.len() - 3));
    }
    list(&shown)
}

/// What becomes of costs: the largest change in full, the others counted.
fn costs(systems: &[&StrategyDifference]) -> String {
    let differs = |it: &&&StrategyDifference| it.cost.is_change() && it.cost.significant != Some(false);
    let mut changed: Vec<&StrategyDifference> = systems.iter().filter(differs).copied().collect();
    changed.sort_by(|a, b| size(&b.cost).total_cmp(&size(&a.cost)));
    let unclear = systems.iter().filter(|it| it.cost.is_change() && it.cost.significant == Some(false)).count();
    let same = systems.len() - changed.len() - unclear;
    let mut clauses = Vec::new();
    if let Some(most) = changed.first() {
        let difference = most.cost.difference.unwrap_or(0.0);
        let mut facts: Vec<String> = most.cost.relative.map(signed_percent).into_iter().collect();
        facts.extend(interval(&most.cost, &|value| money(value)).map(|text| format!("95\u{a0}% interval {text}")));
        let facts = if facts.is_empty() { String::new() } else { format!(" ({})", facts.join(", ")) };
        clauses.push(format!(
            "{} costs {} a month {}{facts}",
            most.strategy,
            money(difference.abs()),
            if difference > 0.0 { "more" } else { "less" }
        ));
        for (more, word) in [(true, "more"), (false, "less")] {
            let others = changed[1..].iter().filter(|it| (it.cost.difference > Some(0.0)) == more).count();
            clauses.extend(
                (others > 0)
                    .then(|| format!("{} {word}", of(others as f64, "other strategy costs", "other strategies cost"))),
            );
        }
    }
    if unclear > 0 {
        let text = of(unclear as f64, "strategy’s cost does", "strategies’ costs do");
        clauses.push(format!("{text} not differ significantly"));
    }
    if same > 0 {
        clauses.push(format!("{} the same", of(same as f64, "strategy costs", "strategies cost")));
    }
    clauses.join(", ")
}

fn size(change: &Change) -> f64 {
    change.difference.unwrap_or(0.0).abs()
}

fn signed_percent(share: f64) -> String {
    format!("{}{}", if share > 0.0 { "+" } else { "" }, percent(share))
}

/// The interval of a difference; `None` without one, and where every trial differs by the same.
fn interval(change: &Change, print: &dyn Fn(f64) -> String) -> Option<String> {
    let (low, high) = change.ci_low.zip(change.ci_high)?;
    let (low, high) = (print(low), print(high));
    (low != high).then(|| format!("{low} to {high}"))
}

/// One row of a table of changes.
struct Row {
    name: String,
    cells: [String; 5],
}

/// Heads of the columns behind the name.
const HEADS: [&str; 5] = ["old", "new", "difference", "95 % interval", "change"];

fn row(name: &str, change: &Change, print: &dyn Fn(f64) -> String) -> Row {
    let side = |value: Option<f64>| value.map_or_else(|| "–".to_string(), print);
    let signed = |value: f64| format!("{}{}", if value > 0.0 { "+" } else { "" }, print(value));
    let interval = match (change.ci_low, change.ci_high) {
        (Some(low), Some(high)) if change.difference != Some(0.0) || low != high => {
            interval(change, print).unwrap_or_else(|| "all trials alike".to_string())
        }
        _ => "–".to_string(),
    };
    let last = match change.significant {
        _ if !change.is_change() => "same".to_string(),
        Some(false) => "not significant".to_string(),
        _ => change.relative.map_or_else(|| "–".to_string(), signed_percent),
    };
    let difference = change.difference.map_or_else(|| "–".to_string(), signed);
    Row { name: name.to_string(), cells: [side(change.old), side(change.new), difference, interval, last] }
}

/// Prints dollars of a strategy: cents, or more places where cents would say little.
fn dollars(cost: &Change) -> impl Fn(f64) -> String {
    let largest = cost.old.unwrap_or(0.0).abs().max(cost.new.unwrap_or(0.0).abs());
    let decimals = match largest {
        most if most >= 100.0 => 2,
        most if most >= 1.0 => 4,
        _ => 6,
    };
    move |value: f64| {
        let text = grouped(value.abs(), decimals);
        let is_nothing = !text.bytes().any(|byte| (b'1'..=b'9').contains(&byte));
        format!("{}${text}", if value < 0.0 && !is_nothing { "−" } else { "" })
    }
}

/// A table of changes: its title and rows.
struct Grid {
    title: String,
    rows: Vec<Row>,
}

/// Cost a month of every strategy of both runs.
fn overview(difference: &Difference) -> Grid {
    let row = |it: &StrategyDifference| {
        let mark = if it.kind == super::reading::BOUND { " (bound)" } else { "" };
        row(&format!("{}{mark}", it.strategy), &it.cost, &dollars(&it.cost))
    };
    Grid { title: "Cost a month".into(), rows: difference.strategies.iter().map(row).collect() }
}

/// What stands behind the cost of a strategy, and its times; only what differs, but line items and accounts whole, so that
/// they add up.
fn details(it: &StrategyDifference) -> Vec<Grid> {
    let dollars = dollars(&it.cost);
    let mut grids = Vec::new();
    if it.cost.is_change() || it.line_items.iter().chain(&it.accounts).any(Change::is_change) {
        let by = [("by line item", &it.line_items), ("by account", &it.accounts)];
        // One account alone is the sum over again.
        for (title, changes) in by.into_iter().filter(|(title, changes)| *title != "by account" || changes.len() > 1) {
            let mut rows: Vec<Row> = changes.iter().map(|change| row(&change.name, change, &dollars)).collect();
            rows.push(row("sum", &it.cost, &dollars));
            grids.push(Grid { title: format!("{}: cost a month {title}", it.strategy), rows });
        }
    }
    let figures = it.figures.iter().filter(|change| change.is_change());
    let rows: Vec<Row> = figures.map(|change| row(&words(&change.name), change, &printed(change.unit))).collect();
    if !rows.is_empty() {
        grids.push(Grid { title: format!("{}: times and counts", it.strategy), rows });
    }
    grids
}

/// `pull_p95` as `pull p95`.
fn words(name: &str) -> String {
    name.replace('_', " ")
}

fn printed(unit: &str) -> fn(f64) -> String {
    match unit {
        "s" => fine_duration,
        "bytes" => bytes,
        _ => count,
    }
}

/// Verdicts that differ, a line each.
fn verdicts(difference: &Difference) -> Vec<String> {
    let lines = difference
        .strategies
        .iter()
        .flat_map(|it| it.objectives.iter().map(|objective| verdict(&it.strategy, objective)));
    lines.collect()
}

fn verdict(strategy: &str, objective: &ObjectiveChange) -> String {
    let word = match objective.verdict {
        Verdict::NewlyMet => "newly met",
        Verdict::NewlyMissed => "newly missed",
        Verdict::Added => "new",
        Verdict::Removed => "gone",
        Verdict::Changed => "judged otherwise",
    };
    let place = match objective.region.as_str() {
        super::reading::ALL => String::new(),
        region => format!(" in {region}"),
    };
    let seen = |judged: &crate::study::diff::Judged| {
        let value = |value: f64| super::numbers::with_unit(value, &judged.unit);
        let observed = judged.observed.map_or_else(|| "nothing to measure".to_string(), value);
        let met = match judged.met {
            Some(true) => "met",
            Some(false) => "missed",
            None => "not judged",
        };
        format!("{observed} against {}, {met}", value(judged.target))
    };
    let sides: Vec<String> = [("old", &objective.old), ("new", &objective.new)]
        .into_iter()
        .filter_map(|(side, judged)| Some(format!("{side}: {}", seen(judged.as_ref()?))))
        .collect();
    format!("{word}: {} under {strategy}{place} ({})", objective.objective, sides.join("; "))
}

/// Strategies of one run alone, a line each.
fn alone(difference: &Difference) -> Vec<String> {
    let line = |word: &str, it: &Alone| {
        let time = |name: &str, at: Option<f64>| at.map(|at| format!(", {name} p95 {}", fine_duration(at)));
        let times = [time("pull", it.pull_p95_s), time("lag", it.lag_p95_s)].into_iter().flatten().collect::<String>();
        let missed = if it.missed.is_empty() { String::new() } else { format!(", misses {}", few(&it.missed)) };
        format!("{word}: {} ({}), {} a month{times}{missed}", it.strategy, it.kind, money(it.cost_usd_month))
    };
    let added = difference.added.iter().map(|it| line("new", it));
    added.chain(difference.removed.iter().map(|it| line("gone", it))).collect()
}

/// What went in and differs, a line each.
fn inputs(difference: &Difference) -> Vec<String> {
    let mut lines: Vec<String> = difference.inputs.iter().take(INPUTS).map(input).collect();
    if difference.inputs.len() > INPUTS {
        lines.push(format!("and {} more", difference.inputs.len() - INPUTS));
    }
    lines
}

fn input(change: &InputChange) -> String {
    let is_file = change.kind == "file";
    let shown = |value: &str| {
        let letters = if is_file { 12 } else { VALUE };
        if value.chars().count() <= letters {
            value.to_string()
        } else {
            value.chars().take(letters).chain(['…']).collect()
        }
    };
    let kind = if change.kind == "setting" { String::new() } else { format!("{} ", change.kind) };
    match (&change.old, &change.new) {
        (Some(old), Some(new)) => format!("{kind}{}: {} → {}", change.name, shown(old), shown(new)),
        (None, Some(new)) => format!("{kind}{}: new, {}", change.name, shown(new)),
        (Some(old), None) => format!("{kind}{}: gone, was {}", change.name, shown(old)),
        (None, None) => String::new(),
    }
}

/// What was compared and how.
fn method(difference: &Difference) -> String {
    let Difference { old, new, .. } = difference;
    match difference.method {
        Method::Paired => format!(
            "Old: {}; new: {}; {} of each strategy, seed {}, paired by trial",
            old.scenario,
            new.scenario,
            of(old.trials as f64, "trial", "trials"),
            old.seed
        ),
        Method::Unpaired => format!("Old: {}; new: {}; not paired", old.scenario, new.scenario),
    }
}

/// Names of strategies of both runs in which nothing differs.
fn unchanged(difference: &Difference) -> Vec<&str> {
    difference.strategies.iter().filter(|it| !it.changed).map(|it| it.strategy.as_str()).collect()
}
