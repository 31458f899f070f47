//! How many images hold each layer.
//!
//! The layers that a version of an image adds get their ids one after the other, and they stay and go together. So layers
//! of consecutive ids that as many images hold are one entry: memory follows the versions there are, not their layers,
//! and neighbours are looked up once.

use std::ops::Range;

use super::Layer;

/// Layers by id, each with the images that hold it; one that none holds is not there.
#[derive(Clone, Debug, Default)]
pub struct Holders {
    /// Ascending and apart; of two that touch, the numbers of images differ.
    runs: Vec<Run>,
}

/// Layers of consecutive ids that as many images hold, at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    first: u32,
    end: u32,
    images: u32,
}

impl Holders {
    /// Whether some image holds this layer.
    pub fn has(&self, layer: u32) -> bool {
        self.around(layer).1 > 0
    }

    /// Those of an image's layers that none holds.
    pub fn lacked<'a>(&'a self, layers: &'a [Layer]) -> impl Iterator<Item = Layer> + 'a {
        let mut known = (0..0, 0);
        layers.iter().copied().filter(move |layer| {
            if !known.0.contains(&layer.id) {
                known = self.around(layer.id);
            }
            known.1 == 0
        })
    }

    /// One more image holds these layers; `first` is told those that none held.
    pub fn add(&mut self, layers: &[Layer], mut first: impl FnMut(&[Layer])) {
        self.change(
            layers,
            |images| images + 1,
            |before, layers| {
                if before == 0 {
                    first(layers)
                }
            },
        );
    }

    /// An image holds these layers, and so does none besides; `first` is told those that none held.
    pub fn add_once(&mut self, layers: &[Layer], mut first: impl FnMut(&[Layer])) {
        self.change(
            layers,
            |images| images.max(1),
            |before, layers| {
                if before == 0 {
                    first(layers)
                }
            },
        );
    }

    /// One image less holds these layers; `last` is told those that none holds any longer.
    pub fn remove(&mut self, layers: &[Layer], mut last: impl FnMut(&[Layer])) {
        let less = |images: u32| images.saturating_sub(1);
        self.change(layers, less, |before, layers| {
            if before == 1 {
                last(layers)
            }
        });
    }

    /// Changes the number of images that hold each of these layers; `told` hears the numbers before.
    fn change(&mut self, layers: &[Layer], after: impl Fn(u32) -> u32, mut told: impl FnMut(u32, &[Layer])) {
        for row in layers.chunk_by(|one, next| one.id.checked_add(1) == Some(next.id)) {
            let first = row[0].id;
            let end = first + row.len() as u32;
            let begin = self.cut(first);
            self.cut(end);
            let (mut at, mut id) = (begin, first);
            while id < end {
                let next = self.runs.get(at).copied().filter(|run| run.first < end);
                let held = next.filter(|run| run.first == id);
                let images = held.map_or(0, |run| run.images);
                let until = held.map(|run| run.end).or(next.map(|run| run.first)).unwrap_or(end);
                told(images, &row[(id - first) as usize..(until - first) as usize]);
                match (held, after(images)) {
                    (None, 0) => {}
                    (None, images) => {
                        self.insert(at, Run { first: id, end: until, images });
                        at += 1;
                    }
                    (Some(_), 0) => drop(self.runs.remove(at)),
                    (Some(_), images) => {
                        self.runs[at].images = images;
                        at += 1;
                    }
                }
                id = until;
            }
            for left in (begin.saturating_sub(1)..at).rev() {
                self.join(left);
            }
        }
    }

    /// The ids around this one that as many images hold, and how many do.
    fn around(&self, layer: u32) -> (Range<u32>, u32) {
        let at = self.position(layer);
        match self.runs.get(at) {
            Some(run) if run.first <= layer => (run.first..run.end, run.images),
            right => {
                let left = at.checked_sub(1).map_or(0, |left| self.runs[left].end);
                (left..right.map_or(u32::MAX, |run| run.first), 0)
            }
        }
    }

    /// The first run that reaches beyond a layer's place: the one it is in, or would stand before.
    fn position(&self, layer: u32) -> usize {
        match self.runs.last() {
            Some(last) if last.end > layer => self.runs.partition_point(|run| run.end <= layer),
            _ => self.runs.len(),
        }
    }

    /// Sees to it that no run goes across this id, and says which is the first behind it.
    fn cut(&mut self, id: u32) -> usize {
        let at = self.position(id);
        match self.runs.get_mut(at) {
            Some(run) if run.first < id => {
                let right = Run { first: id, ..*run };
                run.end = id;
                self.insert(at + 1, right);
                at + 1
            }
            _ => at,
        }
    }

    /// Makes one of this run and the next where they touch and are alike.
    fn join(&mut self, left: usize) {
        if let [one, next, ..] = self.runs[left..]
            && one.end == next.first
            && one.images == next.images
        {
            self.runs[left].end = next.end;
            self.runs.remove(left + 1);
        }
    }

    fn insert(&mut self, at: usize, run: Run) {
        if self.runs.len() == self.runs.capacity() {
            self.runs.reserve_exact(super::room_for_more(self.runs.len()));
        }
        self.runs.insert(at, run);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::fixed;
    use super::*;
    use proptest::prelude::*;

    fn layers(ids: impl IntoIterator<Item = u32>) -> Vec<Layer> {
        ids.into_iter().map(|id| Layer { id, bytes: u64::from(id) }).collect()
    }

    #[test]
    fn versions_of_an_image_are_a_run_each() {
        let mut holders = Holders::default();
        // Ten layers, of which each version keeps four.
        holders.add(&layers(0..10), |_| ());
        for version in 1..30 {
            let own = 4 + version * 6..10 + version * 6;
            holders.add(&layers((0..4).chain(own)), |_| ());
        }
        // What all of them share, and what one of them has: the versions' own layers touch.
        assert_eq!(holders.runs, [Run { first: 0, end: 4, images: 30 }, Run { first: 4, end: 184, images: 1 }]);
    }

    proptest! {
        #![proptest_config(fixed(512))]

        /// The twin is a map of numbers.
        #[test]
        fn it_is_a_number_for_each_layer(
            steps in prop::collection::vec((0u8..5, prop::collection::vec((0u32..24, 1u32..6), 1..4)), 1..40),
        ) {
            let mut holders = Holders::default();
            let mut twin: BTreeMap<u32, u32> = BTreeMap::new();
            for (kind, parts) in steps {
                let mut ids: Vec<u32> = Vec::new();
                for id in parts.into_iter().flat_map(|(first, count)| first..first + count) {
                    if !ids.contains(&id) {
                        ids.push(id);
                    }
                }
                let image = layers(ids.clone());
                let lacked: Vec<u32> = holders.lacked(&image).map(|layer| layer.id).collect();
                let expected: Vec<u32> = ids.iter().copied().filter(|id| !twin.contains_key(id)).collect();
                prop_assert_eq!(&lacked, &expected);
                let mut told = Vec::new();
                let mut hear = |layers: &[Layer]| told.extend(layers.iter().map(|layer| layer.id));
                let mut changed = Vec::new();
                match kind {
                    0 | 1 => {
                        holders.add(&image, hear);
                        changed = lacked;
                        ids.iter().for_each(|&id| *twin.entry(id).or_default() += 1);
                    }
                    2 => {
                        holders.add_once(&image, hear);
                        changed = lacked;
                        ids.iter().for_each(|&id| *twin.entry(id).or_default() |= u32::from(!twin.contains_key(&id)));
                    }
                    _ => {
                        holders.remove(&image, &mut hear);
                        for id in ids {
                            if let Some(images) = twin.get_mut(&id) {
                                *images -= 1;
                                if *images == 0 {
                                    twin.remove(&id);
                                    changed.push(id);
                                }
                            }
                        }
                    }
                }
                prop_assert_eq!(told, changed);
                let seen: Vec<(u32, u32)> =
                    holders.runs.iter().flat_map(|run| (run.first..run.end).map(|id| (id, run.images))).collect();
                prop_assert!(seen.iter().copied().eq(twin.iter().map(|(&id, &images)| (id, images))), "{:?}", holders);
                prop_assert!((0..30).all(|id| holders.has(id) == twin.contains_key(&id)));
                prop_assert!(holders.runs.iter().all(|run| run.first < run.end));
                let alike = |pair: &[Run]| pair[0].end == pair[1].first && pair[0].images == pair[1].images;
                prop_assert!(!holders.runs.windows(2).any(alike), "{:?}", holders);
            }
        }
    }
}
