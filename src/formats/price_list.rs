//! The provider's price lists: bulk offer files (JSON), what `get-products` prints (JSON in strings), and CSV
//! (facts C50 to C60).
//!
//! A list has every product of a service; the few that a price book is about are taken, and of the others only their
//! number and an example are kept. The text is read in two passes (which products, then what they cost), for nothing
//! promises that products come before prices. What is taken and why not is decided here by what the list says in words:
//! the region is the `regionCode` and never the legacy code in a usage type (C59), and a price is of the commercial or
//! GovCloud partitions in US dollars (C55).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::Problem;
use crate::billing::{PriceBook, Quantity, Quote, Quotes, Source};
use crate::units::Price;

mod bulk;
mod product;
mod rows;
mod tiers;

#[cfg(test)]
mod tests;

/// The largest list that is read, in bytes. A service's list by region is a few MB; one that is larger than this has to
/// be cut to the products of interest first.
pub const LARGEST: u64 = 512 << 20;

/// What a price list says that a price book can use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PriceList {
    /// The service's code, such as `AmazonECR`; of several services, all of them.
    pub offer: String,
    /// The list's version, such as `20260911124425`; the newest that is named.
    pub version: String,
    /// When it was published, as written.
    pub published: String,
    /// Prices, by quantity and place.
    pub quotes: Vec<Quote>,
    /// What was left, by reason.
    pub skipped: BTreeMap<Skip, Skipped>,
}

/// Products that were left for one reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Skipped {
    /// How many.
    pub products: usize,
    /// The first of them by name: its usage type and SKU.
    pub example: String,
}

/// Why a product was left.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Skip {
    /// No price of a book is for this.
    OtherUse,
    /// A Local or Wavelength zone (C59).
    Zone,
    /// A transfer without both region codes, such as to an access point (C59).
    NotBetweenRegions,
    /// No region code, as in lists of before 2021.
    NoRegion,
    /// Not in dollars (C55).
    Currency(String),
    /// Another unit than the quantity's.
    Unit(String),
    /// No on-demand price in the list.
    NoPrice,
    /// Two products say different prices for one thing, so neither is taken.
    Contradiction {
        /// Of what.
        quantity: Quantity,
        /// Where.
        place: String,
    },
}

impl fmt::Display for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Skip::OtherUse => f.write_str("for a use that no price of a book is about"),
            Skip::Zone => f.write_str("in Local or Wavelength zones"),
            Skip::NotBetweenRegions => f.write_str("transfers without the codes of both regions"),
            Skip::NoRegion => f.write_str("without a region code"),
            Skip::Currency(currency) => write!(f, "priced in {currency}, not in USD"),
            Skip::Unit(unit) => write!(f, "priced per `{unit}`"),
            Skip::NoPrice => f.write_str("without an on-demand price"),
            Skip::Contradiction { quantity, place } => {
                write!(f, "that contradict each other about {} at {place}", quantity.words())
            }
        }
    }
}

impl PriceList {
    /// Who says these prices, for a book.
    pub fn source(&self, file: &str) -> Source {
        let version = if self.version.is_empty() { String::new() } else { format!(", version {}", self.version) };
        Source {
            key: format!("{}-{}", self.offer, self.version).trim_end_matches('-').to_string(),
            name: format!("AWS price list {}{version}, read from {file}", self.offer),
            date: self.published.chars().take("2026-09-11".len()).collect(),
            assumption: false,
        }
    }

    /// The list's prices as a book takes them.
    pub fn quotes(&self, file: &str) -> Quotes {
        Quotes { source: self.source(file), quotes: self.quotes.clone() }
    }
}

/// Whether a file of this name is a price list rather than a price book: books are TOML.
pub fn is_list(name: &str) -> bool {
    let extension = std::path::Path::new(name).extension().unwrap_or_default();
    ["json", "csv"].iter().any(|known| extension.eq_ignore_ascii_case(known))
}

/// Reads a list and lays it over the newest built-in book.
///
/// # Errors
/// As [`read`].
pub fn over_newest(name: &str, text: &str) -> Result<PriceBook, Vec<Problem>> {
    let list = read(text)?;
    Ok(PriceBook::newest().with(name, &[list.quotes(name)]))
}

/// Reads a list in any of the three forms.
///
/// # Errors
/// The first thing that is not as the service writes it (of a CSV file, up to [`MOST_PROBLEMS`](super::MOST_PROBLEMS));
/// a list without a price that a book can use.
pub fn read(text: &str) -> Result<PriceList, Vec<Problem>> {
    if text.len() as u64 > LARGEST {
        let message = format!("more than {} MiB; cut it to the products of one service and region", LARGEST >> 20);
        return Err(vec![Problem::new(0..0, message, "")]);
    }
    let whole = text.len();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mark = whole - text.len();
    let mut taking = Taking::default();
    let read = match text.trim_start().chars().next() {
        Some('{' | '[') => bulk::read(text, &mut taking).map_err(|problem| vec![problem]),
        _ => rows::read(text, &mut taking),
    };
    read.map_err(|mut problems| {
        problems.iter_mut().for_each(|it| it.span = it.span.start + mark..it.span.end + mark);
        problems
    })?;
    let list = taking.finish();
    if list.quotes.is_empty() {
        let why: Vec<String> = list.skipped.iter().map(|(skip, of)| format!("{} {skip}", of.products)).collect();
        let label = if why.is_empty() { "no products".to_string() } else { why.join(", ") };
        let message = "no price in this list is one that a price book takes; it takes those of AmazonECR, \
                       AWSDataTransfer, NAT gateways and interface endpoints";
        return Err(vec![Problem::new(0..0, message, label)]);
    }
    Ok(list)
}

/// What a product is for, if a book is about it, and where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Use {
    quantity: Quantity,
    region: String,
    to: Option<String>,
}

impl Use {
    fn place(&self) -> String {
        match &self.to {
            Some(to) => format!("{}>{to}", self.region),
            None => self.region.clone(),
        }
    }
}

/// What a place pays, and who said so.
type Said = (Vec<(u64, Price)>, String);

/// A list in the making.
#[derive(Default)]
struct Taking {
    offers: BTreeSet<String>,
    version: String,
    published: String,
    said: BTreeMap<Use, Said>,
    contradicted: BTreeSet<Use>,
    skipped: BTreeMap<Skip, Skipped>,
}

impl Taking {
    /// What the list says of itself, or a product in it.
    fn header(&mut self, offer: &str, version: &str, published: &str) {
        if !offer.is_empty() && !self.offers.contains(offer) {
            self.offers.insert(offer.to_string());
        }
        if version > self.version.as_str() {
            self.version = version.to_string();
        }
        if published > self.published.as_str() {
            self.published = published.to_string();
        }
    }

    fn skip(&mut self, why: Skip, product: &str) {
        let skipped = self.skipped.entry(why).or_default();
        if skipped.products == 0 || product < skipped.example.as_str() {
            skipped.example = product.to_string();
        }
        skipped.products += 1;
    }

    /// A price. Where one product is free and another is not, the free one is an allowance (C55).
    fn take(&mut self, of: Use, tiers: Vec<(u64, Price)>, product: String) {
        let is_free = |tiers: &[(u64, Price)]| tiers.iter().all(|(_, price)| price.0 == 0);
        match self.said.get(&of) {
            Some((before, _)) if *before == tiers || is_free(&tiers) => {}
            Some((before, _)) if !is_free(before) => {
                self.contradicted.insert(of);
            }
            _ => {
                self.said.insert(of, (tiers, product));
            }
        }
    }

    fn finish(mut self) -> PriceList {
        for of in std::mem::take(&mut self.contradicted) {
            let example = self.said.remove(&of).map(|(_, product)| product).unwrap_or_default();
            let why = Skip::Contradiction { quantity: of.quantity, place: of.place() };
            self.skipped.insert(why, Skipped { products: 2, example });
        }
        let quote =
            |(of, (tiers, _)): (Use, Said)| Quote { quantity: of.quantity, region: of.region, to: of.to, tiers };
        PriceList {
            offer: self.offers.into_iter().collect::<Vec<_>>().join("+"),
            version: self.version,
            published: self.published,
            quotes: self.said.into_iter().map(quote).collect(),
            skipped: self.skipped,
        }
    }
}
