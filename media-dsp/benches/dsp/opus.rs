//! Opus: what libopus takes, called through the wrapper.

use crate::oracle::speech;
use crate::{Bench, Goal};
use media_dsp::opus::{Bandwidth, Decoder, Encoder, Rate, Settings};
use media_dsp::resample::{self, Resampler};
use std::hint::black_box;

pub(crate) fn run(bench: &mut Bench) {
    let Some(speech) = speech(4) else { return };
    for (rate, to, bit_rate, bandwidth, what) in [
        (Rate::Hz8000, resample::Rate::Hz8000, 12_000, Bandwidth::Narrow, "narrow, 12 kbit/s"),
        (Rate::Hz16000, resample::Rate::Hz16000, 20_000, Bandwidth::Wide, "wide, 20 kbit/s"),
        (Rate::Hz48000, resample::Rate::Hz48000, 32_000, Bandwidth::Full, "full, 32 kbit/s"),
    ] {
        let mut resampler = Resampler::new(resample::Rate::Hz8000, to);
        let mut pcm = vec![0; resampler.output_len(speech.len())];
        resampler.resample(&speech, &mut pcm).unwrap();
        let settings = Settings { bit_rate, bandwidth, ..Settings::default() };
        let mut encoder = Encoder::new(rate, settings);
        let frames: Vec<_> = pcm.chunks_exact(rate.hz() / 50).collect();
        let mut payloads = vec![Vec::new(); frames.len()];
        let mut encode = || {
            for (frame, payload) in frames.iter().zip(&mut payloads) {
                payload.resize(1_275, 0);
                let len = encoder.encode(frame, payload).unwrap();
                payload.truncate(len);
            }
        };
        encode();
        bench.row(
            &format!("opus encode, {what}"),
            Goal::Stated,
            frames.len(),
            &mut encode,
            &mut [],
        );
        let mut decoder = Decoder::new(rate);
        let mut out = vec![0; rate.hz() / 50];
        let mut decode = || {
            for payload in &payloads {
                decoder.decode(payload, &mut out).unwrap();
                black_box(&out);
            }
        };
        bench.row(
            &format!("opus decode, {what}"),
            Goal::Stated,
            frames.len(),
            &mut decode,
            &mut [],
        );
    }
}
