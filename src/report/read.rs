//! A result directory back to tables.
//!
//! Everything drawn or told comes from the files that a run wrote, so a finished run can be reported again, by a later
//! version or with other charts, without simulating. This module opens those files and names the one that is wrong.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::report::csv::{self, CsvError, Row};
use crate::report::write::{self, WriteError};
use crate::study::tables::{BillRow, SummaryRow, Tables, TrialRow};
use crate::units::Usd;

/// Name of the run's record in the result directory.
pub const RUN_FILE: &str = "run.json";

/// More dollars than any row holds (10^15), so that sums of rows stay exact.
const MOST: Usd = Usd(1_000_000_000_000_000 * 1_000_000_000);

/// By how much a mean may differ that was added up in another order, relative to it.
const ROUNDING: f64 = 1e-9;

/// Why results cannot be read back.
#[derive(Debug, Error)]
pub enum ReadError {
    /// A file is missing or unreadable.
    #[error("cannot read `{}`: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A table does not parse.
    #[error("`{}`: {source}", path.display())]
    Table {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: CsvError,
    },
    /// `run.json` does not parse.
    #[error("`{}`: {source}", path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: serde_json::Error,
    },
    /// A cell is no amount of money.
    #[error("`{}`: `{cell}` (strategy `{strategy}`, trial {trial}) is no amount of dollars with at most nine decimals", path.display())]
    Amount {
        /// The file.
        path: PathBuf,
        /// What stands there.
        cell: String,
        /// The row's strategy.
        strategy: String,
        /// The row's trial.
        trial: u64,
    },
    /// A bill does not add up to the cost of its trial.
    #[error(
        "`{}` is not whole: its rows of strategy `{strategy}`, trial {trial} add up to ${bill}, and {} says ${cost}",
        path.display(), TrialRow::FILE
    )]
    Torn {
        /// The file.
        path: PathBuf,
        /// The strategy.
        strategy: String,
        /// The trial.
        trial: u64,
        /// The sum of the bill's rows.
        bill: Usd,
        /// The cost of the trial.
        cost: Usd,
    },
    /// The summary does not say what its trials come to.
    #[error(
        "`{}` is not whole: what it says of strategy `{strategy}` is not what the trials in {} come to",
        path.display(), TrialRow::FILE
    )]
    Disagrees {
        /// The file.
        path: PathBuf,
        /// The strategy.
        strategy: String,
    },
    /// A killed process was putting results in place, and the rest of them cannot be put there.
    #[error("`{}` holds results that are half in place: {source}", path.display())]
    HalfInPlace {
        /// The directory.
        path: PathBuf,
        /// What stands in the way.
        source: WriteError,
    },
}

/// Reads the tables and the record that [`super::write_run`] wrote into `dir`; when that was killed in the middle, what it
/// had ready is put into place first.
///
/// # Errors
/// The first file that is missing or does not parse, and a bill that does not add up.
pub fn tables(dir: &Path) -> Result<Tables, ReadError> {
    settle(dir)?;
    let path = dir.join(RUN_FILE);
    let record = serde_json::from_slice(&bytes(&path)?).map_err(|source| ReadError::Record { path, source })?;
    let tables = Tables {
        summary: table(dir)?,
        comparison: table(dir)?,
        bill: table(dir)?,
        trials: table(dir)?,
        repositories: table(dir)?,
        latency: table(dir)?,
        timeline: table(dir)?,
        objectives: table(dir)?,
        recovery: table(dir)?,
        failures: table(dir)?,
        disruptions: table(dir)?,
        run: record,
    };
    add_up(dir, &tables)?;
    agree(dir, &tables)?;
    Ok(tables)
}

/// Ends what a killed process left unfinished.
pub(super) fn settle(dir: &Path) -> Result<(), ReadError> {
    write::settle(dir).map_err(|source| ReadError::HalfInPlace { path: dir.to_owned(), source })
}

/// A bill that lost its end still parses; what is told of it would be wrong without a word. So each trial's rows must add
/// up to its cost, as they do when they are written.
fn add_up(dir: &Path, tables: &Tables) -> Result<(), ReadError> {
    let amount = |file: &str, cell: &str, strategy: &str, trial: u64| {
        let fits = |amount: &Usd| amount.0.abs() <= MOST.0;
        Usd::from_decimal(cell).filter(fits).ok_or_else(|| ReadError::Amount {
            path: dir.join(file),
            cell: cell.to_owned(),
            strategy: strategy.to_owned(),
            trial,
        })
    };
    let mut bills: BTreeMap<(&str, u64), Usd> = BTreeMap::new();
    for row in &tables.bill {
        let cost = amount(BillRow::FILE, &row.cost_usd, &row.strategy, row.trial)?;
        *bills.entry((&row.strategy, row.trial)).or_default() += cost;
    }
    for row in &tables.trials {
        let cost = amount(TrialRow::FILE, &row.cost_usd, &row.strategy, row.trial)?;
        let bill = bills.get(&(row.strategy.as_str(), row.trial)).copied().unwrap_or_default();
        if bill != cost {
            let (path, strategy, trial) = (dir.join(BillRow::FILE), row.strategy.clone(), row.trial);
            return Err(ReadError::Torn { path, strategy, trial, bill, cost });
        }
    }
    Ok(())
}

/// A row of the summary must be the mean of its strategy's trials, and every strategy must have one row: all that is drawn
/// and told begins with it.
fn agree(dir: &Path, tables: &Tables) -> Result<(), ReadError> {
    let mut trials: BTreeMap<&str, Vec<&TrialRow>> = BTreeMap::new();
    for row in &tables.trials {
        trials.entry(&row.strategy).or_default().push(row);
    }
    let torn =
        |strategy: &str| Err(ReadError::Disagrees { path: dir.join(SummaryRow::FILE), strategy: strategy.to_owned() });
    for row in &tables.summary {
        // A second row finds no trials left.
        let trials = trials.remove(row.strategy.as_str()).unwrap_or_default();
        let mean =
            |figure: fn(&TrialRow) -> f64| trials.iter().map(|row| figure(row)).sum::<f64>() / trials.len() as f64;
        let months = mean(|row| row.months);
        let cost = mean(|row| Usd::from_decimal(&row.cost_usd).map_or(f64::NAN, Usd::dollars)) / months;
        let close = |said: f64, is: f64| (said - is).abs() <= ROUNDING * is.abs().max(1.0);
        let above = |bound: f64, figure: f64| bound >= figure || close(bound, figure);
        let whole = trials.len() as u64 == row.trials
            && close(row.cost_usd_month, cost)
            && close(row.pulls, mean(|row| row.pulls as f64))
            && row.cost_ci_low_usd_month.is_none_or(|low| above(cost, low))
            && row.cost_ci_high_usd_month.is_none_or(|high| above(high, cost));
        if !whole {
            return torn(&row.strategy);
        }
    }
    trials.keys().next().map_or(Ok(()), |strategy| torn(strategy))
}

fn table<R: Row>(dir: &Path) -> Result<Vec<R>, ReadError> {
    let path = dir.join(R::FILE);
    csv::read(&bytes(&path)?).map_err(|source| ReadError::Table { path, source })
}

fn bytes(path: &Path) -> Result<Vec<u8>, ReadError> {
    std::fs::read(path).map_err(|source| ReadError::File { path: path.to_owned(), source })
}
