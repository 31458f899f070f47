//! What a scenario will have to pay for, and which prices of it nobody gives.
//!
//! A price that no source gives is neither zero nor a guess. It is found before anything is simulated, and the message
//! says how to supply it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::{PullReading, Quantity, Source, Terms};
use crate::cloud::{Cloud, RegionId};
use crate::units::BILL_GB;

/// Something that a scenario will have to pay for, asked of [`Terms::missing`] before it is simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Need {
    /// Images kept in a region.
    Storage(RegionId),
    /// Images archived in a region.
    Archive(RegionId),
    /// Images restored from the archive in a region.
    Retrieval(RegionId),
    /// Copies from one region to another.
    Copy {
        /// Source.
        from: RegionId,
        /// Destination.
        to: RegionId,
    },
    /// Pulls by nodes of one region out of another.
    Pull {
        /// The registry's region.
        from: RegionId,
        /// The puller's region.
        to: RegionId,
    },
    /// Bytes through NAT gateways of a region.
    NatData(RegionId),
    /// Hours of NAT gateways of a region.
    NatHour(RegionId),
    /// Hours of interface endpoints of a region.
    EndpointHour(RegionId),
    /// Enhanced scans in a region.
    Scan(RegionId),
}

/// A price that is needed and that neither book nor overrides give.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Missing {
    /// The code of the region where it is charged; for a transfer the source's.
    pub region: String,
    /// What has no price.
    pub what: Quantity,
    /// The monthly volume, in bytes, above which there is no price; 0 = at any volume.
    pub above: u64,
    /// The book that lacks it.
    pub book: String,
}

/// A price that the book infers and a scenario uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assumed {
    /// What is priced.
    pub what: Quantity,
    /// Codes of the regions where it is used, sorted.
    pub regions: Vec<String>,
    /// What it is inferred from.
    pub source: Source,
}

impl fmt::Display for Missing {
    /// What is wrong and what would be right, in the form of a diagnostic: lower case, no full stop.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Missing { region, what, above, book } = self;
        let place = match what {
            Quantity::InterRegion | Quantity::Internet => "out of",
            _ => "in",
        };
        write!(f, "no sourced price for {} {place} {region}", what.words())?;
        if *above > 0 {
            write!(f, " above {} GB a month", above / BILL_GB)?;
        }
        write!(f, " in the price book {book}; ")?;
        match what {
            Quantity::Archive | Quantity::Retrieval | Quantity::Scan | Quantity::Rescan => {
                write!(f, "name a book that has it in `prices.file`")
            }
            _ => write!(f, "set `prices.override.{}.{region}` to \"$PRICE/{}\"", what.key(), what.unit()),
        }
    }
}

impl Missing {
    /// What is known about it, for the mark under the line.
    pub fn label(&self) -> &'static str {
        match self.what {
            Quantity::InterRegion | Quantity::Internet => "no public source has it (fact C20), and a guess is no price",
            _ => "no public source has it, and a guess is no price",
        }
    }
}

impl Terms {
    /// Every price that `needs` ask for and nobody gives, each once, sorted by region.
    pub fn missing(&self, cloud: &Cloud, needs: &[Need]) -> Vec<Missing> {
        let missing: BTreeSet<Missing> = needs.iter().filter_map(|need| self.lacking(cloud, *need)).collect();
        missing.into_iter().collect()
    }

    /// The prices among `needs` that the book infers rather than reads (C1, C31), each with its regions and the source
    /// that says so. Overridden prices are nobody's assumption.
    pub fn assumed(&self, cloud: &Cloud, needs: &[Need]) -> Vec<Assumed> {
        let mut assumed: BTreeMap<(Quantity, &str), (BTreeSet<&str>, &Source)> = BTreeMap::new();
        for need in needs {
            let (what, region, to) = self.charged(*need);
            let (region, to) = (cloud.region(region), to.map(|to| cloud.region(to)));
            if to == Some(region) || self.overrides.of(what).is_some_and(|prices| prices.price(region, to).is_some()) {
                continue;
            }
            for source in self.book.sources_of(what, region, to).into_iter().filter(|source| source.assumption) {
                assumed.entry((what, &source.key)).or_insert_with(|| (BTreeSet::new(), source)).0.insert(region);
            }
        }
        let assumed = assumed.into_iter().map(|((what, _), (regions, source))| Assumed {
            what,
            regions: regions.into_iter().map(str::to_string).collect(),
            source: source.clone(),
        });
        assumed.collect()
    }

    /// What is priced, where, and to where.
    fn charged(&self, need: Need) -> (Quantity, RegionId, Option<RegionId>) {
        match need {
            Need::Storage(region) => (Quantity::Storage, region, None),
            Need::Archive(region) => (Quantity::Archive, region, None),
            Need::Retrieval(region) => (Quantity::Retrieval, region, None),
            Need::Pull { from, to } if self.reading == PullReading::Internet && from != to => {
                (Quantity::Internet, from, None)
            }
            Need::Copy { from, to } | Need::Pull { from, to } => (Quantity::InterRegion, from, Some(to)),
            Need::NatData(region) => (Quantity::NatData, region, None),
            Need::NatHour(region) => (Quantity::NatHour, region, None),
            Need::EndpointHour(region) => (Quantity::EndpointHour, region, None),
            Need::Scan(region) => (Quantity::Scan, region, None),
        }
    }

    fn lacking(&self, cloud: &Cloud, need: Need) -> Option<Missing> {
        let (what, region, to) = self.charged(need);
        let region = cloud.region(region);
        let price = match (what, to) {
            (Quantity::Internet, _) => return self.lacking_internet(region),
            (Quantity::InterRegion, Some(to)) => self.copy(region, cloud.region(to)),
            (Quantity::NatData, _) => self.nat_data(region),
            (Quantity::NatHour, _) => self.nat_hour(region),
            (Quantity::EndpointHour, _) => self.endpoint_hour(region),
            (Quantity::Scan, _) => self.scan(region),
            (Quantity::Archive, _) => self.archive(region).and_then(|tariff| tariff.0.first()?.price),
            (Quantity::Retrieval, _) => self.retrieval(region),
            _ => self.storage(region),
        };
        if price.is_some() { None } else { Some(self.missing_price(region, what, 0)) }
    }

    /// The internet tier that our first byte falls into, when it has no price.
    fn lacking_internet(&self, from: &str) -> Option<Missing> {
        let Some(tariff) = self.internet(from) else {
            return Some(self.missing_price(from, Quantity::Internet, 0));
        };
        let tier = tariff.0.iter().rev().find(|tier| tier.from <= self.already_used.internet.0)?;
        if tier.price.is_some() { None } else { Some(self.missing_price(from, Quantity::Internet, tier.from)) }
    }

    pub(super) fn missing_price(&self, region: &str, what: Quantity, above: u64) -> Missing {
        Missing { region: region.to_string(), what, above, book: self.book.name.clone() }
    }
}
