//! Linear prediction: window, autocorrelation, and the Levinson-Durbin recursion. ITU-T G.729 §3.2.1, §3.2.2.

use super::double::{divide, multiply};
use super::filter::{Lpc, ORDER};
use super::sum::{dot, squares};
use super::tables::{LAG_WINDOW, WINDOW};
use crate::fixed::{abs_s, add, l_abs, l_shl, mult_r, norm_l, round, shr, sub};

/// Samples that the window holds.
pub(super) const WINDOW_LENGTH: usize = 240;
/// Lags beyond zero that are computed; the activity detector needs two more than the filter.
pub(super) const LAGS: usize = 12;

/// Autocorrelations, normalised to that of lag zero.
#[derive(Debug, Clone)]
pub(super) struct Correlations {
    pub(super) values: [i32; LAGS + 1],
    /// The places by which they were brought down to where they are.
    pub(super) places: i16,
}

impl Correlations {
    /// Of the windowed speech.
    #[inline(always)]
    pub(super) fn of(speech: &[i16; WINDOW_LENGTH]) -> Self {
        let mut windowed: [i16; WINDOW_LENGTH] =
            std::array::from_fn(|n| mult_r(speech[n], WINDOW[n]));
        let mut places = 1;
        let mut energy = 1 + 2 * squares(&windowed);
        while energy > i64::from(i32::MAX) {
            for sample in &mut windowed {
                *sample >>= 2;
            }
            energy = 1 + 2 * squares(&windowed);
            places = add(places, 4);
        }
        // No sum of products is greater than the energy, so none saturates.
        let norm = norm_l(energy as i32);
        let mut values = [0; LAGS + 1];
        values[0] = (energy as i32) << norm;
        for (lag, value) in values.iter_mut().enumerate().skip(1) {
            let sum = dot(&windowed[..WINDOW_LENGTH - lag], &windowed[lag..]);
            *value = (2 * sum) << norm;
        }
        Self { values, places: sub(places, norm) }
    }

    /// Widens the peaks by 60 Hz and adds a little white noise.
    #[inline(always)]
    pub(super) fn window(&self) -> [i32; LAGS + 1] {
        let mut values = self.values;
        for (value, factor) in values[1..].iter_mut().zip(LAG_WINDOW) {
            *value = multiply(*value, factor);
        }
        values
    }
}

/// The recursion, which falls back to its last stable result.
#[derive(Debug, Clone)]
pub(super) struct Recursion {
    stable: Lpc,
    second_reflection: i16,
}

/// What the recursion found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Prediction {
    pub(super) filter: Lpc,
    /// The second reflection coefficient, Q15.
    pub(super) second_reflection: i16,
    /// The energy that stays unpredicted, in the scale of the autocorrelations' upper halves; none when the
    /// filter was not stable.
    pub(super) error: Option<i16>,
}

impl Recursion {
    pub(super) fn new() -> Self {
        let mut stable = [0; ORDER + 1];
        stable[0] = 4096;
        Self { stable, second_reflection: 0 }
    }

    /// Solves for these autocorrelations, of which lag zero is normalised.
    #[inline(always)]
    pub(super) fn solve(&mut self, r: &[i32; ORDER + 1]) -> Prediction {
        // Coefficients are in Q27; the lowest bits do not count.
        let mut a = [0_i32; ORDER + 1];
        let mut reflection = against(r[1] & !1, divide(l_abs(r[1] & !1), r[0]));
        let mut second_reflection = 0;
        a[1] = (reflection >> 4) & !1;
        let mut error = multiply(r[0], remaining(reflection));
        let mut exponent = norm_l(error);
        error <<= exponent;
        for i in 2..=ORDER {
            let mut sum = 0_i32;
            for j in 1..i {
                sum = sum.saturating_add(multiply(r[j], a[i - j]));
            }
            let sum = l_shl(sum, 4).saturating_add(r[i] & !1);
            reflection = l_shl(against(sum, divide(l_abs(sum), error)), exponent);
            let upper = (reflection >> 16) as i16;
            if i == 2 {
                second_reflection = upper;
            }
            if abs_s(upper) > 32_750 {
                let second_reflection = self.second_reflection;
                return Prediction { filter: self.stable, second_reflection, error: None };
            }
            let before = a;
            for j in 1..i {
                a[j] = multiply(reflection, before[i - j]).saturating_add(before[j]) & !1;
            }
            a[i] = (reflection >> 4) & !1;
            error = multiply(error, remaining(reflection));
            let norm = norm_l(error);
            error <<= norm;
            exponent = add(exponent, norm);
        }
        let mut filter = [4096; ORDER + 1];
        for (out, value) in filter[1..].iter_mut().zip(&a[1..]) {
            *out = round(l_shl(*value, 1));
        }
        self.stable = filter;
        self.second_reflection = second_reflection;
        let error = Some(shr((error >> 16) as i16, exponent));
        Prediction { filter, second_reflection, error }
    }
}

/// A magnitude with the sign opposite to that of `value`.
#[inline(always)]
fn against(value: i32, magnitude: i32) -> i32 {
    if value > 0 { magnitude.saturating_neg() } else { magnitude }
}

/// One less the square.
#[inline(always)]
fn remaining(reflection: i32) -> i32 {
    i32::MAX.saturating_sub(l_abs(multiply(reflection, reflection)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_predicted_by_nothing() {
        let correlations = Correlations::of(&[0; WINDOW_LENGTH]);
        let mut r = [0; ORDER + 1];
        r.copy_from_slice(&correlations.window()[..=ORDER]);
        let prediction = Recursion::new().solve(&r);
        assert_eq!(prediction.filter[1..], [0; ORDER]);
    }

    #[test]
    fn loud_speech_is_scaled_until_its_energy_fits() {
        let speech = std::array::from_fn(|n| if n / 9 % 2 == 0 { i16::MAX } else { i16::MIN });
        let correlations = Correlations::of(&speech);
        assert!(correlations.places > 1 && correlations.values[0] >= 1 << 30);
    }
}
