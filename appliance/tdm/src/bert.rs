//! Test of the bit errors of a B channel with a pseudo-random sequence (ITU-T O.150).
//!
//! A [`Generator`] fills the octets of one direction, at the other end or behind a loop a [`Checker`]
//! takes them: it finds the sequence, wherever it begins, and counts each bit that is not as it should be,
//! once. Neither allocates anything after `new`. Bits are in the order of the line: the most significant
//! one of an octet, the sign of a voice, goes first.

mod checker;

pub use checker::{Change, Checker, Polarity, Totals};

/// Which sequence.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub enum Pattern {
    /// 2^11 - 1 bits, for 64 kbit/s: of a register of 11 stages, the next bit is the sum of the 9th and the
    /// 11th (ITU-T O.150 §5.2, O.152). At most 10 zeros in a row.
    Bits2047,
    /// 2^15 - 1 bits, mostly for whole spans: of 15 stages, the sum of the 14th and the 15th, and each bit
    /// inverted (ITU-T O.150 §5.3, O.151). At most 15 zeros in a row. A tester that does not invert it is
    /// found as [`Polarity::Inverted`].
    Bits32767,
}

impl Pattern {
    /// After how many bits it begins anew.
    pub fn length(self) -> u32 {
        self.mask()
    }

    /// After how many bits without an error a [`Checker`] has found it at the latest.
    pub fn found_within(self) -> u32 {
        self.stages() + checker::PROOF
    }

    fn stages(self) -> u32 {
        self.taps().1
    }

    fn taps(self) -> (u32, u32) {
        match self {
            Self::Bits2047 => (9, 11),
            Self::Bits32767 => (14, 15),
        }
    }

    fn is_inverted(self) -> bool {
        self == Self::Bits32767
    }

    /// A one for each stage.
    fn mask(self) -> u32 {
        match self {
            Self::Bits2047 => (1 << 11) - 1,
            Self::Bits32767 => (1 << 15) - 1,
        }
    }

    /// The bit that follows these, the latest of which is the lowest; not inverted.
    fn next(self, register: u32) -> bool {
        let (first, second) = self.taps();
        let stage = |number: u32| register >> (number - 1) & 1;
        stage(first) != stage(second)
    }

    /// The register after this bit.
    fn shifted(self, register: u32, bit: bool) -> u32 {
        (register << 1 | u32::from(bit)) & self.mask()
    }
}

/// Says the sequence over and over.
///
/// ```
/// use tdm::bert::{Change, Checker, Generator, Pattern, Polarity};
///
/// let (mut here, mut there) =
///     (Generator::new(Pattern::Bits2047), Checker::new(Pattern::Bits2047));
/// let mut octets = [0; 160];
/// let mut changes = Vec::new();
/// for packet in 0..50 {
///     here.fill(&mut octets);
///     octets[80] ^= u8::from(packet == 20);
///     there.take(&octets, |change| changes.push(change));
/// }
/// assert_eq!(changes, [Change::Found(Polarity::Straight)]);
/// assert_eq!(there.totals().errors, 1);
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Generator {
    pattern: Pattern,
    /// Never zero.
    register: u32,
}

impl Generator {
    /// Begins with all stages one.
    pub fn new(pattern: Pattern) -> Self {
        Self { pattern, register: pattern.mask() }
    }

    /// The next bits of the sequence, eight for each octet.
    pub fn fill(&mut self, octets: &mut [u8]) {
        for octet in octets {
            for _ in 0..8 {
                *octet = *octet << 1 | u8::from(self.bit());
            }
        }
    }

    fn bit(&mut self) -> bool {
        let bit = self.pattern.next(self.register);
        self.register = self.pattern.shifted(self.register, bit);
        bit != self.pattern.is_inverted()
    }
}

#[cfg(test)]
mod tests;
