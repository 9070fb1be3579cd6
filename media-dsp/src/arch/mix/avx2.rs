//! 16 samples at a time; what has no code of its own here is compiled anew for these instructions.

// The loads and stores go through pointers.
#![allow(unsafe_code)]

use super::{Added, Tick, scalar};
use core::arch::x86_64::*;

#[target_feature(enable = "avx2")]
pub(super) fn add(sum: &mut Tick<i16>, own: &mut Tick<i16>, pcm: &[i16]) -> Added {
    let mut added = Sums { energy: _mm256_setzero_si256(), wrapped: _mm256_setzero_si256() };
    let (pcms, rest) = pcm.as_chunks::<32>();
    let sums = sum.as_chunks_mut::<32>().0.iter_mut();
    for ((sum, own), pcm) in sums.zip(own.as_chunks_mut::<32>().0).zip(pcms) {
        let ([a, b], [c, d], [e, f]) = (halves_mut(sum), halves_mut(own), halves(pcm));
        added.hear(a, c, e);
        added.hear(b, d, f);
    }
    let mut done = pcms.len() * 32;
    let (pcms, rest) = rest.as_chunks::<16>();
    if let (Some(sum), Some(own), [pcm]) =
        (sum[done..].first_chunk_mut(), own[done..].first_chunk_mut(), pcms)
    {
        added.hear(sum, own, pcm);
        done += 16;
    }
    let energy = sum_of(added.energy);
    let wrapped = _mm256_testz_si256(added.wrapped, added.wrapped) == 0;
    if rest.is_empty() {
        return Added { energy, wrapped };
    }
    let last = scalar::add_rest(&mut sum[done..], &mut own[done..], rest);
    Added { energy: energy + last.energy, wrapped: wrapped | last.wrapped }
}

/// What comes of adding, by lane.
struct Sums {
    energy: __m256i,
    wrapped: __m256i,
}

impl Sums {
    #[target_feature(enable = "avx2")]
    fn hear(&mut self, sum: &mut [i16; 16], own: &mut [i16; 16], pcm: &[i16; 16]) {
        // SAFETY: each array has 16 elements.
        unsafe {
            let pcm = _mm256_loadu_si256(pcm.as_ptr().cast());
            let before = _mm256_loadu_si256(sum.as_ptr().cast());
            let after = _mm256_add_epi16(before, pcm);
            let exact = _mm256_adds_epi16(before, pcm);
            _mm256_storeu_si256(own.as_mut_ptr().cast(), pcm);
            _mm256_storeu_si256(sum.as_mut_ptr().cast(), after);
            self.wrapped = _mm256_or_si256(self.wrapped, _mm256_xor_si256(exact, after));
            let squares = _mm256_madd_epi16(pcm, pcm);
            self.energy = _mm256_add_epi32(self.energy, _mm256_srli_epi32::<6>(squares));
        }
    }
}

fn halves(it: &[i16; 32]) -> [&[i16; 16]; 2] {
    let (first, last) = it.as_chunks::<16>().0.split_at(1);
    [&first[0], &last[0]]
}

fn halves_mut(it: &mut [i16; 32]) -> [&mut [i16; 16]; 2] {
    let (first, last) = it.as_chunks_mut::<16>().0.split_at_mut(1);
    [&mut first[0], &mut last[0]]
}

#[target_feature(enable = "avx2")]
pub(super) fn add_wide(total: &mut Tick<i32>, own: &mut Tick<i16>, pcm: &[i16]) -> u64 {
    let (totals, _) = total.as_chunks_mut::<16>();
    let (owns, _) = own.as_chunks_mut::<16>();
    let (pcms, rest) = pcm.as_chunks::<16>();
    let mut energy = _mm256_setzero_si256();
    for ((total, own), pcm) in totals.iter_mut().zip(owns).zip(pcms) {
        // SAFETY: each array has 16 elements.
        unsafe {
            let total: *mut __m256i = total.as_mut_ptr().cast();
            let pcm = _mm256_loadu_si256(pcm.as_ptr().cast());
            let first = _mm256_cvtepi16_epi32(_mm256_castsi256_si128(pcm));
            let last = _mm256_cvtepi16_epi32(_mm256_extracti128_si256::<1>(pcm));
            let first = _mm256_add_epi32(_mm256_loadu_si256(total), first);
            let last = _mm256_add_epi32(_mm256_loadu_si256(total.add(1)), last);
            _mm256_storeu_si256(own.as_mut_ptr().cast(), pcm);
            _mm256_storeu_si256(total, first);
            _mm256_storeu_si256(total.add(1), last);
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
#[target_feature(enable = "avx2")]
fn sum_of(numbers: __m256i) -> u64 {
    let low = _mm256_cvtepu32_epi64(_mm256_castsi256_si128(numbers));
    let high = _mm256_cvtepu32_epi64(_mm256_extracti128_si256::<1>(numbers));
    let sum = _mm256_add_epi64(low, high);
    let sum = _mm_add_epi64(_mm256_castsi256_si128(sum), _mm256_extracti128_si256::<1>(sum));
    _mm_cvtsi128_si64(_mm_add_epi64(sum, _mm_unpackhi_epi64(sum, sum))) as u64
}

#[target_feature(enable = "avx2")]
pub(super) fn widen(total: &mut [i32], sum: &Tick<i16>, last: &Tick<i16>) {
    scalar::widen(total, sum, last);
}

#[target_feature(enable = "avx2")]
pub(super) fn scale(pcm: &[i16], gain: i16, out: &mut [i16]) {
    scalar::scale(pcm, gain, out);
}

#[target_feature(enable = "avx2")]
pub(super) fn settle(total: &[i32], near: &mut Tick<i16>, rest: &mut Tick<i16>) {
    scalar::settle(total, near, rest);
}

#[target_feature(enable = "avx2")]
pub(super) fn less(sum: &Tick<i16>, own: &Tick<i16>, out: &mut [i16]) {
    let (sums, owns) = (sum.as_chunks::<32>().0, own.as_chunks::<32>().0);
    let (outs, rest) = out.as_chunks_mut::<32>();
    let done = outs.len() * 32;
    for ((sum, own), out) in sums.iter().zip(owns).zip(outs) {
        // SAFETY: each array has 32 elements.
        unsafe {
            let (sum, own): (*const __m256i, *const __m256i) =
                (sum.as_ptr().cast(), own.as_ptr().cast());
            let out: *mut __m256i = out.as_mut_ptr().cast();
            let first = _mm256_subs_epi16(_mm256_loadu_si256(sum), _mm256_loadu_si256(own));
            let last =
                _mm256_subs_epi16(_mm256_loadu_si256(sum.add(1)), _mm256_loadu_si256(own.add(1)));
            _mm256_storeu_si256(out, first);
            _mm256_storeu_si256(out.add(1), last);
        }
    }
    if !rest.is_empty() {
        scalar::less_rest(&sum[done..], &own[done..], rest);
    }
}

#[target_feature(enable = "avx2")]
pub(super) fn less_settled(near: &Tick<i16>, rest: &Tick<i16>, own: &Tick<i16>, out: &mut [i16]) {
    scalar::less_settled(near, rest, own, out);
}
