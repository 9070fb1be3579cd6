//! The session keys that are derived from a master key (RFC 3711 §4.3).

use call::MasterKey;
use zeroize::ZeroizeOnDrop;

use super::counter_mode::BlockCipher;

/// The session keys for one of the two protocols; `None` when the library refuses the key.
pub(super) fn session(master: &MasterKey, protocol: Protocol) -> Option<SessionKeys> {
    let suite = master.suite();
    let (key, rest) = master.octets().split_at_checked(suite.key_length())?;
    // A salt of 12 octets is filled up at its end (RFC 7714 §11).
    let mut salt = [0; 16];
    salt.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    let prf = BlockCipher::new(key)?;
    let derive = |label: u8, octets: &mut [u8]| {
        // The label stands beside 48 bits of an index that is always 0 (RFC 3711 §4.3.1).
        let x = u128::from_be_bytes(salt) ^ u128::from(label) << (48 + 16);
        prf.apply_keystream(x, octets)
    };
    let mut keys = SessionKeys { cipher: [0; 32], authentication: [0; 20], salt: [0; 14] };
    derive(protocol as u8, keys.cipher.split_at_mut(suite.key_length()).0)?;
    derive(protocol as u8 + 1, &mut keys.authentication)?;
    derive(protocol as u8 + 2, keys.salt.split_at_mut(suite.salt_length()).0)?;
    Some(keys)
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
    use crate::srtp::Suite;
    use crate::srtp::tests::octets;

    fn derived(suite: Suite, master: &str, protocol: Protocol) -> SessionKeys {
        session(&MasterKey::new(suite, &octets(master)).unwrap(), protocol).unwrap()
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
            [Protocol::Rtp, Protocol::Rtcp].map(|protocol| session(&master, protocol).unwrap());
        assert_ne!(rtp.cipher, rtcp.cipher);
        assert_ne!(rtp.authentication, rtcp.authentication);
        assert_ne!(rtp.salt, rtcp.salt);
    }
}
