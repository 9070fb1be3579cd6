//! The searches of G.723.1's encoder, compiled for 256-bit vectors too.

// Functions that are compiled for a level are called when that level is here.
#![allow(unsafe_code)]

use super::per_level::per_level;
use crate::g7231::adaptive::Window;
use crate::g7231::mlq::Choice;
use crate::g7231::{Lsp, Sub, adaptive, mlq, pairs, pitch};

per_level! {
    /// The open-loop lag of half a frame.
    fn open_loop(speech: &[i16], start: usize) -> usize {
        Avx2 => pitch::open_loop,
        _ => pitch::open_loop,
    }

    /// The codebook vectors nearest to line spectral pairs.
    fn quantise(pairs: &Lsp, before: &Lsp) -> u32 {
        Avx2 => pairs::quantise,
        _ => pairs::quantise,
    }

    /// What the taps of the adaptive codebook are weighed with at one lag.
    fn correlations(window: &Window, target: &Sub, impulse: &Sub) -> [i32; 20] {
        Avx2 => adaptive::correlations,
        _ => adaptive::correlations,
    }

    /// The first of the best rows of gains that fits better than `least`, and how well it does.
    fn best_row(
        numbers: &[i16; 20],
        rows: &[[i16; 20]],
        clear: &[bool],
        least: i32,
    ) -> Option<(usize, i32)> {
        Avx2 => adaptive::best_row,
        _ => adaptive::best_row,
    }

    /// The better of the pulses given and the best ones for a response.
    fn better(best: Choice, target: &Sub, response: &Sub, count: usize) -> Choice {
        Avx2 => mlq::better,
        _ => mlq::better,
    }
}
