//! Kernels of G.711. The scalar ones look values up in tables that the compiler makes from the laws; the
//! others compute many at a time: one source, compiled once for each level. The results are equal. All
//! go on for as long as both slices.

#![allow(unsafe_code)] // Functions that are compiled for a level are called when that level is here.

mod lanes;
mod scalar;

use super::per_level::per_level;
use crate::g711::Law;

per_level! {
    /// Linear samples to codes.
    fn encode(law: Law, pcm: &[i16], out: &mut [u8]) {
        Avx512 => lanes::encode,
        Avx2 => lanes::encode,
        Neon => lanes::encode,
        _ => scalar::encode,
    }

    /// Codes to linear samples.
    fn decode(law: Law, codes: &[u8], pcm: &mut [i16]) {
        Avx512 => lanes::decode,
        Avx2 => lanes::decode,
        Neon => lanes::decode,
        _ => scalar::decode,
    }

    /// Codes of a law to codes of the other. With AVX2 the table is faster.
    fn transcode(from: Law, codes: &[u8], out: &mut [u8]) {
        Avx512 => lanes::transcode,
        Neon => lanes::transcode,
        _ => scalar::transcode,
    }
}
