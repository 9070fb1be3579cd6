//! The kernels of the echo canceller's adaptive filter: products of spectra over all partitions of the
//! tail, the Kalman update, and the taps that are convolved without delay.
//!
//! Every kernel is one source, compiled for each level with vector instructions of that width. There are
//! no fused multiplications and no sums in an order that depends on the width: all levels give equal bits.

#![allow(unsafe_code)] // Functions that are compiled for a level are called when that level is here.

use super::Level;
#[cfg(target_arch = "x86_64")]
use super::fft::ByShuffles;
use super::fft::{BINS, ByMemory, Plan, SIZE, Spectrum, Transpose};

/// Samples of a partition of the tail.
pub(crate) const BLOCK: usize = SIZE / 2;
/// Samples of a millisecond.
pub(crate) const HOP: usize = 8;

macro_rules! kernels {
    ($($(#[$doc:meta])* fn $name:ident($($argument:ident: $type:ty),* $(,)?) $(-> $result:ty)?;)*) => {
        $($(#[$doc])*
        pub(crate) fn $name(level: Level, $($argument: $type),*) $(-> $result)? {
            match level {
                // SAFETY: a level is only ever one that this machine has.
                #[cfg(target_arch = "x86_64")]
                Level::Avx512 => unsafe { avx512::$name($($argument),*) },
                // SAFETY: as above.
                #[cfg(target_arch = "x86_64")]
                Level::Avx2 => unsafe { avx2::$name($($argument),*) },
                _ => body::$name::<ByMemory>($($argument),*),
            }
        })*

        #[cfg(target_arch = "x86_64")]
        mod avx2 {
            use super::*;
            $(#[target_feature(enable = "avx2")]
            pub(super) fn $name($($argument: $type),*) $(-> $result)? {
                body::$name::<ByShuffles>($($argument),*)
            })*
        }

        #[cfg(target_arch = "x86_64")]
        mod avx512 {
            use super::*;
            $(#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
            pub(super) fn $name($($argument: $type),*) $(-> $result)? {
                body::$name::<ByShuffles>($($argument),*)
            })*
        }
    };
}

kernels! {
    /// The sum of the products of the far end's spectra, the newest first in `far.0` and then in `far.1`,
    /// with the partitions of a filter.
    fn convolve(far: (&[Spectrum], &[Spectrum]), filter: &[Spectrum]) -> Spectrum;
    /// The sum of the far end's power times the uncertainty of each partition.
    fn doubt(far: (&[Spectrum], &[Spectrum]), unsure: &[[f32; BINS]]) -> [f32; BINS];
    /// The Kalman update of a filter and of its uncertainty.
    fn adapt(
        far: (&[Spectrum], &[Spectrum]),
        filter: &mut [Spectrum],
        unsure: &mut [[f32; BINS]],
        gain: &Gain,
    );
    /// Takes the taps that lie beyond the partition out of it, and gives those that stay.
    fn constrain(plan: &Plan, partition: &mut Spectrum) -> [f32; BLOCK];
    /// The next eight outputs of 64 taps, reversed; `far` begins 63 samples before the first output.
    fn head(taps: &[f32; BLOCK], far: &[f32; BLOCK + HOP]) -> [f32; HOP];
    /// The sums of squares of four blocks, of the difference of the last two, and of that of the second
    /// and the third.
    fn energies(
        far: &[f32; BLOCK],
        near: &[f32; BLOCK],
        front: &[f32; BLOCK],
        back: &[f32; BLOCK],
    ) -> [f32; 6];
}

/// What the Kalman update is driven by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Gain {
    /// One over the error's expected power.
    pub(crate) weight: [f32; BINS],
    /// The error's spectrum times `weight`.
    pub(crate) error: Spectrum,
    /// The part of the block's news that takes uncertainty away.
    pub(crate) told: f32,
    /// The square of the part of the path that stays from block to block.
    pub(crate) stays: f32,
    /// The power of a path's partition that is thought possible before any is found.
    pub(crate) prior: f32,
}

mod body;
