//! Without vector instructions, or with those that the compiler finds for plain loops.

use super::{Contribution, GAIN_BITS};
use crate::fixed::saturate;

// Not inlined, so that what is left over of vectors does not weigh on those.
#[inline(never)]
pub(super) fn add(it: Contribution<'_>) -> u64 {
    let energy = it.pcm.chunks(2).map(|pair| {
        let squares = pair.iter().map(|&sample| i32::from(sample).pow(2) as u32);
        u64::from(squares.sum::<u32>() >> 6)
    });
    let energy = energy.sum();
    it.own.copy_from_slice(it.pcm);
    for (total, &sample) in it.total.iter_mut().zip(it.pcm) {
        *total = total.wrapping_add(i32::from(sample));
    }
    energy
}

#[inline(always)]
pub(super) fn scale(pcm: &[i16], gain: i16, out: &mut [i16]) {
    for (out, &sample) in out.iter_mut().zip(pcm) {
        let product = i32::from(sample) * i32::from(gain);
        *out = saturate((product + (1 << (GAIN_BITS - 1))) >> GAIN_BITS);
    }
}

#[inline(never)]
pub(super) fn others(total: &[i32], own: &[i16], out: &mut [i16]) {
    for ((out, total), &own) in out.iter_mut().zip(total).zip(own) {
        *out = saturate(total.wrapping_sub(i32::from(own)));
    }
}
