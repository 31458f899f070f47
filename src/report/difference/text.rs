//! The difference on a terminal.

use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, presets};

use super::{Grid, HEADS, alone, details, inputs, method, overview, sentence, unchanged, verdicts};
use crate::report::findings;
use crate::report::numbers::list;
use crate::report::terminal::{self, WIDTH, flush, shortened};
use crate::study::diff::Difference;

/// Letters of a name in a table.
const NAME: usize = 28;

/// The difference in text that fits 100 columns, with a line break at its end; one line when nothing changed.
pub fn text(difference: &Difference) -> String {
    let mut out = String::new();
    paragraph(&mut out, &sentence(difference), "");
    if !difference.changed {
        return out;
    }
    paragraph(&mut out, &findings::sentence(&method(difference)), "");
    section(&mut out, "What changed", &inputs(difference));
    let mut grids = vec![overview(difference)];
    grids.extend(difference.strategies.iter().filter(|it| it.changed).flat_map(details));
    for grid in grids.iter().filter(|grid| !grid.rows.is_empty()) {
        out.push_str(&format!("\n{}\n{}\n", grid.title, table(grid)));
    }
    section(&mut out, "Strategies", &alone(difference));
    section(&mut out, "Objectives", &verdicts(difference));
    section(&mut out, "Notes", &difference.notes);
    let same = unchanged(difference);
    if !same.is_empty() {
        out.push('\n');
        paragraph(&mut out, &format!("Unchanged in everything: {}.", list(&same)), "");
    }
    out
}

fn section(out: &mut String, title: &str, lines: &[String]) {
    if !lines.is_empty() {
        out.push_str(&format!("\n{title}\n"));
        lines.iter().for_each(|line| paragraph(out, line, "- "));
    }
}

fn paragraph(out: &mut String, text: &str, hang: &str) {
    // A line break in a name would break the layout.
    let text = text.replace(['\n', '\r'], " ");
    terminal::paragraph(out, &text, hang);
}

fn table(grid: &Grid) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_width(WIDTH as u16);
    let right = |text: &str| Cell::new(text).set_alignment(CellAlignment::Right);
    table.set_header(std::iter::once(Cell::new("")).chain(HEADS.map(right)));
    for row in &grid.rows {
        let name = Cell::new(shortened(&row.name, NAME));
        table.add_row(std::iter::once(name).chain(row.cells.iter().map(|cell| right(cell))));
    }
    flush(&table)
}
