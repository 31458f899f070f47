//! Things in order of age, with a fixed place each while they are there.
//!
//! A slab threaded by a doubly linked list: putting the youngest in, taking any out and walking from the oldest are all
//! O(1) per thing. Places are reused, so memory follows the largest number of things at once, not how many came by.

use crate::units::Time;

/// No place.
const NONE: u32 = u32::MAX;

/// Things in order of age.
#[derive(Clone, Debug)]
pub(super) struct Shelf<T> {
    slots: Vec<Slot<T>>,
    oldest: u32,
    youngest: u32,
    /// First of the free slots, which are chained by `younger`.
    free: u32,
}

#[derive(Clone, Debug)]
struct Slot<T> {
    since: Time,
    older: u32,
    younger: u32,
    item: Option<T>,
}

impl<T> Default for Shelf<T> {
    fn default() -> Shelf<T> {
        Shelf { slots: Vec::new(), oldest: NONE, youngest: NONE, free: NONE }
    }
}

impl<T> Shelf<T> {
    /// Puts a thing in and says where it stands. Of things of one moment, the later put is the younger.
    pub(super) fn put(&mut self, since: Time, item: T) -> u32 {
        let slot = Slot { since, older: NONE, younger: NONE, item: Some(item) };
        let place = if self.free == NONE {
            if self.slots.len() == self.slots.capacity() {
                self.slots.reserve_exact(super::room_for_more(self.slots.len()));
            }
            self.slots.push(slot);
            self.slots.len() as u32 - 1
        } else {
            let place = self.free;
            self.free = self.slots[place as usize].younger;
            self.slots[place as usize] = slot;
            place
        };
        self.link(place);
        place
    }

    /// Puts the thing at this place among the others by another moment; it keeps its place.
    pub(super) fn renew(&mut self, place: u32, since: Time) {
        if self.get(place).is_some() {
            self.unlink(place);
            self.slots[place as usize].since = since;
            self.link(place);
        }
    }

    /// Since when the thing at this place is there.
    pub(super) fn since(&self, place: u32) -> Option<Time> {
        self.slots.get(place as usize).filter(|slot| slot.item.is_some()).map(|slot| slot.since)
    }

    /// Takes the thing at this place out.
    pub(super) fn take(&mut self, place: u32) -> Option<T> {
        let item = self.slots.get_mut(place as usize)?.item.take()?;
        self.unlink(place);
        self.slots[place as usize].younger = self.free;
        self.free = place;
        Some(item)
    }

    /// The thing at this place.
    pub(super) fn get(&self, place: u32) -> Option<&T> {
        self.slots.get(place as usize)?.item.as_ref()
    }

    /// The thing at this place, to change.
    pub(super) fn get_mut(&mut self, place: u32) -> Option<&mut T> {
        self.slots.get_mut(place as usize)?.item.as_mut()
    }

    /// All things, oldest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Time, &T)> {
        let at = |place: u32| self.slots.get(place as usize).filter(|slot| slot.item.is_some());
        std::iter::successors(at(self.oldest), move |slot| at(slot.younger))
            .filter_map(|slot| Some((slot.since, slot.item.as_ref()?)))
    }

    /// Threads a slot in, by its moment.
    fn link(&mut self, place: u32) {
        let since = self.slots[place as usize].since;
        // Time runs forward in a simulation, so this walk ends at its first step.
        let mut older = self.youngest;
        while older != NONE && self.slots[older as usize].since > since {
            older = self.slots[older as usize].older;
        }
        let younger = if older == NONE { self.oldest } else { self.slots[older as usize].younger };
        let slot = &mut self.slots[place as usize];
        (slot.older, slot.younger) = (older, younger);
        *self.link_up(older) = place;
        *self.link_down(younger) = place;
    }

    /// Takes a slot off the thread.
    fn unlink(&mut self, place: u32) {
        let Slot { older, younger, .. } = self.slots[place as usize];
        *self.link_up(older) = younger;
        *self.link_down(younger) = older;
    }

    /// Who points at the thing after `older`.
    fn link_up(&mut self, older: u32) -> &mut u32 {
        if older == NONE { &mut self.oldest } else { &mut self.slots[older as usize].younger }
    }

    /// Who points at the thing before `younger`.
    fn link_down(&mut self, younger: u32) -> &mut u32 {
        if younger == NONE { &mut self.youngest } else { &mut self.slots[younger as usize].older }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixed;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_walk_goes_from_the_oldest_to_the_youngest() {
        let mut shelf = Shelf::default();
        let b = shelf.put(Time(2), 'b');
        shelf.put(Time(3), 'd');
        shelf.put(Time(1), 'a');
        shelf.put(Time(2), 'c');
        assert_eq!(shelf.iter().map(|(_, c)| *c).collect::<String>(), "abcd");
        assert_eq!(shelf.take(b), Some('b'));
        assert_eq!(shelf.take(b), None);
        assert_eq!(shelf.iter().map(|(_, c)| *c).collect::<String>(), "acd");
    }

    proptest! {
        #![proptest_config(fixed(128))]

        #[test]
        fn it_is_a_list_sorted_by_age_then_arrival(
            steps in prop::collection::vec((0u8..5, 0i64..6, 0usize..40), 1..60),
        ) {
            let mut shelf = Shelf::default();
            let mut twin: Vec<(Time, usize, u32)> = Vec::new();
            let mut most = 0;
            for (number, (kind, since, which)) in steps.into_iter().enumerate() {
                if kind < 2 || twin.is_empty() {
                    let place = shelf.put(Time(since), number);
                    twin.push((Time(since), number, place));
                    twin.sort_by_key(|thing| thing.0);
                } else if kind == 2 {
                    let (_, number, place) = twin.remove(which % twin.len());
                    shelf.renew(place, Time(since));
                    twin.push((Time(since), number, place));
                    twin.sort_by_key(|thing| thing.0);
                } else {
                    let (_, number, place) = twin.remove(which % twin.len());
                    prop_assert_eq!(shelf.take(place), Some(number));
                }
                most = most.max(twin.len());
                prop_assert!(shelf.iter().map(|(since, n)| (since, *n)).eq(twin.iter().map(|t| (t.0, t.1))));
                prop_assert!(twin.iter().all(|t| shelf.get(t.2) == Some(&t.1)));
                prop_assert_eq!(shelf.slots.len(), most);
            }
        }
    }
}
