//! G.726 with channels in lanes: [`crate::g726`]'s recursion compiled for each level that has them.

#![allow(unsafe_code)] // Functions that are compiled for a level are called when that level is here.

use super::lanes;
use super::per_level::per_level;
use crate::g726::form::Form;
use crate::g726::{Decoder, Encoder, batch};

per_level! {
    /// Encodes up to as many channels as the level has lanes.
    fn encode<F: Form>(
        form: F,
        channels: &mut [&mut Encoder],
        sound: &[&[F::Sample]],
        out: &mut [&mut [u8]],
    ) {
        Avx512 => batch::encode::<lanes::avx512::Sixteen, F>,
        Avx2 => batch::encode::<lanes::avx2::Eight, F>,
        Neon => batch::encode::<lanes::neon::Four, F>,
        _ => batch::encode_each,
    }

    /// Decodes up to as many channels as the level has lanes.
    fn decode<F: Form>(
        form: F,
        channels: &mut [&mut Decoder],
        payload: &[&[u8]],
        out: &mut [&mut [F::Sample]],
    ) {
        Avx512 => batch::decode::<lanes::avx512::Sixteen, F>,
        Avx2 => batch::decode::<lanes::avx2::Eight, F>,
        Neon => batch::decode::<lanes::neon::Four, F>,
        _ => batch::decode_each,
    }
}
