//! What is done to the octets of one packet, whatever the suite.

use super::MasterKey;
use super::counter_mode::CounterMode;
use super::gcm::Gcm;
use super::master::{Protocol, session};

/// The keyed cipher and authentication of one protocol.
pub(super) enum Transform {
    CounterMode(Box<CounterMode>),
    Gcm(Gcm),
    /// The library refused a key of the right length, for no reason it has: no packet passes.
    Refused,
}

/// Which packet it is: no two under one key share it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) ssrc: u32,
    /// 48 bits for RTP, 31 for RTCP.
    pub(super) index: u64,
    /// For RTCP, what the packet carries of it: the E flag and the index (RFC 3711 §3.4).
    pub(super) word: Option<u32>,
}

impl Transform {
    pub(super) fn new(master: &MasterKey, protocol: Protocol) -> Self {
        Self::keyed(master, protocol).unwrap_or(Self::Refused)
    }

    fn keyed(master: &MasterKey, protocol: Protocol) -> Option<Self> {
        let suite = master.suite();
        let keys = session(master, protocol)?;
        if suite.is_aead() {
            return Some(Self::Gcm(Gcm::new(suite, &keys)?));
        }
        Some(Self::CounterMode(Box::new(CounterMode::new(suite, &keys)?)))
    }

    /// Encrypts `packet` behind its first `clear` octets and writes the tag; `None` when the
    /// library failed: then the packet must not be sent.
    pub(super) fn seal(
        &self,
        place: Place,
        packet: &mut [u8],
        clear: usize,
        tag: &mut [u8],
    ) -> Option<()> {
        match self {
            Self::CounterMode(cipher) => cipher.seal(place, packet, clear, tag),
            Self::Gcm(cipher) => cipher.seal(place, packet, clear, tag),
            Self::Refused => None,
        }
    }

    /// Whether the packet is genuine; then it is decrypted. If not, its octets mean nothing any more.
    #[inline]
    pub(super) fn open(&self, place: Place, packet: &mut [u8], clear: usize, tag: &[u8]) -> bool {
        match self {
            Self::CounterMode(cipher) => cipher.open(place, packet, clear, tag),
            Self::Gcm(cipher) => cipher.open(place, packet, clear, tag),
            Self::Refused => false,
        }
    }

    /// The same, but a packet that is not genuine stays as it is.
    pub(super) fn open_aside(
        &self,
        place: Place,
        packet: &mut [u8],
        clear: usize,
        tag: &[u8],
    ) -> bool {
        match self {
            Self::CounterMode(cipher) => cipher.open(place, packet, clear, tag),
            Self::Gcm(cipher) => cipher.open_aside(place, packet, clear, tag),
            Self::Refused => false,
        }
    }
}

impl Place {
    /// What is authenticated behind the packet (RFC 3711 §4.2): the roll-over counter, which no
    /// packet carries, or the word of RTCP.
    pub(super) fn behind(self) -> [u8; 4] {
        self.word.unwrap_or((self.index >> 16) as u32).to_be_bytes()
    }
}
