//! Small trees from TOML, for the tests of this room: places are right, nothing is merged or expanded.

use super::*;
use crate::scenario::tree::FileId;
use toml::de::{DeTable, DeValue};

/// The tree of a TOML text.
pub fn tree(file: FileId, text: &str) -> Node {
    let table = DeTable::parse(text).expect("TOML");
    let span = table.span();
    node(file, span, &DeValue::Table(table.into_inner()))
}

fn node(file: FileId, span: std::ops::Range<usize>, value: &DeValue<'_>) -> Node {
    let value = match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(number) => Value::Integer(number.to_string().parse().expect("an integer")),
        DeValue::Float(number) => Value::Number(number.to_string().parse().expect("a float")),
        DeValue::Boolean(flag) => Value::Bool(*flag),
        DeValue::Datetime(moment) => Value::Moment(moment.to_string()),
        DeValue::Array(items) => {
            Value::List(items.iter().map(|item| node(file, item.span(), item.get_ref())).collect())
        }
        DeValue::Table(table) => {
            let mut entries: Vec<Entry> = table
                .iter()
                .map(|(key, value)| Entry {
                    key: key.get_ref().to_string(),
                    key_origin: Origin { file, span: key.span() },
                    node: node(file, value.span(), value.get_ref()),
                })
                .collect();
            entries.sort_by_key(|entry| entry.key_origin.span.start);
            Value::Table(entries)
        }
    };
    Node { value, origin: Origin { file, span } }
}

/// The messages, labels and marked texts of all errors and warnings.
pub fn problems(diagnostics: &Diagnostics) -> Vec<(String, String, String)> {
    let item = |item: &crate::scenario::Diagnostic| {
        let (_, text) = diagnostics.file(item.origin.file);
        (item.message.clone(), item.full_label(), text[item.origin.span.clone()].to_string())
    };
    diagnostics.items().iter().filter(|item| item.severity != Severity::Note).map(item).collect()
}

/// Reads `key` of a TOML text in a run of so many days from a date, and gives what was read and the problems.
pub fn read<T>(
    text: &str,
    start: &str,
    days: i64,
    read: impl FnOnce(&mut Reading<'_>, &Node) -> T,
) -> (T, Vec<(String, String, String)>) {
    let mut diagnostics = Diagnostics::default();
    let file = diagnostics.add_file("test.toml", text);
    let root = tree(file, text);
    let resolve = |_: &Origin, path: &str| PathBuf::from(path);
    let mut reading = Reading::new(&mut diagnostics, &resolve);
    reading.window =
        Window { start: start.parse().expect("a timestamp"), begin: Time::START, end: Time(days * crate::units::DAY) };
    let value = read(&mut reading, &root);
    (value, problems(&diagnostics))
}
