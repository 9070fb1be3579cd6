//! G.726 with channels in lanes: [`crate::g726`]'s recursion compiled for each level that has them.

// Functions compiled for a level are called where the level was found.
#![allow(unsafe_code)]

use super::Level;
#[cfg(target_arch = "aarch64")]
use super::lanes::neon::Four;
#[cfg(target_arch = "aarch64")]
use crate::g726::batch;
use crate::g726::form::Form;
use crate::g726::{Decoder, Encoder};

/// Encodes up to as many channels as the level has lanes, and says whether it has any for them.
pub(crate) fn encode<F: Form>(
    level: Level,
    form: F,
    channels: &mut [&mut Encoder],
    sound: &[&[F::Sample]],
    out: &mut [&mut [u8]],
) -> bool {
    #[cfg(target_arch = "x86_64")]
    match (level, channels.len()) {
        (Level::Avx512, 9..) => {
            // SAFETY: the level includes these instructions.
            unsafe { x86::encode_sixteen(form, channels, sound, out) };
            return true;
        }
        (Level::Avx2 | Level::Avx512, 2..) => {
            // SAFETY: the level includes these instructions.
            unsafe { x86::encode_eight(form, channels, sound, out) };
            return true;
        }
        _ => {}
    }
    #[cfg(target_arch = "aarch64")]
    if level == Level::Neon && channels.len() > 1 {
        batch::encode::<Four, F>(form, channels, sound, out);
        return true;
    }
    let _ = (level, form, channels, sound, out);
    false
}

/// Decodes up to as many channels as the level has lanes, and says whether it has any for them.
pub(crate) fn decode<F: Form>(
    level: Level,
    form: F,
    channels: &mut [&mut Decoder],
    payload: &[&[u8]],
    out: &mut [&mut [F::Sample]],
) -> bool {
    #[cfg(target_arch = "x86_64")]
    match (level, channels.len()) {
        (Level::Avx512, 9..) => {
            // SAFETY: the level includes these instructions.
            unsafe { x86::decode_sixteen(form, channels, payload, out) };
            return true;
        }
        (Level::Avx2 | Level::Avx512, 2..) => {
            // SAFETY: the level includes these instructions.
            unsafe { x86::decode_eight(form, channels, payload, out) };
            return true;
        }
        _ => {}
    }
    #[cfg(target_arch = "aarch64")]
    if level == Level::Neon && channels.len() > 1 {
        batch::decode::<Four, F>(form, channels, payload, out);
        return true;
    }
    let _ = (level, form, channels, payload, out);
    false
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use crate::arch::lanes::avx2::Eight;
    use crate::arch::lanes::avx512::Sixteen;
    use crate::g726::form::Form;
    use crate::g726::{Decoder, Encoder, batch};

    #[target_feature(enable = "avx2,fma")]
    pub(super) fn encode_eight<F: Form>(
        form: F,
        channels: &mut [&mut Encoder],
        sound: &[&[F::Sample]],
        out: &mut [&mut [u8]],
    ) {
        batch::encode::<Eight, F>(form, channels, sound, out);
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
    pub(super) fn encode_sixteen<F: Form>(
        form: F,
        channels: &mut [&mut Encoder],
        sound: &[&[F::Sample]],
        out: &mut [&mut [u8]],
    ) {
        batch::encode::<Sixteen, F>(form, channels, sound, out);
    }

    #[target_feature(enable = "avx2,fma")]
    pub(super) fn decode_eight<F: Form>(
        form: F,
        channels: &mut [&mut Decoder],
        payload: &[&[u8]],
        out: &mut [&mut [F::Sample]],
    ) {
        batch::decode::<Eight, F>(form, channels, payload, out);
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
    pub(super) fn decode_sixteen<F: Form>(
        form: F,
        channels: &mut [&mut Decoder],
        payload: &[&[u8]],
        out: &mut [&mut [F::Sample]],
    ) {
        batch::decode::<Sixteen, F>(form, channels, payload, out);
    }
}
