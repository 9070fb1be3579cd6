//! Any octets as what a caller ID says, in each of its forms, and any samples as what says it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use media_dsp::caller_id::{Receiver, Standard, digits, japan, message};

fuzz_target!(|octets: &[u8]| {
    if let Ok(message) = message::Message::parse(octets) {
        message.fields().for_each(drop);
    }
    if let Ok(notice) = japan::parse(octets) {
        notice.fields().for_each(drop);
    }
    if let Ok(text) = str::from_utf8(octets)
        && let Ok(identity) = digits::Identity::parse(text)
        && let Ok(composed) = identity.compose(digits::Form::Fields)
    {
        assert!(digits::Identity::parse(composed.as_str()).is_ok());
    }
    let pcm: Vec<i16> =
        octets.chunks_exact(2).map(|it| i16::from_le_bytes([it[0], it[1]])).collect();
    for standard in [Standard::Telcordia, Standard::Etsi, Standard::Japan] {
        Receiver::new(standard).hear(&pcm, |said| assert!(!said.is_empty()));
    }
});
