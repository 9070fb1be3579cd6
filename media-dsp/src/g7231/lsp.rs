//! Line spectral pairs: dequantised, interpolated, and as filters. ITU-T G.723.1 (05/2006) §2.6,
//! §2.7, §3.2.

use super::math::scale;
use super::tables::COSINE;
use super::tables::lsp::{HIGH, LOW, MEAN, MIDDLE};
use super::{Lpc, Lsp, ORDER};
use crate::fixed::{
    add, l_add, l_deposit_h, l_mac, l_msu, l_mult, l_shl, l_sub, mult_r, negate, round, sub,
};

/// Why a frame's pairs are what they are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// Three codebook indices, the lowest frequencies on top.
    Sent(u32),
    /// The frame was lost: they drift to the mean.
    Lost,
}

/// The pairs of a frame after those `before`.
pub(super) fn dequantise(source: Source, before: &Lsp) -> Lsp {
    let (indices, predictor, apart) = match source {
        Source::Sent(indices) => (indices, PREDICTOR, 0x100),
        Source::Lost => (0, PREDICTOR_LOST, 0x200),
    };
    let index = |band: u32| (indices >> (8 * band)) as usize & 0xff;
    let mut pairs = [0; ORDER];
    pairs[..3].copy_from_slice(&LOW[index(2)]);
    pairs[3..6].copy_from_slice(&MIDDLE[index(1)]);
    pairs[6..].copy_from_slice(&HIGH[index(0)]);
    for ((pair, &last), &mean) in pairs.iter_mut().zip(before).zip(&MEAN) {
        *pair = add(add(*pair, mult_r(sub(last, mean), predictor)), mean);
    }
    if separate(&mut pairs, apart) { pairs } else { *before }
}

/// Moves the pairs apart until they are ordered with a least distance. Says whether that was
/// reached.
fn separate(pairs: &mut Lsp, apart: i16) -> bool {
    for _ in 0..ORDER {
        pairs[0] = pairs[0].max(0x180);
        pairs[ORDER - 1] = pairs[ORDER - 1].min(0x7e00);
        for place in 1..ORDER {
            let close = sub(add(apart, pairs[place - 1]), pairs[place]);
            if close > 0 {
                pairs[place - 1] = sub(pairs[place - 1], close >> 1);
                pairs[place] = add(pairs[place], close >> 1);
            }
        }
        let stable = pairs.windows(2).all(|pair| sub(sub(add(pair[0], apart), 4), pair[1]) <= 0);
        if stable {
            return true;
        }
    }
    false
}

/// The filters of the four subframes, by linear interpolation between the pairs of two frames.
pub(super) fn interpolate(before: &Lsp, now: &Lsp) -> [Lpc; 4] {
    std::array::from_fn(|subframe| {
        let part = -0x2000 * (subframe as i32 + 1);
        let part = part as i16;
        let mut pairs = [0; ORDER];
        for ((pair, &before), &now) in pairs.iter_mut().zip(before).zip(now) {
            *pair = round(l_msu(l_mac(l_deposit_h(before), part, before), part, now));
        }
        to_filter(&pairs)
    })
}

/// The filter whose line spectral pairs these are: half the sum of its sum and difference
/// polynomials, which are products of one quadratic factor for each pair.
fn to_filter(pairs: &Lsp) -> Lpc {
    let cosines = pairs.map(cosine);
    let even = std::array::from_fn(|place| cosines[2 * place]);
    let odd = std::array::from_fn(|place| cosines[2 * place + 1]);
    let (sum, difference) = (product(even), product(odd));
    let mut filter = [0; ORDER];
    for place in 0..ORDER / 2 {
        let sums = l_add(sum[place], sum[place + 1]);
        let low = l_add(l_sub(sums, difference[place]), difference[place + 1]);
        let high = l_sub(l_add(sums, difference[place]), difference[place + 1]);
        filter[place] = negate(round(l_shl(low, 3)));
        filter[ORDER - 1 - place] = negate(round(l_shl(high, 3)));
    }
    filter
}

/// Less the cosine of a frequency, Q14 doubled.
fn cosine(frequency: i16) -> i16 {
    let place = usize::from(frequency as u16 >> 7);
    let (here, next) = (COSINE[place % 512], COSINE[(place + 1) % 512]);
    let part = ((frequency & 0x7f) << 8) + 0x80;
    negate(round(l_shl(l_mac(l_deposit_h(here), next - here, part), 1)))
}

/// The lower half of the product of five factors `1 + 2cz + z^2`, scaled down by 64.
fn product(cosines: [i16; 5]) -> [i32; 6] {
    let mut poly = [0; 6];
    poly[0] = 0x1000_0000;
    poly[1] = l_mac(l_mult(cosines[0], 0x2000), cosines[1], 0x2000);
    poly[2] = l_add(l_mult(cosines[0], cosines[1]) >> 1, 0x2000_0000);
    for degree in 2..5 {
        let cosine = cosines[degree];
        poly[degree + 1] = l_add(scale(poly[degree], cosine), poly[degree - 1]);
        for place in (2..=degree).rev() {
            let sides = l_add(scale(poly[place - 1], cosine), poly[place] >> 1);
            poly[place] = l_add(sides, poly[place - 2] >> 1);
        }
        poly[0] >>= 1;
        poly[1] = l_add(l_deposit_h(cosine) >> degree, poly[1]) >> 1;
    }
    poly
}

/// How much of the last frame's distance from the mean is expected again, Q15: 3/8 (§2.5).
pub(super) const PREDICTOR: i16 = 12_288;
/// The same for a lost frame: 23/32 (§3.10.1).
const PREDICTOR_LOST: i16 = 23_552;
