//! The service's published examples, cases by hand, and the slow twin of the evaluation.

use super::super::{Patterns, fixed};
use super::*;
use crate::units::HOUR;
use proptest::prelude::*;

/// An image for a test: its name, its tags, its age in days.
type Row = (char, &'static [&'static str], i64);

/// Some moment to count ages back from.
const NOW: Time = Time(1000 * DAY);

fn ago(days: i64) -> Time {
    Time(NOW.0 - days * DAY)
}

/// Names of the images that a policy acts on, oldest first; rows of equal age stand in order of arrival.
fn acted_on(policy: &LifecyclePolicy, rows: &[Row]) -> String {
    let images: Vec<_> = rows.iter().map(|&(_, tags, age)| Candidate::new(ago(age), tags)).collect();
    policy.acts_on(&images, NOW).into_iter().map(|(index, _)| rows[index].0).collect()
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
fn o11_an_image_aged_exactly_so_many_days_stays_until_the_next_run() {
    let policy = LifecyclePolicy::days(5);
    let tags: [&str; 1] = ["v1"];
    let image = [Candidate::new(Time(0), &tags)];
    assert_eq!(policy.acts_on(&image, Time(5 * DAY)), []);
    assert_eq!(policy.acts_on(&image, Time(5 * DAY + 1)), [(0, LifecycleAction::Expire)]);
    assert_eq!(policy.acts_on(&image, Time(5 * DAY + HOUR)), [(0, LifecycleAction::Expire)]);
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

/// A rule of priority 1 for all images of a class.
fn any_of(class: StorageClass, count: Count, action: LifecycleAction) -> LifecyclePolicy {
    LifecyclePolicy::new(vec![LifecycleRule { priority: 1, selection: Selection::Any, class, count, action }])
}

/// Positions of the images acted on.
fn positions(policy: &LifecyclePolicy, images: &[Candidate<'_, &str>]) -> Vec<usize> {
    policy.acts_on(images, NOW).into_iter().map(|(index, _)| index).collect()
}

#[test]
fn b5_counts_and_ages_since_the_push_can_archive_too() {
    for (count, expected) in [(Count::MoreThan(1), 0), (Count::DaysSincePush(5), 0)] {
        let policy = any_of(StorageClass::Standard, count, LifecycleAction::Archive);
        let images = [Candidate::<&str>::new(ago(9), &[]), Candidate::new(ago(1), &[])];
        assert_eq!(policy.acts_on(&images, NOW), [(expected, LifecycleAction::Archive)], "{count:?}");
    }
}

#[test]
fn b17_the_last_pull_counts_then_the_restore_then_the_push() {
    let policy = any_of(StorageClass::Standard, Count::DaysSincePull(30), LifecycleAction::Archive);
    // (pushed, restored, pulled) in days ago, and whether it is archived.
    for (pushed, restored, pulled, acted) in [
        (31, None, None, true),
        (30, None, None, false),
        (400, None, Some(31), true),
        (400, None, Some(29), false),
        (400, Some(31), None, true),
        (400, Some(29), None, false),
        (400, Some(29), Some(200), false),
        (400, Some(200), Some(29), false),
        (400, Some(200), Some(31), true),
    ] {
        let image = Candidate {
            restored: restored.map(ago),
            pulled: pulled.map(ago),
            ..Candidate::<&str>::new(ago(pushed), &[])
        };
        let expected: &[usize] = if acted { &[0] } else { &[] };
        assert_eq!(positions(&policy, &[image]), expected, "{pushed} {restored:?} {pulled:?}");
    }
}

#[test]
fn b18_days_in_the_archive_count_from_the_transition() {
    let policy = any_of(StorageClass::Archive, Count::DaysSinceTransition(90), LifecycleAction::Expire);
    let archived = |days| Candidate { archived: Some(ago(days)), ..Candidate::<&str>::new(ago(900), &[]) };
    let images = [archived(89), archived(90), archived(91), Candidate::new(ago(900), &[])];
    assert_eq!(positions(&policy, &images), [2]);
}

#[test]
fn b4_a_rule_sees_and_counts_only_its_own_storage_class() {
    let policy = any_of(StorageClass::Standard, Count::MoreThan(1), LifecycleAction::Expire);
    let archived = Candidate { archived: Some(ago(1)), ..Candidate::<&str>::new(ago(3), &[]) };
    assert_eq!(positions(&policy, &[archived, Candidate::new(ago(2), &[])]), [0usize; 0]);
    assert_eq!(positions(&policy, &[archived, Candidate::new(ago(2), &[]), Candidate::new(ago(1), &[])]), [1]);
}

#[test]
fn b12_a_rule_closes_images_only_within_its_class() {
    // Two rules for untagged images, one for each class: neither hides the other's.
    let rule = |priority, class, count, action| LifecycleRule {
        priority,
        selection: Selection::Untagged,
        class,
        count,
        action,
    };
    let policy = LifecyclePolicy::new(vec![
        rule(1, StorageClass::Standard, Count::DaysSincePush(30), LifecycleAction::Archive),
        rule(2, StorageClass::Archive, Count::DaysSinceTransition(90), LifecycleAction::Expire),
    ]);
    let archived = Candidate { archived: Some(ago(100)), ..Candidate::<&str>::new(ago(200), &[]) };
    let acted = policy.acts_on(&[archived, Candidate::new(ago(31), &[])], NOW);
    assert_eq!(acted, [(0, LifecycleAction::Expire), (1, LifecycleAction::Archive)]);
}

#[test]
fn b19_a_restored_image_is_ranked_by_its_restore_and_aged_by_its_push() {
    let restored = Candidate { restored: Some(ago(1)), ..Candidate::<&str>::new(ago(100), &[]) };
    let images = [restored, Candidate::new(ago(50), &[])];
    assert_eq!(positions(&LifecyclePolicy::keep(1), &images), [1]);
    assert_eq!(positions(&LifecyclePolicy::days(60), &images), [0]);
    assert_eq!(positions(&LifecyclePolicy::days(10), &images), [1, 0], "the order of age is that of the restore");
}

#[test]
fn b20_o10_a_needed_image_counts_and_stays() {
    let needed = |days| Candidate { needed: true, ..Candidate::<&str>::new(ago(days), &[]) };
    // The two needed ones fill the rule's two places.
    let images = [Candidate::new(ago(9), &[]), needed(2), needed(1)];
    assert_eq!(positions(&LifecyclePolicy::keep(2), &images), [0]);
    // Beyond the count they stay all the same.
    let images = [needed(9), needed(8), Candidate::new(ago(1), &[])];
    assert_eq!(positions(&LifecyclePolicy::keep(1), &images), [0usize; 0]);
    assert_eq!(positions(&LifecyclePolicy::days(5), &images), [0usize; 0]);
}

/// The service's description, step by step, with no cleverness: each rule marks within the full repository, then the
/// marks are applied by priority, and what a rule's tag selection fits is closed to all rules after it. The images stand
/// in order of age.
pub(in crate::registry) fn slow(
    policy: &LifecyclePolicy,
    images: &[Candidate<'_, String>],
    now: Time,
) -> Vec<(usize, LifecycleAction)> {
    let fits = |rule: &LifecycleRule, image: &Candidate<'_, String>| {
        let tags = image.tags;
        let is_archived = image.archived.is_some();
        is_archived == (rule.class == StorageClass::Archive)
            && match &rule.selection {
                Selection::Any => true,
                Selection::Untagged => tags.is_empty(),
                Selection::Prefixes(list) => {
                    !tags.is_empty()
                        && list.iter().all(|prefix| tags.iter().any(|tag| tag.starts_with(prefix.as_str())))
                }
                Selection::Patterns(list) => {
                    !tags.is_empty() && list.iter().all(|pattern| tags.iter().any(|tag| pattern.matches(tag)))
                }
            }
    };
    let days_ago = |since: Time, days: u32| now.0 - since.0 > i64::from(days) * DAY;
    let mut closed = vec![false; images.len()];
    let mut acted = Vec::new();
    for rule in &policy.rules {
        let youngest_first = (0..images.len()).rev().filter(|&index| fits(rule, &images[index]));
        for (rank, index) in youngest_first.enumerate() {
            let image = &images[index];
            let marked = match rule.count {
                Count::MoreThan(kept) => rank >= kept as usize,
                Count::DaysSincePush(days) => days_ago(image.pushed, days),
                Count::DaysSincePull(days) => {
                    let last_use = [image.pulled, image.restored, Some(image.pushed)].into_iter().flatten().max();
                    last_use.is_some_and(|last_use| days_ago(last_use, days))
                }
                Count::DaysSinceTransition(days) => image.archived.is_some_and(|at| days_ago(at, days)),
            };
            if marked && !closed[index] && !image.needed {
                acted.push((index, rule.action));
            }
            closed[index] = true;
        }
    }
    acted.sort_by_key(|&(index, _)| index);
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
    let count = prop_oneof![
        (0u32..5).prop_map(Count::MoreThan),
        (0u32..6).prop_map(Count::DaysSincePush),
        (0u32..6).prop_map(Count::DaysSincePull),
        (0u32..6).prop_map(Count::DaysSinceTransition),
    ];
    let class = prop::sample::select(vec![StorageClass::Standard, StorageClass::Standard, StorageClass::Archive]);
    let action = prop::sample::select(vec![LifecycleAction::Expire, LifecycleAction::Archive]);
    prop::collection::vec((selection, class, count, action), 0..5).prop_map(|rules| {
        let rule = |(index, (selection, class, count, action))| LifecycleRule {
            priority: index as u32 + 1,
            selection,
            class,
            count,
            action,
        };
        LifecyclePolicy::new(rules.into_iter().enumerate().map(rule).collect())
    })
}

/// Half-days ago, so that ties and exact ages happen.
fn moment(half_days: i64) -> Time {
    Time(NOW.0 - half_days * DAY / 2)
}

proptest! {
    #![proptest_config(fixed(1500))]

    #[test]
    fn one_walk_decides_as_the_description_does(
        policy in any_policy(),
        images in prop::collection::vec(
            (0i64..20, prop::collection::vec("[ab]{1,2}[12]", 0..3), prop::option::weighted(0.2, 0i64..20),
             prop::option::weighted(0.3, 0i64..20), prop::option::weighted(0.3, 0i64..20), prop::bool::weighted(0.2)),
            0..12,
        ),
    ) {
        let mut seen: Vec<_> = images.iter().map(|(pushed, tags, restored, pulled, archived, needed)| {
            let since_push = |half_days: &i64| moment(*half_days.min(pushed));
            Candidate {
                pushed: moment(*pushed),
                restored: restored.as_ref().map(since_push),
                pulled: pulled.as_ref().map(since_push),
                archived: archived.as_ref().map(since_push),
                needed: *needed,
                tags: tags.as_slice(),
            }
        }).collect();
        seen.sort_by_key(|image| image.restored.unwrap_or(image.pushed));
        prop_assert_eq!(policy.acts_on(&seen, NOW), slow(&policy, &seen, NOW));
    }
}
