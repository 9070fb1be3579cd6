//! What is at the other end of G.726: linear samples or G.711.
//!
//! For G.711: EXPAND, COMPRESS and SYNC of ITU-T G.726 clause 4. The decoder's octet is moved
//! by one step where encoding it anew would make another code, so that tandems add nothing.

use super::coder::Prediction;
use super::tables::Quantizer;
use crate::arch::lanes::Lanes;
use crate::g711::Law;

/// A form of sound, as it is encoded from and decoded to.
pub(crate) trait Form: Copy {
    type Sample: Copy;

    /// As 14 bits.
    fn linear(self, sample: Self::Sample) -> i32;

    /// The value of what was decoded from a code.
    fn sound<L: Lanes>(
        self,
        quantizer: &Quantizer,
        sample: L,
        code: L,
        expected: &Prediction<L>,
    ) -> L;

    /// A value of one lane.
    fn sample(value: i32) -> Self::Sample;
}

/// Linear 16-bit samples, of which the upper 14 bits count: Annex A.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Linear;

impl Form for Linear {
    type Sample = i16;

    #[inline(always)]
    fn linear(self, sample: i16) -> i32 {
        i32::from(sample >> 2)
    }

    #[inline(always)]
    fn sound<L: Lanes>(self, _: &Quantizer, sample: L, _: L, _: &Prediction<L>) -> L {
        sample.within(L::all(-8_192), L::all(8_191)).left(2)
    }

    #[inline(always)]
    fn sample(value: i32) -> i16 {
        value as i16
    }
}

impl Form for Law {
    type Sample = u8;

    #[inline(always)]
    fn linear(self, octet: u8) -> i32 {
        match self {
            Self::A => EXPANDED[0][usize::from(octet)],
            Self::Mu => EXPANDED[1][usize::from(octet)],
        }
    }

    #[inline(always)]
    fn sound<L: Lanes>(
        self,
        quantizer: &Quantizer,
        sample: L,
        code: L,
        expected: &Prediction<L>,
    ) -> L {
        let step = self.compress(sample);
        let again = expected.code(quantizer, self.expand(step));
        let half = L::all(1 << (quantizer.bits - 1));
        let (wanted, again) = (code ^ half, again ^ half);
        let down = match self {
            Self::A => L::all(-1),
            // µ-law has two zeros; downwards from the positive one the negative one is passed over.
            Self::Mu => L::pick(step.equals(L::all(0)), L::all(-2), L::all(-1)),
        };
        let up = L::pick(wanted.above(again), L::all(1), L::all(0));
        let moved = step + L::pick(again.above(wanted), down, up);
        let step = moved.within(L::all(-128), L::all(127));
        let inverted = match self {
            Self::A => 0x55,
            Self::Mu => 0x7f,
        };
        let positive = (step.sign() & L::all(0x80)) ^ L::all(0x80);
        (positive | (step ^ step.sign())) ^ L::all(inverted)
    }

    #[inline(always)]
    fn sample(value: i32) -> u8 {
        value as u8
    }
}

impl Law {
    /// Which step of the law a 16-bit sample falls on: 0 to 127, and -1 to -128 for negative samples.
    #[inline(always)]
    fn compress<L: Lanes>(self, sample: L) -> L {
        let sign = sample.sign();
        let size = sample.turned(sign) & L::all(32_767);
        let step = match self {
            Self::A => {
                // What overflowed to -32768 counts as -2.
                let size = L::pick(L::all(-32_767).above(sample), L::all(2), size);
                let size = (size + sign).right(1).min(L::all(4_095)).max(L::all(0));
                let segment = (size.float().right(23) - L::all(127 + 4)).max(L::all(0));
                let places = segment.max(L::all(1));
                segment.left(4) + (size.right_by(places) & L::all(15))
            }
            Self::Mu => {
                let size = size.min(L::all(8_158)) + L::all(33);
                let segment = size.float().right(23) - L::all(127 + 5);
                segment.left(4) + (size.right_by(segment + L::all(1)) & L::all(15))
            }
        };
        step ^ sign
    }

    /// The 14-bit sample of a step.
    #[inline(always)]
    fn expand<L: Lanes>(self, step: L) -> L {
        let sign = step.sign();
        let size = step ^ sign;
        let segment = size.right(4);
        let twice = (size & L::all(15)).left(1);
        let sample = match self {
            Self::A => {
                let low = segment.equals(L::all(0));
                let base = twice + L::pick(low, L::all(1), L::all(33));
                base.left_by((segment - L::all(1)).max(L::all(0))).left(1)
            }
            Self::Mu => (twice + L::all(33)).left_by(segment) - L::all(33),
        };
        sample.turned(sign)
    }
}

/// 14-bit samples of the octets of both laws.
static EXPANDED: [[i32; 256]; 2] = {
    let mut tables = [[0; 256]; 2];
    let mut octet = 0;
    while octet < 256 {
        let (a, mu) = (octet as i32 ^ 0x55, octet as i32 ^ 0x7f);
        let (segment, twice) = (a >> 4 & 7, (a & 15) << 1);
        let size = if segment == 0 { twice + 1 } else { (twice + 33) << (segment - 1) } << 1;
        tables[0][octet] = if a & 0x80 == 0 { -size } else { size };
        let size = ((((mu & 15) << 1) + 33) << (mu >> 4 & 7)) - 33;
        tables[1][octet] = if mu & 0x80 == 0 { -size } else { size };
        octet += 1;
    }
    tables
};
