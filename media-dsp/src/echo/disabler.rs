//! The tone disabler: 2100 Hz with phase reversals tells echo cancellers to stand aside for data
//! (ITU-T G.168 §7, ITU-T V.25, V.8). Without reversals the tone is for echo suppressors only.

use crate::arch::Level;
use crate::arch::echo::{self as kernel, HOP, Segment};
use std::array::from_fn;
use std::f64::consts::PI;

/// Listens to one direction.
#[derive(Debug, Clone)]
pub(super) struct Detector {
    /// The segment that is filled, and its milliseconds.
    segment: Segment<i16>,
    filled: usize,
    tone: Tone,
    /// A smoothed power, for the hold.
    level: f32,
}

#[derive(Debug, Clone, Copy)]
enum Tone {
    /// None.
    Absent,
    /// For so many segments, of which the last `gap` were blurred, with this phase at the last clear one
    /// and this advance from one to the next.
    Steady { segments: u32, gap: u32, phase: f32, advance: f32 },
    /// After a reversal, for so many segments, with this phase and advance.
    Reversed { segments: u32, gap: u32, phase: f32, advance: f32 },
}

impl Detector {
    pub(super) fn new() -> Self {
        Self { segment: [[0; HOP]; 10], filled: 0, tone: Tone::Absent, level: 0.0 }
    }

    /// Whether a carrier is there that holds the disabled state (§7.4: -36 dBm0).
    pub(super) fn holds(&self) -> bool {
        self.level > HOLDING
    }

    /// Hears a millisecond; true when the tone has turned its phase and has gone on after that.
    pub(super) fn hear(&mut self, level: Level, samples: &[i16; HOP], wheel: &Wheel) -> bool {
        if let Some(row) = self.segment.get_mut(self.filled) {
            *row = *samples;
        }
        self.filled += 1;
        if self.filled < self.segment.len() {
            return false;
        }
        self.filled = 0;
        self.next_segment(level, wheel)
    }

    fn next_segment(&mut self, level: Level, wheel: &Wheel) -> bool {
        let [re, im, power] = kernel::listen(level, &self.segment, &wheel.wave);
        let power = power / SEGMENT as f32;
        // Silence does not go on falling.
        self.level += 0.3 * (power.max(1.0) - self.level);
        let size = (re * re + im * im) / (SEGMENT * SEGMENT) as f32;
        let clear = power > LEAST && 2.0 * size > PURE * power;
        self.tone = self.tone.next(clear.then(|| im.atan2(re)), power > LEAST);
        matches!(self.tone, Tone::Reversed { segments: AFTER, .. })
    }
}

impl Tone {
    /// After another segment: its phase if it held the tone alone, and whether it held anything.
    fn next(self, heard: Option<f32>, loud: bool) -> Self {
        let Some(now) = heard else {
            return match self {
                // A reversal blurs a segment or two.
                Self::Steady { segments, gap, phase, advance } if loud && gap < BLUR => {
                    Self::Steady { segments, gap: gap + 1, phase, advance }
                }
                Self::Reversed { segments, gap, phase, advance } if loud && gap < BLUR => {
                    Self::Reversed { segments, gap: gap + 1, phase, advance }
                }
                _ => Self::Absent,
            };
        };
        let fresh = Self::Steady { segments: 1, gap: 0, phase: now, advance: 0.0 };
        let (segments, gap, phase, advance) = match self {
            Self::Absent => return fresh,
            Self::Steady { segments, gap, phase, advance }
            | Self::Reversed { segments, gap, phase, advance } => (segments, gap, phase, advance),
        };
        let off = wrap(now - phase - advance * (gap + 1) as f32);
        if matches!(self, Self::Steady { segments: 1, gap: 0, .. }) && off.abs() < WIDEST {
            return Self::Steady { segments: 2, gap: 0, phase: now, advance: off };
        }
        if off.abs() < SAME {
            let advance = if gap == 0 { advance + 0.3 * off } else { advance };
            if advance.abs() > WIDEST {
                return Self::Absent;
            }
            let segments = segments + 1;
            return match self {
                Self::Reversed { .. } => Self::Reversed { segments, gap: 0, phase: now, advance },
                _ => Self::Steady { segments, gap: 0, phase: now, advance },
            };
        }
        if off.abs() > OPPOSITE && segments >= BEFORE {
            return Self::Reversed { segments: 1, gap: 0, phase: now, advance };
        }
        fresh
    }
}

/// The oscillator: 2100 Hz make 21 turns in the 80 samples of a segment.
#[derive(Debug, Clone)]
pub(super) struct Wheel {
    wave: [Segment<f32>; 2],
}

impl Wheel {
    pub(super) fn new() -> Self {
        let angle = |step: usize| -2.0 * PI * 2100.0 * step as f64 / 8000.0;
        Self {
            wave: [
                from_fn(|row| from_fn(|lane| angle(row * HOP + lane).cos() as f32)),
                from_fn(|row| from_fn(|lane| angle(row * HOP + lane).sin() as f32)),
            ],
        }
    }
}

fn wrap(angle: f32) -> f32 {
    use std::f32::consts::{PI, TAU};
    (angle + PI).rem_euclid(TAU) - PI
}

/// Samples of a segment: 10 ms.
const SEGMENT: usize = 80;
/// The power of -33 dBm0: the tone is heard from -31 dBm0 (§7.2), and its hold ends at -36 (§7.4).
const LEAST: f32 = 130_000.0;
const HOLDING: f32 = 65_000.0;
/// The part of the power that the tone has.
const PURE: f32 = 0.6;
/// Segments that a reversal may blur.
const BLUR: u32 = 2;
/// How far a phase is from the expected one at most when it is the same, and at least when it is turned.
const SAME: f32 = 0.8;
const OPPOSITE: f32 = 2.4;
/// The advance of 30 Hz beside 2100 Hz in a segment: 2100 ± 21 Hz are heard (§7.2).
const WIDEST: f32 = 1.9;
/// Segments of tone before a reversal, and after it.
const BEFORE: u32 = 12;
const AFTER: u32 = 8;
