//! One file per behaviour, driven through the library as the program drives it.

mod architecture;
mod bound;
mod closed_forms;
mod common;
mod determinism;
mod edges;
mod events;
mod explain;
mod hand_arithmetic;
mod hostile;
mod laws;
mod measured;
mod oracle;
mod properties;
mod queues;
mod readme;
mod scenarios;
mod service;
mod twin;
mod worked_example;
