//! Backfills: copying the images that were there before the rules (A50 to A56).
//!
//! A backfill goes from one registry to one destination. Its replications are handed out a few at a time, so that one
//! that fails or is stopped leaves the rest undone, as the service does. A registry runs up to ten at once, and one per
//! destination region ([`admits`]).

use crate::cloud::RegionId;

/// Backfills of a registry at once (A53).
pub const AT_ONCE: usize = 10;
/// Replications after which a backfill is judged (A52).
const JUDGED_AFTER: u32 = 100;
/// Replications under way at once. An assumption: the service does not say.
pub const IN_FLIGHT: usize = 100;

/// Where a backfill stands (A51).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Asked for, and not begun.
    Preparing,
    /// Copying.
    InProgress,
    /// Asked to stop; what is under way is finished.
    Stopping,
    /// Every replication was processed and none failed.
    Complete,
    /// Too many replications failed (A52).
    Failed,
    /// Stopped; what was copied stays.
    Stopped,
}

impl State {
    /// Whether nothing will happen any more.
    pub fn is_terminal(self) -> bool {
        matches!(self, State::Complete | State::Failed | State::Stopped)
    }
}

/// One backfill of replications `T`.
#[derive(Clone, Debug)]
pub struct Backfill<T> {
    state: State,
    waiting: std::vec::IntoIter<T>,
    in_flight: usize,
    processed: u32,
    failed: u32,
}

impl<T> Backfill<T> {
    /// A backfill of these replications, in order.
    pub fn new(replications: Vec<T>) -> Backfill<T> {
        let waiting = replications.into_iter();
        Backfill { state: State::Preparing, waiting, in_flight: 0, processed: 0, failed: 0 }
    }

    /// Where it stands.
    pub fn state(&self) -> State {
        self.state
    }

    /// Begins.
    pub fn start(&mut self) {
        if self.state == State::Preparing {
            self.state = State::InProgress;
            self.settle();
        }
    }

    /// The next replication to carry out, if it is to carry out another one now.
    pub fn take(&mut self) -> Option<T> {
        if self.state != State::InProgress || self.in_flight >= IN_FLIGHT {
            return None;
        }
        let next = self.waiting.next()?;
        self.in_flight += 1;
        Some(next)
    }

    /// A replication that was taken is over.
    pub fn processed(&mut self, succeeded: bool) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.processed += 1;
        self.failed += u32::from(!succeeded);
        // Half of them failed: judged only after enough of them.
        let hopeless = self.processed >= JUDGED_AFTER && 2 * u64::from(self.failed) >= u64::from(self.processed);
        if hopeless && !self.state.is_terminal() {
            self.state = State::Failed;
        }
        self.settle();
    }

    /// Asks it to stop, which is possible until it has ended (A51); says whether it was.
    pub fn stop(&mut self) -> bool {
        let stoppable = matches!(self.state, State::Preparing | State::InProgress);
        if stoppable {
            self.state = State::Stopping;
            self.settle();
        }
        stoppable
    }

    fn settle(&mut self) {
        if self.in_flight > 0 {
            return;
        }
        match self.state {
            State::Stopping => self.state = State::Stopped,
            // The end of a small backfill with failures is not documented: any failure fails it (A52).
            State::InProgress if self.waiting.len() == 0 => {
                self.state = if self.failed > 0 { State::Failed } else { State::Complete };
            }
            _ => {}
        }
    }
}

/// Whether a registry may start a backfill into a region while others run into these (A53).
pub fn admits(running: &[RegionId], into: RegionId) -> bool {
    running.len() < AT_ONCE && !running.contains(&into)
}

#[cfg(test)]
mod tests {
    use super::super::fixed;
    use super::*;
    use proptest::prelude::*;

    fn run(total: u32, fails: impl Fn(u32) -> bool) -> (State, u32) {
        let mut backfill = Backfill::new((0..total).collect());
        backfill.start();
        let mut done = 0;
        while let Some(next) = backfill.take() {
            backfill.processed(!fails(next));
            done += 1;
        }
        (backfill.state(), done)
    }

    #[test]
    fn a52_half_failed_ends_it_but_not_before_a_hundred() {
        assert_eq!(run(500, |_| true), (State::Failed, 100));
        assert_eq!(run(500, |n| n % 2 == 0), (State::Failed, 100));
        assert_eq!(run(500, |n| n % 3 == 0), (State::Failed, 500));
        assert_eq!(run(99, |_| true), (State::Failed, 99));
        assert_eq!(run(99, |n| n == 7), (State::Failed, 99));
        assert_eq!(run(500, |_| false), (State::Complete, 500));
        assert_eq!(run(0, |_| false), (State::Complete, 0));
    }

    #[test]
    fn a51_it_stops_only_while_it_prepares_or_runs() {
        let mut backfill = Backfill::new(vec![1, 2, 3]);
        assert_eq!(backfill.take(), None);
        backfill.start();
        assert_eq!((backfill.take(), backfill.state()), (Some(1), State::InProgress));
        assert!(backfill.stop());
        assert_eq!((backfill.take(), backfill.state()), (None, State::Stopping));
        backfill.processed(true);
        assert_eq!(backfill.state(), State::Stopped);
        assert!(!backfill.stop() && backfill.state().is_terminal());
        let mut waiting = Backfill::new(vec![1]);
        assert!(waiting.stop());
        assert_eq!(waiting.state(), State::Stopped);
    }

    #[test]
    fn a53_ten_at_once_and_one_for_each_region() {
        let regions: Vec<RegionId> = (0..10).map(RegionId).collect();
        assert!(admits(&regions[..9], RegionId(20)) && !admits(&regions[..9], RegionId(3)));
        assert!(!admits(&regions, RegionId(20)));
    }

    proptest! {
        #![proptest_config(fixed(200))]

        #[test]
        fn it_never_has_more_under_way_than_it_may(steps in prop::collection::vec(any::<(bool, bool)>(), 0..400)) {
            let mut backfill = Backfill::new((0..250u32).collect());
            backfill.start();
            let mut under_way = 0;
            for (take, ok) in steps {
                if take {
                    under_way += usize::from(backfill.take().is_some());
                } else if under_way > 0 {
                    under_way -= 1;
                    backfill.processed(ok);
                }
                prop_assert!(under_way <= IN_FLIGHT);
                prop_assert!(!(under_way > 0 && backfill.state() == State::Complete));
            }
        }
    }
}
