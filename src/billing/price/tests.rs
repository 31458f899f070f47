//! Bills worked by hand, and what holds for every bill.

use proptest::prelude::*;

use super::super::fixture::{Books, cases, list_prices, micro};
use super::super::{AlreadyUsed, Discount, GbMonth, Need, Override, Overrides, split_by_day, split_by_repository};
use super::*;
use crate::cloud::AccountId;
use crate::units::{Bytes, Span};

const REGIONS: [&str; 4] = ["us-east-1", "us-east-2", "eu-west-1", "sa-east-1"];
const GB: u128 = BILL_GB as u128;

fn books(months: &[i64]) -> Books {
    Books::new(&["prod", "dev"], &REGIONS, months)
}

fn internet() -> Terms {
    list_prices().with_reading(PullReading::Internet)
}

/// (month, account, GB, dollars per GB, cost) of every row.
fn rows(bill: &Bill) -> Vec<(usize, u16, String, String, String)> {
    let row =
        |row: &BillRow| (row.month, row.account.0, row.quantity_text(), row.unit_price.to_string(), micro(row.cost));
    bill.rows.iter().map(row).collect()
}

fn cells(month: usize, account: u16, [quantity, price, cost]: [&str; 3]) -> (usize, u16, String, String, String) {
    (month, account, quantity.to_string(), price.to_string(), cost.to_string())
}

#[test]
fn two_accounts_fill_the_tiers_together_and_start_anew_each_month() {
    let mut books = books(&[30, 31]);
    books.pull("us-east-1", "eu-west-1", 3, 9_000 * GB);
    books.account = AccountId(1);
    books.pull("us-east-1", "sa-east-1", 20, 3_000 * GB);
    books.pull("us-east-1", "sa-east-1", 30, 1_000 * GB);
    // April: 12,000 GB out of one region; 10,240 in the first tier, of which account prod has three quarters.
    assert_eq!(
        rows(&books.bill(&internet())),
        [
            cells(0, 0, ["7680", "0.09", "691.200000"]),
            cells(0, 0, ["1320", "0.085", "112.200000"]),
            cells(0, 1, ["2560", "0.09", "230.400000"]),
            cells(0, 1, ["440", "0.085", "37.400000"]),
            cells(1, 1, ["1000", "0.09", "90.000000"]),
        ]
    );
}

#[test]
fn tiers_are_per_source_region_and_reach_the_last() {
    let mut books = books(&[30]);
    books.pull("us-east-1", "eu-west-1", 0, 10_000 * GB);
    books.pull("eu-west-1", "us-east-1", 0, 200_000 * GB);
    let bill = books.bill(&internet());
    let from_ireland = 10_240.0 * 0.09 + 40_960.0 * 0.085 + 102_400.0 * 0.07 + 46_400.0 * 0.05;
    assert_eq!(bill.total().to_string(), format!("{:.9}", 900.0 + from_ireland));
    assert_eq!(bill.rows.len(), 5);
}

#[test]
fn a_split_that_is_not_even_loses_no_byte() {
    let mut books = books(&[30]);
    let bytes = [4_000 * GB + 1, 4_000 * GB + 2, 4_000 * GB + 4];
    for (to, bytes) in ["us-east-2", "eu-west-1", "sa-east-1"].into_iter().zip(bytes) {
        books.pull("us-east-1", to, 0, bytes);
    }
    let bill = books.bill(&internet());
    let amount = |price: i64| -> u128 {
        bill.rows.iter().filter(|row| row.unit_price == Price(price)).map(|row| row.amount).sum()
    };
    assert_eq!(amount(90_000_000_000), 10_240 * GB);
    assert_eq!(amount(85_000_000_000), 1_760 * GB + 7);
}

#[test]
fn what_is_used_already_fills_tiers_first() {
    let mut books = books(&[30]);
    books.pull("us-east-1", "eu-west-1", 0, 20_000 * GB);
    let mut terms = internet();
    // 40 TB are 37,252.902984619 GB: 13,947.097015381 are left of the second tier.
    terms.already_used = AlreadyUsed { internet: Bytes(40_000_000_000_000) };
    assert_eq!(
        rows(&books.bill(&terms)),
        [
            cells(0, 0, ["13947.097015380859", "0.085", "1185.503246"]),
            cells(0, 0, ["6052.902984619141", "0.07", "423.703209"]),
        ]
    );
}

#[test]
fn the_first_100_gb_a_month_are_free_once_over_all_regions() {
    let mut books = books(&[30, 31]);
    books.pull("us-east-1", "eu-west-1", 0, 300 * GB);
    books.pull("eu-west-1", "us-east-1", 0, 100 * GB);
    books.pull("us-east-1", "eu-west-1", 40, 60 * GB);
    let mut terms = internet();
    terms.free_tier = true;
    assert_eq!(
        rows(&books.bill(&terms)),
        [
            cells(0, 0, ["75", "0", "0.000000"]),
            cells(0, 0, ["225", "0.09", "20.250000"]),
            cells(0, 0, ["25", "0", "0.000000"]),
            cells(0, 0, ["75", "0.09", "6.750000"]),
            cells(1, 0, ["60", "0", "0.000000"]),
        ]
    );
    // Copies are no internet traffic, and the inter-region reading knows no such allowance.
    assert!(books.bill(&Terms { reading: PullReading::InterRegion, ..terms }).rows.iter().all(|row| row.cost.0 > 0));
}

#[test]
fn half_a_gb_month_of_storage_is_free_once_over_all_accounts() {
    let mut books = books(&[30]);
    books.store("us-east-1", 3 * (500 << 20), 0..720);
    books.account = AccountId(1);
    books.store("us-east-1", 500 << 20, 0..720);
    let terms = Terms { free_tier: true, ..list_prices() };
    assert_eq!(
        rows(&books.bill(&terms)),
        [
            cells(0, 0, ["0.3662109375", "0", "0.000000"]),
            cells(0, 0, ["1.0986328125", "0.1", "0.109863"]),
            cells(0, 1, ["0.1220703125", "0", "0.000000"]),
            cells(0, 1, ["0.3662109375", "0.1", "0.036621"]),
        ]
    );
}

#[test]
fn a_gb_month_is_that_months() {
    let mut books = books(&[31, 28]);
    books.store("us-east-1", BILL_GB, 0..59 * 24);
    books.store("eu-west-1", BILL_GB, 0..30 * 24);
    assert_eq!(
        rows(&books.bill(&list_prices())),
        [
            cells(0, 0, ["1", "0.1", "0.100000"]),
            cells(0, 0, ["0.9677419354838709677419355", "0.1", "0.096774"]),
            cells(1, 0, ["1", "0.1", "0.100000"]),
        ]
    );
    let fixed = Terms { gb_month: GbMonth::Fixed(Span(720 * HOUR)), ..list_prices() };
    assert_eq!(rows(&books.bill(&fixed))[0], cells(0, 0, ["1.0333333333333333333333333", "0.1", "0.103333"]));
}

#[test]
fn the_archive_is_priced_by_the_gb_months_of_all_accounts_in_a_region_c3() {
    // 100,000 GB and 120,000 GB for all of April: 153,600 GB-months at $0.10 and 66,400 at $0.07, shared 5 to 6.
    let mut books = books(&[30, 31]);
    books.archive("us-east-1", 100_000 * BILL_GB, 0..720);
    books.account = AccountId(1);
    books.archive("us-east-1", 120_000 * BILL_GB, 0..720);
    // Half of May: 60,000 GB-months, and the tiers start anew.
    books.archive("us-east-1", 120_000 * BILL_GB, 720..720 + 372);
    let bill = books.bill(&list_prices());
    assert_eq!(
        rows(&bill),
        [
            cells(0, 0, ["69818.1818181818181818181818181", "0.1", "6981.818182"]),
            cells(0, 0, ["30181.8181818181818181818181819", "0.07", "2112.727273"]),
            cells(0, 1, ["83781.8181818181818181818181819", "0.1", "8378.181818"]),
            cells(0, 1, ["36218.1818181818181818181818181", "0.07", "2535.272727"]),
            cells(1, 1, ["60000", "0.1", "6000.000000"]),
        ]
    );
    // April by hand: 15,360 + 4,648.
    assert_eq!(micro(bill.total()), "26008.000000");
    assert!(bill.rows.iter().all(|row| row.line_item == LineItem::Archive && row.unit == "GB-month"));
}

#[test]
fn the_archive_saves_nothing_up_to_150_tb_and_does_not_share_the_free_allowance() {
    let mut books = books(&[30]);
    books.archive("us-east-1", 2 * BILL_GB, 0..720);
    let terms = Terms { free_tier: true, ..list_prices() };
    assert_eq!(rows(&books.bill(&terms)), [cells(0, 0, ["2", "0.1", "0.200000"])]);
    books.store("us-east-1", 2 * BILL_GB, 0..720);
    assert_eq!(micro(books.bill(&list_prices()).total()), "0.400000");
}

#[test]
fn what_is_restored_from_the_archive_costs_3_cents_a_gb_c4() {
    let mut books = books(&[30]);
    books.add(Item::Retrieval, "us-east-1", None, 3, 10 * GB);
    let bill = books.bill(&list_prices());
    assert_eq!(rows(&bill), [cells(0, 0, ["10", "0.03", "0.300000"])]);
    assert_eq!((bill.rows[0].line_item, bill.rows[0].unit), (LineItem::Retrieval, "GB"));
}

#[test]
fn the_theory_pages_worked_example_for_one_object() {
    // 2 GB read on days 0, 1, 2, 10, 11, 30; the bound holds it over the three gaps of a day (theory C5).
    let mut books = books(&[31]);
    for day in [0, 10, 30] {
        books.copy("us-east-1", "eu-west-1", day, 2 * GB);
    }
    for hours in [0..48, 240..264] {
        books.store("eu-west-1", 2 * BILL_GB, hours);
    }
    let terms = Terms { gb_month: GbMonth::Fixed(Span(720 * HOUR)), ..list_prices() };
    assert_eq!(micro(books.bill(&terms.floor()).total()), "0.140000");
}

#[test]
fn gateways_endpoints_runners_and_people_are_billed_by_the_hour() {
    let mut books = books(&[30]);
    books.repository = None;
    let hours = |hours: i64| (hours * HOUR) as u128;
    books.add(Item::NatHours, "eu-west-1", None, 0, hours(720));
    books.add(Item::EndpointHours, "eu-west-1", None, 0, hours(1440));
    books.add(Item::Runner, "eu-west-1", None, 0, hours(1) / 2);
    books.add(Item::People, "eu-west-1", None, 0, hours(4));
    let own = OwnRates { runner_hour: Usd(50_000_000), wage_hour: Usd(90_000_000_000) };
    let terms = Terms { discount: Discount::flat(0.5), ..list_prices() };
    let bill = bill(&books.ledger, &terms, &books.cloud, &books.calendar, &own).expect("priced");
    // List prices are halved, own rates are not.
    assert_eq!(
        rows(&bill),
        [
            cells(0, 0, ["720", "0.024", "17.280000"]),
            cells(0, 0, ["1440", "0.0055", "7.920000"]),
            cells(0, 0, ["0.5", "0.05", "0.025000"]),
            cells(0, 0, ["4", "90", "360.000000"]),
        ]
    );
    let nobody = split_by_repository(&bill, &books.ledger);
    assert_eq!(nobody.len(), 1);
    assert_eq!((nobody[0].repository, micro(nobody[0].network_path)), (None, "25.200000".to_string()));
}

#[test]
fn nat_is_priced_where_the_puller_is() {
    let mut books = books(&[30]);
    books.nat("us-east-1", "sa-east-1", 0, 10 * GB);
    let bill = books.bill(&list_prices());
    assert_eq!(rows(&bill), [cells(0, 0, ["10", "0.093", "0.930000"])]);
    assert_eq!((bill.rows[0].from, bill.rows[0].to), (Some(RegionId(0)), Some(RegionId(3))));
}

#[test]
fn a_row_is_rounded_half_to_even_once() {
    let hour = |pico: i64| {
        let mut books = books(&[30]);
        books.add(Item::NatHours, "eu-west-1", None, 0, HOUR as u128);
        let nat_hour = Override::flat(Price(pico));
        books.bill(&Terms { overrides: Overrides { nat_hour, ..Overrides::default() }, ..list_prices() }).total()
    };
    assert_eq!([hour(500), hour(1500), hour(2500), hour(2501)], [Usd(0), Usd(2), Usd(2), Usd(3)]);
}

#[test]
fn overrides_count_from_the_most_exact_and_then_discounts() {
    let price = |cents: i64| Price(cents * 10_000_000_000);
    let mut terms = list_prices();
    terms.overrides.inter_region = Override {
        all: Some(price(5)),
        by_region: [("eu-west-1".to_string(), price(6))].into(),
        by_pair: [(("eu-west-1".to_string(), "us-east-1".to_string()), price(7))].into(),
    };
    assert_eq!(terms.copy("us-east-1", "us-east-2"), Some(price(5)));
    assert_eq!(terms.copy("eu-west-1", "sa-east-1"), Some(price(6)));
    assert_eq!(terms.copy("eu-west-1", "us-east-1"), Some(price(7)));
    assert_eq!(terms.copy("eu-west-1", "eu-west-1"), Some(Price(0)));
    terms.discount = Discount::by_item([(LineItem::Copy, 0.25)]);
    assert_eq!(terms.copy("us-east-1", "us-east-2"), Some(Price(37_500_000_000)));
    assert_eq!(terms.pull_like_a_copy("us-east-1", "us-east-2"), Some(price(5)));
    terms.overrides.internet = Override::flat(price(3));
    let flat = terms.internet("us-east-1").map(|tariff| tariff.0.len());
    assert_eq!(flat, Some(1));
}

#[test]
fn a_discounted_price_is_rounded_half_to_even() {
    let half = Discount::flat(0.5);
    assert_eq!([1, 3, 4].map(|pico| half.applied(LineItem::Copy, Price(pico))), [Price(0), Price(2), Price(2)]);
    assert_eq!(Discount::flat(1.0).applied(LineItem::Copy, Price(9)), Price(0));
}

#[test]
fn a_region_without_a_sourced_price_is_refused_with_the_mend() {
    let books = Books::new(&["main"], &["us-east-1", "ap-southeast-4"], &[30]);
    let [home, melbourne] = [RegionId(0), RegionId(1)];
    let needs = [
        Need::Storage(melbourne),
        Need::NatData(melbourne),
        Need::Copy { from: home, to: melbourne },
        Need::Copy { from: melbourne, to: home },
        Need::Pull { from: melbourne, to: home },
        Need::Pull { from: melbourne, to: melbourne },
    ];
    let missing = list_prices().missing(&books.cloud, &needs);
    assert_eq!(
        missing.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["no sourced price for transfer to another region out of ap-southeast-4 in the price book aws-2026-09; set \
          `prices.override.inter_region.ap-southeast-4` to \"$PRICE/GB\""]
    );
    let mut terms = list_prices();
    terms.overrides.inter_region.by_region.insert("ap-southeast-4".to_string(), Price(1));
    assert_eq!(terms.missing(&books.cloud, &needs), []);
    let published = terms.with_reading(PullReading::Internet).missing(&books.cloud, &needs);
    assert_eq!(published.iter().map(|missing| missing.what).collect::<Vec<_>>(), [Quantity::Internet]);
}

#[test]
fn inferred_prices_are_named_unless_they_are_overridden() {
    let books = Books::new(&["main"], &["us-east-1", "eu-west-1", "sa-east-1"], &[30]);
    let needs: Vec<Need> = (0..3)
        .flat_map(|region| [Need::Storage(RegionId(region)), Need::NatData(RegionId(region))])
        .chain([Need::Copy { from: RegionId(0), to: RegionId(1) }])
        .collect();
    let mut terms = list_prices();
    terms.overrides.storage.by_region.insert("sa-east-1".to_string(), Price(1));
    let assumed = terms.assumed(&books.cloud, &needs);
    let told: Vec<_> = assumed.iter().map(|it| (it.what, it.regions.join(" "), it.source.key.as_str())).collect();
    assert_eq!(
        told,
        [
            (Quantity::Storage, "eu-west-1".to_string(), "C1-default"),
            (Quantity::NatData, "eu-west-1 sa-east-1".to_string(), "C31-equal"),
        ]
    );
}

#[test]
fn a_bill_that_lacks_a_price_is_an_error_and_so_is_a_tier_that_nobody_sourced() {
    let mut books = Books::new(&["main"], &["us-east-1", "ap-southeast-4", "eu-central-2"], &[30]);
    books.pull("eu-central-2", "us-east-1", 0, 10_240 * GB);
    assert_eq!(micro(books.bill(&internet()).total()), "921.600000");
    books.pull("eu-central-2", "us-east-1", 0, 1);
    let message = books.try_bill(&internet()).map_err(|error| error.to_string());
    assert!(message.is_err_and(|message| message.contains("out of eu-central-2 above 10240 GB a month")));
    books.copy("ap-southeast-4", "us-east-1", 0, 1);
    assert!(matches!(books.try_bill(&list_prices()), Err(BillError::NoPrice(_))));
}

#[test]
fn usage_and_amounts_that_do_not_fit_are_errors_by_name() {
    let mut scans = books(&[30]);
    scans.add(Item::Scan, "eu-west-1", None, 0, u128::MAX);
    let error = scans.try_bill(&list_prices()).expect_err("the amount does not fit").to_string();
    assert_eq!(error, "an amount of money does not fit: scan in eu-west-1, account prod");
    let mut sum = books(&[30]);
    for region in REGIONS {
        sum.add(Item::Scan, region, None, 0, 1 << 100);
    }
    let error = sum.try_bill(&list_prices()).expect_err("the sum does not fit").to_string();
    assert_eq!(error, "an amount of money does not fit: the total of the bill");
    let mut books = books(&[30]);
    books.copy("us-east-1", "eu-west-1", 0, u128::MAX);
    books.copy("us-east-1", "eu-west-1", 1, 1);
    let error = books.try_bill(&list_prices()).expect_err("the month does not fit").to_string();
    assert_eq!(error, "metered usage does not fit: copy from us-east-1 to eu-west-1, account prod");
    books.copy("us-east-1", "eu-west-1", 0, 1);
    assert!(matches!(books.try_bill(&list_prices()), Err(BillError::UsageTooLarge { .. })));
    let mut endless = self::books(&[30]);
    endless.add(Item::Copy, "us-east-1", None, 0, 1);
    assert!(matches!(endless.try_bill(&list_prices()), Err(BillError::NoEnds { .. })));
}

#[test]
fn quantities_are_written_with_nine_decimals_at_most() {
    let text = |amount, per| {
        let row = BillRow {
            month: 0,
            account: AccountId(0),
            region: RegionId(0),
            line_item: LineItem::Copy,
            from: None,
            to: None,
            amount,
            per,
            unit: "GB",
            unit_price: Price(0),
            cost: Usd(0),
        };
        row.quantity_text()
    };
    assert_eq!(text(200_000_000, GB), "0.186264514923");
    assert_eq!(text(3, 1), "3");
    assert_eq!(text(19_999_999_999, 10_000_000_000), "1.9999999999");
    assert_eq!(text(u128::MAX, 1), u128::MAX.to_string());
}

/// One entry of a made-up ledger: what, whose, from, to, day, how much, for which repository.
type Stroke = (u8, u16, usize, usize, usize, u64, u32);

fn strokes() -> impl Strategy<Value = Vec<Stroke>> {
    let stroke = (0u8..7, 0u16..2, 0usize..4, 0usize..4, 0usize..61, 1u64..40_000_000_000_000, 0u32..3);
    proptest::collection::vec(stroke, 1..25)
}

fn any_terms() -> impl Strategy<Value = Terms> {
    (any::<bool>(), any::<bool>(), 0.0f64..0.6, 0u64..60_000_000_000_000).prop_map(|(published, free, off, used)| {
        let reading = if published { PullReading::Internet } else { PullReading::InterRegion };
        Terms {
            free_tier: free,
            discount: Discount::by_item([
                (LineItem::Pull, off),
                (LineItem::Storage, off / 2.0),
                (LineItem::Archive, off),
            ]),
            already_used: AlreadyUsed { internet: Bytes(used) },
            ..list_prices().with_reading(reading)
        }
    })
}

fn written(strokes: &[Stroke]) -> Books {
    let mut books = books(&[30, 31]);
    for (what, account, from, to, day, bytes, repository) in strokes {
        books.account = AccountId(*account);
        books.repository = (*repository > 0).then_some(*repository);
        let (from, to) = (REGIONS[*from], REGIONS[*to]);
        match what {
            0 => books.store(from, *bytes, *day as i64 * 24..*day as i64 * 24 + 20),
            1 => books.copy(from, to, *day, u128::from(*bytes)),
            2 => books.nat(from, to, *day, u128::from(*bytes)),
            // Large enough for the second tier; only one of the regions has a price.
            3 => books.archive(REGIONS[0], *bytes * 1000, *day as i64 * 24..*day as i64 * 24 + 20),
            4 => books.add(Item::Retrieval, REGIONS[0], None, *day, u128::from(*bytes)),
            _ => books.pull(from, to, *day, u128::from(*bytes)),
        }
    }
    books
}

proptest! {
    #![proptest_config(cases(128))]

    #[test]
    fn every_bill_adds_up(strokes in strokes(), terms in any_terms()) {
        let books = written(&strokes);
        let bill = books.bill(&terms);
        prop_assert_eq!(bill.by_line_item().into_values().sum::<Usd>(), bill.total());
        prop_assert_eq!(bill.by_account().into_values().sum::<Usd>(), bill.total());
        prop_assert!(bill.rows.iter().all(|row| row.amount > 0));
        // No unit is lost between the ledger and the rows, but for what crosses no region.
        let mut billed: BTreeMap<_, u128> = BTreeMap::new();
        for row in &bill.rows {
            *billed.entry((row.month, row.account, row.region, row.line_item, row.from, row.to)).or_default() += row.amount;
        }
        let mut metered: BTreeMap<_, u128> = BTreeMap::new();
        for ((month, key), quantity) in by_month(&books.ledger, &books.calendar, &books.cloud).expect("fits") {
            if !matches!(key.item, Item::Copy | Item::Pull) || key.from != key.to {
                metered.insert((month, key.account, key.region, line_item(key.item), key.from, key.to), quantity);
            }
        }
        prop_assert_eq!(billed, metered);
    }

    #[test]
    fn parts_of_a_bill_add_up_to_it(strokes in strokes(), terms in any_terms(), bound: bool) {
        let books = written(&strokes);
        let bill = books.bill(&if bound { terms.floor() } else { terms });
        let parts = split_by_repository(&bill, &books.ledger);
        let whole: Usd = parts.iter().map(|part| part.storage + part.transfer + part.network_path + part.other).sum();
        prop_assert_eq!(whole, bill.total());
        let days = split_by_day(&bill, &books.ledger, &books.calendar);
        prop_assert_eq!(days.iter().map(|day| day.cost).sum::<Usd>(), bill.total());
        let places: Vec<_> = days.iter().map(|day| (day.day, day.account, day.region)).collect();
        prop_assert!(places.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn the_floor_is_never_above(strokes in strokes(), terms in any_terms()) {
        let books = written(&strokes);
        let (bill, floor) = (books.bill(&terms), books.bill(&terms.floor()));
        // Each row may be rounded by half a unit, either way.
        let slack = (bill.rows.len() + floor.rows.len()) as i128;
        prop_assert!(floor.total().0 <= bill.total().0 + slack, "{} > {}", floor.total(), bill.total());
        prop_assert!(floor.total().0 >= 0);
    }

    #[test]
    fn one_price_for_all_volumes_is_the_tiers_first_while_they_are_not_reached(strokes in strokes()) {
        let small: Vec<Stroke> = strokes.into_iter().map(|mut stroke| { stroke.5 %= 100_000_000_000; stroke }).collect();
        let books = written(&small);
        let mut flat = internet();
        flat.overrides.internet.all = Some(Price(90_000_000_000));
        flat.overrides.internet.by_region.insert("sa-east-1".to_string(), Price(150_000_000_000));
        prop_assert_eq!(books.bill(&internet()), books.bill(&flat));
    }
}
