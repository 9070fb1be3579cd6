//! Chance for the signals of ITU-T G.168, from a seed.

pub(crate) struct Chance(u32);

impl Chance {
    pub(crate) fn new(seed: u32) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9) | 1)
    }

    pub(crate) fn octet(&mut self) -> u8 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        (self.0 >> 11) as u8
    }

    pub(crate) fn sample(&mut self) -> i16 {
        i16::from_be_bytes([self.octet(), self.octet()])
    }
}
