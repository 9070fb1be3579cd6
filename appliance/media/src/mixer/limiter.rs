//! Turns all voices down together for as long as they add up beyond full scale.

use super::presence::UNITY;

/// The gain of one sum: down within a millisecond, up again by some 7 dB in a second.
#[derive(Debug)]
pub(super) struct Limiter {
    gain: i32,
}

/// How the gain goes through one tick: from one value, in so many samples, to the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ramp {
    pub(super) from: i32,
    pub(super) to: i32,
    pub(super) samples: usize,
}

impl Limiter {
    pub(super) const fn new() -> Self {
        Self { gain: UNITY }
    }

    /// What a tick with such a peak is turned down by; nothing where it passes as it is.
    ///
    /// `millisecond`: how many samples that is.
    pub(super) fn limit(&mut self, peak: i32, millisecond: usize, tick: usize) -> Option<Ramp> {
        let wanted = if peak > FULL_SCALE { (FULL_SCALE << 12) / peak.min(MOST) } else { UNITY };
        let from = self.gain;
        self.gain = wanted.min(from + RISE);
        let samples = if self.gain < from { millisecond } else { tick };
        let ramp = Ramp { from, to: self.gain, samples };
        (ramp.from != UNITY || ramp.to != UNITY).then_some(ramp)
    }
}

impl Ramp {
    /// Scales samples.
    pub(super) fn apply(self, pcm: &mut [i16]) {
        let (head, tail) = pcm.split_at_mut(self.samples.min(pcm.len()));
        let span = i32::try_from(self.samples.max(1)).unwrap_or(i32::MAX);
        // In 4,096ths of 4,096ths, so that a short step is not lost in rounding.
        let step = (self.to - self.from) * 4_096 / span;
        let mut gain = self.from * 4_096;
        for sample in head {
            *sample = scale(*sample, gain / 4_096);
            gain += step;
        }
        match self.to {
            UNITY => {}
            to => tail.iter_mut().for_each(|sample| *sample = scale(*sample, to)),
        }
    }
}

fn scale(sample: i16, gain: i32) -> i16 {
    ((i32::from(sample) * gain) >> 12).clamp(i16::MIN.into(), i16::MAX.into()) as i16
}

/// The greatest magnitude of a sample.
const FULL_SCALE: i32 = 32_768;
/// More than all chairs at the greatest gain bring about.
const MOST: i32 = 1 << 24;
/// 0.13 dB in each tick.
const RISE: i32 = UNITY / 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_passes_as_it_is() {
        assert_eq!(Limiter::new().limit(32_768, 8, 160), None);
    }

    #[test]
    fn a_peak_is_turned_down_at_once_and_comes_back_slowly() {
        let mut limiter = Limiter::new();
        let down = limiter.limit(65_536, 8, 160).unwrap();
        assert_eq!(down, Ramp { from: 4_096, to: 2_048, samples: 8 });
        let mut pcm = [16_000; 160];
        down.apply(&mut pcm);
        assert_eq!((pcm[0], pcm[8], pcm[159]), (16_000, 8_000, 8_000));
        let ticks = std::iter::repeat_with(|| limiter.limit(0, 8, 160));
        assert_eq!(ticks.take_while(Option::is_some).count(), 32);
    }
}
