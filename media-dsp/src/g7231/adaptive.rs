//! The closed-loop search of the adaptive codebook, and the taming that keeps a decoder with
//! another memory from running away: ITU-T G.723.1 (05/2006) §2.14, and file `tame.c` of its
//! electronic attachment.

use super::excitation::{self, Past, lagged};
use super::frame::Speech;
use super::math::scale;
use super::sums::{convolve, fit, plain, saturated, squares, take_convolved};
use super::tables::gains::{LARGE, LARGE_WORST, SMALL, SMALL_WORST};
use super::{HISTORY, LAG_MIN, LAG_SHORT, Rate, SUBFRAME, Sub};
use crate::arch::{Level, g7231 as arch};
use crate::fixed::{
    extract_l, l_abs, l_add, l_mult, l_shl, l_sub, mult_r, norm_l, round, saturate,
};

/// What a search takes as it is.
pub(super) struct Search<'a> {
    pub(super) level: Level,
    pub(super) rate: Rate,
    /// The answer of the filters to a pulse.
    pub(super) impulse: &'a Sub,
    pub(super) past: &'a Past,
    pub(super) taming: &'a Taming,
}

impl Search<'_> {
    /// Finds lag and taps of a subframe and notes them. Returns their excitation, and takes it from
    /// the target.
    pub(super) fn run(&self, speech: &mut Speech, subframe: usize, target: &mut Sub) -> Sub {
        let half = subframe / 2;
        let odd = subframe % 2 == 1;
        let mut lag = speech.lags[half];
        if !odd {
            lag = lag.clamp(LAG_MIN + 1, HISTORY - 5);
        }
        let lags = if odd { 4 } else { 3 };
        let mut numbers = [[0; 20]; 4];
        for (step, numbers) in numbers[..lags].iter_mut().enumerate() {
            let window = lagged(self.past, lag - 1 + step);
            *numbers = arch::correlations(self.level, &window, target, self.impulse);
        }
        let largest = numbers.iter().flatten().fold(0, |most, &it| l_abs(it).max(most));
        let places = norm_l(largest);
        let allowance = self.taming.allowance(lag - 1, lag + lags - 2);
        let mut best = 0;
        let (mut found, mut taps) = (1, 0);
        for (step, numbers) in numbers[..lags].iter().enumerate() {
            let numbers = numbers.map(|it| round(l_shl(it, places)));
            let rows = excitation::rows(self.rate, if odd { lag } else { lag - 1 + step });
            let (allowed, clear): (_, &[bool]) = match rows.len() {
                85 => (51 + 4 * allowance, &SMALL_CLEAR),
                _ => (93 + 8 * allowance, &LARGE_CLEAR),
            };
            let rows = &rows[..allowed.min(rows.len())];
            if let Some((row, fit)) = arch::best_row(self.level, &numbers, rows, clear, best) {
                (best, found, taps) = (fit, step, row);
            }
        }
        if !odd {
            speech.lags[half] = lag - 1 + found;
            found = 1;
        }
        speech.subframes[subframe].lag_step = found;
        speech.subframes[subframe].taps = taps;
        let row = &excitation::rows(self.rate, speech.lags[half])[taps];
        let repeated = excitation::adaptive(self.past, speech.lag(subframe), row);
        *target = take_convolved(target, &repeated, self.impulse).map(|sum| round(l_shl(sum, 1)));
        repeated
    }
}

/// The excitation under five taps.
pub(crate) type Window = [i16; SUBFRAME + 4];

/// What the gains of five taps are weighed with: correlations with the target, energies, and
/// correlations with each other.
#[inline(always)]
pub(crate) fn correlations(window: &Window, target: &Sub, impulse: &Sub) -> [i32; 20] {
    let filtered = filtered(window, impulse);
    let energies = filtered.map(|it| squares(&it));
    let most = energies.iter().fold(0, |most, &it| it.max(most));
    // With such energies no sum saturates, nor does any sample have the one square that does.
    let safe = most < 1 << 30 && fit(most, squares(target));
    let halves = if safe { plain } else { halves_in_order };
    let mut numbers = [0; 20];
    for (tap, filtered) in filtered.iter().enumerate() {
        numbers[tap] = l_shl(halves(target, filtered), 1);
        numbers[5 + tap] = saturated(energies[tap]);
    }
    let mut place = 10;
    for later in 1..5 {
        for earlier in 0..later {
            numbers[place] = l_shl(halves(&filtered[later], &filtered[earlier]), 2);
            place += 1;
        }
    }
    numbers
}

/// The sum of half of the doubled products, each step saturated.
fn halves_in_order(a: &[i16], b: &[i16]) -> i32 {
    a.iter().zip(b).fold(0, |sum, (&a, &b)| l_add(sum, l_mult(a, b) >> 1))
}

/// The first row of gains that fits best, and how well, where it is better than `least`. `clear`:
/// rows with which no sum can saturate.
#[inline(always)]
pub(crate) fn best_row(
    numbers: &[i16; 20],
    rows: &[[i16; 20]],
    clear: &[bool],
    least: i32,
) -> Option<(usize, i32)> {
    let mut best = least;
    let mut found = None;
    for (place, (row, &clear)) in rows.iter().zip(clear).enumerate() {
        let fit = if clear { plain(numbers, row) } else { halves_in_order(numbers, row) };
        if fit > best {
            best = fit;
            found = Some((place, fit));
        }
    }
    found
}

/// Each of the five taps' excitations through the weighted synthesis.
#[inline(always)]
fn filtered(window: &Window, impulse: &Sub) -> [Sub; 5] {
    let mut all = [[0; SUBFRAME]; 5];
    let last: &Sub = window.last_chunk().unwrap_or(impulse);
    all[4] = convolve(last, impulse).map(round);
    for tap in (0..4).rev() {
        let sample = i32::from(window[tap]);
        all[tap][0] = mult_r(window[tap], 0x2000);
        for place in 1..SUBFRAME {
            let shifted = i32::from(all[tap + 1][place - 1]);
            let new = (sample * i32::from(impulse[place]) + 0x4000) >> 15;
            all[tap][place] = saturate(shifted + new);
        }
    }
    all
}

/// The worst that an error in the decoder's memory may have become, for 150 samples back in zones
/// of 30.
#[derive(Clone)]
pub(super) struct Taming {
    errors: [i32; 5],
    /// Sines are tamed always.
    pub(super) sines: bool,
}

impl Taming {
    pub(super) fn new() -> Self {
        Self { errors: [LEAST; 5], sines: false }
    }

    /// How many more rows of gains, in fours and eights, the memory at these lags allows.
    fn allowance(&self, least: usize, most: usize) -> usize {
        let zones = zone(least.saturating_sub(61).max(1))..=zone(most + 2);
        let worst = self.errors[zones].iter().fold(-1, |worst, &it| worst.max(it));
        let over = l_sub(worst, GREATEST);
        if over > 0 || self.sines {
            return 0;
        }
        extract_l(-over >> 23) as usize
    }

    /// Follows the gain of a subframe.
    pub(super) fn follow(&mut self, rate: Rate, half_lag: usize, lag: usize, taps: usize) {
        let few = rate == Rate::High && half_lag < LAG_SHORT;
        let gain = if few { SMALL_WORST[taps] } else { LARGE_WORST[taps] };
        let raised = |zone: usize| l_add(LEAST, l_shl(scale(self.errors[zone], gain), 2));
        let zone = zone(lag);
        let (first, second) = if lag <= SUBFRAME / 2 {
            (raised(0), raised(0))
        } else if lag == 30 * (zone + 1) {
            (raised(zone - 1), raised(zone))
        } else if zone == 1 {
            let worse = raised(0).max(raised(1));
            (worse, worse)
        } else {
            let middle = raised(zone - 1);
            (raised(zone - 2).max(middle), raised(zone).max(middle))
        };
        self.errors.copy_within(..3, 2);
        (self.errors[0], self.errors[1]) = (first, second);
    }
}

/// The zone of samples so far back; a border belongs to the zone before it.
fn zone(back: usize) -> usize {
    (back * 1092) >> 15
}

/// An error that is no error: `Err0`.
const LEAST: i32 = 4;
/// The greatest error that may be: `ThreshErr`.
const GREATEST: i32 = 0x4000_0000;
/// Rows of gains with which no sum can saturate.
static SMALL_CLEAR: [bool; 85] = clear(&SMALL);
static LARGE_CLEAR: [bool; 170] = clear(&LARGE);

const fn clear<const N: usize>(rows: &[[i16; 20]; N]) -> [bool; N] {
    let mut all = [false; N];
    let mut row = 0;
    while row < N {
        let mut reach = 0;
        let mut place = 0;
        while place < 20 {
            reach += rows[row][place].unsigned_abs() as u32;
            place += 1;
        }
        all[row] = reach < 1 << 16;
        row += 1;
    }
    all
}
