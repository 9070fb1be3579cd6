//! Comfort noise: the level and the slope of the spectrum of the near end's background
//! (ITU-T G.168 §6.4.2.9: within 2 dB of what it stands for).

/// Learns the near end's background, and makes noise like it.
#[derive(Debug, Clone)]
pub(super) struct Comfort {
    /// The power over some 30 ms.
    now: f32,
    /// The background's power, and its product with the sample before.
    power: f32,
    slope: f32,
    /// Whether that was heard without echo: until then it is only known not to be louder.
    heard: bool,
    before: f32,
    made: f32,
    seed: u32,
}

impl Comfort {
    pub(super) fn new() -> Self {
        Self { now: 0.0, power: LOUDEST, slope: 0.0, heard: false, before: 0.0, made: 0.0, seed: 1 }
    }

    /// The background's power.
    pub(super) fn power(&self) -> f32 {
        self.power
    }

    /// A millisecond of what the filter left, its mean power, and the power of echo that it may hold.
    pub(super) fn learn(&mut self, samples: &[f32], power: f32, echo: f32) {
        let mut product = 0.0;
        for &sample in samples {
            product += sample * self.before;
            self.before = sample;
        }
        self.now += 0.03 * (power - self.now);
        let echoes = 4.0 * echo > self.now;
        if self.now < 0.5 * self.power {
            self.power += 0.05 * (self.now - self.power);
        } else if self.now < 2.5 * self.power {
            self.heard |= !echoes;
            // Echo makes the background seem louder, never fainter.
            if !echoes || self.now < self.power {
                self.power += 0.01 * (self.now - self.power);
            }
            let product = product / samples.len().max(1) as f32 + SILENCE;
            self.slope += 0.01 * (product - self.slope);
        } else if !echoes {
            self.power = (self.power * RISE).min(LOUDEST);
        }
    }

    /// What the noise is like until more is learned: silence at first.
    pub(super) fn shape(&self) -> Shape {
        if !self.heard {
            return Shape { tilt: 0.0, scale: 0.0 };
        }
        let power = self.power.max(0.01);
        let tilt = (self.slope / power).clamp(-0.9, 0.9);
        // White noise between -1 and 1 has a power of one third.
        Shape { tilt, scale: (3.0 * power * (1.0 - tilt * tilt)).sqrt() }
    }

    /// The next sample of the noise.
    pub(super) fn sample(&mut self, shape: &Shape) -> f32 {
        self.seed = self.seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let white = (self.seed >> 8) as f32 * (2.0 / 16_777_216.0) - 1.0;
        self.made = shape.tilt * self.made + shape.scale * white;
        self.made
    }
}

/// White noise of this scale through one pole.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    tilt: f32,
    scale: f32,
}

/// The power of silence: running means do not fall below what numbers can hold.
pub(super) const SILENCE: f32 = 1e-6;
/// Background that is louder is no background: -40 dBm0.
const LOUDEST: f32 = 26_000.0;
/// How fast the background is thought to grow while it is not heard: 1.5 dB in a second, per millisecond.
const RISE: f32 = 1.00035;
