//! Any octets at the G.711 decoder and transcoder, in both laws: every level gives what the tables give.
#![no_main]

use libfuzzer_sys::fuzz_target;
use media_dsp::arch::Level;
use media_dsp::g711::{Decoder, Law, Transcoder};

fuzz_target!(|octets: &[u8]| {
    for law in [Law::A, Law::Mu] {
        let results = Level::here().map(|level| {
            let (mut pcm, mut others) = (vec![0; octets.len()], vec![0; octets.len()]);
            Decoder::with_level(law, level).decode(octets, &mut pcm).unwrap();
            Transcoder::with_level(law, level).transcode(octets, &mut others).unwrap();
            (pcm, others)
        });
        let results: Vec<_> = results.collect();
        assert!(results.windows(2).all(|pair| pair[0] == pair[1]));
    }
});
