//! Any octets at the G.722 decoder, in each mode.
#![no_main]

use libfuzzer_sys::fuzz_target;
use media_dsp::g722::{Decoder, Mode};

fuzz_target!(|octets: &[u8]| {
    let mut pcm = vec![0; octets.len() * 2];
    for mode in [Mode::One, Mode::Two, Mode::Three] {
        assert_eq!(Decoder::new(mode).decode(octets, &mut pcm), Ok(pcm.len()));
    }
});
