//! The pitch: lags from their indices, lags for frames that are lost, and the adaptive codebook
//! (3GPP TS 26.190, clauses 5.7 and 6.1; TS 26.191).

use super::arithmetic::Noise;
use super::tables::QUARTER_FIR;
use super::{Lineage, Mode, SUBFRAME, Subframe};
use crate::fixed::{mult, saturate};

/// A pitch lag: samples and quarters of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lag {
    pub(super) whole: i16,
    pub(super) quarters: i16,
}

impl Lag {
    /// The lag that the first or third subframe says for itself.
    pub(super) fn absolute(mode: Mode, index: i16) -> Self {
        if mode <= Mode::M885 {
            let wholes = index - 2 * (LOW_WHOLES - LEAST);
            return if wholes < 0 {
                Self { whole: LEAST + (index >> 1), quarters: (index & 1) << 1 }
            } else {
                Self { whole: LOW_WHOLES + wholes, quarters: 0 }
            };
        }
        let halves = index - 4 * (HALVES - LEAST);
        let wholes = halves - 2 * (WHOLES - HALVES);
        match (halves, wholes) {
            (..0, _) => Self { whole: LEAST + (index >> 2), quarters: index & 3 },
            (_, ..0) => Self { whole: HALVES + (halves >> 1), quarters: (halves & 1) << 1 },
            _ => Self { whole: WHOLES + wholes, quarters: 0 },
        }
    }

    /// The index that [`Lag::absolute`] reads.
    pub(super) fn absolute_index(self, mode: Mode) -> i16 {
        let Self { whole, quarters } = self;
        match (mode <= Mode::M885, whole) {
            (true, ..LOW_WHOLES) => 2 * (whole - LEAST) + (quarters >> 1),
            (true, _) => whole - LOW_WHOLES + 2 * (LOW_WHOLES - LEAST),
            (_, ..HALVES) => 4 * (whole - LEAST) + quarters,
            (_, HALVES..WHOLES) => 2 * (whole - HALVES) + (quarters >> 1) + 4 * (HALVES - LEAST),
            _ => whole - WHOLES + 2 * (WHOLES - HALVES) + 4 * (HALVES - LEAST),
        }
    }

    /// The lag that another subframe says from the least it can have.
    pub(super) fn relative(mode: Mode, index: i16, least: i16) -> Self {
        if mode <= Mode::M885 {
            Self { whole: least + (index >> 1), quarters: (index & 1) << 1 }
        } else {
            Self { whole: least + (index >> 2), quarters: index & 3 }
        }
    }

    /// The index that [`Lag::relative`] reads.
    pub(super) fn relative_index(self, mode: Mode, least: i16) -> i16 {
        let whole = self.whole - least;
        if mode <= Mode::M885 {
            2 * whole + (self.quarters >> 1)
        } else {
            4 * whole + self.quarters
        }
    }

    /// To the nearest sample.
    pub(super) fn rounded(self) -> usize {
        (self.whole + i16::from(self.quarters > 2)) as usize
    }

    /// The least lag that the next subframe can say, when this is the absolute one.
    pub(super) fn least_of_next(self) -> i16 {
        (self.whole - RELATIVE / 2).clamp(LEAST, GREATEST - RELATIVE + 1)
    }
}

/// The lags of the last good subframes, and chance for those that are lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LagHistory {
    lags: [i16; 5],
    last: i16,
    noise: Noise,
}

impl LagHistory {
    pub(super) fn new() -> Self {
        Self { lags: [64; 5], last: 64, noise: Noise::new() }
    }

    pub(super) fn forget_last(&mut self) {
        self.last = 64;
    }

    pub(super) fn push(&mut self, lag: i16) {
        self.lags.rotate_right(1);
        self.lags[0] = lag;
        self.last = lag;
    }

    /// A lag for a lost subframe. `gains`: the last pitch gains, the latest last.
    pub(super) fn of_lost(&mut self, gains: &[i16; 5]) -> i16 {
        let (least, greatest) = self.bounds();
        let lag = if lowest(gains) > 8192 && greatest - least < 10 {
            self.last
        } else if gains[4] > 8192 && gains[3] > 8192 {
            self.lags[0]
        } else {
            self.likely()
        };
        lag.min(greatest).max(least)
    }

    /// The lag of a bad subframe if it is credible, else one of the history.
    pub(super) fn of_bad(&mut self, gains: &[i16; 5], lag: i16) -> i16 {
        let (least, greatest) = self.bounds();
        let spread = greatest - least;
        let lowest = lowest(gains);
        let steady = gains[4] > 8192 && gains[3] > 8192;
        let within = lag > least && lag < greatest;
        let mean = mult(self.lags.iter().sum(), 6554);
        let credible = (spread < 10 && lag > least - 5 && lag - greatest < 5)
            || (steady && (lag - self.lags[0]).abs() < 10)
            || (lowest < 6554 && gains[4] == lowest && within)
            || (spread < 70 && within)
            || (lag > mean && lag < greatest);
        if credible {
            return lag;
        }
        let lag =
            if (lowest > 8192 && spread < 10) || steady { self.lags[0] } else { self.likely() };
        lag.min(greatest).max(least)
    }

    fn bounds(&self) -> (i16, i16) {
        self.lags.iter().fold((i16::MAX, 0), |(low, high), &lag| (low.min(lag), high.max(lag)))
    }

    /// The mean of the three longest lags, varied by chance.
    fn likely(&mut self) -> i16 {
        let mut sorted = self.lags;
        sorted.sort_unstable();
        let spread = (sorted[4] - sorted[2]).min(40);
        let variation = mult(spread >> 1, self.noise.next());
        mult(sorted[2] + sorted[3] + sorted[4], 10_923) + variation
    }
}

fn lowest(gains: &[i16; 5]) -> i16 {
    gains.iter().fold(i16::MAX, |low, &gain| low.min(gain))
}

/// The excitation of a lag before, interpolated: one sample more than a subframe, from `at` on.
pub(super) fn adaptive_codebook(lineage: Lineage, excitation: &mut [i16], at: usize, lag: Lag) {
    let (whole, phase) = if lag.quarters > 0 {
        (lag.whole as usize + 1, (lag.quarters - 1) as usize)
    } else {
        (lag.whole as usize, 3)
    };
    let fir = &QUARTER_FIR[phase];
    let start = at - whole - 15;
    for i in 0..=SUBFRAME {
        let past: &[i16; 32] = window(excitation, start + i);
        let mut sum = 0x2000;
        for (&x, &c) in past.iter().zip(fir) {
            sum += i32::from(x) * i32::from(c);
        }
        excitation[at + i] = match lineage {
            Lineage::Standard => saturate(sum >> 14),
            Lineage::Opencore => (sum >> 14) as i16,
        };
    }
}

/// The subframe through the low-pass filter of the adaptive codebook; one sample before and one
/// after are needed.
pub(super) fn smoothed(excitation: &[i16], at: usize) -> Subframe {
    std::array::from_fn(|i| {
        let [before, here, after] =
            [at + i - 1, at + i, at + i + 1].map(|place| i32::from(excitation[place]));
        ((5898 * (before + after) + 20_972 * here + 0x4000) >> 15) as i16
    })
}

/// Adds the pulses of a pitch period before to a code vector.
pub(super) fn sharpen(code: &mut Subframe, lag: usize) {
    for i in lag..SUBFRAME {
        let sum = (i32::from(code[i]) << 15) + i32::from(code[i - lag]) * SHARPNESS;
        code[i] = saturate((sum + 0x4000) >> 15);
    }
}

/// Thirty-two samples from a place on.
#[inline(always)]
fn window(signal: &[i16], at: usize) -> &[i16; 32] {
    let (window, _) = signal[at..].split_first_chunk().unwrap_or((&[0; 32], &[]));
    window
}

/// Whole lags that a subframe can say from the least of them on.
pub(super) const RELATIVE: i16 = 16;
/// The least lags that are said in halves, and in whole samples.
pub(super) const HALVES: i16 = 128;
pub(super) const WHOLES: i16 = 160;
/// The least lag that modes 0 and 1 say in whole samples: shorter ones are said in halves.
pub(super) const LOW_WHOLES: i16 = 92;
/// The shortest lag.
pub(super) const LEAST: i16 = 34;
/// The longest lag.
pub(super) const GREATEST: i16 = 231;
/// Samples of past excitation: the longest lag and half the interpolation filter.
pub(super) const PAST: usize = GREATEST as usize + 17;
/// 0.85 in Q15.
const SHARPNESS: i32 = 27_853;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_index_of_a_lag_is_the_index_of_that_lag() {
        for mode in Mode::ALL {
            let low = mode <= Mode::M885;
            let (absolute, relative) = if low { (256, 32) } else { (512, 64) };
            let mut last = LEAST;
            for index in 0..absolute {
                let lag = Lag::absolute(mode, index);
                assert_eq!(lag.absolute_index(mode), index, "{mode:?}");
                assert!((last..=GREATEST).contains(&lag.whole), "{mode:?} {index}");
                last = lag.whole;
                let least = lag.least_of_next();
                assert!(least <= lag.whole && lag.whole < least + RELATIVE);
            }
            assert_eq!(last, GREATEST);
            for index in 0..relative {
                let lag = Lag::relative(mode, index, 50);
                assert_eq!(lag.relative_index(mode, 50), index, "{mode:?}");
                assert!((50..50 + RELATIVE).contains(&lag.whole));
            }
        }
    }
}
