use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::sim::{EntityKey, Purpose, Stream};

fn image(id: u32, layers: &[(u32, u64)]) -> Arc<Image> {
    let layers = layers.iter().map(|&(id, bytes)| Layer { id, bytes }).collect();
    Arc::new(Image::new(id, layers, 1.0))
}

fn missing(cache: &NodeCacheState, image: &Image) -> Vec<u32> {
    cache.missing(image).map(|layer| layer.id).collect()
}

fn touch(cache: &mut NodeCacheState, image: &Image, now: i64) {
    if let Some(found) = cache.find(image.pulled().id) {
        cache.list(found, image.id);
        cache.use_again(found, Time(now));
    }
}

fn admit(cache: &mut NodeCacheState, image: &Arc<Image>, now: i64) {
    if cache.admit(image, Time(now)) {
        while let Some(oldest) = cache.oldest() {
            assert!(cache.evict(&oldest), "nobody has used it meanwhile");
        }
    }
}

#[test]
fn shared_layers_are_downloaded_and_counted_once() {
    for kind in [NodeCache::Bytes(1000), NodeCache::Unlimited] {
        let mut cache = NodeCacheState::new(kind);
        let (one, two) = (image(0, &[(0, 100), (1, 50)]), image(1, &[(0, 100), (2, 70)]));
        assert_eq!(missing(&cache, &one), [0, 1]);
        admit(&mut cache, &one, 1);
        assert!(cache.is_warm(&one));
        assert_eq!(missing(&cache, &two), [2]);
        admit(&mut cache, &two, 2);
        assert_eq!(cache.used_bytes(), 220);
        cache.clear();
        assert_eq!((cache.used_bytes(), missing(&cache, &two)), (0, vec![0, 2]));
    }
}

#[test]
fn without_a_cache_every_pull_is_cold() {
    for kind in [NodeCache::None, NodeCache::Warm(0.8)] {
        let mut cache = NodeCacheState::new(kind);
        let one = image(0, &[(0, 100)]);
        admit(&mut cache, &one, 1);
        touch(&mut cache, &one, 2);
        assert_eq!(missing(&cache, &one), [0]);
        assert!(!cache.is_warm(&image(1, &[])));
    }
}

#[test]
fn images_go_from_85_to_80_percent_the_least_recently_used_first() {
    let mut cache = NodeCacheState::new(NodeCache::Bytes(1000));
    let images: Vec<_> = (0..11).map(|id| image(id, &[(id, 85)])).collect();
    // All at one moment: they go in the order in which they came.
    images[..10].iter().for_each(|image| admit(&mut cache, image, 1));
    assert_eq!(cache.used_bytes(), 850, "85 % is not above 85 %");
    touch(&mut cache, &images[0], 2);
    admit(&mut cache, &images[10], 3);
    // 935 above 850: images 1 and 2 go, which leaves 765, at most 800.
    assert_eq!(cache.used_bytes(), 765);
    let gone: Vec<u32> = images.iter().filter(|image| !cache.is_warm(image)).map(|image| image.id).collect();
    assert_eq!(gone, [1, 2]);
}

#[test]
fn an_image_larger_than_the_cache_stays_alone_and_a_shared_layer_outlives_an_image() {
    let mut cache = NodeCacheState::new(NodeCache::Bytes(100));
    let (small, large) = (image(0, &[(0, 30), (1, 10)]), image(1, &[(0, 30), (2, 500)]));
    admit(&mut cache, &small, 1);
    admit(&mut cache, &large, 2);
    assert_eq!(cache.used_bytes(), 530);
    assert_eq!(missing(&cache, &small), [1]);
}

/// Who asks at the last moment whether an image was used is told which one, and it stays if it was.
#[test]
fn an_image_that_was_used_meanwhile_stays() {
    let mut cache = NodeCacheState::new(NodeCache::Bytes(1000));
    let images: Vec<_> = (0..11).map(|id| image(id, &[(id, 85)])).collect();
    images[..10].iter().for_each(|image| assert!(!cache.admit(image, Time(i64::from(image.id)))));
    let found = cache.find(0).expect("it is there");
    cache.list(found, 7);
    assert!(cache.admit(&images[10], Time(20)));
    let oldest = cache.oldest().expect("there is too much");
    assert_eq!((oldest.id, oldest.listed), (0, Some(7)));
    cache.use_again(found, Time(15));
    cache.use_again(found, Time(3));
    assert!(!cache.evict(&oldest), "it was used at 15, whoever tells of earlier uses later");
    while let Some(oldest) = cache.oldest() {
        assert!(oldest.id != 0 && cache.evict(&oldest));
    }
    assert!(cache.is_warm(&images[0]) && !cache.is_warm(&images[1]) && !cache.is_warm(&images[2]));
    assert_eq!(cache.used_bytes(), 765);
}

/// A cut pull leaves nothing behind, of an index as of an image.
#[test]
fn what_was_cut_is_forgotten() {
    let one = image(0, &[(0, 100), (1, 50)]);
    let index = Arc::new(Image { children: vec![image(2, &[(0, 100), (2, 70)])], ..(*image(1, &[])).clone() });
    for kind in [NodeCache::Bytes(1000), NodeCache::Unlimited] {
        let mut cache = NodeCacheState::new(kind);
        admit(&mut cache, &one, 1);
        let lacked: Vec<Layer> = cache.missing(&index).collect();
        admit(&mut cache, &index, 2);
        assert_eq!((cache.used_bytes(), cache.is_warm(&index)), (220, true));
        cache.forget(&index, &lacked);
        assert_eq!((cache.used_bytes(), missing(&cache, &index)), (150, vec![2]));
        assert!(cache.is_warm(&one));
    }
}

/// What it should do, as plainly as can be: a list of images by arrival, everything else worked out from it.
struct Slow {
    images: Vec<(Arc<Image>, i64)>,
    high: u64,
    low: u64,
}

impl Slow {
    fn layers(&self) -> BTreeMap<u32, u64> {
        self.images.iter().flat_map(|(image, _)| image.layers.iter().map(|layer| (layer.id, layer.bytes))).collect()
    }

    fn used(&self) -> u64 {
        self.layers().values().sum()
    }

    fn touch(&mut self, image: &Image, now: i64) -> bool {
        let found = self.images.iter_mut().find(|(other, _)| other.id == image.id);
        found.map(|(_, last)| *last = now).is_some()
    }

    fn admit(&mut self, image: &Arc<Image>, now: i64) {
        if self.touch(image, now) {
            return;
        }
        self.images.push((image.clone(), now));
        if self.used() > self.high {
            while self.used() > self.low && self.images.len() > 1 {
                // The first of equals.
                let oldest = (0..self.images.len()).min_by_key(|index| self.images[*index].1).expect("there are some");
                self.images.remove(oldest);
            }
        }
    }
}

proptest! {
    #[test]
    fn the_cache_is_its_slow_twin(
        pool in prop::collection::vec(prop::collection::btree_set(0u32..20, 0..6), 1..15),
        capacity in 1u64..400,
        operations in prop::collection::vec((0usize..15, 0u8..10), 1..120)
    ) {
        let images: Vec<Arc<Image>> = (0..)
            .zip(&pool)
            .map(|(id, layers): (u32, &BTreeSet<u32>)| {
                let layers: Vec<(u32, u64)> = layers.iter().map(|layer| (*layer, 5 + u64::from(*layer) * 3)).collect();
                image(id, &layers)
            })
            .collect();
        let mut cache = NodeCacheState::new(NodeCache::Bytes(capacity));
        let mut slow = Slow { images: Vec::new(), high: capacity * 85 / 100, low: capacity * 80 / 100 };
        for (step, (index, operation)) in (0i64..).zip(operations) {
            // Some things happen at one moment.
            let (image, now) = (&images[index % images.len()], step / 3);
            match operation {
                0 => {
                    cache.clear();
                    slow.images.clear();
                }
                1..4 => {
                    touch(&mut cache, image, now);
                    slow.touch(image, now);
                }
                _ => {
                    admit(&mut cache, image, now);
                    slow.admit(image, now);
                }
            }
            prop_assert_eq!(cache.used_bytes(), slow.used());
            let held = slow.layers();
            for image in &images {
                let expected: Vec<Layer> =
                    image.layers.iter().filter(|layer| !held.contains_key(&layer.id)).copied().collect();
                prop_assert_eq!(cache.missing(image).collect::<Vec<_>>(), expected);
            }
        }
    }
}

/// Theory E2.9: least recently used, Zipf 0.8 over 2,000 unit images, room for 200: hit ratio 0.39965 by the Che
/// approximation (0.39881 simulated there). Both marks lie at 200 bytes, so that the cache holds exactly 200 images.
#[test]
fn the_hit_ratio_is_that_of_the_che_approximation() {
    const N: usize = 2000;
    let images: Vec<Arc<Image>> = (0..N as u32).map(|id| image(id, &[(id, 1)])).collect();
    let mut sum = 0.0;
    let cumulative: Vec<f64> = (1..=N)
        .map(|rank| {
            sum += libm::pow(rank as f64, -0.8);
            sum
        })
        .collect();
    let mut cache = NodeCacheState::empty(Keeps::Between(200, 200));
    let mut stream = Stream::new(1, 1, EntityKey(1), Purpose::PullRate);
    let (mut hits, mut pulls) = (0u32, 0u32);
    for pull in 0..420_000 {
        let target = stream.uniform() * sum;
        let image = &images[cumulative.partition_point(|value| *value <= target).min(N - 1)];
        if pull >= 20_000 {
            pulls += 1;
            hits += u32::from(cache.is_warm(image));
        }
        admit(&mut cache, image, pull);
    }
    assert_eq!(cache.used_bytes(), 200);
    let ratio = f64::from(hits) / f64::from(pulls);
    // The standard error is below 0.001; the approximation itself is good to 0.001.
    assert!((ratio - 0.39965).abs() < 0.004, "{ratio}");
}

#[test]
fn of_an_index_a_node_keeps_the_child_for_its_platform() {
    // A23: the others are stored and copied, never pulled.
    let children = vec![image(0, &[(0, 100), (1, 50)]), image(1, &[(2, 900)])];
    let index = Arc::new(Image { children, ..Image::new(2, Vec::new(), 1.0) });
    for kind in [NodeCache::Bytes(1000), NodeCache::Unlimited] {
        let mut cache = NodeCacheState::new(kind);
        assert_eq!(missing(&cache, &index), [0, 1]);
        assert!(!cache.is_warm(&index));
        admit(&mut cache, &index, 1);
        assert!(cache.is_warm(&index) && cache.is_warm(&index.children[0]) && !cache.is_warm(&index.children[1]));
        assert_eq!(cache.used_bytes(), 150);
        admit(&mut cache, &image(3, &[(3, 600)]), 2);
        touch(&mut cache, &index, 3);
        admit(&mut cache, &image(4, &[(4, 200)]), 4);
        assert!(cache.is_warm(&index), "it was used after the other");
    }
}
