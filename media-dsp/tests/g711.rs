//! G.711 beside the Recommendation, the ITU's vectors and a library.

#![allow(missing_docs, unsafe_code, clippy::unwrap_used, clippy::indexing_slicing)]

mod oracle;

use media_dsp::arch::Level;
use media_dsp::codec::{DecodeError, EncodeError};
use media_dsp::g711::{Decoder, Encoder, Law, Transcoder};
use oracle::{library, skip, speech, vector, words};
use proptest::prelude::*;

const LAWS: [Law; 2] = [Law::A, Law::Mu];

#[test]
fn every_sample_has_the_code_of_the_recommendation_at_every_level() {
    let samples: Vec<i16> = (i16::MIN..=i16::MAX).collect();
    for law in LAWS {
        let expected: Vec<u8> = samples.iter().map(|sample| code(law, *sample)).collect();
        for level in Level::here() {
            assert!(encoded(law, level, &samples) == expected, "{law:?} {level:?}");
        }
    }
}

#[test]
fn every_code_has_the_value_of_the_recommendation_at_every_level() {
    let codes: Vec<u8> = (0..=255).collect();
    for law in LAWS {
        let expected: Vec<i16> = codes.iter().map(|code| value(law, *code)).collect();
        for level in Level::here() {
            assert_eq!(decoded(law, level, &codes), expected, "{law:?} {level:?}");
        }
    }
}

#[test]
fn transcoding_is_decoding_and_encoding_at_every_level() {
    let codes: Vec<u8> = (0..=255).collect();
    for (from, to) in [(Law::A, Law::Mu), (Law::Mu, Law::A)] {
        let expected: Vec<u8> = codes.iter().map(|it| code(to, value(from, *it))).collect();
        for level in Level::here() {
            assert_eq!(transcoded(from, level, &codes), expected, "{from:?} {level:?}");
        }
    }
}

/// The sweep of G.191: all samples, their codes, and the codes' values; words of 16 bits each.
#[test]
fn the_sweep_of_the_software_tool_library_is_met() {
    let Some(sweep) = vector("g711/sweep.src") else { return };
    let samples = words(&sweep);
    for (law, codes, values) in [(Law::A, "a", ["rea", "a-a"]), (Law::Mu, "u", ["reu", "u-u"])] {
        let Some(codes) = vector(&format!("g711/sweep-r.{codes}")) else { return };
        let codes: Vec<u8> = words(&codes).iter().map(|word| *word as u8).collect();
        assert!(encoded(law, Level::current(), &samples) == codes, "{law:?}");
        for name in values {
            let Some(values) = vector(&format!("g711/sweep-r.{name}")) else { return };
            assert!(decoded(law, Level::current(), &codes) == words(&values), "{name}");
        }
    }
}

/// The library's µ-law differs from the ITU's where a negative sample is exactly a decision value.
#[test]
fn a_law_is_that_of_spandsp() {
    let Some(spandsp) = library(&["libspandsp.so.2"], "libspandsp2") else { return };
    // SAFETY: the types are those of `spandsp/g711.h`.
    let (init, encode, decode) = unsafe {
        (
            spandsp.get::<Init>(b"g711_init").unwrap(),
            spandsp.get::<Encode>(b"g711_encode").unwrap(),
            spandsp.get::<Decode>(b"g711_decode").unwrap(),
        )
    };
    let samples: Vec<i16> = (i16::MIN..=i16::MAX).collect();
    let mut codes = vec![0; samples.len()];
    let mut values = vec![0; samples.len()];
    let mut state = [0_i32; 16];
    // SAFETY: the state is larger than theirs, the slices are as long as is said; mode 0 is A-law.
    unsafe {
        init(state.as_mut_ptr().cast(), 0);
        encode(
            state.as_mut_ptr().cast(),
            codes.as_mut_ptr(),
            samples.as_ptr(),
            samples.len() as i32,
        );
        decode(state.as_mut_ptr().cast(), values.as_mut_ptr(), codes.as_ptr(), codes.len() as i32);
    }
    assert!(encoded(Law::A, Level::current(), &samples) == codes);
    assert!(decoded(Law::A, Level::current(), &codes) == values);
}

#[test]
fn speech_that_was_decoded_is_encoded_to_the_same_codes() {
    let Some(speech) = speech(10) else { return };
    for law in LAWS {
        let codes = encoded(law, Level::current(), &speech);
        let values = decoded(law, Level::current(), &codes);
        let again = encoded(law, Level::current(), &values);
        // µ-law has two codes for 0, and a value has lost the sign.
        let same = |(one, other): (&u8, &u8)| one == other || (law, *one) == (Law::Mu, 0x7f);
        assert!(codes.iter().zip(&again).all(same));
    }
}

#[test]
fn an_output_that_is_too_short_is_refused_and_left_alone() {
    let mut codes = [7; 159];
    let refused = Encoder::new(Law::A).encode(&[0; 160], &mut codes);
    assert_eq!(refused, Err(EncodeError::NoRoom { needed: 160 }));
    let refused = Transcoder::new(Law::A).transcode(&[0; 160], &mut codes);
    assert_eq!(refused, Err(EncodeError::NoRoom { needed: 160 }));
    assert_eq!(codes, [7; 159]);
    let refused = Decoder::new(Law::A).decode(&[0; 160], &mut [0; 159]);
    assert_eq!(refused, Err(DecodeError::NoRoom { needed: 160 }));
}

proptest! {
    #[test]
    fn any_samples_and_any_octets_are_taken(
        pcm in prop::collection::vec(any::<i16>(), 0..200),
        codes in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        for law in LAWS {
            let first = encoded(law, Level::Scalar, &pcm);
            let second = decoded(law, Level::Scalar, &codes);
            let third = transcoded(law, Level::Scalar, &codes);
            for level in Level::here() {
                prop_assert_eq!(&encoded(law, level, &pcm), &first);
                prop_assert_eq!(&decoded(law, level, &codes), &second);
                prop_assert_eq!(&transcoded(law, level, &codes), &third);
            }
        }
    }
}

/// A level that the machine lacks is no reason to fail.
#[test]
fn any_level_may_be_asked_for() {
    for level in [Level::Sse2, Level::Avx2, Level::Avx512, Level::Neon] {
        if !Level::here().any(|here| here == level) {
            skip(level.name(), "this machine has no such instructions");
        }
        assert_eq!(encoded(Law::Mu, level, &[0; 64]), [0xff; 64]);
    }
}

fn encoded(law: Law, level: Level, pcm: &[i16]) -> Vec<u8> {
    let mut codes = vec![0; pcm.len()];
    assert_eq!(Encoder::with_level(law, level).encode(pcm, &mut codes), Ok(pcm.len()));
    codes
}

fn decoded(law: Law, level: Level, codes: &[u8]) -> Vec<i16> {
    let mut pcm = vec![0; codes.len()];
    assert_eq!(Decoder::with_level(law, level).decode(codes, &mut pcm), Ok(codes.len()));
    pcm
}

fn transcoded(from: Law, level: Level, codes: &[u8]) -> Vec<u8> {
    let mut others = vec![0; codes.len()];
    let done = Transcoder::with_level(from, level).transcode(codes, &mut others);
    assert_eq!(done, Ok(codes.len()));
    others
}

/// The positive decision values x(1) to x(128), Tables 1 and 2/G.711 column 3, of 4096 and 8159, as
/// 16-bit samples.
fn decisions(law: Law) -> Vec<i32> {
    let (first, steps, unit) = match law {
        Law::A => (32, 7, 8),
        Law::Mu => (31, 8, 4),
    };
    let mut values = match law {
        Law::A => (1..=16).map(|place| 2 * place).collect::<Vec<_>>(),
        Law::Mu => [1].into_iter().chain((1..=15).map(|place| 2 * place + 1)).collect(),
    };
    assert_eq!(values.last(), Some(&first));
    let mut step = if law == Law::A { 2 } else { 4 };
    for _ in 1..=steps - usize::from(law == Law::Mu) {
        for _ in 0..16 {
            values.push(values.last().unwrap() + step);
        }
        step *= 2;
    }
    assert_eq!(values.len(), 128);
    assert_eq!(values.last(), Some(&if law == Law::A { 4_096 } else { 8_159 }));
    values.iter().map(|value| value * unit).collect()
}

/// The number of the interval in which the sample lies is its code; negative samples in one's
/// complement, bits inverted as the notes of the tables say.
fn code(law: Law, sample: i16) -> u8 {
    let size = i32::from(if sample < 0 { !sample } else { sample });
    let number =
        decisions(law).iter().take(127).filter(|decision| size >= **decision).count() as u8;
    let sign = if sample < 0 { 0 } else { 0x80 };
    match law {
        Law::A => (number | sign) ^ 0x55,
        Law::Mu => (!number & 0x7f) | sign,
    }
}

/// Midway between two decision values; the first value of µ-law is 0.
fn value(law: Law, code: u8) -> i16 {
    let number = usize::from(match law {
        Law::A => (code ^ 0x55) & 0x7f,
        Law::Mu => !code & 0x7f,
    });
    let decisions = decisions(law);
    let size = match (law, number) {
        (Law::Mu, 0) => 0,
        (Law::A, 0) => decisions[0] / 2,
        _ => (decisions[number - 1] + decisions[number]) / 2,
    };
    let size = i16::try_from(size).unwrap();
    if code & 0x80 == 0 { -size } else { size }
}

type Init = unsafe extern "C" fn(*mut u8, i32) -> *mut u8;
type Encode = unsafe extern "C" fn(*mut u8, *mut u8, *const i16, i32) -> i32;
type Decode = unsafe extern "C" fn(*mut u8, *mut i16, *const u8, i32) -> i32;
