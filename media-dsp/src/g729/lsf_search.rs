//! Finding the codebook entries for line spectral frequencies: ITU-T G.729 §3.2.4.

use super::filter::ORDER;
use super::frame::LsfIndex;
use super::lsf_codebook::{GAP_FIRST, GAP_SECOND, Past, SPEECH, decode, entry, spread};
use super::lsp::Lsp;
use super::tables::{LSF_FIRST, LSF_SECOND};
use crate::fixed::{add, extract_h, l_mac, l_mult, l_shl, mult, norm_s, sub};

/// Finds the best entries with each predictor, takes the better, and gives the frequencies that they stand for.
#[inline(always)]
pub(super) fn quantise(lsf: &Lsp, past: &mut Past) -> (LsfIndex, Lsp) {
    let weights = weights(lsf);
    let [first, second] = [0, 1].map(|predictor| search(lsf, &weights, past, predictor));
    let (index, _) = if second.1 < first.1 { second } else { first };
    (index, decode(index, past))
}

/// How much each frequency counts, the more the nearer its neighbours are; normalised.
#[inline(always)]
pub(super) fn weights(lsf: &Lsp) -> Lsp {
    let mut weights: Lsp = std::array::from_fn(|i| {
        // 0.04 pi and 0.92 pi at the ends; one is subtracted. Q13.
        let below = if i == 0 { 1029 } else { lsf[i - 1] };
        let above = if i == ORDER - 1 { 23_677 } else { lsf[i + 1] };
        let room = if i == 0 {
            sub(above, 1029 + 8192)
        } else if i == ORDER - 1 {
            sub(23_677 - 8192, below)
        } else {
            sub(sub(above, below), 8192)
        };
        if room > 0 {
            return 2048;
        }
        let square = extract_h(l_shl(l_mult(room, room), 2));
        add(extract_h(l_shl(l_mult(square, 10 << 11), 2)), 2048)
    });
    for weight in &mut weights[4..6] {
        *weight = extract_h(l_shl(l_mult(*weight, 19_661), 1));
    }
    let norm = norm_s(weights.iter().fold(0, |most, &it| most.max(it)));
    weights.map(|it| crate::fixed::shl(it, norm))
}

/// The best entries with one predictor, and their distance.
#[inline(always)]
fn search(lsf: &Lsp, weights: &Lsp, past: &Past, predictor: usize) -> (LsfIndex, i32) {
    let target = past.target(lsf, SPEECH[predictor]);
    let first = nearest_first(&target);
    let rest: Lsp = std::array::from_fn(|i| sub(target[i], LSF_FIRST[first][i]));
    let lower = nearest_second(&rest, weights, 0);
    let upper = nearest_second(&rest, weights, ORDER / 2);
    let mut entry = entry(first, lower, upper);
    spread(&mut entry, 1..ORDER / 2, GAP_FIRST);
    spread(&mut entry, ORDER / 2..ORDER, GAP_FIRST);
    spread(&mut entry, 1..ORDER, GAP_SECOND);
    let distance = (0..ORDER).fold(0, |sum, i| {
        let difference = mult(sub(entry[i], target[i]), SPEECH[predictor].rest[i]);
        let weighted = extract_h(l_shl(l_mult(weights[i], difference), 4));
        l_mac(sum, weighted, difference)
    });
    (LsfIndex { predictor, first, lower, upper }, distance)
}

/// The nearest entry of the first stage.
#[inline(always)]
fn nearest_first(target: &Lsp) -> usize {
    let mut reach = 0;
    for (value, (least, greatest)) in target.iter().zip(FIRST_RANGE) {
        let far = (i64::from(*value) - i64::from(least)).abs();
        let far = far.max((i64::from(*value) - i64::from(greatest)).abs());
        reach += if far > i64::from(i16::MAX) { 1 << 31 } else { far * far };
    }
    let mut distances = [0_i32; ENTRIES];
    if reach < 1 << 31 {
        for (row, &value) in FIRST_BY_PLACE.iter().zip(target) {
            for (distance, &code) in distances.iter_mut().zip(row) {
                let difference = i32::from(value) - i32::from(code);
                *distance += difference * difference;
            }
        }
    } else {
        for (distance, code) in distances.iter_mut().zip(&LSF_FIRST) {
            let doubled = code.iter().zip(target).fold(0, |sum, (&code, &value)| {
                let difference = sub(value, code);
                l_mac(sum, difference, difference)
            });
            *distance = if doubled == i32::MAX { doubled } else { doubled >> 1 };
        }
    }
    // A doubled sum that saturated was never less than another.
    least(&distances, 1 << 30)
}

/// The nearest entry of the second stage in the five places from `from` on.
#[inline(always)]
fn nearest_second(rest: &Lsp, weights: &Lsp, from: usize) -> usize {
    let mut distances = [0_i32; SECOND_ENTRIES];
    let places = from..from + ORDER / 2;
    if rest[places.clone()].iter().all(|&it| (-SECOND_REACH..=SECOND_REACH).contains(&it)) {
        for i in places {
            let (value, weight) = (i32::from(rest[i]), i32::from(weights[i]));
            for (distance, &code) in distances.iter_mut().zip(&SECOND_BY_PLACE[i]) {
                let difference = value - i32::from(code);
                *distance += ((weight * difference) >> 15) * difference;
            }
        }
        return least(&distances, i32::MAX);
    }
    for (distance, code) in distances.iter_mut().zip(&LSF_SECOND) {
        for i in places.clone() {
            let difference = sub(rest[i], code[i]);
            *distance = l_mac(*distance, mult(weights[i], difference), difference);
        }
    }
    least(&distances, i32::MAX)
}

/// The first place of the least value, or the first of all when none is below `limit`.
#[inline(always)]
fn least<const N: usize>(values: &[i32; N], limit: i32) -> usize {
    let least = values.iter().fold(i32::MAX, |least, &it| least.min(it));
    if least >= limit {
        return 0;
    }
    values.iter().position(|&it| it == least).unwrap_or(0)
}

const ENTRIES: usize = LSF_FIRST.len();
const SECOND_ENTRIES: usize = LSF_SECOND.len();
/// Differences from entries of the second stage, which are below 2400, cannot saturate five products.
const SECOND_REACH: i16 = 12_000;

/// The codebooks with the places outside.
const FIRST_BY_PLACE: [[i16; ENTRIES]; ORDER] = by_place(&LSF_FIRST);
const SECOND_BY_PLACE: [[i16; SECOND_ENTRIES]; ORDER] = by_place(&LSF_SECOND);

const fn by_place<const N: usize>(rows: &[Lsp; N]) -> [[i16; N]; ORDER] {
    let mut out = [[0; N]; ORDER];
    let mut i = 0;
    while i < N * ORDER {
        out[i % ORDER][i / ORDER] = rows[i / ORDER][i % ORDER];
        i += 1;
    }
    out
}

/// The least and the greatest value at each place of the first stage.
const FIRST_RANGE: [(i16, i16); ORDER] = {
    let mut range = [(i16::MAX, i16::MIN); ORDER];
    let mut i = 0;
    while i < ENTRIES * ORDER {
        let value = LSF_FIRST[i / ORDER][i % ORDER];
        let (least, greatest) = range[i % ORDER];
        if value < least {
            range[i % ORDER].0 = value;
        }
        if value > greatest {
            range[i % ORDER].1 = value;
        }
        i += 1;
    }
    range
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequencies_of_an_index_are_found_again() {
        let mut sender = Past::new();
        let mut receiver = Past::new();
        for n in 0..64 {
            let wanted =
                LsfIndex { predictor: n & 1, first: n * 2, lower: n & 31, upper: 31 - n / 2 };
            let lsf = decode(wanted, &mut sender.clone());
            let (index, quantised) = quantise(&lsf, &mut sender);
            assert_eq!(decode(index, &mut receiver), quantised);
            let off = lsf.iter().zip(quantised).map(|(a, b)| i32::from(*a - b).pow(2)).sum::<i32>();
            assert!(off < 2_000_000, "{n}: {off}");
        }
    }

    #[test]
    fn entries_of_the_second_stage_are_small() {
        assert!(LSF_SECOND.iter().flatten().all(|it| it.abs() < 2400));
    }
}
