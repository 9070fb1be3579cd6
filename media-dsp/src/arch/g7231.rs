//! The searches of G.723.1's encoder, compiled for 256-bit vectors: the same source, and so the
//! same results, as without.

#![allow(unsafe_code)] // Functions that are compiled for a level are called when that level is here.

use super::Level;
use crate::g7231::adaptive::Window;
use crate::g7231::mlq::Choice;
use crate::g7231::{Lsp, Sub, adaptive, mlq, pairs, pitch};

macro_rules! searches {
    ($($(#[$doc:meta])* $module:ident $name:ident($($argument:ident: $type:ty),*) -> $result:ty;)*) => {
        $($(#[$doc])*
        pub(crate) fn $name(level: Level, $($argument: $type),*) -> $result {
            match level {
                #[cfg(target_arch = "x86_64")]
                Level::Avx2 | Level::Avx512 => {
                    // SAFETY: a level is only ever one that the machine has.
                    unsafe { avx2::$name($($argument),*) }
                }
                _ => $module::$name($($argument),*),
            }
        })*

        #[cfg(target_arch = "x86_64")]
        mod avx2 {
            use super::*;

            $(#[target_feature(enable = "avx2")]
            pub(super) fn $name($($argument: $type),*) -> $result {
                $module::$name($($argument),*)
            })*
        }
    };
}

searches! {
    /// The open-loop lag of half a frame.
    pitch open_loop(speech: &[i16], start: usize) -> usize;
    /// The codebook vectors nearest to line spectral pairs.
    pairs quantise(pairs: &Lsp, before: &Lsp) -> u32;
    /// What the taps of the adaptive codebook are weighed with at one lag.
    adaptive correlations(window: &Window, target: &Sub, impulse: &Sub) -> [i32; 20];
    /// The first of the best rows of gains that fits better than `least`, and how well it does.
    adaptive best_row(numbers: &[i16; 20], rows: &[[i16; 20]], clear: &[bool], least: i32)
        -> Option<(usize, i32)>;
    /// The better of the pulses given and the best ones for a response.
    mlq better(best: Choice, target: &Sub, response: &Sub, count: usize) -> Choice;
}
