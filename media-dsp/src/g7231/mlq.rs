//! The search for pulses at 6.3 kbit/s, MP-MLQ: ITU-T G.723.1 (05/2006) §2.15.

use super::frame::{Speech, Subframe};
use super::math::dot;
use super::pulses::{CHOICES, MOST, PLACES, repeat};
use super::tables::{PULSE_GAIN, PULSES};
use super::{LAG_SHORT, SUBFRAME, Sub};
use crate::fixed::{
    extract_h, l_abs, l_mac, l_msu, l_mult, l_shl, l_sub, negate, norm_l, round, shr,
};

/// Pulses, and how far they lower the error.
#[derive(Clone, Copy)]
struct Choice {
    fit: i32,
    grid: usize,
    amplitude: usize,
    train: bool,
    places: [usize; MOST],
    heights: [i16; MOST],
}

/// Finds the pulses of a subframe, notes them and returns them at half of their height.
pub(super) fn search(speech: &mut Speech, subframe: usize, target: &Sub, impulse: &Sub) -> Sub {
    let count = PULSES[subframe];
    let lag = speech.lags[subframe / 2];
    let mut best = Choice {
        fit: -0x4000_0000,
        grid: 0,
        amplitude: 0,
        train: false,
        places: [0; MOST],
        heights: [0; MOST],
    };
    search_with(&mut best, target, impulse, count, false);
    if lag < LAG_SHORT {
        let mut train = *impulse;
        repeat(&mut train, lag);
        search_with(&mut best, target, &train, count, true);
    }
    let mut pulses = [0; SUBFRAME];
    for (&place, &height) in best.places.iter().zip(&best.heights).take(count) {
        pulses[place] = height;
    }
    note(&best, &pulses, count, &mut speech.subframes[subframe]);
    if best.train {
        repeat(&mut pulses, lag);
    }
    pulses
}

/// Tries both grids with four amplitudes each, for one response.
fn search_with(best: &mut Choice, target: &Sub, response: &Sub, count: usize, train: bool) {
    let (own, cross) = correlations(target, response);
    for grid in 0..2 {
        let mut first = grid;
        let mut largest = 0;
        for place in (grid..SUBFRAME).step_by(2) {
            if l_abs(cross[place]) >= largest {
                (largest, first) = (l_abs(cross[place]), place);
            }
        }
        let middle = amplitude(largest, own[0]);
        for amplitude in middle - 2..middle + 2 {
            let mut choice = Choice { fit: 0, grid, amplitude, train, ..*best };
            choice.places[0] = first;
            choice.fill(&own, cross, count);
            choice.fit = choice.measure(target, response, count);
            if choice.fit > best.fit {
                *best = choice;
            }
        }
    }
}

/// The response's correlations with itself, and with the target on their scale.
fn correlations(target: &Sub, response: &Sub) -> (Sub, [i32; SUBFRAME]) {
    let halved = response.map(|sample| shr(sample, 1));
    let energy = dot(&halved, &halved);
    let places = norm_l(energy);
    let own = std::array::from_fn(|lag| round(l_shl(dot(&halved[lag..], &halved), places)));
    let cross = std::array::from_fn(|lag| l_shl(dot(&target[lag..], response), places - 4));
    (own, cross)
}

/// The step of amplitude with which one pulse would have the largest correlation.
fn amplitude(largest: i32, own: i16) -> usize {
    let mut nearest = 0x4000_0000;
    let mut found = STEPS_LAST;
    for step in (2..=STEPS_LAST).rev() {
        let away = l_abs(l_sub(l_mult(PULSE_GAIN[step], own), largest));
        if away < nearest {
            (nearest, found) = (away, step);
        }
    }
    found
}

impl Choice {
    /// Sets pulse after pulse where most of the correlation is left.
    fn fill(&mut self, own: &Sub, mut left: [i32; SUBFRAME], count: usize) {
        let height = PULSE_GAIN[self.amplitude];
        let signed = |it: i32| if it >= 0 { height } else { negate(height) };
        let mut taken = [false; SUBFRAME];
        let mut last = self.places[0];
        self.heights[0] = signed(left[last]);
        for pulse in 1..count {
            taken[last] = true;
            let mut largest = -0x4000_0000;
            let mut found = last;
            for place in (self.grid..SUBFRAME).step_by(2) {
                if taken[place] {
                    continue;
                }
                left[place] =
                    l_msu(left[place], self.heights[pulse - 1], own[place.abs_diff(last)]);
                if l_abs(left[place]) > largest {
                    (largest, found) = (l_abs(left[place]), place);
                }
            }
            self.places[pulse] = found;
            self.heights[pulse] = signed(left[found]);
            last = found;
        }
    }

    /// How far the pulses lower the error.
    fn measure(&self, target: &Sub, response: &Sub, count: usize) -> i32 {
        let mut pulses = [(0, 0); MOST];
        for (pulse, pair) in pulses[..count].iter_mut().enumerate() {
            *pair = (self.places[pulse], self.heights[pulse]);
        }
        let pulses = &mut pulses[..count];
        pulses.sort_unstable();
        let mut filtered = [0; SUBFRAME];
        for &mut (place, height) in pulses {
            for (sum, &sample) in filtered[place..].iter_mut().zip(response) {
                *sum = l_mac(*sum, height, sample);
            }
        }
        filtered.iter().zip(target).fold(0, |fit, (&sum, &wanted)| {
            let sample = extract_h(l_shl(sum, 2));
            l_sub(l_mac(fit, wanted, sample), l_mult(sample, sample) >> 1)
        })
    }
}

/// Numbers the choice of places (§2.15).
fn note(best: &Choice, pulses: &Sub, count: usize, sub: &mut Subframe) {
    (sub.positions, sub.signs) = (0, 0);
    let mut row = MOST - count;
    for place in 0..PLACES {
        let height = pulses[best.grid + 2 * place];
        if height == 0 {
            sub.positions += CHOICES[row][place];
            continue;
        }
        sub.signs = sub.signs << 1 | u16::from(height < 0);
        row += 1;
        if row == MOST {
            break;
        }
    }
    (sub.amplitude, sub.grid, sub.train) = (best.amplitude, best.grid, best.train);
}

/// The greatest step of amplitude that is tried as the middle.
const STEPS_LAST: usize = 22;
