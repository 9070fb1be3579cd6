//! Comfort noise: payloads of RFC 3389, what is described and what is made of it.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

mod oracle;

use media_dsp::cn::{Analysis, Generator, MAX_ORDER, Noise};
use media_dsp::codec::{DecodeError, EncodeError};
use oracle::{Chance, ffmpeg};
use proptest::prelude::*;

#[test]
fn every_level_and_coefficient_is_written_as_it_was_read() {
    for level in 0..=127 {
        for index in 0..=254 {
            let payload = [level, index, 127, 254 - index];
            let noise = Noise::parse(&payload).unwrap();
            assert_eq!(noise.level, level);
            assert!(noise.reflections.iter().all(|it| it.abs() < 1.0));
            let mut out = [0; 4];
            assert_eq!(noise.write(3, &mut out), Ok(4));
            assert_eq!(out, payload);
        }
    }
}

/// RFC 3389 §3.2: 258 * (N - 127) / 32768.
#[test]
fn coefficients_have_the_values_of_the_rfc() {
    let noise = Noise::parse(&[40, 0, 127, 254, 128]).unwrap();
    let expected = [-32_766.0 / 32_768.0, 0.0, 32_766.0 / 32_768.0, 258.0 / 32_768.0, 0.0];
    assert_eq!(noise.reflections[..5], expected);
}

#[test]
fn a_payload_may_be_a_level_alone_or_more_than_is_made_use_of() {
    let noise = Noise::parse(&[0x80 | 55]).unwrap();
    assert_eq!(noise, Noise { level: 55, reflections: [0.0; MAX_ORDER] });
    let noise = Noise::parse(&[55; 100]).unwrap();
    assert!(noise.reflections.iter().all(|it| *it == noise.reflections[9]));
    assert_eq!(Noise::parse(&[]), Err(DecodeError::Malformed));
    assert_eq!(Noise::parse(&[55, 127, 255]), Err(DecodeError::Malformed));
    assert_eq!(noise.write(10, &mut [0; 10]), Err(EncodeError::NoRoom { needed: 11 }));
}

#[test]
fn noise_has_the_level_that_is_described() {
    for spectrum in [[127; 3], [10, 127, 127], [200, 60, 140], [0, 250, 20]] {
        for level in (20..=80).step_by(5) {
            let payload = [level, spectrum[0], spectrum[1], spectrum[2]];
            let pcm = noise(&payload, 80_000);
            let found = dbov(&pcm[8_000..]);
            // What is narrow or weak is less even.
            assert!((found + f64::from(level)).abs() < 1.5, "{payload:?}: {found:.1} dBov");
        }
    }
}

#[test]
fn noise_that_was_made_is_described_as_it_was() {
    let payload = [42, 20, 160, 100, 140, 110, 127, 120];
    let described = Noise::parse(&payload).unwrap();
    let mut analysis = Analysis::new();
    let mut levels = Vec::new();
    let mut sums = [0.0; MAX_ORDER];
    for frame in noise(&payload, 80_000)[8_000..].chunks(800) {
        analysis.hear(frame);
        let noise = analysis.noise();
        levels.push(f64::from(noise.level));
        sums.iter_mut().zip(noise.reflections).for_each(|(sum, it)| *sum += it);
    }
    let level = levels.iter().sum::<f64>() / levels.len() as f64;
    assert!((level - 42.0).abs() < 1.0, "{level}");
    for (sum, expected) in sums.iter().zip(described.reflections) {
        let mean = sum / levels.len() as f32;
        assert!((mean - expected).abs() < 0.06, "{mean} for {expected}");
    }
}

#[test]
fn a_frame_of_any_length_is_heard_alike() {
    let noise = noise(&[30, 20, 200], 1_600);
    let (mut whole, mut pieces) = (Analysis::new(), Analysis::new());
    whole.hear(&noise);
    noise.chunks(100).for_each(|piece| pieces.hear(piece));
    assert!(whole.noise().level.abs_diff(pieces.noise().level) <= 1);
    let (mut one, mut other) = (vec![0; 1_000], vec![0; 1_000]);
    Generator::new(9).generate(&mut one);
    let mut generator = Generator::new(9);
    other.chunks_mut(7).for_each(|piece| generator.generate(piece));
    assert_eq!(one, other);
}

#[test]
fn a_constant_is_no_noise() {
    let mut analysis = Analysis::new();
    analysis.hear(&[-700; 1_600]);
    assert!(analysis.noise().level > 80);
}

#[test]
fn a_new_description_takes_effect_within_50_ms_and_without_a_jump() {
    let mut generator = Generator::new(5);
    generator.receive(&[30]).unwrap();
    generator.generate(&mut [0; 4_000]);
    generator.receive(&[60]).unwrap();
    let mut pcm = [0; 4_400];
    generator.generate(&mut pcm);
    assert!(dbov(&pcm[..40]) > -40.0, "{}", dbov(&pcm[..40]));
    assert!((dbov(&pcm[400..]) + 60.0).abs() < 1.0, "{}", dbov(&pcm[400..]));
}

/// The filters at the edge of stability ring for long, but no louder than is described for ever.
#[test]
fn no_payload_makes_noise_that_grows() {
    let mut chance = Chance::new(3_389);
    for round in 0..200 {
        let mut payload = [60; MAX_ORDER + 1];
        for index in &mut payload[1..] {
            *index = match round {
                0 => 0,
                1 => 254,
                _ => [0, 1, 127, 253, 254][chance.below(5)],
            };
        }
        let pcm = noise(&payload, 40_000);
        let loudest = dbov(&pcm[..20_000]).max(dbov(&pcm[20_000..]));
        assert!(loudest < -40.0, "{payload:?}: {loudest:.1} dBov");
    }
}

#[test]
fn ffmpeg_describes_the_same_noise_alike() {
    let pcm = noise(&[33, 10, 180, 110, 150], 64_000);
    let bytes = pcm.iter().flat_map(|it| it.to_le_bytes()).collect();
    let before = ["-f", "s16le", "-ar", "8000", "-ac", "1"];
    let after = ["-c:a", "comfortnoise", "-f", "data", "-map", "0:a"];
    let Some(payloads) = ffmpeg(&before, &after, bytes) else { return };
    // It describes 640 samples with ten coefficients.
    let theirs = payloads.chunks_exact(11).map(|it| Noise::parse(it).unwrap());
    let mut differences = [0.0; 1 + MAX_ORDER];
    let mut frames = 0.0;
    for (frame, theirs) in pcm.chunks_exact(640).zip(theirs) {
        let mut analysis = Analysis::new();
        analysis.hear(frame);
        let ours = analysis.noise();
        differences[0] += f32::from(ours.level) - f32::from(theirs.level);
        for place in 0..MAX_ORDER {
            differences[1 + place] += ours.reflections[place] - theirs.reflections[place];
        }
        frames += 1.0;
    }
    assert!(frames >= 99.0);
    // It rounds the level down, and weighs the middle of a frame more.
    assert!((differences[0] / frames).abs() < 1.0, "{}", differences[0] / frames);
    assert!(differences[1..].iter().all(|it| (it / frames).abs() < 0.05), "{differences:?}");
}

proptest! {
    #[test]
    fn any_payload_and_any_sound_are_taken(
        payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 0..8),
        pcm in prop::collection::vec(any::<i16>(), 0..1_000),
        order in 0_usize..20,
    ) {
        let mut generator = Generator::new(1);
        for payload in payloads {
            let _ = generator.receive(&payload);
            generator.generate(&mut [0; 333]);
        }
        let mut analysis = Analysis::new();
        analysis.hear(&pcm);
        let mut payload = [0; 21];
        let length = analysis.noise().write(order, &mut payload).unwrap();
        prop_assert!(Noise::parse(&payload[..length]).is_ok());
    }
}

fn noise(payload: &[u8], samples: usize) -> Vec<i16> {
    let mut generator = Generator::new(77);
    generator.receive(payload).unwrap();
    let mut pcm = vec![0; samples];
    generator.generate(&mut pcm);
    pcm
}

fn dbov(pcm: &[i16]) -> f64 {
    let square: f64 = pcm.iter().map(|it| f64::from(*it).powi(2)).sum();
    10.0 * (square / pcm.len() as f64 / (32_768.0 * 32_768.0)).log10()
}
