//! JSON in which every key and every value knows its bytes.
//!
//! The service's configuration files are small, and an error in one is only useful with its line. No crate in use keeps
//! the places of values, so this is a reader of its own: RFC 8259, duplicate keys refused, nesting at most
//! [`DEEPEST`] levels. It stops at the first error of syntax, since what follows one rarely means anything.

use std::collections::HashSet;
use std::ops::Range;

use super::Problem;

mod write;

/// Deeper nesting is refused, so that a hostile file cannot exhaust the stack.
pub const DEEPEST: usize = 64;
/// More values are refused, so that a hostile file cannot exhaust the memory.
pub const MOST_VALUES: usize = 2_000_000;

/// A value and its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Json {
    /// The value.
    pub value: Value,
    /// Its bytes, quotes and brackets included.
    pub span: Range<usize>,
}

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number as written.
    Number(String),
    /// A string, escapes resolved.
    Text(String),
    /// An array.
    List(Vec<Json>),
    /// An object, members in file order.
    Object(Vec<Member>),
}

/// A member of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// The key, escapes resolved.
    pub key: String,
    /// Its bytes, quotes included.
    pub key_span: Range<usize>,
    /// Its value.
    pub value: Json,
}

impl Json {
    /// What kind of value this is, for messages.
    pub fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "null",
            Value::Bool(_) => "a truth value",
            Value::Number(_) => "a number",
            Value::Text(_) => "a string",
            Value::List(_) => "a list",
            Value::Object(_) => "an object",
        }
    }

    /// Moves the places of a value and of all inside it.
    pub(super) fn relocate(&mut self, place: &impl Fn(Range<usize>) -> Range<usize>) {
        self.span = place(self.span.clone());
        match &mut self.value {
            Value::List(items) => items.iter_mut().for_each(|item| item.relocate(place)),
            Value::Object(members) => {
                for member in members {
                    member.key_span = place(member.key_span.clone());
                    member.value.relocate(place);
                }
            }
            _ => {}
        }
    }

    /// The member of an object with this key.
    pub fn get(&self, key: &str) -> Option<&Json> {
        match &self.value {
            Value::Object(members) => members.iter().find(|member| member.key == key).map(|member| &member.value),
            _ => None,
        }
    }
}

/// Reads a whole text as one value.
///
/// # Errors
/// The first thing that is not JSON.
pub fn parse(text: &str) -> Result<Json, Problem> {
    // A byte-order mark is not JSON, but editors write it.
    let at = if text.starts_with('\u{feff}') { 3 } else { 0 };
    let mut reader = Reader { text, at, values: 0 };
    let value = reader.value(0)?;
    reader.space();
    if reader.at < text.len() {
        return Err(reader.wrong("expected the end of the file"));
    }
    Ok(value)
}

/// Reads the JSON that a string of a JSON text holds; places are those of the outer text, so that an error shows where it
/// is written. `span` is that of the string, quotes included.
///
/// # Errors
/// The first thing that is not JSON.
pub fn embedded(text: &str, span: &Range<usize>) -> Result<Json, Problem> {
    let mut reader = Reader { text, at: span.start + 1, values: 0 };
    let (mut inner, mut places) = (String::new(), Vec::new());
    loop {
        let at = reader.at;
        let Some(c) = reader.character(span.start)? else { break };
        inner.push(c);
        // Every byte of a character is written where the character is.
        places.resize(inner.len(), at);
    }
    places.push(span.end.saturating_sub(1));
    let outer = |span: Range<usize>| {
        let place = |at: usize| places[at.min(places.len() - 1)];
        place(span.start)..place(span.end)
    };
    let mut json =
        parse(&inner).map_err(|problem| Problem::new(outer(problem.span), problem.message, problem.label))?;
    json.relocate(&outer);
    Ok(json)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    values: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// A problem at the character that is next.
    fn wrong(&self, message: &str) -> Problem {
        let rest = self.text.get(self.at..).unwrap_or_default();
        match rest.chars().next() {
            Some(c) => Problem::new(self.at..self.at + c.len_utf8(), format!("{message}, found `{c}`"), ""),
            None => Problem::new(self.at..self.at, format!("{message}, found the end of the file"), ""),
        }
    }

    fn expect(&mut self, byte: u8, message: &str) -> Result<(), Problem> {
        self.space();
        if self.peek() != Some(byte) {
            return Err(self.wrong(message));
        }
        self.at += 1;
        Ok(())
    }

    fn value(&mut self, depth: usize) -> Result<Json, Problem> {
        self.space();
        let start = self.at;
        if depth > DEEPEST {
            return Err(Problem::new(start..start + 1, format!("nested deeper than {DEEPEST} levels"), ""));
        }
        self.values += 1;
        if self.values > MOST_VALUES {
            return Err(Problem::new(start..start + 1, format!("more than {MOST_VALUES} values"), ""));
        }
        let value = match self.peek() {
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.list(depth)?,
            Some(b'"') => Value::Text(self.text_value()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b't') => self.word("true", Value::Bool(true))?,
            Some(b'f') => self.word("false", Value::Bool(false))?,
            Some(b'n') => self.word("null", Value::Null)?,
            _ => return Err(self.wrong("expected a value")),
        };
        Ok(Json { value, span: start..self.at })
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, Problem> {
        if !self.text[self.at..].starts_with(word) {
            return Err(self.wrong("expected a value"));
        }
        self.at += word.len();
        Ok(value)
    }

    fn digits(&mut self) -> Result<(), Problem> {
        if !matches!(self.peek(), Some(b'0'..=b'9')) {
            return Err(self.wrong("expected a digit"));
        }
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> Result<Value, Problem> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1
        } else {
            self.digits()?
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(Value::Number(self.text[start..self.at].to_string()))
    }

    /// A string; the next byte is its opening quote.
    fn text_value(&mut self) -> Result<String, Problem> {
        let start = self.at;
        self.at += 1;
        let mut text = String::new();
        while let Some(c) = self.character(start)? {
            text.push(c);
        }
        Ok(text)
    }

    /// The next character of the string that begins at `start`; `None` = that was its closing quote.
    fn character(&mut self, start: usize) -> Result<Option<char>, Problem> {
        let Some(c) = self.text[self.at..].chars().next() else {
            return Err(Problem::new(start..self.at, "this string has no closing quote", ""));
        };
        match c {
            '"' => {
                self.at += 1;
                Ok(None)
            }
            '\\' => self.escape().map(Some),
            '\0'..='\x1f' => Err(Problem::new(start..self.at, "a string may not hold a line break or control", "")),
            c => {
                self.at += c.len_utf8();
                Ok(Some(c))
            }
        }
    }

    /// An escape; the next byte is its backslash.
    fn escape(&mut self) -> Result<char, Problem> {
        let start = self.at;
        self.at += 1;
        let c = match self.peek() {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\x08',
            Some(b'f') => '\x0c',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(start),
            _ => return Err(Problem::new(start..self.at, "unknown escape", "")),
        };
        self.at += 1;
        Ok(c)
    }

    /// `uXXXX`, or a surrogate pair of two escapes.
    fn unicode(&mut self, start: usize) -> Result<char, Problem> {
        let first = self.hex(start)?;
        let code = if (0xd800..0xdc00).contains(&first) && self.text[self.at..].starts_with("\\u") {
            self.at += 1;
            let second = self.hex(start)?;
            0x10000 + ((first - 0xd800) << 10) + (second.wrapping_sub(0xdc00) & 0x3ff)
        } else {
            first
        };
        char::from_u32(code).ok_or_else(|| Problem::new(start..self.at, "half of a surrogate pair", ""))
    }

    /// `uXXXX`.
    fn hex(&mut self, start: usize) -> Result<u32, Problem> {
        let digits = self.text.get(self.at + 1..self.at + 5).unwrap_or_default();
        let code = u32::from_str_radix(digits, 16).ok().filter(|_| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        let Some(code) = code else {
            return Err(Problem::new(start..self.at, "`\\u` wants four hexadecimal digits", ""));
        };
        self.at += 5;
        Ok(code)
    }

    fn list(&mut self, depth: usize) -> Result<Value, Problem> {
        self.at += 1;
        let mut items = Vec::new();
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Value::List(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.space();
            if self.peek() == Some(b',') {
                self.at += 1;
                continue;
            }
            self.expect(b']', "expected `,` or `]`")?;
            return Ok(Value::List(items));
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, Problem> {
        self.at += 1;
        let mut members: Vec<Member> = Vec::new();
        let mut keys = HashSet::new();
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Value::Object(members));
        }
        loop {
            self.space();
            if self.peek() != Some(b'"') {
                return Err(self.wrong("expected a key in quotes"));
            }
            let start = self.at;
            let key = self.text_value()?;
            let key_span = start..self.at;
            if !keys.insert(key.clone()) {
                return Err(Problem::new(key_span, format!("`{key}` is given twice"), ""));
            }
            self.expect(b':', "expected `:`")?;
            let value = self.value(depth + 1)?;
            members.push(Member { key, key_span, value });
            self.space();
            if self.peek() == Some(b',') {
                self.at += 1;
                continue;
            }
            self.expect(b'}', "expected `,` or `}`")?;
            return Ok(Value::Object(members));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same value as another reader sees it.
    fn plain(json: &Json) -> serde_json::Value {
        match &json.value {
            Value::Null => serde_json::Value::Null,
            Value::Bool(value) => (*value).into(),
            Value::Number(text) => serde_json::from_str(text).expect("a number"),
            Value::Text(text) => text.clone().into(),
            Value::List(items) => items.iter().map(plain).collect(),
            Value::Object(members) => members.iter().map(|member| (member.key.clone(), plain(&member.value))).collect(),
        }
    }

    #[test]
    fn it_agrees_with_serde_json() {
        for text in [
            r#"{"a": [1, -2.5e3, true, false, null], "b": {"c": "d\n\u00e9\ud83d\ude00/"}}"#,
            "[]",
            "{}",
            r#""""#,
            " 0 ",
            r#"[{"x":"y"}]"#,
        ] {
            assert_eq!(plain(&parse(text).expect(text)), serde_json::from_str::<serde_json::Value>(text).expect(text));
        }
        for text in ["", "[", "{", "[1,]", "{\"a\"}", "01", "1.", "\"", "tru", "[1] 2", "\"\\x\"", "{a:1}", "\"\n\""] {
            assert!(parse(text).is_err(), "{text}");
            assert!(serde_json::from_str::<serde_json::Value>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn places_are_the_bytes_of_the_value() {
        let text = "{\"rules\": [\n  {\"é\": \"prod-*\"}]}";
        let json = parse(text).expect("JSON");
        let Value::List(rules) = &json.get("rules").expect("rules").value else { panic!("a list") };
        let Value::Object(members) = &rules[0].value else { panic!("an object") };
        assert_eq!(&text[members[0].key_span.clone()], "\"é\"");
        assert_eq!(&text[members[0].value.span.clone()], "\"prod-*\"");
    }

    #[test]
    fn json_in_a_string_keeps_the_places_of_the_outer_text() {
        let text = r#"{"id": "1", "policyText": "{\n \"é\": [\"\u0041\", \"prod-*\"]\n}"}"#;
        let outer = parse(text).expect("JSON");
        let inner = embedded(text, &outer.get("policyText").expect("a text").span).expect("JSON");
        assert_eq!(&text[inner.span.clone()], r#"{\n \"é\": [\"\u0041\", \"prod-*\"]\n}"#);
        let Value::Object(members) = &inner.value else { panic!("an object") };
        assert_eq!((members[0].key.as_str(), &text[members[0].key_span.clone()]), ("é", r#"\"é\""#));
        let Value::List(items) = &members[0].value.value else { panic!("a list") };
        assert_eq!(items[0].value, Value::Text("A".into()));
        assert_eq!(&text[items[1].span.clone()], r#"\"prod-*\""#);
        let text = r#"["{\"a\": }"]"#;
        let problem = embedded(text, &(1..text.len() - 1)).expect_err("not JSON");
        assert_eq!((problem.message.as_str(), &text[problem.span]), ("expected a value, found `}`", "}"));
        let text = r#"["{"]"#;
        assert_eq!(embedded(text, &(1..4)).expect_err("cut short").span, 3..3);
    }

    #[test]
    fn an_error_names_what_was_found() {
        let problem = parse("{\"rules\": [}").expect_err("not JSON");
        assert_eq!((problem.message.as_str(), problem.span), ("expected a value, found `}`", 11..12));
        assert_eq!(parse("{\"a\": 1, \"a\": 2}").expect_err("twice").message, "`a` is given twice");
        assert!(parse(&"[".repeat(100_000)).is_err());
    }
}
