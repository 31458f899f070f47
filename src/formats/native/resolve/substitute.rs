//! `Fn::Sub`: a text with holes, each of which has a place of its own.

use std::ops::Range;

use super::{Json, Resolved, Resolver, Unresolved, Value};

impl Resolver<'_, '_, '_> {
    /// `Fn::Sub`: a text with holes, and values for some of them.
    pub(super) fn substitute(&mut self, argument: &Json) -> Resolved<String> {
        let (pattern, values) = match &argument.value {
            Value::List(items) if items.len() == 2 => (&items[0], Some(&items[1])),
            _ => (argument, None),
        };
        let text = self.literal(pattern, "Fn::Sub")?;
        let (mut out, mut rest, mut failed) = (String::new(), text.as_str(), false);
        while let Some((before, after)) = rest.split_once("${") {
            out += before;
            let Some((hole, after)) = after.split_once('}') else {
                return self.open(&pattern.span, "`${` without its `}`".into(), "");
            };
            rest = after;
            if let Some(literal) = hole.strip_prefix('!') {
                out += &format!("${{{literal}}}");
                continue;
            }
            let place = self.hole(&pattern.span, hole);
            match self.filling(hole.trim(), values, argument, &place) {
                Ok(value) => out += &value,
                Err(Unresolved) => failed = true,
            }
            self.bounded(&out, &pattern.span)?;
        }
        if failed { Err(Unresolved) } else { Ok(out + rest) }
    }

    /// What fills a hole of `Fn::Sub`.
    fn filling(&mut self, name: &str, values: Option<&Json>, whole: &Json, place: &Range<usize>) -> Resolved<String> {
        if let Some(value) = values.and_then(|values| self.member(values, name)) {
            return self.text(value);
        }
        if let Some((resource, attribute)) = name.split_once('.') {
            return self.attribute(resource, attribute, &whole.span, place);
        }
        match self.reference(name, &whole.span, place)? {
            Some(Json { value: Value::Text(text), .. }) => Ok(text),
            _ => self.open(place, format!("`{name}` is no text"), "`Fn::Sub`"),
        }
    }

    /// Where a hole stands in the text that has it.
    fn hole(&self, span: &Range<usize>, hole: &str) -> Range<usize> {
        let written = format!("${{{hole}}}");
        let source = self.gathered.text.get(span.clone()).unwrap_or_default();
        match source.find(&written) {
            Some(at) => span.start + at..span.start + at + written.len(),
            None => span.clone(),
        }
    }
}
