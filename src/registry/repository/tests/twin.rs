//! The slow twin of a repository: a plain list of images; everything else is worked out from it when asked.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::registry::lifecycle::Candidate;
use crate::registry::lifecycle::tests::slow;
use crate::registry::{LifecycleAction, Patterns, Selection, fixed};
use proptest::prelude::*;

#[derive(Clone, Debug)]
struct Thing {
    image: Arc<Image>,
    pushed: Time,
    restored: Option<Time>,
    archived: Option<Time>,
    recorded: Option<Time>,
    pulled: Option<Time>,
    tags: Vec<String>,
}

impl Thing {
    fn since(&self) -> Time {
        self.restored.unwrap_or(self.pushed)
    }
}

#[derive(Default)]
struct Twin {
    /// In order of age.
    things: Vec<Thing>,
    /// Subjects that were here together with what is about them.
    met: BTreeSet<u32>,
}

impl Twin {
    fn find(&self, image: u32) -> Option<&Thing> {
        self.things.iter().find(|thing| thing.image.id == image)
    }

    fn find_mut(&mut self, image: u32) -> Option<&mut Thing> {
        self.things.iter_mut().find(|thing| thing.image.id == image)
    }

    fn holder(&self, tag: &str) -> Option<u32> {
        self.things.iter().find(|thing| thing.tags.iter().any(|held| held == tag)).map(|thing| thing.image.id)
    }

    fn layers(&self, is_wanted: impl Fn(&Thing) -> bool) -> BTreeMap<u32, u64> {
        let wanted = self.things.iter().filter(|thing| is_wanted(thing));
        wanted.flat_map(|thing| &thing.image.layers).map(|layer| (layer.id, layer.bytes)).collect()
    }

    fn bytes(&self) -> u64 {
        self.layers(|_| true).values().sum()
    }

    fn standard_bytes(&self) -> u64 {
        self.layers(|thing| thing.archived.is_none()).values().sum()
    }

    /// Indexes here that list an image.
    fn indexes<'a>(&'a self, image: u32) -> impl Iterator<Item = &'a Thing> + 'a {
        self.things.iter().filter(move |thing| thing.image.children.iter().any(|child| child.id == image))
    }

    fn needed_by_standard(&self, image: u32) -> bool {
        self.indexes(image).any(|index| index.archived.is_none())
    }

    /// To be called after each step.
    fn settle(&mut self) {
        self.things.sort_by_key(Thing::since);
        let subjects: BTreeSet<u32> = self.things.iter().filter_map(|thing| thing.image.subject).collect();
        let met = subjects.iter().filter(|&&subject| self.find(subject).is_some() || self.met.contains(&subject));
        self.met = met.copied().collect();
    }

    fn store(&mut self, at: Time, image: &Arc<Image>, tag: Option<&str>) -> Stored {
        let before = self.bytes();
        let new_image = self.find(image.id).is_none();
        if new_image {
            self.things.push(Thing {
                image: Arc::clone(image),
                pushed: at,
                restored: None,
                archived: None,
                recorded: None,
                pulled: None,
                tags: Vec::new(),
            });
        }
        let restored = self.restore(at, image.id);
        let mut untagged = None;
        if let Some(tag) = tag.filter(|tag| self.holder(tag) != Some(image.id)) {
            for thing in &mut self.things {
                let had = thing.tags.len();
                thing.tags.retain(|held| held != tag);
                if had > 0 && thing.tags.is_empty() {
                    untagged = Some(thing.image.id);
                }
            }
            self.find_mut(image.id).expect("the image was put in above").tags.push(tag.to_string());
        }
        self.settle();
        Stored { new_image, bytes_added: self.bytes() - before, tag_set: tag.is_some(), untagged, restored }
    }

    fn push(&mut self, at: Time, image: &Arc<Image>, tag: Option<&str>, is_frozen: bool) -> Result<Stored, Refused> {
        if let Some(child) = image.children.iter().find(|child| self.find(child.id).is_none()) {
            return Err(Refused::ChildMissing { child: child.id });
        }
        match tag.and_then(|tag| self.holder(tag)).filter(|&holder| holder != image.id) {
            Some(holder) if is_frozen => Err(Refused::TagTaken { holder }),
            _ => Ok(self.store(at, image, tag)),
        }
    }

    fn receive(&mut self, at: Time, image: &Arc<Image>, tag: Option<&str>, is_frozen: bool) -> Stored {
        let before = self.bytes();
        for child in &image.children {
            if self.find(child.id).is_none() {
                self.store(at, child, None);
            }
        }
        let is_free = |tag: &&str| !is_frozen || self.holder(tag).is_none_or(|holder| holder == image.id);
        let tag = tag.filter(is_free);
        let stored = self.store(at, image, tag);
        Stored { bytes_added: self.bytes() - before, ..stored }
    }

    fn take(&mut self, image: u32) -> Option<Thing> {
        let position = self.things.iter().position(|thing| thing.image.id == image)?;
        let thing = self.things.remove(position);
        self.settle();
        Some(thing)
    }

    fn delete(&mut self, image: u32) -> Result<(), Refused> {
        self.find(image).ok_or(Refused::NoSuchImage)?;
        if self.indexes(image).next().is_some() {
            // Which of several is named is not for this twin to say.
            return Err(Refused::NeededByIndex { index: ANY });
        }
        self.take(image);
        Ok(())
    }

    fn untag(&mut self, tag: &str) -> Result<Untagged, Refused> {
        let image = self.holder(tag).ok_or(Refused::NoSuchTag)?;
        let thing = self.find_mut(image).expect("it holds the tag");
        if thing.tags.len() > 1 {
            thing.tags.retain(|held| held != tag);
            return Ok(Untagged::TagOnly(image));
        }
        self.delete(image).map(|()| Untagged::Image(image))
    }

    fn put_away(&mut self, at: Time, image: u32) {
        let Some(thing) = self.find_mut(image).filter(|thing| thing.archived.is_none()) else { return };
        thing.archived = Some(at);
        for child in Arc::clone(&thing.image).children.iter() {
            if !self.needed_by_standard(child.id) {
                self.put_away(at, child.id);
            }
        }
    }

    fn archive(&mut self, at: Time, image: u32) -> Result<(), Refused> {
        self.find(image).ok_or(Refused::NoSuchImage)?;
        if self.needed_by_standard(image) {
            return Err(Refused::NeededByIndex { index: ANY });
        }
        self.put_away(at, image);
        Ok(())
    }

    /// Whether anything came back.
    fn restore(&mut self, at: Time, image: u32) -> bool {
        let Some(thing) = self.find(image) else { return false };
        let children = Arc::clone(&thing.image);
        let mut back = false;
        for id in children.children.iter().map(|child| child.id).chain([image]) {
            let Some(position) = self.things.iter().position(|thing| thing.image.id == id) else { continue };
            if self.things[position].archived.is_some() {
                let mut thing = self.things.remove(position);
                thing.archived = None;
                thing.restored = Some(at);
                self.things.push(thing);
                back = true;
            }
        }
        self.settle();
        back
    }

    fn try_restore(&mut self, at: Time, image: u32) -> Result<(), Refused> {
        let thing = self.find(image).ok_or(Refused::NoSuchImage)?;
        if let Some(child) = thing.image.children.iter().find(|child| self.find(child.id).is_none()) {
            return Err(Refused::ChildMissing { child: child.id });
        }
        self.restore(at, image);
        Ok(())
    }

    fn remove(&mut self, image: u32) -> Option<u64> {
        let before = self.bytes();
        if self.indexes(image).next().is_some() {
            return None;
        }
        let thing = self.take(image)?;
        for child in &thing.image.children {
            let is_loose = self.find(child.id).is_some_and(|child| child.tags.is_empty());
            if is_loose && self.indexes(child.id).next().is_none() {
                self.take(child.id);
            }
        }
        Some(before - self.bytes())
    }

    fn act(&mut self, now: Time, image: u32, action: LifecycleAction) {
        match action {
            LifecycleAction::Expire => drop(self.take(image)),
            LifecycleAction::Archive => self.put_away(now, image),
        }
    }

    fn apply_lifecycle(&mut self, policy: &LifecyclePolicy, now: Time, lag: Span) -> Vec<(u32, LifecycleAction)> {
        for thing in &mut self.things {
            if let Some(pulled) = thing.pulled
                && thing.recorded.is_none_or(|recorded| pulled.0 - recorded.0 >= lag.0)
            {
                thing.recorded = Some(pulled);
            }
        }
        let candidates: Vec<_> = self
            .things
            .iter()
            .map(|thing| Candidate {
                pushed: thing.pushed,
                restored: thing.restored,
                pulled: thing.recorded,
                archived: thing.archived,
                needed: self.needed_by_standard(thing.image.id),
                tags: thing.tags.as_slice(),
            })
            .collect();
        let acted = slow(policy, &candidates, now);
        let acted: Vec<_> = acted.into_iter().map(|(index, action)| (self.things[index].image.id, action)).collect();
        for &(image, action) in &acted {
            self.act(now, image, action);
        }
        acted
    }

    fn sweep_referrers(&mut self, now: Time) -> Vec<(u32, LifecycleAction)> {
        let due = |thing: &Thing| {
            let subject = thing.image.subject?;
            let action = match self.find(subject) {
                None if self.met.contains(&subject) => LifecycleAction::Expire,
                Some(found) if found.archived.is_some() && thing.archived.is_none() => LifecycleAction::Archive,
                _ => return None,
            };
            (!self.needed_by_standard(thing.image.id)).then_some((thing.image.id, action))
        };
        let acted: Vec<_> = self.things.iter().filter_map(due).collect();
        for &(image, action) in &acted {
            self.act(now, image, action);
        }
        acted
    }
}

/// In place of the index that a refusal names.
const ANY: u32 = u32::MAX;

/// The refusal, with any index named in it forgotten.
fn unnamed<T>(result: Result<T, Refused>) -> Result<T, Refused> {
    result.map_err(|refused| match refused {
        Refused::NeededByIndex { .. } => Refused::NeededByIndex { index: ANY },
        other => other,
    })
}

#[derive(Clone, Debug)]
enum Step {
    Push(usize, Option<usize>),
    Receive(usize, Option<usize>),
    Untag(usize),
    Delete(u32),
    Archive(u32),
    Restore(u32),
    Remove(u32),
    Pull(u32),
    Lifecycle,
    Sweep,
}

/// Images 0 to 5 are plain, 6 and 7 are indexes, 8 and 9 are about others.
const IMAGES: u32 = 10;
const TAGS: [&str; 5] = ["v1", "v2", "latest", "beta-test", "x"];

fn steps() -> impl Strategy<Value = Vec<(Step, i64)>> {
    let tag = || prop::option::weighted(0.8, 0usize..TAGS.len());
    let step = prop_oneof![
        6 => (0usize..10, tag()).prop_map(|(image, tag)| Step::Push(image, tag)),
        6 => (0usize..10, tag()).prop_map(|(image, tag)| Step::Receive(image, tag)),
        1 => (0usize..TAGS.len()).prop_map(Step::Untag),
        1 => (0..IMAGES).prop_map(Step::Delete),
        3 => (0..IMAGES).prop_map(Step::Archive),
        2 => (0..IMAGES).prop_map(Step::Restore),
        1 => (0..IMAGES).prop_map(Step::Remove),
        3 => (0..IMAGES).prop_map(Step::Pull),
        3 => Just(Step::Lifecycle),
        2 => Just(Step::Sweep),
    ];
    prop::collection::vec((step, 0i64..5), 1..70)
}

fn policies() -> impl Strategy<Value = Option<LifecyclePolicy>> {
    let rule = LifecycleRule::expire;
    let archive = |priority, selection, count| LifecycleRule {
        action: LifecycleAction::Archive,
        ..LifecycleRule::expire(priority, selection, count)
    };
    let cold = |priority, days| LifecycleRule {
        class: StorageClass::Archive,
        ..LifecycleRule::expire(priority, Selection::Any, Count::DaysSinceTransition(days))
    };
    let tagged = || Selection::Prefixes(vec!["v".into()]);
    prop::sample::select(vec![
        None,
        Some(LifecyclePolicy::keep(2)),
        Some(LifecyclePolicy::days(4)),
        Some(LifecyclePolicy::keep(3).with_untagged_days(1)),
        Some(LifecyclePolicy::new(vec![
            rule(1, tagged(), Count::MoreThan(1)),
            rule(2, Selection::Untagged, Count::MoreThan(1)),
            rule(3, Selection::Patterns(vec![Patterns(vec!["*t".into()])]), Count::DaysSincePush(5)),
        ])),
        Some(LifecyclePolicy::new(vec![archive(1, Selection::Any, Count::DaysSincePull(3)), cold(2, 4)])),
        Some(LifecyclePolicy::new(vec![
            archive(1, tagged(), Count::MoreThan(1)),
            archive(2, Selection::Any, Count::DaysSincePull(6)),
            cold(3, 2),
        ])),
        Some(LifecyclePolicy::new(vec![
            archive(1, tagged(), Count::DaysSincePush(3)),
            rule(2, Selection::Any, Count::DaysSincePush(8)),
        ])),
    ])
}

/// Shapes of the plain images, children of the indexes, subjects of the others.
fn images(shapes: &[BTreeSet<u32>], children: &[BTreeSet<u32>], subjects: &[u32]) -> Vec<Arc<Image>> {
    let mut all: Vec<Arc<Image>> = Vec::new();
    for (id, shape) in (0..).zip(shapes) {
        let layers: Vec<_> = shape.iter().map(|&layer| (layer, 1 << layer)).collect();
        all.push(image(id, &layers));
    }
    for children in children {
        all.push(index(all.len() as u32, children.iter().map(|&child| &all[child as usize])));
    }
    for &subject in subjects {
        all.push(about(all.len() as u32, subject));
    }
    all
}

proptest! {
    #![proptest_config(fixed(600))]

    #[test]
    fn it_does_what_its_slow_twin_does(
        steps in steps(),
        policy in policies(),
        shapes in prop::collection::vec(prop::collection::btree_set(0u32..10, 0..5), 6),
        children in prop::collection::vec(prop::collection::btree_set(0u32..6, 1..3), 2),
        subjects in prop::collection::vec(0u32..9, 2),
        immutable in any::<bool>(),
        except in any::<bool>(),
        // In a third of the cases the repository holds plain images alone, as most do.
        variety in 0u8..3,
        lag in 0i64..3,
    ) {
        let images = images(&shapes, &children, &subjects);
        let except = if except { Patterns(vec!["*t*".into()]) } else { Patterns(Vec::new()) };
        let mutability = Mutability { immutable, except };
        let mut repository = Repository::new(mutability.clone(), policy.clone());
        repository.watch_layers();
        let mut twin = Twin::default();
        let lag = Span(lag * DAY);
        let mut watched: BTreeMap<u32, u64> = BTreeMap::new();
        let mut now = Time(0);
        for (step, half_days) in steps {
            now.0 += half_days * DAY / 2;
            let before = repository.bytes(StorageClass::Standard) + repository.bytes(StorageClass::Archive);
            let mut added = 0;
            match step {
                Step::Push(image, tag) => {
                    let image = &images[if variety == 0 { image % 6 } else { image }];
                    let tag = tag.map(|tag| TAGS[tag]);
                    let frozen = tag.is_some_and(|tag| mutability.freezes(tag));
                    let expected = twin.push(now, image, tag, frozen);
                    added = expected.map_or(0, |stored| stored.bytes_added);
                    prop_assert_eq!(repository.push(now, image, tag), expected);
                }
                Step::Receive(image, tag) => {
                    let image = &images[if variety == 0 { image % 6 } else { image }];
                    let tag = tag.map(|tag| TAGS[tag]);
                    let missing: u64 = missing(&repository, image).values().sum();
                    let frozen = tag.is_some_and(|tag| mutability.freezes(tag));
                    let expected = twin.receive(now, image, tag, frozen);
                    added = expected.bytes_added;
                    let is_whole = image.children.iter().all(|child| repository.contains(child.id));
                    prop_assert!(missing == added || (repository.contains(image.id) && is_whole), "{missing} {added}");
                    prop_assert_eq!(repository.receive(now, image, tag), expected);
                }
                Step::Untag(tag) => prop_assert_eq!(unnamed(repository.untag(TAGS[tag])), twin.untag(TAGS[tag])),
                Step::Delete(image) => prop_assert_eq!(unnamed(repository.delete(image)), twin.delete(image)),
                Step::Archive(image) => {
                    if variety > 0 {
                        prop_assert_eq!(unnamed(repository.archive(now, image)), twin.archive(now, image));
                    }
                }
                Step::Restore(image) => {
                    prop_assert_eq!(unnamed(repository.restore(now, image)), twin.try_restore(now, image));
                }
                Step::Remove(image) => prop_assert_eq!(repository.remove(image), twin.remove(image)),
                Step::Pull(image) => {
                    repository.record_pull(image, now);
                    if let Some(thing) = twin.find_mut(image) {
                        thing.pulled = Some(now);
                    }
                }
                Step::Lifecycle => {
                    let expected = policy.as_ref().map(|policy| twin.apply_lifecycle(policy, now, lag));
                    let mut acted = Vec::new();
                    repository.apply_lifecycle(now, lag, &mut acted);
                    prop_assert_eq!(summary(&acted), expected.unwrap_or_default());
                }
                Step::Sweep => {
                    let mut acted = Vec::new();
                    repository.sweep_referrers(now, &mut acted);
                    let mut acted = summary(&acted);
                    acted.sort_by_key(|acted| acted.0);
                    let mut expected = twin.sweep_referrers(now);
                    expected.sort_by_key(|acted| acted.0);
                    prop_assert_eq!(acted, expected);
                }
            }
            // Bytes are those of the distinct layers, and no more come than are said to.
            let (standard, archive) = (repository.bytes(StorageClass::Standard), repository.bytes(StorageClass::Archive));
            prop_assert_eq!(standard, twin.standard_bytes());
            prop_assert_eq!(standard + archive, twin.bytes());
            prop_assert!(standard + archive <= before + added);
            for (layer, came) in repository.take_layer_changes() {
                prop_assert_eq!(if came { watched.insert(layer.id, layer.bytes) } else { None }, None);
                prop_assert!(came || watched.remove(&layer.id).is_some());
            }
            prop_assert_eq!(&watched, &twin.layers(|thing| thing.archived.is_none()));
            // Everything that can be seen from outside.
            prop_assert_eq!(repository.is_empty(), twin.things.is_empty());
            let seen: Vec<(u32, Time, Vec<String>)> = repository.images()
                .map(|(image, at, tags)| (image.id, at, tags.iter().map(|tag| tag.to_string()).collect()))
                .collect();
            let expected: Vec<_> =
                twin.things.iter().map(|thing| (thing.image.id, thing.pushed, thing.tags.clone())).collect();
            prop_assert_eq!(&seen, &expected);
            let all: Vec<&str> = seen.iter().flat_map(|(_, _, tags)| tags).map(String::as_str).collect();
            prop_assert_eq!(all.len(), all.iter().collect::<BTreeSet<_>>().len(), "a tag on two images");
            for tag in TAGS {
                prop_assert_eq!(repository.holder(tag).map(|image| image.id), twin.holder(tag));
            }
            for id in 0..IMAGES {
                let thing = twin.find(id);
                prop_assert_eq!(repository.contains(id), thing.is_some());
                prop_assert_eq!(repository.image(id).is_some(), thing.is_some());
                prop_assert_eq!(repository.pushed_at(id), thing.map(|thing| thing.pushed));
                prop_assert_eq!(repository.archived_at(id), thing.and_then(|thing| thing.archived));
                prop_assert_eq!(repository.can_pull(id), thing.is_some_and(|thing| thing.archived.is_none()));
                let is_index = |thing: &&Thing| thing.archived.is_none() && !thing.image.children.is_empty();
                if let Some(whole) = thing.filter(is_index) {
                    prop_assert!(whole.image.children.iter().all(|child| repository.can_pull(child.id)));
                }
            }
            let referrers = twin.things.iter().filter(|thing| thing.image.subject.is_some()).count();
            prop_assert_eq!(repository.has_referrers(), referrers > 0);
            for layer in 0..10 {
                prop_assert_eq!(repository.has_layer(layer), twin.layers(|_| true).contains_key(&layer));
            }
        }
    }
}
