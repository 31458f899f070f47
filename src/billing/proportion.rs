//! Whole numbers shared in proportion, so that the parts add up to the whole exactly.
//!
//! Parts are rounded down and what is left over goes, a unit each, to the largest fractions (the method of largest
//! remainders); of equal fractions the earlier one is served first, so the result depends on nothing but the order.

use crate::units::wide::mul_div;

/// Shares `total` in proportion to `weights`. All zero when no weight is above zero; `None` when the weights' sum does
/// not fit.
pub(super) fn share_out(total: u128, weights: &[u128]) -> Option<Vec<u128>> {
    let sum = weights.iter().try_fold(0u128, |sum, weight| sum.checked_add(*weight))?;
    if sum == 0 {
        return Some(vec![0; weights.len()]);
    }
    let mut parts = Vec::with_capacity(weights.len());
    let mut fractions = Vec::with_capacity(weights.len());
    let mut left = total;
    for (index, weight) in weights.iter().enumerate() {
        let (part, fraction) = mul_div(total, *weight, sum)?;
        left -= part;
        parts.push(part);
        fractions.push((std::cmp::Reverse(fraction), index));
    }
    fractions.sort_unstable();
    // Fewer units are left than there are fractions above zero, so `take` never hands a unit to a whole share.
    for (_, index) in fractions.into_iter().take(left as usize) {
        parts[index] += 1;
    }
    Some(parts)
}

/// Shares each of consecutive segments of one whole over the same rows: `[segment][row]`. The segments and the rows'
/// quantities have the same sum, and both are met exactly: no row gets more or less than it has, none of a segment is
/// lost. `None` when a sum does not fit.
pub(super) fn share_segments(segments: &[u128], rows: &[u128]) -> Option<Vec<Vec<u128>>> {
    let mut left = rows.to_vec();
    let mut shares = Vec::with_capacity(segments.len());
    for segment in segments {
        // In proportion to what each row still has, which is in proportion to what it had, but for rounding; so a part
        // never exceeds what is left, and the last segment takes all.
        let parts = share_out(*segment, &left)?;
        for (rest, part) in left.iter_mut().zip(&parts) {
            *rest -= part;
        }
        shares.push(parts);
    }
    Some(shares)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_over_goes_to_the_largest_fractions_earlier_ones_first() {
        assert_eq!(share_out(10, &[1, 1, 1]), Some(vec![4, 3, 3]));
        assert_eq!(share_out(10, &[1, 2, 4]), Some(vec![1, 3, 6]));
        assert_eq!(share_out(10, &[0, 0]), Some(vec![0, 0]));
        assert_eq!(share_out(1, &[u128::MAX, 1]), None);
    }

    #[test]
    fn segments_and_rows_are_both_met() {
        assert_eq!(share_segments(&[5, 5], &[7, 3]), Some(vec![vec![4, 1], vec![3, 2]]));
    }

    proptest::proptest! {
        #![proptest_config(crate::billing::fixture::cases(256))]

        #[test]
        fn nothing_is_lost_and_nothing_is_made(
            rows in proptest::collection::vec(0u128..1_000_000_000_000_000_000_000_000_000_000, 1..6),
            cuts in proptest::collection::vec(0.0f64..1.0, 0..4),
        ) {
            let total: u128 = rows.iter().sum();
            let mut bounds: Vec<u128> = cuts.iter().map(|cut| (total as f64 * cut) as u128).collect();
            bounds.push(0);
            bounds.push(total);
            bounds.sort_unstable();
            let segments: Vec<u128> = bounds.windows(2).map(|pair| pair[1].min(total) - pair[0].min(total)).collect();
            let shares = share_segments(&segments, &rows).expect("sums fit");
            for (segment, parts) in segments.iter().zip(&shares) {
                proptest::prop_assert_eq!(parts.iter().sum::<u128>(), *segment);
            }
            for (row, quantity) in rows.iter().enumerate() {
                let sum: u128 = shares.iter().map(|parts| parts[row]).sum();
                proptest::prop_assert_eq!(sum, *quantity);
            }
        }
    }
}
