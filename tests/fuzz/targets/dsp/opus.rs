//! Any octets as an Opus payload: alone, as what repairs the one before it, and after a loss.
#![no_main]

use libfuzzer_sys::fuzz_target;
use media_dsp::opus::{Decoder, Rate};

fuzz_target!(|octets: &[u8]| {
    let mut decoder = Decoder::new(Rate::Hz48000);
    let mut pcm = vec![0; 960 * 6];
    let (one, other) = octets.split_at(octets.len() / 2);
    let _ = decoder.decode(one, &mut pcm);
    let _ = decoder.recover(other, &mut pcm[..960]);
    let _ = decoder.conceal(&mut pcm[..960]);
    let _ = decoder.decode(octets, &mut pcm);
});
