//! Arrivals at a rate that changes with opening hours and grows.
//!
//! An [`Intensity`] is piecewise constant in open time, times `exp(growth × t)`. Arrivals are found by stepping through
//! its integral, which is exact for any intensity: a Poisson process steps by unit exponentials, an even one by ones,
//! starting at one half.

use crate::units::Time;

use super::Stream;

/// A stretch of open time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Piece {
    /// First moment.
    pub begin: Time,
    /// First moment after it.
    pub end: Time,
    /// Expected arrivals per nanosecond, before growth.
    pub rate: f64,
}

/// How many arrivals are expected when.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Intensity {
    /// Open stretches, ascending, without overlap.
    pub pieces: Vec<Piece>,
    /// Continuous growth per nanosecond: the rate at `t` is `rate × exp(growth × t)`, with `t` from `run.start`.
    pub growth: f64,
}

impl Intensity {
    /// A constant rate of `rate` arrivals per nanosecond between two moments.
    pub fn constant(begin: Time, end: Time, rate: f64) -> Intensity {
        Intensity { pieces: vec![Piece { begin, end, rate }], growth: 0.0 }
    }

    /// Expected arrivals per nanosecond at `time`.
    pub fn at(&self, time: Time) -> f64 {
        let index = self.pieces.partition_point(|piece| piece.end <= time);
        match self.pieces.get(index) {
            Some(piece) if piece.begin <= time => piece.rate * libm::exp(self.growth * time.0 as f64),
            _ => 0.0,
        }
    }

    /// The highest it ever is, in expected arrivals per nanosecond.
    pub fn peak(&self) -> f64 {
        let grown = |at: Time| libm::exp(self.growth * at.0 as f64);
        self.pieces.iter().map(|piece| piece.rate * grown(piece.begin).max(grown(piece.end))).fold(0.0, f64::max)
    }

    /// Expected arrivals over all pieces.
    pub fn total(&self) -> f64 {
        self.pieces.iter().map(|piece| self.expected(piece.rate, piece.begin, piece.end)).sum()
    }

    /// Expected arrivals in a stretch of a piece of this rate.
    pub(super) fn expected(&self, rate: f64, from: Time, to: Time) -> f64 {
        let length = (to.0 - from.0) as f64;
        if self.growth == 0.0 {
            return rate * length;
        }
        let a = self.growth;
        rate * libm::exp(a * from.0 as f64) * libm::expm1(a * length) / a
    }

    /// How long after `from` the integral has grown by `amount`, within one piece.
    pub(super) fn invert(&self, rate: f64, from: Time, amount: f64) -> f64 {
        if self.growth == 0.0 {
            return amount / rate;
        }
        let a = self.growth;
        libm::log1p(a * amount / (rate * libm::exp(a * from.0 as f64))) / a
    }
}

/// The arrivals of one process, in order of time.
#[derive(Clone, Debug)]
pub struct Arrivals {
    intensity: Intensity,
    /// Where the walk through the pieces stands.
    index: usize,
    /// Up to where the integral has been used.
    position: Time,
    even: bool,
    first: bool,
}

impl Arrivals {
    /// A Poisson process from `begin` on.
    pub fn poisson(intensity: Intensity, begin: Time) -> Arrivals {
        Arrivals { intensity, index: 0, position: begin, even: false, first: true }
    }

    /// The k-th arrival comes when k - 1/2 arrivals were expected.
    pub fn even(intensity: Intensity, begin: Time) -> Arrivals {
        Arrivals { even: true, ..Arrivals::poisson(intensity, begin) }
    }

    /// The next arrival, or `None` after the last open stretch.
    pub fn next(&mut self, stream: &mut Stream) -> Option<Time> {
        let mut amount = match (self.even, self.first) {
            (false, _) => stream.exponential(),
            (true, true) => 0.5,
            (true, false) => 1.0,
        };
        self.first = false;
        while let Some(piece) = self.intensity.pieces.get(self.index) {
            let from = piece.begin.max(self.position);
            if from < piece.end && piece.rate > 0.0 {
                let rest = self.intensity.expected(piece.rate, from, piece.end);
                if amount < rest {
                    let step = self.intensity.invert(piece.rate, from, amount);
                    // Rounding may not carry an arrival out of its piece.
                    let at = Time((from.0 + libm::round(step) as i64).min(piece.end.0 - 1));
                    self.position = at;
                    return Some(at);
                }
                amount -= rest;
            }
            self.position = self.position.max(piece.end);
            self.index += 1;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::{EntityKey, Purpose};
    use super::*;
    use crate::units::{DAY, HOUR};

    fn stream() -> Stream {
        Stream::new(1, 1, EntityKey(3), Purpose::PushTimes)
    }

    #[test]
    fn even_arrivals_fall_in_the_middle_of_their_intervals() {
        let intensity = Intensity::constant(Time(0), Time(DAY), 4.0 / DAY as f64);
        let mut arrivals = Arrivals::even(intensity, Time(0));
        let mut stream = stream();
        let hours: Vec<i64> = std::iter::from_fn(|| arrivals.next(&mut stream)).map(|at| at.0 / HOUR).collect();
        assert_eq!(hours, [3, 9, 15, 21]);
    }

    #[test]
    fn poisson_arrivals_keep_to_open_time_and_to_the_rate() {
        let pieces: Vec<Piece> = (0..4000)
            .map(|day| Piece { begin: Time(day * DAY), end: Time(day * DAY + 9 * HOUR), rate: 2.0 / (9 * HOUR) as f64 })
            .collect();
        let mut arrivals = Arrivals::poisson(Intensity { pieces, growth: 0.0 }, Time(0));
        let mut stream = stream();
        let times: Vec<Time> = std::iter::from_fn(|| arrivals.next(&mut stream)).collect();
        assert!(times.iter().all(|at| at.0 % DAY < 9 * HOUR));
        assert!((times.len() as f64 - 8000.0).abs() < 4.0 * 8000f64.sqrt(), "{}", times.len());
    }

    #[test]
    fn growth_compounds() {
        // Doubling every 30 days: the second 30 days bring twice the first.
        let growth = std::f64::consts::LN_2 / (30 * DAY) as f64;
        let intensity = Intensity {
            pieces: vec![Piece { begin: Time(0), end: Time(60 * DAY), rate: 1000.0 / DAY as f64 }],
            growth,
        };
        let mut arrivals = Arrivals::even(intensity.clone(), Time(0));
        let mut stream = stream();
        let times: Vec<Time> = std::iter::from_fn(|| arrivals.next(&mut stream)).collect();
        let early = times.iter().filter(|at| at.0 < 30 * DAY).count() as f64;
        let late = times.len() as f64 - early;
        assert!((late / early - 2.0).abs() < 0.001);
        assert!((intensity.at(Time(30 * DAY)) / intensity.at(Time(0)) - 2.0).abs() < 1e-9);
    }
}
