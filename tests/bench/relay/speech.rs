//! Real speech in an encoding, to be said over and over, and whether what comes back is speech again.

use crate::way::Tongue;
use media::codec::{Decoder, Encoder, Shape};
use media::sound::Sound;
use media_dsp::resample::{Rate, Resampler};
use std::fs;
use std::path::PathBuf;

/// Half a minute of prompts as packets of 20 ms.
pub(crate) struct Speech {
    pub(crate) tongue: Tongue,
    payloads: Vec<Vec<u8>>,
    /// How loud each of them is: the mean square.
    power: Vec<f64>,
}

impl Speech {
    pub(crate) fn new(tongue: Tongue) -> Self {
        Self::of(tongue, prompts())
    }

    /// Of somebody who only listens, in a room that is not quite still.
    pub(crate) fn hush(tongue: Tongue) -> Self {
        let mut chance = 1_u32;
        let hiss = (0..SAMPLES).map(|_| {
            chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (chance >> 29) as i16 - 4
        });
        Self::of(tongue, hiss.collect())
    }

    fn of(tongue: Tongue, narrow: Vec<i16>) -> Self {
        let shape = Shape::new(tongue.codec, Rate::Hz48000, 20).unwrap();
        let mut wide = vec![0; narrow.len() * shape.rate().hz() / 8_000 + 1_000];
        let mut resampler = Resampler::new(Rate::Hz8000, shape.rate());
        let length = resampler.resample(&narrow, &mut wide).unwrap();
        let mut encoder = Encoder::new(shape).unwrap();
        let mut out = [0; 1_500];
        let encoded = wide[..length].chunks_exact(shape.packet()).map(|pcm| {
            let length = encoder.encode(pcm, &mut out).unwrap();
            out[..length].to_vec()
        });
        let payloads: Vec<_> = encoded.collect();
        let power = narrow.chunks_exact(160).map(power).take(payloads.len()).collect();
        Self { tongue, payloads, power }
    }

    /// What is said in a round by who begins at another place than others.
    pub(crate) fn payload(&self, place: usize, round: u32) -> &[u8] {
        &self.payloads[self.at(place, round)]
    }

    /// Ticks of the clock in 20 ms.
    pub(crate) fn ticks(&self) -> u32 {
        self.tongue.codec.clock() / 50
    }

    fn at(&self, place: usize, round: u32) -> usize {
        (place * 37 + round as usize) % self.payloads.len()
    }

    /// By how many decibels what was heard of somebody is louder than what he said.
    pub(crate) fn gain(&self, place: usize, heard: &[(u32, Vec<u8>)], tongue: Tongue) -> f64 {
        let mut decoder = Decoder::new(tongue.codec, Rate::Hz8000).unwrap();
        let mut pcm = [0; 6_000];
        let (mut said, mut came) = (0.0, 0.0);
        for (round, payload) in heard {
            let samples = decoder.decode(payload, &mut pcm).expect("a payload that can be decoded");
            came += power(&pcm[..samples]);
            said += self.power[self.at(place, *round)];
        }
        10.0 * (came / said).log10()
    }
}

fn power(pcm: &[i16]) -> f64 {
    pcm.iter().map(|it| f64::from(*it).powi(2)).sum::<f64>() / pcm.len().max(1) as f64
}

/// Sentences of `asterisk-core-sounds-en-wav`, 8 kHz.
fn prompts() -> Vec<i16> {
    let within = fs::read_dir(PROMPTS).expect("apt-get install asterisk-core-sounds-en-wav");
    let mut files: Vec<PathBuf> = within.flatten().map(|entry| entry.path()).collect();
    files.retain(|it| it.extension().is_some_and(|it| it == "wav"));
    files.sort();
    let mut samples = Vec::new();
    for file in files {
        let sound = Sound::read(&fs::read(file).unwrap()).unwrap();
        assert_eq!(sound.rate, Rate::Hz8000);
        samples.extend(sound.pcm);
        if samples.len() >= SAMPLES {
            break;
        }
    }
    samples.truncate(SAMPLES);
    samples
}

const PROMPTS: &str = "/usr/share/asterisk/sounds/en_US_f_Allison";
const SAMPLES: usize = 30 * 8_000;
