//! Laws that a quantity is drawn from.
//!
//! A law is in the base unit of its quantity (bytes, nanoseconds, counts, shares) and draws floats; the caller rounds.
//! Transcendental functions come from the `libm` crate, so a draw has the same bits on every platform.

use std::sync::Arc;

use super::Stream;

/// How often a draw above `max` is repeated before it is clipped.
const REDRAWS: u32 = 100;

/// A distribution.
#[derive(Clone, Debug, PartialEq)]
pub enum Law {
    /// Always this.
    Constant(f64),
    /// Uniform between two values.
    Uniform {
        /// Smallest value.
        min: f64,
        /// Largest value.
        max: f64,
    },
    /// Exponential; draws above `max` are repeated, then clipped.
    Exponential {
        /// Mean.
        mean: f64,
        /// Upper bound.
        max: Option<f64>,
    },
    /// Lognormal; draws above `max` are repeated, then clipped.
    Lognormal {
        /// Median.
        median: f64,
        /// Standard deviation of the logarithm.
        sigma: f64,
        /// Upper bound.
        max: Option<f64>,
    },
    /// Geometric on 1, 2, 3, ..
    Geometric {
        /// Mean, at least 1.
        mean: f64,
    },
    /// (probability, value), ascending in both: straight lines in the logarithm of the value, flat outside the outer
    /// points; a segment with a zero end is linear.
    Quantiles(Vec<(f64, f64)>),
    /// Each value equally likely.
    Values(Arc<[f64]>),
}

impl Law {
    /// One draw.
    pub fn sample(&self, stream: &mut Stream) -> f64 {
        match self {
            Law::Constant(value) => *value,
            Law::Uniform { min, max } => min + (max - min) * stream.uniform(),
            Law::Exponential { mean, max } => capped(*max, || mean * stream.exponential()),
            Law::Lognormal { median, sigma, max } => capped(*max, || median * libm::exp(sigma * stream.normal())),
            Law::Geometric { mean } => {
                if *mean <= 1.0 {
                    return 1.0;
                }
                // Inversion: P(X > k) = (1 - 1/mean)^k.
                1.0 + libm::floor(-stream.exponential() / libm::log1p(-1.0 / mean))
            }
            Law::Quantiles(points) => interpolate(points, stream.uniform()),
            Law::Values(values) => values[stream.below(values.len() as u64) as usize],
        }
    }

    /// The median: what a lone repository takes from its preset.
    pub fn median(&self) -> f64 {
        match self {
            Law::Constant(value) => *value,
            Law::Uniform { min, max } => (min + max) / 2.0,
            Law::Exponential { mean, .. } => mean * std::f64::consts::LN_2,
            Law::Lognormal { median, .. } => *median,
            Law::Geometric { mean } if *mean <= 1.0 => 1.0,
            Law::Geometric { mean } => libm::ceil(-std::f64::consts::LN_2 / libm::log1p(-1.0 / mean)),
            Law::Quantiles(points) => interpolate(points, 0.5),
            Law::Values(values) => {
                let mut sorted = values.to_vec();
                sorted.sort_by(f64::total_cmp);
                sorted[(sorted.len() - 1) / 2]
            }
        }
    }
}

fn capped(max: Option<f64>, mut draw: impl FnMut() -> f64) -> f64 {
    let Some(max) = max else { return draw() };
    for _ in 0..REDRAWS {
        let value = draw();
        if value <= max {
            return value;
        }
    }
    max
}

fn interpolate(points: &[(f64, f64)], u: f64) -> f64 {
    let above = points.partition_point(|(p, _)| *p <= u);
    if above == 0 {
        return points[0].1;
    }
    let Some(&(p1, v1)) = points.get(above) else { return points[points.len() - 1].1 };
    let (p0, v0) = points[above - 1];
    let share = (u - p0) / (p1 - p0);
    if v0 <= 0.0 || v1 <= 0.0 { v0 + (v1 - v0) * share } else { v0 * libm::exp(share * libm::log(v1 / v0)) }
}

#[cfg(test)]
mod tests {
    use super::super::{EntityKey, Purpose};
    use super::*;

    fn mean(law: &Law, n: u32) -> f64 {
        let mut stream = Stream::new(7, 1, EntityKey(1), Purpose::ImageShape);
        (0..n).map(|_| law.sample(&mut stream)).sum::<f64>() / f64::from(n)
    }

    #[test]
    fn means_are_those_of_the_textbook() {
        assert!((mean(&Law::Exponential { mean: 3.0, max: None }, 200_000) - 3.0).abs() < 0.03);
        assert!((mean(&Law::Geometric { mean: 4.0 }, 200_000) - 4.0).abs() < 0.04);
        let lognormal = Law::Lognormal { median: 2.0, sigma: 0.5, max: None };
        assert!((mean(&lognormal, 200_000) - 2.0 * (0.125f64).exp()).abs() < 0.02);
    }

    #[test]
    fn quantiles_interpolate_in_the_logarithm() {
        let law = Law::Quantiles(vec![(0.1, 10.0), (0.5, 100.0), (0.9, 1000.0)]);
        assert!((interpolate(&[(0.1, 10.0), (0.5, 1000.0)], 0.3) - 100.0).abs() < 1e-9);
        assert_eq!(law.median(), 100.0);
        assert_eq!(interpolate(&[(0.1, 10.0), (0.5, 1000.0)], 0.99), 1000.0);
        assert_eq!(interpolate(&[(0.0, 0.0), (1.0, 10.0)], 0.25), 2.5);
    }

    #[test]
    fn max_redraws_and_then_clips() {
        let mut stream = Stream::new(7, 1, EntityKey(2), Purpose::ImageShape);
        let law = Law::Lognormal { median: 10.0, sigma: 1.0, max: Some(12.0) };
        assert!((0..1000).all(|_| law.sample(&mut stream) <= 12.0));
        let hopeless = Law::Uniform { min: 5.0, max: 6.0 };
        assert!(hopeless.sample(&mut stream) >= 5.0);
    }
}
