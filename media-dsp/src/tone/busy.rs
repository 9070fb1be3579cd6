//! Busy tones of exchanges nobody knows the tones of: recognised by their cadence alone, which may
//! be learned once and then found sooner.
//!
//! In some countries the dial tone comes and goes too (CZ, GR, IT and more): who learns a busy tone
//! has to know that it is one.

use super::Dbm0;
use super::bank::{BLOCK, Bank, Ear, RECENT};
use super::runs::{Class, Runs};
use std::sync::LazyLock;

/// Hears that something between 300 and 650 Hz comes and goes evenly. State: at most 896 octets.
#[derive(Debug, Clone)]
pub struct Detector {
    ear: Ear<WINDOW>,
    runs: Runs,
    known: Option<Cadence>,
    loudest: f32,
}

/// One or two pairs of sound and pause, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cadence {
    runs: [f32; 4],
    count: usize,
}

impl Cadence {
    /// A sound and a pause.
    pub fn new(on: u16, off: u16) -> Self {
        Self { runs: [on.into(), off.into(), 0.0, 0.0], count: 2 }
    }

    /// Sound, pause and so on, in milliseconds.
    pub fn runs(&self) -> &[f32] {
        &self.runs[..self.count]
    }
}

impl Detector {
    /// Learns cadences: one is told after three even turns, two of a longer one.
    pub fn new() -> Self {
        Self { ear: Ear::new(), runs: Runs::new(), known: None, loudest: 0.0 }
    }

    /// Looks for this cadence only, and tells it after two turns.
    pub fn knowing(cadence: Cadence) -> Self {
        Self { known: Some(cadence), ..Self::new() }
    }

    /// Listens to samples, and tells a cadence once it is clear, and after every turn that follows.
    pub fn hear(&mut self, mut pcm: &[i16], mut tell: impl FnMut(Cadence)) {
        while let Some(rest) = self.ear.take(&BANK, pcm) {
            pcm = rest;
            let before = self.runs.now().0;
            let class = self.class();
            self.runs.look(class, LOOKS, LATE);
            let now = self.runs.now().0;
            // A turn is over when the next sound begins.
            if now != before
                && matches!(now, Class::Sound(_))
                && let Some(cadence) = self.cadence()
            {
                tell(cadence);
            }
        }
    }

    fn class(&mut self) -> Class {
        let recent = self.ear.energy(RECENT) / (RECENT * BLOCK) as f32;
        if recent < SILENT.mean_square().max(self.loudest * MUCH_LESS) {
            return Class::Silence;
        }
        let total = self.ear.energy(WINDOW);
        let within: f32 = self.ear.energies().iter().sum();
        if within < CLEAN * total {
            if self.runs.now().0 == Class::Other {
                self.loudest = 0.0;
            }
            return Class::Other;
        }
        self.loudest = total / (WINDOW * BLOCK) as f32;
        Class::Sound(0)
    }

    fn cadence(&self) -> Option<Cadence> {
        let over = self.runs.over();
        if let Some(known) = self.known {
            let last = over.len().checked_sub(known.count * 2).map(|start| &over[start..])?;
            let wanted = known.runs.iter().take(known.count).cycle();
            let mut pairs = last.iter().zip(wanted);
            return pairs.all(|((_, lasted), wanted)| is_near(*lasted, *wanted)).then_some(known);
        }
        [(2, 6), (4, 8)].into_iter().find_map(|(count, needed)| {
            let last = &over[over.len().checked_sub(needed)?..];
            let is_even = last.iter().zip(&last[count..]).all(|(a, b)| is_near(a.1, b.1));
            let is_short = last.iter().all(|run| LENGTHS.contains(&run.1));
            if !is_even || !is_short {
                return None;
            }
            let turns = (needed / count) as f32;
            let mean = |at: usize| {
                let all = last.iter().skip(at).step_by(count);
                all.map(|run| run.1).sum::<f32>() / turns
            };
            let runs = std::array::from_fn(|at| if at < count { mean(at) } else { 0.0 });
            Some(Cadence { runs, count })
        })
    }
}

impl Default for Detector {
    fn default() -> Self {
        Self::new()
    }
}

fn is_near(a: f32, b: f32) -> bool {
    (a - b).abs() <= 12.0 + 0.04 * a.max(b)
}

/// 50 Hz apart, which a window of 20 ms tells: together they hear everything from 275 to 675 Hz.
const FREQUENCIES: [f32; 8] = [300.0, 350.0, 400.0, 450.0, 500.0, 550.0, 600.0, 650.0];
const WINDOW: usize = 4;
const CLEAN: f32 = 0.75;
const SILENT: Dbm0 = Dbm0(-46.0);
const MUCH_LESS: f32 = 0.06;
const LOOKS: u8 = 3;
/// When a sound and a silence are seen, in ms.
const LATE: (f32, f32) = (18.0, 12.0);
/// A sound or a pause of a busy tone, in ms: E.180 Supplement 2 has 100 to 750.
const LENGTHS: std::ops::RangeInclusive<f32> = 80.0..=1_100.0;

static BANK: LazyLock<Bank> = LazyLock::new(|| Bank::new(&FREQUENCIES));
