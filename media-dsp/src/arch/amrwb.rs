//! The searches of AMR-WB's encoder, compiled for 256-bit vectors too.

// Functions that are compiled for a level are called when that level is here.
#![allow(unsafe_code)]

use super::per_level::per_level;
use crate::amrwb::closed_loop::Range;
use crate::amrwb::pitch::Lag;
use crate::amrwb::pulse_search::Found;
use crate::amrwb::spectrum::Isf;
use crate::amrwb::{Mode, Subframe, closed_loop, isf_quantiser, pulse_search};

per_level! {
    /// The indices of a frame's spectral frequencies.
    fn quantise(mode: Mode, isf: &Isf, prediction: &Isf) -> [i16; 7] {
        Avx2 => isf_quantiser::quantise,
        _ => isf_quantiser::quantise,
    }

    /// The best lag for a target, of past excitation before `at`.
    fn lag(
        mode: Mode,
        excitation: &[i16],
        at: usize,
        target: &Subframe,
        impulse: &Subframe,
        range: Range,
    ) -> Lag {
        Avx2 => closed_loop::search,
        _ => closed_loop::search,
    }

    /// A signal through a filter, from zero state.
    fn convolve(signal: &Subframe, impulse: &Subframe) -> Subframe {
        Avx2 => closed_loop::convolve,
        _ => closed_loop::convolve,
    }

    /// The correlation of target and impulse response at each place, scaled.
    fn correlation(impulse: &Subframe, target: &Subframe) -> Subframe {
        Avx2 => pulse_search::correlation,
        _ => pulse_search::correlation,
    }

    /// The pulses of any mode but the first.
    fn pulses(
        mode: Mode,
        correlation: &Subframe,
        residual: &Subframe,
        impulse: &Subframe,
    ) -> Found {
        Avx2 => pulse_search::search,
        _ => pulse_search::search,
    }
}
