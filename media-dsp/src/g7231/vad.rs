//! The voice activity detector: ITU-T G.723.1 (05/2006) Annex A.

use super::math::scale;
use super::{FRAME_SAMPLES, Lpc, ORDER, SUBFRAME};
use crate::fixed::{
    extract_h, extract_l, l_add, l_deposit_h, l_mac, l_msu, l_mult, l_shl, l_sub, norm_l, round,
};

/// Tells speech from noise by the energy that a filter of the noise leaves.
#[derive(Clone)]
pub(super) struct Detector {
    /// Frames that are taken for speech after it ended.
    hangover: i16,
    /// Frames of speech in a row, 0 to 3.
    active: i16,
    last_energy: i32,
    noise_level: i32,
    /// Above 0 while there is voiced speech or a sine: the noise is not learned.
    holding: i16,
    /// Open-loop lags of the last two frames' halves.
    lags: [i16; 4],
    /// The noise's prediction filter.
    filter: Lpc,
}

impl Detector {
    pub(super) fn new() -> Self {
        Self {
            hangover: 3,
            active: 0,
            last_energy: 0x400,
            noise_level: 0x400,
            holding: 0,
            lags: [1, 1, SUBFRAME as i16, SUBFRAME as i16],
            filter: [0; ORDER],
        }
    }

    /// Notes the lags of the frame.
    pub(super) fn hear_lags(&mut self, lags: [usize; 2]) {
        self.lags.copy_within(2.., 0);
        (self.lags[2], self.lags[3]) = (lags[0] as i16, lags[1] as i16);
    }

    /// Learns the noise, unless there is voice.
    pub(super) fn learn(&mut self, filter: &Lpc) {
        if self.holding == 0 {
            self.filter = *filter;
        }
    }

    /// Whether a frame is speech. `sines`: whether the last frames were a sine.
    pub(super) fn is_speech(&mut self, frame: &[i16; FRAME_SAMPLES], sines: bool) -> bool {
        let step = if self.steady_pitch() || sines { 2 } else { -1 };
        self.holding = (self.holding + step).clamp(0, 6);
        let energy = self.residual(frame);
        self.follow_noise(energy);
        let speech = self.threshold() <= energy;
        self.hang_over(speech)
    }

    /// Whether all four lags are near to multiples of the least.
    fn steady_pitch(&self) -> bool {
        let least = self.lags.iter().fold(145, |least, &it| least.min(it));
        let near = |lag: i16| (1..=8).filter(move |times| (times * least - lag).abs() <= 3).count();
        self.lags.iter().map(|&lag| near(lag)).sum::<usize>() == 4
    }

    /// The energy of the last three subframes after the filter of the noise.
    fn residual(&self, frame: &[i16; FRAME_SAMPLES]) -> i32 {
        let sum = (SUBFRAME..FRAME_SAMPLES).fold(0, |energy, place| {
            let past = frame[place - ORDER..place].iter().rev();
            let start = l_mult(frame[place], 0x2000);
            let sum = past.zip(&self.filter).fold(start, |sum, (&a, &b)| l_msu(sum, a, b));
            l_mac(energy, round(sum), round(sum))
        });
        scale(sum, BY_SAMPLES)
    }

    fn follow_noise(&mut self, energy: i32) {
        if self.noise_level > self.last_energy {
            let most = l_sub(self.last_energy, self.last_energy >> 2);
            self.noise_level = l_add(most, self.noise_level >> 2);
        }
        self.noise_level = if self.holding == 0 {
            l_add(self.noise_level, self.noise_level >> 5)
        } else {
            l_sub(self.noise_level, self.noise_level >> 11)
        };
        self.noise_level = self.noise_level.clamp(0x80, 0x1_ffff);
        self.last_energy = energy;
    }

    /// The energy above which there is speech: the louder the noise, the nearer to it.
    fn threshold(&self) -> i32 {
        let level = l_shl(self.noise_level, 13);
        let places = norm_l(level);
        let part = extract_h((l_shl(level, places) & 0x3f00_0000) << 1);
        let here = RATIOS[places as usize];
        let factor = l_mac(l_deposit_h(here), part, RATIOS[places as usize - 1]);
        let factor = extract_h(l_msu(factor, part, here));
        l_mult(extract_l(self.noise_level >> 2), factor) >> 11
    }

    fn hang_over(&mut self, speech: bool) -> bool {
        if speech {
            self.active += 1;
            self.hangover += 1;
        } else {
            self.active = (self.active - 1).max(0);
        }
        if self.active >= 2 {
            self.hangover = 6;
            self.active = self.active.min(3);
        }
        if self.hangover == 0 {
            return speech;
        }
        if self.active == 0 {
            self.hangover -= 1;
        }
        true
    }
}

/// Twice the mean over 180 samples of what was summed up in eighths, Q15.
const BY_SAMPLES: i16 = 2_913;
/// Speech against noise, for noise that is shifted left by so many places, Q12: table `ScfTab`.
const RATIOS: [i16; 11] =
    [9_170, 9_170, 9_170, 9_170, 10_289, 11_544, 12_953, 14_533, 16_306, 18_296, 20_529];
