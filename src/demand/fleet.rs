//! The nodes of one cluster: which numbers are up, what each runs, who it is.
//!
//! A node's *number* is a label: the smallest free one is used again, so that tables indexed by it stay small. Its
//! *identity* names its random draws: node i of the start is i, a node that growth adds continues that count, and the
//! serial number of a scaled-up node lies far above. Its *epoch* tells one incarnation from the next: what was meant for
//! a node that has since been replaced or is gone does not reach its successor.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use super::assignment::Assignment;
use crate::sim::{Arrivals, Stream};

/// Identities of scaled-up nodes start here, so that no number of ordinary nodes shifts them.
const SCALED_UP: u64 = 1 << 40;

/// Identity of a scaled-up node: the trigger's index among its kind, and the serial number within it.
pub(super) fn scaled_up(trigger: usize, serial: u64) -> u64 {
    (trigger as u64 + 1) * SCALED_UP + serial
}

/// One number's node.
pub(super) struct Node {
    /// Index into the fleet's `up`; `None` = down.
    place: Option<u32>,
    pub(super) epoch: u32,
    pub(super) identity: u64,
    pub(super) runs: Arc<Assignment>,
    /// One clock per churn trigger.
    pub(super) churn: Vec<(Arrivals, Stream)>,
}

impl Node {
    pub(super) fn is_up(&self) -> bool {
        self.place.is_some()
    }
}

/// The nodes of a cluster by number.
#[derive(Default)]
pub(super) struct Fleet {
    nodes: Vec<Node>,
    /// Numbers of the nodes that are up, in no particular (but reproducible) order.
    up: Vec<u32>,
    free: BinaryHeap<Reverse<u32>>,
    /// Nodes that came to stay, oldest first; growth below zero takes the youngest.
    permanent: Vec<u32>,
}

impl Fleet {
    /// Brings a node up and returns its number.
    pub(super) fn join(&mut self, identity: u64, runs: Arc<Assignment>, churn: Vec<(Arrivals, Stream)>) -> u32 {
        let place = Some(self.up.len() as u32);
        let number = match self.free.pop() {
            Some(Reverse(number)) => {
                let node = &mut self.nodes[number as usize];
                *node = Node { place, epoch: node.epoch + 1, identity, runs, churn };
                number
            }
            None => {
                self.nodes.push(Node { place, epoch: 0, identity, runs, churn });
                self.nodes.len() as u32 - 1
            }
        };
        if identity < SCALED_UP {
            self.permanent.push(number);
        }
        self.up.push(number);
        number
    }

    /// Takes a node down.
    pub(super) fn leave(&mut self, number: u32) {
        let node = &mut self.nodes[number as usize];
        let Some(place) = node.place.take() else { return };
        node.epoch += 1;
        self.up.swap_remove(place as usize);
        if let Some(&moved) = self.up.get(place as usize) {
            self.nodes[moved as usize].place = Some(place);
        }
        self.free.push(Reverse(number));
    }

    /// Replaces a node by an empty one that runs the same.
    pub(super) fn replace(&mut self, number: u32) {
        self.nodes[number as usize].epoch += 1;
    }

    /// The youngest node that came to stay, unless it is the last one; it stays no longer.
    pub(super) fn youngest(&mut self) -> Option<u32> {
        if self.permanent.len() < 2 {
            return None;
        }
        self.permanent.pop()
    }

    /// How many nodes are up.
    pub(super) fn up(&self) -> u32 {
        self.up.len() as u32
    }

    pub(super) fn node(&self, number: u32) -> &Node {
        &self.nodes[number as usize]
    }

    pub(super) fn node_mut(&mut self, number: u32) -> &mut Node {
        &mut self.nodes[number as usize]
    }

    /// The node of this number if it is up and of this identity.
    pub(super) fn known(&self, number: u32, identity: u64) -> Option<&Node> {
        self.nodes.get(number as usize).filter(|node| node.is_up() && node.identity == identity)
    }

    /// All nodes that are up, in order of number.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &Node)> {
        (0..).zip(&self.nodes).filter(|(_, node)| node.is_up())
    }

    /// Numbers in use so far: every node's is below.
    pub(super) fn numbers(&self) -> u32 {
        self.nodes.len() as u32
    }

    /// A node at random.
    pub(super) fn pick(&self, stream: &mut Stream) -> Option<u32> {
        if self.up.is_empty() {
            return None;
        }
        Some(self.up[stream.below(self.up.len() as u64) as usize])
    }

    /// A random node among those that run the repository in `slot`; when none does, among all.
    pub(super) fn pick_runner(&self, slot: Option<u32>, stream: &mut Stream) -> Option<u32> {
        let slot = slot.filter(|slot| self.iter().any(|(_, node)| node.runs.holds(*slot)));
        loop {
            let number = self.pick(stream)?;
            if slot.is_none_or(|slot| self.node(number).runs.holds(slot)) {
                return Some(number);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::assignment::Popularity;
    use super::super::source::fixture;
    use super::super::{Cluster, RepositoryId};
    use super::*;
    use crate::sim::{EntityKey, Purpose};

    fn stream(index: u64) -> Stream {
        Stream::new(1, 1, EntityKey(index), Purpose::NodeAssignment)
    }

    /// A fleet of `n` nodes, each of which runs one of two repositories.
    fn fleet(n: u64) -> Fleet {
        let repositories = [fixture::repository("a"), fixture::repository("b")];
        let runs = vec![RepositoryId(0), RepositoryId(1)];
        let cluster = Cluster { runs, per_node: 1, ..fixture::cluster("c") };
        let popularity = Popularity::new(&cluster, &repositories);
        let mut fleet = Fleet::default();
        for identity in 0..n {
            fleet.join(identity, popularity.assign(stream(identity)), Vec::new());
        }
        fleet
    }

    fn numbers(fleet: &Fleet) -> Vec<u32> {
        fleet.iter().map(|(number, _)| number).collect()
    }

    #[test]
    fn the_smallest_free_number_is_used_again() {
        let mut fleet = fleet(4);
        fleet.leave(2);
        fleet.leave(0);
        fleet.leave(0);
        assert_eq!(numbers(&fleet), [1, 3]);
        let runs = fleet.node(1).runs.clone();
        assert_eq!(fleet.join(scaled_up(0, 0), runs.clone(), Vec::new()), 0);
        assert_eq!(fleet.join(scaled_up(0, 1), runs.clone(), Vec::new()), 2);
        assert_eq!(fleet.join(scaled_up(0, 2), runs, Vec::new()), 4);
        assert_eq!(numbers(&fleet), [0, 1, 2, 3, 4]);
        assert!(fleet.known(0, 0).is_none() && fleet.known(0, scaled_up(0, 0)).is_some());
        assert_eq!(fleet.node(0).epoch, 2);
    }

    #[test]
    fn a_random_node_is_up_and_runs_what_is_asked() {
        let mut fleet = fleet(10);
        fleet.leave(3);
        let mut draws = stream(77);
        let slot = fleet.node(5).runs.slots[0];
        for _ in 0..200 {
            assert_ne!(fleet.pick(&mut draws), Some(3));
            let runner = fleet.pick_runner(Some(slot), &mut draws).unwrap();
            assert!(fleet.node(runner).is_up() && fleet.node(runner).runs.holds(slot));
        }
        assert!(fleet.pick_runner(Some(9), &mut draws).is_some(), "nobody runs it: anybody may");
    }

    #[test]
    fn shrinking_stops_at_one_node() {
        let mut fleet = fleet(3);
        assert_eq!((fleet.youngest(), fleet.youngest(), fleet.youngest()), (Some(2), Some(1), None));
    }
}
