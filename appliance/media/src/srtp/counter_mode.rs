//! AES in counter mode with HMAC-SHA1 (RFC 3711 §4.1.1 and §4.2.1, RFC 6188).

use aes::cipher::typenum::U16;
use aes::cipher::{
    BlockCipherEncBackend, BlockCipherEncClosure, BlockCipherEncrypt, BlockSizeUser, KeyInit,
};
use aes::{Aes128Enc, Aes256Enc, Block};
use aws_lc_rs::cipher::{AES_128, AES_256, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;

use super::Suite;
use super::hmac_sha1::{self, HmacSha1};
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
        let (_, payload) = packet.split_at_mut_checked(clear)?;
        self.cipher.apply_keystream(self.counter(place), payload)?;
        hmac_sha1::write(&self.mac.tag(packet, place.behind()), tag)
    }

    /// Whether the tag is right; only then the packet is decrypted.
    pub(super) fn open(&self, place: Place, packet: &mut [u8], clear: usize, tag: &[u8]) -> bool {
        if !self.mac.verify(packet, place.behind(), tag) {
            return false;
        }
        // A processor takes the tag for right and begins with this while it still hashes.
        let payload = packet.get_mut(clear..);
        payload.and_then(|it| self.cipher.apply_keystream(self.counter(place), it)).is_some()
    }

    /// RFC 3711 §4.1.1: 16 bits of block counter, 48 of index, 32 of stream.
    fn counter(&self, place: Place) -> u128 {
        self.salt ^ (u128::from(place.ssrc) << 64 | u128::from(place.index) << 16)
    }
}

/// Octets of the cipher's blocks.
const CIPHER_BLOCK: usize = 16;

/// AES with its round keys expanded; they are wiped when it is dropped.
pub(super) enum BlockCipher {
    Aes128(Aes128Enc),
    Aes256(Aes256Enc),
    /// Where the processor knows no AES: what the library does then takes no longer for some octets than for
    /// others, either, and half the time.
    Library(Box<EncryptingKey>),
}

impl BlockCipher {
    /// `key`: 16 octets, or 32. `None` when the library refuses it.
    pub(super) fn new(key: &[u8]) -> Option<Self> {
        match (aes::hardware_accelerated(), key.len()) {
            (true, 16) => Aes128Enc::new_from_slice(key).ok().map(Self::Aes128),
            (true, 32) => Aes256Enc::new_from_slice(key).ok().map(Self::Aes256),
            _ => Self::of_library(key),
        }
    }

    fn of_library(key: &[u8]) -> Option<Self> {
        let algorithm = if key.len() == 32 { &AES_256 } else { &AES_128 };
        let key = UnboundCipherKey::new(algorithm, key).ok()?;
        Some(Self::Library(Box::new(EncryptingKey::ctr(key).ok()?)))
    }

    /// Combines `octets` with the stream of blocks that begins at `counter`.
    #[inline]
    pub(super) fn apply_keystream(&self, counter: u128, octets: &mut [u8]) -> Option<()> {
        match self {
            Self::Aes128(key) => key.encrypt_with_backend(Keystream { counter, octets }),
            Self::Aes256(key) => key.encrypt_with_backend(Keystream { counter, octets }),
            Self::Library(key) => {
                let counter = EncryptionContext::Iv128(FixedLength::from(counter.to_be_bytes()));
                return key.less_safe_encrypt(octets, counter).ok().map(drop);
            }
        }
        Some(())
    }
}

/// Counter mode over some octets (NIST SP 800-38A §6.5). No block waits for the one before, so that a
/// processor works on several.
struct Keystream<'a> {
    counter: u128,
    octets: &'a mut [u8],
}

impl BlockSizeUser for Keystream<'_> {
    type BlockSize = U16;
}

impl BlockCipherEncClosure for Keystream<'_> {
    /// All in one function, for only that is made with the instructions that the cipher needs.
    #[inline(always)]
    fn call<B: BlockCipherEncBackend<BlockSize = U16>>(self, cipher: &B) {
        let mut counter = self.counter;
        let (blocks, rest) = self.octets.as_chunks_mut::<CIPHER_BLOCK>();
        for block in blocks {
            let mut key = Block::from(counter.to_be_bytes());
            cipher.encrypt_block_inplace(&mut key);
            *block = (u128::from_ne_bytes(*block) ^ u128::from_ne_bytes(key.into())).to_ne_bytes();
            counter = counter.wrapping_add(1);
        }
        if !rest.is_empty() {
            let mut key = Block::from(counter.to_be_bytes());
            cipher.encrypt_block_inplace(&mut key);
            rest.iter_mut().zip(key).for_each(|(octet, key)| *octet ^= key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::srtp::tests::octets;

    /// By the processor's own instructions, if it has them, and by the library.
    fn keystream(key: &str) -> Vec<u8> {
        let counter = octets("f0f1f2f3f4f5f6f7f8f9fafbfcfd0000").try_into().unwrap();
        let counter = u128::from_be_bytes(counter);
        let (ours, library) =
            (BlockCipher::new(&octets(key)), BlockCipher::of_library(&octets(key)));
        let make = |cipher: &BlockCipher, length| {
            let mut stream = vec![0; length];
            cipher.apply_keystream(counter, &mut stream).unwrap();
            stream
        };
        let ours = ours.unwrap();
        let stream = make(&library.unwrap(), 48);
        for length in 0..=stream.len() {
            assert_eq!(make(&ours, length), stream[..length]);
        }
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
