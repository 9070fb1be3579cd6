//! G.722 with channels in lanes: [`crate::g722`]'s recursion compiled for each level that has them.

#![allow(unsafe_code)] // Functions that are compiled for a level are called when that level is here.

use super::lanes;
use super::per_level::per_level;
use crate::g722::{Decoder, Encoder, batch};

per_level! {
    /// Encodes up to as many channels as the level has lanes.
    fn encode(channels: &mut [&mut Encoder], pcm: &[&[i16]], out: &mut [&mut [u8]]) {
        Avx512 => batch::encode::<lanes::avx512::Sixteen>,
        Avx2 => batch::encode::<lanes::avx2::Eight>,
        Neon => batch::encode::<lanes::neon::Four>,
        _ => batch::encode_each,
    }

    /// Decodes up to as many channels as the level has lanes.
    fn decode(channels: &mut [&mut Decoder], payload: &[&[u8]], pcm: &mut [&mut [i16]]) {
        Avx512 => batch::decode::<lanes::avx512::Sixteen>,
        Avx2 => batch::decode::<lanes::avx2::Eight>,
        Neon => batch::decode::<lanes::neon::Four>,
        _ => batch::decode_each,
    }
}
