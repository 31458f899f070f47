//! Many runs with a purpose: trials in parallel, intervals, paired comparison.
//!
//! A study turns a scenario into [`tables`]: rows in the shape of the CSV files. Everything that is drawn or told comes
//! from those rows alone, so a finished run can be reported again from its files. Threads live here and nowhere else;
//! files and the terminal do not.

pub mod statistics;
pub mod tables;
