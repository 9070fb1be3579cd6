//! The dual tone that tells a telephone to listen: DT-AS of EN 300 659-1 §6.2.1, CAS of GR-30 §2.5.

use crate::fixed::nearest;
use crate::tone::pair::{self, Limits, Listener, Plan};
use crate::tone::{Dbm0, Oscillator};
use std::sync::LazyLock;

/// Sends the tone.
#[derive(Debug, Clone)]
pub struct Alert {
    low: Oscillator,
    high: Oscillator,
    peak: f32,
    left: u32,
}

/// Hears the tone. State: at most 752 octets.
#[derive(Debug, Clone)]
pub struct AlertDetector {
    listener: Listener,
}

impl Alert {
    /// Samples with the telephone on the hook: 100 ms.
    pub const ON_HOOK: u32 = 800;
    /// Samples during a call: 80 ms.
    pub const DURING_CALL: u32 = 640;

    /// The tone for so many samples, either part at -13 dBm0.
    pub fn new(samples: u32) -> Self {
        let (low, high) = (Oscillator::new(LOW.into()), Oscillator::new(HIGH.into()));
        Self { low, high, peak: Dbm0(-13.0).peak(), left: samples }
    }

    /// Fills `pcm` with what comes next; says how many samples that were, fewer only at the end.
    pub fn fill(&mut self, pcm: &mut [i16]) -> usize {
        let count = pcm.len().min(self.left as usize);
        for sample in &mut pcm[..count] {
            *sample = nearest(self.peak * (self.low.sample() + self.high.sample()));
        }
        self.left -= count as u32;
        count
    }
}

impl AlertDetector {
    /// Has heard nothing yet.
    pub fn new() -> Self {
        Self { listener: Listener::new() }
    }

    /// Listens to samples; tells the duration in samples of each tone that was one, once it ended.
    pub fn hear(&mut self, pcm: &[i16], mut tell: impl FnMut(u64)) {
        self.listener.hear(&PLAN, pcm, &mut |event| match event {
            pair::Event::Ended(tone) if DURATIONS.contains(&tone.duration) => tell(tone.duration),
            pair::Event::Ended(_) | pair::Event::Began(_) => {}
        });
    }
}

impl Default for AlertDetector {
    fn default() -> Self {
        Self::new()
    }
}

/// EN 300 659-1 §6.2.1.
const LOW: f32 = 2_130.0;
const HIGH: f32 = 2_750.0;
/// 75 to 110 ms are sent; 10 ms more or less are heard.
const DURATIONS: std::ops::RangeInclusive<u64> = 520..=960;

/// EN 300 659-1 §6.2.1: 0.5 % off, -40 to -9 dBV, 6 dB between the two.
static PLAN: LazyLock<Plan> = LazyLock::new(|| {
    let limits = Limits {
        least: Dbm0(-40.0),
        twist: 7.0,
        reverse_twist: 7.0,
        off: (0.008, 0.0),
        clean: 0.8,
        windows: 8,
        gap: 4,
    };
    Plan::new(&[LOW, HIGH], Some(1), limits)
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_detector_is_small() {
        assert!(size_of::<AlertDetector>() <= 752, "{}", size_of::<AlertDetector>());
    }
}
