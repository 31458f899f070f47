//! Prices from elsewhere, such as a price list, laid over a book.

use std::collections::{BTreeMap, BTreeSet};

use super::{Entry, Place, PriceBook, Quantity, Source, write};
use crate::units::Price;

/// What one place pays for one quantity, whoever says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// Of what.
    pub quantity: Quantity,
    /// The region, or the source of a transfer.
    pub region: String,
    /// The destination of a transfer that is priced by pair.
    pub to: Option<String>,
    /// Lower bound in bytes and price of each tier; the first bound is 0, and they ascend.
    pub tiers: Vec<(u64, Price)>,
}

/// Quotes and who gives them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quotes {
    /// Who says so; sources with one key are one source.
    pub source: Source,
    /// What they say.
    pub quotes: Vec<Quote>,
}

impl PriceBook {
    /// This book with other prices laid over it, under another name. What the quotes do not name stays as it is, and so
    /// do free allowances; of two quotes for one place the later counts. Sources that nothing rests on any more go.
    ///
    /// A tier that begins where this book has no bound makes one; the prices that stay are the same on both sides of it.
    pub fn with(&self, name: &str, lists: &[Quotes]) -> PriceBook {
        let mut book = PriceBook { name: name.to_string(), ..self.clone() };
        for Quotes { source, quotes } in lists {
            for quote in quotes {
                book.split_tiers(quote.quantity, quote.tiers.iter().map(|(start, _)| *start));
            }
            if book.sources.iter().all(|other| other.key != source.key) {
                book.sources.push(source.clone());
            }
            if source.date > book.date {
                book.date.clone_from(&source.date);
            }
        }
        for Quotes { source, quotes } in lists {
            let Some(index) = book.sources.iter().position(|other| other.key == source.key) else { continue };
            for quote in quotes {
                let place = Place { region: quote.region.clone(), to: quote.to.clone() };
                let entry = book.entry_of(quote, index);
                book.entries.insert((quote.quantity, place), entry);
            }
        }
        let given: BTreeSet<&str> = lists.iter().map(|list| list.source.key.as_str()).collect();
        if !given.is_empty() {
            let given: Vec<&str> = given.into_iter().collect();
            book.title = format!("{}; over it {}", self.title, given.join(", "));
        }
        book.forget_unused_sources();
        book.text = write::text(&book);
        book
    }

    /// How many places (regions, or pairs of them) have a price from the sources that `of` picks, by quantity.
    pub fn tally(&self, of: impl Fn(&Source) -> bool) -> Vec<(Quantity, usize)> {
        let picked = |entry: &Entry| entry.sources.iter().any(|source| of(&self.sources[*source]));
        let count = |quantity| {
            let of_it = self.entries.iter().filter(|((other, _), entry)| *other == quantity && picked(entry));
            (quantity, of_it.count())
        };
        Quantity::ALL.into_iter().map(count).filter(|(_, places)| *places > 0).collect()
    }

    fn entry_of(&self, quote: &Quote, source: usize) -> Entry {
        if let [(_, price)] = quote.tiers[..] {
            return Entry { tiers: vec![price], flat: true, sources: vec![source] };
        }
        let bounds = self.bounds.get(&quote.quantity).map_or(&[][..], Vec::as_slice);
        let at = |start: u64| quote.tiers.iter().rev().find(|(from, _)| *from <= start).map(|(_, price)| *price);
        let starts = std::iter::once(0).chain(bounds.iter().copied());
        Entry { tiers: starts.map_while(at).collect(), flat: false, sources: vec![source] }
    }

    /// Makes sure that tiers of a quantity begin at these bytes.
    fn split_tiers(&mut self, quantity: Quantity, starts: impl Iterator<Item = u64>) {
        let old = self.bounds.get(&quantity).cloned().unwrap_or_default();
        let bounds: BTreeSet<u64> = old.iter().copied().chain(starts).filter(|start| *start > 0).collect();
        if bounds.len() == old.len() {
            return;
        }
        for ((_, _), entry) in self.entries.iter_mut().filter(|((other, _), entry)| *other == quantity && !entry.flat) {
            let starts = std::iter::once(0).chain(bounds.iter().copied());
            // The tier that a byte was in; above the last sourced one there is none, and stays none.
            let tier = |start: u64| old.iter().filter(|bound| **bound <= start).count();
            entry.tiers = starts.map_while(|start| entry.tiers.get(tier(start)).copied()).collect();
        }
        self.bounds.insert(quantity, bounds.into_iter().collect());
    }

    fn forget_unused_sources(&mut self) {
        let lists = || self.entries.values().map(|entry| &entry.sources).chain(self.free_sources.values());
        let used: BTreeSet<usize> = lists().flatten().copied().collect();
        let mut used: Vec<usize> = used.into_iter().collect();
        // By key, which is the order in which a book's text is read.
        used.sort_by(|a, b| self.sources[*a].key.cmp(&self.sources[*b].key));
        let place: BTreeMap<usize, usize> = used.iter().enumerate().map(|(new, old)| (*old, new)).collect();
        let lists = self.entries.values_mut().map(|entry| &mut entry.sources).chain(self.free_sources.values_mut());
        for source in lists.flatten() {
            *source = place[source];
        }
        self.sources = used.into_iter().map(|old| self.sources[old].clone()).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::BILL_GB;

    fn source(key: &str, date: &str) -> Source {
        Source { key: key.into(), name: "a list".into(), date: date.into(), assumption: false }
    }

    fn quote(quantity: Quantity, region: &str, tiers: &[(u64, i64)]) -> Quote {
        let tiers = tiers.iter().map(|(gb, price)| (gb * BILL_GB, Price(*price))).collect();
        Quote { quantity, region: region.into(), to: None, tiers }
    }

    fn builtin() -> PriceBook {
        PriceBook::builtin("aws-2026-09").expect("the built-in book reads")
    }

    #[test]
    fn what_is_written_is_read_again_as_the_same_book() {
        let written = builtin().with("aws-2026-09", &[]);
        let read = PriceBook::parse("aws-2026-09", written.text()).unwrap_or_else(|problems| panic!("{problems:?}"));
        assert_eq!(read, written);
        assert_eq!(crate::billing::diff(&builtin(), &read), [], "and no price has changed");
        assert_eq!(read.sources.len(), builtin().sources.len(), "every source of the built-in book is used");
    }

    #[test]
    fn quotes_replace_what_they_name_and_nothing_else() {
        let list = Quotes {
            source: source("list", "2026-10-01"),
            quotes: vec![
                quote(Quantity::Storage, "eu-west-1", &[(0, 5)]),
                Quote { to: Some("b".into()), ..quote(Quantity::InterRegion, "a", &[(0, 7)]) },
            ],
        };
        let book = builtin().with("mine", &[list]);
        assert_eq!(book.price(Quantity::Storage, "eu-west-1"), Some(Price(5)));
        assert_eq!(book.sources_of(Quantity::Storage, "eu-west-1", None)[0].key, "list");
        assert_eq!(book.price(Quantity::Storage, "us-east-1"), builtin().price(Quantity::Storage, "us-east-1"));
        assert_eq!((book.inter_region("a", "b"), book.inter_region("a", "c")), (Some(Price(7)), None));
        assert_eq!(book.date, "2026-10-01");
        assert_eq!(book.tally(|source| source.key == "list"), [(Quantity::Storage, 1), (Quantity::InterRegion, 1)]);
        let read = PriceBook::parse("mine", book.text()).expect("a good book");
        assert_eq!(read, book);
    }

    #[test]
    fn a_tier_of_its_own_splits_the_tiers_of_the_others_without_changing_them() {
        let list = Quotes {
            source: source("list", "2026-10-01"),
            quotes: vec![quote(Quantity::Internet, "us-east-1", &[(0, 9), (500, 8)])],
        };
        let book = builtin().with("mine", &[list]);
        let gb = |gb: u64| gb * BILL_GB;
        let tiers = book.tiers(Quantity::Internet, "us-east-1").expect("priced");
        assert_eq!(tiers[..3], [(0, Some(Price(9))), (gb(500), Some(Price(8))), (gb(10_240), Some(Price(8)))]);
        let at = |book: &PriceBook, region: &str, gb: u64| {
            let tiers = book.tiers(Quantity::Internet, region).expect("priced");
            tiers.iter().rev().find(|(start, _)| *start <= gb * BILL_GB).and_then(|(_, price)| *price)
        };
        for region in ["eu-west-1", "eu-central-2"] {
            for gb in [0, 499, 500, 10_239, 10_240, 60_000, 200_000] {
                assert_eq!(at(&book, region, gb), at(&builtin(), region, gb), "{region} at {gb} GB");
            }
        }
    }

    #[test]
    fn sources_that_nothing_rests_on_go() {
        let mut quotes: Vec<Quote> =
            builtin().regions().into_iter().map(|region| quote(Quantity::Storage, region, &[(0, 1)])).collect();
        quotes.retain(|quote| builtin().price(Quantity::Storage, &quote.region).is_some());
        let book = builtin().with("mine", &[Quotes { source: source("list", ""), quotes }]);
        let keys: Vec<&str> = book.sources.iter().map(|source| source.key.as_str()).collect();
        assert!(!keys.contains(&"C1") && keys.contains(&"C3") && keys.contains(&"C8"), "{keys:?}");
    }
}
