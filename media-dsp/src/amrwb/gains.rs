//! The gains of pitch and code: from their index with a prediction of the energy, or for frames
//! that are lost from the gains before (3GPP TS 26.190, clause 5.9; TS 26.191).

use super::arithmetic::{energy, inverse_root, log2, mul_dpf_16, parts, pow2, ratio};
use super::tables::{BAD_CODE, BAD_PITCH, GAINS_6, GAINS_7, LOST_CODE, LOST_PITCH};
use super::{Lineage, Mode, Subframe};
use crate::fixed::{l_add, l_mult, l_shl, mult, norm_l, norm_s, round, shl, sub};

/// Gains of a subframe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Gains {
    /// Q14.
    pub(super) pitch: i16,
    /// Q16.
    pub(super) code: i32,
}

/// How a frame with errors came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Erasure {
    /// With bits of which some are wrong.
    Bad,
    /// Not at all.
    Lost,
}

/// The last corrections of the code gain, the latest first, in dB of Q10: the next energy is
/// predicted from them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Corrections(pub(super) [i16; 4]);

impl Corrections {
    pub(super) fn new() -> Self {
        Self([SILENCE; 4])
    }

    /// Takes the correction of a subframe, Q11.
    pub(super) fn push(&mut self, correction: i16) {
        let (whole, fraction) = log2(i32::from(correction));
        self.0.rotate_right(1);
        self.0[0] = (db(whole - 11, fraction, TWENTY_LOG_2) >> 3) as i16;
    }
}

/// A logarithm (whole part and fraction in Q15) times a factor in Q12, in Q13.
pub(super) fn db(whole: i16, fraction: i16, factor: i32) -> i32 {
    (i32::from(whole) * factor + ((i32::from(fraction) * factor) >> 15)) << 1
}

/// What the decoder of the gains remembers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct GainDecoder {
    lineage: Lineage,
    corrections: Corrections,
    /// The last pitch gains, the latest last, those of lost frames included.
    pitch: [i16; 5],
    /// The last code gains in Q3, as well.
    code: [i16; 5],
    /// The last pitch gains of good frames.
    received: [i16; 5],
    /// The last code gain that was received, in Q3.
    last_code: i16,
}

impl GainDecoder {
    pub(super) fn new(lineage: Lineage) -> Self {
        Self {
            lineage,
            corrections: Corrections::new(),
            pitch: [0; 5],
            code: [0; 5],
            received: [0; 5],
            last_code: 0,
        }
    }

    /// The last pitch gains of good frames.
    pub(super) fn received(&self) -> &[i16; 5] {
        &self.received
    }

    /// The gains of an index. After an erasure the code gain grows by a quarter at most.
    pub(super) fn decode(
        &mut self,
        mode: Mode,
        index: i16,
        code: &Subframe,
        after_erasure: bool,
    ) -> Gains {
        let innovation = level(code);
        let row =
            if mode <= Mode::M885 { GAINS_6[index as usize] } else { GAINS_7[index as usize] };
        let [pitch, correction] = row;
        let predicted = self.predicted();
        let log_gain = (i32::from(predicted) * LOG_2_OF_DB) >> 7;
        let (exponent, fraction) = parts(log_gain);
        let gain = pow2(14, fraction as i16) as i16;
        let exponent = exponent as i16 - 14 + 4;
        let mut gain = self.lineage.shift_32(l_mult(correction, gain), exponent);
        if after_erasure {
            let bound = l_mult(self.last_code, 5120);
            if gain > bound && gain > 100 << 16 {
                gain = bound;
            }
        }
        self.last_code = round(l_shl(gain, 3));
        self.remember(pitch, self.last_code);
        self.corrections.push(correction);
        Gains { pitch, code: l_shl(mul_dpf_16(gain, innovation), 3) }
    }

    /// Gains for a frame with errors. `state`: how long it has been going on; `noisy`: whether
    /// there was only noise before.
    pub(super) fn conceal(
        &mut self,
        erasure: Erasure,
        state: usize,
        noisy: bool,
        code: &Subframe,
    ) -> Gains {
        let innovation = level(code);
        let (pitch_fading, code_fading) = match erasure {
            Erasure::Bad => (&BAD_PITCH, &BAD_CODE),
            Erasure::Lost => (&LOST_PITCH, &LOST_CODE),
        };
        let past_pitch = median(&self.pitch).min(15_565);
        let past_code = median(&self.code);
        let past_code = if noisy { past_code } else { mult(code_fading[state], past_code) };
        self.fade();
        self.pitch.rotate_left(1);
        self.pitch[4] = past_pitch;
        self.code.rotate_left(1);
        self.code[4] = past_code;
        Gains { pitch: mult(pitch_fading[state], past_pitch), code: l_mult(past_code, innovation) }
    }

    /// The predicted energy, in dB of Q8.
    fn predicted(&self) -> i16 {
        let mut sum = MEAN_ENERGY << 24;
        for (&weight, &correction) in PREDICTION.iter().zip(&self.corrections.0) {
            sum = l_add(sum, l_mult(weight, correction));
        }
        (sum >> 16) as i16
    }

    fn remember(&mut self, pitch: i16, code: i16) {
        for (history, gain) in
            [(&mut self.pitch, pitch), (&mut self.code, code), (&mut self.received, pitch)]
        {
            match self.lineage {
                Lineage::Standard => history.rotate_left(1),
                // The library moves only the second to the first.
                Lineage::Opencore => history[0] = history[1],
            }
            history[4] = gain;
        }
    }

    /// The correction of a lost frame: 3 dB below the mean of the last four.
    fn fade(&mut self) {
        let past = &mut self.corrections.0;
        let sum: i32 = past.iter().map(|&it| i32::from(it)).sum();
        let oldest = past[3];
        past.rotate_right(1);
        let mean = match self.lineage {
            Lineage::Standard => sum >> 2,
            // The library halves the mean and keeps the oldest.
            Lineage::Opencore => {
                past[3] = oldest;
                sum >> 3
            }
        };
        past[0] = ((mean - 3072).max(i32::from(SILENCE))) as i16;
    }
}

/// `1 / sqrt(energy of the code / 64)` in Q12.
fn level(code: &Subframe) -> i16 {
    let (value, exponent) = energy(code);
    let (value, exponent) = inverse_root(value, exponent - 24);
    (l_shl(value, exponent - 3) >> 16) as i16
}

fn median(values: &[i16; 5]) -> i16 {
    let mut sorted = *values;
    sorted.sort_unstable();
    sorted[2]
}

/// How voiced an excitation is: 1 voiced to -1 unvoiced, in Q15. `pitch` is the part of the
/// adaptive codebook, scaled up by `scale` bits, `code` in Q9, with the gains in Q14 and Q0.
pub(super) fn voicing(
    lineage: Lineage,
    pitch: &Subframe,
    pitch_gain: i16,
    code: &Subframe,
    code_gain: i16,
    scale: i16,
) -> i16 {
    let (energy1, exponent1) = energy(pitch);
    let square = l_mult(pitch_gain, pitch_gain);
    let shift = match (square, lineage) {
        (0, Lineage::Opencore) => 27,
        _ => norm_l(square),
    };
    let energy1 = mult((energy1 >> 16) as i16, ((square << shift) >> 16) as i16);
    let exponent1 = exponent1 - 2 * scale - shift - 10;
    let (energy2, exponent2) = energy(code);
    let shift = norm_s(code_gain);
    let gain = shl(code_gain, shift);
    let energy2 = mult((energy2 >> 16) as i16, mult(gain, gain));
    let difference = exponent1 - (exponent2 - 2 * shift);
    let shifted = |energy: i16, by: i16| match lineage {
        Lineage::Standard => energy >> by.min(15),
        // The library shifts as the processor does: by the lower five bits.
        Lineage::Opencore => energy >> (by & 31).min(15),
    };
    let (voiced, unvoiced) = if difference >= 0 {
        (energy1 >> 1, shifted(energy2, difference + 1))
    } else {
        (shifted(energy1, 1 - difference), energy2 >> 1)
    };
    let sum = voiced + unvoiced + 1;
    let more = sub(voiced, unvoiced);
    if more >= 0 { ratio(more, sum) } else { -ratio(-more, sum) }
}

/// -14 dB in Q10.
const SILENCE: i16 = -14_336;
/// Mean energy of the innovation, dB.
pub(super) const MEAN_ENERGY: i32 = 30;
/// 20 log10 2, Q12: dB of a factor of two.
pub(super) const TWENTY_LOG_2: i32 = 24_660;
/// 0.166, Q15: log2 of the factor of one dB.
pub(super) const LOG_2_OF_DB: i32 = 5443;
/// 0.5, 0.4, 0.3, 0.2 in Q13.
pub(super) const PREDICTION: [i16; 4] = [4096, 3277, 2458, 1638];
