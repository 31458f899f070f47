//! The answer in sentences.

use super::{interval, quantity};
use crate::report::findings::sentence;
use crate::report::numbers::{self, list};
use crate::study::breakeven::tables::{Breakeven, CheapestRow, ClosedForm, CrossingRow, KeyRecord, PULLS_PER_IMAGE};

/// Sentences about single values of a second key that a report can hold.
const MOST_VALUES: usize = 12;

/// The answer: under the scenario's reading of the pull price first, then under the other one.
pub fn answer(found: &Breakeven) -> Vec<String> {
    let mut readings: Vec<&str> = Vec::new();
    for row in &found.cheapest {
        if !readings.contains(&row.reading.as_str()) {
            readings.push(&row.reading);
        }
    }
    let mut out = Vec::new();
    for (index, reading) in readings.iter().enumerate() {
        let told = under(found, reading);
        let Some((first, more)) = told.split_first() else { continue };
        let condition = match *reading {
            "internet" => "If pulls across regions are priced at internet rates, as the service publishes",
            _ => "If pulls across regions are priced like copies, as bills are said to show",
        };
        let lead = |sentence: &str| format!("{condition}: {}", lower(sentence));
        out.push(if index == 0 { first.clone() } else { lead(first) });
        out.extend(more.iter().cloned());
    }
    out
}

/// What is to be said under a reading at one value of a second key, without naming that value.
pub fn at(found: &Breakeven, reading: &str, value: &str) -> Vec<String> {
    let groups = values_of(found, reading);
    let own = groups.iter().find(|(fixed, _)| *fixed == Some(value));
    own.map_or(Vec::new(), |(fixed, rows)| one(found, reading, *fixed, rows))
}

fn lower(sentence: &str) -> String {
    for word in ["Above ", "Between ", "From ", "With "] {
        if let Some(rest) = sentence.strip_prefix(word) {
            return format!("{}{rest}", word.to_lowercase());
        }
    }
    sentence.to_owned()
}

/// Rows about one value of the second key.
fn values_of<'a>(found: &'a Breakeven, reading: &str) -> Vec<(Option<&'a str>, Vec<&'a CheapestRow>)> {
    let mut groups: Vec<(Option<&str>, Vec<&CheapestRow>)> = Vec::new();
    for row in found.cheapest.iter().filter(|row| row.reading == reading) {
        let value = row.fixed_value.as_deref();
        match groups.iter_mut().find(|(known, _)| *known == value) {
            Some((_, rows)) => rows.push(row),
            None => groups.push((value, vec![row])),
        }
    }
    for (_, rows) in &mut groups {
        rows.sort_by(|a, b| a.number.unwrap_or(0.0).total_cmp(&b.number.unwrap_or(0.0)));
    }
    groups
}

fn under(found: &Breakeven, reading: &str) -> Vec<String> {
    let groups = values_of(found, reading);
    let [(None, rows)] = &groups[..] else {
        let second = found.record.keys.get(1).map_or("", |key| key.key.as_str());
        // Neighbours of which the same is to be said are told together.
        let mut told: Vec<(Vec<&str>, Vec<String>)> = Vec::new();
        for (value, rows) in groups.iter().take(MOST_VALUES) {
            let (value, one) = (value.unwrap_or(""), one(found, reading, *value, rows));
            match told.last_mut() {
                Some((values, same)) if *same == one => values.push(value),
                _ => told.push((vec![value], one)),
            }
        }
        let told = told.into_iter().flat_map(|(values, sentences)| {
            let place = format!("With {second} = {}", list(&values));
            sentences.into_iter().map(move |sentence| format!("{place}: {}", lower(&sentence)))
        });
        return moved(found, reading, &groups).into_iter().chain(told).collect();
    };
    one(found, reading, None, rows)
}

/// How far the first crossing moves with the second key, when it is the same two strategies that cross.
fn moved(found: &Breakeven, reading: &str, groups: &[(Option<&str>, Vec<&CheapestRow>)]) -> Option<String> {
    let (key, second) = (found.record.keys.first()?, found.record.keys.get(1)?);
    let first_change = |(value, rows): &(Option<&str>, Vec<&CheapestRow>)| {
        let ends = rows.windows(2).find(|ends| ends[0].cheapest != ends[1].cheapest)?;
        change(found, reading, *value, (ends[0], ends[1]))
    };
    let (low, high) = (groups.first()?, groups.last()?);
    let ((one, one_pulls), (two, two_pulls)) = (first_change(low)?, first_change(high)?);
    if groups.len() < 2 || (&one.strategy_a, &one.strategy_b) != (&two.strategy_a, &two.strategy_b) {
        return None;
    }
    let (what, one, two) = match (one_pulls, two_pulls) {
        (Some(one), Some(two)) => ("pulls per image".to_owned(), one, two),
        _ => (format!("of {}", key.key), one, two),
    };
    let at = |row: &CrossingRow| {
        quantity(row.crossing.unwrap_or(0.0), if row.key == PULLS_PER_IMAGE { "" } else { &row.unit })
    };
    let (low, high) = (low.0.unwrap_or(""), high.0.unwrap_or(""));
    let who = format!("{} is cheaper than {}", phrase(found, &one.strategy_a), phrase(found, &one.strategy_b));
    let (one, two, second) = (at(one), at(two), &second.key);
    Some(if one == two {
        format!("Above {one} {what}, with {second} = {low} as with {high}, {who}.")
    } else {
        format!("Above {one} {what} with {second} = {low} and above {two} with {second} = {high}, {who}.")
    })
}

/// Where the cheapest strategy changes as the key rises.
fn one(found: &Breakeven, reading: &str, fixed: Option<&str>, rows: &[&CheapestRow]) -> Vec<String> {
    let Some(key) = found.record.keys.first() else { return Vec::new() };
    let mut out: Vec<String> = Vec::new();
    let changes = rows.windows(2).filter(|ends| ends[0].cheapest != ends[1].cheapest);
    let changes: Vec<_> = changes.map(|ends| (ends, change(found, reading, fixed, (ends[0], ends[1])))).collect();
    let known: Vec<Change> = changes.iter().filter_map(|(_, change)| *change).collect();
    for (ends, change) in &changes {
        out.push(match change {
            Some(change) => crossing(found, key, *change, &known),
            None => format!(
                "Between {} and {} of {}, {} takes the place of {} as the cheapest.",
                ends[0].value,
                ends[1].value,
                key.key,
                phrase(found, &ends[1].cheapest),
                phrase(found, &ends[0].cheapest)
            ),
        });
    }
    if let (true, [first, .., last]) = (out.is_empty(), rows) {
        let unsure = rows.iter().filter(|row| row.significant == Some(false)).count();
        if unsure == rows.len() {
            out.push(format!(
                "From {} = {} to {}, {} are too close to call throughout: nothing crosses them.",
                key.key,
                first.value,
                last.value,
                level(found, rows)
            ));
            return out;
        }
        let doubt = match unsure {
            0 => String::new(),
            count => format!(
                "; at {count} of {} its lead is within the noise",
                numbers::of(rows.len() as f64, "value", "values")
            ),
        };
        let costs = first.next.as_ref().map_or(String::new(), |_| doubt);
        out.push(format!(
            "From {} = {} to {}, {} is the cheapest throughout{costs}: nothing crosses it.",
            key.key,
            first.value,
            last.value,
            phrase(found, &first.cheapest)
        ));
    }
    out
}

/// The cheapest and the next of all these rows, if these are the same two strategies everywhere.
fn level(found: &Breakeven, rows: &[&CheapestRow]) -> String {
    let pair = |row: &CheapestRow| {
        let mut names = [Some(row.cheapest.clone()), row.next.clone()];
        names.sort();
        names
    };
    match (rows.first().map(|row| (row, pair(row))), rows.first().and_then(|row| row.next.as_deref())) {
        (Some((first, both)), Some(next)) if rows.iter().all(|row| pair(row) == both) => {
            list(&[phrase(found, &first.cheapest), phrase(found, next)])
        }
        _ => "the two cheapest".to_owned(),
    }
}

/// A crossing's row, and the same in pulls per image.
type Change<'a> = (&'a CrossingRow, Option<&'a CrossingRow>);

/// The row of a change between two values of the grid, and the same in pulls per image.
fn change<'a>(
    found: &'a Breakeven,
    reading: &str,
    fixed: Option<&str>,
    (before, after): (&CheapestRow, &CheapestRow),
) -> Option<Change<'a>> {
    let (low, high) = (before.number?, after.number?);
    let index = found.crossings.iter().position(|row| {
        row.reading == reading
            && row.fixed_value.as_deref() == fixed
            && row.key == before.key
            && (&row.strategy_a, &row.strategy_b) == (&after.cheapest, &before.cheapest)
            && row.crossing.is_some_and(|at| (low..=high).contains(&at))
    })?;
    let pulls = found.crossings.get(index + 1).filter(|row| row.key == PULLS_PER_IMAGE && row.method != "closed-form");
    Some((&found.crossings[index], pulls))
}

/// ` and up to 144h`: the next of all crossings above this one ends what is said of it.
fn until(row: &CrossingRow, all: impl Iterator<Item = Option<f64>>, unit: &str) -> String {
    let above = all.flatten().filter(|at| row.crossing.is_some_and(|own| *at > own));
    above.min_by(f64::total_cmp).map_or(String::new(), |next| format!(" and up to {}", quantity(next, unit)))
}

fn crossing(found: &Breakeven, key: &KeyRecord, (row, pulls): Change, all: &[Change]) -> String {
    let sure = |row: &CrossingRow| interval(row).map_or(String::new(), |it| format!(" (95\u{a0}% interval {it})"));
    let at = |row: &CrossingRow| row.crossing.unwrap_or(0.0);
    if let Some(pulls) = pulls {
        let life = match found.record.retention_days {
            Some(days) => format!(" over its {}", numbers::of(days, "day", "days")),
            None => String::new(),
        };
        return format!(
            "Above {} pulls per image{life}{}{}, {} is cheaper than {} ({} = {}).",
            quantity(at(pulls), ""),
            sure(pulls),
            until(pulls, all.iter().map(|(_, pulls)| (*pulls)?.crossing), ""),
            phrase(found, &pulls.strategy_a),
            phrase(found, &pulls.strategy_b),
            key.key,
            quantity(at(row), &row.unit)
        );
    }
    let whole = if key.is_whole { format!(", that is from {} on", libm::ceil(at(row))) } else { String::new() };
    format!(
        "Above {} = {}{}{whole}{}, {} is cheaper than {}.",
        key.key,
        quantity(at(row), &row.unit),
        sure(row),
        until(row, all.iter().map(|(row, _)| row.crossing), &row.unit),
        phrase(found, &row.strategy_a),
        phrase(found, &row.strategy_b)
    )
}

/// A strategy as a sentence can name it.
fn phrase(found: &Breakeven, name: &str) -> String {
    let record = &found.record;
    let kind = record.strategies.iter().find(|it| it.name == name).map_or("", |it| it.kind.as_str());
    let only = record.strategies.iter().filter(|it| it.kind == kind).count() == 1;
    match kind {
        "replication" if only && record.destinations.len() <= 3 && !record.destinations.is_empty() => {
            format!("replicating to {}", list(&record.destinations))
        }
        "replication" if only => "replicating".into(),
        "cross-region-pull" if only => "pulling across".into(),
        _ => name.to_owned(),
    }
}

/// What a reader must know beside the answer.
pub fn remarks(found: &Breakeven) -> Vec<String> {
    let record = &found.record;
    let mut out = Vec::new();
    if record.by_default {
        out.push(
            "No key was asked for, so demand was varied: run.demand multiplies the nodes of all clusters and their rates \
             of pulls and scale-ups."
                .to_owned(),
        );
    }
    let mut told: Vec<&ClosedForm> = Vec::new();
    for form in &record.closed_form {
        // Once for all values of a second key.
        if told.iter().any(|it| (&it.replicating, &it.reading) == (&form.replicating, &form.reading)) {
            continue;
        }
        told.push(form);
        out.extend(closed(form, told.len() == 1));
    }
    out.extend(record.notes.iter().map(|note| sentence(note)));
    out
}

fn closed(form: &ClosedForm, first: bool) -> Option<String> {
    let values: Vec<String> = form
        .thresholds
        .iter()
        .map(|it| format!("{} in {}", quantity(it.pulls_per_image, ""), it.destination))
        .collect();
    let head = format!("{}, pulls priced {}", form.replicating, form.reading);
    match (form.reasons.is_empty(), values.is_empty()) {
        (true, true) => None,
        (true, false) => {
            Some(format!("The closed form holds ({head}). A copy pays from so many pulls on: {}.", list(&values)))
        }
        (false, true) => first.then(|| format!("The closed form does not hold: {}.", form.reasons.join("; "))),
        (false, false) => Some(format!(
            "The closed form does not say what this run costs: {}. Over a whole life of an image ({head}) a copy pays from \
             so many pulls on: {}.",
            form.reasons.join("; "),
            list(&values)
        )),
    }
}

/// How it was worked out.
pub fn method(found: &Breakeven) -> Vec<String> {
    let record = &found.record;
    let trials = numbers::of(record.trials as f64, "trial", "trials");
    vec![
        format!(
            "{} points were simulated, {trials} each; every strategy sees the same demand in a trial, and costs are \
             compared trial by trial.",
            record.evaluations
        ),
        "A crossing is where the mean of these differences is zero; its interval holds every value at which their 95 % \
         interval (Student-t) does not leave zero out. One interval each, not corrected for their number."
            .to_owned(),
        "Pulls per image are bytes pulled across over bytes copied, so a pull of a whole copied image counts one and a \
         pull of half of its layers half."
            .to_owned(),
    ]
}
