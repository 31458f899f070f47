//! The kernel: virtual time, a stable event queue, named random streams, samplers, arrival processes, histograms.
//!
//! It knows nothing of registries or money. Two rules keep runs reproducible and comparable:
//!
//! * **Every random draw has a name.** A [`Stream`] is keyed by (seed, trial, entity, purpose), so two strategies of a
//!   trial see the same demand and adding an entity shifts nobody else's draws.
//! * **Equal times have an order.** The [`Queue`] breaks ties by priority, then by the order of insertion.

mod arrivals;
mod calendar;
mod histogram;
mod law;
mod pace;
mod queue;
mod scatter;
mod stream;
mod ziggurat;

pub use arrivals::{Arrivals, Intensity, Piece};
pub use calendar::Calendar;
pub use histogram::Histogram;
pub use law::Law;
pub use pace::Pace;
pub use queue::Queue;
pub use scatter::Scatter;
pub use stream::{EntityKey, Gaps, Purpose, Stream};
