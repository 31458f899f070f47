//! Copies in the twin: which bytes move, what arrives.

use std::collections::BTreeMap;
use std::sync::Arc;

use replisim::engine::Cause;
use replisim::engine::journal::{CopyKind, Copying};
use replisim::registry::{CreatedBy, Image};
use replisim::units::Time;

use super::replay::Twin;

impl Twin<'_> {
    fn in_period(&self, at: Time) -> bool {
        at >= Time::START && at < self.model.calendar.end
    }

    /// The layers of an image that are not at the destination of a copy (A75, A76).
    fn missing(&self, copy: &Copying) -> BTreeMap<u32, u64> {
        let mut missing = all_layers(&copy.image);
        let shelf = self.shelves.get(&(copy.to, copy.repository));
        if let Some(shelf) = shelf {
            let (standard, archive) = (shelf.standard(), shelf.archive());
            missing.retain(|layer, _| !standard.contains_key(layer) && !archive.contains_key(layer));
        }
        let mounting = |registry: usize| self.model.registries[registry].blob_mounting;
        let mounts = copy.kind != CopyKind::Fetch && shelf.is_none_or(|shelf| shelf.mounts);
        if mounts && mounting(usize::from(copy.from.0)) && mounting(usize::from(copy.to.0)) {
            let others = self.shelves.iter().filter(|((registry, _), other)| *registry == copy.to && other.mounts);
            let there: BTreeMap<u32, u64> = others.flat_map(|(_, other)| other.standard()).collect();
            missing.retain(|layer, _| !there.contains_key(layer));
        }
        missing
    }

    pub(super) fn copy_begun(&mut self, copy: &Arc<Copying>, bytes: u64) {
        let Some(under) = self.copies.get(&copy.id) else {
            return self.check(false, || format!("begun and never ordered: {}", brief(copy)));
        };
        let to = self.shelves.get(&(copy.to, copy.repository));
        let held = to.is_some_and(|shelf| shelf.images.contains_key(&copy.image.id));
        let source = self.shelves[&(copy.from, copy.repository)].can_pull(copy.image.id);
        let mut own = under.layers.clone();
        let again = under.begun.is_some();
        if !again {
            let lone = copy.kind == CopyKind::Fetch && self.caches.iter().any(|cache| !cache.share_fetch);
            let same = |other: &&super::replay::Under| {
                let other = &other.copy;
                other.id != copy.id && (other.to, other.repository) == (copy.to, copy.repository)
            };
            let others: Vec<_> = self.copies.values().filter(same).filter(|other| other.begun.is_some()).collect();
            let follows = held || others.iter().any(|other| other.copy.image.id == copy.image.id);
            own = self.missing(copy);
            if !lone {
                own.retain(|layer, _| !follows && !others.iter().any(|other| other.layers.contains_key(layer)));
            }
        }
        let now = self.now;
        self.check(held || source || again, || format!("nothing to copy from: {}", brief(copy)));
        let sum = own.values().sum::<u64>();
        self.check(sum == bytes, || format!("{bytes} B begin to move, not {sum} (A76): {}", brief(copy)));
        if let Some(under) = self.copies.get_mut(&copy.id) {
            (under.begun, under.layers) = (Some(now), own);
        }
    }

    pub(super) fn copy_moved(&mut self, copy: &Arc<Copying>, bytes: u64, cut: bool) {
        let Some(under) = self.copies.get(&copy.id) else { return };
        let own = under.layers.values().sum::<u64>();
        let again = self.model.service.retry_moves_bytes_again;
        let right = match (cut, again) {
            (true, _) => bytes <= own,
            (false, false) => bytes == own,
            (false, true) => own == 0 && bytes == 0 || own > 0 && bytes >= own && bytes.is_multiple_of(own),
        };
        let begun = under.begun.unwrap_or(Time::NEVER);
        if !cut {
            let layers: Vec<u32> = under.layers.keys().copied().collect();
            let moved = layers.into_iter().map(|layer| ((copy.to, copy.repository, layer), self.now));
            self.moved.extend(moved);
        }
        let cloud = &self.model.cloud;
        let (from, to) = (cloud.registry(copy.from), cloud.registry(copy.to));
        let runner = copy.runner.map_or(from, |runner| cloud.registry(runner));
        self.books.copied(runner.account, (runner.region, to.region), bytes, begun);
        self.check(right, || format!("{bytes} B moved of {own}: {}", brief(copy)));
    }

    pub(super) fn copy_arrived(&mut self, copy: &Arc<Copying>, tag_set: bool, new_image: bool) {
        let Some(under) = self.copies.remove(&copy.id) else {
            return self.check(false, || format!("arrived and never ordered: {}", brief(copy)));
        };
        let begun = under.begun.unwrap_or(Time::NEVER);
        self.arrived += u64::from(self.in_period(begun));
        self.backfilled.0 += u64::from(copy.kind == CopyKind::Backfill);
        let at = (copy.to, copy.repository);
        let by = if copy.kind == CopyKind::Fetch { CreatedBy::Cache } else { CreatedBy::Replication };
        let is_there = self.shelves.contains_key(&at);
        if !is_there {
            return self.check(false, || format!("arrived where nothing was made by {by:?}: {}", brief(copy)));
        }
        let missing = self.missing(copy);
        let unmoved: Vec<u32> = missing
            .into_keys()
            .filter(|layer| self.moved.get(&(at.0, at.1, *layer)).is_none_or(|moved| *moved < under.ordered))
            .collect();
        self.check(unmoved.is_empty(), || format!("layers {unmoved:?} come from nowhere: {}", brief(copy)));
        if self.model.service.copy_counts_as_pull
            && let Some(source) = self.shelves.get_mut(&(copy.from, copy.repository))
        {
            source.note_pull(copy.image.id, self.now);
        }
        let known = self.shelves[&at].images.contains_key(&copy.image.id);
        let set = self.change(at, false, |shelf, now| shelf.receive(now, &copy.image, copy.tag.as_deref()));
        self.check(set == tag_set, || format!("its tag is set: {set}, not {tag_set} (A26): {}", brief(copy)));
        self.check(known != new_image, || format!("new: {new_image}: {}", brief(copy)));
        let now = self.now;
        if let Some(held) = self.shelves.get_mut(&at).and_then(|shelf| shelf.images.get_mut(&copy.image.id)) {
            held.used = held.used.max(Some(now));
        }
    }

    pub(super) fn copy_failed(&mut self, copy: &Arc<Copying>, cause: Cause) {
        self.copies.remove(&copy.id);
        self.failed += u64::from(self.in_period(self.now));
        let backfill = u64::from(copy.kind == CopyKind::Backfill);
        self.backfilled = (self.backfilled.0 + backfill, self.backfilled.1 + backfill);
        if cause == Cause::SourceGone {
            let holds = |registry, standard: bool| {
                self.shelves.get(&(registry, copy.repository)).is_some_and(|shelf| match standard {
                    true => shelf.can_pull(copy.image.id),
                    false => shelf.images.contains_key(&copy.image.id),
                })
            };
            let gone = !holds(copy.from, true) && !holds(copy.to, false);
            self.check(gone, || format!("its source is not gone: {}", brief(copy)));
        }
    }
}

/// Every layer of an image and of its children.
fn all_layers(image: &Image) -> BTreeMap<u32, u64> {
    let parts = std::iter::once(image).chain(image.children.iter().map(Arc::as_ref));
    parts.flat_map(|part| &part.layers).map(|layer| (layer.id, layer.bytes)).collect()
}

/// A copy without its layers.
pub fn brief(copy: &Copying) -> String {
    let Copying { id, repository, image, tag, from, to, kind, .. } = copy;
    format!("copy {id} ({kind:?}) of {repository:?} image {} {tag:?} from {from:?} to {to:?}", image.id)
}
