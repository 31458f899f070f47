//! The service's published examples, cases by hand, and the slow twin of the evaluation.

use super::super::{Patterns, fixed};
use super::*;
use crate::units::HOUR;
use proptest::prelude::*;

/// An image for a test: its name, its tags, its age in days.
type Row = (char, &'static [&'static str], i64);

/// Some moment to count ages back from.
const NOW: Time = Time(1000 * DAY);

/// Names of the images that a policy acts on, oldest first; rows of equal age stand in order of arrival.
fn acted_on(policy: &LifecyclePolicy, rows: &[Row]) -> String {
    let images: Vec<_> =
        rows.iter().map(|&(_, tags, age)| Candidate { pushed: Time(NOW.0 - age * DAY), tags }).collect();
    policy.acts_on(&images, NOW).into_iter().map(|index| rows[index].0).collect()
}

fn rules(rules: impl IntoIterator<Item = (Selection, Count)>) -> LifecyclePolicy {
    let rule = |(index, (selection, count))| LifecycleRule::expire(index as u32 + 1, selection, count);
    LifecyclePolicy::new(rules.into_iter().enumerate().map(rule).collect())
}

fn prefixes(list: &[&str]) -> Selection {
    Selection::Prefixes(list.iter().map(|prefix| prefix.to_string()).collect())
}

fn patterns(list: &[&str]) -> Selection {
    Selection::Patterns(list.iter().map(|pattern| Patterns(vec![pattern.to_string()])).collect())
}

const BETA_PROD: [Row; 3] = [('A', &["beta-1", "prod-1"], 10), ('B', &["beta-2", "prod-2"], 9), ('C', &["beta-3"], 8)];

#[test]
fn v1_the_first_rule_keeps_what_the_second_would_take() {
    let policy = rules([(prefixes(&["prod"]), Count::MoreThan(1)), (prefixes(&["beta"]), Count::MoreThan(1))]);
    assert_eq!(acted_on(&policy, &BETA_PROD), "A");
}

#[test]
fn v2_the_order_of_rules_matters() {
    let policy = rules([(prefixes(&["beta"]), Count::MoreThan(1)), (prefixes(&["prod"]), Count::MoreThan(1))]);
    assert_eq!(acted_on(&policy, &BETA_PROD), "AB");
}

#[test]
fn v3_two_prefixes_in_a_rule_mean_both() {
    let policy = rules([(prefixes(&["alpha", "beta"]), Count::DaysSincePush(5))]);
    let rows: [Row; 6] = [
        ('A', &["alpha-1"], 12),
        ('B', &["beta-1"], 11),
        ('C', &["alpha-2", "beta-2"], 10),
        ('D', &["alpha-3"], 4),
        ('E', &["beta-3"], 3),
        ('F', &["alpha-4", "beta-4"], 2),
    ];
    assert_eq!(acted_on(&policy, &rows), "C");
}

#[test]
fn v4_two_prefixes_in_a_count_rule() {
    let policy = rules([(prefixes(&["alpha", "beta"]), Count::MoreThan(1))]);
    let rows: [Row; 3] = [
        ('A', &["alpha-1", "beta-1", "gamma-1"], 10),
        ('B', &["alpha-2", "beta-2"], 9),
        ('C', &["alpha-3", "beta-3", "gamma-2"], 8),
    ];
    assert_eq!(acted_on(&policy, &rows), "AB");
}

#[test]
fn v5_any_counts_tagged_and_untagged_alike() {
    let rows: [Row; 4] = [('A', &["alpha-1"], 4), ('B', &["beta-1"], 3), ('C', &[], 2), ('D', &["alpha-2"], 1)];
    assert_eq!(acted_on(&LifecyclePolicy::keep(1), &rows), "ABC");
}

#[test]
fn v6_what_a_rule_selects_is_out_of_reach_for_the_rules_after_it() {
    let policy = rules([
        (prefixes(&["alpha"]), Count::MoreThan(1)),
        (Selection::Untagged, Count::DaysSincePush(1)),
        (Selection::Any, Count::MoreThan(1)),
    ]);
    let rows: [Row; 5] =
        [('A', &["alpha-1", "beta-1"], 4), ('B', &[], 3), ('C', &["alpha-2"], 2), ('D', &["x"], 1), ('E', &[], 1)];
    assert_eq!(acted_on(&policy, &rows), "ABD");
}

#[test]
fn an_image_aged_exactly_so_many_days_stays_until_the_next_run() {
    let policy = LifecyclePolicy::days(5);
    let tags: [&str; 1] = ["v1"];
    let image = [Candidate { pushed: Time(0), tags: &tags }];
    assert_eq!(policy.acts_on(&image, Time(5 * DAY)), [0usize; 0]);
    assert_eq!(policy.acts_on(&image, Time(5 * DAY + 1)), [0]);
    assert_eq!(policy.acts_on(&image, Time(5 * DAY + HOUR)), [0]);
}

#[test]
fn what_a_higher_rule_takes_still_counts_for_a_lower_one() {
    // The two untagged images go by the first rule, and still fill the second rule's two places (B13).
    let policy = LifecyclePolicy::keep(2).with_untagged_days(1);
    let rows: [Row; 4] = [('A', &["v1"], 9), ('B', &["v2"], 8), ('C', &[], 7), ('D', &[], 6)];
    assert_eq!(acted_on(&policy, &rows), "ABCD");
}

#[test]
fn an_image_that_no_rule_selects_stays() {
    let policy = rules([(prefixes(&["dev"]), Count::MoreThan(1)), (Selection::Untagged, Count::DaysSincePush(1))]);
    let rows: [Row; 3] = [('A', &["prod-1"], 900), ('B', &["dev-1"], 800), ('C', &["dev-2"], 700)];
    assert_eq!(acted_on(&policy, &rows), "B");
}

#[test]
fn a_pattern_matches_the_whole_tag() {
    for (pattern, expected) in
        [("prod*", "AC"), ("*prod*", "ABC"), ("prod", "C"), ("*", "ABC"), ("*-1", "A"), ("p*-*1", "A")]
    {
        let policy = rules([(patterns(&[pattern]), Count::DaysSincePush(1))]);
        let rows: [Row; 4] = [('A', &["prod-1"], 9), ('B', &["pre-prod"], 8), ('C', &["prod"], 7), ('D', &[], 6)];
        assert_eq!(acted_on(&policy, &rows), expected, "{pattern}");
    }
}

#[test]
fn two_patterns_may_be_met_by_two_tags_or_by_one() {
    let policy = rules([(patterns(&["v*", "*-rc*"]), Count::DaysSincePush(1))]);
    let rows: [Row; 3] = [('A', &["v1", "old-rc1"], 9), ('B', &["v2-rc1"], 8), ('C', &["v3"], 7)];
    assert_eq!(acted_on(&policy, &rows), "AB");
}

#[test]
fn a_rule_for_tagged_images_never_takes_untagged_ones() {
    for selection in [prefixes(&[]), patterns(&[]), prefixes(&[""])] {
        let policy = rules([(selection, Count::DaysSincePush(1))]);
        assert_eq!(acted_on(&policy, &[('A', &[], 9), ('B', &["v1"], 8)]), "B");
    }
}

#[test]
fn of_images_pushed_at_one_moment_the_last_to_arrive_is_the_youngest() {
    let rows: [Row; 3] = [('A', &["a"], 1), ('B', &["b"], 1), ('C', &["c"], 1)];
    assert_eq!(acted_on(&LifecyclePolicy::keep(2), &rows), "A");
}

#[test]
fn the_slice_need_not_be_in_order() {
    let rows: [Row; 3] = [('C', &["c"], 1), ('A', &["a"], 3), ('B', &["b"], 2)];
    assert_eq!(acted_on(&LifecyclePolicy::keep(1), &rows), "AB");
}

#[test]
fn rules_count_in_order_of_priority_not_of_writing() {
    let rule = LifecycleRule::expire;
    let policy = LifecyclePolicy::new(vec![
        rule(20, Selection::Any, Count::MoreThan(1)),
        rule(10, prefixes(&["prod"]), Count::MoreThan(100)),
    ]);
    let rows: [Row; 3] = [('A', &["prod-1"], 3), ('B', &["dev-1"], 2), ('C', &["dev-2"], 1)];
    assert_eq!(acted_on(&policy, &rows), "B");
}

#[test]
fn short_forms_have_the_priorities_of_the_manual() {
    let policy = LifecyclePolicy::days(90).with_untagged_days(7);
    let seen: Vec<_> = policy.rules.iter().map(|rule| (rule.priority, rule.selection.clone(), rule.count)).collect();
    let untagged = (1, Selection::Untagged, Count::DaysSincePush(7));
    assert_eq!(seen, [untagged.clone(), (2, Selection::Any, Count::DaysSincePush(90))]);
    let alone = LifecyclePolicy::new(Vec::new()).with_untagged_days(7);
    assert_eq!(
        alone.rules.iter().map(|rule| (rule.priority, rule.selection.clone(), rule.count)).collect::<Vec<_>>(),
        [untagged]
    );
}

#[test]
fn extreme_numbers_do_not_overflow() {
    let rows: [Row; 1] = [('A', &["v1"], 1000)];
    assert_eq!(acted_on(&LifecyclePolicy::days(u32::MAX), &rows), "");
    assert_eq!(acted_on(&LifecyclePolicy::keep(u32::MAX), &rows), "");
    assert_eq!(acted_on(&LifecyclePolicy::new(Vec::new()), &rows), "");
}

/// The service's description, step by step, with no cleverness: each rule marks within the full repository, then the
/// marks are applied by priority, and what a rule's tag selection fits is closed to all rules after it.
fn slow(policy: &LifecyclePolicy, images: &[(i64, Vec<String>)], now: i64) -> Vec<usize> {
    let fits = |rule: &LifecycleRule, index: usize| {
        let tags = &images[index].1;
        match &rule.selection {
            Selection::Any => true,
            Selection::Untagged => tags.is_empty(),
            Selection::Prefixes(list) => {
                !tags.is_empty() && list.iter().all(|prefix| tags.iter().any(|tag| tag.starts_with(prefix.as_str())))
            }
            Selection::Patterns(list) => {
                !tags.is_empty() && list.iter().all(|pattern| tags.iter().any(|tag| pattern.matches(tag)))
            }
        }
    };
    let mut closed = vec![false; images.len()];
    let mut acted = Vec::new();
    for rule in &policy.rules {
        let mut youngest_first: Vec<usize> = (0..images.len()).rev().filter(|&index| fits(rule, index)).collect();
        youngest_first.sort_by_key(|&index| std::cmp::Reverse(images[index].0));
        for (rank, &index) in youngest_first.iter().enumerate() {
            let marked = match rule.count {
                Count::MoreThan(kept) => rank >= kept as usize,
                Count::DaysSincePush(days) => now - images[index].0 > i64::from(days) * DAY,
                Count::DaysSincePull(_) | Count::DaysSinceTransition(_) => unreachable!("not made here"),
            };
            if marked && !closed[index] {
                acted.push(index);
            }
        }
        for index in youngest_first {
            closed[index] = true;
        }
    }
    acted.sort_by_key(|&index| (images[index].0, index));
    acted
}

fn any_policy() -> impl Strategy<Value = LifecyclePolicy> {
    let word = prop::sample::select(vec!["a", "b", "ab", ""]);
    let selection = prop_oneof![
        Just(Selection::Any),
        Just(Selection::Untagged),
        prop::collection::vec(word.clone(), 1..3).prop_map(|list| prefixes(&list)),
        prop::collection::vec(word.prop_map(|word| format!("*{word}*1")), 1..3)
            .prop_map(|list| Selection::Patterns(list.into_iter().map(|p| Patterns(vec![p])).collect())),
    ];
    let count = prop_oneof![(0u32..5).prop_map(Count::MoreThan), (0u32..6).prop_map(Count::DaysSincePush)];
    prop::collection::vec((selection, count), 0..5).prop_map(rules)
}

proptest! {
    #![proptest_config(fixed(1500))]

    #[test]
    fn one_walk_decides_as_the_description_does(
        policy in any_policy(),
        images in prop::collection::vec((0i64..20, prop::collection::vec("[ab]{1,2}[12]", 0..3)), 0..12),
        now in 18i64..26,
    ) {
        // Half-days, so that ties and exact ages happen.
        let images: Vec<(i64, Vec<String>)> =
            images.into_iter().map(|(half_days, tags)| (half_days * DAY / 2, tags)).collect();
        let now = now * DAY / 2;
        let seen: Vec<_> = images.iter().map(|(pushed, tags)| Candidate { pushed: Time(*pushed), tags }).collect();
        prop_assert_eq!(policy.acts_on(&seen, Time(now)), slow(&policy, &images, now));
    }
}
