//! Which counts of a nonce were used: replayed credentials are refused (RFC 7616 §5.12), in
//! bounded memory.

use std::collections::BTreeMap;

use super::NonceId;

/// The nonces in use and their counts.
///
/// When it is full the oldest nonce is forgotten, and from then on it and all older ones are
/// stale: forgetting costs a phone a round trip and never lets a replay through.
#[derive(Clone, Debug)]
pub struct NonceUse {
    windows: BTreeMap<NonceId, Window>,
    capacity: usize,
    /// The youngest nonce that was forgotten.
    forgotten: Option<NonceId>,
}

/// What became of a count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// It is new, and noted.
    Fresh,
    /// It was used before, or it is too far behind to know. A phone that never counts ends here
    /// too: challenge again with `stale=true`.
    Replayed,
    /// The nonce was forgotten: challenge again with `stale=true`.
    Stale,
}

/// The highest count and which of the 64 up to it were used; bit 0 is the highest.
#[derive(Clone, Copy, Debug)]
struct Window {
    highest: u32,
    used: u64,
}

impl NonceUse {
    /// Room for the counts of `capacity` nonces, about 40 octets each.
    pub fn new(capacity: usize) -> NonceUse {
        NonceUse { windows: BTreeMap::new(), capacity, forgotten: None }
    }

    /// Notes that a nonce was used with that count; only for credentials that were verified, or
    /// anybody could fill it.
    pub fn note(&mut self, id: NonceId, count: u32) -> Use {
        if let Some(window) = self.windows.get_mut(&id) {
            return if window.note(count) { Use::Fresh } else { Use::Replayed };
        }
        if self.forgotten.is_some_and(|forgotten| id <= forgotten) {
            return Use::Stale;
        }
        if self.windows.len() >= self.capacity {
            let forgotten = self.windows.pop_first().map(|(oldest, _)| oldest);
            self.forgotten = self.forgotten.max(forgotten);
        }
        self.windows.insert(id, Window { highest: count, used: 1 });
        Use::Fresh
    }

    /// Forgets the nonces issued before `oldest`, which are too old to be good anyway.
    pub fn expire(&mut self, oldest: u64) {
        while let Some(entry) = self.windows.first_entry() {
            if entry.key().issued >= oldest {
                return;
            }
            let (id, _) = entry.remove_entry();
            self.forgotten = self.forgotten.max(Some(id));
        }
    }

    /// How many nonces are in use.
    pub fn len(&self) -> usize {
        self.windows.len()
    }

    /// Whether no nonce is in use.
    pub fn is_empty(&self) -> bool {
        self.windows.is_empty()
    }
}

impl Window {
    /// Whether the count is new.
    fn note(&mut self, count: u32) -> bool {
        if count > self.highest {
            self.used = self.used.checked_shl(count - self.highest).unwrap_or(0) | 1;
            self.highest = count;
            return true;
        }
        let Some(bit) = 1u64.checked_shl(self.highest - count) else { return false };
        let new = self.used & bit == 0;
        self.used |= bit;
        new
    }
}

#[cfg(test)]
mod tests {
    use super::super::{NonceKey, NonceVerdict};
    use super::*;

    fn id(issued: u64) -> NonceId {
        let key = NonceKey::new(&[0; 32], 10);
        match key.check(&key.issue("r", issued, [0; 8]), "r", issued) {
            NonceVerdict::Good(id) => id,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_count_is_good_once_in_any_order() {
        let mut uses = NonceUse::new(8);
        for count in [1, 3, 2, 70, 69, 7] {
            assert_eq!(uses.note(id(1), count), Use::Fresh, "{count}");
        }
        for count in [1, 3, 2, 70, 69, 7, 6] {
            assert_eq!(uses.note(id(1), count), Use::Replayed, "{count}");
        }
        assert_eq!(uses.note(id(1), u32::MAX), Use::Fresh);
        assert_eq!(uses.note(id(1), 71), Use::Replayed);
    }

    #[test]
    fn a_nonce_that_was_forgotten_is_stale_and_never_fresh_again() {
        let mut uses = NonceUse::new(2);
        for issued in [10, 11, 12] {
            assert_eq!(uses.note(id(issued), 1), Use::Fresh);
        }
        assert_eq!(uses.len(), 2);
        assert_eq!(uses.note(id(10), 2), Use::Stale);
        assert_eq!(uses.note(id(9), 1), Use::Stale);
        assert_eq!(uses.note(id(12), 1), Use::Replayed);
        uses.expire(13);
        assert!(uses.is_empty());
        assert_eq!(uses.note(id(12), 1), Use::Stale);
    }
}
