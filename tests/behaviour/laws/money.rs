//! The bill is usage times price, reckoned here by another way: prices as drawn, usage by repository and month, months of
//! the calendar on the wall, in floating point.

use proptest::prelude::*;

use replisim::engine::run;
use replisim::ledger::Item;
use replisim::strategy::Kind;
use replisim::study::{Options, Unseen, compare};
use replisim::units::NANOS;

use super::drawn::{self, REGIONS, Scope};
use super::{fixed, scenario};

/// Bytes of the bill's GB.
const GB: f64 = (1u64 << 30) as f64;
/// Hours of January, February and March 2026.
const HOURS: [f64; 3] = [31.0 * 24.0, 28.0 * 24.0, 31.0 * 24.0];

/// Prices in thousandths of a dollar, so that each can be written in full.
#[derive(Clone, Debug)]
struct Prices {
    storage: [u32; 3],
    crossing: u32,
    internet: u32,
    nat: [u32; 2],
    percent_off: u32,
    is_internet: bool,
    fixed_month: bool,
}

fn prices() -> impl Strategy<Value = Prices> {
    let amounts = (prop::array::uniform3(0u32..500), 0u32..300, 0u32..300, prop::array::uniform2(0u32..90));
    (amounts, 0u32..=100, any::<bool>(), any::<bool>()).prop_map(
        |((storage, crossing, internet, nat), percent_off, is_internet, fixed_month)| Prices {
            storage,
            crossing,
            internet,
            nat,
            percent_off,
            is_internet,
            fixed_month,
        },
    )
}

fn usd(thousandths: u32) -> String {
    format!("${}.{:03}", thousandths / 1000, thousandths % 1000)
}

impl Prices {
    fn text(&self) -> String {
        let storage: Vec<String> = REGIONS
            .iter()
            .zip(self.storage)
            .map(|(region, price)| format!("{region} = \"{}/GB-month\"", usd(price)))
            .collect();
        format!(
            "[prices]\ncross_region_pull = \"{}\"\ngb_month = \"{}\"\ndiscount = \"{}%\"\n[prices.override]\n\
             storage = {{ {} }}\ninter_region = \"{}/GB\"\ninternet = \"{}/GB\"\nnat_data = \"{}/GB\"\nnat_hour = \"{}/h\"\n",
            if self.is_internet { "internet" } else { "inter-region" },
            if self.fixed_month { "720h" } else { "calendar" },
            self.percent_off,
            storage.join(", "),
            usd(self.crossing),
            usd(self.internet),
            usd(self.nat[0]),
            usd(self.nat[1]),
        )
    }
}

proptest! {
    #![proptest_config(fixed(40))]

    /// Why: money is worked out once, by code that shares rounding, tiers and discounts among all line items; a slip there
    /// would be in every figure.
    #[test]
    fn the_bill_is_usage_times_price(text in drawn::scenario(Scope::ALL), prices in prices()) {
        let text = format!("{text}{}", prices.text());
        let scenario = scenario(&text, &[]);
        let model = &scenario.model;
        let options = Options { strategies: None, jobs: 1 };
        let tables = compare(&scenario, &options, &Unseen, &false.into()).expect("it runs");
        let paid = f64::from(100 - prices.percent_off) / 100.0;
        let thousandths = |price: u32| f64::from(price) / 1000.0;
        let days = (model.calendar.end.0 as f64) / (86_400.0 * NANOS as f64);
        let covered = model.calendar.months_covered();
        for (index, strategy) in model.strategies.iter().enumerate() {
            let ledger = run(model, index, scenario.run.seed, 1).ledger;
            let mut dollars = 0.0;
            for (key, shares) in ledger.by_repository() {
                for (_, month, quantity) in shares {
                    let hours = if prices.fixed_month { 720.0 } else { HOURS[usize::from(month)] };
                    let region = REGIONS.iter().position(|region| *region == model.cloud.region(key.region));
                    let (quantity, price) = (quantity as f64, match key.item {
                        Item::Storage => {
                            let price = prices.storage[region.expect("a region of the scenario")];
                            thousandths(price) / GB / (hours * 3600.0 * NANOS as f64)
                        }
                        Item::Copy => thousandths(prices.crossing) / GB,
                        Item::Pull if prices.is_internet => thousandths(prices.internet) / GB,
                        Item::Pull => thousandths(prices.crossing) / GB,
                        Item::Nat => thousandths(prices.nat[0]) / GB,
                        // The book's price of an image's first scan.
                        Item::Scan => 0.09,
                        item => panic!("nothing of {item:?} is drawn by repository"),
                    });
                    dollars += quantity * price * paid;
                }
            }
            let gateways: u32 = model.demand.clusters.iter().map(|cluster| cluster.nat_gateways).sum();
            dollars += f64::from(gateways) * days * 24.0 * thousandths(prices.nat[1]) * paid;
            if matches!(strategy.kind, Kind::ScheduledCopy(_)) {
                // A dollar for an hour of its runner, and 90 for one of the two a month that people see to it.
                let worked = ledger.by_day().filter(|(key, _)| key.item == Item::Runner).flat_map(|(_, days)| days);
                dollars += worked.sum::<u128>() as f64 / (3600.0 * NANOS as f64) + 2.0 * 90.0 * covered;
            }
            let row = tables.trials.iter().find(|row| row.strategy == strategy.name).expect("its trial");
            let billed: f64 = row.cost_usd.parse().expect("a decimal");
            let rows = tables.bill.iter().filter(|row| row.strategy == strategy.name).count() as f64;
            let room = 1e-9 * (rows + 1.0) + 1e-9 * dollars;
            prop_assert!((billed - dollars).abs() <= room, "{}: ${billed}, not ${dollars}\n{text}", strategy.name);
        }
    }
}
