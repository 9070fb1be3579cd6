//! Line spectral pairs found and quantised, for the encoder: ITU-T G.723.1 (05/2006) §2.5.

use super::lsp::PREDICTOR;
use super::math::divide;
use super::sums::dot_in_order;
use super::tables::lsp::{HIGH, LOW, MEAN, MIDDLE};
use super::tables::{BANDWIDTH, COSINE};
use super::{Lpc, Lsp, ORDER};
use crate::fixed::{
    add, div_s, extract_h, l_abs, l_add, l_deposit_h, l_mac, l_msu, l_shl, l_sub, mult_r, norm_l,
    norm_s, round, shl, sub,
};

/// The pairs of a filter; those `before` where not all are found.
pub(super) fn find(filter: &Lpc, before: &Lsp) -> Lsp {
    let polynomials = polynomials(filter);
    let mut pairs = [0; ORDER];
    let mut found = 0;
    // Roots of the sum and difference polynomials take turns.
    let mut last = value(&polynomials[0], 0);
    for step in 1..COSINE.len() / 2 {
        let mut here = value(&polynomials[found % 2], step);
        if (here ^ last) < 0 {
            pairs[found] = add(crossing(last, here), ((step - 1) << 7) as i16);
            found += 1;
            if found == ORDER {
                return pairs;
            }
            here = value(&polynomials[found % 2], step);
        }
        last = here;
    }
    *before
}

/// The halves of the sum and difference polynomials with their real roots removed, the middle
/// coefficient halved and first.
fn polynomials(filter: &Lpc) -> [[i16; 6]; 2] {
    let mut sums = [0; 6];
    let mut differences = [0; 6];
    (sums[0], differences[0]) = (0x0200_0000, 0x0200_0000);
    let widened: Lpc = std::array::from_fn(|place| mult_r(filter[place], BANDWIDTH[place]));
    for place in 0..ORDER / 2 {
        let low = l_deposit_h(widened[place]) >> 4;
        let high = l_deposit_h(widened[ORDER - 1 - place]) >> 4;
        sums[place + 1] = l_sub(l_sub(-sums[place], low), high);
        differences[place + 1] = l_add(l_sub(differences[place], low), high);
    }
    sums[5] >>= 1;
    differences[5] >>= 1;
    let largest = sums.iter().chain(&differences).fold(0, |most, &it| l_abs(it).max(most));
    let places = norm_l(largest);
    [sums, differences]
        .map(|polynomial| std::array::from_fn(|place| round(l_shl(polynomial[5 - place], places))))
}

/// A polynomial's value at `step` of 512 around the unit circle.
fn value(polynomial: &[i16; 6], step: usize) -> i32 {
    let terms = polynomial.iter().enumerate();
    terms.fold(0, |sum, (order, &it)| l_mac(sum, it, COSINE[step * order % COSINE.len()]))
}

/// Where between two steps the value is 0, in 128ths.
fn crossing(last: i32, here: i32) -> i16 {
    let sum = l_add(l_abs(here), l_abs(last));
    let places = norm_l(sum);
    divide(l_shl(l_abs(last), places) >> 8, extract_h(l_shl(sum, places)))
}

/// The indices of the codebook vectors nearest to the pairs, the lowest frequencies on top. Pairs
/// that are close to each other weigh more.
#[inline(always)]
pub(crate) fn quantise(pairs: &Lsp, before: &Lsp) -> u32 {
    let weights = weights(pairs);
    let mut target = [0; ORDER];
    for place in 0..ORDER {
        let expected = mult_r(sub(before[place], MEAN[place]), PREDICTOR);
        target[place] = sub(sub(pairs[place], MEAN[place]), expected);
    }
    let low = nearest(&LOW, &target[..3], &weights[..3]);
    let middle = nearest(&MIDDLE, &target[3..6], &weights[3..6]);
    let high = nearest(&HIGH, &target[6..], &weights[6..]);
    low << 16 | middle << 8 | high
}

/// A weight goes with one by the distance to the nearer neighbour.
fn weights(pairs: &Lsp) -> Lsp {
    let apart = |place: usize| sub(pairs[place + 1], pairs[place]);
    let mut weights: Lsp = std::array::from_fn(|place| {
        let nearer = match place {
            0 => apart(0),
            9 => apart(8),
            _ => apart(place).min(apart(place - 1)),
        };
        if nearer > CLOSE { div_s(CLOSE, nearer) } else { i16::MAX }
    });
    let places = norm_s(weights.iter().fold(0, |most, &it| most.max(it)));
    for weight in &mut weights {
        *weight = shl(*weight, places);
    }
    weights
}

#[inline(always)]
fn nearest<const N: usize>(book: &[[i16; N]; 256], target: &[i16], weights: &[i16]) -> u32 {
    let mut best = -1;
    let mut index = 0;
    for (place, vector) in book.iter().enumerate() {
        let weighted: [i16; N] = std::array::from_fn(|at| mult_r(weights[at], vector[at]));
        let doubled = l_shl(dot_in_order(target, &weighted), 1);
        let fit = vector.iter().zip(&weighted).fold(doubled, |sum, (&a, &b)| l_msu(sum, a, b));
        if fit > best {
            (best, index) = (fit, place as u32);
        }
    }
    index
}

/// Pairs closer than this weigh most: 3.9 Hz.
const CLOSE: i16 = 0x20;
