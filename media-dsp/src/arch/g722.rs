//! G.722 with channels in lanes: [`crate::g722`]'s recursion compiled for each level that has them.

// Functions compiled for a level are called where the level was found.
#![allow(unsafe_code)]

use super::Level;
#[cfg(target_arch = "aarch64")]
use super::lanes::neon::Four;
#[cfg(target_arch = "aarch64")]
use crate::g722::batch;
use crate::g722::{Decoder, Encoder};

/// Encodes up to as many channels as the level has lanes, and says whether it has any for them.
pub(crate) fn encode(
    level: Level,
    channels: &mut [&mut Encoder],
    pcm: &[&[i16]],
    out: &mut [&mut [u8]],
) -> bool {
    #[cfg(target_arch = "x86_64")]
    match (level, channels.len()) {
        (Level::Avx512, 9..) => {
            // SAFETY: the level includes these instructions.
            unsafe { x86::encode_sixteen(channels, pcm, out) };
            return true;
        }
        (Level::Avx2 | Level::Avx512, 2..) => {
            // SAFETY: the level includes these instructions.
            unsafe { x86::encode_eight(channels, pcm, out) };
            return true;
        }
        _ => {}
    }
    #[cfg(target_arch = "aarch64")]
    if level == Level::Neon && channels.len() > 1 {
        batch::encode::<Four>(channels, pcm, out);
        return true;
    }
    let _ = (level, channels, pcm, out);
    false
}

/// Decodes up to as many channels as the level has lanes, and says whether it has any for them.
pub(crate) fn decode(
    level: Level,
    channels: &mut [&mut Decoder],
    payload: &[&[u8]],
    pcm: &mut [&mut [i16]],
) -> bool {
    #[cfg(target_arch = "x86_64")]
    match (level, channels.len()) {
        (Level::Avx512, 9..) => {
            // SAFETY: the level includes these instructions.
            unsafe { x86::decode_sixteen(channels, payload, pcm) };
            return true;
        }
        (Level::Avx2 | Level::Avx512, 2..) => {
            // SAFETY: the level includes these instructions.
            unsafe { x86::decode_eight(channels, payload, pcm) };
            return true;
        }
        _ => {}
    }
    #[cfg(target_arch = "aarch64")]
    if level == Level::Neon && channels.len() > 1 {
        batch::decode::<Four>(channels, payload, pcm);
        return true;
    }
    let _ = (level, channels, payload, pcm);
    false
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use crate::arch::lanes::avx2::Eight;
    use crate::arch::lanes::avx512::Sixteen;
    use crate::g722::{Decoder, Encoder, batch};

    #[target_feature(enable = "avx2,fma")]
    pub(super) fn encode_eight(
        channels: &mut [&mut Encoder],
        pcm: &[&[i16]],
        out: &mut [&mut [u8]],
    ) {
        batch::encode::<Eight>(channels, pcm, out);
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
    pub(super) fn encode_sixteen(
        channels: &mut [&mut Encoder],
        pcm: &[&[i16]],
        out: &mut [&mut [u8]],
    ) {
        batch::encode::<Sixteen>(channels, pcm, out);
    }

    #[target_feature(enable = "avx2,fma")]
    pub(super) fn decode_eight(
        channels: &mut [&mut Decoder],
        payload: &[&[u8]],
        pcm: &mut [&mut [i16]],
    ) {
        batch::decode::<Eight>(channels, payload, pcm);
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
    pub(super) fn decode_sixteen(
        channels: &mut [&mut Decoder],
        payload: &[&[u8]],
        pcm: &mut [&mut [i16]],
    ) {
        batch::decode::<Sixteen>(channels, payload, pcm);
    }
}
