//! G.723.1 against the vectors of the ITU and against FFmpeg.

// Writing to a program while it writes takes a thread.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods)]

mod oracle;

use media_dsp::codec::{DecodeError, EncodeError};
use media_dsp::g7231::{Decoder, Encoder, FRAME_SAMPLES, Frame, HighPass, PostFilter, Rate, Vad};
use oracle::{Chance, ffmpeg, speech, vector, words};
use proptest::prelude::*;

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

/// Half a second of a tone, coded.
fn tone() -> Vec<u8> {
    let wave = |at: usize| ((at as f64 * 0.3).sin() * 9_000.0) as i16;
    let samples: Vec<_> = (0..16 * FRAME_SAMPLES).map(wave).collect();
    encoded(Encoder::new(Rate::High, Vad::Off), &samples, &[])
}

fn loudness(samples: &[i16]) -> i32 {
    samples.iter().map(|it| i32::from(it.unsigned_abs())).sum::<i32>() / samples.len() as i32
}

#[test]
fn lost_frames_go_on_and_fade_to_silence_in_three() {
    let mut decoder = Decoder::new();
    let mut pcm = [0; 16 * FRAME_SAMPLES];
    decoder.decode(&tone(), &mut pcm).unwrap();
    let mut levels = vec![loudness(&pcm[15 * FRAME_SAMPLES..])];
    for _ in 0..4 {
        let mut frame = [0; FRAME_SAMPLES];
        assert_eq!(decoder.conceal(&mut frame), Ok(FRAME_SAMPLES));
        levels.push(loudness(&frame));
    }
    assert!(levels[1] > levels[0] / 4, "{levels:?}");
    assert!(levels.windows(2).all(|pair| pair[1] <= pair[0]), "{levels:?}");
    assert_eq!(levels[4], 0);
}

#[test]
fn a_lost_frame_in_silence_is_more_of_the_noise() {
    let silence = [0x02, 0x00, 0x00, 20 << 2];
    let (mut lost, mut sent) = (Decoder::new(), Decoder::new());
    let (mut one, mut other) = ([0; FRAME_SAMPLES], [0; FRAME_SAMPLES]);
    lost.decode(&silence, &mut one).unwrap();
    sent.decode(&silence, &mut other).unwrap();
    for _ in 0..5 {
        lost.conceal(&mut one).unwrap();
        sent.decode(&[3], &mut other).unwrap();
        assert_eq!(one, other);
        assert!(loudness(&one) > 0);
    }
}

#[test]
fn speech_with_parameters_out_of_range_is_concealed() {
    let coded = tone();
    let (mut damaged, mut lost) = (Decoder::new(), Decoder::new());
    let (mut one, mut other) = ([0; 16 * FRAME_SAMPLES], [0; 16 * FRAME_SAMPLES]);
    damaged.decode(&coded, &mut one).unwrap();
    lost.decode(&coded, &mut other).unwrap();
    let mut far = [0xff; 24];
    far[0] = 0;
    damaged.decode(&far, &mut one).unwrap();
    lost.conceal(&mut other).unwrap();
    same(&one, &other);
}

#[test]
fn a_payload_of_several_frames_is_all_of_them_and_a_part_of_one_is_malformed() {
    let coded = tone();
    let mut pcm = [0; 3 * FRAME_SAMPLES];
    let mut decoder = Decoder::new();
    assert_eq!(decoder.decode(&coded[..47], &mut pcm), Err(DecodeError::Malformed));
    assert_eq!(decoder.decode(&[], &mut pcm), Err(DecodeError::Malformed));
    let short = decoder.decode(&coded[..96], &mut pcm);
    assert_eq!(short, Err(DecodeError::NoRoom { needed: 4 * FRAME_SAMPLES }));
    assert_eq!(decoder.decode(&coded[..72], &mut pcm), Ok(3 * FRAME_SAMPLES));
    same(&pcm, &decoded(&coded[..72], PostFilter::On, &[]));
}

#[test]
fn an_encoder_asks_for_one_whole_frame_and_room_for_it() {
    let mut encoder = Encoder::new(Rate::Low, Vad::On);
    let wrong = encoder.encode(&[0; 160], &mut [0; 24]);
    assert_eq!(wrong, Err(EncodeError::FrameLength { frame: 240, given: 160 }));
    let short = encoder.encode(&[0; 240], &mut [0; 19]);
    assert_eq!(short, Err(EncodeError::NoRoom { needed: 20 }));
    assert_eq!(encoder.encode(&[0; 240], &mut [0; 20]), Ok(Frame::Speech(Rate::Low)));
}

#[test]
fn silence_is_described_once_and_then_not_sent() {
    let mut encoder = Encoder::new(Rate::High, Vad::On);
    let mut chance = Chance::new(1);
    let mut frames = Vec::new();
    for _ in 0..100 {
        let samples: [_; FRAME_SAMPLES] = std::array::from_fn(|_| chance.sample() >> 12);
        frames.push(encoder.encode(&samples, &mut [0; 24]).unwrap());
    }
    let described = frames.iter().filter(|&&it| it == Frame::Silence).count();
    let unsent = frames.iter().filter(|&&it| it == Frame::Untransmitted).count();
    assert!((1..10).contains(&described) && unsent > 80, "{described} {unsent}");
}

#[test]
fn a_clone_goes_on_alike() {
    let Some(samples) = speech(6) else { return };
    let (first, rest) = samples.split_at(100 * FRAME_SAMPLES);
    let mut encoder = Encoder::new(Rate::Low, Vad::On);
    let mut decoder = Decoder::new();
    for samples in first.chunks(FRAME_SAMPLES) {
        let mut octets = [0; 24];
        let frame = encoder.encode(samples, &mut octets).unwrap();
        decoder.decode(&octets[..frame.octets()], &mut [0; FRAME_SAMPLES]).unwrap();
    }
    let (mut other_encoder, mut other_decoder) = (encoder.clone(), decoder.clone());
    for samples in rest.chunks_exact(FRAME_SAMPLES) {
        let (mut octets, mut other) = ([0; 24], [0; 24]);
        let frame = encoder.encode(samples, &mut octets).unwrap();
        assert_eq!(other_encoder.encode(samples, &mut other), Ok(frame));
        assert_eq!(octets, other);
        let (mut pcm, mut other) = ([0; FRAME_SAMPLES], [0; FRAME_SAMPLES]);
        decoder.decode(&octets[..frame.octets()], &mut pcm).unwrap();
        other_decoder.decode(&octets[..frame.octets()], &mut other).unwrap();
        assert_eq!(pcm, other);
    }
}

#[test]
fn a_channel_takes_so_many_octets() {
    assert_eq!((size_of::<Encoder>(), size_of::<Decoder>()), (1_464, 432));
}

#[test]
fn noise_and_square_waves_at_any_level_are_encoded_and_decoded() {
    let mut chance = Chance::new(723);
    for (rate, vad) in [(Rate::High, Vad::Off), (Rate::Low, Vad::On)] {
        let mut encoder = Encoder::new(rate, vad);
        let mut decoder = Decoder::new();
        for turn in 0..240 {
            let (level, period) = (turn % 16, 2 + chance.below(300));
            let samples: [_; FRAME_SAMPLES] = std::array::from_fn(|at| match turn / 16 % 3 {
                0 => chance.sample() >> level,
                1 => (if at / period % 2 == 0 { i16::MIN } else { i16::MAX }) >> level,
                _ => {
                    if at % period == 0 {
                        i16::MAX >> level
                    } else {
                        0
                    }
                }
            });
            let mut octets = [0; 24];
            let frame = encoder.encode(&samples, &mut octets).unwrap();
            decoder.decode(&octets[..frame.octets()], &mut [0; FRAME_SAMPLES]).unwrap();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_octets_are_decoded_or_refused(frames in prop::collection::vec(any::<[u8; 24]>(), 1..24)) {
        let mut decoder = Decoder::new();
        let mut pcm = [0; FRAME_SAMPLES];
        for frame in frames {
            let octets = Frame::beginning(frame[0]).octets();
            prop_assert_eq!(decoder.decode(&frame[..octets], &mut pcm), Ok(FRAME_SAMPLES));
            if frame[23] < 64 {
                decoder.conceal(&mut pcm).unwrap();
            }
        }
    }

    #[test]
    fn any_payload_is_decoded_or_refused(payload in prop::collection::vec(any::<u8>(), 0..100)) {
        let result = Decoder::new().decode(&payload, &mut [0; 100 * FRAME_SAMPLES]);
        prop_assert!(result.is_ok_and(|samples| samples % FRAME_SAMPLES == 0)
            || result == Err(DecodeError::Malformed));
    }

    #[test]
    fn any_samples_are_encoded(samples in prop::collection::vec(any::<i16>(), 2 * FRAME_SAMPLES)) {
        for rate in [Rate::High, Rate::Low] {
            let mut encoder = Encoder::new(rate, Vad::On);
            for samples in samples.chunks(FRAME_SAMPLES) {
                encoder.encode(samples, &mut [0; 24]).unwrap();
            }
        }
    }
}
