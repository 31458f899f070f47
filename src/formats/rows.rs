//! Rows of a CSV file with the bytes of every cell.
//!
//! One row is held at a time. The place of a cell is worked out only when somebody asks for it (an error), by scanning
//! the row again, so that the way without errors stays fast.

use std::ops::Range;
use std::str::FromStr;

use super::{Problem, did_you_mean};

/// A CSV text with a header row, read row by row.
pub struct Rows<'a> {
    text: &'a str,
    /// Bytes before the first row: a byte-order mark.
    offset: usize,
    reader: csv::Reader<&'a [u8]>,
    header: Vec<String>,
    record: csv::ByteRecord,
}

impl<'a> Rows<'a> {
    /// Opens a text whose header must have the `required` columns and may have the `optional` ones; with
    /// `others`, further columns are allowed and ignored.
    ///
    /// # Errors
    /// Every problem of the header.
    pub fn open(text: &'a str, required: &[&str], optional: &[&str], others: bool) -> Result<Rows<'a>, Vec<Problem>> {
        let offset = if text.starts_with('\u{feff}') { 3 } else { 0 };
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(&text.as_bytes()[offset..]);
        let header: Vec<String> = match reader.headers() {
            Ok(record) => record.iter().map(str::to_string).collect(),
            Err(error) => return Err(vec![Problem::new(0..0, format!("cannot read the header row: {error}"), "")]),
        };
        let rows = Rows { text, offset, reader, header, record: csv::ByteRecord::new() };
        let mut problems = Vec::new();
        let known: Vec<&str> = required.iter().chain(optional).copied().collect();
        for (index, name) in rows.header.iter().enumerate() {
            let span = rows.cell_span(offset, index);
            if rows.header[..index].contains(name) {
                problems.push(Problem::new(span, format!("column `{name}` is there twice"), ""));
            } else if !others && !known.contains(&name.as_str()) {
                let near = did_you_mean(name, known.iter().copied());
                let label = format!("columns: {}", known.join(", "));
                problems.push(Problem::new(span, format!("unknown column `{name}`{near}"), label));
            }
        }
        for name in required {
            if !rows.header.iter().any(|column| column == name) {
                let end = rows.line_end(offset);
                let label = format!("columns needed: {}", required.join(", "));
                problems.push(Problem::new(offset..end, format!("no column `{name}`"), label));
            }
        }
        if problems.is_empty() { Ok(rows) } else { Err(problems) }
    }

    /// Names of the columns.
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// The index of a column, if the file has it.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.header.iter().position(|column| column == name)
    }

    /// Steps to the next row; `false` after the last.
    ///
    /// # Errors
    /// The row is not CSV or has not as many cells as the header.
    pub fn step(&mut self) -> Result<bool, Problem> {
        self.reader.read_byte_record(&mut self.record).map_err(|error| {
            let at = error.position().map_or(self.text.len(), |position| self.offset + position.byte() as usize);
            let at = self.skip_breaks(at.min(self.text.len()));
            let message = match error.kind() {
                csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                    format!("this row has {len} cells, the header has {expected_len}")
                }
                _ => format!("cannot read this row: {error}"),
            };
            Problem::new(at..self.line_end(at), message, "")
        })
    }

    /// The text of a cell of this row, without white space around it; empty when the file has no such column.
    pub fn get(&self, column: Option<usize>) -> &str {
        // The whole text is UTF-8 and cells are cut at ASCII marks, so a cell is UTF-8 too.
        column.and_then(|column| self.record.get(column)).and_then(|cell| str::from_utf8(cell).ok()).unwrap_or_default()
    }

    /// The bytes of a cell of this row.
    pub fn span(&self, column: Option<usize>) -> Range<usize> {
        let start = self.record.position().map_or(0, |position| position.byte() as usize) + self.offset;
        let start = self.skip_breaks(start);
        match column {
            Some(column) => self.cell_span(start, column),
            None => start..self.line_end(start),
        }
    }

    /// A cell as a number or whatever else can be parsed; `None` when it is empty.
    ///
    /// # Errors
    /// It is not `what`, which goes into the message ("whole bytes").
    pub fn parse<T: FromStr>(&self, column: Option<usize>, what: &str) -> Result<Option<T>, Problem> {
        let cell = self.get(column);
        if cell.is_empty() {
            return Ok(None);
        }
        cell.parse().map(Some).map_err(|_| self.wrong(column, format!("expected {what}, found `{cell}`")))
    }

    /// Like [`Rows::parse`], for a cell that may not be empty.
    ///
    /// # Errors
    /// It is empty, or not `what`.
    pub fn needed<T: FromStr>(&self, column: Option<usize>, what: &str) -> Result<T, Problem> {
        self.parse(column, what)?.ok_or_else(|| self.wrong(column, format!("expected {what}, found nothing")))
    }

    /// A problem at a cell of this row.
    pub fn wrong(&self, column: Option<usize>, message: impl Into<String>) -> Problem {
        let label = column.and_then(|c| self.header.get(c)).map(|name| format!("column `{name}`")).unwrap_or_default();
        Problem::new(self.span(column), message, label)
    }

    /// Rows may be parted by any run of line breaks; a record's position is before them.
    fn skip_breaks(&self, at: usize) -> usize {
        let rest = &self.text.as_bytes()[at..];
        at + rest.iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count()
    }

    fn line_end(&self, start: usize) -> usize {
        let rest = &self.text.as_bytes()[start..];
        start + rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(rest.len())
    }

    /// The `column`-th cell of the row that begins at byte `start`.
    fn cell_span(&self, start: usize, column: usize) -> Range<usize> {
        let bytes = self.text.as_bytes();
        let (mut begin, mut at, mut quoted, mut cell) = (start, start, false, 0);
        while at < bytes.len() {
            match bytes[at] {
                b'"' => quoted = !quoted,
                b',' if !quoted => {
                    if cell == column {
                        break;
                    }
                    cell += 1;
                    begin = at + 1;
                }
                b'\n' | b'\r' if !quoted => break,
                _ => {}
            }
            at += 1;
        }
        begin..at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open<'a>(text: &'a str, columns: &[&str]) -> Rows<'a> {
        match Rows::open(text, columns, &[], false) {
            Ok(rows) => rows,
            Err(problems) => panic!("{problems:?}"),
        }
    }

    #[test]
    fn every_cell_knows_its_bytes() {
        let text = "time,repository,tag\r\n0,shop/api,v1\r\n\r\n60,\"a,b\n\"\"c\"\"\",v2\n";
        let mut rows = open(text, &["time", "repository", "tag"]);
        assert_eq!(rows.step(), Ok(true));
        assert_eq!(&text[rows.span(rows.column("repository"))], "shop/api");
        assert_eq!(rows.step(), Ok(true));
        assert_eq!(rows.get(Some(1)), "a,b\n\"c\"");
        assert_eq!(&text[rows.span(Some(1))], "\"a,b\n\"\"c\"\"\"");
        assert_eq!(&text[rows.span(Some(2))], "v2");
        assert_eq!(rows.step(), Ok(false));
    }

    #[test]
    fn the_header_is_checked_as_a_whole() {
        let text = "tiem,repository,repository\n";
        let problems = Rows::open(text, &["time", "repository"], &["tag"], false).err().expect("problems");
        let messages: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
        assert_eq!(
            messages,
            ["unknown column `tiem`, did you mean `time`?", "column `repository` is there twice", "no column `time`"]
        );
        assert_eq!(&text[problems[0].span.clone()], "tiem");
    }

    #[test]
    fn a_short_row_is_named_with_its_line() {
        let text = "a,b\n1,2\n3\n";
        let mut rows = open(text, &["a", "b"]);
        assert_eq!(rows.step(), Ok(true));
        let problem = rows.step().expect_err("short");
        assert_eq!(problem.message, "this row has 1 cells, the header has 2");
        assert_eq!(&text[problem.span], "3");
    }

    #[test]
    fn a_cell_that_is_no_number_says_what_was_wanted() {
        let text = "\u{feff}a,b\nx,2\n";
        let mut rows = open(text, &["a", "b"]);
        assert_eq!(rows.step(), Ok(true));
        let problem = rows.needed::<u64>(Some(0), "whole bytes").expect_err("a letter");
        assert_eq!(
            (problem.message.as_str(), problem.label.as_str()),
            ("expected whole bytes, found `x`", "column `a`")
        );
        assert_eq!(&text[problem.span], "x");
        assert_eq!(rows.needed::<u64>(Some(1), "whole bytes"), Ok(2));
    }
}
