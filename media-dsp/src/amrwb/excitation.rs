//! What is done to the excitation of a subframe before it is synthesised: anti-sparseness,
//! smoothing of the code gain in noise, weakening of low frequencies in voiced code, sharpening of
//! the pitch (3GPP TS 26.190, clause 6.2).

use super::arithmetic::{inverse_root, mul_32_16, ratio};
use super::tables::{DISPERSION_LOW, DISPERSION_MID};
use super::{Lineage, Mode, SUBFRAME, Subframe};
use crate::fixed::{
    add, l_add, l_mac, l_msu, l_mult, l_shl, l_shr, mult, mult_r, norm_l, round, saturate, shl, sub,
};

/// Spreads the pulses of the modes with few of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dispersion {
    state: i16,
    code_gain: i16,
    pitch_gains: [i16; 6],
}

impl Dispersion {
    pub(super) fn new() -> Self {
        Self { state: 0, code_gain: 0, pitch_gains: [0; 6] }
    }

    /// `code_gain` in Q0, `pitch_gain` in Q14.
    pub(super) fn apply(
        &mut self,
        mode: Mode,
        code_gain: i16,
        pitch_gain: i16,
        code: &mut Subframe,
    ) {
        let least = match mode {
            Mode::M660 => 0,
            Mode::M885 => 1,
            _ => 2,
        };
        match self.strength(code_gain, pitch_gain) + least {
            0 => convolve(code, &DISPERSION_LOW),
            1 => convolve(code, &DISPERSION_MID),
            _ => {}
        }
    }

    /// 0 for the strongest, 2 for none.
    fn strength(&mut self, code_gain: i16, pitch_gain: i16) -> i16 {
        let mut state = match pitch_gain {
            ..WEAK => 0,
            WEAK..14_746 => 1,
            _ => 2,
        };
        self.pitch_gains.rotate_right(1);
        self.pitch_gains[0] = pitch_gain;
        let onset = sub(code_gain, self.code_gain) > shl(self.code_gain, 1);
        if onset {
            state = (state + 1).min(2);
        } else {
            if self.pitch_gains.iter().filter(|&&gain| gain < WEAK).count() > 2 {
                state = 0;
            }
            if state > self.state + 1 {
                state -= 1;
            }
        }
        self.code_gain = code_gain;
        self.state = state;
        state
    }
}

/// Circular convolution with an impulse.
fn convolve(code: &mut Subframe, impulse: &Subframe) {
    let mut spread = [0_i16; 2 * SUBFRAME];
    for (i, &pulse) in code.iter().enumerate() {
        if pulse == 0 {
            continue;
        }
        for (sum, &part) in spread[i..i + SUBFRAME].iter_mut().zip(impulse) {
            *sum = add(*sum, mult_r(pulse, part));
        }
    }
    for (i, sample) in code.iter_mut().enumerate() {
        *sample = add(spread[i], spread[i + SUBFRAME]);
    }
}

/// The code gain drawn towards a threshold that follows it, as far as the frame is noise and
/// steady. `share` in Q15; gains in Q16.
pub(super) fn steady_gain(gain: i32, threshold: &mut i32, share: i16) -> i32 {
    *threshold = if gain < *threshold {
        gain.wrapping_add(mul_32_16(gain, 6226)).min(*threshold)
    } else {
        mul_32_16(gain, 27_536).max(*threshold)
    };
    l_add(mul_32_16(gain, 32_767 - share), mul_32_16(*threshold, share))
}

/// Takes the part that the tilt of the last subframe gives from a code vector.
pub(super) fn pre_emphasise(code: &mut Subframe, tilt: i16) {
    for i in (1..SUBFRAME).rev() {
        let sum = (i32::from(code[i]) << 15) - i32::from(code[i - 1]) * i32::from(tilt);
        code[i] = saturate((sum + 0x4000) >> 15);
    }
}

/// Adds the code to the adaptive part: the excitation that the next subframes refer to.
/// Gains: `pitch` in Q14, `code` in the scale of the excitation. Returns the greatest magnitude.
pub(super) fn total(adaptive: &mut [i16], code: &Subframe, pitch_gain: i16, code_gain: i16) -> i16 {
    let mut most = 1;
    for (sample, &pulse) in adaptive.iter_mut().zip(code) {
        *sample = mixed(*sample, pitch_gain, pulse, code_gain);
        most |= sample.saturating_abs();
    }
    most
}

/// Adds the code, its low frequencies weakened by `tilt`, to the adaptive part.
pub(super) fn enhanced(
    adaptive: &mut Subframe,
    code: &Subframe,
    tilt: i16,
    pitch_gain: i16,
    code_gain: i16,
) {
    for i in 0..SUBFRAME {
        let before = if i > 0 { code[i - 1] } else { 0 };
        let after = if i < SUBFRAME - 1 { code[i + 1] } else { 0 };
        let pulse = round(l_msu(i32::from(code[i]) << 16, before.wrapping_add(after), tilt));
        adaptive[i] = mixed(adaptive[i], pitch_gain, pulse, code_gain);
    }
}

#[inline(always)]
fn mixed(adaptive: i16, pitch_gain: i16, pulse: i16, code_gain: i16) -> i16 {
    let sum = l_mac(l_shl(l_mult(pulse, code_gain), 5), adaptive, pitch_gain);
    round(sum.saturating_mul(2))
}

/// What the pitch sharpening of the low modes adds: the adaptive part (divided by 8) by the square
/// of its gain.
pub(super) fn sharper(adaptive: &Subframe, sharpness: i16, gain: i16) -> Subframe {
    adaptive.map(|sample| round(l_mult(mult(sample, sharpness), gain) >> 1))
}

/// Adds what [`sharper`] gave and restores the energy.
pub(super) fn sharpen(lineage: Lineage, excitation: &mut Subframe, added: &Subframe) {
    let mut sum = *excitation;
    for (sample, &part) in sum.iter_mut().zip(added) {
        *sample = add(*sample, part);
    }
    let after = quarter_energy(&sum);
    if after != 0 {
        let gain = restoring_gain(lineage, quarter_energy(excitation), after);
        for sample in &mut sum {
            *sample = saturate((i32::from(*sample) * i32::from(gain)) >> 13);
        }
    }
    *excitation = sum;
}

/// `sqrt(before / after)` in Q13.
fn restoring_gain(lineage: Lineage, before: i32, after: i32) -> i16 {
    if before == 0 {
        return 0;
    }
    let after_shift = norm_l(after) - 1;
    let before_shift = norm_l(before);
    let quotient = match lineage {
        // The library loses what it cannot shift to the left.
        Lineage::Opencore if after_shift < 0 => 0,
        _ => ratio(lineage.round(l_shl(after, after_shift)), lineage.round(before << before_shift)),
    };
    let square = l_shr(l_shl(i32::from(quotient), 7), after_shift - before_shift);
    let shift = norm_l(square);
    let (root, exponent) = inverse_root(square << shift, 31 - shift);
    round(l_shl(l_shl(root, exponent), 9))
}

fn quarter_energy(signal: &Subframe) -> i32 {
    let sum: i32 =
        signal.iter().map(|&x| i32::from(x >> 2) * i32::from(x >> 2)).fold(0, i32::saturating_add);
    sum.saturating_mul(2)
}

/// A pitch gain below which a subframe is hardly periodic: 0.6 in Q14.
const WEAK: i16 = 9830;
