//! Kernels of G.711. The scalar ones look values up in tables that the compiler makes from the laws; the
//! others compute many at a time: one source, compiled once for each level. The results are equal.

#![allow(unsafe_code)] // Functions that need instructions which only some machines have.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod lanes;
mod scalar;

use super::Level;
use crate::g711::Law;
use lanes::{A, Curve, Mu};

/// This level if the machine has it and it is faster than the tables, else none.
pub(crate) fn usable(level: Level) -> Level {
    let wide = level != Level::Sse2 && Level::here().any(|here| here == level);
    if wide { level } else { Level::Scalar }
}

/// Linear samples to codes, as many as both slices hold. The level is one that [`usable`] gave.
pub(crate) fn encode(level: Level, law: Law, pcm: &[i16], out: &mut [u8]) {
    match (level, law) {
        (Level::Scalar, law) => scalar::encode(law, pcm, out),
        (level, Law::A) => encode_in_lanes::<A>(level, pcm, out),
        (level, Law::Mu) => encode_in_lanes::<Mu>(level, pcm, out),
    }
}

/// Codes to linear samples, as many as both slices hold. The level is one that [`usable`] gave.
pub(crate) fn decode(level: Level, law: Law, codes: &[u8], pcm: &mut [i16]) {
    match (level, law) {
        (Level::Scalar, law) => scalar::decode(law, codes, pcm),
        (level, Law::A) => decode_in_lanes::<A>(level, codes, pcm),
        (level, Law::Mu) => decode_in_lanes::<Mu>(level, codes, pcm),
    }
}

/// Codes of a law to codes of the other, as many as both slices hold. The level is one that [`usable`]
/// gave. With AVX2 the table is faster.
pub(crate) fn transcode(level: Level, from: Law, codes: &[u8], out: &mut [u8]) {
    match (level, from) {
        (Level::Scalar | Level::Sse2 | Level::Avx2, from) => scalar::transcode(from, codes, out),
        (level, Law::A) => transcode_in_lanes::<A, Mu>(level, codes, out),
        (level, Law::Mu) => transcode_in_lanes::<Mu, A>(level, codes, out),
    }
}

fn encode_in_lanes<C: Curve>(level: Level, pcm: &[i16], out: &mut [u8]) {
    match level {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: `usable` gives this level only where there is AVX2.
        Level::Avx2 => unsafe { avx2::encode::<C>(pcm, out) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: `usable` gives this level only where there is AVX-512 F, BW, DQ and VL.
        Level::Avx512 => unsafe { avx512::encode::<C>(pcm, out) },
        _ => lanes::encode::<C>(pcm, out),
    }
}

fn decode_in_lanes<C: Curve>(level: Level, codes: &[u8], pcm: &mut [i16]) {
    match level {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: `usable` gives this level only where there is AVX2.
        Level::Avx2 => unsafe { avx2::decode::<C>(codes, pcm) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: `usable` gives this level only where there is AVX-512 F, BW, DQ and VL.
        Level::Avx512 => unsafe { avx512::decode::<C>(codes, pcm) },
        _ => lanes::decode::<C>(codes, pcm),
    }
}

fn transcode_in_lanes<C: Curve, D: Curve>(level: Level, codes: &[u8], out: &mut [u8]) {
    match level {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: `usable` gives this level only where there is AVX-512 F, BW, DQ and VL.
        Level::Avx512 => unsafe { avx512::transcode::<C, D>(codes, out) },
        _ => lanes::transcode::<C, D>(codes, out),
    }
}
