//! The flows of one class, in virtual work.
//!
//! All flows of a class have one rate, so the bytes that each has moved since some moment are the same for all: the
//! class's *work*. A flow that joins at work `w` with `b` bytes to go ends when the work is `w + b`, whatever the rate
//! does meanwhile. So a change of rate costs one multiplication, not one per flow, and the flows wait in a heap by the
//! work at which they end. Those that climb through slow start leave a class for the next after a round trip: who cannot
//! end before, even at the ceiling, has no place in the heap.
//!
//! Work is a float and grows; it is set back now and then, so that a long run keeps the precision of a short one.

use std::cmp::Ordering;

use dary_heap::QuaternaryHeap;

use super::NOWHERE;
use crate::units::{NANOS, Time};

/// Work is set back when it exceeds this many bytes: floats step by less than 2^-18 bytes below it.
const MOST_WORK: f64 = (1u64 << 34) as f64;

/// Flows that have left the class without ending stay in the heap until they are this many, and the majority.
const FEW_GONE: usize = 64;

/// A part of a nanosecond that is forgiven when a completion is rounded up, so that rounding of floats does not push a
/// round figure to the next nanosecond (ns).
const FORGIVEN: f64 = 1e-3;

/// So much longer than it can take to end, a flow must stay, that it need not be watched: more than rounding makes up.
const MARGIN: f64 = 1e-9;

/// A nanosecond, in seconds: to multiply is several times as fast as to divide.
const NANOSECOND: f64 = 1.0 / NANOS as f64;

/// When `bytes` will have moved at `rate` [bytes/s]: rounded up to the nanosecond.
pub(super) fn due(from: Time, bytes: f64, rate: f64) -> Time {
    if bytes <= 0.0 {
        return from;
    }
    // `as` saturates: without a rate it takes for ever.
    let nanos = (bytes / rate * NANOS as f64 - FORGIVEN).max(0.0);
    let whole = nanos as i64;
    Time(from.0.saturating_add(whole).saturating_add(i64::from((whole as f64) < nanos)))
}

/// Bytes moved in a stretch of time at `rate` (bytes/s).
pub(super) fn moved(from: Time, to: Time, rate: f64) -> f64 {
    // An infinite rate has moved what there was at the instant when it was set.
    if from == to { 0.0 } else { rate * ((to - from).0 as f64 * NANOSECOND) }
}

/// A flow's place in its class: when it ends, and which flow it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// The bits of the work at which it ends; as work is not negative, they sort like it.
    finish: u64,
    /// The flow's slot.
    pub(super) slot: u32,
    /// The slot's generation, which changes when the flow leaves.
    pub(super) generation: u32,
}

impl PartialEq for Place {
    fn eq(&self, other: &Self) -> bool {
        self.finish == other.finish
    }
}

impl Eq for Place {}

impl PartialOrd for Place {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Place {
    fn cmp(&self, other: &Self) -> Ordering {
        // Reversed: the heap keeps the largest on top.
        other.finish.cmp(&self.finish)
    }
}

/// Flows with one route and one ceiling.
#[derive(Debug)]
pub(super) struct Class {
    pub(super) route: u32,
    /// Its place among those of its route that have flows, or [`super::NOWHERE`].
    pub(super) rung: u32,
    /// The most that one flow may have (bytes/s).
    pub(super) ceiling: f64,
    /// Flows in it that have a place in the heap.
    waiting: usize,
    /// The work at which its first flow ends; infinite without flows, not a number while that is to be looked up.
    first: f64,
    /// What each flow gets (bytes/s).
    rate: f64,
    /// Work at `since`.
    work: f64,
    since: Time,
    heap: QuaternaryHeap<Place>,
}

impl Class {
    pub(super) fn new(route: u32, ceiling: f64) -> Class {
        Class {
            route,
            rung: NOWHERE,
            ceiling,
            waiting: 0,
            first: f64::INFINITY,
            rate: 0.0,
            work: 0.0,
            since: Time(0),
            heap: QuaternaryHeap::new(),
        }
    }

    /// Work at `now`.
    pub(super) fn work_at(&self, now: Time) -> f64 {
        self.work + moved(self.since, now, self.rate)
    }

    /// Whether a flow with `bytes` to go is sure not to end before `until`: not even with all that it may have.
    pub(super) fn outlasts(&self, now: Time, bytes: f64, until: Time) -> bool {
        until < Time::NEVER && bytes > self.ceiling * ((until - now).0 as f64 * NANOSECOND) * (1.0 + MARGIN) + 1.0
    }

    /// Takes in a flow with `bytes` to go; returns the work at which it ends, and whether the rate is to be set anew. Without
    /// a place in the heap, as one has that is sure to leave before, nobody is told.
    pub(super) fn join(&mut self, now: Time, bytes: f64, place: Option<(u32, u32)>) -> (f64, bool) {
        let work = self.work_at(now);
        let finish = work + bytes.max(0.0);
        let mut anew = work > MOST_WORK;
        if let Some((slot, generation)) = place {
            self.heap.push(Place { finish: finish.to_bits(), slot, generation });
            self.waiting += 1;
            if finish < self.first {
                self.first = finish;
                anew = true;
            }
        }
        (finish, anew)
    }

    /// Lets a flow go that had a place, and was to end at work `finish`; whether the rate is to be set anew. `here` tells
    /// whether a place is still taken.
    pub(super) fn leave(&mut self, finish: f64, here: impl Fn(&Place) -> bool) -> bool {
        self.waiting -= 1;
        let anew = finish <= self.first;
        if anew {
            self.first = f64::NAN;
        }
        let gone = self.heap.len() - self.waiting;
        if gone > FEW_GONE && gone > self.waiting {
            self.heap.retain(here);
        }
        anew
    }

    /// The flow that ends next, if it ends at `now`; it has then left.
    pub(super) fn pop_due(&mut self, now: Time, here: impl Fn(&Place) -> bool) -> Option<Place> {
        let place = self.first(here).filter(|place| self.due(f64::from_bits(place.finish)) <= now)?;
        self.heap.pop();
        self.waiting -= 1;
        self.first = f64::NAN;
        Some(place)
    }

    /// Sets the rate that holds from `now` on; returns when the first flow then ends.
    pub(super) fn set_rate(&mut self, now: Time, rate: f64, here: impl Fn(&Place) -> bool) -> Time {
        self.work = self.work_at(now);
        self.since = now;
        self.rate = rate;
        if self.first.is_nan() {
            self.first = self.first(here).map_or(f64::INFINITY, |place| f64::from_bits(place.finish));
        }
        self.due(self.first)
    }

    /// Whether so much work is done that it is to be set back.
    pub(super) fn is_far(&self) -> bool {
        self.work > MOST_WORK
    }

    /// Sets the work back to nothing; tells each flow that has a place and the work at which it ends now, and returns by how
    /// much it was set back. No completion changes.
    pub(super) fn set_back(&mut self, here: impl Fn(&Place) -> bool, mut tell: impl FnMut(u32, f64)) -> f64 {
        let mut places = std::mem::take(&mut self.heap).into_vec();
        places.retain(here);
        for place in &mut places {
            let finish = (f64::from_bits(place.finish) - self.work).max(0.0);
            place.finish = finish.to_bits();
            tell(place.slot, finish);
        }
        self.first = (self.first - self.work).max(0.0);
        self.heap = QuaternaryHeap::from(places);
        std::mem::take(&mut self.work)
    }

    /// Forgets the past of a class without flows.
    pub(super) fn rest(&mut self) {
        self.rung = NOWHERE;
        self.heap.clear();
        self.work = 0.0;
        self.rate = 0.0;
        self.first = f64::INFINITY;
    }

    /// The flow that ends next; drops those before it that have left.
    fn first(&mut self, here: impl Fn(&Place) -> bool) -> Option<Place> {
        while let Some(place) = self.heap.peek() {
            // As many places as flows: none has left, no need to look at the flow.
            if self.heap.len() == self.waiting || here(place) {
                return Some(*place);
            }
            self.heap.pop();
        }
        None
    }

    /// When the work is `finish`; never without a flow.
    fn due(&self, finish: f64) -> Time {
        if finish < f64::INFINITY { due(self.since, finish - self.work, self.rate) } else { Time::NEVER }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn completions_are_rounded_up_but_round_figures_stay() {
        assert_eq!(due(Time(5), 0.0, 0.0), Time(5));
        assert_eq!(due(Time(5), 1.0, 0.0), Time::NEVER);
        assert_eq!(due(Time(0), 30.0, 3.0), Time(10 * NANOS));
        assert_eq!(due(Time(0), 30.0, 7.0), Time(4_285_714_286));
        assert_eq!(due(Time(0), 0.3, 0.1), Time(3 * NANOS));
    }

    #[test]
    fn a_flow_that_left_is_passed_over_and_swept_out() {
        let mut class = Class::new(0, f64::INFINITY);
        for joined in 0..1000 {
            class.join(Time(0), 10.0 + f64::from(joined), Some((0, joined)));
        }
        for left in 0..900 {
            class.leave(10.0 + f64::from(left), |place| place.generation > left);
        }
        assert!(class.heap.len() < 300, "{}", class.heap.len());
        assert_eq!(class.set_rate(Time(0), 1.0, |place| place.generation > 899), Time(910 * NANOS));
    }

    #[test]
    fn work_that_is_set_back_changes_no_completion() {
        let mut class = Class::new(0, f64::INFINITY);
        class.set_rate(Time(0), 1e9, |_| true);
        let begin = Time(100 * NANOS);
        assert_eq!(class.join(begin, 5e9, Some((0, 0))), (1.05e11, true));
        assert_eq!(class.set_rate(begin, 1e9, |_| true), Time(105 * NANOS));
        assert!(class.is_far());
        assert_eq!(class.set_back(|_| true, |_, finish| assert_eq!(finish, 5e9)), 1e11);
        assert_eq!((class.work, class.first), (0.0, 5e9));
        assert_eq!(class.set_rate(begin, 1e9, |_| true), Time(105 * NANOS));
        assert!(class.pop_due(Time(105 * NANOS - 1), |_| true).is_none());
        assert!(class.pop_due(Time(105 * NANOS), |_| true).is_some());
    }
}
