//! Means, Student-t intervals, paired differences and the rule that stops a run at a wanted precision.
//!
//! Every sum is taken in trial order, so a result has the same bits whatever thread finished first. The quantile of
//! Student's t is worked out here on the `libm` crate instead of taken from a statistics crate, because those call the
//! platform's logarithm and results would then differ between platforms in their last bits; such a crate serves as the
//! oracle in the tests.
//!
//! An interval needs at least two trials. With one there is a mean and nothing to say about its error.
//!
//! Beside means there are intervals for quantiles that assume no distribution ([`order`]), and the rule that says where a
//! series has settled ([`warm_up`]).

pub mod order;
mod student;
pub mod warm_up;

pub use student::t_quantile;

/// A mean over trials, and half the width of its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// The interval is `mean` ± this; `None` with fewer than two trials.
    pub half_width: Option<f64>,
}

/// Whether two costs a month are the same to whoever pays them: less than half a cent or half a percent apart. However
/// sure such a difference is, nobody chooses by it.
pub fn alike(a: f64, b: f64) -> bool {
    let apart = (a - b).abs();
    apart < 0.005 || apart < 0.005 * a.abs().max(b.abs())
}

/// Coverage of every interval that a study reports.
pub const CONFIDENCE: f64 = 0.95;

impl Estimate {
    /// Mean and interval of independent trials, in trial order: X̄ ± t(n−1, 0.975)·s/√n (theory E1.3). Without a value
    /// the mean is 0.
    pub fn of(values: &[f64]) -> Estimate {
        Estimate::among(values, 1)
    }

    /// The same for one of so many comparisons that are looked at together: each interval is widened to 1 − 5 %/count
    /// (Bonferroni; theory E1.8), so that all of them cover their truths at once with at least 95 %.
    pub fn among(values: &[f64], comparisons: usize) -> Estimate {
        let error = (1.0 - CONFIDENCE) / comparisons.max(1) as f64;
        let n = values.len() as f64;
        if values.is_empty() {
            return Estimate { mean: 0.0, half_width: None };
        }
        let mean = values.iter().sum::<f64>() / n;
        let half_width = (values.len() >= 2).then(|| {
            let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
            let deviation = libm::sqrt(squares / (n - 1.0));
            t_quantile(values.len() as u64 - 1, 1.0 - error / 2.0) * deviation / libm::sqrt(n)
        });
        Estimate { mean, half_width }
    }

    /// The mean of `values` − `baseline`, paired by trial: what two strategies have in common (their demand) cancels
    /// (theory E1.6). The slices hold the same trials.
    pub fn of_differences(values: &[f64], baseline: &[f64]) -> Estimate {
        let differences: Vec<f64> = values.iter().zip(baseline).map(|(value, base)| value - base).collect();
        Estimate::of(&differences)
    }

    /// The mean of `values` − the mean of `baseline`, where the two have nothing in common (other seeds, or other
    /// numbers of trials): Welch's interval. Its degrees of freedom are rounded down, which errs to the wide side.
    pub fn of_independent(values: &[f64], baseline: &[f64]) -> Estimate {
        let (one, other) = (Estimate::of(values), Estimate::of(baseline));
        // The variance of each mean, and what it adds to the degrees of freedom.
        let error = |values: &[f64], mean: f64| {
            let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
            let n = values.len() as f64;
            let of_mean = squares / (n - 1.0) / n;
            (of_mean, of_mean * of_mean / (n - 1.0))
        };
        let half_width = (values.len() >= 2 && baseline.len() >= 2).then(|| {
            let ((a, a_part), (b, b_part)) = (error(values, one.mean), error(baseline, other.mean));
            let freedom = if a_part + b_part > 0.0 { (a + b) * (a + b) / (a_part + b_part) } else { 1.0 };
            let half = t_quantile((freedom as u64).max(1), (1.0 + CONFIDENCE) / 2.0) * libm::sqrt(a + b);
            if a + b > 0.0 { half } else { 0.0 }
        });
        Estimate { mean: one.mean - other.mean, half_width }
    }

    /// Lower end of the interval.
    pub fn low(&self) -> Option<f64> {
        self.half_width.map(|half| self.mean - half)
    }

    /// Upper end of the interval.
    pub fn high(&self) -> Option<f64> {
        self.half_width.map(|half| self.mean + half)
    }

    /// Whether the interval is within ± `relative` of the true mean, by Law's corrected target γ/(1 + γ) (theory E1.4):
    /// the half-width is held against the estimated mean, which errs itself. An interval of no width always is.
    pub fn is_within(&self, relative: f64) -> bool {
        let target = relative / (1.0 + relative);
        self.half_width.is_some_and(|half| half <= target * self.mean.abs())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ten_trials_give_the_interval_of_the_textbook() {
        let estimate = Estimate::of(&[10.2, 9.8, 10.5, 10.1, 9.9, 10.3, 9.7, 10.0, 10.4, 10.1]);
        assert!((estimate.mean - 10.1).abs() < 1e-12);
        assert!((estimate.half_width.unwrap() - 0.184_704).abs() < 1e-6, "{estimate:?}");
        assert!((estimate.low().unwrap() - 9.915_296).abs() < 1e-6);
        assert!((estimate.high().unwrap() - 10.284_704).abs() < 1e-6);
    }

    #[test]
    fn one_trial_has_a_mean_and_no_interval() {
        assert_eq!(Estimate::of(&[3.0]), Estimate { mean: 3.0, half_width: None });
        assert_eq!(Estimate::of(&[]).mean, 0.0);
        assert!(!Estimate::of(&[3.0]).is_within(1.0), "an unknown width is not a small one");
    }

    #[test]
    fn several_comparisons_widen_each_interval() {
        let values = [10.2, 9.8, 10.5, 10.1, 9.9, 10.3, 9.7, 10.0, 10.4, 10.1];
        let (one, five) = (Estimate::of(&values), Estimate::among(&values, 5));
        // t(9, 0.995) = 3.249836 over t(9, 0.975) = 2.262157.
        let ratio = five.half_width.unwrap() / one.half_width.unwrap();
        assert!((ratio - 3.249_836 / 2.262_157).abs() < 1e-6, "{ratio}");
        assert_eq!(one.mean, five.mean);
    }

    #[test]
    fn what_two_strategies_share_cancels() {
        let demand = [100.0, 350.0, 20.0, 180.0];
        let other: Vec<f64> = demand.iter().map(|value| value + 5.0).collect();
        let estimate = Estimate::of_differences(&other, &demand);
        assert_eq!((estimate.mean, estimate.half_width), (5.0, Some(0.0)));
    }

    #[test]
    fn runs_that_share_nothing_get_welchs_interval() {
        // Means 3 and 6, variances of the means 0.5 and 2.0; ν = 2.5² / (0.5²/4 + 2²/4) = 5.88, rounded down to 5:
        // t(5, 0.975) = 2.570582.
        let old = [1.0, 2.0, 3.0, 4.0, 5.0];
        let new = [2.0, 4.0, 6.0, 8.0, 10.0];
        let estimate = Estimate::of_independent(&new, &old);
        assert_eq!(estimate.mean, 3.0);
        assert!((estimate.half_width.unwrap() - 2.570_582 * libm::sqrt(2.5)).abs() < 1e-5, "{estimate:?}");
        assert_eq!(Estimate::of_independent(&[4.0, 4.0], &[1.0, 1.0, 1.0]).half_width, Some(0.0));
        assert_eq!(Estimate::of_independent(&[4.0], &[1.0, 2.0]).half_width, None);
    }

    #[test]
    fn precision_is_judged_by_the_corrected_target() {
        let of_width = |half| Estimate { mean: -100.0, half_width: Some(half) };
        // 5 % of the true mean asks for 0.05 / 1.05 = 4.76 % of the estimated one.
        assert!(of_width(4.76).is_within(0.05));
        assert!(!of_width(4.77).is_within(0.05));
        assert!(Estimate { mean: 0.0, half_width: Some(0.0) }.is_within(0.05), "a free strategy is known exactly");
    }

    proptest! {
        #[test]
        fn an_interval_moves_and_stretches_with_its_values(
            values in prop::collection::vec(-1e3f64..1e3, 2..40), shift in -1e3f64..1e3, scale in 0.1f64..10.0,
        ) {
            let one = Estimate::of(&values);
            let other = Estimate::of(&values.iter().map(|value| shift + scale * value).collect::<Vec<_>>());
            prop_assert!((other.mean - (shift + scale * one.mean)).abs() < 1e-6);
            prop_assert!((other.half_width.unwrap() - scale * one.half_width.unwrap()).abs() < 1e-6);
        }
    }
}
