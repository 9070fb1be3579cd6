//! The codebooks of line spectral frequencies and the moving-average prediction between frames:
//! ITU-T G.729 §3.2.4, decoder §4.1.1, erasures §4.4.1.

use super::filter::ORDER;
use super::frame::LsfIndex;
use super::lsp::Lsp;
use super::tables::{LSF_FIRST, LSF_PREDICTOR, LSF_REST, LSF_REST_INVERSE, LSF_SECOND};
use crate::fixed::{add, extract_h, l_deposit_h, l_msu, l_mult, l_shl, sub};

/// A predictor of order four: its coefficients, what it leaves to the codebooks, and the inverse of that.
#[derive(Clone, Copy)]
pub(super) struct Predictor<'a> {
    pub(super) coefficients: &'a [Lsp; MEMORY],
    pub(super) rest: &'a Lsp,
    pub(super) rest_inverse: &'a Lsp,
}

/// The predictors of speech.
pub(super) const SPEECH: [Predictor<'static>; 2] = [
    Predictor {
        coefficients: &LSF_PREDICTOR[0],
        rest: &LSF_REST[0],
        rest_inverse: &LSF_REST_INVERSE[0],
    },
    Predictor {
        coefficients: &LSF_PREDICTOR[1],
        rest: &LSF_REST[1],
        rest_inverse: &LSF_REST_INVERSE[1],
    },
];

/// What the codebooks gave for the last four frames, the newest first.
#[derive(Debug, Clone)]
pub(super) struct Past([Lsp; MEMORY]);

impl Past {
    pub(super) fn new() -> Self {
        Self([START; MEMORY])
    }

    /// Frequencies from the codebooks' `entry`, which is kept: predicted, put in order, and apart.
    pub(super) fn compose(&mut self, entry: &Lsp, predictor: Predictor<'_>) -> Lsp {
        let mut sums: [i32; ORDER] =
            std::array::from_fn(|i| i32::from(entry[i]) * i32::from(predictor.rest[i]));
        for (past, row) in self.0.iter().zip(predictor.coefficients) {
            for (i, sum) in sums.iter_mut().enumerate() {
                *sum += i32::from(past[i]) * i32::from(row[i]);
            }
        }
        self.keep(entry);
        stable(sums.map(|sum| (sum >> 15) as i16))
    }

    /// What the codebooks would have to give for these frequencies.
    pub(super) fn target(&self, lsf: &Lsp, predictor: Predictor<'_>) -> Lsp {
        let mut sums = lsf.map(l_deposit_h);
        for (past, row) in self.0.iter().zip(predictor.coefficients) {
            for (i, sum) in sums.iter_mut().enumerate() {
                *sum = l_msu(*sum, past[i], row[i]);
            }
        }
        std::array::from_fn(|i| {
            let unscaled = l_mult(extract_h(sums[i]), predictor.rest_inverse[i]);
            extract_h(l_shl(unscaled, 3))
        })
    }

    fn keep(&mut self, entry: &Lsp) {
        self.0.rotate_right(1);
        self.0[0] = *entry;
    }
}

/// The decoder's side.
#[derive(Debug, Clone)]
pub(super) struct Dequantiser {
    pub(super) past: Past,
    last: Lsp,
    last_predictor: usize,
}

impl Dequantiser {
    pub(super) fn new() -> Self {
        Self { past: Past::new(), last: START, last_predictor: 0 }
    }

    /// The frequencies that were sent.
    pub(super) fn decode(&mut self, index: LsfIndex) -> Lsp {
        self.last = decode(index, &mut self.past);
        self.last_predictor = index.predictor;
        self.last
    }

    /// The last frequencies again, and the memory as if they had been sent.
    pub(super) fn conceal(&mut self) -> Lsp {
        let entry = self.past.target(&self.last, SPEECH[self.last_predictor]);
        self.past.keep(&entry);
        self.last
    }
}

/// The frequencies at an index.
pub(super) fn decode(index: LsfIndex, past: &mut Past) -> Lsp {
    let mut entry = entry(index.first, index.lower, index.upper);
    spread(&mut entry, 1..ORDER, GAP_FIRST);
    spread(&mut entry, 1..ORDER, GAP_SECOND);
    past.compose(&entry, SPEECH[index.predictor])
}

/// The sum of both stages.
pub(super) fn entry(first: usize, lower: usize, upper: usize) -> Lsp {
    std::array::from_fn(|i| {
        let row = if i < ORDER / 2 { lower } else { upper };
        add(LSF_FIRST[first][i], LSF_SECOND[row][i])
    })
}

/// Moves neighbours apart that are nearer than `gap`.
pub(super) fn spread(lsf: &mut Lsp, range: std::ops::Range<usize>, gap: i16) {
    for j in range {
        let short = add(sub(lsf[j - 1], lsf[j]), gap) >> 1;
        if short > 0 {
            lsf[j - 1] = sub(lsf[j - 1], short);
            lsf[j] = add(lsf[j], short);
        }
    }
}

/// In order, within the range, and apart, so that the filter is stable.
fn stable(mut lsf: Lsp) -> Lsp {
    for j in 0..ORDER - 1 {
        if lsf[j + 1] < lsf[j] {
            lsf.swap(j, j + 1);
        }
    }
    lsf[0] = lsf[0].max(LEAST);
    for j in 0..ORDER - 1 {
        if i32::from(lsf[j + 1]) - i32::from(lsf[j]) < i32::from(GAP_STABLE) {
            lsf[j + 1] = add(lsf[j], GAP_STABLE);
        }
    }
    lsf[ORDER - 1] = lsf[ORDER - 1].min(GREATEST);
    lsf
}

/// Order of the prediction.
const MEMORY: usize = 4;
/// Evenly spread frequencies, Q13: §3.2.4.
const START: Lsp = [2339, 4679, 7018, 9358, 11_698, 14_037, 16_377, 18_717, 21_056, 23_396];
/// 0.0012, 0.0006 and 0.0391 in Q13: §3.2.4.
pub(super) const GAP_FIRST: i16 = 10;
pub(super) const GAP_SECOND: i16 = 5;
pub(super) const GAP_STABLE: i16 = 321;
/// 0.005 and 3.135 in Q13.
pub(super) const LEAST: i16 = 40;
pub(super) const GREATEST: i16 = 25_681;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_index_gives_frequencies_in_order() {
        let mut past = Past::new();
        for n in 0..4096 {
            let index = LsfIndex {
                predictor: n & 1,
                first: (n * 7) & 127,
                lower: (n * 5) & 31,
                upper: (n * 11) & 31,
            };
            let lsf = decode(index, &mut past);
            assert!(lsf.windows(2).all(|pair| pair[1] > pair[0]), "{lsf:?}");
            assert!(lsf[0] >= LEAST);
        }
    }

    #[test]
    fn a_lost_frame_repeats_the_last_frequencies() {
        let mut dequantiser = Dequantiser::new();
        let sent = dequantiser.decode(LsfIndex { predictor: 1, first: 77, lower: 3, upper: 9 });
        assert_eq!(dequantiser.conceal(), sent);
        assert_eq!(dequantiser.conceal(), sent);
    }
}
