//! Any octets as a description of comfort noise (RFC 3389), and the noise that follows from it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use media_dsp::cn::{Generator, Noise};

fuzz_target!(|octets: &[u8]| {
    if let Ok(noise) = Noise::parse(octets) {
        let mut generator = Generator::new(1);
        generator.describe(noise);
        generator.generate(&mut [0; 800]);
    }
});
