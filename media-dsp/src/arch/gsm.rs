//! GSM full rate's kernels: the lattices, whose recursions run in vector registers for their saturating
//! arithmetic, and the long-term correlation, with the lags in lanes.

// Functions compiled for a level are called where the level was found.
#![allow(unsafe_code)]

use super::Level;
use crate::gsm::{lag, lattice};

/// [`lattice::analyse`] at a level.
pub(crate) fn analyse(
    level: Level,
    stages: &mut [i16; 8],
    reflections: &[[i16; 8]; 4],
    samples: &mut [i16; 160],
) {
    #[cfg(target_arch = "x86_64")]
    if matches!(level, Level::Avx2 | Level::Avx512) {
        // SAFETY: the level includes these instructions.
        unsafe { x86::analyse(stages, reflections, samples) };
        return;
    }
    #[cfg(target_arch = "aarch64")]
    if level == Level::Neon {
        lattice::analyse::<neon::Register>(stages, reflections, samples);
        return;
    }
    let _ = level;
    lattice::analyse::<i16>(stages, reflections, samples);
}

/// [`lattice::synthesize`] at a level.
pub(crate) fn synthesize(
    level: Level,
    stages: &mut [i16; 8],
    emphasis: &mut i16,
    reflections: &[[i16; 8]; 4],
    samples: &mut [i16; 160],
) {
    #[cfg(target_arch = "x86_64")]
    if matches!(level, Level::Avx2 | Level::Avx512) {
        // SAFETY: the level includes these instructions.
        unsafe { x86::synthesize(stages, emphasis, reflections, samples) };
        return;
    }
    #[cfg(target_arch = "aarch64")]
    if level == Level::Neon {
        lattice::synthesize::<neon::Register>(stages, emphasis, reflections, samples);
        return;
    }
    let _ = level;
    lattice::synthesize::<i16>(stages, emphasis, reflections, samples);
}

/// [`lag::correlate`] at a level.
pub(crate) fn correlate(level: Level, scaled: &[i16; 40], past: &[i16; 120]) -> [i32; lag::LAGS] {
    #[cfg(target_arch = "x86_64")]
    match level {
        // SAFETY: the level includes these instructions.
        Level::Avx512 => return unsafe { x86::correlate_sixteen(scaled, past) },
        // SAFETY: the level includes these instructions.
        Level::Avx2 => return unsafe { x86::correlate_eight(scaled, past) },
        _ => {}
    }
    #[cfg(target_arch = "aarch64")]
    if level == Level::Neon {
        return lag::correlate_lanes::<super::lanes::neon::Four>(scaled, past);
    }
    let _ = level;
    lag::correlate(scaled, past)
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
    use crate::arch::lanes::avx2::Eight;
    use crate::arch::lanes::avx512::Sixteen;
    use crate::gsm::{lag, lattice};
    use std::arch::x86_64::*;

    /// A word in the lowest lane. It is made and used only within functions compiled for AVX2, which are
    /// called when the level was found: this is what every `SAFETY` below refers to.
    #[derive(Clone, Copy)]
    struct Register(__m128i);

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

    #[target_feature(enable = "avx2")]
    pub(super) fn analyse(
        stages: &mut [i16; 8],
        reflections: &[[i16; 8]; 4],
        samples: &mut [i16; 160],
    ) {
        lattice::analyse::<Register>(stages, reflections, samples);
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn synthesize(
        stages: &mut [i16; 8],
        emphasis: &mut i16,
        reflections: &[[i16; 8]; 4],
        samples: &mut [i16; 160],
    ) {
        lattice::synthesize::<Register>(stages, emphasis, reflections, samples);
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn correlate_eight(scaled: &[i16; 40], past: &[i16; 120]) -> [i32; lag::LAGS] {
        lag::correlate_lanes::<Eight>(scaled, past)
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2")]
    pub(super) fn correlate_sixteen(scaled: &[i16; 40], past: &[i16; 120]) -> [i32; lag::LAGS] {
        lag::correlate_lanes::<Sixteen>(scaled, past)
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
