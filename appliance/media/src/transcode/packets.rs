//! Packets that the box made of one that came, until they are sent.

use crate::rtp::{FIXED, Head};
use std::ops::Range;

/// A shelf of packets. Its room is taken once.
#[derive(Debug)]
pub(crate) struct Packets {
    octets: Box<[u8]>,
    places: [Range<usize>; MOST],
    made: usize,
    taken: usize,
}

impl Packets {
    pub(crate) fn new() -> Self {
        let octets = vec![0; ROOM].into_boxed_slice();
        Self { octets, places: [const { 0..0 }; MOST], made: 0, taken: 0 }
    }

    /// What nobody took is gone.
    pub(crate) fn clear(&mut self) {
        (self.made, self.taken) = (0, 0);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.made == 0
    }

    /// Adds a packet; `write` puts the payload into its room and says how long it is, or gives up.
    /// Returns the length of the payload.
    pub(crate) fn add(
        &mut self,
        head: Head,
        write: impl FnOnce(&mut [u8]) -> Option<usize>,
    ) -> Option<usize> {
        let start = self.end();
        let (fixed, room) = self.octets.get_mut(start..)?.split_first_chunk_mut::<FIXED>()?;
        let place = self.places.get_mut(self.made)?;
        let length = write(room)?;
        *fixed = head.octets();
        *place = start..start + FIXED + length;
        self.made += 1;
        Some(length)
    }

    /// Adds a packet as it stands.
    pub(crate) fn add_whole(&mut self, packet: &[u8]) -> Option<usize> {
        let start = self.end();
        let end = start + packet.len();
        self.octets.get_mut(start..end)?.copy_from_slice(packet);
        *self.places.get_mut(self.made)? = start..end;
        self.made += 1;
        Some(packet.len())
    }

    /// The next in order.
    pub(crate) fn take(&mut self) -> Option<&[u8]> {
        let place = self.places.get(..self.made)?.get(self.taken)?.clone();
        self.taken += 1;
        self.octets.get(place)
    }

    /// How many there are, and their octets.
    pub(crate) fn sum(&self) -> (u64, u64) {
        (self.made as u64, self.end() as u64)
    }

    fn end(&self) -> usize {
        match self.made.checked_sub(1).and_then(|last| self.places.get(last)) {
            Some(last) => last.end,
            None => 0,
        }
    }
}

/// [`super::inlet::LONGEST`] in packets of 10 ms, and what was left from before.
const MOST: usize = 32;
/// The same in linear samples at 48 kHz, and a packet of the largest size that passes beside them.
const ROOM: usize = 128 * 1024;
