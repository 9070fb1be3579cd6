//! Sums of products over vectors, equal to those of the Recommendation that saturate at every step.

use super::filter::PRODUCTS_LIMIT;
use crate::fixed::l_mac;

/// The sum of products, where no sum of them can reach 2^30.
#[inline(always)]
pub(super) fn dot(x: &[i16], y: &[i16]) -> i32 {
    x.iter().zip(y).fold(0, |sum, (&a, &b)| sum + i32::from(a) * i32::from(b))
}

/// `start` and twice the products, saturated one by one.
#[cold]
#[inline(never)]
pub(super) fn dot_saturating(start: i32, x: &[i16], y: &[i16]) -> i32 {
    x.iter().zip(y).fold(start, |sum, (&a, &b)| l_mac(sum, a, b))
}

/// The sum of squares.
#[inline(always)]
pub(super) fn squares(x: &[i16]) -> i64 {
    // Both halves of the squares apart, so that 32 bits are enough for each.
    let (mut upper, mut lower) = (0_u32, 0_u32);
    for &value in x {
        let square = (i32::from(value) * i32::from(value)) as u32;
        upper += square >> 16;
        lower += square & 0xffff;
    }
    (i64::from(upper) << 16) + i64::from(lower)
}

/// `start` and twice the sum of squares, saturated: such a sum never comes back.
#[inline(always)]
pub(super) fn energy(x: &[i16], start: i64) -> i32 {
    (start + 2 * squares(x)).min(i64::from(i32::MAX)) as i32
}

/// Whether sums of products of vectors with these energies stay below 2^30, whatever the order.
#[inline(always)]
pub(super) fn within(energy: i64, other: i64) -> bool {
    // The inequality of Cauchy and Schwarz; the energies have less than 40 bits.
    energy.saturating_mul(other) < PRODUCTS_LIMIT * PRODUCTS_LIMIT
}
