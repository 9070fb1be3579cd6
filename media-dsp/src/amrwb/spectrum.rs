//! The spectrum: immittance spectral frequencies (ISF) from their indices, their pairs in the
//! cosine domain (ISP), predictors A(z) from those (3GPP TS 26.190, clauses 5.2 and 6.1).

use super::arithmetic::mul_32_16;
use super::isf_tables::{
    MEAN_ISF, MEAN_ISF_NOISE, NOISE_0, NOISE_2, NOISE_5, NOISE_8, NOISE_12, STAGE1_HIGH,
    STAGE1_LOW, STAGE2_0, STAGE2_0_36, STAGE2_3, STAGE2_5_36, STAGE2_6, STAGE2_9, STAGE2_9_36,
    STAGE2_12,
};
use super::tables::{COSINE, FIRST_ISF, SUBFRAME_WEIGHTS};
use super::{Mode, ORDER};
use crate::fixed::{add, l_add, l_mac, l_shl, l_sub, mult, round, shl, shr_r, sub};

/// The frequencies of a frame; the last one is the last reflection coefficient's.
pub(crate) type Isf = [i16; ORDER];

/// A predictor in Q12.
pub(super) type Predictor = [i16; ORDER + 1];

/// What the quantiser of the frequencies remembers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct IsfDecoder {
    /// The residual of the last frame: the prediction is a third of it.
    past: Isf,
    /// The last three good frames, the latest first.
    history: [Isf; 3],
}

impl IsfDecoder {
    pub(super) fn new() -> Self {
        Self { past: [0; ORDER], history: [FIRST_ISF; 3] }
    }

    /// After comfort noise no prediction is to be made.
    pub(super) fn forget_past(&mut self) {
        self.past = [0; ORDER];
    }

    /// What the decoder adds to the residual of the next frame.
    pub(super) fn prediction(&self) -> Isf {
        self.past.map(|part| mult(PREDICTION, part))
    }

    /// The frequencies that the indices stand for.
    pub(super) fn decode(&mut self, mode: Mode, indices: &[i16]) -> Isf {
        let residual = residual(mode, indices);
        let mut isf = [0; ORDER];
        for i in 0..ORDER {
            isf[i] = add(add(residual[i], MEAN_ISF[i]), mult(PREDICTION, self.past[i]));
        }
        self.past = residual;
        self.history.rotate_right(1);
        self.history[0] = isf;
        keep_order(&mut isf);
        isf
    }

    /// Frequencies for a frame that is lost: the last ones drawn towards their mean.
    pub(super) fn conceal(&mut self, last: &Isf) -> Isf {
        let mut isf = [0; ORDER];
        for i in 0..ORDER {
            let past: i32 = self.history.iter().map(|it| i32::from(it[i])).sum();
            let mean = ((past + i32::from(MEAN_ISF[i]) + 2) >> 2) as i16;
            isf[i] = add(mult(KEPT, last[i]), mult(DRAWN, mean));
            let predicted = add(mean, mult(self.past[i], PREDICTION));
            self.past[i] = sub(isf[i], predicted) >> 1;
        }
        keep_order(&mut isf);
        isf
    }
}

fn residual(mode: Mode, indices: &[i16]) -> Isf {
    let row = |i: usize| indices[i] as usize;
    let mut isf = [0; ORDER];
    isf[..9].copy_from_slice(&STAGE1_LOW[row(0)]);
    isf[9..].copy_from_slice(&STAGE1_HIGH[row(1)]);
    if mode == Mode::M660 {
        accumulate(&mut isf[..5], &STAGE2_0_36[row(2)]);
        accumulate(&mut isf[5..9], &STAGE2_5_36[row(3)]);
        accumulate(&mut isf[9..], &STAGE2_9_36[row(4)]);
    } else {
        accumulate(&mut isf[..3], &STAGE2_0[row(2)]);
        accumulate(&mut isf[3..6], &STAGE2_3[row(3)]);
        accumulate(&mut isf[6..9], &STAGE2_6[row(4)]);
        accumulate(&mut isf[9..12], &STAGE2_9[row(5)]);
        accumulate(&mut isf[12..], &STAGE2_12[row(6)]);
    }
    isf
}

/// The frequencies of comfort noise (3GPP TS 26.192).
pub(super) fn noise_isf(indices: &[i16]) -> Isf {
    let row = |i: usize| indices[i] as usize;
    let mut isf = MEAN_ISF_NOISE;
    accumulate(&mut isf[..2], &NOISE_0[row(0)]);
    accumulate(&mut isf[2..5], &NOISE_2[row(1)]);
    accumulate(&mut isf[5..8], &NOISE_5[row(2)]);
    accumulate(&mut isf[8..12], &NOISE_8[row(3)]);
    accumulate(&mut isf[12..], &NOISE_12[row(4)]);
    keep_order(&mut isf);
    isf
}

fn accumulate(isf: &mut [i16], row: &[i16]) {
    for (frequency, &part) in isf.iter_mut().zip(row) {
        *frequency = add(*frequency, part);
    }
}

/// Keeps neighbours at least 50 Hz apart.
pub(super) fn keep_order(isf: &mut Isf) {
    let mut least = GAP;
    for frequency in &mut isf[..ORDER - 1] {
        *frequency = (*frequency).max(least);
        least = add(*frequency, GAP);
    }
}

/// Frequencies to pairs in the cosine domain, Q15, for any order.
pub(super) fn to_isp<const N: usize>(isf: &[i16; N]) -> [i16; N] {
    let mut isp = *isf;
    isp[N - 1] = isf[N - 1] << 1;
    for pair in &mut isp {
        // Frequencies are between 0 and half the rate, which is 16384.
        let frequency = (*pair).clamp(0, 16_384);
        let place = (frequency >> 7) as usize;
        let part = i32::from(frequency & 0x7f);
        let (here, next) = (i32::from(COSINE[place]), i32::from(COSINE[(place + 1).min(128)]));
        *pair = (here + (((next - here) * part) >> 7)) as i16;
    }
    isp
}

/// The predictors of the four subframes, between the pairs of the last frame and this one's.
pub(super) fn interpolate(old: &Isf, new: &Isf) -> [Predictor; 4] {
    let mut predictors = [[0; ORDER + 1]; 4];
    for (predictor, &weight) in predictors.iter_mut().zip(&SUBFRAME_WEIGHTS[..3]) {
        let mut isp = [0; ORDER];
        for i in 0..ORDER {
            let sum = i32::from(old[i]) * (32_768 - i32::from(weight))
                + i32::from(new[i]) * i32::from(weight);
            isp[i] = ((sum + 0x4000) >> 15) as i16;
        }
        to_predictor(&isp, Scaling::Fixed, predictor);
    }
    to_predictor(new, Scaling::Fixed, &mut predictors[3]);
    predictors
}

/// Frequencies between two frames, for the high band of one of the four subframes.
pub(super) fn between(old: &Isf, new: &Isf, subframe: usize) -> Isf {
    let weight = i32::from(SUBFRAME_WEIGHTS[subframe]);
    let mut isf = [0; ORDER];
    for i in 0..ORDER {
        let sum = i32::from(old[i]) * (32_767 - weight) + i32::from(new[i]) * weight;
        isf[i] = round(l_shl(sum, 1));
    }
    isf
}

/// How little the spectrum changed from the last frame, Q15.
pub(super) fn steadiness(last: &Isf, isf: &Isf) -> i16 {
    let mut distance = 0;
    for i in 0..ORDER - 1 {
        let difference = sub(isf[i], last[i]);
        distance = l_mac(distance, difference, difference);
    }
    let part = mult((l_shl(distance, 8) >> 16) as i16, 26_214);
    shl(20_480 - part, 1).max(0)
}

/// Whether a predictor may be scaled down where its coefficients do not fit.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Scaling {
    /// It stays in Q12.
    Fixed,
    /// It is scaled so that all coefficients fit; the first coefficient tells.
    Adaptive,
}

/// Spectral pairs to a predictor of the same order (16, or 20 for the high band), Q12.
pub(super) fn to_predictor(isp: &[i16], scaling: Scaling, predictor: &mut [i16]) {
    let order = isp.len();
    let half = order / 2;
    let last = isp[order - 1];
    let (mut f1, mut f2) = ([0_i32; 11], [0_i32; 11]);
    polynomial(isp, half, &mut f1);
    polynomial(&isp[1..], half - 1, &mut f2);
    for i in (2..half).rev() {
        f2[i] = f2[i].wrapping_sub(f2[i - 2]);
    }
    for i in 0..half {
        f1[i] = f1[i].wrapping_add(mul_32_16(f1[i], last));
        f2[i] = f2[i].wrapping_sub(mul_32_16(f2[i], last));
    }
    let mut most = 1;
    for i in 1..half {
        for value in [l_add(f1[i], f2[i]), l_sub(f1[i], f2[i])] {
            most |= value.saturating_abs();
        }
    }
    let down = match scaling {
        Scaling::Fixed => 0,
        Scaling::Adaptive => (4 - crate::fixed::norm_l(most)).max(0),
    };
    let shift = 12 + down;
    let scaled = |value: i32| ((value >> shift) + ((value >> (shift - 1)) & 1)) as i16;
    predictor[0] = 4096 >> down;
    for i in 1..half {
        predictor[i] = scaled(l_add(f1[i], f2[i]));
        predictor[order - i] = scaled(l_sub(f1[i], f2[i]));
    }
    predictor[half] = scaled(l_add(f1[half], mul_32_16(f1[half], last)));
    predictor[order] = shr_r(last, 3 + down);
}

/// Product of `1 - 2 isp z^-1 + z^-2` over every second pair, in Q23.
fn polynomial(isp: &[i16], count: usize, f: &mut [i32; 11]) {
    // Of order 20 the sums need two bits more.
    let spare = if count > 8 { 2 } else { 0 };
    let unit = 0x0080_0000 >> spare;
    let double = 512 >> spare;
    f[0] = unit;
    f[1] = -i32::from(isp[0]) * double;
    for i in 2..=count {
        let pair = isp[2 * (i - 1)];
        f[i] = f[i - 2];
        for j in (2..=i).rev() {
            let product = l_shl(((i64::from(f[j - 1]) * i64::from(pair)) >> 16) as i32, 2);
            let sum = f[j].wrapping_sub(product);
            f[j] = sum.wrapping_add(f[j - 2]);
        }
        f[1] = f[1].wrapping_sub(i32::from(pair) * double);
    }
    for value in &mut f[..=count] {
        *value = l_shl(*value, spare);
    }
}

/// The predictor with its coefficients weighted by powers of `gamma` (Q15).
pub(super) fn weighted<const N: usize>(predictor: &[i16; N], gamma: i16) -> [i16; N] {
    let mut weighted = *predictor;
    let mut factor = i32::from(gamma);
    for coefficient in &mut weighted[1..] {
        *coefficient = ((i32::from(*coefficient) * factor + 0x4000) >> 15) as i16;
        factor = (factor * i32::from(gamma) + 0x4000) >> 15;
    }
    weighted
}

/// 50 Hz.
const GAP: i16 = 128;
/// A third of the last residual predicts the next, Q15.
const PREDICTION: i16 = 10_923;
/// How much of the last frequencies is kept in a lost frame, Q15.
const KEPT: i16 = 29_491;
/// How much the mean weighs in a lost frame, Q15.
const DRAWN: i16 = 3_277;
