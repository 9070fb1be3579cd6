//! 16 samples at a time.

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
pub(super) fn others(total: &[i32], own: &[i16], out: &mut [i16]) {
    let (totals, total) = total.as_chunks::<16>();
    let (owns, own) = own.as_chunks::<16>();
    let (outs, out) = out.as_chunks_mut::<16>();
    for ((out, total), own) in outs.iter_mut().zip(totals).zip(owns) {
        let [low, high] = halves(total);
        // SAFETY: each array has 16 elements.
        unsafe {
            let [first, last] = widen(_mm256_loadu_si256(own.as_ptr().cast()));
            let (low, high) = (_mm256_sub_epi32(low, first), _mm256_sub_epi32(high, last));
            // Packing goes by halves of the vectors: their quarters are put in order afterwards.
            let out_of_order = _mm256_packs_epi32(low, high);
            let ordered = _mm256_permute4x64_epi64::<0b11_01_10_00>(out_of_order);
            _mm256_storeu_si256(out.as_mut_ptr().cast(), ordered);
        }
    }
    if !out.is_empty() {
        scalar::others(total, own, out);
    }
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
