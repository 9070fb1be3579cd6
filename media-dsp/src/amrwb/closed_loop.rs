//! The closed-loop pitch: the lag whose filtered past excitation comes nearest the target
//! (3GPP TS 26.190, clause 5.7).

use super::arithmetic::{dot, inverse_root};
use super::encoder_tables::CORRELATION_FIR;
use super::pitch::{HALVES, LEAST, LOW_WHOLES, Lag, RELATIVE, WHOLES};
use super::{Mode, SUBFRAME, Subframe};
use crate::fixed::{div_s, l_shl, norm_l, round, shl};

/// Which lags a search may find.
#[derive(Clone, Copy)]
pub(crate) struct Range {
    pub(super) least: i16,
    pub(super) greatest: i16,
    /// Whether the lag is said for itself, so that long ones have coarser fractions.
    pub(super) absolute: bool,
}

impl Range {
    /// The lags around one.
    pub(super) fn around(lag: Lag) -> Self {
        let least = lag.least_of_next();
        Self { least, greatest: least + RELATIVE - 1, absolute: true }
    }

    /// The index that says a lag that was found.
    pub(super) fn index(&self, mode: Mode, lag: Lag) -> i16 {
        if self.absolute { lag.absolute_index(mode) } else { lag.relative_index(mode, self.least) }
    }
}

/// The best lag for a target, of past excitation before `at`.
#[inline(always)]
pub(crate) fn search(
    mode: Mode,
    excitation: &[i16],
    at: usize,
    target: &Subframe,
    impulse: &Subframe,
    range: Range,
) -> Lag {
    let low = mode <= Mode::M885;
    let (halves, wholes) = if low { (LEAST, LOW_WHOLES) } else { (HALVES, WHOLES) };
    let first = range.least - 4;
    let correlations = correlations(excitation, at, target, impulse, range);
    let of = |lag: i16| correlations[(lag - first) as usize];
    let mut best = range.least;
    for lag in range.least + 1..=range.greatest {
        if of(lag) >= of(best) {
            best = lag;
        }
    }
    if range.absolute && best >= wholes {
        return Lag { whole: best, quarters: 0 };
    }
    let step = if low || (range.absolute && best >= halves) { 2 } else { 1 };
    let mut fraction: i16 = match (best == range.least, step) {
        (true, _) => 0,
        (_, 2) => -2,
        _ => -3,
    };
    let near = |fraction: i16| interpolated(&correlations, (best - first) as usize, fraction);
    let mut most = near(fraction);
    let mut next = fraction + step;
    while next <= 3 {
        let value = near(next);
        if value > most {
            (most, fraction) = (value, next);
        }
        next += step;
    }
    if fraction < 0 {
        return Lag { whole: best - 1, quarters: fraction + 4 };
    }
    Lag { whole: best, quarters: fraction }
}

/// Normalised correlations of target and filtered excitation, from four below the least lag on.
#[inline(always)]
fn correlations(
    excitation: &[i16],
    at: usize,
    target: &Subframe,
    impulse: &Subframe,
    range: Range,
) -> [i16; 40] {
    let (first, last) = ((range.least - 4) as usize, (range.greatest + 4) as usize);
    let mut past = [0; SUBFRAME];
    past.copy_from_slice(&excitation[at - first..at - first + SUBFRAME]);
    let mut filtered = convolve(&past, impulse);
    let energy = (dot(target, target) << 1).wrapping_add(1);
    let scale = -((32 - norm_l(energy)) >> 1);
    let mut correlations = [0; 40];
    for lag in first..=last {
        let cross = (dot(target, &filtered) << 1).wrapping_add(1);
        let energy = (dot(&filtered, &filtered) << 1).wrapping_add(1);
        let shift = norm_l(cross);
        let correlation = (cross << shift) >> 16;
        let energy_shift = norm_l(energy);
        let (root, exponent) = inverse_root(energy << energy_shift, 30 - energy_shift);
        let product = (correlation * (root >> 16)) << 1;
        let value = match 30 - shift + exponent + scale {
            by @ ..0 => product >> (-by).min(31),
            by => product.wrapping_shl(by as u32),
        };
        correlations[lag - first] = (value.wrapping_add(0x8000) >> 16) as i16;
        if lag < last {
            let sample = i32::from(excitation[at - lag - 1]);
            for i in (1..SUBFRAME).rev() {
                let part = ((sample * i32::from(impulse[i])) >> 15) as i16;
                filtered[i] = part.wrapping_add(filtered[i - 1]);
            }
            filtered[0] = ((sample * i32::from(impulse[0])) >> 15) as i16;
        }
    }
    correlations
}

#[inline(always)]
fn interpolated(correlations: &[i16; 40], at: usize, fraction: i16) -> i16 {
    let (at, fraction) = if fraction < 0 { (at - 1, fraction + 4) } else { (at, fraction) };
    let fir = &CORRELATION_FIR[(3 - fraction) as usize];
    round(l_shl(dot(&correlations[at - 3..at + 5], fir), 2))
}

/// A signal through a filter, from zero state.
#[inline(always)]
pub(crate) fn convolve(signal: &Subframe, impulse: &Subframe) -> Subframe {
    let mut out = [0_i32; SUBFRAME];
    for (i, &sample) in signal.iter().enumerate() {
        for (sum, &part) in out[i..].iter_mut().zip(impulse) {
            *sum = sum.wrapping_add(i32::from(sample) * i32::from(part));
        }
    }
    out.map(|sum| ((sum << 1).wrapping_add(0x8000) >> 16) as i16)
}

/// Energy of a filtered vector and its product with the target, normalised, with exponents.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Products {
    pub(super) energy: (i16, i16),
    pub(super) cross: (i16, i16),
}

/// The gain that brings `filtered` nearest to the target, Q14, and what it was computed from.
pub(super) fn gain(target: &Subframe, filtered: &Subframe) -> (i16, Products) {
    let cross = normalised(dot(target, filtered));
    let energy = normalised(dot(filtered, filtered));
    let products = Products { energy, cross };
    if cross.0 < 0 {
        return (0, products);
    }
    let gain = shl(div_s(cross.0 >> 1, energy.0), cross.1 - energy.1);
    (gain.min(19_661), products)
}

/// Twice a sum plus one, normalised: its upper half and exponent.
pub(super) fn normalised(sum: i32) -> (i16, i16) {
    let value = (sum << 1).wrapping_add(1);
    let shift = norm_l(value);
    (((value << shift) >> 16) as i16, 30 - shift)
}

/// The target without a vector at its gain (Q14).
pub(super) fn without(target: &Subframe, vector: &Subframe, gain: i16) -> Subframe {
    std::array::from_fn(|i| {
        let part = (i32::from(vector[i]) * i32::from(gain)) << 1;
        (l_shl((i32::from(target[i]) << 15).wrapping_sub(part), 1) >> 16) as i16
    })
}
