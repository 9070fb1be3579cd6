//! The gain of the high band that mode 8 sends: the band of the input beside the noise a decoder
//! will put there (3GPP TS 26.190, clause 5.11).

use super::arithmetic::{Noise, dot, inverse_root, scale};
use super::high_band::{convolve, shaped, tilt_gain};
use super::spectrum::{Predictor, weighted};
use super::synthesis::SecondOrder;
use super::tables::{BAND_FIR, HIGH_BAND_GAINS};
use super::{EMPHASIS, ORDER, SUBFRAME, SUBFRAME_16K, Subframe};
use crate::fixed::{div_s, l_shl, norm_l};

/// The filters of the decoder that the encoder follows, and that of the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BandGain {
    noise: Noise,
    upper: [i16; ORDER],
    lower: [i16; ORDER],
    deemphasis: i16,
    over_50: SecondOrder,
    over_400: SecondOrder,
    synthesis: [i16; ORDER],
    band: [i16; 30],
    input: [i16; 30],
    /// How much the measured gain weighs beside the decoder's own, Q15.
    weight: i16,
}

impl BandGain {
    pub(super) fn new() -> Self {
        Self {
            noise: Noise::new(),
            upper: [0; ORDER],
            lower: [0; ORDER],
            deemphasis: 0,
            over_50: SecondOrder::default(),
            over_400: SecondOrder::default(),
            synthesis: [0; ORDER],
            band: [0; 30],
            input: [0; 30],
            weight: 32_767,
        }
    }

    /// The index of the gain of a subframe. `input`: its samples at 16 kHz; `bits`: by how many the
    /// excitation is scaled up; `hangover`: of the pauses.
    pub(super) fn measure(
        &mut self,
        predictor: &Predictor,
        excitation: &Subframe,
        bits: i16,
        input: &[i16; SUBFRAME_16K],
        noisy: bool,
        hangover: i16,
    ) -> i16 {
        let mut samples = self.synthesise(predictor, excitation, bits);
        self.over_50.over_50_hz_wrapping(&mut samples);
        let mut noise = [0; SUBFRAME_16K];
        for sample in &mut noise {
            *sample = self.noise.next() >> 3;
        }
        let mut excitation = *excitation;
        scale(&mut excitation, -3);
        let (root, exponent) = ratio_root(&noise, &excitation, -2 * (bits - 3));
        let gain = l_shl(root, exponent + 1) >> 16;
        for sample in &mut noise {
            *sample = ((i32::from(*sample) * gain) >> 15) as i16;
        }
        self.over_400.over_400_hz(&mut samples);
        let expected = tilt_gain(&samples, noisy) >> 1;
        shaped(&weighted(predictor, 19_661), 0, &mut self.synthesis, &mut noise);
        band(&mut self.band, &mut noise);
        let mut input = *input;
        band(&mut self.input, &mut input);
        scale(&mut input, -1);
        let (root, exponent) = ratio_root(&noise, &input, 0);
        let measured = l_shl(root, exponent) >> 16;
        let kept = (i32::from(hangover) * 4681) << 1 << 15 >> 16;
        self.weight = ((i32::from(self.weight) * kept) >> 15) as i16;
        if hangover > 6 {
            self.weight = 32_767;
        }
        let weight = i32::from(self.weight);
        let gain = ((measured * weight) >> 15)
            .wrapping_add(((32_767 - weight) * i32::from(expected)) >> 15);
        nearest(gain as i16)
    }

    /// The lower band, as coarse as the library has it: with the coefficients moved by one, and an
    /// eighth of the level. It decides on nothing but the expected gain.
    fn synthesise(&mut self, predictor: &Predictor, excitation: &Subframe, bits: i16) -> Subframe {
        let mut upper = [0; ORDER + SUBFRAME];
        let mut lower = [0; ORDER + SUBFRAME];
        upper[..ORDER].copy_from_slice(&self.upper);
        lower[..ORDER].copy_from_slice(&self.lower);
        let unit = i32::from(predictor[0] >> (4 + bits));
        let mut samples = [0; SUBFRAME];
        for i in 0..SUBFRAME {
            let (mut low, mut high) = (0_i32, 0_i32);
            for k in 0..ORDER {
                let coefficient = i32::from(predictor[k]);
                low = low.wrapping_sub(i32::from(lower[ORDER + i - 1 - k]) * coefficient);
                high = high.wrapping_sub(i32::from(upper[ORDER + i - 1 - k]) * coefficient);
            }
            let value = (low >> 11)
                .wrapping_add((i32::from(excitation[i]) * unit) << 1)
                .wrapping_sub(high << 1)
                >> 3;
            upper[ORDER + i] = (value >> 16) as i16;
            lower[ORDER + i] = (value >> 4).wrapping_sub((value >> 16) << 13) as i16;
            let sum = (i32::from(upper[ORDER + i]) << 16)
                .wrapping_add(i32::from(lower[ORDER + i]) << 4)
                .wrapping_mul(8)
                .wrapping_add((i32::from(self.deemphasis) * (EMPHASIS >> 1)) << 1)
                .wrapping_mul(2);
            self.deemphasis = (sum.wrapping_add(0x8000) >> 16) as i16;
            samples[i] = self.deemphasis;
        }
        self.upper.copy_from_slice(&upper[SUBFRAME..]);
        self.lower.copy_from_slice(&lower[SUBFRAME..]);
        samples
    }
}

/// `1 / sqrt(energy of a / energy of b)`; `bits` is added to the exponent of b's energy.
fn ratio_root(a: &[i16], b: &[i16], bits: i16) -> (i32, i16) {
    let (wanted, wanted_exponent) = wrapping_energy(b);
    let (mut present, mut exponent) = wrapping_energy(a);
    if present > wanted {
        present >>= 1;
        exponent += 1;
    }
    let quotient = i32::from(div_s(present, wanted)) << 16;
    inverse_root(quotient, exponent - (wanted_exponent + bits))
}

fn wrapping_energy(signal: &[i16]) -> (i16, i16) {
    let value = (dot(signal, signal) << 1).wrapping_add(1);
    let shift = norm_l(value);
    (((value << shift) >> 16) as i16, 30 - shift)
}

fn band(past: &mut [i16; 30], signal: &mut [i16; SUBFRAME_16K]) {
    for sample in signal.iter_mut() {
        *sample >>= 2;
    }
    convolve(past, &BAND_FIR, signal);
}

fn nearest(gain: i16) -> i16 {
    let mut best = (0, i16::MAX);
    for (i, &candidate) in HIGH_BAND_GAINS.iter().enumerate() {
        let difference = i32::from(gain) - i32::from(candidate);
        let distance = (difference.wrapping_mul(difference) >> 15) as i16;
        if best.1 > distance {
            best = (i as i16, distance);
        }
    }
    best.0
}
