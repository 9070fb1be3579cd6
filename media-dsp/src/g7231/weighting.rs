//! The filters through which the encoder hears its error: ITU-T G.723.1 (05/2006) §2.8, §2.11 to §2.13.

use super::math::energy;
use super::synthesis::{Memory, remember};
use super::tables::{WEIGHT_POLES, WEIGHT_ZEROS};
use super::{HISTORY, Lpc, ORDER, SUBFRAME, Sub};
use crate::fixed::{
    div_s, l_abs, l_add, l_deposit_h, l_mac, l_msu, l_mult, l_shl, l_sub, mult_r, norm_l, round,
    sub,
};

/// The formant weighting of a subframe.
#[derive(Clone, Copy)]
pub(super) struct Weights {
    zeros: Lpc,
    poles: Lpc,
}

impl Weights {
    /// That goes with a prediction filter.
    pub(super) fn of(filter: &Lpc) -> Self {
        Self {
            zeros: std::array::from_fn(|place| mult_r(filter[place], WEIGHT_ZEROS[place])),
            poles: std::array::from_fn(|place| mult_r(filter[place], WEIGHT_POLES[place])),
        }
    }
}

/// Weighs speech.
#[derive(Clone, Default)]
pub(super) struct Weighting {
    input: Memory,
    output: Memory,
}

impl Weighting {
    pub(super) fn filter(&mut self, samples: &mut Sub, weights: &Weights) {
        for sample in samples {
            let sum = less(l_mult(*sample, 0x2000), &weights.zeros, &self.input);
            remember(&mut self.input, *sample);
            *sample = round(l_shl(plus(sum, &weights.poles, &self.output), 2));
            remember(&mut self.output, *sample);
        }
    }
}

/// The harmonic weighting of a subframe: noise may hide between the harmonics.
#[derive(Clone, Copy)]
pub(super) struct Harmonics {
    lag: usize,
    /// Q15.
    gain: i16,
}

impl Harmonics {
    /// Finds it about the open-loop lag, for the subframe that begins at `start` of normalised weighted
    /// speech.
    pub(super) fn find(speech: &[i16], start: usize, lag: usize) -> Self {
        let target = &speech[start..start + SUBFRAME];
        let own = energy(target);
        let pairs: [[i32; 2]; 7] = std::array::from_fn(|step| {
            let from = start + 3 - lag - step;
            let other = &speech[from..from + SUBFRAME];
            [energy(other), super::math::dot(target, other)]
        });
        let largest = pairs.iter().flatten().fold(own, |most, &it| l_abs(it).max(most));
        let places = norm_l(largest);
        let short = |it: i32| round(l_shl(it, places));
        let (mut best_square, mut best_energy) = (1, i16::MAX);
        let mut found = None;
        for (step, pair) in pairs.iter().enumerate() {
            let [energy, cross] = pair.map(short);
            if cross <= 0 {
                continue;
            }
            let square = mult_r(cross, cross);
            if l_msu(l_mult(square, best_energy), energy, best_square) > 0 {
                (best_square, best_energy) = (square, energy);
                found = Some((lag - 3 + step, cross));
            }
        }
        let Some((lag, cross)) = found else { return Self { lag, gain: 0 } };
        // Nothing is filtered where that would predict the subframe by less than 2 dB.
        let limit = l_mult(short(own), best_energy);
        if l_sub(l_add(limit >> 2, limit >> 3), l_mult(cross, cross)) >= 0 {
            return Self { lag, gain: 0 };
        }
        let gain =
            if cross >= best_energy { MOST } else { mult_r(div_s(cross, best_energy), MOST) };
        Self { lag, gain }
    }

    /// The subframe at `start` with its harmonics lowered.
    pub(super) fn filter(self, speech: &[i16], start: usize) -> Sub {
        let before = &speech[start - self.lag..];
        std::array::from_fn(|place| {
            round(l_msu(l_deposit_h(speech[start + place]), self.gain, before[place]))
        })
    }
}

/// The decoder's synthesis filter and the weighting behind it, with what rings in them.
#[derive(Clone)]
pub(super) struct Ringing {
    synthesis: Memory,
    weighted: Memory,
    /// The last weighted samples.
    past: [i16; HISTORY],
}

impl Ringing {
    pub(super) fn new() -> Self {
        Self { synthesis: [0; ORDER], weighted: [0; ORDER], past: [0; HISTORY] }
    }

    /// What the filters answer to one pulse, Q13.
    pub(super) fn impulse(filter: &Lpc, weights: &Weights, harmonics: Harmonics) -> Sub {
        let mut filters = Self::new();
        let mut all = [0; HISTORY + SUBFRAME];
        let mut input = 0x0400_0000;
        for sample in &mut all[HISTORY..] {
            let sum = plus(input, filter, &filters.synthesis);
            let weighted = l_shl(less(sum, &weights.zeros, &filters.synthesis), 1);
            *sample = filters.step(sum, weighted, weights);
            input = 0;
        }
        harmonics.filter(&all, HISTORY)
    }

    /// Takes from the target what the filters would give without further excitation.
    pub(super) fn subtract(
        &self,
        target: &mut Sub,
        filter: &Lpc,
        weights: &Weights,
        harmonics: Harmonics,
    ) {
        let mut filters = self.clone();
        let mut all = [0; HISTORY + SUBFRAME];
        all[..HISTORY].copy_from_slice(&self.past);
        for (place, wanted) in target.iter_mut().enumerate() {
            let ringing = filters.run(0, filter, weights);
            all[HISTORY + place] = ringing;
            let rest = l_deposit_h(sub(*wanted, ringing));
            *wanted = round(l_mac(rest, harmonics.gain, all[HISTORY + place - harmonics.lag]));
        }
    }

    /// Lets a subframe of excitation through.
    pub(super) fn follow(&mut self, excitation: &Sub, filter: &Lpc, weights: &Weights) {
        self.past.copy_within(SUBFRAME.., 0);
        for (place, &sample) in excitation.iter().enumerate() {
            let input = i32::from(sample) << 13;
            self.past[HISTORY - SUBFRAME + place] = self.run(input, filter, weights);
        }
    }

    fn run(&mut self, input: i32, filter: &Lpc, weights: &Weights) -> i16 {
        let sum = plus(input, filter, &self.synthesis);
        let weighted = less(sum, &weights.zeros, &self.synthesis);
        self.step(sum, weighted, weights)
    }

    /// The end of a sample: `synthesised` becomes memory, `weighted` still lacks the poles.
    fn step(&mut self, synthesised: i32, weighted: i32, weights: &Weights) -> i16 {
        remember(&mut self.synthesis, round(l_shl(synthesised, 2)));
        let sample = round(l_shl(plus(weighted, &weights.poles, &self.weighted), 2));
        remember(&mut self.weighted, sample);
        sample
    }
}

#[inline(always)]
fn plus(sum: i32, filter: &Lpc, memory: &Memory) -> i32 {
    filter.iter().zip(memory).fold(sum, |sum, (&a, &b)| l_mac(sum, a, b))
}

#[inline(always)]
fn less(sum: i32, filter: &Lpc, memory: &Memory) -> i32 {
    filter.iter().zip(memory).fold(sum, |sum, (&a, &b)| l_msu(sum, a, b))
}

/// The greatest gain of the harmonic weighting: 0.3125, Q15 (§2.11).
const MOST: i16 = 0x2800;
