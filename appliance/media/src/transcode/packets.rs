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
        room.get(length..length + BEHIND)?;
        *fixed = head.octets();
        *place = start..start + FIXED + length;
        self.made += 1;
        Some(length)
    }

    /// Adds a packet as it stands.
    pub(crate) fn add_whole(&mut self, packet: &[u8]) -> Option<usize> {
        let start = self.end();
        let end = start + packet.len();
        let room = self.octets.get_mut(start..end + BEHIND)?;
        room.get_mut(..packet.len())?.copy_from_slice(packet);
        *self.places.get_mut(self.made)? = start..end;
        self.made += 1;
        Some(packet.len())
    }

    /// Changes each packet in its place, which has [`BEHIND`] octets of room behind it; `change` says
    /// how long it is then, or takes it out.
    pub(crate) fn change(&mut self, mut change: impl FnMut(&mut [u8], usize) -> Option<usize>) {
        let mut left = 0;
        for at in 0..self.made {
            let Some(place) = self.places.get(at).cloned() else { break };
            let Some(room) = self.octets.get_mut(place.start..place.end + BEHIND) else { continue };
            let Some(length) = change(room, place.len()).filter(|it| *it <= room.len()) else {
                continue;
            };
            if let Some(kept) = self.places.get_mut(left) {
                *kept = place.start..place.start + length;
                left += 1;
            }
        }
        self.made = left;
    }

    /// The next in order.
    pub(crate) fn take(&mut self) -> Option<&[u8]> {
        let place = self.places.get(..self.made)?.get(self.taken)?.clone();
        self.taken += 1;
        self.octets.get(place)
    }

    /// All that nobody took yet.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let places = self.places.iter().take(self.made).skip(self.taken);
        places.map(|place| self.octets.get(place.clone()).unwrap_or_default())
    }

    /// How many there are, and their octets.
    pub(crate) fn sum(&self) -> (u64, u64) {
        let octets = self.places.iter().take(self.made).map(|place| place.len() as u64).sum();
        (self.made as u64, octets)
    }

    /// Where the next one begins: the last one may grow by [`BEHIND`].
    fn end(&self) -> usize {
        match self.made.checked_sub(1).and_then(|last| self.places.get(last)) {
            Some(last) => last.end + BEHIND,
            None => 0,
        }
    }
}

/// What SRTCP adds at most: a tag and an index (RFC 7714 §9.2).
const BEHIND: usize = 20;
/// [`super::inlet::LONGEST`] in packets of 10 ms, and what was left from before.
const MOST: usize = 32;
/// The same in linear samples at 48 kHz, and a packet of the largest size that passes beside them.
const ROOM: usize = 128 * 1024;
