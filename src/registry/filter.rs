//! The grammar of a replication filter (A11) and what it selects (A12).
//!
//! The service's expression is
//! `^(?:[a-z0-9]+(?:[._-][a-z0-9]*)*/)*[a-z0-9]*(?:[._-][a-z0-9]*)*$`. Read closely it says: all characters are a-z,
//! 0-9, `.`, `_`, `-` or `/`, and each part that a `/` ends starts with a letter or a digit. A filter is a *plain string
//! prefix* of the repository's name; there are no wildcards, although many published examples have them.

use thiserror::Error;

use super::names::{NAME_LENGTH, validate_repository};

/// Why the service refuses a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PrefixError {
    /// Fewer than 2 or more than 256 characters.
    #[error("{0} characters; a filter has 2 to 256")]
    Length(usize),
    /// A `*`.
    #[error("the service takes plain prefixes without `*`")]
    Wildcard {
        /// Where.
        at: usize,
    },
    /// A capital letter.
    #[error("capital letters are not allowed")]
    Capital {
        /// Where.
        at: usize,
    },
    /// A character that no filter has.
    #[error("`{found}` is not allowed; a filter is made of a-z, 0-9, `.`, `_`, `-` and `/`")]
    Character {
        /// Where.
        at: usize,
        /// Which.
        found: char,
    },
    /// A part that a `/` ends is empty, or starts with `.`, `_` or `-`.
    #[error("each part before a `/` starts with a letter or a digit")]
    Part {
        /// Where it starts.
        at: usize,
    },
}

/// Whether the service takes this as a replication filter (A11).
///
/// # Errors
/// The first thing that is wrong; a wildcard before anything else, because it is the usual mistake.
pub fn validate_prefix(prefix: &str) -> Result<(), PrefixError> {
    if let Some(at) = prefix.find('*') {
        return Err(PrefixError::Wildcard { at });
    }
    let mut part = 0;
    for (at, found) in prefix.char_indices() {
        match found {
            'a'..='z' | '0'..='9' | '.' | '_' | '-' => {}
            '/' => {
                if matches!(prefix.as_bytes()[part], b'.' | b'_' | b'-' | b'/') {
                    return Err(PrefixError::Part { at: part });
                }
                part = at + 1;
            }
            'A'..='Z' => return Err(PrefixError::Capital { at }),
            _ => return Err(PrefixError::Character { at, found }),
        }
    }
    if NAME_LENGTH.contains(&prefix.len()) { Ok(()) } else { Err(PrefixError::Length(prefix.len())) }
}

/// Whether this could be a filter if the service took wildcards: a filter but for its `*` (extension `wildcard-filter`).
///
/// # Errors
/// The first thing that is wrong.
pub fn validate_pattern(prefix: &str) -> Result<(), PrefixError> {
    validate_prefix(&prefix.replace('*', "a"))
}

/// What was probably meant by a filter that ends in a wildcard: `prod-` for `prod-*`. `None` when leaving the wildcard
/// out makes no valid filter (for `*` alone: leave the filter out to select all, A13).
pub fn without_wildcard(prefix: &str) -> Option<&str> {
    let plain = prefix.trim_end_matches('*');
    (plain.len() < prefix.len() && validate_prefix(plain).is_ok()).then_some(plain)
}

/// Whether any repository name can begin so: `-prod` or `a..b` are legal filters that select nothing (O16).
pub fn can_select(prefix: &str) -> bool {
    validate_repository(prefix).is_ok() || validate_repository(&format!("{prefix}a")).is_ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::fixed;
    use super::*;
    use proptest::prelude::*;
    use proptest::string::string_regex;

    #[test]
    fn filters_by_hand() {
        for good in ["prod-", "prod/", "prod", "p1", "..", "a./b", "a/b/c-", "a/-b", "-prod", "a--b", &"a".repeat(256)]
        {
            assert_eq!(validate_prefix(good), Ok(()), "{good}");
        }
        for (bad, expected) in [
            ("", PrefixError::Length(0)),
            ("a", PrefixError::Length(1)),
            (&"a".repeat(257), PrefixError::Length(257)),
            ("*", PrefixError::Wildcard { at: 0 }),
            ("prod-*", PrefixError::Wildcard { at: 5 }),
            ("Prod/*", PrefixError::Wildcard { at: 5 }),
            ("Prod", PrefixError::Capital { at: 0 }),
            (".+prod", PrefixError::Character { at: 1, found: '+' }),
            ("/prod", PrefixError::Part { at: 0 }),
            ("prod//x", PrefixError::Part { at: 5 }),
            ("a/-b/c", PrefixError::Part { at: 2 }),
        ] {
            assert_eq!(validate_prefix(bad), Err(expected), "{bad}");
        }
    }

    #[test]
    fn a_pattern_is_a_filter_but_for_its_wildcards() {
        for (pattern, expected) in [
            ("prod-*", Ok(())),
            ("*/api", Ok(())),
            ("prod", Ok(())),
            ("*", Err(PrefixError::Length(1))),
            ("Prod-*", Err(PrefixError::Capital { at: 0 })),
            ("a*?", Err(PrefixError::Character { at: 2, found: '?' })),
        ] {
            assert_eq!(validate_pattern(pattern), expected, "{pattern}");
        }
    }

    #[test]
    fn the_mend_of_a_wildcard() {
        for (written, expected) in [
            ("prod-*", Some("prod-")),
            ("prod/**", Some("prod/")),
            ("*", None),
            ("p*", None),
            ("*-prod", None),
            ("a*b*", None),
            ("prod", None),
        ] {
            assert_eq!(without_wildcard(written), expected, "{written}");
        }
    }

    #[test]
    fn legal_filters_that_select_nothing() {
        for (prefix, expected) in [
            ("prod-", true),
            ("prod/", true),
            ("prod", true),
            ("-prod", false),
            ("a..b", false),
            ("a-/b", false),
            ("a/-b", false),
            (&"a".repeat(256), true),
            (&format!("{}-", "a".repeat(255)), false),
        ] {
            assert_eq!(validate_prefix(prefix), Ok(()));
            assert_eq!(can_select(prefix), expected, "{prefix}");
        }
    }

    /// The service's expression, piece by piece: each piece maps the offsets that can be reached before it to those
    /// that can be reached after it.
    fn slow(text: &str) -> bool {
        type Offsets = BTreeSet<usize>;
        let one = |from: &Offsets, class: fn(u8) -> bool| -> Offsets {
            from.iter()
                .filter(|&&at| text.as_bytes().get(at).is_some_and(|&byte| class(byte)))
                .map(|at| at + 1)
                .collect()
        };
        let many = |from: &Offsets, piece: &dyn Fn(&Offsets) -> Offsets| -> Offsets {
            let mut reached = from.clone();
            loop {
                let more: Offsets = reached.union(&piece(&reached)).copied().collect();
                if more == reached {
                    return reached;
                }
                reached = more;
            }
        };
        let letter = |from: &Offsets| one(from, |byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        let letters = |from: &Offsets| many(from, &letter); // [a-z0-9]*
        let joined = |from: &Offsets| letters(&one(from, |byte| b"._-".contains(&byte))); // [._-][a-z0-9]*
        let tail = |from: &Offsets| many(from, &joined);
        let part = |from: &Offsets| one(&tail(&letters(&letter(from))), |byte| byte == b'/');
        let end = tail(&letters(&many(&Offsets::from([0]), &part)));
        end.contains(&text.len()) && NAME_LENGTH.contains(&text.len())
    }

    proptest! {
        #![proptest_config(fixed(3000))]

        #[test]
        fn the_matcher_agrees_with_the_expression(text in "[ab0._/*A-]{0,9}") {
            prop_assert_eq!(validate_prefix(&text).is_ok(), slow(&text), "{}", text);
        }

        #[test]
        fn the_beginning_of_a_name_can_select(name in "[a-z0-9]{2,4}([._/-][a-z0-9]{1,3}){0,3}", cut in 2usize..9) {
            let prefix = &name[..cut.min(name.len())];
            prop_assert_eq!(validate_repository(&name), Ok(()));
            prop_assert!(can_select(prefix), "{}", prefix);
        }
    }

    proptest! {
        // What the expression makes is long and slow to make.
        #![proptest_config(fixed(400))]

        #[test]
        fn what_the_expression_makes_is_a_filter(
            text in string_regex("(?:[a-z0-9]+(?:[._-][a-z0-9]*)*/)*[a-z0-9]*(?:[._-][a-z0-9]*)*")
                .expect("a valid expression")
        ) {
            prop_assert_eq!(validate_prefix(&text).is_ok(), NAME_LENGTH.contains(&text.len()), "{}", text);
        }
    }
}
