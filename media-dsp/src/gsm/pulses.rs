//! The residual as pulses on a regular grid: GSM 06.10 §5.2.13 to 5.2.17.

use super::frame::Part;
use super::tables::{INVERSE_MANTISSAS, MANTISSAS, WEIGHTS};
use crate::fixed::{abs_s, add, mult, mult_r, saturate, shl};

/// Codes 40 samples of the residual into the part's grid, maximum and pulses.
pub(super) fn encode(residual: &[i16; 40], part: &mut Part) {
    let weighted = weigh(residual);
    let (grid, pulses) = choose(&weighted);
    let loudest = pulses.iter().fold(0, |loudest: i16, &it| loudest.max(abs_s(it)));
    let bits = 16 - (loudest >> 9).leading_zeros() as i16;
    part.grid = grid;
    part.maximum = ((loudest >> (bits + 5)) + (bits << 3)) as u8;
    let (exponent, mantissa) = block_maximum(part.maximum);
    for (code, pulse) in part.pulses.iter_mut().zip(pulses) {
        let normal = mult(pulse << (6 - exponent), INVERSE_MANTISSAS[mantissa]);
        *code = ((normal >> 12) + 4) as u8 & 7;
    }
}

/// The samples that the part's pulses stand for.
pub(super) fn decode(part: &Part) -> [i16; 40] {
    let (exponent, mantissa) = block_maximum(part.maximum);
    let places = 6 - exponent;
    let half = if places > 0 { 1 << (places - 1) } else { 0 };
    let mut samples = [0; 40];
    let grid = samples.iter_mut().skip(usize::from(part.grid & 3)).step_by(3);
    for (sample, &code) in grid.zip(&part.pulses) {
        let normal = shl(i16::from(code & 7) * 2 - 7, 12);
        *sample = add(mult_r(MANTISSAS[mantissa], normal), half) >> places;
    }
    samples
}

/// §5.2.13: the weighting filter, with silence before and after.
fn weigh(residual: &[i16; 40]) -> [i16; 40] {
    let mut line = [0; 50];
    line[5..45].copy_from_slice(residual);
    let mut sums = [4_096; 40];
    for (from, &weight) in WEIGHTS.iter().enumerate() {
        for (sum, &sample) in sums.iter_mut().zip(&line[from..from + 40]) {
            *sum += i32::from(sample) * i32::from(weight);
        }
    }
    sums.map(|sum: i32| saturate(sum >> 13))
}

/// §5.2.14: the first of the four grids with the most power, and its samples.
fn choose(weighted: &[i16; 40]) -> (u8, [i16; 13]) {
    let (mut best, mut most) = (0, 0);
    for grid in 0..4 {
        let samples = weighted[grid..grid + 37].iter().step_by(3);
        let power: i32 = samples.map(|&it| i32::from(it >> 2) * i32::from(it >> 2)).sum();
        if power > most {
            (best, most) = (grid, power);
        }
    }
    let mut pulses = [0; 13];
    for (pulse, &sample) in pulses.iter_mut().zip(weighted[best..].iter().step_by(3)) {
        *pulse = sample;
    }
    (best as u8, pulses)
}

/// §5.2.15: exponent, -4 to 6, and mantissa, 0 to 7, of a coded maximum.
fn block_maximum(code: u8) -> (i16, usize) {
    let code = i16::from(code & 63);
    let mut exponent = if code > 15 { (code >> 3) - 1 } else { 0 };
    let mut mantissa = code - (exponent << 3);
    if mantissa == 0 {
        return (-4, 7);
    }
    while mantissa <= 7 {
        mantissa = mantissa << 1 | 1;
        exponent -= 1;
    }
    (exponent, (mantissa - 8) as usize & 7)
}
