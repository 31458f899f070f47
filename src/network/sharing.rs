//! What a fabric does, be it the fast one or the slow one: whoever runs flows can run them on either.

use super::slow::SlowFabric;
use super::{ClassId, Fabric, FlowId, PipeId};
use crate::units::{Bandwidth, Time};

/// Flows that share pipes fairly; each call is described at [`Fabric`].
pub trait Sharing {
    /// No pipes, no flows.
    fn new() -> Self
    where
        Self: Sized;
    /// [`Fabric::pipe`].
    fn pipe(&mut self, capacity: Bandwidth) -> PipeId;
    /// [`Fabric::set_capacity`].
    fn set_capacity(&mut self, now: Time, pipe: PipeId, capacity: Bandwidth);
    /// [`Fabric::capacity`].
    fn capacity(&self, pipe: PipeId) -> Bandwidth;
    /// [`Fabric::is_full`].
    fn is_full(&mut self, now: Time, pipe: PipeId) -> bool;
    /// [`Fabric::class`].
    fn class(&mut self, pipes: &[PipeId], ceiling: Bandwidth) -> ClassId;
    /// [`Fabric::start`].
    fn start(&mut self, now: Time, class: ClassId, bytes: u64, owner: u64, until: Time) -> FlowId;
    /// [`Fabric::move_to`].
    fn move_to(&mut self, now: Time, flow: FlowId, class: ClassId, until: Time);
    /// [`Fabric::cancel`].
    fn cancel(&mut self, now: Time, flow: FlowId) -> u64;
    /// [`Fabric::moved`].
    fn moved(&mut self, now: Time, flow: FlowId) -> u64;
    /// [`Fabric::next_completion`].
    fn next_completion(&mut self) -> Option<Time>;
    /// [`Fabric::take_completed`].
    fn take_completed(&mut self, now: Time, done: &mut Vec<u64>);
    /// [`Fabric::in_flight`].
    fn in_flight(&self) -> usize;
}

macro_rules! sharing {
    ($name:ident) => {
        impl Sharing for $name {
            fn new() -> Self {
                $name::new()
            }
            fn pipe(&mut self, capacity: Bandwidth) -> PipeId {
                self.pipe(capacity)
            }
            fn set_capacity(&mut self, now: Time, pipe: PipeId, capacity: Bandwidth) {
                self.set_capacity(now, pipe, capacity);
            }
            fn capacity(&self, pipe: PipeId) -> Bandwidth {
                self.capacity(pipe)
            }
            fn is_full(&mut self, now: Time, pipe: PipeId) -> bool {
                self.is_full(now, pipe)
            }
            fn class(&mut self, pipes: &[PipeId], ceiling: Bandwidth) -> ClassId {
                self.class(pipes, ceiling)
            }
            fn start(&mut self, now: Time, class: ClassId, bytes: u64, owner: u64, until: Time) -> FlowId {
                self.start(now, class, bytes, owner, until)
            }
            fn move_to(&mut self, now: Time, flow: FlowId, class: ClassId, until: Time) {
                self.move_to(now, flow, class, until);
            }
            fn cancel(&mut self, now: Time, flow: FlowId) -> u64 {
                self.cancel(now, flow)
            }
            fn moved(&mut self, now: Time, flow: FlowId) -> u64 {
                self.moved(now, flow)
            }
            fn next_completion(&mut self) -> Option<Time> {
                self.next_completion()
            }
            fn take_completed(&mut self, now: Time, done: &mut Vec<u64>) {
                self.take_completed(now, done);
            }
            fn in_flight(&self) -> usize {
                self.in_flight()
            }
        }
    };
}
sharing!(Fabric);
sharing!(SlowFabric);
