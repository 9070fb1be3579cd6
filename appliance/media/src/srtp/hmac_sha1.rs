//! HMAC-SHA1 over one packet (RFC 2104), begun once for each key.

use sha1::block_api::compress;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// The two hash states that every packet's tag begins from: the key is hashed in already, which
/// saves two of six blocks for a packet of speech.
#[derive(Clone, ZeroizeOnDrop)]
pub(super) struct HmacSha1 {
    inner: State,
    outer: State,
}

impl HmacSha1 {
    pub(super) fn new(key: &[u8; 20]) -> Self {
        Self { inner: keyed(key, 0x36), outer: keyed(key, 0x5c) }
    }

    /// Authenticates a packet and four octets that stand behind it on one side only.
    pub(super) fn tag(&self, packet: &[u8], behind: [u8; 4]) -> [u8; 20] {
        let mut state = self.inner;
        let (blocks, rest) = packet.as_chunks::<BLOCK>();
        compress(&mut state, blocks);
        finish(&mut state, rest, behind, BLOCK + packet.len() + behind.len());
        let digest = octets(&state);

        let mut block = [0; BLOCK];
        let (text, end) = block.split_at_mut(digest.len());
        text.copy_from_slice(&digest);
        pad(end, BLOCK + digest.len());
        let mut state = self.outer;
        compress(&mut state, &[block]);
        octets(&state)
    }

    /// Compares without telling by its time where the difference is. `tag`: 1 to 16 octets.
    pub(super) fn verify(&self, packet: &[u8], behind: [u8; 4], tag: &[u8]) -> bool {
        let whole = self.tag(packet, behind);
        let (Some(expected), 1..) = (whole.get(..tag.len()), tag.len()) else { return false };
        match (wide(expected), wide(tag)) {
            (Some(expected), Some(tag)) => expected.ct_eq(&tag).into(),
            _ => false,
        }
    }
}

/// The octets as one number, which is compared in one step.
fn wide(octets: &[u8]) -> Option<u128> {
    let mut wide = [0; 16];
    wide.get_mut(..octets.len())?.copy_from_slice(octets);
    Some(u128::from_ne_bytes(wide))
}

/// Hashes the last, incomplete blocks: fewer than 64 octets, four more, and the padding.
fn finish(state: &mut State, rest: &[u8], behind: [u8; 4], hashed: usize) {
    let mut last = [0; 2 * BLOCK];
    let (text, end) = last.split_at_mut(rest.len().min(BLOCK));
    text.copy_from_slice(rest);
    let (four, end) = end.split_at_mut(behind.len());
    four.copy_from_slice(&behind);
    let used = text.len() + four.len();
    let blocks = if used + PADDING <= BLOCK { 1 } else { 2 };
    pad(end.split_at_mut(blocks * BLOCK - used).0, hashed);
    compress(state, last.as_chunks().0.split_at(blocks).0);
}

/// Fills what is left of a block: a bit, zeroes, and how many bits were hashed (FIPS 180-4 §5.1.1).
fn pad(end: &mut [u8], hashed: usize) {
    if let Some(first) = end.first_mut() {
        *first = 0x80;
    }
    if let Some(length) = end.last_chunk_mut::<8>() {
        *length = (hashed as u64 * 8).to_be_bytes();
    }
}

fn keyed(key: &[u8; 20], pad: u8) -> State {
    let mut block = [pad; BLOCK];
    block.iter_mut().zip(key).for_each(|(octet, key)| *octet ^= key);
    let mut state = INITIAL;
    compress(&mut state, &[block]);
    block.zeroize();
    state
}

fn octets(state: &State) -> [u8; 20] {
    let mut octets = [0; 20];
    for (to, word) in octets.as_chunks_mut().0.iter_mut().zip(state) {
        *to = word.to_be_bytes();
    }
    octets
}

type State = [u32; 5];

/// FIPS 180-4 §5.3.1.
const INITIAL: State = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];
const BLOCK: usize = 64;
/// The bit and the length at the end of what is hashed.
const PADDING: usize = 9;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::srtp::tests::octets;

    #[test]
    fn the_tags_are_those_of_rfc_2202() {
        let tag = HmacSha1::new(&[0x0b; 20]).tag(b"Hi T", *b"here");
        assert_eq!(tag[..], octets("b617318655057264e28bc0b6fb378c8ef146be00"));
        let tag = HmacSha1::new(&[0xaa; 20]).tag(&[0xdd; 46], [0xdd; 4]);
        assert_eq!(tag[..], octets("125d7342b9ac11cd91a39af48aa17b4f63f175d3"));
    }

    #[test]
    fn only_the_whole_tag_or_its_beginning_is_right() {
        let mac = HmacSha1::new(&[7; 20]);
        let tag = mac.tag(b"packet", [0; 4]);
        for length in 1..=16 {
            assert!(mac.verify(b"packet", [0; 4], &tag[..length]));
        }
        assert!(!mac.verify(b"packet", [0; 4], &[]));
        assert!(!mac.verify(b"packet", [0; 4], &tag));
        assert!(!mac.verify(b"packet", [0; 4], &[&tag[..10], &[!tag[10]]].concat()));
        assert!(!mac.verify(b"packet", [1; 4], &tag[..4]));
        for bit in 0..80 {
            let mut tag = tag;
            tag[bit / 8] ^= 1 << (bit % 8);
            assert!(!mac.verify(b"packet", [0; 4], &tag[..10]));
        }
    }
}
