//! Without vector instructions, or with those that the compiler finds for plain loops.

use super::{Added, GAIN_BITS, Tick};
use crate::fixed::saturate;

pub(super) fn add(sum: &mut Tick<i16>, own: &mut Tick<i16>, pcm: &[i16]) -> Added {
    add_rest(sum, own, pcm)
}

/// [`add`] of what is left over of vectors, and not inlined, so that it does not weigh on those.
#[inline(never)]
pub(super) fn add_rest(sum: &mut [i16], own: &mut [i16], pcm: &[i16]) -> Added {
    let mut wrapped = 0;
    for ((sum, own), &sample) in sum.iter_mut().zip(own).zip(pcm) {
        *own = sample;
        let exact = sum.saturating_add(sample);
        *sum = sum.wrapping_add(sample);
        wrapped |= exact ^ *sum;
    }
    Added { energy: energy(pcm), wrapped: wrapped != 0 }
}

pub(super) fn add_wide(total: &mut Tick<i32>, own: &mut Tick<i16>, pcm: &[i16]) -> u64 {
    add_wide_rest(total, own, pcm)
}

/// [`add_wide`] of what is left over of vectors.
#[inline(never)]
pub(super) fn add_wide_rest(total: &mut [i32], own: &mut [i16], pcm: &[i16]) -> u64 {
    for ((total, own), &sample) in total.iter_mut().zip(own).zip(pcm) {
        *own = sample;
        *total = total.wrapping_add(i32::from(sample));
    }
    energy(pcm)
}

fn energy(pcm: &[i16]) -> u64 {
    // Sixty-four pairs at a time fit 32 bits.
    let energy = pcm.chunks(128).map(|some| {
        let (pairs, last) = some.as_chunks::<2>();
        let pairs = pairs.iter().map(|&[a, b]| (square(a) + square(b)) >> 6).sum::<u32>();
        u64::from(pairs + last.iter().map(|&a| square(a) >> 6).sum::<u32>())
    });
    energy.sum()
}

#[inline(always)]
fn square(sample: i16) -> u32 {
    i32::from(sample).pow(2) as u32
}

#[inline(always)]
pub(super) fn widen(total: &mut [i32], sum: &Tick<i16>, last: &Tick<i16>) {
    for ((total, sum), &last) in total.iter_mut().zip(sum).zip(last) {
        *total = i32::from(sum.wrapping_sub(last)) + i32::from(last);
    }
}

#[inline(always)]
pub(super) fn scale(pcm: &[i16], gain: i16, out: &mut [i16]) {
    for (out, &sample) in out.iter_mut().zip(pcm) {
        let product = i32::from(sample) * i32::from(gain);
        *out = saturate((product + (1 << (GAIN_BITS - 1))) >> GAIN_BITS);
    }
}

#[inline(always)]
pub(super) fn settle(total: &[i32], near: &mut Tick<i16>, rest: &mut Tick<i16>) {
    for ((near, rest), &total) in near.iter_mut().zip(rest).zip(total) {
        *near = saturate(total);
        *rest = saturate(total.saturating_sub(i32::from(*near)));
    }
}

#[inline(always)]
pub(super) fn less(sum: &Tick<i16>, own: &Tick<i16>, out: &mut [i16]) {
    less_rest(sum, own, out);
}

/// [`less`] of what is left over of vectors.
#[inline(always)]
pub(super) fn less_rest(sum: &[i16], own: &[i16], out: &mut [i16]) {
    for ((out, sum), &own) in out.iter_mut().zip(sum).zip(own) {
        *out = sum.saturating_sub(own);
    }
}

#[inline(always)]
pub(super) fn less_settled(near: &Tick<i16>, rest: &Tick<i16>, own: &Tick<i16>, out: &mut [i16]) {
    for (((out, near), &rest), &own) in out.iter_mut().zip(near).zip(rest).zip(own) {
        *out = near.saturating_sub(own).saturating_add(rest);
    }
}
