//! Tables to CSV and back (RFC 4180).
//!
//! Every table has one row type; its columns are the fields of that type, in order. The header is written from the same
//! list as the cells, so an empty table still says what it would hold. Floats are written in the shortest decimal form
//! that reads back to the same bits, without exponents; nothing is an empty cell; `inf` is a time that never came.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use thiserror::Error;

use crate::study::breakeven::tables::{CheapestRow, CrossingRow, PointRow};
use crate::study::quantiles;
use crate::study::sensitivity::EffectRow;
use crate::study::sweep::Margins;
use crate::study::tables::{
    BillRow, ComparisonRow, DisruptionRow, FailureRow, LatencyRow, ObjectiveRow, QuantileRow, RecoveryRow,
    RepositoryRow, SummaryRow, Tables, TimelineRow, TrialRow,
};

/// A row of one of the result files.
pub trait Row: DeserializeOwned {
    /// File name in the result directory.
    const FILE: &'static str;
    /// Column names in file order.
    const HEADER: &'static [&'static str];
    /// One cell per column.
    fn cells(&self) -> Vec<String>;
}

/// What a value looks like in a cell.
trait Cell {
    fn cell(&self) -> String;
}

impl Cell for String {
    fn cell(&self) -> String {
        self.clone()
    }
}

impl Cell for Arc<str> {
    fn cell(&self) -> String {
        self.to_string()
    }
}

impl Cell for u64 {
    fn cell(&self) -> String {
        self.to_string()
    }
}

impl Cell for bool {
    fn cell(&self) -> String {
        self.to_string()
    }
}

impl Cell for f64 {
    fn cell(&self) -> String {
        // `Display` is the shortest decimal that round-trips and never uses an exponent. A negative zero is a zero.
        if *self == 0.0 { "0".to_owned() } else { self.to_string() }
    }
}

impl<T: Cell> Cell for Option<T> {
    fn cell(&self) -> String {
        self.as_ref().map(Cell::cell).unwrap_or_default()
    }
}

/// Declares file and columns of a row type; a misspelt column does not compile.
macro_rules! row {
    ($row:ty, $file:literal, $($column:ident)+) => {
        impl Row for $row {
            const FILE: &'static str = $file;
            const HEADER: &'static [&'static str] = &[$(stringify!($column)),+];
            fn cells(&self) -> Vec<String> {
                vec![$(self.$column.cell()),+]
            }
        }
    };
}

row!(SummaryRow, "summary.csv",
    strategy kind trials cost_usd_month cost_ci_low_usd_month cost_ci_high_usd_month storage_usd_month transfer_usd_month
    network_path_usd_month other_usd_month pulls pulls_cold pulls_failed pull_p50_s pull_p95_s pull_p99_s copies
    copies_failed lag_p50_s lag_p95_s lag_p99_s cross_region_bytes stored_bytes_end);
row!(ComparisonRow, "comparison.csv", strategy baseline metric unit difference ci_low ci_high relative);
row!(BillRow, "bill.csv",
    strategy trial month account region line_item from_region to_region quantity unit unit_price_usd cost_usd);
row!(TrialRow, "trials.csv",
    strategy trial months cost_usd pulls pulls_cold pulls_failed pull_p50_s pull_p95_s pull_p99_s copies copies_failed
    lag_p50_s lag_p95_s lag_p99_s);
row!(QuantileRow, "quantiles.csv", strategy metric unit quantile value ci_low ci_high trials);
row!(RepositoryRow, "repositories.csv",
    strategy repository account region storage_usd_month transfer_usd_month network_path_usd_month pulls copies
    copies_never_pulled);
row!(LatencyRow, "latency.csv", strategy event region quantile seconds);
row!(TimelineRow, "timeline.csv", strategy day account region metric unit value);
row!(ObjectiveRow, "objectives.csv", strategy objective region target observed unit met probability_met);
row!(RecoveryRow, "recovery.csv",
    strategy trial fault recovery_s images_missing oldest_missing_s pulls_failed);
row!(FailureRow, "failures.csv", strategy event cause account region count);
row!(EffectRow, "sensitivity.csv",
    key range_from range_to source strategy metric unit mu mu_star mu_star_ci_low mu_star_ci_high sigma flips);
row!(DisruptionRow, "disruptions.csv", strategy fault region seconds_from_start bin_s served failed);
row!(Margins, "sweep.csv",
    difference_usd_month difference_ci_low_usd_month difference_ci_high_usd_month above_cheapest_usd_month
    above_cheapest_ci_low_usd_month above_cheapest_ci_high_usd_month);
row!(CrossingRow, "breakeven.csv",
    key fixed_key fixed_value reading strategy_a strategy_b crossing ci_low ci_high unit method);
row!(PointRow, "breakeven-points.csv",
    key value number fixed_key fixed_value reading strategy kind cost_usd_month cost_ci_low_usd_month
    cost_ci_high_usd_month pulls_per_image point);
row!(CheapestRow, "breakeven-cheapest.csv",
    key value number fixed_key fixed_value reading cheapest next lead_usd_month ci_low_usd_month ci_high_usd_month
    significant);

/// Why a table cannot be read back.
#[derive(Debug, Error)]
pub enum CsvError {
    /// The first line is not the header of this table.
    #[error("the header is `{found}`; expected `{expected}`")]
    Header {
        /// First line of the file.
        found: String,
        /// The contract's columns.
        expected: String,
    },
    /// A row does not fit its columns.
    #[error("{0}")]
    Row(#[from] csv::Error),
}

/// A table as the bytes of its file.
///
/// # Errors
/// None in practice: the writer fills memory and every row has the header's length; the type is the `csv` crate's.
pub fn write<R: Row>(rows: &[R]) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
    writer.write_record(R::HEADER)?;
    for row in rows {
        writer.write_record(row.cells())?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}

/// Every table of a run, by file name, in the order of the manual.
///
/// # Errors
/// As [`write()`].
pub fn files(tables: &Tables) -> Result<Vec<(&'static str, Vec<u8>)>, csv::Error> {
    Ok(vec![
        file(&tables.summary)?,
        file(&tables.comparison)?,
        file(&tables.bill)?,
        file(&tables.trials)?,
        file(&quantiles::rows(&tables.trials))?,
        file(&tables.repositories)?,
        file(&tables.latency)?,
        file(&tables.timeline)?,
        file(&tables.objectives)?,
        file(&tables.recovery)?,
        file(&tables.failures)?,
        file(&tables.disruptions)?,
    ])
}

fn file<R: Row>(rows: &[R]) -> Result<(&'static str, Vec<u8>), csv::Error> {
    Ok((R::FILE, write(rows)?))
}

/// A table from the bytes of its file.
///
/// # Errors
/// When the header is not this table's or a cell does not parse; the message gives line and column name.
pub fn read<R: Row>(bytes: &[u8]) -> Result<Vec<R>, CsvError> {
    let mut reader = csv::ReaderBuilder::new().from_reader(bytes);
    let header = reader.headers()?;
    if !header.iter().eq(R::HEADER.iter().copied()) {
        return Err(CsvError::Header {
            found: header.iter().collect::<Vec<_>>().join(","),
            expected: R::HEADER.join(","),
        });
    }
    reader.deserialize().map(|row| row.map_err(CsvError::from)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::report::fixture;

    fn first_line<R: Row>() -> String {
        String::from_utf8(write::<R>(&[]).expect("memory")).expect("ASCII").trim_end().to_owned()
    }

    #[test]
    fn an_empty_table_has_the_contracts_header() {
        assert_eq!(
            first_line::<SummaryRow>(),
            "strategy,kind,trials,cost_usd_month,cost_ci_low_usd_month,cost_ci_high_usd_month,storage_usd_month,transfer_usd_month,network_path_usd_month,other_usd_month,pulls,pulls_cold,pulls_failed,pull_p50_s,pull_p95_s,pull_p99_s,copies,copies_failed,lag_p50_s,lag_p95_s,lag_p99_s,cross_region_bytes,stored_bytes_end"
        );
        assert_eq!(first_line::<ComparisonRow>(), "strategy,baseline,metric,unit,difference,ci_low,ci_high,relative");
        assert_eq!(
            first_line::<BillRow>(),
            "strategy,trial,month,account,region,line_item,from_region,to_region,quantity,unit,unit_price_usd,cost_usd"
        );
        assert_eq!(
            first_line::<TrialRow>(),
            "strategy,trial,months,cost_usd,pulls,pulls_cold,pulls_failed,pull_p50_s,pull_p95_s,pull_p99_s,copies,copies_failed,lag_p50_s,lag_p95_s,lag_p99_s"
        );
        assert_eq!(
            first_line::<RepositoryRow>(),
            "strategy,repository,account,region,storage_usd_month,transfer_usd_month,network_path_usd_month,pulls,copies,copies_never_pulled"
        );
        assert_eq!(first_line::<LatencyRow>(), "strategy,event,region,quantile,seconds");
        assert_eq!(first_line::<TimelineRow>(), "strategy,day,account,region,metric,unit,value");
        assert_eq!(first_line::<ObjectiveRow>(), "strategy,objective,region,target,observed,unit,met,probability_met");
        assert_eq!(
            first_line::<RecoveryRow>(),
            "strategy,trial,fault,recovery_s,images_missing,oldest_missing_s,pulls_failed"
        );
        assert_eq!(first_line::<FailureRow>(), "strategy,event,cause,account,region,count");
        assert_eq!(first_line::<DisruptionRow>(), "strategy,fault,region,seconds_from_start,bin_s,served,failed");
    }

    #[test]
    fn every_table_reads_back_as_it_was_written() {
        let tables = fixture::tables();
        assert_eq!(read::<SummaryRow>(&write(&tables.summary).expect("memory")).expect("reads"), tables.summary);
        assert_eq!(read::<BillRow>(&write(&tables.bill).expect("memory")).expect("reads"), tables.bill);
        assert_eq!(read::<LatencyRow>(&write(&tables.latency).expect("memory")).expect("reads"), tables.latency);
        assert_eq!(
            read::<ObjectiveRow>(&write(&tables.objectives).expect("memory")).expect("reads"),
            tables.objectives
        );
        assert_eq!(read::<TimelineRow>(&write(&tables.timeline).expect("memory")).expect("reads"), tables.timeline);
        assert_eq!(read::<RecoveryRow>(&write(&tables.recovery).expect("memory")).expect("reads"), tables.recovery);
        assert_eq!(read::<FailureRow>(&write(&tables.failures).expect("memory")).expect("reads"), tables.failures);
        let disruptions = write(&tables.disruptions).expect("memory");
        assert_eq!(read::<DisruptionRow>(&disruptions).expect("reads"), tables.disruptions);
    }

    #[test]
    fn a_foreign_header_is_named() {
        let error = read::<LatencyRow>(b"strategy,event\na,b\n").expect_err("wrong header");
        assert!(error.to_string().contains("expected `strategy,event,region,quantile,seconds`"), "{error}");
    }

    proptest! {
        #[test]
        fn floats_and_names_survive(seconds in proptest::num::f64::ANY.prop_filter("ordered", |x| !x.is_nan()), name in "[ -~\n\"é,]{0,12}") {
            let rows = vec![LatencyRow { strategy: name, event: "pull".into(), region: "all".into(), quantile: "p50".into(), seconds }];
            let bytes = write(&rows).expect("memory");
            prop_assert!(!seconds.cell().contains('e'));
            prop_assert_eq!(read::<LatencyRow>(&bytes).expect("reads"), rows);
        }
    }
}
