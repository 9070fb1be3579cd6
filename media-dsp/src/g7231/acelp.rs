//! The search for pulses at 5.3 kbit/s, ACELP: ITU-T G.723.1 (05/2006) §2.16.

use super::frame::Speech;
use super::pulses::{add_echo, echo};
use super::sums::{correlate, dot, energy};
use super::tables::PULSE_GAIN;
use super::{SUBFRAME, Sub};
use crate::fixed::{
    abs_s, add, div_s, extract_h, extract_l, l_abs, l_mac, l_mult, l_shl, l_shr, mult, norm_l, shl,
    shr, sub,
};

/// How many triples of pulses may still be tried in a frame.
pub(super) struct Patience(i16);

impl Patience {
    /// That of a frame.
    pub(super) fn new() -> Self {
        Self(PER_SUBFRAME)
    }
}

/// Finds the pulses of a subframe, notes them and returns them at half of their height.
pub(super) fn search(
    speech: &mut Speech,
    subframe: usize,
    target: &Sub,
    impulse: &Sub,
    patience: &mut Patience,
) -> Sub {
    let (lag, gain) = echo(speech.lag(subframe), speech.subframes[subframe].taps);
    let mut response = impulse.map(|sample| shr(sample, 1));
    add_echo(&mut response, lag, gain);
    let mut field = Field::new(&response, target);
    let signs = field.orient();
    let found = field.search(field.threshold(), patience);
    let mut filtered = [0; SUBFRAME];
    let mut pulses = [0; SUBFRAME];
    let chosen = &mut speech.subframes[subframe];
    (chosen.positions, chosen.signs, chosen.train) = (0, 0, false);
    chosen.grid = found.grid;
    for (track, eighth) in found.eighths.into_iter().enumerate() {
        let positive = signs[4 * eighth + track];
        chosen.positions |= (eighth as u32) << (3 * track);
        chosen.signs |= u16::from(positive) << track;
        let place = 8 * eighth + 2 * track + found.grid;
        if place >= SUBFRAME {
            continue;
        }
        pulses[place] = if positive { 1 } else { -1 };
        for (sum, &sample) in filtered[place..].iter_mut().zip(&response) {
            *sum = if positive { add(*sum, sample) } else { sub(*sum, sample) };
        }
    }
    chosen.amplitude = amplitude(target, &filtered);
    let height = PULSE_GAIN[chosen.amplitude];
    let mut pulses = pulses.map(|sign: i16| sign * height);
    add_echo(&mut pulses, lag, gain);
    pulses
}

/// What the places of pulses are judged by. Places are counted in twos: `2 * place + grid` is the sample.
struct Field {
    /// The target's correlations with the response, of both grids; the last two places are beyond the
    /// subframe.
    cross: [[i16; 2]; PLACES],
    /// The response's correlations with itself.
    own: [[i16; PLACES]; PLACES],
}

/// Places of the four pulses, as eighths of their tracks.
struct Found {
    eighths: [usize; 4],
    grid: usize,
}

impl Field {
    fn new(response: &Sub, target: &Sub) -> Self {
        let sums = correlate(target, response);
        let largest = sums.iter().fold(0, |most, &it| l_abs(it).max(most));
        let places = 18 - norm_l(largest).min(16);
        let mut cross = [[0; 2]; PLACES];
        for (cross, sums) in cross.iter_mut().zip(sums.as_chunks::<2>().0) {
            *cross = sums.map(|sum| extract_l(l_shr(sum, places)));
        }
        Self { cross, own: own(response) }
    }

    /// Half way from the mean to the most that three pulses can have, for the better grid: the fourth is
    /// only tried above it.
    fn threshold(&self) -> i16 {
        let tracks = |grid: usize, track: usize| {
            self.cross.iter().skip(track).step_by(4).map(move |it| it[grid])
        };
        let of = |grid: usize| {
            let largest = |track| tracks(grid, track).fold(i16::MIN, i16::max);
            let most = add(add(largest(0), largest(1)), largest(2));
            let sum: i32 = (0..3).flat_map(|track| tracks(grid, track)).map(i32::from).sum();
            let mean = extract_l(l_shr(2 * sum, 4));
            add(mult(sub(most, mean), 0x4000), mean)
        };
        of(0).max(of(1))
    }

    /// Turns correlations to be positive where the pulse would be. Returns whether it is positive.
    fn orient(&mut self) -> [bool; PLACES] {
        let signs = self.cross.map(|[even, odd]| add(even, odd) >= 0);
        for (cross, &positive) in self.cross.iter_mut().zip(&signs) {
            if !positive {
                *cross = cross.map(i16::wrapping_neg);
            }
        }
        for (row, &mine) in self.own.iter_mut().zip(&signs) {
            for (own, &other) in row.iter_mut().zip(&signs) {
                if mine != other {
                    *own = own.wrapping_neg();
                }
            }
        }
        signs
    }

    /// Tries the places of all four tracks for the greatest square of correlation by energy.
    fn search(&self, threshold: i16, patience: &mut Patience) -> Found {
        let mut found = Found { eighths: [0; 4], grid: 0 };
        let (mut best_square, mut best_energy) = (0, i16::MAX);
        let mut left = PER_SUBFRAME + patience.0;
        let track = |track: usize| (track..PLACES).step_by(4);
        'all: for a in track(0) {
            let [even_a, odd_a] = self.cross[a];
            let energy_a = i32::from(self.own[a][a]);
            for b in track(1) {
                let (even_b, odd_b) = (add(even_a, self.cross[b][0]), add(odd_a, self.cross[b][1]));
                let energy_b = energy_a + i32::from(self.own[b][b]) + 2 * i32::from(self.own[a][b]);
                for c in track(2) {
                    let even = add(even_b, self.cross[c][0]);
                    let odd = add(odd_b, self.cross[c][1]);
                    let grid = usize::from(odd > even);
                    let three = even.max(odd);
                    if three <= threshold {
                        continue;
                    }
                    let pairs = i32::from(self.own[a][c]) + i32::from(self.own[b][c]);
                    let energy_c = energy_b + i32::from(self.own[c][c]) + 2 * pairs;
                    for d in track(3) {
                        let four = add(three, self.cross[d][grid]);
                        let pairs = i32::from(self.own[a][d])
                            + i32::from(self.own[b][d])
                            + i32::from(self.own[c][d]);
                        let energy = energy_c + i32::from(self.own[d][d]) + 2 * pairs;
                        let energy = extract_l((2 * energy) >> 5);
                        let square = mult(four, four);
                        if l_mult(square, best_energy) > l_mult(best_square, energy) {
                            (best_square, best_energy) = (square, energy);
                            found = Found { eighths: [a, b, c, d].map(|it| it / 4), grid };
                        }
                    }
                    left -= 1;
                    if left <= 0 {
                        break 'all;
                    }
                }
            }
        }
        patience.0 = left;
        found
    }
}

/// The correlations of the response with itself for pulses at all pairs of places, two samples apart.
fn own(response: &Sub) -> [[i16; PLACES]; PLACES] {
    let energy = energy(response);
    let places = if extract_h(energy) > 32_000 { -1 } else { norm_l(energy) >> 1 };
    let mut scaled = [0; 2 * PLACES];
    for (scaled, &sample) in scaled[4..].iter_mut().zip(response) {
        *scaled = shl(sample, places);
    }
    let mut own = [[0; PLACES]; PLACES];
    for apart in 0..PLACES {
        let mut sum = 0;
        for end in 0..PLACES - apart {
            for at in 2 * end..2 * end + 2 {
                sum = l_mac(sum, scaled[at], scaled[at + 2 * apart]);
            }
            let (late, early) = (PLACES - 1 - end, PLACES - 1 - end - apart);
            own[late][early] = extract_h(sum);
            own[early][late] = extract_h(sum);
        }
    }
    own
}

/// The step of amplitude that is nearest to the best one.
fn amplitude(target: &Sub, filtered: &Sub) -> usize {
    let scaled = filtered.map(|sample| shr(sample, 3));
    let cross = dot(target, &scaled);
    let cross_places = norm_l(cross);
    let over = extract_h(l_shl(cross, cross_places));
    if over <= 0 {
        return 0;
    }
    let energy = energy(&scaled);
    let energy_places = norm_l(energy);
    let under = extract_h(l_shl(energy, energy_places));
    let gain = shr(div_s(over >> 1, under), cross_places + 5 - energy_places);
    let away = |step: &usize| abs_s(sub(gain, PULSE_GAIN[*step]));
    (0..PULSE_GAIN.len()).min_by_key(away).unwrap_or(0)
}

/// Places of pulses, two samples apart.
const PLACES: usize = 32;
/// Triples that a subframe may try beside what others left (§2.16).
const PER_SUBFRAME: i16 = 120;
