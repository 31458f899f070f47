//! Plain values: whether a text, number or truth value is what a key wants, and what would be right when it is not.

use super::keys::Type;
use super::lexical;
use super::tree::{Node, Value};
use crate::units::parse::{self, MomentText, ParseError, Parsed, PriceUnit};

/// How people call a plain type, and an example as it is written in TOML.
pub fn words(ty: Type) -> (&'static str, &'static str) {
    match ty {
        Type::Version => ("the format version", "1"),
        Type::Bool => ("true or false", "true"),
        Type::Count(_) => ("a count", "40"),
        Type::Number(_) => ("a number", "2.6"),
        Type::Fraction => ("a number above 0 and at most 1", "0.85"),
        Type::Text => ("a text", "\"Nightly copies\""),
        Type::Name => ("a name", "\"eu\""),
        Type::WideName => ("a name", "\"prod/eu-west-1\""),
        Type::Repository => ("a repository name", "\"prod/api\""),
        Type::Word(words) | Type::WordOr(words, _) => ("a word", words.first().copied().unwrap_or("")),
        Type::Size => ("a size", "\"200 MB\""),
        Type::Duration | Type::Period => ("a duration", "\"90d\""),
        Type::Moment => ("a moment", "\"45d\""),
        Type::Date => ("a date", "2026-02-19T00:00:00Z"),
        Type::Rate => ("a rate", "\"3/day\""),
        Type::Share => ("a share", "\"15%\""),
        Type::ShareRate => ("a share rate", "\"10%/day\""),
        Type::Bandwidth => ("a bandwidth", "\"5 Gbit/s\""),
        Type::Price(PriceUnit::One) => ("a price", "\"$0.05\""),
        Type::Price(PriceUnit::Gb) => ("a price", "\"$0.02/GB\""),
        Type::Price(PriceUnit::GbMonth) => ("a price", "\"$0.10/GB-month\""),
        Type::Price(PriceUnit::Hour) => ("a price", "\"$90/h\""),
        Type::Price(PriceUnit::Month) => ("a price", "\"$500/month\""),
        Type::Toil => ("working time per month", "\"4h/month\""),
        Type::Hours => ("opening hours", "\"Mon-Fri 09:00-18:00 America/New_York\""),
        Type::Schedule => ("a schedule", "\"Mon-Fri 09:30,14:00 Europe/Dublin\""),
        Type::Quantile => ("a quantile", "\"p99\""),
        Type::Registry => ("a registry", "\"prod/eu-west-1\""),
        Type::RegistryPattern => ("a registry", "\"bu-*/us-east-1\""),
        Type::Registries => ("a list of registries", "[\"bu-*/us-east-1\", \"!bu-03/us-east-1\"]"),
        Type::Selector => ("a selector", "[\"prod/*\", \"!prod/old-*\"]"),
        Type::Region => ("a region", "\"eu-west-1\""),
        Type::Path => ("a path", "\"rules/prod.json\""),
        Type::AccountId => ("an account number", "\"111122223333\""),
        Type::TagTemplate => ("a tag template", "\"v{n}\""),
        Type::Tag => ("a tag", "\"latest\""),
        Type::Prefix => ("a prefix", "\"prod/\""),
        Type::Law(inner) => words(*inner),
        Type::OneOf(types) => types.first().map_or(("a value", "1"), |ty| words(*ty)),
        Type::Drawn => ("a value", "\"30s\""),
        Type::QuantilePoint => ("a pair of a share and a value", "[\"50%\", \"210 MB\"]"),
        Type::List(_) | Type::Named(_) | Type::OneOrMany(_) => ("a list", "[]"),
        Type::Table(_) | Type::Short(..) | Type::Partial(_) | Type::Map(..) | Type::Overrides => ("a table", "{}"),
    }
}

/// Checks a plain value of `key`.
///
/// # Errors
/// What was wanted, what was found, and how to write it.
pub fn check(ty: Type, node: &Node, key: &str) -> Parsed<()> {
    match (ty, &node.value) {
        (Type::Version, Value::Integer(1)) | (Type::Bool, Value::Bool(_)) => Ok(()),
        (Type::Version, _) => error("this version reads `schema = 1`", "format version"),
        (Type::Count(least), Value::Integer(number)) => match u64::try_from(*number) {
            Ok(number) if number >= least => Ok(()),
            _ => error(format!("`{key}` is a count, at least {least}"), ""),
        },
        (Type::Count(_), Value::Number(_)) => error(format!("`{key}` is a count; write a whole number"), ""),
        (Type::Count(_), Value::Text(text)) if text.trim().parse::<u64>().is_ok() => {
            error(format!("`{key}` is a count; write {} without quotes", text.trim()), "")
        }
        (Type::Number(least), Value::Integer(_) | Value::Number(_)) => {
            if float(node) >= least {
                Ok(())
            } else {
                error(format!("`{key}` is a number, at least {least}"), "")
            }
        }
        (Type::Fraction, Value::Integer(_) | Value::Number(_)) => {
            let value = float(node);
            if value > 0.0 && value <= 1.0 { Ok(()) } else { error(format!("`{key}` is above 0 and at most 1"), "") }
        }
        (Type::Number(_) | Type::Fraction, Value::Text(text)) if text.trim().parse::<f64>().is_ok() => {
            error(format!("`{key}` is a number; write {} without quotes", text.trim()), "")
        }
        (Type::Bool, Value::Text(text)) if matches!(text.as_str(), "true" | "false") => {
            error(format!("`{key}` is true or false; write {text} without quotes"), "")
        }
        (Type::Moment | Type::Date, Value::Moment(text) | Value::Text(text)) => match (ty, parse::moment(text)?) {
            (Type::Date, MomentText::SinceStart(_)) => {
                error("expected a date such as 2026-02-19T00:00:00Z, found a duration", "")
            }
            _ => Ok(()),
        },
        (Type::OneOf(types), _) => check(Type::choose(types, node), node, key),
        (Type::WordOr(words, _), Value::Text(text)) if words.contains(&text.as_str()) => Ok(()),
        (Type::WordOr(words, inner), _) => check(*inner, node, key).map_err(|mut error| {
            let or = format!("or one of: {}", words.join(", "));
            error.label = if error.label.is_empty() { or } else { format!("{}; {or}", error.label) };
            error
        }),
        (_, Value::Text(text)) if is_text(ty) => of_text(ty, text, key),
        _ => {
            let (what, example) = words(ty);
            let label = if is_quantity(ty) { "quantities are texts with units" } else { "" };
            error(format!("expected {what} such as {example}, found {}", described(node)), label)
        }
    }
}

/// What stands there, in words; a text by what it looks like.
fn described(node: &Node) -> String {
    match &node.value {
        Value::Text(text) => parse::found(text),
        _ => node.describe().to_string(),
    }
}

fn error<T>(message: impl Into<String>, label: &str) -> Parsed<T> {
    Err(ParseError { message: message.into(), label: label.into() })
}

/// A number as a float.
fn float(node: &Node) -> f64 {
    match node.value {
        Value::Integer(number) => number as f64,
        Value::Number(number) => number,
        _ => f64::NAN,
    }
}

/// Whether values of this type are written as texts.
fn is_text(ty: Type) -> bool {
    !matches!(
        ty,
        Type::Version
            | Type::Bool
            | Type::Count(_)
            | Type::Number(_)
            | Type::Fraction
            | Type::QuantilePoint
            | Type::List(_)
            | Type::Named(_)
            | Type::OneOrMany(_)
            | Type::Table(_)
            | Type::Short(..)
            | Type::Partial(_)
            | Type::Map(..)
            | Type::Overrides
            | Type::Law(_)
            | Type::Selector
            | Type::Registries
    )
}

/// Whether values of this type are quantities with units.
fn is_quantity(ty: Type) -> bool {
    matches!(
        ty,
        Type::Size
            | Type::Duration
            | Type::Period
            | Type::Moment
            | Type::Rate
            | Type::Share
            | Type::ShareRate
            | Type::Bandwidth
            | Type::Price(_)
            | Type::Toil
    )
}

/// Checks a text.
fn of_text(ty: Type, text: &str, key: &str) -> Parsed<()> {
    match ty {
        Type::Name => lexical::name(text),
        Type::WideName if text.is_empty() || text.len() > 200 => error("a name has 1 to 200 characters", ""),
        Type::Repository => lexical::repository(text),
        Type::Word(words) if words.contains(&text) => Ok(()),
        Type::Word(words) => {
            let meant = lexical::did_you_mean(text, words.iter().copied());
            error(format!("unknown `{key}` `{}`{meant}", lexical::clip(text)), &format!("one of: {}", words.join(", ")))
        }
        Type::Size => parse::size(text).map(drop),
        Type::Duration => parse::duration(text).map(drop),
        Type::Period => match parse::duration(text)? {
            span if span.0 > 0 => Ok(()),
            _ => error(format!("`{key}` is longer than nothing"), parse::TIME_UNITS),
        },
        Type::Rate => parse::rate(text).map(drop),
        Type::Share => parse::share(text).map(drop),
        Type::ShareRate => parse::share_rate(text).map(drop),
        Type::Bandwidth => parse::bandwidth(text).map(drop),
        Type::Price(unit) => match parse::price_per(text, unit)?.price() {
            Some(_) => Ok(()),
            None => error("the price is too large", "at most some nine million dollars per unit"),
        },
        Type::Toil => parse::toil(text).map(drop),
        Type::Hours => parse::hours(text).map(drop),
        Type::Schedule => parse::schedule(text).map(drop),
        Type::Quantile => lexical::quantile(text).map(drop),
        Type::Registry => lexical::registry(text, false),
        Type::RegistryPattern => lexical::registry(text, true),
        Type::Region => lexical::region(text),
        Type::Path if text.trim().is_empty() => error("expected a path, found an empty text", ""),
        Type::AccountId => lexical::account_id(text),
        Type::TagTemplate => lexical::tag_template(text),
        Type::Tag => lexical::tag(text),
        Type::Prefix => lexical::prefix(text),
        _ => Ok(()),
    }
}
