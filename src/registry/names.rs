//! What repositories, tags, accounts and regions may be called.
//!
//! Each check answers with what is wrong and what would be right, in words that can follow "invalid repository name
//! `x`: ". Offsets are in bytes, for a mark under the text.

use thiserror::Error;

/// Characters of a repository name (also the bounds of a replication filter, A11).
pub const NAME_LENGTH: std::ops::RangeInclusive<usize> = 2..=256;
/// Characters of a tag, at most (OCI distribution specification).
pub const TAG_LENGTH: usize = 128;

/// Why a name is not one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NameError {
    /// Too short or too long a repository name.
    #[error("{0} characters; a repository name has 2 to 256")]
    Length(usize),
    /// A capital letter.
    #[error("capital letters are not allowed")]
    Capital {
        /// Where.
        at: usize,
    },
    /// A character that no repository name has.
    #[error("`{found}` is not allowed; a repository name is made of a-z, 0-9, `.`, `_`, `-` and `/`")]
    Character {
        /// Where.
        at: usize,
        /// Which.
        found: char,
    },
    /// Two separators in a row, or one at an end.
    #[error("`.`, `_`, `-` and `/` stand between letters or digits, one at a time")]
    Separator {
        /// Of the one too many.
        at: usize,
    },
}

/// Why a tag is not one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TagError {
    /// Nothing.
    #[error("a tag has at least one character")]
    Empty,
    /// Longer than [`TAG_LENGTH`].
    #[error("{0} characters; a tag has at most 128")]
    Length(usize),
    /// `.` or `-` in front.
    #[error("a tag starts with a letter, a digit or `_`")]
    Start,
    /// A character that no tag has.
    #[error("`{found}` is not allowed; a tag is made of A-Z, a-z, 0-9, `_`, `.` and `-`")]
    Character {
        /// Where.
        at: usize,
        /// Which.
        found: char,
    },
}

/// Whether this may name a repository: words of a-z and 0-9, joined by single `.`, `_`, `-` or `/`, 2 to 256 characters
/// (the service's `(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*`).
///
/// # Errors
/// The first thing that is wrong.
pub fn validate_repository(name: &str) -> Result<(), NameError> {
    let mut after_word = false;
    for (at, found) in name.char_indices() {
        after_word = match found {
            'a'..='z' | '0'..='9' => true,
            '.' | '_' | '-' | '/' if after_word => false,
            '.' | '_' | '-' | '/' => return Err(NameError::Separator { at }),
            'A'..='Z' => return Err(NameError::Capital { at }),
            _ => return Err(NameError::Character { at, found }),
        };
    }
    if !NAME_LENGTH.contains(&name.len()) {
        return Err(NameError::Length(name.len()));
    }
    if after_word { Ok(()) } else { Err(NameError::Separator { at: name.len() - 1 }) }
}

/// Whether this may be a tag: `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}` (OCI distribution specification).
///
/// # Errors
/// The first thing that is wrong.
pub fn validate_tag(tag: &str) -> Result<(), TagError> {
    for (at, found) in tag.char_indices() {
        match found {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '_' => {}
            '.' | '-' if at > 0 => {}
            '.' | '-' => return Err(TagError::Start),
            _ => return Err(TagError::Character { at, found }),
        }
    }
    match tag.len() {
        0 => Err(TagError::Empty),
        1..=TAG_LENGTH => Ok(()),
        length => Err(TagError::Length(length)),
    }
}

/// Whether this is an account's id, which is also its registries' `registryId`: twelve digits (A8).
pub fn is_account_id(id: &str) -> bool {
    id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether this has the form of a region's code: 2 to 25 of a-z, 0-9 and `-` (A8).
pub fn is_region_code(code: &str) -> bool {
    (2..=25).contains(&code.len())
        && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::super::fixed;
    use super::*;
    use proptest::prelude::*;
    use proptest::string::string_regex;

    #[test]
    fn repository_names_by_hand() {
        for good in ["api", "prod/api", "a1", "a/b", "team_x/web.front-end/v2", "0/0", &"a".repeat(256)] {
            assert_eq!(validate_repository(good), Ok(()), "{good}");
        }
        for (bad, expected) in [
            ("", NameError::Length(0)),
            ("a", NameError::Length(1)),
            (&"a".repeat(257), NameError::Length(257)),
            ("Prod/api", NameError::Capital { at: 0 }),
            ("prod api", NameError::Character { at: 4, found: ' ' }),
            ("prod-*", NameError::Character { at: 5, found: '*' }),
            ("größe", NameError::Character { at: 2, found: 'ö' }),
            ("-api", NameError::Separator { at: 0 }),
            ("api-", NameError::Separator { at: 3 }),
            ("/api", NameError::Separator { at: 0 }),
            ("prod//api", NameError::Separator { at: 5 }),
            ("prod/", NameError::Separator { at: 4 }),
            ("a__b", NameError::Separator { at: 2 }),
            ("a/.b", NameError::Separator { at: 2 }),
        ] {
            assert_eq!(validate_repository(bad), Err(expected), "{bad}");
        }
    }

    #[test]
    fn tags_by_hand() {
        for good in ["latest", "v1.2.3", "_x", "2026-01-05", "A", "a..b", &"t".repeat(128)] {
            assert_eq!(validate_tag(good), Ok(()), "{good}");
        }
        for (bad, expected) in [
            ("", TagError::Empty),
            (".x", TagError::Start),
            ("-x", TagError::Start),
            ("a b", TagError::Character { at: 1, found: ' ' }),
            ("a/b", TagError::Character { at: 1, found: '/' }),
            ("v1+build", TagError::Character { at: 2, found: '+' }),
            (&"t".repeat(129), TagError::Length(129)),
        ] {
            assert_eq!(validate_tag(bad), Err(expected), "{bad}");
        }
    }

    #[test]
    fn account_ids_and_region_codes() {
        for (id, expected) in
            [("111122223333", true), ("11112222333", false), ("1111222233334", false), ("11112222333a", false)]
        {
            assert_eq!(is_account_id(id), expected, "{id}");
        }
        for (code, expected) in [("us-east-1", true), ("u", false), ("US-EAST-1", false), (&"a".repeat(26), false)] {
            assert_eq!(is_region_code(code), expected, "{code}");
        }
    }

    /// The service's grammar, one part and one word at a time.
    fn slow_repository(name: &str) -> bool {
        let words = |part: &str| part.split(['.', '_', '-']).map(str::to_owned).collect::<Vec<_>>();
        let is_word =
            |word: &String| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        NAME_LENGTH.contains(&name.len()) && name.split('/').all(|part| words(part).iter().all(is_word))
    }

    proptest! {
        #![proptest_config(fixed(2000))]

        #[test]
        fn the_matcher_agrees_with_the_grammar(name in "[ab0A._/ -]{0,9}") {
            prop_assert_eq!(validate_repository(&name).is_ok(), slow_repository(&name), "{}", name);
        }

        #[test]
        fn what_the_specification_s_expression_makes_is_a_tag(tag in "[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}") {
            prop_assert_eq!(validate_tag(&tag), Ok(()));
        }
    }

    proptest! {
        // What the expression makes is long and slow to make.
        #![proptest_config(fixed(400))]

        #[test]
        fn what_the_service_s_expression_makes_is_a_name(
            name in string_regex("(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*")
                .expect("a valid expression")
        ) {
            prop_assert_eq!(validate_repository(&name).is_ok(), NAME_LENGTH.contains(&name.len()), "{}", name);
        }
    }
}
