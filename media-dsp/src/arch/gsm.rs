//! GSM full rate's kernels: the lattices, whose recursions run in vector registers for their saturating
//! arithmetic, and the long-term correlation, with the lags in lanes.

// Functions compiled for a level are called where the level was found.
#![allow(unsafe_code)]

use super::lanes;
use super::per_level::per_level;
use crate::gsm::{lag, lattice};

per_level! {
    /// [`lattice::analyse`] at a level.
    fn analyse(stages: &mut [i16; 8], reflections: &[[i16; 8]; 4], samples: &mut [i16; 160]) {
        Avx2 => lattice::analyse::<x86::Register>,
        Neon => lattice::analyse::<neon::Register>,
        _ => lattice::analyse::<i16>,
    }

    /// [`lattice::synthesize`] at a level.
    fn synthesize(
        stages: &mut [i16; 8],
        emphasis: &mut i16,
        reflections: &[[i16; 8]; 4],
        samples: &mut [i16; 160],
    ) {
        Avx2 => lattice::synthesize::<x86::Register>,
        Neon => lattice::synthesize::<neon::Register>,
        _ => lattice::synthesize::<i16>,
    }

    /// [`lag::correlate`] at a level.
    fn correlate(scaled: &[i16; 40], past: &[i16; 120]) -> [i32; lag::LAGS] {
        Avx512 => lag::correlate_lanes::<lanes::avx512::Sixteen>,
        Avx2 => lag::correlate_lanes::<lanes::avx2::Eight>,
        Neon => lag::correlate_lanes::<lanes::neon::Four>,
        _ => lag::correlate,
    }
}

/// A 16-bit value with the arithmetic of the lattices.
pub(crate) trait Word: Copy {
    /// Of a sample.
    fn of(value: i16) -> Self;

    /// The sample again.
    fn value(self) -> i16;

    /// Sum, saturated.
    fn plus(self, other: Self) -> Self;

    /// Difference, saturated.
    fn minus(self, other: Self) -> Self;

    /// Q15 product, rounded; one of the two is not -32768.
    fn times(self, other: Self) -> Self;
}

impl Word for i16 {
    #[inline(always)]
    fn of(value: i16) -> Self {
        value
    }

    #[inline(always)]
    fn value(self) -> i16 {
        self
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        self.saturating_add(other)
    }

    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        self.saturating_sub(other)
    }

    #[inline(always)]
    fn times(self, other: Self) -> Self {
        ((i32::from(self) * i32::from(other) + 0x4000) >> 15) as i16
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::Word;
    use std::arch::x86_64::*;

    /// A word in the lowest lane. It is made and used only within functions compiled for AVX2, which are
    /// called when the level was found: this is what every `SAFETY` below refers to.
    #[derive(Clone, Copy)]
    pub(super) struct Register(__m128i);

    impl Word for Register {
        #[inline(always)]
        fn of(value: i16) -> Self {
            // SAFETY: AVX2 is here.
            Self(unsafe { _mm_cvtsi32_si128(i32::from(value)) })
        }

        #[inline(always)]
        fn value(self) -> i16 {
            // SAFETY: AVX2 is here.
            unsafe { _mm_cvtsi128_si32(self.0) as i16 }
        }

        #[inline(always)]
        fn plus(self, other: Self) -> Self {
            // SAFETY: AVX2 is here.
            Self(unsafe { _mm_adds_epi16(self.0, other.0) })
        }

        #[inline(always)]
        fn minus(self, other: Self) -> Self {
            // SAFETY: AVX2 is here.
            Self(unsafe { _mm_subs_epi16(self.0, other.0) })
        }

        #[inline(always)]
        fn times(self, other: Self) -> Self {
            // SAFETY: AVX2 is here.
            Self(unsafe { _mm_mulhrs_epi16(self.0, other.0) })
        }
    }
}

#[cfg(target_arch = "aarch64")]
mod neon {
    use super::Word;
    use std::arch::aarch64::*;

    /// A word in all lanes of a vector.
    #[derive(Clone, Copy)]
    pub(super) struct Register(int16x4_t);

    impl Word for Register {
        #[inline(always)]
        fn of(value: i16) -> Self {
            // SAFETY: every AArch64 processor has NEON.
            Self(unsafe { vdup_n_s16(value) })
        }

        #[inline(always)]
        fn value(self) -> i16 {
            // SAFETY: every AArch64 processor has NEON.
            unsafe { vget_lane_s16::<0>(self.0) }
        }

        #[inline(always)]
        fn plus(self, other: Self) -> Self {
            // SAFETY: every AArch64 processor has NEON.
            Self(unsafe { vqadd_s16(self.0, other.0) })
        }

        #[inline(always)]
        fn minus(self, other: Self) -> Self {
            // SAFETY: every AArch64 processor has NEON.
            Self(unsafe { vqsub_s16(self.0, other.0) })
        }

        #[inline(always)]
        fn times(self, other: Self) -> Self {
            // SAFETY: every AArch64 processor has NEON.
            Self(unsafe { vqrdmulh_s16(self.0, other.0) })
        }
    }
}
