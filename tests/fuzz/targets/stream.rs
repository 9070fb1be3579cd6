//! Any stream of octets, in any pieces: the same frames come out as in one piece.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sip::Message;
use sip::stream::{Frame, Framer};

fuzz_target!(|bytes: &[u8]| {
    let Some((&step, stream)) = bytes.split_first() else { return };
    let whole = frames(stream, stream.len().max(1));
    let pieces = frames(stream, usize::from(step).max(1));
    assert_eq!(whole, pieces, "how a stream was cut on its way changes nothing");
});

/// What came out of the stream, pushed in pieces of this size; the last entry says how it ended.
fn frames(stream: &[u8], step: usize) -> Vec<Vec<u8>> {
    let mut framer = Framer::new();
    let mut found = Vec::new();
    for piece in stream.chunks(step) {
        framer.push(piece);
        loop {
            match framer.take() {
                Ok(Some(Frame::Message(bytes))) => {
                    let _ = Message::parse_framed(bytes);
                    found.push(bytes.to_vec());
                }
                Ok(Some(Frame::Ping | Frame::Pong)) => {}
                Ok(None) => break,
                Err(broken) => {
                    found.push(broken.reason().as_bytes().to_vec());
                    return found;
                }
            }
        }
    }
    found
}
