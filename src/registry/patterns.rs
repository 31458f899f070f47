//! Selection of repositories and tags by name.

/// A selector over names or tags: `*` is any run of characters; in order, `!` takes away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patterns(pub Vec<String>);

impl Patterns {
    /// Everything.
    pub fn all() -> Patterns {
        Patterns(vec!["*".into()])
    }

    /// Whether `name` is selected.
    pub fn matches(&self, name: &str) -> bool {
        self.0.iter().fold(false, |selected, pattern| match pattern.strip_prefix('!') {
            Some(pattern) => selected && !glob(pattern, name),
            None => selected || glob(pattern, name),
        })
    }
}

/// Whole-text match of a pattern in which `*` is any run of characters.
pub fn glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_apply_in_order() {
        let patterns = Patterns(vec!["prod/*".into(), "!prod/old-*".into(), "prod/old-but-gold".into()]);
        assert!(patterns.matches("prod/api"));
        assert!(!patterns.matches("prod/old-api"));
        assert!(patterns.matches("prod/old-but-gold"));
        assert!(!patterns.matches("dev/api"));
    }

    #[test]
    fn a_star_is_any_run_of_characters() {
        for (pattern, text, expected) in [
            ("a*b", "ab", true),
            ("a*b", "a/x/b", true),
            ("a*b", "abc", false),
            ("*", "", true),
            ("a*a", "a", false),
            ("*-v*", "api-v3", true),
            ("api", "api", true),
            ("api", "apis", false),
        ] {
            assert_eq!(glob(pattern, text), expected, "{pattern} {text}");
        }
    }
}
