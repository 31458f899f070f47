//! Tables of a law: `quantile,value` (points of its distribution) and `value` (a sample).
//!
//! Values are cells with their bytes: which quantity they are, and so how they are written, is the scenario's to know.

use std::ops::Range;

use super::rows::Rows;
use super::{MOST_PROBLEMS, Problem};

/// A cell: its text and its bytes.
pub type Cell = (String, Range<usize>);

/// Reads a file with the columns `quantile,value`.
///
/// # Errors
/// Every problem of the header, or the first [`MOST_PROBLEMS`] of the rows.
pub fn points(text: &str) -> Result<Vec<(Cell, Cell)>, Vec<Problem>> {
    let rows = cells(text, &["quantile", "value"])?;
    Ok(rows.into_iter().filter_map(|row| <[Cell; 2]>::try_from(row).ok()).map(|[q, v]| (q, v)).collect())
}

/// Reads a file with the column `value`.
///
/// # Errors
/// Every problem of the header, or the first [`MOST_PROBLEMS`] of the rows.
pub fn values(text: &str) -> Result<Vec<Cell>, Vec<Problem>> {
    Ok(cells(text, &["value"])?.into_iter().flatten().collect())
}

fn cells(text: &str, columns: &[&str]) -> Result<Vec<Vec<Cell>>, Vec<Problem>> {
    let mut rows = Rows::open(text, columns, &[], false)?;
    let (mut out, mut problems) = (Vec::new(), Vec::new());
    while problems.len() < MOST_PROBLEMS {
        match rows.step() {
            Ok(false) => break,
            Ok(true) => out.push(
                columns.iter().map(|name| rows.column(name)).map(|c| (rows.get(c).to_string(), rows.span(c))).collect(),
            ),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() && out.is_empty() {
        problems.push(Problem::new(0..text.len().min(1), "no rows under the header", ""));
    }
    if problems.is_empty() { Ok(out) } else { Err(problems) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_read_in_whatever_order_the_columns_stand() {
        let rows = points("value,quantile\n21 MB,10%\n\"1.1 GB\",90%\n").expect("points");
        assert_eq!(rows[0], (("10%".into(), 21..24), ("21 MB".into(), 15..20)));
        assert_eq!(rows[1].1.0, "1.1 GB");
    }

    #[test]
    fn an_empty_table_is_refused() {
        assert_eq!(values("value\n").expect_err("empty")[0].message, "no rows under the header");
        assert_eq!(values("value\n3\n").expect("a sample"), [("3".to_string(), 6..7)]);
    }
}
