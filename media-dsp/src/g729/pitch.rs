//! The adaptive codebook: the past excitation at a fractional delay, and the delay's code.
//! ITU-T G.729 §3.7.1, §3.7.2, §4.1.3.

use super::filter::{PRODUCTS_LIMIT, peak};
use super::tables::INTERPOLATION;
use crate::fixed::{l_mac, round, saturate};

/// Samples of half a frame.
pub(super) const SUBFRAME: usize = 40;
/// Samples of a frame.
pub const FRAME: usize = 80;
/// The least whole delay that is searched, and the greatest.
pub(super) const LAG_LEAST: i16 = 20;
pub(super) const LAG_GREATEST: i16 = 143;
/// Past excitation that is kept: the greatest delay and the interpolation beyond it.
pub(super) const EXCITATION_PAST: usize = LAG_GREATEST as usize + 11;
/// The past excitation and the present frame's.
pub(super) type Excitation = [i16; EXCITATION_PAST + FRAME];

/// A delay: whole samples, and -1, 0 or 1 third of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lag {
    pub(super) whole: i16,
    pub(super) thirds: i16,
}

impl Lag {
    /// The delay in the first half of a frame, from its 8 bits.
    pub(super) fn decode_first(index: i16) -> Self {
        if index >= 197 {
            return Self { whole: index - 112, thirds: 0 };
        }
        let whole = (index + 2) / 3 + 19;
        Self { whole, thirds: index - whole * 3 + 58 }
    }

    /// The delay in the second half, from its 5 bits and the whole delay in the first.
    pub(super) fn decode_second(index: i16, first: i16) -> Self {
        let whole = (index + 2) / 3 - 1;
        Self { whole: whole + *range_second(first).start(), thirds: index - 2 - whole * 3 }
    }

    /// The 8 bits.
    pub(super) fn code_first(self) -> i16 {
        if self.whole <= 85 { self.whole * 3 - 58 + self.thirds } else { self.whole + 112 }
    }

    /// The 5 bits, for the whole delay in the first half.
    pub(super) fn code_second(self, first: i16) -> i16 {
        (self.whole - *range_second(first).start()) * 3 + 2 + self.thirds
    }
}

/// Where the delay of the second half is looked for.
pub(super) fn range_second(first: i16) -> std::ops::RangeInclusive<i16> {
    let least = (first - 5).clamp(LAG_LEAST, LAG_GREATEST - 9);
    least..=least + 9
}

/// Puts the excitation of `lag` before into the forty samples at `at`. Delays below forty use what was just
/// put there.
#[inline(always)]
pub(super) fn interpolate(excitation: &mut Excitation, at: usize, lag: Lag) {
    // The filter that looks back by `phase` thirds from a sample between.
    let (start, phase) = match lag.thirds {
        1.. => (at - lag.whole as usize - 1, 2),
        0 => (at - lag.whole as usize, 0),
        _ => (at - lag.whole as usize, 1),
    };
    let taps = &TAPS[phase];
    let first = start + 1 - TAPS_HALF;
    if weight(taps) * i64::from(peak(&excitation[first..at.min(first + USED)])) >= PRODUCTS_LIMIT {
        return interpolate_saturating(excitation, at, start, phase);
    }
    // The newest sample that is used lies at least ten before the one that comes of it.
    for block in (0..SUBFRAME).step_by(BLOCK) {
        let mut sums = [1 << 14; BLOCK];
        for (tap, &coefficient) in taps.iter().enumerate() {
            let from = first + block + tap;
            for (sum, &sample) in sums.iter_mut().zip(&excitation[from..from + BLOCK]) {
                *sum += i32::from(sample) * i32::from(coefficient);
            }
        }
        for (n, sum) in sums.into_iter().enumerate() {
            excitation[at + block + n] = saturate(sum >> 15);
        }
        // What was put there may be louder than what it came of.
        let put = &excitation[at + block..at + block + BLOCK];
        if weight(taps) * i64::from(peak(put)) >= PRODUCTS_LIMIT {
            return interpolate_saturating(excitation, at, start, phase);
        }
    }
}

/// [`interpolate`] with every sum saturated, from the middle of the filter outwards.
#[cold]
#[inline(never)]
fn interpolate_saturating(excitation: &mut Excitation, at: usize, start: usize, phase: usize) {
    for n in 0..SUBFRAME {
        let mut sum = 0;
        for i in 0..TAPS_HALF {
            sum = l_mac(sum, excitation[start + n - i], INTERPOLATION[phase + 3 * i]);
            sum = l_mac(sum, excitation[start + n + 1 + i], INTERPOLATION[3 - phase + 3 * i]);
        }
        excitation[at + n] = round(sum);
    }
}

#[inline(always)]
fn weight(taps: &[i16; 2 * TAPS_HALF]) -> i64 {
    taps.iter().map(|&tap| i64::from(tap).abs()).sum()
}

/// The interpolation filter for each phase, the oldest sample's coefficient first.
const TAPS: [[i16; 2 * TAPS_HALF]; 3] = {
    let mut taps = [[0; 2 * TAPS_HALF]; 3];
    let mut phase = 0;
    while phase < 3 {
        let mut i = 0;
        while i < TAPS_HALF {
            taps[phase][TAPS_HALF - 1 - i] = INTERPOLATION[phase + 3 * i];
            taps[phase][TAPS_HALF + i] = INTERPOLATION[3 - phase + 3 * i];
            i += 1;
        }
        phase += 1;
    }
    taps
};
const TAPS_HALF: usize = 10;
/// Samples from the oldest that is used to the newest.
const USED: usize = SUBFRAME + 2 * TAPS_HALF - 1;
/// Samples that are interpolated side by side.
const BLOCK: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_come_back_from_their_codes() {
        for index in 0..256 {
            let first = Lag::decode_first(index);
            assert_eq!(first.code_first(), index);
            assert!((19..=143).contains(&first.whole) && first.thirds.abs() <= 1);
            for index in 0..32 {
                let second = Lag::decode_second(index, first.whole);
                assert_eq!(second.code_second(first.whole), index);
                assert!((19..=144).contains(&second.whole) && second.thirds.abs() <= 1);
            }
        }
    }

    #[test]
    fn side_by_side_and_one_by_one_are_the_same() {
        let mut excitation = [0; EXCITATION_PAST + FRAME];
        for (n, sample) in excitation.iter_mut().enumerate() {
            *sample = ((n * n * 31) % 9001) as i16 - 4500;
        }
        for (whole, thirds) in [(19, 1), (20, -1), (20, 0), (39, 1), (57, -1), (144, -1), (143, 1)]
        {
            let (mut fast, mut slow) = (excitation, excitation);
            let (start, phase) = match thirds {
                1 => (EXCITATION_PAST - whole - 1, 2),
                0 => (EXCITATION_PAST - whole, 0),
                _ => (EXCITATION_PAST - whole, 1),
            };
            interpolate(&mut fast, EXCITATION_PAST, Lag { whole: whole as i16, thirds });
            interpolate_saturating(&mut slow, EXCITATION_PAST, start, phase);
            assert_eq!(fast, slow, "{whole} {thirds}");
        }
    }
}
