//! Time counted in expected arrivals.
//!
//! Sources that share one [`Intensity`] evenly, such as the nodes of a cluster that pulls at a rate, each see a Poisson
//! process whose intensity changes with the hour and with how many they are. Counted in *expected arrivals* since the
//! beginning, the process of each is the plainest there is: unit exponentials, whatever the hour, however many. So a
//! source draws positions on that scale once and for all, and the pace says when a position is reached: when others come
//! or go, nothing has to be drawn anew.

use std::collections::VecDeque;

use super::Intensity;
use crate::units::Time;

/// How expected arrivals of one of several sources grow with time.
#[derive(Clone, Debug)]
pub struct Pace {
    intensity: Intensity,
    sharers: u32,
    /// Stretches with one rate, ascending, as far as anybody has looked.
    laid: VecDeque<Stretch>,
    /// The stretch that was wanted last.
    cursor: usize,
    /// The piece of the intensity that comes next.
    piece: usize,
    /// The end of what is laid.
    end: Time,
    expected: f64,
}

/// A stretch of time.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    begin: Time,
    end: Time,
    /// Expected arrivals at its begin and at its end.
    from: f64,
    until: f64,
    /// Of all sources together, before growth.
    rate: f64,
    sharers: f64,
    /// Nanoseconds from one expected arrival to the next, without growth.
    gap: f64,
}

impl Pace {
    /// The pace of each of `sharers` from `begin` on, where nothing is expected yet.
    pub fn new(intensity: Intensity, begin: Time, sharers: u32) -> Pace {
        let piece = intensity.pieces.partition_point(|piece| piece.end <= begin);
        Pace { intensity, sharers, laid: VecDeque::new(), cursor: 0, piece, end: begin, expected: 0.0 }
    }

    /// When so many arrivals will have been expected, if as many share them as now; `None` = never. Not before the moment
    /// of the last [`Pace::forget`].
    #[inline]
    pub fn time(&mut self, expected: f64) -> Option<Time> {
        match self.laid.get(self.cursor) {
            Some(stretch) if stretch.from <= expected && expected < stretch.until => {
                Some(stretch.time(expected, &self.intensity))
            }
            _ => self.search(expected),
        }
    }

    fn search(&mut self, expected: f64) -> Option<Time> {
        while self.expected <= expected {
            if !self.lay() {
                return None;
            }
        }
        self.cursor = self.laid.partition_point(|stretch| stretch.until <= expected);
        self.laid.get(self.cursor).map(|stretch| stretch.time(expected, &self.intensity))
    }

    /// Lays one more stretch; false when no more arrivals are expected.
    fn lay(&mut self) -> bool {
        while let Some(piece) = self.intensity.pieces.get(self.piece).filter(|_| self.sharers > 0) {
            self.piece += 1;
            let (begin, sharers) = (piece.begin.max(self.end), f64::from(self.sharers));
            let amount = self.intensity.expected(piece.rate, begin, piece.end) / sharers;
            let until = self.expected + amount;
            if begin < piece.end && piece.rate > 0.0 && until > self.expected {
                let (from, rate) = (self.expected, piece.rate);
                let gap = sharers / rate;
                self.laid.push_back(Stretch { begin, end: piece.end, from, until, rate, sharers, gap });
                (self.end, self.expected) = (piece.end, until);
                return true;
            }
        }
        false
    }

    /// Arrivals expected until `at`, which must not lie before the moment of the last [`Pace::forget`].
    pub fn expected(&mut self, at: Time) -> f64 {
        while self.end <= at && self.lay() {}
        let index = self.laid.partition_point(|stretch| stretch.end <= at);
        match (self.laid.get(index), index.checked_sub(1).and_then(|before| self.laid.get(before))) {
            (Some(stretch), _) if stretch.begin < at => {
                let amount = self.intensity.expected(stretch.rate, stretch.begin, at) / stretch.sharers;
                (stretch.from + amount).min(stretch.until)
            }
            (Some(stretch), _) => stretch.from,
            (None, Some(last)) => last.until,
            (None, None) => self.expected,
        }
    }

    /// From `at` on, so many share the arrivals.
    pub fn share(&mut self, at: Time, sharers: u32) {
        let expected = self.expected(at);
        self.laid.retain(|stretch| stretch.begin < at);
        if let Some(last) = self.laid.back_mut().filter(|last| last.end > at) {
            (last.end, last.until) = (at, expected);
        }
        (self.end, self.expected, self.sharers, self.cursor) = (at, expected, sharers, 0);
        self.piece = self.intensity.pieces.partition_point(|piece| piece.end <= at);
    }

    /// Nobody asks for what lies before `before` any more.
    pub fn forget(&mut self, before: Time) {
        let gone = self.laid.partition_point(|stretch| stretch.end <= before);
        // The last one stays: it says how many arrivals were expected before what comes next.
        self.laid.drain(..gone.min(self.laid.len().saturating_sub(1)));
        self.cursor = 0;
    }
}

impl Stretch {
    #[inline]
    fn time(&self, expected: f64, intensity: &Intensity) -> Time {
        let amount = expected - self.from;
        let step = match intensity.growth == 0.0 {
            true => amount * self.gap,
            false => intensity.invert(self.rate, self.begin, amount * self.sharers),
        };
        // Half a nanosecond more and rounded down: the nearest. Rounding may not carry anything out of its stretch.
        Time((self.begin.0 + (step + 0.5) as i64).min(self.end.0 - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Arrivals, EntityKey, Piece, Purpose, Stream};
    use super::*;
    use crate::units::{DAY, HOUR};
    use proptest::prelude::*;

    fn office(days: i64, growth: f64) -> Intensity {
        let open = |day: i64| Piece {
            begin: Time(day * DAY + 8 * HOUR),
            end: Time(day * DAY + 18 * HOUR),
            rate: (day % 3) as f64 * 100.0 / (10 * HOUR) as f64,
        };
        Intensity { pieces: (0..days).map(open).collect(), growth }
    }

    /// The twin walks through the intensity from arrival to arrival.
    #[test]
    fn one_alone_has_the_times_of_the_arrivals() {
        for growth in [0.0, 0.3 / DAY as f64, -0.1 / DAY as f64] {
            let stream = || Stream::new(1, 1, EntityKey(3), Purpose::PullRate);
            let (mut arrivals, mut slow) = (Arrivals::poisson(office(9, growth), Time(0)), stream());
            let (mut pace, mut fast, mut position) = (Pace::new(office(9, growth), Time(0), 1), stream(), 0.0);
            let mut count = 0;
            loop {
                position += fast.exponential();
                let (want, got) = (arrivals.next(&mut slow), pace.time(position));
                assert_eq!(want.is_some(), got.is_some(), "{count}");
                let (Some(want), Some(got)) = (want, got) else { break };
                assert!((want - got).0.abs() < 50_000, "{count}: {want:?} {got:?}");
                count += 1;
            }
            assert!(count > 300, "{count}");
        }
    }

    #[test]
    fn nothing_is_expected_of_nobody() {
        let mut pace = Pace::new(Intensity::constant(Time(0), Time(DAY), 1.0 / HOUR as f64), Time(0), 0);
        assert_eq!(pace.time(0.0), None);
        pace.share(Time(6 * HOUR), 2);
        assert_eq!(pace.time(3.0), Some(Time(12 * HOUR)), "two share one an hour");
        pace.share(Time(8 * HOUR), 0);
        assert_eq!((pace.time(0.5), pace.time(1.5)), (Some(Time(7 * HOUR)), None));
    }

    proptest! {
        /// Whoever looks when, a position lies where the expected arrivals say, and sharers change only what comes.
        #[test]
        fn positions_and_expected_arrivals_agree(
            growth in prop::sample::select(vec![0.0, 0.2 / DAY as f64]),
            shares in prop::collection::vec((1i64..30, 0u32..4), 1..12),
        ) {
            let (mut pace, mut now, mut sum) = (Pace::new(office(20, growth), Time(0), 1), Time(0), 0.0);
            let mut sharers = 1u32;
            for (hours, next) in shares {
                let then = Time(now.0 + hours * HOUR);
                // By hand: what all expect, split up.
                let all = |at: Time| {
                    let open = |piece: &&Piece| piece.begin < at;
                    let until = |piece: &Piece| Intensity { pieces: vec![Piece { end: piece.end.min(at), ..*piece }], growth }.total();
                    office(20, growth).pieces.iter().filter(open).map(until).sum::<f64>()
                };
                if sharers > 0 {
                    sum += (all(then) - all(now)) / f64::from(sharers);
                }
                let expected = pace.expected(then);
                prop_assert!((expected - sum).abs() < 1e-6, "{expected} {sum}");
                if let Some(at) = pace.time(sum - 1e-3).filter(|_| sum > 1e-3) {
                    prop_assert!(at <= then);
                    let back = pace.expected(at);
                    prop_assert!((back - sum + 1e-3).abs() < 1e-6, "{back} {sum}");
                }
                if let Some(at) = pace.time(sum + 1e-3) {
                    prop_assert!(at >= then, "{at:?} {then:?}");
                }
                pace.share(then, next);
                (now, sharers) = (then, next);
            }
            pace.forget(now);
            prop_assert!((pace.expected(now) - sum).abs() < 1e-6);
        }
    }
}
