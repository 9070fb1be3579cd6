//! The long-term predictor: GSM 06.10 §5.2.11 and 5.2.12.

use super::tables::{GAIN_LEVELS, GAINS};
use crate::fixed::{abs_s, mult, mult_r, norm_l, norm_s};

/// The lag and the code of the gain by which the last 120 samples of the reconstructed residual
/// predict the next 40 best.
pub(super) fn search(residual: &[i16; 40], past: &[i16; 120]) -> (u8, u8) {
    let loudest = residual.iter().fold(0, |loudest: i16, &it| loudest.max(abs_s(it)));
    let places = if loudest == 0 { 0 } else { (6 - norm_s(loudest)).max(0) };
    let scaled = residual.map(|it| it >> places);
    let (mut lag, mut most) = (40, 0);
    for candidate in 40..=120_usize {
        let earlier = &past[120 - candidate..160 - candidate];
        let products = scaled.iter().zip(earlier);
        let sum = products.map(|(&a, &b)| i32::from(a) * i32::from(b)).sum();
        if sum > most {
            (lag, most) = (candidate, sum);
        }
    }
    let earlier = &past[120 - lag..160 - lag];
    (lag as u8, gain((most << 1) >> (6 - places), earlier))
}

/// The code of the gain, from the greatest correlation and the samples it was found with.
fn gain(correlation: i32, earlier: &[i16]) -> u8 {
    if correlation <= 0 {
        return 0;
    }
    let power = earlier.iter().map(|&it| i32::from(it >> 3) * i32::from(it >> 3)).sum::<i32>() << 1;
    if correlation >= power {
        return 3;
    }
    let places = norm_l(power);
    let (correlation, power) = ((correlation << places) >> 16, (power << places) >> 16);
    let exceeds = |&&level: &&i16| correlation as i16 > mult(power as i16, level);
    GAIN_LEVELS.iter().take_while(exceeds).count() as u8
}

/// What the predictor expects of the next 40 samples.
pub(super) fn predict(past: &[i16; 120], lag: u8, gain: u8) -> [i16; 40] {
    let lag = usize::from(lag).clamp(40, 120);
    let mut predicted = [0; 40];
    for (predicted, &earlier) in predicted.iter_mut().zip(&past[120 - lag..160 - lag]) {
        *predicted = mult_r(GAINS[usize::from(gain & 3)], earlier);
    }
    predicted
}

/// Takes 40 samples into the last 120.
pub(super) fn remember(past: &mut [i16; 120], samples: &[i16; 40]) {
    past.copy_within(40.., 0);
    past[80..].copy_from_slice(samples);
}
