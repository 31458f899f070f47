//! A quantity as it is written: a number between what stands before it and its unit.
//!
//! Points between two quantities are worked out on numbers in the first one's unit, and written with that unit again,
//! rounded to six significant digits: nobody asks for more, and `0.30000000000000004/day` helps nobody.

use crate::units::parse;

/// How points lie between the ends of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spacing {
    /// At equal differences.
    Even,
    /// At equal ratios.
    Logarithmic,
}

/// What a quantity measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dimension {
    Plain,
    Size,
    Duration,
    Rate,
    Share,
    ShareRate,
    Bandwidth,
    Price(parse::PriceUnit),
}

/// A quantity.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantity {
    text: String,
    /// `$`, or nothing.
    before: &'static str,
    number: f64,
    /// Everything behind the number, spaces included.
    behind: String,
    dimension: Dimension,
    /// In the dimension's own base unit.
    base: f64,
}

impl Quantity {
    /// Reads a number with or without a unit; `None` for anything else, and for what is not finite.
    pub fn read(text: &str) -> Option<Quantity> {
        let text = text.trim();
        let (dimension, base) = measured(text)?;
        let before = if text.starts_with('$') { "$" } else { "" };
        let (number, behind) = split(&text[before.len()..])?;
        // `4h30m` has no one unit: it is counted in its first.
        let behind = if dimension == Dimension::Duration {
            let end = behind.find(|c: char| c.is_ascii_digit()).unwrap_or(behind.len());
            behind[..end].trim_end()
        } else {
            behind
        };
        let mut quantity = Quantity { text: text.into(), before, number, behind: behind.into(), dimension, base };
        quantity.number = base / quantity.one()?;
        quantity.number.is_finite().then_some(quantity)
    }

    /// Base units in one of this quantity's own unit.
    fn one(&self) -> Option<f64> {
        let (_, one) = measured(&format!("{}1{}", self.before, self.behind))?;
        (one > 0.0).then_some(one)
    }

    /// The number in front of the unit.
    pub fn number(&self) -> f64 {
        self.number
    }

    /// What stands around the number: `/day`, `$/GB`, `MB`; nothing for a plain number.
    pub fn unit(&self) -> String {
        format!("{}{}", self.before, self.behind.trim())
    }

    /// This quantity in the unit of another; `None` when they measure different things.
    pub fn measured_as(&self, other: &Quantity) -> Option<f64> {
        if self.dimension != other.dimension {
            return None;
        }
        other.one().map(|one| self.base / one)
    }

    /// The point `share` of the way to `other`, as it is written. The ends are as they were written.
    pub fn towards(&self, other: &Quantity, share: f64, spacing: Spacing, whole: bool) -> String {
        if share <= 0.0 {
            return self.text.clone();
        }
        if share >= 1.0 {
            return other.text.clone();
        }
        let (from, to) = (self.number, other.measured_as(self).unwrap_or(other.number));
        let number = match spacing {
            Spacing::Even => from + (to - from) * share,
            Spacing::Logarithmic => libm::exp(libm::log(from) + (libm::log(to) - libm::log(from)) * share),
        };
        self.written(number, whole)
    }

    /// A number in this quantity's unit, as it is written.
    pub fn written(&self, number: f64, whole: bool) -> String {
        let digits = if whole { format!("{:.0}", number.max(0.0)) } else { significant(number) };
        let text = format!("{}{digits}{}", self.before, self.behind);
        if self.dimension == Dimension::Size && parse::size(&text).is_err() {
            // A part of a byte is none.
            return format!("{:.0} B", number * self.one().unwrap_or(1.0));
        }
        text
    }
}

/// What a text measures, and how much in base units: bytes, ns, 1/ns, parts, bytes a second, 10^-12 dollars.
fn measured(text: &str) -> Option<(Dimension, f64)> {
    if let Ok(price) = parse::price(text) {
        return Some((Dimension::Price(price.unit), price.pico as f64));
    }
    if let Ok(bytes) = parse::size(text) {
        return Some((Dimension::Size, bytes.0 as f64));
    }
    if let Ok(rate) = parse::rate(text) {
        return Some((Dimension::Rate, rate.per_nanosecond()));
    }
    if let Ok(rate) = parse::share_rate(text) {
        return Some((Dimension::ShareRate, rate.per_nanosecond()));
    }
    if let Ok(share) = parse::share(text) {
        return Some((Dimension::Share, share));
    }
    if let Ok(bandwidth) = parse::bandwidth(text) {
        return bandwidth.0.is_finite().then_some((Dimension::Bandwidth, bandwidth.0));
    }
    if let Ok(span) = parse::duration(text) {
        return Some((Dimension::Duration, span.0 as f64));
    }
    let (number, behind) = split(text)?;
    behind.is_empty().then_some((Dimension::Plain, number))
}

/// The decimal number that a text begins with, and the rest.
fn split(text: &str) -> Option<(f64, &str)> {
    let text = text.trim_start();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let number: f64 = text[..end].parse().ok()?;
    Some((number, &text[end..]))
}

/// Six significant digits without an exponent and without trailing zeros.
fn significant(number: f64) -> String {
    if number == 0.0 {
        return "0".into();
    }
    let magnitude = libm::floor(libm::log10(number.abs())) as i32;
    let decimals = usize::try_from(5 - magnitude).unwrap_or(0);
    let text = format!("{number:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_string() } else { text }
}
