//! G.723.1 against the vectors of the ITU and against FFmpeg.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

mod oracle;

#[path = "g7231/payload.rs"]
mod payload;
#[path = "g7231/vectors.rs"]
mod vectors;

use media_dsp::codec::DecodeError;
use media_dsp::g7231::{Decoder, Encoder, FRAME_SAMPLES, Frame, PostFilter, Rate, Vad};
use oracle::Chance;
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

fn same(ours: &[i16], expected: &[i16]) {
    assert_eq!(ours.len(), expected.len());
    let place = ours.iter().zip(expected).position(|(ours, expected)| ours != expected);
    assert!(place.is_none(), "sample {place:?} of {}", ours.len());
}

/// Three seconds of something like speech: a voice whose pitch glides, breaths, and pauses.
fn test_signal() -> Vec<i16> {
    let mut chance = Chance::new(8);
    let (mut phase, mut smooth) = (0, 0);
    let samples = (0..100 * FRAME_SAMPLES).map(|i| {
        let (voiced, pause) = ((i / 2_000) % 3 < 2, i / 6_000 % 2 == 1);
        // Pulses of 90 to 250 Hz through a resonance.
        phase += 65_536 / 8_000 * (90 + (i as i32 / 50) % 160);
        let pulse = if phase > 65_536 && voiced && !pause { 12_000 } else { 0 };
        phase &= 0xffff;
        let breath = i32::from(chance.sample() >> if pause { 10 } else { 5 });
        smooth += (pulse + breath - smooth) / 3;
        smooth as i16
    });
    samples.collect()
}

/// FNV-1a of 64 bits.
fn sum(octets: impl IntoIterator<Item = u8>) -> u64 {
    octets.into_iter().fold(0xcbf2_9ce4_8422_2325, |sum, octet| {
        (sum ^ u64::from(octet)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// The vectors of the ITU are not in this tree, and FFmpeg is not everywhere: what was found equal
/// to both is kept as sums, of the octets and of the samples with every seventh frame lost.
#[test]
fn a_test_signal_is_coded_bit_by_bit_as_it_was() {
    let samples = test_signal();
    let losses: Vec<_> = (0..100).map(|frame| i16::from(frame % 7 == 6)).collect();
    let kinds = [(Rate::High, Vad::Off), (Rate::High, Vad::On), (Rate::Low, Vad::Off)];
    let found = kinds.map(|(rate, vad)| {
        let octets = encoded(Encoder::new(rate, vad), &samples, &[]);
        let samples = decoded(&octets, PostFilter::On, &losses);
        [sum(octets), sum(samples.into_iter().flat_map(i16::to_le_bytes))]
    });
    assert_eq!(found, SUMS, "{found:#018x?}");
}

const SUMS: [[u64; 2]; 3] = [
    [0x19f3_ce60_6569_67a9, 0x188f_d1de_653c_52a2],
    [0xb5cb_fabf_118a_cbc4, 0xc904_c6a7_8299_6626],
    [0x2988_6834_b847_1d88, 0xac48_b4d9_580b_bcda],
];

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
    let samples = test_signal();
    let (first, rest) = samples.split_at(50 * FRAME_SAMPLES);
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
    fn any_whole_frames_are_decoded(frames in prop::collection::vec(any::<[u8; 24]>(), 1..24)) {
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
