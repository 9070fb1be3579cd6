//! What a line adds to a signal, and what is measured of it. 8 kHz.

#![allow(dead_code)]

use super::oracle::Chance;
use media_dsp::tone::{Dbm0, Oscillator};

/// Samples in so many milliseconds.
pub(crate) fn ms(millis: usize) -> usize {
    millis * 8
}

/// The level of a signal in dBm0.
pub(crate) fn level(pcm: &[i16]) -> f32 {
    let squares: f64 = pcm.iter().map(|it| f64::from(*it).powi(2)).sum();
    Dbm0::of_mean_square((squares / pcm.len() as f64) as f32).0
}

/// A sine, begun at zero.
pub(crate) fn sine(hertz: f64, level: f32, samples: usize) -> Vec<i16> {
    let mut pcm = vec![0.0; samples];
    Oscillator::new(hertz).add_to(Dbm0(level).peak(), &mut pcm);
    rounded(&pcm)
}

/// The signal with white noise of this level.
pub(crate) fn with_noise(pcm: &[i16], level: Dbm0, seed: u64) -> Vec<i16> {
    let mut samples: Vec<_> = pcm.iter().map(|it| f32::from(*it)).collect();
    add_noise(&mut samples, level, seed);
    rounded(&samples)
}

/// Adds white noise of this level.
pub(crate) fn add_noise(samples: &mut [f32], level: Dbm0, seed: u64) {
    let mut chance = Chance::new(0x9876_5432 + seed * 977);
    // A uniform sample has a third of its peak's square.
    let peak = (level.mean_square() * 3.0).sqrt();
    for sample in samples {
        *sample += peak * f32::from(chance.sample()) / 32_768.0;
    }
}

/// The nearest samples.
pub(crate) fn rounded(samples: &[f32]) -> Vec<i16> {
    samples.iter().map(|it| it.round() as i16).collect()
}

/// So many seconds of noise, now white, now such as a car makes, and from second to second 1 dB
/// fainter, down by 40 dB and again.
pub(crate) fn noise(seconds: usize) -> impl Iterator<Item = Vec<i16>> {
    let mut chance = Chance::new(9);
    let mut smooth = 0.0_f32;
    (0..seconds).map(move |second| {
        let loud = 10_f32.powf(-((second % 40) as f32) / 20.0);
        let mut sample = || {
            let white = f32::from(chance.sample());
            smooth += 0.2 * (white - smooth);
            (loud * if second % 2 == 0 { white } else { 2.0 * smooth }) as i16
        };
        (0..8_000).map(|_| sample()).collect()
    })
}

/// So many seconds of music: notes of the tempered scale, one to three at once, dying away. Each
/// has its harmonics: two pure tones of F5 and E6, say, would be a 2.
pub(crate) fn music(seconds: usize) -> impl Iterator<Item = Vec<i16>> {
    let mut chance = Chance::new(5);
    (0..seconds).map(move |_| bar(&mut chance))
}

fn bar(chance: &mut Chance) -> Vec<i16> {
    let mut samples = vec![0.0; 8_000];
    let note = samples.len() / [1, 2, 4, 8][chance.below(4)];
    for part in samples.chunks_mut(note) {
        for _ in 0..1 + chance.below(3) {
            let hertz = 110.0 * 2_f64.powf(chance.below(48) as f64 / 12.0);
            let fading = 0.5 + chance.below(50) as f32 / 100.0;
            for harmonic in 1..=3 + chance.below(6) as i32 {
                let at = hertz * f64::from(harmonic);
                if at < 3_800.0 {
                    Oscillator::new(at).add_to(4_000.0 * fading.powi(harmonic - 1), part);
                }
            }
        }
        let steps = part.len() as f32;
        for (at, sample) in part.iter_mut().enumerate() {
            *sample *= 1.0 - 0.7 * at as f32 / steps;
        }
    }
    rounded(&samples)
}
