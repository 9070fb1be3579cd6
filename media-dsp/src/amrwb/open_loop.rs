//! The open-loop pitch: a lag to begin with, from the weighted speech at half the rate
//! (3GPP TS 26.190, clause 5.4).

use super::arithmetic::{dot, inverse_root, mul_dpf_16, parts, scale};
use super::encoder_tables::LAG_WEIGHTS;
use crate::fixed::{l_shl, norm_l, round};

/// What is kept of the weighted speech.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OpenLoop {
    /// High-passed weighted speech: the longest lag and a frame.
    high_passed: [i16; LONGEST + 128],
    /// Inputs and outputs of the high-pass filter.
    inputs: [i16; 3],
    outputs: [i32; 3],
    lags: [i16; 5],
    median: i16,
    /// How periodic the last part was, Q15.
    pub(super) gain: i16,
    confidence: i16,
    confident: bool,
}

impl OpenLoop {
    pub(super) fn new() -> Self {
        Self {
            high_passed: [0; LONGEST + 128],
            inputs: [0; 3],
            outputs: [0; 3],
            lags: [40; 5],
            median: 40,
            gain: 0,
            confidence: 0,
            confident: false,
        }
    }

    /// Follows a change of the scaling.
    pub(super) fn rescale(&mut self, bits: i16) {
        scale(&mut self.high_passed[..LONGEST], bits);
        for output in &mut self.outputs {
            *output = l_shl(*output & !1, bits);
        }
        for input in &mut self.inputs {
            let value = l_shl(i32::from(*input) << 16, bits);
            *input = (value.wrapping_add(0x8000) >> 16) as i16;
        }
    }

    /// The lag of a part of the weighted speech that begins at `at`, with the longest lag before
    /// it.
    pub(super) fn search(&mut self, weighted: &[i16], at: usize, length: usize) -> i16 {
        let lag = self.best_lag(weighted, at, length);
        self.high_pass(&weighted[at..at + length]);
        self.gain = self.correlation(lag, length);
        self.high_passed.copy_within(length..length + LONGEST, 0);
        if self.gain > 19_661 {
            self.lags.rotate_right(1);
            self.lags[0] = lag as i16;
            let mut sorted = self.lags;
            sorted.sort_unstable();
            self.median = sorted[2];
            self.confidence = i16::MAX;
        } else {
            self.confidence = ((i32::from(self.confidence) * 29_491) >> 15) as i16;
        }
        self.confident = self.confidence >= 26_214;
        lag as i16
    }

    /// The lag of the greatest weighted correlation: short ones and those near the last are
    /// preferred.
    fn best_lag(&self, weighted: &[i16], at: usize, length: usize) -> usize {
        let here = &weighted[at..at + length];
        let mut best = (0, i32::MIN);
        for lag in (SHORTEST..=LONGEST).rev() {
            let before = &weighted[at - lag..at - lag + length];
            let sum = dot(here, before) << 1;
            let mut sum = mul_dpf_16(sum, LAG_WEIGHTS[198 + lag - LONGEST]);
            if self.confident {
                sum = mul_dpf_16(sum, LAG_WEIGHTS[98 + lag - self.median as usize]);
            }
            if sum >= best.1 {
                best = (lag, sum);
            }
        }
        best.0
    }

    fn high_pass(&mut self, signal: &[i16]) {
        for (i, &sample) in signal.iter().enumerate() {
            let parts = self.outputs.map(parts);
            let low = 16_384
                + (parts[0].1 * POLES[0] + parts[1].1 * POLES[1])
                    .wrapping_add(parts[2].1 * POLES[2])
                    * 2;
            let high = (parts[0].0 * POLES[0])
                .wrapping_add(parts[1].0 * POLES[1])
                .wrapping_add(parts[2].0 * POLES[2])
                .wrapping_add(i32::from(sample) * ZEROS[0])
                .wrapping_add(i32::from(self.inputs[0]) * ZEROS[1])
                .wrapping_add(i32::from(self.inputs[1]) * ZEROS[2])
                .wrapping_add(i32::from(self.inputs[2]) * ZEROS[3]);
            let value = (low >> 15).wrapping_add(high << 1) << 2;
            self.inputs = [sample, self.inputs[0], self.inputs[1]];
            self.outputs = [value, self.outputs[0], self.outputs[1]];
            self.high_passed[LONGEST + i] = (value.wrapping_add(0x4000) >> 15) as i16;
        }
    }

    /// The normalised correlation of the high-passed speech at a lag, Q15.
    fn correlation(&self, lag: usize, length: usize) -> i16 {
        let here = &self.high_passed[LONGEST..LONGEST + length];
        let before = &self.high_passed[LONGEST - lag..LONGEST - lag + length];
        let cross = dot(here, before) << 1;
        let energy_before = (dot(before, before) << 1).wrapping_add(1);
        let energy_here = (dot(here, here) << 1).wrapping_add(1);
        let cross_shift = norm_l(cross);
        let (shift1, shift2) = (norm_l(energy_before), norm_l(energy_here));
        let upper = |value: i32, shift: i16| (value << shift).wrapping_add(0x8000) >> 16;
        let energies = upper(energy_before, shift1).wrapping_mul(upper(energy_here, shift2)) << 1;
        let shift = norm_l(energies);
        let (root, exponent) = inverse_root(energies << shift, 62 - (shift1 + shift2 + shift));
        let product = i32::from(round(cross << cross_shift)) * i32::from(round(root));
        let gain = l_shl(product << 1, 31 - cross_shift + exponent);
        (gain.wrapping_add(0x8000) >> 16) as i16
    }
}

/// The longest lag, at half of 12.8 kHz.
pub(super) const LONGEST: usize = 115;
/// The shortest lag.
const SHORTEST: usize = 18;
/// Of the high-pass filter, Q12.
const POLES: [i32; 3] = [21_663, -19_258, 5734];
const ZEROS: [i32; 4] = [-3432, 10_280, -10_280, 3432];
