//! The worked example of the manual, its metered usage written down by hand: every cell to the micro-dollar.
//!
//! April 2026, 30 versions of 200,000,000 bytes, pushed at 00:00 to us-east-1, pulled at 01:00, 07:00, 13:00 and 19:00 in
//! eu-west-1 and ap-southeast-1. Nothing takes time, nothing is deleted, no node keeps anything.

use super::fixture::{Books, list_prices, micro};
use super::{LineItem, PullReading, Terms};
use crate::units::Usd;

const SIZE: u64 = 200_000_000;
const HOME: &str = "us-east-1";
const REMOTE: [&str; 2] = ["eu-west-1", "ap-southeast-1"];
/// Hours of the period.
const END: i64 = 720;

fn april() -> Books {
    let mut books = Books::new(&["main"], &[HOME, REMOTE[0], REMOTE[1]], &[30]);
    for day in 0..30 {
        books.store(HOME, SIZE, day * 24..END);
    }
    books
}

/// Per remote region and version: so many copies and pulls across, and a copy kept over these hours after the push.
fn usage(copies: u128, pulls: u128, kept: Option<(i64, i64)>) -> Books {
    let mut books = april();
    for region in REMOTE {
        for day in 0..30 {
            books.copy(HOME, region, day as usize, copies * u128::from(SIZE));
            books.pull(HOME, region, day as usize, pulls * u128::from(SIZE));
            if let Some((from, to)) = kept {
                books.store(region, SIZE, day * 24 + from..END.min(day * 24 + to));
            }
        }
    }
    books
}

/// Storage, transfer and total, to the micro-dollar.
fn cells(books: &Books, terms: &Terms) -> [String; 3] {
    let bill = books.bill(terms);
    let sums = bill.by_line_item();
    let of = |item| sums.get(&item).copied().unwrap_or_default();
    let transfer: Usd = of(LineItem::Copy) + of(LineItem::Pull);
    [micro(of(LineItem::Storage)), micro(transfer), micro(bill.total())]
}

const EVER: i64 = i64::MAX / 2;

#[test]
fn pulling_across_and_one_central_registry() {
    assert_eq!(cells(&usage(0, 4, None), &list_prices()), ["0.288710", "0.894070", "1.182780"]);
}

#[test]
fn replication_to_both() {
    assert_eq!(cells(&usage(1, 0, Some((0, EVER))), &list_prices()), ["0.866130", "0.223517", "1.089647"]);
}

#[test]
fn a_cache_that_keeps() {
    assert_eq!(cells(&usage(1, 0, Some((1, EVER))), &list_prices()), ["0.864578", "0.223517", "1.088095"]);
}

#[test]
fn a_cache_that_drops_after_twelve_hours() {
    assert_eq!(cells(&usage(1, 0, Some((1, 31))), &list_prices()), ["0.334914", "0.223517", "0.558431"]);
}

#[test]
fn a_job_at_noon() {
    assert_eq!(cells(&usage(1, 2, Some((12, EVER))), &list_prices()), ["0.847504", "0.670552", "1.518056"]);
}

#[test]
fn the_bound() {
    let books = usage(1, 0, Some((1, 19)));
    assert_eq!(cells(&books, &list_prices().floor()), ["0.316650", "0.223517", "0.540167"]);
    // Copies stay at the inter-region price, which is the cheapest way in under either reading.
    let internet = list_prices().with_reading(PullReading::Internet).floor();
    assert_eq!(cells(&books, &internet), ["0.316650", "0.223517", "0.540167"]);
}

#[test]
fn the_internet_reading_changes_only_pulls() {
    let internet = list_prices().with_reading(PullReading::Internet);
    assert_eq!(cells(&usage(0, 4, None), &internet)[1], "4.023314");
    assert_eq!(cells(&usage(1, 2, Some((12, EVER))), &internet)[1], "2.235174");
    for kept in [(0, EVER), (1, EVER), (1, 31)] {
        let books = usage(1, 0, Some(kept));
        assert_eq!(cells(&books, &internet), cells(&books, &list_prices()));
    }
}

#[test]
fn hints_for_the_bound_are_the_same_prices_as_weights() {
    let books = april();
    let hints = list_prices().bound_hints(&books.cloud, &books.calendar);
    let gb = 1_073_741_824.0;
    for (to, (from, weight)) in hints.fetch.iter().enumerate() {
        // us-east-1 and eu-west-1 are equally cheap sources; Singapore is dear. The first region wins a tie.
        assert_eq!(from.0, u16::from(to == 0));
        assert!((weight * gb - 0.02).abs() < 1e-15);
    }
    let month_ns = 720.0 * 3600e9;
    assert!(hints.store.iter().flatten().all(|weight| (weight * gb * month_ns - 0.1).abs() < 1e-14));
    assert_eq!(hints.store.iter().map(Vec::len).collect::<Vec<_>>(), [1, 1, 1]);
}
