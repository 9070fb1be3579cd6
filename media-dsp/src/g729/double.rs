//! 32-bit values of which the lowest bit does not count, and the functions that ITU-T G.729 defines on them
//! by tables: logarithm, power of two, inverse square root.
//!
//! The Recommendation's fixed-point code splits such a value into an upper half and fifteen bits below it
//! (`oper_32b.c`, `dspfunc.c` of its attachment); here it stays whole.

use super::tables::{INVERSE_ROOT, LOGARITHM, POWER};
use crate::fixed::{div_s, l_mult, l_shr_r, norm_l};

/// Q31 by Q31, without the product of the lower parts.
#[inline(always)]
pub(super) fn multiply(a: i32, b: i32) -> i32 {
    let (a_upper, a_lower) = (a >> 16, (a >> 1) & 0x7fff);
    let (b_upper, b_lower) = (b >> 16, (b >> 1) & 0x7fff);
    let cross = ((a_upper * b_lower) >> 15) + ((a_lower * b_upper) >> 15);
    // Only -1 by -1 is too great; it saturates before the rest is added.
    l_mult(a_upper as i16, b_upper as i16) + 2 * cross
}

/// Q31 by Q15; `b` is not -32768.
#[inline(always)]
pub(super) fn scale(a: i32, b: i16) -> i32 {
    (((i64::from(a >> 1) * i64::from(b)) >> 15) as i32) << 1
}

/// `a / b` in Q31, for 0 <= a < b and a normalised `b`.
#[inline(always)]
pub(super) fn divide(a: i32, b: i32) -> i32 {
    let first = div_s(0x3fff, (b >> 16) as i16);
    let error = i32::MAX.saturating_sub(scale(b, first));
    let inverse = scale(error, first);
    multiply(a, inverse).saturating_mul(4)
}

/// The logarithm to the base two: exponent and fraction (Q15); nothing for what is not positive.
#[inline(always)]
pub(super) fn logarithm(x: i32) -> (i16, i16) {
    if x <= 0 {
        return (0, 0);
    }
    let exponent = norm_l(x);
    let mantissa = x << exponent;
    let (at, within) = ((mantissa >> 25) as usize - 32, (mantissa >> 10) & 0x7fff);
    (30 - exponent, (between(&LOGARITHM, at, within) >> 16) as i16)
}

/// Exponent and fraction as one value, the exponent in the upper half.
#[inline(always)]
pub(super) fn compose(exponent: i16, fraction: i16) -> i32 {
    (i32::from(exponent) << 16) + (i32::from(fraction) << 1)
}

/// Two to `exponent` and `fraction` (Q15), rounded.
#[inline(always)]
pub(super) fn power(exponent: i16, fraction: i16) -> i32 {
    let x = i32::from(fraction) << 6;
    let value = between(&POWER, (x >> 16) as usize & 31, (x >> 1) & 0x7fff);
    l_shr_r(value, 30 - exponent)
}

/// One over the square root, Q30 for an integer; the greatest for what is not positive.
#[inline(always)]
pub(super) fn inverse_root(x: i32) -> i32 {
    if x <= 0 {
        return 0x3fff_ffff;
    }
    let norm = norm_l(x);
    let exponent = 30 - norm;
    // The mantissa is in steps of four.
    let mantissa = (x << norm) >> (1 - (exponent & 1));
    let (at, within) = ((mantissa >> 25) as usize - 16, (mantissa >> 10) & 0x7fff);
    between(&INVERSE_ROOT, at, within) >> ((exponent >> 1) + 1)
}

/// The table between `at` and the next, at the Q15 place `within`; in the upper half.
#[inline(always)]
fn between<const N: usize>(table: &[i16; N], at: usize, within: i32) -> i32 {
    let (left, right) = (i32::from(table[at]), i32::from(table[at + 1]));
    (left << 16) - 2 * (left - right) * within
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_functions_are_near_what_they_are_called() {
        for x in [1, 2, 3, 17, 1_000, 65_536, 1 << 29, i32::MAX] {
            let (exponent, fraction) = logarithm(x);
            let log = f64::from(exponent) + f64::from(fraction) / 32_768.0;
            assert!((log - f64::from(x).log2()).abs() < 2e-4, "{x}");
            let root = f64::from(inverse_root(x)) / f64::from(1 << 30);
            assert!((root * f64::from(x).sqrt() - 1.0).abs() < 2e-2 || x > 1 << 20, "{x}");
        }
        assert_eq!((logarithm(0), inverse_root(-1)), ((0, 0), 0x3fff_ffff));
        assert_eq!(power(14, 0), 16_384);
    }

    #[test]
    fn only_the_product_of_two_least_values_saturates() {
        assert_eq!(multiply(i32::MIN, i32::MIN), i32::MAX);
        assert_eq!(multiply(i32::MIN, 0x4000_0000), -0x4000_0000);
        assert_eq!(scale(0x4000_0000, 16_384), 0x2000_0000);
    }
}
