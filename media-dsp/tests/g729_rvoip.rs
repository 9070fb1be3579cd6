//! G.729 A and B against the implementation of other hands that is exact too, frame by frame: speech at
//! levels from overload to near silence, noise, sweeps, and what is none of these.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod oracle;

use codec_core::codecs::g729::G729Codec;
use codec_core::types::{AudioCodec, CodecConfig};
use media_dsp::g729::{Decoder, Dtx, Encoder, FRAME, Frame};
use oracle::{Chance, speech, synthetic_speech};

/// Encodes and decodes with both; frames that are not sent are decoded as such.
fn agree(what: &str, pcm: &[i16]) {
    for (dtx, config) in [(Dtx::Off, CodecConfig::g729a()), (Dtx::AnnexB, CodecConfig::g729ba())] {
        let mut theirs = G729Codec::new(config).unwrap();
        let (mut encoder, mut decoder) = (Encoder::new(dtx), Decoder::new());
        let mut paused = 0;
        for (number, samples) in pcm.as_chunks::<FRAME>().0.iter().enumerate() {
            let octets = theirs.encode(samples).unwrap();
            assert_eq!(encoder.encode_frame(samples).octets(), octets, "{what} {dtx:?} {number}");
            let frame = match octets.as_slice() {
                [first, second] => Frame::Sid([*first, *second]),
                [] => Frame::Untransmitted,
                speech => Frame::Speech(speech.try_into().unwrap()),
            };
            // It takes what is not sent for lost, and is silent after ten frames; we go on.
            paused = if frame == Frame::Untransmitted { paused + 1 } else { 0 };
            let sent = (frame != Frame::Untransmitted).then_some(&frame);
            let mut sound = [0; FRAME];
            decoder.decode_frame(sent, &mut sound);
            let expected = theirs.decode(&octets).unwrap();
            if paused <= 10 {
                assert_eq!(sound.as_slice(), expected, "{what} {dtx:?} {number} decoded");
            }
        }
    }
}

#[test]
fn speech_at_every_level_is_the_same() {
    let Some(speech) = speech(10) else { return };
    for (times, by) in [(1, 1), (16, 1), (4, 1), (1, 16), (1, 256)] {
        let pcm: Vec<i16> = speech.iter().map(|it| it.saturating_mul(times) / by).collect();
        agree(&format!("speech {times}/{by}"), &pcm);
    }
}

#[test]
fn speech_in_noise_and_between_noise_is_the_same() {
    let Some(speech) = speech(10) else { return };
    let mut chance = Chance::new(11);
    let noisy: Vec<i16> =
        speech.iter().map(|it| it.saturating_add(chance.sample() / 200)).collect();
    agree("speech in noise", &noisy);
    let turns = speech.iter().enumerate();
    let bursts: Vec<i16> = turns
        .map(|(at, it)| if at / 12_345 % 2 == 0 { *it } else { chance.sample() / 300 })
        .collect();
    agree("speech and noise in turn", &bursts);
}

/// A second of every ten: some of each voice, half of them men with long pitch lags.
#[test]
fn a_dozen_synthetic_voices_are_the_same() {
    let Some(speech) = synthetic_speech() else { return };
    let seconds = speech.chunks(80_000).flat_map(|ten| &ten[..ten.len().min(8_000)]);
    agree("synthetic voices", &seconds.copied().collect::<Vec<_>>());
}

#[test]
fn what_is_no_speech_is_the_same() {
    let mut chance = Chance::new(5);
    for by in [1, 64, 1_024] {
        let noise: Vec<i16> = (0..40_000).map(|_| chance.sample() / by).collect();
        agree(&format!("noise / {by}"), &noise);
    }
    let square =
        (0..40_000).map(|at| if at / (20 + at / 1_000) % 2 == 0 { 32_767 } else { -32_768 });
    agree("squares of full scale", &square.collect::<Vec<i16>>());
    let clicks = (0..40_000).map(|at| if at % 977 == 0 { 32_767 } else { 0 });
    agree("clicks", &clicks.collect::<Vec<i16>>());
    agree("silence", &[0; 20_000]);
    agree("the least value", &[-32_768; 8_000]);
}
