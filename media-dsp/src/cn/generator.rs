//! Noise from its description: white noise through a lattice, which is stable for all coefficients
//! that a payload can hold.

use super::{MAX_ORDER, Noise};
use crate::codec::DecodeError;
use crate::fixed::nearest;

/// Makes comfort noise, 8 or 16 kHz. A description takes effect within 50 ms, the first at once.
/// State: at most 160 octets.
#[derive(Debug, Clone)]
pub struct Generator {
    chance: u32,
    /// What is described.
    aim: Noise,
    /// What is made, on its way there.
    amplitude: f32,
    reflections: [f32; MAX_ORDER],
    /// The waves that go back in the lattice.
    waves: [f32; MAX_ORDER],
    /// Samples until the next step there.
    left: usize,
}

impl Generator {
    /// A generator of silence. Two with the same seed make the same.
    pub fn new(seed: u32) -> Self {
        Self {
            // The sequence of zeros is the one that has no chance in it.
            chance: seed | 1,
            aim: Noise { level: 127, reflections: [0.0; MAX_ORDER] },
            amplitude: 0.0,
            reflections: [0.0; MAX_ORDER],
            waves: [0.0; MAX_ORDER],
            left: 0,
        }
    }

    /// Takes a payload.
    pub fn receive(&mut self, payload: &[u8]) -> Result<(), DecodeError> {
        self.describe(Noise::parse(payload)?);
        Ok(())
    }

    /// Takes a description.
    pub fn describe(&mut self, noise: Noise) {
        self.aim = noise;
        self.aim.reflections = noise.reflections.map(|it| it.clamp(-1.0, 1.0));
        if self.amplitude == 0.0 {
            self.amplitude = amplitude(noise.level);
            self.reflections = self.aim.reflections;
        }
    }

    /// Fills a frame (linear 16-bit) of any length.
    pub fn generate(&mut self, pcm: &mut [i16]) {
        let mut rest = pcm;
        while !rest.is_empty() {
            if self.left == 0 {
                self.approach();
                self.left = PIECE;
            }
            let (now, later) = rest.split_at_mut(rest.len().min(self.left));
            self.left -= now.len();
            self.fill(now);
            rest = later;
        }
    }

    fn approach(&mut self) {
        if self.amplitude == 0.0 {
            return;
        }
        self.amplitude += (amplitude(self.aim.level) - self.amplitude) * APPROACH;
        for (reflection, aim) in self.reflections.iter_mut().zip(self.aim.reflections) {
            *reflection += (aim - *reflection) * APPROACH;
        }
    }

    fn fill(&mut self, pcm: &mut [i16]) {
        // The filter makes the noise louder by the inverse of this.
        let loss: f32 = self.reflections.iter().map(|it| 1.0 - it * it).product();
        let scale = self.amplitude * loss.max(0.0).sqrt() * UNIFORM;
        for sample in pcm {
            let mut wave = self.white() * scale;
            for stage in (0..MAX_ORDER).rev() {
                wave -= self.reflections[stage] * self.waves[stage];
                let back = self.waves[stage] + self.reflections[stage] * wave;
                if let Some(next) = self.waves.get_mut(stage + 1) {
                    *next = back;
                }
            }
            self.waves[0] = wave;
            *sample = nearest(wave);
        }
    }

    /// White noise, evenly between -1 and 1 (xorshift32).
    fn white(&mut self) -> f32 {
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 17;
        self.chance ^= self.chance << 5;
        self.chance as i32 as f32 / 2_147_483_648.0
    }
}

/// The mean square's root.
fn amplitude(level: u8) -> f32 {
    32_768.0 * 10_f32.powf(f32::from(level) / -20.0)
}

/// The peak of noise that is evenly distributed, over its mean square's root.
const UNIFORM: f32 = 1.732_050_8;
/// Samples between two steps to a new description: 5 ms at 8 kHz.
const PIECE: usize = 40;
/// Part of the way in a step.
const APPROACH: f32 = 0.4;
