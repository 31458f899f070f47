//! What one node keeps of the images it pulled, by layer.
//!
//! Images share layers, and a layer counts once. A cache of so many bytes works like the kubelet's image collector
//! (theory A5.2): when more than 85 % are used after a pull, the least recently used images go until at most 80 % are.
//! The image just pulled is in use and stays, even when it alone is above the mark. A layer goes with its last image.
//!
//! Of an index a node pulls, keeps and forgets the child for its platform (A23); the index itself takes no room.
//!
//! `unlimited` keeps every layer and forgets images; `none` keeps nothing. With a mere chance of a warm pull nothing is
//! kept either: that draw is the caller's.

use std::cmp::Reverse;
use std::collections::binary_heap::{BinaryHeap, PeekMut};
use std::sync::Arc;

use super::NodeCache;
use crate::registry::{Holders, Image, Layer, Places};
use crate::units::Time;

/// Percent of a cache at which images start to go, and down to which they do.
const MARKS: (u64, u64) = (85, 80);

/// The images and layers on one node.
#[derive(Clone, Debug)]
pub struct NodeCacheState {
    keeps: Keeps,
    /// Without eviction one image holds each.
    layers: Holders,
    /// Distinct bytes held.
    used: u64,
    images: Recency,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Keeps {
    Nothing,
    Everything,
    /// Above the first number of bytes images go, until at most the second are used.
    Between(u64, u64),
}

impl NodeCacheState {
    /// An empty cache.
    pub fn new(cache: NodeCache) -> NodeCacheState {
        match cache {
            NodeCache::None | NodeCache::Warm(_) => NodeCacheState::empty(Keeps::Nothing),
            NodeCache::Unlimited => NodeCacheState::empty(Keeps::Everything),
            NodeCache::Bytes(bytes) => {
                let mark = |percent: u64| (u128::from(bytes) * u128::from(percent) / 100) as u64;
                NodeCacheState::empty(Keeps::Between(mark(MARKS.0), mark(MARKS.1)))
            }
        }
    }

    fn empty(keeps: Keeps) -> NodeCacheState {
        NodeCacheState { keeps, layers: Holders::default(), used: 0, images: Recency::default() }
    }

    /// The layers of `image` that the node must download, bottom first.
    pub fn missing<'s>(&'s self, image: &'s Image) -> impl Iterator<Item = Layer> + 's {
        let image = image.pulled();
        // An image on the list has all its layers: the usual case of a warm pull needs one look.
        let whole = self.images.places.has(image.id);
        let layers = if whole { &[] } else { image.layers.as_slice() };
        self.layers.lacked(layers)
    }

    /// Where the image is, if the node keeps images and has it; `id` is that of what a node pulls of it. It stays there
    /// until it goes.
    pub fn find(&self, id: u32) -> Option<Found> {
        self.images.places.get(id).map(Found)
    }

    /// An image that is here was pulled again, last at this moment.
    pub fn use_again(&mut self, found: Found, last: Time) {
        self.images.renew(found.0, last);
    }

    /// An image that is here is the one in this place of the list of what its node runs: who lets it go is told.
    pub fn list(&mut self, found: Found, listed: u32) {
        self.images.slab[found.0 as usize].listed = listed;
    }

    /// Whether the node has every layer of `image`. Always false without a cache, even for an image without layers.
    pub fn is_warm(&self, image: &Image) -> bool {
        self.keeps != Keeps::Nothing && self.missing(image).next().is_none()
    }

    /// Whether the node has the image and never lets anything go.
    pub fn has_for_good(&self, image: &Image) -> bool {
        self.keeps == Keeps::Everything && self.is_warm(image)
    }

    /// Distinct compressed bytes held.
    pub fn used_bytes(&self) -> u64 {
        self.used
    }

    /// The image is on the node now, just used; whether that is too much, so that others must go: the
    /// [`NodeCacheState::oldest`], as long as there is one.
    #[must_use]
    pub fn admit(&mut self, image: &Arc<Image>, now: Time) -> bool {
        let image = image.children.first().unwrap_or(image);
        match self.keeps {
            Keeps::Nothing => false,
            Keeps::Everything => {
                self.layers.add_once(&image.layers, |new| self.used += bytes(new));
                false
            }
            Keeps::Between(high, _) => {
                if self.images.touch(image.id, now) {
                    return false;
                }
                self.images.push(image.clone(), now);
                self.layers.add(&image.layers, |new| self.used += bytes(new));
                self.used > high
            }
        }
    }

    /// The image that goes next when images must go, as far as uses are known; `None` when there is room enough, or it is the
    /// last one.
    pub fn oldest(&mut self) -> Option<Kept> {
        match self.keeps {
            Keeps::Between(_, low) if self.used > low && self.images.places.len() > 1 => self.images.oldest(),
            _ => None,
        }
    }

    /// Lets the oldest image go; `false` = it was used again since, and stays.
    pub fn evict(&mut self, oldest: &Kept) -> bool {
        if self.images.slab[oldest.place as usize].last > oldest.used {
            return false;
        }
        if let Some(image) = self.images.take(oldest.id) {
            self.release(&image);
        }
        true
    }

    /// The pull of an image was cut: these layers, which the node had lacked, are not there after all.
    pub fn forget(&mut self, image: &Image, lacked: &[Layer]) {
        match self.keeps {
            Keeps::Nothing => {}
            Keeps::Everything => self.layers.remove(lacked, |gone| self.used -= bytes(gone)),
            Keeps::Between(..) => {
                if let Some(image) = self.images.take(image.pulled().id) {
                    self.release(&image);
                }
            }
        }
    }

    /// The node was replaced: nothing is left.
    pub fn clear(&mut self) {
        *self = NodeCacheState::empty(self.keeps);
    }

    fn release(&mut self, image: &Image) {
        self.layers.remove(&image.layers, |gone| self.used -= bytes(gone));
    }
}

fn bytes(layers: &[Layer]) -> u64 {
    layers.iter().map(|layer| layer.bytes).sum()
}

/// Where a cache has an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found(u32);

/// An image in a cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its id.
    pub id: u32,
    /// Where it stands in the list of what the node runs, if anybody has said so.
    pub listed: Option<u32>,
    place: u32,
    used: Time,
}

/// Images with the moment of their last use; of two used at one moment the one goes first that came first.
///
/// Uses are many and evictions are few, so a use writes one number, and the queue of who goes next learns of it only when
/// it comes to that image: what stands in it is never later than the last use.
#[derive(Clone, Debug, Default)]
struct Recency {
    places: Places,
    slab: Vec<Place>,
    free: Vec<u32>,
    /// Images that came so far.
    arrivals: u32,
    /// A use of each place and the number of its image's arrival, the earliest on top.
    queue: BinaryHeap<Reverse<(Time, u32, u32)>>,
}

#[derive(Clone, Debug)]
struct Place {
    image: Option<Arc<Image>>,
    last: Time,
    arrival: u32,
    /// Or [`UNLISTED`]: caches have many places, and an option would make each a third larger.
    listed: u32,
}

/// In the place of a number in the list of what a node runs: nobody has told it.
const UNLISTED: u32 = u32::MAX;

impl Recency {
    /// Makes an image the newest; false if it is not here.
    fn touch(&mut self, image: u32, now: Time) -> bool {
        let Some(place) = self.places.get(image) else { return false };
        self.renew(place, now);
        true
    }

    /// Uses may be told late, and so after later ones.
    fn renew(&mut self, place: u32, at: Time) {
        let last = &mut self.slab[place as usize].last;
        *last = at.max(*last);
    }

    fn push(&mut self, image: Arc<Image>, now: Time) {
        let id = image.id;
        self.arrivals += 1;
        let entry = Place { image: Some(image), last: now, arrival: self.arrivals, listed: UNLISTED };
        let place = match self.free.pop() {
            Some(place) => {
                self.slab[place as usize] = entry;
                place
            }
            None => {
                // Nodes are many: doubling would waste half of what they take.
                if self.slab.len() == self.slab.capacity() {
                    self.slab.reserve_exact(4 + self.slab.len() / 16);
                }
                self.slab.push(entry);
                self.slab.len() as u32 - 1
            }
        };
        if self.queue.len() == self.queue.capacity() {
            self.queue.reserve_exact(4 + self.queue.len() / 16);
        }
        self.queue.push(Reverse((now, self.arrivals, place)));
        self.places.insert(id, place);
    }

    fn oldest(&mut self) -> Option<Kept> {
        while let Some(mut entry) = self.queue.peek_mut() {
            let Reverse((used, arrival, place)) = *entry;
            match &self.slab[place as usize] {
                Place { image: Some(_), arrival: of, last, .. } if *of == arrival && *last > used => {
                    *entry = Reverse((*last, arrival, place));
                }
                Place { image: Some(image), arrival: of, listed, .. } if *of == arrival => {
                    let listed = Some(*listed).filter(|listed| *listed != UNLISTED);
                    return Some(Kept { id: image.id, listed, place, used });
                }
                // Its image is gone.
                _ => {
                    PeekMut::pop(entry);
                }
            }
        }
        None
    }

    fn take(&mut self, image: u32) -> Option<Arc<Image>> {
        let place = self.places.remove(image)?;
        self.free.push(place);
        self.slab[place as usize].image.take()
    }
}

#[cfg(test)]
mod tests;
