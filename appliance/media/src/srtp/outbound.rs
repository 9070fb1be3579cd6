//! The direction that leaves the box.

use std::fmt;

use super::epoch::Epoch;
use super::streams::{Stale, Window};
use super::transform::Place;
use super::{LONGEST_PACKET, MasterKey, Suite};
use crate::rtcp::Compound;
use crate::rtp::Header;

/// The cryptographic context for packets that the box sends (RFC 3711 §3.2).
///
/// An index that was used is never used again, for two packets under one place of the keystream
/// betray each other: a packet that repeats a sequence number or comes long after its successors is
/// refused, and so are more streams than it can remember. Sequence numbers have to go on without a
/// jump back; whoever joins streams renumbers them.
pub struct Outbound {
    epoch: Epoch,
}

/// Why a packet was not protected. It must not be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProtectError {
    /// Misuse: the octets are no RTP, or no RTCP.
    Malformed,
    /// Misuse: the buffer ends before the protected packet, or would hold one of more than
    /// [`LONGEST_PACKET`].
    NoRoom,
    /// Misuse: a packet of this stream with this sequence number was protected before.
    Repeated,
    /// Misuse: the packet comes so late that it may have been protected before.
    TooOld,
    /// Misuse: more streams than are remembered. A new key makes room.
    TooManyStreams,
    /// The key has protected as many packets as it may: it takes a new one (RFC 3711 §9.2).
    KeyExhausted,
    /// The library of ciphers failed, which it has no reason to.
    CipherFailed,
}

impl Outbound {
    /// Begins with the box's own key.
    pub fn new(master: &MasterKey) -> Self {
        Self { epoch: Epoch::new(master) }
    }

    /// Protects with another key from now on. Streams go on where they are, for a roll-over counter
    /// never falls back when the key changes (RFC 3711 §3.3.1). With the key in use nothing
    /// changes; one that was given up must never come back.
    pub fn rekey(&mut self, master: &MasterKey) {
        if self.epoch.master == *master {
            return;
        }
        let before = std::mem::replace(&mut self.epoch, Epoch::new(master));
        self.epoch.rtp.streams = before.rtp.streams.renewed();
        self.epoch.rtcp.streams = before.rtcp.streams.renewed();
    }

    /// The suite of the key in use.
    pub fn suite(&self) -> Suite {
        self.epoch.master.suite()
    }

    /// How many packets the key may still protect, of the kind that has fewer left.
    pub fn packets_left(&self) -> u64 {
        self.epoch.rtp.left.min(self.epoch.rtcp.left)
    }

    /// The sequence number that goes on where a stream is; nothing of one that it does not know.
    pub(crate) fn next_sequence(&self, ssrc: u32) -> Option<u16> {
        let window = self.epoch.rtp.streams.window(ssrc)?;
        Some((window.highest() as u16).wrapping_add(1))
    }

    /// Protects the RTP packet in the first `length` octets of `buffer`, where it lies, and says
    /// how long it is now: [`Suite::rtp_overhead`] more.
    pub fn protect(&mut self, buffer: &mut [u8], length: usize) -> Result<usize, ProtectError> {
        let (packet, room) = buffer.split_at_mut_checked(length).ok_or(ProtectError::NoRoom)?;
        let header = Header::parse(packet).map_err(|_| ProtectError::Malformed)?;
        let (ssrc, sequence) = (header.ssrc(), header.sequence());
        let clear = packet.len() - header.payload().len();
        let overhead = self.suite().rtp_overhead();
        let tag = room.get_mut(..overhead).ok_or(ProtectError::NoRoom)?;
        let protected = protected_length(length, overhead)?;

        let session = &mut self.epoch.rtp;
        let stream = session.streams.place(ssrc);
        let index = match stream.and_then(|stream| session.streams.at(stream)) {
            Some(window) => {
                let index = window.estimate(sequence)?;
                window.check(index)?;
                index
            }
            None if session.streams.is_full() => return Err(ProtectError::TooManyStreams),
            None => u64::from(sequence),
        };
        let left = session.left.checked_sub(1).ok_or(ProtectError::KeyExhausted)?;
        let place = Place { ssrc, index, word: None };
        session.transform.seal(place, packet, clear, tag).ok_or(ProtectError::CipherFailed)?;
        match stream {
            Some(stream) => session.streams.note(stream, index),
            None => session.streams.keep(ssrc, Window::begin(index)),
        }
        session.left = left;
        Ok(protected)
    }

    /// Protects the RTCP packets in the first `length` octets of `buffer`, where they lie, and says
    /// how long they are now: [`Suite::rtcp_overhead`] more.
    pub fn protect_rtcp(
        &mut self,
        buffer: &mut [u8],
        length: usize,
    ) -> Result<usize, ProtectError> {
        let (packet, room) = buffer.split_at_mut_checked(length).ok_or(ProtectError::NoRoom)?;
        Compound::parse(packet).map_err(|_| ProtectError::Malformed)?;
        let Some([_, _, _, _, ssrc @ ..]) = packet.first_chunk::<CLEAR>() else {
            return Err(ProtectError::Malformed);
        };
        let ssrc = u32::from_be_bytes(*ssrc);
        let suite = self.suite();
        let overhead = suite.rtcp_overhead();
        let room = room.get_mut(..overhead).ok_or(ProtectError::NoRoom)?;
        let protected = protected_length(length, overhead)?;

        let session = &mut self.epoch.rtcp;
        let window = match session.streams.window(ssrc) {
            Some(window) => window.after(window.next(INDEX_BITS)?),
            None if session.streams.is_full() => return Err(ProtectError::TooManyStreams),
            None => Window::begin(0),
        };
        let left = session.left.checked_sub(1).ok_or(ProtectError::KeyExhausted)?;
        let index = window.highest();
        let word = ENCRYPTED | index as u32;
        // The index stands before the short tag of HMAC, and behind that of GCM (RFC 7714 §9.2).
        let (first, second) = room.split_at_mut(if suite.is_aead() { overhead - 4 } else { 4 });
        let (written, tag) = if suite.is_aead() { (second, first) } else { (first, second) };
        written.copy_from_slice(&word.to_be_bytes());
        let place = Place { ssrc, index, word: Some(word) };
        session.transform.seal(place, packet, CLEAR, tag).ok_or(ProtectError::CipherFailed)?;
        session.streams.keep(ssrc, window);
        session.left = left;
        Ok(protected)
    }
}

fn protected_length(length: usize, overhead: usize) -> Result<usize, ProtectError> {
    let protected = length + overhead;
    if protected > LONGEST_PACKET { Err(ProtectError::NoRoom) } else { Ok(protected) }
}

impl fmt::Debug for Outbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbound").field("epoch", &self.epoch).finish()
    }
}

impl From<Stale> for ProtectError {
    fn from(stale: Stale) -> Self {
        match stale {
            Stale::Repeated => Self::Repeated,
            Stale::TooOld => Self::TooOld,
            Stale::Exhausted => Self::KeyExhausted,
        }
    }
}

/// RFC 3711 §3.4: the header and the sender of the first packet are not encrypted.
pub(super) const CLEAR: usize = 8;
/// RFC 3711 §3.4: the E flag, and how many bits the index behind it has.
pub(super) const ENCRYPTED: u32 = 1 << 31;
const INDEX_BITS: u32 = 31;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_that_is_used_up_needs_a_new_key_and_a_new_beginning() {
        let mut outbound = Outbound::new(&MasterKey::random(Suite::AeadAes128Gcm, &[1; _]));
        outbound.epoch.rtp.streams.keep(7, Window::begin((1 << 48) - 2));
        let mut packet = [0; 64];
        packet[..12].copy_from_slice(&[0x80, 8, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 7]);
        assert_eq!(outbound.protect(&mut packet, 20), Ok(36));
        packet[2..4].copy_from_slice(&[0, 0]);
        assert_eq!(outbound.protect(&mut packet, 20), Err(ProtectError::KeyExhausted));

        outbound.epoch.rtcp.streams.keep(7, Window::begin((1 << 31) - 2));
        let mut report = [0; 64];
        report[..8].copy_from_slice(&[0x80, 201, 0, 1, 0, 0, 0, 7]);
        assert_eq!(outbound.protect_rtcp(&mut report, 8), Ok(28));
        assert_eq!(outbound.protect_rtcp(&mut report, 8), Err(ProtectError::KeyExhausted));
    }
}
