//! A subframe: its lag, code vector, gains and excitation (3GPP TS 26.190, clause 6.1; lost ones
//! TS 26.191).

use super::{Decoder, MOST_SCALE, Spectrum};
use crate::amrwb::codebook::code_vector;
use crate::amrwb::excitation;
use crate::amrwb::frame::Parameters;
use crate::amrwb::gains::{Erasure, Gains, voicing};
use crate::amrwb::pitch::{self, Lag, PAST};
use crate::amrwb::spectrum::between;
use crate::amrwb::{Mode, SUBFRAME, Subframe};
use crate::fixed::{add, l_shl, mult, norm_s, round, saturate, shl};

impl Decoder {
    /// Decodes a subframe to 80 samples at 16 kHz. `least`: the least lag that it can say if its
    /// lag is relative, and then that of the next.
    pub(super) fn subframe(
        &mut self,
        subframe: usize,
        erasure: Option<Erasure>,
        spectrum: &Spectrum,
        parameters: &mut Parameters,
        least: &mut i16,
        out: &mut [i16],
    ) {
        let at = PAST + subframe * SUBFRAME;
        let lag = self.lag(subframe, erasure, parameters, least);
        pitch::adaptive_codebook(self.lineage, &mut self.excitation, at, lag);
        let lost = erasure == Some(Erasure::Lost);
        let smoothed = self.mode <= Mode::M885 || parameters.take() == 0;
        if smoothed && !lost {
            let smoothed = pitch::smoothed(&self.excitation, at);
            self.excitation[at..at + SUBFRAME].copy_from_slice(&smoothed);
        }
        let mut code = self.code(parameters);
        if lost {
            code = std::array::from_fn(|_| self.noise.next() >> 3);
        }
        excitation::pre_emphasise(&mut code, self.tilt);
        pitch::sharpen(&mut code, lag.rounded());
        let index = parameters.take();
        let gains = match erasure {
            None => self.gains.decode(self.mode, index, &code, self.after_erasure),
            Some(how) => self.gains.conceal(how, self.erasures, self.unvoiced > 2, &code),
        };
        let code_gain = self.rescale(at, gains.code);
        if erasure.is_none() {
            self.lags.push(lag.whole);
        }
        let (mut adaptive, added, voicing) = self.mix(at, &code, gains, code_gain);
        self.dispersion.apply(self.mode, (gains.code >> 16) as i16, gains.pitch, &mut code);
        let share = mult(spectrum.steadiness, 16_384 - (voicing >> 1));
        let steady = excitation::steady_gain(gains.code, &mut self.threshold, share);
        let code_gain = round(l_shl(steady, self.scale));
        excitation::enhanced(&mut adaptive, &code, (voicing >> 3) + 4096, gains.pitch, code_gain);
        if let Some(added) = added {
            excitation::sharpen(self.lineage, &mut adaptive, &added);
        }
        let isf =
            (self.mode == Mode::M660).then(|| between(&spectrum.last_isf, &spectrum.isf, subframe));
        if isf.is_none() {
            self.high_band.forget_extrapolation();
        }
        let gain = (self.mode == Mode::M2385).then(|| parameters.take());
        let gain = gain.filter(|_| erasure.is_none());
        let predictor = &spectrum.predictors[subframe];
        self.output(predictor, isf, gain, &adaptive, self.scale, out);
    }

    fn lag(
        &mut self,
        subframe: usize,
        erasure: Option<Erasure>,
        parameters: &mut Parameters,
        least: &mut i16,
    ) -> Lag {
        let absolute = subframe == 0 || (subframe == 2 && self.mode != Mode::M660);
        let index = parameters.take();
        let lag = if absolute {
            let lag = Lag::absolute(self.mode, index);
            *least = lag.least_of_next();
            lag
        } else {
            Lag::relative(self.mode, index, *least)
        };
        let received = self.gains.received();
        match erasure {
            None => lag,
            Some(Erasure::Bad) => Lag { whole: self.lags.of_bad(received, lag.whole), quarters: 0 },
            Some(Erasure::Lost) => Lag { whole: self.lags.of_lost(received), quarters: 0 },
        }
    }

    fn code(&self, parameters: &mut Parameters) -> Subframe {
        match self.mode {
            Mode::M660 => code_vector(self.mode, parameters.take_row::<1>()),
            Mode::M885 | Mode::M1265 | Mode::M1425 | Mode::M1585 => {
                code_vector(self.mode, parameters.take_row::<4>())
            }
            _ => code_vector(self.mode, parameters.take_row::<8>()),
        }
    }

    /// Scales the excitation so that the subframe fits; the code gain in that scale.
    fn rescale(&mut self, at: usize, gain: i32) -> i16 {
        let most = self.scales.iter().fold(MOST_SCALE, |most, &scale| most.min(scale));
        let mut scale = 0;
        let mut scaled = gain;
        while scaled < 0x0800_0000 && scale < most {
            scaled <<= 1;
            scale += 1;
        }
        scale_by(&mut self.excitation[at - PAST..at + SUBFRAME], scale - self.scale);
        self.scale = scale;
        round(scaled)
    }

    /// Builds the excitation of the subframe. Returns its adaptive part, what the sharpening of the
    /// pitch adds, and how voiced it is.
    fn mix(
        &mut self,
        at: usize,
        code: &Subframe,
        gains: Gains,
        code_gain: i16,
    ) -> (Subframe, Option<Subframe>, i16) {
        let mut adaptive = [0; SUBFRAME];
        adaptive.copy_from_slice(&self.excitation[at..at + SUBFRAME]);
        let eighth = adaptive.map(|x| ((i32::from(x) + 4 * i32::from(x != i16::MAX)) >> 3) as i16);
        let sharpness = shl(gains.pitch, 1);
        let added = (self.mode <= Mode::M885 && sharpness > 16_384)
            .then(|| excitation::sharper(&eighth, sharpness, gains.pitch));
        let voicing = voicing(self.lineage, &eighth, gains.pitch, code, code_gain, -3);
        self.tilt = (voicing >> 2) + 8192;
        let most = excitation::total(
            &mut self.excitation[at..at + SUBFRAME],
            code,
            gains.pitch,
            code_gain,
        );
        self.scales.rotate_right(1);
        self.scales[0] = add(norm_s(most), self.scale) - 1;
        (adaptive, added, voicing)
    }
}

/// Scales a signal up by so many bits, or down, rounded.
fn scale_by(signal: &mut [i16], bits: i16) {
    if bits > 0 {
        for sample in signal {
            *sample = saturate(i32::from(*sample) << bits);
        }
    } else if bits < 0 {
        let rounding = 1 << (-bits - 1);
        for sample in signal {
            *sample = add(*sample, rounding) >> -bits;
        }
    }
}
