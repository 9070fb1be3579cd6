//! The filters of the encoder: prediction and its inverse, and the tilt.

use crate::amrwb::arithmetic::dot;
use crate::amrwb::spectrum::Predictor;
use crate::amrwb::{EMPHASIS, ORDER, SUBFRAME, Subframe};
use crate::fixed::{l_shl, round};

/// A signal through A(z): a subframe from a place on, with the order's samples before it.
pub(super) fn residual(predictor: &Predictor, signal: &[i16], at: usize) -> Subframe {
    let mut reversed = *predictor;
    reversed.reverse();
    std::array::from_fn(|i| round(l_shl(dot(&signal[at + i - ORDER..=at + i], &reversed), 5)))
}

/// A signal through 1/A(z); `past` are the last outputs.
pub(super) fn synthesise(predictor: &Predictor, signal: &mut Subframe, past: &mut [i16; ORDER]) {
    let mut outputs = [0; ORDER + SUBFRAME];
    outputs[..ORDER].copy_from_slice(past);
    let unit = i32::from(predictor[0] >> 1);
    let reversed = reversed(predictor);
    for i in 0..SUBFRAME {
        let sum =
            (i32::from(signal[i]) * unit).wrapping_sub(dot(&outputs[i..i + ORDER], &reversed));
        outputs[ORDER + i] = round(l_shl(sum, 4));
    }
    signal.copy_from_slice(&outputs[ORDER..]);
    past.copy_from_slice(&outputs[SUBFRAME..]);
}

/// The coefficients but the first, the latest last.
fn reversed(predictor: &Predictor) -> [i16; ORDER] {
    std::array::from_fn(|i| predictor[ORDER - i])
}

/// Takes back the tilt, at half the level; the last sample.
pub(super) fn de_emphasise(signal: &mut [i16], last: i16) -> i16 {
    let mut last = last;
    for sample in signal {
        let sum = (i32::from(*sample) << 15).wrapping_add((i32::from(last) * EMPHASIS) << 1);
        last = (sum.wrapping_add(0x8000) >> 16) as i16;
        *sample = last;
    }
    last
}

/// Impulse response of the weighted synthesis.
pub(super) fn impulse(weighted: &Predictor, quantised: &Predictor) -> Subframe {
    let mut outputs = [0; ORDER + SUBFRAME];
    outputs[ORDER..ORDER + ORDER + 1].copy_from_slice(weighted);
    let reversed = reversed(quantised);
    for i in ORDER..ORDER + SUBFRAME {
        let sum =
            (i32::from(outputs[i]) << 14).wrapping_sub(dot(&outputs[i - ORDER..i], &reversed));
        outputs[i] = ((sum << 4).wrapping_add(0x8000) >> 16) as i16;
    }
    let mut impulse = [0; SUBFRAME];
    impulse.copy_from_slice(&outputs[ORDER..]);
    de_emphasise(&mut impulse, 0);
    impulse
}
