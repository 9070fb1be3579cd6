//! The band of 6.4 to 7 kHz: noise of the excitation's energy, shaped after the lower band
//! (3GPP TS 26.190, clause 6.3).

use super::arithmetic::{Noise, dot, energy, inverse_root, ratio, square_dpf};
use super::spectrum::{Isf, Scaling, to_isp, to_predictor, weighted};
use super::synthesis::{SecondOrder, Source};
use super::tables::{BAND_FIR, HIGH_BAND_GAINS, LOW_FIR};
use super::{Lineage, ORDER, SUBFRAME_16K, Subframe};
use crate::fixed::{
    add, l_add, l_mac, l_mult, l_shl, mult, norm_l, norm_s, round, saturate, shl, sub,
};

/// How loud the band is, and its spectrum.
pub(super) struct Shape {
    /// Index of the gain, where it was sent.
    pub(super) gain: Option<i16>,
    /// Whether there is no speech, in which case it is louder.
    pub(super) noisy: bool,
    /// The frequencies to extrapolate from (mode 0); without, the predictor of the lower band is
    /// used.
    pub(super) isf: Option<Isf>,
    /// Whether it ends at 7 kHz (mode 8).
    pub(super) limited: bool,
}

/// The filters of the band.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HighBand {
    lineage: Lineage,
    noise: Noise,
    high_pass: SecondOrder,
    synthesis: [i16; HIGH_ORDER],
    band: [i16; TAPS - 1],
    low: [i16; TAPS - 1],
}

impl HighBand {
    pub(super) fn new(lineage: Lineage) -> Self {
        Self {
            lineage,
            noise: Noise::new(),
            high_pass: SecondOrder::default(),
            synthesis: [0; HIGH_ORDER],
            band: [0; TAPS - 1],
            low: [0; TAPS - 1],
        }
    }

    /// Of the extrapolated spectrum's filter only what the lower order needs is kept.
    pub(super) fn forget_extrapolation(&mut self) {
        self.synthesis[..HIGH_ORDER - ORDER].fill(0);
    }

    /// Adds the band to a subframe at 16 kHz. `samples`: the lower band at 12.8 kHz.
    pub(super) fn add(
        &mut self,
        shape: &Shape,
        source: &Source<'_>,
        mut samples: Subframe,
        out: &mut [i16],
    ) {
        let &Source { predictor, down, excitation, scale } = source;
        let mut band = [0; SUBFRAME_16K];
        for sample in &mut band {
            *sample = self.noise.next() >> 3;
        }
        let excitation = excitation.map(|sample| add(sample, 4) >> 3);
        let gain = matching_gain(self.lineage, &band, &excitation, scale - 3);
        amplify(&mut band, gain);
        self.high_pass.over_400_hz(&mut samples);
        let gain = tilt_gain(&samples, shape.noisy);
        match shape.gain {
            Some(index) => {
                let gain = HIGH_BAND_GAINS[(index & 15) as usize];
                for sample in &mut band {
                    *sample = mult(*sample, gain) << 1;
                }
            }
            None => amplify(&mut band, gain),
        }
        match &shape.isf {
            Some(isf) => {
                let wide = weighted(&extrapolated(isf), 29_491);
                shaped(&wide, 0, &mut self.synthesis, &mut band);
            }
            None => {
                let past = &mut self.synthesis[HIGH_ORDER - ORDER..];
                shaped(&weighted(predictor, 19_661), down, past, &mut band);
            }
        }
        for sample in &mut band {
            *sample >>= 2;
        }
        convolve(&mut self.band, &BAND_FIR, &mut band);
        if shape.limited {
            convolve(&mut self.low, &LOW_FIR, &mut band);
        }
        for (sample, &high) in out.iter_mut().zip(&band) {
            *sample = add(*sample, high);
        }
    }
}

fn amplify(signal: &mut [i16; SUBFRAME_16K], gain: i16) {
    for sample in signal {
        *sample = ((i32::from(*sample) * i32::from(gain)) >> 15) as i16;
    }
}

/// The gain that gives noise the energy of the excitation.
fn matching_gain(
    lineage: Lineage,
    noise: &[i16; SUBFRAME_16K],
    excitation: &Subframe,
    scale: i16,
) -> i16 {
    let (wanted, wanted_exponent) = energy(excitation);
    let (present, mut exponent) = energy(noise);
    let wanted = (wanted >> 16) as i16;
    let mut present = (present >> 16) as i16;
    if present > wanted {
        present >>= 1;
        exponent += 1;
    }
    let quotient = i32::from(ratio(present, wanted)) << 16;
    let (root, exponent) = inverse_root(quotient, exponent - (wanted_exponent - 2 * scale));
    (lineage.shift_32(root, exponent + 1) >> 16) as i16
}

/// The gain of a tilt: voiced speech has little noise there.
pub(super) fn tilt_gain(samples: &Subframe, noisy: bool) -> i16 {
    let mut whole = l_mac(1, samples[0], samples[0]);
    let mut shifted = 1;
    for pair in samples.windows(2) {
        whole = l_mac(whole, pair[1], pair[1]);
        shifted = l_mac(shifted, pair[1], pair[0]);
    }
    let shift = norm_l(whole);
    let (r0, r1) = ((whole << shift) >> 16, shifted.wrapping_shl(shift as u32) >> 16);
    let gain = 32_767 - ratio(r1 as i16, r0 as i16);
    let gain = if noisy { shl(mult(gain, 20_480), 1) } else { gain };
    gain.max(3277)
}

/// 1/A(z) in 16 bits; `past` are as many outputs as its order, the latest last.
pub(super) fn shaped<const N: usize>(
    predictor: &[i16; N],
    down: i16,
    past: &mut [i16],
    signal: &mut [i16; SUBFRAME_16K],
) {
    let order = N - 1;
    let mut outputs = [0; HIGH_ORDER + SUBFRAME_16K];
    outputs[HIGH_ORDER - order..HIGH_ORDER].copy_from_slice(past);
    // The latest coefficient last, as the outputs lie; those beyond the order are zero.
    let mut reversed = [0; HIGH_ORDER];
    for (i, &coefficient) in predictor[1..].iter().enumerate() {
        reversed[HIGH_ORDER - 1 - i] = coefficient;
    }
    for (i, sample) in signal.iter_mut().enumerate() {
        let sum = (i32::from(*sample) << (11 - down))
            .wrapping_sub(dot(&outputs[i..i + HIGH_ORDER], &reversed));
        *sample = saturate(l_shl(sum, down).saturating_add(0x800) >> 12);
        outputs[HIGH_ORDER + i] = *sample;
    }
    past.copy_from_slice(&outputs[SUBFRAME_16K + HIGH_ORDER - order..]);
}

/// A filter of 31 taps; `past` holds the 30 samples before.
pub(super) fn convolve(
    past: &mut [i16; TAPS - 1],
    fir: &[i16; TAPS],
    signal: &mut [i16; SUBFRAME_16K],
) {
    let mut buffer = [0; TAPS - 1 + SUBFRAME_16K];
    buffer[..TAPS - 1].copy_from_slice(past);
    buffer[TAPS - 1..].copy_from_slice(signal);
    for (i, sample) in signal.iter_mut().enumerate() {
        let mut sum = 0x4000;
        for (&x, &c) in buffer[i..i + TAPS].iter().zip(fir) {
            sum += i32::from(x) * i32::from(c);
        }
        *sample = (sum >> 15) as i16;
    }
    past.copy_from_slice(&buffer[SUBFRAME_16K..]);
}

/// A predictor of order 20 at 16 kHz whose frequencies go on as the 16 of 12.8 kHz do
/// (3GPP TS 26.190, clause 6.3.2.2).
fn extrapolated(isf: &Isf) -> [i16; HIGH_ORDER + 1] {
    let mut wide = [0; HIGH_ORDER];
    wide[..ORDER].copy_from_slice(isf);
    wide[HIGH_ORDER - 1] = isf[ORDER - 1];
    let period = period(&wide);
    for i in ORDER - 1..HIGH_ORDER - 1 {
        wide[i] = add(wide[i - 1], sub(wide[i - 1 - period], wide[i - 2 - period]));
    }
    stretch(&mut wide);
    for frequency in &mut wide[..HIGH_ORDER - 1] {
        *frequency = mult(*frequency, 26_214);
    }
    let mut predictor = [0; HIGH_ORDER + 1];
    to_predictor(&to_isp(&wide), Scaling::Fixed, &mut predictor);
    predictor
}

/// After how many frequencies (1 to 3) their distances repeat best.
fn period(isf: &[i16; HIGH_ORDER]) -> usize {
    let mut distances = [0; ORDER - 2];
    for (i, distance) in distances.iter_mut().enumerate() {
        *distance = sub(isf[i + 1], isf[i]);
    }
    let mean = round(distances[2..].iter().fold(0, |sum, &it| l_mac(sum, it, 2731)));
    let greatest = distances.iter().fold(0, |most, &it| it.max(most));
    let shift = norm_s(greatest);
    let mean = shl(mean, shift);
    let distances = distances.map(|it| sub(shl(it, shift), mean));
    let correlation = |period: usize| {
        (7..ORDER - 2).fold(0, |sum, i| {
            l_add(sum, square_dpf(l_mult(distances[i], distances[i - 1 - period])))
        })
    };
    let best = if correlation(1) > correlation(2) { 1 } else { 2 };
    if correlation(3) > correlation(best) { 3 } else { best }
}

/// Stretches the extrapolated frequencies to at most 7600 Hz and keeps them apart.
fn stretch(wide: &mut [i16; HIGH_ORDER]) {
    let top = mult(sub(wide[2], add(wide[4], wide[3])), 5461).saturating_add(20_390).min(19_456);
    let wanted = sub(top, wide[ORDER - 2]);
    let present = sub(wide[HIGH_ORDER - 2], wide[ORDER - 2]);
    let present_shift = norm_s(present);
    let wanted_shift = norm_s(wanted) - 1;
    let coefficient = ratio(shl(wanted, wanted_shift), shl(present, present_shift));
    let mut distances = [0; HIGH_ORDER - ORDER];
    for (i, distance) in distances.iter_mut().enumerate() {
        let here = ORDER - 1 + i;
        let scaled = mult(sub(wide[here], wide[here - 1]), coefficient);
        *distance = shl(scaled, present_shift - wanted_shift);
    }
    for i in 1..distances.len() {
        if distances[i].wrapping_add(distances[i - 1]).wrapping_sub(APART) >= 0 {
            continue;
        }
        if distances[i] > distances[i - 1] {
            distances[i - 1] = APART.wrapping_sub(distances[i]);
        } else {
            distances[i] = APART.wrapping_sub(distances[i - 1]);
        }
    }
    for (i, &distance) in distances.iter().enumerate() {
        wide[ORDER - 1 + i] = add(wide[ORDER - 2 + i], distance);
    }
}

/// Order of the extrapolated predictor.
const HIGH_ORDER: usize = 20;
/// Taps of the filters of the band.
const TAPS: usize = 31;
/// 500 Hz: the least distance of every second frequency.
const APART: i16 = 1280;
