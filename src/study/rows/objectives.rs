//! `objectives.csv`: every objective judged for every strategy that it is about.

use super::View;
use crate::study::objectives::{Place, Tally, is_met, target, unit};
use crate::study::tables::ObjectiveRow;

/// Rows by objective, strategy and region, all regions together first.
///
/// A region has a row when there is something to measure in it under some strategy; a strategy under which there is
/// nothing gets empty cells there: not applicable, and not missed.
pub(super) fn rows(view: &View) -> Vec<ObjectiveRow> {
    let scenario = view.scenario;
    let regions = &scenario.model.cloud.regions;
    let mut rows = Vec::new();
    for (index, objective) in scenario.objectives.iter().enumerate() {
        let judged: Vec<_> = view.columns.iter().filter(|column| objective.strategies[column.index]).collect();
        let observe = |place: Place| -> Vec<Option<f64>> {
            judged.iter().map(|column| column.gathered.evidence.observe(scenario, index, place)).collect()
        };
        let mut places = vec![(None, observe(None))];
        places.extend((0..regions.len()).map(|region| (Some(region), observe(Some(region)))));
        places.retain(|(place, observed)| place.is_none() || observed.iter().any(Option::is_some));
        for (position, column) in judged.iter().enumerate() {
            for (place, observed) in &places {
                let observed = observed[position];
                let slot = place.map_or(0, |region| region + 1);
                let tallies = column.gathered.tallies.get(index).and_then(|tallies| tallies.get(slot));
                let probability_met = tallies.and_then(Tally::probability);
                let met = match objective.in_trials {
                    None => observed.map(|observed| is_met(&objective.metric, observed)),
                    Some(wanted) => probability_met.map(|probability| probability >= wanted),
                };
                rows.push(ObjectiveRow {
                    strategy: column.strategy.name.clone(),
                    objective: objective.name.clone(),
                    region: place.map_or("all", |region| &regions[region]).into(),
                    target: target(&objective.metric),
                    observed,
                    unit: unit(&objective.metric).into(),
                    met,
                    probability_met,
                });
            }
        }
    }
    rows
}
