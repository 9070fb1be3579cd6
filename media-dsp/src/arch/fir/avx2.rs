//! 16 sums at a time: 8 for even places and 8 for odd ones, two taps by one multiplication.

// The unaligned loads and stores go through pointers.
#![allow(unsafe_code)]

use super::{Bank, HEADROOM, TILE};
use core::arch::x86_64::*;

/// # Safety
/// `x` holds `bank.reach()` samples, and `bank.taps` all that its other fields say.
#[target_feature(enable = "avx2")]
pub(super) unsafe fn tile<const P: usize>(bank: &Bank<'_>, x: &[i16]) -> [[i16; TILE]; P] {
    // A tap is fetched for all that the registers hold.
    // SAFETY: as asked of the caller.
    unsafe { if P == 1 { tile_by::<P, 2>(bank, x) } else { tile_by::<P, 1>(bank, x) } }
}

/// # Safety
/// As for [`tile`]. `W`: how many times 16 places are worked out at a time.
#[target_feature(enable = "avx2")]
unsafe fn tile_by<const P: usize, const W: usize>(bank: &Bank<'_>, x: &[i16]) -> [[i16; TILE]; P] {
    let mut tile = [[0; TILE]; P];
    for first in (0..TILE).step_by(16 * W) {
        let mut totals = [[[_mm256_setzero_si256(); 2]; W]; P];
        let mut taps = bank.taps.as_ptr();
        for stream in 0..bank.streams {
            // SAFETY: `x` reaches that far.
            let mut x = unsafe { x.as_ptr().add(stream * bank.stride + first) };
            for pairs in [bank.pairs.div_ceil(2), bank.pairs / 2] {
                let mut sums = [[[_mm256_setzero_si256(); 2]; W]; P];
                for _ in 0..pairs {
                    let x16: [_; W] = core::array::from_fn(|wide| {
                        // SAFETY: the last sample read is 17 behind the last place, which is before
                        // the reach of the bank.
                        unsafe {
                            let x = x.add(16 * wide);
                            [x, x.add(1)].map(|x| _mm256_loadu_si256(x.cast()))
                        }
                    });
                    for (phase, sums) in sums.iter_mut().enumerate() {
                        // SAFETY: the taps are as many as pairs of all streams and phases.
                        let pair = unsafe { taps.add(phase).cast::<i32>().read_unaligned() };
                        let pair = _mm256_set1_epi32(pair);
                        for (sum, x) in sums.as_flattened_mut().iter_mut().zip(x16.as_flattened()) {
                            *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(*x, pair));
                        }
                    }
                    // SAFETY: at the end these point just behind what was read.
                    (x, taps) = unsafe { (x.add(2), taps.add(P)) };
                }
                let totals = totals.as_flattened_mut().as_flattened_mut();
                for (total, sum) in totals.iter_mut().zip(sums.as_flattened().as_flattened()) {
                    let sum = _mm256_srai_epi32::<{ HEADROOM as i32 }>(*sum);
                    *total = _mm256_add_epi32(*total, sum);
                }
            }
        }
        for (tile, totals) in tile.iter_mut().zip(totals) {
            let places = tile[first..].as_chunks_mut::<16>().0;
            for (places, total) in places.iter_mut().zip(totals) {
                let [even, odd] = total.map(|total| scale(bank, total));
                // The low word of each even sum, the low word of each odd one above it.
                let both = _mm256_blend_epi16::<0b1010_1010>(even, _mm256_slli_epi32::<16>(odd));
                // SAFETY: the array has 16 samples.
                unsafe { _mm256_storeu_si256(places.as_mut_ptr().cast(), both) };
            }
        }
    }
    tile
}

#[target_feature(enable = "avx2")]
fn scale(bank: &Bank<'_>, total: __m256i) -> __m256i {
    let shift = (bank.scale - HEADROOM) as i32;
    let total = _mm256_mullo_epi32(total, _mm256_set1_epi32(bank.gain));
    let total = _mm256_add_epi32(total, _mm256_set1_epi32(1 << (shift - 1)));
    let total = _mm256_sra_epi32(total, _mm_cvtsi32_si128(shift));
    let total = _mm256_min_epi32(total, _mm256_set1_epi32(i32::from(i16::MAX)));
    _mm256_max_epi32(total, _mm256_set1_epi32(i32::from(i16::MIN)))
}
