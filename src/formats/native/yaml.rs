//! YAML as the same tree as JSON, with every key and value in its place.
//!
//! What a file may cost is bounded: its nesting, its values, and what aliases repeat. CloudFormation's short tags become
//! the long form that they stand for (`!Ref x` is `{"Ref": "x"}`), so that nothing behind this reader knows two forms.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use saphyr_parser::{Event, Parser, ScalarStyle, Span, StrInput, Tag};

use crate::formats::Problem;
use crate::formats::json::{DEEPEST, Json, MOST_VALUES, Member, Value};

/// Values that all aliases of a file together may repeat.
pub const MOST_REPEATED: usize = 10_000;
/// Values under anchors that are kept for aliases.
const MOST_KEPT: usize = 100_000;

/// Reads a text as one document.
///
/// # Errors
/// The first thing that is not YAML, or that costs too much.
pub fn parse(text: &str) -> Result<Json, Problem> {
    let start = if text.starts_with('\u{feff}') { 3 } else { 0 };
    let body = &text[start..];
    let mut reader = Reader {
        text,
        places: Places::of(body, start),
        parser: Parser::new_from_str(body),
        anchors: HashMap::new(),
        values: 0,
        repeated: 0,
        kept: 0,
    };
    reader.document()
}

/// Bytes of a character's place.
struct Places {
    start: usize,
    /// By character; empty when every character is a byte.
    bytes: Vec<u32>,
    end: usize,
}

impl Places {
    fn of(body: &str, start: usize) -> Places {
        let bytes =
            if body.is_ascii() { Vec::new() } else { body.char_indices().map(|(byte, _)| byte as u32).collect() };
        Places { start, bytes, end: body.len() }
    }

    fn at(&self, character: usize) -> usize {
        let byte = match self.bytes.as_slice() {
            [] => character,
            bytes => bytes.get(character).map_or(self.end, |byte| *byte as usize),
        };
        self.start + byte.min(self.end)
    }

    fn span(&self, span: Span) -> Range<usize> {
        let from = self.at(span.start.index());
        from..self.at(span.end.index()).max(from)
    }
}

struct Reader<'a> {
    text: &'a str,
    places: Places,
    parser: Parser<'a, StrInput<'a>>,
    /// By anchor: a value and how many values it is made of; `None` = too many to be repeated.
    anchors: HashMap<usize, Option<(Json, usize)>>,
    values: usize,
    repeated: usize,
    kept: usize,
}

impl<'a> Reader<'a> {
    fn document(&mut self) -> Result<Json, Problem> {
        let mut found: Option<Json> = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamEnd => break,
                Event::DocumentStart(_) if found.is_some() => {
                    let message = "a second document; a template is one";
                    return Err(Problem::new(span, message, "write each to a file of its own"));
                }
                Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd | Event::Nothing => {}
                event => found = Some(self.value(event, span, 0)?),
            }
        }
        found.ok_or_else(|| Problem::new(0..0, "expected a document, found an empty file", ""))
    }

    fn next(&mut self) -> Result<(Event<'a>, Range<usize>), Problem> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => Ok((event, self.places.span(span))),
            Some(Err(error)) => {
                let at = self.places.at(error.marker().index());
                Err(self.unreadable(at, error.info()))
            }
            None => Err(Problem::new(self.text.len()..self.text.len(), "expected more, found the end of the file", "")),
        }
    }

    /// Why the text is not YAML from here on.
    fn unreadable(&self, at: usize, why: &str) -> Problem {
        let line = self.text[..at].rfind('\n').map_or(0, |end| end + 1);
        let indent: &str = self.text[line..].split(|c: char| c != ' ' && c != '\t').next().unwrap_or_default();
        if let Some(tab) = indent.find('\t') {
            let tab = line + tab;
            return Problem::new(tab..tab + 1, "a tab cannot indent YAML; use spaces", "");
        }
        let length = self.text[at..].chars().next().map_or(0, char::len_utf8);
        // The parser looks ahead, and has a limit of its own.
        if why.contains("recursion limit") {
            return Problem::new(at..at + length, format!("nested deeper than {DEEPEST} levels"), "");
        }
        Problem::new(at..at + length, format!("not YAML: {why}"), "")
    }

    /// The value that begins with an event.
    fn value(&mut self, event: Event<'a>, span: Range<usize>, depth: usize) -> Result<Json, Problem> {
        let before = self.values;
        self.values += 1;
        if self.values > MOST_VALUES {
            return Err(Problem::new(span, format!("more than {MOST_VALUES} values"), ""));
        }
        if depth > DEEPEST {
            return Err(Problem::new(span, format!("nested deeper than {DEEPEST} levels"), ""));
        }
        let (json, tag, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let json = Json { value: scalar(&text, style, tag.as_deref()), span };
                (json, tag, anchor)
            }
            Event::SequenceStart(anchor, tag) => (self.list(span, depth)?, tag, anchor),
            Event::MappingStart(anchor, tag) => (self.object(span, depth)?, tag, anchor),
            Event::Alias(anchor) => return self.alias(anchor, span, depth),
            _ => return Err(Problem::new(span, "expected a value", "")),
        };
        let json = tagged(json, tag.as_deref());
        if anchor > 0 {
            let size = self.values - before;
            let fits = size <= MOST_REPEATED && self.kept + size <= MOST_KEPT;
            self.kept += if fits { size } else { 0 };
            self.anchors.insert(anchor, fits.then(|| (json.clone(), size)));
        }
        Ok(json)
    }

    fn alias(&mut self, anchor: usize, span: Range<usize>, depth: usize) -> Result<Json, Problem> {
        let Some(kept) = self.anchors.get(&anchor) else {
            return Err(Problem::new(span, "this alias stands inside what it repeats", ""));
        };
        let too_much = || {
            let message = format!("aliases repeat more than {MOST_REPEATED} values");
            Problem::new(span.clone(), message, "write the values out, or let a tool expand them")
        };
        let (json, size) = kept.as_ref().ok_or_else(too_much)?;
        self.repeated += size;
        if self.repeated > MOST_REPEATED {
            return Err(too_much());
        }
        if depth + levels(json) > DEEPEST + 1 {
            return Err(Problem::new(span, format!("nested deeper than {DEEPEST} levels"), ""));
        }
        let json = json.clone();
        self.values += size;
        Ok(json)
    }

    fn list(&mut self, start: Range<usize>, depth: usize) -> Result<Json, Problem> {
        let mut items = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::SequenceEnd {
                return Ok(Json { value: Value::List(items), span: self.whole(start, span) });
            }
            items.push(self.value(event, span, depth + 1)?);
        }
    }

    fn object(&mut self, start: Range<usize>, depth: usize) -> Result<Json, Problem> {
        let mut members = Vec::new();
        let mut keys = HashSet::new();
        loop {
            let (event, key_span) = self.next()?;
            let key = match event {
                Event::MappingEnd => {
                    return Ok(Json { value: Value::Object(members), span: self.whole(start, key_span) });
                }
                Event::Scalar(key, ..) => key.into_owned(),
                _ => return Err(Problem::new(key_span, "a key is a plain text", "")),
            };
            if key == "<<" {
                let label = "`aws cloudformation package` writes a template without them";
                return Err(Problem::new(key_span, "merge keys (`<<`) are not part of CloudFormation's YAML", label));
            }
            if !keys.insert(key.clone()) {
                return Err(Problem::new(key_span, format!("`{key}` is given twice"), ""));
            }
            let (event, span) = self.next()?;
            let value = self.value(event, span, depth + 1)?;
            members.push(Member { key, key_span, value });
        }
    }

    /// From where something begins to where its last part ends, without the blank lines that follow.
    fn whole(&self, start: Range<usize>, end: Range<usize>) -> Range<usize> {
        let text = self.text.get(start.start..end.end.max(start.end)).unwrap_or_default();
        start.start..start.start + text.trim_end().len()
    }
}

/// How many levels a value has.
fn levels(json: &Json) -> usize {
    1 + match &json.value {
        Value::List(items) => items.iter().map(levels).max().unwrap_or(0),
        Value::Object(members) => members.iter().map(|member| levels(&member.value)).max().unwrap_or(0),
        _ => 0,
    }
}

/// What a scalar means: what is quoted, or asked to be, is a text.
fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Value {
    let asked = tag.is_some_and(|tag| tag.is_yaml_core_schema() && tag.suffix == "str");
    if style != ScalarStyle::Plain || asked {
        return Value::Text(text.into());
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        number if is_number(number) => Value::Number(number.into()),
        text => Value::Text(text.into()),
    }
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.ends_with(|c: char| c.is_ascii_digit())
        && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && digits.bytes().filter(|byte| *byte == b'.').count() <= 1
}

/// The long form of a value with a short tag: `!Ref x` is `{"Ref": "x"}`, `!GetAtt a.b` is `{"Fn::GetAtt": ["a", "b"]}`.
fn tagged(json: Json, tag: Option<&Tag>) -> Json {
    let Some(tag) = tag.filter(|tag| tag.handle == "!" && !tag.suffix.is_empty()) else { return json };
    let span = json.span.clone();
    let key = match tag.suffix.as_str() {
        "Ref" | "Condition" => tag.suffix.clone(),
        name => format!("Fn::{name}"),
    };
    let argument = match (&json.value, tag.suffix.as_str()) {
        (Value::Text(path), "GetAtt") if path.contains('.') => {
            let (resource, attribute) = path.split_once('.').unwrap_or_default();
            let part = |text: &str| Json { value: Value::Text(text.into()), span: span.clone() };
            Json { value: Value::List(vec![part(resource), part(attribute)]), span: span.clone() }
        }
        _ => json,
    };
    Json { value: Value::Object(vec![Member { key, key_span: span.clone(), value: argument }]), span }
}

#[cfg(test)]
mod tests;
