//! What a sweep says, in sentences.

use super::view::{Point, View};
use crate::report::findings::sentence;
use crate::report::numbers::{self, list, money};

/// Runs of points with one winner that a sentence can hold.
const TOLD: usize = 5;

/// The finding, without a full stop. `name` shortens the names of strategies for where room is short.
pub fn verdict(view: &View, name: &dyn Fn(&str) -> String) -> String {
    let systems: Vec<_> = view.fares().into_iter().filter(|fare| !fare.is_bound).collect();
    let count = view.points.len();
    let over = numbers::of(count as f64, "point", "points");
    let everywhere = if count == 1 { "the one point".to_owned() } else { format!("all {over}") };
    match &systems[..] {
        _ if count == 0 => return "This shard has no points".into(),
        [] => return "No strategy was run".into(),
        [only] => return format!("{} costs {} a month over {over}", name(only.name), range(only.costs)),
        _ => {}
    }
    let mut winners: Vec<_> = systems.iter().filter(|fare| fare.wins > 0).collect();
    winners.sort_by_key(|fare| std::cmp::Reverse(fare.wins));
    let even = view.points.iter().filter(|point| !point.is_clear).count();
    let leaders = &view.points[0].leaders;
    if leaders.len() > 1 && view.points.iter().all(|point| point.leaders == *leaders) {
        let names: Vec<String> = leaders.iter().map(|leader| name(leader)).collect();
        let costs = range(cheapest_costs(view));
        return format!("{} are the cheapest at {everywhere}, too close to call, at {costs} a month", list(&names));
    }
    match &winners[..] {
        [] => "No strategy is cheaper than every other beyond chance at any point".into(),
        [only] if even == 0 => {
            format!("{} is the cheapest at {everywhere}, at {} a month", name(only.name), range(cheapest_costs(view)))
        }
        _ => by_value(view, name).unwrap_or_else(|| {
            let shares = winners.iter().enumerate().map(|(index, fare)| {
                let of = if index == 0 { format!(" of {over}") } else { String::new() };
                let verb = if index == 0 { " is the cheapest" } else { "" };
                format!("{}{verb} at {}{of}", name(fare.name), fare.wins)
            });
            let shares = shares.collect::<Vec<_>>().join(", ");
            if even == 0 { shares } else { format!("{shares}; at {even} the cheapest are too close to call") }
        }),
    }
}

/// Who is cheapest along the only key, if that can be told in one sentence.
fn by_value(view: &View, name: &dyn Fn(&str) -> String) -> Option<String> {
    let [key] = &view.record.keys[..] else { return None };
    let mut runs: Vec<(Option<&str>, Vec<&str>)> = Vec::new();
    for point in view.by_first_key() {
        let value = point.rows[0].values[0].as_str();
        match runs.last_mut() {
            Some((winner, values)) if *winner == point.winner() => values.push(value),
            _ => runs.push((point.winner(), vec![value])),
        }
    }
    if runs.len() > TOLD {
        return None;
    }
    let reach = |values: &[&str]| match values {
        [only] => format!("at {only}"),
        [first, .., last] if key.unit.is_some() => format!("from {first} to {last}"),
        words => format!("at {}", list(words)),
    };
    let won: Vec<_> = runs.iter().filter_map(|(winner, values)| Some(((*winner)?, reach(values)))).collect();
    let told = won.iter().enumerate().map(|(index, (winner, reach))| {
        let verb = if index == 0 { format!(" is the cheapest with {}", short(&key.key)) } else { String::new() };
        format!("{}{verb} {reach}", name(winner))
    });
    let even: Vec<String> =
        runs.iter().filter(|(winner, _)| winner.is_none()).map(|(_, values)| reach(values)).collect();
    let told = told.collect::<Vec<_>>().join(", ");
    Some(if even.is_empty() { told } else { format!("{told}; {} the cheapest are too close to call", list(&even)) })
}

/// Sentences behind the first.
pub fn more(view: &View) -> Vec<String> {
    let mut out = Vec::new();
    let fares = view.fares();
    let systems = || fares.iter().filter(|fare| !fare.is_bound);
    let everywhere = systems().filter(|fare| view.points.iter().all(|point| point.row(fare.name).is_some()));
    if systems().count() > 1
        && let Some(steady) = everywhere.min_by(|a, b| a.regret.total_cmp(&b.regret))
        && steady.regret >= 0.005
    {
        let worst = view.points.iter().max_by(|a, b| regret(a, steady.name).total_cmp(&regret(b, steady.name)));
        out.push(format!(
            "If one strategy is to serve all points, {} errs least: it costs at most {} a month more than the cheapest ({}).",
            steady.name,
            money(steady.regret),
            worst.map(|point| words(view, point)).unwrap_or_default()
        ));
    }
    let failing = view.points.iter().filter(|it| it.cheapest.is_some_and(|row| row.summary.pulls_failed > 0.0)).count();
    if failing > 0 {
        let points = numbers::of(failing as f64, "point", "points");
        out.push(format!("At {points} pulls fail under the cheapest strategy: it is cheap for what it does not do."));
    }
    if view.reading().trials() == 1 {
        out.push("There is one trial only, so nothing can be said about chance: no intervals are given.".to_owned());
    }
    out.extend(view.record.notes.iter().map(|note| sentence(note)));
    out
}

fn regret(point: &Point, strategy: &str) -> f64 {
    point.row(strategy).and_then(|row| row.margins.above_cheapest_usd_month).unwrap_or(0.0)
}

/// The settings of a point: `nodes = 5, duration = 30d`.
pub fn words(view: &View, point: &Point) -> String {
    let values = view.record.keys.iter().zip(&point.rows[0].values);
    values.map(|(key, value)| format!("{} = {value}", short(&key.key))).collect::<Vec<_>>().join(", ")
}

fn cheapest_costs(view: &View) -> (f64, f64) {
    let costs = view.points.iter().filter_map(|point| point.cheapest).map(|row| row.summary.cost_usd_month);
    costs.fold((f64::INFINITY, 0.0), |(low, high), cost| (low.min(cost), high.max(cost)))
}

/// `$1.18 to $30`, or `$1.18` when both ends read the same.
pub fn range((low, high): (f64, f64)) -> String {
    let (low, high) = (money(low), money(high));
    if low == high { low } else { format!("{low} to {high}") }
}

/// A key without the parts that only say where it stands, when it is long.
pub fn short(key: &str) -> String {
    const LONG: usize = 32;
    if key.chars().count() <= LONG {
        return key.to_owned();
    }
    // A part in quotes may have dots of its own.
    let mut quote = None;
    let mut dots = Vec::new();
    for (at, letter) in key.char_indices() {
        match (quote, letter) {
            (Some(open), letter) if open == letter => quote = None,
            (None, '"' | '\'') => quote = Some(letter),
            (None, '.') => dots.push(at + 1),
            _ => {}
        }
    }
    dots.iter().map(|at| &key[*at..]).find(|rest| rest.chars().count() <= LONG).unwrap_or(key).to_owned()
}
