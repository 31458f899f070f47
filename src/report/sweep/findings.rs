//! What a sweep says, in sentences.

use super::view::{Point, View};
use crate::report::findings::sentence;
use crate::report::numbers::{self, brief, list, money};
use crate::study::sweep::Method;

/// Clauses on who wins where that a sentence can hold.
const TOLD: usize = 5;

/// The finding for the title of a chart, without a full stop: the chart shows what lies where. `name` shortens the names
/// of strategies, since room is short.
pub fn headline(view: &View, name: &dyn Fn(&str) -> String) -> String {
    told(view, name, view.record.keys.len() == 1)
}

/// The finding, without a full stop: who is cheapest, and where.
pub fn verdict(view: &View) -> String {
    told(view, &str::to_owned, true)
}

/// The finding with names said so; `places` = also who leads where.
fn told(view: &View, name: &dyn Fn(&str) -> String, places: bool) -> String {
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
        [] => {
            let mut leading: Vec<_> = systems.iter().filter(|fare| fare.leads > 0).collect();
            leading.sort_by_key(|fare| std::cmp::Reverse(fare.leads));
            let (always, now_and_then): (Vec<_>, Vec<_>) = leading.into_iter().partition(|fare| fare.leads == count);
            let names: Vec<String> = always.iter().map(|fare| name(fare.name)).collect();
            let verb = if names.len() == 1 { "is" } else { "are" };
            let mut clauses = Vec::new();
            if !names.is_empty() {
                clauses.push(format!("{} {verb} among the cheapest at {everywhere}", list(&names)));
            }
            clauses.extend(now_and_then.iter().take(TOLD).map(|fare| {
                let place = whereabouts(view, &|point| point.leaders.contains(&fare.name)).filter(|_| places);
                let place = place.map_or(String::new(), |place| format!(" ({place})"));
                format!("{} at {}{place}", name(fare.name), fare.leads)
            }));
            match names.is_empty() {
                true => format!("Nobody leads beyond chance; among the cheapest of {over} are {}", clauses.join(", ")),
                false => format!("Nobody leads beyond chance: {}", clauses.join(", ")),
            }
        }
        [only] if even == 0 => {
            format!("{} is the cheapest at {everywhere}, at {} a month", name(only.name), range(cheapest_costs(view)))
        }
        _ => places.then(|| by_one_key(view, name)).flatten().unwrap_or_else(|| {
            let shares = winners.iter().enumerate().map(|(index, fare)| {
                let of = if index == 0 { format!(" of {over}") } else { String::new() };
                let verb = if index == 0 { " is the cheapest" } else { "" };
                let place = if places && index < TOLD {
                    whereabouts(view, &|point| point.winner() == Some(fare.name))
                } else {
                    None
                };
                let place = place.map_or(String::new(), |place| format!(" ({place})"));
                format!("{}{verb} at {}{of}{place}", name(fare.name), fare.wins)
            });
            let shares = shares.collect::<Vec<_>>().join(", ");
            if even == 0 { shares } else { format!("{shares}; at {even} the cheapest are too close to call") }
        }),
    }
}

/// The values of a key in its order, each with the points that have it.
fn values<'a, 'v>(view: &'v View<'a>, key: usize) -> Vec<(&'v str, Vec<&'v Point<'a>>)> {
    let mut values: Vec<(&str, Vec<&Point>)> = Vec::new();
    for point in view.by_key(key) {
        let value = point.rows[0].values[key].as_str();
        match values.iter_mut().find(|(known, _)| *known == value) {
            Some((_, points)) => points.push(point),
            None => values.push((value, vec![point])),
        }
    }
    values
}

/// `from 2/day to 10/day`, `at 2/day` or `at inter-region and internet`: neighbouring values of a key.
fn reach(view: &View, key: usize, values: &[&str]) -> String {
    match values {
        [only] => format!("at {}", brief(only)),
        [first, .., last] if view.record.keys[key].unit.is_some() => {
            format!("from {} to {}", brief(first), brief(last))
        }
        words => format!("at {}", list(words)),
    }
}

/// Who is cheapest along a key that alone decides it, if that can be told in one sentence; of several such keys the one
/// along which it changes least often.
fn by_one_key(view: &View, name: &dyn Fn(&str) -> String) -> Option<String> {
    type Runs<'a> = Vec<(Option<&'a str>, Vec<&'a str>)>;
    let runs = |key: usize| -> Option<Runs<'_>> {
        let mut runs: Runs = Vec::new();
        for (value, points) in values(view, key) {
            let winner = points[0].winner();
            if points.iter().any(|point| point.winner() != winner) {
                return None;
            }
            match runs.last_mut() {
                Some((known, values)) if *known == winner => values.push(value),
                _ => runs.push((winner, vec![value])),
            }
        }
        (runs.len() <= TOLD).then_some(runs)
    };
    let keys = 0..view.record.keys.len();
    let (key, runs) = keys.filter_map(|key| Some((key, runs(key)?))).min_by_key(|(_, runs)| runs.len())?;
    let won: Vec<_> = runs.iter().filter_map(|(winner, values)| Some(((*winner)?, reach(view, key, values)))).collect();
    let told = won.iter().enumerate().map(|(index, (winner, reach))| {
        let verb = match index {
            0 => format!(" is the cheapest with {}", short(&view.record.keys[key].key)),
            _ => String::new(),
        };
        format!("{}{verb} {reach}", name(winner))
    });
    let told = told.collect::<Vec<_>>().join(", ");
    let even: Vec<String> =
        runs.iter().filter(|(winner, _)| winner.is_none()).map(|(_, values)| reach(view, key, values)).collect();
    let even = match even.is_empty() {
        true => String::new(),
        false => format!("; {} the cheapest are too close to call", list(&even)),
    };
    // In a sample no value comes twice, so nothing is known of the other keys.
    let others: Vec<String> = view
        .record
        .keys
        .iter()
        .enumerate()
        .filter(|(index, _)| *index != key)
        .map(|(_, key)| short(&key.key))
        .collect();
    let whatever = match view.record.method {
        Method::Grid if !others.is_empty() => format!("; {} changes nothing about this", list(&others)),
        _ => String::new(),
    };
    Some(format!("{told}{even}{whatever}"))
}

/// The narrowest part of a key's values that holds every point of this kind; `None` where each key's values are needed
/// from end to end.
fn whereabouts(view: &View, is_it: &dyn Fn(&Point) -> bool) -> Option<String> {
    let part = |key: usize| {
        let values = values(view, key);
        let holds = |(_, points): &(&str, Vec<&Point>)| points.iter().any(|point| is_it(point));
        let (first, last) = (values.iter().position(holds)?, values.iter().rposition(holds)?);
        let held: Vec<&str> = values[first..=last].iter().map(|(value, _)| *value).collect();
        let share = held.len() as f64 / values.len() as f64;
        (held.len() < values.len())
            .then(|| (share, format!("{} {}", short(&view.record.keys[key].key), reach(view, key, &held))))
    };
    let parts = (0..view.record.keys.len()).filter_map(part);
    parts.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, told)| told)
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
    values.map(|(key, value)| format!("{} = {}", short(&key.key), brief(value))).collect::<Vec<_>>().join(", ")
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
