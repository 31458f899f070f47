//! `clairvoyant`: a lower bound on transfer plus storage for this demand (theory C3).
//!
//! With one price `e` for a byte to enter a region and one price `s` for it to stay there, layers and regions separate.
//! The first read must fetch; between two reads of a layer it is cheapest either to hold it over the gap or to drop and
//! fetch again, whichever costs less:
//!
//! `OPT = S × [ e + Σ min( s × (tᵢ − tᵢ₋₁), e ) ]`
//!
//! [`Reads`] applies that rule as reads come in, which makes the bound as cheap as the demand itself. [`optimum`] is the
//! general two-state recursion, with a charge per stored copy and per local hit; the tests hold the rule against the
//! recursion, and the recursion against every possible vector of holds and drops.

use crate::units::Time;

/// What happens at a read of a layer in a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read {
    /// Its bytes enter the region.
    Fetch,
    /// They were held since this moment, the read before.
    Held(Time),
}

/// The reads of one layer in one region.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reads {
    last: Option<Time>,
}

impl Reads {
    /// The best way to serve a read at `now`, given what holding since a moment costs and what a fetch costs, both per
    /// byte and in one currency.
    pub fn read(&mut self, now: Time, holding: impl FnOnce(Time, Time) -> f64, fetch: f64) -> Read {
        match self.last.replace(now) {
            Some(last) if holding(last, now) <= fetch => Read::Held(last),
            _ => Read::Fetch,
        }
    }
}

/// The cost of serving reads at ascending `times` in one region, per byte: `fetch` to enter, `store` per unit of time
/// held, `fill` per stored copy and `hit` per local read. `ahead` is the price and moment of a copy pushed ahead.
pub fn optimum(times: &[f64], fetch: f64, store: f64, fill: f64, hit: f64, ahead: Option<(f64, f64)>) -> f64 {
    let (mut with, mut without) = (ahead.map_or(f64::INFINITY, |(price, _)| price), 0.0);
    let mut before = ahead.map_or(f64::NAN, |(_, moment)| moment);
    for &time in times {
        let held = if with.is_finite() { with + store * (time - before) + hit } else { f64::INFINITY };
        let missed = with.min(without) + fetch;
        with = held.min(missed + fill);
        without = held.min(missed);
        before = time;
    }
    with.min(without)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Tries every vector of "keep a copy after this read" decisions.
    fn exhaustive(times: &[f64], fetch: f64, store: f64, fill: f64, hit: f64, ahead: Option<(f64, f64)>) -> f64 {
        let mut best = f64::INFINITY;
        for ahead in [None, ahead] {
            for keep in 0u32..1 << times.len() {
                let mut cost = ahead.map_or(0.0, |(price, _)| price);
                let mut held_since = ahead.map(|(_, moment)| moment);
                for (i, &time) in times.iter().enumerate() {
                    let keeps = keep >> i & 1 == 1;
                    match held_since {
                        Some(since) => cost += store * (time - since) + hit,
                        None => cost += fetch + if keeps { fill } else { 0.0 },
                    }
                    held_since = keeps.then_some(time);
                }
                // A copy kept after the last read costs nothing more: the horizon ends there.
                best = best.min(cost);
            }
        }
        best
    }

    proptest! {
        #[test]
        fn the_recursion_equals_exhaustive_search(
            gaps in prop::collection::vec(0.01f64..10.0, 0..8),
            fetch in 0.1f64..5.0, store in 0.05f64..2.0, fill in 0.0f64..1.0, hit in 0.0f64..1.0,
            ahead in prop::option::of((0.1f64..8.0, Just(0.0f64))),
        ) {
            let times: Vec<f64> = gaps.iter().scan(0.0, |at, gap| { *at += gap; Some(*at) }).collect();
            let fast = optimum(&times, fetch, store, fill, hit, ahead);
            let slow = exhaustive(&times, fetch, store, fill, hit, ahead);
            prop_assert!((fast - slow).abs() <= 1e-9 * slow.max(1.0), "{fast} {slow}");
        }

        #[test]
        fn the_rule_equals_the_recursion(gaps in prop::collection::vec(1i64..1000, 1..20), fetch in 1.0f64..500.0) {
            let mut now = Time(0);
            let (mut reads, mut cost, mut times) = (Reads::default(), 0.0, Vec::new());
            for gap in gaps {
                now = Time(now.0 + gap);
                times.push(now.0 as f64);
                cost += match reads.read(now, |from, to| (to - from).0 as f64, fetch) {
                    Read::Fetch => fetch,
                    Read::Held(since) => (now - since).0 as f64,
                };
            }
            prop_assert!((cost - optimum(&times, fetch, 1.0, 0.0, 0.0, None)).abs() < 1e-6);
        }
    }

    #[test]
    fn the_worked_example_of_theory_c5() {
        // 2 GB, $0.02 a GB, $0.10 a GB-month of 30 days, reads on days 0, 1, 2, 10, 11, 30.
        let times = [0.0, 1.0, 2.0, 10.0, 11.0, 30.0];
        let cost = optimum(&times, 0.04, 0.2 / 30.0, 0.0, 0.0, None);
        assert!((cost - 0.14).abs() < 1e-12, "{cost}");
    }
}
