//! Any octets at the G.729 decoder: as a payload, and as serial words with frames lost and not sent.
#![no_main]

use libfuzzer_sys::fuzz_target;
use media_dsp::g729::{Decoder, FRAME, SPEECH_OCTETS, itu};

fuzz_target!(|octets: &[u8]| {
    let mut decoder = Decoder::new();
    let mut pcm = vec![0; octets.len().div_ceil(SPEECH_OCTETS) * FRAME];
    let _ = decoder.decode(octets, &mut pcm);
    let words: Vec<i16> =
        octets.chunks_exact(2).map(|it| i16::from_le_bytes([it[0], it[1]])).collect();
    let mut rest = words.as_slice();
    let mut samples = [0; FRAME];
    while let Some((frame, length)) = itu::read(rest) {
        decoder.decode_frame(frame.as_ref(), &mut samples);
        rest = &rest[length..];
    }
});
