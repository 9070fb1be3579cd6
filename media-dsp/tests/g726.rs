//! G.726 against the ITU's digital test sequences, spandsp, and itself in lanes.

#![allow(unsafe_code, clippy::unwrap_used, clippy::indexing_slicing)]

mod oracle;

use libloading::Library;
use media_dsp::arch::Level;
use media_dsp::codec::{DecodeError, EncodeError};
use media_dsp::g726::{Decoder, Encoder, Law, Packing, Rate};
use oracle::{Chance, library, speech, vector, words};
use proptest::prelude::*;
use std::ffi::{c_int, c_void};
use std::ptr::null_mut;

const RATES: [Rate; 4] = [Rate::Kbit16, Rate::Kbit24, Rate::Kbit32, Rate::Kbit40];
const LAWS: [Law; 2] = [Law::A, Law::Mu];
const PACKINGS: [Packing; 2] = [Packing::Rtp, Packing::Aal2];

fn all() -> impl Iterator<Item = (Rate, Law, Packing)> {
    RATES.into_iter().flat_map(|rate| {
        LAWS.into_iter().flat_map(move |law| PACKINGS.map(|packing| (rate, law, packing)))
    })
}

fn encoded(rate: Rate, law: Law, packing: Packing, sound: &[u8]) -> Vec<u8> {
    let mut out = vec![0; sound.len() * rate.bits() / 8];
    assert_eq!(Encoder::new(rate, packing).encode_law(law, sound, &mut out), Ok(out.len()));
    out
}

fn decoded(rate: Rate, law: Law, packing: Packing, codes: &[u8]) -> Vec<u8> {
    let mut out = vec![0; codes.len() * 8 / rate.bits()];
    assert_eq!(Decoder::new(rate, packing).decode_law(law, codes, &mut out), Ok(out.len()));
    out
}

/// A sequence of the ITU, one octet or code a word.
fn sequence(name: &str) -> Option<Vec<u8>> {
    let bytes = vector(&format!("g726/{name}"))?;
    Some(words(&bytes).iter().map(|&word| word as u8).collect())
}

/// Codes, one an octet, packed the simplest way.
fn packed(rate: Rate, codes: &[u8]) -> Vec<u8> {
    let bits = codes.iter().flat_map(|&code| (0..rate.bits()).map(move |bit| code >> bit & 1));
    let bits: Vec<_> = bits.collect();
    bits.chunks(8).map(|bits| bits.iter().rev().fold(0, |octet, bit| octet << 1 | bit)).collect()
}

/// Octets of every kind: chance, chance of few bits, all held for long, runs.
fn wild(seed: u64, count: usize) -> Vec<u8> {
    let mut chance = Chance::new(seed);
    let mut octets: Vec<_> = (0..count / 3).map(|_| chance.next() as u8).collect();
    octets.extend((0..=255).flat_map(|octet| vec![octet; count / 1_024]));
    while octets.len() < count {
        let (one, other) = (chance.next() as u8, chance.next() as u8);
        let (long, short) = (1 + chance.below(60), 1 + chance.below(9));
        for _ in 0..1 + chance.below(8) {
            octets.extend(vec![one; long]);
            octets.extend(vec![other; short]);
        }
    }
    octets.truncate(count);
    octets
}

#[test]
fn the_itus_sequences_come_out_at_all_rates_and_in_both_laws() {
    for (rate, name) in RATES.into_iter().zip(["16", "24", "32", "40"]) {
        for (kind, source) in [("rn", "nrm"), ("rv", "ovr")] {
            for (law, end) in [(Law::A, "a"), (Law::Mu, "m")] {
                let Some(sound) = sequence(&format!("{source}.{end}")) else { return };
                let codes = packed(rate, &sequence(&format!("{kind}{name}f{end}.i")).unwrap());
                let ours = encoded(rate, law, Packing::Rtp, &sound);
                assert!(ours == codes, "{source}.{end} {rate:?}");
                let sound = sequence(&format!("{kind}{name}f{end}.o")).unwrap();
                let ours = decoded(rate, law, Packing::Rtp, &codes);
                assert!(ours == sound, "{kind}{name}f{end}.o");
            }
            // Encoded from one law and decoded to the other.
            for (law, from, end) in [(Law::Mu, "a", "x"), (Law::A, "m", "c")] {
                let codes = packed(rate, &sequence(&format!("{kind}{name}f{from}.i")).unwrap());
                let sound = sequence(&format!("{kind}{name}f{end}.o")).unwrap();
                let ours = decoded(rate, law, Packing::Rtp, &codes);
                assert!(ours == sound, "{kind}{name}f{end}.o");
            }
        }
        for (law, end) in [(Law::A, "a"), (Law::Mu, "m")] {
            let codes = packed(rate, &sequence(&format!("i{name}")).unwrap());
            let sound = sequence(&format!("ri{name}f{end}.o")).unwrap();
            assert!(decoded(rate, law, Packing::Rtp, &codes) == sound, "ri{name}f{end}.o");
        }
    }
}

/// A homing sequence: its files are filled to whole blocks of 256 words with 88 that are not of it.
fn homing(name: &str) -> Option<Vec<u8>> {
    let mut sequence = sequence(name)?;
    sequence.truncate(3_496);
    Some(sequence)
}

#[test]
fn the_itus_sequences_come_out_after_homing_too() {
    for (rate, name) in RATES.into_iter().zip(["16", "24", "32", "40"]) {
        for (law, other, end, crossed) in
            [(Law::A, Law::Mu, "a", ("m", "x")), (Law::Mu, Law::A, "m", ("a", "c"))]
        {
            let Some(home) = homing(&format!("pcm_init.{end}")) else { return };
            let codes = homing(&format!("i_ini_{name}.{end}")).unwrap();
            let codes_of_other = homing(&format!("i_ini_{name}.{}", crossed.0)).unwrap();
            let heard = |law, home: &[u8], codes: &[u8]| {
                let heard =
                    decoded(rate, law, Packing::Rtp, &packed(rate, &[home, codes].concat()));
                heard[home.len()..].to_vec()
            };
            assert!(
                encoded(rate, law, Packing::Rtp, &home) == packed(rate, &codes),
                "{name} {end}"
            );
            for (kind, source) in [("hn", "nrm"), ("hv", "ovr")] {
                let sound = [home.clone(), sequence(&format!("{source}.{end}")).unwrap()].concat();
                let wanted = sequence(&format!("{kind}{name}f{end}.i")).unwrap();
                let whole = packed(rate, &[codes.clone(), wanted.clone()].concat());
                assert!(encoded(rate, law, Packing::Rtp, &sound) == whole, "{kind}{name}f{end}.i");
                let sound = sequence(&format!("{kind}{name}f{end}.o")).unwrap();
                assert!(heard(law, &codes, &wanted) == sound, "{kind}{name}f{end}.o");
                // Of the sequences from one law to the other, one was made from a reset by the ITU:
                // homed, the codes come out so after sample 2,052.
                let cross = format!("{kind}{name}f{}.o", crossed.1);
                let from_reset = cross == "hn16fc.o";
                let home = if from_reset { &[][..] } else { &codes_of_other };
                let sound = sequence(&cross).unwrap();
                assert!(heard(other, home, &wanted) == sound, "{cross}");
                if from_reset {
                    let homed = heard(other, &codes_of_other, &wanted);
                    let last = homed.iter().zip(&sound).rposition(|(ours, its)| ours != its);
                    assert_eq!(last, Some(2_052));
                }
            }
            let sound = sequence(&format!("hi{name}f{end}.o")).unwrap();
            let input = sequence(&format!("i{name}")).unwrap();
            assert!(heard(law, &codes, &input) == sound, "hi{name}f{end}.o");
        }
    }
}

type Init = unsafe extern "C" fn(*mut c_void, c_int, c_int, c_int) -> *mut c_void;
type Work = unsafe extern "C" fn(*mut c_void, *mut u8, *const u8, c_int) -> c_int;

/// What spandsp makes of the input: `which` is `g726_encode` or `g726_decode`.
fn spandsp(
    library: &Library,
    which: &[u8],
    (rate, law, packing): (Rate, Law, Packing),
    input: &[u8],
) -> Vec<u8> {
    let coding = if law == Law::A { 2 } else { 1 };
    let packing = if packing == Packing::Rtp { 2 } else { 1 };
    let mut out = vec![0; input.len() * 8];
    // SAFETY: the functions are as spandsp/g726.h declares them, and the output has room for as many
    // samples or octets as there can be.
    let made = unsafe {
        let init = library.get::<Init>(b"g726_init").unwrap();
        let work = library.get::<Work>(which).unwrap();
        let state = init(null_mut(), rate.bits() as c_int * 8_000, coding, packing);
        work(state, out.as_mut_ptr(), input.as_ptr(), input.len() as c_int)
    };
    out.truncate(made as usize);
    out
}

#[test]
fn it_codes_as_spandsp_does_whatever_the_octets() {
    let Some(library) = library(&["libspandsp.so.2"], "libspandsp2") else { return };
    let sound = wild(726, 24_000);
    let codes = wild(627, 24_000);
    for (rate, law, packing) in all() {
        let expected = spandsp(&library, b"g726_encode", (rate, law, packing), &sound);
        let ours = encoded(rate, law, packing, &sound);
        assert_eq!(ours.iter().zip(&expected).position(|(a, b)| a != b), None, "{rate:?} {law:?}");
        assert_eq!(ours.len(), expected.len());
        let codes = &codes[..codes.len() / 15 * 15];
        let expected = spandsp(&library, b"g726_decode", (rate, law, packing), codes);
        let ours = decoded(rate, law, packing, codes);
        assert_eq!(ours.iter().zip(&expected).position(|(a, b)| a != b), None, "{rate:?} {law:?}");
        assert_eq!(ours.len(), expected.len());
    }
}

#[test]
fn it_codes_speech_as_spandsp_does() {
    let Some(library) = library(&["libspandsp.so.2"], "libspandsp2") else { return };
    let Some(pcm) = speech(20) else { return };
    // The loudest bits of a sample make as good an octet of G.711 as any.
    let sound: Vec<_> = pcm.iter().map(|&sample| octet(sample)).collect();
    for setting in all() {
        let (rate, law, packing) = setting;
        let codes = spandsp(&library, b"g726_encode", setting, &sound);
        assert!(encoded(rate, law, packing, &sound) == codes, "{setting:?}");
        let expected = spandsp(&library, b"g726_decode", setting, &codes);
        assert!(decoded(rate, law, packing, &codes) == expected, "{setting:?}");
    }
}

/// The A-law octet of a sample, simply.
fn octet(sample: i16) -> u8 {
    let sign = if sample < 0 { 0 } else { 0x80 };
    let size = i32::from(if sample < 0 { !sample } else { sample }) >> 4;
    let segment = 28 - (size | 15).leading_zeros() as i32;
    let mantissa = size >> (segment - 1).max(0) & 15;
    (sign | segment << 4 | mantissa) as u8 ^ 0x55
}

#[test]
fn a_decoded_tandem_makes_the_same_codes_again() {
    let sound = wild(1, 8_000);
    for (rate, law, packing) in all() {
        let codes = encoded(rate, law, packing, &sound);
        let (mut sound, mut rounds) = (decoded(rate, law, packing, &codes), Vec::new());
        for _ in 0..3 {
            let codes = encoded(rate, law, packing, &sound);
            sound = decoded(rate, law, packing, &codes);
            rounds.push(codes);
        }
        // §3.7: without other processing between them, tandems add nothing once the states agree.
        let tail = codes.len() / 2;
        let unlike = rounds[2][tail..].iter().zip(&rounds[1][tail..]).filter(|(a, b)| a != b);
        assert!(unlike.count() * 100 < tail, "{rate:?} {law:?}");
    }
}

#[test]
fn linear_samples_come_back_near_what_they_were() {
    let Some(pcm) = speech(10) else { return };
    for (rate, least) in RATES.into_iter().zip([8.0, 14.0, 20.0, 25.0]) {
        let mut codes = vec![0; pcm.len() * rate.bits() / 8];
        Encoder::new(rate, Packing::Rtp).encode(&pcm, &mut codes).unwrap();
        let mut out = vec![0; pcm.len()];
        Decoder::new(rate, Packing::Rtp).decode(&codes, &mut out).unwrap();
        let power: f64 = pcm.iter().map(|&a| f64::from(a).powi(2)).sum();
        let error = pcm.iter().zip(&out).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2));
        let ratio = 10.0 * (power / error.sum::<f64>()).log10();
        assert!(ratio > least, "{rate:?}: {ratio:.1} dB");
    }
}

#[test]
fn channels_side_by_side_come_out_as_one_by_one_at_every_level() {
    let (sound, codes) = (wild(2, 40_000), wild(3, 40_000));
    let pcm: Vec<_> = codes.iter().map(|&it| i16::from(it as i8) << 8).collect();
    for (level, count) in Level::here().flat_map(|level| [(level, 19), (level, 16), (level, 6)]) {
        for (rate, law, _) in all().step_by(2) {
            let kinds = || PACKINGS.into_iter().cycle().take(count);
            let mut encoders: Vec<_> = kinds().map(|it| Encoder::new(rate, it)).collect();
            let mut decoders: Vec<_> = kinds().map(|it| Decoder::new(rate, it)).collect();
            let (mut alone, mut silent) = (encoders.clone(), decoders.clone());
            for round in 0..6 {
                let samples = [160, rate.samples(), 48][round % 3];
                let octets = samples * rate.bits() / 8;
                let at = |channel: usize| (channel * 2_003 + round * 977) % 39_000;
                let mut packed = vec![vec![0; octets]; count];
                let mut heard = vec![vec![0; samples]; count];
                let mut linear = vec![vec![0; samples]; count];
                let input: Vec<_> = (0..count).map(|it| &sound[at(it)..][..samples]).collect();
                let raw: Vec<_> = (0..count).map(|it| &pcm[at(it)..][..samples]).collect();
                let payload: Vec<_> = (0..count).map(|it| &codes[at(it)..][..octets]).collect();

                let mut channels: Vec<_> = encoders.iter_mut().collect();
                let mut out: Vec<_> = packed.iter_mut().map(|it| &mut it[..]).collect();
                Encoder::encode_batch(level, &mut channels, &raw, &mut out).unwrap();
                Encoder::encode_law_batch(level, law, &mut channels, &input, &mut out).unwrap();
                let mut channels: Vec<_> = decoders.iter_mut().collect();
                let mut out: Vec<_> = heard.iter_mut().map(|it| &mut it[..]).collect();
                Decoder::decode_law_batch(level, law, &mut channels, &payload, &mut out).unwrap();
                let mut out: Vec<_> = linear.iter_mut().map(|it| &mut it[..]).collect();
                Decoder::decode_batch(level, &mut channels, &payload, &mut out).unwrap();

                for it in 0..count {
                    let mut octet = vec![0; octets];
                    let (mut sample, mut raw_sample) = (vec![0; samples], vec![0; samples]);
                    alone[it].encode(raw[it], &mut octet).unwrap();
                    alone[it].encode_law(law, input[it], &mut octet).unwrap();
                    silent[it].decode_law(law, payload[it], &mut sample).unwrap();
                    silent[it].decode(payload[it], &mut raw_sample).unwrap();
                    assert!(octet == packed[it], "{level:?} {rate:?} {law:?} {it}");
                    assert!(sample == heard[it], "{level:?} {rate:?} {law:?} {it}");
                    assert!(raw_sample == linear[it], "{level:?} {rate:?} {law:?} {it}");
                }
                assert!((&alone, &silent) == (&encoders, &decoders), "{level:?} {rate:?}");
            }
        }
    }
}

#[test]
fn channels_of_different_rates_go_side_by_side_too() {
    let sound = wild(4, 160);
    let mut encoders: Vec<_> =
        (0..30).map(|it| Encoder::new(RATES[it / 4 % 4], Packing::Rtp)).collect();
    let mut outs = vec![vec![0; 100]; 30];
    let mut channels: Vec<_> = encoders.iter_mut().collect();
    let mut out: Vec<_> = outs.iter_mut().map(|it| &mut it[..]).collect();
    let input = vec![&sound[..]; 30];
    Encoder::encode_law_batch(Level::current(), Law::A, &mut channels, &input, &mut out).unwrap();
    for (it, out) in outs.iter().enumerate() {
        let expected = encoded(RATES[it / 4 % 4], Law::A, Packing::Rtp, &sound);
        assert!(out[..expected.len()] == expected);
    }
}

#[test]
fn a_saved_state_goes_on_alike_in_pieces() {
    let sound = wild(5, 8_000);
    for (rate, law, packing) in all() {
        let whole = encoded(rate, law, packing, &sound);
        let mut encoder = Encoder::new(rate, packing);
        let mut codes = Vec::new();
        for piece in sound.chunks(40) {
            let mut out = vec![0; piece.len() * rate.bits() / 8];
            encoder = encoder.clone();
            encoder.encode_law(law, piece, &mut out).unwrap();
            codes.extend(out);
        }
        assert!(codes == whole);
    }
}

#[test]
fn a_state_is_as_large_as_it_says() {
    assert_eq!((size_of::<Encoder>(), size_of::<Decoder>()), (100, 100));
}

#[test]
fn samples_that_fill_no_octet_and_short_outputs_are_refused() {
    let mut out = [0; 4];
    let fresh = Encoder::new(Rate::Kbit40, Packing::Rtp);
    let mut encoder = fresh.clone();
    let part = EncodeError::FrameLength { frame: 8, given: 7 };
    assert_eq!(encoder.encode(&[900; 7], &mut out), Err(part));
    assert_eq!(encoder.encode_law(Law::A, &[9; 7], &mut out), Err(part));
    let short = EncodeError::NoRoom { needed: 5 };
    assert_eq!(encoder.encode(&[900; 8], &mut out), Err(short));
    assert_eq!(encoder.encode_law(Law::A, &[9; 8], &mut out), Err(short));
    assert_eq!(encoder, fresh);
    let fresh = Decoder::new(Rate::Kbit16, Packing::Rtp);
    let mut decoder = fresh.clone();
    let short = DecodeError::NoRoom { needed: 8 };
    assert_eq!(decoder.decode(&[9; 2], &mut [0; 7]), Err(short));
    assert_eq!(decoder.decode_law(Law::Mu, &[9; 2], &mut [0; 7]), Err(short));
    assert_eq!(decoder, fresh);
    assert_eq!((encoder.encode(&[], &mut []), decoder.decode(&[], &mut [])), (Ok(0), Ok(0)));
}

#[test]
fn a_batch_with_one_channel_that_does_not_fit_changes_none() {
    for level in Level::here() {
        let fresh = [Rate::Kbit24, Rate::Kbit24, Rate::Kbit40, Rate::Kbit24];
        let mut encoders = fresh.map(|rate| Encoder::new(rate, Packing::Rtp));
        let mut decoders = fresh.map(|rate| Decoder::new(rate, Packing::Rtp));
        let before = (encoders.clone(), decoders.clone());
        let mut encode = |sound: [&[u8]; 4], room: usize| {
            let mut outs = [0; 4].map(|_| vec![7; room]);
            let mut outs = outs.each_mut().map(|out| &mut out[..]);
            let mut channels = encoders.each_mut();
            Encoder::encode_law_batch(level, Law::A, &mut channels, &sound, &mut outs)
        };
        let sound = [9; 40];
        let unequal = EncodeError::FrameLength { frame: 40, given: 32 };
        assert_eq!(encode([&sound, &sound, &sound, &sound[..32]], 25), Err(unequal));
        let part = EncodeError::FrameLength { frame: 8, given: 36 };
        assert_eq!(encode([&sound[..36]; 4], 25), Err(part));
        // 40 kbit/s need more than the others.
        assert_eq!(encode([&sound; 4], 15), Err(EncodeError::NoRoom { needed: 25 }));
        let mut decode = |payload: [&[u8]; 4], room: usize| {
            let mut outs = [0; 4].map(|_| vec![7; room]);
            let mut outs = outs.each_mut().map(|out| &mut out[..]);
            let mut channels = decoders.each_mut();
            Decoder::decode_law_batch(level, Law::A, &mut channels, &payload, &mut outs)
        };
        let payload = [9; 15];
        let unequal = decode([&payload, &payload[..14], &payload, &payload], 40);
        assert_eq!(unequal, Err(DecodeError::Malformed));
        assert_eq!(decode([&payload; 4], 39), Err(DecodeError::NoRoom { needed: 40 }));
        assert!((encoders, decoders) == before, "{level:?}");
    }
}

#[test]
fn what_is_behind_the_end_of_a_longer_output_is_left_alone() {
    let (sound, payload) = (wild(6, 200), wild(7, 200));
    for (level, rate) in Level::here().flat_map(|level| RATES.map(|rate| (level, rate))) {
        for count in [1, 5, 17] {
            let mut encoders = vec![Encoder::new(rate, Packing::Aal2); count];
            let mut decoders = vec![Decoder::new(rate, Packing::Aal2); count];
            let (mut alone, mut silent) = (encoders[0].clone(), decoders[0].clone());
            let (mut codes, mut heard) = (vec![[7; 64]; count], vec![[7; 200]; count]);
            // Whole octets, but no whole group of eight codes where a rate lets that be.
            let samples = 40 + rate.samples();
            let octets = samples * rate.bits() / 8;
            for at in 0..4 {
                let sound = vec![&sound[at * 48..][..samples]; count];
                let payload = vec![&payload[at * 30..][..octets]; count];
                let mut channels: Vec<_> = encoders.iter_mut().collect();
                let mut outs: Vec<_> = codes.iter_mut().map(|it| &mut it[..]).collect();
                Encoder::encode_law_batch(level, Law::A, &mut channels, &sound, &mut outs).unwrap();
                let mut channels: Vec<_> = decoders.iter_mut().collect();
                let mut outs: Vec<_> = heard.iter_mut().map(|it| &mut it[..]).collect();
                Decoder::decode_law_batch(level, Law::A, &mut channels, &payload, &mut outs)
                    .unwrap();
                alone.encode_law(Law::A, sound[0], &mut vec![0; octets]).unwrap();
                silent.decode_law(Law::A, payload[0], &mut vec![0; samples]).unwrap();
            }
            assert!(codes.iter().all(|out| out[octets..].iter().all(|&it| it == 7)));
            assert!(heard.iter().all(|out| out[samples..].iter().all(|&it| it == 7)));
            assert!(encoders.iter().all(|it| *it == alone), "{level:?} {rate:?} {count}");
            assert!(decoders.iter().all(|it| *it == silent), "{level:?} {rate:?} {count}");
        }
    }
}

proptest! {
    #[test]
    fn no_octets_make_it_panic(octets: Vec<u8>, pcm: Vec<i16>) {
        for (rate, law, packing) in all() {
            decoded(rate, law, packing, &octets);
            encoded(rate, law, packing, &octets[..octets.len() / 8 * 8]);
            let mut out = vec![0; pcm.len()];
            let whole = pcm.len() / 8 * 8;
            prop_assert!(Encoder::new(rate, packing).encode(&pcm[..whole], &mut out).is_ok());
            let mut out = vec![0; octets.len() * 4];
            prop_assert!(Decoder::new(rate, packing).decode(&octets, &mut out).is_ok());
        }
    }
}
