//! G.729 Annex A and B against the ITU's vectors, and what they do not cover.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

mod oracle;

use media_dsp::g729::{Decoder, Dtx, Encoder, FRAME, itu};
use oracle::{vector, words};

/// Decodes a vector and compares every sample.
fn decodes(bits: &str, speech: &str) {
    let (Some(bits), Some(speech)) =
        (vector(&format!("g729a/{bits}")), vector(&format!("g729a/{speech}")))
    else {
        return;
    };
    let (bits, speech) = (words(&bits), words(&speech));
    let mut decoder = Decoder::new();
    let mut rest = &bits[..];
    let mut pcm = [0; FRAME];
    let mut expected = speech.chunks_exact(FRAME);
    let mut number = 0;
    while let Some((frame, length)) = itu::read(rest) {
        decoder.decode_frame(frame.as_ref(), &mut pcm);
        assert_eq!(pcm, expected.next().unwrap(), "frame {number}");
        rest = &rest[length..];
        number += 1;
    }
    assert!(rest.is_empty() && expected.next().is_none() && number > 10);
}

macro_rules! decoded {
    ($($name:ident: $bits:literal $speech:literal;)*) => {
        $(#[test] fn $name() { decodes($bits, $speech); })*
    };
}

decoded! {
    algthm_is_decoded_exactly: "ALGTHM.BIT" "ALGTHM.PST";
    erasure_is_decoded_exactly: "ERASURE.BIT" "ERASURE.PST";
    fixed_is_decoded_exactly: "FIXED.BIT" "FIXED.PST";
    lsp_is_decoded_exactly: "LSP.BIT" "LSP.PST";
    overflow_is_decoded_exactly: "OVERFLOW.BIT" "OVERFLOW.PST";
    parity_is_decoded_exactly: "PARITY.BIT" "PARITY.PST";
    pitch_is_decoded_exactly: "PITCH.BIT" "PITCH.PST";
    speech_is_decoded_exactly: "SPEECH.BIT" "SPEECH.PST";
    tame_is_decoded_exactly: "TAME.BIT" "TAME.PST";
    test_is_decoded_exactly: "TEST.BIT" "TEST.pst";
}

/// Encodes a vector and compares every frame.
fn encodes(speech: &str, bits: &str) {
    let (Some(speech), Some(bits)) =
        (vector(&format!("g729a/{speech}")), vector(&format!("g729a/{bits}")))
    else {
        return;
    };
    let (speech, bits) = (words(&speech), words(&bits));
    let mut encoder = Encoder::new(Dtx::Off);
    let mut rest = &bits[..];
    for (number, pcm) in speech.as_chunks::<FRAME>().0.iter().enumerate() {
        let (expected, length) = itu::read(rest).unwrap();
        assert_eq!(Some(encoder.encode_frame(pcm)), expected, "frame {number}");
        rest = &rest[length..];
    }
    assert!(rest.is_empty());
}

macro_rules! encoded {
    ($($name:ident: $speech:literal $bits:literal;)*) => {
        $(#[test] fn $name() { encodes($speech, $bits); })*
    };
}

encoded! {
    algthm_is_encoded_exactly: "ALGTHM.IN" "ALGTHM.BIT";
    fixed_is_encoded_exactly: "FIXED.IN" "FIXED.BIT";
    lsp_is_encoded_exactly: "LSP.IN" "LSP.BIT";
    pitch_is_encoded_exactly: "PITCH.IN" "PITCH.BIT";
    speech_is_encoded_exactly: "SPEECH.IN" "SPEECH.BIT";
    tame_is_encoded_exactly: "TAME.IN" "TAME.BIT";
    test_is_encoded_exactly: "TEST.IN" "TEST.BIT";
}
