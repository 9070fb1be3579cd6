//! 16 samples at a time; what has no code of its own here is compiled anew for these instructions.

// The unaligned loads and stores go through pointers.
#![allow(unsafe_code)]

use super::{Contribution, scalar};
use core::arch::x86_64::*;

#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
pub(super) fn add(it: Contribution<'_>) -> u64 {
    let (totals, total) = it.total.as_chunks_mut::<16>();
    let (owns, own) = it.own.as_chunks_mut::<16>();
    let (pcms, pcm) = it.pcm.as_chunks::<16>();
    let mut energy = _mm256_setzero_si256();
    for ((total, own), pcm) in totals.iter_mut().zip(owns).zip(pcms) {
        // SAFETY: each array has 16 elements.
        unsafe {
            let pcm = _mm256_loadu_si256(pcm.as_ptr().cast());
            let sum = _mm512_loadu_si512(total.as_ptr().cast());
            let sum = _mm512_add_epi32(sum, _mm512_cvtepi16_epi32(pcm));
            _mm256_storeu_si256(own.as_mut_ptr().cast(), pcm);
            _mm512_storeu_si512(total.as_mut_ptr().cast(), sum);
            let squares = _mm256_madd_epi16(pcm, pcm);
            energy = _mm256_add_epi32(energy, _mm256_srli_epi32::<6>(squares));
        }
    }
    let sum = _mm512_reduce_add_epi64(_mm512_cvtepu32_epi64(energy)) as u64;
    if pcm.is_empty() { sum } else { sum + scalar::add(Contribution { total, own, pcm }) }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
pub(super) fn scale(pcm: &[i16], gain: i16, out: &mut [i16]) {
    scalar::scale(pcm, gain, out);
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
pub(super) fn settle(total: &[i32], near: &mut [i16], rest: &mut [i16]) {
    scalar::settle(total, near, rest);
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
pub(super) fn others(near: &[i16], rest: &[i16], own: &[i16], out: &mut [i16]) {
    scalar::others(near, rest, own, out);
}
