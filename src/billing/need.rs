//! What a scenario will have to pay for, and which prices of it nobody gives.
//!
//! A price that no source gives is neither zero nor a guess. It is found before anything is simulated, and the message
//! says how to supply it.

use std::collections::BTreeSet;
use std::fmt;

use super::{PullReading, Quantity, Terms};
use crate::cloud::{Cloud, RegionId};
use crate::units::BILL_GB;

/// Something that a scenario will have to pay for, asked of [`Terms::missing`] before it is simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Need {
    /// Images kept in a region.
    Storage(RegionId),
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
            Quantity::Scan | Quantity::Rescan => write!(f, "name a book that has it in `prices.file`"),
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

    fn lacking(&self, cloud: &Cloud, need: Need) -> Option<Missing> {
        let (region, what, price) = match need {
            Need::Storage(region) => (region, Quantity::Storage, self.storage(cloud.region(region))),
            Need::Copy { from, to } => (from, Quantity::InterRegion, self.copy(cloud.region(from), cloud.region(to))),
            Need::Pull { from, to } if self.reading == PullReading::InterRegion || from == to => {
                let price = self.pull_like_a_copy(cloud.region(from), cloud.region(to));
                (from, Quantity::InterRegion, price)
            }
            Need::Pull { from, .. } => return self.lacking_internet(cloud.region(from)),
            Need::NatData(region) => (region, Quantity::NatData, self.nat_data(cloud.region(region))),
            Need::NatHour(region) => (region, Quantity::NatHour, self.nat_hour(cloud.region(region))),
            Need::EndpointHour(region) => (region, Quantity::EndpointHour, self.endpoint_hour(cloud.region(region))),
            Need::Scan(region) => (region, Quantity::Scan, self.scan(cloud.region(region))),
        };
        if price.is_some() { None } else { Some(self.missing_price(cloud.region(region), what, 0)) }
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
