//! Who the box is in the streams that it begins: by chance, as RFC 3550 §8 wants the name of a stream and
//! RFC 7022 §4.2 that of its speaker.

use crate::srtp::HmacSha1;

/// Gives names out, from a seed: unlike all others and guessed by nobody who has not the seed.
pub(crate) struct Names {
    key: HmacSha1,
    given: u64,
}

/// Who the box is towards one far side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Name {
    /// Names and numbers the stream, where nobody spoke in it yet.
    pub(crate) stream: u64,
    /// CNAME: 96 bits in the letters of base64 (RFC 4648 §4).
    pub(crate) speaker: [u8; 16],
}

impl Names {
    /// `seed`: 160 bits by chance.
    pub(crate) fn new(seed: [u8; 20]) -> Self {
        Self { key: HmacSha1::new(&seed), given: 0 }
    }

    /// The next.
    pub(crate) fn draw(&mut self) -> Name {
        self.given = self.given.wrapping_add(1);
        let drawn = self.key.tag(&self.given.to_be_bytes(), [0; 4]);
        let [s0, s1, s2, s3, s4, s5, s6, s7, speaker @ ..] = drawn;
        let bits = speaker.into_iter().fold(0_u128, |bits, octet| bits << 8 | u128::from(octet));
        let speaker = std::array::from_fn(|at| {
            let letter = (bits >> (6 * at)) as usize % LETTERS.len();
            LETTERS.get(letter).copied().unwrap_or(b'A')
        });
        Name { stream: u64::from_be_bytes([s0, s1, s2, s3, s4, s5, s6, s7]), speaker }
    }
}

impl std::fmt::Debug for Names {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Names").field("given", &self.given).finish_non_exhaustive()
    }
}

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_seeds_give_equal_names_and_no_two_are_alike() {
        let mut one = Names::new([1; 20]);
        let mut same = Names::new([1; 20]);
        let mut other = Names::new([2; 20]);
        let names: Vec<_> = (0..1_000).map(|_| one.draw()).collect();
        assert!(names.iter().all(|name| *name == same.draw()));
        assert!(names.iter().all(|name| *name != other.draw()));
        assert!(names.iter().all(|name| name.speaker.iter().all(u8::is_ascii_graphic)));
        let mut streams: Vec<_> = names.iter().map(|name| name.stream as u32).collect();
        let mut speakers: Vec<_> = names.iter().map(|name| name.speaker).collect();
        streams.sort_unstable();
        speakers.sort_unstable();
        streams.dedup();
        speakers.dedup();
        assert_eq!((streams.len(), speakers.len()), (1_000, 1_000));
    }
}
