//! Price-book text to [`PriceBook`]: every problem collected, each with its place.
//!
//! The text is walked by hand, because derived readers stop at the first problem and a book of someone's own is exactly
//! the kind of file that has several.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{BookProblem, Entry, FreeAllowances, Place, PriceBook, Quantity, Source};
use crate::billing::book::text::{price, size};
use crate::units::{Bytes, Price};

/// Reads a book, or says all that is wrong with it.
pub(super) fn book(name: &str, text: &str) -> Result<PriceBook, Vec<BookProblem>> {
    let table = DeTable::parse(text).map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        vec![BookProblem { span, message: error.message().to_string(), label: String::new() }]
    })?;
    let mut reader = Reader { problems: Vec::new(), sources: BTreeMap::new(), bounds: BTreeMap::new() };
    let book = reader.book(name, text, &table);
    if reader.problems.is_empty() {
        Ok(book)
    } else {
        reader.problems.sort_by_key(|problem| problem.span.start);
        Err(reader.problems)
    }
}

type Value<'t> = Spanned<DeValue<'t>>;

struct Reader {
    problems: Vec<BookProblem>,
    /// Keys of the sources to their indices.
    sources: BTreeMap<String, usize>,
    bounds: BTreeMap<Quantity, Vec<u64>>,
}

impl Reader {
    fn book(&mut self, name: &str, text: &str, table: &Spanned<DeTable<'_>>) -> PriceBook {
        let top = table.get_ref();
        let known = ["title", "date", "sources", "tiers", "free"];
        let keys = known.into_iter().chain(Quantity::ALL.map(Quantity::key));
        self.check_keys(top, &keys.collect::<Vec<_>>(), "a price book");
        // Sources and bounds first: entries refer to them, wherever in the file they stand.
        let sources = self.sources(top.get("sources"));
        self.tiers(top.get("tiers"));
        let (free, free_sources) = self.free(top.get("free"));
        let mut entries = BTreeMap::new();
        for quantity in Quantity::ALL {
            for value in self.list(top.get(quantity.key()), "a list of tables such as [[storage]]") {
                self.entries(quantity, value, &mut entries);
            }
        }
        if entries.is_empty() && self.problems.is_empty() {
            self.report(0..0, "this price book has no price", "start from `replisim prices show`");
        }
        PriceBook {
            name: name.to_string(),
            title: top.get("title").and_then(|value| self.text(value)).unwrap_or_else(|| name.to_string()),
            date: top.get("date").and_then(|value| self.date(value)).unwrap_or_default(),
            sources,
            free,
            bounds: std::mem::take(&mut self.bounds),
            entries,
            free_sources,
            text: text.to_string(),
        }
    }

    fn sources(&mut self, value: Option<&Value<'_>>) -> Vec<Source> {
        let mut sources = Vec::new();
        for (key, value) in self.table(value) {
            let Some(fields) = self.fields(value, &["name", "date", "assumption"], "a source") else { continue };
            let name = self.required(fields, value, "name").and_then(|name| self.text(name));
            let date = fields.get("date").and_then(|date| self.date(date));
            let assumption = match fields.get("assumption").map(|flag| (flag.get_ref(), flag.span())) {
                None => false,
                Some((DeValue::Boolean(flag), _)) => *flag,
                Some((_, span)) => {
                    self.report(span, "`assumption` is true or false", "");
                    false
                }
            };
            self.sources.insert(key.get_ref().to_string(), sources.len());
            sources.push(Source {
                key: key.get_ref().to_string(),
                name: name.unwrap_or_default(),
                date: date.unwrap_or_default(),
                assumption,
            });
        }
        sources
    }

    fn tiers(&mut self, value: Option<&Value<'_>>) {
        for (key, value) in self.table(value) {
            let Some(quantity) = Quantity::ALL.into_iter().find(|quantity| quantity.key() == key.get_ref().as_ref())
            else {
                let label = format!("quantities: {}", Quantity::ALL.map(Quantity::key).join(", "));
                self.report(key.span(), format!("unknown quantity `{}`", key.get_ref()), label);
                continue;
            };
            let mut bounds: Vec<u64> = Vec::new();
            for bound in self.list(Some(value), "a list of sizes such as [\"10240 GB\"]") {
                let Some(Bytes(bytes)) = self.size(bound) else { continue };
                if bounds.last().is_some_and(|last| bytes <= *last) || bytes == 0 {
                    self.report(bound.span(), "bounds of tiers must ascend from above zero", "");
                }
                bounds.push(bytes);
            }
            self.bounds.insert(quantity, bounds);
        }
    }

    /// The allowances, and the sources of each by its key.
    fn free(&mut self, value: Option<&Value<'_>>) -> (FreeAllowances, BTreeMap<String, Vec<usize>>) {
        let mut free = FreeAllowances::default();
        let mut sources = BTreeMap::new();
        for (key, value) in self.table(value) {
            let place = match key.get_ref().as_ref() {
                "internet" => &mut free.internet,
                "storage" => &mut free.storage,
                other => {
                    self.report(key.span(), format!("unknown key `{other}`"), "keys of [free]: internet, storage");
                    continue;
                }
            };
            let Some(fields) = self.fields(value, &["amount", "source"], "a free allowance") else { continue };
            if let Some(bytes) = self.required(fields, value, "amount").and_then(|amount| self.size(amount)) {
                *place = bytes;
            }
            let said = fields.get("source").map(|source| self.source_indices(source)).unwrap_or_default();
            sources.insert(key.get_ref().to_string(), said);
        }
        (free, sources)
    }

    /// One `[[quantity]]` table: the same price at several places.
    fn entries(&mut self, quantity: Quantity, value: &Value<'_>, entries: &mut BTreeMap<(Quantity, Place), Entry>) {
        let pairs = quantity == Quantity::InterRegion;
        let known: &[&str] =
            if pairs { &["price", "regions", "to", "source"] } else { &["price", "regions", "source"] };
        let Some(fields) = self.fields(value, known, quantity.key()) else { return };
        let prices = self.required(fields, value, "price").and_then(|price| self.prices(quantity, price));
        let regions = self.required(fields, value, "regions").map(|regions| self.names(regions)).unwrap_or_default();
        let sources = self.required(fields, value, "source").map(|source| self.source_indices(source));
        let to = fields.get("to").map(|to| self.names(to));
        let (Some((tiers, flat)), Some(sources)) = (prices, sources) else { return };
        for (region, span) in regions {
            let destinations = match &to {
                None => vec![None],
                Some(to) => to.iter().map(|(to, _)| Some(to.clone())).collect(),
            };
            for to in destinations {
                let entry = Entry { tiers: tiers.clone(), flat, sources: sources.clone() };
                let label = to.as_ref().map_or_else(|| region.clone(), |to| format!("{region}>{to}"));
                if entries.insert((quantity, Place { region: region.clone(), to }), entry).is_some() {
                    let message = format!("two prices for `{}` at `{label}`; keep one", quantity.key());
                    self.report(span.clone(), message, "");
                }
            }
        }
    }

    /// The prices of an entry, and whether one price holds at every volume.
    fn prices(&mut self, quantity: Quantity, value: &Value<'_>) -> Option<(Vec<Price>, bool)> {
        let DeValue::Array(items) = value.get_ref() else {
            return self.price(quantity, value).map(|price| (vec![price], true));
        };
        let most = self.bounds.get(&quantity).map_or(1, |bounds| bounds.len() + 1);
        if items.is_empty() || items.len() > most {
            let message = format!("`{}` has {most} tier(s), here are {} prices", quantity.key(), items.len());
            self.report(value.span(), message, "the bounds of tiers are in [tiers]");
        }
        let prices: Vec<_> = items.iter().map(|item| self.price(quantity, item)).collect();
        Some((prices.into_iter().collect::<Option<Vec<_>>>()?, false))
    }

    fn price(&mut self, quantity: Quantity, value: &Value<'_>) -> Option<Price> {
        let text = self.text(value)?;
        match price(&text, quantity.unit()) {
            Ok(price) => Some(price),
            Err(message) => {
                self.report(value.span(), message, "");
                None
            }
        }
    }

    fn size(&mut self, value: &Value<'_>) -> Option<Bytes> {
        let text = self.text(value)?;
        let bytes = size(&text);
        if bytes.is_none() {
            self.report(
                value.span(),
                format!("expected a size such as \"10240 GB\", found \"{text}\""),
                "units: MB, GB",
            );
        }
        bytes
    }

    fn source_indices(&mut self, value: &Value<'_>) -> Vec<usize> {
        let mut indices = Vec::new();
        for (key, span) in self.names(value) {
            match self.sources.get(&key) {
                Some(index) => indices.push(*index),
                None => self.report(span, format!("no source `{key}`; add [sources.{key}]"), ""),
            }
        }
        indices
    }

    /// A text, or a list of texts.
    fn names(&mut self, value: &Value<'_>) -> Vec<(String, Range<usize>)> {
        let one = std::slice::from_ref(value);
        let items = match value.get_ref() {
            DeValue::Array(items) => items.iter().as_slice(),
            _ => one,
        };
        items.iter().filter_map(|item| Some((self.text(item)?, item.span()))).collect()
    }

    fn text(&mut self, value: &Value<'_>) -> Option<String> {
        match value.get_ref() {
            DeValue::String(text) => Some(text.to_string()),
            _ => {
                self.report(value.span(), "expected text in quotes", "");
                None
            }
        }
    }

    /// A date, as TOML has it or as text.
    fn date(&mut self, value: &Value<'_>) -> Option<String> {
        match value.get_ref() {
            DeValue::Datetime(date) => Some(date.to_string()),
            _ => self.text(value),
        }
    }

    fn list<'v, 't>(&mut self, value: Option<&'v Value<'t>>, expected: &str) -> &'v [Value<'t>] {
        match value.map(|value| (value.get_ref(), value.span())) {
            None => &[],
            Some((DeValue::Array(items), _)) => items.iter().as_slice(),
            Some((_, span)) => {
                self.report(span, format!("expected {expected}"), "");
                &[]
            }
        }
    }

    /// The entries of an optional table.
    fn table<'v, 't>(
        &mut self,
        value: Option<&'v Value<'t>>,
    ) -> Vec<(&'v Spanned<std::borrow::Cow<'t, str>>, &'v Value<'t>)> {
        match value.map(|value| (value.get_ref(), value.span())) {
            None => Vec::new(),
            Some((DeValue::Table(table), _)) => table.iter().collect(),
            Some((_, span)) => {
                self.report(span, "expected a table", "");
                Vec::new()
            }
        }
    }

    /// A table with none but known keys.
    fn fields<'v, 't>(&mut self, value: &'v Value<'t>, known: &[&str], of: &str) -> Option<&'v DeTable<'t>> {
        let DeValue::Table(table) = value.get_ref() else {
            self.report(value.span(), format!("expected a table with the keys {}", known.join(", ")), "");
            return None;
        };
        self.check_keys(table, known, of);
        Some(table)
    }

    fn check_keys(&mut self, table: &DeTable<'_>, known: &[&str], of: &str) {
        for key in table.keys() {
            let name = key.get_ref().as_ref();
            if known.contains(&name) {
                continue;
            }
            let near = known.iter().find(|known| strsim::damerau_levenshtein(known, name) <= 2);
            let hint = near.map_or_else(String::new, |near| format!(", did you mean `{near}`?"));
            self.report(
                key.span(),
                format!("unknown key `{name}`{hint}"),
                format!("keys of {of}: {}", known.join(", ")),
            );
        }
    }

    fn required<'v, 't>(&mut self, fields: &'v DeTable<'t>, of: &Value<'_>, key: &str) -> Option<&'v Value<'t>> {
        let value = fields.get(key);
        if value.is_none() {
            self.report(of.span(), format!("`{key}` is missing"), "");
        }
        value
    }

    fn report(&mut self, span: Range<usize>, message: impl Into<String>, label: impl Into<String>) {
        self.problems.push(BookProblem { span, message: message.into(), label: label.into() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: &str = "title = \"mine\"\n[sources.me]\nname = \"my bill\"\ndate = 2026-10-01\n";

    fn problems(text: &str) -> Vec<(usize, usize, String)> {
        let text = format!("{START}{text}");
        let problems = book("mine", &text).expect_err("this book has problems");
        let placed = |problem: BookProblem| {
            let (line, column) = problem.line_column(&text);
            (line - START.lines().count(), column, problem.message)
        };
        problems.into_iter().map(placed).collect()
    }

    #[test]
    fn a_book_of_ones_own_is_short() {
        let text = format!("{START}[[storage]]\nprice = \"$0.11/GB-month\"\nregions = \"*\"\nsource = \"me\"\n");
        let book = book("mine", &text).expect("a good book");
        assert_eq!((book.name.as_str(), book.title.as_str()), ("mine", "mine"));
        assert_eq!(book.price(Quantity::Storage, "mars-north-1"), Some(Price(110_000_000_000)));
        assert_eq!(book.sources_of(Quantity::Storage, "mars-north-1", None)[0].date, "2026-10-01");
        assert_eq!(book.text(), text);
    }

    #[test]
    fn all_problems_are_told_at_once_each_with_its_place() {
        let text = "[[storage]]
prise = \"$0.1/GB-month\"
price = \"$0.1/GB\"
regions = [\"a\"]
source = [\"me\", \"you\"]
[[internet]]
price = [\"$1/GB\", \"$2/GB\"]
regions = [\"a\", 5]
source = \"me\"
[[nat_hour]]
price = \"$1/h\"
[tiers]
storge = []
archive = [\"2 GB\", \"1 GB\", \"x\"]
";
        let expected = [
            (2, 1, "unknown key `prise`, did you mean `price`?"),
            (3, 9, "this price is per GB-month, not per GB; write \"$0.1/GB-month\""),
            (5, 17, "no source `you`; add [sources.you]"),
            (7, 9, "`internet` has 1 tier(s), here are 2 prices"),
            (8, 17, "expected text in quotes"),
            (10, 1, "`regions` is missing"),
            (10, 1, "`source` is missing"),
            (13, 1, "unknown quantity `storge`"),
            (14, 20, "bounds of tiers must ascend from above zero"),
            (14, 28, "expected a size such as \"10240 GB\", found \"x\""),
        ];
        let expected = expected.map(|(line, column, message)| (line, column, message.to_string()));
        assert_eq!(problems(text), expected);
    }

    #[test]
    fn two_prices_for_one_place_and_a_book_without_prices_are_refused() {
        let twice = "[[scan]]\nprice = \"$1/image\"\nregions = [\"a\", \"a\"]\nsource = \"me\"\n";
        assert_eq!(problems(twice), [(3, 17, "two prices for `scan` at `a`; keep one".to_string())]);
        let empty = book("mine", START).expect_err("nothing in it");
        assert_eq!(empty[0].message, "this price book has no price");
    }

    #[test]
    fn text_that_is_no_toml_is_one_problem() {
        let text = "title = \"mine\"\n[sources.me\n";
        let problems = book("mine", text).expect_err("no TOML");
        assert_eq!((problems.len(), problems[0].line_column(text).0), (1, 2));
    }
}
