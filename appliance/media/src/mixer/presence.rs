//! How loud a member lately was, and whether anybody is to hear it.

use super::level::Level;

/// What decides whether a member gets the floor.
#[derive(Debug)]
pub(super) struct Presence {
    pub(super) muted: bool,
    /// In 4,096ths.
    gain: i32,
    decibels: i8,
    now: Level,
    /// Decibels above silence, after the gain: up at once, down by one in each tick, so that it
    /// holds through the gaps between words.
    loudness: i16,
    chosen: bool,
}

impl Presence {
    pub(super) fn set_gain(&mut self, decibels: i8) {
        self.decibels = decibels.min(MOST_GAIN);
        let factor = 10_f32.powf(f32::from(self.decibels) / 20.0) * UNITY as f32;
        self.gain = if decibels < LEAST_GAIN { 0 } else { factor.round() as i32 };
    }

    /// What it is to be heard with now.
    pub(super) fn wanted_gain(&self) -> i32 {
        if self.muted || !self.chosen { 0 } else { self.gain }
    }

    pub(super) fn begin(&mut self) {
        self.now = Level::SILENCE;
    }

    pub(super) fn expect(&mut self, level: Level) {
        self.now = level;
    }

    /// Heeds the level of this tick; says how loud the member lately was.
    pub(super) fn settle(&mut self) -> i16 {
        let heard = i16::from(SILENCE - self.now.below_overload().min(SILENCE));
        let heard = if heard > 0 { heard + i16::from(self.decibels) } else { 0 };
        let lately = heard.max(self.loudness - 1).max(0);
        self.loudness = if self.is_audible() { lately } else { 0 };
        self.loudness
    }

    /// Whether something is said in this very tick.
    pub(super) fn speaks(&self) -> bool {
        self.now.below_overload() <= QUIET
    }

    /// Whether it is to be heard when it has the floor.
    pub(super) fn is_audible(&self) -> bool {
        !self.muted && self.gain > 0
    }

    pub(super) fn is_chosen(&self) -> bool {
        self.chosen
    }

    pub(super) fn choose(&mut self, chosen: bool) {
        self.chosen = chosen;
    }
}

impl Default for Presence {
    fn default() -> Self {
        Self {
            muted: false,
            gain: UNITY,
            decibels: 0,
            now: Level::SILENCE,
            loudness: 0,
            chosen: false,
        }
    }
}

/// A gain of 1.
pub(super) const UNITY: i32 = 1 << 12;
const MOST_GAIN: i8 = 24;
const LEAST_GAIN: i8 = -66;
/// Softer is no speech, but the noise of a room.
pub(super) const QUIET: u8 = 50;
/// The level of silence, from which loudness is counted.
pub(super) const SILENCE: u8 = 127;
