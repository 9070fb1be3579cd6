//! Adding samples up and taking them off again: the loops of the conference mixer.

// The kernels are called where their instructions are known to be there.
#![allow(unsafe_code)]

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod scalar;

use super::Level;

/// One contribution to a mix: as many samples in each.
pub(crate) struct Contribution<'a> {
    /// The sum of all.
    pub total: &'a mut [i32],
    /// Kept of what this one adds.
    pub own: &'a mut [i16],
    /// What this one adds.
    pub pcm: &'a [i16],
}

/// Adds `pcm` to the total and keeps it; returns the sum of its squares in units of 64, each pair of
/// samples rounded down.
#[inline]
pub(crate) fn add(level: Level, it: Contribution<'_>) -> u64 {
    match level {
        // SAFETY: who chose the level made sure that this machine has it.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => unsafe { avx512::add(it) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => unsafe { avx2::add(it) },
        _ => scalar::add(it),
    }
}

/// `pcm` times `gain` in units of 2^-[`GAIN_BITS`], rounded and saturated.
#[inline]
pub(crate) fn scale(level: Level, pcm: &[i16], gain: i16, out: &mut [i16]) {
    match level {
        // SAFETY: who chose the level made sure that this machine has it.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => unsafe { avx512::scale(pcm, gain, out) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => unsafe { avx2::scale(pcm, gain, out) },
        _ => scalar::scale(pcm, gain, out),
    }
}

/// The total in two numbers of 16 bits: the nearest, and as much of the rest as one holds.
#[inline]
pub(crate) fn settle(level: Level, total: &[i32], near: &mut [i16], rest: &mut [i16]) {
    match level {
        // SAFETY: who chose the level made sure that this machine has it.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => unsafe { avx512::settle(total, near, rest) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => unsafe { avx2::settle(total, near, rest) },
        _ => scalar::settle(total, near, rest),
    }
}

/// The total less `own`, saturated.
///
/// That is `near` less `own`, saturated, plus `rest`, saturated. Where `rest` is more than nothing, `near`
/// is the greatest value: less a negative `own` it stays so, and so does the sum; less another `own` it is
/// exact. Where `rest` is the greatest value too, the sum is, and rightly. Below zero it is the same.
#[inline]
pub(crate) fn others(level: Level, near: &[i16], rest: &[i16], own: &[i16], out: &mut [i16]) {
    match level {
        // SAFETY: who chose the level made sure that this machine has it.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => unsafe { avx512::others(near, rest, own, out) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => unsafe { avx2::others(near, rest, own, out) },
        _ => scalar::others(near, rest, own, out),
    }
}

/// A gain of one, as a power of two.
pub(crate) const GAIN_BITS: u32 = 11;
