//! What gains by 512 bits; what has no code of its own here is compiled anew for these instructions.
//!
//! Adding and taking off short sums does not: it waits for its stores, which 64 octets that lie across
//! lines make dearer.

// The loads and stores go through pointers.
#![allow(unsafe_code)]

pub(super) use super::avx2::{add, less};

use super::{Tick, scalar};
use core::arch::x86_64::*;

#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
pub(super) fn add_wide(total: &mut Tick<i32>, own: &mut Tick<i16>, pcm: &[i16]) -> u64 {
    let (totals, _) = total.as_chunks_mut::<16>();
    let (owns, _) = own.as_chunks_mut::<16>();
    let (pcms, rest) = pcm.as_chunks::<16>();
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
    let energy = sum_of(energy);
    if rest.is_empty() {
        return energy;
    }
    let done = pcms.len() * 16;
    energy + scalar::add_wide_rest(&mut total[done..], &mut own[done..], rest)
}

/// The sum of eight numbers without sign.
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
fn sum_of(numbers: __m256i) -> u64 {
    let low = _mm256_cvtepu32_epi64(_mm256_castsi256_si128(numbers));
    let high = _mm256_cvtepu32_epi64(_mm256_extracti128_si256::<1>(numbers));
    let sum = _mm256_add_epi64(low, high);
    let sum = _mm_add_epi64(_mm256_castsi256_si128(sum), _mm256_extracti128_si256::<1>(sum));
    _mm_cvtsi128_si64(_mm_add_epi64(sum, _mm_unpackhi_epi64(sum, sum))) as u64
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
pub(super) fn widen(total: &mut [i32], sum: &Tick<i16>, last: &Tick<i16>) {
    scalar::widen(total, sum, last);
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
pub(super) fn scale(pcm: &[i16], gain: i16, out: &mut [i16]) {
    scalar::scale(pcm, gain, out);
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
pub(super) fn settle(total: &[i32], near: &mut Tick<i16>, rest: &mut Tick<i16>) {
    scalar::settle(total, near, rest);
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
pub(super) fn less_settled(near: &Tick<i16>, rest: &Tick<i16>, own: &Tick<i16>, out: &mut [i16]) {
    scalar::less_settled(near, rest, own, out);
}
