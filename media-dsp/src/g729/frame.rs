//! What a frame carries, and the order of its bits: ITU-T G.729 table 8, Annex B table B.2, RFC 3551 §4.5.6.

/// Ten milliseconds as they are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame {
    /// Speech.
    Speech([u8; SPEECH_OCTETS]),
    /// A description of the silence (Annex B); the last bit is not used.
    Sid([u8; SID_OCTETS]),
    /// Nothing: the silence goes on as it was described (Annex B).
    Untransmitted,
}

impl Frame {
    /// What goes into the payload.
    pub fn octets(&self) -> &[u8] {
        match self {
            Self::Speech(octets) => octets,
            Self::Sid(octets) => octets,
            Self::Untransmitted => &[],
        }
    }

    /// Whether the parity of the pitch delay holds: §3.7.2. It does in every frame of speech that an encoder
    /// made; silence has none, and always holds.
    pub fn parity_holds(&self) -> bool {
        match self {
            Self::Speech(octets) => Speech::unpack(octets).lag_is_whole(),
            Self::Sid(_) | Self::Untransmitted => true,
        }
    }
}

/// Octets of a frame of speech.
pub const SPEECH_OCTETS: usize = 10;
/// Octets of a description of silence.
pub const SID_OCTETS: usize = 2;

/// Where line spectral frequencies are in their codebooks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct LsfIndex {
    /// L0: the predictor.
    pub(super) predictor: usize,
    /// L1: the first stage.
    pub(super) first: usize,
    /// L2: the second stage, lower half.
    pub(super) lower: usize,
    /// L3: the second stage, upper half.
    pub(super) upper: usize,
}

/// What is sent for half a frame.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Subframe {
    /// P1, P2: the pitch delay.
    pub(super) lag: i16,
    /// C1, C2: places of the four pulses.
    pub(super) places: i16,
    /// S1, S2: their signs, a set bit for plus.
    pub(super) signs: i16,
    /// GA1, GB1, GA2, GB2: the gains.
    pub(super) gains: usize,
}

/// What a frame of speech carries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Speech {
    pub(super) lsf: LsfIndex,
    /// P0: makes the number of ones among the six upper bits of the first delay odd.
    pub(super) parity: i16,
    pub(super) subframes: [Subframe; 2],
}

impl Speech {
    /// The eighty bits, the first in the highest bit.
    pub(super) fn pack(&self) -> [u8; SPEECH_OCTETS] {
        let mut bits = Bits(0);
        let (lsf, [first, second]) = (self.lsf, self.subframes);
        bits.put(1, lsf.predictor);
        bits.put(7, lsf.first);
        bits.put(5, lsf.lower);
        bits.put(5, lsf.upper);
        bits.put(8, first.lag as usize);
        bits.put(1, self.parity as usize);
        bits.put(13, first.places as usize);
        bits.put(4, first.signs as usize);
        bits.put(7, first.gains);
        bits.put(5, second.lag as usize);
        bits.put(13, second.places as usize);
        bits.put(4, second.signs as usize);
        bits.put(7, second.gains);
        let mut octets = [0; SPEECH_OCTETS];
        octets.copy_from_slice(&bits.0.to_be_bytes()[16 - SPEECH_OCTETS..]);
        octets
    }

    pub(super) fn unpack(octets: &[u8; SPEECH_OCTETS]) -> Self {
        let mut wide = [0; 16];
        wide[..SPEECH_OCTETS].copy_from_slice(octets);
        let mut bits = Bits(u128::from_be_bytes(wide));
        let lsf = LsfIndex {
            predictor: bits.take(1),
            first: bits.take(7),
            lower: bits.take(5),
            upper: bits.take(5),
        };
        let lag = bits.take(8) as i16;
        let parity = bits.take(1) as i16;
        let first = Subframe { lag, ..bits.take_codes() };
        let lag = bits.take(5) as i16;
        let second = Subframe { lag, ..bits.take_codes() };
        Self { lsf, parity, subframes: [first, second] }
    }

    /// Whether the first delay came over whole, as far as its parity tells.
    pub(super) fn lag_is_whole(&self) -> bool {
        self.parity == parity(self.subframes[0].lag)
    }
}

/// P0 for a first delay: §3.7.2.
pub(super) fn parity(lag: i16) -> i16 {
    ((lag >> 2) & 0x3f).count_ones() as i16 & 1 ^ 1
}

/// What a description of silence carries: §B.4.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sid {
    /// The predictor.
    pub(super) predictor: usize,
    /// First stage of the line spectral frequencies.
    pub(super) first: usize,
    /// Second stage.
    pub(super) second: usize,
    /// The gain.
    pub(super) gain: usize,
}

impl Sid {
    pub(super) fn pack(&self) -> [u8; SID_OCTETS] {
        let bits = self.predictor << 15 | self.first << 10 | self.second << 6 | self.gain << 1;
        (bits as u16).to_be_bytes()
    }

    pub(super) fn unpack(octets: &[u8; SID_OCTETS]) -> Self {
        let bits = usize::from(u16::from_be_bytes(*octets));
        Self {
            predictor: bits >> 15,
            first: (bits >> 10) & 0x1f,
            second: (bits >> 6) & 0xf,
            gain: (bits >> 1) & 0x1f,
        }
    }
}

/// Fields one after another: put at the lower end, taken from the upper.
struct Bits(u128);

impl Bits {
    fn put(&mut self, count: u32, value: usize) {
        self.0 = self.0 << count | value as u128;
    }

    fn take(&mut self, count: u32) -> usize {
        let value = self.0 >> (128 - count);
        self.0 <<= count;
        value as usize
    }

    fn take_codes(&mut self) -> Subframe {
        let (places, signs) = (self.take(13) as i16, self.take(4) as i16);
        Subframe { lag: 0, places, signs, gains: self.take(7) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_octets_come_back_as_they_were() {
        let mut octets = [0; SPEECH_OCTETS];
        for round in 0..200_u8 {
            for (place, octet) in octets.iter_mut().enumerate() {
                *octet = round
                    .wrapping_mul(37)
                    .wrapping_add((place as u8).wrapping_mul(91))
                    .rotate_left(3);
            }
            assert_eq!(Speech::unpack(&octets).pack(), octets);
            let sid = [octets[0], octets[1] & 0xfe];
            assert_eq!(Sid::unpack(&sid).pack(), sid);
        }
    }

    #[test]
    fn a_wrong_bit_among_the_six_upper_ones_is_seen() {
        let mut speech = Speech::default();
        speech.subframes[0].lag = 0b1011_0110;
        speech.parity = parity(0b1011_0110);
        assert!(speech.lag_is_whole());
        speech.subframes[0].lag ^= 0b100;
        assert!(!speech.lag_is_whole());
        speech.subframes[0].lag ^= 0b101;
        assert!(speech.lag_is_whole());
    }
}
