//! Opus through the wrapper: sound goes through, losses are filled in, silence is dropped, and whatever
//! comes as a payload is answered.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

mod oracle;

use media_dsp::codec::{DecodeError, EncodeError};
use media_dsp::opus::{Bandwidth, Decoder, Encoder, Rate, Redundancy, Settings, Silence};
use oracle::{Chance, speech};
use proptest::prelude::*;

const RATES: [Rate; 5] = [Rate::Hz8000, Rate::Hz12000, Rate::Hz16000, Rate::Hz24000, Rate::Hz48000];

fn sine(rate: Rate, samples: usize) -> Vec<i16> {
    let step = std::f64::consts::TAU * 440.0 / rate.hz() as f64;
    (0..samples).map(|n| (9_000.0 * (step * n as f64).sin()) as i16).collect()
}

fn power(samples: &[i16]) -> f64 {
    samples.iter().map(|&it| f64::from(it).powi(2)).sum::<f64>() / samples.len() as f64
}

/// How much louder the signal is than what differs, in decibels.
fn likeness(signal: &[i16], other: &[i16]) -> f64 {
    let error: f64 =
        signal.iter().zip(other).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2)).sum();
    10.0 * (power(signal) * signal.len() as f64 / error).log10()
}

#[test]
fn a_tone_goes_through_at_every_rate_in_frames_of_every_length() {
    for rate in RATES {
        for frame in [
            rate.hz() / 400,
            rate.hz() / 200,
            rate.hz() / 100,
            rate.hz() / 50,
            rate.hz() / 25,
            rate.hz() * 3 / 50,
        ] {
            let settings = Settings { bit_rate: 48_000, ..Settings::default() };
            let mut encoder = Encoder::new(rate, settings);
            let mut decoder = Decoder::new(rate);
            let tone = sine(rate, rate.hz() / frame * frame);
            let (mut payload, mut pcm, mut out) = ([0; 4_000], [0; 5_760], Vec::new());
            for frame in tone.chunks_exact(frame) {
                let len = encoder.encode(frame, &mut payload).unwrap();
                let made = decoder.decode(&payload[..len], &mut pcm).unwrap();
                assert_eq!(made, frame.len());
                out.extend_from_slice(&pcm[..made]);
            }
            let (change, half) = (power(&out[out.len() / 2..]) / power(&tone), rate.hz() / 50);
            assert!((0.8..1.25).contains(&change), "{rate:?} {frame}: {change}");
            assert!(encoder.delay() <= half);
        }
    }
}

#[test]
fn a_frame_of_another_length_and_a_short_output_are_refused() {
    let mut encoder = Encoder::new(Rate::Hz16000, Settings::default());
    let refused = EncodeError::FrameLength { frame: 320, given: 321 };
    assert_eq!(encoder.encode(&[0; 321], &mut [0; 400]), Err(refused));
    assert!(matches!(encoder.encode(&[0; 320], &mut []), Err(EncodeError::NoRoom { .. })));
    let mut payload = [0; 1_275];
    let len = encoder.encode(&[0; 320], &mut payload).unwrap();
    let mut decoder = Decoder::new(Rate::Hz48000);
    let short = decoder.decode(&payload[..len], &mut [0; 959]);
    assert_eq!(short, Err(DecodeError::NoRoom { needed: 960 }));
    assert_eq!(decoder.decode(&[], &mut [0; 960]), Err(DecodeError::Malformed));
    assert_eq!(decoder.decode(&[3], &mut [0; 5_760]), Err(DecodeError::Malformed));
}

#[test]
fn silence_is_not_sent_where_it_is_dropped() {
    for (silence, few) in [(Silence::Dropped, true), (Silence::Coded, false)] {
        let settings = Settings { silence, bandwidth: Bandwidth::Wide, ..Settings::default() };
        let mut encoder = Encoder::new(Rate::Hz16000, settings);
        let mut chance = Chance::new(3);
        let mut sent = 0;
        for _ in 0..200 {
            let pcm: Vec<_> = (0..320).map(|_| chance.sample() >> 14).collect();
            sent += usize::from(encoder.encode(&pcm, &mut [0; 1_275]).unwrap() > 0);
        }
        assert_eq!(sent < 60, few, "{sent} of 200");
    }
}

#[test]
fn the_bit_rate_and_the_bandwidth_are_what_they_are_set_to() {
    let Some(speech) = speech(5) else { return };
    let octets = |bit_rate| {
        let mut encoder = Encoder::new(Rate::Hz8000, Settings { bit_rate, ..Settings::default() });
        let frames = speech.chunks_exact(160);
        frames.map(|it| encoder.encode(it, &mut [0; 1_275]).unwrap()).sum::<usize>()
    };
    for bit_rate in [8_000, 16_000, 24_000] {
        let is = octets(bit_rate) as f64 * 8.0 / 5.0 / f64::from(bit_rate);
        assert!((0.6..1.3).contains(&is), "{bit_rate}: {is}");
    }
    for (bandwidth, most) in [(Bandwidth::Narrow, 0), (Bandwidth::Wide, 2)] {
        let settings = Settings { bandwidth, bit_rate: 32_000, ..Settings::default() };
        let mut encoder = Encoder::new(Rate::Hz48000, settings);
        let mut payload = [0; 1_275];
        for frame in sine(Rate::Hz48000, 48_000).chunks_exact(960) {
            encoder.encode(frame, &mut payload).unwrap();
            // RFC 6716 table 2: SILK in configurations 0 to 11, four to a bandwidth; CELT from 16.
            let band = match payload[0] >> 3 {
                silk @ 0..=11 => silk / 4,
                12..=15 => 4,
                16..=19 => 0,
                20..=23 => 2,
                _ => 4,
            };
            assert!(band <= most, "{bandwidth:?}: {band}");
        }
    }
}

#[test]
fn a_lost_frame_is_recovered_from_the_next_and_otherwise_concealed() {
    let Some(speech) = speech(20) else { return };
    let settings = Settings {
        redundancy: Redundancy::For { loss: 20 },
        bit_rate: 24_000,
        ..Settings::default()
    };
    let mut encoder = Encoder::new(Rate::Hz8000, settings);
    let payloads: Vec<_> = speech
        .chunks_exact(160)
        .map(|frame| {
            let mut payload = vec![0; 1_275];
            let len = encoder.encode(frame, &mut payload).unwrap();
            payload.truncate(len);
            payload
        })
        .collect();
    let [mut whole, mut recovered, mut concealed] =
        [0; 3].map(|_| (Decoder::new(Rate::Hz8000), Vec::new()));
    let mut pcm = [0; 160];
    for (place, payload) in payloads.iter().enumerate() {
        let next = payloads.get(place + 1).filter(|_| place % 10 == 7);
        whole.0.decode(payload, &mut pcm).unwrap();
        whole.1.extend(pcm);
        match next {
            Some(next) => assert_eq!(recovered.0.recover(next, &mut pcm), Ok(160)),
            None => assert_eq!(recovered.0.decode(payload, &mut pcm), Ok(160)),
        }
        recovered.1.extend(pcm);
        match next {
            Some(_) => assert_eq!(concealed.0.conceal(&mut pcm), Ok(160)),
            None => assert_eq!(concealed.0.decode(payload, &mut pcm), Ok(160)),
        }
        concealed.1.extend(pcm);
    }
    let (recovered, concealed) =
        (likeness(&whole.1, &recovered.1), likeness(&whole.1, &concealed.1));
    assert!(recovered > concealed + 3.0, "{recovered} dB and {concealed} dB");
}

#[test]
fn a_clone_goes_on_as_the_original() {
    let settings = Settings { redundancy: Redundancy::For { loss: 10 }, ..Settings::default() };
    for rate in RATES {
        let frame = rate.hz() / 50;
        let mut chance = Chance::new(9);
        let pcm: Vec<_> =
            sine(rate, 60 * frame).iter().map(|&it| it / 2 + chance.sample() / 16).collect();
        let (mut encoder, mut decoder) = (Encoder::new(rate, settings), Decoder::new(rate));
        let mut saved = Vec::new();
        let mut sent = Vec::new();
        for (at, pcm) in pcm.chunks_exact(frame).enumerate() {
            if at == 20 {
                saved.push((encoder.clone(), decoder.clone()));
            }
            let (mut payload, mut out) = ([0; 1_275], vec![0; frame]);
            let length = encoder.encode(pcm, &mut payload).unwrap();
            match at % 7 {
                6 => decoder.conceal(&mut out).unwrap(),
                _ => decoder.decode(&payload[..length], &mut out).unwrap(),
            };
            sent.push((payload[..length].to_vec(), out));
        }
        // The original is gone: the copy shares nothing with it.
        drop((encoder, decoder));
        let (mut encoder, mut decoder) = saved.pop().unwrap();
        for (at, pcm) in pcm.chunks_exact(frame).enumerate().skip(20) {
            let (mut payload, mut out) = ([0; 1_275], vec![0; frame]);
            let length = encoder.encode(pcm, &mut payload).unwrap();
            match at % 7 {
                6 => decoder.conceal(&mut out).unwrap(),
                _ => decoder.decode(&payload[..length], &mut out).unwrap(),
            };
            assert!((payload[..length].to_vec(), out) == sent[at], "{rate:?}, frame {at}");
        }
    }
}

#[test]
fn a_state_is_as_large_as_it_says() {
    let size = |state: String| -> usize {
        let (before, _) = state.split_once(" octets").unwrap();
        before.rsplit(|it: char| !it.is_ascii_digit()).next().unwrap().parse().unwrap()
    };
    let encoder = format!("{:?}", Encoder::new(Rate::Hz48000, Settings::default()));
    assert!((20_000..50_000).contains(&size(encoder)));
    assert!((17_000..30_000).contains(&size(format!("{:?}", Decoder::new(Rate::Hz48000)))));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn any_octets_are_decoded_or_refused(
        payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 1..6),
        rate in 0_usize..5,
        room in 0_usize..6_000,
    ) {
        let mut decoder = Decoder::new(RATES[rate]);
        let mut pcm = vec![0; room];
        for payload in payloads {
            for made in [
                decoder.decode(&payload, &mut pcm),
                decoder.recover(&payload, &mut pcm),
                decoder.conceal(&mut pcm),
            ] {
                prop_assert!(made.unwrap_or(0) <= room);
            }
        }
    }

    #[test]
    fn any_samples_are_encoded_into_whatever_room_there_is(
        pcm in prop::collection::vec(any::<i16>(), 160),
        room in 0_usize..300,
        bit_rate in any::<u32>(),
        complexity in any::<u8>(),
        loss in any::<u8>(),
    ) {
        let settings = Settings {
            bit_rate, complexity, redundancy: Redundancy::For { loss }, ..Settings::default()
        };
        let mut encoder = Encoder::new(Rate::Hz8000, settings);
        let made = encoder.encode(&pcm, &mut vec![0; room]);
        prop_assert!(made.unwrap_or(0) <= room);
    }
}
