//! Eight channels in the 256-bit vectors of AVX2.

// Intrinsics are called outside a function compiled for them, into which everything here is inlined.
#![allow(unsafe_code)]

use super::{Lanes, MOST};
use std::arch::x86_64::*;
use std::ops::{Add, BitAnd, BitOr, BitXor, Mul, Sub};

/// Eight channels. It is made and used only within functions compiled for AVX2, which are called when
/// the level was found: this is what every `SAFETY` below refers to.
#[derive(Clone, Copy)]
pub(crate) struct Eight(__m256i);

impl Lanes for Eight {
    type Mask = Self;

    const COUNT: usize = 8;

    #[inline(always)]
    fn all(value: i32) -> Self {
        // SAFETY: AVX2 is here.
        Self(unsafe { _mm256_set1_epi32(value) })
    }

    #[inline(always)]
    fn read(from: &[i32; MOST]) -> Self {
        // SAFETY: AVX2 is here, and the array is longer than the vector.
        Self(unsafe { _mm256_loadu_si256(from.as_ptr().cast()) })
    }

    #[inline(always)]
    fn write(self, to: &mut [i32; MOST]) {
        // SAFETY: AVX2 is here, and the array is longer than the vector.
        unsafe { _mm256_storeu_si256(to.as_mut_ptr().cast(), self.0) }
    }

    #[inline(always)]
    fn left_by(self, by: Self) -> Self {
        // SAFETY: AVX2 is here.
        Self(unsafe { _mm256_sllv_epi32(self.0, by.0) })
    }

    #[inline(always)]
    fn right_by(self, by: Self) -> Self {
        // SAFETY: AVX2 is here.
        Self(unsafe { _mm256_srav_epi32(self.0, by.0) })
    }

    #[inline(always)]
    fn min(self, other: Self) -> Self {
        // SAFETY: AVX2 is here.
        Self(unsafe { _mm256_min_epi32(self.0, other.0) })
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        // SAFETY: AVX2 is here.
        Self(unsafe { _mm256_max_epi32(self.0, other.0) })
    }

    #[inline(always)]
    fn above(self, other: Self) -> Self {
        // SAFETY: AVX2 is here.
        Self(unsafe { _mm256_cmpgt_epi32(self.0, other.0) })
    }

    #[inline(always)]
    fn equals(self, other: Self) -> Self {
        // SAFETY: AVX2 is here.
        Self(unsafe { _mm256_cmpeq_epi32(self.0, other.0) })
    }

    #[inline(always)]
    fn pick(mask: Self, yes: Self, no: Self) -> Self {
        // SAFETY: AVX2 is here.
        Self(unsafe { _mm256_blendv_epi8(no.0, yes.0, mask.0) })
    }

    #[inline(always)]
    fn float(self) -> Self {
        // SAFETY: AVX2 is here.
        Self(unsafe { _mm256_castps_si256(_mm256_cvtepi32_ps(self.0)) })
    }

    #[inline(always)]
    fn dot(self, other: Self) -> Self {
        // SAFETY: AVX2 is here.
        Self(unsafe { _mm256_madd_epi16(self.0, other.0) })
    }

    #[inline(always)]
    fn look8(self, table: &[i32; 8]) -> Self {
        self.eight(table, 0)
    }

    #[inline(always)]
    fn look16(self, table: &[i32; 16]) -> Self {
        let (low, high) = (self.eight(table, 0), self.eight(table, 8));
        Self::pick(self.above(Self::all(7)), high, low)
    }

    #[inline(always)]
    fn look32(self, table: &[i32; 32]) -> Self {
        let (first, second) = (self.eight(table, 0), self.eight(table, 8));
        let (third, fourth) = (self.eight(table, 16), self.eight(table, 24));
        let odd = (self & Self::all(8)).above(Self::all(0));
        let (low, high) = (Self::pick(odd, second, first), Self::pick(odd, fourth, third));
        Self::pick(self.above(Self::all(15)), high, low)
    }

    #[inline(always)]
    fn look<const SIZE: usize>(self, table: &[i32; SIZE]) -> Self {
        let within = self.within(Self::all(0), Self::all(SIZE as i32 - 1));
        // SAFETY: AVX2 is here, and every place is within the table.
        Self(unsafe { _mm256_i32gather_epi32::<4>(table.as_ptr(), within.0) })
    }
}

impl Eight {
    /// By the lower three bits, from the eight entries at `from`.
    #[inline(always)]
    fn eight<const SIZE: usize>(self, table: &[i32; SIZE], from: usize) -> Self {
        const { assert!(SIZE.is_multiple_of(8)) }
        let from = from & (SIZE - 8);
        // SAFETY: AVX2 is here, and the table has eight entries from there.
        Self(unsafe {
            let entries = _mm256_loadu_si256(table.as_ptr().add(from).cast());
            _mm256_permutevar8x32_epi32(entries, self.0)
        })
    }
}

macro_rules! operator {
    ($trait:ident, $method:ident, $intrinsic:ident) => {
        impl $trait for Eight {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                // SAFETY: AVX2 is here.
                Self(unsafe { $intrinsic(self.0, other.0) })
            }
        }
    };
}

operator!(Add, add, _mm256_add_epi32);
operator!(Sub, sub, _mm256_sub_epi32);
operator!(Mul, mul, _mm256_mullo_epi32);
operator!(BitAnd, bitand, _mm256_and_si256);
operator!(BitOr, bitor, _mm256_or_si256);
operator!(BitXor, bitxor, _mm256_xor_si256);
