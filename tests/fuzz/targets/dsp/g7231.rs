//! Any octets at the G.723.1 decoder: as frames one after another, some of them lost.
#![no_main]

use libfuzzer_sys::fuzz_target;
use media_dsp::g7231::{Decoder, FRAME_SAMPLES, Frame};

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
});
