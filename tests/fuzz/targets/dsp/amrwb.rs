//! Any octets at AMR-WB: as a payload in both framings, as stored frames, some of them lost, and as
//! samples to be encoded.
#![no_main]

use libfuzzer_sys::fuzz_target;
use media_dsp::amrwb::rtp::{self, Framing, Payload};
use media_dsp::amrwb::{Decoder, Encoder, FRAME, Frame, Lineage, Mode, Transmission};

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
            let Ok(payload) = Payload::read(framing, octets) else { continue };
            let frames: Vec<_> = payload.frames().collect();
            for frame in &frames {
                decoder.decode_frame(frame, &mut pcm).unwrap();
            }
            let mut written = vec![0; octets.len()];
            let count = rtp::write(framing, payload.request(), &frames, &mut written).unwrap();
            assert!(Payload::read(framing, &written[..count]).unwrap().frames().eq(frames));
        }
    }
    let samples: Vec<i16> =
        octets.as_chunks().0.iter().map(|&pair| i16::from_le_bytes(pair)).collect();
    let mut encoder = Encoder::new(Mode::M660, Transmission::Discontinuous);
    for (samples, mode) in samples.chunks_exact(FRAME).zip(Mode::ALL.into_iter().cycle()) {
        encoder.set_mode(mode);
        encoder.encode_frame(samples).unwrap();
    }
});
