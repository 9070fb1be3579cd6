//! The filters through which the encoder hears its error: ITU-T G.723.1 (05/2006) §2.8, §2.11 to
//! §2.13.

use super::excitation::push;
use super::filter::{Memory, recursive, remember, transversal};
use super::sums::plain;
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
        let mut sums = samples.map(|sample| i32::from(sample) << 14);
        transversal(&mut sums, &weights.zeros, &remember(&mut self.input, samples));
        *samples = recursive(&sums, &weights.poles, &mut self.output).subframe();
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
    /// Finds it about the open-loop lag, for the subframe that begins at `start` of normalised
    /// weighted speech.
    pub(super) fn find(speech: &[i16], start: usize, lag: usize) -> Self {
        let target = &speech[start..start + SUBFRAME];
        // Sixty products of 12 bits never overflow.
        let own = 2 * plain(target, target);
        let pairs: [[i32; 2]; 7] = std::array::from_fn(|step| {
            let from = start + 3 - lag - step;
            let other = &speech[from..from + SUBFRAME];
            [2 * plain(other, other), 2 * plain(target, other)]
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
        let mut pulse = [0; SUBFRAME];
        pulse[0] = 0x0400_0000;
        let synthesised = recursive(&pulse, filter, &mut [0; ORDER]);
        let mut sums = synthesised.sums;
        transversal(&mut sums, &weights.zeros, &synthesised.samples);
        let sums = sums.map(|sum| l_shl(sum, 1));
        let weighted = recursive(&sums, &weights.poles, &mut [0; ORDER]).subframe();
        let mut all = [0; HISTORY + SUBFRAME];
        all[HISTORY..].copy_from_slice(&weighted);
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
        let mut all = [0; HISTORY + SUBFRAME];
        all[..HISTORY].copy_from_slice(&self.past);
        all[HISTORY..].copy_from_slice(&self.clone().run(&[0; SUBFRAME], filter, weights));
        let before = &all[HISTORY - harmonics.lag..];
        for (place, wanted) in target.iter_mut().enumerate() {
            let rest = l_deposit_h(sub(*wanted, all[HISTORY + place]));
            *wanted = round(l_mac(rest, harmonics.gain, before[place]));
        }
    }

    /// Lets a subframe of excitation through.
    pub(super) fn follow(&mut self, excitation: &Sub, filter: &Lpc, weights: &Weights) {
        let inputs = excitation.map(|sample| i32::from(sample) << 13);
        let weighted = self.run(&inputs, filter, weights);
        push(&mut self.past, &weighted);
    }

    fn run(&mut self, inputs: &[i32; SUBFRAME], filter: &Lpc, weights: &Weights) -> Sub {
        let synthesised = recursive(inputs, filter, &mut self.synthesis);
        let mut sums = synthesised.sums;
        transversal(&mut sums, &weights.zeros, &synthesised.samples);
        recursive(&sums, &weights.poles, &mut self.weighted).subframe()
    }
}

/// The greatest gain of the harmonic weighting: 0.3125, Q15 (§2.11).
const MOST: i16 = 0x2800;
