//! What all interpreters of a thread share.

use super::inlet::Room;
use super::packets::Packets;

/// What all interpreters of a thread share: room for the sound of the packet at hand, and the
/// packets that were made of it.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(super) room: Room,
    pub(super) packets: Packets,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self { room: Room::new(), packets: Packets::new() }
    }

    /// Nothing was made.
    pub(crate) fn clear(&mut self) {
        self.packets.clear();
    }

    /// Whether nothing was made.
    pub(crate) fn is_empty(&self) -> bool {
        self.packets.is_empty()
    }

    /// Exchanges what was made for other packets.
    pub(crate) fn swap(&mut self, packets: &mut Packets) {
        std::mem::swap(&mut self.packets, packets);
    }

    /// Takes a packet as it stands in place of all others.
    pub(crate) fn put(&mut self, packet: &[u8]) {
        self.packets.clear();
        self.packets.add_whole(packet);
    }

    /// What lies there, in order.
    pub(crate) fn packets(&self) -> impl Iterator<Item = &[u8]> {
        self.packets.iter()
    }

    /// Changes each packet where it lies; `change` says how long it is then, or takes it out.
    pub(crate) fn change(&mut self, change: impl FnMut(&mut [u8], usize) -> Option<usize>) {
        self.packets.change(change);
    }

    /// Room for the sound of the packet at hand.
    pub(crate) fn room(&mut self) -> &mut Room {
        &mut self.room
    }

    /// The next packet that was made.
    pub(crate) fn take(&mut self) -> Option<&[u8]> {
        self.packets.take()
    }

    /// How many were made, and their octets.
    pub(crate) fn sum(&self) -> (u64, u64) {
        self.packets.sum()
    }
}
