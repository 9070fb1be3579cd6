//! Payloads of G.723.1: their frames, lost and damaged ones, and what is refused.

use crate::{decoded, encoded, same};
use media_dsp::codec::{DecodeError, EncodeError};
use media_dsp::g7231::{Decoder, Encoder, FRAME_SAMPLES, Frame, PostFilter, Rate, Vad};

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
fn a_gap_is_filled_with_as_many_frames_as_fit() {
    let (mut decoder, mut singly) = (Decoder::new(), Decoder::new());
    let mut pcm = [0; 16 * FRAME_SAMPLES];
    decoder.decode(&tone(), &mut pcm).unwrap();
    singly.decode(&tone(), &mut pcm).unwrap();
    assert_eq!(decoder.conceal(&mut pcm[..4 * FRAME_SAMPLES - 1]), Ok(3 * FRAME_SAMPLES));
    for frame in pcm[..3 * FRAME_SAMPLES].chunks(FRAME_SAMPLES) {
        let mut one = [0; FRAME_SAMPLES];
        assert_eq!(singly.conceal(&mut one), Ok(FRAME_SAMPLES));
        same(&one, frame);
    }
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
    assert_eq!(lost.conceal(&mut other[..FRAME_SAMPLES]), Ok(FRAME_SAMPLES));
    same(&one, &other);
}

#[test]
fn the_two_low_bits_of_a_frame_are_its_type() {
    let types = [
        (Frame::Speech(Rate::High), 24),
        (Frame::Speech(Rate::Low), 20),
        (Frame::Silence, 4),
        (Frame::Untransmitted, 1),
    ];
    for octet in 0..=255 {
        let frame = Frame::beginning(octet);
        assert_eq!((frame, frame.octets()), types[usize::from(octet % 4)]);
    }
}

/// Speech at both rates, a descriptor, and a frame that was not sent.
fn mixed() -> Vec<u8> {
    let mut all = tone()[..48].to_vec();
    let samples = [500; 2 * FRAME_SAMPLES];
    all.extend(encoded(Encoder::new(Rate::Low, Vad::Off), &samples, &[]));
    all.extend([0x02, 0x00, 0x00, 20 << 2, 0x03]);
    all
}

#[test]
fn a_payload_of_several_frames_is_all_of_them_whatever_their_types() {
    let coded = mixed();
    let mut pcm = [0; 7 * FRAME_SAMPLES];
    assert_eq!(Decoder::new().decode(&coded, &mut pcm), Ok(6 * FRAME_SAMPLES));
    same(&pcm[..6 * FRAME_SAMPLES], &decoded(&coded, PostFilter::On, &[]));
    assert_eq!(pcm[6 * FRAME_SAMPLES..], [0; FRAME_SAMPLES]);
}

#[test]
fn a_payload_with_a_part_of_a_frame_is_malformed_and_leaves_the_decoder_as_it_was() {
    let coded = mixed();
    let whole = [0, 24, 48, 68, 88, 92, 93];
    let (mut tried, mut fresh) = (Decoder::new(), Decoder::new());
    let (mut pcm, mut other) = ([0; 6 * FRAME_SAMPLES], [0; 6 * FRAME_SAMPLES]);
    for length in (0..coded.len()).filter(|length| *length == 0 || !whole.contains(length)) {
        let result = tried.decode(&coded[..length], &mut pcm);
        assert_eq!(result, Err(DecodeError::Malformed), "{length} octets");
    }
    for (frames, end) in whole.into_iter().enumerate().skip(1) {
        let needed = frames * FRAME_SAMPLES;
        let result = tried.decode(&coded[..end], &mut pcm[..needed - 1]);
        assert_eq!(result, Err(DecodeError::NoRoom { needed }));
    }
    let needed = FRAME_SAMPLES;
    assert_eq!(tried.conceal(&mut pcm[..needed - 1]), Err(DecodeError::NoRoom { needed }));
    assert_eq!(tried.conceal(&mut []), Err(DecodeError::NoRoom { needed }));
    assert_eq!(pcm, [0; 6 * FRAME_SAMPLES]);
    tried.decode(&coded, &mut pcm).unwrap();
    fresh.decode(&coded, &mut other).unwrap();
    same(&pcm, &other);
}

#[test]
fn a_connection_may_begin_with_any_frame_and_with_none() {
    let coded = mixed();
    for first in [&coded[..24], &coded[48..68], &coded[88..92], &coded[92..]] {
        let mut decoder = Decoder::new();
        let mut pcm = [0; FRAME_SAMPLES];
        assert_eq!(decoder.decode(first, &mut pcm), Ok(FRAME_SAMPLES));
        assert_eq!(decoder.decode(first, &mut pcm), Ok(FRAME_SAMPLES));
    }
    let mut pcm = [1; FRAME_SAMPLES];
    assert_eq!(Decoder::new().conceal(&mut pcm), Ok(FRAME_SAMPLES));
    assert_eq!(pcm, [0; FRAME_SAMPLES]);
}

#[test]
fn a_frame_is_encoded_from_240_samples_into_the_room_of_its_rate() {
    for (rate, needed) in [(Rate::High, 24), (Rate::Low, 20)] {
        let (mut tried, mut fresh) = (Encoder::new(rate, Vad::On), Encoder::new(rate, Vad::On));
        let samples = [1_000; 2 * FRAME_SAMPLES];
        for given in [0, 1, 160, 239, 241, 480] {
            let wrong = tried.encode(&samples[..given], &mut [0; 24]);
            assert_eq!(wrong, Err(EncodeError::FrameLength { frame: 240, given }));
        }
        for room in [0, 1, 4, needed - 1] {
            let short = tried.encode(&samples[..240], &mut [0; 24][..room]);
            assert_eq!(short, Err(EncodeError::NoRoom { needed }));
        }
        let (mut octets, mut other) = ([0x55; 24], [0xaa; 24]);
        let frame = Ok(Frame::Speech(rate));
        assert_eq!(tried.encode(&samples[..240], &mut octets[..needed]), frame);
        assert_eq!(fresh.encode(&samples[..240], &mut other), frame);
        assert_eq!(octets[..needed], other[..needed]);
        assert_eq!(other[needed..], [0xaa; 24][needed..]);
    }
}
