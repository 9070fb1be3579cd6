//! The rate converter: what it lets pass and keeps out, how late it is, and that cuts make no
//! difference.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

mod oracle;

use media_dsp::arch::Level;
use media_dsp::resample::{NoRoom, Rate, Resampler};
use oracle::Chance;
use std::f64::consts::TAU;

fn pairs() -> impl Iterator<Item = (Rate, Rate)> {
    Rate::ALL.into_iter().flat_map(|from| Rate::ALL.map(|to| (from, to)))
}

fn convert(resampler: &mut Resampler, input: &[i16]) -> Vec<i16> {
    let mut output = vec![0; resampler.output_len(input.len())];
    let made = resampler.resample(input, &mut output).unwrap();
    assert_eq!(made, output.len());
    output
}

fn tone(rate: Rate, hz: f64, amplitude: f64, samples: usize) -> Vec<i16> {
    let step = TAU * hz / rate.hz() as f64;
    (0..samples).map(|n| (amplitude * (step * n as f64).cos()).round() as i16).collect()
}

/// Amplitude and phase of what is at `hz`.
fn at(rate: Rate, samples: &[i16], skip: usize, hz: f64) -> (f64, f64) {
    let step = TAU * hz / rate.hz() as f64;
    let (mut re, mut im, mut all) = (0.0, 0.0, 0.0);
    for (n, &sample) in samples.iter().enumerate().skip(skip) {
        let place = (n - skip) as f64 / (samples.len() - skip) as f64;
        let window = 0.358_75 - 0.488_29 * (TAU * place).cos()
            + 0.141_28 * (2.0 * TAU * place).cos()
            - 0.011_68 * (3.0 * TAU * place).cos();
        re += window * f64::from(sample) * (step * n as f64).cos();
        im -= window * f64::from(sample) * (step * n as f64).sin();
        all += window;
    }
    (2.0 * re.hypot(im) / all, im.atan2(re))
}

fn db(ratio: f64) -> f64 {
    20.0 * ratio.log10()
}

#[test]
fn the_pass_band_is_flat_to_nine_tenths_of_the_lower_nyquist_and_as_late_as_stated() {
    for (from, to) in pairs() {
        let nyquist = from.hz().min(to.hz()) as f64 / 2.0;
        for step in 1..=18 {
            let hz = nyquist * 0.05 * f64::from(step) - 1.0;
            let mut resampler = Resampler::new(from, to);
            let output = convert(&mut resampler, &tone(from, hz, 16_000.0, from.hz() / 8));
            let (level, phase) = at(to, &output, resampler.delay() * 2, hz);
            let error = db(level / 16_000.0);
            assert!(error.abs() <= 0.1, "{from:?} to {to:?}, {hz} Hz: {error} dB");
            let late = TAU * hz * resampler.delay() as f64 / to.hz() as f64;
            let off = (phase + late + TAU / 2.0).rem_euclid(TAU) - TAU / 2.0;
            assert!(off.abs() < 0.002, "{from:?} to {to:?}, {hz} Hz: {off} rad");
        }
    }
}

#[test]
fn what_is_above_the_lower_nyquist_comes_out_seventy_decibels_down() {
    for (from, to) in pairs().filter(|(from, to)| from > to) {
        let (lower, upper) = (to.hz() as f64 / 2.0, from.hz() as f64 / 2.0);
        for step in 0..40 {
            let hz = lower + 2.0 + (upper - lower - 20.0) * f64::from(step) / 39.0;
            let mut resampler = Resampler::new(from, to);
            let output = convert(&mut resampler, &tone(from, hz, 32_000.0, from.hz() / 8));
            let folded = (hz + lower).rem_euclid(2.0 * lower) - lower;
            let (level, _) = at(to, &output, resampler.delay() * 2, folded.abs());
            assert!(
                db(level / 32_000.0) <= -70.0,
                "{from:?} to {to:?}, {hz} Hz: {}",
                db(level / 32_000.0)
            );
        }
    }
}

#[test]
fn images_of_the_sound_come_out_seventy_decibels_down() {
    for (from, to) in pairs().filter(|(from, to)| from < to) {
        let rate = from.hz() as f64;
        for step in 1..20 {
            let hz = rate / 2.0 * f64::from(step) / 20.0;
            let mut resampler = Resampler::new(from, to);
            let output = convert(&mut resampler, &tone(from, hz, 32_000.0, from.hz() / 8));
            for image in
                (1..=3).flat_map(|of| [f64::from(of) * rate - hz, f64::from(of) * rate + hz])
            {
                if image < to.hz() as f64 / 2.0 - 20.0 {
                    let (level, _) = at(to, &output, resampler.delay() * 2, image);
                    let down = db(level / 32_000.0);
                    assert!(down <= -70.0, "{from:?} to {to:?}, {hz} Hz at {image} Hz: {down}");
                }
            }
        }
    }
}

#[test]
fn a_click_comes_out_after_the_stated_delay() {
    for (from, to) in pairs() {
        let mut resampler = Resampler::new(from, to);
        let mut input = vec![0; from.hz() / 50];
        input[0] = 20_000;
        let output = convert(&mut resampler, &input);
        let (loudest, _) =
            output.iter().enumerate().max_by_key(|(_, it)| it.unsigned_abs()).unwrap();
        assert_eq!(loudest, resampler.delay(), "{from:?} to {to:?}");
    }
    assert_eq!(Resampler::new(Rate::Hz8000, Rate::Hz16000).delay(), 64);
    assert_eq!(Resampler::new(Rate::Hz16000, Rate::Hz8000).delay(), 32);
}

#[test]
fn where_the_input_is_cut_makes_no_difference() {
    let mut chance = Chance::new(1);
    for (from, to) in pairs() {
        let input: Vec<_> = (0..7_200).map(|_| chance.sample()).collect();
        let whole = convert(&mut Resampler::new(from, to), &input);
        for longest in [2, 50, 2_000] {
            let mut resampler = Resampler::new(from, to);
            let (mut rest, mut pieces) = (&input[..], Vec::new());
            while !rest.is_empty() {
                let (now, later) = rest.split_at(chance.below(longest + 1).min(rest.len()));
                pieces.extend(convert(&mut resampler, now));
                rest = later;
            }
            assert!(whole == pieces, "{from:?} to {to:?}");
        }
    }
}

#[test]
fn all_levels_give_the_same_samples_at_any_loudness() {
    let mut chance = Chance::new(2);
    for (from, to) in pairs() {
        let noise = (0..4_000).map(|_| chance.sample());
        let extremes = (0..4_000_u32)
            .map(|n| if n.is_power_of_two() || n % 7 < 3 { i16::MIN } else { i16::MAX });
        let input: Vec<_> = noise.chain(extremes).collect();
        let expected = convert(&mut Resampler::with_level(from, to, Level::Scalar), &input);
        for level in Level::here() {
            let output = convert(&mut Resampler::with_level(from, to, level), &input);
            assert!(output == expected, "{from:?} to {to:?}, {level:?}");
        }
    }
}

#[test]
fn an_output_that_is_too_short_is_refused_and_changes_nothing() {
    let mut resampler = Resampler::new(Rate::Hz8000, Rate::Hz48000);
    let refused = resampler.resample(&[1; 160], &mut [0; 959]);
    assert_eq!(refused, Err(NoRoom { needed: 960 }));
    let fresh = convert(&mut Resampler::new(Rate::Hz8000, Rate::Hz48000), &[1; 160]);
    assert_eq!(convert(&mut resampler, &[1; 160]), fresh);
}
