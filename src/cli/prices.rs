//! `replisim prices`: price books to read, to copy and to compare.

use replisim::billing::{self, PriceBook};
use replisim::scenario::Diagnostics;
use replisim::scenario::tree::Origin;

use super::arguments::{PricesCommand, Shared};
use super::{Exit, Stop, output};

/// Shows a book, or what differs between two.
pub fn run(command: &PricesCommand, shared: &Shared) -> Result<Exit, Stop> {
    match command {
        PricesCommand::Show { book } => {
            let newest = || PriceBook::builtin_names().max().unwrap_or_default().to_string();
            let book = load(&book.clone().unwrap_or_else(newest))?;
            output::print(&billing::show(&book))?;
        }
        PricesCommand::Diff { old, new } => {
            let changes = billing::diff(&load(old)?, &load(new)?);
            let lines: Vec<String> = changes.iter().map(ToString::to_string).collect();
            if shared.json {
                output::print_json(&serde_json::json!({ "old": old, "new": new, "changes": lines }))?;
            } else if lines.is_empty() {
                output::print(&format!("{old} and {new} have the same prices"))?;
            } else {
                output::print(&lines.join("\n"))?;
            }
        }
    }
    Ok(Exit::Done)
}

/// A built-in book, or a file.
fn load(name: &str) -> Result<PriceBook, Stop> {
    if let Some(book) = PriceBook::builtin(name) {
        return Ok(book);
    }
    let text = std::fs::read_to_string(name).map_err(|error| {
        let names: Vec<&str> = PriceBook::builtin_names().collect();
        Stop::Usage(format!("`{name}` is no built-in price book ({}) and cannot be read: {error}", names.join(", ")))
    })?;
    PriceBook::parse(name, &text).map_err(|problems| {
        let mut diagnostics = Diagnostics::default();
        let file = diagnostics.add_file(name, text);
        for problem in problems {
            diagnostics.error(&Origin { file, span: problem.span }, problem.message, problem.label);
        }
        output::problems(&diagnostics, false);
        Stop::Invalid
    })
}
