//! TOML text to a [`Node`].
//!
//! Every key and value keeps its place. Of syntax errors only the first is reported, since the others follow from it.
//! Input may be hostile: sizes, nesting and numbers have bounds, and what is beyond them is an error with a place.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Diagnostics;
use super::tree::{Entry, FileId, Node, Origin, Value};

/// Largest scenario file, in bytes.
pub const MAX_FILE: u64 = 16_000_000;

/// Deepest nesting of tables and lists. The deepest key of the format lies seven levels down.
const MAX_DEPTH: usize = 32;

/// Reads a TOML document; `None` after an error that leaves nothing to go on with.
pub fn document(file: FileId, diagnostics: &mut Diagnostics) -> Option<Node> {
    let text = diagnostics.file(file).1.to_string();
    match DeTable::parse(&text) {
        Ok(table) => {
            let mut reader = Reader { file, diagnostics, sound: true };
            let root = Node {
                value: reader.table(table.get_ref(), 0),
                origin: Origin { file, span: 0..text.find('\n').unwrap_or(text.len()) },
            };
            reader.sound.then_some(root)
        }
        Err(error) => {
            syntax(file, &text, &error, diagnostics);
            None
        }
    }
}

/// Reads one TOML value that stands at `range` of a file's text, such as the right side of a `--set`.
///
/// # Errors
/// The syntax error, not yet reported: the caller may have another way to read the text.
pub fn value(file: FileId, start: usize, text: &str, diagnostics: &mut Diagnostics) -> Result<Node, String> {
    let parsed = DeValue::parse(text).map_err(|error| error.message().to_string())?;
    let mut reader = Reader { file, diagnostics, sound: true };
    let mut node = reader.node(&parsed, 0);
    if !reader.sound {
        return Err("the value is not one that a scenario can hold".into());
    }
    shift(&mut node, start);
    Ok(node)
}

/// Moves all places by some bytes.
fn shift(node: &mut Node, by: usize) {
    let move_origin = |origin: &mut Origin| origin.span = origin.span.start + by..origin.span.end + by;
    move_origin(&mut node.origin);
    match &mut node.value {
        Value::List(items) => items.iter_mut().for_each(|item| shift(item, by)),
        Value::Table(entries) => entries.iter_mut().for_each(|entry| {
            move_origin(&mut entry.key_origin);
            shift(&mut entry.node, by);
        }),
        _ => {}
    }
}

/// Reports the first syntax error.
fn syntax(file: FileId, text: &str, error: &toml::de::Error, diagnostics: &mut Diagnostics) {
    let span = error.span().unwrap_or(text.len()..text.len());
    let message = error.message().trim_end_matches('.').to_string();
    diagnostics.error(&Origin { file, span }, format!("not valid TOML: {message}"), "");
}

/// Turns parsed values into nodes.
struct Reader<'a> {
    file: FileId,
    diagnostics: &'a mut Diagnostics,
    sound: bool,
}

impl Reader<'_> {
    fn origin(&self, span: std::ops::Range<usize>) -> Origin {
        Origin { file: self.file, span }
    }

    fn refuse(&mut self, origin: &Origin, message: &str, label: &str) -> Value {
        self.sound = false;
        self.diagnostics.error(origin, message, label);
        Value::Bool(false)
    }

    fn table(&mut self, table: &DeTable<'_>, depth: usize) -> Value {
        let mut entries: Vec<Entry> = table
            .iter()
            .map(|(key, value)| Entry {
                key: key.get_ref().to_string(),
                key_origin: self.origin(key.span()),
                node: self.node(value, depth + 1),
            })
            .collect();
        entries.sort_by_key(|entry| entry.key_origin.span.start);
        Value::Table(entries)
    }

    fn node(&mut self, value: &Spanned<DeValue<'_>>, depth: usize) -> Node {
        let origin = self.origin(value.span());
        if depth > MAX_DEPTH {
            let value = self.refuse(&origin, "tables and lists are nested too deeply", "at most 32 levels");
            return Node { value, origin };
        }
        let value = match value.get_ref() {
            DeValue::String(text) => Value::Text(text.to_string()),
            DeValue::Boolean(value) => Value::Bool(*value),
            DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
                Ok(number) => Value::Integer(number),
                Err(_) => self.refuse(&origin, "the number is too large", "whole numbers have at most 63 bits"),
            },
            DeValue::Float(number) => match number.as_str().parse::<f64>() {
                Ok(number) if number.is_finite() => Value::Number(number),
                _ => self.refuse(&origin, "expected a finite number", ""),
            },
            DeValue::Datetime(moment) => Value::Moment(moment.to_string()),
            DeValue::Array(items) => Value::List(items.iter().map(|item| self.node(item, depth + 1)).collect()),
            DeValue::Table(table) => self.table(table, depth),
        };
        Node { value, origin }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> (Option<Node>, Diagnostics) {
        let mut diagnostics = Diagnostics::default();
        let file = diagnostics.add_file("a.toml", text);
        let node = document(file, &mut diagnostics);
        (node, diagnostics)
    }

    #[test]
    fn keys_and_values_know_their_places_and_their_order() {
        let text = "z = 40\n[run]\nseed = \"x\"\na.b = 1.5\n[[clusters]]\nname = 'eu'\n[[clusters]]\nname = 'us'\n";
        let (node, _) = read(text);
        let node = node.expect("valid TOML");
        let keys: Vec<&str> = node.entries().iter().map(|entry| entry.key.as_str()).collect();
        assert_eq!(keys, ["z", "run", "clusters"]);
        let run = node.get("run").expect("there");
        let seed = run.entry("seed").expect("there");
        assert_eq!(&text[seed.key_origin.span.clone()], "seed");
        assert_eq!(&text[seed.node.origin.span.clone()], "\"x\"");
        assert_eq!(run.get("a").and_then(|a| a.get("b")).map(|b| b.value.clone()), Some(Value::Number(1.5)));
        let clusters = node.get("clusters").expect("there").items();
        assert_eq!(&text[clusters[1].origin.span.clone()], "[[clusters]]");
        assert_eq!(clusters[1].get("name").and_then(Node::text), Some("us"));
    }

    #[test]
    fn only_the_first_syntax_error_is_reported() {
        let (node, diagnostics) = read("a = \nb = \nc = \n");
        assert!(node.is_none());
        assert_eq!(diagnostics.items().len(), 1);
        assert!(diagnostics.render(false).contains("--> a.toml:1:"), "{}", diagnostics.render(false));
    }

    #[test]
    fn numbers_and_nesting_have_bounds() {
        for text in ["a = 99999999999999999999", "a = inf", "a = nan", "a = 1e999"] {
            let (node, diagnostics) = read(text);
            assert!(node.is_none() && diagnostics.items().len() == 1, "{text}");
        }
        let deep = format!("a = {}{}", "[".repeat(50), "]".repeat(50));
        assert!(read(&deep).1.render(false).contains("nested too deeply"));
        let deeper = format!("a = {}", "[".repeat(100_000));
        assert!(read(&deeper).0.is_none());
        let dotted = format!("{} = 1", vec!["a"; 100_000].join("."));
        assert!(read(&dotted).0.is_none());
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "[\\[\\]{}=\"'.,#\n a-z0-9_-]{0,200}") {
            let (node, diagnostics) = read(&text);
            prop_assert!(node.is_some() || diagnostics.has_errors());
            let _ = diagnostics.render(false);
        }
    }
}
