//! Each problem by the smallest policy that has it, and policies that have none.

use LifecycleProblem::*;

use super::super::{Patterns, fixed};
use super::*;
use proptest::prelude::*;

fn policy(rules: Vec<LifecycleRule>) -> LifecyclePolicy {
    LifecyclePolicy { rules }
}

fn prefixes(list: &[&str]) -> Selection {
    Selection::Prefixes(list.iter().map(|prefix| prefix.to_string()).collect())
}

fn pattern(text: &str) -> Selection {
    Selection::Patterns(vec![Patterns(vec![text.into()])])
}

/// A standard rule that expires by count.
fn keep(priority: u32, selection: Selection) -> LifecycleRule {
    LifecycleRule::expire(priority, selection, Count::MoreThan(3))
}

/// An archive rule that expires after so many days there.
fn cold(priority: u32, selection: Selection, days: u32) -> LifecycleRule {
    LifecycleRule { class: StorageClass::Archive, count: Count::DaysSinceTransition(days), ..keep(priority, selection) }
}

#[test]
fn a_policy_of_both_classes_with_every_selection_has_none() {
    let archive = |priority, selection, count| LifecycleRule {
        action: LifecycleAction::Archive,
        ..LifecycleRule::expire(priority, selection, count)
    };
    let rules = vec![
        keep(1, prefixes(&["prod"])),
        // O9: overlapping sets are legal, equal ones are not.
        keep(2, prefixes(&["prod", "beta"])),
        archive(3, pattern("*a*b*c*"), Count::DaysSincePull(30)),
        keep(4, pattern("*a*b*c*")),
        archive(5, Selection::Untagged, Count::DaysSincePush(1)),
        archive(9, Selection::Any, Count::MoreThan(1)),
        cold(10, prefixes(&["prod"]), 90),
        cold(11, Selection::Untagged, 91),
        // B2: one rule for any image in each class, last of its own class only.
        cold(12, Selection::Any, u32::MAX),
    ];
    assert_eq!(policy(rules).problems(), []);
    assert_eq!(LifecyclePolicy::days(90).with_untagged_days(7).problems(), []);
    assert_eq!(policy(Vec::new()).problems(), []);
}

#[test]
fn priorities_are_unique_and_at_least_one() {
    let rules = vec![keep(5, prefixes(&["a"])), keep(0, prefixes(&["b"])), cold(5, Selection::Any, 90)];
    assert_eq!(policy(rules).problems(), [PriorityZero { rule: 1 }, PriorityTaken { rule: 2, first: 0 }]);
}

#[test]
fn b1_a_rule_for_tagged_images_names_tags() {
    let rules = vec![keep(1, prefixes(&[])), keep(2, Selection::Patterns(Vec::new()))];
    assert_eq!(policy(rules).problems(), [NoTags { rule: 0 }, NoTags { rule: 1 }]);
}

#[test]
fn b2_the_rule_for_any_image_is_the_last_of_its_class() {
    let rules = vec![keep(7, Selection::Any), keep(8, prefixes(&["a"])), cold(9, prefixes(&["a"]), 90)];
    assert_eq!(policy(rules).problems(), [AnyNotLast { rule: 0 }]);
    // The order of writing does not matter, and neither does the other class.
    let rules = vec![keep(8, Selection::Any), keep(7, prefixes(&["a"])), cold(9, prefixes(&["a"]), 90)];
    assert_eq!(policy(rules).problems(), []);
    let rules = vec![keep(1, Selection::Any), cold(2, Selection::Any, 90), keep(3, Selection::Any)];
    assert_eq!(policy(rules).problems(), [SecondAny { rule: 2, first: 0 }]);
}

#[test]
fn b3_a_pattern_has_four_wildcards_at_most() {
    assert_eq!(policy(vec![keep(1, pattern("*1*2*3*"))]).problems(), []);
    let found = policy(vec![keep(1, pattern("*1*2*3*4*"))]).problems();
    assert_eq!(found, [TooManyWildcards { rule: 0, entry: 0, found: 5 }]);
    let several = Selection::Patterns(vec![Patterns::all(), Patterns(vec!["a".into(), "b".into()])]);
    assert_eq!(policy(vec![keep(1, several)]).problems(), [NotOnePattern { rule: 0, entry: 1 }]);
    assert_eq!(policy(vec![keep(1, pattern("!a"))]).problems(), [NotOnePattern { rule: 0, entry: 0 }]);
}

#[test]
fn b4_b5_a_count_goes_with_a_class_and_an_action() {
    use Count::*;
    use LifecycleAction::Expire;
    use StorageClass::Standard;
    let rule = 0;
    for (class, count, action, expected) in [
        (Standard, MoreThan(1), Expire, vec![]),
        (Standard, MoreThan(1), LifecycleAction::Archive, vec![]),
        (Standard, DaysSincePush(1), Expire, vec![]),
        (Standard, DaysSincePush(1), LifecycleAction::Archive, vec![]),
        (Standard, DaysSincePull(1), LifecycleAction::Archive, vec![]),
        (Standard, DaysSincePull(1), Expire, vec![PullExpires { rule }]),
        (Standard, DaysSinceTransition(90), Expire, vec![StandardTransition { rule }]),
        (StorageClass::Archive, DaysSinceTransition(90), Expire, vec![]),
        (StorageClass::Archive, DaysSinceTransition(89), Expire, vec![TransitionTooShort { rule, found: 89 }]),
        (StorageClass::Archive, DaysSinceTransition(0), Expire, vec![CountZero { rule }]),
        (StorageClass::Archive, DaysSinceTransition(90), LifecycleAction::Archive, vec![TransitionArchives { rule }]),
        (StorageClass::Archive, MoreThan(1), Expire, vec![ArchiveCount { rule }]),
        (StorageClass::Archive, DaysSincePush(1), Expire, vec![ArchiveCount { rule }]),
        (StorageClass::Archive, DaysSincePull(1), LifecycleAction::Archive, vec![ArchiveCount { rule }]),
        (Standard, MoreThan(0), Expire, vec![CountZero { rule }]),
        (Standard, DaysSincePush(0), Expire, vec![CountZero { rule }]),
    ] {
        let rules = vec![LifecycleRule { priority: 1, selection: Selection::Any, class, count, action }];
        assert_eq!(policy(rules).problems(), expected, "{class:?} {count:?} {action:?}");
    }
}

#[test]
fn b6_o9_equal_prefix_sets_and_two_untagged_rules_are_refused_within_a_class() {
    let rules = vec![
        keep(1, prefixes(&["a", "b"])),
        keep(2, prefixes(&["b", "a", "b"])),
        cold(3, prefixes(&["a", "b"]), 90),
        keep(4, Selection::Untagged),
        cold(5, Selection::Untagged, 90),
        keep(6, Selection::Untagged),
    ];
    let expected = [SamePrefixes { rule: 1, first: 0 }, SecondUntagged { rule: 5, first: 3 }];
    assert_eq!(policy(rules).problems(), expected);
}

#[test]
fn a_policy_has_fifty_rules_at_most() {
    let rules = |count: u32| policy((1..=count).map(|n| keep(n, prefixes(&[&format!("v{n}")]))).collect());
    assert_eq!(rules(50).problems(), []);
    assert_eq!(rules(51).problems(), [TooManyRules { found: 51 }]);
}

#[test]
fn messages_are_sentences_of_the_house() {
    for problem in [PriorityZero { rule: 0 }, TransitionTooShort { rule: 0, found: 7 }, TooManyRules { found: 51 }] {
        let text = problem.to_string();
        assert!(!text.ends_with('.') && !text.starts_with(char::is_uppercase), "{text}");
    }
    assert_eq!(
        TransitionTooShort { rule: 0, found: 7 }.to_string(),
        "7 days in the archive; the service takes at least 90"
    );
}

proptest! {
    #![proptest_config(fixed(256))]

    #[test]
    fn the_order_of_writing_changes_only_the_places(
        kinds in prop::collection::vec((0u32..4, 0usize..5, any::<bool>()), 0..8),
        turn in 0usize..8,
    ) {
        let selections = [
            Selection::Any, Selection::Untagged, prefixes(&["a"]), prefixes(&["b", "a"]), pattern("*****"),
        ];
        let rules: Vec<LifecycleRule> = kinds.iter().map(|&(priority, selection, is_cold)| {
            let selection = selections[selection].clone();
            if is_cold { cold(priority, selection, 90) } else { keep(priority, selection) }
        }).collect();
        let mut turned = rules.clone();
        turned.rotate_left(turn.min(rules.len()));
        let kinds = |rules: Vec<LifecycleRule>| {
            let mut kinds: Vec<_> = policy(rules).problems().iter().map(LifecycleProblem::to_string).collect();
            kinds.sort();
            kinds
        };
        prop_assert_eq!(kinds(rules), kinds(turned));
    }
}
