//! Line spectral pairs: their values (cosines, Q15), their frequencies (Q13 of the half circle), and the
//! filter they stand for. ITU-T G.729 §3.2.3 to §3.2.6.

use super::double::scale;
use super::filter::{Lpc, ORDER};
use super::tables::{ARC_COSINE_SLOPE, COSINE, COSINE_SLOPE};
use crate::fixed::{add, extract_l, l_mult, l_shl, l_shr_r, mult, round, sub};

/// Line spectral pairs in Q15, or frequencies in Q13.
pub(super) type Lsp = [i16; ORDER];

/// The filters of both halves of a frame: the first from the mean of the pairs.
pub(super) fn filters(old: &Lsp, new: &Lsp) -> [Lpc; 2] {
    let mean = std::array::from_fn(|i| (new[i] >> 1) + (old[i] >> 1));
    [filter(&mean), filter(new)]
}

/// The filter of line spectral pairs: §3.2.6.
pub(super) fn filter(lsp: &Lsp) -> Lpc {
    let mut sums = product([lsp[0], lsp[2], lsp[4], lsp[6], lsp[8]]);
    let mut differences = product([lsp[1], lsp[3], lsp[5], lsp[7], lsp[9]]);
    for i in (1..=ORDER / 2).rev() {
        sums[i] = sums[i].saturating_add(sums[i - 1]);
        differences[i] = differences[i].saturating_sub(differences[i - 1]);
    }
    let mut a = [4096; ORDER + 1];
    for i in 1..=ORDER / 2 {
        a[i] = extract_l(l_shr_r(sums[i].saturating_add(differences[i]), 13));
        a[ORDER + 1 - i] = extract_l(l_shr_r(sums[i].saturating_sub(differences[i]), 13));
    }
    a
}

/// The lower half of the symmetric polynomial with these five pairs of zeros, Q24.
fn product(cosines: [i16; 5]) -> [i32; 6] {
    let mut f = [0; 6];
    f[0] = 1 << 24;
    f[1] = -1024 * i32::from(cosines[0]);
    for (i, &cosine) in (2..).zip(&cosines[1..]) {
        f[i] = f[i - 2];
        for j in (2..=i).rev() {
            let middle = scale(f[j - 1], cosine).saturating_mul(2);
            f[j] = f[j].saturating_add(f[j - 2]).saturating_sub(middle);
        }
        f[1] = f[1].saturating_sub(1024 * i32::from(cosine));
    }
    f
}

/// Frequencies to pairs.
pub(super) fn from_frequencies(lsf: &Lsp) -> Lsp {
    lsf.map(|frequency| {
        // To the 64 steps of the table: 2 over pi in Q15.
        let place = mult(frequency, 20_861);
        let at = (place >> 8).clamp(0, 63) as usize;
        let step = l_mult(COSINE_SLOPE[at], place & 0xff) >> 13;
        add(COSINE[at], extract_l(step))
    })
}

/// Pairs to frequencies.
pub(super) fn frequencies(lsp: &Lsp) -> Lsp {
    below(lsp).map(|(at, above)| {
        let step = l_mult(ARC_COSINE_SLOPE[at], above) >> 12;
        mult(add((at as i16) << 9, extract_l(step)), 25_736)
    })
}

/// Pairs to frequencies normalised to one half, Q15, as the activity detector takes them: Annex B.
pub(super) fn normalised_frequencies(lsp: &Lsp) -> Lsp {
    below(lsp).map(|(at, above)| {
        let step = round(l_shl(l_mult(above, ARC_COSINE_SLOPE[at]), 3));
        add(step, (at as i16) << 8)
    })
}

/// For each pair the last entry of the table of cosines that is not below it, and what is left. The search
/// goes on from that of the next higher pair's.
fn below(lsp: &Lsp) -> [(usize, i16); ORDER] {
    let mut places = [(0, 0); ORDER];
    let mut at = COSINE.len() - 1;
    for (place, &value) in places.iter_mut().zip(lsp).rev() {
        while at > 0 && COSINE[at] < value {
            at -= 1;
        }
        *place = (at, sub(value, COSINE[at]));
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_come_back_from_their_frequencies() {
        let lsp =
            [31_441, 27_566, 21_458, 13_612, 4_663, -4_663, -13_612, -21_458, -27_566, -31_441];
        let back = from_frequencies(&frequencies(&lsp));
        for (a, b) in lsp.iter().zip(back) {
            assert!((i32::from(*a) - i32::from(b)).abs() < 60, "{a} {b}");
        }
    }

    #[test]
    fn evenly_spread_pairs_are_a_filter_without_effect() {
        let lsp =
            [31_441, 27_566, 21_458, 13_612, 4_663, -4_663, -13_612, -21_458, -27_566, -31_441];
        let a = filter(&lsp);
        assert_eq!(a[0], 4096);
        assert!(a[1..].iter().all(|it| it.abs() < 8), "{a:?}");
    }
}
