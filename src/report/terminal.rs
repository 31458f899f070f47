//! The summary for people on a terminal, and for programs as JSON.

use std::path::{Path, PathBuf};

use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, presets};
use serde::Serialize;

use super::findings::{self, Findings};
use super::numbers::{count, duration, money, of, percent};
use super::reading::{Reading, Standby, alike};
use crate::study::tables::{ComparisonRow, ObjectiveRow, SummaryRow, Tables};

/// Columns of a terminal that the summary fits into.
pub(super) const WIDTH: usize = 100;
/// Letters of a strategy's name in the table.
const NAME: usize = 28;

/// The summary of a run: verdict, table, objectives, files; ends with a line break.
pub fn terminal_summary(tables: &Tables, written: &[PathBuf]) -> String {
    let reading = Reading::of(tables);
    let found = findings::of(&reading);
    let mut out = String::new();
    for text in &found.verdict {
        paragraph(&mut out, text, "");
    }
    if !reading.strategies.is_empty() {
        out.push('\n');
        out.push_str(&table(&reading));
        out.push('\n');
    }
    for text in &found.impossible {
        paragraph(&mut out, text, "* ");
    }
    if let Some(table) = recovery(&reading) {
        out.push_str(&format!("\nWhen things fail\n{table}\n"));
    }
    found.failures.iter().for_each(|text| paragraph(&mut out, text, "- "));
    for (title, texts) in [("Objectives and limits", &found.requirements), ("Notes", &found.cautions)] {
        if !texts.is_empty() {
            out.push_str(&format!("\n{title}\n"));
            texts.iter().for_each(|text| paragraph(&mut out, text, "- "));
        }
    }
    if let Some(place) = files(written) {
        out.push_str(&format!("\n{place}\n"));
    }
    out
}

fn table(reading: &Reading) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_width(WIDTH as u16);
    let right = |text: String| Cell::new(text).set_alignment(CellAlignment::Right);
    // A column of zeros would only cost room; where pulls fail, that matters more than half of the copies.
    let fails = reading.strategies.iter().any(|strategy| strategy.failing().is_some());
    let last = if fails { ["failed", "lag p95"] } else { ["lag p50", "p95"] };
    let head = [["Strategy", "$ a month"], ["95 % interval", "vs baseline"], ["pull p50", "p95"], last].concat();
    table.set_header(head.iter().enumerate().map(
        |(index, text)| {
            if index == 0 { Cell::new(text) } else { right((*text).to_owned()) }
        },
    ));
    let time = |seconds: Option<f64>| right(seconds.map_or("–".to_owned(), duration));
    let baseline = reading.strategy(&reading.run().baseline);
    for strategy in reading.by_cost() {
        let row = strategy.row;
        let interval = match (row.cost_ci_low_usd_month, row.cost_ci_high_usd_month) {
            (Some(low), Some(high)) => format!("{} to {}", money(low.max(0.0)), money(high)),
            _ => "–".to_owned(),
        };
        let change = match baseline {
            Some(base) if base.name() == strategy.name() => "baseline".to_owned(),
            Some(base) if alike(base.cost(), strategy.cost()) => "same".to_owned(),
            Some(base) if base.cost() > 0.0 => {
                let change = strategy.cost() / base.cost() - 1.0;
                format!("{}{}", if change > 0.0 { "+" } else { "" }, percent(change))
            }
            _ => "–".to_owned(),
        };
        let mark = match strategy {
            bound if bound.is_bound() => " (bound)",
            strategy if reading.is_impossible(&strategy) => " *",
            _ => "",
        };
        let name = shortened(strategy.name(), NAME - mark.len());
        table.add_row([
            Cell::new(format!("{name}{mark}")),
            right(money(strategy.cost())),
            right(interval),
            right(change),
            time(row.pull_p50_s),
            time(row.pull_p95_s),
            if fails { right(strategy.failing().map_or("–".to_owned(), percent)) } else { time(row.lag_p50_s) },
            time(row.lag_p95_s),
        ]);
    }
    flush(&table)
}

/// The lines of a table; the style without borders keeps their padding.
pub(super) fn flush(table: &Table) -> String {
    table.trim_fmt().lines().map(|line| line.strip_prefix(' ').unwrap_or(line)).collect::<Vec<_>>().join("\n")
}

/// How each strategy came through each fault; `None` when nothing struck.
fn recovery(reading: &Reading) -> Option<String> {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_width(WIDTH as u16);
    let right = |text: String| Cell::new(text).set_alignment(CellAlignment::Right);
    let heads = ["half recover in", "at worst", "images missing", "pulls failed"];
    let names = ["Fault", "Strategy"].map(Cell::new).into_iter();
    table.set_header(names.chain(heads.map(|text| right(text.to_owned()))));
    let mut is_empty = true;
    for fault in &reading.run().faults {
        for it in reading.recoveries(fault) {
            is_empty = false;
            let standby = |show: &dyn Fn(Standby) -> String| right(it.standby.map_or("–".to_owned(), show));
            table.add_row([
                Cell::new(shortened(&fault.name, NAME / 2)),
                Cell::new(shortened(it.strategy.name(), NAME)),
                standby(&|standby| duration(standby.median)),
                standby(&|standby| duration(standby.worst)),
                standby(&|standby| standby.missing.to_string()),
                right(count(it.pulls_failed)),
            ]);
        }
    }
    (!is_empty).then(|| flush(&table))
}

pub(super) fn shortened(name: &str, room: usize) -> String {
    if name.chars().count() <= room {
        return name.to_owned();
    }
    name.chars().take(room - 1).chain(['…']).collect()
}

/// Adds a text as lines that fit the terminal: the first behind `hang`, the others indented as far.
pub(super) fn paragraph(out: &mut String, text: &str, hang: &str) {
    let width = hang.chars().count();
    for (index, line) in wrapped(text, WIDTH - width).iter().enumerate() {
        out.push_str(&if index == 0 { hang.to_owned() } else { " ".repeat(width) });
        out.push_str(line);
        out.push('\n');
    }
}

/// Lines of at most `width` letters, broken at spaces.
pub(super) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Where the files are, in one line.
fn files(written: &[PathBuf]) -> Option<String> {
    let page = written.iter().find(|path| path.ends_with("report.html"));
    let ending = |ending: &str| written.iter().filter(|path| path.extension().is_some_and(|it| it == ending)).count();
    let dir = written.iter().find(|path| path.ends_with("summary.csv"))?.parent().unwrap_or(Path::new(""));
    let page = page.map_or(String::new(), |page| format!("Read {}. ", page.display()));
    let tables = of(ending("csv") as f64, "table", "tables");
    let charts = of(ending("svg") as f64, "chart", "charts");
    Some(format!("{page}In {}: {tables}, {charts} (SVG and PNG).", dir.join("").display()))
}

/// The summary as JSON: what `--json` prints.
#[derive(Serialize)]
struct Summary<'a> {
    title: &'a str,
    scenario: &'a str,
    version: &'a str,
    seed: u64,
    trials: u64,
    baseline: &'a str,
    price_book: &'a str,
    cross_region_pull: &'a str,
    findings: Sentences<'a>,
    strategies: &'a [SummaryRow],
    comparison: &'a [ComparisonRow],
    objectives: &'a [ObjectiveRow],
}

#[derive(Serialize)]
struct Sentences<'a> {
    verdict: &'a [String],
    times: &'a [String],
    recovery: &'a [String],
    failures: &'a [String],
    requirements: &'a [String],
    impossible: &'a [String],
    cautions: &'a [String],
}

/// The summary of a run as JSON, with a line break at its end. Infinite times are `null`, since JSON has no word for them.
pub fn summary_json(tables: &Tables) -> String {
    let reading = Reading::of(tables);
    let found = findings::of(&reading);
    let Findings { verdict, times, recovery, failures, requirements, impossible, cautions } = &found;
    let run = reading.run();
    let summary = Summary {
        title: &run.title,
        scenario: &run.scenario,
        version: &run.version,
        seed: run.seed,
        trials: reading.trials(),
        baseline: &run.baseline,
        price_book: &run.price_book,
        cross_region_pull: &run.cross_region_pull,
        findings: Sentences { verdict, times, recovery, failures, requirements, impossible, cautions },
        strategies: &tables.summary,
        comparison: &tables.comparison,
        objectives: &tables.objectives,
    };
    // Strings, numbers and lists only: nothing that JSON could refuse.
    let mut text = serde_json::to_string_pretty(&summary).unwrap_or_default();
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn the_summary_fits_a_hundred_columns() {
        for tables in [fixture::tables(), fixture::crowd(), fixture::alone(), fixture::nothing(), Tables::default()] {
            let text = terminal_summary(&tables, &[]);
            for line in text.lines() {
                assert!(line.chars().count() <= WIDTH, "{} columns: {line}", line.chars().count());
            }
        }
    }

    #[test]
    fn pulls_that_fail_get_a_column() {
        let mut tables = fixture::alone();
        assert!(!terminal_summary(&tables, &[]).contains("failed  lag p95"));
        (tables.summary[0].pulls, tables.summary[0].pulls_failed) = (200.0, 24.0);
        let text = terminal_summary(&tables, &[]);
        assert!(text.contains("failed  lag p95\n") && text.contains("   12\u{a0}%  "), "{text}");
    }

    #[test]
    fn faults_get_a_table_of_who_recovers() {
        let tables = fixture::tables();
        let text = terminal_summary(&tables, &[]);
        let part = text.split_once("When things fail\n").expect("a part of its own").1;
        let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        let lines: Vec<String> = part.lines().take(6).map(words).collect();
        assert_eq!(lines[0], "Fault Strategy half recover in at worst images missing pulls failed");
        assert_eq!(lines[1], "use1-down cross-region-pull never never 25 2,403");
        assert_eq!(lines[2], "use1-down replication 52 min 54 min 0 0");
        assert!(part.contains("- Under replication, 14 copies a trial into bu-03/sa-east-1 fail:"), "{part}");
        assert!(!terminal_summary(&fixture::nothing(), &[]).contains("When things fail"));
    }

    #[test]
    fn what_is_not_possible_today_is_marked_in_the_table() {
        let mut tables = fixture::tables();
        tables.run.notes.push("not possible today: `replication` filters by tag".into());
        let text = terminal_summary(&tables, &[]);
        assert!(text.contains("\nreplication *  "), "{text}");
        assert!(text.contains("\n* Not possible today: `replication` filters by tag.\n"), "{text}");
    }

    #[test]
    fn each_strategy_has_one_line() {
        let mut tables = fixture::tables();
        tables.run.faults.clear();
        let text = terminal_summary(
            &tables,
            &[PathBuf::from("outputs/shop/summary.csv"), PathBuf::from("outputs/shop/report.html")],
        );
        assert_eq!(text.lines().filter(|line| line.starts_with("scheduled-copy ")).count(), 1, "{text}");
        assert!(text.contains("clairvoyant (bound)"));
        assert!(
            text.ends_with("Read outputs/shop/report.html. In outputs/shop/: 1 table, 0 charts (SVG and PNG).\n"),
            "{text}"
        );
    }

    #[test]
    fn the_json_holds_rows_and_sentences() {
        let tables = fixture::tables();
        let value: serde_json::Value = serde_json::from_str(&summary_json(&tables)).expect("is JSON");
        assert_eq!(value["strategies"].as_array().map(Vec::len), Some(6));
        assert!(value["findings"]["verdict"][0].as_str().is_some_and(|it| it.starts_with("pull-through-cache is")));
    }
}
