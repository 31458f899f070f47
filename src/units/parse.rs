//! Text to quantity: `"200 MB"`, `"4h30m"`, `"5 Gbit/s"`, `"$0.02/GB"`.
//!
//! Quantities are written with their units, and read here and nowhere else. Numbers are decimal fractions that are
//! scaled exactly: a size comes to whole bytes or is refused, a duration to whole nanoseconds. Clock texts (opening
//! hours, schedules, moments) are in the folder beside this file.
//!
//! An error says what was expected and what was found instead (`expected a duration such as "90d", found a size`);
//! where the text stands is for the caller to add.

use super::{Bandwidth, Bytes, DAY, HOUR, NANOS, Price, Span, Usd};

mod clock;
mod decimal;

pub use clock::{HoursText, MomentText, ScheduleText, Weekdays, hours, moment, schedule};

use decimal::Decimal;

/// Why a text is not the quantity that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ParseError {
    /// What is wrong and what would be right; lower case, no full stop.
    pub message: String,
    /// What is known there, such as the list of units; may be empty.
    pub label: String,
}

impl ParseError {
    fn new(message: impl Into<String>, label: impl Into<String>) -> ParseError {
        ParseError { message: message.into(), label: label.into() }
    }
}

/// What all readers here answer.
pub type Parsed<T> = Result<T, ParseError>;

/// A time unit after the `/` of a rate. Days, weeks and shorter units count differently under opening hours, so the
/// unit is kept as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RateUnit {
    /// 10^-9 s.
    Nanosecond,
    /// 10^-6 s.
    Microsecond,
    /// 10^-3 s.
    Millisecond,
    /// 1 s.
    Second,
    /// 60 s.
    Minute,
    /// 3,600 s.
    Hour,
    /// 86,400 s.
    Day,
    /// 7 days.
    Week,
}

impl RateUnit {
    /// Its length.
    pub const fn span(self) -> Span {
        Span(match self {
            RateUnit::Nanosecond => 1,
            RateUnit::Microsecond => 1_000,
            RateUnit::Millisecond => 1_000_000,
            RateUnit::Second => NANOS,
            RateUnit::Minute => 60 * NANOS,
            RateUnit::Hour => HOUR,
            RateUnit::Day => DAY,
            RateUnit::Week => 7 * DAY,
        })
    }

    fn of(word: &str) -> Option<RateUnit> {
        Some(match word {
            "ns" => RateUnit::Nanosecond,
            "us" => RateUnit::Microsecond,
            "ms" => RateUnit::Millisecond,
            "s" => RateUnit::Second,
            "m" | "min" => RateUnit::Minute,
            "h" | "hour" => RateUnit::Hour,
            "d" | "day" => RateUnit::Day,
            "w" | "week" => RateUnit::Week,
            _ => return None,
        })
    }
}

/// A rate as written: `count` events every `per_count` × `unit`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RateText {
    /// Events, or, for a share rate, a fraction (`"10%/day"` has 0.1).
    pub count: f64,
    /// How many units; above 0. 1 when no number is written.
    pub per_count: f64,
    /// The unit of time.
    pub unit: RateUnit,
}

impl RateText {
    /// Events per nanosecond of calendar time.
    pub fn per_nanosecond(&self) -> f64 {
        self.count / (self.per_count * self.unit.span().0 as f64)
    }
}

/// What a price is per. GB is the bill's: 2^30 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PriceUnit {
    /// Nothing: an amount, or a price per thing.
    One,
    /// GB of 2^30 bytes.
    Gb,
    /// GB of 2^30 bytes for a month.
    GbMonth,
    /// Hour.
    Hour,
    /// Month.
    Month,
}

impl PriceUnit {
    /// An example of such a price.
    pub const fn example(self) -> &'static str {
        match self {
            PriceUnit::One => "$0.05",
            PriceUnit::Gb => "$0.02/GB",
            PriceUnit::GbMonth => "$0.10/GB-month",
            PriceUnit::Hour => "$90/h",
            PriceUnit::Month => "$500/month",
        }
    }
}

/// A price as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceText {
    /// 10^-12 dollars per unit; not negative.
    pub pico: i128,
    /// The unit.
    pub unit: PriceUnit,
}

impl PriceText {
    /// As a price; `None` above some nine million dollars per unit.
    pub fn price(self) -> Option<Price> {
        i64::try_from(self.pico).ok().map(Price)
    }

    /// As an amount of money, rounded half up to 10^-9 dollars.
    pub fn usd(self) -> Usd {
        Usd((self.pico + 500) / 1000)
    }
}

/// The time units, for labels.
pub const TIME_UNITS: &str = "time units: ns us ms s m h d w";
/// The size units, for labels.
pub const SIZE_UNITS: &str = "size units: B kB MB GB TB, KiB MiB GiB TiB";
/// The bandwidth units, for labels.
pub const BANDWIDTH_UNITS: &str = "bandwidth units: bit/s kbit/s Mbit/s Gbit/s, B/s kB/s MB/s GB/s, KiB/s MiB/s GiB/s";

/// Reads a size: decimal (`B kB MB GB TB`) or binary (`KiB MiB GiB TiB`), whole bytes.
///
/// # Errors
/// Anything else, and sizes that are not whole bytes or do not fit.
pub fn size(text: &str) -> Parsed<Bytes> {
    let wrong = || expected("a size", "200 MB", text, SIZE_UNITS);
    let (number, unit) = Decimal::split(text.trim()).ok_or_else(wrong)?;
    let factor = size_unit(unit).ok_or_else(wrong)?;
    let bytes = number.times(u128::from(factor)).ok_or_else(|| {
        let clipped = clip(text);
        ParseError::new(format!("{clipped:?} does not come to whole bytes"), "a size is a whole number of bytes")
    })?;
    u64::try_from(bytes)
        .ok()
        .filter(|bytes| *bytes <= i64::MAX as u64)
        .map(Bytes)
        .ok_or_else(|| ParseError::new("the size is too large", "at most 9,223,372 TB"))
}

/// Reads a duration: numbers with time units, one after the other, such as `"4h30m"`; whole nanoseconds.
///
/// # Errors
/// Anything else; months, which have no fixed length; more than 292 years.
pub fn duration(text: &str) -> Parsed<Span> {
    let wrong = || expected("a duration", "90d", text, TIME_UNITS);
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(wrong());
    }
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let (number, tail) = Decimal::split(rest).ok_or_else(wrong)?;
        let end = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
        let (word, tail) = tail.split_at(end);
        if matches!(word, "month" | "months" | "mo") {
            return Err(ParseError::new("a month has no fixed length; write \"30d\"", TIME_UNITS));
        }
        let unit = RateUnit::of(word).ok_or_else(wrong)?;
        let nanos = number
            .times(unit.span().0 as u128)
            .ok_or_else(|| ParseError::new("the duration does not come to whole nanoseconds", TIME_UNITS))?;
        total = i128::try_from(nanos).ok().and_then(|nanos| total.checked_add(nanos)).unwrap_or(i128::MAX);
        rest = tail.trim_start();
    }
    i64::try_from(total)
        .map(Span)
        .map_err(|_| ParseError::new("the duration is too long", "virtual time spans 292 years"))
}

/// Reads a rate: `"3/day"`, `"1/15d"`, `"0.5/h"`.
///
/// # Errors
/// Anything else; a rate per month, which is ambiguous.
pub fn rate(text: &str) -> Parsed<RateText> {
    let wrong = || expected("a rate", "3/day", text, "number / [number] time unit: ns us ms s m h d w");
    let (number, rest) = Decimal::split(text.trim()).ok_or_else(wrong)?;
    let period = rest.strip_prefix('/').ok_or_else(wrong)?;
    let (per_count, unit) = period_of(period, number.text).ok_or_else(wrong)??;
    Ok(RateText { count: number.float(), per_count, unit })
}

/// Reads a share rate: `"10%/day"`, `"4%/30d"`; `count` is the fraction.
///
/// # Errors
/// Anything else; a rate per month, which is ambiguous.
pub fn share_rate(text: &str) -> Parsed<RateText> {
    let wrong = || expected("a share rate", "10%/day", text, "number % / [number] time unit: ns us ms s m h d w");
    let (number, rest) = Decimal::split(text.trim()).ok_or_else(wrong)?;
    let rest = rest.strip_prefix('%').ok_or_else(wrong)?.trim_start();
    let period = rest.strip_prefix('/').ok_or_else(wrong)?;
    let (per_count, unit) = period_of(period, &format!("{}%", number.text)).ok_or_else(wrong)??;
    Ok(RateText { count: number.hundredth(), per_count, unit })
}

/// What stands behind the `/` of a rate; `None` when it is no period.
fn period_of(text: &str, count: &str) -> Option<Parsed<(f64, RateUnit)>> {
    let text = text.trim();
    let (number, word) = match Decimal::split(text) {
        Some((number, word)) => (Some(number), word),
        None => (None, text),
    };
    if matches!(word, "month" | "months" | "mo") {
        let days = number.as_ref().and_then(|number| number.times(30)).unwrap_or(30);
        return Some(Err(ParseError::new(format!("a rate per month is ambiguous; write \"{count}/{days}d\""), "")));
    }
    let unit = RateUnit::of(word)?;
    let per_count = number.map_or(1.0, |number| number.float());
    if per_count <= 0.0 {
        return Some(Err(ParseError::new("a rate is per some time above zero", "such as \"3/day\" or \"1/15d\"")));
    }
    Some(Ok((per_count, unit)))
}

/// Reads a share: `"15%"` is 0.15; from 0 % to 100 %.
///
/// # Errors
/// Anything else.
pub fn share(text: &str) -> Parsed<f64> {
    let wrong = || expected("a share", "15%", text, "shares run from 0% to 100%");
    let (number, rest) = Decimal::split(text.trim()).ok_or_else(wrong)?;
    if rest != "%" {
        return Err(wrong());
    }
    let share = number.hundredth();
    if share > 1.0 {
        return Err(ParseError::new("a share is at most 100%", "shares run from 0% to 100%"));
    }
    Ok(share)
}

/// Reads a bandwidth: `"5 Gbit/s"`, `"70 MB/s"`, `"unlimited"`; above zero.
///
/// # Errors
/// Anything else.
pub fn bandwidth(text: &str) -> Parsed<Bandwidth> {
    if text.trim() == "unlimited" {
        return Ok(Bandwidth::UNLIMITED);
    }
    let wrong = || expected("a bandwidth", "5 Gbit/s", text, BANDWIDTH_UNITS);
    let (number, unit) = Decimal::split(text.trim()).ok_or_else(wrong)?;
    let (per_unit, divisor) = bandwidth_unit(unit).ok_or_else(wrong)?;
    let bytes = number.float() * per_unit as f64 / divisor;
    if !(bytes > 0.0 && bytes.is_finite()) {
        return Err(ParseError::new("a bandwidth is above zero", BANDWIDTH_UNITS));
    }
    Ok(Bandwidth(bytes))
}

/// Reads a price or an amount: `"$0.05"`, `"$0.02/GB"`, `"$0.10/GB-month"`, `"$90/h"`, `"$500/month"`.
///
/// # Errors
/// Anything else; fractions below 10^-12 dollars; a billion dollars and more.
pub fn price(text: &str) -> Parsed<PriceText> {
    let units = "units of a price: /GB /GB-month /h /month";
    let wrong = || expected("a price", "$0.02/GB", text, units);
    let rest = text.trim().strip_prefix('$').ok_or_else(wrong)?;
    let (number, rest) = Decimal::split(rest.trim_start()).ok_or_else(wrong)?;
    let unit = match rest.strip_prefix('/').map(str::trim) {
        None if rest.is_empty() => PriceUnit::One,
        Some("GB" | "GiB") => PriceUnit::Gb,
        Some("GB-month" | "GiB-month") => PriceUnit::GbMonth,
        Some("h" | "hour") => PriceUnit::Hour,
        Some("month") => PriceUnit::Month,
        _ => return Err(wrong()),
    };
    let pico = number
        .times(1_000_000_000_000)
        .ok_or_else(|| ParseError::new("prices are kept to 12 decimals", "a smaller fraction of a dollar is not"))?;
    match i128::try_from(pico) {
        Ok(pico) if pico < 1_000_000_000 * 1_000_000_000_000 => Ok(PriceText { pico, unit }),
        _ => Err(ParseError::new("the price is too large", "below $1,000,000,000")),
    }
}

/// Reads a price that must be per `unit`.
///
/// # Errors
/// As [`price`]; another unit.
pub fn price_per(text: &str, unit: PriceUnit) -> Parsed<PriceText> {
    let price = price(text)?;
    if price.unit == unit {
        return Ok(price);
    }
    let found = match price.unit {
        PriceUnit::One => "an amount without a unit",
        PriceUnit::Gb => "a price per GB",
        PriceUnit::GbMonth => "a price per GB-month",
        PriceUnit::Hour => "a price per hour",
        PriceUnit::Month => "a price per month",
    };
    Err(ParseError::new(format!("expected a price such as \"{}\", found {found}", unit.example()), ""))
}

/// Reads an amount of money per `unit`, such as `"$500/month"`.
///
/// # Errors
/// As [`price_per`].
pub fn money(text: &str, unit: PriceUnit) -> Parsed<Usd> {
    price_per(text, unit).map(PriceText::usd)
}

/// Reads working time per month: `"4h/month"`.
///
/// # Errors
/// Anything else.
pub fn toil(text: &str) -> Parsed<Span> {
    let wrong = || expected("working time per month", "4h/month", text, TIME_UNITS);
    let (time, period) = text.rsplit_once('/').ok_or_else(wrong)?;
    if period.trim() != "month" {
        return Err(wrong());
    }
    duration(time).map_err(|_| wrong())
}

/// The bytes of a size unit.
fn size_unit(word: &str) -> Option<u64> {
    Some(match word {
        "B" => 1,
        "kB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        _ => return None,
    })
}

/// The units of a bandwidth unit, and how many of them make a byte.
fn bandwidth_unit(word: &str) -> Option<(u64, f64)> {
    let per_second = word.strip_suffix("/s")?.trim_end();
    if let Some(prefix) = per_second.strip_suffix("bit") {
        return size_unit(&format!("{prefix}B")).map(|bits| (bits, 8.0));
    }
    size_unit(per_second).map(|bytes| (bytes, 1.0))
}

/// The error for a text that is something else.
fn expected(what: &str, example: &str, text: &str, label: &str) -> ParseError {
    ParseError::new(format!("expected {what} such as \"{example}\", found {}", found(text)), label)
}

/// What a text looks like, in words: by its shape alone, since the readers above ask this when they fail.
pub fn found(text: &str) -> String {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return "an empty text".into();
    }
    if let Some(kind) = clock::shape(trimmed) {
        return kind.into();
    }
    if let Some(amount) = trimmed.strip_prefix('$')
        && Decimal::split(amount).is_some_and(|(_, rest)| rest.is_empty() || rest.starts_with('/'))
    {
        return "a price".into();
    }
    let kind = Decimal::split(trimmed).and_then(|(_, unit)| match unit {
        "" => Some("a number without a unit"),
        "%" => Some("a share"),
        _ if unit.starts_with('%') && unit.contains('/') => Some("a share rate"),
        _ if unit.starts_with('/') => Some("a rate"),
        _ if size_unit(unit).is_some() => Some("a size"),
        _ if bandwidth_unit(unit).is_some() => Some("a bandwidth"),
        _ => is_duration(trimmed).then_some("a duration"),
    });
    kind.map_or_else(|| format!("{:?}", clip(text)), str::to_string)
}

/// Whether `text` has the shape of a duration.
fn is_duration(text: &str) -> bool {
    let mut rest = text;
    while !rest.is_empty() {
        let Some((_, tail)) = Decimal::split(rest) else { return false };
        let end = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
        if RateUnit::of(&tail[..end]).is_none() {
            return false;
        }
        rest = tail[end..].trim_start();
    }
    true
}

/// At most 40 characters of a text, for messages.
fn clip(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_string(),
    }
}

#[cfg(test)]
mod tests;
