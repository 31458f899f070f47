//! Lists in the shape of the service's own files, written by hand: no complete one is published (fact C60).

use serde_json::{Value, json};

use super::*;
use crate::units::{BILL_GB, Price};

/// A product: SKU, attributes, then dimensions (unit, begin, end, currency, price).
struct Product {
    sku: &'static str,
    attributes: Vec<(&'static str, &'static str)>,
    dimensions: Vec<[&'static str; 5]>,
}

fn product(
    sku: &'static str,
    attributes: &[(&'static str, &'static str)],
    dimensions: &[[&'static str; 5]],
) -> Product {
    Product { sku, attributes: attributes.to_vec(), dimensions: dimensions.to_vec() }
}

fn service(code: &'static str, usage: &'static str, region: &'static str) -> Vec<(&'static str, &'static str)> {
    vec![("servicecode", code), ("usagetype", usage), ("regionCode", region), ("locationType", "AWS Region")]
}

fn transfer(
    usage: &'static str,
    kind: &'static str,
    from: &'static str,
    to: &'static str,
) -> Vec<(&'static str, &'static str)> {
    vec![
        ("servicecode", "AWSDataTransfer"),
        ("usagetype", usage),
        ("transferType", kind),
        ("fromRegionCode", from),
        ("fromLocationType", "AWS Region"),
        ("toRegionCode", to),
        ("toLocation", if to.is_empty() { "External" } else { "somewhere" }),
        ("toLocationType", if to.is_empty() { "Other" } else { "AWS Region" }),
    ]
}

/// Every trap of C55, C57 and C59 in one estate of products.
fn products() -> Vec<Product> {
    let flat = |unit, price| [[unit, "0", "Inf", "USD", price]];
    vec![
        product("S1", &service("AmazonECR", "TimedStorage-ByteHrs", "us-east-1"), &flat("GB-Mo", "0.1000000000")),
        product("S2", &service("AmazonECR", "EU-TimedStorage-ByteHrs", "eu-west-1"), &flat("GB-Mo", "0.1100000000")),
        product(
            "S3",
            &service("AmazonECR", "CNN1-TimedStorage-ByteHrs", "cn-north-1"),
            &[["GB-Mo", "0", "Inf", "CNY", "0.6660000000"]],
        ),
        product(
            "A1",
            &service("AmazonECR", "USE1-TimedStorage-Archive-ByteHrs", "us-east-1"),
            &[["GB-Mo", "153600", "Inf", "USD", "0.0700000000"], ["GB-Mo", "0", "153600", "USD", "0.1000000000"]],
        ),
        product("R1", &service("AmazonECR", "USE1-Retrieval-Archive", "us-east-1"), &flat("GB", "0.0300000000")),
        product("X1", &service("AmazonECR", "USE1-ImageSigning", "us-east-1"), &flat("Count", "0.0100000000")),
        product("X2", &service("AmazonS3", "EU-TimedStorage-ByteHrs", "eu-west-1"), &flat("GB-Mo", "0.0230000000")),
        product(
            "T1",
            &transfer("USE1-EU-AWS-Out-Bytes", "InterRegion Outbound", "us-east-1", "eu-west-1"),
            &flat("GB", "0.0200000000"),
        ),
        product(
            "T2",
            &transfer("EU-USE1-AWS-In-Bytes", "InterRegion Inbound", "eu-west-1", "us-east-1"),
            &flat("GB", "0.0000000000"),
        ),
        product(
            "T3",
            &transfer("USE1-AWS-Out-Bytes", "InterRegion Outbound", "us-east-1", ""),
            &flat("GB", "0.0050000000"),
        ),
        product(
            "T4",
            &transfer("USE1-USE1ATL1-AWS-Out-Bytes", "InterRegion Outbound", "us-east-1", "us-east-1-atl-1"),
            &flat("GB", "0.0100000000"),
        ),
        product(
            "I1",
            &transfer("EU-DataTransfer-Out-Bytes", "AWS Outbound", "eu-west-1", ""),
            &[
                ["GB", "10240", "51200", "USD", "0.0850000000"],
                ["GB", "0", "1", "USD", "0.0000000000"],
                ["GB", "51200", "Inf", "USD", "0.0700000000"],
                ["GB", "1", "10240", "USD", "0.0900000000"],
            ],
        ),
        product("N1", &service("AmazonEC2", "EU-NatGateway-Hours", "eu-west-1"), &flat("Hrs", "0.0480000000")),
        product("N2", &service("AmazonEC2", "EU-NatGateway-Bytes", "eu-west-1"), &flat("GB", "0.0480000000")),
        product("V1", &service("AmazonVPC", "EU-VpcEndpoint-Hours", "eu-west-1"), &flat("Hrs", "0.0110000000")),
        product("V2", &service("AmazonVPC", "EU-VpcEndpoint-GWLBE-Hours", "eu-west-1"), &flat("Hrs", "0.0125000000")),
    ]
}

fn term(product: &Product) -> Value {
    let dimensions: serde_json::Map<String, Value> = product
        .dimensions
        .iter()
        .enumerate()
        .map(|(i, [unit, begin, end, currency, price])| {
            let dimension = json!({ "rateCode": format!("{}.T.{i}", product.sku), "unit": unit, "beginRange": begin,
                "endRange": end, "description": "\"quoted\"", "appliesTo": [], "pricePerUnit": { *currency: price } });
            (format!("{}.T.{i}", product.sku), dimension)
        })
        .collect();
    json!({ format!("{}.T", product.sku): { "sku": product.sku, "offerTermCode": "T",
        "effectiveDate": "2026-09-01T00:00:00Z", "priceDimensions": dimensions, "termAttributes": {} } })
}

fn attributes(product: &Product) -> Value {
    let attributes: serde_json::Map<String, Value> =
        product.attributes.iter().map(|(key, value)| ((*key).to_string(), json!(value))).collect();
    json!({ "sku": product.sku, "productFamily": "a family", "attributes": attributes })
}

/// A bulk offer file (C51 to C53). Members come in the order of their names, so `terms` after `products`.
fn bulk(products: &[Product]) -> String {
    let listed: serde_json::Map<String, Value> =
        products.iter().map(|product| (product.sku.to_string(), attributes(product))).collect();
    let terms: serde_json::Map<String, Value> =
        products.iter().map(|product| (product.sku.to_string(), term(product))).collect();
    let file = json!({ "formatVersion": "v1.0", "disclaimer": "..", "offerCode": "AmazonECR",
        "version": "20260911124425", "publicationDate": "2026-09-11T12:44:25Z", "products": listed,
        "terms": { "OnDemand": terms, "Reserved": { "S1": { "anything": [1, 2] } } } });
    format!("{file:#}")
}

/// What `get-products` prints (C54).
fn lines(products: &[Product]) -> Vec<String> {
    let line = |product: &Product| {
        json!({ "product": attributes(product), "serviceCode": "AmazonECR", "version": "20260911124425",
            "publicationDate": "2026-09-11T12:44:25Z", "terms": { "OnDemand": term(product) } })
        .to_string()
    };
    products.iter().map(line).collect()
}

/// The CSV form (C56).
fn table(products: &[Product]) -> String {
    let mut text = "\"FormatVersion\",\"v1.0\"\n\"Disclaimer\",\"This, that\"\n\"Publication Date\",\
                    \"2026-09-11T12:44:25Z\"\n\"Version\",\"20260911124425\"\n\"OfferCode\",\"AmazonECR\"\n"
        .to_string();
    let columns = [
        ("serviceCode", "servicecode"),
        ("usageType", "usagetype"),
        ("Region Code", "regionCode"),
        ("Location Type", "locationType"),
        ("Transfer Type", "transferType"),
        ("From Region Code", "fromRegionCode"),
        ("From Location Type", "fromLocationType"),
        ("To Region Code", "toRegionCode"),
        ("To Location", "toLocation"),
        ("To Location Type", "toLocationType"),
    ];
    text += "\"SKU\",\"OfferTermCode\",\"TermType\",\"EffectiveDate\",\"StartingRange\",\"EndingRange\",\"Unit\",\
             \"PricePerUnit\",\"Currency\"";
    columns.iter().for_each(|(name, _)| text += &format!(",\"{name}\""));
    text.push('\n');
    for product in products {
        for [unit, begin, end, currency, price] in &product.dimensions {
            let cells = [product.sku, "T", "OnDemand", "2026-09-01", begin, end, unit, price, currency];
            let value = |key| product.attributes.iter().find(|(other, _)| *other == key).map_or("", |(_, value)| value);
            let cells = cells.into_iter().chain(columns.iter().map(|(_, key)| value(*key)));
            text += &cells.map(|cell| format!("\"{cell}\"")).collect::<Vec<_>>().join(",");
            text.push('\n');
        }
    }
    text
}

fn good(text: &str) -> PriceList {
    read(text).unwrap_or_else(|problems| panic!("{problems:?}"))
}

#[test]
fn all_forms_of_a_list_say_the_same_facts_c51_c54_c56() {
    let products = products();
    let list = good(&bulk(&products));
    assert_eq!((list.offer.as_str(), list.version.as_str()), ("AmazonECR", "20260911124425"));
    let lines = lines(&products);
    assert_eq!(good(&json!(lines).to_string()), list);
    assert_eq!(good(&json!({ "FormatVersion": "aws_v1", "PriceList": lines }).to_string()), list);
    let objects: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(good(&json!(objects).to_string()), list);
    assert_eq!(good(&table(&products)), list);
    assert_eq!(good(&format!("\u{feff}{}", table(&products)).replace('\n', "\r\n")), list);
    // Products behind their prices: nothing promises an order.
    let text = bulk(&products).replace("\"products\"", "\"zproducts\"");
    let sorted: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(good(&sorted.to_string().replace("\"zproducts\"", "\"products\"")), list);
}

#[test]
fn the_traps_of_facts_c55_and_c59() {
    let list = good(&bulk(&products()));
    let tiers = |quantity: Quantity, place: &str| {
        let quote = list.quotes.iter().find(|quote| {
            let to = quote.to.as_ref().map(|to| format!(">{to}")).unwrap_or_default();
            quote.quantity == quantity && format!("{}{to}", quote.region) == place
        });
        quote.map(|quote| {
            quote.tiers.iter().map(|(start, price)| (start / BILL_GB, price.to_string())).collect::<Vec<_>>()
        })
    };
    let one = |price: &str| Some(vec![(0, price.to_string())]);
    // The region is the region code; `EU` in the usage type is a legacy code, and us-east-1 may have none (C59).
    assert_eq!(tiers(Quantity::Storage, "us-east-1"), one("0.1"));
    assert_eq!(tiers(Quantity::Storage, "eu-west-1"), one("0.11"), "and not the storage of another service");
    // The order of dimensions is not promised, free rows stand beside priced ones (C55).
    let archive = vec![(0, "0.1".to_string()), (153_600, "0.07".to_string())];
    assert_eq!(tiers(Quantity::Archive, "us-east-1"), Some(archive));
    let internet = [(0, "0.09"), (10_240, "0.085"), (51_200, "0.07")].map(|(gb, price)| (gb, price.to_string()));
    assert_eq!(tiers(Quantity::Internet, "eu-west-1"), Some(internet.to_vec()));
    assert_eq!(tiers(Quantity::InterRegion, "us-east-1>eu-west-1"), one("0.02"));
    for (quantity, price) in
        [(Quantity::NatHour, "0.048"), (Quantity::NatData, "0.048"), (Quantity::EndpointHour, "0.011")]
    {
        assert_eq!(tiers(quantity, "eu-west-1"), one(price), "{quantity:?}");
    }
    assert_eq!(list.quotes.len(), 9, "and nothing else: {:?}", list.quotes);
    let skipped: Vec<(String, usize)> = list.skipped.iter().map(|(why, of)| (why.to_string(), of.products)).collect();
    let expected = [
        ("for a use that no price of a book is about", 4),
        ("in Local or Wavelength zones", 1),
        ("transfers without the codes of both regions", 1),
        ("priced in CNY, not in USD", 1),
    ];
    assert_eq!(skipped, expected.map(|(why, of)| (why.to_string(), of)));
    assert_eq!(list.skipped[&Skip::NotBetweenRegions].example, "USE1-AWS-Out-Bytes (T3)");
}

#[test]
fn products_that_contradict_each_other_are_left_but_a_free_one_is_an_allowance() {
    let storage = |sku, price| {
        product(sku, &service("AmazonECR", "TimedStorage-ByteHrs", "us-east-1"), &[["GB-Mo", "0", "Inf", "USD", price]])
    };
    let other =
        || product("R", &service("AmazonECR", "Retrieval-Archive", "us-east-1"), &[["GB", "0", "Inf", "USD", "1"]]);
    for form in [bulk, |products: &[Product]| json!(lines(products)).to_string(), table] {
        let list = good(&form(&[storage("A", "0.1"), storage("B", "0.2"), storage("C", "0.1"), other()]));
        assert_eq!(list.quotes.len(), 1);
        let why = list.skipped.keys().next().map(ToString::to_string);
        assert_eq!(why.as_deref(), Some("that contradict each other about storage at us-east-1"));
        for order in [[storage("A", "0"), storage("B", "0.2")], [storage("A", "0.2"), storage("B", "0.0")]] {
            let list = good(&form(&order));
            assert_eq!(list.quotes[0].tiers, [(0, Price(200_000_000_000))]);
            assert!(list.skipped.is_empty());
        }
    }
}

#[test]
fn a_list_becomes_a_book_over_a_base_and_names_its_source() {
    let list = good(&bulk(&products()));
    let book = PriceBook::newest().with("mine", &[list.quotes("index.json")]);
    assert_eq!(book.price(Quantity::Storage, "eu-west-1").map(|price| price.to_string()).as_deref(), Some("0.11"));
    let source = book.sources_of(Quantity::Storage, "eu-west-1", None)[0];
    assert_eq!(
        (source.key.as_str(), source.name.as_str(), source.date.as_str()),
        (
            "AmazonECR-20260911124425",
            "AWS price list AmazonECR, version 20260911124425, read from index.json",
            "2026-09-11"
        )
    );
    assert_eq!(book.price(Quantity::Storage, "eu-west-2"), PriceBook::newest().price(Quantity::Storage, "eu-west-2"));
    let read = PriceBook::parse("mine", book.text()).unwrap_or_else(|problems| panic!("{problems:?}"));
    assert_eq!(read, book);
}

/// Line, from 1, and message of the first problem.
fn wrong(text: &str) -> (usize, String) {
    let problems = read(text).expect_err("a bad list");
    let start = problems[0].span.start;
    (text[..start].matches('\n').count() + 1, problems[0].message.clone())
}

#[test]
fn what_is_malformed_is_told_with_its_line() {
    let text = bulk(&products());
    let line_of = |needle: &str| text[..text.find(needle).expect("there")].matches('\n').count() + 1;
    let (line, message) = wrong(&text.replace("0.1100000000", "0,11"));
    assert_eq!(message, "EU-TimedStorage-ByteHrs (S2): expected a price such as \"0.0900000000\", found \"0,11\"");
    assert!(line.abs_diff(line_of("0.1100000000")) < 20, "{line}");
    let (line, message) = wrong(&text.replace("\"CNY\": \"0.6660000000\"", "\"CNY\": 0.666"));
    assert!(message.starts_with("invalid type: floating point `0.666`"), "{message}");
    assert_eq!(line, line_of("\"CNY\""));
    let (_, message) = wrong(&text.replace("\"beginRange\": \"10240\"", "\"beginRange\": \"10241\""));
    assert!(message.ends_with("do not join: expected a range from 10240, found one from 10241"), "{message}");
    assert!(wrong(&text[..text.len() / 2]).1.starts_with("EOF while parsing"));
    let rows = table(&products());
    let (line, message) = wrong(&rows.replace("0.1100000000", "0.11 USD"));
    assert_eq!((line, message.as_str()), (8, "expected a price such as \"0.0900000000\", found \"0.11 USD\""));
    assert_eq!(
        wrong("a,b\n1,2\n").1,
        "this is no price list: it is neither JSON nor has it a header row that begins with `SKU`"
    );
    assert_eq!(wrong("SKU,TermType\nS1\n").0, 1);
    let one = json!([lines(&products())[0].replace("USD", "USD\\")]).to_string();
    assert!(wrong(&one).1.contains("of the JSON in this string"), "{}", wrong(&one).1);
    assert!(wrong("{}").1.starts_with("no price in this list is one that a price book takes"));
    for hostile in ["", "[", "[[[[", "{\"products\": 1}", "{\"products\": {\"A\": []}}", "\u{0}", &"[".repeat(100_000)]
    {
        assert!(read(hostile).is_err());
    }
}

#[test]
fn a_book_is_toml_and_a_list_is_not() {
    assert!(is_list("prices/index.json") && is_list("INDEX.CSV") && is_list("a.b.csv"));
    assert!(!is_list("prices.toml") && !is_list("json") && !is_list("prices"));
}
