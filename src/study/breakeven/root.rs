//! Where a curve passes zero, by bracketing.
//!
//! A curve is asked for at a place and answers where it was really evaluated (a scenario takes six digits, or whole
//! numbers only) and its value there. Regula falsi with bisection as its safeguard: on the straight lines that costs
//! mostly are, two or three evaluations do; on the stairs that counts make of them it is never slower than twice a
//! bisection.

/// A place and the curve's value there.
pub type Sample = (f64, f64);

/// Two places, ascending, between which a curve changes its sign.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bracket {
    /// The lower place.
    pub low: Sample,
    /// The upper place.
    pub high: Sample,
}

impl Bracket {
    /// Where the straight line between both ends is zero.
    pub fn zero(&self) -> f64 {
        let ((x0, y0), (x1, y1)) = (self.low, self.high);
        if y0 == y1 { (x0 + x1) / 2.0 } else { x0 + (x1 - x0) * (y0 / (y0 - y1)) }
    }

    fn width(&self) -> f64 {
        self.high.0 - self.low.0
    }
}

/// How close the ends of a bracket shall come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Until {
    /// So close.
    Within(f64),
    /// To neighbouring whole numbers.
    Neighbours,
}

/// Evaluations after which a bracket stays as wide as it is: far more than bisection needs.
const MOST_STEPS: usize = 80;

/// Narrows a bracket. The curve's errors end it.
pub fn narrow<E>(
    mut bracket: Bracket,
    until: Until,
    mut curve: impl FnMut(f64) -> Result<Sample, E>,
) -> Result<Bracket, E> {
    let enough = match until {
        Until::Within(width) => width,
        Until::Neighbours => 1.0,
    };
    // How often in a row the same end has moved.
    let (mut low_moved, mut high_moved) = (0, 0);
    for _ in 0..MOST_STEPS {
        if bracket.width() <= enough || bracket.low.1 == 0.0 || bracket.high.1 == 0.0 {
            break;
        }
        let middle = (bracket.low.0 + bracket.high.0) / 2.0;
        let guess = match until {
            _ if low_moved > 1 || high_moved > 1 => middle,
            Until::Neighbours => libm::round(bracket.zero()).clamp(bracket.low.0 + 1.0, bracket.high.0 - 1.0),
            // A little beyond the zero, so that the next guess closes the bracket from the other side.
            Until::Within(width) => {
                let beyond = if low_moved > 0 { 0.4 } else { -0.4 } * width;
                (bracket.zero() + beyond).clamp(bracket.low.0 + 0.1 * width, bracket.high.0 - 0.1 * width)
            }
        };
        let found = curve(guess)?;
        if found.0 <= bracket.low.0 || found.0 >= bracket.high.0 {
            break;
        }
        if (found.1 > 0.0) == (bracket.low.1 > 0.0) && found.1 != 0.0 {
            bracket.low = found;
            (low_moved, high_moved) = (low_moved + 1, 0);
        } else {
            bracket.high = found;
            (low_moved, high_moved) = (0, high_moved + 1);
        }
        if low_moved > 2 || high_moved > 2 {
            (low_moved, high_moved) = (0, 0);
        }
    }
    Ok(bracket)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::convert::Infallible;

    use proptest::prelude::*;

    use super::*;

    /// The bracket that was found, and the evaluations that it took.
    fn found(low: f64, high: f64, until: Until, f: impl Fn(f64) -> f64) -> (Bracket, usize) {
        let calls = Cell::new(0);
        let curve = |x: f64| {
            calls.set(calls.get() + 1);
            let x = if until == Until::Neighbours { libm::round(x) } else { x };
            Ok::<_, Infallible>((x, f(x)))
        };
        let start = Bracket { low: (low, f(low)), high: (high, f(high)) };
        let Ok(bracket) = narrow(start, until, curve);
        (bracket, calls.get())
    }

    #[test]
    fn a_straight_line_takes_three_evaluations() {
        let (bracket, calls) = found(0.0, 10.0, Until::Within(1e-3), |x| 3.0 * x - 7.0);
        assert!((bracket.zero() - 7.0 / 3.0).abs() < 1e-12 && bracket.width() <= 1e-3, "{bracket:?}");
        assert!(calls <= 3, "{calls}");
    }

    #[test]
    fn whole_numbers_end_at_neighbours() {
        let (bracket, _) = found(1.0, 1000.0, Until::Neighbours, |x| 17.25 - x);
        assert_eq!((bracket.low.0, bracket.high.0), (17.0, 18.0));
        assert!((bracket.zero() - 17.25).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn stairs_and_bends_are_bracketed_too(root in 0.01f64..9.99, steps in 1u32..400, bend in 0.3f64..4.0) {
            let n = f64::from(steps);
            let stairs = |x: f64| libm::floor(x * n) - libm::floor(root * n) + 0.5;
            let bent = |x: f64| libm::pow(x, bend) - libm::pow(root, bend);
            for f in [&stairs as &dyn Fn(f64) -> f64, &bent] {
                if (f(0.0) > 0.0) == (f(10.0) > 0.0) {
                    continue;
                }
                let (bracket, calls) = found(0.0, 10.0, Until::Within(1e-4), f);
                prop_assert!(bracket.width() <= 1e-4 || bracket.high.1 == 0.0 || bracket.low.1 == 0.0, "{:?}", bracket);
                prop_assert!((bracket.low.1 > 0.0) != (bracket.high.1 > 0.0) || bracket.high.1 == 0.0);
                prop_assert!(calls <= 60, "{} evaluations", calls);
            }
        }
    }
}
