//! The gain control: levels of real speech before and after, and what it must leave alone.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

mod oracle;

use media_dsp::agc::Agc;
use media_dsp::speech::{BlockLength, Rate};
use oracle::{Chance, speech, synthetic_speech};
use proptest::prelude::*;
use std::f64::consts::TAU;

/// As A-law has it: the level of a sine of the greatest amplitude, in dBm0.
const FULL: f64 = 314.0 / 100.0;

fn dbm0(samples: &[i16]) -> f64 {
    let power: f64 = samples.iter().map(|&it| f64::from(it).powi(2)).sum();
    10.0 * (power / samples.len() as f64 / f64::from(1 << 29) + 1e-12).log10() + FULL
}

fn at_level(samples: &[i16], level: f64) -> Vec<i16> {
    let factor = 10_f64.powf((level - dbm0(samples)) / 20.0);
    samples.iter().map(|&it| (f64::from(it) * factor).round() as i16).collect()
}

fn sines(tones: &[(f64, f64)], seconds: f64) -> Vec<i16> {
    let full = |level: f64| 32_768.0 * 10_f64.powf((level - FULL) / 20.0);
    let at = |n: usize| -> f64 {
        tones.iter().map(|(hz, level)| full(*level) * (TAU * hz * n as f64 / 8e3).sin()).sum()
    };
    (0..(seconds * 8e3) as usize).map(|n| at(n).round() as i16).collect()
}

fn controlled(agc: &mut Agc, samples: &[i16]) -> Vec<i16> {
    let mut out = samples[..samples.len() / 80 * 80].to_vec();
    agc.process(&mut out).unwrap();
    out
}

#[test]
fn quiet_speech_is_raised_to_minus_22_within_three_seconds() {
    let Some(speech) = speech(30) else { return };
    for level in [-40.0, -35.0, -30.0, -22.0] {
        let out = controlled(&mut Agc::new(Rate::Hz8000), &at_level(&speech, level));
        for second in 3..27 {
            let level = dbm0(&out[second * 8_000..(second + 3) * 8_000]);
            assert!((-25.0..=-19.0).contains(&level), "{level} dBm0 after {second} s");
        }
    }
}

#[test]
fn quiet_synthetic_voices_are_raised_within_three_seconds() {
    let Some(speech) = synthetic_speech() else { return };
    for voice in speech.chunks_exact(20 * 8_000) {
        let out = controlled(&mut Agc::new(Rate::Hz8000), &at_level(voice, -35.0));
        let level = dbm0(&out[3 * 8_000..]);
        assert!((-25.0..=-19.0).contains(&level), "{level} dBm0");
    }
}

#[test]
fn loud_speech_is_brought_down_and_nothing_overloads() {
    let Some(speech) = speech(20) else { return };
    let out = controlled(&mut Agc::new(Rate::Hz8000), &at_level(&speech, -12.0));
    assert!((dbm0(&out[5 * 8_000..]) + 22.0).abs() < 3.0);
    // Whoever whispered now shouts.
    let mut agc = Agc::new(Rate::Hz8000);
    controlled(&mut agc, &at_level(&speech, -40.0));
    let shouted = controlled(&mut agc, &at_level(&speech, -12.0));
    assert!(shouted.iter().all(|it| it.unsigned_abs() <= 32_000));
}

#[test]
fn speech_at_16_khz_is_raised_as_well() {
    let Some(speech) = speech(20) else { return };
    let speech = at_level(&speech, -35.0);
    let mut wide: Vec<_> = speech.iter().flat_map(|&it| [it, it]).collect();
    Agc::new(Rate::Hz16000).process(&mut wide).unwrap();
    assert!((dbm0(&wide[3 * 16_000..]) + 22.0).abs() < 3.0);
}

#[test]
fn silence_and_noise_are_not_pumped_up() {
    let mut chance = Chance::new(5);
    let noise: Vec<_> = (0..20 * 8_000).map(|_| chance.sample()).collect();
    let mut agc = Agc::new(Rate::Hz8000);
    for level in [-45.0, -60.0, -35.0] {
        let noise = at_level(&noise, level);
        let out = controlled(&mut agc, &noise);
        let change = dbm0(&out) - dbm0(&noise);
        assert!(change.abs() < 1.5, "{level}: {change} dB");
    }
    if let Some(speech) = speech(10) {
        controlled(&mut agc, &at_level(&speech, -35.0));
        let gain = agc.gain();
        controlled(&mut agc, &[0; 80_000]);
        assert_eq!(agc.gain(), gain);
        controlled(&mut agc, &at_level(&noise, -55.0));
        assert!((agc.gain() - gain).abs() < 1.0);
    }
}

#[test]
fn tones_dtmf_and_fax_signals_keep_their_level_even_after_quiet_speech() {
    let Some(speech) = speech(10) else { return };
    let mut agc = Agc::new(Rate::Hz8000);
    controlled(&mut agc, &at_level(&speech, -35.0));
    assert!(agc.gain() > 8.0);
    for tones in [
        &[(425.0, -10.0)][..],
        &[(350.0, -13.0), (440.0, -13.0)],
        &[(1_004.0, -30.0)],
        &[(697.0, -12.0), (1_209.0, -10.0)],
        &[(941.0, -25.0), (1_633.0, -25.0)],
        &[(1_100.0, -20.0)],
        &[(2_100.0, -12.0)],
    ] {
        for agc in [&mut agc.clone(), &mut Agc::new(Rate::Hz8000)] {
            let tone = sines(tones, 1.0);
            let out = controlled(agc, &tone);
            let change = dbm0(&out[800..]) - dbm0(&tone[800..]);
            assert!(change.abs() < 0.1, "{tones:?}: {change} dB");
        }
    }
}

#[test]
fn a_fax_call_passes_as_it_is_after_its_answer_tone() {
    let mut chance = Chance::new(8);
    let mut call = sines(&[(2_100.0, -12.0)], 3.0);
    call.extend([0; 600]);
    let answered = call.len();
    // What follows could be anything that a modem sends, with the pauses of T.30.
    for _ in 0..5 {
        call.extend((0..16_000).map(|_| chance.sample() / 8));
        call.extend([0; 8_000]);
    }
    let out = controlled(&mut Agc::new(Rate::Hz8000), &call);
    assert!(out[answered..] == call[answered..out.len()]);
}

#[test]
fn half_a_block_is_refused() {
    let mut agc = Agc::new(Rate::Hz16000);
    assert_eq!(agc.process(&mut [0; 80]), Err(BlockLength { block: 160, given: 80 }));
    assert_eq!(agc.process(&mut []), Ok(()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_samples_are_taken(pcm in prop::collection::vec(any::<i16>(), 0..8), wide in any::<bool>()) {
        let rate = if wide { Rate::Hz16000 } else { Rate::Hz8000 };
        let mut agc = Agc::new(rate);
        for sample in pcm {
            agc.process(&mut [sample; 320]).unwrap();
        }
    }
}
