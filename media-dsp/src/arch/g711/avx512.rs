//! 32 samples at a time in registers of 512 bits.

use super::lanes::{self, Curve};

#[target_feature(enable = "avx2,fma,avx512f,avx512bw,avx512dq,avx512vl")]
pub(super) fn encode<C: Curve>(pcm: &[i16], out: &mut [u8]) {
    lanes::encode::<C>(pcm, out);
}

#[target_feature(enable = "avx2,fma,avx512f,avx512bw,avx512dq,avx512vl")]
pub(super) fn decode<C: Curve>(codes: &[u8], pcm: &mut [i16]) {
    lanes::decode::<C>(codes, pcm);
}

#[target_feature(enable = "avx2,fma,avx512f,avx512bw,avx512dq,avx512vl")]
pub(super) fn transcode<C: Curve, D: Curve>(codes: &[u8], out: &mut [u8]) {
    lanes::transcode::<C, D>(codes, out);
}
