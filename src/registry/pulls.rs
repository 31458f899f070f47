//! When images were last pulled, as the service records it (B17, B23).
//!
//! The service refreshes the recorded moment at least once in 24 hours: an image that is pulled once a day shows the
//! exact moment, one that is pulled every hour may show an older one. Here the record is brought up to date at each run
//! of the lifecycle policy, the only reader of it, and only where the last pull is at least the lag after the one that
//! is recorded. So a run never sees a record that is as much as the lag behind, and with no lag it sees the truth.

use super::hash::Map;
use crate::units::{Span, Time};

/// The last pulls of images.
#[derive(Clone, Debug, Default)]
pub(super) struct Pulls(Map<u32, Pulled>);

#[derive(Clone, Copy, Debug)]
struct Pulled {
    recorded: Option<Time>,
    last: Time,
}

impl Pulls {
    /// An image was pulled. Moments may come in any order.
    pub(super) fn note(&mut self, image: u32, at: Time) {
        let pulled = self.0.entry(image).or_insert(Pulled { recorded: None, last: at });
        pulled.last = pulled.last.max(at);
    }

    /// Brings the record of an image up to date and reads it.
    pub(super) fn refresh(&mut self, image: u32, lag: Span) -> Option<Time> {
        let pulled = self.0.get_mut(&image)?;
        if pulled.recorded.is_none_or(|recorded| pulled.last - recorded >= lag) {
            pulled.recorded = Some(pulled.last);
        }
        pulled.recorded
    }

    /// An image is gone.
    pub(super) fn forget(&mut self, image: u32) {
        self.0.remove(&image);
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixed;
    use super::*;
    use crate::units::{DAY, HOUR};
    use proptest::prelude::*;

    const LAG: Span = Span(DAY);

    #[test]
    fn b23_one_pull_a_day_is_recorded_exactly() {
        let mut pulls = Pulls::default();
        for day in 0..5 {
            pulls.note(1, Time(day * DAY));
            assert_eq!(pulls.refresh(1, LAG), Some(Time(day * DAY)));
        }
        assert_eq!(pulls.refresh(2, LAG), None);
    }

    #[test]
    fn b23_a_pull_soon_after_the_recorded_one_is_not_recorded_yet() {
        let mut pulls = Pulls::default();
        pulls.note(1, Time(0));
        assert_eq!(pulls.refresh(1, LAG), Some(Time(0)));
        pulls.note(1, Time(23 * HOUR));
        assert_eq!(pulls.refresh(1, LAG), Some(Time(0)));
        assert_eq!(pulls.clone().refresh(1, Span(0)), Some(Time(23 * HOUR)));
        pulls.note(1, Time(24 * HOUR));
        pulls.note(1, Time(20 * HOUR));
        assert_eq!(pulls.refresh(1, LAG), Some(Time(24 * HOUR)));
        pulls.forget(1);
        assert_eq!(pulls.refresh(1, LAG), None);
    }

    proptest! {
        #![proptest_config(fixed(256))]

        #[test]
        fn the_record_is_a_real_pull_and_less_than_the_lag_behind(
            pulled in prop::collection::vec((0i64..200, any::<bool>()), 1..40),
            lag in 0i64..50,
        ) {
            let mut pulls = Pulls::default();
            let mut last = i64::MIN;
            for (index, &(at, run)) in pulled.iter().enumerate() {
                pulls.note(7, Time(at));
                last = last.max(at);
                if run {
                    let seen = pulls.refresh(7, Span(lag)).expect("it was pulled");
                    prop_assert!(seen.0 == last || last - seen.0 < lag);
                    prop_assert!(pulled[..=index].iter().any(|pull| pull.0 == seen.0));
                }
            }
        }
    }
}
