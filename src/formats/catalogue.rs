//! A catalogue: a CSV file with one repository a row.
//!
//! The column `name` is needed; every other column is a key path of a repository (`registry`, `image.size`,
//! `push.rate`). Which paths there are is the scenario's to know.

use std::ops::Range;

use super::rows::Rows;
use super::{MOST_PROBLEMS, Problem};

/// A catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catalogue {
    /// The key paths, `name` among them, and their bytes.
    pub columns: Vec<(String, Range<usize>)>,
    /// Cells by row and column, and their bytes; an empty cell means nothing is said.
    pub rows: Vec<Vec<(String, Range<usize>)>>,
}

/// Reads a catalogue.
///
/// # Errors
/// Every problem of the header, or the first [`MOST_PROBLEMS`] of the rows.
pub fn read(text: &str) -> Result<Catalogue, Vec<Problem>> {
    let mut rows = Rows::open(text, &["name"], &[], true)?;
    let name = rows.column("name");
    let columns = (0..rows.header().len()).map(|c| (rows.header()[c].clone(), rows.span(Some(c)))).collect();
    let mut out = Catalogue { columns, rows: Vec::new() };
    let mut problems = Vec::new();
    while problems.len() < MOST_PROBLEMS {
        match rows.step() {
            Ok(false) => break,
            Ok(true) if rows.get(name).is_empty() => problems.push(rows.wrong(name, "a row needs a name")),
            Ok(true) => out
                .rows
                .push((0..out.columns.len()).map(|c| (rows.get(Some(c)).to_string(), rows.span(Some(c)))).collect()),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok(out) } else { Err(problems) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_key_paths() {
        let text = "name,image.size,weight\nshop/api,200 MB,\nshop/web,,3\n";
        let catalogue = read(text).expect("a catalogue");
        let columns: Vec<&str> = catalogue.columns.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(columns, ["name", "image.size", "weight"]);
        assert_eq!(&text[catalogue.columns[1].1.clone()], "image.size");
        assert_eq!(catalogue.rows[0][1].0, "200 MB");
        assert_eq!(catalogue.rows[1][2], ("3".to_string(), text.len() - 2..text.len() - 1));
    }

    #[test]
    fn a_row_without_a_name_is_refused() {
        assert_eq!(read("name,weight\n,3\n").expect_err("no name")[0].message, "a row needs a name");
    }
}
