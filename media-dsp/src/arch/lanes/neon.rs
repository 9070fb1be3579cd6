//! Four channels in the 128-bit vectors of NEON.

// Intrinsics are called outside functions compiled for NEON, which every AArch64 processor has: this is
// what every `SAFETY` below refers to.
#![allow(unsafe_code)]

use super::{Lanes, MOST};
use std::arch::aarch64::*;
use std::ops::{Add, BitAnd, BitOr, BitXor, Mul, Sub};

/// Four channels.
#[derive(Clone, Copy)]
pub(crate) struct Four(int32x4_t);

impl Lanes for Four {
    type Mask = Self;

    const COUNT: usize = 4;

    #[inline(always)]
    fn all(value: i32) -> Self {
        // SAFETY: NEON is here.
        Self(unsafe { vdupq_n_s32(value) })
    }

    #[inline(always)]
    fn read(from: &[i32; MOST]) -> Self {
        // SAFETY: NEON is here, and the array is longer than the vector.
        Self(unsafe { vld1q_s32(from.as_ptr()) })
    }

    #[inline(always)]
    fn write(self, to: &mut [i32; MOST]) {
        // SAFETY: NEON is here, and the array is longer than the vector.
        unsafe { vst1q_s32(to.as_mut_ptr(), self.0) }
    }

    #[inline(always)]
    fn left_by(self, by: Self) -> Self {
        // SAFETY: NEON is here.
        Self(unsafe { vshlq_s32(self.0, by.0) })
    }

    #[inline(always)]
    fn right_by(self, by: Self) -> Self {
        // SAFETY: NEON is here.
        Self(unsafe { vshlq_s32(self.0, vnegq_s32(by.0)) })
    }

    #[inline(always)]
    fn min(self, other: Self) -> Self {
        // SAFETY: NEON is here.
        Self(unsafe { vminq_s32(self.0, other.0) })
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        // SAFETY: NEON is here.
        Self(unsafe { vmaxq_s32(self.0, other.0) })
    }

    #[inline(always)]
    fn above(self, other: Self) -> Self {
        // SAFETY: NEON is here.
        Self(unsafe { vreinterpretq_s32_u32(vcgtq_s32(self.0, other.0)) })
    }

    #[inline(always)]
    fn equals(self, other: Self) -> Self {
        // SAFETY: NEON is here.
        Self(unsafe { vreinterpretq_s32_u32(vceqq_s32(self.0, other.0)) })
    }

    #[inline(always)]
    fn pick(mask: Self, yes: Self, no: Self) -> Self {
        // SAFETY: NEON is here.
        Self(unsafe { vbslq_s32(vreinterpretq_u32_s32(mask.0), yes.0, no.0) })
    }

    #[inline(always)]
    fn float(self) -> Self {
        // SAFETY: NEON is here.
        Self(unsafe { vreinterpretq_s32_f32(vcvtq_f32_s32(self.0)) })
    }

    #[inline(always)]
    fn dot(self, other: Self) -> Self {
        // SAFETY: NEON is here.
        Self(unsafe {
            let (a, b) = (vreinterpretq_s16_s32(self.0), vreinterpretq_s16_s32(other.0));
            let low = vmull_s16(vget_low_s16(a), vget_low_s16(b));
            vpaddq_s32(low, vmull_high_s16(a, b))
        })
    }

    #[inline(always)]
    fn look8(self, table: &[i32; 8]) -> Self {
        let entries = uint8x16x2_t(octets(table, 0), octets(table, 4));
        // SAFETY: NEON is here.
        Self(unsafe { vreinterpretq_s32_u8(vqtbl2q_u8(entries, self.places())) })
    }

    #[inline(always)]
    fn look16(self, table: &[i32; 16]) -> Self {
        // SAFETY: NEON is here.
        Self(unsafe { vreinterpretq_s32_u8(vqtbl4q_u8(sixteen(table, 0), self.places())) })
    }

    #[inline(always)]
    fn look32(self, table: &[i32; 32]) -> Self {
        // SAFETY: NEON is here.
        Self(unsafe {
            let low = vqtbl4q_u8(sixteen(table, 0), self.places());
            let upper = vsubq_u8(self.places(), vdupq_n_u8(64));
            vreinterpretq_s32_u8(vqtbx4q_u8(low, sixteen(table, 16), upper))
        })
    }

    #[inline(always)]
    fn look<const SIZE: usize>(self, table: &[i32; SIZE]) -> Self {
        let mut places = [0; MOST];
        self.write(&mut places);
        for place in &mut places[..Self::COUNT] {
            *place = table[(*place as usize).min(SIZE - 1)];
        }
        Self::read(&places)
    }
}

impl Four {
    /// Where the four octets of each entry lie in a table.
    #[inline(always)]
    fn places(self) -> uint8x16_t {
        // SAFETY: NEON is here.
        unsafe {
            let first = vmulq_s32(self.0, vdupq_n_s32(0x0404_0404));
            vreinterpretq_u8_s32(vaddq_s32(first, vdupq_n_s32(0x0302_0100)))
        }
    }
}

/// Four entries of a table.
#[inline(always)]
fn octets<const SIZE: usize>(table: &[i32; SIZE], from: usize) -> uint8x16_t {
    let from = from.min(SIZE - 4);
    // SAFETY: NEON is here, and the table has four entries from there.
    unsafe { vreinterpretq_u8_s32(vld1q_s32(table.as_ptr().add(from))) }
}

/// Sixteen entries of a table.
#[inline(always)]
fn sixteen<const SIZE: usize>(table: &[i32; SIZE], from: usize) -> uint8x16x4_t {
    uint8x16x4_t(
        octets(table, from),
        octets(table, from + 4),
        octets(table, from + 8),
        octets(table, from + 12),
    )
}

macro_rules! operator {
    ($trait:ident, $method:ident, $intrinsic:ident) => {
        impl $trait for Four {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                // SAFETY: NEON is here.
                Self(unsafe { $intrinsic(self.0, other.0) })
            }
        }
    };
}

operator!(Add, add, vaddq_s32);
operator!(Sub, sub, vsubq_s32);
operator!(Mul, mul, vmulq_s32);
operator!(BitAnd, bitand, vandq_s32);
operator!(BitOr, bitor, vorrq_s32);
operator!(BitXor, bitxor, veorq_s32);
