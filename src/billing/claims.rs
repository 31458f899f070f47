//! What became of the numbers that the founding articles claim (N1 to N8), and the price arithmetic C40 to C46.
//!
//! The articles count decimal GB; a bill counts GB of 2^30 bytes, so what is right there comes out 10^9 / 2^30 as large.

use super::fixture::{Books, list_prices, micro};
use super::{GbMonth, LineItem, PriceBook, PullReading, Quantity, Terms};
use crate::ledger::Item;
use crate::units::{BILL_GB, HOUR, Price, Span, Usd};

const IMAGE: u128 = 200_000_000;
const REGIONS: [&str; 6] = ["us-east-1", "us-east-2", "eu-west-1", "eu-central-1", "ap-southeast-1", "ap-northeast-1"];
const FAR: [&str; 3] = ["eu-west-1", "eu-central-1", "ap-southeast-1"];
const NEAR: [&str; 3] = ["us-east-2", "eu-west-1", "ap-southeast-1"];

fn books() -> Books {
    Books::new(&["main"], &REGIONS, &[30])
}

fn internet() -> Terms {
    list_prices().with_reading(PullReading::Internet)
}

/// An amount as if GB were decimal: what the articles meant.
fn decimal(usd: Usd) -> f64 {
    usd.dollars() * BILL_GB as f64 / 1e9
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-7
}

/// So many images copied a day from us-east-1 to each of three regions, over so many days.
fn copied(to: [&str; 3], days: usize) -> Usd {
    let mut books = books();
    for day in 0..days {
        for region in to {
            books.copy("us-east-1", region, day, IMAGE);
        }
    }
    books.bill(&list_prices()).total()
}

#[test]
fn n1_a_daily_image_to_three_regions_costs_36_cents_a_month_in_decimal_gb() {
    assert_eq!(micro(copied(FAR, 30)), "0.335276");
    assert!(close(decimal(copied(FAR, 30)), 0.36), "C41");
    // Less when us-east-2 is among the three.
    assert_eq!(micro(copied(NEAR, 30)), "0.279397");
    assert!(close(decimal(copied(NEAR, 30)), 0.30), "C42");
}

#[test]
fn c40_one_push_to_three_regions_and_a_month_of_its_copies() {
    assert!(close(decimal(copied(FAR, 1)), 0.012));
    let mut books = books();
    for region in FAR {
        books.store(region, IMAGE as u64, 0..720);
    }
    assert!(close(decimal(books.bill(&list_prices()).total()), 0.06));
}

#[test]
fn n2_ten_rounds_of_pulls_in_three_regions_cost_12_cents_and_not_60() {
    let mut books = books();
    for round in 0..10 {
        for region in FAR {
            books.pull("us-east-1", region, round, IMAGE);
        }
    }
    let total = books.bill(&list_prices()).total();
    assert_eq!(micro(total), "0.111759");
    assert!(close(decimal(total), 0.12), "C43");
    let published = books.bill(&internet()).total();
    assert!(close(decimal(published), 0.54), "C43 at the internet rate");
    // C44: one round at the internet rate is dearer than the push's transfer and nearly a month of its replicas.
    assert!(decimal(published) / 10.0 > 0.012);
    assert!(decimal(published) / 10.0 > 0.06 * 0.85);
}

#[test]
fn n3_an_image_copied_is_stored_and_paid_in_both_regions() {
    let mut books = books();
    books.store("us-east-1", 500_000_000, 0..720);
    books.store("eu-west-1", 500_000_000, 0..720);
    books.copy("us-east-1", "eu-west-1", 0, 500_000_000);
    let bill = books.bill(&list_prices());
    let costs: Vec<_> = bill.rows.iter().map(|row| (row.region.0, row.line_item, micro(row.cost))).collect();
    assert_eq!(
        costs,
        [
            (0, LineItem::Storage, "0.046566".to_string()),
            (0, LineItem::Copy, "0.009313".to_string()),
            (2, LineItem::Storage, "0.046566".to_string()),
        ]
    );
}

#[test]
fn n4_a_month_of_a_replica_costs_five_hops() {
    let mut books = books();
    books.copy("us-east-1", "eu-west-1", 0, BILL_GB.into());
    books.store("eu-west-1", BILL_GB, 0..720);
    let sums = books.bill(&list_prices()).by_line_item();
    assert_eq!(sums[&LineItem::Storage], Usd(5 * sums[&LineItem::Copy].0));
    // Storage is the smaller part only below six days.
    let mut short = self::books();
    short.store("eu-west-1", BILL_GB, 0..6 * 24);
    assert_eq!(short.bill(&list_prices()).total(), sums[&LineItem::Copy]);
}

#[test]
fn n5_two_cents_hold_for_north_america_and_europe_only() {
    let book = PriceBook::builtin("aws-2026-09").expect("the built-in book reads");
    let mut far = 0;
    for region in book.regions() {
        let Some(price) = book.price(Quantity::InterRegion, region) else { continue };
        let dollars = price.0 as f64 / 1e12;
        match &region[..3] {
            _ if region.starts_with("us-gov") => assert_eq!(dollars, 0.03),
            "us-" | "ca-" | "eu-" => assert_eq!(dollars, 0.02, "{region}"),
            _ => {
                far += 1;
                assert!((0.08..=0.147).contains(&dollars), "{region}: {dollars}");
            }
        }
    }
    assert_eq!(far, 15);
    // C45: Tokyo costs 4.5 times as much.
    let mut books = books();
    books.copy("ap-northeast-1", "us-east-1", 0, BILL_GB.into());
    assert_eq!(micro(books.bill(&list_prices()).total()), "0.090000");
}

#[test]
fn n6_transfer_is_free_only_inside_a_region() {
    let mut across = books();
    across.copy("us-east-1", "eu-west-1", 0, BILL_GB.into());
    assert_eq!(micro(across.bill(&list_prices()).total()), "0.020000");
    let mut within = books();
    within.copy("us-east-1", "us-east-1", 0, BILL_GB.into());
    within.pull("us-east-1", "us-east-1", 0, BILL_GB.into());
    assert_eq!(within.bill(&list_prices()).rows, []);
    assert_eq!(within.bill(&internet()).rows, []);
}

#[test]
fn n7_there_is_no_price_per_call() {
    let units: Vec<_> = Quantity::ALL.map(Quantity::unit).into();
    assert!(units.iter().all(|unit| ["GB", "GB-month", "h", "image"].contains(unit)), "{units:?}");
}

/// (copy + storage for so many days) / (pull + its NAT): pulls from which a replica pays.
fn break_even(terms: &Terms, days: i64, through_nat: bool) -> f64 {
    let terms = Terms { gb_month: GbMonth::Fixed(Span(720 * HOUR)), ..terms.clone() };
    // Large enough that rounding to 10^-9 dollars does not show.
    let size = 1000 * BILL_GB;
    let mut replica = Books::new(&["main"], &REGIONS, &[365]);
    replica.copy("us-east-1", "eu-west-1", 0, size.into());
    replica.store("eu-west-1", size, 0..days * 24);
    let mut pull = Books::new(&["main"], &REGIONS, &[365]);
    // Through NAT in a region whose price is 0.045, as the theory page has it.
    let to = if through_nat { "us-east-2" } else { "eu-west-1" };
    pull.pull("us-east-1", "eu-west-1", 0, size.into());
    if through_nat {
        pull.nat("us-east-1", to, 0, size.into());
    }
    replica.bill(&terms).total().dollars() / pull.bill(&terms).total().dollars()
}

#[test]
fn n8_the_break_even_depends_on_retention() {
    for (days, pulls) in [(1, 1.1667), (7, 2.1667), (30, 6.0), (90, 16.0), (365, 61.8333)] {
        assert!((break_even(&list_prices(), days, false) - pulls).abs() < 1e-4, "{days} days");
    }
    // Lower under the internet reading, or behind NAT.
    assert!((break_even(&internet(), 30, false) - 1.3333).abs() < 1e-4);
    assert!((break_even(&list_prices(), 30, true) - 1.8462).abs() < 1e-4);
}

#[test]
fn c46_a_private_node_far_away_pays_nat_on_every_byte() {
    let mut books = books();
    books.pull("us-east-1", "eu-central-1", 0, BILL_GB.into());
    books.nat("us-east-1", "eu-central-1", 0, BILL_GB.into());
    assert_eq!(micro(books.bill(&list_prices()).total()), "0.072000");
    assert_eq!(micro(books.bill(&internet()).total()), "0.142000");
}

#[test]
fn c9_each_image_that_arrives_is_scanned_once() {
    let mut books = books();
    books.add(Item::Scan, "eu-west-1", None, 3, 30);
    let bill = books.bill(&list_prices());
    assert_eq!((bill.rows[0].unit, bill.rows[0].unit_price), ("image", Price(90_000_000_000)));
    assert_eq!(micro(bill.total()), "2.700000");
}
