//! Comfort noise: what is sent and heard while nobody speaks, for codecs that have none of their
//! own. RFC 3389; ITU-T G.711 Appendix II is the same payload.
//!
//! A payload is an octet for the level of the noise in -dBov, and as many as the sender likes for
//! its spectrum: reflection coefficients of an all-pole model, the first of which is minus the
//! correlation of neighbours. [`Analysis`] describes noise, [`Generator`] makes noise from the
//! description.

mod generator;

use crate::arch::Level;
use crate::arch::lpc as kernel;
use crate::codec::{DecodeError, EncodeError};
use crate::prediction::Prediction;
pub use generator::Generator;

/// Noise as a payload describes it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Noise {
    /// The level in -dBov, 0 to 127: 0 is that of a square wave of full scale.
    pub level: u8,
    /// Reflection coefficients, between -1 and 1; those that are not known are 0.
    pub reflections: [f32; MAX_ORDER],
}

impl Noise {
    /// Reads a payload. More coefficients than [`MAX_ORDER`] are ignored, as RFC 3389 §3 allows.
    pub fn parse(payload: &[u8]) -> Result<Self, DecodeError> {
        let Some((level, spectrum)) = payload.split_first() else {
            return Err(DecodeError::Malformed);
        };
        // There is no coefficient 255 (§3.2).
        if spectrum.contains(&255) {
            return Err(DecodeError::Malformed);
        }
        let mut reflections = [0.0; MAX_ORDER];
        for (reflection, index) in reflections.iter_mut().zip(spectrum) {
            *reflection = (f32::from(*index) - MIDDLE) * STEP;
        }
        Ok(Self { level: level & 0x7f, reflections })
    }

    /// Writes a payload with the first `order` coefficients; says how many octets were written.
    pub fn write(&self, order: usize, out: &mut [u8]) -> Result<usize, EncodeError> {
        let order = order.min(MAX_ORDER);
        let Some((level, spectrum)) = out.get_mut(..=order).and_then(<[u8]>::split_first_mut)
        else {
            return Err(EncodeError::NoRoom { needed: order + 1 });
        };
        *level = self.level.min(127);
        for (index, reflection) in spectrum.iter_mut().zip(self.reflections) {
            *index = (reflection / STEP + MIDDLE).round().clamp(0.0, 254.0) as u8;
        }
        Ok(order + 1)
    }
}

/// Describes the noise that is heard: the mean of the last tenth of a second or so. Frames (linear
/// 16-bit) may have any length; only those that hold no voice should be heard ([`crate::vad`]).
/// State: at most 128 octets.
#[derive(Debug, Clone)]
pub struct Analysis {
    level: Level,
    /// The last samples.
    before: [f32; MAX_ORDER],
    /// Mean products of each sample with those 0, 1, 2... before it.
    products: [f32; MAX_ORDER + 1],
    /// The mean, which is no noise.
    mean: f32,
    /// Samples heard, as far as it matters.
    heard: f32,
}

impl Analysis {
    /// One that has heard nothing.
    pub fn new() -> Self {
        Self::with_level(Level::current())
    }

    /// The same with these instructions; with none, where the machine lacks them.
    pub fn with_level(level: Level) -> Self {
        Self {
            level: kernel::usable(level),
            before: [0.0; MAX_ORDER],
            products: [0.0; MAX_ORDER + 1],
            mean: 0.0,
            heard: 0.0,
        }
    }

    /// Hears a frame.
    pub fn hear(&mut self, pcm: &[i16]) {
        for piece in pcm.chunks(PIECE) {
            self.hear_piece(piece);
        }
    }

    /// What has been heard.
    pub fn noise(&self) -> Noise {
        let square = self.mean * self.mean;
        let mut powers = self.products.map(|product| product - square);
        let level = -10.0 * (powers[0].max(1e-9) / (32_768.0 * 32_768.0)).log10();
        // A floor 40 dB below, so that one frequency alone is no reason for coefficients of 1.
        powers[0] = powers[0] * 1.000_1 + 0.01;
        let level = level.round().clamp(0.0, 127.0) as u8;
        // A payload has them with the other sign.
        let reflections = Prediction::<MAX_ORDER>::of(&powers).reflections.map(|it| -it);
        Noise { level, reflections }
    }

    fn hear_piece(&mut self, pcm: &[i16]) {
        let mut signal = [0.0; MAX_ORDER + PIECE];
        signal[..MAX_ORDER].copy_from_slice(&self.before);
        for (float, sample) in signal[MAX_ORDER..].iter_mut().zip(pcm) {
            *float = f32::from(*sample);
        }
        self.before.copy_from_slice(&signal[pcm.len()..pcm.len() + MAX_ORDER]);
        // The zeros at the end add nothing.
        let signal = &signal[..MAX_ORDER + pcm.len().next_multiple_of(8)];
        let mut sums = [0.0; MAX_ORDER + 1];
        kernel::autocorrelate(self.level, signal, &mut sums);
        let sum = pcm.iter().map(|sample| i32::from(*sample)).sum::<i32>() as f32;
        let kept = self.heard.min(MEMORY - pcm.len() as f32);
        self.heard = kept + pcm.len() as f32;
        for (product, sum) in self.products.iter_mut().zip(sums) {
            *product = (*product * kept + sum) / self.heard;
        }
        self.mean = (self.mean * kept + sum) / self.heard;
    }
}

impl Default for Analysis {
    fn default() -> Self {
        Self::new()
    }
}

/// Coefficients that are made use of.
pub const MAX_ORDER: usize = 10;
/// RFC 3389 §3.2: a coefficient is 258/32768 times its octet less 127.
const STEP: f32 = 258.0 / 32_768.0;
const MIDDLE: f32 = 127.0;
/// Samples that the mean goes back: 100 ms at 8 kHz.
const MEMORY: f32 = 800.0;
/// Samples heard at once: whole blocks of eight.
const PIECE: usize = 160;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_states_have_the_sizes_that_are_documented() {
        assert!(size_of::<Analysis>() <= 128);
        assert!(size_of::<Generator>() <= 160);
    }
}
