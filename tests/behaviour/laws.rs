//! What no system can break, whatever is asked of it: bytes are neither made nor lost, nothing is faster than its
//! narrowest pipe, nothing comes before its cause, the bill is usage times price, and more of what costs never costs less.
//!
//! Each law is held against scenarios drawn at random, and reads what the program tells by another way than the program
//! took. A scenario that breaks a law is made smaller, piece by piece, before it is shown.

mod bytes;
mod causes;
mod diary;
mod drawn;
mod money;
mod order;
mod rest;
mod speed;
mod storage;

use proptest::test_runner::{Config, RngSeed};

use replisim::scenario::Scenario;

use super::common::read;

/// The same cases in every run, made smaller when one fails.
fn fixed(cases: u32) -> Config {
    Config {
        rng_seed: RngSeed::Fixed(20260105),
        failure_persistence: None,
        max_shrink_iters: 200,
        ..Config::with_cases(cases)
    }
}

/// A scenario from text, with `--set` arguments.
fn scenario(text: &str, sets: &[&str]) -> Scenario {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("test.toml");
    std::fs::write(&path, text).expect("a temporary file");
    read(&path, sets)
}
