//! Search of the adaptive codebook in a closed loop: ITU-T G.729 Annex A §A.3.7.

use super::filter::{PRODUCTS_LIMIT, peak};
use super::pitch::{Excitation, Lag, SUBFRAME, interpolate};
use super::sum::{dot, dot_saturating, energy, squares, within};
use crate::fixed::{div_s, l_mac, l_shl, norm_l, round, shr, sub};

/// A vector over half a frame.
pub(super) type Vector = [i16; SUBFRAME];

/// Target and impulse response correlated, brought to 13 bits: §3.8.1, equation (52).
#[inline(always)]
pub(super) fn backward_filtered(response: &Vector, target: &Vector) -> Vector {
    let mut sums = [0_i32; SUBFRAME];
    let weight: i64 = response.iter().map(|&it| i64::from(it).abs()).sum();
    if weight * i64::from(peak(target)) < PRODUCTS_LIMIT {
        let mut padded = [0; 2 * SUBFRAME];
        padded[..SUBFRAME].copy_from_slice(target);
        for (n, &coefficient) in response.iter().enumerate() {
            for (sum, &sample) in sums.iter_mut().zip(&padded[n..n + SUBFRAME]) {
                *sum += i32::from(coefficient) * i32::from(sample);
            }
        }
        sums = sums.map(|sum| 2 * sum);
    } else {
        for (n, sum) in sums.iter_mut().enumerate() {
            *sum = dot_saturating(0, &target[n..], &response[..SUBFRAME - n]);
        }
    }
    let most = sums.iter().fold(0, |most: i32, sum| most.max(sum.saturating_abs()));
    let by = 18 - norm_l(most).min(16);
    sums.map(|sum| (sum >> by) as i16)
}

/// Finds the delay within `lags` whose excitation is most like the target, refines it to thirds up to the
/// delay `finest`, and leaves that excitation in the forty samples at `at`.
#[inline(always)]
pub(super) fn search(
    excitation: &mut Excitation,
    at: usize,
    target: &Vector,
    lags: std::ops::RangeInclusive<i16>,
    finest: i16,
) -> Lag {
    let weight: i64 = target.iter().map(|&it| i64::from(it).abs()).sum();
    let likeness = |excitation: &[i16]| {
        if weight * i64::from(peak(excitation)) < PRODUCTS_LIMIT {
            2 * dot(target, excitation)
        } else {
            dot_saturating(0, target, excitation)
        }
    };
    let (mut whole, mut most) = (*lags.start(), i32::MIN);
    for lag in lags {
        let from = at - lag as usize;
        let correlation = likeness(&excitation[from..from + SUBFRAME]);
        if correlation > most {
            (whole, most) = (lag, correlation);
        }
    }
    let mut best = Lag { whole, thirds: 0 };
    interpolate(excitation, at, best);
    if whole > finest {
        return best;
    }
    let mut most = likeness(&excitation[at..at + SUBFRAME]);
    let mut kept = [0; SUBFRAME];
    kept.copy_from_slice(&excitation[at..at + SUBFRAME]);
    for thirds in [-1, 1] {
        interpolate(excitation, at, Lag { whole, thirds });
        let correlation = likeness(&excitation[at..at + SUBFRAME]);
        if correlation > most {
            most = correlation;
            best.thirds = thirds;
            kept.copy_from_slice(&excitation[at..at + SUBFRAME]);
        }
    }
    excitation[at..at + SUBFRAME].copy_from_slice(&kept);
    best
}

/// A correlation as mantissa and Q format.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Correlation {
    pub(super) mantissa: i16,
    pub(super) q: i16,
}

/// The gain of the filtered adaptive codebook (Q14, at most 1.2), its energy, and its correlation with the
/// target: §3.7.3.
#[inline(always)]
pub(super) fn gain(target: &Vector, filtered: &Vector) -> (i16, Correlation, Correlation) {
    let quarter = filtered.map(|it| it >> 2);
    let wide = squares(filtered);
    let (energy_mantissa, energy_exponent) = if 2 * wide < i64::from(i32::MAX) {
        normalised((1 + 2 * wide) as i32, 0)
    } else {
        normalised(energy(&quarter, 1), 4)
    };
    let (mantissa, exponent) = match products(target, filtered, wide) {
        Some(sum) => normalised(sum, 0),
        None => normalised(dot_saturating(0, target, &quarter), 2),
    };
    let correlation = |mantissa, exponent| Correlation { mantissa, q: sub(exponent, 15) };
    let energy = correlation(energy_mantissa, energy_exponent);
    if mantissa <= 0 {
        return (0, energy, Correlation { mantissa, q: 15 });
    }
    let ratio = div_s(mantissa >> 1, energy_mantissa);
    let gain = shr(ratio, exponent - energy_exponent).min(GAIN_GREATEST);
    (gain, energy, correlation(mantissa, exponent))
}

/// Twice the sum of products; nothing when it saturated on the way.
#[inline(always)]
fn products(x: &Vector, y: &Vector, energy_y: i64) -> Option<i32> {
    if within(squares(x), energy_y) {
        return Some(2 * dot(x, y));
    }
    let mut sum = 0_i32;
    for (&a, &b) in x.iter().zip(y) {
        let next = i64::from(sum) + 2 * i64::from(a) * i64::from(b);
        if i64::from(a) * i64::from(b) == 1 << 30 || i32::try_from(next).is_err() {
            return None;
        }
        sum = l_mac(sum, a, b);
    }
    Some(sum)
}

/// A sum normalised and rounded, and its places less those it had been brought down by.
#[inline(always)]
pub(super) fn normalised(sum: i32, down: i16) -> (i16, i16) {
    let norm = norm_l(sum);
    (round(l_shl(sum, norm)), norm - down)
}

/// 1.2 in Q14.
const GAIN_GREATEST: i16 = 19_661;
