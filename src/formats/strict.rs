//! Strict reading of the service's documents: every key is known, every value has its kind, and all problems are
//! collected with their places.
//!
//! What each document says is its own reader's business; here is what they share: the questions asked of a value, and
//! the two forms in which documents come, as the service takes them and as its "get" calls print them (one text inside
//! another).

use std::ops::Range;

use super::json::{self, Json, Member, Value};
use super::{MOST_PROBLEMS, Problem, did_you_mean};

/// A value and its bytes in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed<T> {
    /// The value.
    pub value: T,
    /// Its bytes.
    pub span: Range<usize>,
}

/// A document of the service.
#[derive(Debug)]
pub struct Document {
    /// What it says.
    pub json: Json,
    /// Its text, as the service would be given it.
    pub text: String,
    /// Its length in characters, by which the service limits it.
    pub characters: usize,
}

/// The document of a file: the file itself, or, as a "get" call prints it, the text under the key `wrapper` of an object.
///
/// # Errors
/// The first thing that is not JSON.
pub fn document(text: &str, wrapper: &str) -> Result<Document, Problem> {
    let outer = json::parse(text)?;
    let Some(inner) = outer.get(wrapper) else {
        return Ok(Document { json: outer, text: text.into(), characters: text.chars().count() });
    };
    let Value::Text(document) = &inner.value else {
        let message = format!("`{wrapper}` is a string that holds the document, found {}", inner.kind());
        return Err(Problem::new(inner.span.clone(), message, "as the service prints it; or give the document itself"));
    };
    let json = json::embedded(text, &inner.span)?;
    Ok(Document { json, text: document.clone(), characters: document.chars().count() })
}

/// What is found wrong on the way.
pub struct Strict {
    problems: Vec<Problem>,
    warnings: Vec<Problem>,
    /// The fact that says what the document looks like.
    shape: &'static str,
    /// In which part of the document we are; empty = in none that has a name.
    part: String,
}

impl Strict {
    /// Nothing is wrong yet; `shape` is the label of wrong kinds, unknown keys and missing ones.
    pub fn new(shape: &'static str) -> Strict {
        Strict { problems: Vec::new(), warnings: Vec::new(), shape, part: String::new() }
    }

    /// The warnings, when nothing is refused.
    ///
    /// # Errors
    /// What is refused, in file order, as far as it helps.
    pub fn finish(mut self) -> Result<Vec<Problem>, Vec<Problem>> {
        let refused = !self.problems.is_empty();
        let list = if refused { &mut self.problems } else { &mut self.warnings };
        list.sort_by_key(|problem| problem.span.start);
        list.truncate(MOST_PROBLEMS);
        if refused { Err(self.problems) } else { Ok(self.warnings) }
    }

    /// Whether anything has been refused.
    pub fn is_wrong(&self) -> bool {
        !self.problems.is_empty()
    }

    /// From here on messages begin with the name of this part of the document; empty = with none.
    pub fn within(&mut self, part: impl Into<String>) {
        self.part = part.into();
    }

    /// The service would refuse this.
    pub fn problem(&mut self, span: &Range<usize>, message: impl Into<String>, label: impl Into<String>) {
        let message = self.named(message.into());
        self.problems.push(Problem::new(span.clone(), message, label));
    }

    /// The service takes this, but it hardly means what it says, or is not modelled.
    pub fn warning(&mut self, span: &Range<usize>, message: impl Into<String>, label: impl Into<String>) {
        let message = self.named(message.into());
        self.warnings.push(Problem::new(span.clone(), message, label));
    }

    fn named(&self, message: String) -> String {
        if self.part.is_empty() { message } else { format!("{}: {message}", self.part) }
    }

    /// The members of an object, with unknown and missing keys reported.
    pub fn object<'a>(&mut self, json: &'a Json, what: &str, known: &[&str], required: &[&str]) -> &'a [Member] {
        let Value::Object(members) = &json.value else {
            self.problem(&json.span, format!("expected {what}, an object, found {}", json.kind()), self.shape);
            return &[];
        };
        for member in members {
            if !known.contains(&member.key.as_str()) {
                let near = meant(&member.key, known);
                let label = format!("keys of {what}: {}", known.join(", "));
                self.problem(&member.key_span, format!("unknown key `{}`{near}", member.key), label);
            }
        }
        for key in required {
            if !members.iter().any(|member| member.key == *key) {
                self.problem(&json.span, format!("{what} needs `{key}`"), self.shape);
            }
        }
        members
    }

    /// The members of an object whose keys are not this reader's business.
    pub fn object_of_any<'a>(&mut self, json: &'a Json, key: &str) -> &'a [Member] {
        let Value::Object(members) = &json.value else {
            self.wrong(json, key, "an object", "");
            return &[];
        };
        members
    }

    /// The items of a list.
    pub fn list<'a>(&mut self, json: &'a Json, key: &str) -> &'a [Json] {
        let Value::List(items) = &json.value else {
            self.wrong(json, key, "a list", "");
            return &[];
        };
        items
    }

    /// A string.
    pub fn text(&mut self, json: &Json, key: &str) -> Option<Placed<String>> {
        match &json.value {
            Value::Text(text) => return Some(Placed { value: text.clone(), span: json.span.clone() }),
            Value::Number(number) => self.wrong(json, key, "a string", &format!("; write \"{number}\" in quotes")),
            _ => self.wrong(json, key, "a string", ""),
        }
        None
    }

    /// A string, or a list of strings.
    pub fn texts(&mut self, json: &Json, key: &str) -> Vec<Placed<String>> {
        match &json.value {
            Value::List(items) => items.iter().filter_map(|item| self.text(item, key)).collect(),
            Value::Text(_) => self.text(json, key).into_iter().collect(),
            _ => {
                self.wrong(json, key, "a string or a list of strings", "");
                Vec::new()
            }
        }
    }

    /// A truth value.
    pub fn flag(&mut self, json: &Json, key: &str) -> Option<bool> {
        match &json.value {
            Value::Bool(flag) => return Some(*flag),
            Value::Text(text) if text == "true" || text == "false" => {
                self.wrong(json, key, "true or false", &format!("; write {text} without quotes"));
            }
            _ => self.wrong(json, key, "true or false", ""),
        }
        None
    }

    /// A whole number of at least 1.
    pub fn count(&mut self, json: &Json, key: &str) -> Option<u32> {
        match &json.value {
            Value::Number(number) => {
                let count = number.parse::<u32>().ok().filter(|count| *count > 0);
                if count.is_none() {
                    let message = format!("`{key}` is a whole number from 1 to {}, found {number}", u32::MAX);
                    self.problem(&json.span, message, self.shape);
                }
                count
            }
            Value::Text(text) if text.parse::<u32>().is_ok() => {
                self.wrong(json, key, "a number", &format!("; write {text} without quotes"));
                None
            }
            _ => {
                self.wrong(json, key, "a number", "");
                None
            }
        }
    }

    /// One of some words.
    pub fn word<T: Copy>(&mut self, json: &Json, key: &str, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(json, key)?;
        let found = words.iter().find(|(word, _)| *word == text.value);
        if found.is_none() {
            let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let near = meant(&text.value, &names);
            let message = format!("unknown `{key}` `{}`{near}", text.value);
            self.problem(&text.span, message, format!("one of {}", names.join(", ")));
        }
        found.map(|(_, meaning)| *meaning)
    }

    fn wrong(&mut self, json: &Json, key: &str, expected: &str, mend: &str) {
        self.problem(&json.span, format!("`{key}` is {expected}, found {}{mend}", json.kind()), self.shape);
    }
}

/// ``", did you mean `x`?"`` for a name that is known in other capitals, or near.
fn meant(name: &str, known: &[&str]) -> String {
    match known.iter().find(|known| known.eq_ignore_ascii_case(name)) {
        Some(known) => format!(", did you mean `{known}`?"),
        None => did_you_mean(name, known.iter().copied()),
    }
}
