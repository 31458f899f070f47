//! Quantities of a bill as people read them.

use crate::units::wide::mul_div;

/// The fewest decimals of a printed quantity.
const DECIMALS: usize = 12;

/// Decimals that tell `amount / per` from its neighbours, so that the amount can be read back: 25 for a GB-month, which
/// counts byte-nanoseconds.
fn places(per: u128) -> usize {
    let digits = per.checked_ilog10().unwrap_or(0) as usize + 1;
    digits.max(DECIMALS)
}

/// `amount / per` as a decimal of [`places()`] at most, rounded half to even, without trailing zeros.
///
/// Digit by digit: a byte-nanosecond sum times 10^12 would not fit 128 bits.
pub(super) fn decimal(amount: u128, per: u128) -> String {
    let mut rest = amount % per;
    let places = places(per);
    let mut digits = Vec::with_capacity(places);
    for _ in 0..places {
        // `rest` < `per`, the nanoseconds of a month times 2^30 at most: ten times that fits with room.
        rest *= 10;
        digits.push((rest / per) as u8);
        rest %= per;
    }
    let whole = amount / per;
    let last_is_odd = digits.last().is_some_and(|digit| digit % 2 == 1);
    if rest * 2 > per || (rest * 2 == per && last_is_odd) {
        // It never carries into the whole: with so many places, all nines are further from it than half of the last.
        for digit in digits.iter_mut().rev() {
            *digit += 1;
            if *digit < 10 {
                break;
            }
            *digit = 0;
        }
    }
    let fraction: String = digits.iter().map(|digit| char::from(b'0' + digit)).collect();
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() { whole.to_string() } else { format!("{whole}.{fraction}") }
}

/// The amount that [`decimal()`] printed over `per`; `None` when the text is no decimal or does not fit.
pub(super) fn amount(text: &str, per: u128) -> Option<u128> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || fraction.len() > 38 || !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let scale = 10u128.pow(fraction.len() as u32);
    let parts: u128 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
    let (quotient, rest) = mul_div(parts, per, scale)?;
    let up = u128::from(rest >= scale - rest && rest > 0);
    whole.parse::<u128>().ok()?.checked_mul(per)?.checked_add(quotient)?.checked_add(up)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::units::{BILL_GB, DAY};

    #[test]
    fn a_quantity_is_printed_to_at_least_twelve_places() {
        assert_eq!(decimal(200_000_000, u128::from(BILL_GB)), "0.186264514923");
        assert_eq!(decimal(3 * u128::from(BILL_GB), u128::from(BILL_GB)), "3");
        assert_eq!(decimal(1, 3), "0.333333333333");
        assert_eq!(decimal(2, 3), "0.666666666667");
        assert_eq!(decimal(9_999_999_999_999_999, 10_000_000_000_000_000), "0.9999999999999999");
        // Half a unit of the last place goes to the even neighbour: 0.0001220703125 and 0.0003662109375.
        assert_eq!(decimal(1, 8192), "0.000122070312");
        assert_eq!(decimal(3, 8192), "0.000366210938");
        // A byte kept for a nanosecond.
        assert_eq!(decimal(1, u128::from(BILL_GB) * (30 * DAY) as u128), "0.0000000000000000000000004");
        // An exabyte for a quarter, in byte-nanoseconds per GB-month.
        let month = u128::from(BILL_GB) * (30 * DAY) as u128;
        assert_eq!(decimal((1u128 << 60) * (90 * DAY) as u128, month), "3221225472");
    }

    #[test]
    fn what_is_no_quantity_is_not_read() {
        for wrong in ["", ".5", "-1", "1e3", "1.2.3", "NaN", "99999999999999999999999999999999999999999"] {
            assert_eq!(amount(wrong, 7), None, "{wrong}");
        }
        assert_eq!(amount("2", 7), Some(14));
    }

    proptest! {
        /// Whatever is metered is in the bill to the last byte-nanosecond.
        #[test]
        fn an_amount_is_read_back_as_it_was(amount_ in 0u128..1 << 110, hours in 1i64..9000) {
            for per in [1, u128::from(BILL_GB), 3_600_000_000_000, u128::from(BILL_GB) * (hours * (DAY / 24)) as u128] {
                prop_assert_eq!(amount(&decimal(amount_, per), per), Some(amount_));
            }
        }

        #[test]
        fn the_decimal_is_the_fraction(amount in 0u64..u64::MAX, per in 1u64..1 << 40) {
            let printed: f64 = decimal(amount.into(), per.into()).parse().unwrap();
            let exact = amount as f64 / per as f64;
            prop_assert!((printed - exact).abs() <= 1e-12 + exact * 1e-12);
        }
    }
}
