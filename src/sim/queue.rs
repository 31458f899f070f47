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

    /// The next event and its time.
    pub fn next(&self) -> Option<(Time, &E)> {
        self.heap.peek().map(|entry| (entry.time, &entry.event))
    }

    /// Takes the next event and schedules it again at `time`, with its priority: cheaper than the two one by one.
    pub fn renew(&mut self, time: Time) {
        if let Some(mut entry) = self.heap.peek_mut() {
            (entry.time, entry.rank) = (time, rank(entry.priority(), self.sequence));
            self.sequence += 1;
        }
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
        /// Its twin takes the event and schedules it anew.
        #[test]
        fn renewing_is_taking_and_scheduling_again(steps in prop::collection::vec((0i64..20, 0u8..3, any::<bool>()), 1..60)) {
            let (mut fast, mut slow) = (Queue::new(), Queue::new());
            for (number, (time, priority, renews)) in steps.into_iter().enumerate() {
                prop_assert_eq!(fast.peek(), slow.peek());
                match slow.peek().filter(|_| renews) {
                    Some((now, priority)) => {
                        let again = Time(now.0 + time);
                        fast.renew(again);
                        let event = slow.pop().map(|(_, event)| event);
                        event.into_iter().for_each(|event| slow.push(again, priority, event));
                    }
                    None => {
                        fast.push(Time(time), priority, number);
                        slow.push(Time(time), priority, number);
                    }
                }
            }
            while let Some(next) = slow.pop() {
                prop_assert_eq!(fast.next().map(|(time, event)| (time, *event)), Some(next));
                prop_assert_eq!(fast.pop(), Some(next));
            }
            prop_assert!(fast.pop().is_none());
        }
    }
}
