//! Cases by hand, by subject, and the slow twin of a repository.

use std::collections::BTreeMap;

use super::*;
use crate::registry::{LifecycleAction, Patterns};
use crate::units::{DAY, Span};

mod archive;
mod index;
mod referrers;
mod twin;

fn image(id: u32, layers: &[(u32, u64)]) -> Arc<Image> {
    let layers = layers.iter().map(|&(id, bytes)| Layer { id, bytes }).collect();
    Arc::new(Image::new(id, layers, 2.6))
}

/// Layers of an image and of its children that are not stored, each once, with their bytes.
fn missing(repository: &Repository, image: &Image) -> BTreeMap<u32, u64> {
    let all = std::iter::once(image).chain(image.children.iter().map(AsRef::as_ref));
    let layers = all.flat_map(|part| part.layers.iter()).filter(|layer| !repository.has_layer(layer.id));
    layers.map(|layer| (layer.id, layer.bytes)).collect()
}

/// An index of these images.
fn index<'a>(id: u32, children: impl IntoIterator<Item = &'a Arc<Image>>) -> Arc<Image> {
    let children = children.into_iter().cloned().collect();
    Arc::new(Image { children, ..Image::new(id, Vec::new(), 2.6) })
}

/// A signature of an image.
fn about(id: u32, subject: u32) -> Arc<Image> {
    let layers = vec![Layer { id: 100 + id, bytes: 3 }];
    Arc::new(Image { subject: Some(subject), ..Image::new(id, layers, 1.0) })
}

fn day(days: i64) -> Time {
    Time(days * DAY)
}

/// A mutable repository with this policy.
fn with_policy(policy: LifecyclePolicy) -> Repository {
    Repository::new(Mutability::mutable(), Some(policy))
}

fn plain() -> Repository {
    Repository::new(Mutability::mutable(), None)
}

fn tags_of(repository: &Repository, image: u32) -> Vec<String> {
    let found = repository.images().find(|(held, _, _)| held.id == image);
    found.map(|(_, _, tags)| tags.iter().map(|tag| tag.to_string()).collect()).unwrap_or_default()
}

/// Ids of images, and what was done with them.
fn summary(acted: &[Acted]) -> Vec<(u32, LifecycleAction)> {
    acted.iter().map(|acted| (acted.image.id, acted.action)).collect()
}

/// Runs the lifecycle policy; images that it expired, in order.
fn expired(repository: &mut Repository, now: Time) -> Vec<u32> {
    let acted = run(repository, now);
    assert!(acted.iter().all(|acted| acted.1 == LifecycleAction::Expire));
    acted.into_iter().map(|acted| acted.0).collect()
}

/// Runs the lifecycle policy.
fn run(repository: &mut Repository, now: Time) -> Vec<(u32, LifecycleAction)> {
    let mut acted = Vec::new();
    repository.apply_lifecycle(now, Span(DAY), &mut acted);
    summary(&acted)
}

/// Ids of the images here, oldest first.
fn ids(repository: &Repository) -> Vec<u32> {
    repository.images().map(|(image, _, _)| image.id).collect()
}

#[test]
fn versions_share_layers_and_the_last_one_frees_them() {
    let mut repository = Repository::new(Mutability::mutable(), None);
    let first = image(1, &[(10, 100), (11, 40)]);
    let second = image(2, &[(10, 100), (12, 50)]);
    assert_eq!(repository.push(day(0), &first, "v1").map(|stored| stored.bytes_added), Ok(140));
    assert_eq!(missing(&repository, &second), BTreeMap::from([(12, 50)]));
    assert_eq!(repository.push(day(1), &second, "v2").map(|stored| stored.bytes_added), Ok(50));
    assert_eq!(repository.stored_bytes(), 190);
    assert_eq!(repository.remove(1), Some(40));
    assert!(repository.has_layer(10) && !repository.has_layer(11));
    assert_eq!(repository.remove(1), None);
    assert_eq!(repository.remove(2), Some(150));
    assert!(repository.is_empty());
    assert_eq!(repository.stored_bytes(), 0);
}

#[test]
fn another_tag_moves_no_bytes_and_keeps_the_age() {
    let mut repository = Repository::new(Mutability::mutable(), Some(LifecyclePolicy::days(5)));
    let only = image(1, &[(10, 100)]);
    repository.receive(day(0), &only, "v1");
    let stored = repository.receive(day(4), &only, "stable");
    assert_eq!(stored, Stored { new_image: false, bytes_added: 0, tag_set: true, untagged: None, restored: false });
    assert_eq!(tags_of(&repository, 1), ["v1", "stable"]);
    assert_eq!(repository.images().map(|(_, pushed, _)| pushed).collect::<Vec<_>>(), [day(0)]);
    assert_eq!(expired(&mut repository, day(6)), [1]);
}

#[test]
fn a_moved_tag_leaves_the_old_image_untagged() {
    let mut repository = Repository::new(Mutability::mutable(), None);
    repository.receive(day(0), &image(1, &[(10, 100)]), "latest");
    let stored = repository.receive(day(1), &image(2, &[(11, 10)]), "latest");
    assert_eq!(stored, Stored { new_image: true, bytes_added: 10, tag_set: true, untagged: Some(1), restored: false });
    assert_eq!(repository.holder("latest").map(|image| image.id), Some(2));
    assert!(repository.contains(1) && tags_of(&repository, 1).is_empty());
    // With a further tag the old image is not untagged.
    repository.receive(day(2), &image(2, &[(11, 10)]), "v2");
    assert_eq!(repository.receive(day(3), &image(3, &[(12, 1)]), "latest").untagged, None);
    assert_eq!(tags_of(&repository, 2), ["v2"]);
}

#[test]
fn pushing_the_same_again_changes_nothing() {
    for mutability in [Mutability::mutable(), Mutability::immutable()] {
        let mut repository = Repository::new(mutability, None);
        let only = image(1, &[(10, 100)]);
        repository.receive(day(0), &only, "v1");
        let again = Stored { new_image: false, bytes_added: 0, tag_set: true, untagged: None, restored: false };
        assert_eq!(repository.push(day(1), &only, "v1"), Ok(again));
        assert_eq!(tags_of(&repository, 1), ["v1"]);
    }
}

#[test]
fn an_immutable_tag_refuses_a_push_and_drops_from_a_copy() {
    let mut repository = Repository::new(Mutability::immutable(), None);
    let (first, second) = (image(1, &[(10, 100)]), image(2, &[(11, 10)]));
    repository.receive(day(0), &first, "v1");
    assert_eq!(repository.push(day(1), &second, "v1"), Err(Refused::TagTaken { holder: 1 }));
    assert!(!repository.contains(2));
    assert_eq!(repository.stored_bytes(), 100);
    let stored = repository.receive(day(1), &second, "v1");
    assert_eq!(stored, Stored { new_image: true, bytes_added: 10, tag_set: false, untagged: None, restored: false });
    assert_eq!(repository.holder("v1").map(|image| image.id), Some(1));
    assert!(tags_of(&repository, 2).is_empty());
    // The tag is free again when its image is gone.
    repository.remove(1);
    assert_eq!(repository.push(day(2), &second, "v1").map(|stored| stored.tag_set), Ok(true));
}

#[test]
fn exceptions_turn_mutability_round() {
    let except = Patterns(vec!["latest*".into()]);
    for (immutable, latest, v1) in [(true, true, false), (false, false, true)] {
        let mut repository = Repository::new(Mutability { immutable, except: except.clone() }, None);
        repository.receive(day(0), &image(1, &[]), "latest");
        repository.receive(day(0), &image(1, &[]), "v1");
        assert_eq!(repository.receive(day(1), &image(2, &[]), "latest").tag_set, latest);
        assert_eq!(repository.receive(day(1), &image(2, &[]), "v1").tag_set, v1);
    }
}

#[test]
fn a_dropped_tag_can_cost_the_image() {
    // A26: the copy arrives untagged, and the rule for untagged images takes it.
    let policy = LifecyclePolicy::keep(10).with_untagged_days(1);
    let mut repository = Repository::new(Mutability::immutable(), Some(policy));
    repository.receive(day(0), &image(1, &[(10, 100)]), "v1");
    repository.receive(day(1), &image(2, &[(11, 10)]), "v1");
    assert_eq!(expired(&mut repository, day(2)), [0u32; 0]);
    assert_eq!(expired(&mut repository, day(3)), [2]);
}

#[test]
fn keep_counts_from_the_youngest_arrival() {
    let mut repository = Repository::new(Mutability::mutable(), Some(LifecyclePolicy::keep(2)));
    for id in 1..=4 {
        repository.receive(day(i64::from(id)), &image(id, &[(id, 10), (99, 5)]), format!("v{id}").as_str());
    }
    assert_eq!(expired(&mut repository, day(5)), [1, 2]);
    assert_eq!(expired(&mut repository, day(6)), [0u32; 0]);
    assert_eq!(repository.stored_bytes(), 25);
}

#[test]
fn what_a_run_acted_on_comes_with_its_tags_after_what_was_there() {
    let mut repository = with_policy(LifecyclePolicy::days(1));
    let only = image(1, &[(10, 100)]);
    repository.receive(day(0), &only, "v1");
    repository.receive(day(0), &only, "latest");
    let mut acted = Vec::new();
    repository.apply_lifecycle(day(2), Span(DAY), &mut acted);
    repository.push(day(2), &only, "v1").unwrap();
    repository.apply_lifecycle(day(4), Span(DAY), &mut acted);
    let tags: Vec<Vec<&str>> = acted.iter().map(|acted| acted.tags.iter().map(Tag::as_str).collect()).collect();
    assert_eq!(tags, [vec!["v1", "latest"], vec!["v1"]]);
    assert!(acted.iter().all(|acted| Arc::ptr_eq(&acted.image, &only)));
}

#[test]
fn a42_one_of_several_tags_can_be_taken_away() {
    let mut repository = plain();
    repository.receive(day(0), &image(1, &[(10, 100)]), "v1");
    repository.receive(day(0), &image(1, &[(10, 100)]), "latest");
    assert_eq!(repository.untag("v1"), Ok(Untagged::TagOnly(1)));
    assert_eq!(tags_of(&repository, 1), ["latest"]);
    assert_eq!(repository.untag("v1"), Err(Refused::NoSuchTag));
}

#[test]
fn a43_the_image_goes_with_its_last_tag() {
    let mut repository = plain();
    repository.receive(day(0), &image(1, &[(10, 100)]), "v1");
    assert_eq!(repository.untag("v1"), Ok(Untagged::Image(1)));
    assert!(repository.is_empty() && repository.stored_bytes() == 0);
    assert_eq!(repository.untag("v1"), Err(Refused::NoSuchTag));
}

#[test]
fn a44_a_delete_by_digest_takes_all_tags() {
    let mut repository = Repository::new(Mutability::immutable(), None);
    for tag in ["v1", "v2", "v3"] {
        repository.receive(day(0), &image(1, &[(10, 100)]), tag);
    }
    assert_eq!(repository.delete(1), Ok(()));
    assert_eq!(repository.delete(1), Err(Refused::NoSuchImage));
    assert!(["v1", "v2", "v3"].iter().all(|tag| repository.holder(tag).is_none()));
    // A49: it stays deleted until it comes again, and then its age counts anew.
    assert!(repository.push(day(9), &image(1, &[(10, 100)]), "v2").is_ok_and(|stored| stored.new_image));
    assert_eq!(repository.pushed_at(1), Some(day(9)));
}

#[test]
fn a_push_without_a_tag_stores_the_image_untagged() {
    let mut repository = with_policy(LifecyclePolicy::keep(9).with_untagged_days(1));
    let stored = repository.push(day(0), &image(1, &[(10, 100)]), None);
    let expected = Stored { new_image: true, bytes_added: 100, tag_set: false, untagged: None, restored: false };
    assert_eq!(stored, Ok(expected));
    assert_eq!(expired(&mut repository, day(2)), [1]);
}

#[test]
fn b24_the_age_counts_from_the_arrival_here() {
    let (mut home, mut replica) = (with_policy(LifecyclePolicy::days(5)), with_policy(LifecyclePolicy::days(5)));
    home.push(day(0), &image(1, &[]), "v1").unwrap();
    replica.receive(day(3), &image(1, &[]), "v1");
    assert_eq!(expired(&mut home, day(6)), [1]);
    assert_eq!(expired(&mut replica, day(8)), [0u32; 0]);
    assert_eq!(expired(&mut replica, Time(8 * DAY + 1)), [1]);
}

#[test]
fn a74_changes_of_standard_layers_are_handed_out_once() {
    let mut repository = plain();
    repository.receive(day(0), &image(1, &[(9, 1)]), "v1");
    assert_eq!(repository.take_layer_changes(), []);
    repository.watch_layers();
    let (old, new) = (Layer { id: 10, bytes: 100 }, Layer { id: 11, bytes: 10 });
    repository.receive(day(0), &image(2, &[(9, 1), (10, 100)]), "v2");
    repository.receive(day(1), &image(3, &[(10, 100), (11, 10)]), "v3");
    assert_eq!(repository.take_layer_changes(), [(old, true), (new, true)]);
    repository.archive(day(2), 3).unwrap();
    repository.delete(2).unwrap();
    assert_eq!(repository.take_layer_changes(), [(new, false), (old, false)]);
    assert_eq!(repository.take_layer_changes(), []);
}
