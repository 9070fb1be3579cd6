//! The lower band: from the excitation at 12.8 kHz to samples at 16 kHz (3GPP TS 26.190, clause
//! 6.1).

use super::arithmetic::{dot, parts};
use super::spectrum::Predictor;
use super::tables::FIFTH_FIR;
use super::{EMPHASIS, Lineage, ORDER, SUBFRAME, SUBFRAME_16K, Subframe};
use crate::fixed::{l_shl, round, saturate};

/// What a subframe is synthesised from.
pub(super) struct Source<'a> {
    pub(super) predictor: &'a Predictor,
    /// By how many bits the predictor is scaled down.
    pub(super) down: i16,
    pub(super) excitation: &'a Subframe,
    /// By how many bits the excitation is scaled up.
    pub(super) scale: i16,
}

/// The filters of the lower band.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LowBand {
    lineage: Lineage,
    /// The last samples of the synthesis in double precision: upper and lower part.
    upper: [i16; ORDER],
    lower: [i16; ORDER],
    /// The last sample after de-emphasis.
    deemphasis: i16,
    high_pass: SecondOrder,
    /// The last samples at 12.8 kHz.
    past: [i16; 2 * HALF_FIR],
}

impl LowBand {
    pub(super) fn new(lineage: Lineage) -> Self {
        Self {
            lineage,
            upper: [0; ORDER],
            lower: [0; ORDER],
            deemphasis: 0,
            high_pass: SecondOrder::default(),
            past: [0; 2 * HALF_FIR],
        }
    }

    /// Synthesises a subframe: the samples at 12.8 kHz, and in `out` those at 16 kHz.
    pub(super) fn synthesise(&mut self, source: &Source<'_>, out: &mut [i16]) -> Subframe {
        let mut samples = self.filter(source);
        self.high_pass.over_50_hz(&mut samples, self.lineage);
        let mut signal = [0; 2 * HALF_FIR + SUBFRAME];
        signal[..2 * HALF_FIR].copy_from_slice(&self.past);
        signal[2 * HALF_FIR..].copy_from_slice(&samples);
        self.past.copy_from_slice(&signal[SUBFRAME..]);
        oversample(&signal, out);
        samples
    }

    /// 1/A(z) in double precision, and de-emphasis.
    fn filter(&mut self, source: &Source<'_>) -> Subframe {
        let &Source { predictor, down, excitation, scale } = source;
        let mut upper = [0; ORDER + SUBFRAME];
        let mut lower = [0; ORDER + SUBFRAME];
        upper[..ORDER].copy_from_slice(&self.upper);
        lower[..ORDER].copy_from_slice(&self.lower);
        let mut reversed = [0; ORDER];
        for (i, place) in reversed.iter_mut().enumerate() {
            *place = predictor[ORDER - i];
        }
        let mut samples = [0; SUBFRAME];
        for i in 0..SUBFRAME {
            let low = dot(&lower[i..i + ORDER], &reversed);
            let high = dot(&upper[i..i + ORDER], &reversed);
            let input = i32::from(excitation[i]) << (9 - scale - down);
            let sum =
                (low.wrapping_neg() >> 11).wrapping_add(input).wrapping_sub(high.wrapping_mul(2));
            let value = l_shl(sum, 3 + down);
            upper[ORDER + i] = (value >> 16) as i16;
            lower[ORDER + i] = ((value >> 4) & 0xfff) as i16;
            samples[i] = self.deemphasise(value);
        }
        self.upper.copy_from_slice(&upper[SUBFRAME..]);
        self.lower.copy_from_slice(&lower[SUBFRAME..]);
        samples
    }

    #[inline(always)]
    fn deemphasise(&mut self, value: i32) -> i16 {
        let value = l_shl(value & !15, 3);
        let past = i32::from(self.deemphasis) * EMPHASIS;
        let sum = match self.lineage {
            Lineage::Standard => value.saturating_add(past),
            Lineage::Opencore => value.wrapping_add(past),
        };
        self.deemphasis = self.lineage.round(sum.saturating_mul(2));
        self.deemphasis
    }
}

/// 12.8 to 16 kHz: five samples for four.
fn oversample(signal: &[i16; 2 * HALF_FIR + SUBFRAME], out: &mut [i16]) {
    for (group, samples) in out[..SUBFRAME_16K].chunks_exact_mut(5).enumerate() {
        samples[0] = signal[HALF_FIR + 4 * group];
        for phase in 1..5 {
            let start = 4 * group + phase;
            let mut sum = 0x2000;
            for (&x, &c) in signal[start..start + 2 * HALF_FIR].iter().zip(&FIFTH_FIR[phase - 1]) {
                sum += i32::from(x) * i32::from(c);
            }
            samples[phase] = saturate(sum >> 14);
        }
    }
}

/// A high-pass filter of second order with outputs in double precision.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct SecondOrder {
    inputs: [i32; 2],
    upper: [i32; 2],
    lower: [i32; 2],
}

impl SecondOrder {
    /// Over 50 Hz at 12.8 kHz (3GPP TS 26.190, clause 6.1).
    pub(super) fn over_50_hz(&mut self, signal: &mut Subframe, lineage: Lineage) {
        for sample in signal {
            let low = (8192 + self.lower[0] * 16_211 - self.lower[1] * 8021) >> 14;
            let high = self.step(i32::from(*sample), [8106, -16_212], [32_422, -16_042]);
            let value = low.wrapping_add(high).wrapping_mul(4);
            self.keep(value);
            *sample = match lineage {
                Lineage::Opencore if (-0x4000_0000..0x4000_0000).contains(&value) => {
                    ((value + 0x4000) >> 15) as i16
                }
                _ => round(value.saturating_mul(2)),
            };
        }
    }

    /// The same in the encoder, which does not saturate where it doubles.
    pub(super) fn over_50_hz_wrapping(&mut self, signal: &mut [i16]) {
        for sample in signal {
            let low = (8192 + self.lower[0] * 16_211 - self.lower[1] * 8021) >> 14;
            let high = self.step(i32::from(*sample), [8106, -16_212], [32_422, -16_042]);
            let value = low.wrapping_add(high).wrapping_mul(4);
            self.keep(value);
            *sample = round(value.wrapping_mul(2));
        }
    }

    /// Over 400 Hz at 12.8 kHz, divided by 16 (3GPP TS 26.190, clause 6.3.2.3).
    pub(super) fn over_400_hz(&mut self, signal: &mut Subframe) {
        for sample in signal {
            let low = (8192 + self.lower[0] * 29_280 - self.lower[1] * 14_160) >> 13;
            let high = self.step(i32::from(*sample), [915, -1830], [29_280, -14_160]);
            let value = low.wrapping_add(high.wrapping_mul(4));
            self.keep(value);
            *sample = (value.wrapping_add(0x8000) >> 16) as i16;
        }
    }

    #[inline(always)]
    fn step(&mut self, input: i32, zeros: [i32; 2], poles: [i32; 2]) -> i32 {
        let [once, twice] = self.inputs;
        self.inputs = [input, once];
        (poles[0] * self.upper[0])
            .wrapping_add(poles[1] * self.upper[1])
            .wrapping_add(zeros[0] * twice)
            .wrapping_add(zeros[1] * once)
            .wrapping_add(zeros[0] * input)
    }

    #[inline(always)]
    fn keep(&mut self, value: i32) {
        let (upper, lower) = parts(value);
        self.upper = [upper, self.upper[0]];
        self.lower = [lower, self.lower[0]];
    }
}

/// Half the length of the filter that interpolates.
const HALF_FIR: usize = 12;
