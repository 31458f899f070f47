//! What people and other programs are shown.

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
        finding: None,
        message: "`rate` and `times` exclude each other; keep one".into(),
        origin: at(file, &text, "times"),
        label: String::new(),
        also: Some((at(file, &text, "rate"), String::new())),
        apply: None,
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
        finding: None,
        message: "twice".into(),
        origin: at(file, text, "c"),
        label: "again".into(),
        also: Some((at(file, text, "a"), "first".into())),
        apply: None,
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
