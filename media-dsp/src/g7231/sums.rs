//! Sums of products. The Recommendation saturates after every product; where no partial sum can
//! leave 32 bits, which the energies tell beforehand, the products are summed in any order.

use super::{SUBFRAME, Sub};
use crate::fixed::{l_mac, l_msu};

/// The sum of squares.
#[inline(always)]
pub(super) fn squares(samples: &[i16]) -> i64 {
    // Two squares fill 32 bits without a sign.
    let pair = |pair: &[i16; 2]| pair.map(|it| i32::from(it) * i32::from(it));
    let (pairs, rest) = samples.as_chunks();
    let whole = pairs.iter().map(pair).map(|[a, b]| u64::from(a as u32 + b as u32)).sum::<u64>();
    whole as i64 + rest.iter().map(|&it| i64::from(it) * i64::from(it)).sum::<i64>()
}

/// Whether no sum of products of vectors with these energies leaves 31 bits, whatever their order:
/// the inequality of Cauchy and Schwarz.
#[inline(always)]
pub(super) fn fit(one: i64, other: i64) -> bool {
    i128::from(one) * i128::from(other) < 1 << 60
}

/// The sum of products of vectors that [`fit`].
#[inline(always)]
pub(super) fn plain(a: &[i16], b: &[i16]) -> i32 {
    a.iter().zip(b).fold(0, |sum, (&a, &b)| sum.wrapping_add(i32::from(a) * i32::from(b)))
}

/// The sum of products, doubled, each step saturated.
pub(super) fn dot(a: &[i16], b: &[i16]) -> i32 {
    if fit(squares(a), squares(b)) { 2 * plain(a, b) } else { dot_in_order(a, b) }
}

/// [`dot`], term by term.
#[inline(always)]
pub(super) fn dot_in_order(a: &[i16], b: &[i16]) -> i32 {
    a.iter().zip(b).fold(0, |sum, (&a, &b)| l_mac(sum, a, b))
}

/// The sum of squares, doubled, saturated.
#[inline(always)]
pub(super) fn energy(samples: &[i16]) -> i32 {
    saturated(squares(samples))
}

/// Twice a sum of squares, saturated: it only grows.
#[inline(always)]
pub(super) fn saturated(squares: i64) -> i32 {
    i32::try_from(2 * squares).unwrap_or(i32::MAX)
}

/// What a filter with this response makes of a subframe, doubled, each step saturated.
#[inline(always)]
pub(super) fn convolve(samples: &Sub, response: &Sub) -> [i32; SUBFRAME] {
    if fit(squares(samples), squares(response)) {
        return convolve_plain(samples, response);
    }
    std::array::from_fn(|place| {
        let pairs = samples[..=place].iter().zip(response[..=place].iter().rev());
        pairs.fold(0, |sum, (&a, &b)| l_mac(sum, a, b))
    })
}

/// [`convolve`], taken from half of the samples of `from` in the upper half of a word.
pub(super) fn take_convolved(from: &Sub, samples: &Sub, response: &Sub) -> [i32; SUBFRAME] {
    let halves = from.map(|sample| i32::from(sample) << 15);
    if fit(4 * squares(samples), squares(response)) {
        let sums = convolve_plain(samples, response);
        return std::array::from_fn(|place| halves[place] - sums[place]);
    }
    std::array::from_fn(|place| {
        let pairs = samples[..=place].iter().zip(response[..=place].iter().rev());
        pairs.fold(halves[place], |sum, (&a, &b)| l_msu(sum, a, b))
    })
}

#[inline(always)]
fn convolve_plain(samples: &Sub, response: &Sub) -> [i32; SUBFRAME] {
    let mut backwards = [0; 2 * SUBFRAME + FILL];
    for (backwards, &sample) in backwards.iter_mut().zip(response.iter().rev()) {
        *backwards = sample;
    }
    let samples = filled(samples);
    std::array::from_fn(|place| {
        2 * plain(&samples, &backwards[SUBFRAME - 1 - place..][..SUBFRAME + FILL])
    })
}

/// Correlations of the subframe with the response set in at each place, doubled, each step
/// saturated.
#[inline(always)]
pub(super) fn correlate(samples: &Sub, response: &Sub) -> [i32; SUBFRAME] {
    if !fit(squares(samples), squares(response)) {
        return std::array::from_fn(|place| dot_in_order(&samples[place..], response));
    }
    let mut long = [0; 2 * SUBFRAME + FILL];
    long[..SUBFRAME].copy_from_slice(samples);
    let response = filled(response);
    std::array::from_fn(|place| 2 * plain(&long[place..][..SUBFRAME + FILL], &response))
}

/// Zeros after the subframe make whole vectors of it.
#[inline(always)]
fn filled(samples: &Sub) -> [i16; SUBFRAME + FILL] {
    let mut all = [0; SUBFRAME + FILL];
    all[..SUBFRAME].copy_from_slice(samples);
    all
}

/// Samples that a subframe lacks to whole vectors.
pub(super) const FILL: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_in_any_order_are_those_in_order_at_all_levels() {
        let mut seed = 1_i16;
        for level in 0..16 {
            let mut noise = || crate::g7231::math::random(&mut seed) >> level;
            let one: Sub = std::array::from_fn(|_| noise());
            let other: Sub = std::array::from_fn(|_| noise());
            let order = |place: usize| {
                let pairs = one[..=place].iter().zip(other[..=place].iter().rev());
                pairs.fold(0, |sum, (&a, &b)| l_mac(sum, a, b))
            };
            assert_eq!(convolve(&one, &other), std::array::from_fn(order));
            let order = |place: usize| dot_in_order(&one[place..], &other);
            assert_eq!(correlate(&one, &other), std::array::from_fn(order));
            assert_eq!(dot(&one, &other), dot_in_order(&one, &other));
            assert_eq!(energy(&one), dot_in_order(&one, &one));
        }
    }
}
