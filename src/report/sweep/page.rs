//! `report.md`, and the summary for people on a terminal and for programs.

use std::path::PathBuf;

use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, presets};
use serde_json::json;

use super::view::{Fare, View};
use super::{Finished, RECORD, TABLE, findings};
use crate::report::chart::{Figure, LeftOut};
use crate::report::findings::sentence;
use crate::report::markdown::escape;
use crate::report::numbers::{amount, money, of};
use crate::report::terminal::{WIDTH, flush, paragraph, shortened};
use crate::study::sweep::Method;

/// Letters of a strategy's name there.
const NAME: usize = 30;
/// Points that the report lists; the table has all of them.
const LISTED: usize = 60;

const HEAD: [&str; 5] = ["Strategy", "Among the cheapest at", "$ a month from", "to", "At most above the cheapest"];

fn fare_cells(view: &View, fare: &Fare) -> [String; 5] {
    let wins = if fare.is_bound { "bound".to_owned() } else { format!("{} of {}", fare.leads, view.points.len()) };
    let regret = if fare.is_bound { "–".to_owned() } else { money(fare.regret) };
    [fare.name.to_owned(), wins, money(fare.costs.0), money(fare.costs.1), regret]
}

/// What was run, in one sentence.
fn extent(view: &View) -> String {
    let record = view.record;
    let keys: Vec<String> = record.keys.iter().map(|key| format!("`{}`", key.key)).collect();
    let points = of(record.points as f64, "point", "points");
    let points = match record.shard {
        None => points,
        Some(shard) => format!("{} of {points} (shard {shard})", view.points.len()),
    };
    let how = match record.method {
        Method::Grid => "every combination of the values of",
        Method::LatinHypercube => "a Latin hypercube over",
    };
    let trials = of(view.reading().trials() as f64, "trial", "trials");
    format!("{points}: {how} {}; {trials} of each strategy at each point.", crate::report::numbers::list(&keys))
}

/// The report, for a repository or a pull request.
pub(super) fn markdown(view: &View, chart: &Result<Figure, LeftOut>) -> String {
    let row = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let escaped = |cells: &[String]| row(&cells.iter().map(|cell| escape(cell)).collect::<Vec<_>>());
    let record = view.record;
    let mut out = format!("# Sweep: {}\n\n{}\n\n", escape(&record.title), escape(&verdict(view)));
    for text in findings::more(view) {
        out += &format!("- {}\n", escape(&text));
    }
    out += &format!("\n{}\n\n", extent(view));
    if let Ok(figure) = chart {
        out += &format!("![{}](charts/{}.svg)\n\n{}\n\n", escape(&figure.alt), figure.name, escape(&figure.caption));
    }
    out += "## Strategies over all points\n\n";
    out += &escaped(&HEAD.map(str::to_owned));
    out += "| --- | ---: | ---: | ---: | ---: |\n";
    view.fares().iter().for_each(|fare| out += &escaped(&fare_cells(view, fare)));

    out += "\n## Points\n\nThe cheapest strategy in bold, where it is that beyond chance. Dollars a month.\n\n";
    let fares = view.fares();
    let keys = record.keys.iter().map(|key| key.key.clone());
    let names = fares.iter().map(|fare| fare.name.to_owned());
    out += &escaped(&["Point".to_owned()].into_iter().chain(keys).chain(names).collect::<Vec<_>>());
    out += &format!("|{}{}\n", " --- |".repeat(record.keys.len() + 1), " ---: |".repeat(fares.len()));
    for point in view.points.iter().take(LISTED) {
        let mut cells = vec![point.number().to_string()];
        cells.extend(point.rows[0].values.iter().map(|value| escape(value)));
        cells.extend(fares.iter().map(|fare| match point.row(fare.name) {
            None => String::new(),
            Some(line) if point.winner() == Some(fare.name) => {
                format!("**{}**", escape(&amount(line.summary.cost_usd_month)))
            }
            Some(line) => escape(&amount(line.summary.cost_usd_month)),
        }));
        out += &row(&cells);
    }
    if view.points.len() > LISTED {
        let rest = of((view.points.len() - LISTED) as f64, "more point", "more points");
        out += &format!("\nAnd {rest}: see [`{TABLE}`]({TABLE}).\n");
    }
    if let Err(left_out) = chart {
        out += &format!("\n## Chart left out\n\n{}\n", escape(&sentence(&left_out.reason)));
    }
    out += &format!(
        "\n## To run it again\n\n```sh\n{}\n```\n\nSeed {}, prices {}, replisim {}; hashes of all inputs are in \
         [`{RECORD}`]({RECORD}).\n",
        record.command,
        record.seed,
        escape(&record.price_book),
        record.version
    );
    out
}

fn verdict(view: &View) -> String {
    sentence(&findings::verdict(view))
}

/// The summary: finding, how each strategy fares, files; ends with a line break.
pub fn terminal_summary(finished: &Finished, written: &[PathBuf]) -> String {
    let view = View::of(finished);
    let mut out = String::new();
    paragraph(&mut out, &verdict(&view), "");
    findings::more(&view).iter().for_each(|text| paragraph(&mut out, text, "- "));
    paragraph(&mut out, &extent(&view).replace('`', ""), "");
    let fares = view.fares();
    if !fares.is_empty() {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_width(WIDTH as u16);
        let cells = |texts: [String; 5]| {
            texts.into_iter().enumerate().map(|(index, text)| match index {
                0 => Cell::new(shortened(&text, NAME)),
                _ => Cell::new(text).set_alignment(CellAlignment::Right),
            })
        };
        table.set_header(cells(HEAD.map(str::to_owned)));
        fares.iter().for_each(|fare| {
            table.add_row(cells(fare_cells(&view, fare)));
        });
        out += &format!("\n{}\n", flush(&table));
    }
    if let Some(table) = written.iter().find(|path| path.ends_with(TABLE)) {
        let dir = table.parent().unwrap_or(table);
        let rows = of(finished.rows.len() as f64, "row", "rows");
        out += &format!("\nRead {}. {} has {rows}.\n", dir.join("report.md").display(), table.display());
    }
    out
}

/// The summary as JSON, with a line break at its end. Infinite times are `null`, since JSON has no word for them.
pub fn summary_json(finished: &Finished) -> String {
    let view = View::of(finished);
    let findings: Vec<String> = std::iter::once(verdict(&view)).chain(findings::more(&view)).collect();
    format!("{:#}\n", json!({ "sweep": finished.record, "findings": findings, "rows": finished.rows }))
}
