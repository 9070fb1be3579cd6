//! Any octets at the G.726 decoder, at each rate, in both packings, to samples and to octets of G.711.
#![no_main]

use libfuzzer_sys::fuzz_target;
use media_dsp::g711::Law;
use media_dsp::g726::{Decoder, Packing, Rate};

fuzz_target!(|octets: &[u8]| {
    for rate in [Rate::Kbit16, Rate::Kbit24, Rate::Kbit32, Rate::Kbit40] {
        for packing in [Packing::Rtp, Packing::Aal2] {
            let mut decoder = Decoder::new(rate, packing);
            let mut pcm = vec![0; decoder.samples(octets.len())];
            decoder.decode(octets, &mut pcm).unwrap();
            let mut law = vec![0; pcm.len()];
            decoder.decode_law(Law::A, octets, &mut law).unwrap();
        }
    }
});
