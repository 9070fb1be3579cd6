//! A telephone line with an echo: a model of Annex D behind a delay, G.711 on both ways, a noise floor.

use super::models::MODELS;
use super::oracle::Chance;

/// The companding of both ways.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Law {
    A,
    Mu,
    Linear,
}

impl Law {
    /// A sample as it comes out of the other end (ITU-T G.711).
    pub(crate) fn through(self, sample: f32) -> f32 {
        let sample = sample.clamp(-32_768.0, 32_767.0);
        let magnitude = sample.abs();
        let sign = if sample < 0.0 { -1.0 } else { 1.0 };
        match self {
            Self::Linear => sample.round(),
            Self::A => {
                let step = (magnitude.max(256.0).log2().floor() - 4.0).exp2();
                let step = step.max(16.0);
                sign * (((magnitude / step).floor() + 0.5) * step).min(32_256.0)
            }
            Self::Mu => {
                let biased = (magnitude + 132.0).min(32_767.0);
                let step = (biased.log2().floor() - 4.0).exp2();
                sign * (((biased / step).floor() + 0.5) * step - 132.0)
            }
        }
    }
}

/// The line: what comes back for what is sent.
pub(crate) struct Line {
    law: Law,
    path: Vec<f32>,
    sent: Vec<f32>,
    noise: f32,
    chance: Chance,
}

impl Line {
    /// The model of paragraph D.`model`, with this echo return loss, behind so many samples.
    pub(crate) fn new(model: usize, loss: f32, delay: usize, law: Law) -> Self {
        let mut line = Self {
            law,
            path: Vec::new(),
            sent: vec![0.0; 2048],
            noise: 0.0,
            chance: Chance::new(7),
        };
        line.change(model, loss, delay);
        line
    }

    /// Adds white noise of this level, in dBm0, at the near end.
    pub(crate) fn with_noise(mut self, level: f32) -> Self {
        self.noise = amplitude(level);
        self
    }

    /// From here on another path.
    pub(crate) fn change(&mut self, model: usize, loss: f32, delay: usize) {
        let model = &MODELS[model - 2];
        let gain = 10f32.powf(-loss / 20.0) * model.scale;
        self.path = vec![0.0; delay];
        self.path.extend(model.taps.iter().map(|&tap| tap as f32 * gain));
    }

    /// From here on no echo comes back.
    pub(crate) fn open(&mut self) {
        self.path.clear();
    }

    /// What is heard at the echo canceller's Sin: the echo of `rin` and the near end.
    pub(crate) fn turn(&mut self, rin: i16, near: f32) -> i16 {
        if self.sent.len() >= 8 * 2048 {
            let keep = self.sent.len() - 2048;
            self.sent.drain(..keep);
        }
        self.sent.push(f32::from(rin));
        let echo: f32 = self.path.iter().zip(self.sent.iter().rev()).map(|(a, b)| a * b).sum();
        let noise = self.noise * gauss(&mut self.chance);
        self.law.through(echo + self.law.through(near) + noise) as i16
    }
}

/// The root of the mean square of a level in dBm0: a full sine is +3.14 dBm0 (ITU-T G.711).
pub(crate) fn amplitude(level: f32) -> f32 {
    10f32.powf((level - 3.14) / 20.0) * 32_768.0 / 2f32.sqrt()
}

/// The level of these samples in dBm0.
pub(crate) fn level(samples: &[i16]) -> f32 {
    let power: f64 = samples.iter().map(|&it| f64::from(it).powi(2)).sum();
    let power = power / samples.len().max(1) as f64;
    (10.0 * (power.max(1e-6) / (32_768f64.powi(2) / 2.0)).log10() + 3.14) as f32
}

/// Noise of about normal distribution and of unit power.
pub(crate) fn gauss(chance: &mut Chance) -> f32 {
    let sum: f32 = (0..4).map(|_| f32::from(chance.sample()) / 32_768.0).sum();
    sum * (3f32 / 4.0).sqrt()
}
