//! `replisim prices`: price books to read, to copy, to compare, and to make of price lists.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use replisim::billing::{self, PriceBook, Quantity};
use replisim::formats::price_list::{self, PriceList};
use replisim::report::lines::whole;
use replisim::scenario::Diagnostics;
use replisim::scenario::tree::Origin;

use super::arguments::{PricesCommand, Shared};
use super::{Exit, Stop, output};

/// Shows a book, or what differs between two.
pub fn run(command: &PricesCommand, shared: &Shared) -> Result<Exit, Stop> {
    match command {
        PricesCommand::Show { book } => {
            output::print(&billing::show(&named_or_newest(book.as_deref())?))?;
        }
        PricesCommand::Import { files, base, out } => import(files, base.as_deref(), out.as_deref(), shared)?,
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

/// Reads price lists and prints a book.
fn import(files: &[PathBuf], base: Option<&str>, out: Option<&Path>, shared: &Shared) -> Result<(), Stop> {
    let base = named_or_newest(base)?;
    let mut lists = Vec::new();
    for file in files {
        lists.push((file.display().to_string(), price_list(file)?));
    }
    // A book of one's own goes by its file's name.
    let name = out.map_or_else(|| base.name.clone(), |out| out.display().to_string());
    let quotes: Vec<_> = lists.iter().map(|(file, list)| list.quotes(file)).collect();
    let book = base.with(&name, &quotes);
    let given: Vec<&str> = quotes.iter().map(|list| list.source.key.as_str()).collect();
    let skipped: Vec<String> = lists.iter().flat_map(|(file, list)| left(file, list)).collect();
    let mut taken = Vec::new();
    for (at, key) in given.iter().enumerate() {
        if !given[..at].contains(key) {
            taken.push(format!("{key}: {}", counted(&book.tally(|source| source.key == *key))));
        }
    }
    let stays = counted(&book.tally(|source| !given.contains(&source.key.as_str())));
    if let Some(out) = out {
        whole(out, book.text().as_bytes()).map_err(|error| Stop::Failed(error.to_string()))?;
    }
    if shared.json {
        let text = out.is_none().then(|| book.text());
        return output::print_json(&serde_json::json!({
            "base": base.name, "out": out, "book": text, "taken": taken, "left": skipped, "stays": stays,
        }));
    }
    if !shared.quiet {
        taken.iter().for_each(|line| output::note(&format!("taken from {line}")));
        skipped.iter().for_each(|line| output::note(&format!("left in {line}")));
        output::note(&format!("stays of {}: {stays}", base.name));
    }
    if out.is_none() { output::print(book.text()) } else { Ok(()) }
}

/// `storage at 33 places, ..`.
fn counted(tally: &[(Quantity, usize)]) -> String {
    let one = |(quantity, places): &(Quantity, usize)| {
        let what = if *quantity == Quantity::InterRegion { "regions or pairs" } else { "places" };
        format!("{} at {places} {}", quantity.words(), if *places == 1 { "place" } else { what })
    };
    if tally.is_empty() { "nothing".to_string() } else { tally.iter().map(one).collect::<Vec<_>>().join(", ") }
}

/// What was left in a list, a line per reason.
fn left(file: &str, list: &PriceList) -> Vec<String> {
    let line = |(why, of): (&price_list::Skip, &price_list::Skipped)| {
        let products = if of.products == 1 { "product" } else { "products" };
        format!("{file}: {} {products} {why}, such as {}", of.products, of.example)
    };
    list.skipped.iter().map(line).collect()
}

/// Reads one list; its size is looked at before it is held in memory.
fn price_list(file: &Path) -> Result<PriceList, Stop> {
    let name = file.display();
    let unreadable = |error: std::io::Error| Stop::Usage(format!("cannot read {name}: {error}"));
    let bytes = fs::metadata(file).map_err(unreadable)?.len();
    if bytes > price_list::LARGEST {
        let most = price_list::LARGEST >> 20;
        let mend = "cut it to the products of one service and region, or take the list of one region";
        return Err(Stop::Usage(format!("{name} has {} MiB; a price list may have {most} MiB: {mend}", bytes >> 20)));
    }
    let text = fs::read_to_string(file).map_err(unreadable)?;
    price_list::read(&text).map_err(|problems| {
        invalid(&name.to_string(), text, problems.into_iter().map(|it| (it.span, it.message, it.label)))
    })
}

/// A book by name, or the newest built-in one.
fn named_or_newest(name: Option<&str>) -> Result<PriceBook, Stop> {
    name.map_or_else(|| Ok(PriceBook::newest()), load)
}

/// A built-in book, a file, or a price list, which is laid over the newest built-in book as in a scenario.
pub(super) fn load(name: &str) -> Result<PriceBook, Stop> {
    if let Some(book) = PriceBook::builtin(name) {
        return Ok(book);
    }
    if price_list::is_list(name) {
        return Ok(PriceBook::newest().with(name, &[price_list(Path::new(name))?.quotes(name)]));
    }
    let text = fs::read_to_string(name).map_err(|error| {
        let names: Vec<&str> = PriceBook::builtin_names().collect();
        Stop::Usage(format!("`{name}` is no built-in price book ({}) and cannot be read: {error}", names.join(", ")))
    })?;
    PriceBook::parse(name, &text)
        .map_err(|problems| invalid(name, text, problems.into_iter().map(|it| (it.span, it.message, it.label))))
}

/// Shows what is wrong in a file.
fn invalid(name: &str, text: String, problems: impl Iterator<Item = (Range<usize>, String, String)>) -> Stop {
    let mut diagnostics = Diagnostics::default();
    let file = diagnostics.add_file(name, text);
    for (span, message, label) in problems {
        diagnostics.error(&Origin { file, span }, message, label);
    }
    output::problems(&diagnostics, false);
    Stop::Invalid
}
