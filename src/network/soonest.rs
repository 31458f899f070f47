//! The earliest of many times, each of which may change.
//!
//! A tournament: the leaves are the times, every inner node is the earlier of its two children. A change costs one
//! comparison per level, a look at the winner nothing.

use crate::units::Time;

/// Places lie close together when there is one in so many, on average.
const CLOSE: usize = 4;

/// Times by index, and the earliest of them.
#[derive(Debug)]
pub(super) struct Soonest {
    /// Node 1 is the root, the children of `n` are `2n` and `2n + 1`; the second half are the leaves.
    nodes: Vec<Time>,
}

impl Soonest {
    pub(super) fn new() -> Soonest {
        Soonest { nodes: vec![Time::NEVER; 2] }
    }

    /// Makes room for so many times, with [`Time::NEVER`] in the new places.
    pub(super) fn grow_to(&mut self, count: usize) {
        let leaves = self.nodes.len() / 2;
        if count > leaves {
            let times = self.nodes.split_off(leaves);
            self.nodes = vec![Time::NEVER; 2 * count.next_power_of_two()];
            for (index, time) in times.into_iter().enumerate() {
                self.set(index, time);
            }
        }
    }

    pub(super) fn set(&mut self, index: usize, time: Time) {
        let mut node = self.nodes.len() / 2 + index;
        self.nodes[node] = time;
        while node > 1 {
            node /= 2;
            let winner = self.nodes[2 * node].min(self.nodes[2 * node + 1]);
            if self.nodes[node] == winner {
                return;
            }
            self.nodes[node] = winner;
        }
    }

    /// Sets many times. Where their places lie close together, what several of them change is looked at once.
    pub(super) fn set_all(&mut self, times: &[(u32, Time)]) {
        let leaves = self.nodes.len() / 2;
        let (mut first, mut last) = (leaves, 0);
        for (index, _) in times {
            (first, last) = (first.min(*index as usize), last.max(*index as usize));
        }
        if last.saturating_sub(first) >= CLOSE * times.len() {
            return times.iter().for_each(|(index, time)| self.set(*index as usize, *time));
        }
        for (index, time) in times {
            self.nodes[leaves + *index as usize] = *time;
        }
        (first, last) = (leaves + first, leaves + last);
        while first > 1 {
            (first, last) = (first / 2, last / 2);
            for node in first..=last {
                self.nodes[node] = self.nodes[2 * node].min(self.nodes[2 * node + 1]);
            }
        }
    }

    /// The earliest time; [`Time::NEVER`] when there is none.
    pub(super) fn time(&self) -> Time {
        self.nodes[1]
    }

    /// The lowest index that has the earliest time.
    pub(super) fn index(&self) -> usize {
        let leaves = self.nodes.len() / 2;
        let mut node = 1;
        while node < leaves {
            node = 2 * node + usize::from(self.nodes[2 * node] != self.nodes[node]);
        }
        node - leaves
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_winner_is_always_the_earliest() {
        let mut soonest = Soonest::new();
        let mut times = Vec::new();
        let mut state = 1u64;
        for step in 0..2000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            if step % 50 == 0 {
                times.push(Time::NEVER);
                soonest.grow_to(times.len());
            }
            let index = (state >> 33) as usize % times.len();
            times[index] = if state.is_multiple_of(7) { Time::NEVER } else { Time((state >> 40) as i64) };
            soonest.set(index, times[index]);
            let earliest = *times.iter().min().expect("not empty");
            assert_eq!(soonest.time(), earliest);
            assert_eq!(Some(soonest.index()), times.iter().position(|time| *time == earliest));
            // Many at once, close together or not.
            let many: Vec<(u32, Time)> = (0..times.len() as u32)
                .filter(|index| index % (1 + step as u32 % 7) == 0)
                .map(|index| (index, Time((state >> 20) as i64 % (1000 + i64::from(index)))))
                .collect();
            soonest.set_all(&many);
            many.iter().for_each(|(index, time)| times[*index as usize] = *time);
            let earliest = *times.iter().min().expect("not empty");
            assert_eq!(soonest.time(), earliest);
            assert_eq!(Some(soonest.index()), times.iter().position(|time| *time == earliest));
        }
    }
}
