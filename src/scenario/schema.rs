//! The JSON Schema of the scenario file, for editors: draft 2020-12, made from the key tables.
//!
//! It describes what may be *written*, short forms included. What only shows in the merged scenario (a key that a base
//! or `[defaults]` brings) is not asked of one file.

use serde_json::{Map, Value, json};

use super::keys::top::SCENARIO;
use super::keys::{Group, Key, LINE_ITEMS, Table, Type};
use super::scalar::words;

/// The schema as JSON text with a final line end.
pub fn schema() -> String {
    let mut root = table(&SCENARIO, true);
    root["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    root["title"] = json!("replisim scenario, schema 1");
    root["$defs"] = definitions();
    // A file with a base may leave out what the base has.
    root["anyOf"] = json!([{ "required": ["extends"] }, { "required": required_keys(&SCENARIO) }]);
    let mut text = format!("{root:#}");
    text.push('\n');
    text
}

fn required_keys(table: &Table) -> Vec<&'static str> {
    table.keys.iter().filter(|key| key.required && key.unless.is_none()).map(|key| key.name).collect()
}

/// The pattern of each quantity.
const PATTERNS: &[(&str, &str, &[&str])] = &[
    ("size", r"^\d+(\.\d+)? *(B|kB|MB|GB|TB|KiB|MiB|GiB|TiB)$", &["200 MB", "1.5 GiB"]),
    ("duration", r"^(\d+(\.\d+)? *(ns|us|ms|s|m|min|h|hour|d|day|w|week) *)+$", &["90d", "4h30m", "80 ms"]),
    (
        "moment",
        r"^((\d+(\.\d+)? *(ns|us|ms|s|m|min|h|hour|d|day|w|week) *)+|\d{4}-\d{2}-\d{2}([T ].*)?)$",
        &["45d", "2026-02-19T00:00:00Z"],
    ),
    ("date", r"^\d{4}-\d{2}-\d{2}([T ].*)?$", &["2026-02-19T00:00:00Z"]),
    ("rate", r"^\d+(\.\d+)? */ *(\d+(\.\d+)? *)?(ns|us|ms|s|m|min|h|hour|d|day|w|week)$", &["3/day", "1/15d", "0.5/h"]),
    ("share", r"^\d+(\.\d+)? *%$", &["15%"]),
    (
        "share-rate",
        r"^\d+(\.\d+)? *% */ *(\d+(\.\d+)? *)?(ns|us|ms|s|m|min|h|hour|d|day|w|week)$",
        &["10%/day", "4%/30d"],
    ),
    ("bandwidth", r"^(unlimited|\d+(\.\d+)? *([kMGT]|[KMGT]i)?(bit|B) *\/s)$", &["5 Gbit/s", "70 MB/s", "unlimited"]),
    ("price", r"^\$ *\d+(\.\d+)?( */ *(GB|GiB|GB-month|GiB-month|h|hour|month))?$", &["$0.02/GB", "$90/h"]),
    ("toil", r"^\d.* */ *month$", &["4h/month"]),
    (
        "hours",
        r"^(always|([A-Z][A-Za-z,-]+ +)?\d\d:\d\d-\d\d:\d\d( +\S+)?)$",
        &["Mon-Fri 09:00-18:00 America/New_York"],
    ),
    (
        "schedule",
        r"^([A-Z][A-Za-z,-]+ +)?\d\d:\d\d(,\d\d:\d\d)*( +\S+)?$",
        &["00:00", "Mon-Fri 09:30,14:00 Europe/Dublin"],
    ),
    ("quantile", r"^p\d+(\.\d+)?$", &["p99"]),
    ("name", r"^[a-z0-9][a-z0-9._-]{0,63}$", &["eu"]),
    ("repository", r"^[a-z0-9]+([._/-]+[a-z0-9]+)*$", &["prod/api"]),
    ("registry", r"^([a-z0-9][a-z0-9._-]*/)?[a-z0-9-]{2,25}$", &["eu-west-1", "prod/eu-west-1"]),
    ("registry-pattern", r"^!?([a-z0-9*][a-z0-9.*_-]*/)?[a-z0-9-]{2,25}$", &["bu-*/us-east-1"]),
    ("region", r"^[a-z0-9-]{2,25}$", &["eu-west-1"]),
    ("account-number", r"^[0-9]{12}$", &["111122223333"]),
    ("prefix", r"^[a-z0-9._/*-]{2,256}$", &["prod/"]),
    ("tag", r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$", &["latest"]),
];

fn definitions() -> Value {
    let definition = |(name, pattern, examples): &(&str, &str, &[&str])| {
        ((*name).to_string(), json!({ "type": "string", "pattern": pattern, "examples": examples }))
    };
    Value::Object(PATTERNS.iter().map(definition).collect())
}

/// A table. `asks` = its required keys must be in the same file.
fn table(table: &'static Table, asks: bool) -> Value {
    let mut out = object(table.keys);
    if asks && table.name_from.is_none() && !std::ptr::eq(table, &SCENARIO) {
        let required = required_keys(table);
        if !required.is_empty() {
            out["required"] = json!(required);
        }
    } else if asks && table.name_from == Some("name") {
        out["required"] = json!(["name"]);
    }
    let mut all = exclusions(table.groups);
    match table.kinds {
        None => out["additionalProperties"] = json!(false),
        Some(kinds) => {
            for kind in kinds.kinds {
                let mut then = object(kind.keys);
                let groups = exclusions(kind.groups);
                if !groups.is_empty() {
                    then["allOf"] = json!(groups);
                }
                all.push(json!({
                    "if": { "properties": { kinds.tag: { "const": kind.name } }, "required": [kinds.tag] },
                    "then": then,
                }));
            }
            out["unevaluatedProperties"] = json!(false);
        }
    }
    if !all.is_empty() {
        out["allOf"] = json!(all);
    }
    out
}

fn object(keys: &'static [Key]) -> Value {
    let properties: Map<String, Value> = keys.iter().map(|key| (key.name.to_string(), property(key))).collect();
    json!({ "type": "object", "properties": properties })
}

/// Pairs of keys that exclude each other.
fn exclusions(groups: &'static [Group]) -> Vec<Value> {
    let mut out = Vec::new();
    for group in groups {
        for (index, one) in group.alternatives.iter().enumerate() {
            for other in &group.alternatives[index + 1..] {
                out.push(json!({ "not": { "required": [one[0], other[0]] } }));
            }
        }
    }
    out
}

/// A key's type with its description and default.
fn property(key: &Key) -> Value {
    let mut out = of(key.ty);
    let mut text = key.meaning.to_string();
    if key.default != "required" && key.default != "none" {
        text.push_str(&format!(". Default: {}", key.default));
    }
    if !key.source.is_empty() {
        text.push_str(&format!(" ({})", key.source));
    }
    out["description"] = json!(text);
    if let Some(default) = plain_default(key.default) {
        out["default"] = default;
    }
    out
}

/// A default that is one TOML value.
fn plain_default(text: &str) -> Option<Value> {
    let table: toml::Table = format!("x = {text}").parse().ok()?;
    match table.get("x")? {
        toml::Value::Datetime(date) => Some(json!(date.to_string())),
        value => serde_json::to_value(value).ok(),
    }
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{name}") })
}

fn list_of(items: Value) -> Value {
    json!({ "type": "array", "items": items })
}

fn of(ty: Type) -> Value {
    match ty {
        Type::Version => json!({ "const": 1 }),
        Type::Bool => json!({ "type": "boolean" }),
        Type::Count(least) => json!({ "type": "integer", "minimum": least }),
        Type::Number(least) => json!({ "type": "number", "minimum": least }),
        Type::Fraction => json!({ "type": "number", "exclusiveMinimum": 0, "maximum": 1 }),
        Type::Text | Type::WideName | Type::Path | Type::TagTemplate => {
            json!({ "type": "string", "examples": [words(ty).1.trim_matches('"')] })
        }
        Type::Word(words) => json!({ "enum": words }),
        Type::Name => reference("name"),
        Type::Repository => reference("repository"),
        Type::Size => reference("size"),
        Type::Duration | Type::Period => reference("duration"),
        Type::Moment => reference("moment"),
        Type::Date => reference("date"),
        Type::Rate => reference("rate"),
        Type::Share => reference("share"),
        Type::ShareRate => reference("share-rate"),
        Type::Bandwidth => reference("bandwidth"),
        Type::Price(_) => {
            json!({ "$ref": "#/$defs/price", "examples": [words(ty).1.trim_matches('"')] })
        }
        Type::Toil => reference("toil"),
        Type::Hours => reference("hours"),
        Type::Schedule => reference("schedule"),
        Type::Quantile => reference("quantile"),
        Type::Registry => reference("registry"),
        Type::RegistryPattern => reference("registry-pattern"),
        Type::Region => reference("region"),
        Type::AccountId => reference("account-number"),
        Type::Tag => reference("tag"),
        Type::Prefix => reference("prefix"),
        Type::Registries => {
            json!({ "anyOf": [reference("registry-pattern"), list_of(reference("registry-pattern"))] })
        }
        Type::Selector => json!({ "anyOf": [{ "type": "string" }, list_of(json!({ "type": "string" }))] }),
        Type::WordOr(words, inner) => json!({ "anyOf": [{ "enum": words }, of(*inner)] }),
        Type::OneOf(types) => json!({ "anyOf": types.iter().map(|ty| of(*ty)).collect::<Vec<_>>() }),
        Type::Law(inner) => json!({ "anyOf": [of(*inner), law(*inner)] }),
        // Only inside a law, which replaces it.
        Type::Drawn | Type::QuantilePoint => json!({}),
        Type::List(inner) => list_of(of(*inner)),
        Type::OneOrMany(inner) => json!({ "anyOf": [of(*inner), list_of(of(*inner))] }),
        Type::Table(inner) => table(inner, true),
        Type::Partial(inner) => table(inner, false),
        Type::Short(keys, inner) => {
            let short = inner.keys.iter().find(|key| keys.contains(&key.name)).map(|key| of(key.ty));
            json!({ "anyOf": [short, table(inner, true)] })
        }
        Type::Named(inner) => match (inner.name_from, inner.kinds) {
            (Some("kind"), Some(kinds)) => {
                let names: Vec<&str> = kinds.kinds.iter().map(|kind| kind.name).collect();
                list_of(json!({ "anyOf": [{ "enum": names }, table(inner, true)] }))
            }
            _ => list_of(table(inner, true)),
        },
        Type::Map(super::keys::MapKey::LineItem, inner) => json!({
            "type": "object", "propertyNames": { "enum": LINE_ITEMS }, "additionalProperties": of(*inner)
        }),
        Type::Map(_, inner) => json!({ "type": "object", "additionalProperties": of(*inner) }),
        Type::Overrides => json!({ "type": "object" }),
    }
}

/// The laws of a value, with that value's type in them.
fn law(inner: Type) -> Value {
    let mut out = table(&super::keys::laws::LAW, true);
    fill(&mut out, &of(inner));
    out["minProperties"] = json!(1);
    let points = list_of(json!({ "type": "array", "prefixItems": [reference("share"), of(inner)], "minItems": 2 }));
    out["properties"]["quantiles"]["anyOf"] = json!([{ "type": "string" }, points]);
    out
}

/// Puts the drawn value's type in the places of a law's table that have none.
fn fill(node: &mut Value, drawn: &Value) {
    let Some(properties) = node.get_mut("properties").and_then(Value::as_object_mut) else { return };
    for (name, property) in properties {
        if property.get("properties").is_some() {
            fill(property, drawn);
        } else if name != "quantiles"
            && property.as_object().is_some_and(|keys| keys.keys().all(|key| key == "description"))
            && let (Some(property), Some(drawn)) = (property.as_object_mut(), drawn.as_object())
        {
            drawn.iter().for_each(|(key, value)| drop(property.insert(key.clone(), value.clone())));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Run with `REPLISIM_UPDATE=1` to write the file anew.
    #[test]
    fn the_committed_schema_is_current() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/scenario.schema.json");
        let schema = schema();
        if std::env::var_os("REPLISIM_UPDATE").is_some() {
            std::fs::write(&path, &schema).expect("the assets are writable");
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(committed == schema, "assets/scenario.schema.json is out of date; REPLISIM_UPDATE=1 writes it anew");
    }

    #[test]
    fn every_reference_has_a_definition_and_every_key_a_description() {
        let schema: Value = serde_json::from_str(&schema()).expect("valid JSON");
        let mut seen = 0;
        walk(&schema, &mut |object| {
            if let Some(reference) = object.get("$ref").and_then(Value::as_str) {
                let name = reference.trim_start_matches("#/$defs/");
                assert!(schema["$defs"].get(name).is_some(), "{reference}");
                seen += 1;
            }
        });
        assert!(seen > 100, "{seen}");
        let cluster = &schema["properties"]["clusters"]["items"];
        assert_eq!(cluster["properties"]["nodes"]["default"], json!(10));
        assert_eq!(cluster["additionalProperties"], json!(false));
        let size = &schema["properties"]["repositories"]["items"]["properties"]["image"]["properties"]["size"];
        assert_eq!(size["anyOf"][1]["properties"]["uniform"]["properties"]["min"]["$ref"], json!("#/$defs/size"));
    }

    #[test]
    fn examples_match_their_patterns_by_the_reader_itself() {
        for (name, read) in [
            ("size", (|text| crate::units::parse::size(text).is_ok()) as fn(&str) -> bool),
            ("duration", |text| crate::units::parse::duration(text).is_ok()),
            ("rate", |text| crate::units::parse::rate(text).is_ok()),
            ("bandwidth", |text| crate::units::parse::bandwidth(text).is_ok()),
            ("price", |text| crate::units::parse::price(text).is_ok()),
            ("schedule", |text| crate::units::parse::schedule(text).is_ok()),
            ("hours", |text| crate::units::parse::hours(text).is_ok()),
        ] {
            let (_, _, examples) = PATTERNS.iter().find(|(known, ..)| *known == name).expect("listed above");
            assert!(examples.iter().all(|example| read(example)), "{name}");
        }
    }

    fn walk(value: &Value, visit: &mut impl FnMut(&Map<String, Value>)) {
        match value {
            Value::Object(object) => {
                visit(object);
                object.values().for_each(|value| walk(value, visit));
            }
            Value::Array(items) => items.iter().for_each(|value| walk(value, visit)),
            _ => {}
        }
    }
}
