//! Where transactions live: found by their number without a search, next to those of the same time.

use super::TransactionId;

/// Values under numbers that are never used again, in places that are.
#[derive(Debug)]
pub(super) struct Slots<T> {
    slots: Vec<Option<Box<Occupied<T>>>>,
    /// Empty slots; some may be gone or taken again by now.
    free: Vec<u32>,
    occupied: usize,
    next: u64,
}

#[derive(Debug)]
struct Occupied<T> {
    id: TransactionId,
    value: T,
}

impl<T> Slots<T> {
    pub(super) fn new() -> Self {
        Self { slots: Vec::new(), free: Vec::new(), occupied: 0, next: 0 }
    }

    /// Keeps `value` and says under which number.
    pub(super) fn insert(&mut self, value: T) -> TransactionId {
        let slot = self.empty_slot();
        let id = TransactionId { serial: self.next, slot };
        self.next += 1;
        if let Some(place) = self.slots.get_mut(id.index()) {
            *place = Some(Box::new(Occupied { id, value }));
            self.occupied += 1;
        }
        id
    }

    pub(super) fn get(&self, id: TransactionId) -> Option<&T> {
        let found = self.slots.get(id.index())?.as_deref()?;
        (found.id == id).then_some(&found.value)
    }

    pub(super) fn get_mut(&mut self, id: TransactionId) -> Option<&mut T> {
        let found = self.slots.get_mut(id.index())?.as_deref_mut()?;
        (found.id == id).then_some(&mut found.value)
    }

    pub(super) fn remove(&mut self, id: TransactionId) -> Option<T> {
        let place = self.slots.get_mut(id.index())?;
        let removed = place.take_if(|found| found.id == id)?;
        self.occupied = self.occupied.saturating_sub(1);
        while self.slots.last().is_some_and(Option::is_none) {
            self.slots.pop();
        }
        if id.index() < self.slots.len() {
            self.free.push(id.slot);
        }
        self.give_memory_back();
        Some(removed.value)
    }

    pub(super) fn len(&self) -> usize {
        self.occupied
    }

    fn empty_slot(&mut self) -> u32 {
        while let Some(slot) = self.free.pop() {
            if self.slots.get(slot as usize).is_some_and(Option::is_none) {
                return slot;
            }
        }
        self.slots.push(None);
        u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
    }

    fn give_memory_back(&mut self) {
        if self.slots.capacity() > KEPT && self.slots.len() < self.slots.capacity() / 8 {
            self.slots.shrink_to(self.slots.len() * 2);
            self.free.retain(|slot| (*slot as usize) < self.slots.len());
            self.free.shrink_to(self.slots.len());
        }
    }
}

/// Below this many places memory is not worth giving back.
const KEPT: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_never_used_again_though_its_slot_is() {
        let mut slots = Slots::new();
        let (one, two) = (slots.insert("one"), slots.insert("two"));
        assert_eq!(slots.remove(one), Some("one"));
        assert_eq!((slots.remove(one), slots.get(one)), (None, None));
        let three = slots.insert("three");
        assert_eq!(three.slot, one.slot);
        assert_eq!(slots.get(one), None);
        assert_eq!((slots.get(two), slots.get(three)), (Some(&"two"), Some(&"three")));
        assert_eq!(slots.len(), 2);
    }

    #[test]
    fn numbers_are_in_the_order_of_their_making() {
        let mut slots = Slots::new();
        let (one, two) = (slots.insert(1), slots.insert(2));
        slots.remove(one);
        assert!(two < slots.insert(3));
    }

    #[test]
    fn slots_come_and_go_without_end_or_mistake() {
        let mut slots = Slots::new();
        let mut kept = Vec::new();
        for number in 0..200_000u64 {
            kept.push((slots.insert(number), number));
            let rises = number / 20_000 % 2 == 0;
            for _ in 0..if rises { number % 2 } else { 2 } {
                let at = usize::try_from(number * 7_919 % 1_000_003).unwrap() % kept.len().max(1);
                if at < kept.len() {
                    let (id, value) = kept.swap_remove(at);
                    assert_eq!(slots.remove(id), Some(value));
                }
            }
        }
        assert_eq!(slots.len(), kept.len());
        for (id, value) in kept.drain(..) {
            assert_eq!(slots.remove(id), Some(value));
        }
        assert_eq!((slots.len(), slots.slots.len()), (0, 0));
        assert!(slots.slots.capacity() <= KEPT && slots.free.capacity() <= KEPT);
    }
}
