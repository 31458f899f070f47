//! Lanes: queues of copies with a limit on how many run at a time, and the hours of the machine that runs them.

use std::collections::VecDeque;

use crate::cloud::RegistryId;
use crate::ledger::Item;
use crate::strategy::behaviour::Lane;
use crate::units::Time;

use super::metering::Meters;

/// A lane at work.
pub(super) struct LaneState {
    spec: Lane,
    active: u32,
    queue: VecDeque<usize>,
    busy_since: Time,
}

impl LaneState {
    pub fn new(spec: Lane) -> Self {
        LaneState { spec, active: 0, queue: VecDeque::new(), busy_since: Time::NEVER }
    }

    /// Where its machine stands.
    pub fn runner(&self) -> Option<RegistryId> {
        self.spec.runner
    }

    /// A copy takes a place now (`true`), or queues for one.
    pub fn enter(&mut self, copy: usize, now: Time) -> bool {
        if self.spec.capacity.is_some_and(|capacity| self.active >= capacity) {
            self.queue.push_back(copy);
            return false;
        }
        self.active += 1;
        if self.active == 1 {
            self.busy_since = now;
        }
        true
    }

    /// The first copy that queues, which takes over a place that becomes free.
    pub fn next(&mut self) -> Option<usize> {
        self.queue.pop_front()
    }

    /// A place becomes free that nobody queues for.
    pub fn leave(&mut self, meters: &mut Meters, now: Time) {
        self.active -= 1;
        if self.active == 0 {
            self.close(meters, now);
        }
    }

    /// Meters the hours of a lane's runner that is still at work.
    pub fn close(&mut self, meters: &mut Meters, now: Time) {
        if let Some(runner) = self.spec.runner.filter(|_| self.busy_since < now) {
            meters.hours(Item::Runner, runner, self.busy_since, now, (1, 1));
        }
        self.busy_since = Time::NEVER;
    }
}
