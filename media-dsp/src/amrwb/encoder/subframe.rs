//! A subframe: the adaptive codebook, the algebraic codebook, the gains (3GPP TS 26.190, clauses
//! 5.6 to 5.11).

use super::filters::{de_emphasise, impulse, residual, synthesise};
use super::{Encoder, WEIGHT};
use crate::amrwb::arithmetic::{dot, scale};
use crate::amrwb::closed_loop::{self, Products, Range, without};
use crate::amrwb::excitation::{pre_emphasise, steady_gain};
use crate::amrwb::frame::Parameters;
use crate::amrwb::gain_quantiser::Wanted;
use crate::amrwb::gains::{Gains, voicing};
use crate::amrwb::pitch::{self, Lag};
use crate::amrwb::pulse_index::indices;
use crate::amrwb::pulse_search::Found;
use crate::amrwb::spectrum::{Predictor, weighted};
use crate::amrwb::two_pulses;
use crate::amrwb::{EMPHASIS, Lineage, Mode, ORDER, SUBFRAME, SUBFRAME_16K, Subframe};
use crate::arch::amrwb as arch;
use crate::fixed::{l_shl, mult, round};

/// A subframe that is to be encoded.
pub(super) struct Part<'a> {
    /// Where it begins in the excitation.
    pub(super) at: usize,
    /// The predictor of the speech, and as the decoder will have it.
    pub(super) predictor: &'a Predictor,
    pub(super) quantised: &'a Predictor,
    /// How little the spectrum changed, Q15.
    pub(super) steadiness: i16,
    /// The speech at 12.8 kHz from sixteen samples before it on.
    pub(super) before: &'a [i16; ORDER + SUBFRAME],
    /// The samples at 16 kHz.
    pub(super) input: &'a [i16; SUBFRAME_16K],
}

/// The adaptive part of a subframe.
struct Adaptive {
    vector: Subframe,
    /// Through the weighted synthesis.
    filtered: Subframe,
    /// What it leaves of the target.
    rest: Subframe,
    /// Q14.
    gain: i16,
    /// What the gain was computed from.
    products: Products,
}

impl Encoder {
    /// Encodes a subframe. `range`: the lags about which it is searched, and then those for the
    /// next.
    pub(super) fn subframe(
        &mut self,
        part: &Part<'_>,
        range: &mut Range,
        parameters: &mut Parameters,
    ) {
        let shift = self.weighting.shift;
        let weighted = weighted(part.predictor, WEIGHT);
        let mut target = self.target(part, &weighted);
        let rest = self.rest(part, &weighted, &target);
        let impulse = impulse(&weighted, part.quantised);
        scale(&mut target, shift);
        let mut response = impulse;
        scale(&mut response, 1 + shift);
        let lag = self.lag(part.at, &target, &response, range, parameters);
        let adaptive = self.adaptive(part.at, lag, &target, &response, parameters);
        let period = lag.rounded();
        let mut rest = without(&rest, &adaptive.vector, adaptive.gain);
        scale(&mut rest, shift);
        let mut response = impulse;
        scale(&mut response, -2);
        let found = self.pulses(&adaptive.rest, &rest, response, period, parameters);
        let mut code = found.code;
        pre_emphasise(&mut code, self.tilt);
        pitch::sharpen(&mut code, period);
        let gains = self.gains(&target, &adaptive, &found, &code, parameters);
        let code_gain = round(l_shl(gains.code, self.input.scale));
        let mut scaled = adaptive.vector;
        scale(&mut scaled, shift);
        let voicing = voicing(Lineage::Standard, &scaled, gains.pitch, &code, code_gain, shift);
        self.tilt = (voicing >> 2) + 8192;
        self.target =
            left_over(&target, &adaptive.filtered, &found.filtered, gains, code_gain, shift);
        self.follow(part, &code, gains.pitch, code_gain);
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
                .wrapping_sub((i32::from(last) * EMPHASIS) << 1)
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

    /// The lag, which is noted; an absolute one is the middle of the next range.
    fn lag(
        &self,
        at: usize,
        target: &Subframe,
        impulse: &Subframe,
        range: &mut Range,
        parameters: &mut Parameters,
    ) -> Lag {
        let lag = arch::lag(self.level, self.mode, &self.excitation, at, target, impulse, *range);
        parameters.put(range.index(self.mode, lag));
        if range.absolute {
            *range = Range::around(lag);
        }
        lag
    }

    /// The adaptive part with the filter that serves better: it becomes the excitation.
    fn adaptive(
        &mut self,
        at: usize,
        lag: Lag,
        target: &Subframe,
        impulse: &Subframe,
        parameters: &mut Parameters,
    ) -> Adaptive {
        let next = self.excitation[at + SUBFRAME];
        pitch::adaptive_codebook(Lineage::Standard, &mut self.excitation, at, lag);
        let (level, clips) = (self.level, self.guard.clips());
        let with = |vector: Subframe| {
            let filtered = arch::convolve(level, &vector, impulse);
            let (gain, products) = closed_loop::gain(target, &filtered);
            let gain = if clips { gain.min(CLIPPED) } else { gain };
            Adaptive { vector, rest: without(target, &filtered, gain), filtered, gain, products }
        };
        let mut chosen = with(pitch::smoothed(&self.excitation, at));
        self.excitation[at + SUBFRAME] = next;
        let vector = &mut self.excitation[at..at + SUBFRAME];
        if self.mode > Mode::M885 {
            let mut plain = [0; SUBFRAME];
            plain.copy_from_slice(vector);
            let plain = with(plain);
            let worse = dot(&plain.rest, &plain.rest).wrapping_sub(dot(&chosen.rest, &chosen.rest));
            parameters.put(i16::from(worse <= 0));
            if worse <= 0 {
                chosen = plain;
            }
        }
        vector.copy_from_slice(&chosen.vector);
        chosen
    }

    /// The pulses, whose indices are noted. `period`: the lag, after which they are repeated.
    fn pulses(
        &self,
        target: &Subframe,
        residual: &Subframe,
        mut response: Subframe,
        period: usize,
        parameters: &mut Parameters,
    ) -> Found {
        pre_emphasise(&mut response, self.tilt);
        pitch::sharpen(&mut response, period);
        let correlation = arch::correlation(self.level, &response, target);
        let found = match self.mode {
            Mode::M660 => two_pulses::search(&correlation, residual, &response),
            mode => arch::pulses(self.level, mode, &correlation, residual, &response),
        };
        let (values, count) = indices(self.mode, &found.tracks);
        values[..count].iter().for_each(|&index| parameters.put(index));
        found
    }

    /// The gains, whose index is noted.
    fn gains(
        &mut self,
        target: &Subframe,
        adaptive: &Adaptive,
        found: &Found,
        code: &Subframe,
        parameters: &mut Parameters,
    ) -> Gains {
        let wanted = Wanted {
            target,
            adaptive: &adaptive.filtered,
            products: adaptive.products,
            filtered: &found.filtered,
            code,
            pitch: adaptive.gain,
            scale: self.input.scale + self.weighting.shift,
            clipped: self.guard.clips(),
        };
        let (index, gains) = self.gains.quantise(self.mode, &wanted);
        parameters.put(index);
        self.guard.see_gain(gains.pitch);
        gains
    }

    /// Adds the code to the excitation and synthesises, as the decoder does.
    fn follow(&mut self, part: &Part<'_>, code: &Subframe, pitch_gain: i16, code_gain: i16) {
        let mut total = [0; SUBFRAME];
        for (i, &pulse) in code.iter().enumerate() {
            let sample = &mut self.excitation[part.at + i];
            let sum = (((i32::from(code_gain) * i32::from(pulse)) << 1) << 5)
                .wrapping_add((i32::from(*sample) * i32::from(pitch_gain)) << 1);
            *sample = round(l_shl(sum, 1));
            total[i] = *sample;
        }
        synthesise(part.quantised, &mut total, &mut self.synthesis);
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
