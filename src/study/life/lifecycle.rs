//! Which rule of a lifecycle policy took an image, in words.

use crate::engine::journal::Act;
use crate::registry::{Count, LifecycleAction, LifecyclePolicy, LifecycleRule, Patterns, Selection, StorageClass};

/// Why an act took an image: the rule that an image of this class belongs to is the first one that sees it (B11).
pub(super) fn reason(policy: Option<&LifecyclePolicy>, act: &Act, class: StorageClass, days: f64) -> String {
    if act.swept {
        return "what it refers to is gone or archived (B21)".into();
    }
    let rules = policy.map_or(&[][..], |policy| policy.rules.as_slice());
    match rules.iter().find(|rule| rule.class == class && rule.selection.selects(&act.tags)) {
        Some(rule) => {
            let done = if rule.action == LifecycleAction::Archive { "archives" } else { "expires" };
            format!("lifecycle rule of priority {} {done} {}; it came {days:.1} days before", rule.priority, what(rule))
        }
        None => "its lifecycle policy".into(),
    }
}

/// ``tagged images `v*` beyond the 10 youngest``.
fn what(rule: &LifecycleRule) -> String {
    let quoted = |list: &[String]| list.iter().map(|one| format!("`{one}`")).collect::<Vec<_>>().join(" and ");
    let images = match &rule.selection {
        Selection::Untagged => "untagged images".to_string(),
        Selection::Any => "images".to_string(),
        Selection::Prefixes(prefixes) => format!("images with tags that begin with {}", quoted(prefixes)),
        Selection::Patterns(patterns) => {
            let lists: Vec<String> = patterns.iter().map(|Patterns(list)| quoted(list)).collect();
            format!("images with tags like {}", lists.join(" and "))
        }
    };
    match rule.count {
        Count::MoreThan(kept) => format!("{images} beyond the {kept} youngest"),
        Count::DaysSincePush(days) => format!("{images} older than {days} days"),
        Count::DaysSincePull(days) => format!("{images} not pulled for {days} days"),
        Count::DaysSinceTransition(days) => format!("{images} in the archive for {days} days"),
    }
}
