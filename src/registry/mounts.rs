//! Layers that the repositories of one registry share where blob mounting is on (A74, A75).
//!
//! A layer is then stored once in the registry. Somebody must be charged for it: the first repository that holds it,
//! and, when that one lets it go, the one that has held it longest of the others.

use super::Layer;
use super::hash::Map;

/// The layers of a registry, each with the repositories that hold it.
#[derive(Clone, Debug, Default)]
pub struct Mounts {
    /// Layer id → repositories in order of coming; the first is charged. Never empty.
    holders: Map<u32, Vec<u32>>,
}

/// Bytes that a repository's share of the registry's storage changes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charge {
    /// The repository, as the caller numbers them.
    pub repository: u32,
    /// Bytes more, or less.
    pub delta: i64,
}

impl Mounts {
    /// A repository holds a layer from now on; no charge when another one is charged for it, or this one already is.
    pub fn keep(&mut self, repository: u32, layer: Layer) -> Vec<Charge> {
        let holders = self.holders.entry(layer.id).or_default();
        let is_first = holders.is_empty();
        if !holders.contains(&repository) {
            holders.push(repository);
        }
        if is_first { vec![charge(repository, layer, 1)] } else { Vec::new() }
    }

    /// A repository holds a layer no longer; when it was charged for it, the next holder is from now on.
    pub fn release(&mut self, repository: u32, layer: Layer) -> Vec<Charge> {
        let Some(holders) = self.holders.get_mut(&layer.id) else { return Vec::new() };
        let Some(position) = holders.iter().position(|&holder| holder == repository) else { return Vec::new() };
        holders.remove(position);
        let heir = holders.first().copied();
        if heir.is_none() {
            self.holders.remove(&layer.id);
        }
        if position > 0 {
            return Vec::new();
        }
        let mut charges = vec![charge(repository, layer, -1)];
        charges.extend(heir.map(|heir| charge(heir, layer, 1)));
        charges
    }

    /// Whether some repository of the registry holds this layer.
    pub fn has(&self, layer: u32) -> bool {
        self.holders.contains_key(&layer)
    }
}

fn charge(repository: u32, layer: Layer, sign: i64) -> Charge {
    Charge { repository, delta: sign * i64::try_from(layer.bytes).unwrap_or(i64::MAX) }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::super::fixed;
    use super::*;
    use proptest::prelude::*;

    const BASE: Layer = Layer { id: 7, bytes: 100 };

    #[test]
    fn a74_the_first_holder_is_charged_and_the_next_inherits() {
        let mut mounts = Mounts::default();
        assert_eq!(mounts.keep(1, BASE), [Charge { repository: 1, delta: 100 }]);
        assert_eq!(mounts.keep(2, BASE), []);
        assert_eq!(mounts.keep(3, BASE), []);
        assert_eq!(mounts.release(2, BASE), []);
        assert_eq!(
            mounts.release(1, BASE),
            [Charge { repository: 1, delta: -100 }, Charge { repository: 3, delta: 100 }]
        );
        assert!(mounts.has(7));
        assert_eq!(mounts.release(3, BASE), [Charge { repository: 3, delta: -100 }]);
        assert!(!mounts.has(7));
    }

    #[test]
    fn holding_twice_counts_once_and_letting_go_of_nothing_is_free() {
        let mut mounts = Mounts::default();
        assert_eq!(mounts.release(1, BASE), []);
        mounts.keep(1, BASE);
        assert_eq!(mounts.keep(1, BASE), []);
        assert_eq!(mounts.release(2, BASE), []);
        assert_eq!(mounts.release(1, BASE), [Charge { repository: 1, delta: -100 }]);
        assert_eq!(mounts.release(1, BASE), []);
    }

    proptest! {
        #![proptest_config(fixed(256))]

        #[test]
        fn charges_add_up_to_the_distinct_layers_and_fall_on_holders(
            steps in prop::collection::vec((any::<bool>(), 0u32..4, 0u32..5), 1..80),
        ) {
            let mut mounts = Mounts::default();
            let mut held: BTreeSet<(u32, u32)> = BTreeSet::new();
            let mut charged: BTreeMap<u32, i64> = BTreeMap::new();
            for (comes, repository, id) in steps {
                let layer = Layer { id, bytes: 1 << id };
                let charges = if comes {
                    held.insert((repository, id));
                    mounts.keep(repository, layer)
                } else {
                    held.remove(&(repository, id));
                    mounts.release(repository, layer)
                };
                for charge in charges {
                    *charged.entry(charge.repository).or_default() += charge.delta;
                }
                let distinct: BTreeSet<u32> = held.iter().map(|&(_, id)| id).collect();
                prop_assert_eq!(charged.values().sum::<i64>(), distinct.iter().map(|id| 1 << id).sum::<i64>());
                for id in 0..5 {
                    prop_assert_eq!(mounts.has(id), distinct.contains(&id));
                    // Sizes are powers of two, so a repository's charge says which layers it is charged for.
                    for (&repository, &bytes) in &charged {
                        prop_assert!(bytes & 1 << id == 0 || held.contains(&(repository, id)));
                    }
                }
            }
        }
    }
}
