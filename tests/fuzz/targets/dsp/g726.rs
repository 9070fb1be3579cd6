//! Any octets at the G.726 decoder, at each rate, in both packings, to samples and to octets of G.711: alone,
//! and as several channels side by side.
#![no_main]

use libfuzzer_sys::fuzz_target;
use media_dsp::arch::Level;
use media_dsp::g711::Law;
use media_dsp::g726::{Decoder, Packing, Rate};

fuzz_target!(|octets: &[u8]| {
    // As many channels as the first octet says.
    let count = 1 + usize::from(octets.first().copied().unwrap_or(0)) % 20;
    let length = octets.len() / count;
    let payload: Vec<_> = (0..count).map(|channel| &octets[channel * length..][..length]).collect();
    for rate in [Rate::Kbit16, Rate::Kbit24, Rate::Kbit32, Rate::Kbit40] {
        for packing in [Packing::Rtp, Packing::Aal2] {
            let mut decoder = Decoder::new(rate, packing);
            let mut pcm = vec![0; decoder.samples(octets.len())];
            decoder.decode(octets, &mut pcm).unwrap();
            let mut law = vec![0; pcm.len()];
            decoder.decode_law(Law::A, octets, &mut law).unwrap();
        }
        let decoders = vec![Decoder::new(rate, Packing::Rtp); count];
        let samples = decoders[0].samples(length);
        let results = Level::here().map(|level| {
            let (mut decoders, mut law) = (decoders.clone(), vec![vec![0; samples]; count]);
            let mut channels: Vec<_> = decoders.iter_mut().collect();
            let mut outs: Vec<_> = law.iter_mut().map(|it| &mut it[..]).collect();
            Decoder::decode_law_batch(level, Law::Mu, &mut channels, &payload, &mut outs).unwrap();
            (decoders, law)
        });
        let results: Vec<_> = results.collect();
        assert!(results.windows(2).all(|pair| pair[0] == pair[1]));
    }
});
