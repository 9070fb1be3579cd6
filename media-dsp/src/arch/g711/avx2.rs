//! 32 samples at a time in registers of 256 bits.

use super::lanes::{self, Curve};

#[target_feature(enable = "avx2,fma")]
pub(super) fn encode<C: Curve>(pcm: &[i16], out: &mut [u8]) {
    lanes::encode::<C>(pcm, out);
}

#[target_feature(enable = "avx2,fma")]
pub(super) fn decode<C: Curve>(codes: &[u8], pcm: &mut [i16]) {
    lanes::decode::<C>(codes, pcm);
}
