//! What was required: objectives met and missed, limits and the day on which they are met.

use std::collections::BTreeMap;

use crate::report::chart::nearness;
use crate::report::numbers::{date, list, percent, with_unit};
use crate::report::reading::{ALL, Reading};
use crate::study::tables::{ObjectiveRow, ObjectiveText};

/// Sentences on objectives in scenario order, then on limits.
pub fn sentences(reading: &Reading) -> Vec<String> {
    let mut out = Vec::new();
    for objective in &reading.run().objectives {
        out.push(judged(reading, objective));
        out.extend(variants(reading, objective));
    }
    out.extend(limits(reading));
    out
}

fn judged(reading: &Reading, objective: &ObjectiveText) -> String {
    let rows: Vec<&ObjectiveRow> = reading
        .tables
        .objectives
        .iter()
        .filter(|row| row.objective == objective.name && row.region == ALL)
        .filter(|row| reading.strategy(&row.strategy).is_none_or(|it| !it.is_bound()))
        .collect();
    let subject = if objective.name == objective.metric {
        format!("Objective “{}”", objective.text)
    } else {
        format!("Objective {} (“{}”)", objective.name, objective.text)
    };
    let with_value = |row: &&ObjectiveRow| match row.observed {
        Some(observed) => format!("{} ({})", row.strategy, with_unit(observed, &row.unit)),
        None => row.strategy.clone(),
    };
    let of = |met: Option<bool>| -> Vec<String> { rows.iter().filter(|row| row.met == met).map(with_value).collect() };
    let (met, missed, idle) = (of(Some(true)), of(Some(false)), of(None));
    let mut parts = Vec::new();
    if !met.is_empty() {
        parts.push(format!("met by {}", list(&met)));
    }
    if !missed.is_empty() {
        parts.push(format!("missed by {}", list(&missed)));
    }
    if met.is_empty() && missed.is_empty() {
        return format!("{subject}: there was nothing to measure.");
    }
    if !idle.is_empty() {
        parts.push(format!("not applicable to {}", list(&idle)));
    }
    format!("{subject}: {}.", parts.join("; "))
}

/// Whether the judgement hangs on the assumed service delay.
fn variants(reading: &Reading, objective: &ObjectiveText) -> Vec<String> {
    let run = reading.run();
    let mut out = Vec::new();
    for strategy in reading.strategies.iter().filter(|strategy| !strategy.is_bound()) {
        let own = run.delay_variants.iter().filter(|variant| variant.strategy == strategy.name());
        let judged: Vec<(&str, Option<f64>, bool)> = own
            .filter_map(|variant| {
                let found = variant.observed.iter().find(|it| it.0 == objective.name)?;
                Some((variant.delay.as_str(), found.1, found.2?))
            })
            .collect();
        if judged.len() < 2 {
            continue;
        }
        let unit = reading
            .tables
            .objectives
            .iter()
            .find(|row| row.objective == objective.name)
            .map_or("", |row| row.unit.as_str());
        let told: Vec<String> = judged
            .iter()
            .map(|(delay, observed, met)| {
                let verb = if *met { "met" } else { "missed" };
                match observed {
                    Some(observed) => format!("{verb} with the {delay} delay ({})", with_unit(*observed, unit)),
                    None => format!("{verb} with the {delay} delay"),
                }
            })
            .collect();
        let depends = judged.iter().any(|it| it.2) && judged.iter().any(|it| !it.2);
        out.push(if depends {
            format!("For {} that hangs on the assumed service delay: {}.", strategy.name(), list(&told))
        } else {
            format!("For {} that holds whatever the service delay: {}.", strategy.name(), list(&told))
        });
    }
    out
}

fn limits(reading: &Reading) -> Vec<String> {
    let near = nearness(reading);
    let mut out = Vec::new();
    for limit in &reading.run().limits {
        let own: Vec<_> = near.iter().filter(|it| it.limit == limit).collect();
        let what = format!("{} of {}", limit.text, with_unit(limit.value, &limit.unit));
        let mut by_day: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for it in &own {
            if let Some(day) = it.met_on {
                by_day.entry(day).or_default().push(it.strategy);
            }
        }
        if !by_day.is_empty() {
            let told: Vec<String> =
                by_day.iter().map(|(day, names)| format!("on {} under {}", date(day), list(names))).collect();
            out.push(format!("The {what} is first reached {}.", told.join(", ")));
        } else if let Some(nearest) = own.first() {
            out.push(format!(
                "The {what} is not reached: at most {} of it is used, under {}.",
                percent(nearest.used()),
                nearest.strategy
            ));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn met_missed_and_idle_are_told_apart() {
        let tables = fixture::tables();
        let text = sentences(&Reading::of(&tables)).join(" ");
        assert!(
            text.contains("Objective fresh (“at least 99 % of copies within 30 s”): missed by replication (62\u{a0}%)"),
            "{text}"
        );
        assert!(text.contains("not applicable to cross-region-pull and centralized"), "{text}");
        assert!(!text.contains("clairvoyant"), "{text}");
    }

    #[test]
    fn a_judgement_that_hangs_on_the_delay_says_so() {
        let tables = fixture::tables();
        let text = sentences(&Reading::of(&tables)).join(" ");
        assert!(text.contains("For replication that hangs on the assumed service delay: missed with the typical delay (91\u{a0}%), met with the fast delay"), "{text}");
    }

    #[test]
    fn an_objective_with_nothing_to_measure_is_not_missed() {
        let mut tables = fixture::tables();
        tables.objectives.iter_mut().for_each(|row| (row.met, row.observed) = (None, None));
        let text = judged(&Reading::of(&tables), &tables.run.objectives[0]);
        assert!(text.ends_with("there was nothing to measure."), "{text}");
    }
}
