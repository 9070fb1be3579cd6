//! Any octets at G.723.1: as frames one after another, some of them lost, as a payload of them, and
//! as samples to be encoded.
#![no_main]

use libfuzzer_sys::fuzz_target;
use media_dsp::g7231::{Decoder, Encoder, FRAME_SAMPLES, Frame, Rate, Vad};

fuzz_target!(|octets: &[u8]| {
    let mut decoder = Decoder::new();
    let mut pcm = [0; FRAME_SAMPLES];
    let mut rest = octets;
    while let Some((&first, _)) = rest.split_first() {
        let length = Frame::beginning(first).octets();
        let (frame, after) = rest.split_at(length.min(rest.len()));
        if decoder.decode(frame, &mut pcm).is_err() || first & 0x80 != 0 {
            decoder.conceal(&mut pcm).unwrap();
        }
        rest = after;
    }
    let _ = decoder.decode(octets, &mut [0; 64 * FRAME_SAMPLES]);
    let samples: Vec<i16> =
        octets.as_chunks().0.iter().map(|&pair| i16::from_le_bytes(pair)).collect();
    let mut encoder = Encoder::new(Rate::High, Vad::On);
    for (number, samples) in samples.chunks_exact(FRAME_SAMPLES).enumerate() {
        encoder.set_rate(if number % 2 == 0 { Rate::Low } else { Rate::High });
        let mut frame = [0; 24];
        let kind = encoder.encode(samples, &mut frame).unwrap();
        assert_eq!(decoder.decode(&frame[..kind.octets()], &mut pcm), Ok(FRAME_SAMPLES));
    }
});
