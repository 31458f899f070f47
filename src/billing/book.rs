//! A price book: dated list prices by region, each with its source.
//!
//! A book knows what a unit of each [`Quantity`] costs where, and who says so. It does not know who uses how much
//! (that is the ledger's) nor what a customer has agreed on (that is [`Terms`](super::Terms)'). A price that no source
//! gives is absent, never zero and never guessed: every look-up returns an `Option`, and it is the caller's to be loud.
//!
//! Books are TOML so that they live in version control and can be copied and edited. In a book, and in prices anywhere,
//! MB and GB are the bill's: 2^20 and 2^30 bytes.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::OnceLock;

use crate::units::{Bytes, Price};

mod quotes;
mod read;
mod text;
mod write;

pub use quotes::{Quote, Quotes};

#[cfg(test)]
mod facts;

/// What a price is for. The name of each in a book, [`Quantity::key`], is also its name under `prices.override`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Quantity {
    /// Standard storage, per GB-month (C1).
    Storage,
    /// Archive storage, per GB-month (C3).
    Archive,
    /// Restoring from the archive, per GB (C4).
    Retrieval,
    /// From one region to another, per GB (C12, C20); may be priced by pair.
    InterRegion,
    /// Out to the internet, per GB (C21).
    Internet,
    /// NAT gateway, per hour (C30).
    NatHour,
    /// NAT gateway, per GB processed (C31).
    NatData,
    /// Interface endpoint, per hour and zone (C32).
    EndpointHour,
    /// Interface endpoint, per GB (C33).
    EndpointData,
    /// First enhanced scan of an image (C9).
    Scan,
    /// Each further enhanced scan of an image (C9).
    Rescan,
}

impl Quantity {
    /// All, in the order of a book.
    pub const ALL: [Quantity; 11] = [
        Quantity::Storage,
        Quantity::Archive,
        Quantity::Retrieval,
        Quantity::InterRegion,
        Quantity::Internet,
        Quantity::NatHour,
        Quantity::NatData,
        Quantity::EndpointHour,
        Quantity::EndpointData,
        Quantity::Scan,
        Quantity::Rescan,
    ];

    /// Its name in a book and under `prices.override`.
    pub fn key(self) -> &'static str {
        match self {
            Quantity::Storage => "storage",
            Quantity::Archive => "archive",
            Quantity::Retrieval => "retrieval",
            Quantity::InterRegion => "inter_region",
            Quantity::Internet => "internet",
            Quantity::NatHour => "nat_hour",
            Quantity::NatData => "nat_data",
            Quantity::EndpointHour => "endpoint_hour",
            Quantity::EndpointData => "endpoint_data",
            Quantity::Scan => "scan",
            Quantity::Rescan => "rescan",
        }
    }

    /// What follows the stroke in a price: `GB`, `GB-month`, `h`, `image`.
    pub fn unit(self) -> &'static str {
        match self {
            Quantity::Storage | Quantity::Archive => "GB-month",
            Quantity::Retrieval
            | Quantity::InterRegion
            | Quantity::Internet
            | Quantity::NatData
            | Quantity::EndpointData => "GB",
            Quantity::NatHour | Quantity::EndpointHour => "h",
            Quantity::Scan | Quantity::Rescan => "image",
        }
    }

    /// In words, for messages: `storage`, `transfer to another region`.
    pub fn words(self) -> &'static str {
        match self {
            Quantity::Storage => "storage",
            Quantity::Archive => "archive storage",
            Quantity::Retrieval => "restoring from the archive",
            Quantity::InterRegion => "transfer to another region",
            Quantity::Internet => "transfer to the internet",
            Quantity::NatHour => "a NAT gateway's hour",
            Quantity::NatData => "a GB through a NAT gateway",
            Quantity::EndpointHour => "an interface endpoint's hour",
            Quantity::EndpointData => "a GB through an interface endpoint",
            Quantity::Scan => "an image's first scan",
            Quantity::Rescan => "an image's further scan",
        }
    }
}

/// Who says a price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its key in the book; the built-in books use fact numbers.
    pub key: String,
    /// Where it can be read.
    pub name: String,
    /// As of when.
    pub date: String,
    /// Whether the price was inferred rather than read.
    pub assumption: bool,
}

/// Free allowances per payer and month; counted only with `prices.free_tier`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FreeAllowances {
    /// Bytes to the internet, over all regions and services (C16).
    pub internet: Bytes,
    /// Bytes stored for a month (C8).
    pub storage: Bytes,
}

/// Where a price holds. `*` stands for every region.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// The region, or the source of a transfer.
    pub(super) region: String,
    /// The destination of a transfer, for a price by pair.
    pub(super) to: Option<String>,
}

/// The price at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    /// By tier, cheapest volume first. Fewer than the quantity has tiers: what lies above is not sourced.
    tiers: Vec<Price>,
    /// The same at every volume, whatever tiers the quantity has.
    flat: bool,
    /// Indices into the book's sources.
    sources: Vec<usize>,
}

/// A dated set of list prices.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PriceBook {
    /// Its name in scenarios and reports.
    pub name: String,
    /// In words.
    pub title: String,
    /// As of when.
    pub date: String,
    /// Who says the prices.
    pub sources: Vec<Source>,
    /// Free allowances.
    pub free: FreeAllowances,
    /// Upper bounds of the tiers but the last, ascending, in bytes.
    bounds: BTreeMap<Quantity, Vec<u64>>,
    entries: BTreeMap<(Quantity, Place), Entry>,
    /// Indices into the sources, by the key of each free allowance.
    free_sources: BTreeMap<String, Vec<usize>>,
    text: String,
}

/// What is wrong with a book, and where in its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookProblem {
    /// Bytes of the text.
    pub span: Range<usize>,
    /// What is wrong and what would be right; lower case, no full stop.
    pub message: String,
    /// What is known there; may be empty.
    pub label: String,
}

impl BookProblem {
    /// Line and column of the start of the span in `text`, both from 1; columns count characters.
    pub fn line_column(&self, text: &str) -> (usize, usize) {
        let before = &text[..self.span.start.min(text.len())];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }
}

/// The built-in books: names and texts.
const BUILTIN: [(&str, &str); 1] = [("aws-2026-09", include_str!("../../assets/prices/aws-2026-09.toml"))];

impl PriceBook {
    /// Reads a book. `name` is what the scenario calls it: a built-in name, or the file's.
    ///
    /// # Errors
    ///
    /// Every problem of the text, in the order of their places; of a text that is not TOML, the first.
    pub fn parse(name: &str, text: &str) -> Result<PriceBook, Vec<BookProblem>> {
        read::book(name, text)
    }

    /// The built-in book of that name.
    pub fn builtin(name: &str) -> Option<PriceBook> {
        static BOOKS: OnceLock<Vec<PriceBook>> = OnceLock::new();
        let books = BOOKS.get_or_init(|| {
            // A built-in book that does not parse is left out; a test reads every one of them.
            BUILTIN.iter().filter_map(|(name, text)| PriceBook::parse(name, text).ok()).collect()
        });
        books.iter().find(|book| book.name == name).cloned()
    }

    /// The newest built-in book; what a price list does not say is said there.
    pub fn newest() -> PriceBook {
        let newest = PriceBook::builtin_names().max().and_then(PriceBook::builtin);
        newest.unwrap_or_default()
    }

    /// Names of the built-in books.
    pub fn builtin_names() -> impl Iterator<Item = &'static str> {
        BUILTIN.iter().map(|(name, _)| *name)
    }

    /// The text that the book was read from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// List price of the first tier, at a region; for transfers the general price of the source.
    pub fn price(&self, quantity: Quantity, region: &str) -> Option<Price> {
        self.entry(quantity, region, None)?.tiers.first().copied()
    }

    /// List price per GB from one region to another: the pair's own, else the source's.
    pub fn inter_region(&self, from: &str, to: &str) -> Option<Price> {
        self.entry(Quantity::InterRegion, from, Some(to))?.tiers.first().copied()
    }

    /// List prices by tier: (lower bound in bytes, price); `None` = that tier has no sourced price.
    pub fn tiers(&self, quantity: Quantity, region: &str) -> Option<Vec<(u64, Option<Price>)>> {
        Some(self.by_volume(quantity, self.entry(quantity, region, None)?))
    }

    /// Every place that has a price of its own, by quantity.
    pub(super) fn places(&self) -> impl Iterator<Item = &(Quantity, Place)> {
        self.entries.keys()
    }

    /// The tiers at exactly that place; empty when the book does not name it.
    pub(super) fn tiers_at(&self, quantity: Quantity, place: &Place) -> Vec<(u64, Option<Price>)> {
        let entry = self.entries.get(&(quantity, place.clone()));
        entry.map(|entry| self.by_volume(quantity, entry)).unwrap_or_default()
    }

    fn by_volume(&self, quantity: Quantity, entry: &Entry) -> Vec<(u64, Option<Price>)> {
        if entry.flat {
            return vec![(0, entry.tiers.first().copied())];
        }
        let bounds = self.bounds.get(&quantity).map_or(&[][..], Vec::as_slice);
        let starts = std::iter::once(0).chain(bounds.iter().copied());
        starts.enumerate().map(|(tier, start)| (start, entry.tiers.get(tier).copied())).collect()
    }

    /// Who says a price; empty when there is none.
    pub fn sources_of(&self, quantity: Quantity, region: &str, to: Option<&str>) -> Vec<&Source> {
        let entry = self.entry(quantity, region, to);
        entry.into_iter().flat_map(|entry| entry.sources.iter().map(|source| &self.sources[*source])).collect()
    }

    /// Region codes that the book names, sorted.
    pub fn regions(&self) -> Vec<&str> {
        let mut regions: Vec<&str> =
            self.entries.keys().map(|(_, place)| place.region.as_str()).filter(|region| *region != "*").collect();
        regions.sort_unstable();
        regions.dedup();
        regions
    }

    fn entry(&self, quantity: Quantity, region: &str, to: Option<&str>) -> Option<&Entry> {
        let at = |region: &str, to: Option<&str>| {
            let place = Place { region: region.to_string(), to: to.map(str::to_string) };
            self.entries.get(&(quantity, place))
        };
        to.and_then(|to| at(region, Some(to))).or_else(|| at(region, None)).or_else(|| at("*", None))
    }
}
