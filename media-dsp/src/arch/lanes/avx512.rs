//! Sixteen channels in the 512-bit vectors of AVX-512.

// Intrinsics are called outside a function compiled for them, into which everything here is inlined.
#![allow(unsafe_code)]

use super::{Lanes, MOST};
use std::arch::x86_64::*;
use std::ops::{Add, BitAnd, BitOr, BitXor, Mul, Sub};

/// Sixteen channels. It is made and used only within functions compiled for AVX-512, which are called when
/// the level was found: this is what every `SAFETY` below refers to.
#[derive(Clone, Copy)]
pub(crate) struct Sixteen(__m512i);

impl Lanes for Sixteen {
    type Mask = u16;

    const COUNT: usize = 16;

    #[inline(always)]
    fn all(value: i32) -> Self {
        // SAFETY: AVX-512 is here.
        Self(unsafe { _mm512_set1_epi32(value) })
    }

    #[inline(always)]
    fn read(from: &[i32; MOST]) -> Self {
        // SAFETY: AVX-512 is here, and the array is as long as the vector.
        Self(unsafe { _mm512_loadu_si512(from.as_ptr().cast()) })
    }

    #[inline(always)]
    fn write(self, to: &mut [i32; MOST]) {
        // SAFETY: AVX-512 is here, and the array is as long as the vector.
        unsafe { _mm512_storeu_si512(to.as_mut_ptr().cast(), self.0) }
    }

    #[inline(always)]
    fn left_by(self, by: Self) -> Self {
        // SAFETY: AVX-512 is here.
        Self(unsafe { _mm512_sllv_epi32(self.0, by.0) })
    }

    #[inline(always)]
    fn right_by(self, by: Self) -> Self {
        // SAFETY: AVX-512 is here.
        Self(unsafe { _mm512_srav_epi32(self.0, by.0) })
    }

    #[inline(always)]
    fn min(self, other: Self) -> Self {
        // SAFETY: AVX-512 is here.
        Self(unsafe { _mm512_min_epi32(self.0, other.0) })
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        // SAFETY: AVX-512 is here.
        Self(unsafe { _mm512_max_epi32(self.0, other.0) })
    }

    #[inline(always)]
    fn above(self, other: Self) -> u16 {
        // SAFETY: AVX-512 is here.
        unsafe { _mm512_cmpgt_epi32_mask(self.0, other.0) }
    }

    #[inline(always)]
    fn equals(self, other: Self) -> u16 {
        // SAFETY: AVX-512 is here.
        unsafe { _mm512_cmpeq_epi32_mask(self.0, other.0) }
    }

    #[inline(always)]
    fn pick(mask: u16, yes: Self, no: Self) -> Self {
        // SAFETY: AVX-512 is here.
        Self(unsafe { _mm512_mask_blend_epi32(mask, no.0, yes.0) })
    }

    #[inline(always)]
    fn float(self) -> Self {
        // SAFETY: AVX-512 is here.
        Self(unsafe { _mm512_castps_si512(_mm512_cvtepi32_ps(self.0)) })
    }

    #[inline(always)]
    fn dot(self, other: Self) -> Self {
        // SAFETY: AVX-512 is here.
        Self(unsafe { _mm512_madd_epi16(self.0, other.0) })
    }

    #[inline(always)]
    fn look8(self, table: &[i32; 8]) -> Self {
        // SAFETY: AVX-512 is here, and the table is as long as half a vector.
        Self(unsafe {
            let half = _mm256_loadu_si256(table.as_ptr().cast());
            _mm512_permutexvar_epi32(self.0, _mm512_broadcast_i32x8(half))
        })
    }

    #[inline(always)]
    fn look16(self, table: &[i32; 16]) -> Self {
        // SAFETY: AVX-512 is here, and the table is as long as the vector.
        Self(unsafe { _mm512_permutexvar_epi32(self.0, _mm512_loadu_si512(table.as_ptr().cast())) })
    }

    #[inline(always)]
    fn look32(self, table: &[i32; 32]) -> Self {
        // SAFETY: AVX-512 is here, and the table is as long as two vectors.
        Self(unsafe {
            let low = _mm512_loadu_si512(table.as_ptr().cast());
            let high = _mm512_loadu_si512(table.as_ptr().add(16).cast());
            _mm512_permutex2var_epi32(low, self.0, high)
        })
    }

    #[inline(always)]
    fn look<const SIZE: usize>(self, table: &[i32; SIZE]) -> Self {
        let within = self.within(Self::all(0), Self::all(SIZE as i32 - 1));
        // SAFETY: AVX-512 is here, and every place is within the table.
        Self(unsafe { _mm512_i32gather_epi32::<4>(within.0, table.as_ptr()) })
    }
}

macro_rules! operator {
    ($trait:ident, $method:ident, $intrinsic:ident) => {
        impl $trait for Sixteen {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                // SAFETY: AVX-512 is here.
                Self(unsafe { $intrinsic(self.0, other.0) })
            }
        }
    };
}

operator!(Add, add, _mm512_add_epi32);
operator!(Sub, sub, _mm512_sub_epi32);
operator!(Mul, mul, _mm512_mullo_epi32);
operator!(BitAnd, bitand, _mm512_and_si512);
operator!(BitOr, bitor, _mm512_or_si512);
operator!(BitXor, bitxor, _mm512_xor_si512);
