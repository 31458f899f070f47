//! Products that need more than 128 bits on their way to a quotient that does not.
//!
//! A year of a registry's byte-nanoseconds times a price in 10^-12 dollars is such a product. It is exact here, so
//! nothing is rounded before the one rounding of a bill row.

/// `a` × `b` / `c` as quotient and remainder; `None` when `c` is zero or the quotient does not fit.
pub fn mul_div(a: u128, b: u128, c: u128) -> Option<(u128, u128)> {
    if c == 0 {
        return None;
    }
    if let Some(product) = a.checked_mul(b) {
        return Some((product / c, product % c));
    }
    let (high, low) = product(a, b);
    if high >= c {
        return None;
    }
    // Long division, a bit at a time: `rest` stays below `c`, so the shifted one is below 2c and one subtraction is
    // enough. Its 129th bit is `carry`.
    let (mut quotient, mut rest) = (0u128, high);
    for bit in (0..128).rev() {
        let carry = rest >> 127 == 1;
        rest = (rest << 1) | ((low >> bit) & 1);
        quotient <<= 1;
        if carry || rest >= c {
            rest = rest.wrapping_sub(c);
            quotient |= 1;
        }
    }
    Some((quotient, rest))
}

/// The 256-bit product as (high, low), by schoolbook multiplication of 64-bit halves.
fn product(a: u128, b: u128) -> (u128, u128) {
    const HALF: u128 = u64::MAX as u128;
    let (a1, a0, b1, b0) = (a >> 64, a & HALF, b >> 64, b & HALF);
    let low = a0 * b0;
    let middle = a1 * b0 + (low >> 64);
    let cross = a0 * b1 + (middle & HALF);
    (a1 * b1 + (middle >> 64) + (cross >> 64), (cross << 64) | (low & HALF))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_products_are_plain_division() {
        assert_eq!(mul_div(7, 9, 4), Some((15, 3)));
        assert_eq!(mul_div(7, 9, 0), None);
    }

    #[test]
    fn wide_products_come_back_whole() {
        assert_eq!(mul_div(u128::MAX, u128::MAX, u128::MAX), Some((u128::MAX, 0)));
        assert_eq!(mul_div(u128::MAX, u128::MAX - 1, u128::MAX), Some((u128::MAX - 1, 0)));
        assert_eq!(mul_div(u128::MAX, 2, 1), None);
    }

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config {
            rng_seed: proptest::test_runner::RngSeed::Fixed(1),
            failure_persistence: None,
            ..Default::default()
        })]

        /// quotient × c + remainder is the product again, bit for bit.
        #[test]
        fn quotient_and_remainder_make_the_product(a: u128, b: u128, c in 1u128..) {
            match mul_div(a, b, c) {
                None => proptest::prop_assert!(product(a, b).0 >= c),
                Some((quotient, rest)) => {
                    proptest::prop_assert!(rest < c);
                    let (high, low) = product(quotient, c);
                    let (low, carry) = low.overflowing_add(rest);
                    proptest::prop_assert_eq!((high + u128::from(carry), low), product(a, b));
                }
            }
        }
    }
}
