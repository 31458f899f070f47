//! Flows in flight: max-min fair sharing.
