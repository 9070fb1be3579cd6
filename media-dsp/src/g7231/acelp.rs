//! The search for pulses at 5.3 kbit/s, ACELP: ITU-T G.723.1 (05/2006) §2.16.

use super::frame::Speech;
use super::pulses::{add_echo, echo};
use super::sums::{correlate, dot, energy, fit, squares};
use super::tables::PULSE_GAIN;
use super::{SUBFRAME, Sub};
use crate::fixed::{
    abs_s, add, div_s, extract_h, extract_l, l_abs, l_mac, l_shl, l_shr, mult, norm_l, shl, shr,
    sub,
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
        let positive = signs[8 * track + eighth];
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

/// What the places of pulses are judged by: four tracks of eight places, one track after another.
struct Field {
    /// The target's correlations with the response, for even and odd samples; 0 beyond the
    /// subframe.
    cross: [[i16; PLACES]; 2],
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
        let down = 18 - norm_l(largest).min(16);
        let mut cross = [[0; PLACES]; 2];
        for (sample, &sum) in sums.iter().enumerate() {
            cross[sample % 2][index(sample / 2)] = extract_l(l_shr(sum, down));
        }
        Self { cross, own: own(response) }
    }

    /// Turns correlations to be positive where the pulse would be. Returns whether it is positive.
    fn orient(&mut self) -> [bool; PLACES] {
        let [even, odd] = &mut self.cross;
        let signs: [bool; PLACES] = std::array::from_fn(|at| add(even[at], odd[at]) >= 0);
        for (at, &positive) in signs.iter().enumerate() {
            if !positive {
                even[at] = even[at].wrapping_neg();
                odd[at] = odd[at].wrapping_neg();
            }
        }
        for (row, &mine) in self.own.iter_mut().zip(&signs) {
            for (own, &other) in row.iter_mut().zip(&signs) {
                *own = if mine == other { *own } else { own.wrapping_neg() };
            }
        }
        signs
    }

    /// Half way from the mean to the most that three pulses can have, for the better grid: the
    /// fourth is only tried above it.
    fn threshold(&self) -> i16 {
        let of = |cross: &[i16; PLACES]| {
            let largest = |track: usize| {
                cross[8 * track..][..8].iter().fold(i16::MIN, |most, &it| most.max(it))
            };
            let most = add(add(largest(0), largest(1)), largest(2));
            let sum: i32 = cross[..24].iter().map(|&it| i32::from(it)).sum();
            let mean = extract_l(l_shr(2 * sum, 4));
            add(mult(sub(most, mean), 0x4000), mean)
        };
        of(&self.cross[0]).max(of(&self.cross[1]))
    }

    /// Tries the places of all four tracks for the greatest square of correlation by energy. What
    /// is summed up here cannot overflow 32 bits.
    fn search(&self, threshold: i16, patience: &mut Patience) -> Found {
        let mut best = Best { square: 0, energy: i32::from(i16::MAX), at: [0; 4], grid: 0 };
        let mut left = PER_SUBFRAME + patience.0;
        let [even, odd] = &self.cross;
        'all: for a in 0..8 {
            let energy_a = i32::from(self.own[a][a]);
            for b in 8..16 {
                let both = [even, odd].map(|cross| add(cross[a], cross[b]));
                let energy_b = energy_a + i32::from(self.own[b][b]) + 2 * i32::from(self.own[a][b]);
                for c in 16..24 {
                    let sums = [add(both[0], even[c]), add(both[1], odd[c])];
                    let grid = usize::from(sums[1] > sums[0]);
                    if sums[grid] <= threshold {
                        continue;
                    }
                    let pairs = i32::from(self.own[a][c]) + i32::from(self.own[b][c]);
                    let energy_c = energy_b + i32::from(self.own[c][c]) + 2 * pairs;
                    self.complete(&mut best, [a, b, c], grid, sums[grid], energy_c);
                    left -= 1;
                    if left <= 0 {
                        break 'all;
                    }
                }
            }
        }
        patience.0 = left;
        Found { eighths: best.at.map(|at| at % 8), grid: best.grid }
    }

    /// Tries a fourth pulse with three that have this correlation and energy.
    #[inline(always)]
    fn complete(
        &self,
        best: &mut Best,
        [a, b, c]: [usize; 3],
        grid: usize,
        three: i16,
        energy: i32,
    ) {
        let fourth = |row: usize| &self.own[row][24..];
        let (with_a, with_b, with_c) = (fourth(a), fourth(b), fourth(c));
        let cross = &self.cross[grid][24..];
        let tried: [(i32, i32); 8] = std::array::from_fn(|at| {
            let four = (i32::from(three) + i32::from(cross[at])).min(i32::from(i16::MAX));
            let pairs = i32::from(with_a[at]) + i32::from(with_b[at]) + i32::from(with_c[at]);
            let energy = energy + i32::from(self.own[24 + at][24 + at]) + 2 * pairs;
            ((four * four) >> 15, i32::from((energy >> 4) as i16))
        });
        for (at, (square, energy)) in tried.into_iter().enumerate() {
            if square * best.energy > best.square * energy {
                *best = Best { square, energy, at: [a, b, c, 24 + at], grid };
            }
        }
    }
}

/// The best pulses so far.
struct Best {
    square: i32,
    energy: i32,
    at: [usize; 4],
    grid: usize,
}

/// Where the pair of samples so far into the subframe stands among the tracks.
fn index(pair: usize) -> usize {
    8 * (pair % 4) + pair / 4
}

/// The correlations of the response with itself for pulses at all pairs of places.
fn own(response: &Sub) -> [[i16; PLACES]; PLACES] {
    let energy = energy(response);
    let up = if extract_h(energy) > 32_000 { -1 } else { norm_l(energy) >> 1 };
    // The last places lie beyond the subframe.
    let mut scaled = [0; 2 * PLACES];
    for (scaled, &sample) in scaled[4..].iter_mut().zip(response) {
        *scaled = shl(sample, up);
    }
    let squares = squares(&scaled);
    let clear = fit(squares, squares);
    let mut own = [[0; PLACES]; PLACES];
    for apart in 0..PLACES {
        let mut sum = 0;
        for end in 0..PLACES - apart {
            for at in 2 * end..2 * end + 2 {
                let (one, other) = (scaled[at], scaled[at + 2 * apart]);
                sum = if clear {
                    sum + 2 * i32::from(one) * i32::from(other)
                } else {
                    l_mac(sum, one, other)
                };
            }
            let (late, early) = (index(PLACES - 1 - end), index(PLACES - 1 - end - apart));
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

/// Places of pulses on all tracks.
const PLACES: usize = 32;
/// Triples that a subframe may try beside what others left (§2.16).
const PER_SUBFRAME: i16 = 120;
