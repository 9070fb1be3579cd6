//! The spectrum: from samples to codes of log area ratios, and from those to reflection coefficients.
//! GSM 06.10 §5.2.4 to 5.2.9.

use super::tables::RATIOS;
use crate::fixed::{abs_s, add, mult, mult_r, norm_l, norm_s, shr_r, sub};

/// The codes of a frame's log area ratios. The samples lose the bits that scaling loses.
pub(super) fn analyse(samples: &mut [i16; 160]) -> [u8; 8] {
    let correlation = autocorrelate(samples);
    let mut codes = [0; 8];
    for ((code, reflection), row) in codes.iter_mut().zip(reflect(&correlation)).zip(&RATIOS) {
        let ratio = add(mult(row.slope, log_area(reflection)), row.offset);
        *code = ((add(ratio, 256) >> 9).clamp(row.least, !row.least) - row.least) as u8;
    }
    codes
}

/// §5.2.4, with the samples scaled to eleven bits and back.
fn autocorrelate(samples: &mut [i16; 160]) -> [i32; 9] {
    let loudest = samples.iter().fold(0, |loudest: i16, &it| loudest.max(abs_s(it)));
    let places = if loudest == 0 { 0 } else { (4 - norm_s(loudest)).max(0) };
    // The first eight are silence, so that every lag has 160 products.
    let mut scaled = [0; 8 + 160];
    for (scaled, &sample) in scaled[8..].iter_mut().zip(&*samples) {
        *scaled = shr_r(sample, places);
    }
    let mut sums = [0; 9];
    for (lag, sum) in sums.iter_mut().enumerate() {
        let earlier = &scaled[8 - lag..168 - lag];
        let products = scaled[8..].iter().zip(earlier);
        *sum = products.map(|(&a, &b)| i32::from(a) * i32::from(b)).sum::<i32>() << 1;
    }
    if places > 0 {
        for (sample, &scaled) in samples.iter_mut().zip(&scaled[8..]) {
            *sample = scaled << places;
        }
    }
    sums
}

/// §5.2.5, by Schur's recursion.
fn reflect(correlation: &[i32; 9]) -> [i16; 8] {
    let mut reflections = [0; 8];
    if correlation[0] == 0 {
        return reflections;
    }
    let places = norm_l(correlation[0]);
    let mut p = correlation.map(|it| ((it << places) >> 16) as i16);
    let mut k = p;
    for (n, reflection) in reflections.iter_mut().enumerate() {
        let size = abs_s(p[1]);
        if p[0] < size {
            break;
        }
        let quotient = divided(size, p[0]);
        *reflection = if p[1] > 0 { -quotient } else { quotient };
        p[0] = add(p[0], mult_r(p[1], *reflection));
        for m in 1..8 - n {
            let next = p[m + 1];
            p[m] = add(next, mult_r(k[m], *reflection));
            k[m] = add(k[m], mult_r(next, *reflection));
        }
    }
    reflections
}

/// The quotient of 0 to 1 in Q15.
fn divided(numerator: i16, denominator: i16) -> i16 {
    if denominator == 0 {
        return i16::MAX;
    }
    ((i32::from(numerator) << 15) / i32::from(denominator)).min(0x7fff) as i16
}

/// §5.2.6: a coefficient as a log area ratio, Q14, roughly.
fn log_area(reflection: i16) -> i16 {
    let size = abs_s(reflection);
    let ratio = match size {
        ..22_118 => size >> 1,
        22_118..31_130 => size - 11_059,
        _ => (size - 26_112) << 2,
    };
    if reflection < 0 { -ratio } else { ratio }
}

/// §5.2.8: log area ratios from their codes.
pub(super) fn decode(codes: &[u8; 8]) -> [i16; 8] {
    let mut ratios = [0; 8];
    for ((ratio, &code), row) in ratios.iter_mut().zip(codes).zip(&RATIOS) {
        let value = sub((i16::from(code) + row.least) << 10, row.offset << 1);
        let value = mult_r(row.inverse, value);
        *ratio = add(value, value);
    }
    ratios
}

/// §5.2.9: the reflection coefficients of the four stretches of a frame, which go over from the ratios
/// before to those now.
pub(super) fn interpolate(before: &[i16; 8], now: &[i16; 8]) -> [[i16; 8]; 4] {
    let mut stretches = [[0; 8]; 4];
    for place in 0..8 {
        let (before, now) = (before[place], now[place]);
        let quarters = add(before >> 2, now >> 2);
        let ratios =
            [add(quarters, before >> 1), add(before >> 1, now >> 1), add(quarters, now >> 1), now];
        for (stretch, ratio) in stretches.iter_mut().zip(ratios) {
            stretch[place] = reflection(ratio);
        }
    }
    stretches
}

/// A log area ratio as a coefficient: [`log_area`] turned round.
fn reflection(ratio: i16) -> i16 {
    let size = abs_s(ratio);
    let reflection = match size {
        ..11_059 => size << 1,
        11_059..20_070 => size + 11_059,
        _ => add(size >> 2, 26_112),
    };
    if ratio < 0 { -reflection } else { reflection }
}

/// Where the four stretches of a frame end.
pub(super) const STRETCHES: [usize; 4] = [13, 27, 40, 160];
