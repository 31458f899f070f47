//! Which repositories a node runs, and how often it asks for each.
//!
//! A repository's weight in a cluster is Zipf over the cluster's `runs` in file order times the repository's own factor:
//! `rank^-popularity × weight`. A node runs `per_node` distinct repositories, drawn one after the other in proportion
//! to weight without putting back. That law equals taking the smallest of `E_i / w_i` with independent unit
//! exponentials `E_i` (Efraimidis and Spirakis 2006), which needs no sequence: each `E_i` is named by (node,
//! repository), so another repository changes a node's list only by what it displaces. A repository of weight 0 is on
//! no node.

use std::sync::Arc;

use super::{Cluster, Repository};
use crate::sim::{EntityKey, Stream};

/// What one node runs; nodes that run everything share one of these.
#[derive(Debug)]
pub(super) struct Assignment {
    /// Indices into the cluster's `runs`, ascending.
    pub(super) slots: Vec<u32>,
    /// By place in `slots`: how many pulls the node is expected to make from one of this repository to the next, which
    /// is the sum of all weights over this one's.
    pub(super) spacings: Vec<f64>,
}

impl Assignment {
    fn new(slots: Vec<u32>, weights: &[f64]) -> Assignment {
        let weight = |slot: &u32| weights[*slot as usize];
        let sum: f64 = slots.iter().map(weight).sum();
        let spacings = slots.iter().map(|slot| sum / weight(slot)).collect();
        Assignment { slots, spacings }
    }

    /// Whether the node runs the repository in this slot.
    pub(super) fn holds(&self, slot: u32) -> bool {
        self.slots.binary_search(&slot).is_ok()
    }
}

/// The weights of a cluster's repositories.
pub(super) struct Popularity {
    /// By slot.
    weights: Vec<f64>,
    /// By slot.
    keys: Vec<EntityKey>,
    per_node: usize,
    /// What every node runs when all of it fits.
    everything: Option<Arc<Assignment>>,
}

impl Popularity {
    pub(super) fn new(cluster: &Cluster, repositories: &[Repository]) -> Popularity {
        let members = || cluster.runs.iter().map(|id| &repositories[id.0 as usize]);
        let weights: Vec<f64> = members()
            .enumerate()
            .map(|(rank, repository)| repository.weight * libm::pow((rank + 1) as f64, -cluster.popularity))
            .collect();
        let positive: Vec<u32> = (0..weights.len() as u32).filter(|slot| weights[*slot as usize] > 0.0).collect();
        let per_node = cluster.per_node as usize;
        let everything = (positive.len() <= per_node).then(|| Arc::new(Assignment::new(positive, &weights)));
        Popularity { keys: members().map(|repository| repository.key).collect(), weights, per_node, everything }
    }

    /// What the node with this stream runs.
    pub(super) fn assign(&self, mut node: Stream) -> Arc<Assignment> {
        if let Some(everything) = &self.everything {
            return everything.clone();
        }
        let node = EntityKey(node.bits());
        let mut race: Vec<(f64, u32)> = (0u32..)
            .zip(self.weights.iter().zip(&self.keys))
            .filter(|(_, (weight, _))| **weight > 0.0)
            .map(|(slot, (weight, key))| (-libm::log1p(-uniform(node.child(key.0))) / weight, slot))
            .collect();
        if self.per_node == 0 {
            race.clear();
        } else {
            race.select_nth_unstable_by(self.per_node - 1, |a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            race.truncate(self.per_node);
        }
        let mut slots: Vec<u32> = race.into_iter().map(|(_, slot)| slot).collect();
        slots.sort_unstable();
        Arc::new(Assignment::new(slots, &self.weights))
    }
}

/// A number in [0, 1) made of a key's bits: a draw by name, where a whole stream would be too much.
pub(super) fn uniform(key: EntityKey) -> f64 {
    (key.0 >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}

#[cfg(test)]
mod tests {
    use super::super::source::fixture;
    use super::*;
    use crate::sim::Purpose;

    fn popularity(weights: &[f64], per_node: u32, exponent: f64) -> Popularity {
        let repositories: Vec<Repository> = weights
            .iter()
            .enumerate()
            .map(|(i, weight)| Repository { weight: *weight, ..fixture::repository(&format!("r{i}")) })
            .collect();
        let runs = (0..weights.len() as u32).map(super::super::RepositoryId).collect();
        let cluster = Cluster { runs, per_node, popularity: exponent, ..fixture::cluster("c") };
        Popularity::new(&cluster, &repositories)
    }

    fn node(index: u64) -> Stream {
        Stream::new(1, 1, EntityKey::named("cluster", "c").child(index), Purpose::NodeAssignment)
    }

    #[test]
    fn all_are_run_when_they_fit_and_none_of_weight_zero() {
        let all = popularity(&[1.0, 0.0, 2.0], 3, 0.0).assign(node(0));
        assert_eq!(all.slots, [0, 2]);
        assert!(all.holds(2) && !all.holds(1));
        assert!(popularity(&[0.0], 3, 0.0).assign(node(0)).slots.is_empty());
    }

    #[test]
    fn draws_without_replacement_follow_the_weights() {
        // Two of three with weights 3, 2, 1: P(0 in) = 1/2 + 2/6·3/4 + 1/6·3/5 = 0.85 (by hand), and so on.
        let popularity = popularity(&[3.0, 2.0, 1.0], 2, 0.0);
        let n = 20_000;
        let mut seen = [0u32; 3];
        for index in 0..n {
            let assignment = popularity.assign(node(index));
            assert_eq!(assignment.slots.len(), 2);
            assignment.slots.iter().for_each(|slot| seen[*slot as usize] += 1);
        }
        let share = seen.map(|count| f64::from(count) / n as f64);
        for (share, expected) in share.iter().zip([0.85, 0.7333, 0.4167]) {
            assert!((share - expected).abs() < 0.015, "{share} {expected}");
        }
    }

    #[test]
    fn popularity_is_zipf_in_file_order() {
        let all = popularity(&[1.0, 1.0, 4.0], 3, 1.0).assign(node(0));
        // Weights 1, 1/2, 4/3, which add up to 17/6.
        for (spacing, weight) in all.spacings.iter().zip([1.0, 0.5, 4.0 / 3.0]) {
            assert!((spacing - 17.0 / 6.0 / weight).abs() < 1e-12, "{spacing} {weight}");
        }
    }

    #[test]
    fn a_further_repository_only_displaces() {
        let few = popularity(&[1.0; 30], 10, 0.0);
        let more = popularity(&[1.0; 31], 10, 0.0);
        for index in 0..200 {
            let (few, more) = (few.assign(node(index)), more.assign(node(index)));
            let kept = few.slots.iter().filter(|slot| more.holds(**slot)).count();
            assert!(kept >= 9, "{kept}");
        }
    }
}
