//! Many alarms, one clock: who is due next, exactly, in O(log n) and without a scan.
//!
//! Owners of timers (transactions, dialogs, registrations) keep their own exact deadline, and most
//! deadlines move later long before they fire: a call's first retransmission is due in half a
//! second, the answer comes in twenty milliseconds. So nothing is removed when a deadline moves:
//! the old entry stays, and when its time comes the owner is asked for its present deadline.
//!
//! Most alarms of a busy box are half a minute away. They wait unsorted, a second's worth together,
//! and are only put in order when their second comes; the ordered part stays small enough for the
//! cache.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::Instant;

/// The pending alarms of a set of owners named by `K`.
#[derive(Debug)]
pub struct Alarms<K> {
    /// What seconds are counted from: the first alarm ever set.
    origin: Option<Instant>,
    /// The last second that is in order.
    ordered: u64,
    near: BinaryHeap<Reverse<(Instant, K)>>,
    far: BTreeMap<u64, Vec<Reverse<(Instant, K)>>>,
}

impl<K: Ord + Copy> Default for Alarms<K> {
    fn default() -> Self {
        Self { origin: None, ordered: 0, near: BinaryHeap::new(), far: BTreeMap::new() }
    }
}

impl<K: Ord + Copy> Alarms<K> {
    /// Wakes `owner` at `at`, or earlier if it already has an earlier entry. `set` is the owner's
    /// own note of the entry that stands for it; it spares a second entry when the deadline moves
    /// later.
    pub fn set(&mut self, owner: K, at: Option<Instant>, set: &mut Option<Instant>) {
        let Some(at) = at else { return };
        if set.is_some_and(|standing| standing <= at) {
            return;
        }
        *set = Some(at);
        let origin = *self.origin.get_or_insert(at);
        let second = at.saturating_duration_since(origin).as_secs();
        let entry = Reverse((at, owner));
        if second <= self.ordered {
            self.near.push(entry);
        } else {
            self.far.entry(second).or_default().push(entry);
        }
    }

    /// The earliest entry, whoever it is for; it may prove stale.
    pub fn first(&mut self) -> Option<(Instant, K)> {
        if self.near.is_empty() {
            let (second, entries) = self.far.pop_first()?;
            self.ordered = second;
            self.near = entries.into();
        }
        self.near.peek().map(|Reverse(entry)| *entry)
    }

    /// Takes the earliest entry away, so that its owner can be asked for its present deadline.
    pub fn pop(&mut self) -> Option<(Instant, K)> {
        self.first()?;
        self.near.pop().map(|Reverse(entry)| entry)
    }

    /// How many entries wait, stale ones among them.
    pub fn len(&self) -> usize {
        self.near.len() + self.far.values().map(Vec::len).sum::<usize>()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.near.is_empty() && self.far.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_time::FakeTime;

    #[test]
    fn alarms_come_in_their_order_however_they_were_set() {
        let time = FakeTime::start();
        let mut alarms = Alarms::default();
        let set = |alarms: &mut Alarms<u64>, millis| {
            alarms.set(millis, Some(time.at(millis)), &mut None);
        };
        for number in 0..1000u64 {
            set(&mut alarms, 500 + number * 7_919 % 40_000);
        }
        let mut last = 0;
        for turn in 0..2000 {
            let Some((at, owner)) = alarms.pop() else { break };
            assert_eq!(time.millis(at), owner);
            assert!(owner >= last, "{owner} after {last}");
            last = owner;
            // While time goes on, alarms are set near and far.
            if turn < 500 {
                set(&mut alarms, last + turn * 31 % 3_000);
            }
        }
        assert!(alarms.is_empty());
    }

    #[test]
    fn an_alarm_for_the_past_is_first() {
        let time = FakeTime::start();
        let mut alarms = Alarms::default();
        for (owner, millis) in [(1, 9_000), (2, 70_000), (3, 10), (4, 9_500)] {
            alarms.set(owner, Some(time.at(millis)), &mut None);
        }
        let owners: Vec<_> = std::iter::from_fn(|| alarms.pop()).map(|(_, owner)| owner).collect();
        assert_eq!(owners, [3, 1, 4, 2]);
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
        assert!(alarms.near.capacity() <= 2_000 && alarms.far.is_empty());
    }
}
