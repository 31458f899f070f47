//! The event queue: earliest first; equal times by priority, then first in, first out.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::units::Time;

struct Entry<E> {
    time: Time,
    priority: u8,
    sequence: u64,
    event: E,
}

impl<E> Entry<E> {
    fn key(&self) -> (Time, u8, u64) {
        (self.time, self.priority, self.sequence)
    }
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
        // Reversed: the standard heap keeps the largest on top.
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
    heap: BinaryHeap<Entry<E>>,
    sequence: u64,
}

impl<E> Default for Queue<E> {
    fn default() -> Self {
        Queue { heap: BinaryHeap::new(), sequence: 0 }
    }
}

impl<E> Queue<E> {
    /// An empty queue.
    pub fn new() -> Self {
        Self::default()
    }

    /// Schedules `event` at `time`; a lower `priority` comes first among equal times.
    pub fn push(&mut self, time: Time, priority: u8, event: E) {
        self.heap.push(Entry { time, priority, sequence: self.sequence, event });
        self.sequence += 1;
    }

    /// Time and priority of the next event.
    pub fn peek(&self) -> Option<(Time, u8)> {
        self.heap.peek().map(|entry| (entry.time, entry.priority))
    }

    /// Takes the next event.
    pub fn pop(&mut self) -> Option<(Time, E)> {
        self.heap.pop().map(|entry| (entry.time, entry.event))
    }
}
