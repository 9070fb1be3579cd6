//! The composite source signals of ITU-T G.168 Annex C: a voiced sound, pseudo-noise, a pause; then the same
//! upside down.

use super::line::{amplitude, gauss};
use super::models::{VOICED_C1, VOICED_C3};
use super::oracle::Chance;
use std::f32::consts::TAU;

/// C.1, single talk: 48.62 ms of voiced sound, 200 ms of noise, 101.38 ms of pause. Two such halves.
pub(crate) fn single_talk(level: f32) -> Vec<i16> {
    let noise: Vec<f32> = pseudo_noise(1600);
    signal(&VOICED_C1, 389, &noise, 811, level)
}

/// C.3, double talk: 72.69 ms of voiced sound, 200 ms of white noise, 127.31 ms of pause. Two such halves.
pub(crate) fn double_talk(level: f32) -> Vec<i16> {
    let mut chance = Chance::new(3);
    let noise: Vec<f32> = (0..1600).map(|_| gauss(&mut chance)).collect();
    signal(&VOICED_C3, 582, &noise, 1018, level)
}

fn signal(voiced: &[i16], sounded: usize, noise: &[f32], pause: usize, level: f32) -> Vec<i16> {
    let half: Vec<f32> = normal(&voice(voiced, sounded))
        .into_iter()
        .chain(normal(noise))
        .chain(std::iter::repeat_n(0.0, pause))
        .collect();
    let scale = amplitude(level);
    half.iter()
        .map(|it| it * scale)
        .chain(half.iter().map(|it| -it * scale))
        .map(|it| it as i16)
        .collect()
}

/// A period at 44.1 kHz as the same sound at 8 kHz, below 3.6 kHz, by its Fourier series.
fn voice(period: &[i16], samples: usize) -> Vec<f32> {
    let length = period.len() as f32;
    let mut sound = vec![0.0; samples];
    let mut harmonic = 1;
    while harmonic as f32 * 44_100.0 / length < 3600.0 {
        let (mut re, mut im) = (0.0, 0.0);
        for (place, &value) in period.iter().enumerate() {
            let angle = TAU * (harmonic * place % period.len()) as f32 / length;
            re += f32::from(value) * angle.cos();
            im += f32::from(value) * angle.sin();
        }
        for (time, sound) in sound.iter_mut().enumerate() {
            let angle = TAU * harmonic as f32 * (time as f32 * 44_100.0 / 8000.0 / length).fract();
            *sound += re * angle.cos() + im * angle.sin();
        }
        harmonic += 1;
    }
    sound
}

/// Noise of equal power and random sign at each multiple of 5 Hz between 200 and 3600 Hz.
fn pseudo_noise(samples: usize) -> Vec<f32> {
    let mut chance = Chance::new(1);
    let phases: Vec<f32> = (40..720).map(|_| f32::from(chance.sample()) / 32_768.0 * TAU).collect();
    let wave: Vec<f32> = (0..1600).map(|step| (TAU * step as f32 / 1600.0).cos()).collect();
    let shift = |phase: f32| ((phase / TAU * 1600.0) as isize).rem_euclid(1600) as usize;
    (0..samples)
        .map(|time| {
            let tones = phases.iter().zip(40..);
            tones.map(|(&phase, tone)| wave[(tone * time + shift(phase)) % 1600]).sum()
        })
        .collect()
}

fn normal(sound: &[f32]) -> Vec<f32> {
    let power: f32 = sound.iter().map(|it| it * it).sum::<f32>() / sound.len() as f32;
    sound.iter().map(|it| it / power.sqrt()).collect()
}
