//! Problems as people read them.
//!
//! ```text
//! error: `rate` and `times` exclude each other; keep one
//!   --> shop.toml:11:26
//! 11 | push = { rate = "3/day", times = "00:00" }
//!    |          ----            ^^^^^
//! ```
//!
//! Drawn by hand: the format's frame has no empty gutter lines, and its marks may carry no label at all. Columns count
//! characters; the marks are laid by the width that a terminal gives them.

use std::fmt::Write;
use std::ops::Range;

use anstyle::{AnsiColor, Style};

use super::{Diagnostic, Diagnostics, Report, Severity};
use crate::scenario::tree::Origin;

/// Widest stretch of a line that is shown.
const WIDTH: usize = 120;
/// Columns a tab is shown with.
const TAB: usize = 4;

/// The styles of one rendering.
struct Styles {
    error: Style,
    warning: Style,
    frame: Style,
    message: Style,
}

impl Styles {
    fn new(colour: bool) -> Styles {
        if !colour {
            return Styles { error: Style::new(), warning: Style::new(), frame: Style::new(), message: Style::new() };
        }
        let bold = |colour: AnsiColor| Style::new().bold().fg_color(Some(colour.into()));
        Styles {
            error: bold(AnsiColor::Red),
            warning: bold(AnsiColor::Yellow),
            frame: bold(AnsiColor::Blue),
            message: Style::new().bold(),
        }
    }

    fn of(&self, severity: Severity) -> Style {
        match severity {
            Severity::Error => self.error,
            Severity::Warning => self.warning,
        }
    }
}

/// Where the lines of a text begin; found once per file, since a file may have very many problems.
struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Lines<'a> {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Lines { text, starts }
    }

    /// The line (from 0) that holds a byte.
    fn line(&self, byte: usize) -> usize {
        self.starts.partition_point(|start| *start <= byte).saturating_sub(1)
    }

    /// The text of a line, without its end.
    fn content(&self, line: usize) -> &'a str {
        let start = self.starts[line];
        let end = self.starts.get(line + 1).map_or(self.text.len(), |next| next - 1);
        let content = &self.text[start..end];
        content.strip_suffix('\r').unwrap_or(content)
    }

    /// The line, and the bytes of it that a span covers; a span over several lines ends with its first.
    fn place(&self, span: &Range<usize>) -> (usize, Range<usize>) {
        let begin = floor(self.text, span.start);
        let line = self.line(begin);
        let content = self.content(line);
        let from = (begin - self.starts[line]).min(content.len());
        let end = floor(self.text, span.end).saturating_sub(self.starts[line]).clamp(from, content.len());
        (line, from..end)
    }
}

/// The last character boundary at or before a byte.
fn floor(text: &str, byte: usize) -> usize {
    let mut at = byte.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

pub(super) fn render(diagnostics: &Diagnostics, colour: bool) -> String {
    let styles = Styles::new(colour);
    let lines: Vec<Lines<'_>> = diagnostics.files.iter().map(|(_, text)| Lines::new(text)).collect();
    let mut out = String::new();
    for item in diagnostics.sorted() {
        one(&mut out, diagnostics, &lines, item, &styles);
    }
    if !out.is_empty() {
        out.push_str(&count_line(diagnostics));
        out.push('\n');
    }
    out
}

/// Renders one problem.
fn one(out: &mut String, diagnostics: &Diagnostics, lines: &[Lines<'_>], item: &Diagnostic, styles: &Styles) {
    let level = styles.of(item.severity);
    let (frame, message) = (styles.frame, styles.message);
    let word = word(item.severity);
    // Writing to a string cannot fail; the results are dropped here and below.
    let _ = writeln!(out, "{level}{word}{level:#}{message}: {}{message:#}", one_line(&item.message));
    let marks = marks(item);
    let digits = marks
        .iter()
        .map(|mark| (lines[mark.origin.file.0 as usize].place(&mark.origin.span).0 + 1).to_string().len())
        .fold(2, usize::max);
    let mut file = None;
    let mut index = 0;
    while index < marks.len() {
        let origin = marks[index].origin;
        let text = &lines[origin.file.0 as usize];
        let name = &diagnostics.files[origin.file.0 as usize].0;
        if text.text.is_empty() {
            let _ = writeln!(out, "{frame}{:digits$}-->{frame:#} {name}", "");
            index += 1;
            continue;
        }
        let (line, _) = text.place(&origin.span);
        if file != Some(origin.file) {
            let first =
                marks.iter().find(|mark| mark.primary && mark.origin.file == origin.file).unwrap_or(&marks[index]);
            let (first_line, range) = text.place(&first.origin.span);
            let column = text.content(first_line)[..range.start].chars().count() + 1;
            let arrow = if file.is_none() { "-->" } else { ":::" };
            let _ = writeln!(out, "{frame}{:digits$}{arrow}{frame:#} {name}:{}:{column}", "", first_line + 1);
        }
        let here: Vec<&Mark<'_>> = marks[index..]
            .iter()
            .take_while(|mark| mark.origin.file == origin.file && text.place(&mark.origin.span).0 == line)
            .collect();
        index += here.len();
        let shown = Shown::new(text.content(line), here.iter().map(|mark| text.place(&mark.origin.span).1));
        let _ = writeln!(out, "{frame}{:<digits$} |{frame:#} {}", line + 1, shown.text);
        for row in rows(&here, &shown.columns) {
            let _ = write!(out, "{frame}{:digits$} |{frame:#} ", "");
            let mut column = 0;
            for piece in row {
                let style = if piece.primary { level } else { frame };
                let _ = write!(out, "{:pad$}{style}{}{style:#}", "", piece.text, pad = piece.column - column);
                column = piece.column + piece.text.chars().count();
            }
            out.push('\n');
        }
        file = Some(origin.file);
    }
}

/// A marked place.
struct Mark<'a> {
    origin: &'a Origin,
    label: &'a str,
    primary: bool,
}

/// The places of a problem: of its own file in the order of the text, then those of other files.
fn marks(item: &Diagnostic) -> Vec<Mark<'_>> {
    let mut marks = vec![Mark { origin: &item.origin, label: &item.label, primary: true }];
    if let Some((origin, label)) = &item.also {
        let mark = Mark { origin, label, primary: false };
        let before = origin.file == item.origin.file && origin.span.start < item.origin.span.start;
        marks.insert(usize::from(!before), mark);
    }
    marks
}

/// A piece of a row of marks, at a column.
struct Piece {
    column: usize,
    text: String,
    primary: bool,
}

/// The rows under a line: the marks with the last one's label, then the other labels, each under its mark.
fn rows(marks: &[&Mark<'_>], columns: &[Range<usize>]) -> Vec<Vec<Piece>> {
    let mut first: Vec<Piece> = Vec::new();
    let mut rest = Vec::new();
    let mut free = 0;
    for (index, (mark, columns)) in marks.iter().zip(columns).enumerate() {
        let start = columns.start.max(free);
        let length = columns.end.saturating_sub(start).max(1);
        let mut text = if mark.primary { "^" } else { "-" }.repeat(length);
        free = start + length;
        if !mark.label.is_empty() {
            if index + 1 == marks.len() {
                text = format!("{text} {}", one_line(mark.label));
            } else {
                rest.push(vec![Piece { column: start, text: one_line(mark.label), primary: mark.primary }]);
            }
        }
        first.push(Piece { column: start, text, primary: mark.primary });
    }
    let mut all = vec![first];
    all.append(&mut rest);
    all
}

/// A line as shown, and the columns of the marked stretches in it.
struct Shown {
    text: String,
    columns: Vec<Range<usize>>,
}

impl Shown {
    fn new(content: &str, marked: impl Iterator<Item = Range<usize>>) -> Shown {
        let marked: Vec<Range<usize>> = marked.collect();
        // A long line is cut to a window that begins a little before the first mark.
        let long = content.chars().count() > WIDTH;
        let first = marked.iter().map(|range| range.start).min().unwrap_or(0);
        let before = content[..first].chars().count();
        let skip = if long && before > WIDTH / 2 { before - WIDTH / 4 } else { 0 };
        let mut text = String::new();
        let mut column = 0;
        if skip > 0 {
            text.push('…');
            column = 1;
        }
        let mut columns: Vec<Range<usize>> = marked.iter().map(|_| usize::MAX..usize::MAX).collect();
        let mut place = |byte: usize, column: usize| {
            for (range, columns) in marked.iter().zip(&mut columns) {
                if columns.start == usize::MAX && byte >= range.start {
                    columns.start = column;
                }
                if columns.end == usize::MAX && byte >= range.end {
                    columns.end = column;
                }
            }
        };
        for (byte, c) in content.char_indices().skip(skip) {
            place(byte, column);
            if column >= WIDTH {
                text.push('…');
                break;
            }
            match c {
                '\t' => {
                    text.push_str(&" ".repeat(TAB));
                    column += TAB;
                }
                c if c.is_control() => {
                    text.push('\u{fffd}');
                    column += 1;
                }
                c => {
                    text.push(c);
                    column += width(c);
                }
            }
        }
        place(usize::MAX, column);
        Shown { text, columns }
    }
}

/// Columns that a terminal gives a character: combining marks none, East Asian and picture characters two.
fn width(c: char) -> usize {
    match u32::from(c) {
        0x0300..=0x036f | 0x200b..=0x200f | 0xfe00..=0xfe0f => 0,
        0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xfe30..=0xfe6f | 0xff00..=0xff60 => 2,
        0x1f300..=0x1faff | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

/// Control characters of quoted input shown as escapes, so that a message stays on its line.
fn one_line(text: &str) -> String {
    if !text.contains(char::is_control) {
        return text.to_string();
    }
    text.chars().flat_map(|c| if c.is_control() { c.escape_default().collect::<Vec<_>>() } else { vec![c] }).collect()
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

pub(super) fn count_line(diagnostics: &Diagnostics) -> String {
    let mut counts = vec![(0usize, 0usize); diagnostics.files.len()];
    for item in &diagnostics.items {
        let count = &mut counts[item.origin.file.0 as usize];
        match item.severity {
            Severity::Error => count.0 += 1,
            Severity::Warning => count.1 += 1,
        }
    }
    // Several `--set` arguments are files of one name.
    let mut lines: Vec<(&str, usize, usize)> = Vec::new();
    for ((name, _), (errors, warnings)) in diagnostics.files.iter().zip(counts) {
        match lines.iter_mut().find(|(known, ..)| known == name) {
            Some(line) => (line.1, line.2) = (line.1 + errors, line.2 + warnings),
            None => lines.push((name, errors, warnings)),
        }
    }
    let plural = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    lines
        .iter()
        .filter_map(|(name, errors, warnings)| match (errors, warnings) {
            (0, 0) => None,
            (errors, 0) => Some(format!("{name}: {}", plural(*errors, "error"))),
            (0, warnings) => Some(format!("{name}: {}", plural(*warnings, "warning"))),
            (errors, warnings) => {
                Some(format!("{name}: {}, {}", plural(*errors, "error"), plural(*warnings, "warning")))
            }
        })
        .collect::<Vec<_>>()
        .join("; ")
}

pub(super) fn reports(diagnostics: &Diagnostics) -> Vec<Report> {
    let lines: Vec<Lines<'_>> = diagnostics.files.iter().map(|(_, text)| Lines::new(text)).collect();
    diagnostics
        .sorted()
        .into_iter()
        .map(|item| {
            let file = item.origin.file.0 as usize;
            let text = &lines[file];
            let place = (!text.text.is_empty()).then(|| {
                let (line, range) = text.place(&item.origin.span);
                (line + 1, text.content(line)[..range.start].chars().count() + 1)
            });
            Report {
                file: diagnostics.files[file].0.clone(),
                line: place.map(|(line, _)| line),
                column: place.map(|(_, column)| column),
                severity: word(item.severity),
                message: item.message.clone(),
                label: item.label.clone(),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::tree::FileId;

    fn at(file: FileId, text: &str, needle: &str) -> Origin {
        let start = text.find(needle).expect("the needle is in the text");
        Origin { file, span: start..start + needle.len() }
    }

    #[test]
    fn two_marks_stand_on_one_line() {
        let text = format!("{}push = {{ rate = \"3/day\", times = \"00:00\" }}\n", "\n".repeat(10));
        let mut diagnostics = Diagnostics::default();
        let file = diagnostics.add_file("shop.toml", &text);
        diagnostics.report(Diagnostic {
            severity: Severity::Error,
            message: "`rate` and `times` exclude each other; keep one".into(),
            origin: at(file, &text, "times"),
            label: String::new(),
            also: Some((at(file, &text, "rate"), String::new())),
        });
        let expected = "\
error: `rate` and `times` exclude each other; keep one
  --> shop.toml:11:26
11 | push = { rate = \"3/day\", times = \"00:00\" }
   |          ----            ^^^^^
shop.toml: 1 error
";
        assert_eq!(diagnostics.render(false), expected);
        assert!(diagnostics.render(true).contains("\u{1b}["));
    }

    #[test]
    fn problems_come_in_line_order_and_are_counted_by_file() {
        let mut diagnostics = Diagnostics::default();
        let text = "one = 1\ntwo = 2\n";
        let a = diagnostics.add_file("a.toml", text);
        let b = diagnostics.add_file("b.json", "{}");
        diagnostics.error(&Origin { file: b, span: 0..1 }, "in b", "");
        diagnostics.warning(&at(a, text, "two"), "second", "here");
        diagnostics.error(&at(a, text, "one"), "first", "");
        diagnostics.error(&at(a, text, "one"), "first", "");
        let expected = "\
error: first
  --> a.toml:1:1
1  | one = 1
   | ^^^
warning: second
  --> a.toml:2:1
2  | two = 2
   | ^^^ here
error: in b
  --> b.json:1:1
1  | {}
   | ^
a.toml: 1 error, 1 warning; b.json: 1 error
";
        assert_eq!(diagnostics.render(false), expected);
        assert_eq!(diagnostics.reports()[1].column, Some(1));
        assert_eq!(diagnostics.reports()[2].file, "b.json");
    }

    #[test]
    fn two_places_far_apart_are_both_shown() {
        let mut diagnostics = Diagnostics::default();
        let text = "a = 1\nb = 2\nc = 3\n";
        let file = diagnostics.add_file("a.toml", text);
        diagnostics.report(Diagnostic {
            severity: Severity::Error,
            message: "twice".into(),
            origin: at(file, text, "c"),
            label: "again".into(),
            also: Some((at(file, text, "a"), "first".into())),
        });
        let expected = "\
error: twice
  --> a.toml:3:1
1  | a = 1
   | - first
3  | c = 3
   | ^ again
a.toml: 1 error
";
        assert_eq!(diagnostics.render(false), expected);
    }

    #[test]
    fn tabs_wide_characters_and_long_lines_keep_the_mark_under_its_text() {
        let mut diagnostics = Diagnostics::default();
        let text = format!("\tü = \"日本\", x\n{}needle{}\n", "a".repeat(500), "b".repeat(500));
        let file = diagnostics.add_file("a.toml", &text);
        diagnostics.error(&at(file, &text, "x"), "tab", "");
        diagnostics.error(&at(file, &text, "needle"), "long", "");
        let rendered = diagnostics.render(false);
        let lines: Vec<&str> = rendered.lines().collect();
        assert_eq!(lines[1], "  --> a.toml:1:12");
        assert_eq!(lines[2], "1  |     ü = \"日本\", x");
        // Two ideographs are four columns wide.
        assert_eq!(lines[3], format!("   | {}^", " ".repeat(16)));
        assert_eq!(lines[5], "  --> a.toml:2:501");
        assert!(lines[6].chars().count() < WIDTH + 10 && lines[6].ends_with('…'));
        let mark = lines[7].chars().position(|c| c == '^').expect("a mark");
        assert_eq!(lines[6].chars().skip(mark).take(6).collect::<String>(), "needle");
    }

    #[test]
    fn a_file_without_text_has_no_frame() {
        let mut diagnostics = Diagnostics::default();
        let file = diagnostics.add_file("none.toml", "");
        diagnostics.error(&Origin { file, span: 0..0 }, "cannot read the scenario", "");
        assert_eq!(diagnostics.render(false), "error: cannot read the scenario\n  --> none.toml\nnone.toml: 1 error\n");
        assert_eq!(diagnostics.reports()[0].line, None);
    }

    #[test]
    fn odd_spans_do_not_panic() {
        let mut diagnostics = Diagnostics::default();
        let text = "é\r\nb";
        let file = diagnostics.add_file("a", text);
        for (start, end) in [(0, 0), (1, 2), (2, 3), (3, 5), (5, 5), (5, 99), (99, 100)] {
            diagnostics.error(&Origin { file, span: start..end }, format!("{start} {end}\n"), "");
        }
        assert_eq!(diagnostics.render(false).matches("error: ").count(), 7);
    }
}
