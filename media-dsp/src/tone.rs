//! Telephone signals that are made of tones: what they measure in, how they are made, and the
//! filter bank with which they are heard. ITU-T Q.23, Q.24, E.180, Q.320, Q.441, T.30, V.8.
//!
//! Everything is at 8 kHz. Instants are counted in samples since a detector was made.

pub mod ansam;
pub mod answer;
pub(crate) mod bank;
pub mod busy;
pub mod cadence;
mod chord;
pub mod information;
pub mod mf;
pub(crate) mod notch;
pub(crate) mod oscillator;
pub(crate) mod pair;
pub mod progress;
mod runs;
pub mod zones;

pub use cadence::{Player, Rounds, Sound, Step};
pub use oscillator::Oscillator;
pub use zones::{Indication, Zone};

/// Samples in a second.
pub const RATE: u32 = 8_000;

/// A level in dB relative to one milliwatt at the point of zero relative level (ITU-T G.100.1).
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Dbm0(pub f32);

impl Dbm0 {
    /// The peak of a sine of this level, in 16-bit steps.
    pub fn peak(self) -> f32 {
        FULL_SCALE * 10_f32.powf((self.0 - SINE_AT_FULL_SCALE) / 20.0)
    }

    /// The mean square of a signal of this level, in 16-bit steps.
    pub fn mean_square(self) -> f32 {
        self.peak().powi(2) / 2.0
    }

    /// The level of a signal by its mean square; nothing at all is -infinity.
    pub fn of_mean_square(mean_square: f32) -> Self {
        Self(10.0 * (mean_square * 2.0).log10() - 20.0 * FULL_SCALE.log10() + SINE_AT_FULL_SCALE)
    }
}

const FULL_SCALE: f32 = 32_768.0;
/// ITU-T G.711 §4: the theoretical load capacity of A-law; µ-law's 3.17 is within its steps.
#[allow(clippy::approx_constant, reason = "it is no part of a circle")]
const SINE_AT_FULL_SCALE: f32 = 3.14;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_and_its_mean_square_are_the_same_thing() {
        for level in [-60.0, -25.5, -10.0, 0.0, 3.0] {
            let back = Dbm0::of_mean_square(Dbm0(level).mean_square());
            assert!((back.0 - level).abs() < 1e-3, "{level} became {}", back.0);
        }
        assert_eq!(Dbm0::of_mean_square(0.0).0, f32::NEG_INFINITY);
    }
}
