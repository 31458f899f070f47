//! Documents that are texts within a file: the places of what they say are places of the file.

use std::ops::Range;

use crate::formats::Problem;
use crate::formats::json::{self, Json, Value};
use crate::formats::strict::Document;

/// The document that a value holds: JSON in a text, or written out as values.
///
/// # Errors
/// The first thing that is not JSON.
pub fn document(file: &str, value: &Json) -> Result<Document, Problem> {
    let Value::Text(text) = &value.value else {
        let text = value.pretty();
        return Ok(Document { json: value.clone(), characters: value.compact().chars().count(), text });
    };
    let places = places(file.get(value.span.clone()).unwrap_or_default(), text);
    // Where the text is not written as it is, the whole of it is the place.
    let outer = |span: Range<usize>| match &places {
        Some(places) => {
            let at = |byte: usize| value.span.start + places[byte.min(places.len() - 1)];
            at(span.start)..at(span.end).max(at(span.start))
        }
        None => value.span.clone(),
    };
    let mut json =
        json::parse(text).map_err(|problem| Problem::new(outer(problem.span), problem.message, problem.label))?;
    json.relocate(&outer);
    Ok(Document { json, text: text.clone(), characters: text.chars().count() })
}

/// By byte of a text, where it stands in the source that it was read from; one more for its end. `None` = the text is not
/// in the source as it is: something was put together, or written in codes.
///
/// Quotes, escapes, line breaks and indentation may stand between.
fn places(source: &str, text: &str) -> Option<Vec<usize>> {
    let mut places = Vec::with_capacity(text.len() + 1);
    let mut at = 0;
    for c in text.chars() {
        if !c.is_whitespace() {
            at = skip(source, at, c)?;
        }
        places.resize(places.len() + c.len_utf8(), at);
        if source[at..].starts_with(c) {
            at += c.len_utf8();
        }
    }
    places.push(at);
    Some(places)
}

/// Where `c` stands from `at` on, when nothing but the dress of texts is between.
fn skip(source: &str, mut at: usize, c: char) -> Option<usize> {
    loop {
        let rest = &source[at..];
        let next = rest.chars().next()?;
        let escaped = rest.strip_prefix('\\').and_then(|rest| rest.chars().next());
        at += match escaped {
            Some('n' | 't' | 'r') => 2,
            // Of an escaped character the backslash is the dress.
            Some(escaped) if escaped == c => 1,
            _ if next == c => return Some(at),
            _ if next.is_whitespace() || "\"'|>-+".contains(next) => 1,
            _ => return None,
        }
        .min(rest.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::native::yaml;
    use proptest::prelude::*;

    #[test]
    fn what_a_text_says_has_its_place_in_the_file() {
        for file in [
            "p: |\n    {\n      \"a\": [1, \"prod-*\"]\n    }\n",
            "p: '{\"a\": [1, \"prod-*\"]}'\n",
            "p: \"{\\\"a\\\":\\n [1, \\\"prod-*\\\"]}\"\n",
            "{\"p\": \"{\\n\\t\\\"a\\\": [1, \\\"prod-*\\\"]}\"}",
            "p: >-\n  {\"a\":\n    [1, \"prod-*\"]}\n",
        ] {
            let tree = yaml::parse(file).expect("YAML");
            let document = document(file, tree.get("p").expect("a text")).expect("JSON");
            let Value::List(items) = &document.json.get("a").expect("a list").value else { panic!("a list") };
            let found = &file[items[1].span.clone()];
            assert!(found.contains("prod-*") && found.len() <= "\\\"prod-*\\\"".len(), "{found} in {file}");
        }
    }

    #[test]
    fn an_error_is_told_where_it_stands() {
        let file = "p: |\n  {\n    \"a\": }\n";
        let problem = document(file, yaml::parse(file).expect("YAML").get("p").expect("a text")).expect_err("no JSON");
        assert_eq!((problem.message.as_str(), &file[problem.span]), ("expected a value, found `}`", "}"));
        let file = "p: \"{\\u0022a\\u0022: }\"\n";
        let tree = yaml::parse(file).expect("YAML");
        let problem = document(file, tree.get("p").expect("a text")).expect_err("no JSON");
        assert_eq!(problem.span, tree.get("p").expect("a text").span, "codes are not followed");
    }

    proptest! {
        #[test]
        fn places_lie_in_the_source(source in "[a-c\\\\n\"é \n]{0,20}", text in "[a-cé \n]{0,10}") {
            if let Some(places) = places(&source, &text) {
                prop_assert_eq!(places.len(), text.len() + 1);
                prop_assert!(places.iter().all(|at| source.is_char_boundary(*at)));
                prop_assert!(places.is_sorted());
            }
        }
    }
}
