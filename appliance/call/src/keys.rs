//! The keys of an encrypted leg (RFC 3711 §3.2): plain values on their way to the media threads.

use crate::Suite;
use std::fmt;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Both keys of a leg, seen from the box: each side chose its own, or a handshake gave both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    /// For what the box sends.
    pub outbound: MasterKey,
    /// For what the peer sends.
    pub inbound: MasterKey,
}

/// What the sender of a direction chose: suite, master key and master salt.
///
/// It is wiped when it is dropped, compared in constant time, and never printed.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct MasterKey {
    #[zeroize(skip)]
    suite: Suite,
    /// The key, the salt behind it, then nothing.
    octets: [u8; MasterKey::LONGEST],
    /// Packets of either kind that it may protect.
    lifetime: u64,
    #[zeroize(skip)]
    mki: Option<Mki>,
}

/// By what a packet says which master key it is protected with (RFC 3711 §3.1): 1 to 4 octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mki {
    octets: [u8; 4],
    length: usize,
}

/// Whoever made the key: it has not the octets that its suite asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrongLength;

impl MasterKey {
    /// The octets of the longest key and its salt.
    pub const LONGEST: usize = 46;

    /// Takes a master key with its salt behind it, as SDP carries them (RFC 4568 §6.1).
    pub fn new(suite: Suite, key_and_salt: &[u8]) -> Result<Self, WrongLength> {
        let (key, salt) = key_and_salt.split_at_checked(suite.key_length()).ok_or(WrongLength)?;
        Self::join(suite, key, salt)
    }

    /// Takes a master key and its salt, as DTLS carries them.
    pub fn join(suite: Suite, key: &[u8], salt: &[u8]) -> Result<Self, WrongLength> {
        if key.len() != suite.key_length() || salt.len() != suite.salt_length() {
            return Err(WrongLength);
        }
        let mut octets = [0; Self::LONGEST];
        octets.iter_mut().zip(key.iter().chain(salt)).for_each(|(to, from)| *to = *from);
        Ok(Self { suite, octets, lifetime: u64::MAX, mki: None })
    }

    /// Makes a new key of octets that nobody can guess; what the suite does not need is left.
    pub fn random(suite: Suite, random: &[u8; Self::LONGEST]) -> Self {
        let mut octets = *random;
        octets.iter_mut().skip(suite.master_length()).for_each(|octet| *octet = 0);
        Self { suite, octets, lifetime: u64::MAX, mki: None }
    }

    /// Gives the key fewer packets of either kind than the suite would (RFC 3711 §9.2 allows
    /// 2^48 of RTP and 2^31 of RTCP), as a peer asks for in SDP (RFC 4568 §6.1).
    pub fn with_lifetime(mut self, packets: u64) -> Self {
        self.lifetime = packets;
        self
    }

    /// Every packet under the key bears this.
    pub fn with_mki(mut self, mki: Option<Mki>) -> Self {
        self.mki = mki;
        self
    }

    /// What every packet under the key bears; nothing where there is but one key.
    pub fn mki(&self) -> Option<&Mki> {
        self.mki.as_ref()
    }

    /// Whether both are the same key, whatever packets call it.
    pub fn is_same_key(&self, other: &Self) -> bool {
        self.suite == other.suite && bool::from(self.octets.ct_eq(&other.octets))
    }

    /// Which suite it is for.
    pub fn suite(&self) -> Suite {
        self.suite
    }

    /// How many packets of either kind it may protect at most.
    pub fn lifetime(&self) -> u64 {
        self.lifetime
    }

    /// The key, and the salt behind it: for the derivation of session keys, and for the SDP of the leg
    /// that it belongs to. They go nowhere else.
    pub fn octets(&self) -> &[u8] {
        self.octets.split_at(self.suite.master_length()).0
    }
}

impl Mki {
    /// A number in so many octets, as SDP has it (RFC 4568 §6.1). None where it does not fit, and where
    /// there are none or more than four.
    pub fn new(number: u32, length: usize) -> Option<Self> {
        let fits = (1..=4).contains(&length) && (length == 4 || number >> (8 * length) == 0);
        let mut octets = number.to_be_bytes();
        octets.rotate_left(4_usize.checked_sub(length)?);
        fits.then_some(Self { octets, length })
    }

    /// As they stand in a packet.
    pub fn octets(&self) -> &[u8] {
        self.octets.get(..self.length).unwrap_or_default()
    }
}

impl PartialEq for MasterKey {
    fn eq(&self, other: &Self) -> bool {
        self.mki == other.mki && self.is_same_key(other)
    }
}

impl Eq for MasterKey {}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MasterKey").field("suite", &self.suite).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_of_another_length_is_refused() {
        for suite in Suite::ALL {
            for length in 0..=MasterKey::LONGEST + 1 {
                let made = MasterKey::new(suite, &vec![1; length]);
                assert_eq!(made.is_ok(), length == suite.master_length(), "{suite:?}, {length}");
            }
        }
    }

    #[test]
    fn a_key_is_never_printed() {
        let key = MasterKey::new(Suite::AeadAes128Gcm, &[0xab; 28]).unwrap();
        assert_eq!(format!("{key:?}"), "MasterKey { suite: AeadAes128Gcm, .. }");
    }
}
