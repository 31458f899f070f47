//! `optimize.csv`: what each way costs for each repository and registry, and what was chosen.

use crate::report::write::File;
use crate::scenario::Scenario;
use crate::study::optimize::Optimum;
use crate::study::optimize::cells::Barred;

/// Its name: every recommendation has one.
pub const NAME: &str = "optimize.csv";

/// A row for each repository and registry that is not its home, in that order.
pub fn file(scenario: &Scenario, optimum: &Optimum) -> File {
    let model = &scenario.model;
    let cells = &optimum.cells;
    let mut header: Vec<String> =
        ["repository", "home", "destination", "pulled_there", "pulls"].map(String::from).into();
    header.extend(cells.columns.iter().map(|column| format!("{}_usd_month", column.name())));
    header.extend(["barred", "wanted", "expressible", "cost_usd_month"].map(String::from));
    let mut rows = vec![header];
    for (index, cell) in cells.cells.iter().enumerate() {
        let repository = &model.demand.repositories[cell.repository as usize];
        let (wanted, chosen) = (optimum.wishes.columns[index], optimum.plan.columns[index]);
        let replicated = chosen == 1;
        let name = |column: usize| match cell.runs || column == 1 {
            true => cells.way(column, index, model).to_string(),
            false => "not needed".into(),
        };
        let mut row = vec![
            repository.name.clone(),
            model.cloud.registry_name(repository.home),
            model.cloud.registry_name(cell.destination),
            cell.runs.to_string(),
            (cell.ways[0].counts.pulls as f64 / cells.trials as f64).to_string(),
        ];
        row.extend(cell.ways.iter().map(|way| number(cells.per_month(way.cost.0, scenario))));
        let barred = cells.columns.iter().zip(&cell.ways).filter_map(|(column, way)| {
            let why = match way.barred? {
                Barred::Residency => "residency",
                Barred::Partition => "partition",
                Barred::LosesPulls => "loses pulls",
            };
            Some(format!("{}: {why}", column.name()))
        });
        row.push(barred.collect::<Vec<String>>().join("; "));
        let cost = if cell.runs || replicated { cell.ways[chosen].cost.0 } else { 0 };
        row.extend([name(wanted), name(chosen), number(cells.per_month(cost, scenario))]);
        rows.push(row);
    }
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        // Rows are of one length and go to memory: nothing can fail.
        let _ = writer.write_record(row);
    }
    File { name: NAME.into(), bytes: writer.into_inner().unwrap_or_default() }
}

fn number(value: f64) -> String {
    if value == 0.0 { "0".into() } else { value.to_string() }
}
