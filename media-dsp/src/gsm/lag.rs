//! The long-term predictor: GSM 06.10 §5.2.11 and 5.2.12.

use super::tables::{GAIN_LEVELS, GAINS};
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
use crate::arch::lanes::{Lanes, MOST};
use crate::arch::{self, Level};
use crate::fixed::{abs_s, mult, mult_r, norm_l, norm_s};

/// The lag and the code of the gain by which the last 120 samples of the reconstructed residual
/// predict the next 40 best.
pub(super) fn search(level: Level, residual: &[i16; 40], past: &[i16; 120]) -> (u8, u8) {
    let loudest = residual.iter().fold(0, |loudest: i16, &it| loudest.max(abs_s(it)));
    let places = if loudest == 0 { 0 } else { (6 - norm_s(loudest)).max(0) };
    let scaled = residual.map(|it| it >> places);
    let sums = arch::gsm::correlate(level, &scaled, past);
    let (mut lag, mut most) = (SHORTEST, 0);
    for (candidate, &sum) in (SHORTEST..).zip(sums.iter().rev()) {
        if sum > most {
            (lag, most) = (candidate, sum);
        }
    }
    (lag as u8, gain((most << 1) >> (6 - places), &past[120 - lag..160 - lag]))
}

/// The correlation for every lag, from the longest to the shortest.
pub(crate) fn correlate(scaled: &[i16; 40], past: &[i16; 120]) -> [i32; LAGS] {
    let mut sums = [0; LAGS];
    for (sum, earlier) in sums.iter_mut().zip(past.windows(40)) {
        *sum = scaled.iter().zip(earlier).map(|(&a, &b)| i32::from(a) * i32::from(b)).sum();
    }
    sums
}

/// [`correlate`] with a lag in each lane.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
#[inline(always)]
pub(crate) fn correlate_lanes<L: Lanes>(scaled: &[i16; 40], past: &[i16; 120]) -> [i32; LAGS] {
    // The lanes beyond the last lag take in what is no sample, and are cut off.
    let mut pairs = [0; 120 + MOST];
    for (pair, samples) in pairs.iter_mut().zip(past.windows(2)) {
        *pair = packed(samples[0], samples[1]);
    }
    let mut sums = [0; LAGS + MOST];
    for first in (0..LAGS).step_by(L::COUNT) {
        let mut sum = L::all(0);
        for (at, &[a, b]) in (first..).step_by(2).zip(scaled.as_chunks().0) {
            if let Some(pairs) = pairs[at..].first_chunk() {
                sum = sum + L::read(pairs).dot(L::all(packed(a, b)));
            }
        }
        if let Some(sums) = sums[first..].first_chunk_mut() {
            sum.write(sums);
        }
    }
    std::array::from_fn(|lag| sums[lag])
}

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
#[inline(always)]
fn packed(first: i16, second: i16) -> i32 {
    i32::from(first as u16) | i32::from(second) << 16
}

/// The code of the gain, from the greatest correlation and the samples it was found with.
fn gain(correlation: i32, earlier: &[i16]) -> u8 {
    if correlation <= 0 {
        return 0;
    }
    let power = earlier.iter().map(|&it| i32::from(it >> 3) * i32::from(it >> 3)).sum::<i32>() << 1;
    if correlation >= power {
        return 3;
    }
    let places = norm_l(power);
    let (correlation, power) = ((correlation << places) >> 16, (power << places) >> 16);
    let exceeds = |&&level: &&i16| correlation as i16 > mult(power as i16, level);
    GAIN_LEVELS.iter().take_while(exceeds).count() as u8
}

/// What the predictor expects of the next 40 samples.
pub(super) fn predict(past: &[i16; 120], lag: u8, gain: u8) -> [i16; 40] {
    let lag = usize::from(lag).clamp(40, 120);
    let mut predicted = [0; 40];
    for (predicted, &earlier) in predicted.iter_mut().zip(&past[120 - lag..160 - lag]) {
        *predicted = mult_r(GAINS[usize::from(gain & 3)], earlier);
    }
    predicted
}

/// Takes 40 samples into the last 120.
pub(super) fn remember(past: &mut [i16; 120], samples: &[i16; 40]) {
    past.copy_within(40.., 0);
    past[80..].copy_from_slice(samples);
}

/// The shortest lag.
const SHORTEST: usize = 40;
/// How many lags there are.
pub(crate) const LAGS: usize = 81;
