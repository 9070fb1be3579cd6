//! 16 samples at a time.

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
pub(super) fn others(total: &[i32], own: &[i16], out: &mut [i16]) {
    let (totals, total) = total.as_chunks::<16>();
    let (owns, own) = own.as_chunks::<16>();
    let (outs, out) = out.as_chunks_mut::<16>();
    for ((out, total), own) in outs.iter_mut().zip(totals).zip(owns) {
        // SAFETY: each array has 16 elements.
        unsafe {
            let sum = _mm512_loadu_si512(total.as_ptr().cast());
            let own = _mm512_cvtepi16_epi32(_mm256_loadu_si256(own.as_ptr().cast()));
            let heard = _mm512_cvtsepi32_epi16(_mm512_sub_epi32(sum, own));
            _mm256_storeu_si256(out.as_mut_ptr().cast(), heard);
        }
    }
    if !out.is_empty() {
        scalar::others(total, own, out);
    }
}
