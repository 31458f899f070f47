//! A book as text that reads as the same book: sources, tiers, allowances, then each price with the places that share it.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::{Entry, Place, PriceBook, Quantity};
use crate::units::{BILL_GB, Price};

/// The text of a book. Writing into a `String` cannot fail.
pub(super) fn text(book: &PriceBook) -> String {
    let mut out = String::from("# A price book; `replisim prices show` explains the format at its head.\n\n");
    let _ = writeln!(out, "title = {}\ndate = {}", quoted(&book.title), quoted(&book.date));
    for source in &book.sources {
        let _ = writeln!(out, "\n[sources.{}]\nname = {}", quoted(&source.key), quoted(&source.name));
        if !source.date.is_empty() {
            let _ = writeln!(out, "date = {}", quoted(&source.date));
        }
        if source.assumption {
            out.push_str("assumption = true\n");
        }
    }
    out.push_str("\n[tiers]\n");
    for (quantity, bounds) in &book.bounds {
        let bounds: Vec<String> = bounds.iter().map(|bound| quoted(&size(*bound))).collect();
        let _ = writeln!(out, "{} = [{}]", quantity.key(), bounds.join(", "));
    }
    out.push_str("\n[free]\n");
    for (what, amount) in [("internet", book.free.internet), ("storage", book.free.storage)] {
        let Some(sources) = book.free_sources.get(what) else { continue };
        let _ = writeln!(out, "{what} = {{ amount = {}, source = {} }}", quoted(&size(amount.0)), keys(book, sources));
    }
    for quantity in Quantity::ALL {
        prices(&mut out, book, quantity);
    }
    out
}

/// Tables of one quantity: one per price and source, with all regions that share them. Transfers by pair go by source
/// region, with all destinations that share a price.
fn prices(out: &mut String, book: &PriceBook, quantity: Quantity) {
    type Shared<'b> = (Vec<Price>, bool, Vec<usize>, Option<&'b str>);
    let mut groups: Vec<(Shared<'_>, Vec<&str>)> = Vec::new();
    let mut known: BTreeMap<Shared<'_>, usize> = BTreeMap::new();
    for ((_, Place { region, to }), Entry { tiers, flat, sources }) in
        book.entries.iter().filter(|((other, _), _)| *other == quantity)
    {
        let from = to.as_ref().map(|_| region.as_str());
        let shared = (tiers.clone(), *flat, sources.clone(), from);
        let index = *known.entry(shared.clone()).or_insert(groups.len());
        if index == groups.len() {
            groups.push((shared, Vec::new()));
        }
        groups[index].1.push(to.as_ref().unwrap_or(region));
    }
    for ((tiers, flat, sources, from), places) in groups {
        let tiers: Vec<String> = tiers.iter().map(|price| quoted(&format!("${price}/{}", quantity.unit()))).collect();
        let price = if flat { tiers.concat() } else { format!("[{}]", tiers.join(", ")) };
        let _ = writeln!(out, "\n[[{}]]\nprice = {price}", quantity.key());
        match from {
            Some(from) => {
                let _ = writeln!(out, "regions = [{}]\nto = {}", quoted(from), list(&places));
            }
            None => {
                let _ = writeln!(out, "regions = {}", list(&places));
            }
        }
        let _ = writeln!(out, "source = {}", keys(book, &sources));
    }
}

fn keys(book: &PriceBook, sources: &[usize]) -> String {
    list(&sources.iter().map(|source| book.sources[*source].key.as_str()).collect::<Vec<_>>())
}

fn list(texts: &[&str]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
    match texts.as_slice() {
        [one] => one.clone(),
        many if many.iter().map(|text| text.len() + 2).sum::<usize>() < 100 => format!("[{}]", many.join(", ")),
        many => {
            let lines: Vec<String> = many.chunks(6).map(|line| format!("    {},\n", line.join(", "))).collect();
            format!("[\n{}]", lines.concat())
        }
    }
}

/// Bytes in the bill's units; bounds and allowances are whole MB.
fn size(bytes: u64) -> String {
    if bytes.is_multiple_of(BILL_GB) {
        format!("{} GB", bytes / BILL_GB)
    } else {
        format!("{} MB", bytes / (BILL_GB >> 10))
    }
}

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}
