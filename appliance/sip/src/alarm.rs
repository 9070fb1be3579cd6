//! Many alarms, one clock: who is due next, in O(log n) and without a scan.
//!
//! Owners of timers (transactions, dialogs, registrations) keep their own exact deadline, and most
//! deadlines move later long before they fire: a call's first retransmission is due in half a second,
//! the answer comes in twenty milliseconds. So nothing is removed when a deadline moves: the old
//! entry stays, and when its time comes the owner is asked for its present deadline.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

/// The pending alarms of a set of owners named by `K`.
#[derive(Debug)]
pub struct Alarms<K> {
    heap: BinaryHeap<Reverse<(Instant, K)>>,
}

impl<K: Ord + Copy> Default for Alarms<K> {
    fn default() -> Self {
        Self { heap: BinaryHeap::new() }
    }
}

impl<K: Ord + Copy> Alarms<K> {
    /// Wakes `owner` at `at`, or earlier if it already has an earlier entry. `set` is the owner's own
    /// note of the entry that stands for it; it spares a second entry when the deadline moves later.
    pub fn set(&mut self, owner: K, at: Option<Instant>, set: &mut Option<Instant>) {
        let Some(at) = at else { return };
        if set.is_some_and(|standing| standing <= at) {
            return;
        }
        *set = Some(at);
        self.heap.push(Reverse((at, owner)));
    }

    /// The earliest entry, whoever it is for; it may prove stale.
    pub fn first(&self) -> Option<(Instant, K)> {
        self.heap.peek().map(|Reverse(entry)| *entry)
    }

    /// Takes the earliest entry away, so that its owner can be asked for its present deadline.
    pub fn pop(&mut self) -> Option<(Instant, K)> {
        let Reverse(entry) = self.heap.pop()?;
        if self.heap.capacity() > KEPT && self.heap.len() < self.heap.capacity() / 4 {
            self.heap.shrink_to(self.heap.capacity() / 2);
        }
        Some(entry)
    }

    /// How many entries wait, stale ones among them.
    pub fn len(&self) -> usize {
        self.heap.len()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }
}

/// Below this many entries memory is not worth giving back.
const KEPT: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_time::FakeTime;

    #[test]
    fn the_earliest_alarm_comes_first() {
        let time = FakeTime::start();
        let mut alarms = Alarms::default();
        let (mut one, mut two) = (None, None);
        alarms.set(1, Some(time.at(500)), &mut one);
        alarms.set(2, Some(time.at(100)), &mut two);
        assert_eq!(alarms.pop(), Some((time.at(100), 2)));
        assert_eq!(alarms.pop(), Some((time.at(500), 1)));
        assert_eq!(alarms.pop(), None);
    }

    #[test]
    fn a_deadline_that_moves_later_costs_no_second_entry() {
        let time = FakeTime::start();
        let mut alarms = Alarms::default();
        let mut set = None;
        alarms.set(1, Some(time.at(500)), &mut set);
        alarms.set(1, Some(time.at(32_000)), &mut set);
        assert_eq!(alarms.len(), 1);
        alarms.set(1, Some(time.at(100)), &mut set);
        assert_eq!(alarms.len(), 2);
    }

    #[test]
    fn memory_is_given_back_after_a_rush() {
        let time = FakeTime::start();
        let mut alarms = Alarms::default();
        for owner in 0..100_000u32 {
            alarms.set(owner, Some(time.at(u64::from(owner))), &mut None);
        }
        while alarms.pop().is_some() {}
        assert!(alarms.heap.capacity() <= 2 * KEPT);
    }
}
