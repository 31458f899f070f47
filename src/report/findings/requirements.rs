//! What was required: objectives met and missed, limits and the day on which they are met.

use std::collections::BTreeMap;

use crate::report::chart::nearness;
use crate::report::numbers::{date, list, percent, with_unit};
use crate::report::reading::{ALL, Reading};
use crate::study::tables::{Limit, ObjectiveRow, ObjectiveText};

/// Sentences on objectives in scenario order, then on limits.
pub fn sentences(reading: &Reading) -> Vec<String> {
    let mut out = Vec::new();
    for objective in &reading.run().objectives {
        out.push(judged(reading, objective));
        if objective.metric == "release_everywhere" {
            out.extend(by_region(reading, objective));
        }
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

/// Regions up to which each is named.
const FEW_REGIONS: usize = 8;

/// The share of releases that arrive in time, region by region: "everywhere" is only as good as the worst of them.
fn by_region(reading: &Reading, objective: &ObjectiveText) -> Vec<String> {
    let mut out = Vec::new();
    for strategy in reading.strategies.iter().filter(|strategy| !strategy.is_bound()) {
        let rows = reading.tables.objectives.iter().filter(|row| row.objective == objective.name && row.region != ALL);
        let mut seen: Vec<(&ObjectiveRow, f64)> =
            rows.filter(|row| row.strategy == strategy.name()).filter_map(|row| Some((row, row.observed?))).collect();
        seen.sort_by(|a, b| a.1.total_cmp(&b.1));
        let told = |it: &(&ObjectiveRow, f64)| format!("{} in {}", with_unit(it.1, &it.0.unit), it.0.region);
        if let (Some(worst), Some(best)) = (seen.first(), seen.last())
            && seen.len() > 1
        {
            let told = if seen.len() > FEW_REGIONS {
                format!("from {} to {}", told(worst), told(best))
            } else {
                list(&seen.iter().map(told).collect::<Vec<_>>())
            };
            out.push(format!("By region, under {}: {told}.", strategy.name()));
        }
    }
    out
}

/// A limit of which less is used than this is far away, and not worth a sentence of its own.
const FAR: f64 = 0.5;

fn limits(reading: &Reading) -> Vec<String> {
    let near = nearness(reading);
    let what = |limit: &Limit| format!("{} of {}", limit.text, with_unit(limit.value, &limit.unit));
    let mut out = Vec::new();
    for limit in &reading.run().limits {
        let own: Vec<_> = near.iter().filter(|it| it.limit == limit).collect();
        let mut by_day: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for it in &own {
            if let Some(day) = it.met_on {
                by_day.entry(day).or_default().push(it.strategy);
            }
        }
        if !by_day.is_empty() {
            let told: Vec<String> =
                by_day.iter().map(|(day, names)| format!("on {} under {}", date(day), list(names))).collect();
            out.push(format!("The {} is first reached {}.", what(limit), told.join(", ")));
        } else if let Some(nearest) = own.first().filter(|it| it.used() >= FAR) {
            out.push(format!(
                "The {} is not reached: at most {} of it is used, under {}.",
                what(limit),
                percent(nearest.used()),
                nearest.strategy
            ));
        }
    }
    if let Some(nearest) = near.iter().find(|it| it.used() < FAR) {
        out.push(if out.is_empty() {
            format!(
                "No limit is near: at most {} of any is used, the {} under {}.",
                percent(nearest.used()),
                what(nearest.limit),
                nearest.strategy
            )
        } else {
            "Every other limit is at least twice the need.".to_owned()
        });
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
    fn limits_that_are_far_away_take_one_sentence() {
        let mut tables = fixture::tables();
        for limit in &mut tables.run.limits {
            limit.value *= 1e6;
        }
        assert!(tables.run.limits.len() > 1);
        let said = limits(&Reading::of(&tables));
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].starts_with("No limit is near: at most "), "{said:?}");
    }

    #[test]
    fn a_release_everywhere_is_told_by_region() {
        let mut tables = fixture::tables();
        let objective = ObjectiveText { name: "out".into(), metric: "release_everywhere".into(), ..Default::default() };
        for (region, observed) in [(ALL, 0.4), ("eu-west-1", 0.9), ("us-east-1", 0.5)] {
            tables.objectives.push(ObjectiveRow {
                strategy: "replication".into(),
                objective: "out".into(),
                region: region.into(),
                observed: Some(observed),
                unit: "share".into(),
                ..Default::default()
            });
        }
        tables.run.objectives = vec![objective];
        let said = sentences(&Reading::of(&tables)).join(" ");
        let told = "By region, under replication: 50\u{a0}% in us-east-1 and 90\u{a0}% in eu-west-1.";
        assert!(said.contains(told), "{said}");
    }

    #[test]
    fn an_objective_with_nothing_to_measure_is_not_missed() {
        let mut tables = fixture::tables();
        tables.objectives.iter_mut().for_each(|row| (row.met, row.observed) = (None, None));
        let text = judged(&Reading::of(&tables), &tables.run.objectives[0]);
        assert!(text.ends_with("there was nothing to measure."), "{text}");
    }
}
