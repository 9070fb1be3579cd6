//! Without vector instructions, or with those that the compiler finds for plain loops.

use super::{Contribution, GAIN_BITS};
use crate::fixed::saturate;

// Not inlined, so that what is left over of vectors does not weigh on those.
#[inline(never)]
pub(super) fn add(it: Contribution<'_>) -> u64 {
    // Sixty-four pairs at a time fit 32 bits.
    let energy = it.pcm.chunks(128).map(|some| {
        let (pairs, last) = some.as_chunks::<2>();
        let pairs = pairs.iter().map(|&[a, b]| (square(a) + square(b)) >> 6).sum::<u32>();
        u64::from(pairs + last.iter().map(|&a| square(a) >> 6).sum::<u32>())
    });
    let energy = energy.sum();
    it.own.copy_from_slice(it.pcm);
    for (total, &sample) in it.total.iter_mut().zip(it.pcm) {
        *total = total.wrapping_add(i32::from(sample));
    }
    energy
}

#[inline(always)]
fn square(sample: i16) -> u32 {
    i32::from(sample).pow(2) as u32
}

#[inline(always)]
pub(super) fn scale(pcm: &[i16], gain: i16, out: &mut [i16]) {
    for (out, &sample) in out.iter_mut().zip(pcm) {
        let product = i32::from(sample) * i32::from(gain);
        *out = saturate((product + (1 << (GAIN_BITS - 1))) >> GAIN_BITS);
    }
}

#[inline(always)]
pub(super) fn settle(total: &[i32], near: &mut [i16], rest: &mut [i16]) {
    for ((near, rest), &total) in near.iter_mut().zip(rest).zip(total) {
        *near = saturate(total);
        *rest = saturate(total.saturating_sub(i32::from(*near)));
    }
}

#[inline(always)]
pub(super) fn others(near: &[i16], rest: &[i16], own: &[i16], out: &mut [i16]) {
    for (((out, near), &rest), &own) in out.iter_mut().zip(near).zip(rest).zip(own) {
        *out = near.saturating_sub(own).saturating_add(rest);
    }
}
