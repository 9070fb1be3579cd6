//! The analysis of the input: down to 12.8 kHz, pre-emphasis with a scaling that uses the range,
//! linear prediction and its spectral pairs (3GPP TS 26.190, clauses 5.1 and 5.2).

use super::arithmetic::{dot, parts};
use super::encoder_tables::{DOWN_FIR, GRID, LAG_WINDOW, SLOPE, WINDOW};
use super::spectrum::{Isf, Predictor};
use super::synthesis::SecondOrder;
use super::tables::COSINE;
use super::{EMPHASIS, FRAME, FRAME_12K8, ORDER};
use crate::fixed::{abs_s, div_s, l_shl, norm_l, norm_s, round};

/// What is kept of the input between frames.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Input {
    past: [i16; PAST_INPUT],
    high_pass: SecondOrder,
    last: i16,
    /// By how many bits the last frames could be scaled up.
    ranges: [i16; 2],
    pub(super) scale: i16,
}

impl Input {
    pub(super) fn new() -> Self {
        Self {
            past: [0; PAST_INPUT],
            high_pass: SecondOrder::default(),
            last: 0,
            ranges: [15; 2],
            scale: 15,
        }
    }

    /// Samples of a frame at 12.8 kHz and 12 more, which the next frame will make better. They are
    /// scaled up by [`Input::scale`] bits; returned is by how many bits that changed.
    pub(super) fn take(&mut self, pcm: &[i16; FRAME], out: &mut [i16]) -> i16 {
        let mut signal = [0; PAST_INPUT + FRAME + PAST_INPUT / 2];
        signal[..PAST_INPUT].copy_from_slice(&self.past);
        signal[PAST_INPUT..PAST_INPUT + FRAME].copy_from_slice(pcm);
        self.past.copy_from_slice(&signal[FRAME..FRAME + PAST_INPUT]);
        for (i, sample) in out.iter_mut().enumerate() {
            let at = 5 * i;
            let sum = dot(&signal[at / 4 + 1..at / 4 + 31], &DOWN_FIR[at % 4]);
            *sample = round(l_shl(sum, 2));
        }
        let (frame, ahead) = out.split_at_mut(FRAME_12K8);
        self.high_pass.over_50_hz_wrapping(frame);
        self.high_pass.clone().over_50_hz_wrapping(ahead);
        self.emphasise(out)
    }

    fn emphasise(&mut self, out: &mut [i16]) -> i16 {
        let first = std::mem::replace(&mut self.last, out[FRAME_12K8 - 1]);
        let mut before = first;
        let emphasised = |here: i16, before: i16| {
            (i32::from(here) << 15) - ((i32::from(before) * (EMPHASIS >> 1)) << 1)
        };
        let mut most = 0;
        for &sample in out.iter() {
            most = most.max(emphasised(sample, before).saturating_abs());
            before = sample;
        }
        let most = (most >> 16) as i16;
        let range = if most == 0 { MOST_RANGE } else { (norm_s(most) - 1).clamp(0, MOST_RANGE) };
        let scale = range.min(self.ranges[0]).min(self.ranges[1]);
        let change = scale - self.scale;
        self.scale = scale;
        self.ranges = [range, self.ranges[0]];
        let mut before = first;
        for sample in out {
            let here = std::mem::replace(&mut before, *sample);
            let value = emphasised(*sample, here) << scale;
            *sample = (value.wrapping_add(0x8000) >> 16) as i16;
        }
        change
    }
}

/// Autocorrelation of the window, with the lag window: upper and lower parts.
fn correlations(signal: &[i16; 384]) -> [i32; ORDER + 1] {
    let mut windowed = [0; 384];
    for i in 0..384 {
        windowed[i] = ((i32::from(signal[i]) * i32::from(WINDOW[i]) + 0x4000) >> 15) as i16;
    }
    let energy = windowed
        .iter()
        .fold(16 << 16, |sum: i32, &x| sum.wrapping_add((i32::from(x) * i32::from(x)) << 1 >> 8));
    let shift = 4 - (norm_l(energy) >> 1);
    if shift > 0 {
        for x in &mut windowed {
            *x = ((i32::from(*x) + (1 << (shift - 1))) >> shift) as i16;
        }
    }
    let lagged = |lag: usize| dot(&windowed[lag..], &windowed);
    let first = lagged(0).wrapping_mul(2).wrapping_add(1);
    let shift = norm_l(first);
    let mut r = [0; ORDER + 1];
    r[0] = first << shift;
    for (lag, &(hi, lo)) in (1..).zip(&LAG_WINDOW) {
        let value = lagged(lag) << shift;
        let (upper, lower) = (value >> 15, value & 0x7fff);
        let (hi, lo) = (i32::from(hi), i32::from(lo));
        let product = (i32::from(upper as i16) * hi)
            .wrapping_add((i32::from(upper as i16) * lo) >> 15)
            .wrapping_add((lower * hi) >> 15);
        r[lag] = product << 1;
    }
    r
}

/// Product of two values in double precision, Q31.
fn product(a: i32, b: i32) -> i32 {
    let ((ah, al), (bh, bl)) = (parts(a), parts(b));
    (ah * bh).wrapping_add((ah * bl) >> 15).wrapping_add((al * bh) >> 15) << 1
}

/// `value` over a normalised denominator, Q31.
fn quotient(value: i32, denominator: i32) -> i32 {
    let (hi, lo) = parts(denominator);
    let estimate = i32::from(div_s(0x3fff, hi as i16));
    let error = ((hi * estimate) << 1).wrapping_add(((lo * estimate) >> 15) << 1);
    let (hi, lo) = parts(0x7fff_ffff_i32.saturating_sub(error));
    let inverse = ((hi * estimate) << 1).wrapping_add(((lo * estimate) >> 15) << 1);
    l_shl(product(value, inverse), 2)
}

/// Linear prediction of a window (Levinson and Durbin). `last` is taken where it is not stable.
pub(super) fn predictor(signal: &[i16; 384], last: &mut [i16; ORDER]) -> Predictor {
    let r = correlations(signal);
    let without_last_bit = |value: i32| value & !1;
    let mut a = [0_i32; ORDER + 1];
    let mut error = r[0];
    let mut exponent = 0;
    let mut predictor = [4096; ORDER + 1];
    for i in 1..=ORDER {
        let mut sum = 0_i32;
        for j in 1..i {
            sum = sum.wrapping_add(product(r[j], a[i - j]));
        }
        let sum = (sum << 4).wrapping_add(without_last_bit(r[i]));
        let ratio = quotient(sum.saturating_abs(), error);
        let ratio = if sum > 0 { ratio.wrapping_neg() } else { ratio };
        let reflection = ratio.wrapping_shl(exponent as u32);
        if i > 1 && abs_s((reflection >> 16) as i16) > 32_750 {
            predictor[1..].copy_from_slice(last);
            return predictor;
        }
        let mut next = a;
        for j in 1..i {
            next[j] = product(reflection, a[i - j]).wrapping_add(without_last_bit(a[j]));
        }
        next[i] = reflection >> 4;
        a = next;
        let square = product(reflection, reflection).saturating_abs();
        let left = product(error, 0x7fff_ffff - square);
        let shift = norm_l(left);
        error = left << shift;
        exponent += shift;
    }
    for i in 1..=ORDER {
        predictor[i] = (((without_last_bit(a[i]) << 1).wrapping_add(0x8000)) >> 16) as i16;
    }
    last.copy_from_slice(&predictor[1..]);
    predictor
}

/// Spectral pairs of a predictor, found on a grid; those of the last frame where one is not found.
pub(super) fn spectral_pairs(predictor: &Predictor, last: &Isf) -> Isf {
    let mut sums = [[0_i16; 9]; 2];
    for i in 0..8 {
        let (a, b) = (i32::from(predictor[i]) << 15, i32::from(predictor[ORDER - i]) << 15);
        sums[0][i] = (a.wrapping_add(b).wrapping_add(0x8000) >> 16) as i16;
        sums[1][i] = (a.wrapping_sub(b).wrapping_add(0x8000) >> 16) as i16;
    }
    sums[0][8] = predictor[8];
    for i in 2..8 {
        sums[1][i] = sums[1][i].wrapping_add(sums[1][i - 2]);
    }
    let value = |x: i16, which: usize| chebyshev(x, &sums[which][..9 - which]);
    let mut isp = [0; ORDER];
    let mut found = 0;
    let mut low = GRID[0];
    let mut at_low = value(low, 0);
    let mut place = 0;
    while found < ORDER - 1 && place < 100 {
        place += 1;
        let (mut high, mut at_high) = (low, at_low);
        low = GRID[place];
        at_low = value(low, found & 1);
        if i32::from(at_low) * i32::from(at_high) > 0 {
            continue;
        }
        for _ in 0..2 {
            let middle = (low >> 1) + (high >> 1);
            let at_middle = value(middle, found & 1);
            if i32::from(at_low) * i32::from(at_middle) <= 0 {
                (high, at_high) = (middle, at_middle);
            } else {
                (low, at_low) = (middle, at_middle);
            }
        }
        low = crossing(low, at_low, high, at_high);
        isp[found] = low;
        found += 1;
        at_low = value(low, found & 1);
    }
    if found < ORDER - 1 {
        return *last;
    }
    isp[ORDER - 1] = predictor[ORDER] << 3;
    isp
}

/// Where a line between two points crosses zero.
fn crossing(low: i16, at_low: i16, high: i16, at_high: i16) -> i16 {
    let width = high.wrapping_sub(low);
    let rise = at_high.wrapping_sub(at_low);
    if rise == 0 {
        return low;
    }
    let height = abs_s(rise);
    let shift = norm_s(height);
    let inverse = i32::from(div_s(16_383, height << shift));
    let slope = ((i32::from(width) * inverse) >> (19 - shift)) as i16;
    let slope = if rise < 0 { slope.wrapping_neg() } else { slope };
    low.wrapping_sub(((i32::from(at_low) * i32::from(slope)) >> 10) as i16)
}

/// A polynomial of Chebyshev at `x`.
fn chebyshev(x: i16, f: &[i16]) -> i16 {
    let n = f.len() - 1;
    let x = i32::from(x);
    let times = |(hi, lo): (i32, i32)| ((hi * x) << 1).wrapping_add(((lo * x) >> 15) << 1);
    let mut b2 = parts(i32::from(f[0]) << 13);
    let mut b1 = parts((times(b2) << 1).wrapping_add(i32::from(f[1]) << 13));
    for &coefficient in &f[2..n] {
        let sum = times(b1)
            .wrapping_sub(b2.0 << 15)
            .wrapping_add(i32::from(coefficient) << 12)
            .wrapping_mul(2)
            .wrapping_sub(b2.1 << 1);
        b2 = b1;
        b1 = parts(sum);
    }
    let sum = times(b1)
        .wrapping_sub(b2.0 << 16)
        .wrapping_sub(b2.1 << 1)
        .wrapping_add(i32::from(f[n]) << 12);
    ((l_shl(sum, 6) >> 16) as i16).max(-32_767)
}

/// Spectral pairs to frequencies.
pub(super) fn to_isf(isp: &Isf) -> Isf {
    let mut isf = [0; ORDER];
    let mut place = 127;
    for i in (0..ORDER).rev() {
        if i >= ORDER - 2 {
            place = 127;
        }
        while place > 0 && COSINE[place] < isp[i] {
            place -= 1;
        }
        let part = (i32::from(isp[i]) - i32::from(COSINE[place])) * i32::from(SLOPE[place]);
        let part = (((part << 5).wrapping_add(0x8000)) >> 16) as i16;
        isf[i] = part.wrapping_add((place << 7) as i16);
    }
    isf[ORDER - 1] >>= 1;
    isf
}

/// Samples of past input that the filter down to 12.8 kHz needs.
const PAST_INPUT: usize = 30;
/// The most bits by which the input is scaled up.
const MOST_RANGE: i16 = 8;
