//! `sweep.csv`: the point, what is varied, the figures of a summary, and the margins.
//!
//! Each key has a column of its name with the value as `--set` takes it. Where values are numbers with a unit, a second
//! column `KEY [UNIT]` has the number alone, for whoever plots it.

use csv::StringRecord;

use crate::report::csv::{CsvError, Row};
use crate::study::sweep::{Margins, Record, SweepRow};
use crate::study::tables::SummaryRow;

/// How a key's values stand in the table.
fn unit(record: &Record, key: usize) -> Option<&str> {
    record.keys[key].unit.as_deref().filter(|unit| !unit.is_empty())
}

fn columns(record: &Record) -> Vec<String> {
    let mut columns = vec!["point".to_owned()];
    for (index, key) in record.keys.iter().enumerate() {
        columns.push(key.key.clone());
        columns.extend(unit(record, index).map(|unit| format!("{} [{unit}]", key.key)));
    }
    columns.extend(SummaryRow::HEADER.iter().chain(Margins::HEADER).map(|name| (*name).to_owned()));
    columns
}

fn text(records: impl Iterator<Item = Vec<String>>) -> Result<String, csv::Error> {
    let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
    for record in records {
        writer.write_record(record)?;
    }
    let bytes = writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The first line of the table.
///
/// # Errors
/// None in practice; see [`lines`].
pub fn header(record: &Record) -> Result<String, csv::Error> {
    text(std::iter::once(columns(record)))
}

/// Rows as lines of the table.
///
/// # Errors
/// None in practice: the writer fills memory; the type is the `csv` crate's.
pub fn lines(record: &Record, rows: &[SweepRow]) -> Result<String, csv::Error> {
    text(rows.iter().map(|row| {
        let mut cells = vec![row.point.to_string()];
        for (index, value) in row.values.iter().enumerate() {
            cells.push(value.clone());
            if unit(record, index).is_some() {
                cells.push(row.measures[index].map(|number| number.to_string()).unwrap_or_default());
            }
        }
        cells.extend(row.summary.cells());
        cells.extend(row.margins.cells());
        cells
    }))
}

/// The whole table.
///
/// # Errors
/// As [`lines`].
pub fn write(record: &Record, rows: &[SweepRow]) -> Result<Vec<u8>, csv::Error> {
    Ok((header(record)? + &lines(record, rows)?).into_bytes())
}

/// A table from the bytes of its file.
///
/// # Errors
/// When the header is not the one of this sweep, or a cell does not parse.
pub fn read(record: &Record, bytes: &[u8]) -> Result<Vec<SweepRow>, CsvError> {
    let mut reader = csv::ReaderBuilder::new().from_reader(bytes);
    let (found, expected) = (reader.headers()?.clone(), columns(record));
    if !found.iter().eq(expected.iter()) {
        let found = found.iter().collect::<Vec<_>>().join(",");
        return Err(CsvError::Header { found, expected: expected.join(",") });
    }
    let summary_at = expected.len() - SummaryRow::HEADER.len() - Margins::HEADER.len();
    let margins_at = expected.len() - Margins::HEADER.len();
    let (first, summary, margins) = (
        StringRecord::from(vec!["point"]),
        StringRecord::from(SummaryRow::HEADER.to_vec()),
        StringRecord::from(Margins::HEADER.to_vec()),
    );
    let mut rows = Vec::new();
    for line in reader.records() {
        let line = line?;
        let part = |range: std::ops::Range<usize>| {
            let mut part: StringRecord = line.iter().skip(range.start).take(range.len()).collect();
            // So that an error names the line of the file.
            part.set_position(line.position().cloned());
            part
        };
        let (mut values, mut measures, mut at) = (Vec::new(), Vec::new(), 1);
        for key in 0..record.keys.len() {
            values.push(line[at].to_owned());
            at += usize::from(unit(record, key).is_some());
            // Without a unit the text is the number already; of words there is none.
            measures.push(if record.keys[key].unit.is_some() { line[at].parse().ok() } else { None });
            at += 1;
        }
        let (point,): (u64,) = part(0..1).deserialize(Some(&first))?;
        rows.push(SweepRow {
            point,
            values,
            measures,
            summary: part(summary_at..margins_at).deserialize(Some(&summary))?,
            margins: part(margins_at..expected.len()).deserialize(Some(&margins))?,
        });
    }
    Ok(rows)
}
