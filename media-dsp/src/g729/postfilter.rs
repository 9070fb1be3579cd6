//! The postfilter of the decoder: long-term, short-term, tilt, and the gain that keeps the level.
//! ITU-T G.729 Annex A §A.4.2.

use super::double::inverse_root;
use super::filter::{self, Lpc, Memory, ORDER, PRODUCTS_LIMIT, peak, weighted};
use super::pitch::{FRAME, LAG_GREATEST, SUBFRAME};
use super::sum::{dot, dot_saturating, energy};
use crate::fixed::{
    add, div_s, extract_h, l_mac, l_mult, l_shl, l_shr, mult, norm_l, round, saturate, sub,
};

/// The postfilter's memories.
#[derive(Debug, Clone)]
pub(super) struct PostFilter {
    /// The weighted residual: the past that the greatest delay reaches, then the present half frame.
    residual: [i16; PAST + SUBFRAME],
    synthesis: Memory,
    emphasis: i16,
    /// Q12.
    gain: i16,
}

/// Whether the long-term part is in use: not for silence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LongTerm {
    On,
    Off,
}

impl PostFilter {
    pub(super) fn new() -> Self {
        Self { residual: [0; PAST + SUBFRAME], synthesis: [0; ORDER], emphasis: 0, gain: 4096 }
    }

    /// Filters the frame after the first ten samples of `speech`, which are the last of the frame before.
    /// `lags`: the whole delay of each half.
    #[inline(always)]
    pub(super) fn run(
        &mut self,
        speech: &[i16; ORDER + FRAME],
        filters: &[Lpc; 2],
        lags: [i16; 2],
        long_term: LongTerm,
        out: &mut [i16; FRAME],
    ) {
        for (half, out) in out.as_chunks_mut::<SUBFRAME>().0.iter_mut().enumerate() {
            let speech = &speech[half * SUBFRAME..][..ORDER + SUBFRAME];
            self.run_half(speech, &filters[half], lags[half], long_term, out);
        }
    }

    /// `speech`: with ten samples before.
    #[inline(always)]
    fn run_half(
        &mut self,
        speech: &[i16],
        a: &Lpc,
        lag: i16,
        long_term: LongTerm,
        out: &mut [i16; SUBFRAME],
    ) {
        let numerator = weighted(a, NUMERATOR);
        let denominator = weighted(a, DENOMINATOR);
        let mut present = [0; SUBFRAME];
        filter::residual(&numerator, speech, &mut present);
        self.residual[PAST..].copy_from_slice(&present);
        if long_term == LongTerm::On {
            self.long_term(lag, &mut present);
        }
        self.deemphasise(&mut present, tilt(&numerator, &denominator));
        filter::synthesis(&denominator, &present, &self.synthesis, out);
        self.synthesis.copy_from_slice(&out[SUBFRAME - ORDER..]);
        self.keep_level(&speech[ORDER..], out);
        self.residual.copy_within(SUBFRAME.., 0);
    }

    /// Adds what lies a pitch period before, where it is like the present: §A.4.2.1.
    #[inline(always)]
    fn long_term(&self, lag: i16, present: &mut [i16; SUBFRAME]) {
        let scaled = self.residual.map(|it| it >> 2);
        let last = (lag + 3).min(LAG_GREATEST) as usize;
        let first = last - 6;
        let now = &scaled[PAST..];
        let (mut best, mut most) = (first, i32::MIN);
        let loudest = i64::from(peak(&scaled[PAST - last..]));
        let safe = SUBFRAME as i64 * loudest * loudest < PRODUCTS_LIMIT;
        for lag in first..=last {
            let past = &scaled[PAST - lag..][..SUBFRAME];
            let likeness = if safe { 2 * dot(now, past) } else { dot_saturating(0, now, past) };
            if likeness > most {
                (best, most) = (lag, likeness);
            }
        }
        let past = &scaled[PAST - best..][..SUBFRAME];
        let (energy_past, energy_now) = (energy(past, 1), energy(now, 1));
        let most = most.max(0);
        let by = norm_l(most.max(energy_past).max(energy_now));
        let [most, energy_past, energy_now] =
            [most, energy_past, energy_now].map(|it| round(l_shl(it, by)));
        // Nothing is added when the prediction gain is below 3 dB.
        let likeness = l_mult(most, most).saturating_sub(l_mult(energy_past, energy_now) >> 1);
        if likeness < 0 {
            return;
        }
        let (direct, delayed) = shares(most, energy_past);
        for (n, sample) in present.iter_mut().enumerate() {
            let past = self.residual[PAST + n - best];
            *sample = add(mult(direct, *sample), mult(delayed, past));
        }
    }

    #[inline(always)]
    fn deemphasise(&mut self, samples: &mut [i16; SUBFRAME], tilt: i16) {
        let before = *samples;
        for n in 1..SUBFRAME {
            samples[n] = sub(before[n], mult(tilt, before[n - 1]));
        }
        samples[0] = sub(before[0], mult(tilt, self.emphasis));
        self.emphasis = before[SUBFRAME - 1];
    }

    /// Brings the energy back to that of `wanted`, sample by sample: §A.4.2.4.
    #[inline(always)]
    fn keep_level(&mut self, wanted: &[i16], samples: &mut [i16; SUBFRAME]) {
        let energy_out = energy(&samples.map(|it| it >> 2), 0);
        if energy_out == 0 {
            self.gain = 0;
            return;
        }
        let mut quarter = [0; SUBFRAME];
        for (out, &sample) in quarter.iter_mut().zip(wanted) {
            *out = sample >> 2;
        }
        let step = level_step(energy(&quarter, 0), energy_out);
        let mut gains = [0; SUBFRAME];
        for gain in &mut gains {
            self.gain = add(mult(self.gain, LEVEL_KEEP), step);
            *gain = self.gain;
        }
        for (sample, gain) in samples.iter_mut().zip(gains) {
            *sample = saturate((i32::from(*sample) * i32::from(gain)) >> 12);
        }
    }
}

/// What the gain moves by at each sample: a tenth of the square root of the ratio.
fn level_step(energy_in: i32, energy_out: i32) -> i16 {
    if energy_in == 0 {
        return 0;
    }
    let by_out = norm_l(energy_out) - 1;
    let by_in = norm_l(energy_in);
    let ratio = div_s(round(l_shl(energy_out, by_out)), round(l_shl(energy_in, by_in)));
    let inverse = inverse_root(l_shr(i32::from(ratio) << 7, by_out - by_in));
    mult(round(l_shl(inverse, 9)), 32_767 - LEVEL_KEEP)
}

/// The weights of the present and the past sample.
fn shares(most: i16, energy: i16) -> (i16, i16) {
    if most > energy {
        // 2/3 and 1/3.
        return (21_845, 10_923);
    }
    let likeness = mult(most, 16_384) >> 1;
    let sum = add(likeness, energy >> 1);
    if sum <= 0 {
        return (32_767, 0);
    }
    let delayed = div_s(likeness, sum);
    (32_767 - delayed, delayed)
}

/// How much the short-term filter tilts the spectrum: the first reflection coefficient of its impulse
/// response, by 0.8; nothing for a negative one. §A.4.2.3.
#[inline(always)]
fn tilt(numerator: &Lpc, denominator: &Lpc) -> i16 {
    let mut impulse = [0; 30];
    impulse[..=ORDER].copy_from_slice(numerator);
    let mut response = [0; 30];
    filter::synthesis(denominator, &impulse, &[0; ORDER], &mut response);
    let response = &response[..RESPONSE];
    let mut first = l_mult(response[0], response[0]);
    let mut second = l_mult(response[0], response[1]);
    for &value in &response[1..] {
        first = l_mac(first, value, value);
    }
    for n in 1..RESPONSE - 1 {
        second = l_mac(second, response[n], response[n + 1]);
    }
    let (first, second) = (extract_h(first), extract_h(second));
    if second <= 0 { 0 } else { div_s(mult(second, 26_214), first) }
}

const PAST: usize = LAG_GREATEST as usize;
/// Samples of the impulse response that are looked at.
const RESPONSE: usize = 22;
/// 0.55 and 0.7 in Q15: §A.4.2.2.
const NUMERATOR: i16 = 18_022;
const DENOMINATOR: i16 = 22_938;
/// 0.9 in Q15.
const LEVEL_KEEP: i16 = 29_491;
