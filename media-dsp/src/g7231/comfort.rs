//! Comfort noise, and its level on the line: ITU-T G.723.1 (05/2006) Annex A. Encoder and
//! decoder make the same noise, so that their memories stay alike.

use super::excitation::{self, Past};
use super::math::{random, root, scale};
use super::sums::{dot, energy};
use super::tables::PULSES;
use super::tables::gains::LARGE;
use super::{FRAME_SAMPLES, SUBFRAME};
use crate::fixed::{
    abs_s, add, extract_h, extract_l, l_add, l_msu, l_mult, l_negate, l_shl, l_shr, l_sub, mult,
    mult_r, negate, norm_s, shl, shr, sub,
};

/// The level of noise, smoothed, and its chance.
#[derive(Clone)]
pub(super) struct Noise {
    /// The gain of the last frame.
    gain: i16,
    seed: i16,
}

/// Lags and taps that noise was made with: the encoder's taming follows them.
pub(super) struct Course {
    pub(super) lags: [usize; 4],
    pub(super) taps: [usize; 4],
}

impl Noise {
    pub(super) fn new() -> Self {
        Self { gain: 0, seed: SEED }
    }

    /// Speech restarts the chance.
    pub(super) fn restart(&mut self) {
        self.seed = SEED;
    }

    /// The gain jumps after speech and glides otherwise.
    pub(super) fn approach(&mut self, gain: i16, after_speech: bool) {
        self.gain = if after_speech {
            gain
        } else {
            extract_h(l_add(l_mult(self.gain, 0x7000), l_mult(gain, 0x1000)))
        };
    }

    /// A frame of noise excitation, which becomes the past.
    pub(super) fn excite(&mut self, past: &mut Past) -> ([i16; FRAME_SAMPLES], Course) {
        let halves = [self.below(21) + 123, self.below(19) + 123].map(|lag| lag as usize);
        let taps = [(); 4].map(|()| self.below(50) as usize + 1);
        // The four subframes are this far before the half's lag or after it.
        let lags = [halves[0], halves[0] - 1, halves[1], halves[1] + 2];
        let mut signs = [[0; PER_HALF]; 2];
        let mut offsets = [0; 4];
        for half in 0..2 {
            let mut chance = self.below(1 << 13);
            offsets[2 * half] = chance & 1;
            chance >>= 1;
            offsets[2 * half + 1] = SUBFRAME as i16 + (chance & 1);
            for sign in &mut signs[half] {
                *sign = ((chance & 2) - 1) << 14;
                chance >>= 1;
            }
        }
        let places = self.places(offsets);
        let mut excitation = [0; FRAME_SAMPLES];
        for (half, block) in excitation.chunks_exact_mut(2 * SUBFRAME).enumerate() {
            let first = excitation::adaptive(past, lags[2 * half], &LARGE[taps[2 * half]]);
            let mut moved = *past;
            moved.copy_within(SUBFRAME.., 0);
            let second =
                excitation::adaptive(&moved, lags[2 * half + 1], &LARGE[taps[2 * half + 1]]);
            block[..SUBFRAME].copy_from_slice(&first);
            block[SUBFRAME..].copy_from_slice(&second);
            let places = &places[half * PER_HALF..][..PER_HALF];
            add_pulses(block, self.gain, places, &signs[half]);
            excitation::push(past, block);
        }
        (excitation, Course { lags, taps })
    }

    /// Places of the pulses in their halves, no two in the same place.
    fn places(&mut self, offsets: [i16; 4]) -> [usize; 2 * PER_HALF] {
        let mut places = [0; 2 * PER_HALF];
        let mut all = places.iter_mut();
        for (subframe, offset) in offsets.into_iter().enumerate() {
            let mut free: [i16; SUBFRAME / 2] = std::array::from_fn(|place| place as i16);
            let mut left = SUBFRAME / 2;
            for place in all.by_ref().take(PULSES[subframe]) {
                let drawn = self.below(left as i16) as usize;
                *place = (2 * free[drawn] + offset) as usize;
                left -= 1;
                free[drawn] = free[left];
            }
        }
        places
    }

    /// A number from 0 to less than `end`.
    fn below(&mut self, end: i16) -> i16 {
        mult(random(&mut self.seed) & 0x7fff, end)
    }
}

/// Adds pulses to half a frame, of the height that brings it to the gain: the root of lesser
/// magnitude of a quadratic equation.
fn add_pulses(block: &mut [i16], gain: i16, places: &[usize], signs: &[i16; PER_HALF]) {
    let largest = block.iter().fold(0, |most: i16, &it| most.max(abs_s(it)));
    let places_down = if largest == 0 { 0 } else { sub(4, norm_s(largest)).max(-2) };
    let mut scaled = [0; 2 * SUBFRAME];
    for (scaled, &sample) in scaled.iter_mut().zip(&*block) {
        *scaled = shr(sample, places_down);
    }
    let mut at_pulses = [0; PER_HALF];
    for (sample, &place) in at_pulses.iter_mut().zip(places) {
        *sample = scaled[place];
    }
    let cross = extract_h(l_shl(dot(&at_pulses, signs), 1));
    let wanted = extract_l(l_mult(gain, SUBFRAME as i16) >> 6);
    let wanted = l_shr(l_mult(wanted, gain), add(shl(places_down, 1), 4));
    let excess = scale(l_sub(energy(&scaled), wanted), ONE_BY_PULSES);
    let middle = mult_r(cross, ONE_BY_PULSES);
    let inside = l_negate(l_msu(excess, middle, middle));
    let mut height = negate(middle);
    if inside > 0 {
        let distance = root(inside);
        height = sub(distance, middle);
        let other = add(middle, distance);
        if abs_s(other) < abs_s(height) {
            height = negate(other);
        }
    }
    let height = shl(height, add(places_down, 1)).clamp(-2 * HEIGHT_MOST, 2 * HEIGHT_MOST);
    for (&place, &sign) in places.iter().zip(signs) {
        block[place] = add(block[place], mult(height, sign));
    }
}

/// The code of a gain whose frames have these energies, each with how far it is shifted left.
pub(super) fn quantise(energies: &[(i16, i16)]) -> i16 {
    let least = energies.iter().map(|&(_, places)| places).min().unwrap_or(0);
    let part = PARTS[energies.len().min(3)];
    let mut sum = 0;
    for &(energy, places) in energies {
        let aligned = shr(energy, sub(places, least));
        sum = l_add(sum, i32::from(mult_r(part, aligned)));
    }
    code(l_shl(sum, sub(15, least)))
}

/// The code for the energy of the excitation of speech, with half of how far that is shifted left:
/// a descriptor was lost.
pub(super) fn quantise_speech(energy: i16, places: i16) -> i16 {
    code(scale(l_shl(i32::from(energy), sub(16, shl(places, 1))), PARTS[0]))
}

/// The code whose gain has the square that is nearest: three scales with steps of 2, 4 and 8.
fn code(square: i32) -> i16 {
    let Some(segment) = SEGMENT_ENDS.iter().position(|&end| square < end) else { return 63 };
    let square_of = |step: i16| {
        let gain = add(SEGMENT_STARTS[segment], shl(step, segment as i16 + 1));
        l_mult(gain, gain)
    };
    let bits = if segment == 2 { 4 } else { 3 };
    let (mut step, mut half) = (1 << bits, 1 << bits >> 1);
    for _ in 0..bits {
        step = if square >= square_of(step) { step + half } else { step - half };
        half >>= 1;
    }
    let here = l_sub(square_of(step), square);
    let first = (segment as i16) << 4;
    if here <= 0 {
        let next = l_sub(square, square_of(step + 1));
        return first + if here > next { step } else { step + 1 };
    }
    let next = l_sub(square, square_of(step - 1));
    first + if here < next { step } else { step - 1 }
}

/// The gain of a code from 0 to 63.
pub(super) fn gain(code: i16) -> i16 {
    let segment = (code >> 4).min(2);
    let step = code - (segment << 4);
    shl(add(shl(step, segment + 1), SEGMENT_STARTS[segment as usize]), 5)
}

/// Pulses in half a frame.
const PER_HALF: usize = 11;
/// 1/11, Q15.
const ONE_BY_PULSES: i16 = 2_979;
/// The greatest height of a pulse.
const HEIGHT_MOST: i16 = 5_000;
/// Where the chance begins.
const SEED: i16 = 12_345;
/// Weights of the energies of speech, and of one to three frames of silence: table `fact`.
const PARTS: [i16; 4] = [273, 998, 499, 333];
/// Squares at which the segments of the gain end: table `L_bseg`.
const SEGMENT_ENDS: [i32; 3] = [2_048, 18_432, 231_233];
/// Gains at which they start: table `base`.
const SEGMENT_STARTS: [i16; 3] = [0, 32, 96];
