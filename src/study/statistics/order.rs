//! An interval for a quantile that assumes no distribution: two of the ordered values themselves.
//!
//! The number of values below the true p-quantile is binomial, B ~ Bin(n, p), whatever the values are drawn from. So the
//! j-th and k-th smallest enclose it, where j is the largest rank with P(B ≤ j − 1) ≤ α/2 and k the smallest with
//! P(B ≥ k) ≤ α/2 (theory E1.5). Few values say little about a far quantile: then one end, or both, is not known.

use super::CONFIDENCE;
use super::student::incomplete_beta;

/// Ranks, from 1, of the values that enclose a quantile.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ranks {
    /// The lower end; `None` when even the smallest value may lie above the quantile.
    pub low: Option<u64>,
    /// The upper end; `None` when even the largest value may lie below it.
    pub high: Option<u64>,
    /// Probability that the interval covers the quantile, at least 95 %.
    pub coverage: f64,
}

/// The ranks for the `p`-quantile of `n` independent values.
pub fn ranks(n: u64, p: f64) -> Ranks {
    let side = (1.0 - CONFIDENCE) / 2.0;
    // Both tails are monotone in the rank.
    let low = last(n, |rank| at_most(n, p, rank - 1) <= side);
    let high = last(n, |rank| 1.0 - at_most(n, p, n - rank) <= side).map(|from_top| n + 1 - from_top);
    let below = low.map_or(0.0, |rank| at_most(n, p, rank - 1));
    let above = high.map_or(0.0, |rank| 1.0 - at_most(n, p, rank - 1));
    Ranks { low, high, coverage: 1.0 - below - above }
}

/// The ends of the interval for the `p`-quantile of values in any order.
pub fn interval(values: &[f64], p: f64) -> (Option<f64>, Option<f64>) {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let ranks = ranks(sorted.len() as u64, p);
    let value = |rank: Option<u64>| sorted.get(usize::try_from(rank?).ok()? - 1).copied();
    (value(ranks.low), value(ranks.high))
}

/// The `p`-quantile of values in any order: the smallest value that at least this share does not exceed.
pub fn quantile(values: &[f64], p: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = libm::ceil(p * sorted.len() as f64 - 1e-9).max(1.0) as usize;
    sorted.get(rank - 1).copied()
}

/// The last of 1, 2, .., n for which a condition holds that, once false, stays so.
fn last(n: u64, holds: impl Fn(u64) -> bool) -> Option<u64> {
    let (mut yes, mut no) = (0, n + 1);
    while no - yes > 1 {
        let middle = yes + (no - yes) / 2;
        if holds(middle) {
            yes = middle;
        } else {
            no = middle;
        }
    }
    (yes > 0).then_some(yes)
}

/// P(B ≤ k) for B ~ Bin(n, p): I(1 − p; n − k, k + 1).
fn at_most(n: u64, p: f64, k: u64) -> f64 {
    if k >= n { 1.0 } else { incomplete_beta((n - k) as f64, (k + 1) as f64, 1.0 - p) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ranks_are_those_of_the_worked_cases() {
        for (n, p, low, high, coverage) in [
            (200, 0.95, 184, 197, 0.9672),
            (1000, 0.95, 936, 964, 0.9581),
            (1000, 0.99, 983, 997, 0.9761),
            (100, 0.5, 40, 61, 0.9648),
        ] {
            let ranks = ranks(n, p);
            assert_eq!((ranks.low, ranks.high), (Some(low), Some(high)), "n = {n}, p = {p}");
            assert!((ranks.coverage - coverage).abs() < 5e-5, "{}", ranks.coverage);
        }
    }

    #[test]
    fn few_values_leave_an_end_open() {
        // 0.95^20 = 0.358: the largest of twenty lies below the 95th percentile more often than in 2.5 of 100 cases.
        let ranks = ranks(20, 0.95);
        assert_eq!((ranks.low.is_some(), ranks.high), (true, None));
        assert_eq!(interval(&[3.0], 0.5), (None, None));
        assert_eq!((interval(&[], 0.5), quantile(&[], 0.5)), ((None, None), None));
        assert_eq!(quantile(&[4.0, 1.0, 3.0, 2.0], 0.5), Some(2.0));
    }

    proptest! {
        #[test]
        fn ranks_agree_with_sums_of_binomial_terms(n in 1u64..60, p in 0.02f64..0.98) {
            let mut term = libm::pow(1.0 - p, n as f64);
            let mut below = vec![0.0];
            for k in 0..=n {
                below.push(below[k as usize] + term);
                term *= (n - k) as f64 / (k + 1) as f64 * p / (1.0 - p);
            }
            // below[k] = P(B ≤ k − 1)
            let low = (1..=n).rev().find(|j| below[*j as usize] <= 0.025);
            let high = (1..=n).find(|k| 1.0 - below[*k as usize] <= 0.025);
            let ranks = ranks(n, p);
            prop_assert_eq!((ranks.low, ranks.high), (low, high));
            prop_assert!(ranks.coverage >= 0.95 - 1e-9);
        }
    }
}
