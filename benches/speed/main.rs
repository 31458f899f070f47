//! How fast the parts are, and the whole: `cargo bench --bench speed`, or with the name of a part behind it.
//!
//! Each file is one question. Figures are items per second of one core; `docs/speed.md` says what they mean.

#[path = "../common/estates.rs"]
mod estates;
#[path = "../common/population.rs"]
mod population;

mod link;
mod mesh;
mod pulls;
mod queue;
mod scenarios;

fn main() {
    divan::main();
}
