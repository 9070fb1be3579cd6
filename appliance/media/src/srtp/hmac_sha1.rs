//! HMAC-SHA1 over one packet (RFC 2104), begun once for each key.

use sha1::block_api::compress;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// The two hash states that every packet's tag begins from: the key is hashed in already, which
/// saves two of six blocks for a packet of speech.
#[derive(Clone, ZeroizeOnDrop)]
pub(crate) struct HmacSha1 {
    inner: State,
    outer: State,
}

impl HmacSha1 {
    pub(crate) fn new(key: &[u8; 20]) -> Self {
        Self { inner: keyed(key, 0x36), outer: keyed(key, 0x5c) }
    }

    /// Authenticates a packet and four octets that stand behind it on one side only.
    #[inline]
    pub(crate) fn tag(&self, packet: &[u8], behind: [u8; 4]) -> [u8; 20] {
        let (blocks, rest) = packet.as_chunks::<BLOCK>();
        // The last blocks are put together before anything is hashed: whoever reads what was written a moment
        // ago waits for it.
        let mut last = [0; 2 * BLOCK];
        let count = put_last(&mut last, rest, behind, BLOCK + packet.len() + behind.len());
        let mut state = self.inner;
        compress(&mut state, blocks);
        compress(&mut state, last.as_chunks().0.split_at(count).0);
        let mut block = [0; BLOCK];
        let (text, end) = block.split_at_mut(DIGEST);
        text.copy_from_slice(&octets(&state));
        pad(end, BLOCK + DIGEST);
        let mut state = self.outer;
        compress(&mut state, &[block]);
        octets(&state)
    }

    /// Compares without telling by its time where the difference is. `tag`: 1 to 16 octets.
    pub(super) fn verify(&self, packet: &[u8], behind: [u8; 4], tag: &[u8]) -> bool {
        let whole = self.tag(packet, behind);
        // The lengths that suites have are compared as numbers.
        if let Some((expected, tag)) = whole.first_chunk::<10>().zip(tag.as_array::<10>()) {
            return wide(expected).ct_eq(&wide(tag)).into();
        }
        if let Some((expected, tag)) = whole.first_chunk::<4>().zip(tag.as_array::<4>()) {
            return u32::from_ne_bytes(*expected).ct_eq(&u32::from_ne_bytes(*tag)).into();
        }
        let expected = whole.get(..tag.len()).filter(|_| (1..=LONGEST_TAG).contains(&tag.len()));
        expected.is_some_and(|expected| expected.ct_eq(tag).into())
    }
}

/// Writes as much of a tag as there is room for.
pub(super) fn write(whole: &[u8; 20], tag: &mut [u8]) -> Option<()> {
    if let Ok(tag) = <&mut [u8; 10]>::try_from(&mut *tag) {
        *tag = *whole.first_chunk()?;
        return Some(());
    }
    tag.copy_from_slice(whole.get(..tag.len())?);
    Some(())
}

/// Ten octets as one number.
fn wide(octets: &[u8; 10]) -> u128 {
    let [a, b, c, d, e, f, g, h, i, j] = *octets;
    let low = u64::from_ne_bytes([a, b, c, d, e, f, g, h]);
    u128::from(low) | u128::from(u16::from_ne_bytes([i, j])) << 64
}

/// Writes the last, incomplete blocks: fewer than 64 octets, four more, and the padding. How many they are.
#[inline]
fn put_last(last: &mut [u8; 2 * BLOCK], rest: &[u8], behind: [u8; 4], hashed: usize) -> usize {
    let (text, end) = last.split_at_mut(rest.len().min(BLOCK));
    text.copy_from_slice(rest);
    let (four, end) = end.split_at_mut(behind.len());
    four.copy_from_slice(&behind);
    let used = text.len() + four.len();
    let blocks = if used + PADDING <= BLOCK { 1 } else { 2 };
    pad(end.split_at_mut(blocks * BLOCK - used).0, hashed);
    blocks
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
/// Octets that are hashed at a time.
const BLOCK: usize = 64;
const DIGEST: usize = 20;
const LONGEST_TAG: usize = 16;
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
