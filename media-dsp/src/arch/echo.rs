//! The kernels of the echo canceller: what every millisecond goes through before and after the adaptive
//! filter, the taps that are convolved without delay, and over all partitions of the tail the products of
//! spectra and the Kalman update.
//!
//! Every kernel is one source, compiled for each level with vector instructions of that width. There are
//! no fused multiplications and no sums in an order that depends on the width: all levels give equal bits.

#![allow(unsafe_code)] // Functions that are compiled for a level are called when that level is here.

use super::Level;
#[cfg(target_arch = "x86_64")]
use super::fft::ByShuffles;
use super::fft::{BINS, ByMemory, Plan, SIZE, Spectrum, Transpose};
use std::ops::Range;

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
                _ => all::$name::<ByMemory>($($argument),*),
            }
        })*

        #[cfg(target_arch = "x86_64")]
        mod avx2 {
            use super::*;
            $(#[target_feature(enable = "avx2")]
            pub(super) fn $name($($argument: $type),*) $(-> $result)? {
                all::$name::<ByShuffles>($($argument),*)
            })*
        }

        #[cfg(target_arch = "x86_64")]
        mod avx512 {
            use super::*;
            $(#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
            pub(super) fn $name($($argument: $type),*) $(-> $result)? {
                all::$name::<ByShuffles>($($argument),*)
            })*
        }
    };
}

kernels! {
    /// The sum of the products of the far end's spectra, the newest first in `far.0` and then in `far.1`,
    /// with the partitions of a filter.
    fn convolve(far: (&[Spectrum], &[Spectrum]), filter: &[Spectrum]) -> Spectrum;
    /// The same, and the sum of the far end's power times the uncertainty of each partition.
    fn expect(
        far: (&[Spectrum], &[Spectrum]),
        filter: &[Spectrum],
        unsure: &[[f32; BINS]],
    ) -> (Spectrum, [f32; BINS]);
    /// The Kalman update of a filter and of its uncertainty.
    fn adapt(
        far: (&[Spectrum], &[Spectrum]),
        filter: &mut [Spectrum],
        unsure: &mut [[f32; BINS]],
        gain: &Gain,
    );
    /// Takes the taps that lie beyond the partition out of it, and gives those that stay.
    fn constrain(plan: &Plan, partition: &mut Spectrum) -> [f32; BLOCK];
    /// The bins' power through a von Hann window, but of the lowest two and the highest one, and its sum.
    fn window(spectrum: &Spectrum) -> ([f32; BINS], f32);
    /// The place of the first of the greatest powers.
    fn greatest(power: &[f32; BINS]) -> usize;
    /// One end's samples, a block at most: without their offset; that, emphasised.
    fn enter(
        end: &mut Entry,
        samples: &[i16],
        plain: &mut [f32; BLOCK],
        emphasised: &mut [f32; BLOCK],
    );
    /// Takes the emphasis away from a block at most.
    fn leave(end: &mut Exit, rest: &mut [f32]);
    /// To the nearest whole numbers.
    fn round(samples: &[f32], out: &mut [i16]);
    /// These milliseconds of a block without the echo of 64 taps, backwards in time, and of all others, which
    /// is known as `tail`. `far`: the block before, and the one.
    fn head(
        taps: &[f32; BLOCK],
        far: &[f32; SIZE + HOP],
        tail: &[f32; BLOCK],
        near: &[f32; BLOCK],
        rows: Range<usize>,
    ) -> [f32; BLOCK];
    /// The sums of the products of samples with the real and the imaginary part of a wave, and of their
    /// squares.
    fn listen(samples: &Segment<i16>, wave: &[Segment<f32>; 2]) -> [f32; 3];
    /// The sum of squares.
    fn power(block: &[f32; BLOCK]) -> f32;
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

/// What both ends go through on their way to the filter. A high pass at 13 Hz takes the offset of a PCM
/// channel away (ITU-T G.168 §6.4.2.15). An emphasis then makes speech about as loud in all of its band:
/// what the filter learns of one sound so holds for the next one too.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Entry {
    /// The last samples and what became of them, the oldest first.
    heard: [f32; HOP],
    passed: [f32; HOP],
}

/// Takes the emphasis away from what the filter leaves.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Exit {
    /// The last samples and what became of them, the oldest first.
    heard: [f32; HOP],
    passed: [f32; HOP],
}

/// Ten milliseconds.
pub(crate) type Segment<T> = [[T; HOP]; 10];

/// All kernels' bodies.
mod all {
    pub(super) use super::body::*;
    pub(super) use super::ends::*;
}
mod body;
mod ends;
