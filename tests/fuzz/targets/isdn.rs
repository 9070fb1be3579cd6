//! An ISDN interface and whatever happens to it: messages, time, links, requests. Its calls and channels
//! stay in order, and nothing grows.
#![no_main]

#[path = "../../../appliance/tdm/tests/isdn/octets/play.rs"]
mod play;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| play::play(octets));
