//! The `replisim` program.

fn main() {}
