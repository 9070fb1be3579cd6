//! AES in counter mode with HMAC-SHA1 (RFC 3711 §4.1.1 and §4.2.1, RFC 6188).

use aws_lc_rs::cipher::{AES_128, AES_256, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;

use super::Suite;
use super::hmac_sha1::HmacSha1;
use super::master::SessionKeys;
use super::transform::Place;

/// One direction's cipher and authentication for one protocol.
pub(super) struct CounterMode {
    cipher: BlockCipher,
    /// The salt, where it stands in a counter block.
    salt: u128,
    mac: HmacSha1,
}

impl CounterMode {
    /// `None` when the library refuses the key.
    pub(super) fn new(suite: Suite, keys: &SessionKeys) -> Option<Self> {
        let mut salt = [0; 16];
        salt.iter_mut().zip(&keys.salt).for_each(|(to, from)| *to = *from);
        Some(Self {
            cipher: BlockCipher::new(keys.cipher.split_at(suite.key_length()).0)?,
            salt: u128::from_be_bytes(salt),
            mac: HmacSha1::new(&keys.authentication),
        })
    }

    /// Encrypts what stands behind the clear octets, then authenticates all.
    pub(super) fn seal(
        &self,
        place: Place,
        packet: &mut [u8],
        clear: usize,
        tag: &mut [u8],
    ) -> Option<()> {
        self.apply_keystream(place, packet, clear)?;
        let whole = self.mac.tag(packet, place.behind());
        tag.copy_from_slice(whole.get(..tag.len())?);
        Some(())
    }

    /// Whether the tag is right; only then the packet is decrypted.
    pub(super) fn open(&self, place: Place, packet: &mut [u8], clear: usize, tag: &[u8]) -> bool {
        self.mac.verify(packet, place.behind(), tag)
            && self.apply_keystream(place, packet, clear).is_some()
    }

    fn apply_keystream(&self, place: Place, packet: &mut [u8], clear: usize) -> Option<()> {
        // RFC 3711 §4.1.1: 16 bits of block counter, 48 of index, 32 of stream.
        let start = u128::from(place.ssrc) << 64 | u128::from(place.index) << 16;
        let (_, payload) = packet.split_at_mut_checked(clear)?;
        self.cipher.apply_keystream(self.salt ^ start, payload)
    }
}

/// AES with its round keys expanded; the library wipes them when it is dropped.
pub(super) struct BlockCipher {
    key: EncryptingKey,
}

impl BlockCipher {
    /// `key`: 16 octets, or 32. `None` when the library refuses it.
    pub(super) fn new(key: &[u8]) -> Option<Self> {
        let algorithm = if key.len() == 32 { &AES_256 } else { &AES_128 };
        let key = UnboundCipherKey::new(algorithm, key).ok()?;
        Some(Self { key: EncryptingKey::ctr(key).ok()? })
    }

    /// Combines `octets` with the stream of blocks that begins at `counter`.
    pub(super) fn apply_keystream(&self, counter: u128, octets: &mut [u8]) -> Option<()> {
        let counter = EncryptionContext::Iv128(FixedLength::from(counter.to_be_bytes()));
        self.key.less_safe_encrypt(octets, counter).ok().map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::srtp::tests::octets;

    fn keystream(key: &str) -> Vec<u8> {
        let mut stream = vec![0; 48];
        let counter = octets("f0f1f2f3f4f5f6f7f8f9fafbfcfd0000").try_into().unwrap();
        let cipher = BlockCipher::new(&octets(key)).unwrap();
        cipher.apply_keystream(u128::from_be_bytes(counter), &mut stream).unwrap();
        stream
    }

    #[test]
    fn the_keystream_of_aes_128_is_that_of_rfc_3711() {
        let expected = "e03ead0935c95e80e166b16dd92b4eb4 d23513162b02d0f72a43a2fe4a5f97ab
                        41e95b3bb0a2e8dd477901e4fca894c0";
        assert_eq!(keystream("2b7e151628aed2a6abf7158809cf4f3c"), octets(expected));
    }

    #[test]
    fn the_keystream_of_aes_256_is_that_of_rfc_6188() {
        let key = "57f82fe3613fd170a85ec93c40b1f092 2ec4cb0dc025b58272147cc438944a98";
        let expected = "92bdd28a93c3f52511c677d08b5515a4 9da71b2378a854f67050756ded165bac
                        63c4868b7096d88421b563b8c94c9a31";
        assert_eq!(keystream(key), octets(expected));
    }
}
