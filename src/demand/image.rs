//! What images look like: layers, what a version shares with the one before, shared bases.
//!
//! A repository's images have a base (its layers at the bottom) and own layers above it. Size, layer count and the
//! largest layer's share are drawn once per trial; the largest own layer lies at the bottom of the own ones, the others
//! are equal, and all of them sum to the drawn size exactly.
//!
//! A version keeps the own layers of the one before from the bottom up and replaces the rest: its **new bytes** are the
//! top ones. So that it adds exactly that many, the layer at the boundary is cut in two, from the first version on (an
//! image may thus have a layer or two more than was drawn). Where a list gives each version its own new bytes, every
//! boundary that a later version needs is cut when the bytes under it are first pushed. A share of new bytes is of the
//! whole image, base included; new bytes are never more than the own ones, so `"100%"` renews all own layers and keeps
//! the base. No new bytes: the same layers under a distinct manifest.
//!
//! A renewed base gives its layers new ids; each user's next version carries them, and its own stable layers keep
//! theirs.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Base, ImageLaw, LayerLaw, ListedPush, NewBytes, RealImage};
use crate::registry::{Image, Layer};
use crate::sim::{Arrivals, Purpose, Stream};
use crate::units::Time;

/// Hands out ids: dense within a trial, in order of creation.
#[derive(Default)]
pub(super) struct Ids {
    images: u32,
    layers: u32,
    /// Layers of real manifests by their global number.
    real: HashMap<u32, u32>,
}

impl Ids {
    fn layer(&mut self, bytes: u64) -> Layer {
        let id = self.layers;
        self.layers += 1;
        Layer { id, bytes }
    }

    fn image(&mut self, layers: Vec<Layer>, compression: f64) -> Arc<Image> {
        let id = self.images;
        self.images += 1;
        Arc::new(Image::new(id, layers, compression))
    }

    /// An index of one image per platform.
    pub(super) fn index(&mut self, children: Vec<Arc<Image>>, compression: f64) -> Arc<Image> {
        let id = self.images;
        self.images += 1;
        Arc::new(Image { children, ..Image::new(id, Vec::new(), compression) })
    }

    /// An image of one layer that is about another.
    pub(super) fn attachment(&mut self, bytes: u64, subject: u32) -> Arc<Image> {
        let layers = if bytes > 0 { vec![self.layer(bytes)] } else { Vec::new() };
        let id = self.images;
        self.images += 1;
        Arc::new(Image { subject: Some(subject), ..Image::new(id, layers, 1.0) })
    }

    /// An image of a real manifest; a layer that any repository has shown before keeps its id.
    pub(super) fn real(&mut self, real: &RealImage, compression: f64) -> Arc<Image> {
        let mut layers = Vec::with_capacity(real.layers.len());
        for &(number, bytes) in &real.layers {
            let id = *self.real.entry(number).or_insert_with(|| {
                self.layers += 1;
                self.layers - 1
            });
            layers.push(Layer { id, bytes });
        }
        self.image(layers, compression)
    }
}

/// The shared bases and their renewals.
pub(super) struct Bases<'a> {
    bases: Vec<BaseState<'a>>,
}

struct BaseState<'a> {
    config: &'a Base,
    renewals: Option<(Arrivals, Stream)>,
    next: Option<Time>,
    /// Of the current generation, by platform; made at their first use.
    layers: Vec<Vec<Layer>>,
}

impl<'a> Bases<'a> {
    pub(super) fn new(bases: &'a [Base], seed: u64, trial: u64, begin: Time) -> Bases<'a> {
        let state = |config: &'a Base| {
            let mut renewals = config.renew.as_ref().map(|intensity| {
                let stream = Stream::new(seed, trial, config.key, Purpose::BaseRenewal);
                (Arrivals::poisson(intensity.clone(), begin), stream)
            });
            let next = renewals.as_mut().and_then(|(arrivals, stream)| arrivals.next(stream));
            BaseState { config, renewals, next, layers: Vec::new() }
        };
        Bases { bases: bases.iter().map(state).collect() }
    }

    /// The layers of a base for a platform, as it is at a moment. Moments must not go back.
    fn layers(&mut self, base: u32, platform: usize, at: Time, ids: &mut Ids) -> &[Layer] {
        let base = &mut self.bases[base as usize];
        while let Some((arrivals, stream)) = &mut base.renewals
            && base.next.is_some_and(|next| next <= at)
        {
            base.layers.clear();
            base.next = arrivals.next(stream);
        }
        if base.layers.len() <= platform {
            base.layers.resize(platform + 1, Vec::new());
        }
        let layers = &mut base.layers[platform];
        if layers.is_empty() {
            let sizes = equal(base.config.bytes, u64::from(base.config.layers));
            layers.extend(sizes.map(|bytes| ids.layer(bytes)));
        }
        layers
    }
}

/// The images of one repository and platform, version by version.
pub(super) struct Lineage {
    base: Option<u32>,
    platform: usize,
    compression: f64,
    /// What a version by the repository's law looks like.
    usual: Version,
    /// Versions that a list describes come after so many usual ones.
    listed_after: usize,
    listed: Vec<Version>,
    /// For each of `listed`: the next one that keeps less, so that only boundaries which survive until then are cut.
    next_lower: Vec<usize>,
    built: usize,
    /// Own layers of the last version.
    own: Vec<Layer>,
}

/// The plan of one version.
#[derive(Clone)]
struct Version {
    /// Own layers, bottom first, before cutting.
    sizes: Arc<[u64]>,
    /// Bytes of the one before that it keeps, from the bottom.
    kept: u64,
}

impl Version {
    fn bytes(&self) -> u64 {
        self.sizes.iter().sum()
    }
}

impl Lineage {
    /// Draws a repository's shape. `existing` usual versions come before those of the list.
    pub(super) fn new(
        law: &ImageLaw,
        bases: &[Base],
        stream: &mut Stream,
        existing: usize,
        listed: &[&ListedPush],
    ) -> Lineage {
        let base = law.base.map(|base| &bases[base as usize]);
        let shape = Shape::draw(law, base, stream);
        let usual = shape.version(law.new_bytes, None);
        let mut before = usual.bytes();
        let mut versions: Vec<Version> = Vec::with_capacity(listed.len());
        for push in listed {
            let mut version = shape.version(law.new_bytes, Some(push));
            // A list may claim more shared bytes than the version before has.
            version.kept = if existing == 0 && versions.is_empty() { 0 } else { version.kept.min(before) };
            before = version.bytes();
            versions.push(version);
        }
        let mut next_lower = vec![versions.len(); versions.len()];
        for index in (0..versions.len()).rev() {
            let mut next = index + 1;
            while next < versions.len() && versions[next].kept >= versions[index].kept {
                next = next_lower[next];
            }
            next_lower[index] = next;
        }
        Lineage {
            base: law.base,
            platform: 0,
            compression: law.compression,
            usual,
            listed_after: existing,
            listed: versions,
            next_lower,
            built: 0,
            own: Vec::new(),
        }
    }

    /// The same for another platform, whose layers of the base are its own.
    pub(super) fn of_platform(self, platform: u32) -> Lineage {
        Lineage { platform: platform as usize, ..self }
    }

    /// The next version.
    pub(super) fn next(&mut self, at: Time, bases: &mut Bases<'_>, ids: &mut Ids) -> Arc<Image> {
        let row = self.built.checked_sub(self.listed_after);
        let version = row.and_then(|row| self.listed.get(row)).unwrap_or(&self.usual).clone();
        let mut below = 0;
        let mut kept = 0;
        if self.built > 0 {
            for layer in &self.own {
                if below + layer.bytes > version.kept {
                    break;
                }
                below += layer.bytes;
                kept += 1;
            }
        }
        self.own.truncate(kept);
        let mut ends = Vec::with_capacity(version.sizes.len() + 1);
        let mut end = 0;
        for size in version.sizes.iter() {
            end += size;
            ends.push(end);
        }
        let total = end;
        self.for_each_later_boundary(|boundary| ends.push(boundary));
        ends.retain(|end| *end > below && *end <= total);
        ends.sort_unstable();
        ends.dedup();
        for end in ends {
            self.own.push(ids.layer(end - below));
            below = end;
        }
        self.built += 1;
        let mut layers = Vec::new();
        if let Some(base) = self.base {
            layers.extend_from_slice(bases.layers(base, self.platform, at, ids));
        }
        layers.extend_from_slice(&self.own);
        ids.image(layers, self.compression)
    }

    /// Boundaries of later versions down to which the bytes of the version being built survive.
    fn for_each_later_boundary(&self, mut visit: impl FnMut(u64)) {
        let next = self.built + 1;
        let mut lowest = u64::MAX;
        if self.listed.is_empty() || next < self.listed_after {
            lowest = self.usual.kept;
            visit(lowest);
        }
        let mut row = next.saturating_sub(self.listed_after);
        while let Some(version) = self.listed.get(row) {
            if version.kept < lowest {
                visit(version.kept);
            }
            row = self.next_lower[row];
        }
    }
}

/// The most bytes of an image, and the most layers: the tail of a law is cut there. Far above what registries take, and
/// low enough that no sum of a run overflows.
pub const MOST_BYTES: u64 = 100_000_000_000_000;
/// See [`MOST_BYTES`].
pub const MOST_LAYERS: u64 = 10_000;

/// A repository's draws.
struct Shape {
    base_bytes: u64,
    base_layers: u64,
    own_bytes: u64,
    own_layers: u64,
    largest: f64,
    /// Own layers given one by one.
    given: Option<Arc<[u64]>>,
}

impl Shape {
    fn draw(law: &ImageLaw, base: Option<&Base>, stream: &mut Stream) -> Shape {
        let (base_bytes, base_layers) = base.map_or((0, 0), |base| (base.bytes, u64::from(base.layers)));
        let mut shape = Shape { base_bytes, base_layers, own_bytes: 0, own_layers: 0, largest: 0.0, given: None };
        match &law.layers {
            LayerLaw::Drawn { size, count, largest } => {
                // `as` saturates: a negative draw is 0 and then lifted.
                let size = (libm::round(size.sample(stream)) as u64).min(MOST_BYTES);
                let count = (libm::round(count.sample(stream)) as u64).min(MOST_LAYERS);
                shape.largest = largest.sample(stream);
                shape.own_bytes = above_base(size, base_bytes);
                shape.own_layers = above_base(count, base_layers);
            }
            LayerLaw::Listed(sizes) => {
                shape.own_bytes = sizes.iter().sum();
                shape.own_layers = sizes.len() as u64;
                let largest = sizes.iter().max().copied().unwrap_or_default();
                shape.largest = largest as f64 / shape.own_bytes.max(1) as f64;
                shape.given = Some(sizes.iter().copied().filter(|size| *size > 0).collect());
            }
        }
        shape
    }

    /// A version by the law, or as a list describes it.
    fn version(&self, new: NewBytes, listed: Option<&ListedPush>) -> Version {
        let bytes = listed.and_then(|push| push.bytes).map(|bytes| bytes.min(MOST_BYTES));
        let layers = listed.and_then(|push| push.layers).map(|layers| u64::from(layers).min(MOST_LAYERS));
        let own = bytes.map_or(self.own_bytes, |bytes| above_base(bytes, self.base_bytes));
        let sizes = match &self.given {
            Some(given) if bytes.is_none() && layers.is_none() => given.clone(),
            _ => {
                let count = layers.map_or(self.own_layers, |layers| above_base(layers, self.base_layers));
                largest_first(own, count, self.largest)
            }
        };
        let new = match listed.and_then(|push| push.new_bytes).unwrap_or(new) {
            NewBytes::Share(share) => libm::round(share * (own + self.base_bytes) as f64) as u64,
            NewBytes::Bytes(bytes) => bytes,
        };
        Version { sizes, kept: own - new.min(own) }
    }
}

/// What is left above the base; at least one layer of one byte.
fn above_base(whole: u64, base: u64) -> u64 {
    whole.saturating_sub(base).max(1)
}

/// `bytes` in `count` layers, none empty: the first has this share (or an equal one, if that is more), the others are
/// equal.
fn largest_first(bytes: u64, count: u64, share: f64) -> Arc<[u64]> {
    let count = count.clamp(1, bytes.max(1));
    let first = (libm::round(share * bytes as f64) as u64).clamp(bytes.div_ceil(count), bytes - (count - 1));
    std::iter::once(first).chain(equal(bytes - first, count - 1)).collect()
}

/// `bytes` in `count` parts that differ by at most one byte, none empty.
fn equal(bytes: u64, count: u64) -> impl Iterator<Item = u64> {
    let count = count.min(bytes);
    (0..count).map(move |index| bytes / count + u64::from(index < bytes % count))
}

#[cfg(test)]
mod tests;
