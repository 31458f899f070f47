//! The difference as a comment on a pull request: a sentence, a table, and everything else folded.

use super::{Grid, HEADS, alone, details, inputs, method, overview, sentence, unchanged, verdicts};
use crate::report::findings;
use crate::report::markdown::escape;
use crate::report::numbers::list;
use crate::study::diff::Difference;

/// Letters of a comment; GitHub takes 65,536. Details that do not fit are left out, and that is said.
const MOST: usize = 60_000;

/// The difference in Markdown, with a line break at its end; one sentence when nothing changed.
pub fn markdown(difference: &Difference) -> String {
    if !difference.changed {
        return format!("{}\n", escape(&sentence(difference)));
    }
    let mut out = format!("**{}**\n\n{}", escape(&sentence(difference)), table(&overview(difference)));
    let mut parts = Vec::new();
    let mut section = |title: &str, lines: &[String]| {
        if !lines.is_empty() {
            let lines: String = lines.iter().map(|line| format!("- {}\n", escape(line))).collect();
            parts.push(format!("\n#### {title}\n\n{lines}"));
        }
    };
    section("What changed", &inputs(difference));
    section("Strategies", &alone(difference));
    section("Objectives", &verdicts(difference));
    section("Notes", &difference.notes);
    for grid in difference.strategies.iter().filter(|it| it.changed).flat_map(details) {
        parts.push(format!("\n#### {}\n\n{}", escape(&grid.title), table(&grid)));
    }
    let same = unchanged(difference);
    if !same.is_empty() {
        parts.push(format!("\n{}\n", escape(&format!("Unchanged in everything: {}.", list(&same)))));
    }
    parts.push(format!("\n{}\n", escape(&findings::sentence(&method(difference)))));
    out.push_str("\n<details>\n<summary>What changed, and where the difference comes from</summary>\n");
    let mut left_out = 0;
    for part in parts {
        if out.len() + part.len() > MOST {
            left_out += 1;
        } else {
            out.push_str(&part);
        }
    }
    if left_out > 0 {
        out.push_str("\nThis comment is at its longest: more is in the text and the JSON of the same comparison.\n");
    }
    out.push_str("\n</details>\n");
    out
}

fn table(grid: &Grid) -> String {
    if grid.rows.is_empty() {
        return String::new();
    }
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let heads: Vec<String> = std::iter::once(String::new()).chain(HEADS.map(str::to_string)).collect();
    let rules: Vec<String> = std::iter::once("---".to_string()).chain(HEADS.map(|_| "---:".to_string())).collect();
    let rows = grid.rows.iter().map(|row| {
        let cells: Vec<String> = std::iter::once(&row.name).chain(&row.cells).map(|cell| escape(cell)).collect();
        line(&cells)
    });
    [line(&heads), line(&rules)].into_iter().chain(rows).collect()
}
