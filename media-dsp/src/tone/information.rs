//! The special information tone: three tones, each higher than the last (ITU-T E.180 §8; the
//! lengths and frequencies of ANSI T1.401 that tell why). It precedes announcements that a call has
//! failed.

use super::Dbm0;
use super::bank::{BLOCK, Bank, Ear};
use std::sync::LazyLock;

/// Hears special information tones. State: at most 640 octets.
#[derive(Debug, Clone)]
pub struct Detector {
    ear: Ear<WINDOW>,
    /// The tones so far.
    tones: [Heard; 3],
    /// How many of them have begun.
    begun: usize,
    /// Blocks since the last was there.
    gap: u8,
}

/// One of the three tones.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Heard {
    /// Its frequency in Hz.
    pub hertz: f32,
    /// How long it lasts, in samples; of the third, until it was clear.
    pub duration: u64,
}

impl Detector {
    /// Has heard nothing yet.
    pub fn new() -> Self {
        Self { ear: Ear::new(), tones: Default::default(), begun: 0, gap: 0 }
    }

    /// Listens to samples, and tells of three tones once the third has lasted for 200 ms.
    pub fn hear(&mut self, mut pcm: &[i16], mut tell: impl FnMut([Heard; 3])) {
        while let Some(rest) = self.ear.take(&BANK, pcm) {
            pcm = rest;
            let heard = self.heard();
            if self.follow(heard) {
                tell(self.tones);
                self.begun = 0;
            }
        }
    }

    /// Which of the tones fills the window, and its frequency.
    fn heard(&self) -> Option<(usize, f32)> {
        let energies = self.ear.energies();
        let total = self.ear.energy(WINDOW).max(LEAST.mean_square() * (BLOCK * WINDOW) as f32);
        let lanes = 0..FREQUENCIES.len();
        let loud = lanes.max_by(|a, b| energies[*a].total_cmp(&energies[*b]))?;
        if energies[loud] < ROUGH * total {
            return None;
        }
        let tone = self.ear.tone(loud);
        let is_tone = tone.energy >= CLEAN * total && tone.offset.abs() <= MOST_OFF;
        is_tone.then(|| (loud / 2, FREQUENCIES[loud] + tone.offset))
    }

    /// Whether the third has lasted long enough.
    fn follow(&mut self, heard: Option<(usize, f32)>) -> bool {
        let Some((which, hertz)) = heard else {
            self.gap = self.gap.saturating_add(1);
            if self.gap > MOST_GAP {
                self.begun = 0;
            }
            return false;
        };
        self.gap = 0;
        let is_next =
            which == self.begun && (which == 0 || TONE.contains(&self.tones[which - 1].duration));
        if is_next {
            self.begun += 1;
            self.tones[which] = Heard { hertz, duration: (BLOCK * WINDOW) as u64 };
            return false;
        }
        if which + 1 != self.begun {
            self.begun = 0;
            return false;
        }
        let tone = &mut self.tones[which];
        tone.duration += BLOCK as u64;
        // A mean that forgets what the first windows guessed.
        tone.hertz += (hertz - tone.hertz) * 0.1;
        which == 2 && tone.duration >= ENOUGH && tone.duration < ENOUGH + BLOCK as u64
    }
}

impl Default for Detector {
    fn default() -> Self {
        Self::new()
    }
}

/// Two filters for each tone: E.180 §8 has 950, 1400 and 1800 ± 50 Hz; ANSI T1.401 has 913.8 or
/// 985.2, 1370.6 or 1428.5, and 1776.7; Belgium 900, 1380 and 1860.
const FREQUENCIES: [f32; 6] = [915.0, 965.0, 1_375.0, 1_430.0, 1_780.0, 1_845.0];
const MOST_OFF: f32 = 40.0;
/// 276 to 400 ms (ANSI T1.401, E.180 §8.2: 330 ± 70), and what measuring takes and adds.
const TONE: std::ops::RangeInclusive<u64> = 1_920..=3_440;
/// 30 ms of gap (E.180 §8.2), and a window.
const MOST_GAP: u8 = 12;
const ENOUGH: u64 = 1_600;
const LEAST: Dbm0 = Dbm0(-40.0);
const ROUGH: f32 = 0.2;
const CLEAN: f32 = 0.75;
/// Blocks in a window: 15 ms.
const WINDOW: usize = 3;

static BANK: LazyLock<Bank> = LazyLock::new(|| Bank::new(&FREQUENCIES));
