//! The download of one image by one node that shares its route with nobody.
//!
//! Layers are asked for in order, `parallel` at a time: as soon as one has arrived the next takes its slot. In its slot a
//! layer first waits (requests, start-up) and then flows. Layers that flow share the node's link fairly, none above its
//! connection's ceiling; so the rates change whenever a layer begins or ends to flow, and between two such moments
//! nothing does. The moments are stepped through one by one: exact, and a few hundred nanoseconds for a usual image.

use super::{ramp_rates, slow_start_delay};
use crate::cloud::SlowStart;
use crate::units::{Bandwidth, Span};

/// A layer with less than this left has arrived (in bytes): rounding may leave a crumb.
const CRUMB: f64 = 1e-6;

/// What a slot is doing.
struct Slot {
    /// Index of its layer.
    layer: usize,
    /// Seconds until bytes flow.
    wait: f64,
    /// Bytes yet to come.
    left: f64,
    /// The step of the slow-start ramp that it is on.
    step: usize,
    /// Seconds until the next step.
    until_step: f64,
    /// Bytes per second, fixed between two moments.
    rate: f64,
}

impl Slot {
    fn flows(&self) -> bool {
        self.wait <= 0.0
    }
}

/// How long the layers take until the last one is there.
///
/// `layers` are the sizes to fetch (bytes), in order; `per_connection` and `node` are ceilings (bytes/s), infinite for
/// none; `per_layer` is what each layer waits in its slot before its connection starts. With [`SlowStart::Delay`] it also
/// waits the closed-form delay, reckoned at the rate that it gets when all slots flow; with [`SlowStart::Ramp`] its
/// ceiling climbs. A route without capacity takes for ever: the longest span there is.
pub fn download_time(
    layers: &[u64],
    parallel: u32,
    per_connection: f64,
    node: f64,
    per_layer: Span,
    slow_start: SlowStart,
    rtt: Span,
) -> Span {
    let mut last = 0.0;
    Download::new(layers, parallel, per_connection, node, per_layer, slow_start, rtt).run(|_, time| last = time);
    Span::from_seconds(last)
}

/// The fixed side of a download.
struct Download<'a> {
    layers: &'a [u64],
    parallel: usize,
    node: f64,
    per_layer: f64,
    /// Rate that the start-up delay is reckoned at; `None` without such a delay.
    delayed_at: Option<Bandwidth>,
    rtt: Span,
    /// (seconds since the first byte, ceiling in bytes per second), at least one.
    steps: Vec<(f64, f64)>,
}

impl<'a> Download<'a> {
    fn new(
        layers: &'a [u64],
        parallel: u32,
        per_connection: f64,
        node: f64,
        per_layer: Span,
        slow_start: SlowStart,
        rtt: Span,
    ) -> Download<'a> {
        let parallel = (parallel.max(1) as usize).min(layers.len());
        let steps = match slow_start {
            SlowStart::Ramp => {
                let rates = ramp_rates(rtt, Bandwidth(per_connection));
                rates.map(|(from, rate)| (from.as_seconds(), rate.0)).collect()
            }
            SlowStart::Delay | SlowStart::None => vec![(0.0, per_connection)],
        };
        let delayed_at =
            (slow_start == SlowStart::Delay).then(|| Bandwidth(per_connection.min(node / parallel.max(1) as f64)));
        Download { layers, parallel, node, per_layer: per_layer.as_seconds(), delayed_at, rtt, steps }
    }

    /// Runs to the end; tells the index of each layer and when it had arrived (s), in order of arrival.
    fn run(&self, mut arrived: impl FnMut(usize, f64)) {
        let mut slots: Vec<Slot> = (0..self.parallel).map(|layer| self.slot(layer)).collect();
        let mut next = self.parallel;
        let mut now = 0.0;
        while !slots.is_empty() {
            self.share(&mut slots);
            let step = slots.iter().map(|slot| self.until_change(slot)).fold(f64::INFINITY, f64::min);
            now += step;
            if now.is_infinite() {
                return arrived(slots[0].layer, now);
            }
            slots.retain_mut(|slot| {
                if !self.pass(slot, step) {
                    return true;
                }
                arrived(slot.layer, now);
                let more = next < self.layers.len();
                if more {
                    *slot = self.slot(next);
                    next += 1;
                }
                more
            });
        }
    }

    /// A slot that has just taken a layer.
    fn slot(&self, layer: usize) -> Slot {
        let bytes = self.layers[layer];
        let delay = self.delayed_at.map_or(Span::ZERO, |rate| slow_start_delay(rate, self.rtt, bytes));
        let wait = self.per_layer + delay.as_seconds();
        Slot { layer, wait, left: bytes as f64, step: 0, until_step: self.step_length(0), rate: 0.0 }
    }

    /// Seconds from one step of the ramp to the next.
    fn step_length(&self, step: usize) -> f64 {
        self.steps.get(step + 1).map_or(f64::INFINITY, |(from, _)| from - self.steps[step].0)
    }

    /// Gives each flowing slot its fair rate: none above its ceiling, what one leaves goes to the others.
    fn share(&self, slots: &mut [Slot]) {
        let (mut left, mut open) = (self.node, 0u32);
        for slot in slots.iter_mut() {
            slot.rate = f64::NAN;
            open += u32::from(slot.flows());
        }
        // Ceilings at or below the even share are granted; each grant can only raise the share of the rest.
        while open > 0 {
            let even = left / f64::from(open);
            let before = open;
            for slot in slots.iter_mut().filter(|slot| slot.flows() && slot.rate.is_nan()) {
                let ceiling = self.steps[slot.step].1;
                if ceiling <= even {
                    slot.rate = ceiling;
                    left -= ceiling;
                    open -= 1;
                }
            }
            if open == before {
                for slot in slots.iter_mut().filter(|slot| slot.flows() && slot.rate.is_nan()) {
                    slot.rate = even;
                }
                return;
            }
        }
    }

    /// Seconds until something changes for this slot.
    fn until_change(&self, slot: &Slot) -> f64 {
        if !slot.flows() {
            slot.wait
        } else if slot.left <= CRUMB {
            0.0
        } else {
            (slot.left / slot.rate).min(slot.until_step)
        }
    }

    /// Lets time pass in a slot; true when its layer has arrived.
    fn pass(&self, slot: &mut Slot, seconds: f64) -> bool {
        if !slot.flows() {
            // Equal waits are equal to the bit, so subtracting ends at exactly zero.
            slot.wait -= seconds;
            return slot.flows() && slot.left <= CRUMB;
        }
        // An infinite rate moves everything in no time.
        slot.left = if slot.rate.is_infinite() { 0.0 } else { slot.left - slot.rate * seconds };
        slot.until_step -= seconds;
        if slot.until_step <= 0.0 {
            slot.step += 1;
            slot.until_step = self.step_length(slot.step);
        }
        slot.left <= CRUMB
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NO_LIMIT: f64 = f64::INFINITY;

    fn finishes(layers: &[u64], parallel: u32, per_connection: f64, node: f64) -> Vec<f64> {
        let mut times = vec![0.0; layers.len()];
        Download::new(layers, parallel, per_connection, node, Span::ZERO, SlowStart::None, Span::ZERO)
            .run(|layer, time| times[layer] = time);
        times
    }

    #[track_caller]
    fn close(found: &[f64], wanted: &[f64]) {
        assert!(found.len() == wanted.len());
        assert!(found.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-9), "{found:?}, not {wanted:?}");
    }

    /// Theory B4.4.
    #[test]
    fn slots_share_the_link_as_worked_by_hand() {
        close(&finishes(&[300; 4], 3, 50.0, 100.0), &[9.0, 9.0, 9.0, 15.0]);
        close(&finishes(&[300; 4], 3, NO_LIMIT, 100.0), &[9.0, 9.0, 9.0, 12.0]);
        let five = [100, 80, 60, 40, 20];
        let sorted = |parallel, cap| {
            let mut times = finishes(&five, parallel, cap, 100.0);
            times.sort_by(f64::total_cmp);
            times
        };
        close(&sorted(3, NO_LIMIT), &[1.8, 2.4, 3.0, 3.0, 3.0]);
        close(&sorted(1, NO_LIMIT), &[1.0, 1.8, 2.4, 2.8, 3.0]);
        close(&sorted(3, 30.0), &[2.0, 8.0 / 3.0, 10.0 / 3.0, 10.0 / 3.0, 10.0 / 3.0]);
    }

    #[test]
    fn a_layer_waits_in_its_slot_before_it_flows() {
        let wait = Span::seconds(2);
        let time = |layers: &[u64], parallel, cap| {
            download_time(layers, parallel, cap, 100.0, wait, SlowStart::None, Span::ZERO)
        };
        assert_eq!(time(&[100, 100], 1, NO_LIMIT), Span::seconds(6));
        assert_eq!(time(&[100, 100], 2, NO_LIMIT), Span::seconds(4));
        // Nothing to move costs its wait; nothing to ask for costs nothing.
        assert_eq!(time(&[0], 3, NO_LIMIT), wait);
        assert_eq!(time(&[], 3, NO_LIMIT), Span::ZERO);
    }

    #[test]
    fn limits_may_be_missing_or_zero() {
        let time = |cap, node| download_time(&[5, 0, 7], 2, cap, node, Span(10), SlowStart::None, Span::ZERO);
        assert_eq!(time(NO_LIMIT, NO_LIMIT), Span(20));
        assert_eq!(time(0.0, 1.0), Span(i64::MAX));
        assert_eq!(time(1.0, 0.0), Span(i64::MAX));
    }

    #[test]
    fn the_delay_is_the_closed_form_and_the_ramp_agrees_on_large_layers() {
        let rtt = Span(100_000_000);
        let time = |mode| download_time(&[50_000_000], 3, 20e6, 125e6, Span::ZERO, mode, rtt);
        let plain = time(SlowStart::None);
        assert_eq!(plain, Span::from_seconds(2.5));
        let extra = slow_start_delay(Bandwidth(20e6), rtt, 50_000_000);
        assert!((time(SlowStart::Delay) - plain - extra).0.abs() <= 1);
        assert!((time(SlowStart::Ramp) - plain - extra).0.abs() <= 10);
    }

    #[test]
    fn on_the_ramp_a_slow_connection_leaves_its_share_to_the_others() {
        // Half a second at 28,960 B/s (one first window), then 57,920 B/s, behind a node link of 72,400 B/s.
        // The third layer starts at 0.5 s and climbs while the second takes the 43,440 B/s that it leaves.
        let layers = [14_480, 86_880, 14_480];
        let rtt = Span(500_000_000);
        let mut times = [0.0; 3];
        Download::new(&layers, 2, 57_920.0, 72_400.0, Span::ZERO, SlowStart::Ramp, rtt)
            .run(|layer, time| times[layer] = time);
        close(&times, &[0.5, 1.875, 1.0]);
    }

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config {
            cases: 200, failure_persistence: None,
            rng_seed: proptest::test_runner::RngSeed::Fixed(4), ..Default::default()
        })]

        #[test]
        fn no_pull_beats_its_narrowest_limit(
            layers in proptest::collection::vec(0u64..50_000_000, 1..30),
            parallel in 1u32..8,
            cap in 1e5..1e8f64,
            node in 1e5..1e8f64,
            wait in 0i64..1_000_000_000,
            mode in proptest::sample::select(vec![SlowStart::None, SlowStart::Delay, SlowStart::Ramp]),
            rtt in 0i64..400_000_000,
        ) {
            let time = download_time(&layers, parallel, cap, node, Span(wait), mode, Span(rtt)).as_seconds();
            let bytes = layers.iter().sum::<u64>() as f64;
            let largest = *layers.iter().max().expect("at least one") as f64;
            let waves = layers.len().div_ceil(parallel as usize) as f64;
            let bound = (bytes / node.min(cap * f64::from(parallel))).max(largest / cap).max(waves * wait as f64 / 1e9);
            proptest::prop_assert!(time >= bound * (1.0 - 1e-9) - 1e-8, "{time} < {bound}");
            // Nor does it take longer than one layer after the other, each at the slower of the limits.
            let alone = Bandwidth(cap.min(node / f64::from(parallel.min(layers.len() as u32))));
            let slow: f64 = layers.iter().map(|&layer| {
                let ramp = match mode {
                    SlowStart::None => 0.0,
                    SlowStart::Delay => slow_start_delay(alone, Span(rtt), layer).as_seconds(),
                    SlowStart::Ramp => {
                        rtt as f64 / 1e9 + slow_start_delay(alone, Span(rtt), layer).as_seconds()
                    }
                };
                wait as f64 / 1e9 + ramp + layer as f64 / alone.0
            }).sum();
            proptest::prop_assert!(time <= slow * (1.0 + 1e-9) + 1e-8, "{time} > {slow}");
        }
    }
}
