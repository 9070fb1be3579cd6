//! The postfilters of the decoder: for the pitch on the excitation, for the formants on the speech,
//! and the gain that keeps the level. ITU-T G.723.1 (05/2006) §3.6, §3.8, §3.9.

use super::filter::{Memory, recursive, remember, transversal};
use super::math::{divide, normalise, root};
use super::sums::{energy, plain};
use super::tables::{POST_POLES, POST_ZEROS};
use super::{FRAME_SAMPLES, HISTORY, Lpc, ORDER, Rate, SUBFRAME, Sub};
use crate::fixed::{
    add, div_s, extract_h, l_abs, l_add, l_deposit_h, l_mac, l_msu, l_mult, l_shl, l_shr, mult,
    mult_r, negate, norm_l, round, shr, sub,
};

/// A frame of excitation behind its past.
pub(super) type Excitation = [i16; HISTORY + FRAME_SAMPLES];

/// What the pitch postfilter adds to a subframe.
#[derive(Clone, Copy)]
pub(super) struct Harmonic {
    /// Where it is taken from, against the subframe: samples before or after.
    shift: isize,
    /// Its part, Q15.
    gain: i16,
    /// The part of the subframe itself, Q15.
    own: i16,
}

impl Harmonic {
    /// Finds it in normalised excitation, where the subframe begins at `start`.
    pub(super) fn find(excitation: &Excitation, start: usize, lag: usize, rate: Rate) -> Self {
        let lag = lag.min(HISTORY - 3);
        let target = &excitation[start..start + SUBFRAME];
        let at = |shift: isize| {
            let from = start.saturating_add_signed(shift);
            &excitation[from..from + SUBFRAME]
        };
        let fits = |ahead: usize| start + SUBFRAME + ahead <= HISTORY + FRAME_SAMPLES;
        let around = lag - 3..=lag + 3;
        // Sixty products of 12 bits never overflow.
        let cross = |shift: isize| 2 * plain(target, at(shift));
        let back = best(around.clone().map(|lag| -(lag as isize)), cross);
        let ahead = best(around.filter(|&lag| fits(lag)).map(|lag| lag as isize), cross);
        let numbers = |shift: Option<isize>| {
            shift.map_or([0, 0], |shift| [cross(shift), 2 * plain(at(shift), at(shift))])
        };
        let [(back_cross, back_energy), (ahead_cross, ahead_energy)] =
            [back, ahead].map(numbers).map(|[cross, energy]| (cross, energy));
        let own = 2 * plain(target, target);
        let all = [own, back_cross, back_energy, ahead_cross, ahead_energy];
        let places = norm_l(all.into_iter().fold(0, i32::max));
        let [own, back_cross, back_energy, ahead_cross, ahead_energy] =
            all.map(|it| extract_h(l_shl(it, places)));
        match (back, ahead) {
            (None, None) => Self { shift: 0, gain: 0, own: i16::MAX },
            (Some(shift), None) => Self::weigh(shift, own, back_cross, back_energy, rate),
            (None, Some(shift)) => Self::weigh(shift, own, ahead_cross, ahead_energy, rate),
            (Some(before), Some(after)) => {
                let back = l_mult(mult_r(back_cross, back_cross), ahead_energy);
                let ahead = l_mult(mult_r(ahead_cross, ahead_cross), back_energy);
                if back > ahead {
                    Self::weigh(before, own, back_cross, back_energy, rate)
                } else {
                    Self::weigh(after, own, ahead_cross, ahead_energy, rate)
                }
            }
        }
    }

    /// Nothing is added when that predicts the subframe by less than 1.25 dB.
    fn weigh(shift: isize, own: i16, cross: i16, energy: i16, rate: Rate) -> Self {
        if l_mult(cross, cross) <= l_mult(own, energy) >> 2 {
            return Self { shift, gain: 0, own: i16::MAX };
        }
        let limit = match rate {
            Rate::High => 0x1800,
            Rate::Low => 0x2000,
        };
        let gain = if cross >= energy { limit } else { mult(div_s(cross, energy), limit) };
        let half = l_deposit_h(own) >> 1;
        let sum = l_mac(half, cross, gain);
        let sum = round(l_add(sum, l_mult(energy, mult(gain, gain)) >> 1));
        let ratio = if half >= l_deposit_h(sum) { i16::MAX } else { divide(half, sum) };
        let own = root(l_deposit_h(ratio));
        Self { shift, gain: mult(gain, own), own }
    }

    /// The subframe at `start` with its harmonics raised.
    pub(super) fn filter(self, excitation: &Excitation, start: usize) -> Sub {
        let from = start.saturating_add_signed(self.shift);
        std::array::from_fn(|place| {
            let own = l_mult(excitation[start + place], self.own);
            round(l_mac(own, excitation[from + place], self.gain))
        })
    }
}

/// The shift with the greatest correlation above 0, the first of equals.
fn best(shifts: impl Iterator<Item = isize>, correlation: impl Fn(isize) -> i32) -> Option<isize> {
    let mut most = 0;
    let mut found = None;
    for shift in shifts {
        let value = correlation(shift);
        if value > most {
            (most, found) = (value, Some(shift));
        }
    }
    found
}

/// The formant postfilter, with its compensation of tilt and of level.
#[derive(Clone)]
pub(super) struct Formant {
    zeros: Memory,
    poles: Memory,
    /// The first reflection coefficient, smoothed.
    tilt: i16,
    /// Q12.
    gain: i16,
}

impl Formant {
    pub(super) fn new() -> Self {
        Self { zeros: [0; ORDER], poles: [0; ORDER], tilt: 0, gain: 0x1000 }
    }

    /// A subframe of synthesised speech, filtered and doubled.
    pub(super) fn filter(&mut self, samples: &Sub, filter: &Lpc) -> Sub {
        let level = self.measure(samples);
        let tilt = mult(self.tilt, TILT) & !3;
        let mut sums = samples.map(|sample| i32::from(sample) << 14);
        transversal(&mut sums, &scaled(filter, &POST_ZEROS), &remember(&mut self.zeros, samples));
        let output = recursive(&sums, &scaled(filter, &POST_POLES), &mut self.poles);
        let mut flat = std::array::from_fn(|place| {
            let before = output.samples[ORDER - 1 + place];
            round(l_mac(l_shl(output.sums[place], 2), before, tilt))
        });
        self.level(&mut flat, level);
        flat
    }

    /// The energy of a subframe. Its tilt is noted.
    fn measure(&mut self, samples: &Sub) -> i32 {
        let mut scaled = *samples;
        let places = normalise(&mut scaled);
        let sum = 2 * plain(&scaled, &scaled);
        let whole = extract_h(sum);
        let mut tilt = 0;
        if whole != 0 {
            let neighbours = plain(&scaled[1..], &scaled);
            tilt = divide(l_abs(neighbours), whole);
            if neighbours < 0 {
                tilt = negate(tilt);
            }
        }
        let smoothed = l_msu(l_deposit_h(self.tilt), self.tilt, 0x2000);
        self.tilt = round(l_mac(smoothed, tilt, 0x2000));
        l_shr(sum, 2 * places + 4)
    }

    /// Brings a subframe to the level that it had, gliding.
    fn level(&mut self, samples: &mut Sub, before: i32) {
        let wanted = level_gain(before, energy(&samples.map(|sample| sample >> 2)));
        for sample in samples {
            let slow = l_msu(l_deposit_h(self.gain), self.gain, 0x0800);
            self.gain = round(l_mac(slow, wanted, 0x0800));
            let raised = add(self.gain, shr(self.gain, 4));
            *sample = round(l_shl(l_mult(*sample, raised), 4));
        }
    }
}

/// The root of the quotient of two energies, Q12.
fn level_gain(before: i32, after: i32) -> i16 {
    if before == 0 || after == 0 {
        return 0x1000;
    }
    let (before_places, after_places) = (norm_l(before), norm_l(after));
    let over = l_shl(before, before_places) >> 1;
    let under = extract_h(l_shl(after, after_places));
    let places = sub(5, sub(after_places, before_places)).max(0);
    root(l_shr(l_deposit_h(divide(over, under)), places))
}

fn scaled(filter: &Lpc, by: &[i16; ORDER]) -> Lpc {
    std::array::from_fn(|place| mult_r(filter[place], by[place]))
}

/// How much of the tilt is taken back, Q15 (§3.8).
const TILT: i16 = -0x4000;
