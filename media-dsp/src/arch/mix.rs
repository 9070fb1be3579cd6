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

/// The total less `own`, saturated.
#[inline]
pub(crate) fn others(level: Level, total: &[i32], own: &[i16], out: &mut [i16]) {
    match level {
        // SAFETY: who chose the level made sure that this machine has it.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => unsafe { avx512::others(total, own, out) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => unsafe { avx2::others(total, own, out) },
        _ => scalar::others(total, own, out),
    }
}

/// A gain of one, as a power of two.
pub(crate) const GAIN_BITS: u32 = 11;
