//! G.723.1 against the vectors of the ITU and against FFmpeg.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod oracle;

use media_dsp::g7231::{Decoder, Encoder, FRAME_SAMPLES, Frame, HighPass, PostFilter, Rate, Vad};
use oracle::{vector, words};

/// The samples of a coded vector. `losses`: a word for each frame, other than 0 where it is lost.
fn decoded(coded: &[u8], post_filter: PostFilter, losses: &[i16]) -> Vec<i16> {
    let mut decoder = Decoder::new().with_post_filter(post_filter);
    let mut rest = coded;
    let mut all = Vec::new();
    let mut losses = losses.iter();
    while let Some(&first) = rest.first() {
        let (frame, after) = rest.split_at(Frame::beginning(first).octets());
        rest = after;
        let mut pcm = [0; FRAME_SAMPLES];
        match losses.next() {
            None | Some(0) => decoder.decode(frame, &mut pcm),
            Some(_) => decoder.conceal(&mut pcm),
        }
        .unwrap();
        all.extend(pcm);
    }
    all
}

fn decodes(coded: &str, expected: &str, post_filter: PostFilter, losses: Option<&str>) {
    let Some(input) = vector(&format!("g7231/{coded}")) else { return };
    let expected = words(&vector(&format!("g7231/{expected}")).unwrap());
    let losses = losses.map_or(Vec::new(), |it| words(&vector(&format!("g7231/{it}")).unwrap()));
    same(&decoded(&input, post_filter, &losses), &expected);
}

fn same(ours: &[i16], expected: &[i16]) {
    assert_eq!(ours.len(), expected.len());
    let place = ours.iter().zip(expected).position(|(ours, expected)| ours != expected);
    assert!(place.is_none(), "sample {place:?} of {}", ours.len());
}

#[test]
fn decoder_vector_pathd63p_with_erasures() {
    decodes("PATHD63P.TCO", "PATHD63P.ROU", PostFilter::On, Some("PATHD63P.CRC"));
}

#[test]
fn decoder_vector_pathd53() {
    decodes("PATHD53.TCO", "PATHD53.ROU", PostFilter::Off, None);
}

#[test]
fn decoder_vector_overd63p() {
    decodes("OVERD63P.TCO", "OVERD63P.ROU", PostFilter::On, None);
}

#[test]
fn decoder_vector_overd53() {
    decodes("OVERD53.TCO", "OVERD53.ROU", PostFilter::Off, None);
}

#[test]
fn decoder_vector_ineqd53() {
    decodes("INEQD53.TCO", "INEQD53.ROU", PostFilter::Off, None);
}

#[test]
fn decoder_vector_tamed63p_with_erasures() {
    decodes("TAMED63P.TCO", "TAMED63P.ROU", PostFilter::On, Some("TAMED63P.CRC"));
}

#[test]
fn decoder_vector_dtx63() {
    decodes("DTX63.RCO", "DTX63.ROU", PostFilter::On, None);
}

#[test]
fn decoder_vector_dtx53() {
    decodes("DTX53.RCO", "DTX53.ROU", PostFilter::On, None);
}

#[test]
fn decoder_vector_dtxmix() {
    decodes("DTXMIX.RCO", "DTXMIX.ROU", PostFilter::On, None);
}

#[test]
fn decoder_vector_dtx63b() {
    decodes("DTX63B.TCO", "DTX63B.ROU", PostFilter::On, None);
}

#[test]
fn decoder_vector_dtx63e_with_erasures() {
    decodes("DTX63E.TCO", "DTX63E.ROU", PostFilter::On, Some("DTX63E.CRC"));
}

/// The octets of samples. `rates`: an octet for each frame, 1 for the low rate.
fn encoded(mut encoder: Encoder, samples: &[i16], rates: &[u8]) -> Vec<u8> {
    let mut rates = rates.iter();
    let mut all = Vec::new();
    for samples in samples.chunks_exact(FRAME_SAMPLES) {
        if let Some(&rate) = rates.next() {
            encoder.set_rate(if rate == 1 { Rate::Low } else { Rate::High });
        }
        let mut octets = [0; 24];
        let frame = encoder.encode(samples, &mut octets).unwrap();
        all.extend(&octets[..frame.octets()]);
    }
    all
}

fn encodes(samples: &str, expected: &str, encoder: Encoder, rates: Option<&str>) {
    let Some(input) = vector(&format!("g7231/{samples}")) else { return };
    let expected = vector(&format!("g7231/{expected}")).unwrap();
    let rates = rates.map_or(Vec::new(), |it| vector(&format!("g7231/{it}")).unwrap());
    let ours = encoded(encoder, &words(&input), &rates);
    let place = ours.iter().zip(&expected).position(|(ours, expected)| ours != expected);
    assert!(place.is_none(), "octet {place:?} of {}", expected.len());
    assert_eq!(ours.len(), expected.len());
}

fn plain(rate: Rate) -> Encoder {
    Encoder::new(rate, Vad::Off).with_high_pass(HighPass::Off)
}

#[test]
fn encoder_vector_pathc63h() {
    encodes("PATHC63H.TIN", "PATHC63H.RCO", Encoder::new(Rate::High, Vad::Off), None);
}

#[test]
fn encoder_vector_pathc53() {
    encodes("PATHC53.TIN", "PATHC53.RCO", plain(Rate::Low), None);
}

#[test]
fn encoder_vector_overc63() {
    encodes("OVERC63.TIN", "OVERC63.RCO", plain(Rate::High), None);
}

#[test]
fn encoder_vector_overc53h() {
    encodes("OVERC53H.TIN", "OVERC53H.RCO", Encoder::new(Rate::Low, Vad::Off), None);
}

#[test]
fn encoder_vector_codec63() {
    encodes("CODEC63.TIN", "CODEC63.RCO", plain(Rate::High), None);
}

#[test]
fn encoder_vector_ineqc53() {
    encodes("INEQC53.TIN", "INEQC53.RCO", plain(Rate::Low), None);
}

#[test]
fn encoder_vector_tamec63h() {
    encodes("TAMEC63H.TIN", "TAMEC63H.RCO", Encoder::new(Rate::High, Vad::Off), None);
}

#[test]
fn encoder_vector_dtx63() {
    encodes("DTX63.TIN", "DTX63.RCO", Encoder::new(Rate::High, Vad::On), None);
}

#[test]
fn encoder_vector_dtx53() {
    encodes("DTX53MIX.TIN", "DTX53.RCO", Encoder::new(Rate::Low, Vad::On), None);
}

#[test]
fn encoder_vector_dtxmix_with_changing_rates() {
    let encoder = Encoder::new(Rate::High, Vad::On);
    encodes("DTX53MIX.TIN", "DTXMIX.RCO", encoder, Some("DTXMIX.RAT"));
}
