//! Whether the pulls of a node can have queued for its places at all.

use crate::units::{Span, Time};

/// Pulls by stretches of time, in room that is used again and again.
#[derive(Default)]
pub(super) struct Crowd {
    counts: Vec<u32>,
}

impl Crowd {
    /// Whether some of these pulls (in any order; their moments come last) may have found all places of their node taken;
    /// each holds its place for at most `longest`. Where this says no, none has.
    ///
    /// Time is cut into stretches of at least that length: whoever has a place at some moment came in that stretch or the
    /// one before. A place that is taken at the beginning counts as taken all the time.
    pub fn may_queue(&mut self, pulls: &[(u64, u32, Time)], longest: Span, slots: &[Time]) -> bool {
        let moments = || pulls.iter().map(|(.., at)| *at);
        let (Some(first), Some(last)) = (moments().min(), moments().max()) else { return false };
        let stretch = (last - first).0 / pulls.len() as i64 + 1;
        let stretch = stretch.max(longest.0) as u64;
        let index = |at: Time| ((at - first).0 as u64 / stretch) as usize;
        self.counts.clear();
        self.counts.resize(index(last) + 2, 0);
        moments().for_each(|at| self.counts[index(at)] += 1);
        let taken = slots.iter().filter(|free| **free > first).count();
        let free = (slots.len() - taken) as u32;
        self.counts.windows(2).any(|pair| pair[0] + pair[1] > free)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// The twin gives every pull a place, one after the other.
        #[test]
        fn who_queues_may_have(
            mut pulls in prop::collection::vec((0i64..400, 1i64..30), 0..40),
            slots in prop::collection::vec(-5i64..60, 1..12),
        ) {
            let longest = pulls.iter().map(|(_, holds)| *holds).max().unwrap_or(0);
            let told: Vec<(u64, u32, Time)> = pulls.iter().map(|(at, _)| (0, 0, Time(*at))).collect();
            let begin: Vec<Time> = slots.iter().map(|free| Time(*free)).collect();
            let may = Crowd::default().may_queue(&told, Span(longest), &begin);
            pulls.sort_unstable();
            let mut places = slots;
            let mut queued = false;
            for (at, holds) in pulls {
                let place = places.iter_mut().min().expect("there is a place");
                queued |= *place > at;
                *place = at.max(*place) + holds;
            }
            prop_assert!(may || !queued);
        }
    }

    #[test]
    fn few_pulls_and_many_places_need_no_order() {
        let pulls: Vec<(u64, u32, Time)> = (0..100).map(|second| (0, 0, Time(second * 10))).collect();
        let free = [Time(i64::MIN); 8];
        assert!(!Crowd::default().may_queue(&pulls, Span(40), &free));
        assert!(Crowd::default().may_queue(&pulls, Span(80), &free));
    }
}
