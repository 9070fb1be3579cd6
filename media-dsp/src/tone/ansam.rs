//! Makes the answer tones of fax machines and modems: CED (ITU-T T.30 §4.1.1), ANS (V.25), ANSam
//! (V.8 §7.2), the latter two also with the phase reversals that disable echo cancellers.

use super::{Dbm0, Oscillator, RATE};
use crate::fixed::nearest;

/// How an answer tone disables the echo control of the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// It does not; echo suppressors hear it (G.164).
    Steady,
    /// It turns over every 450 ms, which echo cancellers hear (V.25 §4.4, V.8 §7.2.2).
    Reversed,
}

/// How loud an answer tone is from instant to instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Envelope {
    /// CED and ANS.
    Constant,
    /// ANSam: it swings by a fifth at 15 Hz.
    Swinging,
}

/// Plays an answer tone without end.
#[derive(Debug, Clone)]
pub struct Generator {
    carrier: Oscillator,
    swing: Oscillator,
    phase: Phase,
    depth: f32,
    peak: f32,
    /// Samples until the phase turns over.
    left: u32,
}

impl Generator {
    /// A tone of 2100 Hz with this mean power.
    pub fn new(phase: Phase, envelope: Envelope, level: Dbm0) -> Self {
        let depth = match envelope {
            Envelope::Constant => 0.0,
            Envelope::Swinging => DEPTH,
        };
        // A swing of d adds d²/2 to the power.
        let peak = level.peak() / (1.0 + depth * depth / 2.0).sqrt();
        let (carrier, swing) = (Oscillator::new(2_100.0), Oscillator::new(15.0));
        Self { carrier, swing, phase, depth, peak, left: REVERSAL }
    }

    /// Fills `pcm` with what comes next.
    pub fn fill(&mut self, pcm: &mut [i16]) {
        for sample in pcm {
            if self.left == 0 {
                self.left = REVERSAL;
                if self.phase == Phase::Reversed {
                    self.carrier.reverse();
                }
            }
            self.left -= 1;
            let loud = self.peak * (1.0 + self.depth * self.swing.sample());
            *sample = nearest(loud * self.carrier.sample());
        }
    }
}

/// V.8 §7.2.1.
const DEPTH: f32 = 0.2;
/// 450 ms.
const REVERSAL: u32 = 450 * RATE / 1_000;
