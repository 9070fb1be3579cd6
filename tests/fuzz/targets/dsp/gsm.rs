//! Any octets at the GSM full rate decoder, some frames lost.
#![no_main]

use libfuzzer_sys::fuzz_target;
use media_dsp::gsm::Decoder;

fuzz_target!(|octets: &[u8]| {
    let mut decoder = Decoder::new();
    let mut pcm = [0; 160];
    for frame in octets.chunks(33) {
        if decoder.decode(frame, &mut pcm).is_err() {
            decoder.conceal(&mut pcm).unwrap();
        }
    }
});
