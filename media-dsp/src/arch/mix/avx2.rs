//! 16 samples at a time; what has no code of its own here is compiled anew for these instructions.

// The unaligned loads and stores go through pointers.
#![allow(unsafe_code)]

use super::{Contribution, scalar};
use core::arch::x86_64::*;

#[target_feature(enable = "avx2")]
pub(super) fn add(it: Contribution<'_>) -> u64 {
    let (totals, total) = it.total.as_chunks_mut::<16>();
    let (owns, own) = it.own.as_chunks_mut::<16>();
    let (pcms, pcm) = it.pcm.as_chunks::<16>();
    let mut energy = _mm256_setzero_si256();
    for ((total, own), pcm) in totals.iter_mut().zip(owns).zip(pcms) {
        let [low, high] = halves(total);
        // SAFETY: each array has 16 elements.
        unsafe {
            let pcm = _mm256_loadu_si256(pcm.as_ptr().cast());
            let [first, last] = widen(pcm);
            _mm256_storeu_si256(own.as_mut_ptr().cast(), pcm);
            _mm256_storeu_si256(total.as_mut_ptr().cast(), _mm256_add_epi32(low, first));
            _mm256_storeu_si256(total.as_mut_ptr().add(8).cast(), _mm256_add_epi32(high, last));
            let squares = _mm256_madd_epi16(pcm, pcm);
            energy = _mm256_add_epi32(energy, _mm256_srli_epi32::<6>(squares));
        }
    }
    let low = _mm256_cvtepu32_epi64(_mm256_castsi256_si128(energy));
    let high = _mm256_cvtepu32_epi64(_mm256_extracti128_si256::<1>(energy));
    let sum = _mm256_add_epi64(low, high);
    let sum = _mm_add_epi64(_mm256_castsi256_si128(sum), _mm256_extracti128_si256::<1>(sum));
    let sum = _mm_cvtsi128_si64(sum) as u64 + _mm_extract_epi64::<1>(sum) as u64;
    if pcm.is_empty() { sum } else { sum + scalar::add(Contribution { total, own, pcm }) }
}

#[target_feature(enable = "avx2")]
pub(super) fn scale(pcm: &[i16], gain: i16, out: &mut [i16]) {
    scalar::scale(pcm, gain, out);
}

#[target_feature(enable = "avx2")]
pub(super) fn settle(total: &[i32], near: &mut [i16], rest: &mut [i16]) {
    scalar::settle(total, near, rest);
}

#[target_feature(enable = "avx2")]
pub(super) fn others(near: &[i16], rest: &[i16], own: &[i16], out: &mut [i16]) {
    scalar::others(near, rest, own, out);
}

#[target_feature(enable = "avx2")]
fn halves(total: &[i32; 16]) -> [__m256i; 2] {
    // SAFETY: the array has 16 elements.
    unsafe {
        let total = total.as_ptr();
        [_mm256_loadu_si256(total.cast()), _mm256_loadu_si256(total.add(8).cast())]
    }
}

#[target_feature(enable = "avx2")]
fn widen(samples: __m256i) -> [__m256i; 2] {
    let low = _mm256_cvtepi16_epi32(_mm256_castsi256_si128(samples));
    [low, _mm256_cvtepi16_epi32(_mm256_extracti128_si256::<1>(samples))]
}
