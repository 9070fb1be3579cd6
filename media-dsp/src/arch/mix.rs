//! Adding samples up and taking them off again: the loops of the conference mixer.

// The kernels are called where their instructions are known to be there.
#![allow(unsafe_code)]

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod scalar;

use super::Level;

/// Samples of a tick, of which the first so many count as the other slices of a call have.
pub(crate) type Tick<T> = [T; LONGEST];

/// What came of [`add`].
pub(crate) struct Added {
    /// The sum of the squares of what was added, in units of 64, each pair of samples rounded down.
    pub(crate) energy: u64,
    /// Some sample of the sum has gone around: [`widen`] sets it right.
    pub(crate) wrapped: bool,
}

/// A kernel by level, with a scalar twin.
macro_rules! kernels {
    ($($(#[$doc:meta])* fn $name:ident($($arg:ident: $of:ty),*) $(-> $to:ty)?;)*) => {$(
        $(#[$doc])*
        #[inline]
        pub(crate) fn $name(level: Level, $($arg: $of),*) $(-> $to)? {
            match level {
                // SAFETY: who chose the level made sure that this machine has it.
                #[cfg(target_arch = "x86_64")]
                Level::Avx512 => unsafe { avx512::$name($($arg),*) },
                // SAFETY: as above.
                #[cfg(target_arch = "x86_64")]
                Level::Avx2 => unsafe { avx2::$name($($arg),*) },
                _ => scalar::$name($($arg),*),
            }
        }
    )*};
}

kernels! {
    /// Adds `pcm` to the sum, around the end of 16 bits, and keeps it as `own`.
    fn add(sum: &mut Tick<i16>, own: &mut Tick<i16>, pcm: &[i16]) -> Added;
    /// Adds `pcm` to the total and keeps it as `own`; returns the energy, as [`Added`] has it.
    fn add_wide(total: &mut Tick<i32>, own: &mut Tick<i16>, pcm: &[i16]) -> u64;
    /// The total, of a sum that fitted 16 bits until `last` was added.
    fn widen(total: &mut [i32], sum: &Tick<i16>, last: &Tick<i16>);
    /// `pcm` times `gain` in units of 2^-[`GAIN_BITS`], rounded and saturated.
    fn scale(pcm: &[i16], gain: i16, out: &mut [i16]);
    /// The total in two numbers of 16 bits: the nearest, and as much of the rest as one holds.
    fn settle(total: &[i32], near: &mut Tick<i16>, rest: &mut Tick<i16>);
    /// A sum less `own`, saturated.
    fn less(sum: &Tick<i16>, own: &Tick<i16>, out: &mut [i16]);
    /// A settled total less `own`, saturated.
    ///
    /// That is `near` less `own`, saturated, plus `rest`, saturated. Where `rest` is more than nothing,
    /// `near` is the greatest value: less a negative `own` it stays so, and so does the sum; less another
    /// `own` it is exact. Where `rest` is the greatest value too, the sum is, and rightly. Below zero it is
    /// the same.
    fn less_settled(near: &Tick<i16>, rest: &Tick<i16>, own: &Tick<i16>, out: &mut [i16]);
}

/// A gain of one, as a power of two.
pub(crate) const GAIN_BITS: u32 = 11;
/// The most samples in a tick: 20 ms at 48 kHz.
pub(crate) const LONGEST: usize = 960;
