//! The noise suppression: what it takes away, and what it must leave alone.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

mod oracle;

use media_dsp::denoise::Denoiser;
use media_dsp::speech::{BlockLength, Rate};
use oracle::{Chance, speech, synthetic_speech};
use proptest::prelude::*;
use std::f64::consts::TAU;

fn power(samples: &[i16]) -> f64 {
    let sum: f64 = samples.iter().map(|&it| f64::from(it).powi(2)).sum();
    sum / samples.len() as f64 + 1e-3
}

/// The change of level from one to the other.
fn change(before: &[i16], after: &[i16]) -> f64 {
    10.0 * (power(after) / power(before)).log10()
}

fn denoised(rate: Rate, samples: &[i16]) -> Vec<i16> {
    let mut out = samples[..samples.len() / rate.block() * rate.block()].to_vec();
    Denoiser::new(rate).process(&mut out).unwrap();
    out
}

/// White noise, or with `pink` such that falls by 3 dB an octave (P. Kellet's three poles).
fn noise(samples: usize, amplitude: f64, pink: bool) -> Vec<i16> {
    let mut chance = Chance::new(11);
    let mut poles = [0.0; 3];
    let mut next = || {
        let white = f64::from(chance.sample()) / 18_919.0;
        if !pink {
            return white;
        }
        poles[0] = 0.997_65 * poles[0] + white * 0.099_046;
        poles[1] = 0.963 * poles[1] + white * 0.296_516_4;
        poles[2] = 0.57 * poles[2] + white * 1.052_691_3;
        (poles[0] + poles[1] + poles[2] + white * 0.184_8) / 2.5
    };
    (0..samples).map(|_| (amplitude * next()).round() as i16).collect()
}

fn sines(rate: f64, tones: &[(f64, f64)], seconds: f64) -> Vec<i16> {
    let at = |n: usize| -> f64 {
        tones.iter().map(|(hz, peak)| peak * (TAU * hz * n as f64 / rate).sin()).sum()
    };
    (0..(seconds * rate) as usize).map(|n| at(n).round() as i16).collect()
}

#[test]
fn stationary_noise_is_taken_down_by_more_than_ten_decibels() {
    for (rate, hz) in [(Rate::Hz8000, 8_000), (Rate::Hz16000, 16_000)] {
        for (amplitude, pink) in [
            (1_500.0, false),
            (600.0, false),
            (200.0, false),
            (60.0, false),
            (600.0, true),
            (150.0, true),
        ] {
            let noise = noise(8 * hz, amplitude, pink);
            let out = denoised(rate, &noise);
            let change = change(&noise[hz..], &out[hz..]);
            assert!(change < -10.0, "{rate:?} {amplitude} {pink}: {change} dB");
        }
    }
}

#[test]
fn noise_between_the_words_goes_and_the_words_stay() {
    let Some(speech) = speech(20) else { return };
    let noise = noise(speech.len(), 250.0, false);
    // Half a second of silence after each two of speech.
    let mut gated = Vec::new();
    for words in speech.chunks(16_000) {
        gated.extend_from_slice(words);
        gated.extend([0; 4_000]);
    }
    let noisy: Vec<_> =
        gated.iter().zip(noise.iter().cycle()).map(|(&a, &b)| a.saturating_add(b)).collect();
    let out = denoised(Rate::Hz8000, &noisy);
    let late = Denoiser::new(Rate::Hz8000).delay();
    let (mut words, mut gaps) = (Vec::new(), Vec::new());
    for (place, block) in gated.chunks_exact(80).enumerate().skip(300) {
        let span = place * 80 + late..place * 80 + late + 80;
        let Some(after) = out.get(span) else { break };
        let within = place * 80 % 20_000;
        if power(block) > 2e6 {
            words.push((power(&noisy[place * 80..place * 80 + 80]), power(after)));
        } else if (16_800..19_800).contains(&within) {
            gaps.push((power(&noisy[place * 80..place * 80 + 80]), power(after)));
        }
    }
    let change = |it: &[(f64, f64)]| {
        let (before, after) = it.iter().fold((0.0, 0.0), |sum, it| (sum.0 + it.0, sum.1 + it.1));
        10.0 * f64::log10(after / before)
    };
    assert!(change(&gaps) < -10.0, "gaps {} dB", change(&gaps));
    assert!(change(&words).abs() < 1.0, "words {} dB", change(&words));
}

#[test]
fn clean_speech_stays_what_it_is() {
    let Some(speech) = speech(20) else { return };
    stays_what_it_is(&speech, -30.0);
}

/// Their vowels are steadier than a mouth's.
#[test]
fn clean_synthetic_voices_stay_what_they_are() {
    let Some(speech) = synthetic_speech() else { return };
    stays_what_it_is(&speech, -22.0);
}

fn stays_what_it_is(speech: &[i16], most_error: f64) {
    let out = denoised(Rate::Hz8000, speech);
    let late = Denoiser::new(Rate::Hz8000).delay();
    let error: Vec<_> =
        out[late..].iter().zip(speech).map(|(&a, &b)| a.saturating_sub(b)).collect();
    assert!(change(speech, &out).abs() < 0.5, "{} dB", change(speech, &out));
    assert!(change(speech, &error) < most_error, "{} dB", change(speech, &error));
}

/// Nothing has been heard of the noise, and it must not be taken for what the word sounds like.
#[test]
fn a_call_may_begin_within_a_word() {
    for speech in [speech(300), synthetic_speech()].into_iter().flatten() {
        for (number, call) in speech.chunks_exact(5 * 8_000).enumerate() {
            let call = &call[..8_000];
            let out = denoised(Rate::Hz8000, call);
            let late = Denoiser::new(Rate::Hz8000).delay();
            for (before, after) in call.chunks_exact(400).zip(out[late..].chunks_exact(400)) {
                let change = change(before, after);
                assert!(power(before) < 1e6 || change > -6.0, "call {number}: {change} dB");
            }
        }
    }
}

#[test]
fn tones_and_dtmf_pass_however_long_they_last_also_in_noise() {
    for (rate, hz) in [(Rate::Hz8000, 8e3), (Rate::Hz16000, 16e3)] {
        for tones in [
            &[(425.0, 8_000.0)][..],
            &[(350.0, 4_000.0), (440.0, 4_000.0)],
            &[(1_004.0, 300.0)],
            &[(697.0, 3_000.0), (1_209.0, 4_000.0)],
            &[(941.0, 1_500.0), (1_633.0, 1_500.0)],
            &[(1_100.0, 500.0)],
            &[(2_100.0, 6_000.0)],
            &[(950.0, 2_000.0)],
            &[(400.0, 2_000.0), (1_000.0, 2_000.0), (2_000.0, 2_000.0)],
        ] {
            let clean = sines(hz, tones, 10.0);
            let faint = noise(clean.len(), tones[0].1 * 0.07, false);
            let noisy: Vec<_> = clean.iter().zip(&faint).map(|(a, b)| a + b).collect();
            for tone in [clean, noisy] {
                let out = denoised(rate, &tone);
                for start in [1_600, 40_000, 72_000] {
                    let span = start..start + 4_000;
                    let change = change(&tone[span.clone()], &out[span]);
                    assert!(change.abs() < 0.5, "{rate:?} {tones:?} at {start}: {change} dB");
                }
            }
        }
    }
}

/// 16-QAM at 2400 symbols a second on 1700 Hz, as ITU-T V.29 §2 has it, but for its constellation.
fn modem(seconds: usize, peak: f64) -> Vec<i16> {
    let mut chance = Chance::new(13);
    let symbols: Vec<_> = (0..seconds * 2_400 + 20)
        .map(|_| [0, 0].map(|_: i32| chance.below(4) as f64 * 2.0 - 3.0))
        .collect();
    let at = |n: usize| -> f64 {
        let place = n as f64 * 0.3 + 10.0;
        let first = place as usize - 8;
        let mut sum = [0.0; 2];
        for (k, symbol) in symbols[first..first + 17].iter().enumerate() {
            let away = place - (first + k) as f64;
            let pulse =
                if away.abs() < 1e-9 { 1.0 } else { (away * TAU / 2.0).sin() / (away * TAU / 2.0) };
            let window = 0.5 + 0.5 * (TAU * away / 18.0).cos();
            sum = [sum[0] + symbol[0] * pulse * window, sum[1] + symbol[1] * pulse * window];
        }
        let (sin, cos) = (TAU * 1_700.0 * n as f64 / 8e3).sin_cos();
        peak / 4.0 * (sum[0] * cos - sum[1] * sin)
    };
    (0..seconds * 8_000 - 8_000).map(|n| at(n).round() as i16).collect()
}

#[test]
fn a_fax_passes_from_its_answer_tone_to_its_last_page() {
    let mut phase = 0.0_f64;
    let mut chance = Chance::new(17);
    let mut v21 = Vec::new();
    for bit in 0..900 {
        let hz = if chance.next() >> 63 == 0 { 1_650.0 } else { 1_850.0 };
        for _ in 0..(bit + 1) * 80 / 3 - bit * 80 / 3 {
            phase += TAU * hz / 8e3;
            v21.push((5_000.0 * phase.sin()) as i16);
        }
    }
    let mut call = sines(8e3, &[(2_100.0, 5_000.0)], 3.0);
    let mut pieces = Vec::from([(0, call.len())]);
    for piece in [v21, modem(10, 5_000.0), vec![0; 24_000], modem(5, 1_000.0)] {
        call.extend([0; 600]);
        pieces.push((call.len(), call.len() + piece.len()));
        call.extend(piece);
    }
    let out = denoised(Rate::Hz8000, &call);
    for (start, end) in pieces.into_iter().filter(|&(start, end)| power(&call[start..end]) > 1.0) {
        let change = change(&call[start..end], &out[start..end.min(out.len())]);
        assert!(change.abs() < 0.1, "from {start} on: {change} dB");
    }
    // And where suppression begins in the middle of a page.
    let page = modem(10, 3_000.0);
    assert!(change(&page[4_000..], &denoised(Rate::Hz8000, &page)[4_000..]).abs() < 0.5);
}

#[test]
fn what_is_let_through_comes_after_the_stated_delay() {
    for (rate, hz) in [(Rate::Hz8000, 8e3), (Rate::Hz16000, 16e3)] {
        let tone = sines(hz, &[(1_000.0, 9_000.0)], 0.5);
        let out = denoised(rate, &tone);
        let late = Denoiser::new(rate).delay();
        let off = out[2_000 + late..].iter().zip(&tone[2_000..]).map(|(a, b)| (a - b).abs()).max();
        assert!(off.unwrap() <= 1);
    }
}

#[test]
fn half_a_block_is_refused() {
    let mut denoiser = Denoiser::new(Rate::Hz8000);
    assert_eq!(denoiser.process(&mut [0; 120]), Err(BlockLength { block: 80, given: 120 }));
    assert_eq!(denoiser.process(&mut []), Ok(()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_samples_are_taken(pcm in prop::collection::vec(any::<i16>(), 0..8), wide in any::<bool>()) {
        let rate = if wide { Rate::Hz16000 } else { Rate::Hz8000 };
        let mut denoiser = Denoiser::new(rate);
        for sample in pcm {
            denoiser.process(&mut [sample; 320]).unwrap();
        }
    }
}
