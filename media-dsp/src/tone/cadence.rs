//! Sounds in time: what an indication tone is made of, and how it is played.

use super::{Dbm0, Oscillator, RATE};
use crate::fixed::nearest;

/// What sounds at an instant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sound {
    /// Nothing.
    Off,
    /// One frequency in Hz.
    One(f32),
    /// Two, equally loud.
    Two(f32, f32),
    /// Three, equally loud.
    Three(f32, f32, f32),
    /// The first, whose loudness goes to nothing and back at the second.
    Modulated(f32, f32),
}

/// A sound for so many milliseconds; 0 is for ever.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step(pub Sound, pub u16);

/// Plays steps, at a stated power while there is sound.
#[derive(Debug, Clone)]
pub struct Player<'a> {
    steps: &'a [Step],
    rounds: Rounds,
    level: Dbm0,
    at: usize,
    left: u32,
    voices: [(Oscillator, f32); 3],
}

/// How often steps are played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounds {
    /// Until it is dropped.
    Endless,
    /// So many times.
    Times(u16),
}

impl<'a> Player<'a> {
    /// Plays these steps. The level is that of all frequencies of a sound together.
    pub fn new(steps: &'a [Step], rounds: Rounds, level: Dbm0) -> Self {
        let voices = [(Oscillator::new(0.0), 0.0); 3];
        let mut player = Self { steps, rounds, level, at: 0, left: 0, voices };
        player.begin();
        player
    }

    /// Fills `pcm` with what comes next; says how many samples that were, fewer only at the end.
    pub fn fill(&mut self, pcm: &mut [i16]) -> usize {
        let mut filled = 0;
        while filled < pcm.len() {
            if self.left == 0 && !self.go_on() {
                break;
            }
            let count = (self.left as usize).min(pcm.len() - filled).min(AT_ONCE);
            let mut sum = [0.0; AT_ONCE];
            for (voice, peak) in self.voices.iter_mut().filter(|voice| voice.1 > 0.0) {
                voice.add_to(*peak, &mut sum[..count]);
            }
            for (sample, sum) in pcm[filled..filled + count].iter_mut().zip(sum) {
                *sample = nearest(sum);
            }
            if self.left != FOR_EVER {
                self.left -= count as u32;
            }
            filled += count;
        }
        filled
    }

    fn go_on(&mut self) -> bool {
        self.at += 1;
        if self.at >= self.steps.len() {
            self.at = 0;
            if let Rounds::Times(times) = &mut self.rounds {
                *times = times.saturating_sub(1);
            }
        }
        self.begin();
        self.left > 0
    }

    fn begin(&mut self) {
        let ended = matches!(self.rounds, Rounds::Times(0));
        let Some(Step(sound, millis)) = self.steps.get(self.at).filter(|_| !ended) else {
            self.left = 0;
            return;
        };
        self.left = if *millis == 0 { FOR_EVER } else { u32::from(*millis) * (RATE / 1_000) };
        self.voices = sound.voices(self.level);
    }
}

impl Sound {
    /// Its frequencies, and their parts of its amplitude; unused ones are 0.
    pub(crate) fn parts(self) -> [(f32, f32); 3] {
        match self {
            Self::Off => [(0.0, 0.0); 3],
            Self::One(a) => [(a, 1.0), (0.0, 0.0), (0.0, 0.0)],
            Self::Two(a, b) => [(a, 1.0), (b, 1.0), (0.0, 0.0)],
            Self::Three(a, b, c) => [(a, 1.0), (b, 1.0), (c, 1.0)],
            Self::Modulated(a, by) => [(a, 1.0), (a - by, 0.5), (a + by, 0.5)],
        }
    }

    fn voices(self, level: Dbm0) -> [(Oscillator, f32); 3] {
        let parts = self.parts();
        let power: f32 = parts.iter().map(|(_, part)| part * part).sum();
        let peak = level.peak() / power.max(1.0).sqrt();
        parts.map(|(hertz, part)| (Oscillator::new(f64::from(hertz)), peak * part))
    }
}

/// Samples that are made at once.
const AT_ONCE: usize = 64;
const FOR_EVER: u32 = u32::MAX;
