//! Arithmetic that G.723.1 has beside the basic operators.

use crate::fixed::norm_s;

/// `value` times `by` in Q15, not rounded: 32 bits by 16.
#[inline(always)]
pub(super) fn scale(value: i32, by: i16) -> i32 {
    ((i64::from(value) * i64::from(by)) >> 15) as i32
}

/// `over / under` in Q15, where `under` stands in the upper half; 32767 where it would be 1 or
/// more.
#[inline(always)]
pub(super) fn divide(over: i32, under: i16) -> i16 {
    if over >= i32::from(under) << 16 {
        return i16::MAX;
    }
    ((over >> 1) / i32::from(under)) as i16
}

/// The square root in Q15 of `value` in Q31, to 14 bits; 0 below 0.
#[inline(always)]
pub(super) fn root(value: i32) -> i16 {
    ((value.max(0) as u32 >> 1).isqrt() & !1) as i16
}

/// Brings the largest magnitude to 12 bits, and says by how many places the samples were shifted
/// left.
pub(super) fn normalise(samples: &mut [i16]) -> i16 {
    let largest = samples.iter().fold(0, |most: i16, &it| most.max(it.saturating_abs()));
    let places = norm_s(largest);
    for sample in samples {
        *sample = ((i32::from(*sample) << places) >> 3) as i16;
    }
    places - 3
}

/// The generator of noise: the next number, all 16 bits (§3.10.2).
pub(super) fn random(seed: &mut i16) -> i16 {
    *seed = (i32::from(*seed as u16).wrapping_mul(521).wrapping_add(259)) as i16;
    *seed
}
