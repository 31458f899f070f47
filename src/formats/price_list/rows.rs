//! The CSV form: five rows about the list, a header, then one row per dimension of a price (C56).

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::product::{Attributes, is_unit};
use super::tiers::{Dimension, tiers};
use super::{Skip, Taking, Use};
use crate::formats::rows::Rows;
use crate::formats::{MOST_PROBLEMS, Problem};

/// Rows before the header, at most; the service writes five.
const MOST_PREAMBLE: usize = 20;
const NEEDED: [&str; 7] = ["SKU", "TermType", "StartingRange", "EndingRange", "Unit", "PricePerUnit", "Currency"];

/// A product in the making.
struct Product {
    of: Use,
    name: String,
    /// Its first row.
    span: Range<usize>,
    dimensions: Vec<Dimension>,
    /// Why it is not taken after all.
    left: Option<Skip>,
}

/// Reads the whole text.
pub(super) fn read(text: &str, taking: &mut Taking) -> Result<(), Vec<Problem>> {
    let (offer, start) = preamble(text, taking).map_err(|problem| vec![problem])?;
    let moved = |mut problem: Problem| {
        problem.span = problem.span.start + start..problem.span.end + start;
        problem
    };
    let mut rows = Rows::open(&text[start..], &NEEDED, &[], true)
        .map_err(|problems| problems.into_iter().map(moved).collect::<Vec<_>>())?;
    let columns = Columns::of(&rows);
    let mut products: BTreeMap<(String, String), Product> = BTreeMap::new();
    let mut left = BTreeSet::new();
    let mut problems = Vec::new();
    while problems.len() < MOST_PROBLEMS {
        match rows.step() {
            Ok(true) => {}
            Ok(false) => break,
            Err(problem) => {
                problems.push(moved(problem));
                continue;
            }
        }
        if rows.get(columns.term_type) != "OnDemand" {
            continue;
        }
        let sku = rows.get(columns.sku);
        let attributes = columns.attributes(&rows);
        let name = format!("{} ({sku})", attributes.usage_type);
        let of = match attributes.used_for(&offer) {
            Ok(of) => of,
            Err(why) => {
                // One product, however many rows it has.
                if left.insert(sku.to_string()) {
                    taking.skip(why, &name);
                }
                continue;
            }
        };
        let key = (sku.to_string(), rows.get(columns.effective).to_string());
        let product = products.entry(key).or_insert_with(|| {
            let span = rows.span(None);
            Product { of, name, span: span.start + start..span.end + start, dimensions: Vec::new(), left: None }
        });
        let (unit, currency) = (rows.get(columns.unit), rows.get(columns.currency));
        if currency != "USD" {
            product.left = Some(Skip::Currency(currency.to_string()));
        } else if !is_unit(product.of.quantity, unit) {
            product.left = Some(Skip::Unit(unit.to_string()));
        } else {
            match Dimension::read(rows.get(columns.begin), rows.get(columns.end), rows.get(columns.price)) {
                Ok(dimension) => product.dimensions.push(dimension),
                Err(message) => problems.push(moved(Problem::new(rows.span(None), message, product.name.clone()))),
            }
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    // Of several terms of a product the one that came into force last: dates sort behind the SKU.
    let mut last: BTreeMap<String, Product> = BTreeMap::new();
    for ((sku, _), product) in products {
        last.insert(sku, product);
    }
    for product in last.into_values() {
        match product.left {
            Some(why) => taking.skip(why, &product.name),
            None => match tiers(product.dimensions) {
                Ok(tiers) => taking.take(product.of, tiers, product.name),
                Err(message) => problems.push(Problem::new(product.span, message, product.name)),
            },
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// Reads the rows before the header; returns the offer and where the header begins.
fn preamble(text: &str, taking: &mut Taking) -> Result<(String, usize), Problem> {
    let (mut offer, mut version, mut published) = (String::new(), String::new(), String::new());
    let mut at = 0;
    for line in text.split_inclusive('\n').take(MOST_PREAMBLE) {
        let mut cells = csv::ReaderBuilder::new().has_headers(false).from_reader(line.as_bytes());
        let row = cells.records().next().and_then(Result::ok).unwrap_or_default();
        let value = row.get(1).unwrap_or_default().to_string();
        match row.get(0).unwrap_or_default().trim() {
            "SKU" => {
                taking.header(&offer, &version, &published);
                return Ok((offer, at));
            }
            "OfferCode" => offer = value,
            "Version" => version = value,
            "Publication Date" => published = value,
            _ => {}
        }
        at += line.len();
    }
    let end = text.find('\n').unwrap_or(text.len());
    let message = "this is no price list: it is neither JSON nor has it a header row that begins with `SKU`";
    Err(Problem::new(0..end, message, "as from .../offers/v1.0/aws/AmazonECR/current/index.json or index.csv"))
}

/// Where the columns are.
struct Columns {
    sku: Option<usize>,
    term_type: Option<usize>,
    effective: Option<usize>,
    begin: Option<usize>,
    end: Option<usize>,
    unit: Option<usize>,
    price: Option<usize>,
    currency: Option<usize>,
    attributes: [Option<usize>; 10],
}

impl Columns {
    fn of(rows: &Rows<'_>) -> Columns {
        let column = |name| rows.column(name);
        let either = |name, other| rows.column(name).or_else(|| rows.column(other));
        Columns {
            sku: column("SKU"),
            term_type: column("TermType"),
            effective: column("EffectiveDate"),
            begin: column("StartingRange"),
            end: column("EndingRange"),
            unit: column("Unit"),
            price: column("PricePerUnit"),
            currency: column("Currency"),
            attributes: [
                either("serviceCode", "servicecode"),
                either("usageType", "usagetype"),
                either("Region Code", "regionCode"),
                either("Location Type", "locationType"),
                either("Transfer Type", "transferType"),
                either("From Region Code", "fromRegionCode"),
                either("From Location Type", "fromLocationType"),
                either("To Region Code", "toRegionCode"),
                either("To Location", "toLocation"),
                either("To Location Type", "toLocationType"),
            ],
        }
    }

    fn attributes<'r>(&self, rows: &'r Rows<'_>) -> Attributes<'r> {
        let [service, usage, region, location, transfer, from, from_type, to, to_location, to_type] =
            self.attributes.map(|column| Cow::Borrowed(rows.get(column)));
        Attributes {
            service,
            usage_type: usage,
            region_code: region,
            location_type: location,
            transfer_type: transfer,
            from_region_code: from,
            from_location_type: from_type,
            to_region_code: to,
            to_location,
            to_location_type: to_type,
        }
    }
}
