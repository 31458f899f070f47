//! Storage is what was there times how long it was.

use std::collections::BTreeMap;

use proptest::prelude::*;

use replisim::cloud::RegistryId;
use replisim::ledger::Item;
use replisim::units::Time;

use super::diary::{Diary, Shelf, Stock, diaries};
use super::drawn::{self, Scope};
use super::{fixed, scenario};

/// A layer's life in a repository: how many images need it, since when, how large it is.
struct Life {
    needed: u32,
    since: Time,
    bytes: u64,
}

/// Byte-nanoseconds of the period by repository and registry: each layer's size times each of its lives.
fn size_times_life(diary: &Diary) -> BTreeMap<Shelf, u128> {
    let end = diary.model.calendar.end;
    let span = |since: Time, until: Time| (until.min(end).0 - since.max(Time::START).0).max(0) as u128;
    let mut sums: BTreeMap<Shelf, u128> = BTreeMap::new();
    let mut lives: BTreeMap<(Shelf, u32), Life> = BTreeMap::new();
    let mut stock = Stock::default();
    for (at, entry) in &diary.entries {
        for change in stock.follow(entry) {
            for layer in &change.image.layers {
                let key = (change.shelf, layer.id);
                let life = lives.entry(key).or_insert(Life { needed: 0, since: *at, bytes: layer.bytes });
                if change.came {
                    life.needed += 1;
                    continue;
                }
                life.needed -= 1;
                if life.needed == 0 {
                    *sums.entry(change.shelf).or_default() += u128::from(layer.bytes) * span(life.since, *at);
                    lives.remove(&key);
                }
            }
        }
    }
    for ((shelf, _), life) in lives {
        *sums.entry(shelf).or_default() += u128::from(life.bytes) * span(life.since, end);
    }
    sums
}

proptest! {
    #![proptest_config(fixed(48))]

    /// Why: a byte that is stored for an hour is paid for an hour, whoever needs it; neither the order of arrivals and
    /// deletions nor a shared layer can make the sum another one.
    #[test]
    fn storage_is_the_sum_of_each_layer_s_size_times_its_life(
        text in drawn::scenario(Scope { indexes: false, ..Scope::ALL })
    ) {
        for diary in diaries(&scenario(&text, &[])) {
            let lives = size_times_life(&diary);
            for (index, place) in diary.model.cloud.registries.iter().enumerate() {
                let registry = RegistryId(index as u16);
                let here = |key: &replisim::ledger::MeterKey| {
                    key.item == Item::Storage && (key.account, key.region) == (place.account, place.region)
                };
                let told: u128 = lives.iter().filter(|((at, _), _)| *at == registry).map(|(_, sum)| sum).sum();
                let days: u128 = diary.outcome.ledger.by_day().filter(|(key, _)| here(key)).flat_map(|(_, days)| days).sum();
                prop_assert_eq!(told, days, "{} in {:?}, by day\n{}", &diary.strategy.name, registry, &text);
                for (key, shares) in diary.outcome.ledger.by_repository().filter(|(key, _)| here(key)) {
                    let mut of: BTreeMap<Shelf, u128> = BTreeMap::new();
                    for (repository, _, sum) in shares {
                        *of.entry((registry, replisim::demand::RepositoryId(repository))).or_default() += sum;
                    }
                    let told: BTreeMap<Shelf, u128> =
                        lives.iter().filter(|((at, _), sum)| *at == registry && **sum > 0).map(|(at, sum)| (*at, *sum)).collect();
                    prop_assert_eq!(told, of, "{} {:?}, by repository\n{}", &diary.strategy.name, key, &text);
                }
            }
        }
    }
}
