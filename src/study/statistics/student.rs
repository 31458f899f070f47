//! The quantile of Student's t and the incomplete beta function beneath it, on the `libm` crate.

/// The `p`-quantile of Student's t with so many degrees of freedom (at least 1), for `p` in [0.5, 1).
///
/// Bisection on the distribution function: it is called a few hundred times a run, and bisection cannot go astray.
pub fn t_quantile(freedom: u64, p: f64) -> f64 {
    let tail = 2.0 * (1.0 - p);
    let mut high = 1.0;
    while two_sided_tail(high, freedom) > tail && high < 1e12 {
        high *= 2.0;
    }
    let mut low = 0.0;
    for _ in 0..80 {
        let middle = (low + high) / 2.0;
        if two_sided_tail(middle, freedom) > tail {
            low = middle;
        } else {
            high = middle;
        }
    }
    (low + high) / 2.0
}

/// P(|T| > t) = I_x(ν/2, 1/2) at x = ν/(ν + t²).
fn two_sided_tail(t: f64, freedom: u64) -> f64 {
    let nu = freedom as f64;
    incomplete_beta(nu / 2.0, 0.5, nu / (nu + t * t))
}

/// The regularised incomplete beta function, by its continued fraction (Numerical Recipes 6.4, method of Lentz).
pub(super) fn incomplete_beta(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return x.clamp(0.0, 1.0);
    }
    // The fraction converges fast below the mean of the beta law; above it the mirror image is used.
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - incomplete_beta(b, a, 1.0 - x);
    }
    let log_front = libm::lgamma(a + b) - libm::lgamma(a) - libm::lgamma(b) + a * libm::log(x) + b * libm::log1p(-x);
    libm::exp(log_front) / a / beta_fraction(a, b, x)
}

/// Denominator form of the continued fraction of [`incomplete_beta`].
fn beta_fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let away_from_zero = |value: f64| if value.abs() < TINY { TINY } else { value };
    let (mut c, mut d, mut fraction) = (1.0, 0.0, 1.0);
    for step in 1..=300u32 {
        let m = f64::from(step / 2);
        let coefficient = if step == 1 {
            -(a + b) * x / (a + 1.0)
        } else if step % 2 == 0 {
            m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m))
        } else {
            -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0))
        };
        d = 1.0 / away_from_zero(1.0 + coefficient * d);
        c = away_from_zero(1.0 + coefficient / c);
        fraction *= c * d;
        if (c * d - 1.0).abs() < 1e-15 {
            break;
        }
    }
    fraction
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use statrs::distribution::{ContinuousCDF, StudentsT};

    use super::*;

    #[test]
    fn quantiles_are_those_of_the_printed_table() {
        for (freedom, p, expected) in [
            (1, 0.975, 12.706_204_736),
            (2, 0.975, 4.302_652_730),
            (4, 0.975, 2.776_445_105),
            (9, 0.975, 2.262_157_163),
            (19, 0.975, 2.093_024_054),
            (19, 0.95, 1.729_132_812),
            (99, 0.975, 1.984_216_952),
            (999, 0.975, 1.962_341_461),
        ] {
            let got = t_quantile(freedom, p);
            assert!((got - expected).abs() < 2e-9, "t({freedom}, {p}) = {got}");
        }
    }

    proptest! {
        #[test]
        fn the_quantile_agrees_with_another_implementation(freedom in 1u64..2000, p in 0.6f64..0.9995) {
            let oracle = StudentsT::new(0.0, 1.0, freedom as f64).unwrap().inverse_cdf(p);
            let got = t_quantile(freedom, p);
            prop_assert!((got / oracle - 1.0).abs() < 1e-6, "t({}, {}) = {} or {}", freedom, p, got, oracle);
        }
    }
}
