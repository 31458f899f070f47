//! The key tables of the manual, as Markdown, made from the same description that the reader uses.
//!
//! `docs/scenario.md` holds each of them between two comments; a test asserts that they are current.

use super::keys::{Key, Table, Type};
use super::plausible::in_words;
use super::scalar::words;

/// The table's keys in Markdown: key, type, default, source, meaning.
pub fn key_table(table: &Table) -> String {
    let mut out = String::new();
    if !table.keys.is_empty() {
        out.push_str(&rows(table.keys));
    }
    for kind in table.kinds.map(|kinds| kinds.kinds).unwrap_or_default() {
        out.push_str(&format!("\n**`{}`**: {}.", kind.name, kind.meaning));
        if kind.keys.is_empty() {
            out.push_str(" No keys of its own.\n");
        } else {
            out.push_str("\n\n");
            out.push_str(&rows(kind.keys));
        }
    }
    for group in table.groups {
        let names: Vec<String> = group
            .alternatives
            .iter()
            .map(|keys| keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(" with "))
            .collect();
        let how = if group.required { "Exactly one of" } else { "At most one of" };
        out.push_str(&format!("\n{how} {}.\n", names.join(", ")));
    }
    out
}

fn rows(keys: &[Key]) -> String {
    let mut out = String::from("| key | type | default | source | meaning |\n|---|---|---|---|---|\n");
    for key in keys {
        let mut meaning = key.meaning.to_string();
        if let Some(other) = key.needs {
            meaning.push_str(&format!("; only beside `{other}`"));
        }
        let ranges: Vec<String> = key.plausible.iter().map(|one| in_words(one).1).collect();
        if !ranges.is_empty() {
            meaning.push_str(&format!("; plausibly {}", ranges.join("; ")));
        }
        let cells =
            [format!("`{}`", key.name), type_text(key.ty), key.default.to_string(), key.source.to_string(), meaning];
        out.push_str(&format!("| {} |\n", cells.map(|cell| cell.replace('|', "\\|")).join(" | ")));
    }
    out
}

/// A type in words.
fn type_text(ty: Type) -> String {
    let word_list = |words: &[&str]| words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    let bare = |ty: Type| {
        let text = words(ty).0;
        text.strip_prefix("a ").or_else(|| text.strip_prefix("an ")).unwrap_or(text).to_string()
    };
    match ty {
        Type::Version => "1".into(),
        Type::Bool => "bool".into(),
        Type::Count(least) if least > 0 => format!("count >= {least}"),
        Type::Number(least) => format!("number >= {least}"),
        Type::Fraction => "number in (0, 1]".into(),
        Type::Word(words) => word_list(words),
        Type::WordOr(words, inner) => format!("{}, or {}", word_list(words), type_text(*inner)),
        Type::OneOf(types) => types.iter().map(|ty| type_text(*ty)).collect::<Vec<_>>().join(", or "),
        Type::Law(inner) => format!("{} or law", type_text(*inner)),
        Type::Drawn => "as drawn".into(),
        Type::QuantilePoint => "pair of share and value".into(),
        Type::List(inner) => format!("list of {}", type_text(*inner)),
        Type::OneOrMany(inner) => format!("{}, or a list", type_text(*inner)),
        Type::Named(_) => "list of tables".into(),
        Type::Short(keys, _) => format!("table, or its {}", word_list(&keys[..1])),
        Type::Map(_, inner) => format!("table of {}", type_text(*inner)),
        Type::Price(unit) => format!("price such as `{}`", unit.example()),
        Type::Period => "duration > 0".into(),
        Type::Registries => "registries".into(),
        Type::Table(_) | Type::Partial(_) | Type::Overrides => "table".into(),
        other => bare(other),
    }
}

#[cfg(test)]
mod tests {
    use super::super::diagnostics::findings;
    use super::super::keys::all_tables;
    use super::*;

    const BEGIN: &str = "<!-- keys of ";

    /// Run with `REPLISIM_UPDATE=1` to write the tables anew.
    #[test]
    fn the_manuals_key_tables_are_current() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/scenario.md");
        let manual = std::fs::read_to_string(&path).expect("the manual is there");
        let tables = all_tables();
        let mut fresh = String::new();
        let mut shown = Vec::new();
        let mut skipping = false;
        for line in manual.lines() {
            if line == "<!-- end -->" {
                skipping = false;
            }
            if !skipping {
                fresh.push_str(line);
                fresh.push('\n');
            }
            if line == "<!-- findings -->" {
                fresh.push_str(&findings::manual());
                skipping = true;
            }
            if let Some(what) = line.strip_prefix(BEGIN).and_then(|rest| rest.strip_suffix(" -->")) {
                let found: Vec<_> = tables.iter().filter(|table| table.what == what).collect();
                assert_eq!(found.len(), 1, "one table is called {what}");
                fresh.push_str(&key_table(found[0]));
                shown.push(what.to_string());
                skipping = true;
            }
        }
        assert!(manual.contains("\n<!-- findings -->\n"), "the manual lacks the findings of `check`");
        for table in tables {
            assert!(shown.iter().any(|what| what == table.what), "the manual lacks the keys of {}", table.what);
        }
        if std::env::var_os("REPLISIM_UPDATE").is_some() {
            std::fs::write(&path, &fresh).expect("the manual is writable");
        } else {
            assert!(fresh == manual, "docs/scenario.md is out of date; REPLISIM_UPDATE=1 writes its tables anew");
        }
    }

    #[test]
    fn every_fact_that_a_key_cites_is_restated_in_the_manual() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/scenario.md");
        let manual = std::fs::read_to_string(&path).expect("the manual is there");
        let facts = manual.split("## Facts").nth(1).expect("a section on facts");
        for finding in findings::ALL {
            for fact in cited(finding.fact) {
                assert!(facts.contains(&format!("| {fact} |")), "fact {fact} of `{}` is not restated", finding.id);
            }
        }
        for table in all_tables() {
            let kinds = table.kinds.map(|kinds| kinds.kinds).unwrap_or_default();
            for key in table.keys.iter().chain(kinds.iter().flat_map(|kind| kind.keys)) {
                let sources =
                    key.plausible.iter().map(|one| one.source).filter(|one| !one.starts_with("an assumption"));
                for fact in sources.chain([key.source]).flat_map(cited) {
                    assert!(
                        facts.contains(&format!("| {fact} |")),
                        "fact {fact}, cited by `{}`, is not restated",
                        key.name
                    );
                }
            }
        }
    }

    /// The numbers of the facts in a source, such as `theory A6; A67 to A69`.
    fn cited(source: &str) -> Vec<String> {
        let mut theory = false;
        let mut out = Vec::new();
        for part in source.split(';') {
            theory = theory && !part.trim_start().starts_with(['A', 'B', 'C']) || part.contains("theory");
            for word in part.split([',', ' ']).filter(|word| !word.is_empty()) {
                if word.bytes().any(|b| b.is_ascii_digit()) {
                    out.push(if theory { format!("theory {word}") } else { word.to_string() });
                }
            }
        }
        out
    }
}
