//! Random numbers from a seed: the exchange asks nobody else for them, so a run can be repeated.

use sha2::{Digest, Sha256};

/// SHA-256 over seed and counter: unpredictable to who has not the seed (after NIST SP 800-90A
/// §10.1.1), the same for everybody who has.
#[derive(Debug)]
pub(crate) struct Random {
    seed: [u8; 32],
    counter: u64,
    block: [u8; 32],
    used: usize,
}

impl Random {
    pub(crate) fn new(seed: [u8; 32]) -> Self {
        Self { seed, counter: 0, block: [0; 32], used: 32 }
    }

    pub(crate) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.byte())
    }

    pub(crate) fn u64(&mut self) -> u64 {
        u64::from_be_bytes(self.bytes())
    }

    pub(crate) fn u32(&mut self) -> u32 {
        u32::from_be_bytes(self.bytes())
    }

    pub(crate) fn u16(&mut self) -> u16 {
        u16::from_be_bytes(self.bytes())
    }

    /// A word that nobody guesses: 64 bits in hexadecimal. Tags, branches and Call-IDs.
    pub(crate) fn token(&mut self) -> String {
        let mut text = String::with_capacity(16);
        for byte in self.bytes::<8>() {
            for nibble in [byte >> 4, byte & 15] {
                text.push(char::from_digit(nibble.into(), 16).unwrap_or('0'));
            }
        }
        text
    }

    fn byte(&mut self) -> u8 {
        if self.used == self.block.len() {
            let mut hash = Sha256::new();
            hash.update(self.seed);
            hash.update(self.counter.to_be_bytes());
            self.block = hash.finalize().into();
            self.counter += 1;
            self.used = 0;
        }
        let byte = self.block.get(self.used).copied().unwrap_or(0);
        self.used += 1;
        byte
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_seeds_give_equal_numbers_and_others_do_not() {
        let mut a = Random::new([1; 32]);
        let mut b = Random::new([1; 32]);
        let mut c = Random::new([2; 32]);
        let first = a.token();
        assert_eq!(first, b.token());
        assert_ne!(first, c.token());
        assert_ne!(first, a.token());
        assert_eq!(first.len(), 16);
    }
}
