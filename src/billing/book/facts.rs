//! The built-in book against a second writing of its facts: one line per region, typed from the fact tables.

use super::{PriceBook, Quantity};
use crate::units::{BILL_GB, Bytes, Price};

/// Region; inter-region (C20); internet tiers (C21); NAT gateway hour (C30) and GB (C31); endpoint hour (C32). `-` = no
/// source.
const FACTS: &str = "
us-east-1      0.02   0.09/0.085/0.07/0.05        0.045   0.01
us-east-2      0.02   0.09/0.085/0.07/0.05        0.045   0.01
us-west-1      0.02   0.09/0.085/0.07/0.05        0.048   0.011
us-west-2      0.02   0.09/0.085/0.07/0.05        0.045   0.01
ca-central-1   0.02   0.09/0.085/0.07/0.05        0.05    0.011
ca-west-1      0.02   0.09/0.085/0.07/0.05        0.05    0.011
eu-west-1      0.02   0.09/0.085/0.07/0.05        0.048   0.011
eu-west-2      0.02   0.09/0.085/0.07/0.05        0.05    0.011
eu-west-3      0.02   0.09/0.085/0.07/0.05        0.05    0.011
eu-central-1   0.02   0.09/0.085/0.07/0.05        0.052   0.012
eu-central-2   0.02   0.09                        0.0572  0.0132
eu-north-1     0.02   0.09/0.085/0.07/0.05        0.046   0.0105
eu-south-1     0.02   0.09/0.085/0.07/0.05        0.05    0.01155
eu-south-2     0.02   0.09                        0.048   0.011
ap-northeast-1 0.09   0.114/0.089/0.086/0.084     0.062   0.014
ap-northeast-2 0.08   0.126/0.122/0.117/0.108     0.059   0.013
ap-northeast-3 0.09   0.114/0.089/0.086/0.084     0.062   0.014
ap-southeast-1 0.09   0.12/0.085/0.082/0.08       0.059   0.013
ap-southeast-2 0.098  0.114/0.098/0.094/0.092     0.059   0.013
ap-southeast-3 0.10   0.132                       0.059   0.013
ap-southeast-4 -      -                           0.059   0.013
ap-southeast-5 0.08   0.108/0.0765/0.0738/0.072   0.05015 0.0117
ap-southeast-6 -      -                           0.06195 0.01365
ap-southeast-7 -      -                           0.05015 0.0117
ap-south-1     0.086  0.1093/0.085/0.082/0.08     0.056   0.013
ap-south-2     0.086  0.1093/0.085/0.082/0.08     0.056   0.013
ap-east-1      0.09   0.12/0.085/0.082/0.08       0.065   0.0143
ap-east-2      -      -                           0.0558  0.0126
sa-east-1      0.138  0.15/0.138/0.126/0.114      0.093   0.021
af-south-1     0.147  0.154/0.147/0.126/0.112     0.057   0.01309
me-south-1     0.1105 0.117/0.1105/0.091/0.065    0.0528  0.0121
me-central-1   0.085  0.11                        0.0528  0.0121
il-central-1   0.08   0.11/0.085/0.077/0.055      0.0504  0.01155
mx-central-1   -      -                           0.04725 0.0105
us-gov-east-1  0.03   0.155/0.115/0.09/0.065      0.054   0.0125
us-gov-west-1  0.03   0.155/0.115/0.09/0.065      0.054   0.0125
";

fn book() -> PriceBook {
    PriceBook::parse("aws-2026-09", include_str!("../../../assets/prices/aws-2026-09.toml"))
        .unwrap_or_else(|problems| panic!("{problems:#?}"))
}

fn price(text: &str) -> Option<Price> {
    let dollars: f64 = text.parse().ok()?;
    Some(Price((dollars * 1e12).round() as i64))
}

#[test]
fn every_region_has_the_prices_of_the_facts_and_no_others() {
    let book = book();
    let mut regions = Vec::new();
    for line in FACTS.lines().filter(|line| !line.is_empty()) {
        let cells: Vec<_> = line.split_whitespace().collect();
        let &[region, inter_region, internet, nat, endpoint] = &cells[..] else { panic!("{line}") };
        regions.push(region);
        assert_eq!(book.price(Quantity::InterRegion, region), price(inter_region), "{region}");
        assert_eq!(book.price(Quantity::NatHour, region), price(nat), "{region}");
        assert_eq!(book.price(Quantity::NatData, region), price(nat), "{region}");
        assert_eq!(book.price(Quantity::EndpointHour, region), price(endpoint), "{region}");
        let storage = if region.starts_with("us-gov") { None } else { price("0.10") };
        assert_eq!(book.price(Quantity::Storage, region), storage, "{region}");
        let mut tiers: Vec<_> = internet.split('/').map(price).collect();
        tiers.resize(4, None);
        let bounds = [0, 10_240, 51_200, 153_600].map(|gb| gb * BILL_GB);
        let tiers = (internet != "-").then(|| bounds.into_iter().zip(tiers).collect::<Vec<_>>());
        assert_eq!(book.tiers(Quantity::Internet, region), tiers, "{region}");
    }
    regions.sort_unstable();
    assert_eq!(book.regions(), regions);
}

#[test]
fn only_the_two_eastern_us_regions_have_a_price_of_their_own_between_them() {
    let book = book();
    assert_eq!(book.inter_region("us-east-1", "us-east-2"), price("0.01"));
    assert_eq!(book.inter_region("us-east-2", "us-east-1"), price("0.01"));
    assert_eq!(book.inter_region("us-east-1", "us-west-2"), price("0.02"));
    assert_eq!(book.places().filter(|(_, place)| place.to.is_some()).count(), 2);
}

#[test]
fn the_rest_of_part_c_is_on_record() {
    let book = book();
    let tb = 1024 * BILL_GB;
    for region in ["us-east-1", "ca-central-1", "ap-northeast-1"] {
        let archive = vec![(0, price("0.10")), (150 * tb, price("0.07"))];
        assert_eq!(book.tiers(Quantity::Archive, region), Some(archive), "C3");
        assert_eq!(book.price(Quantity::Retrieval, region), price("0.03"), "C4");
    }
    let assumed = book.sources_of(Quantity::Archive, "eu-west-1", None);
    assert!(assumed.iter().all(|source| source.assumption) && !assumed.is_empty(), "C3 elsewhere");
    assert_eq!(book.price(Quantity::Archive, "us-gov-west-1"), None);
    assert_eq!(book.price(Quantity::Scan, "eu-west-1"), price("0.09"), "C9");
    assert_eq!(book.price(Quantity::Rescan, "eu-west-1"), price("0.01"), "C9");
    let endpoint = vec![(0, price("0.01")), (1024 * tb, price("0.006")), (5 * 1024 * tb, price("0.004"))];
    assert_eq!(book.tiers(Quantity::EndpointData, "eu-west-1"), Some(endpoint), "C33");
    assert_eq!(book.free.internet, Bytes(100 * BILL_GB), "C16");
    assert_eq!(book.free.storage, Bytes(500 << 20), "C8");
}

#[test]
fn every_price_says_who_says_so_and_assumptions_are_marked() {
    let book = book();
    for (quantity, place) in book.places() {
        let sources = book.sources_of(*quantity, &place.region, place.to.as_deref());
        assert!(!sources.is_empty(), "{quantity:?} {place:?}");
        assert!(sources.iter().all(|source| !source.name.is_empty() && !source.date.is_empty()));
    }
    let assumed = |quantity, region| book.sources_of(quantity, region, None).iter().any(|source| source.assumption);
    assert!(assumed(Quantity::NatData, "eu-central-1"), "C31");
    assert!(!assumed(Quantity::NatData, "us-east-1"), "C31");
    assert!(!assumed(Quantity::NatData, "ap-northeast-2"), "C31");
    assert!(assumed(Quantity::Storage, "eu-west-1"), "C1");
    assert!(!assumed(Quantity::Storage, "us-east-1"), "C1");
}
