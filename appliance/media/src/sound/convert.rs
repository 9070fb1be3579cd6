//! From any sampling rate to the next higher one of telephony, once for a whole file.

use super::Sound;
use media_dsp::resample::Rate;
use std::f64::consts::PI;

/// Converts a file's samples; those at a rate of telephony stay as they are. `hertz`: at most
/// 48,000.
pub(super) fn convert(hertz: u32, pcm: Vec<i16>) -> Sound {
    let from = hertz.max(1) as usize;
    let rate = Rate::ALL.into_iter().find(|it| it.hz() >= from).unwrap_or(Rate::Hz48000);
    if rate.hz() == from {
        return Sound { rate, pcm };
    }
    let common = greatest_common_divisor(from, rate.hz());
    let (up, down) = (rate.hz() / common, from / common);
    // A sinc under a Blackman window, for each place between two samples.
    let taps: Vec<[f32; 2 * REACH]> = (0..up).map(|phase| taps(phase as f64 / up as f64)).collect();
    let count = pcm.len() * up / down;
    let sample = |n: usize| {
        let (whole, phase) = (n * down / up, n * down % up);
        let taps = taps.get(phase).into_iter().flatten().zip(0..);
        let sum: f32 = taps
            .filter_map(|(tap, place)| {
                let at = (whole + 1 + place).checked_sub(REACH)?;
                Some(tap * f32::from(*pcm.get(at)?))
            })
            .sum();
        // A cast saturates.
        sum.round() as i16
    };
    Sound { rate, pcm: (0..count).map(sample).collect() }
}

/// What the samples from `REACH` - 1 before to `REACH` after a place weigh, which lies so far behind
/// a sample.
fn taps(fraction: f64) -> [f32; 2 * REACH] {
    let at = |place: usize| place as f64 + 1.0 - REACH as f64 - fraction;
    let taps: [f64; 2 * REACH] = std::array::from_fn(|place| {
        let x = at(place);
        let sinc = if x.abs() < 1e-9 { 1.0 } else { (PI * x).sin() / (PI * x) };
        let turn = PI * x / REACH as f64;
        sinc * (0.42 + 0.5 * turn.cos() + 0.08 * (2.0 * turn).cos())
    });
    let sum: f64 = taps.iter().sum();
    taps.map(|it| (it / sum) as f32)
}

fn greatest_common_divisor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

/// Samples that are heeded on either side.
const REACH: usize = 24;
