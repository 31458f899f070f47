//! Dotted paths: `clusters.eu.nodes`, `repositories."prod/*".push.rate`, and setting what they name.
//!
//! Paths walk the expanded tree by the key tables, so a path may set a key that was absent, and a value is read as the
//! key's own type: `run.duration=30d` needs no quotes. Elements of lists are named by their name, else by their index
//! from 0; a quoted part may be a pattern and then means every element that matches.

use std::ops::Range;

use super::Diagnostics;
use super::expand::expand;
use super::keys::top::SCENARIO;
use super::keys::{Table, Type};
use super::tree::{Entry, FileId, Node, Origin, Value};
use super::{lexical, merge, parse};
use crate::registry::glob;

/// A part of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Without quotes.
    pub text: String,
    /// Whether it was quoted.
    pub quoted: bool,
    /// Bytes of the path's text, quotes included.
    pub span: Range<usize>,
}

/// Splits a path into its parts.
///
/// # Errors
/// Where it goes wrong, and how.
pub fn split(text: &str) -> Result<Vec<Part>, (Range<usize>, String)> {
    let mut parts = Vec::new();
    let mut at = 0;
    loop {
        let rest = &text[at..];
        let part = match rest.chars().next().filter(|c| matches!(c, '"' | '\'')) {
            Some(quote) => {
                let Some(end) = rest[1..].find(quote) else {
                    return Err((at..text.len(), "the quote is not closed".into()));
                };
                Part { text: rest[1..=end].to_string(), quoted: true, span: at..at + end + 2 }
            }
            None => {
                let end = rest.find('.').unwrap_or(rest.len());
                Part { text: rest[..end].trim().to_string(), quoted: false, span: at..at + end }
            }
        };
        if part.text.is_empty() {
            return Err((part.span, "a part of the path is empty".into()));
        }
        if !part.quoted && part.text.contains(['/', '*', '"', '\'']) {
            return Err((part.span, format!("a part with `/` or `*` is quoted: \"{}\"", lexical::clip(&part.text))));
        }
        at = part.span.end;
        parts.push(part);
        match text[at..].chars().next() {
            None => return Ok(parts),
            Some('.') => at += 1,
            Some(_) => return Err((at..text.len(), "parts of a path are joined by `.`".into())),
        }
    }
}

/// What a path is set to.
#[derive(Clone, Debug)]
pub enum Setting<'a> {
    /// Text as given on the command line, and where it begins in its file.
    Text(&'a str, usize),
    /// A value from a file.
    Node(&'a Node),
}

/// One assignment.
#[derive(Clone, Debug)]
pub struct Assignment<'a> {
    /// The file that it is written in.
    pub file: FileId,
    /// Where the path's text begins there.
    pub start: usize,
    /// The path's parts.
    pub parts: Vec<Part>,
    /// The value.
    pub setting: Setting<'a>,
}

impl Assignment<'_> {
    fn origin(&self, part: &Part) -> Origin {
        Origin { file: self.file, span: part.span.start + self.start..part.span.end + self.start }
    }

    /// Where the whole path is written.
    fn whole(&self) -> Origin {
        let end = self.parts.last().map_or(0, |part| part.span.end);
        Origin { file: self.file, span: self.start..self.start + end }
    }

    /// Carries the assignment out on a scenario's tree, or reports why it cannot be.
    pub fn apply(&self, root: &mut Node, diagnostics: &mut Diagnostics) {
        if let Some(part @ Part { text, .. }) = self.parts.first()
            && matches!(text.as_str(), "extends" | "overrides")
        {
            return diagnostics.error(&self.origin(part), format!("`{text}` cannot be set by a path"), "");
        }
        self.walk(root, Type::Table(&SCENARIO), &self.parts, diagnostics);
    }

    /// Goes on from `node` with the remaining `parts`, of which there is at least one.
    fn walk(&self, node: &mut Node, ty: Type, parts: &[Part], diagnostics: &mut Diagnostics) {
        let Some((part, rest)) = parts.split_first() else { return };
        if let Value::List(items) = &mut node.value {
            return self.elements(items, ty, part, rest, diagnostics);
        }
        let origin = self.origin(part);
        // A word in the place of a table gives way: `unpack.rate` over `unpack = "disk"`.
        if !matches!(node.value, Value::Table(_)) {
            if !ty.takes_table() {
                let message =
                    format!("`{}` leads nowhere: there is {} here", lexical::clip(&part.text), node.describe());
                return diagnostics.error(&origin, message, "");
            }
            *node = Node { value: Value::Table(Vec::new()), origin: self.whole() };
        }
        let Some(inner) = ty.inside(node, &part.text) else {
            return self.unknown(node, ty.table(), part, diagnostics);
        };
        if rest.is_empty() {
            let Some(value) = self.value(inner, diagnostics) else { return };
            if matches!(inner, Type::Named(_)) && matches!(value.value, Value::Table(_)) {
                let advice = format!("such as '{}.NAME.key' = 1", part.text);
                return diagnostics.error(&origin, "a path into a list is one quoted key", advice);
            }
            return merge::set(node, Entry { key: part.text.clone(), key_origin: origin, node: value }, ty);
        }
        if let Some(value) = node.get_mut(&part.text) {
            return self.walk(value, inner, rest, diagnostics);
        }
        if !inner.takes_table() {
            let message = format!("`{}` has no elements that a path could name", part.text);
            return diagnostics.error(&origin, message, "a path may set a key, not add an element");
        }
        let mut value = Node { value: Value::Table(Vec::new()), origin: self.whole() };
        let before = diagnostics.items().len();
        self.walk(&mut value, inner, rest, diagnostics);
        // A path that leads nowhere leaves no table behind.
        if diagnostics.items().len() == before {
            merge::set(node, Entry { key: part.text.clone(), key_origin: origin, node: value }, ty);
        }
    }

    /// Goes on in the elements of a list that `part` names.
    fn elements(&self, items: &mut [Node], ty: Type, part: &Part, rest: &[Part], diagnostics: &mut Diagnostics) {
        let origin = self.origin(part);
        let name = |item: &Node| item.get("name").and_then(Node::text).map(str::to_string);
        let names: Vec<Option<String>> = items.iter().map(name).collect();
        let mut chosen: Vec<usize> =
            (0..items.len()).filter(|index| names[*index].as_deref() == Some(part.text.as_str())).collect();
        if chosen.is_empty() && part.quoted {
            chosen = (0..items.len())
                .filter(|index| names[*index].as_deref().is_some_and(|name| glob(&part.text, name)))
                .collect();
        }
        if chosen.is_empty()
            && !part.quoted
            && let Ok(index) = part.text.parse::<usize>()
            && index < items.len()
        {
            chosen.push(index);
        }
        if chosen.is_empty() {
            let known: Vec<&str> = names.iter().flatten().map(String::as_str).collect();
            let meant = lexical::did_you_mean(&part.text, known.iter().copied());
            let shown = known.iter().take(20).copied().collect::<Vec<_>>().join(", ");
            let label = match (known.len(), items.len()) {
                (0, 0) => "the list is empty".to_string(),
                (0, count) => format!("elements: 0 to {}", count - 1),
                (21.., _) => format!("elements: {shown}, .."),
                _ => format!("elements: {shown}"),
            };
            return diagnostics.error(&origin, format!("no element `{}`{meant}", lexical::clip(&part.text)), label);
        }
        let Some(inner) = ty.element() else { return };
        for index in chosen {
            if !rest.is_empty() {
                self.walk(&mut items[index], inner, rest, diagnostics);
            } else if matches!(ty, Type::Named(_)) {
                return diagnostics.error(&origin, "a path sets a key of an element, not the whole element", "");
            } else if let Some(value) = self.value(inner, diagnostics) {
                items[index] = value;
            }
        }
    }

    fn unknown(&self, node: &Node, table: Option<&'static Table>, part: &Part, diagnostics: &mut Diagnostics) {
        let keys: Vec<&str> =
            table.map(|table| table.keys_for(node)).unwrap_or_default().iter().map(|key| key.name).collect();
        let meant = lexical::did_you_mean(&part.text, keys.iter().copied());
        let label = match table {
            Some(table) => format!("keys of {}: {}", table.what_for(node), keys.join(", ")),
            None => String::new(),
        };
        diagnostics.error(&self.origin(part), format!("unknown key `{}`{meant}", lexical::clip(&part.text)), label);
    }

    /// The value, read as the type of its key, in its long form.
    fn value(&self, ty: Type, diagnostics: &mut Diagnostics) -> Option<Node> {
        let mut node = match self.setting {
            Setting::Node(node) => node.clone(),
            Setting::Text(text, start) => self.read(ty, text, start, diagnostics)?,
        };
        expand(&mut node, ty);
        Some(node)
    }

    fn read(&self, ty: Type, text: &str, start: usize, diagnostics: &mut Diagnostics) -> Option<Node> {
        let trimmed = text.trim();
        let start = start + (text.len() - text.trim_start().len());
        let origin = Origin { file: self.file, span: start..start + trimmed.len() };
        let plain = |text: &str| Node { value: Value::Text(text.to_string()), origin: origin.clone() };
        let toml = trimmed.starts_with(['[', '{', '"', '\'']);
        if !toml && !takes_number(ty) {
            return Some(plain(trimmed));
        }
        let before = diagnostics.items().len();
        match parse::value(self.file, start, trimmed, diagnostics) {
            Ok(node) if toml || matches!(node.value, Value::Integer(_) | Value::Number(_) | Value::Bool(_)) => {
                Some(node)
            }
            Err(message) if toml => {
                if diagnostics.items().len() == before {
                    diagnostics.error(&origin, format!("not a TOML value: {message}"), "");
                }
                None
            }
            _ if diagnostics.items().len() > before => None,
            _ => Some(plain(trimmed)),
        }
    }
}

/// Whether a number or truth value may stand here.
fn takes_number(ty: Type) -> bool {
    match ty {
        Type::Version | Type::Bool | Type::Count(_) | Type::Number(_) | Type::Fraction | Type::Drawn => true,
        Type::WordOr(_, inner) | Type::Law(inner) | Type::OneOrMany(inner) => takes_number(*inner),
        Type::OneOf(types) => types.iter().any(|ty| takes_number(*ty)),
        _ => false,
    }
}

/// The type of what a path names in a scenario's tree, if it names something; of a law, what the law draws.
pub fn type_of(node: &Node, ty: Type, parts: &[Part]) -> Option<Type> {
    let nothing = Node { value: Value::Table(Vec::new()), origin: node.origin.clone() };
    let (mut node, mut ty) = (node, ty);
    for part in parts {
        if let Value::List(items) = &node.value {
            let named = |item: &&Node| item.get("name").and_then(Node::text).is_some_and(|name| glob(&part.text, name));
            let index = part.text.parse::<usize>().ok();
            node = items.iter().find(named).or_else(|| items.get(index?))?;
            ty = ty.element()?;
        } else {
            ty = ty.inside(node, &part.text)?;
            node = node.get(&part.text).unwrap_or(&nothing);
        }
    }
    match ty {
        Type::Law(inner) | Type::WordOr(_, inner) | Type::OneOrMany(inner) => Some(*inner),
        ty => Some(ty),
    }
}

/// Reads a `--set KEY=VALUE` argument that is the text of `file`.
///
/// # Errors
/// Reported; `None`.
pub fn assignment<'a>(file: FileId, text: &'a str, diagnostics: &mut Diagnostics) -> Option<Assignment<'a>> {
    let mut quote = None;
    let mut equals = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (None, '=') => {
                equals = Some(at);
                break;
            }
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
    }
    let Some(equals) = equals else {
        let origin = Origin { file, span: 0..text.len() };
        diagnostics.error(&origin, "expected KEY=VALUE such as run.duration=30d", "");
        return None;
    };
    match split(text[..equals].trim_end()) {
        Ok(parts) => {
            Some(Assignment { file, start: 0, parts, setting: Setting::Text(&text[equals + 1..], equals + 1) })
        }
        Err((span, message)) => {
            diagnostics.error(&Origin { file, span }, message, "");
            None
        }
    }
}
