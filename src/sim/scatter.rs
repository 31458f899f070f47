//! Sorting what is spread evenly, as arrivals at a steady rate are: into buckets by size, and then the few of each bucket.
//! The time grows with their number, and no faster.

/// Sorts evenly spread items, again and again in the same room.
#[derive(Clone, Debug, Default)]
pub struct Scatter<T> {
    room: Vec<T>,
    /// Where each bucket begins while items are put into it, and then where it ends.
    marks: Vec<u32>,
}

/// Items in a bucket, on average.
const BUCKET: usize = 4;

impl<T: Copy + Ord> Scatter<T> {
    /// Sorts items by a `size` whose order is theirs, which is finite. Where sizes are far from even it takes longer and
    /// comes to the same.
    pub fn sort(&mut self, items: &mut Vec<T>, size: impl Fn(&T) -> f64) {
        let Some(first) = items.first() else { return };
        self.room.clear();
        self.room.resize(items.len(), *first);
        let buckets = items.len() / BUCKET + 1;
        self.marks.clear();
        self.marks.resize(buckets + 1, 0);
        let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
        for item in items.iter() {
            (least, most) = (least.min(size(item)), most.max(size(item)));
        }
        let scale = buckets as f64 / (most - least);
        // `as` saturates, and makes 0 of what is no number when all sizes are one.
        let bucket = |item: &T| (((size(item) - least) * scale) as usize).min(buckets - 1);
        items.iter().for_each(|item| self.marks[bucket(item) + 1] += 1);
        for index in 1..buckets {
            self.marks[index] += self.marks[index - 1];
        }
        for item in items.iter() {
            let mark = &mut self.marks[bucket(item)];
            self.room[*mark as usize] = *item;
            *mark += 1;
        }
        let mut begin = 0;
        for end in &self.marks[..buckets] {
            self.room[begin..*end as usize].sort_unstable();
            begin = *end as usize;
        }
        std::mem::swap(items, &mut self.room);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// The twin is the library's sort.
        #[test]
        fn items_come_in_their_order(
            mut items in prop::collection::vec((prop_oneof![0u64..9, 0u64..100_000, Just(u64::MAX)], 0u8..3), 0..200),
        ) {
            let mut scatter = Scatter::default();
            let mut expected = items.clone();
            expected.sort_unstable();
            scatter.sort(&mut items, |(size, _)| *size as f64);
            prop_assert_eq!(&items, &expected);
            scatter.sort(&mut items, |(size, _)| *size as f64);
            prop_assert_eq!(items, expected);
        }
    }
}
