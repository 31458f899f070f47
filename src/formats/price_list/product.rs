//! What a product is for: the attributes that matter, and the uses that a price book has a price for.

use std::borrow::Cow;

use serde::Deserialize;

use super::{Skip, Use};
use crate::billing::Quantity;

/// The attributes of a product that say what it is for; absent ones are empty.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Attributes<'t> {
    /// The service that sells it; where it is absent, it is the list's.
    #[serde(borrow, rename = "servicecode")]
    pub(super) service: Cow<'t, str>,
    /// Such as `EU-TimedStorage-ByteHrs`.
    #[serde(borrow, rename = "usagetype")]
    pub(super) usage_type: Cow<'t, str>,
    #[serde(borrow)]
    pub(super) region_code: Cow<'t, str>,
    #[serde(borrow)]
    pub(super) location_type: Cow<'t, str>,
    #[serde(borrow)]
    pub(super) transfer_type: Cow<'t, str>,
    #[serde(borrow)]
    pub(super) from_region_code: Cow<'t, str>,
    #[serde(borrow)]
    pub(super) from_location_type: Cow<'t, str>,
    #[serde(borrow)]
    pub(super) to_region_code: Cow<'t, str>,
    #[serde(borrow)]
    pub(super) to_location: Cow<'t, str>,
    #[serde(borrow)]
    pub(super) to_location_type: Cow<'t, str>,
}

/// Usage types of a region's own services, behind the region's legacy code, and what they are for (C57). Neighbours such
/// as `VpcEndpoint-GWLBE-Hours` are something else, so the whole name counts.
const USES: [(&str, Quantity); 7] = [
    ("TimedStorage-ByteHrs", Quantity::Storage),
    ("TimedStorage-Archive-ByteHrs", Quantity::Archive),
    ("Retrieval-Archive", Quantity::Retrieval),
    ("NatGateway-Hours", Quantity::NatHour),
    ("NatGateway-Bytes", Quantity::NatData),
    ("VpcEndpoint-Hours", Quantity::EndpointHour),
    ("VpcEndpoint-Bytes", Quantity::EndpointData),
];

impl Attributes<'_> {
    /// What the product is for, or why it is left; `offer` is the service of the list it is in.
    pub(super) fn used_for(&self, offer: &str) -> Result<Use, Skip> {
        let service = if self.service.is_empty() { offer } else { &self.service };
        match &*self.transfer_type {
            "InterRegion Outbound" if self.is("AWS-Out-Bytes") => self.between_regions(),
            "AWS Outbound" if self.is("DataTransfer-Out-Bytes") && self.to_location == "External" => {
                self.at(Quantity::Internet, &self.from_region_code, &self.from_location_type)
            }
            "" => {
                let found = USES.iter().find(|(name, _)| self.is(name)).map(|(_, quantity)| *quantity);
                let quantity = found.filter(|quantity| sells(service, *quantity)).ok_or(Skip::OtherUse)?;
                self.at(quantity, &self.region_code, &self.location_type)
            }
            _ => Err(Skip::OtherUse),
        }
    }

    /// Both ends by their codes: some rows go to no region at all, and the codes in usage types are of old (C59).
    fn between_regions(&self) -> Result<Use, Skip> {
        if self.from_region_code.is_empty() || self.to_region_code.is_empty() {
            return Err(Skip::NotBetweenRegions);
        }
        let to = self.at(Quantity::InterRegion, &self.to_region_code, &self.to_location_type)?.region;
        Ok(Use { to: Some(to), ..self.at(Quantity::InterRegion, &self.from_region_code, &self.from_location_type)? })
    }

    fn at(&self, quantity: Quantity, region: &str, location_type: &str) -> Result<Use, Skip> {
        if !location_type.is_empty() && location_type != "AWS Region" {
            return Err(Skip::Zone);
        }
        match region {
            "" => Err(Skip::NoRegion),
            code if !is_region(code) => Err(Skip::Zone),
            code => Ok(Use { quantity, region: code.to_string(), to: None }),
        }
    }

    /// Whether the usage type is this one: alone, or behind legacy region codes (`EU-`, `USE1-USW2-`).
    fn is(&self, name: &str) -> bool {
        let Some(before) = self.usage_type.strip_suffix(name) else { return false };
        let is_code = |part: &str| part.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        before.is_empty() || before.strip_suffix('-').is_some_and(|codes| codes.split('-').all(is_code))
    }
}

/// Whether a service's list is where this quantity is sold: other services have storage by the byte-hour too.
fn sells(service: &str, quantity: Quantity) -> bool {
    match quantity {
        Quantity::Storage | Quantity::Archive | Quantity::Retrieval => service == "AmazonECR",
        _ => service == "AmazonEC2" || service == "AmazonVPC",
    }
}

/// Whether a code is a region's, such as `us-gov-east-1`; zones have more behind the number (`us-east-1-atl-1`).
fn is_region(code: &str) -> bool {
    let mut parts: Vec<&str> = code.split('-').collect();
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let is_word = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase());
    parts.pop().is_some_and(is_number) && parts.len() >= 2 && parts.into_iter().all(is_word)
}

/// The units of a quantity in price lists, in lower case.
pub(super) fn is_unit(quantity: Quantity, unit: &str) -> bool {
    let known: &[&str] = match quantity.unit() {
        "GB-month" => &["gb-mo", "gb-month"],
        "h" => &["hrs", "hours", "hour"],
        _ => &["gb", "gigabytes"],
    };
    known.iter().any(|known| unit.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_usage_type_is_known_by_its_whole_name_behind_region_codes_fact_c57() {
        let is = |usage: &str, name| Attributes { usage_type: usage.into(), ..Attributes::default() }.is(name);
        for usage in ["TimedStorage-ByteHrs", "EU-TimedStorage-ByteHrs", "CAN1-TimedStorage-ByteHrs"] {
            assert!(is(usage, "TimedStorage-ByteHrs"), "{usage}");
        }
        for usage in ["XTimedStorage-ByteHrs", "EU-Public-TimedStorage-ByteHrs", "-TimedStorage-ByteHrs-"] {
            assert!(!is(usage, "TimedStorage-ByteHrs"), "{usage}");
        }
        assert!(!is("USE1-TimedStorage-Archive-ByteHrs", "TimedStorage-ByteHrs"));
        assert!(is("USE1-EU-AWS-Out-Bytes", "AWS-Out-Bytes"));
        assert!(!is("USE1-VpcEndpoint-GWLBE-Hours", "VpcEndpoint-Hours"));
    }

    #[test]
    fn a_zone_is_no_region_fact_c59() {
        for code in ["us-east-1", "ap-southeast-3", "us-gov-west-1", "cn-north-1"] {
            assert!(is_region(code), "{code}");
        }
        for code in ["us-east-1-atl-1", "us-east-1-wl1-bos-wlz-1", "us-east-1a", "1", "", "global", "us-1"] {
            assert!(!is_region(code), "{code}");
        }
    }
}
