//! The packets that wait, in the order in which they were sent. All memory is taken at
//! construction.

/// Packets by their number, with payloads in blocks of a pool: as many packets as [`SLOTS`] one
/// after another, and as many octets as the pool has.
#[derive(Debug)]
pub(super) struct Slots {
    slots: Box<[Option<Slot>]>,
    blocks: Box<[Block]>,
    /// The first free block.
    free: u16,
    /// How many blocks are free.
    left: usize,
    waiting: usize,
}

/// A packet that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slot {
    /// Its number, which does not wrap.
    pub(super) sequence: i64,
    /// Its timestamp, which does not wrap.
    pub(super) timestamp: i64,
    /// How much sound there is in it, in ticks.
    pub(super) ticks: i64,
    /// Whether a pause begins with it.
    pub(super) pause: bool,
    pub(super) payload_type: u8,
    length: u16,
    block: u16,
}

/// What is to be kept of a packet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kept<'a> {
    pub(super) sequence: i64,
    pub(super) timestamp: i64,
    pub(super) ticks: i64,
    pub(super) pause: bool,
    pub(super) payload_type: u8,
    pub(super) payload: &'a [u8],
}

#[derive(Debug, Clone, Copy)]
struct Block {
    octets: [u8; BLOCK],
    next: u16,
}

impl Slots {
    /// Room for payloads of so many octets in all, and of at least one of the longest.
    pub(super) fn new(octets: usize) -> Self {
        let blocks = Self::blocks(octets);
        let next = |number: usize| match u16::try_from(number + 1) {
            Ok(next) if number + 1 < blocks => next,
            _ => END,
        };
        Self {
            slots: vec![None; SLOTS].into_boxed_slice(),
            blocks: (0..blocks).map(|it| Block { octets: [0; BLOCK], next: next(it) }).collect(),
            free: 0,
            left: blocks,
            waiting: 0,
        }
    }

    /// The memory that this room takes.
    pub(super) fn octets(octets: usize) -> usize {
        SLOTS * size_of::<Option<Slot>>() + Self::blocks(octets) * size_of::<Block>()
    }

    fn blocks(octets: usize) -> usize {
        octets.max(LONGEST).div_ceil(BLOCK).min(usize::from(END))
    }

    /// Keeps a packet. False: there is no room for it, or its place is taken.
    pub(super) fn keep(&mut self, kept: Kept<'_>) -> bool {
        let needed = kept.payload.len().div_ceil(BLOCK);
        let Ok(length) = u16::try_from(kept.payload.len()) else { return false };
        if needed > self.left {
            return false;
        }
        let block = self.free;
        let Some(slot) = self.slots.get_mut(place(kept.sequence)) else { return false };
        if slot.is_some() {
            return false;
        }
        *slot = Some(Slot {
            sequence: kept.sequence,
            timestamp: kept.timestamp,
            ticks: kept.ticks,
            pause: kept.pause,
            payload_type: kept.payload_type,
            length,
            block,
        });
        self.waiting += 1;
        self.left -= needed;
        for piece in kept.payload.chunks(BLOCK) {
            let Some(block) = self.blocks.get_mut(usize::from(self.free)) else { break };
            for (octet, new) in block.octets.iter_mut().zip(piece) {
                *octet = *new;
            }
            self.free = block.next;
        }
        true
    }

    /// The packet of this number.
    pub(super) fn at(&self, sequence: i64) -> Option<Slot> {
        self.slots.get(place(sequence)).copied().flatten().filter(|it| it.sequence == sequence)
    }

    /// The packet with the least number of those from `sequence` to `newest`.
    pub(super) fn first(&self, sequence: i64, newest: i64) -> Option<Slot> {
        if self.waiting == 0 {
            return None;
        }
        let end = newest.min(sequence.saturating_add(SLOTS as i64 - 1));
        (sequence..=end).find_map(|number| self.at(number))
    }

    /// A packet's payload, copied to the front of `room`.
    pub(super) fn read<'a>(&self, slot: &Slot, room: &'a mut [u8; LONGEST]) -> &'a [u8] {
        let length = usize::from(slot.length).min(LONGEST);
        let (payload, _) = room.split_at_mut(length);
        let mut block = slot.block;
        for piece in payload.chunks_mut(BLOCK) {
            let Some(from) = self.blocks.get(usize::from(block)) else { break };
            for (octet, kept) in piece.iter_mut().zip(&from.octets) {
                *octet = *kept;
            }
            block = from.next;
        }
        payload
    }

    /// Lets a packet go; whether it was there.
    pub(super) fn drop(&mut self, sequence: i64) -> bool {
        let Some(slot) = self.at(sequence) else { return false };
        if let Some(place) = self.slots.get_mut(place(sequence)) {
            *place = None;
        }
        self.waiting -= 1;
        self.release(&slot);
        true
    }

    /// Lets all go; how many there were.
    pub(super) fn clear(&mut self) -> usize {
        let all = self.waiting;
        for place in 0..SLOTS {
            let Some(slot) = self.slots.get(place).copied().flatten() else { continue };
            self.drop(slot.sequence);
        }
        all
    }

    /// Puts the chain of a packet's blocks before the free ones.
    fn release(&mut self, slot: &Slot) {
        let blocks = usize::from(slot.length).div_ceil(BLOCK);
        let (mut last, free) = (slot.block, self.free);
        for _ in 1..blocks {
            let Some(block) = self.blocks.get(usize::from(last)) else { return };
            last = block.next;
        }
        if blocks == 0 {
            return;
        }
        if let Some(block) = self.blocks.get_mut(usize::from(last)) {
            block.next = free;
            self.free = slot.block;
            self.left += blocks;
        }
    }
}

fn place(sequence: i64) -> usize {
    usize::try_from(sequence.rem_euclid(SLOTS as i64)).unwrap_or_default()
}

/// How far apart the numbers of two packets that wait may be: 5 s of packets of 20 ms.
pub(super) const SLOTS: usize = 256;
/// Octets of the longest payload: what fits in an Ethernet frame.
pub(super) const LONGEST: usize = 1_500;
/// Octets of a block.
const BLOCK: usize = 64;
/// No block.
const END: u16 = u16::MAX;

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(sequence: i64, payload: &[u8]) -> Kept<'_> {
        Kept { sequence, timestamp: 0, ticks: 160, pause: false, payload_type: 0, payload }
    }

    #[test]
    fn a_payload_of_any_length_comes_out_as_it_went_in() {
        let mut slots = Slots::new(4 * LONGEST);
        let all: Vec<u8> = (0..LONGEST).map(|it| it as u8).collect();
        let mut room = [0; LONGEST];
        for round in 0..50 {
            for (number, length) in (0..).zip([0, 1, 63, 64, 65, 160, 1_499, 1_500]) {
                assert!(slots.keep(kept(number + 8 * round, &all[..length])));
            }
            for (number, length) in (0..).zip([0, 1, 63, 64, 65, 160, 1_499, 1_500]) {
                let slot = slots.at(number + 8 * round).unwrap();
                assert_eq!(slots.read(&slot, &mut room), &all[..length]);
            }
            // Freed in another order than they came.
            for number in [3, 0, 7, 1, 6, 2, 5, 4] {
                assert!(slots.drop(number + 8 * round));
            }
        }
        assert_eq!(slots.left, slots.blocks.len());
    }

    #[test]
    fn what_has_no_room_is_refused_and_changes_nothing() {
        let mut slots = Slots::new(2 * LONGEST);
        assert!(slots.keep(kept(1, &[1; LONGEST])));
        assert!(!slots.keep(kept(1, &[2; 10])), "the place is taken");
        assert!(slots.keep(kept(2, &[2; 1_400])));
        assert!(!slots.keep(kept(3, &[3; LONGEST])));
        assert_eq!(slots.waiting, 2);
        assert_eq!(slots.clear(), 2);
        assert_eq!(slots.left, slots.blocks.len());
        assert!(slots.keep(kept(3, &[3; LONGEST])));
    }

    #[test]
    fn the_first_is_found_across_a_gap_but_not_beyond_the_newest() {
        let mut slots = Slots::new(LONGEST);
        assert!(slots.keep(kept(700, &[1])));
        assert_eq!(slots.first(690, 700).map(|it| it.sequence), Some(700));
        assert_eq!(slots.first(690, 699), None);
        assert_eq!(slots.first(701, 800), None);
    }
}
