//! The spelling of names: what a name, a repository, a registry or a template may look like, and which known name a
//! wrong one was meant to be.
//!
//! Whether the thing behind a name exists is not asked here.

use crate::units::parse::{ParseError, Parsed};

fn wrong<T>(message: impl Into<String>, label: &str) -> Parsed<T> {
    Err(ParseError { message: message.into(), label: label.into() })
}

/// A name in the scenario: `[a-z0-9][a-z0-9._-]*`, at most 64 characters, not all digits.
///
/// # Errors
/// Anything else.
pub fn name(text: &str) -> Parsed<()> {
    let label = "small letters, digits, `.`, `_` and `-`, at most 64; it begins with a letter or digit";
    let fits = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, b'.' | b'_' | b'-');
    let first = text.as_bytes().first().is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    if !first || text.len() > 64 || !text.bytes().all(fits) {
        return wrong(format!("`{}` is not a name", clip(text)), label);
    }
    if text.bytes().all(|c| c.is_ascii_digit()) {
        return wrong(format!("`{text}` is not a name: names are not all digits"), label);
    }
    Ok(())
}

/// A repository's name by the service's grammar: parts of small letters and digits, joined by `.`, `_`, `-` or `/`.
///
/// # Errors
/// Anything else.
pub fn repository(text: &str) -> Parsed<()> {
    let word = |part: &str| {
        let edge = |c: Option<&u8>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        edge(part.as_bytes().first())
            && edge(part.as_bytes().last())
            && part.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, b'.' | b'_' | b'-'))
    };
    if text.len() < 2 || text.len() > 240 || !text.split('/').all(word) {
        return wrong(
            format!("`{}` is not a repository name", clip(text)),
            "parts of small letters and digits, joined by `.`, `_`, `-` or `/`, such as \"prod/api\"",
        );
    }
    Ok(())
}

/// The filter of a replication rule: a plain prefix (fact A11).
///
/// # Errors
/// Anything else; a `*` is what people write most.
pub fn prefix(text: &str) -> Parsed<()> {
    if text.contains('*') {
        let plain: String = text.split('*').next().unwrap_or_default().to_string();
        let advice = if plain.is_empty() { "leave it out to select all".into() } else { format!("write \"{plain}\"") };
        return wrong(
            format!("invalid filter `{}`: the service takes plain prefixes without `*`; {advice}", clip(text)),
            "fact A11",
        );
    }
    let fits = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, b'.' | b'_' | b'-' | b'/');
    if !(2..=256).contains(&text.len()) || !text.bytes().all(fits) {
        let small = text.to_ascii_lowercase();
        let is_mended = small != text && prefix(&small).is_ok();
        let mend = if is_mended { format!(": no name has capitals; write \"{small}\"") } else { String::new() };
        return wrong(
            format!("invalid filter `{}`{mend}", clip(text)),
            "fact A11: 2 to 256 small letters, digits, `.`, `_`, `-` and `/`",
        );
    }
    Ok(())
}

/// A region's code, such as `eu-west-1`.
///
/// # Errors
/// Anything else.
pub fn region(text: &str) -> Parsed<()> {
    let fits = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    if text.len() < 2 || text.len() > 25 || !text.bytes().all(fits) || !text.contains('-') {
        return wrong(format!("`{}` is not a region", clip(text)), "such as \"eu-west-1\"");
    }
    Ok(())
}

/// A registry: a region, or an account's name, `/` and a region. With `patterns`, the account may hold `*`.
///
/// # Errors
/// Anything else.
pub fn registry(text: &str, patterns: bool) -> Parsed<()> {
    let label = "account name / region, such as \"prod/eu-west-1\"; the region alone when there is one account";
    let (account, code) = match text.rsplit_once('/') {
        Some((account, code)) => (Some(account), code),
        None => (None, text),
    };
    if code.contains('*') || (!patterns && text.contains('*')) {
        let message = if patterns {
            format!("`{}`: a `*` stands in the account part only", clip(text))
        } else {
            format!("`{}`: one registry is wanted here, without `*`", clip(text))
        };
        return wrong(message, label);
    }
    let account_fits = account.is_none_or(|account| name(&account.replace('*', "x")).is_ok());
    if !account_fits || region(code).is_err() {
        return wrong(format!("`{}` is not a registry", clip(text)), label);
    }
    Ok(())
}

/// A list of registries' element: a registry, a pattern, or either after `!`.
///
/// # Errors
/// Anything else.
pub fn registry_pattern(text: &str) -> Parsed<()> {
    registry(text.strip_prefix('!').unwrap_or(text), true)
}

/// A selector's element: any characters, `*` for any run of them, `!` in front to take away.
///
/// # Errors
/// An empty one.
pub fn selector(text: &str) -> Parsed<()> {
    if text.strip_prefix('!').unwrap_or(text).is_empty() {
        return wrong("an empty pattern selects nothing", "such as \"prod/*\" or \"!prod/old-*\"");
    }
    Ok(())
}

/// An account's number: twelve digits.
///
/// # Errors
/// Anything else.
pub fn account_id(text: &str) -> Parsed<()> {
    if text.len() == 12 && text.bytes().all(|c| c.is_ascii_digit()) {
        return Ok(());
    }
    wrong(format!("`{}` is not an account number", clip(text)), "twelve digits in quotes, such as \"111122223333\"")
}

/// A tag template: text with the holes `{n}`, `{r}` and `{date}`.
///
/// # Errors
/// Other holes; characters that a tag cannot have.
pub fn tag_template(text: &str) -> Parsed<()> {
    let filled = text.replace("{n}", "1").replace("{r}", "1").replace("{date}", "20260105");
    if filled.contains(['{', '}']) {
        return wrong(format!("`{}` has an unknown hole", clip(text)), "holes: {n} {r} {date}");
    }
    tag(&filled)
}

/// A tag: `[A-Za-z0-9_][A-Za-z0-9._-]*`, at most 128 characters.
///
/// # Errors
/// Anything else.
pub fn tag(text: &str) -> Parsed<()> {
    let first = text.bytes().next().is_some_and(|c| c.is_ascii_alphanumeric() || c == b'_');
    let fits = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'_' | b'-');
    if !first || text.len() > 128 || !text.bytes().all(fits) {
        return wrong(format!("`{}` is not a tag", clip(text)), "letters, digits, `.`, `_` and `-`, at most 128");
    }
    Ok(())
}

/// A quantile such as `p99` or `p99.9`, as a fraction in (0, 1).
///
/// # Errors
/// Anything else.
pub fn quantile(text: &str) -> Parsed<f64> {
    let number = text.strip_prefix('p').filter(|rest| rest.bytes().all(|c| c.is_ascii_digit() || c == b'.'));
    match number.and_then(|number| format!("{number}e-2").parse::<f64>().ok()) {
        Some(quantile) if quantile > 0.0 && quantile < 1.0 => Ok(quantile),
        _ => wrong(format!("`{}` is not a quantile", clip(text)), "such as \"p99\" or \"p99.9\""),
    }
}

/// The two ends of a pair of regions, `"us-east-1>eu-west-1"`.
///
/// # Errors
/// Anything else.
pub fn pair(text: &str) -> Parsed<(&str, &str)> {
    match text.split_once('>') {
        Some((from, to)) => {
            region(from)?;
            region(to)?;
            Ok((from, to))
        }
        None => wrong(format!("`{}` is not a pair of regions", clip(text)), "such as \"us-east-1>eu-west-1\""),
    }
}

/// The one known name that `text` is clearly near to, if there is one.
pub fn near<'a>(text: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if text.is_empty() || text.len() > 80 {
        return None;
    }
    let limit = (text.chars().count() / 3).max(1);
    let mut best: Option<(usize, &str)> = None;
    let mut unique = true;
    for candidate in known {
        let distance = strsim::osa_distance(&text.to_lowercase(), candidate);
        match best {
            Some((least, _)) if distance > least => {}
            Some((least, name)) if distance == least => unique &= name == candidate,
            _ => (best, unique) = (Some((distance, candidate)), true),
        }
    }
    best.filter(|(distance, _)| unique && *distance <= limit).map(|(_, name)| name)
}

/// `, did you mean `region`?`, or nothing when no known name is clearly near.
pub fn did_you_mean<'a>(text: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    near(text, known).map(|name| format!(", did you mean `{name}`?")).unwrap_or_default()
}

/// At most 60 characters of a text, for messages.
pub fn clip(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_a_grammar() {
        for good in ["eu", "bu-07", "a.b_c", "0a"] {
            assert_eq!(name(good), Ok(()), "{good}");
        }
        for bad in ["", "EU", "-a", "123", "a/b", &"a".repeat(65)] {
            assert!(name(bad).is_err(), "{bad}");
        }
        assert!(repository("prod/api").is_ok() && repository("Prod").is_err() && repository("a//b").is_err());
        assert!(region("eu-west-1").is_ok() && region("europe").is_err());
        assert!(account_id("111122223333").is_ok() && account_id("1111").is_err());
    }

    #[test]
    fn registries_are_regions_or_accounts_and_regions() {
        assert!(registry("eu-west-1", false).is_ok() && registry("prod/eu-west-1", false).is_ok());
        assert!(registry_pattern("!bu-*/us-east-1").is_ok() && registry_pattern("*/us-east-1").is_ok());
        assert!(registry("bu-*/us-east-1", false).is_err() && registry("prod/eu-*", true).is_err());
        assert!(pair("us-east-1>eu-west-1").is_ok() && pair("us-east-1").is_err());
    }

    #[test]
    fn a_star_in_a_filter_is_told_how_to_be_a_prefix() {
        let error = prefix("prod-*").unwrap_err();
        assert_eq!(
            error.message,
            "invalid filter `prod-*`: the service takes plain prefixes without `*`; write \"prod-\""
        );
        assert_eq!(error.label, "fact A11");
        assert!(prefix("prod/").is_ok() && prefix("Prod").is_err());
    }

    #[test]
    fn templates_and_quantiles() {
        assert!(tag_template("v{n}").is_ok() && tag_template("{date}-{r}").is_ok());
        assert!(tag_template("v{x}").is_err() && tag_template("a b").is_err());
        assert_eq!(quantile("p99.9"), Ok(0.999));
        assert!(quantile("p100").is_err() && quantile("99").is_err() && quantile("p").is_err());
    }

    #[test]
    fn only_one_clearly_near_name_is_proposed() {
        assert_eq!(near("regoin", ["region", "rate", "lasts"]), Some("region"));
        assert_eq!(near("prd", ["platform", "prod"]), Some("prod"));
        assert_eq!(near("tab", ["tag", "tar"]), None);
        assert_eq!(near("completely-else", ["region"]), None);
    }
}
