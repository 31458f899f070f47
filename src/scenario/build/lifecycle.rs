//! `lifecycle`: which images expire when, as the service's JSON in a file or in short.

use super::native;
use crate::cloud::RegistryId;
use crate::formats;
use crate::registry::{Count, LifecyclePolicy, LifecycleRule, Selection};
use crate::scenario::diagnostics::findings;
use crate::scenario::tree::Node;
use crate::scenario::values::Reading;

/// Reads a lifecycle: of a repository, or of what a template's prefix selects, in a registry if it is one.
pub fn lifecycle(r: &mut Reading<'_>, node: &Node, of: &str, home: Option<RegistryId>) -> Option<LifecyclePolicy> {
    if node.text().is_none() {
        return short(r, node);
    }
    let file = r.file(node)?;
    if let Some(policy) = native::lifecycle(r, &file, of, home) {
        return policy;
    }
    match formats::lifecycle::read(&file.text) {
        Ok(read) => {
            r.found_in(&file, read.warnings, |_| Some(&findings::LIFECYCLE_DOUBTFUL));
            Some(read.policy)
        }
        Err(problems) => {
            r.found_in(&file, problems, |problem| {
                problem.label.starts_with("fact B").then_some(&findings::LIFECYCLE_REFUSED)
            });
            None
        }
    }
}

/// `{ keep }` or `{ days }`, and `untagged_days`: short for the service's JSON. Rule 1 sees untagged images, rule 2 all.
fn short(r: &mut Reading<'_>, node: &Node) -> Option<LifecyclePolicy> {
    let untagged = r.optional(node, "untagged_days", |r, n| r.count(n, 1)).map(Count::DaysSincePush);
    let keep = r.optional(node, "keep", |r, n| r.count(n, 1)).map(Count::MoreThan);
    let days = r.optional(node, "days", |r, n| r.count(n, 1)).map(Count::DaysSincePush);
    if let (Some(_), Some(_), Some(entry)) = (keep, days, node.entry("days")) {
        r.error(&entry.key_origin, "`keep` and `days` exclude each other; keep one", "");
    }
    let rules = [(1, Selection::Untagged, untagged), (2, Selection::Any, keep.or(days))];
    let rules: Vec<LifecycleRule> = rules
        .into_iter()
        .filter_map(|(priority, selection, count)| Some(LifecycleRule::expire(priority, selection, count?)))
        .collect();
    if rules.is_empty() {
        r.error(&node.origin, "a lifecycle needs `keep`, `days` or `untagged_days`", "");
        return None;
    }
    Some(LifecyclePolicy { rules })
}

#[cfg(test)]
mod tests {
    use super::super::super::values::testing::read;
    use super::*;

    #[test]
    fn a_short_lifecycle_is_two_rules_at_most() {
        let text = "a = { keep = 30, untagged_days = 7 }\nb = { days = 90 }\nc = { keep = 1, days = 2 }\nd = {}\n";
        let ((), problems) = read(text, "2026-01-01T00:00:00Z", 1, |r, root| {
            let a = lifecycle(r, root.get("a").expect("a"), "x", None).expect("a policy");
            let rule = LifecycleRule::expire;
            assert_eq!(
                a.rules,
                [rule(1, Selection::Untagged, Count::DaysSincePush(7)), rule(2, Selection::Any, Count::MoreThan(30))]
            );
            let b = lifecycle(r, root.get("b").expect("b"), "x", None).expect("a policy");
            assert_eq!(b.rules, [rule(2, Selection::Any, Count::DaysSincePush(90))]);
            lifecycle(r, root.get("c").expect("c"), "x", None);
            assert_eq!(lifecycle(r, root.get("d").expect("d"), "x", None), None);
        });
        assert_eq!(problems[0].0, "`keep` and `days` exclude each other; keep one");
        assert_eq!(problems[1].0, "a lifecycle needs `keep`, `days` or `untagged_days`");
    }
}
