//! A value as text again, members in their order: what a template says in its own words becomes a document of the
//! service.

use super::{Json, Value};

impl Json {
    /// The value as JSON text, one member or item a line.
    pub fn pretty(&self) -> String {
        let mut text = String::new();
        write(self, Some(0), &mut text);
        text.push('\n');
        text
    }

    /// The value as JSON text without blanks.
    pub fn compact(&self) -> String {
        let mut text = String::new();
        write(self, None, &mut text);
        text
    }
}

/// Writes a value; `level` is its indentation, `None` = all in one line. Values are nested no deeper than a reader lets
/// them be.
fn write(json: &Json, level: Option<usize>, text: &mut String) {
    match &json.value {
        Value::Null => text.push_str("null"),
        Value::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
        Value::Number(number) => text.push_str(number),
        Value::Text(value) => text.push_str(&quoted(value)),
        Value::List(items) => between(['[', ']'], items, level, text, write),
        Value::Object(members) => between(['{', '}'], members, level, text, |member, level, text| {
            text.push_str(&quoted(&member.key));
            text.push_str(if level.is_some() { ": " } else { ":" });
            write(&member.value, level, text);
        }),
    }
}

fn between<T>(
    [open, close]: [char; 2],
    items: &[T],
    level: Option<usize>,
    text: &mut String,
    one: impl Fn(&T, Option<usize>, &mut String),
) {
    let line = |text: &mut String, level: Option<usize>| {
        if let Some(level) = level {
            text.push('\n');
            text.extend(std::iter::repeat_n("  ", level));
        }
    };
    let inner = level.map(|level| level + 1);
    text.push(open);
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        line(text, inner);
        one(item, inner, text);
    }
    if !items.is_empty() {
        line(text, level);
    }
    text.push(close);
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::super::parse;

    #[test]
    fn what_is_written_reads_as_the_same_value_in_the_same_order() {
        let text = "{\"b\":[1,-2.5e3,true,null,[],{}],\"a\":{\"\\u00e9\\n\":\"\\\"\\\\\"}}";
        let json = parse(text).expect("JSON");
        assert_eq!(parse(&json.pretty()).expect("JSON").compact(), json.compact());
        assert_eq!(json.compact(), text.replace("\\u00e9", "é"));
        assert!(json.pretty().starts_with("{\n  \"b\": [\n    1,\n"), "{}", json.pretty());
        assert!(json.pretty().contains("[],\n    {}\n  ],\n"));
    }
}
