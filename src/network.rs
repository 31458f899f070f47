//! Flows in flight: max-min fair sharing.
//!
//! A flow is one connection that moves a number of bytes over a route of pipes. Flows are fluids: at every moment each
//! has a rate, the rates are max-min fair (nobody's rate can be raised without lowering that of a flow that has no more),
//! and they change only when a flow begins, ends or changes its ceiling, or when a pipe's capacity changes. SimGrid and
//! others established that such fluids predict transfer times well (theory B4.1).
//!
//! ```text
//!   registry egress ──┬── pair a>b ──── route of class 0: same pipes, same ceiling, hence the same rate
//!    (shared pipe)    ├── pair a>c ─┬── route of classes 1
//!                     │  (its own)  └── and 2: a lower ceiling
//! ```
//!
//! [`Fabric`] does this at a cost that follows the number of routes and *classes* and hardly the number of flows. What an
//! event costs besides the look into a heap:
//!
//! - where the shared pipes of its route have room, or none is shared, or the route asks the same of them as before: the
//!   number of the route's classes that have flows. A connection that climbs through slow start's windows on a quiet
//!   network costs no more, nor does one on a full link whose next window is more than its share anyway;
//! - otherwise that of all routes on the island and their classes, and of shared pipes times pipes that fill up.
//!
//! [`slow::SlowFabric`] does the same flow by flow, as in a textbook; tests hold the two together.
//!
//! This room knows pipes and bytes. It does not know who pulls what: a flow carries its `owner`, a number that only the
//! caller understands. Time is handed in; calls come in order of time.

mod class;
mod fabric;
mod filling;
mod layout;
mod route;
mod sharing;
pub mod slow;
mod soonest;

#[cfg(test)]
mod closed_forms;
#[cfg(test)]
mod twins;

pub use fabric::Fabric;
pub use sharing::Sharing;

/// In the place of a number: there is none.
const NOWHERE: u32 = u32::MAX;

/// A pipe with a capacity that all flows over it share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PipeId(pub u32);

/// Flows with the same pipes and the same ceiling, which therefore have the same rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClassId(pub u32);

/// A flow in flight. Good until its completion is taken or it is cancelled; to use it after that is a mistake, which
/// debug builds catch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FlowId {
    slot: u32,
    /// The how-manieth flow this is; flows that end at the same instant are reported in this order.
    serial: u64,
}
