//! Any octets at AMR-WB: as a payload in both framings, and as stored frames, some of them lost.
#![no_main]

use libfuzzer_sys::fuzz_target;
use media_dsp::amrwb::rtp::{Framing, Payload};
use media_dsp::amrwb::{Decoder, FRAME, Frame, Lineage};

fuzz_target!(|octets: &[u8]| {
    let mut pcm = [0; FRAME];
    for lineage in [Lineage::Standard, Lineage::Opencore] {
        let mut decoder = Decoder::new(lineage);
        let mut rest = octets;
        while let Ok((frame, length)) = Frame::read(rest) {
            decoder.decode_frame(&frame, &mut pcm).unwrap();
            rest = &rest[length..];
        }
        decoder.conceal(&mut pcm).unwrap();
        for framing in [Framing::OctetAligned, Framing::BandwidthEfficient] {
            if let Ok(payload) = Payload::read(framing, octets) {
                for frame in payload.frames() {
                    decoder.decode_frame(&frame, &mut pcm).unwrap();
                }
            }
        }
    }
});
