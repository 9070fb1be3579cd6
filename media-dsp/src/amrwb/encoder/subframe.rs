//! A subframe: the adaptive codebook, the algebraic codebook, the gains (3GPP TS 26.190, clauses
//! 5.6 to 5.11).

use super::filters::{TILT, de_emphasise, impulse, residual, synthesise};
use super::{Encoder, WEIGHT};
use crate::amrwb::arithmetic::scale;
use crate::amrwb::closed_loop::{self, Products, Range, Subframe, convolve, dot, without};
use crate::amrwb::excitation::{pre_emphasise, steady_gain};
use crate::amrwb::frame::Parameters;
use crate::amrwb::gain_quantiser::Wanted;
use crate::amrwb::gains::{Gains, voicing};
use crate::amrwb::pitch::{self, GREATEST, LEAST, Lag};
use crate::amrwb::pulse_index::indices;
use crate::amrwb::pulse_search::{correlation, search};
use crate::amrwb::spectrum::{Predictor, weighted};
use crate::amrwb::two_pulses;
use crate::amrwb::{Lineage, Mode, ORDER, SUBFRAME, SUBFRAME_16K};
use crate::fixed::{l_shl, mult, round};

/// A subframe that is to be encoded.
pub(super) struct Part<'a> {
    pub(super) at: usize,
    pub(super) predictor: &'a Predictor,
    pub(super) quantised: &'a Predictor,
    pub(super) steadiness: i16,
    /// The speech from sixteen samples before it on.
    pub(super) before: &'a [i16; ORDER + SUBFRAME],
    pub(super) input: &'a [i16; SUBFRAME_16K],
}

/// The adaptive part of a subframe.
struct Adaptive {
    vector: Subframe,
    filtered: Subframe,
    /// What it leaves of the target.
    rest: Subframe,
    gain: i16,
    products: Products,
}

impl Encoder {
    pub(super) fn subframe(
        &mut self,
        part: &Part<'_>,
        range: &mut Range,
        parameters: &mut Parameters,
    ) {
        let shift = self.weighting.shift;
        let at = part.at;
        let weighted = weighted(part.predictor, WEIGHT);
        let mut target = self.target(part, &weighted);
        let mut rest = self.rest(part, &weighted, &target);
        let impulse = impulse(&weighted, part.quantised);
        let mut response = impulse;
        scale(&mut response, -2);
        scale(&mut target, shift);
        let mut impulse = impulse;
        scale(&mut impulse, 1 + shift);
        let lag = closed_loop::search(self.mode, &self.excitation, at, &target, &impulse, *range);
        parameters.put(lag_index(self.mode, lag, *range));
        if range.absolute {
            *range = Range::around(lag.whole);
        }
        let clips = self.guard.clips();
        let next = self.excitation[at + SUBFRAME];
        pitch::adaptive_codebook(Lineage::Standard, &mut self.excitation, at, lag);
        let adaptive = self.adaptive(at, &target, &impulse, clips, parameters);
        self.excitation[at + SUBFRAME] = next;
        self.excitation[at..at + SUBFRAME].copy_from_slice(&adaptive.vector);
        rest = without(&rest, &adaptive.vector, adaptive.gain);
        scale(&mut rest, shift);
        pre_emphasise(&mut response, self.tilt);
        let period = (lag.whole + i16::from(lag.quarters > 2)) as usize;
        pitch::sharpen(&mut response, period);
        let correlation = correlation(&response, &adaptive.rest);
        let found = match self.mode {
            Mode::M660 => two_pulses::search(&correlation, &rest, &response),
            mode => search(mode, &correlation, &rest, &response),
        };
        let (values, count) = indices(self.mode, &found.tracks);
        values[..count].iter().for_each(|&index| parameters.put(index));
        let mut code = found.code;
        pre_emphasise(&mut code, self.tilt);
        pitch::sharpen(&mut code, period);
        let wanted = Wanted {
            target: &target,
            adaptive: &adaptive.filtered,
            products: adaptive.products,
            filtered: &found.filtered,
            code: &code,
            pitch: adaptive.gain,
            scale: self.input.scale + shift,
            clipped: clips,
        };
        let (index, gains) = self.gains.quantise(self.mode, &wanted);
        parameters.put(index);
        self.guard.see_gain(gains.pitch);
        let code_gain = round(l_shl(gains.code, self.input.scale));
        let mut scaled = adaptive.vector;
        scale(&mut scaled, shift);
        let voicing = voicing(Lineage::Standard, &scaled, gains.pitch, &code, code_gain, shift);
        self.tilt = (voicing >> 2) + 8192;
        self.target =
            left_over(&target, &adaptive.filtered, &found.filtered, gains, code_gain, shift);
        for (i, &pulse) in code.iter().enumerate() {
            let sample = &mut self.excitation[at + i];
            let sum = (((i32::from(code_gain) * i32::from(pulse)) << 1) << 5)
                .wrapping_add((i32::from(*sample) * i32::from(gains.pitch)) << 1);
            *sample = round(l_shl(sum, 1));
        }
        let mut total = [0; SUBFRAME];
        total.copy_from_slice(&self.excitation[at..at + SUBFRAME]);
        synthesise(part.quantised, &mut total, &mut self.synthesis);
        if self.mode == Mode::M2385 {
            let index = self.band(part, &adaptive.vector, &code, gains, voicing);
            parameters.put(index);
        }
    }

    /// What the synthesis has to add to reach the weighted speech.
    fn target(&mut self, part: &Part<'_>, weighted: &Predictor) -> Subframe {
        let mut error = [0; ORDER + SUBFRAME];
        for (i, error) in error[..ORDER].iter_mut().enumerate() {
            *error = part.before[i].wrapping_sub(self.synthesis[i]);
        }
        let mut excitation = [0; SUBFRAME];
        excitation.copy_from_slice(&self.excitation[part.at..part.at + SUBFRAME]);
        let mut past = [0; ORDER];
        past.copy_from_slice(&error[..ORDER]);
        synthesise(part.quantised, &mut excitation, &mut past);
        error[ORDER..].copy_from_slice(&excitation);
        let mut target = residual(weighted, &error, ORDER);
        self.target = de_emphasise(&mut target, self.target);
        target
    }

    /// The target before the filters: of its first half the residual, then that of the speech.
    fn rest(&self, part: &Part<'_>, weighted: &Predictor, target: &Subframe) -> Subframe {
        let mut signal = [0; ORDER + SUBFRAME];
        let mut last = 0;
        for i in 0..SUBFRAME / 2 {
            let sum = (i32::from(target[i]) << 16)
                .wrapping_sub((i32::from(last) * TILT) << 1)
                .wrapping_mul(2);
            last = target[i];
            signal[ORDER + i] = (sum.wrapping_add(0x8000) >> 16) as i16;
        }
        let mut half = [0; SUBFRAME];
        half.copy_from_slice(&signal[ORDER..]);
        synthesise(weighted, &mut half, &mut [0; ORDER]);
        signal[ORDER..].copy_from_slice(&half);
        let mut rest = residual(part.quantised, &signal, ORDER);
        let second = SUBFRAME / 2;
        rest[second..].copy_from_slice(&self.excitation[part.at + second..part.at + SUBFRAME]);
        rest
    }

    /// The adaptive part with the filter that serves better.
    fn adaptive(
        &self,
        at: usize,
        target: &Subframe,
        impulse: &Subframe,
        clips: bool,
        parameters: &mut Parameters,
    ) -> Adaptive {
        let with = |vector: Subframe| {
            let filtered = convolve(&vector, impulse);
            let (gain, products) = closed_loop::gain(target, &filtered);
            let gain = if clips { gain.min(CLIPPED) } else { gain };
            Adaptive { vector, rest: without(target, &filtered, gain), filtered, gain, products }
        };
        let smooth = with(pitch::smoothed(&self.excitation, at));
        if self.mode <= Mode::M885 {
            return smooth;
        }
        let mut vector = [0; SUBFRAME];
        vector.copy_from_slice(&self.excitation[at..at + SUBFRAME]);
        let plain = with(vector);
        let better = dot(&plain.rest, &plain.rest).wrapping_sub(dot(&smooth.rest, &smooth.rest));
        let plain_is_better = better <= 0;
        parameters.put(i16::from(plain_is_better));
        if plain_is_better { plain } else { smooth }
    }

    /// The index of the high band's gain.
    fn band(
        &mut self,
        part: &Part<'_>,
        adaptive: &Subframe,
        code: &Subframe,
        gains: Gains,
        voicing: i16,
    ) -> i16 {
        let share = mult(part.steadiness, 16_384 - (voicing >> 1));
        let steady = steady_gain(gains.code, &mut self.threshold, share);
        let tilt = i32::from((voicing >> 3) + 4096);
        let bits = self.input.scale;
        let gain = i32::from((l_shl(steady, bits).wrapping_add(0x8000) >> 16) as i16);
        let mut excitation = [0; SUBFRAME];
        for i in 0..SUBFRAME {
            let before = if i > 0 { code[i - 1] } else { 0 };
            let after = if i < SUBFRAME - 1 { code[i + 1] } else { 0 };
            let sum = (i32::from(code[i]) << 16)
                .wrapping_sub((i32::from(after) * tilt) << 1)
                .wrapping_sub((i32::from(before) * tilt) << 1);
            let pulse = i32::from((sum.wrapping_add(0x8000) >> 16) as i16);
            let sum = (((pulse * gain) << 1) << 5)
                .wrapping_add((i32::from(adaptive[i]) * i32::from(gains.pitch)) << 1);
            excitation[i] = ((sum << 1).wrapping_add(0x8000) >> 16) as i16;
        }
        self.measure_band(part.quantised, &excitation, bits, part.input)
    }
}

impl Range {
    /// The lags around one.
    pub(super) fn around(lag: i16) -> Self {
        let least = (lag - 8).clamp(LEAST, GREATEST - 15);
        Self { least, greatest: least + 15, absolute: true }
    }
}

fn lag_index(mode: Mode, lag: Lag, range: Range) -> i16 {
    let Lag { whole, quarters } = lag;
    if mode <= Mode::M885 {
        return match (range.absolute, whole) {
            (true, ..92) => 2 * (whole - LEAST) + (quarters >> 1),
            (true, _) => whole - 92 + 2 * (92 - LEAST),
            (false, _) => 2 * (whole - range.least) + (quarters >> 1),
        };
    }
    match (range.absolute, whole) {
        (true, ..128) => 4 * (whole - LEAST) + quarters,
        (true, 128..160) => 2 * (whole - 128) + (quarters >> 1) + 4 * (128 - LEAST),
        (true, _) => whole - 160 + 4 * (128 - LEAST) + 2 * (160 - 128),
        (false, _) => 4 * (whole - range.least) + quarters,
    }
}

/// What the last sample of the target lacks, in the scale of the speech.
fn left_over(
    target: &Subframe,
    adaptive: &Subframe,
    filtered: &Subframe,
    gains: Gains,
    code_gain: i16,
    shift: i16,
) -> i16 {
    const LAST: usize = SUBFRAME - 1;
    let code = (i32::from(code_gain) * i32::from(filtered[LAST])) << 1;
    let sum = l_shl(code, 5 + shift)
        .saturating_neg()
        .wrapping_add((i32::from(target[LAST]) * 16_384) << 1)
        .wrapping_sub((i32::from(adaptive[LAST]) * i32::from(gains.pitch)) << 1);
    round(l_shl(sum, 1 - shift))
}

/// 0.95 in Q14.
const CLIPPED: i16 = 15_565;
