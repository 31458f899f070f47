//! Indexes and their children (A23, A77, B20).

use super::*;
use crate::registry::Selection;

/// Two platforms that share a layer, and their index (10).
fn platforms() -> (Arc<Image>, Arc<Image>, Arc<Image>) {
    let (amd, arm) = (image(1, &[(1, 50), (2, 100)]), image(2, &[(1, 50), (3, 30)]));
    let both = index(10, [&amd, &arm]);
    (amd, arm, both)
}

/// A repository with a copy of that index under a tag.
fn copied(policy: Option<LifecyclePolicy>) -> Repository {
    let mut repository = Repository::new(Mutability::mutable(), policy);
    repository.receive(day(0), &platforms().2, "v1");
    repository
}

#[test]
fn a23_an_index_is_pushed_after_its_children() {
    let (amd, arm, both) = platforms();
    let mut repository = plain();
    assert_eq!(repository.push(day(0), &both, "v1"), Err(Refused::ChildMissing { child: 1 }));
    repository.push(day(0), &amd, None).unwrap();
    assert_eq!(repository.push(day(0), &both, "v1"), Err(Refused::ChildMissing { child: 2 }));
    assert!(repository.holder("v1").is_none());
    repository.push(day(0), &arm, None).unwrap();
    let stored = repository.push(day(0), &both, "v1");
    assert_eq!(stored.map(|stored| (stored.new_image, stored.bytes_added)), Ok((true, 0)));
}

#[test]
fn a23_a_copy_of_an_index_brings_its_children_untagged() {
    let (amd, _, both) = platforms();
    let mut repository = plain();
    let missing = |repository: &Repository| missing(repository, &both).into_keys().collect::<Vec<_>>();
    assert_eq!(missing(&repository), [1, 2, 3], "each once");
    repository.push(day(0), &amd, "amd").unwrap();
    assert_eq!(missing(&repository), [3]);
    let stored = repository.receive(day(1), &both, "v1");
    assert_eq!((stored.new_image, stored.bytes_added), (true, 30));
    assert_eq!(ids(&repository), [1, 2, 10]);
    assert_eq!(tags_of(&repository, 1), ["amd"]);
    assert!(tags_of(&repository, 2).is_empty());
    assert_eq!(repository.pushed_at(2), Some(day(1)));
    // A77: billed are the distinct layers of all children, not those of the largest.
    assert_eq!(repository.stored_bytes(), 180);
    assert_eq!(missing(&repository), [0u32; 0]);
}

#[test]
fn b20_a_child_is_not_deleted_while_its_index_is_here() {
    let mut repository = copied(None);
    repository.receive(day(0), &platforms().0, "amd");
    assert_eq!(repository.delete(1), Err(Refused::NeededByIndex { index: 10 }));
    assert_eq!(repository.untag("amd"), Err(Refused::NeededByIndex { index: 10 }));
    assert_eq!(repository.archive(day(1), 1), Err(Refused::NeededByIndex { index: 10 }));
    assert_eq!(repository.remove(1), None);
    assert_eq!(ids(&repository), [1, 2, 10]);
    assert_eq!(tags_of(&repository, 1), ["amd"]);
    // An archived index holds its children against a deletion too: the manifest still names them.
    repository.archive(day(1), 10).unwrap();
    assert_eq!(repository.delete(2), Err(Refused::NeededByIndex { index: 10 }));
    repository.delete(10).unwrap();
    assert_eq!(repository.delete(2), Ok(()));
}

#[test]
fn deleting_an_index_leaves_its_children_untagged() {
    for by_tag in [true, false] {
        let mut repository = copied(None);
        if by_tag {
            assert_eq!(repository.untag("v1"), Ok(Untagged::Image(10)));
        } else {
            repository.delete(10).unwrap();
        }
        assert_eq!(ids(&repository), [1, 2]);
        assert_eq!(repository.stored_bytes(), 180);
    }
}

#[test]
fn b20_an_untagged_rule_spares_children_until_the_index_is_gone() {
    let mut repository = copied(Some(LifecyclePolicy::keep(9).with_untagged_days(1)));
    assert_eq!(expired(&mut repository, day(30)), [0u32; 0]);
    repository.delete(10).unwrap();
    assert_eq!(expired(&mut repository, day(31)), [1, 2]);
}

#[test]
fn b20_children_of_an_index_that_expires_go_at_the_next_run() {
    let mut repository = copied(Some(LifecyclePolicy::days(5)));
    assert_eq!(expired(&mut repository, day(6)), [10]);
    assert_eq!(expired(&mut repository, day(7)), [1, 2]);
    assert!(repository.is_empty());
}

#[test]
fn o10_protected_children_fill_places_of_a_count() {
    let mut repository = copied(Some(LifecyclePolicy::keep(3)));
    repository.receive(day(1), &image(4, &[]), "v2");
    // Four images; the two oldest are children, so nothing can go.
    assert_eq!(expired(&mut repository, day(2)), [0u32; 0]);
    repository.receive(day(2), &image(5, &[]), "v3");
    repository.receive(day(3), &image(6, &[]), "v4");
    assert_eq!(expired(&mut repository, day(4)), [10], "the three youngest stay, the children are safe for now");
    assert_eq!(expired(&mut repository, day(5)), [1, 2]);
}

#[test]
fn an_index_takes_its_children_into_the_archive_and_back() {
    let mut repository = copied(None);
    repository.archive(day(3), 10).unwrap();
    for id in [1, 2, 10] {
        assert_eq!(repository.archived_at(id), Some(day(3)));
        assert!(!repository.can_pull(id) && repository.contains(id));
    }
    assert_eq!((repository.stored_bytes(), repository.bytes(StorageClass::Archive)), (0, 180));
    repository.restore(day(9), 10).unwrap();
    assert!([1, 2, 10].iter().all(|&id| repository.can_pull(id)));
    assert_eq!((repository.stored_bytes(), repository.bytes(StorageClass::Archive)), (180, 0));
}

#[test]
fn a_child_that_another_standard_index_needs_stays() {
    let (amd, _, _) = platforms();
    let mut repository = copied(None);
    repository.receive(day(1), &index(11, [&amd]), "amd-only");
    repository.archive(day(2), 10).unwrap();
    assert!(repository.can_pull(1) && !repository.can_pull(2));
    assert_eq!((repository.stored_bytes(), repository.bytes(StorageClass::Archive)), (150, 30));
    // With the second index archived the child has nobody left, and follows.
    repository.archive(day(3), 11).unwrap();
    assert_eq!(repository.archived_at(1), Some(day(3)));
    // One index back brings the child back, and nothing of the other.
    repository.restore(day(4), 11).unwrap();
    assert!(repository.can_pull(1) && !repository.can_pull(2) && !repository.can_pull(10));
}

#[test]
fn an_archived_index_that_lost_a_child_must_come_again() {
    let policy = LifecyclePolicy::new(vec![LifecycleRule {
        class: StorageClass::Archive,
        ..LifecycleRule::expire(1, Selection::Untagged, Count::DaysSinceTransition(90))
    }]);
    let mut repository = copied(Some(policy));
    repository.archive(day(0), 10).unwrap();
    // B20: the index is archived, so its untagged children are no longer safe.
    assert_eq!(expired(&mut repository, day(91)), [1, 2]);
    assert_eq!(repository.restore(day(92), 10), Err(Refused::ChildMissing { child: 1 }));
    let (_, _, both) = platforms();
    assert_eq!(repository.push(day(92), &both, "v1"), Err(Refused::ChildMissing { child: 1 }));
    let stored = repository.receive(day(93), &both, "v1");
    assert!(stored.restored && !stored.new_image);
    assert_eq!(stored.bytes_added, 180);
    assert!([1, 2, 10].iter().all(|&id| repository.can_pull(id)));
}

#[test]
fn a_clean_up_job_takes_an_index_with_its_loose_children() {
    let (amd, arm, _) = platforms();
    let mut repository = copied(None);
    assert_eq!(repository.remove(10), Some(180));
    assert!(repository.is_empty());
    let mut repository = copied(None);
    repository.receive(day(1), &amd, "amd");
    assert_eq!(repository.remove(10), Some(30), "a tagged child stays");
    let mut repository = copied(None);
    repository.receive(day(1), &index(11, [&arm]), "arm-only");
    assert_eq!(repository.remove(10), Some(100), "so does a child of another index");
    assert_eq!(ids(&repository), [2, 11]);
}
