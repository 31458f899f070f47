//! What a break-even study leaves behind: tables, two charts, a report and a summary for the terminal.
//!
//! The first sentence is the answer: from where on who is cheaper, with its interval ([`sentences`]). Charts are in
//! [`chart`]; all of it is worked out from the rows and the record of the study.

use std::path::{Path, PathBuf};

use comfy_table::{Cell, CellAlignment, ColumnConstraint, ContentArrangement, Table, presets};
use serde_json::json;

use super::chart::{self, Figure, LeftOut};
use super::markdown::escape;
use super::terminal::{WIDTH, flush, paragraph, shortened};
use super::write::{File, WriteError, pictures, replace};
use super::{csv, numbers};
use crate::study::breakeven::tables::{Breakeven, CrossingRow, PULLS_PER_IMAGE};
use crate::study::tables::{RunRecord, SummaryRow, Tables};

pub mod sentences;

/// Name of the study's record in the result directory.
const RECORD: &str = "breakeven.json";
/// Letters of a strategy's name in the table on the terminal.
const NAME: usize = 20;

/// Writes all files of the study into `dir` and returns their paths, tables first.
///
/// # Errors
/// When something cannot be rendered or written; then `dir` holds what it held before.
pub fn write(dir: &Path, found: &Breakeven) -> Result<Vec<PathBuf>, WriteError> {
    let stale: Vec<String> = [chart::breakeven::NAME, chart::strategy_map::NAME]
        .iter()
        .flat_map(|name| [format!("charts/{name}.svg"), format!("charts/{name}.png")])
        .collect();
    replace(dir, &render(found)?, &stale, &|from, to| std::fs::rename(from, to))
}

/// Every file as bytes.
fn render(found: &Breakeven) -> Result<Vec<File>, WriteError> {
    let failed = |name: &str, reason: String| WriteError::Render { name: name.to_owned(), reason };
    let tables = [
        ("breakeven.csv", csv::write(&found.crossings)),
        ("breakeven-points.csv", csv::write(&found.points)),
        ("breakeven-cheapest.csv", csv::write(&found.cheapest)),
    ];
    let mut files = Vec::new();
    for (name, bytes) in tables {
        let bytes = bytes.map_err(|error| failed(name, error.to_string()))?;
        files.push(File { name: name.to_owned(), bytes });
    }
    let mut record = serde_json::to_vec_pretty(&found.record).map_err(|error| failed(RECORD, error.to_string()))?;
    record.push(b'\n');
    files.push(File { name: RECORD.to_owned(), bytes: record });
    let (figures, left_out) = charts(found);
    files.extend(pictures(&figures)?);
    files.push(File { name: "report.md".into(), bytes: report(found, &figures, &left_out).into_bytes() });
    Ok(files)
}

/// The charts that have something to show.
pub fn charts(found: &Breakeven) -> (Vec<Figure>, Vec<LeftOut>) {
    let tables = scene(found);
    let reading = super::reading::Reading::of(&tables);
    let (mut figures, mut left_out) = (Vec::new(), Vec::new());
    for chart in [chart::breakeven::draw(&reading, found), chart::strategy_map::draw(&reading, found)] {
        match chart {
            Ok(figure) => figures.push(figure),
            Err(reason) => left_out.push(reason),
        }
    }
    (figures, left_out)
}

/// Charts know strategies, title and footer from a run's tables: here are those of the study.
fn scene(found: &Breakeven) -> Tables {
    let record = &found.record;
    let strategy = |name: &str, kind: &str| SummaryRow {
        strategy: name.to_owned(),
        kind: kind.to_owned(),
        trials: record.trials,
        ..SummaryRow::default()
    };
    Tables {
        summary: record.strategies.iter().map(|it| strategy(&it.name, &it.kind)).collect(),
        run: RunRecord {
            title: record.title.clone(),
            version: record.version.clone(),
            seed: record.seed,
            trials: record.trials,
            price_book: record.price_book.clone(),
            notes: record.notes.clone(),
            ..RunRecord::default()
        },
        ..Tables::default()
    }
}

/// A value with its unit, as people read it: three figures.
pub fn quantity(value: f64, unit: &str) -> String {
    let digits = numbers::figures(value);
    match unit.strip_prefix('$') {
        Some(rest) => format!("${digits}{rest}"),
        None if unit.is_empty() || unit.starts_with(['/', '%']) => format!("{digits}{unit}"),
        None => format!("{digits} {unit}"),
    }
}

/// The interval of a row: `5.8 to 6.2`; an end outside the range is told as open.
fn interval(row: &CrossingRow) -> Option<String> {
    let say = |value: f64| quantity(value, if row.key == PULLS_PER_IMAGE { "" } else { &row.unit });
    match (row.ci_low, row.ci_high) {
        (Some(low), Some(high)) if say(low) == say(high) => None,
        (Some(low), Some(high)) => Some(format!("{} to {}", say(low), say(high))),
        (Some(low), None) => Some(format!("{} to beyond the range", say(low))),
        (None, Some(high)) => Some(format!("below the range to {}", say(high))),
        (None, None) => None,
    }
}

/// The summary for a terminal: the answer, a table of crossings, where the files are.
pub fn summary(found: &Breakeven, written: &[PathBuf]) -> String {
    let mut out = String::new();
    sentences::answer(found).iter().for_each(|text| paragraph(&mut out, text, ""));
    let keys: Vec<String> = found.record.keys.iter().map(|key| key.key.clone()).collect();
    if !found.crossings.is_empty() {
        out.push_str(&format!("\nCrossings in {}\n", numbers::list(&keys)));
    }
    let (crossing, apart): (Vec<&CrossingRow>, Vec<&CrossingRow>) =
        found.crossings.iter().partition(|row| row.crossing.is_some());
    if !crossing.is_empty() {
        out.push_str(&format!("{}\n", table(&crossing)));
    }
    if !apart.is_empty() {
        let others = if crossing.is_empty() { "" } else { " other" };
        let pairs = match apart.len() {
            1 => format!("1{others} pair of strategies does"),
            count => format!("{count}{others} pairs of strategies do"),
        };
        paragraph(&mut out, &format!("{pairs} not cross within the range; breakeven.csv has every pair."), "");
    }
    let remarks = sentences::remarks(found);
    if !remarks.is_empty() {
        out.push_str("\nNotes\n");
        remarks.iter().for_each(|text| paragraph(&mut out, text, "- "));
    }
    if let Some(dir) = written.first().and_then(|path| path.parent()) {
        let charts = written.iter().filter(|path| path.extension().is_some_and(|it| it == "svg")).count();
        let charts = numbers::of(charts as f64, "chart", "charts");
        let page = dir.join("report.md");
        out.push_str(&format!("\nRead {}. In {}: 3 tables, {charts}.\n", page.display(), dir.join("").display()));
    }
    out
}

/// The crossings that there are.
fn table(rows: &[&CrossingRow]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_width(WIDTH as u16);
    let right = |text: String| Cell::new(text).set_alignment(CellAlignment::Right);
    let second = rows.iter().any(|row| row.fixed_key.is_some());
    let mut head = vec![Cell::new("Cheaper above"), Cell::new("than")];
    head.extend(second.then(|| Cell::new("at")));
    head.extend([Cell::new("pulls priced"), right("crossing".into()), right("95 % interval".into()), Cell::new("how")]);
    table.set_header(head);
    for row in rows {
        let name = |name: &str| Cell::new(shortened(name, NAME));
        let mut cells = vec![name(&row.strategy_a), name(&row.strategy_b)];
        cells.extend(second.then(|| Cell::new(row.fixed_value.as_deref().map_or("–".into(), numbers::brief))));
        let exact = if row.ci_low.is_some() { "exact" } else { "–" };
        cells.extend([
            Cell::new(&row.reading),
            right(quantity(row.crossing.unwrap_or_default(), &row.unit)),
            right(interval(row).unwrap_or(exact.into())),
            Cell::new(&row.method),
        ]);
        table.add_row(cells);
    }
    // Where room is short, intervals are folded and names are not.
    for column in table.column_iter_mut().take(2) {
        column.set_constraint(ColumnConstraint::ContentWidth);
    }
    flush(&table)
}

/// The summary for programs, with a line break at its end.
pub fn summary_json(found: &Breakeven) -> String {
    let record = &found.record;
    let value = json!({
        "title": record.title,
        "scenario": record.scenario,
        "version": record.version,
        "seed": record.seed,
        "trials": record.trials,
        "keys": record.keys,
        "answer": sentences::answer(found),
        "remarks": sentences::remarks(found),
        "crossings": found.crossings,
        "cheapest": found.cheapest,
    });
    format!("{value:#}\n")
}

/// `report.md`: the answer, the charts, the crossings, how they were found.
fn report(found: &Breakeven, figures: &[Figure], left_out: &[LeftOut]) -> String {
    let record = &found.record;
    let mut out = format!("# Break-even: {}\n\n", escape(&record.title));
    for sentence in sentences::answer(found) {
        out.push_str(&format!("{}\n\n", escape(&sentence)));
    }
    for figure in figures {
        let name = &figure.name;
        out.push_str(&format!("![{}](charts/{name}.svg)\n\n{}\n\n", escape(&figure.alt), escape(&figure.caption)));
    }
    out.push_str("## Crossings\n\n");
    out.push_str("| key | at | pulls priced | cheaper above | than | crossing | 95 % interval | how |\n");
    out.push_str("|---|---|---|---|---|---|---|---|\n");
    for row in &found.crossings {
        let at = match (&row.fixed_key, &row.fixed_value) {
            (Some(key), Some(value)) => format!("{key} = {value}"),
            _ => String::new(),
        };
        let crossing = row.crossing.map_or("none in range".into(), |it| quantity(it, &row.unit));
        let cells = [
            &row.key,
            &at,
            &row.reading,
            &row.strategy_a,
            &row.strategy_b,
            &crossing,
            &interval(row).unwrap_or_default(),
            &row.method,
        ];
        let cells: Vec<String> = cells.iter().map(|cell| escape(cell)).collect();
        out.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    out.push_str("\n## How this was found\n\n");
    for text in sentences::remarks(found).iter().chain(&sentences::method(found)) {
        out.push_str(&format!("- {}\n", escape(text)));
    }
    for chart in left_out {
        out.push_str(&format!("- No chart `{}`: {}\n", chart.name, escape(&chart.reason)));
    }
    if !record.assumptions.is_empty() {
        out.push_str("\n## Assumptions\n\n| key | value | source | meaning |\n|---|---|---|---|\n");
        for it in &record.assumptions {
            let cells = [&it.key, &it.value, &it.source, &it.text].map(|cell| escape(cell));
            out.push_str(&format!("| {} |\n", cells.join(" | ")));
        }
    }
    out.push_str("\n## Again\n\n```sh\n");
    let quoted = |text: &str| format!("'{}'", text.replace('\'', "'\\''"));
    out.push_str(&format!("replisim breakeven {}", quoted(&record.scenario)));
    for set in &record.sets {
        out.push_str(&format!(" --set {}", quoted(set)));
    }
    if !record.by_default {
        for key in &record.keys {
            out.push_str(&format!(" --vary {}", quoted(&format!("{}={}", key.key, key.asked))));
        }
    }
    out.push_str("\n```\n");
    out
}

#[cfg(test)]
mod tests;
