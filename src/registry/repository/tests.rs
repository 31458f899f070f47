//! Cases by hand, and the slow twin of a repository.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{Patterns, Selection, fixed};
use super::*;
use crate::registry::{Count, LifecycleRule};
use crate::units::DAY;
use proptest::prelude::*;

fn image(id: u32, layers: &[(u32, u64)]) -> Arc<Image> {
    let layers = layers.iter().map(|&(id, bytes)| Layer { id, bytes }).collect();
    Arc::new(Image::new(id, layers, 2.6))
}

fn day(days: i64) -> Time {
    Time(days * DAY)
}

fn tags_of(repository: &Repository, image: u32) -> Vec<String> {
    let found = repository.images().find(|(held, _, _)| held.id == image);
    found.map(|(_, _, tags)| tags.iter().map(|tag| tag.to_string()).collect()).unwrap_or_default()
}

fn expired(repository: &mut Repository, now: Time) -> Vec<(u32, u64)> {
    let mut gone = Vec::new();
    repository.expire(now, &mut gone);
    gone
}

#[test]
fn versions_share_layers_and_the_last_one_frees_them() {
    let mut repository = Repository::new(Mutability::mutable(), None);
    let first = image(1, &[(10, 100), (11, 40)]);
    let second = image(2, &[(10, 100), (12, 50)]);
    assert_eq!(repository.push(day(0), &first, "v1").map(|stored| stored.bytes_added), Ok(140));
    assert_eq!(repository.missing(&second).collect::<Vec<_>>(), [Layer { id: 12, bytes: 50 }]);
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
    assert_eq!(stored, Stored { new_image: false, bytes_added: 0, tag_set: true, untagged: None });
    assert_eq!(tags_of(&repository, 1), ["v1", "stable"]);
    assert_eq!(repository.images().map(|(_, pushed, _)| pushed).collect::<Vec<_>>(), [day(0)]);
    assert_eq!(expired(&mut repository, day(6)), [(1, 100)]);
}

#[test]
fn a_moved_tag_leaves_the_old_image_untagged() {
    let mut repository = Repository::new(Mutability::mutable(), None);
    repository.receive(day(0), &image(1, &[(10, 100)]), "latest");
    let stored = repository.receive(day(1), &image(2, &[(11, 10)]), "latest");
    assert_eq!(stored, Stored { new_image: true, bytes_added: 10, tag_set: true, untagged: Some(1) });
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
        let again = Stored { new_image: false, bytes_added: 0, tag_set: true, untagged: None };
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
    assert_eq!(stored, Stored { new_image: true, bytes_added: 10, tag_set: false, untagged: None });
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
    assert_eq!(expired(&mut repository, day(2)), []);
    assert_eq!(expired(&mut repository, day(3)), [(2, 10)]);
}

#[test]
fn keep_counts_from_the_youngest_arrival() {
    let mut repository = Repository::new(Mutability::mutable(), Some(LifecyclePolicy::keep(2)));
    for id in 1..=4 {
        repository.receive(day(i64::from(id)), &image(id, &[(id, 10), (99, 5)]), format!("v{id}").as_str());
    }
    let mut gone = vec![(0, 0)];
    repository.expire(day(5), &mut gone);
    assert_eq!(gone, [(0, 0), (1, 10), (2, 10)]);
    assert_eq!(expired(&mut repository, day(6)), []);
    assert_eq!(repository.stored_bytes(), 25);
}

/// A repository kept as a plain list; everything else is worked out from it when asked.
#[derive(Default)]
struct Twin {
    images: Vec<(Arc<Image>, Time, Vec<String>)>,
}

impl Twin {
    fn layers(&self) -> BTreeMap<u32, u64> {
        self.images.iter().flat_map(|(image, _, _)| &image.layers).map(|layer| (layer.id, layer.bytes)).collect()
    }

    fn bytes(&self) -> u64 {
        self.layers().values().sum()
    }

    fn position(&self, image: u32) -> Option<usize> {
        self.images.iter().position(|held| held.0.id == image)
    }

    fn holder(&self, tag: &str) -> Option<u32> {
        self.images.iter().find(|held| held.2.iter().any(|held| held == tag)).map(|held| held.0.id)
    }

    fn store(&mut self, at: Time, image: &Arc<Image>, tag: &str, movable: bool) -> Stored {
        let before = self.bytes();
        let new_image = self.position(image.id).is_none();
        if new_image {
            self.images.push((Arc::clone(image), at, Vec::new()));
            self.images.sort_by_key(|held| held.1);
        }
        let holder = self.holder(tag).filter(|&holder| holder != image.id);
        let tag_set = movable || holder.is_none();
        let mut untagged = None;
        if tag_set && self.holder(tag).is_none_or(|holder| holder != image.id) {
            for held in &mut self.images {
                let had = held.2.len();
                held.2.retain(|held| held != tag);
                if had > 0 && held.2.is_empty() {
                    untagged = Some(held.0.id);
                }
            }
            let position = self.position(image.id).expect("the image was put in above");
            self.images[position].2.push(tag.to_string());
        }
        Stored { new_image, bytes_added: self.bytes() - before, tag_set, untagged }
    }

    fn remove(&mut self, image: u32) -> Option<u64> {
        let before = self.bytes();
        self.images.remove(self.position(image)?);
        Some(before - self.bytes())
    }

    fn expire(&mut self, policy: &LifecyclePolicy, now: Time) -> Vec<(u32, u64)> {
        let seen: Vec<_> = self.images.iter().map(|(_, pushed, tags)| Candidate { pushed: *pushed, tags }).collect();
        let doomed: Vec<u32> = policy.acts_on(&seen, now).into_iter().map(|index| self.images[index].0.id).collect();
        doomed.into_iter().map(|id| (id, self.remove(id).unwrap_or_default())).collect()
    }
}

#[derive(Clone, Debug)]
enum Step {
    Push(usize, usize),
    Receive(usize, usize),
    Remove(usize),
    Expire,
}

fn steps() -> impl Strategy<Value = Vec<(Step, i64)>> {
    let step = prop_oneof![
        3 => (0usize..8, 0usize..5).prop_map(|(image, tag)| Step::Push(image, tag)),
        4 => (0usize..8, 0usize..5).prop_map(|(image, tag)| Step::Receive(image, tag)),
        1 => (0usize..8).prop_map(Step::Remove),
        2 => Just(Step::Expire),
    ];
    prop::collection::vec((step, 0i64..3), 1..60)
}

fn policies() -> impl Strategy<Value = Option<LifecyclePolicy>> {
    let rule = LifecycleRule::expire;
    let tagged = Selection::Prefixes(vec!["v".into()]);
    prop::sample::select(vec![
        None,
        Some(LifecyclePolicy::keep(2)),
        Some(LifecyclePolicy::days(4)),
        Some(LifecyclePolicy::keep(3).with_untagged_days(1)),
        Some(LifecyclePolicy::days(6).with_untagged_days(2)),
        Some(LifecyclePolicy::new(vec![
            rule(1, tagged, Count::MoreThan(1)),
            rule(2, Selection::Untagged, Count::MoreThan(1)),
            rule(3, Selection::Patterns(vec![Patterns(vec!["*t".into()])]), Count::DaysSincePush(5)),
        ])),
    ])
}

proptest! {
    #![proptest_config(fixed(400))]

    #[test]
    fn it_does_what_its_slow_twin_does(
        steps in steps(),
        policy in policies(),
        shapes in prop::collection::vec(prop::collection::btree_set(0u32..10, 0..5), 8),
        immutable in any::<bool>(),
        except in any::<bool>(),
    ) {
        let tags = ["v1", "v2", "latest", "beta-test", "x"];
        let images: Vec<Arc<Image>> = shapes.iter().enumerate().map(|(id, shape)| {
            let layers: Vec<_> = shape.iter().map(|&layer| (layer, 1 << layer)).collect();
            image(id as u32, &layers)
        }).collect();
        let except = if except { Patterns(vec!["*t*".into()]) } else { Patterns(Vec::new()) };
        let mutability = Mutability { immutable, except };
        let mut repository = Repository::new(mutability.clone(), policy.clone());
        let mut twin = Twin::default();
        let (mut added, mut freed) = (0, 0);
        let mut now = Time(0);
        for (step, days) in steps {
            now.0 += days * DAY;
            match step {
                Step::Push(image, tag) => {
                    let (image, tag) = (&images[image], tags[tag]);
                    let holder = twin.holder(tag).filter(|&holder| holder != image.id);
                    match (holder, mutability.freezes(tag)) {
                        (Some(holder), true) => {
                            prop_assert_eq!(repository.push(now, image, tag), Err(Refused::TagTaken { holder }));
                        }
                        _ => {
                            let stored = twin.store(now, image, tag, true);
                            added += stored.bytes_added;
                            prop_assert_eq!(repository.push(now, image, tag), Ok(stored));
                        }
                    }
                }
                Step::Receive(image, tag) => {
                    let (image, tag) = (&images[image], tags[tag]);
                    let missing: u64 = repository.missing(image).map(|layer| layer.bytes).sum();
                    let stored = twin.store(now, image, tag, !mutability.freezes(tag));
                    added += stored.bytes_added;
                    prop_assert_eq!(missing, stored.bytes_added);
                    prop_assert_eq!(repository.receive(now, image, tag), stored);
                }
                Step::Remove(image) => {
                    let expected = twin.remove(image as u32);
                    freed += expected.unwrap_or_default();
                    prop_assert_eq!(repository.remove(image as u32), expected);
                }
                Step::Expire => {
                    let expected = policy.as_ref().map(|policy| twin.expire(policy, now)).unwrap_or_default();
                    freed += expected.iter().map(|(_, bytes)| bytes).sum::<u64>();
                    prop_assert_eq!(expired(&mut repository, now), expected);
                }
            }
            // Everything that can be seen from outside.
            prop_assert_eq!(repository.stored_bytes(), twin.bytes());
            prop_assert_eq!(added - freed, repository.stored_bytes());
            prop_assert_eq!(repository.is_empty(), twin.images.is_empty());
            let seen: Vec<_> = repository.images()
                .map(|(image, at, tags)| (Arc::clone(image), at, tags.iter().map(|tag| tag.to_string()).collect()))
                .collect();
            prop_assert_eq!(&seen, &twin.images);
            let all: Vec<&str> = seen.iter().flat_map(|(_, _, tags)| tags).map(String::as_str).collect();
            prop_assert_eq!(all.len(), all.iter().collect::<BTreeSet<_>>().len(), "a tag on two images");
            for tag in tags {
                prop_assert_eq!(repository.holder(tag).map(|image| image.id), twin.holder(tag));
            }
            for id in 0..images.len() as u32 {
                prop_assert_eq!(repository.contains(id), twin.position(id).is_some());
                prop_assert_eq!(repository.image(id).is_some(), repository.contains(id));
                prop_assert_eq!(repository.pushed_at(id), twin.position(id).map(|position| twin.images[position].1));
            }
            for layer in 0..10 {
                prop_assert_eq!(repository.has_layer(layer), twin.layers().contains_key(&layer));
            }
        }
    }
}
