//! What differs between two price books.

use std::collections::BTreeSet;
use std::fmt;

use super::book::Place;
use super::{PriceBook, Quantity};
use crate::units::{BILL_GB, Bytes, Price};

/// One difference between an old and a new book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PriceChange {
    /// A price came, went or changed.
    Price {
        /// Of what.
        quantity: Quantity,
        /// Region, `source>destination`, or `*` for every region.
        place: String,
        /// Lower bound of the tier, in bytes a month.
        above: u64,
        /// `None` = the old book has none.
        old: Option<Price>,
        /// `None` = the new book has none.
        new: Option<Price>,
    },
    /// A free allowance changed.
    Free {
        /// `internet` or `storage`.
        what: &'static str,
        /// Per payer and month.
        old: Bytes,
        /// Per payer and month.
        new: Bytes,
    },
}

impl fmt::Display for PriceChange {
    /// `inter_region us-east-1>us-east-2: $0.01/GB -> $0.02/GB (+100.0 %)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PriceChange::Price { quantity, place, above, old, new } => {
                write!(f, "{} {place}", quantity.key())?;
                if *above > 0 {
                    write!(f, " above {} GB", above / BILL_GB)?;
                }
                let price = |price: &Option<Price>| match price {
                    Some(price) => format!("${price}/{}", quantity.unit()),
                    None => "none".to_string(),
                };
                write!(f, ": {} -> {}", price(old), price(new))?;
                match (old, new) {
                    (Some(old), Some(new)) if old.0 != 0 => {
                        write!(f, " ({:+.1} %)", (new.0 - old.0) as f64 * 100.0 / old.0 as f64)
                    }
                    _ => Ok(()),
                }
            }
            PriceChange::Free { what, old, new } => {
                let gb = |bytes: &Bytes| bytes.0 as f64 / BILL_GB as f64;
                write!(f, "free {what}: {} GB -> {} GB", gb(old), gb(new))
            }
        }
    }
}

/// Every price that differs, by quantity, place and tier, and then free allowances.
pub fn diff(old: &PriceBook, new: &PriceBook) -> Vec<PriceChange> {
    let mut changes = Vec::new();
    let places: BTreeSet<&(Quantity, Place)> = old.places().chain(new.places()).collect();
    for (quantity, place) in places {
        let (before, after) = (old.tiers_at(*quantity, place), new.tiers_at(*quantity, place));
        let bounds: BTreeSet<u64> = before.iter().chain(&after).map(|(bound, _)| *bound).collect();
        let at = |tiers: &[(u64, Option<Price>)], bound: u64| {
            tiers.iter().rev().find(|(start, _)| *start <= bound).and_then(|(_, price)| *price)
        };
        for above in bounds {
            let (old, new) = (at(&before, above), at(&after, above));
            if old != new {
                let place = match &place.to {
                    Some(to) => format!("{}>{to}", place.region),
                    None => place.region.clone(),
                };
                changes.push(PriceChange::Price { quantity: *quantity, place, above, old, new });
            }
        }
    }
    let free = [("internet", old.free.internet, new.free.internet), ("storage", old.free.storage, new.free.storage)];
    let changed = free.into_iter().filter(|(_, old, new)| old != new);
    changes.extend(changed.map(|(what, old, new)| PriceChange::Free { what, old, new }));
    changes
}

/// The text to start a book of one's own from.
pub fn show(book: &PriceBook) -> String {
    book.text().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_book_does_not_differ_from_its_own_text() {
        let book = PriceBook::builtin("aws-2026-09").expect("the built-in book reads");
        let again = PriceBook::parse("again", &show(&book)).expect("what is shown reads");
        assert_eq!(diff(&book, &again), []);
    }

    #[test]
    fn changes_are_told_by_place_and_tier() {
        let book = PriceBook::builtin("aws-2026-09").expect("the built-in book reads");
        let text = show(&book)
            .replace("amount = \"100 GB\"", "amount = \"50 GB\"")
            .replace("\"$0.01/GB\"\nregions = [\"us-east-1\"]", "\"$0.02/GB\"\nregions = [\"us-east-1\"]")
            .replace("\"$0.126/GB\", \"$0.122/GB\"", "\"$0.126/GB\", \"$0.111/GB\"")
            .replace("\"$0.09/image\"\nregions = \"*\"", "\"$0.09/image\"\nregions = \"us-east-1\"");
        let new = PriceBook::parse("new", &text).expect("still a book");
        let lines: Vec<_> = diff(&book, &new).iter().map(ToString::to_string).collect();
        assert_eq!(
            lines,
            [
                "inter_region us-east-1>us-east-2: $0.01/GB -> $0.02/GB (+100.0 %)",
                "internet ap-northeast-2 above 10240 GB: $0.122/GB -> $0.111/GB (-9.0 %)",
                "scan *: $0.09/image -> none",
                "scan us-east-1: none -> $0.09/image",
                "free internet: 100 GB -> 50 GB",
            ]
        );
    }
}
