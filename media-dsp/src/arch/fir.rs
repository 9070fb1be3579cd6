//! Correlations of streams of samples with taps: the inner loop of the rate converter.

// The kernels are called where their instructions are known to be there.
#![allow(unsafe_code)]

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod scalar;

use super::Level;

/// Sums that are worked out at a time.
pub(crate) const TILE: usize = 32;

/// Bits that are dropped of the sum over half the taps of a stream, before such sums are added.
pub(crate) const HEADROOM: u32 = 3;

/// Taps for some phases over one or more streams of samples.
#[derive(Clone, Copy)]
pub(crate) struct Bank<'a> {
    /// Pairs of taps by stream, then place, then phase.
    pub taps: &'a [[i16; 2]],
    /// How many streams.
    pub streams: usize,
    /// From one stream to the next.
    pub stride: usize,
    /// Pairs of taps of one phase over one stream.
    pub pairs: usize,
    /// What the sum is multiplied with.
    pub gain: i32,
    /// By how many places the sum is then shifted right.
    pub scale: u32,
}

impl Bank<'_> {
    /// Samples that a tile reads.
    fn reach(&self) -> usize {
        (self.streams - 1) * self.stride + TILE + 2 * self.pairs
    }
}

/// For each of `P` phases and each place `i` of the tile: the sum over streams and taps of
/// `stream[i + tap] * taps[tap]`, times the gain, scaled, rounded and saturated.
#[inline]
pub(crate) fn tile<const P: usize>(level: Level, bank: &Bank<'_>, x: &[i16]) -> [[i16; TILE]; P] {
    assert!(x.len() >= bank.reach() && bank.taps.len() == bank.streams * bank.pairs * P);
    match level {
        // SAFETY: who chose the level made sure that this machine has it; the lengths were checked.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => unsafe { avx512::tile(bank, x) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => unsafe { avx2::tile(bank, x) },
        _ => scalar::tile(bank, x),
    }
}
