//! The detector of speech activity: ITU-T G.729 Annex B §B.3.

use super::double::{compose, logarithm, scale};
use super::lsp::Lsp;
use super::prediction::{Correlations, LAGS, WINDOW_LENGTH};
use super::tables::{LOW_BAND, START_FACTOR, START_SHIFT};
use crate::fixed::{abs_s, add, extract_h, l_deposit_h, l_mac, l_mult, l_shl, mult, sub};

/// What the detector decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Activity {
    Voice,
    Noise,
}

use Activity::{Noise, Voice};

/// The detector's averages and counters.
#[derive(Debug, Clone)]
pub(super) struct Detector {
    frame: i16,
    /// The last two decisions, the newer first.
    last: [Activity; 2],
    /// Averages over the background.
    mean_lsf: Lsp,
    mean_energy: i16,
    mean_low: i16,
    mean_crossings: i16,
    /// The average over the first frames.
    start_energy: i16,
    /// Least energies of eight frames each, and of the present ones.
    least: [i16; 16],
    least_before: i16,
    least_now: i16,
    least_next: i16,
    last_energy: i16,
    silent: i16,
    updates: i16,
    hangover: i16,
    /// Whether voice may be held over the noise after it.
    may_hold: bool,
    quiet_at_start: i16,
}

/// What a frame is judged by.
#[derive(Debug, Clone, Copy)]
struct Features {
    /// Logarithmic energy, of the whole and of the band below 1 kHz, Q11.
    energy: i16,
    low: i16,
    /// Zero crossings, Q15.
    crossings: i16,
    /// Distance of the spectrum from that of the background.
    distance: i16,
}

/// How far the background's averages lie above a frame.
#[derive(Debug, Clone, Copy)]
struct Differences {
    energy: i16,
    low: i16,
    crossings: i16,
    distance: i16,
}

impl Detector {
    pub(super) fn new() -> Self {
        Self {
            frame: 0,
            last: [Voice; 2],
            mean_lsf: [0; 10],
            mean_energy: 0,
            mean_low: 0,
            mean_crossings: 0,
            start_energy: 0,
            least: [0; 16],
            least_before: 0,
            least_now: i16::MAX,
            least_next: 0,
            last_energy: 0,
            silent: 0,
            updates: 0,
            hangover: 0,
            may_hold: true,
            quiet_at_start: 0,
        }
    }

    /// Decides on a frame: its autocorrelations (windowed, and the places of the first), frequencies, second
    /// reflection coefficient and speech.
    pub(super) fn decide(
        &mut self,
        windowed: &[i32; LAGS + 1],
        correlations: &Correlations,
        lsf: &Lsp,
        reflection: i16,
        speech: &[i16; WINDOW_LENGTH],
    ) -> Activity {
        self.frame = if self.frame == i16::MAX { 256 } else { self.frame + 1 };
        let features = self.features(windowed, correlations.places, lsf, speech);
        self.follow_least(features.energy);
        let mut activity = Noise;
        if self.frame <= START_FRAMES {
            activity = self.start(features, lsf);
        }
        if self.frame >= START_FRAMES {
            if self.frame == START_FRAMES {
                self.settle();
            }
            activity = self.judge(features, lsf, reflection);
        }
        self.last_energy = features.energy;
        activity
    }

    /// The decision before this one.
    pub(super) fn before(&self) -> Activity {
        self.last[0]
    }

    /// Keeps a decision as the last.
    pub(super) fn keep(&mut self, activity: Activity) {
        self.last = [activity, self.last[0]];
    }

    fn features(&self, r: &[i32; LAGS + 1], places: i16, lsf: &Lsp, speech: &[i16]) -> Features {
        // 10 log10(2) times the logarithm, less the window's 10 log10(240).
        let decibels = |value: i32| {
            let (exponent, fraction) = logarithm(value);
            let sum = l_mac(scale(compose(exponent, fraction), 9864), 9864, places - 2);
            sub(extract_h(l_shl(sum, 11)), 4875)
        };
        let upper = r.map(extract_h);
        let low = (1..=LAGS).fold(0, |sum, i| l_mac(sum, upper[i], LOW_BAND[i]));
        let low = l_mac(l_shl(low, 1), upper[0], LOW_BAND[0]);
        let distance = lsf.iter().zip(self.mean_lsf).fold(0, |sum, (&value, mean)| {
            let difference = sub(value, mean);
            l_mac(sum, difference, difference)
        });
        let crossings = speech[CROSSINGS]
            .windows(2)
            .filter(|pair| mult(pair[0], pair[1]) < 0)
            .fold(0, |sum, _| add(sum, 410));
        Features {
            energy: decibels(r[0] & !1),
            low: decibels(low),
            crossings,
            distance: extract_h(distance),
        }
    }

    /// The least energy of the last 128 frames: §B.3.1.5.
    fn follow_least(&mut self, energy: i16) {
        let place = self.frame & 7;
        if self.frame < LEAST_FRAMES {
            if energy < self.least_now {
                (self.least_now, self.least_before) = (energy, energy);
            }
            if place == 0 {
                self.least[(self.frame >> 3) as usize - 1] = self.least_now;
                self.least_now = i16::MAX;
            }
        }
        if place == 0 {
            self.least_before = self.least_of_all();
        }
        if self.frame < LEAST_FRAMES {
            return;
        }
        if place == 1 {
            self.least_now = self.least_before;
            self.least_next = i16::MAX;
        }
        self.least_now = self.least_now.min(energy);
        self.least_next = self.least_next.min(energy);
        if place == 0 {
            self.least.rotate_left(1);
            self.least[15] = self.least_next;
            self.least_before = self.least_of_all();
        }
    }

    fn least_of_all(&self) -> i16 {
        self.least.iter().fold(i16::MAX, |least, &it| least.min(it))
    }

    /// The first frames: those that are loud enough make the averages.
    fn start(&mut self, features: Features, lsf: &Lsp) -> Activity {
        if features.energy < QUIET {
            self.quiet_at_start += 1;
            return Noise;
        }
        let more = |mean: i16, value| extract_h(l_mac(l_deposit_h(mean), value, 1024));
        self.start_energy = more(self.start_energy, features.energy);
        self.mean_crossings = more(self.mean_crossings, features.crossings);
        for (mean, &value) in self.mean_lsf.iter_mut().zip(lsf) {
            *mean = more(*mean, value);
        }
        Voice
    }

    /// The averages of the first frames, as if none had been quiet.
    fn settle(&mut self) {
        let quiet = self.quiet_at_start as usize;
        let full = |mean| extract_h(l_shl(l_mult(mean, START_FACTOR[quiet]), START_SHIFT[quiet]));
        self.start_energy = full(self.start_energy);
        self.mean_crossings = full(self.mean_crossings);
        self.mean_lsf = self.mean_lsf.map(full);
        self.mean_energy = sub(self.start_energy, 2048);
        self.mean_low = sub(self.start_energy, 2458);
    }

    fn judge(&mut self, features: Features, lsf: &Lsp, reflection: i16) -> Activity {
        let Features { energy, distance, .. } = features;
        let differences = Differences {
            energy: sub(self.mean_energy, energy),
            low: sub(self.mean_low, features.low),
            crossings: sub(self.mean_crossings, features.crossings),
            distance,
        };
        let mut activity =
            if energy >= QUIET && differences.are_of_voice() { Voice } else { Noise };
        let held = self.smooth(&mut activity, energy, differences.energy);
        let activity = self.shorten(activity, energy);
        let near = sub(sub(energy, 614), self.mean_energy) < 0;
        let settled = self.frame > LEAST_FRAMES - 1;
        let activity =
            if near && settled && !held && reflection < 19_661 { Noise } else { activity };
        if near && reflection < 24_576 && distance < 83 {
            self.follow(features, lsf);
        }
        let apart = sub(self.mean_energy, self.least_now);
        if settled && ((apart < 0 && distance < 83) || apart > 2048) {
            self.mean_energy = self.least_now;
            self.updates = 0;
        }
        activity
    }

    /// Holds voice over into noise, and says whether it did: §B.3.6.
    fn smooth(&mut self, activity: &mut Activity, energy: i16, difference: i16) -> bool {
        let mut held = false;
        let falls = add(difference, 410) < 0 && energy > QUIET;
        if self.last[0] == Voice && *activity == Noise && falls {
            *activity = Voice;
            held = true;
        }
        if !self.may_hold {
            self.may_hold = true;
            return held;
        }
        let still = abs_s(sub(self.last_energy, energy)) <= 614;
        if self.last == [Voice; 2] && *activity == Noise && still {
            self.hangover += 1;
            *activity = Voice;
            held = true;
            if self.hangover > 4 {
                self.hangover = 0;
                self.may_hold = false;
            }
        }
        held
    }

    /// Takes a single voice frame after much noise for noise.
    fn shorten(&mut self, activity: Activity, energy: i16) -> Activity {
        match activity {
            Noise => {
                self.silent = add(self.silent, 1);
                Noise
            }
            Voice => {
                let sudden = self.silent > 10 && sub(energy, self.last_energy) <= 614;
                self.silent = 0;
                if sudden { Noise } else { Voice }
            }
        }
    }

    /// Moves the averages towards a frame of background, the slower the more there were: §B.3.7.
    fn follow(&mut self, features: Features, lsf: &Lsp) {
        self.updates = add(self.updates, 1);
        let stage = (self.updates / 10 - 1).clamp(0, 5) as usize;
        let [energy, crossings, spectrum] = FOLLOWING[stage];
        let move_to = |mean, (keep, take), value| extract_h(l_mac(l_mult(keep, mean), take, value));
        self.mean_energy = move_to(self.mean_energy, energy, features.energy);
        self.mean_low = move_to(self.mean_low, energy, features.low);
        self.mean_crossings = move_to(self.mean_crossings, crossings, features.crossings);
        for (mean, &value) in self.mean_lsf.iter_mut().zip(lsf) {
            *mean = move_to(*mean, spectrum, value);
        }
    }
}

impl Differences {
    /// Whether the frame lies outside of the background in one of fourteen directions: table B.1.
    fn are_of_voice(self) -> bool {
        let Self { energy, low, crossings, distance } = self;
        // A line over zero crossings, compared with a value in the upper half.
        let line = |slope, (factor, offset), by: u32| {
            l_mac(l_mult(crossings, slope), factor, offset) >> by
        };
        let above = |line: i32, value: i16| line.saturating_add(l_deposit_h(value)) > 0;
        let below = |line: i32, value: i16| line.saturating_add(l_deposit_h(value)) < 0;
        let sum = |value, slope, (factor, offset)| l_mac(l_mult(value, slope), factor, offset);

        above(line(-14_680, (8192, -28_521), 8), distance)
            || above(line(19_065, (8192, -19_446), 7), distance)
            || below(line(20_480, (8192, 16_384), 2), energy)
            || below(line(-16_384, (8192, 19_660), 2), energy)
            || sum(energy, 32_767, (1024, 30_802)) < 0
            || l_mac(sum(distance, -28_160, (64, 19_988)), energy, 512) < 0
            || sum(distance, 32_767, (32, -30_199)) > 0
            || below(line(-20_480, (8192, 22_938), 2), energy)
            || below(line(23_831, (4096, 31_576), 2), energy)
            || sum(energy, 32_767, (2048, 17_367)) < 0
            || l_mac(sum(distance, -22_400, (32, 25_395)), low, 256) < 0
            || above(sum(energy, -30_427, (256, -29_959)), low)
            || below(sum(energy, -23_406, (512, 28_087)), low)
            || l_mac(sum(energy, 24_576, (1024, 29_491)), low, 16_384) < 0
    }
}

/// Frames that make the first averages.
const START_FRAMES: i16 = 32;
/// Frames until the least energies are complete.
const LEAST_FRAMES: i16 = 129;
/// 15 dB in Q11.
const QUIET: i16 = 3072;
/// The samples in which zero crossings are counted.
const CROSSINGS: std::ops::RangeInclusive<usize> = 120..=200;
/// How averages of energy, zero crossings and spectrum keep the old and take the new, Q15, after fewer than
/// 20, 30, 40, 50, 60 and more updates.
const FOLLOWING: [[(i16, i16); 3]; 6] = [
    [(24_576, 8192), (26_214, 6554), (19_661, 13_017)],
    [(31_130, 1638), (30_147, 2621), (21_299, 11_469)],
    [(31_785, 983), (30_802, 1966), (22_938, 9830)],
    [(32_440, 328), (31_457, 1311), (24_576, 8192)],
    [(32_604, 164), (32_440, 328), (24_576, 8192)],
    [(32_604, 164), (32_702, 66), (24_576, 8192)],
];
