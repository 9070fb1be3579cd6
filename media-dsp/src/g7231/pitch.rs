//! The open-loop pitch of half a frame: ITU-T G.723.1 (05/2006) §2.9.

use super::sums::{dot_in_order, fit, plain, saturated, squares};
use super::{HISTORY, LAG_MIN, SUBFRAME};
use crate::fixed::{extract_h, l_mac, l_msu, l_mult, l_shl, norm_l, round};

/// A lag and how well it fits: the square of the correlation, by the energy, as mantissas with one
/// exponent. The lesser exponent is the better.
struct Candidate {
    lag: usize,
    exponent: i16,
    square: i16,
    energy: i16,
}

impl Candidate {
    /// None without a positive correlation.
    #[inline(always)]
    fn new(lag: usize, correlation: i32, energy: i32) -> Option<Self> {
        if correlation <= 0 {
            return None;
        }
        let up = norm_l(correlation);
        let mantissa = round(l_shl(correlation, up));
        let square = l_mult(mantissa, mantissa);
        let square_up = norm_l(square);
        let mut square = extract_h(l_shl(square, square_up));
        let energy_up = norm_l(energy);
        let energy = round(l_shl(energy, energy_up));
        let mut exponent = 2 * up + square_up - energy_up;
        if square >= energy {
            exponent -= 1;
            square >>= 1;
        }
        Some(Self { lag, exponent, square, energy })
    }

    /// Whether it is taken after `best`. A lag that may be a multiple of the best must be better by
    /// 1.25 dB.
    #[inline(always)]
    fn beats(&self, best: &Self) -> bool {
        if self.exponent > best.exponent {
            return false;
        }
        if self.exponent + 1 < best.exponent {
            return true;
        }
        let closer = self.exponent + 1 == best.exponent;
        let other = if closer { best.square >> 1 } else { best.square };
        let mine = l_mult(self.square, best.energy);
        if l_msu(mine, self.energy, other) <= 0 {
            return false;
        }
        if self.lag < best.lag + LAG_MIN {
            return true;
        }
        let less = l_mac(-(mine >> 2), self.square, best.energy);
        l_msu(less, self.energy, other) > 0
    }
}

/// The lag at which the 120 samples from `start` are most like those before: 18 to 142. `speech` is
/// normalised weighted speech.
#[inline(always)]
pub(crate) fn open_loop(speech: &[i16], start: usize) -> usize {
    let target = &speech[start..start + 2 * SUBFRAME];
    let mut from = start + 1 - LAG_MIN;
    let own = squares(target);
    let mut exact = squares(&speech[from..from + 2 * SUBFRAME]);
    let mut level = saturated(exact);
    let mut best = Candidate { lag: LAG_MIN, exponent: 30, square: 0x4000, energy: i16::MAX };
    for lag in LAG_MIN..=HISTORY - 3 {
        from -= 1;
        let (left, come) = (speech[from + 2 * SUBFRAME], speech[from]);
        level = l_mac(l_msu(level, left, left), come, come);
        exact += i64::from(come) * i64::from(come) - i64::from(left) * i64::from(left);
        let before = &speech[from..from + 2 * SUBFRAME];
        let correlation =
            if fit(own, exact) { 2 * plain(target, before) } else { dot_in_order(target, before) };
        let Some(candidate) = Candidate::new(lag, correlation, level) else { continue };
        if candidate.beats(&best) {
            best = candidate;
        }
    }
    best.lag
}
