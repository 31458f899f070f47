//! Signatures and SBOMs follow their subject (A24, B21).

use super::*;

fn swept(repository: &mut Repository, now: Time) -> Vec<(u32, LifecycleAction)> {
    let mut acted = Vec::new();
    repository.sweep_referrers(now, &mut acted);
    summary(&acted)
}

/// An image (1) and its signature (2).
fn signed() -> Repository {
    let mut repository = plain();
    repository.push(day(0), &image(1, &[(1, 100)]), "v1").unwrap();
    repository.push(day(0), &about(2, 1), None).unwrap();
    repository
}

#[test]
fn b21_a_signature_is_removed_after_its_subject() {
    let mut repository = signed();
    assert!(repository.has_referrers());
    assert_eq!(swept(&mut repository, day(1)), []);
    repository.delete(1).unwrap();
    assert_eq!(ids(&repository), [2]);
    assert_eq!(swept(&mut repository, day(2)), [(2, LifecycleAction::Expire)]);
    assert!(repository.is_empty() && !repository.has_referrers());
    assert_eq!(repository.stored_bytes(), 0);
}

#[test]
fn b21_a_signature_is_archived_after_its_subject() {
    let mut repository = signed();
    repository.archive(day(1), 1).unwrap();
    assert_eq!(swept(&mut repository, day(2)), [(2, LifecycleAction::Archive)]);
    assert_eq!(repository.archived_at(2), Some(day(2)));
    assert_eq!(swept(&mut repository, day(3)), []);
    // Only the subject was asked for.
    repository.restore(day(4), 1).unwrap();
    assert!(repository.can_pull(1) && !repository.can_pull(2));
    assert_eq!(swept(&mut repository, day(5)), []);
    // From the archive it is removed like any other.
    repository.delete(1).unwrap();
    assert_eq!(swept(&mut repository, day(6)), [(2, LifecycleAction::Expire)]);
}

#[test]
fn a24_a_signature_may_come_before_its_subject() {
    let mut repository = plain();
    repository.receive(day(0), &about(2, 1), None);
    assert_eq!(swept(&mut repository, day(1)), [], "the subject is not gone, it has not come");
    repository.receive(day(2), &image(1, &[]), "v1");
    assert_eq!(swept(&mut repository, day(3)), []);
    repository.delete(1).unwrap();
    assert_eq!(swept(&mut repository, day(4)), [(2, LifecycleAction::Expire)]);
}

#[test]
fn b21_what_is_about_a_referrer_goes_at_the_next_sweep() {
    let mut repository = signed();
    repository.push(day(0), &about(3, 2), None).unwrap();
    repository.delete(1).unwrap();
    assert_eq!(swept(&mut repository, day(1)), [(2, LifecycleAction::Expire)]);
    assert_eq!(swept(&mut repository, day(2)), [(3, LifecycleAction::Expire)]);
}

#[test]
fn b20_b21_a_referrer_that_an_index_needs_stays() {
    let mut repository = signed();
    repository.push(day(0), &index(3, [&about(2, 1)]), "bundle").unwrap();
    repository.delete(1).unwrap();
    assert_eq!(swept(&mut repository, day(1)), []);
    repository.delete(3).unwrap();
    assert_eq!(swept(&mut repository, day(2)), [(2, LifecycleAction::Expire)]);
}
