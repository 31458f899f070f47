//! Quantities of a bill as people read them.

/// Decimals of a printed quantity: a GB-month to 10^-12, so that quantity times price gives the cost again.
const DECIMALS: usize = 12;

/// `amount / per` as a decimal of at most [`DECIMALS`] places, rounded half to even, without trailing zeros.
///
/// Digit by digit: a byte-nanosecond sum times 10^12 would not fit 128 bits.
pub(super) fn decimal(amount: u128, per: u128) -> String {
    let mut rest = amount % per;
    let mut digits = Vec::with_capacity(DECIMALS);
    for _ in 0..DECIMALS {
        // `rest` < `per`, the nanoseconds of a month times 2^30 at most: ten times that fits with room.
        rest *= 10;
        digits.push((rest / per) as u8);
        rest %= per;
    }
    let mut whole = amount / per;
    let last_is_odd = digits.last().is_some_and(|digit| digit % 2 == 1);
    if rest * 2 > per || (rest * 2 == per && last_is_odd) {
        let mut carry = true;
        for digit in digits.iter_mut().rev() {
            *digit += 1;
            carry = *digit == 10;
            if !carry {
                break;
            }
            *digit = 0;
        }
        whole += u128::from(carry);
    }
    let fraction: String = digits.iter().map(|digit| char::from(b'0' + digit)).collect();
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() { whole.to_string() } else { format!("{whole}.{fraction}") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::units::{BILL_GB, DAY};

    #[test]
    fn a_quantity_is_printed_to_twelve_places() {
        assert_eq!(decimal(200_000_000, u128::from(BILL_GB)), "0.186264514923");
        assert_eq!(decimal(3 * u128::from(BILL_GB), u128::from(BILL_GB)), "3");
        assert_eq!(decimal(1, 3), "0.333333333333");
        assert_eq!(decimal(2, 3), "0.666666666667");
        assert_eq!(decimal(9_999_999_999_999_999, 10_000_000_000_000_000), "1");
        // Half a unit of the last place goes to the even neighbour.
        assert_eq!(decimal(25, 10_000_000_000_000), "0.000000000002");
        assert_eq!(decimal(35, 10_000_000_000_000), "0.000000000004");
        // An exabyte for a quarter, in byte-nanoseconds per GB-month.
        let month = u128::from(BILL_GB) * (30 * DAY) as u128;
        assert_eq!(decimal((1u128 << 60) * (90 * DAY) as u128, month), "3221225472");
    }

    proptest! {
        #[test]
        fn the_decimal_is_the_fraction(amount in 0u64..u64::MAX, per in 1u64..1 << 40) {
            let printed: f64 = decimal(amount.into(), per.into()).parse().unwrap();
            let exact = amount as f64 / per as f64;
            prop_assert!((printed - exact).abs() <= 1e-12 + exact * 1e-12);
        }
    }
}
