//! The JSON forms: a bulk offer file (C51 to C53), and what `get-products` prints, a list of JSON texts, one per product,
//! alone or as `PriceList` (C54).
//!
//! Nothing is held but what is taken: members of large objects are handed on one by one.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::product::{Attributes, is_unit};
use super::tiers::{Dimension, tiers};
use super::{Skip, Taking, Use};
use crate::formats::Problem;
use crate::formats::streamed::{self, each};

/// A text that is borrowed where it has no escapes.
#[derive(Deserialize, PartialEq, Eq, PartialOrd, Ord)]
struct Text<'t>(#[serde(borrow)] Cow<'t, str>);

/// `products.SKU`, and `product` of a line of `get-products`.
#[derive(Deserialize)]
struct Product<'t> {
    #[serde(borrow, default)]
    sku: Cow<'t, str>,
    #[serde(borrow)]
    attributes: Attributes<'t>,
}

/// A term: dimensions by their rate codes.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Term<'t> {
    #[serde(borrow, default)]
    effective_date: Cow<'t, str>,
    #[serde(borrow)]
    price_dimensions: BTreeMap<Text<'t>, RawDimension<'t>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawDimension<'t> {
    #[serde(borrow, default)]
    unit: Cow<'t, str>,
    #[serde(borrow, default)]
    begin_range: Cow<'t, str>,
    #[serde(borrow, default)]
    end_range: Cow<'t, str>,
    #[serde(borrow)]
    price_per_unit: BTreeMap<Text<'t>, Text<'t>>,
}

/// One product of `get-products`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line<'t> {
    #[serde(borrow)]
    product: Product<'t>,
    #[serde(borrow, default)]
    service_code: Cow<'t, str>,
    #[serde(borrow, default)]
    version: Cow<'t, str>,
    #[serde(borrow, default)]
    publication_date: Cow<'t, str>,
    #[serde(borrow)]
    terms: LineTerms<'t>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct LineTerms<'t> {
    #[serde(borrow, default)]
    on_demand: BTreeMap<Text<'t>, Term<'t>>,
}

/// Reads either form.
pub(super) fn read(text: &str, taking: &mut Taking) -> Result<(), Problem> {
    let mut uses = BTreeMap::new();
    // First what the products are; a list of `get-products` is done with that.
    streamed::parse(text, Top { taking, uses: &mut uses, pass: Pass::Products })?;
    if uses.is_empty() {
        return Ok(());
    }
    streamed::parse(text, Top { taking, uses: &mut uses, pass: Pass::Prices })?;
    for (sku, (_, usage_type)) in uses {
        taking.skip(Skip::NoPrice, &named(&usage_type, &sku));
    }
    Ok(())
}

fn named(usage_type: &str, sku: &str) -> String {
    format!("{usage_type} ({sku})")
}

/// Takes a price, or says why not.
fn take(taking: &mut Taking, of: Use, product: String, terms: BTreeMap<Text<'_>, Term<'_>>) -> Result<(), String> {
    // Of several terms the one that came into force last.
    let Some(term) = terms.into_values().max_by(|a, b| a.effective_date.cmp(&b.effective_date)) else {
        taking.skip(Skip::NoPrice, &product);
        return Ok(());
    };
    let mut dimensions = Vec::new();
    for dimension in term.price_dimensions.into_values() {
        let Some((_, price)) = dimension.price_per_unit.iter().find(|(currency, _)| currency.0 == "USD") else {
            let currencies: Vec<&str> = dimension.price_per_unit.keys().map(|currency| &*currency.0).collect();
            taking.skip(Skip::Currency(currencies.join(", ")), &product);
            return Ok(());
        };
        if !is_unit(of.quantity, &dimension.unit) {
            taking.skip(Skip::Unit(dimension.unit.into_owned()), &product);
            return Ok(());
        }
        let read = Dimension::read(&dimension.begin_range, &dimension.end_range, &price.0);
        dimensions.push(read.map_err(|problem| format!("{product}: {problem}"))?);
    }
    let tiers = tiers(dimensions).map_err(|problem| format!("{product}: {problem}"))?;
    taking.take(of, tiers, product);
    Ok(())
}

/// Takes a line of `get-products`.
fn line(taking: &mut Taking, line: Line<'_>) -> Result<(), String> {
    taking.header(&line.service_code, &line.version, &line.publication_date);
    let product = named(&line.product.attributes.usage_type, &line.product.sku);
    match line.product.attributes.used_for(&line.service_code) {
        Ok(of) => take(taking, of, product, line.terms.on_demand),
        Err(why) => {
            taking.skip(why, &product);
            Ok(())
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Pass {
    Products,
    Prices,
}

/// The whole file.
struct Top<'a> {
    taking: &'a mut Taking,
    /// By SKU: what it is for, and its usage type. Prices that are found take it out.
    uses: &'a mut BTreeMap<String, (Use, String)>,
    pass: Pass,
}

impl<'t> DeserializeSeed<'t> for Top<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'t>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'t> Visitor<'t> for Top<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a price list: an offer file, or the products of `get-products`")
    }

    fn visit_seq<A: SeqAccess<'t>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(Item { taking: &mut *self.taking })?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'t>>(self, mut members: A) -> Result<(), A::Error> {
        let Top { taking, uses, pass } = self;
        let mut header = [Cow::Borrowed(""), Cow::Borrowed(""), Cow::Borrowed("")];
        // The offer is known late when it stands behind the products; they then say their service themselves.
        while let Some(Text(key)) = members.next_key()? {
            match (&*key, pass) {
                ("offerCode", _) => header[0] = members.next_value::<Text<'t>>()?.0,
                ("version", _) => header[1] = members.next_value::<Text<'t>>()?.0,
                ("publicationDate", _) => header[2] = members.next_value::<Text<'t>>()?.0,
                ("PriceList", Pass::Products) => {
                    members.next_value_seed(Top { taking: &mut *taking, uses: &mut *uses, pass })?;
                }
                ("products", Pass::Products) => members.next_value_seed(each(|Text(sku), product: Product<'t>| {
                    match product.attributes.used_for(&header[0]) {
                        Ok(of) => {
                            let usage_type = product.attributes.usage_type.into_owned();
                            if uses.insert(sku.clone().into_owned(), (of, usage_type)).is_some() {
                                return Err(format!("product `{sku}` is given twice"));
                            }
                        }
                        Err(why) => taking.skip(why, &named(&product.attributes.usage_type, &sku)),
                    }
                    Ok(())
                }))?,
                ("terms", Pass::Prices) => {
                    members.next_value_seed(Terms { taking: &mut *taking, uses: &mut *uses })?;
                }
                _ => {
                    members.next_value::<IgnoredAny>()?;
                }
            }
        }
        taking.header(&header[0], &header[1], &header[2]);
        Ok(())
    }
}

/// `terms`: on-demand prices by SKU, and others that are not read.
struct Terms<'a> {
    taking: &'a mut Taking,
    uses: &'a mut BTreeMap<String, (Use, String)>,
}

impl<'t> DeserializeSeed<'t> for Terms<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'t>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl<'t> Visitor<'t> for Terms<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("terms by kind")
    }

    fn visit_map<A: MapAccess<'t>>(self, mut kinds: A) -> Result<(), A::Error> {
        let Terms { taking, uses } = self;
        while let Some(Text(kind)) = kinds.next_key()? {
            if kind != "OnDemand" {
                kinds.next_value::<IgnoredAny>()?;
                continue;
            }
            kinds.next_value_seed(each(|Text(sku), terms: BTreeMap<Text<'t>, Term<'t>>| match uses.remove(&*sku) {
                Some((of, usage_type)) => take(taking, of, named(&usage_type, &sku), terms),
                None => Ok(()),
            }))?;
        }
        Ok(())
    }
}

/// An item of `get-products`: a text that holds JSON, or the JSON itself.
struct Item<'a> {
    taking: &'a mut Taking,
}

impl<'t> DeserializeSeed<'t> for Item<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'t>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'t> Visitor<'t> for Item<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a product as `get-products` prints it")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        let product = serde_json::from_str(text).map_err(|error| {
            let place = format!("line {}, column {} of the JSON in this string", error.line(), error.column());
            E::custom(format!("{} in {place}", streamed::bare(&error)))
        })?;
        line(self.taking, product).map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'t>>(self, members: A) -> Result<(), A::Error> {
        let product = Line::deserialize(serde::de::value::MapAccessDeserializer::new(members))?;
        line(self.taking, product).map_err(A::Error::custom)
    }
}
