//! Look-up by dense ids and by tag text, without the price of a hash that resists attackers.
//!
//! Keys come from the user's own scenario, so nobody floods these maps. No map of this room is ever iterated, so the
//! hash decides only how fast a look-up is, never what comes out.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher};

/// A map from keys of this room.
pub(super) type Map<K, V> = HashMap<K, V, BuildHasherDefault<Mix>>;

/// Places by tag. The texts stay with whoever stands at the place; here are only their hashes with the places, in order, so
/// that a tag is kept once. A repository holds few tags, and there are many repositories: a list takes half the memory of a
/// table.
#[derive(Clone, Debug, Default)]
pub(super) struct TagIndex(Vec<(u32, u32)>);

impl TagIndex {
    /// The place under this tag; `holds` says whether a place really has it.
    pub(super) fn find(&self, tag: &str, holds: impl Fn(u32) -> bool) -> Option<u32> {
        let hash = short_hash(tag);
        let from = self.0.partition_point(|entry| entry.0 < hash);
        self.0[from..].iter().take_while(|entry| entry.0 == hash).map(|entry| entry.1).find(|&place| holds(place))
    }

    /// Puts a place under a tag that has none.
    pub(super) fn insert(&mut self, tag: &str, place: u32) {
        let entry = (short_hash(tag), place);
        if self.0.len() == self.0.capacity() {
            self.0.reserve_exact(super::room_for_more(self.0.len()));
        }
        self.0.insert(self.0.partition_point(|other| *other < entry), entry);
    }

    /// Forgets that this place was under this tag. Two tags of one place with one hash make two equal entries: either may
    /// go.
    pub(super) fn remove(&mut self, tag: &str, place: u32) {
        if let Ok(at) = self.0.binary_search(&(short_hash(tag), place)) {
            self.0.remove(at);
        }
    }
}

fn short_hash(tag: &str) -> u32 {
    BuildHasherDefault::<Mix>::default().hash_one(tag) as u32
}

/// Multiply and fold, eight bytes at a time.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Mix(u64);

impl Mix {
    fn add(&mut self, word: u64) {
        // 2^64 over the golden ratio. Folding the high half of the product onto the low one lets every bit of the word
        // reach the low bits, from which a map takes its bucket; the plain product of a tag's last letters does not.
        let product = u128::from(self.0 ^ word) * 0x9e37_79b9_7f4a_7c15;
        self.0 = product as u64 ^ (product >> 64) as u64;
    }
}

impl Hasher for Mix {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.add(u64::from_le_bytes(word));
        }
    }

    fn write_u8(&mut self, byte: u8) {
        self.add(u64::from(byte));
    }

    fn write_u32(&mut self, id: u32) {
        self.add(u64::from(id));
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::hash::Hash;

    fn hash(value: impl Hash) -> u64 {
        BuildHasherDefault::<Mix>::default().hash_one(value)
    }

    #[test]
    fn consecutive_ids_and_tags_fall_into_different_buckets() {
        let ids: BTreeSet<u64> = (0..1024u32).map(|id| hash(id) % 2048).collect();
        assert!(ids.len() > 600, "{} buckets for 1024 ids", ids.len());
        let tags: BTreeSet<u64> = (0..1024u32).map(|n| hash(format!("release-2026-{n}").as_str()) % 2048).collect();
        assert!(tags.len() > 600, "{} buckets for 1024 tags", tags.len());
    }

    #[test]
    fn a_text_and_its_owner_hash_alike() {
        assert_eq!(hash("v17"), hash(std::sync::Arc::<str>::from("v17")));
    }
}
