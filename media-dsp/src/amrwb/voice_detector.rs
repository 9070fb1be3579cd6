//! The voice activity detector: levels in twelve bands against the background in each
//! (3GPP TS 26.194).

use super::FRAME_12K8;
use crate::fixed::{add, div_s, l_add, l_mac, l_shl, mult_r, norm_l, norm_s, shl, shr};

/// The detector of a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct VoiceDetector {
    fifth: [[i16; 2]; 5],
    third: [i16; 6],
    /// What the end of the last frame adds to the levels of the next.
    carried: Levels,
    background: Levels,
    last: Levels,
    average: Levels,
    /// The last fifteen decisions, the latest in bit 14; and whether there were tones.
    decisions: i16,
    tones: i16,
    burst: i16,
    hangover: i16,
    stationary: i16,
    speech_level: i16,
    speech_peak: i16,
    speech_frames: i16,
    frames: i16,
    last_power: i32,
}

type Levels = [i16; 12];

impl VoiceDetector {
    pub(super) fn new() -> Self {
        Self {
            fifth: [[0; 2]; 5],
            third: [0; 6],
            carried: [0; 12],
            background: [150; 12],
            last: [150; 12],
            average: [150; 12],
            decisions: 0,
            tones: 0,
            burst: 0,
            hangover: 0,
            stationary: 0,
            speech_level: NOMINAL,
            speech_peak: 0,
            speech_frames: 0,
            frames: 0,
            last_power: 0,
        }
    }

    /// Notes whether a part of a frame was as periodic as a tone.
    pub(super) fn see_periodicity(&mut self, gain: i16) {
        self.tones >>= 1;
        if gain > 21_298 {
            self.tones |= LATEST;
        }
    }

    /// Whether there is voice in a frame at 12.8 kHz.
    pub(super) fn detect(&mut self, signal: &[i16; FRAME_12K8]) -> bool {
        // The square of the least value is negative in the library.
        let power = signal.iter().fold(0, |sum, &x| l_add(sum, (i32::from(x) * i32::from(x)) << 1));
        let both = l_add(power, self.last_power);
        self.last_power = power;
        if both < 686_080 {
            self.tones &= 0x1fff;
        }
        let levels = self.levels(signal);
        let voice = self.decide(&levels, both);
        self.follow_speech(mean(&levels));
        voice
    }

    fn levels(&mut self, signal: &[i16; FRAME_12K8]) -> Levels {
        let mut bands = signal.map(|x| x >> 1);
        for i in 0..128 {
            split_fifth(&mut bands, 2 * i, 2 * i + 1, &mut self.fifth[0]);
        }
        for i in 0..64 {
            split_fifth(&mut bands, 4 * i, 4 * i + 2, &mut self.fifth[1]);
            split_fifth(&mut bands, 4 * i + 1, 4 * i + 3, &mut self.fifth[2]);
        }
        for i in 0..32 {
            split_fifth(&mut bands, 8 * i, 8 * i + 4, &mut self.fifth[3]);
            split_fifth(&mut bands, 8 * i + 2, 8 * i + 6, &mut self.fifth[4]);
            split_third(&mut bands, 8 * i + 3, 8 * i + 7, &mut self.third[0]);
        }
        for i in 0..16 {
            split_third(&mut bands, 16 * i, 16 * i + 8, &mut self.third[1]);
            split_third(&mut bands, 16 * i + 4, 16 * i + 12, &mut self.third[2]);
            split_third(&mut bands, 16 * i + 6, 16 * i + 14, &mut self.third[3]);
        }
        for i in 0..8 {
            split_third(&mut bands, 32 * i, 32 * i + 16, &mut self.third[4]);
            split_third(&mut bands, 32 * i + 8, 32 * i + 24, &mut self.third[5]);
        }
        std::array::from_fn(|band| {
            let (step, first, scale) = BANDS[band];
            level(&bands, &mut self.carried[band], step, first, scale)
        })
    }

    fn decide(&mut self, levels: &Levels, power: i32) -> bool {
        let mut ratio = 0;
        for (&level, &background) in levels.iter().zip(&self.background) {
            let shift = norm_s(background);
            let quotient = shl(div_s(level >> 1, background << shift), shift - 6);
            ratio = l_mac(ratio, quotient, quotient);
        }
        let noise = mean(&self.background);
        let least = (((i32::from(noise) * 4096) >> 15) as i16) << 3;
        self.speech_level = self.speech_level.max(least);
        let noise_log = log_level(noise);
        let speech_log = log_level(self.speech_level.wrapping_sub(least));
        let slope = |slope: i32, value: i16, from: i16| {
            ((slope * (i32::from(value) - i32::from(from))) >> 15) as i16
        };
        let by_noise = slope(NOISE_SLOPE, noise_log, 31_744).wrapping_add(HIGHEST);
        let by_speech = slope(SPEECH_SLOPE, speech_log, 22_527).wrapping_sub(96).clamp(-96, 96);
        let threshold = by_noise.wrapping_add(by_speech).max(204);
        self.decisions >>= 1;
        if ratio > (i32::from(threshold) * (512 * 12)) << 1 {
            self.decisions |= LATEST;
        }
        self.follow_noise(levels);
        let hangover = slope(HANGOVER_SLOPE, threshold, LOWEST).wrapping_add(12).max(2);
        let burst = slope(BURST_SLOPE, threshold, HIGHEST).wrapping_add(8);
        self.hang_over(power < 30_000, hangover, burst)
    }

    /// Adds frames to a burst of voice.
    fn hang_over(&mut self, quiet: bool, hangover: i16, burst: i16) -> bool {
        if quiet {
            self.burst = 0;
            self.hangover = 0;
            return false;
        }
        if self.decisions & LATEST != 0 {
            self.burst = add(self.burst, 1);
            if self.burst >= burst {
                self.hangover = hangover;
            }
            return true;
        }
        self.burst = 0;
        if self.hangover > 0 {
            self.hangover -= 1;
            return true;
        }
        false
    }

    fn follow_noise(&mut self, levels: &Levels) {
        self.follow_stationarity(levels);
        let (up, down, step) = if self.decisions & 0x7800 == 0 {
            (1638, 2097, 2)
        } else if self.stationary == 0 {
            (491, 1867, 2)
        } else {
            (0, 1638, 0)
        };
        for (background, &last) in self.background.iter_mut().zip(&self.last) {
            let difference = last.wrapping_sub(*background);
            *background = if difference < 0 {
                add(*background, mult_r(down, difference)).wrapping_sub(2).max(40)
            } else {
                let grown = background.wrapping_add(mult_r(up, difference)).wrapping_add(step);
                grown.min(20_000)
            };
        }
        self.last = *levels;
    }

    /// Counts how long the levels have been near their average.
    fn follow_stationarity(&mut self, levels: &Levels) {
        if self.tones & 0x7c00 == 0x7c00 || self.decisions & 0x7f80 == 0 {
            self.stationary = STATIONARY;
        } else {
            let mut ratio = 0_i16;
            for (&level, &average) in levels.iter().zip(&self.average) {
                let more = level.max(average).max(184);
                let less = if level > average { average } else { level }.max(184);
                let shift = norm_s(less);
                let quotient = div_s(more >> 1, less << shift);
                ratio = ratio.wrapping_add(shr(quotient, 8 - shift));
            }
            if ratio > 1000 {
                self.stationary = STATIONARY;
            } else if self.decisions & LATEST != 0 && self.stationary != 0 {
                self.stationary -= 1;
            }
        }
        let weight = if self.stationary == STATIONARY {
            32_767
        } else if self.decisions & LATEST == 0 {
            16_383
        } else {
            3276
        };
        for (average, &level) in self.average.iter_mut().zip(levels) {
            *average = average.wrapping_add(mult_r(weight, level.wrapping_sub(*average)));
        }
    }

    fn follow_speech(&mut self, level: i16) {
        if self.frames - self.speech_frames > 80 - 25 {
            self.frames = 0;
            self.speech_peak = 0;
            self.speech_frames = 0;
        }
        self.frames += 1;
        let speech = self.decisions & LATEST != 0 || level > self.speech_level;
        if !speech || level <= 129 {
            return;
        }
        self.speech_peak = self.speech_peak.max(level);
        self.speech_frames += 1;
        if self.speech_frames < 25 {
            return;
        }
        let half = self.speech_peak >> 1;
        if half > 410 {
            let step = mult_r(4915, half.wrapping_sub(self.speech_level));
            self.speech_level = self.speech_level.wrapping_add(step);
        }
        self.speech_peak = 0;
        self.speech_frames = 0;
        self.frames = 0;
    }
}

/// A filter of fifth order: halves of a band.
fn split_fifth(bands: &mut [i16; FRAME_12K8], a: usize, b: usize, state: &mut [i16; 2]) {
    let (first, from_a) = all_pass(bands[a], state[0], 21_955);
    let (second, from_b) = all_pass(bands[b], state[1], 6390);
    (state[0], state[1]) = (first, second);
    bands[a] = half(i32::from(from_a) + i32::from(from_b));
    bands[b] = half(i32::from(from_a) - i32::from(from_b));
}

/// A filter of third order.
fn split_third(bands: &mut [i16; FRAME_12K8], a: usize, b: usize, state: &mut i16) {
    let (next, from_b) = all_pass(bands[b], *state, 13_363);
    *state = next;
    let from_a = i32::from(bands[a]);
    bands[b] = half(from_a - i32::from(from_b));
    bands[a] = half(from_a + i32::from(from_b));
}

/// The next state and the output of an all-pass section.
fn all_pass(input: i16, state: i16, coefficient: i32) -> (i16, i16) {
    let times = |x: i16| ((coefficient * i32::from(x)) >> 15) as i16;
    let next = input.wrapping_sub(times(state));
    (next, state.wrapping_add(times(next)))
}

fn half(sum: i32) -> i16 {
    ((sum << 15) >> 16) as i16
}

/// The level of a band: of this frame and the end of the last.
fn level(
    bands: &[i16; FRAME_12K8],
    carried: &mut i16,
    step: usize,
    first: usize,
    scale: i16,
) -> i16 {
    let count = FRAME_12K8 / step;
    let sum = |from: usize, to: usize| -> i32 {
        (from..to).map(|i| i32::from(bands[step * i + first].saturating_abs()) << 1).sum()
    };
    let early = sum(0, count / 4);
    let late = sum(count / 4, count);
    let whole = late.wrapping_add(l_shl(i32::from(*carried), 16 - scale));
    *carried = (l_shl(late, scale) >> 16) as i16;
    (l_shl(whole.wrapping_add(early), scale) >> 16) as i16
}

/// Mean of the levels but the lowest, as they are scaled.
fn mean(levels: &Levels) -> i16 {
    let sum: i32 = levels[1..].iter().map(|&level| i32::from(level)).sum();
    ((sum << 12) >> 16) as i16
}

/// -1024 log2 of a level.
fn log_level(level: i16) -> i16 {
    let level = level.max(1);
    let shift = norm_s(level);
    let mut mantissa = i32::from(level << shift);
    for _ in 0..3 {
        mantissa = (mantissa * mantissa) >> 15;
    }
    let square = (mantissa * mantissa) << 1;
    let square_shift = norm_l(square);
    let mantissa = (square << square_shift) >> 16;
    let sum = ((i32::from(shift) + 16) << 10) + (i32::from(square_shift) << 6) + 127;
    (sum - (mantissa >> 8)) as i16
}

/// Of each band: distance of its samples, the first of them, scale.
static BANDS: [(usize, usize, i16); 12] = [
    (32, 0, 17),
    (32, 16, 17),
    (32, 24, 17),
    (32, 8, 17),
    (16, 12, 16),
    (16, 4, 16),
    (16, 6, 16),
    (16, 14, 16),
    (8, 2, 15),
    (8, 3, 15),
    (8, 7, 15),
    (4, 1, 14),
];

/// The bit of the latest decision.
const LATEST: i16 = 0x4000;
/// About -26 dBov.
const NOMINAL: i16 = 2050;
/// Frames until levels count as stationary.
const STATIONARY: i16 = 20;
/// The highest threshold, at the lowest noise.
const HIGHEST: i16 = 768;
/// The lowest threshold.
const LOWEST: i16 = 217;
/// Slopes in Q15, as the standard's preprocessor computes them.
const NOISE_SLOPE: i32 = 1509;
const SPEECH_SLOPE: i32 = -1339;
const HANGOVER_SLOPE: i32 = -1110;
const BURST_SLOPE: i32 = 297;
