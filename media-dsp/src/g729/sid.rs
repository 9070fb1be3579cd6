//! Descriptions of silence: line spectral frequencies and a gain in fifteen bits, ITU-T G.729 Annex B §B.4.2.

use super::double::{logarithm, scale};
use super::filter::ORDER;
use super::frame::Sid;
use super::lsf_codebook::{GAP_FIRST, GAP_STABLE, GREATEST, LEAST, Past, Predictor, entry, spread};
use super::lsp::Lsp;
use super::tables::{
    LSF_PREDICTOR, NOISE_REST, NOISE_REST_INVERSE, SID_FIRST, SID_GAIN, SID_SECOND,
};
use crate::fixed::{add, extract_h, l_mac, l_shl, mult, mult_r, shl, sub};

/// The predictors of noise.
pub(super) const NOISE: [Predictor<'static>; 2] = [
    Predictor {
        coefficients: &LSF_PREDICTOR[0],
        rest: &NOISE_REST[0],
        rest_inverse: &NOISE_REST_INVERSE[0],
    },
    Predictor { coefficients: &MIXED, rest: &NOISE_REST[1], rest_inverse: &NOISE_REST_INVERSE[1] },
];

/// Three fifths of the first predictor of speech and two of the second.
const MIXED: [Lsp; 4] = {
    let mut mixed = [[0; ORDER]; 4];
    let mut row = 0;
    while row < 4 {
        let mut i = 0;
        while i < ORDER {
            let first = LSF_PREDICTOR[0][row][i] as i32 * 19_660;
            let second = LSF_PREDICTOR[1][row][i] as i32 * 13_107;
            mixed[row][i] = ((first + second) >> 15) as i16;
            i += 1;
        }
        row += 1;
    }
    mixed
};

/// The frequencies that a description gives; the memory of the prediction goes on with them.
pub(super) fn decode(sid: Sid, past: &mut Past) -> Lsp {
    let mut lsf = rows(sid.first, sid.second);
    spread(&mut lsf, 1..ORDER, GAP_FIRST);
    past.compose(&lsf, NOISE[sid.predictor])
}

/// The sum of both stages at a description's indices.
pub(super) fn rows(first: usize, second: usize) -> Lsp {
    let (lower, upper) = (SID_SECOND[0][second].into(), SID_SECOND[1][second].into());
    entry(SID_FIRST[first].into(), lower, upper)
}

/// Keeps frequencies far enough from each other to be quantised.
pub(super) fn widen(lsf: &mut Lsp) {
    lsf[0] = lsf[0].max(LEAST);
    for i in 0..ORDER - 1 {
        if sub(lsf[i + 1], lsf[i]) < 2 * GAP_STABLE {
            lsf[i + 1] = add(lsf[i], 2 * GAP_STABLE);
        }
    }
    lsf[ORDER - 1] = lsf[ORDER - 1].min(GREATEST);
    if lsf[ORDER - 1] < lsf[ORDER - 2] {
        lsf[ORDER - 2] = sub(lsf[ORDER - 1], GAP_STABLE);
    }
}

/// An energy as mantissa and places.
#[derive(Debug, Clone, Copy)]
pub(super) struct Energy {
    pub(super) mantissa: i16,
    pub(super) places: i16,
}

/// A quantised gain: its index and the level in decibels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Level {
    pub(super) index: usize,
    pub(super) decibels: i16,
}

impl Level {
    /// The gain of the excitation.
    pub(super) fn gain(self) -> i16 {
        SID_GAIN[self.index]
    }

    /// Of the excitation that a decoder had when silence began without a description.
    pub(super) fn of_excitation(energy: Energy) -> Self {
        let wide = l_shl(energy.mantissa.into(), energy.places);
        Self::quantise(scale(wide, 410), 0)
    }

    /// Of the mean of one or two frames' prediction errors.
    pub(super) fn of_errors(energies: &[Energy]) -> Self {
        // Room for the sum of two.
        let (room, factor) = if energies.len() == 1 { (0, 26) } else { (1, 13) };
        let least = energies.iter().map(|it| it.places).min().unwrap_or(0);
        let places = add(least, 16 - room);
        let sum = energies.iter().fold(0_i32, |sum, it| {
            sum.saturating_add(l_shl(it.mantissa.into(), sub(places, it.places)))
        });
        Self::quantise(scale(sum, factor), places)
    }

    /// Unevenly: steps of 4 dB below 14 dB, of 2 dB above.
    fn quantise(energy: i32, places: i16) -> Self {
        let (exponent, fraction) = logarithm(energy);
        let log = add(shl(sub(exponent, places), 10), mult_r(fraction, 1024));
        if log <= -2721 {
            return Self { index: 0, decibels: -12 };
        }
        if log > 22_111 {
            return Self { index: 31, decibels: 66 };
        }
        if log <= 4762 {
            let index = mult(add(log, 3401), 24).max(1);
            return Self { index: index as usize, decibels: index * 4 - 8 };
        }
        let index = ((mult(sub(log, 340), 193) >> 2) - 1).max(6);
        Self { index: index as usize, decibels: index * 2 + 4 }
    }
}

/// The gain goes an eighth of the way to the described one in every frame.
pub(super) fn smooth(gain: i16, described: i16) -> i16 {
    add(mult_r(gain, 28_672), mult_r(described, 4096))
}

/// Finds the best of both stages for these frequencies, with four candidates of the first.
pub(super) fn search(lsf: &Lsp, weights: &Lsp, past: &Past) -> Sid {
    let targets = NOISE.map(|predictor| past.target(lsf, predictor));
    let mut candidates = [Candidate::default(); CANDIDATES];
    let mut distances = [[i16::MAX; SID_FIRST.len()]; 2];
    for (predictor, row) in distances.iter_mut().enumerate() {
        for (first, distance) in row.iter_mut().enumerate() {
            let code = &super::tables::LSF_FIRST[usize::from(SID_FIRST[first])];
            let sum = (0..ORDER).fold(0, |sum, i| {
                let difference = sub(targets[predictor][i], code[i]);
                l_mac(sum, difference, difference)
            });
            *distance = mult(extract_h(sum), PREFERENCE[predictor]);
        }
    }
    for candidate in &mut candidates {
        let mut least = i16::MAX;
        for (predictor, row) in distances.iter().enumerate() {
            for (first, &distance) in row.iter().enumerate() {
                if distance < least {
                    least = distance;
                    *candidate = Candidate { predictor, first };
                }
            }
        }
        distances[candidate.predictor][candidate.first] = i16::MAX;
    }
    let mut best = Sid::default();
    let mut least = i16::MAX;
    let mut found = Candidate::default();
    for (n, &candidate) in candidates.iter().enumerate() {
        let code = &super::tables::LSF_FIRST[usize::from(SID_FIRST[candidate.first])];
        let rest: Lsp = std::array::from_fn(|i| sub(targets[candidate.predictor][i], code[i]));
        if n == 0 {
            found = candidate;
        }
        for second in 0..SID_SECOND[0].len() {
            let distance = second_distance(&rest, weights, candidate.predictor, second);
            if distance < least {
                (least, found, best.second) = (distance, candidate, second);
            }
        }
    }
    Sid { predictor: found.predictor, first: found.first, ..best }
}

fn second_distance(rest: &Lsp, weights: &Lsp, predictor: usize, second: usize) -> i16 {
    let scale = &NOISE_REST[predictor];
    let sum = (0..ORDER).fold(0, |sum, i| {
        let row = usize::from(SID_SECOND[usize::from(i >= ORDER / 2)][second]);
        let square = extract_h(l_shl(crate::fixed::l_mult(scale[i], scale[i]), 2));
        let difference = sub(rest[i], super::tables::LSF_SECOND[row][i]);
        let weighted = crate::fixed::l_mult(mult(square, weights[i]), difference);
        l_mac(sum, extract_h(l_shl(weighted, 3)), difference)
    });
    extract_h(sum)
}

/// A place in the first stage.
#[derive(Clone, Copy, Default)]
struct Candidate {
    predictor: usize,
    first: usize,
}

const CANDIDATES: usize = 4;
/// How the distances of both predictors compare, Q15: `Mp`.
const PREFERENCE: [i16; 2] = [8644, 16_572];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_description_gives_frequencies_in_order() {
        let mut past = Past::new();
        for bits in 0..1024 {
            let sid =
                Sid { predictor: bits & 1, first: bits >> 1 & 31, second: bits >> 6, gain: 0 };
            assert!(decode(sid, &mut past).windows(2).all(|pair| pair[1] > pair[0]));
        }
    }

    #[test]
    fn levels_rise_with_the_energy() {
        let mut last = 0;
        for places in 0..40 {
            let level = Level::of_errors(&[Energy { mantissa: 16_384, places: 10 - places }]);
            assert!(level.index >= last && level.index < 32, "{places}");
            last = level.index;
        }
        assert_eq!(last, 31);
    }
}
