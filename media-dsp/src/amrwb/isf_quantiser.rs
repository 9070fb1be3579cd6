//! The quantiser of the spectral frequencies: two stages, split, with prediction from the last
//! frame (3GPP TS 26.190, clause 5.2.4; for comfort noise TS 26.192).

use super::isf_tables::{
    MEAN_ISF, MEAN_ISF_NOISE, NOISE_0, NOISE_2, NOISE_5, NOISE_8, NOISE_12, STAGE1_HIGH,
    STAGE1_LOW, STAGE2_0, STAGE2_0_36, STAGE2_3, STAGE2_5_36, STAGE2_6, STAGE2_9, STAGE2_9_36,
    STAGE2_12,
};
use super::spectrum::Isf;
use super::{Mode, ORDER};

/// The indices of a frame's frequencies. `prediction`: what the decoder adds to the residual.
#[inline(always)]
pub(crate) fn quantise(mode: Mode, isf: &Isf, prediction: &Isf) -> [i16; 7] {
    let mut residual = [0; ORDER];
    for (i, part) in residual.iter_mut().enumerate() {
        *part = isf[i].wrapping_sub(MEAN_ISF[i]).wrapping_sub(prediction[i]);
    }
    let mut indices = [0; 7];
    let mut least = i32::MAX;
    for first in best_four(&residual[..9], &STAGE1_LOW) {
        let rest: [i16; 9] = difference(&residual[..9], &STAGE1_LOW[first]);
        let (second, error) = if mode == Mode::M660 {
            let (a, error_a) = nearest(&rest[..5], &STAGE2_0_36);
            let (b, error_b) = nearest(&rest[5..], &STAGE2_5_36);
            ([a, b, 0], error_a.wrapping_add(error_b))
        } else {
            let (a, error_a) = nearest(&rest[..3], &STAGE2_0);
            let (b, error_b) = nearest(&rest[3..6], &STAGE2_3);
            let (c, error_c) = nearest(&rest[6..], &STAGE2_6);
            ([a, b, c], error_a.wrapping_add(error_b).wrapping_add(error_c))
        };
        if error < least {
            least = error;
            indices[0] = first as i16;
            indices[2..5].copy_from_slice(&second);
        }
    }
    let mut least = i32::MAX;
    for first in best_four(&residual[9..], &STAGE1_HIGH) {
        let rest: [i16; 7] = difference(&residual[9..], &STAGE1_HIGH[first]);
        if mode == Mode::M660 {
            let (index, error) = nearest(&rest, &STAGE2_9_36);
            if error < least {
                least = error;
                indices[1] = first as i16;
                indices[4] = index;
            }
            continue;
        }
        let (a, error_a) = nearest(&rest[..3], &STAGE2_9);
        let (b, error_b) = nearest(&rest[3..], &STAGE2_12);
        let error = error_a.wrapping_add(error_b);
        if error < least {
            least = error;
            indices[1] = first as i16;
            indices[5..].copy_from_slice(&[a, b]);
        }
    }
    indices
}

/// The indices of the frequencies of comfort noise.
pub(super) fn quantise_noise(isf: &Isf) -> [i16; 5] {
    let mut isf = *isf;
    for (frequency, &mean) in isf.iter_mut().zip(&MEAN_ISF_NOISE) {
        *frequency = frequency.saturating_sub(mean);
    }
    [
        nearest(&isf[..2], &NOISE_0).0,
        nearest(&isf[2..5], &NOISE_2).0,
        nearest(&isf[5..8], &NOISE_5).0,
        nearest(&isf[8..12], &NOISE_8).0,
        nearest(&isf[12..], &NOISE_12).0,
    ]
}

#[inline(always)]
fn difference<const N: usize>(a: &[i16], b: &[i16; N]) -> [i16; N] {
    std::array::from_fn(|i| a[i].wrapping_sub(b[i]))
}

/// The first of the nearest rows, and its distance.
#[inline(always)]
fn nearest<const N: usize>(x: &[i16], table: &[[i16; N]]) -> (i16, i32) {
    let mut best = (0, i32::MAX);
    for (i, row) in table.iter().enumerate() {
        let distance = distance(x, row);
        if distance < best.1 {
            best = (i as i16, distance);
        }
    }
    best
}

/// The four nearest rows, the nearest first.
#[inline(always)]
fn best_four<const N: usize>(x: &[i16], table: &[[i16; N]]) -> [usize; 4] {
    let mut least = [i32::MAX; 4];
    let mut best = [0, 1, 2, 3];
    for (i, row) in table.iter().enumerate() {
        let distance = distance(x, row);
        if distance >= least[3] {
            continue;
        }
        let place = least.iter().position(|&it| distance < it).unwrap_or(3);
        least[place..].rotate_right(1);
        best[place..].rotate_right(1);
        least[place] = distance;
        best[place] = i;
    }
    best
}

#[inline(always)]
fn distance<const N: usize>(x: &[i16], row: &[i16; N]) -> i32 {
    let mut sum = 0_i32;
    for (&a, &b) in x.iter().zip(row) {
        let difference = i32::from(a.wrapping_sub(b));
        sum = sum.wrapping_add((difference * difference) << 1);
    }
    sum
}
