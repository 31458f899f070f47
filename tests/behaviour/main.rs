//! One file per behaviour, driven through the library as the program drives it.

mod architecture;
mod bound;
mod closed_forms;
mod common;
mod determinism;
mod hand_arithmetic;
mod hostile;
mod scenarios;
mod worked_example;
