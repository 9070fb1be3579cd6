//! What stands between a port and the wire of an encrypted leg: SRTP off what comes, and onto what
//! leaves.

use crate::rtp::Header;
use crate::srtp::{Inbound, Keys, Outbound, ProtectError, UnprotectError};
use std::time::Instant;

/// The contexts of a port whose far side and the box have keys.
#[derive(Debug)]
pub(crate) struct Secrecy {
    inbound: Inbound,
    outbound: Outbound,
    joints: Joints,
}

/// Where a sender began to number anew, which a protected stream cannot: its numbers would be used
/// twice, or belong to a time that its hearer has left (RFC 3711 §3.3.1).
#[derive(Debug)]
struct Joints {
    list: Vec<Joint>,
}

/// How one stream goes on after that.
#[derive(Debug, Clone, Copy)]
struct Joint {
    ssrc: u32,
    /// What is added to its sender's numbers.
    offset: u16,
    /// The number that would show that the last odd one was no stray (RFC 3550 §A.1).
    expected: Option<u16>,
}

impl Secrecy {
    pub(crate) fn new(keys: &Keys) -> Self {
        Self {
            inbound: Inbound::new(&keys.inbound),
            outbound: Outbound::new(&keys.outbound),
            joints: Joints { list: Vec::with_capacity(Joints::MOST) },
        }
    }

    /// Other keys from now on; with those in use nothing changes.
    pub(crate) fn rekey(&mut self, keys: &Keys, now: Instant) {
        self.inbound.rekey(&keys.inbound, now);
        self.outbound.rekey(&keys.outbound);
    }

    /// Takes the protection off and says how long the packet is now.
    pub(crate) fn open(
        &mut self,
        reports: bool,
        packet: &mut [u8],
        now: Instant,
    ) -> Result<usize, UnprotectError> {
        match reports {
            true => self.inbound.unprotect_rtcp(packet, now),
            false => self.inbound.unprotect(packet, now),
        }
    }

    /// Protects the packet in the first `length` octets of `buffer` and says how long it is now;
    /// nothing when it must not leave.
    pub(crate) fn seal(
        &mut self,
        reports: bool,
        buffer: &mut [u8],
        length: usize,
    ) -> Option<usize> {
        if reports {
            return self.outbound.protect_rtcp(buffer, length).ok();
        }
        let header = Header::parse(buffer.get(..length)?).ok()?;
        let (ssrc, sequence) = (header.ssrc(), header.sequence());
        if let Some(offset) = self.joints.offset(ssrc) {
            renumber(buffer, sequence.wrapping_add(offset))?;
        }
        match self.outbound.protect(buffer, length) {
            Ok(length) => Some(length),
            Err(ProtectError::TooOld) => {
                let next = self.outbound.next_sequence(ssrc)?;
                let offset = self.joints.odd(ssrc, sequence, next)?;
                renumber(buffer, sequence.wrapping_add(offset))?;
                self.outbound.protect(buffer, length).ok()
            }
            Err(
                ProtectError::Malformed
                | ProtectError::NoRoom
                | ProtectError::Repeated
                | ProtectError::TooManyStreams
                | ProtectError::KeyExhausted
                | ProtectError::CipherFailed,
            ) => None,
        }
    }
}

impl Joints {
    /// How many streams of one port may have begun anew.
    const MOST: usize = 8;

    fn offset(&self, ssrc: u32) -> Option<u16> {
        self.list.iter().find(|joint| joint.ssrc == ssrc).map(|joint| joint.offset)
    }

    /// A number far behind the others came. The offset from now on, when it is the second in a row.
    fn odd(&mut self, ssrc: u32, sequence: u16, next: u16) -> Option<u16> {
        let expected = Some(sequence.wrapping_add(1));
        let Some(joint) = self.list.iter_mut().find(|joint| joint.ssrc == ssrc) else {
            if self.list.len() == Self::MOST {
                self.list.remove(0);
            }
            self.list.push(Joint { ssrc, offset: 0, expected });
            return None;
        };
        if joint.expected != Some(sequence) {
            joint.expected = expected;
            return None;
        }
        (joint.offset, joint.expected) = (next.wrapping_sub(sequence), None);
        Some(joint.offset)
    }
}

fn renumber(packet: &mut [u8], sequence: u16) -> Option<()> {
    packet.get_mut(2..4)?.copy_from_slice(&sequence.to_be_bytes());
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use call::{MasterKey, Suite};

    fn keys() -> Keys {
        let key = MasterKey::random(Suite::AesCm128HmacSha1_80, &[7; _]);
        Keys { outbound: key.clone(), inbound: key }
    }

    fn packet(sequence: u16) -> [u8; 64] {
        let mut packet = [0; 64];
        packet[0] = 0x80;
        packet[2..4].copy_from_slice(&sequence.to_be_bytes());
        packet[11] = 7;
        packet
    }

    /// The numbers with which packets leave, as a hearer finds them.
    fn heard(sequences: impl IntoIterator<Item = u16>) -> Vec<Option<u16>> {
        let (mut sender, mut hearer) = (Secrecy::new(&keys()), Secrecy::new(&keys()));
        let now = start();
        let mut hear = |sequence| {
            let mut buffer = packet(sequence);
            let length = sender.seal(false, &mut buffer, 32)?;
            let length = hearer.open(false, &mut buffer[..length], now).unwrap();
            assert_eq!(length, 32);
            Some(u16::from_be_bytes([buffer[2], buffer[3]]))
        };
        sequences.into_iter().map(&mut hear).collect()
    }

    #[allow(clippy::disallowed_methods)] // any instant will do
    fn start() -> Instant {
        Instant::now()
    }

    #[test]
    fn a_sender_that_begins_anew_goes_on_for_its_hearer() {
        let sequences = [10_000, 10_001, 500, 501, 502, 504, 503, 50_000, 50_001];
        let some = [10_000, 10_001].map(Some);
        let later = [Some(10_002), Some(10_003), Some(10_005), Some(10_004), None, Some(10_006)];
        assert_eq!(heard(sequences), [&some[..], &[None], &later].concat());
    }

    #[test]
    fn a_stray_from_long_ago_is_dropped_and_changes_nothing() {
        let sequences = [1_000, 1_001, 700, 1_002, 650, 1_003];
        let expected = [Some(1_000), Some(1_001), None, Some(1_002), None, Some(1_003)];
        assert_eq!(heard(sequences), expected);
    }

    #[test]
    fn numbers_roll_over() {
        let sequences = (65_500..=65_535).chain(0..40);
        assert_eq!(heard(sequences.clone()), sequences.map(Some).collect::<Vec<_>>());
    }

    #[test]
    fn what_comes_twice_leaves_once() {
        assert_eq!(heard([5, 5, 6]), [Some(5), None, Some(6)]);
    }
}
