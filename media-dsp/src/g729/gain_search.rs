//! Choosing both gains together: ITU-T G.729 §3.9.2.

use super::adaptive::{Correlation, Vector, normalised};
use super::gain::{Energies, Gains, Predicted};
use super::pulses::Word;
use super::sum::{dot, dot_saturating, energy, squares, within};
use super::tables::{
    GAIN_FIRST, GAIN_FIRST_CODE, GAIN_FIRST_THRESHOLD, GAIN_SECOND, GAIN_SECOND_CODE,
    GAIN_SECOND_THRESHOLD,
};
use super::taming::Taming;
use crate::fixed::{
    add, div_s, extract_h, l_mult, l_shl, l_shr, l_sub, mult, negate, norm_l, shl, shr, sub,
};

/// What the error is made of, for target x, filtered adaptive word y and filtered fixed word z:
/// `<y,y>`, `-2<x,y>`, `<z,z>`, `-2<x,z>`, `2<y,z>`.
pub(super) struct Error([Correlation; 5]);

impl Error {
    /// `energy`: `<y,y>`, `likeness`: `<x,y>`.
    #[inline(always)]
    pub(super) fn of(
        target: &Vector,
        adaptive: &Vector,
        fixed: &Vector,
        (energy, likeness): (Correlation, Correlation),
    ) -> Self {
        // Q12 to Q9, so that the energy fits.
        let fixed = fixed.map(|it| it >> 3);
        let fixed_energy = squares(&fixed);
        let own = normalised(self::energy(&fixed, 1), 0);
        let with = |other: &Vector| {
            let sum = if within(squares(other), fixed_energy) {
                1 + 2 * dot(other, &fixed)
            } else {
                dot_saturating(1, other, &fixed)
            };
            let (mantissa, norm) = normalised(sum, 0);
            // Twice the product.
            Correlation { mantissa, q: norm + 10 - 16 - 1 }
        };
        let with_target = with(target);
        Self([
            energy,
            Correlation { mantissa: negate(likeness.mantissa), q: likeness.q - 1 },
            Correlation { mantissa: own.0, q: own.1 + 19 - 16 },
            Correlation { mantissa: negate(with_target.mantissa), q: with_target.q },
            with(adaptive),
        ])
    }

    /// The gains that would be best, were all possible: pitch in Q9, code in Q2.
    fn best(&self, taming: Taming) -> [i16; 2] {
        let [yy, xy, zz, xz, yz] = self.0;
        // One over 4<y,y><z,z> - (2<y,z>)^2.
        let (a, q_a) = (l_mult(yy.mantissa, zz.mantissa), add(add(yy.q, zz.q), 1 - 2));
        let (b, q_b) = (l_mult(yz.mantissa, yz.mantissa), add(add(yz.q, yz.q), 1));
        let (sum, q) = if q_a > q_b {
            (l_sub(l_shr(a, q_a - q_b), b), q_b)
        } else {
            (l_sub(a, l_shr(b, q_b - q_a)), q_a)
        };
        let norm = norm_l(sum);
        let divisor = extract_h(l_shl(sum, norm));
        let inverse = negate(div_s(16_384, divisor));
        let q_inverse = 14 + 15 - (q + norm - 16);

        let gain = |[c, d]: [Correlation; 2], [e, f]: [Correlation; 2], wanted: i16| {
            let (a, q_a) = (l_mult(c.mantissa, d.mantissa), add(c.q, d.q));
            let (b, q_b) = (l_mult(e.mantissa, f.mantissa), add(add(e.q, f.q), 1));
            let (sum, q) = if q_a > q_b {
                (l_sub(l_shr(a, q_a - q_b + 1), b >> 1), q_b - 1)
            } else {
                (l_sub(a >> 1, l_shr(b, q_b - q_a + 1)), q_a - 1)
            };
            let norm = norm_l(sum);
            let dividend = extract_h(l_shl(sum, norm));
            let q = q + norm - 16;
            extract_h(l_shr(l_mult(dividend, inverse), q + q_inverse - wanted))
        };
        let pitch = gain([zz, xy], [xz, yz], 9 + 16 - 1);
        let pitch = if taming == Taming::Needed { pitch.min(PITCH_TAME_Q9) } else { pitch };
        [pitch, gain([yy, xz], [xy, yz], 2 + 16 - 1)]
    }

    /// The coefficients in one Q format, for code gains of this one, as 32 bits.
    fn aligned(&self, q: i16) -> [i32; 5] {
        let shifts = [13, 14, sub(shl(q, 1), 21), q - 3, q - 4];
        let formats: [i16; 5] = std::array::from_fn(|i| add(self.0[i].q, shifts[i]));
        let least = formats.iter().fold(i16::MAX, |least, &it| least.min(it));
        std::array::from_fn(|i| l_shr(i32::from(self.0[i].mantissa) << 16, sub(formats[i], least)))
    }
}

/// Chooses the gains for a word, and gives their seven bits.
#[inline(always)]
pub(super) fn quantise(
    error: &Error,
    word: &Word,
    taming: Taming,
    energies: &mut Energies,
) -> (usize, Gains) {
    let predicted = energies.predict(word);
    let best = error.best(taming);
    let (first, second) = preselect(best, in_q4(predicted));
    let coefficients = error.aligned(predicted.q);
    let mut least = i32::MAX;
    let mut chosen = (first, second);
    for i in first..first + FIRST_CANDIDATES {
        let distances = distances(&coefficients, predicted.mantissa, i, second, taming);
        for (j, &distance) in (second..).zip(&distances) {
            if distance < least {
                least = distance;
                chosen = (i, j);
            }
        }
    }
    let (first, second) = chosen;
    let index = usize::from(GAIN_FIRST_CODE[first]) * 16 + usize::from(GAIN_SECOND_CODE[second]);
    (index, energies.accept(first, second, predicted))
}

/// How far the gains of one entry of the first codebook and each candidate of the second are from the best;
/// the greatest distance for those that would have to be tamed.
#[inline(always)]
fn distances(
    coefficients: &[i32; 5],
    predicted: i16,
    first: usize,
    second: usize,
    taming: Taming,
) -> [i32; SECOND_CANDIDATES] {
    let most = if taming == Taming::Needed { i32::from(PITCH_TAME) } else { i32::MAX };
    let [pitch_first, factor_first] = GAIN_FIRST[first].map(i32::from);
    let mut distances = [0_i32; SECOND_CANDIDATES];
    let seconds = &GAIN_SECOND[second..second + SECOND_CANDIDATES];
    for (distance, code) in distances.iter_mut().zip(seconds) {
        let [pitch_second, factor_second] = code.map(i32::from);
        // No entries' sum leaves 16 bits but the last ones', which saturates.
        let pitch = (pitch_first + pitch_second).min(32_767);
        let code = (i32::from(predicted) * ((factor_first + factor_second) >> 1)) >> 15;
        let terms = [(pitch * pitch) >> 15, pitch, (code * code) >> 15, code, (code * pitch) >> 15];
        for (&coefficient, term) in coefficients.iter().zip(terms) {
            let lower = (((coefficient >> 1) & 0x7fff) * term) >> 15;
            *distance = distance.saturating_add(2 * ((coefficient >> 16) * term + lower));
        }
        *distance = if pitch >= most { i32::MAX } else { *distance };
    }
    distances
}

fn in_q4(predicted: Predicted) -> i16 {
    if predicted.q >= 4 {
        return shr(predicted.mantissa, predicted.q - 4);
    }
    extract_h(l_shl(predicted.mantissa.into(), 4 + 16 - predicted.q))
}

/// Where in both codebooks the candidates begin, from the best gains and the predicted code gain (Q4).
fn preselect([pitch, code]: [i16; 2], predicted: i16) -> (usize, usize) {
    let leaned = l_mult(31_881, pitch);
    let upper = extract_h(leaned.saturating_add(1_822_990_272 >> 15));
    let rest = l_sub(i32::from(code) << 7, l_mult(upper, predicted));
    let x = l_mult(extract_h(l_shl(rest, 2)), INVERSE_SLOPE);

    let upper = extract_h(l_sub(leaned, 1_731_217_536 >> 10));
    let product = l_mult(mult(upper, predicted), 31_548);
    let rest = l_sub(product, l_mult(31_881, code) >> 3);
    let y = l_mult(extract_h(l_shl(rest, 2)), INVERSE_SLOPE);

    let beyond = |value: i32, threshold: i16, by: i16| {
        let difference = l_sub(value, l_mult(threshold, predicted) >> by);
        if predicted > 0 { difference > 0 } else { difference < 0 }
    };
    let first = GAIN_FIRST_THRESHOLD.iter().take_while(|&&it| beyond(y, it, 3)).count();
    let second = GAIN_SECOND_THRESHOLD.iter().take_while(|&&it| beyond(x, it, 5)).count();
    (first, second)
}

/// Candidates of each codebook.
const FIRST_CANDIDATES: usize = 4;
const SECOND_CANDIDATES: usize = 8;
/// -1 / (slopes of the codebooks' cloud), Q19: `INV_COEF`.
const INVERSE_SLOPE: i16 = -17_103;
/// The greatest pitch gain when the error would grow: 0.94 in Q9, 0.9999 in Q14.
const PITCH_TAME_Q9: i16 = 481;
const PITCH_TAME: i16 = 16_383;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_candidates_lie_within_the_codebooks() {
        for pitch in [-400, 0, 100, 481, 600, 32_767] {
            for code in [-3000, 0, 40, 900, 32_767] {
                for predicted in [0, 1, 30, 900, 20_000] {
                    let (first, second) = preselect([pitch, code], predicted);
                    assert!(first + FIRST_CANDIDATES <= 8 && second + SECOND_CANDIDATES <= 16);
                }
            }
        }
    }
}
