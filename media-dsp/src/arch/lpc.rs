//! Kernels of linear prediction and of the search for a period, in floats: for what only has to
//! sound right (concealment, comfort noise, voice activity). All levels have one source, whose sums
//! are in one order, so that the results are equal to the last bit; fused multiplication is not
//! used.

#![allow(unsafe_code)] // Functions that need instructions which only some machines have.

#[cfg(target_arch = "x86_64")]
mod avx2;
mod lanes;

use super::Level;
pub(crate) use lanes::{Filter, LAGS_AT_ONCE, MAX_ORDER};

/// The greatest level up to this one that the machine has and that there are kernels for.
pub(crate) fn usable(level: Level) -> Level {
    let wide = matches!(level, Level::Avx2 | Level::Avx512);
    if wide && Level::here().any(|here| here == Level::Avx2) { Level::Avx2 } else { Level::Scalar }
}

/// The products of the template with so many windows, each a sample later than the one before, and
/// the energies of the windows.
pub(crate) fn correlate(
    level: Level,
    template: &[f32],
    windows: &[f32],
) -> ([f32; LAGS_AT_ONCE], [f32; LAGS_AT_ONCE]) {
    match level {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: `usable` gives this level only where there is AVX2.
        Level::Avx2 => unsafe { avx2::correlate(template, windows) },
        _ => lanes::correlate(template, windows),
    }
}

/// The products of a signal with itself, 0, 1, 2... samples earlier. The signal begins with as many
/// samples of what went before as the greatest of these shifts; whole blocks of eight follow.
pub(crate) fn autocorrelate(level: Level, signal: &[f32], products: &mut [f32]) {
    match level {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: `usable` gives this level only where there is AVX2.
        Level::Avx2 => unsafe { avx2::autocorrelate(signal, products) },
        _ => lanes::autocorrelate(signal, products),
    }
}

/// The sum of the squares of the differences of neighbours.
pub(crate) fn differences(level: Level, signal: &[f32]) -> f32 {
    match level {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: `usable` gives this level only where there is AVX2.
        Level::Avx2 => unsafe { avx2::differences(signal) },
        _ => lanes::differences(signal),
    }
}

/// Filters whole blocks of eight samples; `last` is what went before, the latest at the end.
pub(crate) fn recur(
    level: Level,
    filter: &Filter,
    input: &[f32],
    last: &mut [f32; MAX_ORDER],
    out: &mut [f32],
) {
    match level {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: `usable` gives this level only where there is AVX2.
        Level::Avx2 => unsafe { avx2::recur(filter, input, last, out) },
        _ => lanes::recur(filter, input, last, out),
    }
}
