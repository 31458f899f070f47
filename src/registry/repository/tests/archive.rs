//! The archive: what it does to pulls, bytes and ages (A17, A47, A48, B4, B17 to B19, C3 to C6).

use super::*;
use crate::registry::Selection;
use crate::units::HOUR;

/// A rule that archives all images.
fn archives(count: Count) -> LifecycleRule {
    LifecycleRule { action: LifecycleAction::Archive, ..LifecycleRule::expire(1, Selection::Any, count) }
}

/// A rule that expires what has been so many days in the archive.
fn clears(days: u32) -> LifecycleRule {
    LifecycleRule {
        class: StorageClass::Archive,
        ..LifecycleRule::expire(2, Selection::Any, Count::DaysSinceTransition(days))
    }
}

/// Standard and archived bytes.
fn bytes(repository: &Repository) -> (u64, u64) {
    (repository.bytes(StorageClass::Standard), repository.bytes(StorageClass::Archive))
}

#[test]
fn c6_an_archived_image_is_here_with_its_tags_and_cannot_be_pulled() {
    let mut repository = plain();
    repository.push(day(0), &image(1, &[(1, 100)]), "v1").unwrap();
    assert_eq!(repository.class(1), Some(StorageClass::Standard));
    assert_eq!(repository.archive(day(1), 1), Ok(()));
    assert_eq!(repository.class(1), Some(StorageClass::Archive));
    assert!(repository.contains(1) && !repository.can_pull(1));
    assert_eq!(repository.holder("v1").map(|image| image.id), Some(1));
    assert_eq!(repository.pushed_at(1), Some(day(0)));
    // Archiving again changes nothing, least of all since when.
    assert_eq!(repository.archive(day(5), 1), Ok(()));
    assert_eq!(repository.archived_at(1), Some(day(1)));
    assert_eq!(repository.restore(day(6), 1), Ok(()));
    assert!(repository.can_pull(1) && repository.archived_at(1).is_none());
    assert_eq!(repository.restore(day(7), 1), Ok(()));
    for refused in [repository.archive(day(8), 9), repository.restore(day(8), 9)] {
        assert_eq!(refused, Err(Refused::NoSuchImage));
    }
    assert_eq!((repository.class(9), repository.can_pull(9)), (None, false));
}

#[test]
fn c3_a_layer_is_archived_when_only_archived_images_need_it() {
    let mut repository = plain();
    repository.push(day(0), &image(1, &[(1, 100), (2, 10)]), "v1").unwrap();
    repository.push(day(0), &image(2, &[(1, 100), (3, 1)]), "v2").unwrap();
    assert_eq!(bytes(&repository), (111, 0));
    repository.archive(day(1), 1).unwrap();
    assert_eq!(bytes(&repository), (101, 10));
    repository.archive(day(1), 2).unwrap();
    assert_eq!(bytes(&repository), (0, 111));
    // A new image on an archived layer makes that layer standard, and need not bring it.
    let third = image(3, &[(1, 100), (4, 1000)]);
    assert!(repository.has_layer(1));
    assert_eq!(missing(&repository, &third).into_keys().collect::<Vec<_>>(), [4]);
    assert_eq!(repository.push(day(2), &third, "v3").map(|stored| stored.bytes_added), Ok(1000));
    assert_eq!(bytes(&repository), (1100, 11));
    repository.restore(day(3), 2).unwrap();
    assert_eq!(bytes(&repository), (1101, 10));
    repository.delete(1).unwrap();
    assert_eq!(bytes(&repository), (1101, 0));
    assert_eq!(repository.remove(3), Some(1000));
    assert_eq!(bytes(&repository), (101, 0));
}

#[test]
fn c6_a48_a_push_or_a_copy_of_an_archived_image_restores_it() {
    for is_copy in [false, true] {
        for tag in [Some("v1"), Some("other"), None] {
            let mut repository = plain();
            let only = image(1, &[(1, 100)]);
            repository.push(day(0), &only, "v1").unwrap();
            repository.archive(day(1), 1).unwrap();
            let stored = if is_copy {
                repository.receive(day(2), &only, tag)
            } else {
                repository.push(day(2), &only, tag).unwrap()
            };
            let tag_set = tag.is_some();
            let expected = Stored { new_image: false, bytes_added: 0, tag_set, untagged: None, restored: true };
            assert_eq!(stored, expected);
            assert!(repository.can_pull(1));
            assert_eq!(repository.pushed_at(1), Some(day(0)));
        }
    }
}

#[test]
fn c6_a_refused_push_restores_nothing() {
    let mut repository = Repository::new(Mutability::immutable(), None);
    repository.push(day(0), &image(1, &[]), "v1").unwrap();
    repository.push(day(0), &image(2, &[]), "v2").unwrap();
    repository.archive(day(1), 1).unwrap();
    assert_eq!(repository.push(day(2), &image(1, &[]), "v2"), Err(Refused::TagTaken { holder: 2 }));
    assert!(!repository.can_pull(1));
    // An archived image goes on holding its tags.
    assert_eq!(repository.push(day(2), &image(2, &[]), "v1"), Err(Refused::TagTaken { holder: 1 }));
}

#[test]
fn a_tag_may_move_off_an_archived_image() {
    let mut repository = plain();
    repository.push(day(0), &image(1, &[]), "latest").unwrap();
    repository.archive(day(1), 1).unwrap();
    let stored = repository.push(day(2), &image(2, &[]), "latest").unwrap();
    assert_eq!((stored.untagged, stored.restored), (Some(1), false));
    assert!(!repository.can_pull(1));
    assert_eq!(repository.untag("latest"), Ok(Untagged::Image(2)));
}

#[test]
fn c5_a_client_may_delete_from_the_archive_at_any_time() {
    let mut repository = plain();
    repository.push(day(0), &image(1, &[(1, 100)]), "v1").unwrap();
    repository.archive(day(0), 1).unwrap();
    assert_eq!(repository.delete(1), Ok(()));
    assert_eq!(bytes(&repository), (0, 0));
    assert_eq!(repository.archived_at(1), None);
    // It is a new image when it comes again, and not archived.
    assert!(repository.push(day(1), &image(1, &[(1, 100)]), "v1").is_ok_and(|stored| stored.new_image));
    assert!(repository.can_pull(1));
}

#[test]
fn b5_b18_an_image_is_archived_by_age_and_expires_by_its_time_there() {
    let policy = LifecyclePolicy::new(vec![archives(Count::DaysSincePush(30)), clears(90)]);
    let mut repository = with_policy(policy);
    repository.receive(day(0), &image(1, &[(1, 100)]), "v1");
    assert_eq!(run(&mut repository, day(30)), []);
    assert_eq!(run(&mut repository, day(31)), [(1, LifecycleAction::Archive)]);
    assert_eq!(bytes(&repository), (0, 100));
    assert_eq!(run(&mut repository, day(121)), []);
    assert_eq!(run(&mut repository, Time(121 * DAY + HOUR)), [(1, LifecycleAction::Expire)]);
    assert_eq!(bytes(&repository), (0, 0));
}

#[test]
fn b17_an_image_that_nobody_pulls_is_archived() {
    let mut repository = with_policy(LifecyclePolicy::new(vec![archives(Count::DaysSincePull(10))]));
    for id in 1..=2 {
        repository.receive(day(0), &image(id, &[]), format!("v{id}").as_str());
    }
    repository.record_pull(2, day(8));
    // A pull of what is not here leaves nothing behind.
    repository.record_pull(3, day(99));
    repository.receive(day(8), &image(3, &[]), "v3");
    assert_eq!(run(&mut repository, day(11)), [(1, LifecycleAction::Archive)]);
    assert_eq!(run(&mut repository, day(18)), []);
    assert_eq!(run(&mut repository, day(19)), [(2, LifecycleAction::Archive), (3, LifecycleAction::Archive)]);
    // Restored and not pulled since, it counts from the restore.
    repository.restore(day(20), 1).unwrap();
    assert_eq!(run(&mut repository, day(30)), []);
    assert_eq!(run(&mut repository, day(31)), [(1, LifecycleAction::Archive)]);
}

#[test]
fn b23_a_recorded_pull_lags_behind_frequent_ones() {
    let mut repository = with_policy(LifecyclePolicy::new(vec![archives(Count::DaysSincePull(1))]));
    repository.receive(day(0), &image(1, &[]), "v1");
    repository.record_pull(1, day(1));
    assert_eq!(run(&mut repository, day(1)), []);
    // 23 hours later is too soon to be recorded, so a run sees the older pull.
    repository.record_pull(1, Time(day(1).0 + 23 * HOUR));
    let late = Time(day(2).0 + HOUR);
    let acted = |mut repository: Repository, lag| {
        let mut acted = Vec::new();
        repository.apply_lifecycle(late, lag, &mut acted);
        acted.len()
    };
    assert_eq!(acted(repository.clone(), Span(DAY)), 1);
    assert_eq!(acted(repository.clone(), Span(23 * HOUR)), 0);
    assert_eq!(acted(repository, Span(0)), 0);
}

#[test]
fn b19_a_restored_image_is_the_youngest_of_all() {
    let mut repository = with_policy(LifecyclePolicy::keep(2));
    for id in 1..=3 {
        repository.receive(day(i64::from(id)), &image(id, &[]), format!("v{id}").as_str());
    }
    repository.archive(day(4), 1).unwrap();
    // Archived images are not counted: two are left.
    assert_eq!(run(&mut repository, day(5)), []);
    repository.restore(day(6), 1).unwrap();
    assert_eq!(ids(&repository), [2, 3, 1]);
    assert_eq!(repository.images().map(|(_, pushed, _)| pushed).collect::<Vec<_>>(), [day(2), day(3), day(1)]);
    assert_eq!(run(&mut repository, day(7)), [(2, LifecycleAction::Expire)]);
}

#[test]
fn b16_b19_the_age_of_a_restored_image_is_that_of_its_push() {
    let mut repository = with_policy(LifecyclePolicy::new(vec![archives(Count::DaysSincePush(30))]));
    repository.receive(day(0), &image(1, &[]), "v1");
    assert_eq!(run(&mut repository, day(31)), [(1, LifecycleAction::Archive)]);
    repository.restore(day(40), 1).unwrap();
    assert_eq!(run(&mut repository, day(41)), [(1, LifecycleAction::Archive)]);
    repository.restore(day(50), 1).unwrap();
    assert_eq!(repository.pushed_at(1), Some(day(0)), "twice restored, once pushed");
}

#[test]
fn b4_standard_rules_leave_archived_images_alone() {
    let mut repository = with_policy(LifecyclePolicy::days(5).with_untagged_days(1));
    repository.receive(day(0), &image(1, &[]), "v1");
    repository.receive(day(0), &image(2, &[]), None);
    repository.archive(day(0), 1).unwrap();
    repository.archive(day(0), 2).unwrap();
    assert_eq!(run(&mut repository, day(400)), []);
}

#[test]
fn a_run_that_archives_an_index_takes_its_children_unlisted() {
    let policy = LifecyclePolicy::new(vec![LifecycleRule {
        action: LifecycleAction::Archive,
        ..LifecycleRule::expire(1, Selection::Prefixes(vec!["v".into()]), Count::DaysSincePush(5))
    }]);
    let mut repository = with_policy(policy);
    let child = image(1, &[(1, 100)]);
    repository.receive(day(0), &index(2, [&child]), "v1");
    assert_eq!(run(&mut repository, day(6)), [(2, LifecycleAction::Archive)]);
    assert_eq!(repository.archived_at(1), Some(day(6)));
    assert_eq!(bytes(&repository), (0, 100));
}
