//! How long it is from one report to the next (RFC 3550 §6.2, §6.3.1).
//!
//! There are two in a call, and one of 8 kbit/s already lets them report every five seconds: the
//! interval is the least that is allowed, and reconsidering it (§6.3.3) would change nothing.

use std::time::Duration;

/// The intervals of one reporter, by chance, so that two boxes never report in step.
#[derive(Debug)]
pub(super) struct Interval {
    chance: u64,
    begun: bool,
}

impl Interval {
    /// `seed`: unlike that of any other.
    pub(super) fn new(seed: u64) -> Self {
        Self { chance: seed, begun: false }
    }

    /// From now until the next report.
    pub(super) fn next(&mut self) -> Duration {
        let least = if self.begun { LEAST } else { LEAST / 2 };
        self.begun = true;
        // From a half to one and a half, in 2^32nds.
        let factor = (1 << 31) + (self.draw() >> 32);
        let micros = (least.as_micros() * u128::from(factor) * 100_000 / COMPENSATION) >> 32;
        Duration::from_micros(micros as u64)
    }

    /// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
    fn draw(&mut self) -> u64 {
        self.chance = self.chance.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.chance;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }
}

/// §6.2; the first report comes after half of it.
const LEAST: Duration = Duration::from_secs(5);
/// e - 3/2, in 100,000ths (§6.3.1).
const COMPENSATION: u128 = 121_828;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_lie_around_what_is_allowed_and_differ() {
        let mut interval = Interval::new(1);
        let first = interval.next().as_secs_f64();
        assert!((1.02..=3.08).contains(&first), "{first}");
        let all: Vec<_> = (0..10_000).map(|_| interval.next().as_secs_f64()).collect();
        assert!(all.iter().all(|it| (2.05..=6.16).contains(it)));
        let mean = all.iter().sum::<f64>() / all.len() as f64;
        assert!((mean - 5.0 / 1.21828).abs() < 0.05, "{mean}");
        assert_ne!(all[0], Interval::new(2).next().as_secs_f64());
    }
}
