//! Frames of G.729, compiled for 256-bit vectors too.

#![allow(unsafe_code)] // Functions that are compiled for a level are called when that level is here.

use super::per_level::per_level;
use crate::g729::{FRAME, Frame, decoder, encoder};

per_level! {
    /// Encodes ten milliseconds.
    fn encode(state: &mut encoder::State, pcm: &[i16; FRAME]) -> Frame {
        Avx2 => encoder::State::encode,
        _ => encoder::State::encode,
    }

    /// Decodes ten milliseconds; `None` is a frame that was lost.
    fn decode(state: &mut decoder::State, frame: Option<&Frame>, pcm: &mut [i16; FRAME]) {
        Avx2 => decoder::State::decode,
        _ => decoder::State::decode,
    }
}
