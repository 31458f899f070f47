//! The event queue: earliest first; equal times by priority, then first in, first out.

use std::cmp::Ordering;

use dary_heap::QuaternaryHeap;

use crate::units::Time;

struct Entry<E> {
    time: Time,
    /// The priority in the highest byte, and below it the number of the insertion.
    rank: u64,
    event: E,
}

impl<E> Entry<E> {
    /// Time, then rank, as one number: two of them compare without a branch, which nobody could foretell.
    fn key(&self) -> i128 {
        i128::from(self.time.0) << 64 | i128::from(self.rank)
    }

    fn priority(&self) -> u8 {
        (self.rank >> PRIORITY) as u8
    }
}

/// Bits of a rank below its priority: insertions take centuries to fill them.
const PRIORITY: u32 = 56;

fn rank(priority: u8, sequence: u64) -> u64 {
    u64::from(priority) << PRIORITY | sequence
}

impl<E> PartialEq for Entry<E> {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl<E> Eq for Entry<E> {}

impl<E> PartialOrd for Entry<E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> Ord for Entry<E> {
    fn cmp(&self, other: &Self) -> Ordering {
        // Reversed: the heap keeps the largest on top.
        other.key().cmp(&self.key())
    }
}

/// A stable priority queue of events in virtual time.
///
/// ```
/// use replisim::{sim::Queue, units::Time};
/// let mut queue = Queue::new();
/// queue.push(Time(5), 1, "pull");
/// queue.push(Time(5), 0, "push");
/// assert_eq!(queue.pop(), Some((Time(5), "push")));
/// assert_eq!(queue.pop(), Some((Time(5), "pull")));
/// ```
pub struct Queue<E> {
    /// Four children to a parent: half as many levels, and fewer lines of memory to look at, than with two.
    heap: QuaternaryHeap<Entry<E>>,
    sequence: u64,
}

impl<E> Default for Queue<E> {
    fn default() -> Self {
        Queue { heap: QuaternaryHeap::new(), sequence: 0 }
    }
}

impl<E> Queue<E> {
    /// An empty queue.
    pub fn new() -> Self {
        Self::default()
    }

    /// Schedules `event` at `time`; a lower `priority` comes first among equal times.
    pub fn push(&mut self, time: Time, priority: u8, event: E) {
        self.heap.push(Entry { time, rank: rank(priority, self.sequence), event });
        self.sequence += 1;
    }

    /// Time and priority of the next event.
    pub fn peek(&self) -> Option<(Time, u8)> {
        self.heap.peek().map(|entry| (entry.time, entry.priority()))
    }

    /// Takes the next event.
    pub fn pop(&mut self) -> Option<(Time, E)> {
        self.heap.pop().map(|entry| (entry.time, entry.event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Its twin is a list that is sorted by time, priority and number.
        #[test]
        fn events_come_in_order(steps in prop::collection::vec((0i64..20, 0u8..3, 0usize..3), 1..60)) {
            let (mut queue, mut list) = (Queue::new(), Vec::new());
            for (number, (time, priority, takes)) in steps.into_iter().enumerate() {
                queue.push(Time(time), priority, number);
                list.push((Time(time), priority, number));
                for _ in 0..takes {
                    list.sort_unstable();
                    let first = (!list.is_empty()).then(|| list.remove(0));
                    prop_assert_eq!(queue.peek(), first.map(|(time, priority, _)| (time, priority)));
                    prop_assert_eq!(queue.pop(), first.map(|(time, _, number)| (time, number)));
                }
            }
        }
    }
}
