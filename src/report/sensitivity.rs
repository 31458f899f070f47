//! What a study of sensitivity tells: its tables, two charts, a page, and the summary on the terminal.
//!
//! The first sentence answers the question "what must we know better before we decide"; it is the same on the page, on
//! the tornado and on the terminal.

use std::path::{Path, PathBuf};

use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, presets};

use super::chart::{Figure, LeftOut, screening, tornado};
use super::numbers::{self, list, money, money_tick, of};
use super::reading::{Reading, alike};
use super::terminal::{WIDTH, flush, paragraph};
use super::write::{File, WriteError, pictures, replace};
use super::{csv, markdown::escape};
use crate::study::sensitivity::{Bar, EffectRow, End, Record, Sensitivity};
use crate::study::tables::{RunRecord, Tables};

/// Keys that a sentence names; a longer list is cut.
const NAMED: usize = 4;
/// Rows of the table on the terminal.
const ROWS: usize = 12;

/// Renders every file of the study and writes them into `dir`, all or nothing; returns their paths.
///
/// # Errors
/// When something cannot be rendered or written; then `dir` holds what it held before.
pub fn write(dir: &Path, study: &Sensitivity) -> Result<Vec<PathBuf>, WriteError> {
    let failed = |name: &str, reason: String| WriteError::Render { name: name.into(), reason };
    let table = csv::write(&study.effects).map_err(|error| failed("sensitivity.csv", error.to_string()))?;
    let mut record = serde_json::to_vec_pretty(study).map_err(|error| failed("sensitivity.json", error.to_string()))?;
    record.push(b'\n');
    let file = |name: &str, bytes: Vec<u8>| File { name: name.into(), bytes };
    let mut files = vec![file("sensitivity.csv", table), file("sensitivity.json", record)];
    let mut stale: Vec<String> = Vec::new();
    let (figures, left_out) = charts(study);
    files.extend(pictures(&figures)?);
    for chart in &left_out {
        stale.extend(["svg", "png"].map(|ending| format!("charts/{}.{ending}", chart.name)));
    }
    files.push(file("report.md", page(study, &figures, &left_out).into_bytes()));
    replace(dir, &files, &stale, &|from, to| std::fs::rename(from, to))
}

/// The charts that have something to show.
fn charts(study: &Sensitivity) -> (Vec<Figure>, Vec<LeftOut>) {
    let record = &study.record;
    let run = RunRecord {
        title: record.title.clone(),
        price_book: record.price_book.clone(),
        seed: record.seed,
        trials: record.trials,
        version: record.version.clone(),
        ..RunRecord::default()
    };
    let tables = Tables { run, ..Tables::default() };
    let reading = Reading::of(&tables);
    let (mut figures, mut left_out) = (Vec::new(), Vec::new());
    for chart in [tornado::draw(study, &reading), screening::draw(study, &reading)] {
        match chart {
            Ok(figure) => figures.push(figure),
            Err(reason) => left_out.push(reason),
        }
    }
    (figures, left_out)
}

/// Keys that change the decision alone, and those that do only together with others.
fn turning(study: &Sensitivity) -> (Vec<&str>, Vec<&str>) {
    let alone: Vec<&Bar> = study.bars.iter().filter(|bar| bar.turns()).collect();
    let together = study.bars.iter().filter(|bar| !bar.turns() && bar.flips > 0);
    (alone.iter().map(|bar| bar.key.as_str()).collect(), together.map(|bar| bar.key.as_str()).collect())
}

fn some(keys: &[&str]) -> String {
    match keys.len() {
        count if count <= NAMED => list(keys),
        count => format!("{} and {} more", keys[..NAMED].join(", "), count - NAMED),
    }
}

/// What must be known better before one decides, in a sentence.
pub fn answer(study: &Sensitivity) -> String {
    let record = &study.record;
    let (best, second) = (&record.best, &record.second);
    if second.is_empty() {
        return format!("There is nothing to choose: {best} is the only strategy with this figure.");
    }
    if alike(record.value, record.value + record.lead) {
        // A sign that turns within a rounding is no decision.
        let far = |bar: &Bar| bar.low.lead.abs().max(bar.high.lead.abs());
        let widest = study.bars.iter().max_by(|a, b| far(a).total_cmp(&far(b)));
        let most = match widest {
            Some(bar) if !alike(record.value, record.value + far(bar)) => {
                format!("; {} moves them furthest apart, by {}", bar.key, lead_words(far(bar), record))
            }
            Some(_) => ", and no key alone moves them apart".to_owned(),
            None => String::new(),
        };
        return format!("As the scenario is, {best} and {second} are level{most}.");
    }
    match turning(study) {
        (alone, together) if !alone.is_empty() => {
            let rest = match together.len() {
                0 => "nothing else in its plausible range changes it".to_owned(),
                _ => "the others change it only together".to_owned(),
            };
            format!("The choice of {best} over {second} turns on {}; {rest}.", some(&alone))
        }
        (_, together) if !together.is_empty() => format!(
            "No key alone changes the choice of {best} over {second}; together with others, {} can.",
            some(&together)
        ),
        _ => format!(
            "{best} stays {} over the plausible range of {}; nothing must be known better to choose it over {second}.",
            best_words(record),
            match study.bars.len() {
                1 => "the one key".to_owned(),
                count => format!("each of {count} keys"),
            }
        ),
    }
}

/// What the best strategy is, by the figure of the decision.
pub(crate) fn best_words(record: &Record) -> &'static str {
    match record.figure.as_str() {
        "pull_p95" => "fastest by pull p95",
        "lag_p99" => "quickest by lag p99",
        _ => "cheapest",
    }
}

/// A lead in words, signed.
pub(crate) fn lead_words(lead: f64, record: &Record) -> String {
    match record.unit.as_str() {
        "s" if lead < 0.0 => format!("−{}", numbers::duration(-lead)),
        "s" => numbers::duration(lead),
        _ => format!("{} a month", money(lead)),
    }
}

/// A lead on an axis.
pub(crate) fn lead_tick(lead: f64, record: &Record) -> String {
    match record.unit.as_str() {
        "s" => lead_words(lead, record),
        _ if lead < 0.0 => format!("−{}", money_tick(-lead)),
        _ => money_tick(lead),
    }
}

/// Effects on the lead, the largest first.
pub(crate) fn lead_rows(study: &Sensitivity) -> Vec<&EffectRow> {
    let metric = format!("{}_lead", study.record.figure);
    let mut rows: Vec<&EffectRow> = study.effects.iter().filter(|row| row.metric == metric).collect();
    rows.sort_by(|a, b| b.mu_star.total_cmp(&a.mu_star));
    rows
}

/// `1 key that moves it less`: those that a table or a chart has no room for.
pub(crate) fn further_keys(count: usize) -> String {
    let verb = if count == 1 { "moves" } else { "move" };
    format!("{} that {verb} it less", of(count as f64, "key", "keys"))
}

/// How often a key flips the decision.
fn flips(bar: &Bar, record: &Record) -> String {
    format!("{} of {}", bar.flips, record.trajectories)
}

fn sentences(study: &Sensitivity) -> Vec<String> {
    let record = &study.record;
    let mut out = vec![answer(study)];
    if !record.second.is_empty() {
        let value = numbers::with_unit(record.value, &record.unit);
        out.push(match alike(record.value, record.value + record.lead) {
            true => format!("Both stand at {value}; the lead below is that of {}.", record.best),
            false => format!(
                "As the scenario is, {} is the {} ({value}); {} has {} more.",
                record.best,
                best_words(record),
                record.second,
                lead_words(record.lead, record)
            ),
        });
    }
    out
}

/// The page.
fn page(study: &Sensitivity, figures: &[Figure], left_out: &[LeftOut]) -> String {
    let record = &study.record;
    let mut out = String::new();
    let mut paragraphs = sentences(study).into_iter();
    out.push_str(&format!("{}\n\n", paragraphs.next().map(|text| escape(&text)).unwrap_or_default()));
    out.push_str(&format!("# Sensitivity of: {}\n\n", escape(&record.title)));
    for text in paragraphs {
        out.push_str(&format!("{}\n\n", escape(&text)));
    }
    for figure in figures {
        out.push_str(&format!("![{}](charts/{}.svg)\n\n{}\n\n", escape(&figure.alt), figure.name, figure.caption));
    }
    for chart in left_out {
        out.push_str(&format!("There is no chart `{}`: {}.\n\n", chart.name, chart.reason));
    }
    if !study.bars.is_empty() {
        out.push_str("## One key at a time\n\nThe lead with the key at either end of its range and all else as it is; in \
                      bold where another strategy is better, beyond chance and by half a percent or half a cent at least. *Flips*: trajectories in which the choice changes when only this key \
                      moves, wherever the others are.\n\n");
        out.push_str("| key | in force | from | lead there | to | lead there | flips | source of the range |\n");
        out.push_str("|---|---|---|---:|---|---:|---:|---|\n");
        for bar in &study.bars {
            let end = |end: &End| match end.turns {
                true => format!("**{}** ({})", escape(&lead_words(end.lead, record)), escape(&end.best)),
                false => escape(&lead_words(end.lead, record)),
            };
            let in_force = if bar.default.is_empty() { "the scenario's" } else { &bar.default };
            let cells = [
                escape(&bar.key),
                escape(in_force),
                escape(&bar.low.value),
                end(&bar.low),
                escape(&bar.high.value),
                end(&bar.high),
                flips(bar, record),
                escape(&bar.source),
            ];
            out.push_str(&format!("| {} |\n", cells.join(" | ")));
        }
        out.push('\n');
    }
    out.push_str(&format!(
        "## How it was found\n\n{} on seed {} and the same {} at each: the scenario as it is, both ends of each key's range, and \
         {} in which all keys move one after the other (Morris screening; `sensitivity.csv` has the effects). \
         Every other figure of a point: `replisim run {}` with the settings of that point.\n",
        of(record.points as f64, "point was run", "points were run"),
        record.seed,
        of(record.trials as f64, "trial", "trials"),
        of(record.trajectories as f64, "trajectory", "trajectories"),
        record.scenario,
    ));
    out
}

/// The summary on a terminal: the answer, a table of the keys that move the lead most, where the files are.
pub fn summary(study: &Sensitivity, dir: &Path) -> String {
    let record = &study.record;
    let mut out = String::new();
    for text in sentences(study) {
        paragraph(&mut out, &text, "");
    }
    if !study.bars.is_empty() {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_width(WIDTH as u16);
        let right = |text: String| Cell::new(text).set_alignment(CellAlignment::Right);
        let mut head = vec![Cell::new("Key")];
        head.extend(["from", "lead", "to", "lead", "flips"].map(|text| right(text.into())));
        table.set_header(head);
        for bar in study.bars.iter().take(ROWS) {
            let lead = |lead: f64| right(lead_words(lead, record).trim_end_matches(" a month").into());
            let value = |text: &str| right(text.into());
            table.add_row([
                Cell::new(&bar.key),
                value(&bar.low.value),
                lead(bar.low.lead),
                value(&bar.high.value),
                lead(bar.high.lead),
                right(flips(bar, record)),
            ]);
        }
        out.push_str(&format!("\n{}\n", flush(&table)));
        if let rest @ 1.. = study.bars.len().saturating_sub(ROWS) {
            out.push_str(&format!("and {}\n", further_keys(rest)));
        }
    }
    out.push_str(&format!("\nRead {}.\n", dir.join("report.md").display()));
    out
}

#[cfg(test)]
mod tests;
