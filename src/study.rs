//! Many runs with a purpose: trials in parallel, intervals, paired comparison.
//!
//! A study turns a scenario into [`tables`]: rows in the shape of the CSV files. Everything that is drawn or told comes
//! from those rows alone, so a finished run can be reported again from its files. Threads live here and nowhere else;
//! files and the terminal do not: who wants to see a run's progress hands in a [`Progress`], who wants to end it early
//! sets a flag.
//!
//! The way through this room: [`compare()`] lays out jobs (trial × strategy) and runs them; each job's outcome is priced
//! at once and folded, in trial order, into what the tables need; the rest of it is dropped, so memory does not grow
//! with what a trial leaves behind. After the last trial the folds become rows.
//!
//! Studies of many points look at the same few tables at each ([`evaluate()`]): [`breakeven`], [`sweep`], [`sensitivity`].
//! [`optimize`] measures what each way of serving costs per repository and registry, and chooses. [`diff`] and [`reprice`]
//! need no simulation: they are functions of finished tables. [`life`] and [`mod@events`] listen to one trial.

pub mod breakeven;
pub mod diff;
pub mod evaluate;
pub mod events;
pub mod life;
pub mod optimize;
pub mod pricing;
pub mod quantiles;
pub mod reprice;
pub mod sensitivity;
pub mod statistics;
pub mod sweep;
pub mod tables;

mod compare;
mod digests;
mod gathered;
mod in_order;
mod objectives;
mod rows;
mod struck;
mod variants;
#[cfg(test)]
mod fixture;

pub use compare::{Options, Progress, Unseen, compare};
pub use evaluate::{Evaluation, evaluate};
pub use events::events;

use crate::billing::BillError;

/// Why a study has no result. All are final: nothing of it can be used.
#[derive(Debug, thiserror::Error)]
pub enum StudyError {
    /// The caller's flag was set.
    #[error("interrupted")]
    Interrupted,
    /// No threads.
    #[error("no threads to run on: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
    /// A trial cannot be priced.
    #[error("trial {trial} of strategy `{strategy}` cannot be priced: {source}")]
    Bill {
        /// The trial, from 1.
        trial: u64,
        /// The strategy's name.
        strategy: String,
        /// Why.
        source: BillError,
    },
    /// Two strategies of a trial saw different demand: a fault of this program, and every comparison would be void.
    #[error("internal error: in trial {trial}, strategy `{strategy}` saw other demand than `{first}`")]
    DemandDiffers {
        /// The trial, from 1.
        trial: u64,
        /// The strategy whose demand was looked at first.
        first: String,
        /// The one that differs.
        strategy: String,
    },
}
