//! The vectors of the ITU, each whole and bit by bit, and a minute of speech against FFmpeg.

use crate::oracle::{ffmpeg, speech, vector, words};
use crate::{decoded, encoded, same};
use media_dsp::g7231::{Encoder, HighPass, PostFilter, Rate, Vad};

fn decodes(coded: &str, expected: &str, post_filter: PostFilter, losses: Option<&str>) {
    let Some(input) = vector(&format!("g7231/{coded}")) else { return };
    let expected = words(&vector(&format!("g7231/{expected}")).unwrap());
    let losses = losses.map_or(Vec::new(), |it| words(&vector(&format!("g7231/{it}")).unwrap()));
    same(&decoded(&input, post_filter, &losses), &expected);
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

/// FFmpeg's encoder does not tame the adaptive codebook: once that strikes, on speech hardly ever,
/// its frames differ until both memories have become alike again. All other frames are the same.
#[test]
fn ffmpeg_encodes_a_minute_of_speech_to_the_same_octets() {
    let Some(samples) = speech(60) else { return };
    let octets = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    let raw = ["-f", "s16le", "-ar", "8000", "-ac", "1"];
    let to = ["-c:a", "g723_1", "-b:a", "6300", "-f", "g723_1"];
    let Some(theirs) = ffmpeg(&raw, &to, octets) else { return };
    let ours = encoded(Encoder::new(Rate::High, Vad::Off), &samples, &[]);
    let pairs = ours.as_chunks::<24>().0.iter().zip(theirs.as_chunks().0);
    let different = pairs.filter(|(ours, theirs)| ours != theirs).count();
    assert_eq!(ours.len(), theirs.len());
    assert!(different <= ours.len() / 24 * 3 / 100, "{different} frames differ");
    let calm = 900 * 24;
    assert_eq!(ours[..calm], theirs[..calm]);
}

fn ffmpeg_decodes_the_same(rate: Rate, vad: Vad) {
    let Some(samples) = speech(60) else { return };
    let coded = encoded(Encoder::new(rate, vad), &samples, &[]);
    let Some(theirs) = ffmpeg(&["-f", "g723_1"], &["-f", "s16le"], coded.clone()) else { return };
    same(&decoded(&coded, PostFilter::On, &[]), &words(&theirs));
}

#[test]
fn ffmpeg_decodes_a_minute_at_the_high_rate_to_the_same_samples() {
    ffmpeg_decodes_the_same(Rate::High, Vad::Off);
}

#[test]
fn ffmpeg_decodes_a_minute_at_the_low_rate_to_the_same_samples() {
    ffmpeg_decodes_the_same(Rate::Low, Vad::Off);
}

#[test]
fn ffmpeg_decodes_a_minute_with_silence_to_the_same_samples() {
    ffmpeg_decodes_the_same(Rate::High, Vad::On);
    ffmpeg_decodes_the_same(Rate::Low, Vad::On);
}
