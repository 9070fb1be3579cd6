//! What is behind the voice, so that a gap that nothing conceals any more does not fall dead
//! silent.

use media_dsp::cn::{Analysis, Generator};

/// Knows the noise behind a voice, and fades it in where sound is made up for long.
#[derive(Debug)]
pub(super) struct Background {
    analysis: Analysis,
    generator: Generator,
    /// The mean square of the quietest frames of the last seconds.
    floor: f32,
    /// Samples made up in a row.
    made_up: usize,
    /// Samples after which the noise begins, and in which it is faded in.
    begins: usize,
}

impl Background {
    /// For so many samples in a second.
    pub(super) fn new(rate: u32) -> Self {
        Self {
            analysis: Analysis::new(),
            generator: Generator::new(SEED),
            floor: f32::MAX,
            made_up: 0,
            begins: rate as usize * 40 / 1_000,
        }
    }

    /// Hears a frame of the sender's sound: its mean square, and that of the loudest of late.
    pub(super) fn hear(&mut self, pcm: &[i16], square: f32, loudest: f32) {
        self.made_up = 0;
        self.floor = (self.floor * RISE).min(square);
        if square <= self.floor * QUIET && square <= loudest * BEHIND {
            self.analysis.hear(pcm);
        }
    }

    /// Fades the noise into a frame that was made up.
    pub(super) fn fill(&mut self, pcm: &mut [i16]) {
        let mut noise = [0; PIECE];
        for pcm in pcm.chunks_mut(PIECE) {
            let before = self.made_up;
            self.made_up += pcm.len();
            if self.made_up <= self.begins {
                continue;
            }
            if before <= self.begins {
                self.generator.describe(self.analysis.noise());
            }
            self.generator.generate(&mut noise);
            let step = 1.0 / self.begins as f32;
            let mut gain = (before.saturating_sub(self.begins) as f32 * step).min(1.0);
            for (sample, noise) in pcm.iter_mut().zip(&noise) {
                *sample = sample.saturating_add((f32::from(*noise) * gain) as i16);
                gain = (gain + step).min(1.0);
            }
        }
    }
}

/// How much the quietest is taken to be louder a frame later: twice in 2.8 s of frames of 20 ms.
const RISE: f32 = 1.005;
/// How much louder than the quietest frame others without a voice are: 3 dB.
const QUIET: f32 = 2.0;
/// How much of the voice's power what is behind it has at most: 15 dB less.
const BEHIND: f32 = 0.03;
/// Samples that are filled at once.
const PIECE: usize = 80;
/// Where the noise begins: nobody hears which.
const SEED: u32 = 2;
