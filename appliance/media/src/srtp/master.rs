//! Master keys, and the session keys that are derived from them (RFC 3711 §4.3).

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::Suite;
use super::counter_mode::BlockCipher;

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
    pub(super) fn join(suite: Suite, key: &[u8], salt: &[u8]) -> Result<Self, WrongLength> {
        if key.len() != suite.key_length() || salt.len() != suite.salt_length() {
            return Err(WrongLength);
        }
        let mut octets = [0; Self::LONGEST];
        octets.iter_mut().zip(key.iter().chain(salt)).for_each(|(to, from)| *to = *from);
        Ok(Self { suite, octets, lifetime: u64::MAX })
    }

    /// Makes a new key of octets that nobody can guess; what the suite does not need is left.
    pub fn random(suite: Suite, random: &[u8; Self::LONGEST]) -> Self {
        let mut octets = *random;
        octets.iter_mut().skip(suite.master_length()).for_each(|octet| *octet = 0);
        Self { suite, octets, lifetime: u64::MAX }
    }

    /// Gives the key fewer packets of either kind than the suite would (RFC 3711 §9.2 allows
    /// 2^48 of RTP and 2^31 of RTCP), as a peer asks for in SDP (RFC 4568 §6.1).
    pub fn with_lifetime(mut self, packets: u64) -> Self {
        self.lifetime = packets;
        self
    }

    /// Which suite it is for.
    pub fn suite(&self) -> Suite {
        self.suite
    }

    pub(super) fn lifetime(&self) -> u64 {
        self.lifetime
    }

    /// The key, and the salt behind it.
    pub(super) fn octets(&self) -> &[u8] {
        self.octets.split_at(self.suite.master_length()).0
    }

    /// The session keys for one of the two protocols; `None` when the library refuses the key.
    pub(super) fn session(&self, protocol: Protocol) -> Option<SessionKeys> {
        let (key, rest) = self.octets.split_at(self.suite.key_length());
        // A salt of 12 octets is filled up at its end (RFC 7714 §11).
        let mut salt = [0; 16];
        salt.iter_mut().zip(rest).take(self.suite.salt_length()).for_each(|(to, from)| *to = *from);
        let prf = BlockCipher::new(key)?;
        let derive = |label: u8, octets: &mut [u8]| {
            // The label stands beside 48 bits of an index that is always 0 (RFC 3711 §4.3.1).
            let x = u128::from_be_bytes(salt) ^ u128::from(label) << (48 + 16);
            prf.apply_keystream(x, octets)
        };
        let mut keys = SessionKeys { cipher: [0; 32], authentication: [0; 20], salt: [0; 14] };
        derive(protocol as u8, keys.cipher.split_at_mut(self.suite.key_length()).0)?;
        derive(protocol as u8 + 1, &mut keys.authentication)?;
        derive(protocol as u8 + 2, keys.salt.split_at_mut(self.suite.salt_length()).0)?;
        Some(keys)
    }
}

impl PartialEq for MasterKey {
    fn eq(&self, other: &Self) -> bool {
        self.suite == other.suite && bool::from(self.octets.ct_eq(&other.octets))
    }
}

impl Eq for MasterKey {}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MasterKey").field("suite", &self.suite).finish_non_exhaustive()
    }
}

/// Which keys to derive: the value is the label of the first of three (RFC 3711 §4.3.2).
#[derive(Debug, Clone, Copy)]
pub(super) enum Protocol {
    Rtp = 0,
    Rtcp = 3,
}

/// What packets of one protocol are protected with.
#[derive(ZeroizeOnDrop)]
pub(super) struct SessionKeys {
    /// As many octets as the suite's key has, then nothing.
    pub(super) cipher: [u8; 32],
    pub(super) authentication: [u8; 20],
    /// As many octets as the suite's salt has, then nothing.
    pub(super) salt: [u8; 14],
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::srtp::tests::octets;

    fn derived(suite: Suite, master: &str, protocol: Protocol) -> SessionKeys {
        MasterKey::new(suite, &octets(master)).unwrap().session(protocol).unwrap()
    }

    #[test]
    fn the_session_keys_of_aes_128_are_those_of_rfc_3711() {
        let master = "e1f97a0d3e018be0d64fa32c06de4139 0ec675ad498afeebb6960b3aabe6";
        let keys = derived(Suite::AesCm128HmacSha1_80, master, Protocol::Rtp);
        assert_eq!(keys.cipher[..16], octets("c61e7a93744f39ee10734afe3ff7a087"));
        assert_eq!(keys.salt[..], octets("30cbbc08863d8c85d49db34a9ae1"));
        assert_eq!(keys.authentication[..], octets("cebe321f6ff7716b6fd4ab49af256a156d38baa4"));
    }

    #[test]
    fn the_session_keys_of_aes_256_are_those_of_rfc_6188() {
        let master = "f0f04914b513f2763a1b1fa130f10e29 98f6f6e43e4309d1e622a0e332b9f1b6
                      3b04803de51ee7c96423ab5b78d2";
        let keys = derived(Suite::Aes256CmHmacSha1_80, master, Protocol::Rtp);
        let cipher = "5ba1064e30ec51613cad926c5a28ef73 1ec7fb397f70a960653caf06554cd8c4";
        assert_eq!(keys.cipher[..], octets(cipher));
        assert_eq!(keys.salt[..], octets("fa31791685ca444a9e07c6c64e93"));
        assert_eq!(keys.authentication[..], octets("fd9c32d39ed5fbb5a9dc96b30818454d1313dc05"));
    }

    #[test]
    fn the_two_protocols_have_nothing_in_common() {
        let master = MasterKey::random(Suite::AesCm128HmacSha1_80, &[3; _]);
        let [rtp, rtcp] =
            [Protocol::Rtp, Protocol::Rtcp].map(|protocol| master.session(protocol).unwrap());
        assert_ne!(rtp.cipher, rtcp.cipher);
        assert_ne!(rtp.authentication, rtcp.authentication);
        assert_ne!(rtp.salt, rtcp.salt);
    }

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
