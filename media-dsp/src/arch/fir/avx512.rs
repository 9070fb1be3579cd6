//! 32 sums at a time: 16 for even places and 16 for odd ones, two taps by one multiplication.

// The unaligned loads and stores go through pointers.
#![allow(unsafe_code)]

use super::{Bank, HEADROOM, TILE};
use core::arch::x86_64::*;

/// # Safety
/// `x` holds `bank.reach()` samples, and `bank.taps` all that its other fields say.
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) unsafe fn tile<const P: usize>(bank: &Bank<'_>, x: &[i16]) -> [[i16; TILE]; P] {
    let mut tile = [[0; TILE]; P];
    let mut totals = [[_mm512_setzero_si512(); 2]; P];
    let mut taps = bank.taps.as_ptr();
    for stream in 0..bank.streams {
        // SAFETY: `x` reaches that far.
        let mut x = unsafe { x.as_ptr().add(stream * bank.stride) };
        for pairs in [bank.pairs.div_ceil(2), bank.pairs / 2] {
            let mut sums = [[_mm512_setzero_si512(); 2]; P];
            for _ in 0..pairs {
                // SAFETY: the last sample read is 33 from `x`, which is before the reach of the
                // bank; the taps are as many as pairs of all streams and phases.
                let (even, odd) =
                    unsafe { (_mm512_loadu_si512(x.cast()), _mm512_loadu_si512(x.add(1).cast())) };
                for (phase, sums) in sums.iter_mut().enumerate() {
                    // SAFETY: as above.
                    let pair = unsafe { taps.add(phase).cast::<i32>().read_unaligned() };
                    let pair = _mm512_set1_epi32(pair);
                    sums[0] = _mm512_add_epi32(sums[0], _mm512_madd_epi16(even, pair));
                    sums[1] = _mm512_add_epi32(sums[1], _mm512_madd_epi16(odd, pair));
                }
                // SAFETY: at the end these point just behind what was read.
                (x, taps) = unsafe { (x.add(2), taps.add(P)) };
            }
            for (totals, sums) in totals.iter_mut().zip(sums) {
                for (total, sum) in totals.iter_mut().zip(sums) {
                    let sum = _mm512_srai_epi32::<HEADROOM>(sum);
                    *total = _mm512_add_epi32(*total, sum);
                }
            }
        }
    }
    for (tile, totals) in tile.iter_mut().zip(totals) {
        let [even, odd] = totals.map(|total| scale(bank, total));
        // The low word of each even sum, the low word of each odd one above it.
        let both = _mm512_mask_blend_epi16(0xaaaa_aaaa, even, _mm512_slli_epi32::<16>(odd));
        // SAFETY: the tile has 32 samples.
        unsafe { _mm512_storeu_si512(tile.as_mut_ptr().cast(), both) };
    }
    tile
}

#[target_feature(enable = "avx512f,avx512bw")]
fn scale(bank: &Bank<'_>, total: __m512i) -> __m512i {
    let shift = (bank.scale - HEADROOM) as i32;
    let total = _mm512_mullo_epi32(total, _mm512_set1_epi32(bank.gain));
    let total = _mm512_add_epi32(total, _mm512_set1_epi32(1 << (shift - 1)));
    let total = _mm512_sra_epi32(total, _mm_cvtsi32_si128(shift));
    let total = _mm512_min_epi32(total, _mm512_set1_epi32(i32::from(i16::MAX)));
    _mm512_max_epi32(total, _mm512_set1_epi32(i32::from(i16::MIN)))
}
