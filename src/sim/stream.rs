//! Named random streams.
//!
//! A stream's key is the four numbers (seed, trial, entity, purpose), laid into the 256-bit key of ChaCha8; its first
//! output seeds a xoshiro256++ generator that makes the draws (about 1 ns each). Where one stream would be too much for each of
//! the many, its draw and their names seed a SplitMix64 for each ([`Gaps`]). The generators come from crates that promise the
//! same output on every platform.

use super::ziggurat;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardUniform};
use rand_xoshiro::{SplitMix64, Xoshiro256PlusPlus};
use sha2::{Digest, Sha256};

/// What the draws of a stream are for. The number is part of the stream's key: never renumber, only append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Purpose {
    /// Times of pushes.
    PushTimes = 1,
    /// Batch sizes of pushes.
    PushBatch = 2,
    /// Size, layer count and largest share of a repository's images.
    ImageShape = 3,
    /// Renewals of a shared base.
    BaseRenewal = 4,
    /// Delay of a promotion.
    Promotion = 5,
    /// Which repositories a node runs.
    NodeAssignment = 6,
    /// Which nodes take part in a deploy, and when each pulls.
    Deploy = 7,
    /// Times and lives of scale-ups.
    ScaleUp = 8,
    /// Times of node replacement.
    Churn = 9,
    /// Times of pulls at a rate, and who pulls what.
    PullRate = 10,
    /// Chance of a warm pull when no node cache is kept.
    WarmPull = 11,
    /// Service delay of a copy.
    CopyDelay = 12,
    /// Failure of an attempt to copy.
    CopyFailure = 13,
    /// Phase of a repository's daily lifecycle run.
    LifecyclePhase = 14,
    /// Failures of a scheduled job, seen or silent.
    JobFailure = 15,
    /// Times and lengths of faults.
    Fault = 16,
    /// Jitter of a client that backs off.
    Backoff = 17,
    /// Points of a Latin hypercube.
    LatinHypercube = 18,
    /// Points of a study's design.
    Design = 19,
}

/// The name of an entity as a number: the first eight bytes of the SHA-256 of its name, so that adding another entity
/// changes nobody's draws. Entities without a name of their own are numbered from a named one by [`EntityKey::child`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EntityKey(pub u64);

impl EntityKey {
    /// The key of a named entity; `kind` keeps a repository and a cluster of one name apart.
    pub fn named(kind: &str, name: &str) -> EntityKey {
        let digest = Sha256::new().chain_update(kind).chain_update([0]).chain_update(name).finalize();
        let mut first = [0; 8];
        first.copy_from_slice(&digest[..8]);
        EntityKey(u64::from_le_bytes(first))
    }

    /// The key of the `index`-th part of this entity (SplitMix64's finaliser, a bijection of 64-bit numbers).
    pub fn child(self, index: u64) -> EntityKey {
        let mut z = self.0.wrapping_add(index.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        EntityKey(z ^ (z >> 31))
    }
}

/// A reproducible source of random numbers for one entity and purpose.
#[derive(Clone, Debug)]
pub struct Stream(Xoshiro256PlusPlus);

impl Stream {
    /// The stream of (seed, trial, entity, purpose).
    pub fn new(seed: u64, trial: u64, entity: EntityKey, purpose: Purpose) -> Stream {
        let mut key = [0u8; 32];
        for (chunk, word) in key.chunks_exact_mut(8).zip([seed, trial, entity.0, purpose as u64]) {
            chunk.copy_from_slice(&word.to_le_bytes());
        }
        Stream(Xoshiro256PlusPlus::from_rng(&mut ChaCha8Rng::from_seed(key)))
    }

    /// The next 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Uniform in [0, 1), 53 bits.
    pub fn uniform(&mut self) -> f64 {
        StandardUniform.sample(&mut self.0)
    }

    /// Uniform in {0, .., n-1} (Lemire's multiply-shift; the bias is below n / 2^64). `n` must not be 0.
    pub fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(n)) >> 64) as u64
    }

    /// Exponential with mean 1.
    pub fn exponential(&mut self) -> f64 {
        -libm::log1p(-self.uniform())
    }

    /// Standard normal (Box-Muller, one of the pair).
    pub fn normal(&mut self) -> f64 {
        let radius = libm::sqrt(2.0 * self.exponential());
        radius * libm::cos(std::f64::consts::TAU * self.uniform())
    }

    /// True with probability `share`.
    pub fn chance(&mut self, share: f64) -> bool {
        share > 0.0 && self.uniform() < share
    }
}

/// The same for the many: the times between the events of one of a million sources, in eight bytes (SplitMix64). Keys
/// are made from a stream's draw and the name of the source.
#[derive(Clone, Debug)]
pub struct Gaps(SplitMix64);

impl Gaps {
    /// The gaps of the source with this key.
    pub fn new(key: EntityKey) -> Gaps {
        Gaps(SplitMix64::seed_from_u64(key.0))
    }

    /// Exponential with mean 1.
    #[inline]
    pub fn draw(&mut self) -> f64 {
        ziggurat::exponential(|| self.0.next_u64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream() -> Stream {
        Stream::new(1, 2, EntityKey::named("repository", "shop/api"), Purpose::PushTimes)
    }

    #[test]
    fn draws_are_these_on_every_platform() {
        let mut bits = stream();
        assert_eq!([bits.bits(), bits.bits()], [8_111_616_776_047_049_891, 18_001_596_549_883_589_767]);
        let mut laws = stream();
        assert_eq!(laws.exponential().to_bits(), 4_603_393_444_702_689_356);
        assert_eq!(laws.normal().to_bits(), 13_818_202_470_165_971_914);
    }

    #[test]
    fn another_name_is_another_stream() {
        let draw =
            |trial, name: &str, purpose| Stream::new(1, trial, EntityKey::named("repository", name), purpose).bits();
        let first = draw(1, "a", Purpose::PushTimes);
        assert_ne!(first, draw(2, "a", Purpose::PushTimes));
        assert_ne!(first, draw(1, "b", Purpose::PushTimes));
        assert_ne!(first, draw(1, "a", Purpose::PushBatch));
        assert_eq!(first, draw(1, "a", Purpose::PushTimes));
    }

    #[test]
    fn uniform_draws_below_n_are_even() {
        let mut stream = stream();
        let mut seen = [0u32; 7];
        (0..70_000).for_each(|_| seen[stream.below(7) as usize] += 1);
        assert!(seen.iter().all(|count| count.abs_diff(10_000) < 400), "{seen:?}");
    }
}
