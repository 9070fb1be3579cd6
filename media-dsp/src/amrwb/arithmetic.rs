//! What the codec computes by table and exponent: logarithm, power of two, inverse square root,
//! energies; and its noise generator (3GPP TS 26.173, `math_op.c`, `log2.c`, `random.c`).

use super::tables::{INVERSE_ROOT, LOG2, POW2};
use super::{FRAME_12K8, Lineage};
use crate::fixed::{l_mac, l_mult, l_shl, mult, norm_l, round, saturate, shl};

/// A linear congruential generator of 16 bits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Noise(i16);

impl Noise {
    pub(super) fn new() -> Self {
        Self(21_845)
    }

    pub(super) fn next(&mut self) -> i16 {
        self.0 = self.0.wrapping_mul(31_821).wrapping_add(13_849);
        self.0
    }

    /// Comfort noise of a level: log2 of its root mean square, whole part and fraction in Q15
    /// (3GPP TS 26.192, clause 6).
    pub(super) fn fill(
        &mut self,
        lineage: Lineage,
        (whole, fraction): (i16, i16),
        excitation: &mut [i16; FRAME_12K8],
    ) {
        let amplitude = pow2(whole + 15, fraction);
        let shift = norm_l(amplitude);
        for sample in excitation.iter_mut() {
            *sample = self.next() >> 4;
        }
        let (value, exponent) = energy(excitation);
        let (root, exponent) = inverse_root(value, exponent);
        let gain = mult(((amplitude << shift) >> 16) as i16, (root >> 16) as i16);
        let exponent = exponent + 15 - shift + 4;
        for sample in excitation {
            *sample = lineage.shift_16(mult(*sample, gain), exponent);
        }
    }
}

/// Energy of a vector, normalised in Q31, and its exponent: `energy = value * 2^(exponent - 31)`.
pub(super) fn energy(vector: &[i16]) -> (i32, i16) {
    let sum: i64 = vector.iter().map(|&x| i64::from(i32::from(x) * i32::from(x))).sum();
    let total = (2 * sum + 1).min(i64::from(i32::MAX)) as i32;
    let shift = norm_l(total);
    (total << shift, 30 - shift)
}

/// `1 / sqrt(value * 2^exponent)` of a normalised value, again with an exponent.
pub(super) fn inverse_root(value: i32, exponent: i16) -> (i32, i16) {
    if value <= 0 {
        return (i32::MAX, 0);
    }
    let value = if exponent & 1 == 1 { value >> 1 } else { value };
    let place = ((value >> 25) - 16).max(0) as usize;
    (interpolate(&INVERSE_ROOT, place, (value >> 10) & 0x7fff), -((exponent - 1) >> 1))
}

/// log2 of a value: integer part and fraction in Q15; 0 for what is not positive.
pub(super) fn log2(value: i32) -> (i16, i16) {
    if value <= 0 {
        return (0, 0);
    }
    let shift = norm_l(value);
    let value = value << shift;
    let place = ((value >> 25) - 32) as usize;
    (30 - shift, (interpolate(&LOG2, place, (value >> 10) & 0x7fff) >> 16) as i16)
}

/// 2 to the power of `exponent` and a fraction in Q15, rounded.
pub(super) fn pow2(exponent: i16, fraction: i16) -> i32 {
    let place = (fraction >> 10) as usize;
    let value = interpolate(&POW2, place, (i32::from(fraction) << 5) & 0x7fff) >> 1;
    match 29 - exponent {
        0 => value,
        shift @ 1..=30 => (value >> shift) + ((value >> (shift - 1)) & 1),
        _ => 0,
    }
}

/// `a / b` in Q15 where it is between 0 and 1, otherwise 0.
pub(super) fn ratio(a: i16, b: i16) -> i16 {
    if a <= 0 || a > b {
        return 0;
    }
    if a == b {
        return i16::MAX;
    }
    ((i32::from(a) << 15) / i32::from(b)) as i16
}

/// 32 by 16 bits, divided by 2^15; the last bit is zero.
#[inline(always)]
pub(super) fn mul_32_16(a: i32, b: i16) -> i32 {
    (((i64::from(a) * i64::from(b)) >> 16) as i32) << 1
}

/// [`mul_32_16`] of a value whose last bit is left out: the double precision of the basic
/// operators.
#[inline(always)]
pub(super) fn mul_dpf_16(a: i32, b: i16) -> i32 {
    (((i64::from(a >> 1) * i64::from(b)) >> 15) as i32) << 1
}

/// The square of a value in double precision: the product of the basic operators.
pub(super) fn square_dpf(a: i32) -> i32 {
    let (hi, lo) = parts(a);
    let (hi, lo) = (hi as i16, lo as i16);
    let cross = mult(hi, lo);
    l_mac(l_mac(l_mult(hi, hi), cross, 1), cross, 1)
}

/// Sum of products as far as the shorter one goes, without saturation.
#[inline(always)]
pub(super) fn dot(a: &[i16], b: &[i16]) -> i32 {
    a.iter().zip(b).fold(0, |sum: i32, (&x, &y)| sum.wrapping_add(i32::from(x) * i32::from(y)))
}

/// A word in double precision: its upper half, and the next 15 bits.
#[inline(always)]
pub(super) fn parts(value: i32) -> (i32, i32) {
    (value >> 16, (value & 0xffff) >> 1)
}

/// Scales a signal up by so many bits, or down, rounded.
pub(super) fn scale(signal: &mut [i16], bits: i16) {
    for sample in signal {
        *sample = match bits {
            1.. => saturate(i32::from(*sample) << bits.min(15)),
            _ => (((i32::from(*sample) << 16 >> -bits).wrapping_add(0x8000)) >> 16) as i16,
        };
    }
}

impl Lineage {
    /// `a` shifted left, or right for a negative `by`, of which the library regards four bits.
    pub(super) fn shift_32(self, a: i32, by: i16) -> i32 {
        match self {
            Self::Opencore if by < 0 => a >> (-by & 15),
            _ => l_shl(a, by),
        }
    }

    /// The upper half, rounded; the library saturates the greatest value alone.
    #[inline(always)]
    pub(super) fn round(self, a: i32) -> i16 {
        match self {
            Self::Opencore if a != i32::MAX => (a.wrapping_add(0x8000) >> 16) as i16,
            _ => round(a),
        }
    }

    /// [`Lineage::shift_32`] for 16 bits.
    pub(super) fn shift_16(self, a: i16, by: i16) -> i16 {
        match self {
            Self::Opencore if by < 0 => a >> (-by & 15),
            _ => shl(a, by),
        }
    }
}

fn interpolate(table: &[i16], place: usize, part: i32) -> i32 {
    let (here, next) = (i32::from(table[place]), i32::from(table[place + 1]));
    (here << 16) - 2 * (here - next) * part
}
