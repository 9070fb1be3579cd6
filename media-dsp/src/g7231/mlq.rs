//! The search for pulses at 6.3 kbit/s, MP-MLQ: ITU-T G.723.1 (05/2006) §2.15.

use super::frame::{Speech, Subframe};
use super::pulses::{CHOICES, MOST, PLACES, repeat};
use super::sums::{FILL, correlate, fit, plain, squares};
use super::tables::{PULSE_GAIN, PULSES};
use super::{LAG_SHORT, SUBFRAME, Sub};
use crate::arch::{Level, g7231 as arch};
use crate::fixed::{l_abs, l_mac, l_msu, l_mult, l_shl, l_sub, norm_l, round, saturate};

/// Pulses, and how far they lower the error.
#[derive(Clone, Copy)]
pub(crate) struct Choice {
    fit: i32,
    grid: usize,
    amplitude: usize,
    train: bool,
    /// Places on the grid.
    places: [usize; MOST],
    heights: [i16; MOST],
}

/// Finds the pulses of a subframe, notes them and returns them at half of their height.
pub(super) fn search(
    level: Level,
    speech: &mut Speech,
    subframe: usize,
    target: &Sub,
    impulse: &Sub,
) -> Sub {
    let count = PULSES[subframe];
    let lag = speech.lags[subframe / 2];
    let none = Choice {
        fit: -0x4000_0000,
        grid: 0,
        amplitude: 0,
        train: false,
        places: [0; MOST],
        heights: [0; MOST],
    };
    let mut best = arch::better(level, none, target, impulse, count);
    if lag < LAG_SHORT {
        let mut train = *impulse;
        repeat(&mut train, lag);
        let repeated = arch::better(level, best, target, &train, count);
        best = Choice { train: repeated.fit > best.fit, ..repeated };
    }
    let mut pulses = [0; SUBFRAME];
    for (&place, &height) in best.places.iter().zip(&best.heights).take(count) {
        pulses[2 * place + best.grid] = height;
    }
    note(&best, &pulses, count, &mut speech.subframes[subframe]);
    if best.train {
        repeat(&mut pulses, lag);
    }
    pulses
}

/// The better of the pulses given and the best ones for a response: both grids are tried with four
/// amplitudes each.
#[inline(always)]
pub(crate) fn better(mut best: Choice, target: &Sub, response: &Sub, count: usize) -> Choice {
    let field = Field::new(target, response);
    for grid in 0..2 {
        let (mut first, mut largest) = (0, 0);
        for (place, &cross) in field.cross[grid][..PLACES].iter().enumerate() {
            if l_abs(cross) >= largest {
                (largest, first) = (l_abs(cross), place);
            }
        }
        let middle = amplitude(largest, field.own);
        for amplitude in middle - 2..middle + 2 {
            let mut choice = Choice { grid, amplitude, ..best };
            choice.places[0] = first;
            field.fill(&mut choice, largest, count);
            choice.fit = field.measure(&choice, count);
            if choice.fit > best.fit {
                best = choice;
            }
        }
    }
    best
}

/// What pulses are judged by.
struct Field<'a> {
    target: &'a Sub,
    /// The response behind a subframe of zeros, and its largest magnitude.
    late: [i16; 2 * SUBFRAME + FILL],
    most: i64,
    target_squares: i64,
    /// The response's correlation with itself, and then for pulses on one grid, so many places
    /// apart.
    own: i16,
    apart: [i16; 2 * LANES],
    /// The target's correlations with the response, for the two grids.
    cross: [[i32; LANES]; 2],
}

impl<'a> Field<'a> {
    #[inline(always)]
    fn new(target: &'a Sub, response: &'a Sub) -> Self {
        let halved = response.map(|sample| sample >> 1);
        let own = correlate(&halved, &halved);
        let up = norm_l(own[0]);
        let mut apart = [0; 2 * LANES];
        for place in 0..PLACES {
            let correlation = round(l_shl(own[2 * place], up));
            (apart[LANES - place], apart[LANES + place]) = (correlation, correlation);
        }
        let mut cross = [[0; LANES]; 2];
        for (place, &sum) in correlate(target, response).iter().enumerate() {
            cross[place % 2][place / 2] = l_shl(sum, up - 4);
        }
        let mut late = [0; 2 * SUBFRAME + FILL];
        late[SUBFRAME..2 * SUBFRAME].copy_from_slice(response);
        let most = response.iter().fold(0, |most, &it| it.unsigned_abs().max(most));
        Self {
            target,
            late,
            most: i64::from(most),
            target_squares: squares(target),
            own: round(l_shl(own[0], up)),
            apart,
            cross,
        }
    }

    /// Sets pulse after pulse where most of the correlation is left.
    #[inline(always)]
    fn fill(&self, choice: &mut Choice, largest: i32, count: usize) {
        let height = PULSE_GAIN[choice.amplitude];
        let mut left = self.cross[choice.grid];
        // Ones in all bits where there is a pulse, or no place.
        let mut taken = [-1; LANES];
        taken[..PLACES].fill(0);
        let clear = i64::from(largest) + (count as i64) * (i64::from(height) << 16) < 1 << 31;
        let mut last = choice.places[0];
        for pulse in 0..count {
            if pulse > 0 {
                let sizes: [i32; LANES] = std::array::from_fn(|at| l_abs(left[at]) | taken[at]);
                let most = sizes.iter().fold(-1, |most, &it| it.max(most));
                last = sizes.iter().position(|&it| it == most).unwrap_or(0);
                choice.places[pulse] = last;
            }
            let signed = if left[last] >= 0 { height } else { -height };
            choice.heights[pulse] = signed;
            taken[last] = -1;
            let apart = &self.apart[LANES - last..][..LANES];
            if clear {
                for (left, &apart) in left.iter_mut().zip(apart) {
                    *left -= 2 * i32::from(signed) * i32::from(apart);
                }
            } else {
                for (left, &apart) in left.iter_mut().zip(apart) {
                    *left = l_msu(*left, signed, apart);
                }
            }
        }
    }

    /// How far the pulses lower the error.
    #[inline(always)]
    fn measure(&self, choice: &Choice, count: usize) -> i32 {
        let mut pulses = [(0, 0); MOST];
        for (pulse, pair) in pulses[..count].iter_mut().enumerate() {
            *pair = (2 * choice.places[pulse] + choice.grid, choice.heights[pulse]);
        }
        let pulses = &mut pulses[..count];
        let height = i64::from(PULSE_GAIN[choice.amplitude]);
        let clear = 2 * count as i64 * height * self.most < 1 << 31;
        if !clear {
            pulses.sort_unstable();
        }
        let mut sums = [0; SUBFRAME + FILL];
        for &mut (place, height) in pulses {
            let response = &self.late[SUBFRAME - place..][..SUBFRAME + FILL];
            if clear {
                for (sum, &sample) in sums.iter_mut().zip(response) {
                    *sum += 2 * i32::from(height) * i32::from(sample);
                }
            } else {
                for (sum, &sample) in sums.iter_mut().zip(response) {
                    *sum = l_mac(*sum, height, sample);
                }
            }
        }
        let filtered: Sub = std::array::from_fn(|place| saturate(sums[place] >> 14));
        let energy = squares(&filtered);
        if energy < 1 << 30 && fit(4 * self.target_squares, energy) {
            return 2 * plain(self.target, &filtered) - energy as i32;
        }
        filtered.iter().zip(self.target).fold(0, |fit, (&sample, &wanted)| {
            l_sub(l_mac(fit, wanted, sample), l_mult(sample, sample) >> 1)
        })
    }
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

/// [`PLACES`], filled up to whole vectors.
const LANES: usize = 32;
/// The greatest step of amplitude that is tried as the middle.
const STEPS_LAST: usize = 22;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixed::extract_h;
    use crate::g7231::math::random;

    /// As §2.15 has it: every sum over all samples, in their order.
    fn measured(target: &Sub, response: &Sub, pulses: &Sub) -> i32 {
        let filtered: Sub = std::array::from_fn(|place| {
            let pairs = pulses[..=place].iter().zip(response[..=place].iter().rev());
            extract_h(l_shl(pairs.fold(0, |sum, (&a, &b)| l_mac(sum, a, b)), 2))
        });
        filtered.iter().zip(target).fold(0, |fit, (&sample, &wanted)| {
            l_sub(l_mac(fit, wanted, sample), l_mult(sample, sample) >> 1)
        })
    }

    #[test]
    fn choices_are_measured_as_all_sums_in_their_order_say() {
        let mut seed = 5;
        for turn in 0..300 {
            let level = turn / 24;
            let target: Sub = std::array::from_fn(|_| random(&mut seed) >> (level / 2));
            let response: Sub = std::array::from_fn(|_| random(&mut seed) >> level);
            let field = Field::new(&target, &response);
            let mut choice = Choice {
                fit: 0,
                grid: turn % 2,
                amplitude: turn % 24,
                train: false,
                places: [turn % PLACES, 0, 0, 0, 0, 0],
                heights: [0; MOST],
            };
            let largest = field.cross[choice.grid].iter().fold(0, |most, &it| most.max(l_abs(it)));
            field.fill(&mut choice, largest, MOST);
            let mut pulses = [0; SUBFRAME];
            for (&place, &height) in choice.places.iter().zip(&choice.heights) {
                pulses[2 * place + choice.grid] = height;
            }
            assert_eq!(pulses.iter().filter(|&&it| it != 0).count(), MOST);
            assert_eq!(field.measure(&choice, MOST), measured(&target, &response, &pulses));
        }
    }
}
