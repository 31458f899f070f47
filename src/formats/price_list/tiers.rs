//! The dimensions of a price as tiers from zero up: in no promised order, with free rows beside priced ones (C55).

use crate::units::{BILL_GB, Price};

/// Decimals of a [`Price`].
const DECIMALS: usize = 12;

/// One dimension of a price in dollars, as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Dimension {
    /// Where it begins and ends, in the bill's GB; `None` = it has no end.
    pub(super) range: (u64, Option<u64>),
    /// Per unit.
    pub(super) price: Price,
}

impl Dimension {
    /// Reads a dimension.
    ///
    /// # Errors
    /// A range that is not of whole units, a price that is no decimal number of at most twelve decimals.
    pub(super) fn read(begin: &str, end: &str, price: &str) -> Result<Dimension, String> {
        let bound = |text: &str| match text.split_once('.') {
            Some((whole, fraction)) if fraction.bytes().all(|b| b == b'0') => whole.parse().ok(),
            Some(_) => None,
            None => text.parse::<u64>().ok(),
        };
        let wrong = |what: &str, found: &str| format!("expected {what}, found \"{found}\"");
        // A price by the hour has no range in some lists.
        let begin = if begin.is_empty() { Some(0) } else { bound(begin) }
            .ok_or_else(|| wrong("the begin of a range in whole units", begin))?;
        let end = match end {
            "Inf" | "" => None,
            end => Some(bound(end).ok_or_else(|| wrong("the end of a range in whole units or \"Inf\"", end))?),
        };
        let price = decimal(price).ok_or_else(|| wrong("a price such as \"0.0900000000\"", price))?;
        Ok(Dimension { range: (begin, end), price })
    }
}

/// Tiers from zero up, by their lower bounds in bytes.
///
/// # Errors
/// A gap or an overlap between ranges.
pub(super) fn tiers(mut dimensions: Vec<Dimension>) -> Result<Vec<(u64, Price)>, String> {
    // A free row is an allowance, which a book has elsewhere, unless all is free.
    if dimensions.iter().any(|dimension| dimension.price.0 > 0) {
        dimensions.retain(|dimension| dimension.price.0 > 0 || dimension.range.0 > 0);
        dimensions.sort_by_key(|dimension| dimension.range.0);
        if let Some(first) = dimensions.first_mut() {
            first.range.0 = 0;
        }
    }
    dimensions.sort_by_key(|dimension| dimension.range.0);
    dimensions.dedup();
    let mut next = Some(0);
    let mut tiers: Vec<(u64, Price)> = Vec::new();
    for Dimension { range: (begin, end), price } in dimensions {
        if next != Some(begin) || end.is_some_and(|end| end <= begin) {
            let expected = next.map_or("nothing more".to_string(), |next| format!("a range from {next}"));
            return Err(format!("the ranges of this price do not join: expected {expected}, found one from {begin}"));
        }
        next = end;
        let start = begin.checked_mul(BILL_GB).ok_or("a range begins above what can be counted in bytes")?;
        if tiers.last().is_none_or(|(_, before)| *before != price) {
            tiers.push((start, price));
        }
    }
    match next {
        None => Ok(tiers),
        Some(next) => Err(format!("the ranges of this price end at {next}, not at \"Inf\"")),
    }
}

/// A plain decimal number to 10^-12; zeros behind that are let go.
fn decimal(text: &str) -> Option<Price> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let fraction = fraction.trim_end_matches('0');
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || whole.is_empty() || fraction.len() > DECIMALS {
        return None;
    }
    format!("{whole}{fraction:0<DECIMALS$}").parse().ok().map(Price)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn dimension(begin: &str, end: &str, price: &str) -> Dimension {
        Dimension::read(begin, end, price).unwrap_or_else(|problem| panic!("{problem}"))
    }

    fn shape(rows: &[(&str, &str, &str)]) -> Result<Vec<(u64, i64)>, String> {
        let rows = rows.iter().map(|(begin, end, price)| dimension(begin, end, price)).collect();
        let tiers = tiers(rows)?;
        Ok(tiers.into_iter().map(|(start, price)| (start / BILL_GB, price.0 / 1_000_000_000)).collect())
    }

    #[test]
    fn free_rows_beside_priced_ones_are_allowances_fact_c55() {
        let free_first = [("1", "10240", "0.0900000000"), ("10240", "Inf", "0.085"), ("0", "1", "0.0000000000")];
        assert_eq!(shape(&free_first), Ok(vec![(0, 90), (10_240, 85)]));
        assert_eq!(shape(&[("0", "Inf", "0"), ("0", "Inf", "0.1")]), Ok(vec![(0, 100)]), "side by side");
        assert_eq!(shape(&[("0", "Inf", "0.0000000000")]), Ok(vec![(0, 0)]), "all of it is free");
        assert_eq!(shape(&[("0", "5", "0.1"), ("5", "Inf", "0")]), Ok(vec![(0, 100), (5, 0)]), "free above is a price");
    }

    #[test]
    fn ranges_that_do_not_join_are_refused() {
        for rows in [
            &[("0", "10", "0.1"), ("20", "Inf", "0.2")][..],
            &[("0", "Inf", "0.1"), ("20", "Inf", "0.2")],
            &[("0", "10", "0.1"), ("5", "Inf", "0.2")],
            &[("0", "10", "0.1")],
            &[("0", "0", "0.1"), ("0", "Inf", "0.2")],
            &[("0", "10", "0.1"), ("10", "10", "0.2"), ("10", "Inf", "0.3")],
        ] {
            assert!(shape(rows).is_err(), "{rows:?}");
        }
        assert!(shape(&[]).is_err());
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for (begin, end, price) in
            [("x", "Inf", "1"), ("0", "1.5", "1"), ("0", "Inf", "-1"), ("0", "Inf", "1e-3"), ("0", "Inf", "")]
        {
            assert!(Dimension::read(begin, end, price).is_err(), "{begin} {end} {price}");
        }
        assert_eq!(dimension("0.0", "Inf", "0.10000000000000").price, Price(100_000_000_000));
    }

    proptest! {
        /// The order of dimensions is not promised (C55), so it does not matter.
        #[test]
        fn the_order_of_dimensions_does_not_matter(
            bounds in prop::collection::btree_set(1u64..1000, 0..4), turn in 0usize..5, free in any::<bool>()
        ) {
            let starts: Vec<u64> = std::iter::once(0).chain(bounds.iter().copied()).collect();
            let mut rows: Vec<Dimension> = starts.iter().enumerate().map(|(i, start)| Dimension {
                range: (*start, starts.get(i + 1).copied()),
                price: Price(if free && i == 0 && starts.len() > 1 { 0 } else { 100 + i as i64 }),
            }).collect();
            let straight = tiers(rows.clone());
            let by = turn % rows.len();
            rows.rotate_left(by);
            prop_assert_eq!(&tiers(rows.clone()), &straight);
            rows.reverse();
            prop_assert_eq!(&tiers(rows), &straight);
            let straight = straight.expect("ranges join");
            prop_assert_eq!(straight[0].0, 0);
        }
    }
}
