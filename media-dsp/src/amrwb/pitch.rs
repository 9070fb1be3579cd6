//! The pitch: lags from their indices, lags for frames that are lost, and the adaptive codebook
//! (3GPP TS 26.190, clauses 5.7 and 6.1; TS 26.191).

use super::arithmetic::Noise;
use super::tables::QUARTER_FIR;
use super::{Lineage, Mode, SUBFRAME};
use crate::fixed::{mult, saturate};

/// A pitch lag: samples and quarters of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lag {
    pub(super) whole: i16,
    pub(super) quarters: i16,
}

impl Lag {
    /// The lag that the first or third subframe says for itself.
    pub(super) fn absolute(mode: Mode, index: i16) -> Self {
        if mode <= Mode::M885 {
            return if index < (92 - LEAST) * 2 {
                Self { whole: LEAST + (index >> 1), quarters: (index & 1) << 1 }
            } else {
                Self { whole: index + 92 - (92 - LEAST) * 2, quarters: 0 }
            };
        }
        let halves = index - (128 - LEAST) * 4;
        if halves < 0 {
            return Self { whole: LEAST + (index >> 2), quarters: index & 3 };
        }
        if halves < (160 - 128) * 2 {
            return Self { whole: 128 + (halves >> 1), quarters: (halves & 1) << 1 };
        }
        Self { whole: 160 + halves - (160 - 128) * 2, quarters: 0 }
    }

    /// The lag that another subframe says from the least it can have.
    pub(super) fn relative(mode: Mode, index: i16, least: i16) -> Self {
        if mode <= Mode::M885 {
            Self { whole: least + (index >> 1), quarters: (index & 1) << 1 }
        } else {
            Self { whole: least + (index >> 2), quarters: index & 3 }
        }
    }

    /// The least lag that the next subframe can say, when this is the absolute one.
    pub(super) fn least_of_next(self) -> i16 {
        (self.whole - 8).clamp(LEAST, GREATEST - 15)
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
pub(super) fn smoothed(excitation: &[i16], at: usize) -> [i16; SUBFRAME] {
    std::array::from_fn(|i| {
        let [before, here, after] =
            [at + i - 1, at + i, at + i + 1].map(|place| i32::from(excitation[place]));
        ((5898 * (before + after) + 20_972 * here + 0x4000) >> 15) as i16
    })
}

/// Adds the pulses of a pitch period before to a code vector.
pub(super) fn sharpen(code: &mut [i16; SUBFRAME], lag: usize) {
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

/// The shortest lag.
pub(super) const LEAST: i16 = 34;
/// The longest lag.
pub(super) const GREATEST: i16 = 231;
/// 0.85 in Q15.
const SHARPNESS: i32 = 27_853;
