//! Packet loss concealment: what a gap sounds like.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

mod oracle;
#[path = "oracle/spandsp.rs"]
mod spandsp;

use media_dsp::arch::Level;
use media_dsp::plc::Concealment;
use media_dsp::speech::Rate;
use oracle::pesq::{Band, pesq};
use oracle::{Chance, speech};
use proptest::prelude::*;
use std::f64::consts::TAU;

const RATES: [(Rate, usize); 2] = [(Rate::Hz8000, 8), (Rate::Hz16000, 16)];

#[test]
fn a_steady_voice_goes_on_through_a_gap() {
    for (rate, per_ms) in RATES {
        let voice = voice(per_ms, 200);
        let mut pcm = voice.clone();
        let mut concealment = Concealment::new(rate);
        let (before, after) = pcm.split_at_mut(100 * per_ms);
        concealment.heard(before);
        concealment.conceal(&mut after[..20 * per_ms]);
        // It fades by a fiftieth each millisecond.
        let (mut power, mut error) = (0.0, 0.0);
        for at in 0..20 * per_ms {
            let faded = 1.0 - at as f64 / (50 * per_ms) as f64;
            let expected = f64::from(voice[100 * per_ms + at]) * faded;
            power += expected.powi(2);
            error += (f64::from(after[at]) - expected).powi(2);
        }
        let ratio = 10.0 * (power / error).log10();
        assert!(ratio > 10.0, "{rate:?}: {ratio:.1} dB");
    }
}

#[test]
fn a_gap_begins_and_ends_without_a_click() {
    for (rate, per_ms) in RATES {
        let mut pcm = voice(per_ms, 300);
        let steepest = |pcm: &[i16]| {
            pcm.windows(2).map(|it| (i32::from(it[1]) - i32::from(it[0])).abs()).max().unwrap()
        };
        let before = steepest(&pcm);
        // The gap's end falls anywhere in the voice's cycle.
        lose(rate, &mut pcm, 10 * per_ms, |frame| matches!(frame, 11 | 15 | 16 | 20 | 21 | 22));
        assert!(steepest(&pcm) <= before + before / 8, "{} after {before}", steepest(&pcm));
    }
}

#[test]
fn a_long_gap_is_silent_after_50_ms_and_stays_so() {
    for (rate, per_ms) in RATES {
        let mut pcm = voice(per_ms, 400);
        lose(rate, &mut pcm, 20 * per_ms, |frame| frame >= 5);
        assert!(pcm[130 * per_ms..149 * per_ms].iter().any(|it| it.abs() > 20));
        assert!(pcm[150 * per_ms..].iter().all(|it| *it == 0));
    }
}

#[test]
fn sound_that_comes_back_is_untouched_after_8_ms() {
    for (rate, per_ms) in RATES {
        let whole = voice(per_ms, 200);
        let mut pcm = whole.clone();
        lose(rate, &mut pcm, 20 * per_ms, |frame| frame == 5);
        assert_eq!(pcm[..100 * per_ms], whole[..100 * per_ms]);
        assert_ne!(pcm[120 * per_ms..128 * per_ms], whole[120 * per_ms..128 * per_ms]);
        assert_eq!(pcm[128 * per_ms..], whole[128 * per_ms..]);
    }
}

#[test]
fn a_gap_sounds_the_same_in_frames_of_any_length() {
    for (rate, per_ms) in RATES {
        let mut whole = voice(per_ms, 180);
        lose(rate, &mut whole, 60 * per_ms, |frame| frame == 1);
        for ms in [10, 12, 20, 30] {
            let mut pcm = voice(per_ms, 180);
            lose(rate, &mut pcm, ms * per_ms, |frame| (60..120).contains(&(frame * ms)));
            assert_eq!(pcm, whole, "{ms} ms");
        }
        let mut pcm = voice(per_ms, 180);
        let (before, gap) = pcm.split_at_mut(60 * per_ms);
        let mut concealment = Concealment::new(rate);
        concealment.heard(before);
        gap[..60 * per_ms].chunks_mut(7).for_each(|piece| concealment.conceal(piece));
        assert_eq!(gap[..60 * per_ms], whole[60 * per_ms..120 * per_ms]);
    }
}

#[test]
fn every_level_says_the_same() {
    let Some(speech) = speech(10) else { return };
    for (rate, per_ms) in RATES {
        let concealed = |level| {
            let mut pcm = speech.clone();
            let mut chance = Chance::new(3);
            let mut concealment = Concealment::with_level(rate, level);
            for frame in pcm.chunks_mut(20 * per_ms) {
                match chance.below(4) {
                    0 => concealment.conceal(frame),
                    _ => concealment.heard(frame),
                }
            }
            pcm
        };
        let scalar = concealed(Level::Scalar);
        for level in Level::here() {
            assert!(concealed(level) == scalar, "{level:?}");
        }
    }
}

#[test]
fn speech_with_gaps_is_nearer_to_the_whole_than_that_of_spandsp() {
    let Some(speech) = speech(60) else { return };
    let Some(theirs) = spandsp(&speech, &lost(speech.len() / 160, 10)) else { return };
    let mut ours = speech.clone();
    let lost = lost(speech.len() / 160, 10);
    lose(Rate::Hz8000, &mut ours, 160, |frame| lost[frame]);
    let error = |pcm: &[i16]| -> f64 {
        let differences = speech.iter().zip(pcm).map(|(a, b)| f64::from(*a) - f64::from(*b));
        differences.map(|it| it * it).sum()
    };
    assert!(error(&ours) < 0.8 * error(&theirs), "{} {}", error(&ours), error(&theirs));
}

#[test]
fn its_pesq_is_above_that_of_spandsp() {
    let Some(speech) = speech(60) else { return };
    for (percent, margin) in [(1, 0.05), (3, 0.15), (5, 0.2), (10, 0.25)] {
        let lost = lost(speech.len() / 160, percent);
        let Some(theirs) = spandsp(&speech, &lost) else { return };
        let mut ours = speech.clone();
        lose(Rate::Hz8000, &mut ours, 160, |frame| lost[frame]);
        let [ours, theirs] = [ours, theirs].map(|it| pesq(Band::Narrow, &speech, &it));
        let (Some(ours), Some(theirs)) = (ours, theirs) else { return };
        println!("{percent} % lost: PESQ {ours:.2}, spandsp {theirs:.2}");
        assert!(ours > theirs + margin, "{percent} % lost: {ours:.2}, spandsp {theirs:.2}");
    }
}

proptest! {
    #[test]
    fn anything_may_come_and_be_lost(
        frames in prop::collection::vec(
            (any::<bool>(), prop::collection::vec(any::<i16>(), 0..1_000)),
            0..12,
        ),
        wide in any::<bool>(),
    ) {
        let rate = if wide { Rate::Hz16000 } else { Rate::Hz8000 };
        let mut concealment = Concealment::new(rate);
        for (lost, mut frame) in frames {
            match lost {
                true => concealment.conceal(&mut frame),
                false => concealment.heard(&mut frame),
            }
        }
    }
}

/// Loses the frames of which `lost` says so.
fn lose(rate: Rate, pcm: &mut [i16], length: usize, lost: impl Fn(usize) -> bool) {
    let mut concealment = Concealment::new(rate);
    for (number, frame) in pcm.chunks_exact_mut(length).enumerate() {
        match lost(number) {
            true => concealment.conceal(frame),
            false => concealment.heard(frame),
        }
    }
}

/// So many of a hundred frames, by chance; the first has come.
fn lost(frames: usize, percent: usize) -> Vec<bool> {
    let mut chance = Chance::new(1_968);
    (0..frames).map(|frame| chance.below(100) < percent && frame > 0).collect()
}

/// A voice of 110 Hz: its harmonics up to 3 kHz, weaker and weaker.
fn voice(per_ms: usize, ms: usize) -> Vec<i16> {
    (0..ms * per_ms)
        .map(|at| {
            let phase = TAU * 110.0 * at as f64 / (1_000 * per_ms) as f64;
            let harmonic = |number: f64| (number * phase + number * number).cos() / number;
            (3_000.0 * (1..27).map(|number| harmonic(f64::from(number))).sum::<f64>()) as i16
        })
        .collect()
}

/// What spandsp makes of it.
fn spandsp(speech: &[i16], lost: &[bool]) -> Option<Vec<i16>> {
    let mut concealment = spandsp::Concealment::new()?;
    let mut pcm = speech.to_vec();
    for (frame, lost) in pcm.chunks_exact_mut(160).zip(lost) {
        match lost {
            true => concealment.conceal(frame),
            false => concealment.heard(frame),
        }
    }
    Some(pcm)
}
