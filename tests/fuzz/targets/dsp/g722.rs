//! Any octets at the G.722 decoder, in each mode: alone, and as several channels side by side.
#![no_main]

use libfuzzer_sys::fuzz_target;
use media_dsp::arch::Level;
use media_dsp::g722::{Decoder, Mode};

fuzz_target!(|octets: &[u8]| {
    let modes = [Mode::One, Mode::Two, Mode::Three];
    let mut pcm = vec![0; octets.len() * 2];
    for mode in modes {
        assert_eq!(Decoder::new(mode).decode(octets, &mut pcm), Ok(pcm.len()));
    }
    // As many channels as the first octet says.
    let count = 1 + usize::from(octets.first().copied().unwrap_or(0)) % 20;
    let length = octets.len() / count;
    let payload: Vec<_> = (0..count).map(|channel| &octets[channel * length..][..length]).collect();
    let decoders: Vec<_> = modes.into_iter().cycle().take(count).map(Decoder::new).collect();
    let results = Level::here().map(|level| {
        let (mut decoders, mut pcm) = (decoders.clone(), vec![vec![0; 2 * length]; count]);
        let mut channels: Vec<_> = decoders.iter_mut().collect();
        let mut outs: Vec<_> = pcm.iter_mut().map(|it| &mut it[..]).collect();
        Decoder::decode_batch(level, &mut channels, &payload, &mut outs).unwrap();
        (decoders, pcm)
    });
    let results: Vec<_> = results.collect();
    assert!(results.windows(2).all(|pair| pair[0] == pair[1]));
});
