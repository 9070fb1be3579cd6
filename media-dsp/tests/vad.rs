//! Voice activity detection on speech in noise, on noise, and on tones.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

mod oracle;

use media_dsp::cn::Generator;
use media_dsp::speech::Rate;
use media_dsp::vad::{Activity, Detector};
use oracle::{Chance, speech, synthetic_speech};
use proptest::prelude::*;
use std::f64::consts::TAU;

#[test]
fn speech_is_heard_in_silence_and_in_noise() {
    let Some(speech) = speech(60) else { return };
    is_heard_in_silence_and_in_noise(&speech);
}

#[test]
fn synthetic_voices_are_heard_in_silence_and_in_noise() {
    let Some(speech) = synthetic_speech() else { return };
    is_heard_in_silence_and_in_noise(&speech);
}

fn is_heard_in_silence_and_in_noise(speech: &[i16]) {
    // A conversation: two seconds and a half of each five.
    let speech: Vec<i16> =
        speech.chunks(20_000).flat_map(|part| [part, &[0; 20_000]].concat()).collect();
    let spoken = spoken(&speech);
    // From a silent line to an office at -50 dBov and a car at -45.
    for payload in [&[90][..], &[60], &[50], &[45, 20, 127, 127]] {
        let heard = heard(&speech, payload);
        let voice = spoken.iter().filter(|it| **it == Some(true)).count();
        let missed = spoken.iter().zip(&heard).filter(|it| *it == (&Some(true), &false)).count();
        let still = spoken.iter().filter(|it| **it == Some(false)).count();
        let false_voice =
            spoken.iter().zip(&heard).filter(|it| *it == (&Some(false), &true)).count();
        let (missed, false_voice) =
            (missed as f64 / voice as f64, false_voice as f64 / still as f64);
        println!("{payload:?}: missed {missed:.4} of {voice}, false {false_voice:.4} of {still}");
        assert!(missed < 0.002, "{payload:?}: {missed} missed");
        assert!(false_voice < 0.01, "{payload:?}: {false_voice} sent for nothing");
    }
}

#[test]
fn steady_noise_of_any_level_is_left_alone_once_it_is_known() {
    for level in (25..=90).step_by(5) {
        for spectrum in [[127, 127], [15, 127], [40, 200], [220, 127]] {
            let mut generator = Generator::new(11);
            generator.receive(&[level, spectrum[0], spectrum[1]]).unwrap();
            let mut detector = Detector::new(Rate::Hz8000);
            let mut pcm = [0; 160];
            let mut sent = 0;
            for frame in 0..1_500 {
                generator.generate(&mut pcm);
                if detector.detect(&pcm) != Activity::Noise && frame >= 250 {
                    sent += 1;
                }
            }
            assert!(sent < 25, "-{level} dBov {spectrum:?}: {sent} of 1250 frames");
        }
    }
}

#[test]
fn a_noise_that_becomes_louder_is_learned_within_five_seconds() {
    let mut generator = Generator::new(12);
    let mut detector = Detector::new(Rate::Hz8000);
    let mut last = 0;
    for frame in 0..1_000 {
        if frame % 500 == 0 {
            generator.receive(&[if frame == 0 { 70 } else { 45 }]).unwrap();
        }
        let mut pcm = [0; 160];
        generator.generate(&mut pcm);
        if detector.detect(&pcm) != Activity::Noise {
            last = frame;
        }
    }
    assert!((500..750).contains(&last), "{last}");
}

/// A call may be a modem's or a fax machine's, and the tones of an exchange last for minutes.
#[test]
fn tones_are_never_background() {
    for (rate, per_second) in [(Rate::Hz8000, 8_000), (Rate::Hz16000, 16_000)] {
        for tones in [&[2_100.0][..], &[1_100.0], &[425.0], &[350.0, 440.0], &[697.0, 1_477.0]] {
            for dbov in [-10.0, -30.0, -45.0] {
                let mut chance = Chance::new(13);
                let peak = 32_768.0 * 10_f64.powf(dbov / 20.0) * 2_f64.sqrt();
                let peak = peak / (tones.len() as f64).sqrt();
                let pcm: Vec<i16> = (0..30 * per_second)
                    .map(|at| {
                        let time = TAU * f64::from(at) / f64::from(per_second);
                        let sum: f64 = tones.iter().map(|hz| peak * (hz * time).sin()).sum();
                        (sum + f64::from(chance.sample()) / 32_768.0 * 8.0) as i16
                    })
                    .collect();
                let mut detector = Detector::new(rate);
                for frame in pcm.chunks(per_second as usize / 50) {
                    assert_ne!(detector.detect(frame), Activity::Noise, "{tones:?} {dbov}");
                }
            }
        }
    }
}

#[test]
fn what_follows_voice_is_sent_for_a_fifth_of_a_second_and_for_less_after_a_click() {
    for (voice_ms, after_ms) in [(500, 200), (20, 50)] {
        let mut detector = Detector::new(Rate::Hz8000);
        let tone: Vec<i16> =
            (0..voice_ms * 8).map(|at| (8_000.0 * (f64::from(at) * 0.8).sin()) as i16).collect();
        detector.detect(&[0; 8_000]);
        assert_eq!(detector.detect(&tone), Activity::Voice);
        let after: Vec<_> = (0..40).map(|_| detector.detect(&[0; 80])).collect();
        // Two blocks are averaged.
        let hangover = after.iter().filter(|it| **it == Activity::Hangover).count();
        assert!(hangover.abs_diff(after_ms / 10) <= 1, "{after:?}");
        assert_eq!(after.last(), Some(&Activity::Noise));
    }
}

#[test]
fn frames_of_any_length_are_judged_alike() {
    let Some(speech) = speech(20) else { return };
    let mut whole = Detector::new(Rate::Hz8000);
    let mut pieces = Detector::new(Rate::Hz8000);
    for frame in speech.chunks(240) {
        let judged = whole.detect(frame);
        let parts = frame.chunks(80).map(|piece| pieces.detect(piece)).max();
        assert_eq!(Some(judged), parts);
    }
}

proptest! {
    #[test]
    fn anything_may_be_heard(
        frames in prop::collection::vec(prop::collection::vec(any::<i16>(), 0..500), 0..12),
        wide in any::<bool>(),
    ) {
        let mut detector = Detector::new(if wide { Rate::Hz16000 } else { Rate::Hz8000 });
        for frame in frames {
            detector.detect(&frame);
        }
    }
}

/// Of each 20 ms of clean speech: spoken, not spoken for long, or between.
fn spoken(speech: &[i16]) -> Vec<Option<bool>> {
    let levels: Vec<f64> = speech
        .chunks_exact(160)
        .map(|frame| {
            let square: f64 = frame.iter().map(|it| f64::from(*it).powi(2)).sum();
            10.0 * (square / 160.0 / (32_768.0 * 32_768.0) + 1e-12).log10()
        })
        .collect();
    (0..levels.len())
        .map(|at| {
            let near = &levels[at.saturating_sub(15)..(at + 2).min(levels.len())];
            match levels[at] {
                level if level > -35.0 => Some(true),
                _ if near.iter().all(|level| *level < -60.0) => Some(false),
                _ => None,
            }
        })
        .collect()
}

/// Whether each 20 ms of the speech in this noise are sent; ten seconds of noise go before.
fn heard(speech: &[i16], payload: &[u8]) -> Vec<bool> {
    let mut generator = Generator::new(14);
    generator.receive(payload).unwrap();
    let mut detector = Detector::new(Rate::Hz8000);
    let mut noise = [0; 160];
    for _ in 0..500 {
        generator.generate(&mut noise);
        detector.detect(&noise);
    }
    let noisy = |frame: &[i16]| {
        generator.generate(&mut noise);
        noise.iter_mut().zip(frame).for_each(|(noise, it)| *noise = noise.saturating_add(*it));
        detector.detect(&noise) != Activity::Noise
    };
    speech.chunks_exact(160).map(noisy).collect()
}
