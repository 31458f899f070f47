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
            Severity::Note => self.frame,
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

    /// Line and column, in characters, both from 1; `None` for an empty text.
    fn position(&self, span: &Range<usize>) -> Option<(usize, usize)> {
        let (line, range) = self.place(span);
        (!self.text.is_empty()).then(|| (line + 1, self.content(line)[..range.start].chars().count() + 1))
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
    for item in diagnostics.sorted().into_iter().filter(|item| item.severity != Severity::Note) {
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
    let id = item.finding.map(|finding| format!("[{}]", finding.id)).unwrap_or_default();
    let word = format!("{}{id}", word(item.severity));
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
            let (line, column) = text.position(&first.origin.span).unwrap_or((1, 1));
            let arrow = if file.is_none() { "-->" } else { ":::" };
            let _ = writeln!(out, "{frame}{:digits$}{arrow}{frame:#} {name}:{line}:{column}", "");
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
    if let Some(document) = &item.apply {
        let _ = writeln!(out, "{frame}{:digits$} ={frame:#} to apply:", "");
        for line in format!("{document:#}").lines() {
            let _ = writeln!(out, "{:digits$}   {line}", "");
        }
    }
}

/// A marked place.
struct Mark<'a> {
    origin: &'a Origin,
    label: String,
    primary: bool,
}

/// The places of a problem: of its own file in the order of the text, then those of other files.
fn marks(item: &Diagnostic) -> Vec<Mark<'_>> {
    let mut marks = vec![Mark { origin: &item.origin, label: item.full_label(), primary: true }];
    if let Some((origin, label)) = &item.also {
        let mark = Mark { origin, label: label.clone(), primary: false };
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
                text = format!("{text} {}", one_line(&mark.label));
            } else {
                rest.push(vec![Piece { column: start, text: one_line(&mark.label), primary: mark.primary }]);
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
        Severity::Note => "note",
    }
}

pub(super) fn count_line(diagnostics: &Diagnostics) -> String {
    let mut counts = vec![(0usize, 0usize); diagnostics.files.len()];
    for item in &diagnostics.items {
        let count = &mut counts[item.origin.file.0 as usize];
        match item.severity {
            Severity::Error => count.0 += 1,
            Severity::Warning => count.1 += 1,
            Severity::Note => {}
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
            let place = lines[file].position(&item.origin.span);
            Report {
                id: item.finding.map(|finding| finding.id),
                fact: item.finding.map(|finding| finding.fact).filter(|fact| !fact.is_empty()),
                file: diagnostics.files[file].0.clone(),
                line: place.map(|(line, _)| line),
                column: place.map(|(_, column)| column),
                severity: word(item.severity),
                message: item.message.clone(),
                label: item.label.clone(),
                apply: item.apply.clone(),
            }
        })
        .collect()
}

pub(super) fn place(diagnostics: &Diagnostics, origin: &Origin) -> String {
    let (name, text) = diagnostics.file(origin.file);
    match Lines::new(text).position(&origin.span) {
        Some((line, column)) => format!("{name}:{line}:{column}"),
        None => name.to_string(),
    }
}

#[cfg(test)]
mod tests;
