//! Pauses in the encoder: when nothing is sent, and the descriptors of the noise
//! (3GPP TS 26.192, TS 26.193).

use super::arithmetic::{Noise, log2};
use super::comfort_noise::{ANALYSED, HANGOVER, HISTORY, noise_level};
use super::isf_quantiser::quantise_noise;
use super::spectrum::{Isf, noise_isf};
use super::tables::FIRST_ISF;
use super::{FRAME_12K8, Lineage, Mode};
use crate::fixed::{
    abs_s, add, l_add, l_mac, l_mult, l_shl, l_sub, mult, norm_l, round, shl, shr, sub,
};

/// The state of the pauses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pauses {
    hangover: i16,
    elapsed: i16,
    /// The last eight frames that were like noise.
    isf_history: [Isf; HISTORY],
    energy_history: [i16; HISTORY],
    latest: usize,
    /// Distances between frames of the history, and their sums.
    distances: [i32; 28],
    sums: [i32; HISTORY],
    noise: Noise,
}

impl Pauses {
    pub(super) fn new() -> Self {
        Self {
            hangover: HANGOVER,
            elapsed: i16::MAX,
            isf_history: [FIRST_ISF; HISTORY],
            energy_history: [0; HISTORY],
            latest: 0,
            distances: [0; 28],
            sums: [0; HISTORY],
            noise: Noise::new(),
        }
    }

    /// Frames that are still sent as speech.
    pub(super) fn hangover(&self) -> i16 {
        self.hangover
    }

    /// Whether a frame belongs to a pause.
    pub(super) fn begin(&mut self, voice: bool) -> bool {
        self.elapsed = add(self.elapsed, 1);
        if voice {
            self.hangover = HANGOVER;
            return false;
        }
        if self.hangover == 0 {
            self.elapsed = 0;
            return true;
        }
        self.hangover -= 1;
        add(self.elapsed, self.hangover) < ANALYSED
    }

    /// Keeps a frame without voice: its frequencies and the energy of its excitation.
    pub(super) fn remember(&mut self, mode: Mode, isf: &Isf, energy: i32) {
        self.latest = (self.latest + 1) % HISTORY;
        self.isf_history[self.latest] = *isf;
        let (whole, fraction) = log2(energy);
        let level = add(shl(whole, 7), shr(fraction, 8));
        let adjustment = ADJUSTMENTS[usize::from(mode.index())];
        self.energy_history[self.latest] = sub(level, 1024 + adjustment);
    }

    /// The parameters of a descriptor; its frequencies and excitation as a decoder will have them.
    pub(super) fn describe(&mut self, excitation: &mut [i16; FRAME_12K8]) -> ([i16; 7], Isf) {
        let sum = self.energy_history.iter().fold(0, |sum, &it| add(sum, it));
        let excluded = self.outliers();
        let isf = self.average(excluded);
        let index = shr(mult(add(sum >> 2, 512), 21_504), 6).clamp(0, 63);
        let indices = quantise_noise(&isf);
        let [a, b, c, d, e] = indices;
        let parameters = [a, b, c, d, e, index, i16::from(self.varies())];
        let level = noise_level(index);
        let level = (level >> 10, shl(level & 0x3ff, 5));
        self.noise.fill(Lineage::Standard, level, excitation);
        (parameters, noise_isf(&indices))
    }

    /// The mean of the frequencies; up to two outlying frames count as the most central one.
    fn average(&self, (first, second, central): (Option<usize>, Option<usize>, usize)) -> Isf {
        let mut history = self.isf_history;
        // As the standard does it: the second is put in place after the first.
        for place in [first, second].into_iter().flatten() {
            history[place] = history[central];
        }
        std::array::from_fn(|i| {
            let sum: i32 = history.iter().map(|isf| i32::from(isf[i])).sum();
            (sum >> 3) as i16
        })
    }

    /// The two frames of the history that are farthest from the others, where they are far, and the
    /// nearest one.
    fn outliers(&mut self) -> (Option<usize>, Option<usize>, usize) {
        self.measure();
        let (mut first, mut central) = (0, 0);
        for i in 1..HISTORY {
            if l_sub(self.sums[i], self.sums[first]) > 0 {
                first = i;
            }
            if l_sub(self.sums[i], self.sums[central]) < 0 {
                central = i;
            }
        }
        let mut second = None;
        let mut next = -i32::MAX;
        for i in 0..HISTORY {
            if i != first && l_sub(self.sums[i], next) > 0 {
                second = Some(i);
                next = self.sums[i];
            }
        }
        let shift = norm_l(self.sums[first]);
        let least = self.sums[central] << shift;
        let far = |sum: i32| l_mult(round(sum), INVERSE_THRESHOLD) > least;
        let place = |back: usize| (self.latest + HISTORY - back) % HISTORY;
        let first_far = far(self.sums[first] << shift);
        let second_far = far(l_shl(next, shift));
        (first_far.then(|| place(first)), second.filter(|_| second_far).map(place), place(central))
    }

    /// Moves the distances on by a frame and measures those of the latest.
    fn measure(&mut self) {
        let mut at = 0;
        for i in 0..HISTORY - 1 {
            at += HISTORY - 1 - i;
            self.sums[i] = l_sub(self.sums[i], self.distances[at - 1]);
        }
        self.sums.rotate_right(1);
        self.sums[0] = 0;
        let mut end = 27;
        for length in 1..=6 {
            for j in (1..=length).rev() {
                self.distances[end + 1 - j] = self.distances[end - j - length];
            }
            end -= length;
        }
        for i in 1..HISTORY {
            let earlier = (self.latest + HISTORY - i) % HISTORY;
            let pairs = self.isf_history[self.latest].iter().zip(&self.isf_history[earlier]);
            let distance = pairs.fold(0, |sum, (&a, &b)| l_mac(sum, sub(a, b), sub(a, b)));
            self.distances[i - 1] = distance;
            self.sums[0] = l_add(self.sums[0], distance);
            self.sums[i] = l_add(self.sums[i], distance);
        }
    }

    /// Whether the noise is not stationary.
    fn varies(&self) -> bool {
        let spread = self.sums.iter().fold(0, |sum, &it| l_add(sum, it));
        let mean = self.energy_history.iter().fold(0, |sum, &it| add(sum, it)) >> 3;
        let change = self.energy_history.iter().fold(0, |sum, &it| add(sum, abs_s(sub(it, mean))));
        spread >> 26 > 0 || change > 180
    }
}

/// 1 / 2.25 in Q15.
const INVERSE_THRESHOLD: i16 = 14_564;
/// What the energy of the excitation loses in each mode, log2 in Q7.
static ADJUSTMENTS: [i16; 9] = [230, 179, 141, 128, 122, 115, 115, 115, 115];
