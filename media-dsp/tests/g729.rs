//! G.729 Annex A and B against the ITU's vectors, and what they do not cover.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

mod oracle;

use media_dsp::arch::Level;
use media_dsp::codec::{DecodeError, EncodeError};
use media_dsp::g729::{Decoder, Dtx, Encoder, FRAME, Frame, SPEECH_OCTETS, itu};
use oracle::{Chance, speech, vector, words};
use proptest::prelude::*;
use std::mem::size_of;

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

/// What every level of instructions makes of the same samples, and of the octets they become.
fn all_levels_agree(dtx: Dtx, pcm: &[i16]) {
    let mut first = None;
    for level in Level::here() {
        let mut encoder = Encoder::with_level(dtx, level);
        let mut decoder = Decoder::with_level(level);
        let mut results = Vec::new();
        for (number, pcm) in pcm.as_chunks::<FRAME>().0.iter().enumerate() {
            let frame = encoder.encode_frame(pcm);
            let lost = number % 23 > 20;
            let mut out = [0; FRAME];
            decoder.decode_frame(if lost { None } else { Some(&frame) }, &mut out);
            results.push((frame, out));
        }
        let expected = first.get_or_insert_with(|| results.clone());
        assert!(*expected == results, "{}", level.name());
    }
}

#[test]
fn every_level_makes_the_same_of_speech() {
    let Some(speech) = speech(4) else { return };
    all_levels_agree(Dtx::Off, &speech);
    all_levels_agree(Dtx::AnnexB, &speech);
}

#[test]
fn every_level_makes_the_same_of_overload() {
    let mut chance = Chance::new(1);
    let mut noise: Vec<i16> = (0..8000).map(|_| chance.sample()).collect();
    noise.extend((0..8000).map(|n| if n / 37 % 2 == 0 { i16::MAX } else { i16::MIN }));
    noise.extend([i16::MIN; 2000]);
    let mut last = 0;
    noise.extend((0..8000).map(|_| {
        if chance.below(40) == 0 {
            last = !chance.sample() | 0x7000;
        }
        last
    }));
    all_levels_agree(Dtx::Off, &noise);
    all_levels_agree(Dtx::AnnexB, &noise);
}

#[test]
fn speech_keeps_its_level_and_its_shape() {
    let Some(speech) = speech(6) else { return };
    let mut octets = vec![0; speech.len() / 8];
    let length = Encoder::new(Dtx::Off).encode(&speech, &mut octets).unwrap();
    let mut out = vec![0; speech.len()];
    assert_eq!(Decoder::new().decode(&octets[..length], &mut out), Ok(speech.len()));
    // The encoder looks 40 samples ahead.
    let (before, after) = (&speech[..speech.len() - 40], &out[40..]);
    let sum = |x: &[i16], y: &[i16]| -> f64 {
        x.iter().zip(y).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum()
    };
    let likeness = sum(before, after) / (sum(before, before) * sum(after, after)).sqrt();
    assert!(likeness > 0.7, "{likeness}");
    let level = sum(after, after) / sum(before, before);
    assert!((0.7..1.3).contains(&level), "{level}");
}

#[test]
fn lost_frames_fade_away() {
    let Some(speech) = speech(3) else { return };
    let mut octets = vec![0; speech.len() / 8];
    let length = Encoder::new(Dtx::Off).encode(&speech, &mut octets).unwrap();
    let mut decoder = Decoder::new();
    let mut pcm = vec![0; speech.len()];
    decoder.decode(&octets[..length / 2 / 10 * 10], &mut pcm).unwrap();
    let loudest = |pcm: &[i16]| pcm.iter().map(|it| it.unsigned_abs()).max().unwrap();
    let mut lost = [0; 4 * FRAME];
    assert_eq!(decoder.conceal(&mut lost), Ok(4 * FRAME));
    let first = loudest(&lost).max(1);
    let mut long = [0; 100 * FRAME];
    assert_eq!(decoder.conceal(&mut long), Ok(100 * FRAME));
    assert!(u32::from(loudest(&long[50 * FRAME..])) * 4 < u32::from(first) * 5);
    assert!(loudest(&long[99 * FRAME..]) < 200);
}

#[test]
fn losses_of_any_pattern_are_bridged() {
    let Some(speech) = speech(5) else { return };
    for dtx in [Dtx::Off, Dtx::AnnexB] {
        for percent in [1, 10, 30, 60, 100] {
            let mut chance = Chance::new(percent as u64 * 77 + 5);
            let (mut encoder, mut decoder) = (Encoder::new(dtx), Decoder::new());
            let (mut energy_in, mut energy_out) = (0.0, 0.0);
            for pcm in speech.as_chunks::<FRAME>().0 {
                let frame = encoder.encode_frame(pcm);
                let mut out = [0; FRAME];
                let lost = chance.below(100) < percent;
                decoder.decode_frame(if lost { None } else { Some(&frame) }, &mut out);
                let energy = |x: &[i16]| x.iter().map(|&it| f64::from(it).powi(2)).sum::<f64>();
                energy_in += energy(pcm);
                energy_out += energy(&out);
            }
            assert!(energy_out < 1.5 * energy_in, "{percent}");
        }
    }
}

#[test]
fn silence_costs_next_to_nothing_with_annex_b() {
    let (mut encoder, mut decoder) = (Encoder::new(Dtx::AnnexB), Decoder::new());
    let mut total = 0;
    for number in 0..300 {
        let frame = encoder.encode_frame(&[0; FRAME]);
        total += frame.octets().len();
        let mut pcm = [0; FRAME];
        decoder.decode_frame(Some(&frame), &mut pcm);
        assert!(pcm.iter().all(|it| it.abs() < 20), "frame {number}");
    }
    assert!(total <= 20, "{total}");
}

#[test]
fn comfort_noise_is_as_loud_as_the_noise() {
    let mut chance = Chance::new(9);
    let (mut encoder, mut decoder) = (Encoder::new(Dtx::AnnexB), Decoder::new());
    let mut octets = 0;
    let (mut energy_in, mut energy_out) = (0.0, 0.0);
    let mut low = 0.0;
    for number in 0..400 {
        // Noise like that of a room: the lower tones are the stronger ones.
        let pcm: [i16; FRAME] = std::array::from_fn(|_| {
            low += (f64::from(chance.sample()) / 100.0 - low) * 0.3;
            low as i16
        });
        let frame = encoder.encode_frame(&pcm);
        let mut out = [0; FRAME];
        decoder.decode_frame(Some(&frame), &mut out);
        if number >= 200 {
            octets += frame.octets().len();
            energy_in += pcm.iter().map(|&it| f64::from(it).powi(2)).sum::<f64>();
            energy_out += out.iter().map(|&it| f64::from(it).powi(2)).sum::<f64>();
        }
    }
    assert!(octets < 300, "{octets} octets in two seconds");
    let decibels = 10.0 * (energy_out / energy_in).log10();
    assert!(decibels.abs() < 4.0, "{decibels}");
}

/// Twelve seconds of what is not speech but taken for it now and then: tones and noise of changing colour
/// and level, made of integers alone.
fn mixture() -> Vec<i16> {
    let mut chance = Chance::new(729);
    let (mut near, mut far) = (0_i32, 0_i32);
    (0..96_000)
        .map(|n: i32| {
            let part = n / 6000;
            let pulse = if n % (40 + 7 * (part % 9)) == 0 { 9000 } else { 0 };
            let noise = i32::from(chance.sample());
            let input = match part % 4 {
                0 => noise >> 9,
                1 => pulse + (noise >> 8),
                2 => noise >> (6 + part % 5),
                _ => pulse / 4 + (noise >> 10),
            };
            let turn = 12_000 + 1500 * (part % 7) - 900 * (n / 800 % 3);
            let output = (input + ((near * turn - far * 7900) >> 13)).clamp(-30_000, 30_000);
            (near, far) = (output, near);
            output as i16
        })
        .collect()
}

#[test]
fn annex_b_gives_what_an_independent_implementation_gave() {
    let (mut encoder, mut decoder) = (Encoder::new(Dtx::AnnexB), Decoder::new());
    let (mut octets, mut samples) = (FNV_START, FNV_START);
    let mut kinds = [0; 3];
    for pcm in mixture().as_chunks::<FRAME>().0 {
        let frame = encoder.encode_frame(pcm);
        let payload = frame.octets();
        octets = fnv(octets, &[payload.len() as u8]);
        octets = fnv(octets, payload);
        kinds[payload.len().div_ceil(9)] += 1;
        // The other one knows no pause without loss.
        let mut out = [0; FRAME];
        decoder.decode_frame((!payload.is_empty()).then_some(&frame), &mut out);
        if !payload.is_empty() {
            samples = out.iter().fold(samples, |hash, sample| fnv(hash, &sample.to_le_bytes()));
        }
    }
    assert!(kinds.iter().all(|&it| it > 10), "{kinds:?}");
    assert_eq!((octets, samples), ANNEX_B);
}

/// FNV-1a of the mixture's frames, each with its length before, and of the samples decoded from those that
/// were sent: rvoip-codec-core 0.4.0 gave both.
const ANNEX_B: (u64, u64) = (0x0034_81e6_045c_9b8e, 0xa0a6_d718_17ac_1f74);

fn fnv(hash: u64, octets: &[u8]) -> u64 {
    octets.iter().fold(hash, |hash, &it| (hash ^ u64::from(it)).wrapping_mul(0x100_0000_01b3))
}

const FNV_START: u64 = 0xcbf2_9ce4_8422_2325;

#[test]
fn a_clone_goes_on_as_the_original() {
    let Some(speech) = speech(3) else { return };
    let (frames, _) = speech.as_chunks::<FRAME>();
    let (mut encoder, mut decoder) = (Encoder::new(Dtx::AnnexB), Decoder::new());
    let both = |encoder: &mut Encoder, decoder: &mut Decoder, pcm: &[i16; FRAME]| {
        let frame = encoder.encode_frame(pcm);
        let mut out = [0; FRAME];
        decoder.decode_frame(Some(&frame), &mut out);
        (frame, out)
    };
    for pcm in &frames[..frames.len() / 2] {
        both(&mut encoder, &mut decoder, pcm);
    }
    let (mut encoder_saved, mut decoder_saved) = (encoder.clone(), decoder.clone());
    for pcm in &frames[frames.len() / 2..] {
        let original = both(&mut encoder, &mut decoder, pcm);
        assert_eq!(both(&mut encoder_saved, &mut decoder_saved, pcm), original);
    }
}

#[test]
fn a_state_is_as_large_as_it_says() {
    assert_eq!((size_of::<Encoder>(), size_of::<Decoder>()), (1_904, 1_240));
}

#[test]
fn many_frames_in_a_payload_are_the_same_as_one_by_one() {
    let Some(speech) = speech(2) else { return };
    let mut octets = vec![0; speech.len() / 8];
    let length = Encoder::new(Dtx::Off).encode(&speech, &mut octets).unwrap();
    octets.truncate(length);
    let mut encoder = Encoder::new(Dtx::Off);
    for (pcm, octets) in speech.as_chunks::<FRAME>().0.iter().zip(octets.as_chunks().0) {
        assert_eq!(encoder.encode_frame(pcm), Frame::Speech(*octets));
    }
    octets.extend([0x12, 0x34]);
    let mut whole = vec![0; speech.len() + FRAME];
    assert_eq!(Decoder::new().decode(&octets, &mut whole), Ok(speech.len() + FRAME));
    let mut decoder = Decoder::new();
    let mut pcm = [0; FRAME];
    for (octets, expected) in octets.chunks(SPEECH_OCTETS).zip(whole.as_chunks().0) {
        assert_eq!(decoder.decode(octets, &mut pcm), Ok(FRAME));
        assert_eq!(&pcm, expected);
    }
}

#[test]
fn what_does_not_fit_is_refused_and_changes_nothing() {
    let (mut encoder, mut decoder) = (Encoder::new(Dtx::Off), Decoder::new());
    let mut octets = [0; SPEECH_OCTETS];
    let wrong = EncodeError::FrameLength { frame: FRAME, given: 81 };
    assert_eq!(encoder.encode(&[0; 81], &mut octets), Err(wrong));
    let wrong = EncodeError::NoRoom { needed: 20 };
    assert_eq!(encoder.encode(&[0; 160], &mut octets), Err(wrong));
    assert_eq!(encoder.encode(&[], &mut octets), Ok(0));
    let mut pcm = [0; FRAME];
    assert_eq!(decoder.decode(&[0; 11], &mut pcm), Err(DecodeError::Malformed));
    assert_eq!(decoder.decode(&[0; 12], &mut pcm), Err(DecodeError::NoRoom { needed: 160 }));
    assert_eq!(decoder.decode(&[], &mut pcm), Ok(0));
    let short = Err(DecodeError::NoRoom { needed: FRAME });
    assert_eq!((decoder.conceal(&mut pcm[..79]), decoder.pause(&mut pcm[..79])), (short, short));
    assert_eq!((decoder.conceal(&mut pcm), decoder.pause(&mut pcm)), (Ok(FRAME), Ok(FRAME)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_octets_can_be_decoded(
        payloads in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..33), 0..4), 1..60),
    ) {
        let mut decoder = Decoder::new();
        let mut pcm = [0; 4 * FRAME];
        for (payload, then) in payloads {
            let length = decoder.decode(&payload, &mut pcm);
            let whole = matches!(payload.len() % SPEECH_OCTETS, 0 | 2);
            prop_assert_eq!(length.is_ok(), whole);
            match then {
                0 => prop_assert_eq!(decoder.conceal(&mut pcm), Ok(4 * FRAME)),
                1 => prop_assert_eq!(decoder.pause(&mut pcm[..FRAME]), Ok(FRAME)),
                _ => {}
            }
        }
    }

    #[test]
    fn any_samples_can_be_encoded(
        seed in any::<u64>(), shifts in prop::collection::vec(0..16_u32, 1..30),
    ) {
        let mut chance = Chance::new(seed);
        let mut encoders = [Encoder::new(Dtx::Off), Encoder::new(Dtx::AnnexB)];
        for shift in shifts {
            let pcm: [i16; FRAME] = if shift == 0 {
                std::array::from_fn(|_| if chance.next().is_multiple_of(2) { i16::MAX } else { i16::MIN })
            } else {
                std::array::from_fn(|_| chance.sample() >> shift)
            };
            for encoder in &mut encoders {
                encoder.encode_frame(&pcm);
            }
        }
    }

    #[test]
    fn any_words_can_be_read(words in prop::collection::vec(any::<i16>(), 0..90), count in 0..82_i16) {
        let mut words = words;
        if let Some(second) = words.get_mut(1) {
            *second = count;
        }
        let read = itu::read(&words);
        prop_assert!(read.is_none_or(|(_, length)| length <= words.len()));
    }
}
