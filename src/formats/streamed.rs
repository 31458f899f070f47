//! JSON too large to be held as a tree: handed on piece by piece, with the line and column of what is wrong.
//!
//! Small files, in which each value knows its place, are read by [`json`](super::json).

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, Visitor};

use super::Problem;

/// Reads a whole text by a seed.
///
/// # Errors
/// The first thing that is not JSON, or not what the seed takes.
pub fn parse<'t, S: DeserializeSeed<'t>>(text: &'t str, seed: S) -> Result<S::Value, Problem> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let read = seed.deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    read.map_err(|error| {
        let at = place(text, error.line(), error.column());
        let end = text[at..].chars().next().map_or(at, |c| at + c.len_utf8());
        Problem::new(at..end, bare(&error), "")
    })
}

/// What an error says, without the place that a diagnostic shows anyway.
pub fn bare(error: &serde_json::Error) -> String {
    let message = error.to_string();
    match message.rfind(" at line ") {
        Some(end) => message[..end].to_string(),
        None => message,
    }
}

/// The byte at a line and column, both from 1, the column in bytes; the start of its character.
fn place(text: &str, line: usize, column: usize) -> usize {
    let start = match line {
        0 | 1 => 0,
        line => text.match_indices('\n').nth(line - 2).map_or(text.len(), |(at, _)| at + 1),
    };
    let mut at = (start + column.saturating_sub(1)).min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Hands every member of an object to `take` and keeps none; what `take` refuses is an error at its place.
pub fn each<'t, K, V, F>(take: F) -> impl DeserializeSeed<'t, Value = ()>
where
    K: Deserialize<'t>,
    V: Deserialize<'t>,
    F: FnMut(K, V) -> Result<(), String>,
{
    Each { take, of: PhantomData::<(K, V)> }
}

struct Each<K, V, F> {
    take: F,
    of: PhantomData<(K, V)>,
}

impl<'t, K, V, F> DeserializeSeed<'t> for Each<K, V, F>
where
    K: Deserialize<'t>,
    V: Deserialize<'t>,
    F: FnMut(K, V) -> Result<(), String>,
{
    type Value = ();
    fn deserialize<D: Deserializer<'t>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl<'t, K, V, F> Visitor<'t> for Each<K, V, F>
where
    K: Deserialize<'t>,
    V: Deserialize<'t>,
    F: FnMut(K, V) -> Result<(), String>,
{
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'t>>(mut self, mut members: A) -> Result<(), A::Error> {
        while let Some((key, value)) = members.next_entry()? {
            (self.take)(key, value).map_err(A::Error::custom)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_has_its_place() {
        let text = "{\n  \"ä\": 1,\n  \"b\": \"x\"\n}";
        let sum = |text: &str| {
            let mut sum = 0;
            let seed = each(|_: String, n: u64| {
                sum += n;
                if n < 9 { Ok(()) } else { Err(format!("{n} is too many")) }
            });
            parse(text, seed).map(|()| sum)
        };
        assert_eq!(sum("{\"a\": 1, \"b\": 2}"), Ok(3));
        let problem = sum(text).expect_err("a string");
        assert_eq!(problem.message, "invalid type: string \"x\", expected u64");
        assert_eq!(text[..problem.span.start].matches('\n').count(), 2);
        assert_eq!(sum("{\"a\": 9}").expect_err("too many").message, "9 is too many");
        for broken in ["", "{", "{\"a\"", "{\"a\": 1} x", "[]", "{\"ä\": ü"] {
            assert!(sum(broken).is_err(), "{broken}");
        }
    }
}
