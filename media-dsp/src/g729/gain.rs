//! The gains of both codebooks and the prediction of the second from the energy of the past: ITU-T G.729
//! §3.9, decoder §4.1.5, erasures §4.4.2.

use super::double::{compose, logarithm, power, scale};
use super::filter::{PRODUCTS_LIMIT, peak};
use super::pulses::Word;
use super::sum::energy;
use super::tables::{GAIN_FIRST, GAIN_FIRST_ENTRY, GAIN_SECOND, GAIN_SECOND_ENTRY};
use crate::fixed::{add, extract_h, extract_l, l_mac, l_mult, l_shl, mult, round, saturate};

/// The gains of half a frame.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Gains {
    /// Of the adaptive codebook, Q14.
    pub(super) pitch: i16,
    /// Of the fixed codebook, Q1.
    pub(super) code: i16,
}

impl Gains {
    /// The decoded gains lost: both a little less.
    pub(super) fn fade(&mut self) {
        self.pitch = mult(self.pitch, 29_491).min(29_491);
        self.code = mult(self.code, 32_111);
    }

    /// Makes the excitation of what both codebooks gave: `excitation` is the adaptive one's.
    #[inline(always)]
    pub(super) fn mix(self, excitation: &mut [i16], word: &Word) {
        let (pitch, code) = (i32::from(self.pitch), i32::from(self.code));
        let reach = i64::from(pitch.abs()) * i64::from(peak(excitation))
            + i64::from(code.abs()) * i64::from(peak(word));
        if reach >= PRODUCTS_LIMIT {
            return self.mix_saturating(excitation, word);
        }
        for (sample, &pulse) in excitation.iter_mut().zip(word) {
            let sum = i32::from(*sample) * pitch + i32::from(pulse) * code;
            *sample = saturate((sum + (1 << 13)) >> 14);
        }
    }

    #[cold]
    #[inline(never)]
    fn mix_saturating(self, excitation: &mut [i16], word: &Word) {
        for (sample, &pulse) in excitation.iter_mut().zip(word) {
            let sum = l_mac(l_mult(*sample, self.pitch), pulse, self.code);
            *sample = round(l_shl(sum, 1));
        }
    }

    /// The gain that sharpens the next half frame's pulses, 0.2 to 0.8 in Q14.
    pub(super) fn sharpness(self) -> i16 {
        self.pitch.clamp(SHARPNESS_LEAST, 13_017)
    }
}

/// Quantised energies of the last four half frames in Q10 decibels, the newest first.
#[derive(Debug, Clone)]
pub(super) struct Energies([i16; 4]);

/// A predicted code gain: mantissa and Q format.
#[derive(Debug, Clone, Copy)]
pub(super) struct Predicted {
    pub(super) mantissa: i16,
    pub(super) q: i16,
}

impl Energies {
    pub(super) fn new() -> Self {
        Self([QUIET; 4])
    }

    /// The code gain to expect for this word: §3.9.1.
    pub(super) fn predict(&self, word: &Word) -> Predicted {
        let (exponent, fraction) = logarithm(energy(word, 0));
        // 10 log10(2) as -24660 in Q13; 127.298 dB are the mean energy and the word's scale.
        let mut sum = l_mac(scale(compose(exponent, fraction), -24_660), 32_588, 32);
        sum = l_shl(sum, 10);
        for (coefficient, past) in PREDICTION.into_iter().zip(self.0) {
            sum = l_mac(sum, coefficient, past);
        }
        // To the base two: 0.166 in Q15.
        let log = l_mult(extract_h(sum), 5439) >> 8;
        let (exponent, fraction) = ((log >> 16) as i16, ((log >> 1) & 0x7fff) as i16);
        Predicted { mantissa: extract_l(power(14, fraction)), q: 14 - exponent }
    }

    /// Keeps the energy of the quantised factor (Q13).
    pub(super) fn keep(&mut self, factor: i32) {
        let (exponent, fraction) = logarithm(factor);
        let log = extract_h(l_shl(compose(exponent - 13, fraction), 13));
        self.push(mult(log, 24_660));
    }

    /// Keeps less than the mean of the past, for a frame that was lost.
    pub(super) fn fade(&mut self) {
        let sum: i32 = self.0.iter().map(|&it| i32::from(it)).sum();
        self.push(((sum >> 2) as i16).saturating_sub(4096).max(QUIET));
    }

    /// The gains at an index, for this word.
    pub(super) fn decode(&mut self, index: usize, word: &Word) -> Gains {
        let first = GAIN_FIRST_ENTRY[index >> 4 & 7].into();
        let second = GAIN_SECOND_ENTRY[index & 15].into();
        let predicted = self.predict(word);
        self.accept(first, second, predicted)
    }

    /// The gains of two codebook entries; their energy is kept.
    pub(super) fn accept(&mut self, first: usize, second: usize, predicted: Predicted) -> Gains {
        let (a, b) = (GAIN_FIRST[first], GAIN_SECOND[second]);
        let factor = i32::from(a[1]) + i32::from(b[1]);
        let product = l_mult((factor >> 1) as i16, predicted.mantissa);
        let code = extract_h(l_shl(product, 4 - predicted.q));
        self.keep(factor);
        Gains { pitch: add(a[0], b[0]), code }
    }

    fn push(&mut self, energy: i16) {
        self.0.rotate_right(1);
        self.0[0] = energy;
    }
}

/// 0.2 in Q14.
pub(super) const SHARPNESS_LEAST: i16 = 3277;
/// -14 dB.
const QUIET: i16 = -14_336;
/// 0.68, 0.58, 0.34, 0.19 in Q13: §3.9.1.
const PREDICTION: [i16; 4] = [5571, 4751, 2785, 1556];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lost_frames_fade_and_the_energy_has_a_floor() {
        let mut energies = Energies::new();
        let word = super::super::pulses::decode(0x1234, 5);
        let mut gains = energies.decode(100, &word);
        let before = gains;
        gains.fade();
        assert!(gains.pitch < before.pitch.max(1) && gains.code < before.code);
        for _ in 0..10 {
            energies.fade();
        }
        assert_eq!(energies.0, [QUIET; 4]);
    }
}
