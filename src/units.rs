//! Quantities with their units: bytes, virtual time, bandwidth, money.
//!
//! This room knows how each quantity is stored, written and read, and nothing else. Arithmetic that can go wrong is
//! checked. Clocks, byte counts and money are integers, so sums do not depend on the order of adding; only bandwidth
//! and shares are floats, and they never enter a sum that is reported as exact.
//!
//! Reading of text such as `"1.5 GiB"` or `"90d"` is in [`parse`].

use std::fmt;
use std::ops::{Add, AddAssign, Sub, SubAssign};

pub mod parse;
pub mod wide;

/// Bytes in a GB of a bill: 2^30 (storage, transfer, NAT, endpoints and tier bounds; see the manual, "GB on a bill").
pub const BILL_GB: u64 = 1 << 30;
/// Nanoseconds in a second.
pub const NANOS: i64 = 1_000_000_000;
/// Nanoseconds in an hour.
pub const HOUR: i64 = 3_600 * NANOS;
/// Nanoseconds in a day of 86,400 s.
pub const DAY: i64 = 24 * HOUR;

/// A number of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bytes(pub u64);

/// A moment of virtual time: nanoseconds since `run.start`; negative before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub i64);

/// A length of virtual time in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(pub i64);

/// Bytes per second; [`Bandwidth::UNLIMITED`] is infinite.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Bandwidth(pub f64);

/// An amount of money in 10^-9 US dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Usd(pub i128);

/// A price in 10^-12 US dollars per unit; which unit is the holder's to say (GB, GB-month, hour, image).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Price(pub i64);

impl Time {
    /// Later than every moment of a run.
    pub const NEVER: Time = Time(i64::MAX);
    /// `run.start`.
    pub const START: Time = Time(0);

    /// Adds a span, staying at [`Time::NEVER`] on overflow.
    pub fn after(self, span: Span) -> Time {
        Time(self.0.saturating_add(span.0))
    }

    /// Seconds since `run.start`.
    pub fn seconds(self) -> f64 {
        self.0 as f64 / NANOS as f64
    }
}

impl Span {
    /// No time.
    pub const ZERO: Span = Span(0);

    /// A span of (possibly fractional) seconds, rounded to the nanosecond and clipped to what a clock can hold.
    pub fn from_seconds(seconds: f64) -> Span {
        // `as` saturates: an infinite or absurd span becomes the largest one.
        Span(libm::round(seconds * NANOS as f64) as i64)
    }

    /// A span of whole seconds.
    pub const fn seconds(seconds: i64) -> Span {
        Span(seconds * NANOS)
    }

    /// Length in seconds.
    pub fn as_seconds(self) -> f64 {
        self.0 as f64 / NANOS as f64
    }
}

impl Sub for Time {
    type Output = Span;
    fn sub(self, other: Time) -> Span {
        Span(self.0.saturating_sub(other.0))
    }
}

impl Add<Span> for Time {
    type Output = Time;
    fn add(self, span: Span) -> Time {
        self.after(span)
    }
}

impl Add for Span {
    type Output = Span;
    fn add(self, other: Span) -> Span {
        Span(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Span {
    fn add_assign(&mut self, other: Span) {
        *self = *self + other;
    }
}

impl Sub for Span {
    type Output = Span;
    fn sub(self, other: Span) -> Span {
        Span(self.0.saturating_sub(other.0))
    }
}

impl Bandwidth {
    /// No limit.
    pub const UNLIMITED: Bandwidth = Bandwidth(f64::INFINITY);

    /// Whether this is no limit at all.
    pub fn is_unlimited(self) -> bool {
        self.0.is_infinite()
    }
}

impl Bytes {
    /// Adds, or `None` when the sum does not fit 64 bits.
    pub fn checked_add(self, other: Bytes) -> Option<Bytes> {
        self.0.checked_add(other.0).map(Bytes)
    }
}

impl Add for Usd {
    type Output = Usd;
    fn add(self, other: Usd) -> Usd {
        Usd(self.0 + other.0)
    }
}

impl Sub for Usd {
    type Output = Usd;
    fn sub(self, other: Usd) -> Usd {
        Usd(self.0 - other.0)
    }
}

impl AddAssign for Usd {
    fn add_assign(&mut self, other: Usd) {
        self.0 += other.0;
    }
}

impl SubAssign for Usd {
    fn sub_assign(&mut self, other: Usd) {
        self.0 -= other.0;
    }
}

impl std::iter::Sum for Usd {
    fn sum<I: Iterator<Item = Usd>>(iter: I) -> Usd {
        Usd(iter.map(|usd| usd.0).sum())
    }
}

impl Usd {
    /// Dollars as a float, for statistics and drawing only.
    pub fn dollars(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// The amount that `Display` prints as `text`; `None` when it is no decimal of at most nine places.
    pub fn from_decimal(text: &str) -> Option<Usd> {
        let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || fraction.len() > 9 || !is_number(whole) || !is_number(fraction) {
            return None;
        }
        let nanos: i128 = format!("{fraction:0<9}").parse().ok()?;
        let amount = whole.parse::<i128>().ok()?.checked_mul(1_000_000_000)?.checked_add(nanos)?;
        Some(Usd(sign * amount))
    }

    /// `price` × `quantity` / `per`, rounded once, half to even, to 10^-9 dollars.
    ///
    /// `quantity / per` is the number of priced units, kept as a fraction so that nothing is rounded before the end:
    /// byte-nanoseconds over (2^30 × nanoseconds of the month) for a GB-month, bytes over 2^30 for a GB.
    /// `None` when the amount does not fit.
    pub fn of(price: Price, quantity: u128, per: u128) -> Option<Usd> {
        let negative = price.0 < 0;
        let pico = u128::from(price.0.unsigned_abs());
        // 1 nano-dollar = 1000 pico-dollars: amount = pico * quantity / (per * 1000).
        let divisor = per.checked_mul(1000)?;
        let (quotient, remainder) = wide::mul_div(pico, quantity, divisor)?;
        let rest_of_unit = divisor - remainder;
        let up = remainder > rest_of_unit || (remainder == rest_of_unit && quotient % 2 == 1);
        let amount = i128::try_from(quotient.checked_add(u128::from(up))?).ok()?;
        Some(Usd(if negative { -amount } else { amount }))
    }
}

impl fmt::Display for Usd {
    /// Nine decimals, as in the CSV files: `1.182780000`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let nanos = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:09}", nanos / 1_000_000_000, nanos % 1_000_000_000)
    }
}

impl fmt::Display for Price {
    /// Decimal dollars without trailing zeros: `0.02`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let pico = self.0.unsigned_abs();
        let text = format!("{}.{:012}", pico / 1_000_000_000_000, pico % 1_000_000_000_000);
        let text = text.trim_end_matches('0').trim_end_matches('.');
        write!(f, "{sign}{text}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_rounded_once_half_to_even() {
        // 0.5 and 1.5 nano-dollars both go to the even neighbour.
        assert_eq!(Usd::of(Price(500), 1, 1), Some(Usd(0)));
        assert_eq!(Usd::of(Price(1500), 1, 1), Some(Usd(2)));
        assert_eq!(Usd::of(Price(2501), 1, 1), Some(Usd(3)));
    }

    #[test]
    fn an_amount_is_read_as_it_is_printed() {
        for nanos in [0, 1, -1, 999_999_999, -1_182_780_000, i128::from(i64::MAX) * 7] {
            assert_eq!(Usd::from_decimal(&Usd(nanos).to_string()), Some(Usd(nanos)));
        }
        assert_eq!(Usd::from_decimal("-12.5"), Some(Usd(-12_500_000_000)));
        let far = "9".repeat(60);
        for wrong in ["", "-", ".5", "1.0000000001", "1e3", "--1", "+1", far.as_str()] {
            assert_eq!(Usd::from_decimal(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn two_hundred_megabytes_for_a_day_cost_what_the_hand_says() {
        // 200,000,000 bytes for one day of a 30-day month at $0.10 per GB-month.
        let byte_nanos = 200_000_000u128 * DAY as u128;
        let month = u128::from(BILL_GB) * (30 * DAY) as u128;
        let cost = Usd::of(Price(100_000_000_000), byte_nanos, month).expect("fits");
        assert_eq!(cost.to_string(), "0.000620882");
    }

    #[test]
    fn a_price_with_no_common_factor_does_not_overflow_on_the_way() {
        // 10^15 bytes for a 31-day month at $0.199999999999 per GB-month: the product has 160 bits, the amount 28.
        let byte_nanos = 1_000_000_000_000_000u128 * (31 * DAY) as u128;
        let month = u128::from(BILL_GB) * (31 * DAY) as u128;
        let cost = Usd::of(Price(199_999_999_999), byte_nanos, month).expect("fits");
        assert_eq!(cost.to_string(), "186264.514922164");
    }

    #[test]
    fn an_amount_that_does_not_fit_is_none_and_not_a_wrap() {
        assert_eq!(Usd::of(Price(i64::MAX), u128::MAX, 1), None);
    }
}
