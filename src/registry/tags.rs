//! Tags as they are kept: compactly, because a repository holds one or a few for each image.
//!
//! Nearly every tag is short ("v17", "build-1204", "2026-01-05"), and nearly every image has one. So a tag of up to
//! 22 bytes needs no memory of its own, and the tags of an image take 24 bytes unless there are several.

use std::fmt;

/// Bytes of a tag that fit in place.
const INLINE: usize = 22;

/// A tag's text.
#[derive(Clone, PartialEq, Eq)]
pub struct Tag(Text);

#[derive(Clone, PartialEq, Eq)]
enum Text {
    Short { length: u8, bytes: [u8; INLINE] },
    Long(Box<str>),
}

impl Tag {
    /// The text.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            // Only a whole text is ever put in, so it is valid UTF-8.
            Text::Short { length, bytes } => std::str::from_utf8(&bytes[..usize::from(*length)]).unwrap_or_default(),
            Text::Long(text) => text,
        }
    }
}

impl From<&str> for Tag {
    fn from(text: &str) -> Tag {
        if text.len() > INLINE {
            return Tag(Text::Long(text.into()));
        }
        let mut bytes = [0; INLINE];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        Tag(Text::Short { length: text.len() as u8, bytes })
    }
}

impl AsRef<str> for Tag {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl PartialEq<str> for Tag {
    fn eq(&self, other: &str) -> bool {
        match &self.0 {
            Text::Short { length, bytes } => bytes[..usize::from(*length)] == *other.as_bytes(),
            Text::Long(text) => **text == *other,
        }
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

/// The tags of one image, in the order in which they were set.
#[derive(Clone, Debug, Default)]
pub(super) enum Tags {
    #[default]
    None,
    One(Tag),
    Many(Box<[Tag]>),
}

impl Tags {
    /// All of them.
    pub(super) fn as_slice(&self) -> &[Tag] {
        match self {
            Tags::None => &[],
            Tags::One(tag) => std::slice::from_ref(tag),
            Tags::Many(tags) => tags,
        }
    }

    /// All of them, to keep.
    pub(super) fn into_vec(self) -> Vec<Tag> {
        match self {
            Tags::None => Vec::new(),
            Tags::One(tag) => vec![tag],
            Tags::Many(tags) => tags.into_vec(),
        }
    }

    /// Whether this is one of them.
    pub(super) fn contains(&self, tag: &str) -> bool {
        self.as_slice().iter().any(|held| held == tag)
    }

    /// Adds one that is not among them.
    pub(super) fn add(&mut self, tag: Tag) {
        *self = match std::mem::take(self) {
            Tags::None => Tags::One(tag),
            Tags::One(first) => Tags::Many(Box::new([first, tag])),
            Tags::Many(tags) => {
                let mut tags = tags.into_vec();
                tags.push(tag);
                Tags::Many(tags.into_boxed_slice())
            }
        };
    }

    /// Takes one away; whether it was the last one.
    pub(super) fn remove(&mut self, tag: &str) -> bool {
        let mut left: Vec<Tag> = self.as_slice().iter().filter(|held| **held != *tag).cloned().collect();
        let was_last = left.is_empty() && !self.as_slice().is_empty();
        *self = match left.pop() {
            None => Tags::None,
            Some(tag) if left.is_empty() => Tags::One(tag),
            Some(tag) => {
                left.push(tag);
                Tags::Many(left.into_boxed_slice())
            }
        };
        was_last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_its_text_whatever_its_length() {
        for length in [0, 1, 21, 22, 23, 128] {
            let text = "x".repeat(length);
            let tag = Tag::from(text.as_str());
            assert_eq!(tag.as_str(), text);
            assert_eq!(tag, *text.as_str());
            assert!(tag != *format!("{text}y").as_str());
        }
        assert_eq!(format!("{:>4}|{:?}", Tag::from("é"), Tag::from("v1")), "   é|\"v1\"");
    }

    #[test]
    fn tags_of_an_image_stay_in_order() {
        let mut tags = Tags::default();
        let text = |tags: &Tags| tags.as_slice().iter().map(Tag::to_string).collect::<Vec<_>>().join(" ");
        for tag in ["a", "b", "c"] {
            tags.add(tag.into());
        }
        assert_eq!(text(&tags), "a b c");
        assert!(tags.contains("b") && !tags.contains("d"));
        assert!(!tags.remove("b"));
        assert_eq!(text(&tags), "a c");
        assert!(!tags.remove("x"));
        assert!(!tags.remove("a"));
        assert!(tags.remove("c"));
        assert_eq!(text(&tags), "");
        assert!(!tags.remove("c"));
    }

    #[test]
    fn one_short_tag_takes_no_memory_of_its_own() {
        assert_eq!(size_of::<Tags>(), 24);
    }
}
