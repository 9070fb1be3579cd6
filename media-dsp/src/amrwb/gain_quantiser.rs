//! The quantiser of the gains of pitch and code together, and the guard against too high a pitch
//! gain (3GPP TS 26.190, clause 5.9; TS 26.173, `q_gain2.c`, `gpclip.c`).

use super::arithmetic::{dot, log2, parts, pow2};
use super::closed_loop::{Products, normalised};
use super::gains::{Corrections, Gains, LOG_2_OF_DB, MEAN_ENERGY, PREDICTION, TWENTY_LOG_2, db};
use super::spectrum::Isf;
use super::tables::{GAINS_6, GAINS_7};
use super::{Mode, ORDER, Subframe};
use crate::fixed::{l_negate, l_shl, l_shr, norm_l};

/// What the gains of a subframe are quantised for.
pub(super) struct Wanted<'a> {
    pub(super) target: &'a Subframe,
    /// The adaptive part through the filters, and what is known of it.
    pub(super) adaptive: &'a Subframe,
    pub(super) products: Products,
    /// The code through the filters.
    pub(super) filtered: &'a Subframe,
    pub(super) code: &'a Subframe,
    /// The pitch gain that was found, Q14.
    pub(super) pitch: i16,
    /// By how many bits the target is scaled up.
    pub(super) scale: i16,
    pub(super) clipped: bool,
}

/// The quantiser of a channel: what it predicts from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct GainQuantiser(Corrections);

impl GainQuantiser {
    pub(super) fn new() -> Self {
        Self(Corrections::new())
    }

    /// The index of the gains, and the gains.
    pub(super) fn quantise(&mut self, mode: Mode, wanted: &Wanted<'_>) -> (i16, Gains) {
        let (table, first, count) = region(mode, wanted);
        let (gain, exponent) = self.predicted(wanted.code);
        let terms = Terms::new(wanted, exponent + 4);
        let mut best = (0, i32::MAX);
        for (i, row) in table[first..first + count].iter().enumerate() {
            let error = terms.error(row[0], ((i32::from(row[1]) * gain + 0x4000) >> 15) as i16);
            if error < best.1 {
                best = (i, error);
            }
        }
        let index = first + best.0;
        let [pitch, correction] = table[index];
        let code = l_shl((i32::from(correction) * gain) << 1, exponent + 4);
        self.0.push(correction);
        (index as i16, Gains { pitch, code })
    }

    /// The predicted code gain, and its exponent.
    fn predicted(&self, code: &Subframe) -> (i32, i16) {
        let energy = (dot(code, code) << 1).wrapping_add(1);
        let shift = norm_l(energy);
        let (whole, fraction) = log2(energy << shift);
        let mut sum = db(whole + (30 - shift) - (18 + 6 + 31), fraction, -TWENTY_LOG_2);
        sum = sum.wrapping_add(MEAN_ENERGY << 14) << 10;
        for (&weight, &correction) in PREDICTION.iter().zip(&self.0.0) {
            sum = sum.wrapping_add((i32::from(weight) * i32::from(correction)) << 1);
        }
        let sum = ((sum >> 16) * LOG_2_OF_DB) << 1 >> 8;
        let (exponent, fraction) = parts(sum);
        (pow2(14, fraction as i16), exponent as i16 - 14)
    }
}

/// The rows that are searched: with 7 bits those around the pitch gain that was found.
fn region(mode: Mode, wanted: &Wanted<'_>) -> (&'static [[i16; 2]], usize, usize) {
    if mode <= Mode::M885 {
        return (&GAINS_6, 0, if wanted.clipped { 48 } else { 64 });
    }
    let end = if wanted.clipped { 32 + 64 - 27 } else { 32 + 64 };
    let first = GAINS_7[32..end].iter().filter(|row| wanted.pitch > row[0]).count();
    (&GAINS_7, first, 64)
}

/// The terms of the error in double precision.
struct Terms {
    upper: [i32; 5],
    lower: [i32; 5],
}

impl Terms {
    fn new(wanted: &Wanted<'_>, code_exponent: i16) -> Self {
        let Products { energy, cross } = wanted.products;
        let code = normalised(dot(wanted.filtered, wanted.filtered));
        let scale = wanted.scale;
        let target = normalised_negative(dot(wanted.target, wanted.filtered));
        let both = normalised(dot(wanted.adaptive, wanted.filtered));
        let values = [energy.0, cross.0.saturating_neg(), code.0, target.0, both.0];
        let exponents = [
            energy.1 - 13,
            cross.1 + 1 - 14,
            code.1 - 18 + 2 * scale + 15 + 2 * code_exponent,
            target.1 - 8 + scale + code_exponent,
            both.1 - 8 + scale + 1 + code_exponent,
        ];
        let most = exponents.iter().fold(i16::MIN, |most, &it| most.max(it));
        let mut terms = Self { upper: [0; 5], lower: [0; 5] };
        for i in 0..5 {
            let value = l_shr(i32::from(values[i]) << 16, most - exponents[i] + 2);
            let (upper, lower) = parts(value);
            (terms.upper[i], terms.lower[i]) = (upper, lower >> 3);
        }
        terms
    }

    fn error(&self, pitch: i16, code: i16) -> i32 {
        let (pitch, code) = (i32::from(pitch), i32::from(code));
        let pitch_square = i32::from(((pitch * pitch + 0x4000) >> 15) as i16);
        let both = i32::from(((code * pitch + 0x4000) >> 15) as i16);
        let (square, square_low) = parts((code * code) << 1);
        let factors = [pitch_square, pitch, square, code, both];
        let mut sum = (self.upper[2] * square_low) << 1 >> 3;
        for (&term, &factor) in self.lower.iter().zip(&factors) {
            sum = sum.wrapping_add((term * factor) << 1);
        }
        sum >>= 12;
        for (&term, &factor) in self.upper.iter().zip(&factors) {
            sum = sum.wrapping_add((term * factor) << 1);
        }
        sum
    }
}

/// [`normalised`], negated before the upper half is taken.
fn normalised_negative(sum: i32) -> (i16, i16) {
    let value = (sum << 1).wrapping_add(1);
    let shift = norm_l(value);
    ((l_negate(value << shift) >> 16) as i16, 30 - shift)
}

/// Watches for frames that are so periodic and resonant that a lost one would whistle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PitchGuard {
    /// The least distance of frequencies, smoothed.
    distance: i16,
    /// The pitch gain, smoothed, Q14.
    gain: i16,
}

impl PitchGuard {
    pub(super) fn new() -> Self {
        Self { distance: 307, gain: LEAST_GAIN }
    }

    pub(super) fn see_spectrum(&mut self, isf: &Isf) {
        let least = (2..ORDER - 1).fold(isf[1].wrapping_sub(isf[0]), |least, i| {
            least.min(isf[i].wrapping_sub(isf[i - 1]))
        });
        let sum = (26_214 * i32::from(self.distance)) << 1;
        let sum = sum.saturating_add((6554 * i32::from(least)) << 1);
        self.distance = ((sum >> 16) as i16).min(307);
    }

    pub(super) fn see_gain(&mut self, gain: i16) {
        let sum = ((29_491 * i32::from(self.gain)) << 1) + ((3277 * i32::from(gain)) << 1);
        self.gain = ((sum >> 16) as i16).max(LEAST_GAIN);
    }

    /// Whether pitch gains have to stay below 0.95.
    pub(super) fn clips(&self) -> bool {
        self.distance < 154 && self.gain > 14_746
    }
}

/// 0.6 in Q14.
const LEAST_GAIN: i16 = 9830;
