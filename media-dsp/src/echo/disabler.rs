//! The tone disabler: 2100 Hz with phase reversals tells echo cancellers to stand aside for data
//! (ITU-T G.168 §7, ITU-T V.25, V.8). Without reversals the tone is for echo suppressors only.

use crate::arch::echo::HOP;
use std::f64::consts::PI;

/// Listens to one direction.
#[derive(Debug, Clone)]
pub(super) struct Detector {
    /// Samples since the segment began, and eight sums of the products with the oscillator and of squares.
    count: usize,
    re: [f32; HOP],
    im: [f32; HOP],
    power: [f32; HOP],
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
        let lanes = [0.0; HOP];
        Self { count: 0, re: lanes, im: lanes, power: lanes, tone: Tone::Absent, level: 0.0 }
    }

    /// Whether a carrier is there that holds the disabled state (§7.4: -36 dBm0).
    pub(super) fn holds(&self) -> bool {
        self.level > HOLDING
    }

    /// Hears a millisecond; true when the tone has turned its phase and has gone on after that.
    pub(super) fn hear(&mut self, samples: &[i16; HOP], wheel: &Wheel) -> bool {
        let (re, im) = (&wheel.re[self.count..], &wheel.im[self.count..]);
        for (lane, ((&sample, re), im)) in samples.iter().zip(re).zip(im).enumerate() {
            let sample = f32::from(sample);
            self.re[lane] += sample * re;
            self.im[lane] += sample * im;
            self.power[lane] += sample * sample;
        }
        self.count += HOP;
        self.count == SEGMENT && self.segment()
    }

    fn segment(&mut self) -> bool {
        let sum = |lanes: &[f32; HOP]| lanes.iter().sum::<f32>();
        let (re, im) = (sum(&self.re), sum(&self.im));
        let power = sum(&self.power) / SEGMENT as f32;
        self.count = 0;
        [self.re, self.im, self.power] = [[0.0; HOP]; 3];
        self.level += 0.3 * (power - self.level);
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
    re: [f32; SEGMENT],
    im: [f32; SEGMENT],
}

impl Wheel {
    pub(super) fn new() -> Self {
        let angle = |step: usize| -2.0 * PI * 2100.0 * step as f64 / 8000.0;
        Self {
            re: std::array::from_fn(|step| angle(step).cos() as f32),
            im: std::array::from_fn(|step| angle(step).sin() as f32),
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
